"""What listings should show: computed by the domain from the catalogue's values, and stored where it changed."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from django.db.models import Q

from tradepost.database import sql
from tradepost.database.models import Listing, VariantRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue import Kind
from tradepost.domain.rules import parent_price, wanted_price, wanted_quantity


def refresh_products(product_ids: Collection[int]) -> None:
    """Compute price and quantity anew for the listings of these products, on every channel."""
    values = _values(Q(product_id__in=product_ids))
    family: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
    parents: list[tuple[int, int, int]] = []
    wanted: list[tuple[int, Decimal, int | None]] = []
    for listing_id, channel_id, product_id, variant_id, kind in Listing.objects.filter(
        product_id__in=product_ids
    ).values_list("id", "channel_id", "product_id", "variant_id", "kind"):
        if kind == Kind.PARENT:
            parents.append((listing_id, channel_id, product_id))
        elif variant_id in values:
            price, quantity = values[variant_id]
            wanted.append((listing_id, price, quantity))
            family[channel_id, product_id].append(price)
    for listing_id, channel_id, product_id in parents:
        wanted.append((listing_id, parent_price(family[channel_id, product_id]), None))
    sql.execute(
        """
        UPDATE tradepost_listing SET wanted_price = wanted.price, wanted_quantity = wanted.quantity
        FROM wanted
        WHERE tradepost_listing.id = wanted.id
          AND (wanted_price <> wanted.price OR COALESCE(wanted_quantity, -1) <> COALESCE(wanted.quantity, -1))
        """,
        wanted=Rows({"id": Column.INTEGER, "price": Column.INTEGER, "quantity": Column.INTEGER}, wanted),
    )


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
            [(variant_id, quantity) for variant_id, (_, quantity) in values.items()],
        ),
    )


def _values(which: Q) -> dict[int, tuple[Decimal, int | None]]:
    return {
        variant_id: (wanted_price(price), wanted_quantity(quantity, sold=sold))
        for variant_id, price, quantity, sold in VariantRecord.objects.filter(which, is_gone=False).values_list(
            "id", "price", "quantity", "sold_since"
        )
    }
