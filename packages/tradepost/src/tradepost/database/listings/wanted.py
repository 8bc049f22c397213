"""What listings should show: computed by the domain from the catalogue's values, and stored where it changed."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from tradepost.database import sql
from tradepost.database.models import Listing, VariantRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue import Kind
from tradepost.domain.rules import parent_price, wanted_price, wanted_quantity

_COLUMNS = ("id", "channel_id", "product_id", "variant_id", "kind", "wanted_price", "wanted_quantity")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a listing should show, by the names of its columns."""

    id: int
    wanted_price: Decimal
    wanted_quantity: int | None


def refresh_products(product_ids: Collection[int]) -> None:
    """Compute price and quantity anew for the listings of these products, on every channel."""
    values = _values(Q(product_id__in=product_ids))
    gone = set(VariantRecord.objects.filter(product_id__in=product_ids, is_gone=True).values_list("id", flat=True))
    family: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
    parents: list[dict[str, Any]] = []
    wanted: list[_Wanted] = []
    known: dict[int, _Wanted] = {}
    for row in Listing.objects.filter(product_id__in=product_ids).values(*_COLUMNS):
        known[row["id"]] = _Wanted(row["id"], row["wanted_price"], row["wanted_quantity"])
        if row["kind"] == Kind.PARENT:
            parents.append(row)
        elif row["variant_id"] in values:
            price, quantity = values[row["variant_id"]]
            wanted.append(_Wanted(row["id"], price, quantity))
            if row["variant_id"] not in gone:
                family[row["channel_id"], row["product_id"]].append(price)
    wanted += [_Wanted(row["id"], parent_price(family[row["channel_id"], row["product_id"]]), None) for row in parents]
    sql.update(Listing, [row for row in wanted if row != known[row.id]])


def refresh_quantities(variant_ids: Collection[int]) -> None:
    """Compute the quantity anew for the listings of these variants, on every channel."""
    values = _values(Q(id__in=variant_ids))
    sql.execute(
        """
        UPDATE tradepost_listing SET wanted_quantity = wanted.quantity
        FROM wanted
        WHERE tradepost_listing.variant_id = wanted.id
          AND COALESCE(wanted_quantity, -1) <> COALESCE(wanted.quantity, -1)
        """,
        wanted=Rows(
            {"id": Column.INTEGER, "quantity": Column.INTEGER},
            [{"id": variant_id, "quantity": quantity} for variant_id, (_, quantity) in values.items()],
        ),
    )


def _values(which: Q) -> dict[int, tuple[Decimal, int | None]]:
    found = VariantRecord.objects.filter(which).values_list("id", "price", "quantity", "sold_since", "is_gone")
    return {
        # What the catalogue has no more, nobody has to sell.
        variant_id: (wanted_price(price), 0 if is_gone else wanted_quantity(quantity, sold=sold))
        for variant_id, price, quantity, sold, is_gone in found
    }
