"""What listings should show: computed by the domain from the catalogue's values, and stored where it changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from tradepost.database import sql
from tradepost.database.models import Listing, VariantRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue import Kind
from tradepost.domain.rules import parent_price, wanted_price
from tradepost.domain.stock import available

_COLUMNS = ("id", "channel_id", "product_id", "variant_id", "kind", "wanted_price", "available")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a listing should show, by the names of its columns."""

    id: int
    wanted_price: Decimal
    available: int | None


def lock_variants(variant_ids: Iterable[int]) -> None:
    """
    Let whoever else sells or counts these wait until this is written: what is left is a sum over all channels.

    To be called before any other variant or listing is held, and with all of them at once.
    """
    ids = sorted(set(variant_ids))
    list(VariantRecord.objects.select_for_update().filter(id__in=ids).order_by("id").values_list("id"))


def refresh_products(product_ids: Collection[int]) -> None:
    """Compute price and what is available anew for the listings of these products, on every channel."""
    lock_variants(VariantRecord.objects.filter(product_id__in=product_ids).values_list("id", flat=True))
    values = _values(Q(product_id__in=product_ids))
    family: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
    parents: list[dict[str, Any]] = []
    wanted: list[_Wanted] = []
    known: dict[int, _Wanted] = {}
    for row in Listing.objects.filter(product_id__in=product_ids).values(*_COLUMNS):
        known[row["id"]] = _Wanted(row["id"], row["wanted_price"], row["available"])
        if row["kind"] == Kind.PARENT:
            parents.append(row)
        elif row["variant_id"] in values:
            variant = values[row["variant_id"]]
            # What is gone from the catalogue keeps its price.
            price = row["wanted_price"] if variant.is_gone else wanted_price(variant.price)
            wanted.append(_Wanted(row["id"], price, variant.available))
            if not variant.is_gone:
                family[row["channel_id"], row["product_id"]].append(price)
    wanted += [_Wanted(row["id"], parent_price(family[row["channel_id"], row["product_id"]]), None) for row in parents]
    sql.update(Listing, [row for row in wanted if row != known[row.id]])


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
    available: int | None
    is_gone: bool


def _values(which: Q) -> dict[int, _Variant]:
    rows = list(VariantRecord.objects.filter(which).values_list("id", "price", "quantity", "is_gone"))
    reserved = reserved_pieces([row[0] for row in rows])
    return {
        variant_id: _Variant(price, available(quantity, reserved=reserved.get(variant_id, 0), is_gone=is_gone), is_gone)
        for variant_id, price, quantity, is_gone in rows
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
