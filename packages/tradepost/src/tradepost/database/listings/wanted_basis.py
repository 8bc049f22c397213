"""
What says what listings should show, of a channel its settings, of a variant its values and what is left of it; and the
columns that come of it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from tradepost.database import sql
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.models import Channel, ProductRecord, VariantRecord
from tradepost.database.sql import Rows
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.listing_rules import Article, ListingRules
from tradepost.domain.listings.rules import PriceLimits
from tradepost.domain.stock.stock import available
from tradepost.operations.ports import ChannelSettings

LOCK_COLUMNS = ("locked_groups", "locked_price", "locked_quantity")
_OF_VARIANT = (
    *("id", "product_id", "sku", "price", "is_priced", "cost", "msrp"),
    *("quantity", "is_gone", "sells_without_stock"),
)


class WantedValues(NamedTuple):
    """What a listing should show, by the names of its columns."""

    id: int
    wanted_price: Decimal
    is_price_held: bool
    price_held_why: str
    is_price_guarded: bool
    passed_price: Decimal | None
    available: int | None
    held_back: int
    sells_without_stock: bool


WANTED_COLUMNS = WantedValues._fields[1:]
# What a listing shows before anything was computed, and a parent without variants.
NOTHING_SHOWN = WantedValues(
    0,
    wanted_price=Decimal(0),
    is_price_held=False,
    price_held_why="",
    is_price_guarded=False,
    passed_price=None,
    available=None,
    held_back=0,
    sells_without_stock=False,
)


@dataclass(frozen=True, slots=True)
class ChannelTerms:
    """What of a channel's settings says what its listings should show."""

    name: str
    rules: ListingRules
    limits: PriceLimits
    sells_without_stock: bool
    layout: Layout
    guards_prices: bool
    says_what_is_listed: bool

    @classmethod
    def of(cls, settings: ChannelSettings) -> "ChannelTerms":
        rules = ListingRules.of(settings.listing_rules)
        return cls(
            settings.name,
            rules,
            settings.price_limits,
            settings.sells_without_stock,
            settings.rules.layout,
            rules.first(lambda rule: rule.guard is not None) is not None,
            rules.says_what_is_listed,
        )


def terms_of_channels(rows: Iterable[Mapping[str, Any]]) -> dict[int, ChannelTerms]:
    found = Channel.objects.filter(id__in={row["channel_id"] for row in rows})
    return {channel.pk: ChannelTerms.of(settings_of(channel)) for channel in found}


def lock_variants(variant_ids: Iterable[int]) -> None:
    """
    Let whoever else sells or counts these wait until this is written: what is left is a sum over all channels.

    To be called before any other variant or listing is held, and with all of them at once.
    """
    if not connection.features.has_select_for_update:
        # SQLite lets only one write at a time.
        return
    ids = sorted(set(variant_ids))
    list(VariantRecord.objects.select_for_update().filter(id__in=ids).order_by("id").values_list("id"))


class SoldVariant(NamedTuple):
    """`left`: what is left to sell on all channels, before anything is held back."""

    product_id: int
    article: Article
    left: int | None
    is_gone: bool
    sells_without_stock: bool


def sold_variants(ids: Collection[int], *, by: str) -> dict[int, SoldVariant]:
    """Read variants by their number `by`, with their products and with what is reserved of them, by their ids."""
    rows = sql.read_values(VariantRecord, _OF_VARIANT, ids, by=by)
    # Once for each product, and not for each of its variants.
    products = {
        product_id: (brand, tuple(category), tuple(tags))
        for product_id, brand, category, tags in sql.read_values(
            ProductRecord, ("id", "brand", "category", "tags"), {product_id for _, product_id, *_ in rows}, by="id"
        )
    }
    reserved = reserved_pieces([variant_id for variant_id, *_ in rows])
    found: dict[int, SoldVariant] = {}
    for variant_id, product_id, sku, price, is_priced, cost, msrp, quantity, is_gone, sells in rows:
        brand, category, tags = products[product_id]
        left = available(quantity, reserved=reserved.get(variant_id, 0), is_gone=is_gone)
        article = Article(sku, brand, category, tags, price, is_priced, cost, msrp)
        found[variant_id] = SoldVariant(product_id, article, left, is_gone, sells)
    return found


def reserved_pieces(variant_ids: Collection[int]) -> dict[int, int]:
    """Return the pieces in orders of all channels that no statement knows of, by variant."""
    found = sql.fetch_rows(
        """
        SELECT pieces.variant_id, SUM(pieces.taken - pieces.known) AS reserved
        FROM given JOIN tradepost_sightedpieces AS pieces ON pieces.variant_id = given.id
        WHERE pieces.taken > pieces.known
        GROUP BY pieces.variant_id
        """,
        given=Rows.of_ids(variant_ids),
    )
    return {row["variant_id"]: int(row["reserved"]) for row in found}
