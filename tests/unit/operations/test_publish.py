"""Publish and overwrite: what is planned of a family, what came of it, and how the next run goes on."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple, a_store_product
from fakes.hub import HIDDEN, LISTED, MemoryHub
from fakes.listings import MemoryListings
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import ImageUnusable, PermissionMissing, StoreUnavailable
from tradepost.domain.fields import ALL_GROUPS, CONTENT_GROUPS, Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.plan import Action, Outcome, Proof, Side, SubjectKind
from tradepost.domain.store import StoreAttribute, StoreOption
from tradepost.operations.listings.publish import Publish
from tradepost.operations.listings.publish.family_plan import plan_family
from tradepost.operations.listings.publish.values import PublishFacts, PublishSeen, PublishTerms
from tradepost.operations.listings.publish.wanted_pages import build_wanted, setup_items, with_other_address
from tradepost.operations.listings.queue_changes import plan_retry
from tradepost.operations.selection import EVERYTHING, Selection

RULES = ContentRules()
TEE = a_family("tee", "S", "M")
MUG = a_simple("mug", image="https://images.example/mug.png", category=("Kitchen", "Mugs"))


def family_of(product, **statuses):
    """A family with its rows; `statuses` by SKU with `_` for `-`, the others wait to be published."""
    listings = MemoryListings()
    for row in listings.build(product):
        status = statuses.get(row.sku.replace("-", "_"))
        if status is not None:
            listings.change(row.sku, status=status, external_id=row.id + 100 if status.link is Link.LINKED else None)
    return listings.families([1])[0]


def plan(family, seen=(), ours=(), *, taken=(), answered=(), priority=LinkingPriority.SKU):
    by_key = {code_key(product.code): product for product in seen}
    return plan_family(
        family,
        terms=PublishTerms(RULES, priority=priority),
        facts=PublishFacts(ours=frozenset(ours), taken=dict(taken)),
        seen=PublishSeen(by_key, answered=frozenset(answered)),
    )


def actions(family_plan):
    return [(change.action, change.subject.key) for change in family_plan.unit.changes]


# --- the planner ----------------------------------------------------------------------------------------------------


def test_a_family_that_is_not_there_is_created_parent_first():
    planned = plan(family_of(TEE))

    assert actions(planned) == [(Action.CREATE, "tee"), (Action.CREATE, "tee-S"), (Action.CREATE, "tee-M")]
    assert planned.creates == ["tee", "tee-S", "tee-M"]
    assert planned.unit.changes[0].reason == "queued to publish"


def test_nothing_is_planned_for_what_nobody_queued():
    idle = Status()

    assert plan(family_of(TEE, tee=idle, tee_S=idle, tee_M=idle)).unit.is_empty


def test_a_product_of_the_merchants_own_is_linked_and_not_overwritten():
    there = a_store_product(7, "mug", name="Their mug", price=Decimal(99))

    planned = plan(family_of(MUG), seen=[there])

    assert (planned.unit.is_empty, planned.refused) == (True, ())
    assert [(row.sku, product.id, by) for row, product, by in planned.links] == [("mug", 7, "SKU")]


@pytest.mark.parametrize(("priority", "linked"), [("sku", [(8, "SKU")]), ("code", [(7, "code")])])
def test_before_anything_is_made_the_store_is_asked_by_the_linking_priority(priority, linked):
    there = [a_store_product(7, "mug", sku="other"), a_store_product(8, "M-8", sku="mug")]

    planned = plan(family_of(MUG), seen=there, priority=LinkingPriority(priority))

    assert [(product.id, by) for _, product, by in planned.links] == linked
    assert (planned.unit.is_empty, planned.refused) == (True, ())


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (a_store_product(7, "mug", sku="other", custom_fields={"product_type": "parent"}), "another product"),
        (a_store_product(7, "mug", sku="other"), "is another listing's already"),
    ],
)
def test_what_the_code_names_and_can_not_be_is_refused_and_nothing_is_made_beside_it(there, told):
    taken = {7: 99} if "listing" in told else {}

    planned = plan(family_of(MUG), seen=[there], priority=LinkingPriority.CODE, taken=taken)

    assert (planned.links, planned.unit.is_empty) == ((), True)
    assert [told in refusal.message for refusal in planned.refused] == [True]


def test_a_product_with_an_open_intent_is_ours_and_gets_completed():
    planned = plan(family_of(MUG), seen=[a_store_product(7, "mug", name="", price=Decimal(1))], ours={"mug"})

    (change,) = planned.unit.changes
    assert (change.action, planned.links, planned.creates) == (Action.UPDATE, (), [])
    assert {"name", "price"} <= {field.name for field in change.fields}


@pytest.mark.parametrize(
    "there",
    [
        a_store_product(7, "mug", sku="other"),
        a_store_product(7, "mug", custom_fields={"product_type": "parent"}),
    ],
)
def test_another_product_under_our_code_is_refused_and_both_are_named(there):
    planned = plan(family_of(MUG), seen=[there])

    (refusal,) = planned.refused
    assert (planned.unit.is_empty, planned.links, refusal.attention) == (True, (), Attention.ALREADY_EXISTS)
    assert "the code mug" in refusal.message


@pytest.mark.parametrize("there", [(), (a_store_product(999, "mug"),)])
def test_a_linked_product_that_is_gone_or_was_made_anew_is_not_written_to(there):
    overwrite = replace(LISTED, pending=Pending.OVERWRITE)

    planned = plan(family_of(MUG, mug=overwrite), seen=there)

    assert [row.sku for row in planned.gone] == ["mug"]
    assert planned.unit.is_empty


def linked_mug(status, groups):
    family = family_of(MUG, mug=status)
    return replace(family, listings=(replace(family.listings[0], overwrite_groups=groups),))


def test_an_overwrite_sends_the_groups_that_were_asked_for():
    family = linked_mug(replace(LISTED, pending=Pending.OVERWRITE), frozenset({Group.TEXTS}))
    there = a_store_product(101, "mug", name="Old", sku="old", cost=Decimal(9), page_title="Old")
    without_title = replace(there, page_title="")

    planned, untitled = (plan(family, seen=[each]) for each in (there, without_title))

    assert names_of(planned) == {"name", "page_title", "address"}
    # The catalogue asks for no title of the page, and proposes one only where the page is made.
    assert names_of(untitled) == {"name", "address"}


def names_of(planned):
    return {field.name for change in planned.unit.changes for field in change.fields}


def test_while_hidden_stock_and_status_are_held_back():
    family = linked_mug(replace(HIDDEN, pending=Pending.OVERWRITE), ALL_GROUPS)

    planned = plan(family, seen=[a_store_product(101, "mug", count=0)])

    names = {field.name for change in planned.unit.changes for field in change.fields}
    assert "price" in names
    assert not names & {"quantity", "is_active", "is_in_search"}


def test_a_new_variant_extends_the_parent_that_is_linked():
    family = family_of(TEE, tee=LISTED, tee_S=LISTED)
    seen = [a_store_product(101, "tee"), a_store_product(102, "tee-S")]

    planned = plan(family, seen=seen)

    assert actions(planned) == [(Action.UPDATE, "tee"), (Action.CREATE, "tee-M")]
    assert {field.name for field in planned.unit.changes[0].fields} == {"attributes", "variants"}


def test_a_new_variant_of_a_parent_that_is_gone_is_not_created():
    planned = plan(family_of(TEE, tee=LISTED, tee_S=LISTED), seen=[a_store_product(102, "tee-S")])

    assert [row.sku for row in planned.gone] == ["tee"]
    assert [refusal.row.sku for refusal in planned.refused] == ["tee-M"]
    assert planned.creates == []


def test_a_merchants_parent_takes_our_variants_if_it_has_the_same_options():
    family = family_of(TEE)
    size, colour = (StoreAttribute(n, n.title(), (StoreOption("S", "S"),)) for n in ("size", "colour"))
    theirs = a_store_product(7, "tee", custom_fields={"product_type": "parent"})

    fits = plan(family, seen=[replace(theirs, attributes=(size,))])
    other = plan(family, seen=[replace(theirs, attributes=(colour,))])

    assert [row.sku for row, *_ in fits.links] == ["tee"]
    assert fits.creates == ["tee-S", "tee-M"]
    assert (other.creates, [refusal.row.sku for refusal in other.refused]) == ([], ["tee-S", "tee-M"])


def test_a_linked_variant_of_a_parent_that_is_not_listed_can_be_overwritten():
    family = family_of(TEE, tee=Status(), tee_S=replace(LISTED, pending=Pending.OVERWRITE), tee_M=Status())
    parent, small, medium = family.listings
    family = replace(family, listings=(parent, replace(small, overwrite_groups=CONTENT_GROUPS), medium))

    planned = plan(family, seen=[a_store_product(102, "tee-S", name="Old")])

    assert actions(planned) == [(Action.UPDATE, "tee-S")]
    assert planned.unit.changes[0].after("placement")["parent_code"] == "tee"


def test_what_can_not_be_read_is_sent_until_the_store_has_answered():
    there = a_store_product(7, "mug", custom_fields=None, stock=None, weight_grams=None)
    family = family_of(MUG)

    before = plan(family, seen=[there], ours={"mug"})
    after = plan(family, seen=[there], ours={"mug"}, answered={"mug"})

    names = [{f.name for change in planned.unit.changes for f in change.fields} for planned in (before, after)]
    assert names[0] - names[1] == {"placement", "quantity"}


def test_an_address_that_was_not_given_is_asked_for_in_another_form():
    family = family_of(MUG)
    wanted = build_wanted(family, rules=RULES, takes_part={1}, files={})

    assert wanted.root["address"] == "/mug.html"
    assert with_other_address(wanted).root["address"] == "/mug-mug.html"
    again = plan(family, seen=[a_store_product(7, "mug")], ours={"mug"}, answered={"mug"})
    assert again.unit.changes[0].after("address") == "/mug-mug.html"


def test_set_up_is_named_from_the_root_down():
    wanted = build_wanted(family_of(MUG), rules=RULES, takes_part={1}, files={})

    items = list(setup_items(wanted, rules=RULES))

    assert [(item.code, item.parent) for item in items] == [
        ("product_type", ""),
        ("kitchen", ""),
        ("kitchen_mugs", "kitchen"),
    ]


rows = st.sampled_from(
    [Status(), Status(pending=Pending.PUBLISH), LISTED, replace(LISTED, pending=Pending.OVERWRITE), HIDDEN]
)
found = st.sampled_from(["absent", "theirs", "linked", "anew", "another's"])


@given(st.lists(st.tuples(rows, found, st.booleans()), min_size=3, max_size=3))
def test_no_plan_touches_what_is_not_ours_and_every_row_that_is_due_is_accounted_for(drawn):
    statuses = dict(zip(("tee", "tee_S", "tee_M"), (status for status, _found, _ours in drawn), strict=True))
    family = family_of(TEE, **statuses)
    seen, ours = [], set()
    for row, (_status, where, is_ours) in zip(family.listings, drawn, strict=True):
        sku = "other" if where == "another's" else row.sku
        if where != "absent":
            seen.append(a_store_product(row.id + (100 if where == "linked" else 500), row.code, sku=sku))
        if is_ours:
            ours.add(code_key(row.code))

    planned = plan(family, seen=seen, ours=ours)

    there = {code_key(product.code): product for product in seen}
    touched = {code_key(change.subject.key): change.action for change in planned.unit.changes}
    for row in family.listings:
        key = code_key(row.code)
        if key not in touched:
            continue
        if touched[key] is Action.CREATE:
            assert key not in there
            assert row.status.link is not Link.LINKED
        elif row.status.link is Link.LINKED:
            assert there[key].id == row.external_id
        elif key not in ours:
            # The merchant's parent gets no more than the variants that were asked for.
            assert row.sku == "tee"
            assert {field.name for c in planned.unit.changes if c.subject.key == row.code for field in c.fields} <= {
                "attributes",
                "variants",
            }
    handled = {row.id for row, *_ in planned.links} | {row.id for row in planned.gone}
    handled |= {refusal.row.id for refusal in planned.refused}
    for row in family.listings[1:]:
        if row.status.pending is Pending.PUBLISH:
            assert (row.id in handled) or code_key(row.code) in planned.scope.groups


# --- driven ---------------------------------------------------------------------------------------------------------


def drive(hub, selection=EVERYTHING, **options):
    return hub.drive(Publish(hub.settings, selection), **options)


def overwrite(hub, *skus, groups=CONTENT_GROUPS):
    for sku in skus:
        row = hub.listings.of(sku)
        status = replace(row.status, pending=Pending.OVERWRITE)
        hub.listings.change(sku, status=status, overwrite_groups=groups)


def queued(*products, **settings):
    hub = MemoryHub(**settings)
    for product in products:
        hub.listings.build(product)
    return hub


def test_a_family_is_published_with_all_it_needs_and_proven():
    hub = queued(TEE, MUG)

    run = drive(hub)

    assert run.bad() == []
    assert {row.status for row in hub.listings.by_ids(hub.listings.all)} == {LISTED}
    assert [method for method, _keys in hub.store.writes] == ["set_up", "provision"]
    mug = hub.store.shelf.by_key["mug"]
    assert [image.path in hub.image_store.files for image in mug.images] == [True]
    assert (mug.categories, hub.count("mug"), mug.price) == ({"kitchen_mugs"}, 5, Decimal(15))
    assert hub.intents.ever == {"tee", "tee-s", "tee-m", "mug"}
    assert hub.intents.keys == set()
    assert hub.listings.of("mug").proven_fingerprints
    assert hub.listings.of("mug").account == 5


def test_a_second_publish_has_nothing_to_do_and_an_overwrite_of_the_same_changes_nothing():
    hub = queued(TEE, MUG)
    drive(hub)
    hub.store.writes.clear()

    assert drive(hub).results == []
    overwrite(hub, "tee", "tee-S", "tee-M", "mug")
    again = drive(hub)

    # But for what no store tells.
    assert {field.name for result in again.results for field in result.change.fields} == {"variant_pricing"}
    assert {row.status for row in hub.listings.by_ids(hub.listings.all)} == {LISTED}


def test_a_file_that_is_there_is_never_sent_again():
    hub = queued(MUG)
    drive(hub)
    hub.image_store.uploads.clear()
    hub.listings.build(a_simple("cup", image="https://images.example/mug.png"))
    hub.listings.change("mug", status=Status(pending=Pending.PUBLISH), external_id=None)
    hub.store.shelf.delete(hub.store.shelf.by_key["mug"].id)

    drive(hub)

    assert [path.rsplit("/", 1)[1][:3] for path in hub.image_store.uploads] == ["cup"]


def test_a_preview_creates_nothing_and_shows_set_up_files_and_products():
    hub = queued(MUG)

    run = drive(hub, is_dry=True)

    kinds = [change.subject.kind for unit in run.units for change in unit.changes]
    assert kinds == [SubjectKind.SETUP] * 3 + [SubjectKind.FILE, SubjectKind.PRODUCT]
    assert (hub.store.writes, hub.image_store.files, hub.intents.ever) == ([], {}, set())


def test_an_image_that_the_server_refuses_is_not_attached_and_the_product_is_published_without_it():
    hub = queued(MUG)
    hub.image_store.broken.add("mug-1")

    run = drive(hub)

    assert hub.store.shelf.by_key["mug"].images == ()
    assert hub.listings.of("mug").status == LISTED
    assert Attention.IMAGE_FAILED in hub.listings.flags[1]
    assert [outcome for key, outcome in run.outcomes.items() if "mug-1" in key] == [Outcome.FAILED]


def test_a_source_that_is_no_image_fails_alone():
    hub = queued(MUG)
    source = "https://images.example/mug.png"
    hub.source_images.broken[source] = ImageUnusable("It is a page.", source=source)

    run = drive(hub)

    assert run.outcomes[source] is Outcome.FAILED
    assert hub.listings.of("mug").status == LISTED
    assert hub.listings.flags[1] == {Attention.IMAGE_FAILED: "It is a page."}


def test_a_product_that_is_refused_stays_queued_with_the_stores_words_and_its_intent_open():
    hub = queued(MUG)
    hub.store.faults.refused["mug"] = "Enough mugs."

    run = drive(hub)

    # Refused without being made: it says both.
    assert run.outcomes["mug"] is Outcome.REJECTED
    assert "Enough mugs." in hub.listings.flags[1][Attention.PUBLISH_FAILED]
    assert hub.listings.of("mug").status == Status(pending=Pending.PUBLISH)


def test_what_the_store_refuses_five_times_in_a_row_is_parked_and_sent_no_more():
    """R52, T12: it stays queued, the history says so, and nothing is sent until somebody says retry."""
    hub = queued(MUG)
    hub.store.faults.refused["mug"] = "Enough mugs."

    runs = [drive(hub) for _ in range(6)]

    parked = [
        [result.change.reason for result in run.results if "refusals" in str(result.change.fields)] for run in runs
    ]
    assert parked == [[], [], [], [], ["parked: the store refuses it again and again"], []]
    assert [bool(run.results) for run in runs] == [True] * 5 + [False]
    row = hub.listings.of("mug")
    assert (row.refusals, row.status) == (5, Status(pending=Pending.PUBLISH))
    assert "Enough mugs." in hub.listings.flags[row.id][Attention.PUBLISH_FAILED]


def test_what_is_parked_is_published_when_a_person_asks_for_it_again():
    hub = queued(MUG)
    hub.store.faults.refused["mug"] = "Enough mugs."
    for _ in range(5):
        drive(hub)
    hub.store.faults.refused.clear()

    nothing = drive(hub)
    again = plan_retry([hub.listings.of("mug")])
    with hub.run.transaction():
        hub.listings.set_status(again.statuses)
    drive(hub)

    assert nothing.results == []
    assert [result.outcome for result in again.results] == [Outcome.APPLIED]
    assert (hub.listings.of("mug").status, hub.listings.of("mug").refusals) == (LISTED, 0)


def test_a_lost_answer_and_a_failure_of_ours_are_no_refusal():
    hub = queued(MUG)
    hub.store.faults.before_write = lambda: hub.store.faults.lost.update(mug=False)

    drive(hub)

    assert hub.listings.of("mug").refusals == 0


def test_variants_without_their_page_are_refused_with_it_and_a_variant_alone_is_parked_alone():
    whole, part = queued(TEE), queued(TEE)
    whole.store.faults.refused["tee"] = "No tees."
    part.store.faults.refused["tee-S"] = "No such size."

    for _ in range(5):
        drive(whole)
        drive(part)

    assert {row.sku: row.refusals for row in whole.listings.all.values()} == {"tee": 5, "tee-S": 5, "tee-M": 5}
    assert {row.sku: row.refusals for row in part.listings.all.values()} == {"tee": 0, "tee-S": 5, "tee-M": 0}


def test_a_store_that_says_yes_and_creates_nothing_is_not_believed():
    hub = queued(MUG)
    hub.store.faults.silent.add("mug")

    run = drive(hub)

    assert run.outcomes["mug"] is Outcome.REJECTED
    assert hub.listings.of("mug").status.link is Link.UNLINKED
    assert hub.intents.keys == {"mug"}


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("reads_stock", [True, False])
def test_a_lost_answer_is_settled_by_reading_and_sending_what_is_missing(is_done, reads_stock):
    hub = queued(MUG, reads_stock=reads_stock)
    hub.store.faults.lost["mug"] = is_done

    run = drive(hub)

    assert run.bad() == []
    assert [r.proof for r in run.results if r.change.subject.key == "mug"] == [
        Proof.READ if reads_stock else Proof.ANSWERED
    ]
    assert hub.listings.of("mug").status == LISTED
    assert hub.count("mug") == 5


def test_a_stock_is_not_set_a_second_time_once_its_product_may_be_sold():
    hub = queued(MUG, reads_stock=False)
    hub.store.provision = killed(hub.store.provision)
    with pytest.raises(StoreUnavailable):
        drive(hub)
    hub.store.shelf.sell("mug", 2)
    del hub.store.provision

    run = drive(hub)

    assert (run.bad(), hub.listings.of("mug").status, hub.count("mug")) == ([], LISTED, 3)
    # Nothing is known of the store's count for sure, so a sync opens the account.
    assert hub.listings.of("mug").account is None


def killed(provision):
    """Do all of it, and die before anything is written down."""

    def die(units):
        provision(units)
        raise StoreUnavailable("The line is dead.")

    return die


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_publish_that_is_cut_off_is_completed_by_the_next_without_a_second_product(where):
    hub = queued(TEE)
    provision = hub.store.provision

    def cut_off(units):
        if where == "after":
            provision(units)
        raise StoreUnavailable("The line is dead.")

    hub.store.provision = cut_off
    with pytest.raises(StoreUnavailable):
        drive(hub)
    ids = {key: product.id for key, product in hub.store.shelf.by_key.items()}
    assert hub.intents.keys == {"tee", "tee-s", "tee-m"}
    hub.store.provision = provision

    run = drive(hub)

    assert run.bad() == []
    assert {row.status for row in hub.listings.by_ids(hub.listings.all)} == {LISTED}
    assert sorted(hub.store.shelf.by_key) == ["tee", "tee-m", "tee-s"]
    assert where == "before" or ids == {key: product.id for key, product in hub.store.shelf.by_key.items()}


def test_what_the_merchant_has_made_is_linked_by_a_change_on_the_hubs_side():
    hub = queued(MUG)
    hub.store.shelf.by_key["mug"] = a_store_product(7, "mug", is_active=True, name="Their mug")

    run = drive(hub)

    assert [(r.change.side, r.change.action, r.outcome) for r in run.results] == [
        (Side.HUB, Action.LINK, Outcome.APPLIED)
    ]
    assert (hub.store.writes, hub.store.shelf.by_key["mug"].name) == ([], "Their mug")
    assert (hub.listings.of("mug").external_id, hub.intents.ever) == (7, set())


def test_a_linked_product_that_is_gone_breaks_its_link_and_nothing_is_created():
    hub = queued(MUG)
    drive(hub)
    hub.store.shelf.delete(hub.listings.of("mug").external_id)
    overwrite(hub, "mug")
    hub.store.writes.clear()

    run = drive(hub)

    assert hub.store.writes == []
    assert hub.listings.of("mug").status == Status(Health.LISTED, Link.BROKEN)
    assert "gone from the store" in run.bad()[0][1]


def test_a_variant_that_the_parent_does_not_offer_is_not_called_published():
    hub = queued(TEE)
    provision = hub.store.provision

    def lose_a_variant(units):
        answers = provision(units)
        tee = hub.store.shelf.by_key["tee"]
        kept = tuple(variant for variant in tee.variants if variant.part_codes != ("tee-S",))
        hub.store.shelf.by_key["tee"] = replace(tee, variants=kept)
        return answers

    hub.store.provision = lose_a_variant

    run = drive(hub)

    assert run.outcomes["tee-S"] is Outcome.APPLIED
    assert hub.listings.of("tee-S").status == Status(pending=Pending.PUBLISH)
    flagged = hub.listings.flags[hub.listings.of("tee-S").id]
    assert "not offered on its parent's page" in flagged[Attention.PUBLISH_FAILED]
    assert (hub.listings.of("tee").status, hub.listings.of("tee-M").status) == (LISTED, LISTED)


def test_a_variant_that_is_refused_leaves_its_family_published():
    hub = queued(TEE)
    hub.store.faults.refused["tee-S"] = "No such size."

    run = drive(hub)

    assert hub.listings.of("tee-M").status == LISTED
    assert hub.listings.of("tee-S").status.link is Link.UNLINKED
    assert "No such size." in hub.listings.flags[hub.listings.of("tee-S").id][Attention.PUBLISH_FAILED]
    assert run.outcomes["tee-M"] is Outcome.APPLIED


@pytest.mark.parametrize("reads_stock", [True, False])
def test_what_only_lacks_an_address_is_published_but_not_if_the_answer_was_lost(reads_stock):
    lost, answered = queued(MUG, reads_stock=reads_stock), queued(MUG, reads_stock=reads_stock)
    for hub in (lost, answered):
        for number, address in ((900, "/mug.html"), (901, "/mug-mug.html")):
            hub.store.shelf.by_key[f"old{number}"] = a_store_product(number, f"old{number}", addresses=(address,))
    lost.store.faults.before_write = lambda: lost.store.faults.lost.update(mug=True)

    drive(lost)
    drive(answered)

    assert answered.listings.of("mug").status == LISTED
    assert "without its address" in answered.listings.flags[1][Attention.PUBLISH_FAILED]
    assert lost.listings.of("mug").status == Status(pending=Pending.PUBLISH)
    assert Attention.PUBLISH_FAILED in lost.listings.flags[1]


def test_an_address_that_is_in_use_is_replaced_in_the_same_run():
    hub = queued(MUG)
    hub.store.shelf.by_key["old"] = a_store_product(900, "old", addresses=("/mug.html",))

    run = drive(hub)

    assert run.bad() == []
    assert hub.store.shelf.by_key["mug"].addresses == ("/mug-mug.html",)


def test_a_token_that_may_not_provision_leaves_the_queue_untouched():
    hub = queued(MUG)
    hub.store.faults.missing.add("Provision_Store")

    with pytest.raises(PermissionMissing):
        drive(hub)

    assert hub.listings.of("mug").status == Status(pending=Pending.PUBLISH)
    assert (hub.run.results, hub.store.shelf.by_key) == ([], {})


def test_only_the_chosen_variant_is_published_with_the_parent_it_needs():
    hub = queued(TEE)

    drive(hub, Selection.of([hub.listings.of("tee-M").id]))

    assert sorted(hub.store.shelf.by_key) == ["tee", "tee-m"]
    assert hub.listings.of("tee-S").status == Status(pending=Pending.PUBLISH)


fates = st.sampled_from(["well", "well", "lost", "lost but done", "refused", "silent"])


@given(
    st.lists(st.lists(fates, min_size=3, max_size=3), min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
    st.integers(1, 3),
)
def test_whatever_is_lost_a_listing_is_called_published_only_if_it_is_there_and_later_runs_end_it(
    runs, reads_stock, is_native, batch_size
):
    hub = queued(TEE, a_simple("mug"), reads_stock=reads_stock, batch_size=batch_size)
    hub.settings = replace(hub.settings, rules=replace(RULES, layout=Layout.NATIVE if is_native else Layout.FLAT))
    skus = ("tee-S", "tee-M", "mug")

    for drawn in runs:
        faults = hub.store.faults
        faults.refused, faults.silent, faults.lost = {}, set(), {}
        for sku, fate in zip(skus, drawn, strict=True):
            if fate == "refused":
                faults.refused[sku] = "No."
            elif fate == "silent":
                faults.silent.add(sku)
            elif fate != "well":
                faults.lost[sku] = fate == "lost but done"
        drive(hub)
        for row in hub.listings.by_ids(hub.listings.all):
            if row.status.link is Link.LINKED:
                there = hub.store.shelf.by_key[code_key(row.code)]
                assert (there.id, there.price) == (row.external_id, row.wanted_price)
                assert row.sku == "tee" or there.stock.count == row.available
        for sku in ("tee-S", "tee-M"):
            if is_native and hub.listings.of(sku).status.link is Link.LINKED:
                parts = {part for variant in hub.store.shelf.by_key["tee"].variants for part in variant.part_codes}
                assert sku in parts

    hub.store.faults.refused, hub.store.faults.silent, hub.store.faults.lost = {}, set(), {}
    run = drive(hub)

    assert run.bad() == []
    assert {row.status for row in hub.listings.by_ids(hub.listings.all)} == {LISTED}
    assert sorted(hub.store.shelf.by_key) == ["mug", "tee", "tee-m", "tee-s"]
    assert hub.intents.keys == set()
