"""What listings should show: computed by the domain from the catalogue's values, and stored where it changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from tradepost.database import sql
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.listings.attentions import forget_attention, write_attentions
from tradepost.database.listings.listing_rows import status_of
from tradepost.database.models import Channel, Listing, VariantRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.attention import Attention
from tradepost.domain.catalogue import Kind
from tradepost.domain.listing import Link, Pending, Status
from tradepost.domain.rules import (
    ShownPrice,
    holds_back_price,
    parent_price,
    price_held_message,
    shown_price,
    wanted_price,
)
from tradepost.domain.stock import available, sells_without_stock
from tradepost.operations.ports import HeldPrice, SaleAtZero, UnstatedQuantity, WantedChanges

_COLUMNS = (
    *("id", "channel_id", "product_id", "product__handle", "variant_id", "kind", "sku"),
    *("wanted_price", "is_price_held", "available", "sells_without_stock"),
    *("health", "link", "pending", "is_paused", "is_orphaned"),
)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a listing should show, by the names of its columns."""

    id: int
    wanted_price: Decimal
    is_price_held: bool
    available: int | None
    sells_without_stock: bool


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


def refresh_channel(channel_id: int, *, at: datetime) -> None:
    """Compute everything of a channel anew, for another setting."""
    after = 0
    where = ["channel_id = %s"]
    while ids := sql.page(Listing, "product_id", where=where, params=[channel_id], after=after, limit=_BATCH):
        refresh_products(ids, at=at)
        after = ids[-1]


def refresh_products(product_ids: Collection[int], *, at: datetime) -> WantedChanges:
    """
    Compute price, what is available and whether it is sold without stock anew for the listings of these products, on
    every channel.

    A price that the channel's limits hold back is noted as an attention where that matters.
    """
    lock_variants(VariantRecord.objects.filter(product_id__in=product_ids).values_list("id", flat=True))
    values = _values(Q(product_id__in=product_ids))
    rows = list(Listing.objects.filter(product_id__in=product_ids).values(*_COLUMNS))
    channels = {each.pk: each for each in Channel.objects.filter(id__in={row["channel_id"] for row in rows})}
    settings = {channel_id: settings_of(channel) for channel_id, channel in channels.items()}
    reasons: dict[int, dict[int, str]] = defaultdict(dict)
    wanted: list[_Wanted] = []
    held: list[HeldPrice] = []
    at_zero: list[SaleAtZero] = []
    unstated: list[UnstatedQuantity] = []
    for row in rows:
        if row["kind"] == Kind.PARENT or row["variant_id"] not in values:
            continue
        variant, of_channel = values[row["variant_id"]], settings[row["channel_id"]]
        limits = of_channel.price_limits
        # What is gone from the catalogue keeps its price.
        price = row["wanted_price"] if variant.is_gone else wanted_price(variant.price)
        is_held = bool(limits.why_held(price, is_priced=variant.is_priced or variant.is_gone))
        sells = sells_without_stock(
            is_asked=variant.sells_without_stock, is_allowed=of_channel.sells_without_stock, is_gone=variant.is_gone
        )
        wanted.append(_Wanted(row["id"], price, is_held, variant.available, sells))
        name = channels[row["channel_id"]].name
        if sells is not row["sells_without_stock"] and row["link"] != Link.UNLINKED:
            at_zero.append(SaleAtZero(name, row["product__handle"], row["sku"], sells))
        if variant.available is None and row["link"] == Link.UNLINKED and row["pending"] == Pending.PUBLISH:
            unstated.append(UnstatedQuantity(name, row["product__handle"], row["sku"]))
        if is_held and not variant.is_gone and holds_back_price(_status(row)):
            reason = price_held_message(price, limits, is_priced=variant.is_priced)
            reasons[row["channel_id"]][row["id"]] = reason
            held.append(HeldPrice(name, row["product__handle"], row["sku"], reason))
    known = {row["id"]: _Wanted(**{name: row[name] for name in _WANTED}) for row in rows}
    sql.update(Listing, [row for row in wanted if row != known[row.id]])
    refresh_parents([row["id"] for row in rows if row["kind"] == Kind.PARENT])
    forget_attention([each.id for each in wanted if each.available is not None], Attention.QUANTITY_UNKNOWN)
    for channel_id in channels:
        of_it = [row["id"] for row in rows if row["channel_id"] == channel_id]
        _note_held(reasons[channel_id], of_it, channel_id=channel_id, at=at)
    return WantedChanges(held, at_zero, unstated)


