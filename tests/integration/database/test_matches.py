"""What of a store is put aside for linking is exactly what the domain's rules say, on both databases."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.database.listings.listing_rows import listing_rows
from tradepost.database.models import Channel, Listing, ProductRecord, VariantRecord
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import QUEUE, Health, Link
from tradepost.domain.listings.matching import may_be_linked
from tradepost.domain.store import StoreRow
from tradepost.operations.ports import Candidates

NAMES = ("a", "A", "b", "ß", "SS", "c d")
names = st.sampled_from(NAMES)
drawn_listings = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from([Kind.SIMPLE, Kind.PARENT]),
            "sku": names,
            "code": names,
            "settled": st.sampled_from(sorted(QUEUE)),
            "is_paused": st.booleans(),
            "is_elsewhere": st.booleans(),
            "was_hidden": st.booleans(),
            "is_price_held": st.booleans(),
        }
    ),
    max_size=6,
    unique_by=(lambda row: row["sku"], lambda row: code_key(row["code"])),
)
drawn_products = st.lists(
    st.builds(
        StoreRow,
        st.just(0),
        st.sampled_from([*NAMES, " a ", "B"]),
        st.sampled_from(["", " ", *NAMES, " b "]),
        st.booleans(),
        st.dictionaries(st.just("product_type"), st.sampled_from(["", "parent", 'si"mple']), max_size=1),
        st.integers(0, 3),
        st.sampled_from(["", "A mug"]),
        st.sampled_from([Decimal(0), Decimal("9.99"), Decimal("0.0001")]),
    ),
    max_size=8,
)
on_both_databases = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def fill(channel, noon):
    """Replace all listings, some of which another channel has; returns this one's."""
    other = Channel.objects.create(name="Other")

    def replace_all(drawn):
        Listing.objects.all().delete()
        ProductRecord.objects.all().delete()
        for number, row in enumerate(drawn, start=1):
            product = ProductRecord.objects.create(handle=row["sku"], title="P", created_at=noon, updated_at=noon)
            variant = None
            if row["kind"] is not Kind.PARENT:
                variant = VariantRecord.objects.create(
                    product=product, sku=row["sku"], position=1, price=Decimal(1), stated_at=noon
                )
            health, state = row["settled"]
            Listing.objects.create(
                channel=other if row["is_elsewhere"] else channel,
                product=product,
                variant=variant,
                kind=row["kind"].value,
                code=row["code"],
                code_key=code_key(row["code"]),
                sku=row["sku"],
                health=health,
                link=state,
                external_id=None if state is Link.UNLINKED else number + 1000,
                is_paused=row["is_paused"],
                was_hidden=row["was_hidden"],
                is_price_held=row["is_price_held"],
                wanted_price=Decimal(1),
                created_at=noon,
            )
        return listing_rows(Listing.objects.filter(channel=channel).order_by("id"))

    return replace_all


def a_listing(sku, *, code="", is_elsewhere=False):
    return {
        "kind": Kind.SIMPLE,
        "sku": sku,
        "code": code or sku,
        "settled": (Health.NOT_LISTED, Link.UNLINKED),
        "is_paused": False,
        "is_elsewhere": is_elsewhere,
        "was_hidden": False,
        "is_price_held": False,
    }


def as_values(found):
    columns = ("id", "kind", "code", "sku", "status", "external_id", "was_hidden", "is_price_held")
    return [
        (*(getattr(row, name) for name in columns), found.by_sku[row.id], found.by_code[row.id])
        for _, row in sorted(found.rows.items())
    ]


@on_both_databases
@given(drawn=drawn_listings, on_store=drawn_products, data=st.data())
def test_what_shares_a_sku_or_a_code_with_what_may_be_linked_is_put_aside_and_nothing_else(
    fill, listings, drawn, on_store, data
):
    rows = fill(drawn)
    size, limit = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    skipped = data.draw(st.none() | st.integers(0, 2))
    only = None if skipped is None else [row.id for place, row in enumerate(rows) if place != skipped]
    linkable = [row for row in rows if may_be_linked(row.status) and (only is None or row.id in only)]
    page = [product._replace(id=number) for number, product in enumerate(on_store, start=1)]
    expected = Candidates()
    expected.add(linkable, page)

    matches = listings.matches(only=only)
    for start in range(0, len(page), size):
        matches.add(page[start : start + size])
    parts, after = [], 0
    while (part := matches.page(after=after, limit=limit)).rows:
        assert len(part.rows) <= limit
        parts += as_values(part)
        after = max(part.rows)

    assert parts == as_values(expected)
    hits = [(row_id, hit.id) for row_id in expected.rows for hit in expected.by_sku[row_id] + expected.by_code[row_id]]
    wanted_by = {number: {row_id for row_id, hit in hits if hit == number} for _, number in hits}
    assert matches.contested() == {number for number, listing_ids in wanted_by.items() if len(listing_ids) > 1}
    rest = [row.id for row in rows if may_be_linked(row.status) and row.id not in expected.rows]
    assert [row.id for row in matches.without([row.id for row in rows])] == rest
    matches.forget()


def test_what_is_paused_while_the_store_is_read_is_left_alone(fill, listings):
    first, second = fill([a_listing("a"), a_listing("b")])
    matches = listings.matches()
    matches.add([StoreRow(1, "a", "a", True), StoreRow(2, "b", "b", True)])

    Listing.objects.filter(id=first.id).update(is_paused=True)

    assert list(matches.page(after=0, limit=1).rows) == [second.id]


def test_what_another_pass_had_put_aside_is_forgotten(fill, listings):
    fill([a_listing("a")])
    listings.matches().add([StoreRow(1, "a", "a", True)])

    assert listings.matches().page(after=0, limit=10).rows == {}


def test_who_has_a_code_is_found_but_for_case_and_on_this_channel_only(fill, listings):
    (row,) = fill([a_listing("a", code="Tee"), a_listing("b", code="mug", is_elsewhere=True)])

    assert listings.code_holders(["TEE", "mug"]) == {"tee": (row.id, "a")}
