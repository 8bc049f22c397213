"""Plans in the back office: previewed, approved in part, carried out, undone, and who may do that."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from miva_sandbox.faults.rules import Rule
from people import browser_of, person
from queued_runs import execute_queued
from tradepost.database.models import Channel, Listing, Run, SavedPlan

HEADER = "sku,parent,options,name,price,quantity,categories\n"
ROWS = "MUG,,,Enamel Mug,{mug},5,Mugs\nCUP,,,Cup,{cup},2,Mugs\n"


@pytest.fixture
def bring_in(connected, tmp_path):
    """Import a mug and a cup at these prices."""

    def run(**prices):
        path = tmp_path / "products.csv"
        path.write_text(HEADER + ROWS.format(**prices), encoding="utf-8")
        assert connected("catalogue", "import", path).code == 0

    return run


@pytest.fixture
def shop(connected, bring_in):
    """Both on the store, for 7.90 and 3.00."""
    bring_in(mug="7.90", cup="3.00")
    assert connected("listings", "publish").code == 0
    return connected


def page_of(plan: SavedPlan) -> str:
    return reverse("admin:tradepost_savedplan_change", args=[plan.pk])


def text_of(client, address):
    return " ".join(client.get(address).content.decode().split())


def preview(client, action="plan_sync"):
    """Ask for a preview on the page of channels; return its plan, made."""
    answer = client.post(
        reverse("admin:tradepost_channel_changelist"),
        {"action": action, "_selected_action": [Channel.objects.get().pk], "index": 0},
    )
    plan = SavedPlan.objects.latest("pk")
    assert answer["Location"] == page_of(plan), answer
    being_made = text_of(client, page_of(plan))
    assert "The store is being looked at." in being_made
    execute_queued()
    return plan


def ask(client, address, do, **more):
    """Press a button of a page; return what it then says."""
    answer = client.post(address, {"do": do, **more})
    assert answer.status_code == HTTPStatus.FOUND, answer
    return text_of(client, answer["Location"])


def change_of(plan, code):
    return plan.changes.get(change__subject_key=code).pk


def test_a_plan_is_previewed_approved_in_part_carried_out_and_undone_on_pages(shop, bring_in, shopper):
    """R57: what a run would do is a page; a person takes part of it, and can take that back."""
    before = shopper.sold(("MUG", "CUP"))
    bring_in(mug="9.90", cup="4.00")
    bob = browser_of("bob")
    plan = preview(bob)

    shown = text_of(bob, page_of(plan))
    ask(bob, page_of(plan), "approve_all")
    both = [change_of(plan, "MUG"), change_of(plan, "CUP")]
    ticked = ask(bob, page_of(plan), "keep", shown=both, change=both[:1])
    carried = ask(bob, page_of(plan), "apply", shown=both, change=both[:1])
    execute_queued()
    report = text_of(bob, page_of(plan))
    after = shopper.sold(("MUG", "CUP"))

    assert "2 products would be updated" in shown
    assert "price: 7.90 → 9.90" in shown
    assert "price: 3.00 → 4.00" in shown
    assert "1 of 2 are approved." in ticked
    assert "carries out what is approved" in carried
    assert "1 product updated" in report
    assert after["CUP"] == before["CUP"]
    assert {price for *_, price in after["MUG"]} == {"$9.90"}

    run = SavedPlan.objects.get(pk=plan.pk).applied_by
    undo = reverse("admin:tradepost_savedplan_undo", args=[run.pk])
    assert "See what an undo would do" in text_of(bob, reverse("admin:tradepost_run_change", args=[run.pk]))
    assert "It says beforehand what it can't bring back" in text_of(bob, undo).replace("&#x27;", "'")
    bob.post(undo)
    back = SavedPlan.objects.latest("pk")
    execute_queued()
    assert "price: 9.90 → 7.90" in text_of(bob, page_of(back))
    ask(bob, page_of(back), "approve_all")
    ask(bob, page_of(back), "apply")
    execute_queued()
    assert shopper.sold(("MUG", "CUP")) == before


def test_a_viewer_reads_a_plan_and_can_press_nothing(shop, bring_in):
    """R55: rights are asked of every button."""
    bring_in(mug="9.90", cup="4.00")
    plan = preview(browser_of("bob"))
    vera = browser_of("vera")

    shown = text_of(vera, page_of(plan))
    answers = {
        do: vera.post(page_of(plan), {"do": do}).status_code for do in ("keep", "approve_all", "apply", "discard")
    }

    assert "price: 7.90 → 9.90" in shown
    assert "<button" not in shown.split('id="changes"')[1].split("</main>")[0]
    assert set(answers.values()) == {HTTPStatus.FORBIDDEN}
    assert not plan.changes.filter(is_approved=True).exists()


def test_what_can_not_be_done_is_told_on_the_page_and_changes_nothing(shop, bring_in):
    bring_in(mug="9.90", cup="4.00")
    bob = browser_of("bob")
    plan = preview(bob)

    nothing_approved = ask(bob, page_of(plan), "apply")
    unknown = ask(bob, page_of(plan), "burn")
    filtered = text_of(bob, f"{page_of(plan)}?code=CUP&action=update&approved=no")
    discarded = ask(bob, page_of(plan), "discard")
    too_late = ask(bob, page_of(plan), "approve_all")

    assert "Nothing is approved yet: tick what is to be done" in nothing_approved
    assert "The page asked for nothing that there is" in unknown
    assert "<strong>CUP</strong>" in filtered
    assert "<strong>MUG</strong>" not in filtered
    assert "Nobody can carry this plan out any more." in discarded
    assert "is discarded" in too_late
    assert bob.get(page_of(plan).replace(str(plan.pk), "999999")).status_code == HTTPStatus.NOT_FOUND
    assert bob.get(page_of(plan).replace(str(plan.pk), "x")).status_code == HTTPStatus.NOT_FOUND


def test_what_is_unticked_is_left_out_also_where_it_was_approved_and_not_kept_before(shop, bring_in, shopper):
    before = shopper.sold(("CUP",))
    bring_in(mug="9.90", cup="4.00")
    bob = browser_of("bob")
    plan = preview(bob)
    mug, cup = change_of(plan, "MUG"), change_of(plan, "CUP")
    everything = ask(bob, page_of(plan), "approve_all")

    ask(bob, page_of(plan), "apply", shown=[mug, cup], change=[mug])
    execute_queued()

    assert everything.count(" checked>") == 2
    assert shopper.sold(("CUP",)) == before
    assert {price for *_, price in shopper.sold(("MUG",))["MUG"]} == {"$9.90"}


def test_a_plan_is_narrowed_by_kind_family_and_risk_and_that_alone_approved(shop, bring_in):
    bring_in(mug="9.90", cup="3.00")
    Listing.objects.filter(code="CUP").update(pending="hide")
    bob = browser_of("bob")
    plan = preview(bob)

    def shown(query):
        page = text_of(bob, f"{page_of(plan)}?{query}")
        return {code for code in ("MUG", "CUP") if f"<strong>{code}</strong>" in page}

    approved = ask(bob, f"{page_of(plan)}?risk=off_sale", "approve_all")

    assert "hidden (1)" in approved
    assert "put back on sale" not in approved
    assert (shown(""), shown("action=hide"), shown("code=mug")) == ({"MUG", "CUP"}, {"CUP"}, {"MUG"})
    assert (shown("risk=price"), shown("risk=off_sale"), shown("risk=for_good")) == ({"MUG"}, {"CUP"}, set())
    assert [row.change.subject_key for row in plan.changes.filter(is_approved=True)] == ["CUP"]


def test_a_plan_whose_run_failed_does_not_look_carried_out_and_can_be_gone_on_with(shop, bring_in, store, shopper):
    bring_in(mug="9.90", cup="3.00")
    bob = browser_of("bob")
    plan = preview(bob)
    ask(bob, page_of(plan), "approve_all")
    store.faults.add(Rule(kind="api_offline"))
    ask(bob, page_of(plan), "apply")
    at_work = text_of(bob, page_of(plan))
    execute_queued()

    failed = text_of(bob, page_of(plan))
    listed = text_of(bob, reverse("admin:tradepost_savedplan_changelist"))
    store.faults.clear(seed=0)
    ask(bob, page_of(plan), "apply")
    execute_queued()

    assert 'hx-trigger="every 2s"' in at_work
    assert "hx-trigger" not in failed.split('id="plan-state"')[1].split("</section>")[0]
    assert "Carry out what is left" in failed
    assert "applied" not in listed.split("result_list")[1].split("</table>")[0]
    assert {price for *_, price in shopper.sold(("MUG",))["MUG"]} == {"$9.90"}


def test_products_leave_the_store_for_good_only_with_the_password_again(shop, shopper):
    """R55: what nothing brings back is asked again."""
    secret = "a long and quiet evening"
    bob = person("bob")
    bob.set_password(secret)
    bob.save()
    client = browser_of("bob")
    assert shop("listings", "delist", "MUG", "--dry-run", "--save").code == 0
    plan = SavedPlan.objects.latest("pk")
    asked = ask(client, page_of(plan), "approve_all")

    wrong = ask(client, page_of(plan), "apply", password="another")
    execute_queued()
    still_there = shopper.sold(("MUG",))
    ask(client, page_of(plan), "apply", password=secret)
    execute_queued()

    assert "Your password again" in asked
    assert "That is not your password; nothing was carried out." in wrong
    assert still_there["MUG"]
    assert not shopper.sold(("MUG",)).get("MUG")


def test_of_a_run_that_can_not_be_undone_its_page_says_why(shop):
    got = shop("orders", "get", "--json")
    assert got.code == 0
    bob = browser_of("bob")

    of_orders = text_of(bob, reverse("admin:tradepost_savedplan_undo", args=[Run.objects.latest("pk").pk]))

    assert "what can be undone is" in of_orders
    assert "Plan the undo" not in of_orders