def refresh_parents(parent_ids: Collection[int]) -> None:
    """Compute anew the prices of these parents, which follow those of their variants that are listed."""
    if not parent_ids:
        return
    parents = {row["id"]: row for row in Listing.objects.filter(id__in=list(parent_ids)).values(*_COLUMNS)}
    is_native = {
        channel.pk: settings_of(channel).rules.is_native
        for channel in Channel.objects.filter(id__in={row["channel_id"] for row in parents.values()})
    }
    family: dict[int, list[ShownPrice]] = defaultdict(list)
    for row in Listing.objects.filter(parent_id__in=list(parents)).values("parent_id", "proven_price", *_COLUMNS):
        shown = shown_price(
            _status(row),
            wanted=row["wanted_price"],
            proven=row["proven_price"],
            is_held=row["is_price_held"],
            is_native=is_native[row["channel_id"]],
        )
        if shown is not None:
            family[row["parent_id"]].append(shown)
    changed: list[dict[str, Any]] = []
    for parent_id, row in parents.items():
        price = parent_price(family[parent_id])
        before = row["wanted_price"], row["is_price_held"]
        after = (row["wanted_price"] if price is None else price), price is None
        if after != before:
            changed.append({"id": parent_id, "wanted_price": after[0], "is_price_held": after[1]})
    sql.update(Listing, changed)


def _status(row: Mapping[str, Any]) -> Status:
    return status_of(**{name: row[name] for name in _STATUS})


_STATUS = ("health", "link", "pending", "is_paused", "is_orphaned")
_WANTED = tuple(field.name for field in fields(_Wanted))


def _note_held(reasons: Mapping[int, str], listing_ids: Collection[int], *, channel_id: int, at: datetime) -> None:
    write_attentions(
        {listing_id: {Attention.PRICE_HELD: reason} for listing_id, reason in reasons.items()},
        ended={each: {Attention.PRICE_HELD} for each in listing_ids if each not in reasons},
        channel_id=channel_id,
        at=at,
        run_id=None,
    )


def refresh_available(variant_ids: Collection[int]) -> None:
    """Compute anew what is available of these variants, on every channel."""
    values = _values(Q(id__in=variant_ids))
    sql.execute(
        """
        UPDATE tradepost_listing SET available = given.available
        FROM given
        WHERE tradepost_listing.variant_id = given.id
          AND (tradepost_listing.available IS NULL OR given.available IS NULL
            OR tradepost_listing.available <> given.available)
        """,
        given=Rows(
            {"id": Column.INTEGER, "available": Column.INTEGER},
            [{"id": variant_id, "available": variant.available} for variant_id, variant in values.items()],
        ),
    )


@dataclass(frozen=True, slots=True)
class _Variant:
    price: Decimal
    is_priced: bool
    available: int | None
    is_gone: bool
    sells_without_stock: bool


def _values(which: Q) -> dict[int, _Variant]:
    columns = ("id", "price", "is_priced", "quantity", "is_gone", "sells_without_stock")
    rows = list(VariantRecord.objects.filter(which).values(*columns))
    reserved = reserved_pieces([row["id"] for row in rows])
    return {
        row["id"]: _Variant(
            price=row["price"],
            is_priced=row["is_priced"],
            available=available(row["quantity"], reserved=reserved.get(row["id"], 0), is_gone=row["is_gone"]),
            is_gone=row["is_gone"],
            sells_without_stock=row["sells_without_stock"],
        )
        for row in rows
    }


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
