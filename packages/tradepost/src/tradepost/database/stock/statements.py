"""Statements: how many there are, and which of the pieces that orders took they know of."""

from collections.abc import Mapping
from datetime import datetime

from tradepost.database import sql
from tradepost.database.listings.wanted import refresh_available
from tradepost.database.sql import Column, Rows
from tradepost.operations.ports import Saying


def state_quantities(quantities: Mapping[str, int], saying: Saying) -> None:
    """
    Take a source's numbers, by SKU; those that are statements replace the one before.

    What listings should show follows with `refresh_products`.
    """
    stated = sql.fetch_numbers(
        """
        UPDATE tradepost_variant
        SET quantity = given.quantity, stated_by = given.said_by, stated_at = given.at
        FROM given
        WHERE tradepost_variant.sku = given.sku
          AND (given.counts_all OR source_quantity IS NULL OR source_quantity <> given.quantity)
        RETURNING tradepost_variant.id
        """,
        given=Rows(
            {
                "sku": Column.TEXT,
                "quantity": Column.INTEGER,
                "said_by": Column.TEXT,
                "at": Column.TIME,
                "counts_all": Column.BOOLEAN,
            },
            [
                {
                    "sku": sku,
                    "quantity": quantity,
                    "said_by": saying.by,
                    "at": saying.at,
                    "counts_all": saying.counts_all,
                }
                for sku, quantity in quantities.items()
            ],
        ),
    )
    sql.execute(
        """
        UPDATE tradepost_variant SET source_quantity = given.quantity
        FROM given
        WHERE tradepost_variant.sku = given.sku
          AND (source_quantity IS NULL OR source_quantity <> given.quantity)
        """,
        given=Rows(
            {"sku": Column.TEXT, "quantity": Column.INTEGER},
            [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()],
        ),
    )
    if stated:
        _free_known(stated, saying)


def state_differences(pieces: Mapping[int, int], *, at: datetime) -> None:
    """Add to the statements of listings' variants what somebody counted on the store; the source's number stays."""
    stated = sql.fetch_numbers(
        """
        UPDATE tradepost_variant
        SET quantity = CASE WHEN quantity + given.pieces > 0 THEN quantity + given.pieces ELSE 0 END,
            stated_by = 'the store', stated_at = given.at
        FROM given JOIN tradepost_listing AS listing ON listing.id = given.id
        WHERE tradepost_variant.id = listing.variant_id AND quantity IS NOT NULL
        RETURNING tradepost_variant.id
        """,
        given=Rows(
            {"id": Column.INTEGER, "pieces": Column.INTEGER, "at": Column.TIME},
            [{"id": listing_id, "pieces": number, "at": at} for listing_id, number in pieces.items()],
        ),
    )
    refresh_available(stated)


def _free_known(variant_ids: list[int], saying: Saying) -> None:
    """
    Free what a statement knows of: what had been handed over by then, on a channel that hands nothing over what had
    left the house.
    """
    sql.execute(
        """
        UPDATE tradepost_sightedpieces SET known = taken
        FROM stated, tradepost_sighting AS sighting
        WHERE tradepost_sightedpieces.variant_id = stated.id AND taken > known
          AND sighting.id = tradepost_sightedpieces.sighting_id
          AND (sighting.handed_over_at <= %s OR (tradepost_sightedpieces.shipped_at <= %s AND NOT EXISTS (
                SELECT 1 FROM tradepost_sighting AS handed
                WHERE handed.channel_id = sighting.channel_id AND handed.handed_over_at IS NOT NULL
          )))
        """,
        saying.knows_until,
        saying.knows_until,
        stated=Rows.of_ids(variant_ids),
    )
