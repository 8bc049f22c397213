"""Statements: how many there are, and which of the pieces that orders took they know of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from tradepost.database import sql
from tradepost.database.listings.quantities import refresh_available
from tradepost.database.models import Listing, VariantRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue.catalogue import Variant
from tradepost.domain.stock.stock import Counting, OrdersThrough, Stating, is_statement
from tradepost.operations.ports import ContestedQuantity, Saying, SkuValues, Statement

_GIVEN = {
    "sku": Column.TEXT,
    "quantity": Column.INTEGER,
    "counted_at": Column.TIME,
}


@dataclass(frozen=True, slots=True)
class TakenNumbers:
    """
    What became of numbers: those that were not taken, as another source states them as something else; the SKUs of
    which there is a new statement; and those of which it says something else than the one before, with both.
    """

    contested: Sequence[ContestedQuantity] = ()
    stated: frozenset[str] = frozenset()
    replaced: Mapping[str, tuple[Statement, Statement]] = field(default_factory=dict)


class FirstStatement(NamedTuple):
    """What is stated of a variant that is made, of which nobody has ordered or counted anything."""

    quantity: int | None = None
    stated_by: str = ""
    stated_at: datetime | None = None
    source_quantity: int | None = None
    quantity_source_id: int | None = None


_NONE = FirstStatement()


def first_statement(variant: Variant, saying: Saying, *, source_id: int | None) -> FirstStatement:
    """
    Say what a variant is made with, of which nothing was stated before; see `take_numbers` for all others.

    `source_id`: of the source that says it.
    """
    if variant.quantity is None or (saying.source and saying.states is Stating.NEVER):
        return _NONE
    if not is_statement(saying.counting, variant.quantity, counted_at=variant.counted_at):
        return FirstStatement(source_quantity=variant.quantity, quantity_source_id=source_id)
    stated_at = variant.counted_at if saying.counting is Counting.COLUMN else saying.at
    return FirstStatement(variant.quantity, saying.by, stated_at, variant.quantity, source_id)


def take_numbers(
    variants: Collection[Variant | SkuValues],
    saying: Saying,
    *,
    known: Mapping[str, int | None],
) -> TakenNumbers:
    """
    Take a source's numbers; those that are statements replace the one before.

    `known`: the statements of those that were in the catalogue before this import. What listings should show follows
    with `refresh_products`.
    """
    given = _news([variant for variant in variants if variant.quantity is not None], saying, known)
    if not given:
        return TakenNumbers()
    contested: list[ContestedQuantity] = []
    if saying.source:
        given, contested = _own(given, saying)
    other = [each.sku for each in given if each.sku in known and known[each.sku] != each.quantity]
    before = statements_of(other)
    known_until = {variant.sku: _knows_until(variant, saying) for variant in given}
    through = {variant.sku: variant.orders_through for variant in given if variant.orders_through}
    by_row = saying.counting is Counting.COLUMN
    rows = Rows(
        _GIVEN,
        [
            {"sku": each.sku, "quantity": each.quantity, "counted_at": each.counted_at if by_row else None}
            for each in given
        ],
    )
    stated = _state(rows, saying, known_until, through)
    sql.execute(
        """
        UPDATE tradepost_variant SET source_quantity = given.quantity, quantity_source_id = saying.id
        FROM given CROSS JOIN (SELECT (SELECT id FROM tradepost_source WHERE name = %s) AS id) AS saying
        WHERE tradepost_variant.sku = given.sku
          AND (source_quantity IS NULL OR source_quantity <> given.quantity
            OR quantity_source_id IS NULL AND saying.id IS NOT NULL OR quantity_source_id <> saying.id)
        """,
        saying.source,
        given=rows,
    )
    now = statements_of(other)
    replaced = {sku: (before[sku], now[sku]) for sku in other if before[sku].quantity != now[sku].quantity}
    return TakenNumbers(contested, stated, replaced)


def _news(
    given: Sequence[Variant | SkuValues], saying: Saying, known: Mapping[str, int | None]
) -> Sequence[Variant | SkuValues]:
    """Leave out what a source has said before, where only another number is a statement: mostly that is all of it."""
    if saying.counting is not Counting.CHANGED or not saying.source:
        return given
    skus = [each.sku for each in given if each.sku in known]
    if not skus:
        return given
    # By SKU alone: a database that is asked for the source, too, goes through all that it states.
    found = VariantRecord.objects.filter(sku__in=sql.among_texts(skus))
    said = {
        (sku, quantity)
        for sku, quantity, source in found.values_list("sku", "source_quantity", "quantity_source__name")
        if source == saying.source
    }
    return [each for each in given if (each.sku, each.quantity) not in said]


def statements_of(skus: Collection[str]) -> dict[str, Statement]:
    """Read what is stated of those of these that the catalogue knows."""
    if not skus:
        return {}
    columns = ("sku", "quantity", "source_quantity", "stated_by", "stated_at", "quantity_source__name")
    return {
        row["sku"]: Statement(
            row["quantity"], row["source_quantity"], row["stated_by"], row["stated_at"], row["quantity_source__name"]
        )
        for row in VariantRecord.objects.filter(sku__in=sql.among_texts(skus)).values(*columns)
    }


def restate(statements: Mapping[str, tuple[Statement, Statement]]) -> frozenset[str]:
    """Let earlier statements hold again; see `ports.Catalogue.restate`."""
    columns = {
        "sku": Column.TEXT,
        "quantity": Column.INTEGER,
        "source_quantity": Column.INTEGER,
        "stated_by": Column.TEXT,
        "stated_at": Column.TIME,
        "source": Column.TEXT,
        "now": Column.INTEGER,
        "now_at": Column.TIME,
    }
    rows = [
        {"sku": sku, **asdict(earlier), "now": now.quantity, "now_at": now.stated_at}
        for sku, (earlier, now) in statements.items()
    ]
    # An order that was known to be handed over before the earlier statement is in its number; of every other one a
    # later statement may have let pieces go that are out of the house.
    found = sql.fetch_rows(
        """
        UPDATE tradepost_variant
        SET quantity = given.quantity, source_quantity = given.source_quantity, stated_by = given.stated_by,
            stated_at = given.stated_at,
            quantity_source_id = (SELECT source.id FROM tradepost_source AS source WHERE source.name = given.source)
        FROM given
        WHERE tradepost_variant.sku = given.sku AND given.quantity IS NOT NULL
          AND tradepost_variant.quantity = given.now AND tradepost_variant.stated_at = given.now_at
          AND NOT EXISTS (
            SELECT 1 FROM tradepost_sightedpieces AS pieces
            JOIN tradepost_sighting AS sighting ON sighting.id = pieces.sighting_id
            WHERE pieces.variant_id = tradepost_variant.id AND pieces.taken > 0
              AND (sighting.sighted_at >= given.stated_at
                OR COALESCE(sighting.handed_over_at, pieces.shipped_at) IS NULL
                OR COALESCE(sighting.handed_over_at, pieces.shipped_at) >= given.stated_at)
          )
        RETURNING tradepost_variant.sku
        """,
        given=Rows(columns, rows),
    )
    return frozenset(row["sku"] for row in found)


def _own(
    given: Sequence[Variant | SkuValues], saying: Saying
) -> tuple[list[Variant | SkuValues], list[ContestedQuantity]]:
    """Tell the numbers that this source states from those that are another's."""
    if saying.states is Stating.NEVER:
        return [], []
    of_others = {
        row["sku"]: row
        for row in sql.fetch_rows(
            """
            SELECT variant.sku, source.name, source.states, variant.quantity
            FROM given JOIN tradepost_variant AS variant ON variant.sku = given.sku
            JOIN tradepost_source AS source ON source.id = variant.quantity_source_id
            WHERE source.name <> %s AND source.states <> 'never'
            """,
            saying.source,
            given=Rows.of_texts("sku", (each.sku for each in given)),
        )
        if saying.states is not Stating.ALWAYS or row["states"] == Stating.ALWAYS
    }
    contested = [
        ContestedQuantity(each.sku, each.quantity, of_others[each.sku]["name"], of_others[each.sku]["quantity"])
        for each in given
        if each.sku in of_others and each.quantity is not None and each.quantity != of_others[each.sku]["quantity"]
    ]
    return [each for each in given if each.sku not in of_others], contested


