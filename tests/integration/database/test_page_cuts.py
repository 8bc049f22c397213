"""What a publish takes off sale is counted exactly as the rule says, on both databases."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.database.models import Listing, ProductRecord, VariantRecord
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.listing import QUEUE, Link, Pending
from tradepost.domain.listings.page_cuts import cut_off
from tradepost.operations.selection import EVERYTHING

FAMILIES, VARIANTS = 3, 3
# What is on sale, waits for a publish or both, more often than all the rest.
settled = st.sampled_from([*sorted(QUEUE), *[("listed", "linked")] * 8])
states = st.fixed_dictionaries(
    {
        "settled": settled,
        "pending": st.sampled_from([*Pending, *[Pending.PUBLISH, Pending.OVERWRITE] * 3]),
        "is_paused": st.integers(0, 4).map(lambda number: number == 0),
        "is_orphaned": st.booleans(),
        "account": st.none() | st.integers(-1, 2),
        "proven_without_stock": st.booleans(),
        "proven_fingerprints": st.sampled_from(
            [{}, {"structure": "a"}, {"texts": "a", "structure": "b"}, {"texts": "b"}]
        ),
        "refusals": st.sampled_from([0, 4, 5]),
        "layout": st.sampled_from(["", "", *Layout]),
        "overwrite_groups": st.sampled_from([[], ["structure"], ["images", "structure"], ["texts"]]),
    }
)
family = st.tuples(st.booleans(), st.lists(states, min_size=VARIANTS + 1, max_size=VARIANTS + 1))


@pytest.fixture
def fill(channel, noon):
    """Replace the channel's listings by families in the given states: the page's first, and maybe one left over."""
    products = ProductRecord.objects.bulk_create(
        [ProductRecord(handle=f"p{n}", title="P", created_at=noon, updated_at=noon) for n in range(FAMILIES)]
    )
    variants = VariantRecord.objects.bulk_create(
        [
            VariantRecord(product=product, sku=f"{product.handle}-{n}", position=n, price=1)
            for product in products
            for n in range(VARIANTS)
        ]
    )

    def made(product, state, **values):
        health, link = state["settled"]
        number = values["number"]
        return Listing(
            channel=channel,
            product=product,
            code=f"{product.handle}-{number}",
            code_key=f"{product.handle}-{number}",
            sku=f"{product.handle}-{number}" if values["variant"] else product.handle,
            health=health,
            link=link,
            external_id=None if link is Link.UNLINKED else product.pk * 10 + number,
            created_at=noon,
            wanted_price=1,
            kind=values["kind"],
            parent=values["parent"],
            variant=values["variant"],
            **{name: value for name, value in state.items() if name != "settled"},
        )

    def replace_all(families):
        Listing.objects.all().delete()
        for (is_one_left, rows), product in zip(families, products, strict=False):
            page = made(product, rows[0], number=9, kind="parent", parent=None, variant=None)
            page.save()
            mine = [variant for variant in variants if variant.product_id == product.pk]
            for number, (state, variant) in enumerate(zip(rows[1:], mine, strict=True)):
                is_one = is_one_left and number == 0
                kind, parent = ("simple", None) if is_one else ("variant", page)
                made(product, state, number=number, kind=kind, parent=parent, variant=variant).save()
        return [product.pk for product in products[: len(families)]]

    return replace_all


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(families=st.lists(family, max_size=FAMILIES), chosen=st.sets(st.integers(0, 11)), layout=st.sampled_from(Layout))
def test_what_a_publish_takes_off_sale_is_counted_exactly_as_the_rule_says(fill, listings, families, chosen, layout):
    rows = [family.listings for family in listings.families(fill(families))]
    ids = sorted(row.id for family in rows for row in family)
    only = {number for place, number in enumerate(ids) if place in chosen}

    def expected(is_chosen):
        found = [
            row
            for family in rows
            for row in cut_off(family, lambda each: is_chosen(each.id) and EVERYTHING.is_due(each), layout=layout)
        ]
        return sorted(found, key=lambda row: row.id)

    everything, some = expected(lambda _id: True), expected(only.__contains__)
    assert listings.count_cut_off(layout=layout) == len(everything)
    assert listings.cut_off(layout=layout, limit=100) == everything
    assert listings.cut_off(layout=layout, limit=1) == everything[:1]
    assert listings.count_cut_off(layout=layout, only=only) == len(some)
    assert listings.cut_off(layout=layout, limit=100, only=only) == some
