"""Linking: which product of the store a listing means, and why it means none."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple, a_store_product
from fakes.hub import LISTED, MemoryHub
from fakes.listings import MemoryListings
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.plan import Action, Outcome, Side
from tradepost.domain.store import StoreRow
from tradepost.operations.listings import link
from tradepost.operations.listings.link import Candidates, LinkDecision, confirm, plan_link
from tradepost.operations.selection import EVERYTHING, Selection

TYPE = "product_type"


def rows_of(*products):
    listings = MemoryListings()
    return [row for product in products for row in listings.build(product, pending=Pending.NONE)]


def a_row(number, code, *, sku=None, kind=""):
    return StoreRow(number, code, code if sku is None else sku, True, {TYPE: kind} if kind else {})


def decide(rows, page, *, taken=None, requires_type=False, priority=LinkingPriority.SKU):
    candidates = Candidates()
    candidates.add(rows, page)
    return {
        decision.row.sku: decision
        for decision in plan_link(
            candidates, taken=taken or {}, type_field=TYPE, requires_type=requires_type, priority=priority
        )
    }


# --- the planner ----------------------------------------------------------------------------------------------------


def test_a_listing_links_by_its_sku_before_its_code():
    (mug,) = rows_of(a_simple("mug"))
    by_code, by_sku = a_row(1, "MUG", sku="other"), a_row(2, "X-7", sku="mug")

    assert decide([mug], [by_code, by_sku])["mug"].product == by_sku
    assert decide([mug], [by_code])["mug"].product == by_code


def test_a_channel_may_ask_for_the_code_before_the_sku():
    (mug,) = rows_of(a_simple("mug"))
    by_code, by_sku = a_row(1, "MUG", sku="other"), a_row(2, "X-7", sku="mug")

    first = decide([mug], [by_code, by_sku], priority=LinkingPriority.CODE)["mug"]
    then = decide([mug], [by_sku], priority=LinkingPriority.CODE)["mug"]

    assert (first.product, first.found_by) == (by_code, "the same code")
    assert (then.product, then.found_by) == (by_sku, "the same SKU")


def test_two_products_that_fit_are_named_and_none_is_linked():
    (mug,) = rows_of(a_simple("mug"))

    decision = decide([mug], [a_row(1, "a", sku="mug"), a_row(2, "b", sku="mug")])["mug"]

    assert (decision.product, decision.attention) == (None, Attention.AMBIGUOUS_MATCH)
    assert "a (id 1), b (id 2)" in decision.message


def test_the_same_sku_on_another_page_is_as_ambiguous():
    (mug,) = rows_of(a_simple("mug"))
    candidates = Candidates()
    for number in (1, 2):
        candidates.add([mug], [a_row(number, f"p{number}", sku="mug")])

    (decision,) = plan_link(candidates, taken={}, type_field=TYPE, requires_type=False)

    assert decision.attention is Attention.AMBIGUOUS_MATCH


def test_a_product_is_linked_once_and_the_older_listing_has_it():
    mug, cup = rows_of(a_simple("mug"), a_simple("cup"))
    product = a_row(1, "CUP", sku="mug")

    decided = decide([cup, mug], [product])

    assert decided["mug"].product == product
    assert (decided["cup"].product, decided["cup"].attention) == (None, Attention.MATCH_TAKEN)


def test_a_product_that_is_linked_already_is_taken_but_not_from_its_own_listing():
    (mug,) = rows_of(a_simple("mug"))
    product = a_row(7, "mug")

    assert decide([mug], [product], taken={7: mug.id + 1})["mug"].attention is Attention.MATCH_TAKEN
    assert decide([mug], [product], taken={7: mug.id})["mug"].product == product


@pytest.mark.parametrize(
    ("kind", "on_store", "requires_type", "links"),
    [
        (Kind.SIMPLE, "", False, True),
        (Kind.SIMPLE, "", True, False),
        (Kind.SIMPLE, "simple", True, True),
        (Kind.SIMPLE, " Variant ", True, True),
        (Kind.SIMPLE, "parent", False, False),
        (Kind.VARIANT, "simple", True, True),
        (Kind.PARENT, "", False, True),
        (Kind.PARENT, "", True, False),
        (Kind.PARENT, "parent", True, True),
        (Kind.PARENT, "simple", False, False),
    ],
)
def test_a_parent_is_only_linked_to_a_parent_and_nothing_else_is(kind, on_store, requires_type, links):
    (row,) = rows_of(a_simple("mug"))
    row = replace(row, kind=kind)

    decision = decide([row], [a_row(1, "mug", kind=on_store)], requires_type=requires_type)["mug"]

    assert (decision.product is not None) is links
    assert links or (decision.attention is Attention.NO_MATCH and TYPE in decision.message)


def test_blank_skus_of_the_store_match_nothing():
    (mug,) = rows_of(a_simple("mug"))

    assert decide([replace(mug, sku="")], [a_row(1, "other", sku=" ")]) == {}


names = st.sampled_from(["a", "b", "c", "A", "d"])
store_rows = st.lists(st.tuples(names, st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "parent", "simple"])))


@given(st.lists(st.tuples(names, names), max_size=5), store_rows, st.booleans())
def test_every_link_has_a_reason_and_no_product_is_linked_twice(drawn, on_store, requires_type):
    (template,) = rows_of(a_simple("mug"))
    rows = [replace(template, id=number, sku=sku, code=code) for number, (sku, code) in enumerate(drawn, start=1)]
    page = [a_row(number, code, sku=sku, kind=kind) for number, (code, sku, kind) in enumerate(on_store, start=1)]
    candidates = Candidates()
    candidates.add(rows, page)

    decisions = plan_link(candidates, taken={}, type_field=TYPE, requires_type=requires_type)

    linked = [decision for decision in decisions if decision.product is not None]
    assert max(Counter(decision.product.id for decision in linked).values(), default=0) <= 1
    for decision in linked:
        row, product = decision.row, decision.product
        same_sku = [other for other in page if other.sku == row.sku]
        assert product in same_sku or (not same_sku and product.code.casefold() == row.code.casefold())
    for decision in decisions:
        assert (decision.product is None) == (decision.attention is not None) == bool(decision.message)


@given(st.permutations([("a", "a", ""), ("b", "c", ""), ("c", "b", ""), ("d", "a", "")]), st.integers(1, 4))
def test_the_order_and_the_pages_in_which_a_store_comes_decide_nothing(on_store, size):
    (template,) = rows_of(a_simple("mug"))
    rows = [replace(template, id=number, sku=sku, code=sku) for number, sku in enumerate("abcd", start=1)]
    page = [a_row(ord(code), code, sku=sku, kind=kind) for code, sku, kind in on_store]
    candidates = Candidates()
    for start in range(0, len(page), size):
        candidates.add(rows, page[start : start + size])

    decisions = plan_link(candidates, taken={}, type_field=TYPE, requires_type=False)

    found = {d.row.sku: (d.product.code if d.product else d.attention) for d in decisions}
    assert found == {"a": Attention.AMBIGUOUS_MATCH, "b": "c", "c": "b", "d": "d"}


def test_what_an_older_listing_was_given_before_is_not_given_to_another():
    (mug,) = rows_of(a_simple("mug"))
    candidates = Candidates()
    candidates.add([mug], [a_row(1, "mug")])

    (decision,) = plan_link(candidates, taken={}, chosen={1: mug.id + 1}, type_field=TYPE, requires_type=False)

    assert decision.attention is Attention.MATCH_TAKEN


# --- looking at a decision again ------------------------------------------------------------------------------------


def test_a_code_that_another_listing_has_is_not_taken_from_it():
    mug, cup = rows_of(a_simple("mug"), a_simple("cup"))
    product = a_row(1, "cup", sku="mug")
    decision = LinkDecision(mug, product)

    attention, message = confirm(decision, holders={"cup": cup})

    assert attention is Attention.MATCH_TAKEN
    assert "the code of the listing cup" in message
    assert confirm(decision, holders={"cup": mug}) is product


# --- driven ---------------------------------------------------------------------------------------------------------


def drive(hub, selection=EVERYTHING, **options):
    return hub.drive(link.LinkListings(hub.settings, selection), **options)


def put(hub, *products):
    hub.store.shelf.by_key |= {product.code.casefold(): product for product in products}


@pytest.fixture
def hub():
    return MemoryHub(requires_product_type=False)


def test_a_link_records_what_the_store_has_and_writes_nothing_to_it(hub):
    hub.listings.build(a_simple("mug", price=20, quantity=9), pending=Pending.PUBLISH)
    put(hub, a_store_product(7, "Mug", sku="mug", price=Decimal(15), count=4, is_active=True))

    run = drive(hub)

    assert [(r.change.side, r.change.action, r.outcome) for r in run.results] == [
        (Side.HUB, Action.LINK, Outcome.APPLIED)
    ]
    row = hub.listings.of("mug")
    assert (row.status, row.external_id, row.code) == (LISTED, 7, "Mug")
    assert (row.proven_price, row.account, row.available) == (Decimal(15), None, 9)
    assert hub.store.writes == []


def test_what_the_store_shows_to_nobody_is_linked_as_hidden(hub):
    hub.listings.build(a_simple("mug"))
    put(hub, a_store_product(7, "mug", is_active=False))

    drive(hub)

    assert hub.listings.of("mug").status == Status(Health.HIDDEN, Link.LINKED)


def test_what_is_not_linked_is_flagged_with_the_reason_and_stays_unlinked(hub):
    hub.listings.build(a_simple("mug"))
    put(hub, a_store_product(1, "a", sku="mug"), a_store_product(2, "b", sku="mug"))

    run = drive(hub)

    assert [(r.change.action, r.outcome) for r in run.results] == [(Action.KEEP, Outcome.SKIPPED)]
    assert Attention.AMBIGUOUS_MATCH in hub.listings.flags[1]
    assert hub.listings.of("mug").status.link is Link.UNLINKED


def test_only_a_selection_is_told_which_of_its_listings_match_nothing(hub):
    (mug,) = hub.listings.build(a_simple("mug"))
    hub.listings.build(a_simple("cup"))

    assert drive(hub).results == []
    assert drive(hub, Selection.of([mug.id])).outcomes == {"mug": Outcome.SKIPPED}
    assert hub.listings.flags == {mug.id: {Attention.NO_MATCH: "No product on the store has this SKU or code."}}


def test_paused_and_linked_listings_are_left_alone(hub):
    (mug,) = hub.listings.build(a_simple("mug"), pending=Pending.NONE)
    hub.listings.change("mug", status=Status(is_paused=True))
    put(hub, a_store_product(7, "mug"))

    assert drive(hub).results == []
    assert drive(hub, Selection.of([mug.id])).results == []


def test_a_preview_links_nothing_and_shows_what_would_be(hub):
    hub.listings.build(a_simple("mug"))
    put(hub, a_store_product(7, "mug"))

    run = drive(hub, is_dry=True)

    assert [unit.key for unit in run.units] == ["mug"]
    assert hub.listings.of("mug").status.link is Link.UNLINKED


def test_a_run_that_is_cancelled_while_the_store_is_read_decides_nothing(hub):
    hub.listings.build(a_simple("mug"))
    put(hub, a_store_product(7, "mug"))
    operation = link.LinkListings(hub.settings, EVERYTHING)
    hub.run.cancelled = True

    operation.prepare(hub.ports())

    assert list(operation.batches(hub.ports(), 0)) == []


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_what_two_listings_want_is_decided_alike_however_many_are_decided_at_once(hub, monkeypatch, size):
    monkeypatch.setattr(link, "_BATCH", size)
    for name in ("a", "b", "c", "d"):
        hub.listings.build(a_simple(name), pending=Pending.NONE)
    put(hub, a_store_product(1, "d", sku="a"), a_store_product(2, "b"), a_store_product(3, "c", sku=""))

    shown = [(unit.key, unit.changes[0].reason) for unit in drive(hub, is_dry=True).units]
    run = drive(hub)

    assert shown == [("b", "the same SKU"), ("c", "the same code")]
    assert run.outcomes == {"a": Outcome.SKIPPED, "b": Outcome.APPLIED, "c": Outcome.APPLIED, "d": Outcome.SKIPPED}
    assert hub.listings.flags[1] == {
        Attention.MATCH_TAKEN: "d on the store is the code of the listing d; link that one, or recode it."
    }
    assert hub.listings.flags[4] == {Attention.MATCH_TAKEN: "d on the store is linked to another listing already."}


@given(st.lists(st.sampled_from(["S", "M", "L"]), min_size=1, unique=True), st.booleans())
def test_a_second_run_has_nothing_to_decide(sizes, has_parent):
    published = MemoryHub(requires_product_type=True)
    published.list_on_store(a_family("tee", *sizes))
    hub = MemoryHub(requires_product_type=True)
    hub.listings.build(a_family("tee", *sizes), pending=Pending.NONE)
    hub.store.shelf.by_key = dict(published.store.shelf.by_key)
    if not has_parent:
        del hub.store.shelf.by_key["tee"]

    drive(hub)
    again = drive(hub)

    linked = {row.sku for row in hub.listings.by_ids(hub.listings.all) if row.status.link is Link.LINKED}
    assert linked == {f"tee-{size}" for size in sizes} | ({"tee"} if has_parent else set())
    assert (again.results, hub.store.writes) == ([], [])