def leave_to_others(skus: Collection[str], *, source: str) -> None:
    """
    Let a source state how many there are of variants that it brings back, where the one that did had brought them, too.

    That one has them no more. Its number stays until the source says another one.
    """
    sql.execute(
        """
        UPDATE tradepost_variant SET quantity_source_id = NULL
        FROM given, tradepost_product AS product, tradepost_source AS before
        WHERE tradepost_variant.sku = given.sku AND is_gone AND product.id = tradepost_variant.product_id
          AND before.id = product.source_id AND before.name <> %s
          AND tradepost_variant.quantity_source_id = before.id
        """,
        source,
        given=Rows.of_texts("sku", skus),
    )


def state_counts(counts: Mapping[str, int], saying: Saying) -> None:
    """Take what a person has counted, by SKU; the source's own last number stays, as its next is compared with it."""
    rows = [{"sku": sku, "quantity": quantity, "counted_at": None} for sku, quantity in counts.items()]
    counted = replace(saying, counting=Counting.FILE)
    _state(Rows(_GIVEN, rows), counted, dict.fromkeys(counts, saying.knows_until))


def stated_quantities(skus: Collection[str]) -> dict[str, int | None]:
    return dict(VariantRecord.objects.filter(sku__in=skus).values_list("sku", "quantity"))


def _knows_until(variant: Variant | SkuValues, saying: Saying) -> datetime:
    """What was handed over after a row was counted is still in its number, whenever its file was written."""
    if saying.counting is not Counting.COLUMN or variant.counted_at is None:
        return saying.knows_until
    return variant.counted_at - saying.lag


