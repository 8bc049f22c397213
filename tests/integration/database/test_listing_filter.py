"""A filter selects exactly the listings of which it is true, on both databases."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.database.models import (
    AttentionRecord,
    Channel,
    LinkEvent,
    Listing,
    ProductRecord,
    Source,
    VariantRecord,
)
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import SETTLED, Health, Link, Pending, Status
from tradepost.domain.listings.listing_filter import FILTER_FIELDS, Sort, comparisons_of, holds, parse_filters

from .conftest import NOON

# Short texts that meet each other's patterns, with letters that databases fold in different ways.
texts = st.text("aAbÄä%_\\-", min_size=1, max_size=4)
prices = st.sampled_from([Decimal(0), Decimal("9.99"), Decimal("10.0001"), Decimal(-1)])
days = st.integers(-2, 2)
attentions = st.sets(st.sampled_from([Attention.DRIFT, Attention.DRAFT]))
states = st.lists(
    st.fixed_dictionaries(
        {
            "settled": st.sampled_from(SETTLED),
            "pending": st.sampled_from(Pending),
            "is_paused": st.booleans(),
            "is_orphaned": st.booleans(),
            "is_inactive": st.booleans(),
            "wanted_price": prices,
            "locked_groups": st.sampled_from([[], ["price"]]),
            "own_texts": st.sampled_from([{}, {"name": "Own"}]),
            "tags": st.lists(texts, max_size=2),
            "source": st.none() | st.sampled_from(["Aa", "ä"]),
            "created_at": days,
            "proven_at": st.none() | days,
            "linked_at": st.lists(days, max_size=2),
            "refusals": st.sampled_from([0, 4, 5, 6]),
            "available": st.none() | st.integers(-1, 2),
            "sku": texts,
            "title": texts,
            "brand": st.just("") | texts,
            "category": st.lists(texts, max_size=2),
            "attentions": attentions,
        }
    ),
    max_size=8,
    unique_by=lambda row: row["sku"],
)


@dataclass
class Facts:
    """What the domain looks at, read from the records one by one."""

    row: Listing

    def __getattr__(self, name):
        return getattr(self.row if hasattr(self.row, name) else self.row.product, name)

    @property
    def kind(self):
        return Kind(self.row.kind)

    @property
    def status(self):
        row = self.row
        health, link, pending = Health(row.health), Link(row.link), Pending(row.pending)
        return Status(health, link, pending, is_paused=row.is_paused, is_orphaned=row.is_orphaned)

    @property
    def source_name(self):
        return self.row.product.source.name if self.row.product.source else ""

    @property
    def linked_at(self):
        return max((event.at for event in self.row.link_events.all() if event.link == "linked"), default=None)

    @property
    def attentions(self):
        return {Attention(noted.kind) for noted in self.row.attentions.all()}


def typed(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@st.composite
def conditions(draw):
    name = draw(st.sampled_from(sorted(FILTER_FIELDS)))
    field = FILTER_FIELDS[name]
    sign = draw(st.sampled_from(sorted(comparisons_of(name))))
    values = {
        Sort.CHOICE: st.sampled_from(field.choices or ("none",)),
        Sort.TEXT: texts.map(typed),
        Sort.PATH: st.lists(texts, min_size=1, max_size=2).map(" > ".join).map(typed),
        Sort.NUMBER: st.integers(-1, 3).map(str) | prices.filter(lambda _: name == "price").map(str),
        Sort.TAGS: texts.map(typed),
        Sort.TIME: days.map(lambda number: (NOON + timedelta(number)).isoformat()),
    }[field.sort]
    if sign in {"~", "!~"}:
        values = (
            st.tuples(texts, texts)
            .flatmap(
                lambda pair: st.sampled_from([f"{pair[0]}*", f"*{pair[0]}", f"*{pair[0]}*", f"{pair[0]}*{pair[1]}"])
            )
            .map(typed)
        )
    if field.sort is Sort.TIME and sign in {"=", "!="}:
        values = st.just("never")
    if sign in {"=", "!="} and name == "quantity":
        values = values | st.just("unknown")
    several = 1 if sign in {"<", "<=", ">", ">="} else 2
    return name + sign + ",".join(draw(st.lists(values, min_size=1, max_size=several)))


@pytest.fixture
def fill(channel, noon):
    """Replace the channel's listings; another channel has one of each, which no filter of this one may find."""
    other = Channel.objects.create(name="Other")
    sources = {name: Source.objects.create(name=name) for name in ("Aa", "ä")}
    products = ProductRecord.objects.bulk_create(
        [ProductRecord(handle=f"P{n}", title="P", created_at=noon, updated_at=noon) for n in range(8)]
    )
    variants = VariantRecord.objects.bulk_create(
        [VariantRecord(product=product, sku=product.handle, position=1, price=Decimal(1)) for product in products]
    )

    def replace_all(rows) -> list[Facts]:
        Listing.objects.all().delete()
        for row, product in zip(rows, products, strict=False):
            product.title, product.brand, product.category = row["title"], row["brand"], row["category"]
            product.tags, product.source = row["tags"], sources.get(row["source"])
        ProductRecord.objects.bulk_update(products, ["title", "brand", "category", "tags", "source"])
        for where in (channel, other):
            made = Listing.objects.bulk_create(
                [
                    Listing(
                        channel=where,
                        product=variant.product,
                        variant=variant,
                        kind="simple",
                        code=variant.sku,
                        code_key=variant.sku,
                        sku=row["sku"],
                        health=row["settled"][0],
                        link=row["settled"][1],
                        external_id=None if row["settled"][1] is Link.UNLINKED else variant.pk + 1000,
                        created_at=noon + timedelta(row["created_at"]),
                        proven_at=None if row["proven_at"] is None else noon + timedelta(row["proven_at"]),
                        **{
                            name: row[name]
                            for name in (
                                "pending",
                                "is_paused",
                                "is_orphaned",
                                "is_inactive",
                                "locked_groups",
                                "own_texts",
                                "refusals",
                                "wanted_price",
                                "available",
                            )
                        },
                    )
                    for row, variant in zip(rows, variants, strict=False)
                ]
            )
            AttentionRecord.objects.bulk_create(
                AttentionRecord(channel=where, listing=listing, kind=kind, message="No.", since=noon)
                for row, listing in zip(rows, made, strict=True)
                for kind in row["attentions"]
            )
            LinkEvent.objects.bulk_create(
                LinkEvent(listing=listing, link=link, at=noon + timedelta(day))
                for row, listing in zip(rows, made, strict=True)
                for day, link in zip(row["linked_at"], ("linked", "unlinked"), strict=False)
            )
        mine = Listing.objects.filter(channel=channel).select_related("product__source")
        mine = mine.prefetch_related("attentions", "link_events")
        return [Facts(row) for row in mine.order_by("pk")]

    return replace_all


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=states, asked=st.lists(conditions(), min_size=1, max_size=2))
def test_a_filter_selects_exactly_what_it_is_true_of(fill, listings, states, asked):
    rows = fill(states)
    meant = parse_filters([" and ".join(asked)])

    found = listings.ids_meant(meant)

    assert found == [row.pk for row in rows if holds(meant, row)], asked
