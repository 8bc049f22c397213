"""The first start: somebody becomes the owner, tries a sandbox or connects a store, and puts a product on sale."""

from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import reverse

import browser
from browser import PASSWORD
from people import browser_of, person
from queued_runs import execute_queued
from shopper import Shopper
from tradepost.cli.hub.serve import serving
from tradepost.database.models import AuditEntry, Channel, Listing, Person, SavedPlan
from tradepost.engine import sandbox
from tradepost.operations.people import setup_code

STEPS = "/tradepost/channel/first-steps/"


@pytest.fixture
def stranger(shell):
    return Client(SERVER_NAME="localhost")


def owner_form(**changed) -> dict[str, str]:
    return {
        "code": setup_code(settings.SECRET_KEY),
        "name": "olga",
        "password": PASSWORD,
        "again": PASSWORD,
        **changed,
    }


def words_of(answer) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def elsewhere(work):
    """Do something in a thread of its own: in that of the browser's driver, connections outlive the test."""

    def done():
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(done).result()


# --- the owner --------------------------------------------------------------------------------------------------------


def test_while_there_is_nobody_the_login_leads_to_becoming_the_owner(stranger):
    """No password is there from the beginning: who has started the hub chooses one."""
    led = stranger.get("/login/", follow=True)

    answer = stranger.post("/first-start/", owner_form())

    assert "Make yourself the owner" in words_of(led)
    assert answer["Location"] == STEPS
    assert stranger.get(STEPS).status_code == 200
    olga = Person.objects.get()
    assert (olga.username, olga.role, olga.check_password(PASSWORD)) == ("olga", "owner", True)
    assert list(AuditEntry.objects.order_by("pk").values_list("event", flat=True)) == ["person_added", "logged_in"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"code": "aaaa-bbbb-cccc-dddd"}, "That is not the code."),
        ({"code": ""}, "This field is required."),
        ({"again": "something else again"}, "The two passwords differ."),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"password": "password1234", "again": "password1234"}, "too common"),
        ({"name": "a/b"}, "without slashes"),
    ],
)
def test_nobody_becomes_the_owner_without_the_code_and_a_good_password(stranger, changed, told):
    answer = stranger.post("/first-start/", owner_form(**changed))

    assert told in words_of(answer)
    assert PASSWORD not in answer.content.decode()
    assert not Person.objects.exists()


def test_the_code_may_be_typed_in_capitals_and_without_dashes(stranger):
    typed = setup_code(settings.SECRET_KEY).replace("-", " ").upper()

    assert stranger.post("/first-start/", owner_form(code=typed))["Location"] == STEPS


def test_once_there_is_somebody_the_code_opens_nothing(stranger):
    person("vera")

    shown, posted = stranger.get("/first-start/"), stranger.post("/first-start/", owner_form())

    assert (shown["Location"], posted["Location"]) == ("/login/", "/login/")
    assert [each.username for each in Person.objects.all()] == ["vera"]


def test_serve_tells_the_code_where_it_runs_and_no_longer_than_it_is_of_use(shell, capsys):
    from tradepost.cli.hub.serve import _tell_first_start  # noqa: PLC0415 what serve prints

    _tell_first_start("http://127.0.0.1:8000/")

    told = capsys.readouterr().out
    assert "http://127.0.0.1:8000/first-start/" in told
    assert setup_code(settings.SECRET_KEY) in told


# --- the steps --------------------------------------------------------------------------------------------------------


def test_the_steps_are_ticked_by_what_is_there(connected, sample):
    alice = browser_of("alice")

    def done() -> list[bool]:
        return [step.is_done for step in alice.get(STEPS).context["steps"]]

    before = done()
    assert connected("catalogue", "import", sample).code == 0
    imported = done()
    assert connected("listings", "publish", "--dry-run").code == 0
    previewed = done()
    assert connected("listings", "publish").code == 0

    assert before == [True, False, False, False, False]
    assert imported == [True, True, False, False, False]
    assert previewed == [True, True, True, False, False]
    assert done() == [True, True, True, True, True]


