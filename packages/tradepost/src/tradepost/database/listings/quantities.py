"""How many of a variant are offered: what is left on all channels, less what is held back on each."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Q

from tradepost.database import sql
from tradepost.database.listings.listing_rows import locks_of
from tradepost.database.listings.wanted_basis import (
    LOCK_COLUMNS,
    ChannelTerms,
    SoldVariant,
    reserved_pieces,
    sold_variants,
    terms_of_channels,
)
from tradepost.database.models import Channel, Listing, VariantRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.listings.listing_rules import ListingRules, rules_of
from tradepost.domain.listings.quantities import WantedQuantity, wanted_quantity
from tradepost.domain.stock.stock import available

_BATCH = 500


def quantity_of(
    row: Mapping[str, Any], variant: SoldVariant, rules: ListingRules, *, is_left_out: bool
) -> WantedQuantity:
    return wanted_quantity(variant.left, rules, locks=locks_of(row), is_gone=variant.is_gone, is_left_out=is_left_out)


def explained_quantities(listing_ids: Collection[int]) -> dict[int, WantedQuantity]:
    """Say what is held back of what is left of these, as it is made."""
    columns = ("id", "channel_id", "variant_id", "is_left_out", *LOCK_COLUMNS)
    rows = list(Listing.objects.filter(id__in=list(listing_ids), variant__isnull=False).values(*columns))
    channels = terms_of_channels(rows)
    variants = sold_variants({row["variant_id"] for row in rows}, by="id")
    return {row["id"]: _wanted_quantity(row, variants, channels) for row in rows}


def refresh_available(variant_ids: Collection[int]) -> None:
    """
    Compute anew what is available of these variants, on every channel.

    Every sighting of an order comes by: where nothing is held back, one statement writes what is left.
    """
    ids = sorted(set(variant_ids))
    for start in range(0, len(ids), _BATCH):
        _refresh_available(ids[start : start + _BATCH])


def _refresh_available(variant_ids: Sequence[int]) -> None:
    held = _may_hold_back(variant_ids)
    left = _left(variant_ids)
    sql.execute(
        """
        UPDATE tradepost_listing SET available = given.available, held_back = 0
        FROM given
        WHERE tradepost_listing.variant_id = given.id
          AND (tradepost_listing.available IS NULL OR given.available IS NULL
            OR tradepost_listing.available <> given.available OR tradepost_listing.held_back <> 0)
          AND tradepost_listing.id NOT IN (SELECT held.id FROM held)
        """,
        given=Rows(
            {"id": Column.INTEGER, "available": Column.INTEGER},
            [{"id": variant_id, "available": pieces} for variant_id, pieces in left.items()],
        ),
        held=Rows.of_ids(row["id"] for row in held),
    )
    if not held:
        return
    channels = terms_of_channels(held)
    variants = sold_variants({row["variant_id"] for row in held}, by="id")
    wanted = [(row["id"], _wanted_quantity(row, variants, channels)) for row in held]
    sql.execute(
        """
        UPDATE tradepost_listing SET available = given.available, held_back = given.held_back
        FROM given
        WHERE tradepost_listing.id = given.id
          AND (tradepost_listing.available IS NULL OR given.available IS NULL
            OR tradepost_listing.available <> given.available OR tradepost_listing.held_back <> given.held_back)
        """,
        given=Rows(
            {"id": Column.INTEGER, "available": Column.INTEGER, "held_back": Column.INTEGER},
            [
                {"id": listing_id, "available": quantity.available, "held_back": quantity.held_back}
                for listing_id, quantity in wanted
            ],
        ),
    )


def _wanted_quantity(
    row: Mapping[str, Any], variants: Mapping[int, SoldVariant], channels: Mapping[int, ChannelTerms]
) -> WantedQuantity:
    variant = variants[row["variant_id"]]
    rules = channels[row["channel_id"]].rules.for_article(variant.article)
    return quantity_of(row, variant, rules, is_left_out=row["is_left_out"])


def _may_hold_back(variant_ids: Sequence[int]) -> list[dict[str, Any]]:
    """
    Those listings of variants for which not `domain.listings.quantities.offers_all`; a lock of something else counts,
    too.
    """
    ruled = [
        channel_id
        for channel_id, rules in Channel.objects.exclude(listing_rules=[]).values_list("id", "listing_rules")
        if ListingRules.of(rules_of(rules)).holds_back
    ]
    columns = ("id", "channel_id", "variant_id", "is_left_out", *LOCK_COLUMNS)
    some = Q(is_left_out=True) | ~Q(locked_groups=[]) | Q(channel_id__in=ruled)
    return list(Listing.objects.filter(some, variant_id__in=sql.among_ids(variant_ids)).values(*columns))


def _left(variant_ids: Sequence[int]) -> dict[int, int | None]:
    """What is left of variants on all channels, before anything is held back."""
    counted = VariantRecord.objects.filter(id__in=sql.among_ids(variant_ids)).values_list("id", "quantity", "is_gone")
    reserved = reserved_pieces(variant_ids)
    return {
        variant_id: available(quantity, reserved=reserved.get(variant_id, 0), is_gone=is_gone)
        for variant_id, quantity, is_gone in counted
    }
