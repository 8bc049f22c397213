"""Adopting: which products of a store are taken, in which families, and that nothing is due for them afterwards."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.hub import MemoryHub
from fakes.run import MemoryRun
from fakes.store_products import BLANK
from tradepost.domain.catalogue.catalogue import Kind, Product, Variant
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Link, Pending
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.plan import Outcome, Side
from tradepost.domain.store import StoreAttribute, StoreOption, StoreStock, StoreVariant
from tradepost.operations.listings import adopt
from tradepost.operations.listings.adopt.as_it_is import AsItIs
from tradepost.operations.listings.adopt.intake import Intake
from tradepost.operations.selection import Selection


def put(hub, code, **values):
    """A product that stands on the store."""
    number = len(hub.store.shelf.by_key) + 1
    values = {"name": code.title(), "price": Decimal(10), "is_active": True, "sku": code.upper(), **values}
    hub.store.shelf.by_key[code_key(code)] = replace(BLANK, id=number, code=code, created=number, **values)
    return hub.store.shelf.by_key[code_key(code)]


def page(hub, code, parts, **values):
    """A page with a drop-down, and a variant for each part."""
    options = tuple(StoreOption(f"o{place}", f"Option {place}") for place, _ in enumerate(parts))
    variants = tuple(
        StoreVariant(frozenset({("size", f"o{place}")}), part_codes=(part,)) for place, part in enumerate(parts)
    )
    attributes = (StoreAttribute("size", "Size", options),)
    return put(hub, code, attributes=attributes, variants=variants, **values)


def run(hub, **options):
    hub.run = MemoryRun()
    adopt.execute(hub.ports(), Selection.of(**options))
    return hub.run


def families(hub):
    """By SKU the kind, and the SKU of the family."""
    rows = hub.listings.all
    return {row.sku: (row.kind, rows[row.parent_id].sku if row.parent_id else "") for row in rows.values()}


def left_out(hub):
    return {r.change.subject.key: r.message for r in hub.run.results if r.outcome is Outcome.SKIPPED}


def test_products_belong_together_by_their_field_first_and_by_their_page_else():
    hub = MemoryHub()
    put(hub, "s1", is_active=False)
    put(hub, "s2", is_active=False, custom_fields={"parent_code": "other"})
    page(hub, "tee", ["s1", "s2"])
    put(hub, "other")
    put(hub, "alone", custom_fields={"parent_code": "nobody"})

    run(hub)

    assert families(hub) == {
        "TEE": (Kind.PARENT, ""),
        "S1": (Kind.VARIANT, "TEE"),
        "OTHER": (Kind.PARENT, ""),
        "S2": (Kind.VARIANT, "OTHER"),
        "ALONE": (Kind.SIMPLE, ""),
    }


def test_a_page_whose_variants_are_bundles_is_left_out_with_the_reason():
    hub = MemoryHub()
    put(hub, "a")
    put(hub, "b")
    bundle = StoreVariant(frozenset({("size", "o")}), part_codes=("a", "b"), pieces=2)
    attributes = (StoreAttribute("size", "Size", (StoreOption("o", "Both"),)),)
    put(hub, "set", attributes=attributes, variants=(bundle,))

    run(hub)

    assert set(families(hub)) == {"A", "B"}
    assert "made of several products" in left_out(hub)["set"]


def test_variants_that_are_of_several_products_in_the_catalogue_are_linked_each_and_their_page_is_named():
    hub = MemoryHub()
    for name in ("A", "B"):
        variant = Variant(name, (), Decimal(9), 3, 1)
        hub.listings.build(Product(f"product-{name}", name, "", (variant,)), pending=Pending.NONE)
    put(hub, "a", is_active=False)
    put(hub, "b", is_active=False)
    page(hub, "both", ["a", "b"])

    run(hub)

    linked = {row.sku: (row.code, row.status.link, row.wanted_price) for row in hub.listings.all.values()}
    assert linked == {"A": ("a", Link.LINKED, Decimal(9)), "B": ("b", Link.LINKED, Decimal(9))}
    assert "of several products in the catalogue: product-A, product-B" in left_out(hub)["both"]


def test_a_store_is_adopted_as_a_whole_or_not_at_all():
    with pytest.raises(NotAllowed, match="as a whole"):
        run(MemoryHub(), only=[1])


def test_a_preview_takes_nothing_and_says_the_same_as_the_run():
    hub = MemoryHub()
    put(hub, "mug")
    put(hub, "cup", sku="MUG")
    put(hub, "vase")

    preview = hub.drive(Intake(hub.settings), is_dry=True)
    told = left_out(hub)
    planned = [change for unit in preview.units for change in unit.changes]
    assert hub.listings.all == {}
    hub.drive(Intake(hub.settings))

    assert left_out(hub) == told
    applied = [result.change for result in hub.run.results if result.outcome is Outcome.APPLIED]
    assert applied == planned
    assert set(families(hub)) == {"VASE"}


def test_what_is_gone_before_it_was_compared_is_settled_and_left_to_the_existence_pass():
    hub = MemoryHub()
    put(hub, "mug")
    hub.drive(Intake(hub.settings))
    hub.store.shelf.by_key.clear()

    hub.drive(AsItIs(hub.settings))

    assert hub.adoptions.count_unsettled() == 0
    assert hub.listings.of("MUG").compared_at is None


_PRICES = st.sampled_from([Decimal(0), Decimal("7.90"), Decimal("7.905"), Decimal("1234.5678")])
_STOCKS = st.one_of(
    st.none(),
    st.builds(StoreStock, is_tracked=st.just(True), count=st.integers(-2, 9), stops_sale_at_zero=st.booleans()),
)
_PRODUCTS = st.lists(
    st.fixed_dictionaries(
        {
            "sku": st.sampled_from(["", "A", "B", "C", "D", "P/1", "p1"]),
            "price": _PRICES,
            "is_active": st.booleans(),
            "stock": _STOCKS,
            "name": st.sampled_from(["Mug", "Mug, small", " Tee "]),
            "page_title": st.sampled_from(["", "Buy it"]),
            "custom_fields": st.dictionaries(
                st.sampled_from(["product_type", "parent_code", "upc", "msrp", "brand"]),
                st.sampled_from(["", "parent", "Variant", "p0", "p1", "12.00", "x"]),
                max_size=3,
            ),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(
    products=_PRODUCTS,
    on_page=st.lists(st.integers(0, 5), unique=True, max_size=3),
    sku_from=st.sampled_from(LinkingPriority),
    layout=st.sampled_from([Layout.NATIVE, Layout.FLAT]),
)
def test_whatever_a_store_has_nothing_is_due_for_what_was_adopted_and_a_second_time_nothing_is_taken(
    products, on_page, sku_from, layout
):
    """R28, too: the hub's own adoption leaves a sync nothing to send, when all of it is freed."""
    hub = MemoryHub()
    hub.settings = replace(hub.settings, rules=replace(hub.settings.rules, layout=layout))
    for number, values in enumerate(products):
        put(hub, f"p{number}", **values)
    if on_page:
        page(hub, "page", [f"p{number}" for number in on_page])
    before = dict(hub.store.shelf.by_key)

    run(hub, sku_from=sku_from)
    taken = dict(hub.listings.all)
    run(hub, sku_from=sku_from)

    assert hub.store.shelf.by_key == before
    assert hub.adoptions.count_unsettled() == 0
    assert hub.listings.all == taken
    assert not [r for r in hub.run.results if r.outcome is Outcome.APPLIED or r.change.side is Side.STORE]
    told = {r.change.subject.key for r in hub.run.results}
    assert told >= {product.code for product in before.values()}
    for row in taken.values():
        assert (row.status.link, row.status.health, row.status.is_paused) == (Link.LINKED, Health.LISTED, True)
        freed = replace(row, status=replace(row.status, is_paused=False))
        assert [stage for stage in Stage if is_due(stage, freed)] == []
    assert len({row.external_id for row in taken.values()}) == len(taken)