def test_an_owner_gets_the_steps_before_anything_is_for_sale_and_today_afterwards(connected, sample):
    alice = person("alice")
    alice.set_password(PASSWORD)
    alice.save()
    form = {"username": "alice", "password": PASSWORD, "next": "/"}

    first = Client(SERVER_NAME="localhost").post("/login/", form)
    assert connected("catalogue", "import", sample).code == 0
    assert connected("listings", "publish").code == 0
    later = Client(SERVER_NAME="localhost").post("/login/", form)

    assert (first["Location"], later["Location"]) == (STEPS, "/")


def test_the_step_that_previews_makes_the_preview_and_leads_to_it(connected, sample):
    """It led to the channel's page, where the same had to be pressed again."""
    assert connected("catalogue", "import", sample).code == 0
    bob = browser_of("bob")
    step = next(each for each in bob.get(STEPS).context["steps"] if each.title == "Preview")

    led_to = bob.post(step.link, {"do": step.deed})["Location"]

    assert led_to == reverse("admin:tradepost_savedplan_change", args=[SavedPlan.objects.get().pk])
    assert next(each for each in browser_of("vera").get(STEPS).context["steps"] if each.title == "Preview").deed == ""


def test_one_product_of_choice_is_previewed_published_and_led_to_in_the_shop(connected, store, sample):
    assert connected("catalogue", "import", sample).code == 0
    bob = browser_of("bob")
    family = Listing.objects.filter(kind="parent").earliest("pk")

    offered = words_of(bob.get(f"{STEPS}product/", {"q": family.code}))
    answer = bob.post(f"{STEPS}product/", {"listing": family.pk})
    plan = SavedPlan.objects.get()
    waiting = words_of(bob.get(answer["Location"]))
    execute_queued()
    shown = words_of(bob.get(answer["Location"]))
    bob.post(answer["Location"])
    execute_queued()
    report = bob.get(answer["Location"])

    assert family.product.title in offered
    assert "The store is being looked at." in waiting
    assert "Publish it now" in shown
    assert f"{family.code}: product would be created" in shown
    assert "It is on the store" in words_of(report)
    assert f"Product_Code={family.code}" in report.context["shop_page"]
    on_store = set(Listing.objects.filter(link="linked").values_list("product_id", flat=True))
    assert on_store == {family.product_id}
    assert plan.run.scope == sorted({family.pk, *family.children.values_list("pk", flat=True)})
    visitor = Shopper(store)
    try:
        assert visitor.sold([family.code])
    finally:
        visitor.close()


def test_a_product_that_was_chosen_is_not_published_while_the_channel_only_looks(connected, sample):
    assert connected("catalogue", "import", sample).code == 0
    assert connected("channel", "set", "shop", "--look-only").code == 0
    alice = browser_of("alice")
    mug = Listing.objects.get(sku="HP-MUG-WHITE")
    address = alice.post(f"{STEPS}product/", {"listing": mug.pk})["Location"]
    execute_queued()

    shown = words_of(alice.get(address))
    alice.post(address)

    assert "only looks so far" in shown
    assert "Publish it now" not in shown
    assert not Listing.objects.filter(link="linked").exists()


def test_a_sandbox_is_tried_with_one_button_and_started_again_after_the_server(stranger, shell):
    """`demo --keep` as a part of the product: a store, a channel and a catalogue."""
    alice = browser_of("alice")
    assert "Try it on a sandbox" in words_of(alice.get(STEPS))
    try:
        tried = words_of(alice.post(STEPS, follow=True))
        channel = Channel.objects.get()
        first = sandbox.running_box()
        mug = Listing.objects.get(sku="HP-MUG-WHITE")
        address = alice.post(f"{STEPS}product/", {"listing": mug.pk})["Location"]
        execute_queued()
        alice.post(address)
        execute_queued()

        sandbox.stop()
        stopped = words_of(alice.get(STEPS))
        sandbox.start_again()
        again = sandbox.running_box()
        checked = shell("channel", "check", "sandbox")
    finally:
        sandbox.stop()

    assert "A sandbox store is running" in tried
    assert (channel.name, channel.is_local, channel.is_look_only) == ("sandbox", True, False)
    assert Listing.objects.get(pk=mug.pk).link == "linked"
    assert "Start the sandbox again" in stopped
    assert again is not None
    assert again.hub_token == first.hub_token
    assert checked.code == 0