def _state(
    given: Rows,
    saying: Saying,
    known_until: Mapping[str, datetime],
    through: Mapping[str, OrdersThrough] = MappingProxyType({}),
) -> frozenset[str]:
    """Make statements of numbers; returns the SKUs of those that are some."""
    # The rule is `domain.stock.stock.is_statement`.
    stated = sql.fetch_rows(
        """
        UPDATE tradepost_variant
        SET quantity = given.quantity, stated_by = saying.said_by, stated_at = COALESCE(given.counted_at, saying.at)
        FROM given CROSS JOIN saying
        WHERE tradepost_variant.sku = given.sku
          AND CASE saying.counting
            WHEN 'file' THEN true
            WHEN 'changed' THEN source_quantity IS NULL OR source_quantity <> given.quantity
            ELSE given.counted_at IS NOT NULL AND (stated_at IS NULL OR given.counted_at > stated_at) END
        RETURNING tradepost_variant.id, tradepost_variant.sku
        """,
        given=given,
        saying=Rows(
            {"said_by": Column.TEXT, "at": Column.TIME, "counting": Column.TEXT},
            [{"said_by": saying.by, "at": saying.at, "counting": saying.counting}],
        ),
    )
    if stated:
        _free(stated, known_until, through)
    return frozenset(row["sku"] for row in stated)


def _free(
    stated: Sequence[Mapping[str, Any]], known_until: Mapping[str, datetime], through: Mapping[str, OrdersThrough]
) -> None:
    """Let go of what the statements of these variants know of, which are rows with id and SKU."""
    # What a hide found counts for nothing as soon as somebody says how many there are.
    ids = sql.among_ids([row["id"] for row in stated])
    found_by_hide = Listing.objects.filter(variant_id__in=ids, hidden_count__isnull=False)
    found_by_hide.update(hidden_count=None)
    by_time = {row["id"]: known_until[row["sku"]] for row in stated if row["sku"] not in through}
    by_number = {row["id"]: through[row["sku"]] for row in stated if row["sku"] in through}
    if by_time:
        _free_known(by_time)
    if by_number:
        _free_through(by_number)
    _free_removed({row["id"]: known_until[row["sku"]] for row in stated})


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


def _free_known(known_until: Mapping[int, datetime]) -> None:
    """
    Free what a statement knows of, by variant: what had been handed over by then, on a channel that hands nothing over
    what had left the house.
    """
    sql.execute(
        """
        UPDATE tradepost_sightedpieces SET known = taken
        FROM stated, tradepost_sighting AS sighting
        WHERE tradepost_sightedpieces.variant_id = stated.id AND taken > known
          AND sighting.id = tradepost_sightedpieces.sighting_id
          AND (sighting.handed_over_at <= stated.known_until
            OR (tradepost_sightedpieces.shipped_at <= stated.known_until AND NOT EXISTS (
                SELECT 1 FROM tradepost_sighting AS handed
                WHERE handed.channel_id = sighting.channel_id AND handed.handed_over_at IS NOT NULL
          )))
        """,
        stated=Rows(
            {"id": Column.INTEGER, "known_until": Column.TIME},
            [{"id": variant_id, "known_until": until} for variant_id, until in known_until.items()],
        ),
    )


def _free_removed(known_until: Mapping[int, datetime]) -> None:
    """
    Free, by variant, what orders of channels reserve that were out of use by then.

    Nobody can hand these over or name them any more, and nobody looks whether they are shipped: they stayed for ever.
    """
    sql.execute(
        """
        UPDATE tradepost_sightedpieces SET known = taken
        FROM stated, tradepost_sighting AS sighting, tradepost_channel AS channel
        WHERE tradepost_sightedpieces.variant_id = stated.id AND taken > known
          AND sighting.id = tradepost_sightedpieces.sighting_id AND channel.id = sighting.channel_id
          AND channel.archived_at <= stated.known_until
        """,
        stated=Rows(
            {"id": Column.INTEGER, "known_until": Column.TIME},
            [{"id": variant_id, "known_until": until} for variant_id, until in known_until.items()],
        ),
    )


def _free_through(through: Mapping[int, OrdersThrough]) -> None:
    """Free what a statement that names the orders knows of, by variant: exactly these, handed over or not."""
    sql.execute(
        """
        UPDATE tradepost_sightedpieces SET known = taken
        FROM stated, tradepost_sighting AS sighting, tradepost_channel AS channel
        WHERE tradepost_sightedpieces.variant_id = stated.id AND taken > known
          AND sighting.id = tradepost_sightedpieces.sighting_id AND channel.id = sighting.channel_id
          AND channel.name = stated.channel AND sighting.external_id <= stated.number
        """,
        stated=Rows(
            {"id": Column.INTEGER, "channel": Column.TEXT, "number": Column.INTEGER},
            [
                {"id": variant_id, "channel": channel, "number": number}
                for variant_id, pairs in through.items()
                for channel, number in pairs
            ],
        ),
    )
