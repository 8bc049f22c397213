"""A family is switched to another layout as one or not at all, and nothing of it is off sale meanwhile."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_store_product
from fakes.hub import HIDDEN, LISTED, MemoryHub
from tradepost.domain.approval import needed, with_needs
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Plan, SubjectKind
from tradepost.domain.store import StoreAttribute, StoreVariant
from tradepost.operations.listings.publish import Publish
from tradepost.operations.listings.publish.family_plan import PublishDetail, plan_family
from tradepost.operations.listings.publish.needs import needs_of
from tradepost.operations.listings.publish.values import PublishFacts, PublishSeen, PublishTerms
from tradepost.operations.selection import EVERYTHING, Selection

NATIVE, FLAT, SIMPLE = Layout.NATIVE, Layout.FLAT, Layout.SIMPLE
TEE = a_family("tee", "S", "M", "L")
SKUS = ("tee-S", "tee-M", "tee-L")
OTHER = {NATIVE: FLAT, FLAT: NATIVE}


def standing(layout, wanted, *, is_ours=True, statuses=(), **values):
    """A hub whose store has the family in a layout, when the channel gets another one."""
    hub = MemoryHub(**values)
    hub.settings = replace(hub.settings, rules=replace(hub.settings.rules, layout=layout))
    hub.list_on_store(TEE)
    hub.settings = replace(hub.settings, rules=replace(hub.settings.rules, layout=wanted))
    for sku in ("tee", *SKUS):
        hub.listings.change(
            sku, layout=layout, proven_fingerprints={Group.STRUCTURE: "ours"} if is_ours else {Group.TEXTS: "ours"}
        )
    for sku, status in dict(statuses).items():
        hub.listings.change(sku, status=status)
    return hub


def plan(hub, selection=EVERYTHING):
    (family,) = hub.listings.families([1])
    seen = PublishSeen(dict(hub.store.shelf.by_key))
    return plan_family(family, terms=PublishTerms(hub.settings.rules, selection), facts=PublishFacts(), seen=seen)


def pages(hub):
    """By SKU how many open pages sell it."""
    there = hub.store.shelf.by_key
    on_page = [
        code_key(part)
        for variant in there["tee"].variants or ()
        for part in variant.part_codes
        if there["tee"].is_active
    ]
    return {sku: there[code_key(sku)].is_active + on_page.count(code_key(sku)) for sku in SKUS}


def opened(planned):
    """What becomes open and what is closed, in codes."""
    changed = {change.subject.key: change.after("is_active") for change in planned.unit.changes}
    return {key for key, is_open in changed.items() if is_open}, {
        key for key, is_open in changed.items() if is_open is False
    }


@pytest.mark.parametrize(
    ("before", "after", "pages_opened", "pages_closed"),
    [
        (NATIVE, FLAT, set(SKUS), {"tee"}),
        (NATIVE, SIMPLE, set(SKUS), {"tee"}),
        (FLAT, NATIVE, {"tee"}, set(SKUS)),
        (FLAT, SIMPLE, set(), set()),
    ],
)
def test_what_sells_the_family_is_opened_and_what_sold_it_is_closed(before, after, pages_opened, pages_closed):
    """R13, R16."""
    planned = plan(standing(before, after))

    assert opened(planned) == (pages_opened, pages_closed)
    assert planned.layout.switched == {1, 2, 3, 4}
    assert planned.refused == ()


@pytest.mark.parametrize("after", [FLAT, SIMPLE])
def test_nothing_is_taken_off_a_page_that_is_closed_and_no_stock_is_written(after):
    planned = plan(standing(NATIVE, after))

    touched = {field.name for change in planned.unit.changes for field in change.fields}
    assert touched.isdisjoint({"attributes", "variants", "variant_pricing", "quantity", "sells_without_stock"})


def test_what_was_only_linked_is_switched_when_a_person_overwrites_its_structure():
    hub = standing(NATIVE, FLAT, is_ours=False)

    left_alone = plan(hub)
    hub.listings.change(
        "tee", status=replace(LISTED, pending=Pending.OVERWRITE), overwrite_groups=frozenset({Group.STRUCTURE})
    )

    assert (left_alone.unit.is_empty, left_alone.refused) == (True, ())
    assert opened(plan(hub)) == (set(SKUS), {"tee"})


def test_one_variant_that_is_chosen_brings_its_family_along():
    hub = standing(NATIVE, FLAT)

    assert opened(plan(hub, Selection.of([2]))) == (set(SKUS), {"tee"})


def test_an_overwrite_of_a_family_that_is_not_switched_goes_by_the_layout_that_it_stands_in():
    hub = standing(NATIVE, FLAT, is_ours=False)
    hub.store.shelf.by_key["tee"] = replace(hub.store.shelf.by_key["tee"], name="Another")
    for sku in ("tee", *SKUS):
        hub.listings.change(
            sku, status=replace(LISTED, pending=Pending.OVERWRITE), overwrite_groups=frozenset({Group.TEXTS})
        )

    planned = plan(hub)

    assert [(change.subject.key, [field.name for field in change.fields]) for change in planned.unit.changes] == [
        ("tee", ["name"])
    ]


def test_a_page_that_sells_what_is_no_listing_is_not_closed():
    hub = standing(NATIVE, FLAT)
    page = hub.store.shelf.by_key["tee"]
    foreign = StoreVariant(frozenset({("Size", "XXL")}), ("gold",))
    hub.store.shelf.by_key["tee"] = replace(page, variants=(*page.variants, foreign))

    planned = plan(hub)

    assert planned.unit.is_empty
    ((row, attention, message),) = [(each.row.sku, each.attention, each.message) for each in planned.refused]
    assert (row, attention) == ("tee", Attention.PUBLISH_FAILED)
    assert message.startswith("The family stays native: the page of tee sells gold, too")


def test_a_question_of_the_merchants_own_is_named_and_not_touched():
    hub = standing(NATIVE, FLAT)
    page = hub.store.shelf.by_key["tee"]
    question = StoreAttribute("gift", "Gift note", (), is_dimension=False)
    hub.store.shelf.by_key["tee"] = replace(page, attributes=(*page.attributes, question))

    planned = plan(hub)

    (sentence,) = planned.layout.lost
    assert sentence.startswith("The page of tee asks Gift note, which the pages that take its place don't")
    assert not any(change.touches("attributes") for change in planned.unit.changes)


def test_a_page_that_the_merchant_has_made_is_not_taken_for_the_one_that_a_family_needs():
    hub = standing(NATIVE, FLAT)
    hub.store.shelf.by_key["tee"] = replace(a_store_product(77, "tee", is_active=False), created=1)

    planned = plan(hub)

    assert planned.unit.is_empty
    assert [each.message for each in planned.refused] == [
        "The family stays native: tee is gone from the store; unlink it, then link or publish it again."
    ]


@pytest.mark.parametrize("chosen", range(4))
def test_of_a_switch_in_a_saved_plan_nothing_is_done_without_the_rest(chosen):
    hub = standing(NATIVE, FLAT)
    planned = plan(hub)
    whole = Plan(PublishDetail.of([planned], {}, {}), (planned.unit,))
    needs = needs_of(whole, hub.settings.rules)
    subjects = [change.subject.id for change in planned.unit.changes]

    by_place = {place: needs.get(subject, ()) for place, subject in enumerate(subjects)}
    asked = with_needs([chosen], by_place, lambda one: [subjects.index(one)])

    assert asked == {0, 1, 2, 3}
    lacking = needed({subjects[chosen]: "It was not approved."}, needs)
    assert set(lacking) == {(SubjectKind.PRODUCT, code_key(code)) for code in ("tee", *SKUS)} - {subjects[chosen]}


states = st.sampled_from([LISTED, LISTED, HIDDEN, replace(LISTED, is_paused=True)])
fates = st.sampled_from(["well", "well", "well", "lost", "lost but done", "refused"])


@given(
    st.sampled_from([NATIVE, FLAT]),
    st.lists(states, min_size=3, max_size=3),
    st.lists(st.lists(fates, min_size=4, max_size=4), max_size=2),
    st.booleans(),
)
def test_whatever_is_lost_the_family_ends_as_it_is_wanted_or_stays_as_it_was(before, drawn, runs, reads_stock):
    hub = standing(before, OTHER[before], statuses=dict(zip(SKUS, drawn, strict=True)), reads_stock=reads_stock)
    for sku, status in zip(SKUS, drawn, strict=True):
        if status is HIDDEN:
            hub.listings.change(sku, account=0)
    faults = hub.store.faults

    for fate in runs:
        faults.refused, faults.lost = {}, {}
        for code, what in zip(("tee", *SKUS), fate, strict=True):
            if what == "refused":
                faults.refused[code] = "No."
            elif what != "well":
                faults.lost[code] = what == "lost but done"
        hub.drive(Publish(hub.settings, EVERYTHING))
        assert all(pages(hub).values())
    faults.refused, faults.lost = {}, {}
    hub.drive(Publish(hub.settings, EVERYTHING))

    is_switched = not any(status.is_paused for status in drawn)
    rows = [hub.listings.of(sku) for sku in ("tee", *SKUS)]
    assert [row.status for row in rows[1:]] == drawn
    assert {row.external_id for row in rows} == {product.id for product in hub.store.shelf.by_key.values()}
    assert pages(hub) == dict.fromkeys(SKUS, 1)
    assert {row.layout for row in rows} == {None if is_switched else before}
    assert hub.store.shelf.by_key["tee"].is_active is ((before is FLAT) is is_switched)
    assert hub.drive(Publish(hub.settings, EVERYTHING)).bad() == [] or not is_switched