def test_a_sandbox_is_offered_to_owners_and_only_where_it_is_installed(shell, monkeypatch):
    alice, bob = browser_of("alice"), browser_of("bob")

    assert "Try it on a sandbox" not in words_of(bob.get(STEPS))
    assert bob.post(STEPS).status_code == 403
    monkeypatch.setattr("tradepost.engine.sandbox.is_installed", lambda: False)
    assert "Try it on a sandbox" not in words_of(alice.get(STEPS))


# --- in a browser -----------------------------------------------------------------------------------------------------


def connect_by_the_wizard(tab, box) -> None:
    """From the list of first steps to the end of the wizard."""
    tab.click("main a:has-text('Connect a store')")
    tab.fill("[name=name]", "My shop")
    tab.click("button:has-text('Go on')")
    tab.fill("[name=domain]", box.endpoint.removesuffix("/mm5/json.mvc"))
    tab.fill("[name=folder]", "mm5")
    tab.fill("[name=store_code]", box.store_code)
    tab.fill("[name=token]", box.hub_token)
    tab.fill("[name=signature_key]", box.hub_signature_key)
    tab.click("summary:has-text('Rarely needed')")
    tab.check("[name=plain_http]")
    tab.check("[name=is_local]")
    tab.click("button:has-text('Save and go on')")
    tab.click("button:has-text('Test the connection')")
    assert "Everything that could be seen is well." in tab.inner_text("#tested")
    tab.click("button:has-text('Go on')")
    tab.fill("[name=host]", box.ftp_host)
    tab.fill("[name=user]", box.ftp_user)
    tab.fill("[name=password]", box.ftp_password)
    tab.select_option("[name=protocol]", "ftp")
    tab.click("summary:has-text('Rarely needed')")
    tab.fill("[name=port]", str(box.ftp_port))
    tab.click("button:has-text('Save and test')")
    assert "A file was written, renamed and taken away again" in tab.inner_text("main")
    tab.click("button:has-text('Save and go on')")
    tab.check("[value=SRCH]")
    tab.click("button:has-text('Save and go on')")
    tab.click("button:has-text('Save and go on')")
    tab.click("button:has-text('Go live')")


@pytest.mark.browser
def test_from_the_first_start_to_the_first_listing_for_sale_through_the_wizard(shell, store, box, sample):
    """The whole way of somebody who never opens a terminal, ended by a shopper in the shop."""
    with serving(host="127.0.0.1", port=0, crew=None) as office, browser.chromium() as chromium:
        tab = chromium.new_context().new_page()
        tab.set_default_timeout(60_000)
        tab.goto(office)
        for name, value in owner_form().items():
            tab.fill(f"[name={name}]", value)
        tab.click("button:has-text('Make me the owner')")

        connect_by_the_wizard(tab, box)
        assert "My shop is live." in tab.inner_text("main")

        elsewhere(lambda: shell("catalogue", "import", sample))
        tab.goto(f"{office.rstrip('/')}{reverse('admin:first_product')}")
        tab.fill("main [name=q]", "HP-MUG-WHITE")
        tab.click("button:has-text('Find')")
        tab.click("button:has-text('Preview')")
        tab.wait_for_selector("#waiting")
        elsewhere(execute_queued)
        # The page goes on by itself.
        tab.click("button:has-text('Publish it now')")
        elsewhere(execute_queued)
        with tab.context.expect_page() as opened:
            tab.click("#shop-page")
        shop = opened.value
        shop.wait_for_load_state()
        shop.click("form.buy button")
        shop.wait_for_selector("tr[data-line-id]")

        assert shop.get_attribute("tr[data-line-id]", "data-sku") == "HP-MUG-WHITE"
