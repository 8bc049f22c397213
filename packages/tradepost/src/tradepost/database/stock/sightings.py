"""What orders took from stock and gave back: written down once per order and product, and entered in the accounts."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tradepost.database import sql
from tradepost.database.listings.quantities import refresh_available
from tradepost.database.listings.wanted_basis import lock_variants
from tradepost.database.models import Channel, Listing, Order, SightedPieces, Sighting, StockEntry
from tradepost.database.orders.order_lines import matcher_for
from tradepost.database.orders.orders import DjangoOrders
from tradepost.database.sql import Column, Rows
from tradepost.domain.orders.order import StoreStatus, aside_numbers
from tradepost.domain.orders.order_lines import LineMatcher
from tradepost.domain.stock.stock import (
    EntryKind,
    OrderSighting,
    Pieces,
    SoldLine,
    is_erased,
    is_overtaken,
    is_replaced,
)
from tradepost.operations.ports import KnownSighting, SightedOrder


@dataclass(frozen=True, slots=True)
class _Difference:
    """By how much more an order has taken of a listing's product than was known; less where negative."""

    listing_id: int
    order_number: int
    pieces: int


def known_sightings(order_ids: Collection[int], *, channel_id: int) -> dict[int, KnownSighting]:
    found = Sighting.objects.filter(channel_id=channel_id, external_id__in=list(order_ids))
    imported = set(
        Order.objects.filter(channel_id=channel_id, external_id__in=list(order_ids)).values_list(
            "external_id", flat=True
        )
    )
    pieces = SightedPieces.objects.filter(sighting__in=found).values_list("sighting__external_id", "key", "taken")
    taken: dict[int, dict[str, int]] = {}
    for number, key, number_taken in pieces:
        taken.setdefault(number, {})[key] = number_taken
    return {
        sighting.external_id: KnownSighting(
            sighting.updated,
            taken.get(sighting.external_id, {}),
            sighting.fingerprint,
            is_gone=sighting.gone_at is not None,
            is_imported=sighting.external_id in imported,
            placed=sighting.placed,
        )
        for sighting in found
    }


def write_sightings(
    orders: Sequence[SightedOrder],
    *,
    channel_id: int,
    is_first: bool,
    at: datetime,
    read_at: datetime,
    run_id: int | None,
) -> None:
    """Write down what differs from the last sighting of each order; see `ports.Accounts.sight`."""
    found = [order.found for order in orders if order.found is not None]
    _set_aside_replaced(found, channel_id=channel_id, at=at, read_at=read_at, run_id=run_id)
    first_id = Channel.objects.values_list("sighted_first_id", flat=True).get(id=channel_id)
    new = _add_new(found, channel_id=channel_id, at=at)
    # Under lock, because two runs may sight the same order at once: each piece is entered once.
    locked = {
        sighting.external_id: sighting
        for sighting in Sighting.objects.select_for_update()
        .filter(channel_id=channel_id, external_id__in=[order.id for order in orders])
        .order_by("id")
    }
    known = _pieces_of(locked)
    overtaken = {number for number, was in locked.items() if is_overtaken(read_at=read_at, known_at=was.read_at)} - new
    current = [order for order in found if order.id not in overtaken]
    gone = [
        locked[order.id] for order in orders if order.found is None and order.id in locked and order.id not in overtaken
    ]
    # What was closed when the channel was connected, and is changed only now, was in every count from the beginning.
    old = {order.id for order in current if order.id in new and not is_first and order.id <= (first_id or 0)}
    matcher = matcher_for([pieces.sold for order in current for pieces in order.pieces], channel_id=channel_id)
    rows: list[dict[str, Any]] = []
    differences: list[_Difference] = []
    for order in current:
        sighting = locked[order.id]
        before = known.get(sighting.pk, {})
        is_counted = not is_first and order.id not in old
        for pieces in _with_vanished(order, before):
            was = before.get(pieces.key)
            row = _row(sighting, pieces, was, matcher, is_known=order.id in old, at=at)
            rows.append(row)
            change = pieces.taken - (was.taken if was is not None else 0)
            if change and is_counted and row["listing_id"] is not None:
                differences.append(_Difference(row["listing_id"], order.id, change))
    for sighting in gone:
        for was in known.get(sighting.pk, {}).values():
            rows.append(_gone_row(was))
            if was.on_delete and was.listing_id is not None:
                differences.append(_Difference(was.listing_id, sighting.external_id, -was.on_delete))
    variant_ids = {row["variant_id"] for row in rows if row["variant_id"] is not None}
    if variant_ids:
        lock_variants(variant_ids)
    _write(current, gone, locked, rows, at=at, read_at=read_at)
    if differences:
        _enter(differences, channel_id=channel_id, at=at, run_id=run_id)
    if variant_ids:
        refresh_available(variant_ids)


def _set_aside_replaced(
    found: Sequence[OrderSighting], *, channel_id: int, at: datetime, read_at: datetime, run_id: int | None
) -> None:
    """
    Keep the orders whose numbers the store has given to others by numbers that no store gives, as deleted ones.

    So the other order is new, as to the ledger: nothing that was handed over, counted or shipped of the first is said
    of it.
    """
    now = {order.id: order for order in found}
    rows = Sighting.objects.filter(channel_id=channel_id, external_id__in=list(now))
    replaced = [
        number
        for number, placed, updated in rows.values_list("external_id", "placed", "updated")
        if is_replaced(now[number], placed=placed, updated=updated)
    ]
    if not replaced:
        return
    # Under lock: of two runs that find it, one sets it aside.
    locked = rows.select_for_update().filter(external_id__in=replaced).order_by("id")
    for was in locked:
        number = was.external_id
        if not is_replaced(now[number], placed=was.placed, updated=was.updated):
            continue
        write_sightings(
            [SightedOrder(number, None)],
            channel_id=channel_id,
            is_first=False,
            at=at,
            read_at=max(read_at, was.read_at or read_at),
            run_id=run_id,
        )
        orders = Order.objects.filter(channel_id=channel_id)
        aside = next(
            each
            for each in aside_numbers(number)
            if not orders.filter(external_id=each).exists()
            and not Sighting.objects.filter(channel_id=channel_id, external_id=each).exists()
        )
        DjangoOrders(channel_id, run_id=run_id).set_aside(number, aside, at=at)
        Sighting.objects.filter(pk=was.pk).update(external_id=aside, is_news=False, is_open=False)


def match_pieces(variant_ids: Collection[int], *, channel_id: int) -> set[int]:
    """Give sighted pieces their listings, where these were made after the sighting; returns the variants of these."""
    if not variant_ids or not Sighting.objects.filter(channel_id=channel_id).exists():
        return set()
    listings = Listing.objects.filter(channel_id=channel_id, variant_id__in=variant_ids)
    matched = sql.fetch_numbers(
        """
        UPDATE tradepost_sightedpieces SET listing_id = given.id, variant_id = given.variant_id
        FROM given, tradepost_sighting AS sighting
        WHERE tradepost_sightedpieces.key = given.key AND tradepost_sightedpieces.listing_id IS NULL
          AND sighting.id = tradepost_sightedpieces.sighting_id AND sighting.channel_id = %s
        RETURNING tradepost_sightedpieces.variant_id
        """,
        channel_id,
        # Folded here: SQLite folds no umlauts, and PostgreSQL as its locale says.
        given=Rows(
            {"id": Column.INTEGER, "variant_id": Column.INTEGER, "key": Column.TEXT},
            [
                {"id": listing_id, "variant_id": variant_id, "key": key}
                for listing_id, variant_id, sku, code in listings.values_list("id", "variant_id", "sku", "code_key")
                for key in {sku.casefold(), code}
            ],
        ),
    )
    return set(matched)


def _add_new(orders: Sequence[OrderSighting], *, channel_id: int, at: datetime) -> set[int]:
    made = sql.insert(
        Sighting,
        [
            {
                "external_id": order.id,
                "store_status": order.status,
                "updated": order.updated,
                "placed": order.placed,
                "is_open": order.is_open,
                "fingerprint": order.fingerprint,
                "is_news": True,
                "sighted_at": at,
            }
            for order in orders
        ],
        unique=("channel_id", "external_id"),
        constants={"channel_id": channel_id},
        returning=("external_id",),
    )
    return {int(row["external_id"]) for row in made}


def _pieces_of(sightings: Mapping[int, Sighting]) -> dict[int, dict[str, SightedPieces]]:
    found: dict[int, dict[str, SightedPieces]] = {}
    for row in SightedPieces.objects.filter(sighting__in=[sighting.pk for sighting in sightings.values()]):
        found.setdefault(row.sighting_id, {})[row.key] = row
    return found


def _with_vanished(order: OrderSighting, before: Mapping[str, SightedPieces]) -> list[Pieces]:
    """The pieces of an order, and none of those products whose lines were deleted."""
    now = {pieces.key: pieces for pieces in order.pieces}
    return [*now.values(), *(_none_of(row) for key, row in before.items() if key not in now)]


def _none_of(row: SightedPieces) -> Pieces:
    return Pieces(row.key, 0, 0, is_shipped=False, sold=SoldLine("", row.key, 0, StoreStatus.CANCELLED))


def _row(
    sighting: Sighting,
    pieces: Pieces,
    was: SightedPieces | None,
    matcher: LineMatcher,
    *,
    is_known: bool,
    at: datetime,
) -> dict[str, Any]:
    # A match once made stays, whatever the product is called now.
    is_matched = was is not None and was.listing_id is not None
    sold = None if is_matched else matcher.match(pieces.sold)
    known = pieces.taken if is_known else (was.known if was is not None else 0)
    shipped_at = (was.shipped_at if was is not None else None) or at
    return {
        "sighting_id": sighting.pk,
        "key": pieces.key,
        "listing_id": was.listing_id if was is not None and is_matched else sold and sold.id,
        "variant_id": was.variant_id if was is not None and is_matched else sold and sold.variant_id,
        "taken": pieces.taken,
        "on_delete": pieces.on_delete,
        "known": known,
        "shipped_at": shipped_at if pieces.is_shipped else None,
    }


def _gone_row(row: SightedPieces) -> dict[str, Any]:
    """A deleted order gives back what was still to be shipped, and keeps what was not."""
    return {
        "sighting_id": row.sighting_id,
        "key": row.key,
        "listing_id": row.listing_id,
        "variant_id": row.variant_id,
        "taken": row.taken - row.on_delete,
        "on_delete": 0,
        "known": row.known,
        "shipped_at": row.shipped_at,
    }


def _write(
    current: Sequence[OrderSighting],
    gone: Sequence[Sighting],
    locked: Mapping[int, Sighting],
    rows: Sequence[dict[str, Any]],
    *,
    at: datetime,
    read_at: datetime,
) -> None:
    sql.update(Sighting, [_sighting_row(order, locked[order.id], read_at) for order in current])
    vanished = Sighting.objects.filter(id__in=[sighting.pk for sighting in gone])
    vanished.update(read_at=read_at)
    vanished.filter(gone_at__isnull=True).update(is_open=False, is_news=True, gone_at=at)
    # A statement or a new listing may have come since these rows were read: what it said of them stays.
    sql.upsert(SightedPieces, rows, unique=("sighting_id", "key"), keep=("known",), fill=("listing_id", "variant_id"))


def _sighting_row(order: OrderSighting, was: Sighting, read_at: datetime) -> dict[str, Any]:
    return {
        "id": was.pk,
        "store_status": order.status,
        "updated": order.updated,
        "placed": order.placed,
        "is_open": order.is_open,
        "fingerprint": order.fingerprint,
        "gone_at": None,
        "read_at": read_at,
        # What is news stays so until it is judged.
        "is_news": was.is_news or was.fingerprint != order.fingerprint or was.gone_at is not None,
    }


def _enter(differences: Sequence[_Difference], *, channel_id: int, at: datetime, run_id: int | None) -> None:
    """Take pieces off accounts and put them back; a sale that a count may not contain is entered as erased."""
    ids = {difference.listing_id for difference in differences}
    rows = Listing.objects.select_for_update().filter(channel_id=channel_id, id__in=ids).order_by("id")
    accounts = {row.pk: row for row in rows.only("account", "basis_at")}
    balance: Counter[int] = Counter()
    # Of what a hide found, too, where it may have been sold since: no account says so then.
    off_hidden: Counter[int] = Counter()
    entries = []
    for difference in differences:
        listing = accounts.get(difference.listing_id)
        if listing is None:
            continue
        if listing.account is None:
            off_hidden[listing.pk] += difference.pieces
            continue
        erased = difference.pieces > 0 and is_erased(sighted_at=at, basis_at=listing.basis_at)
        kind = EntryKind.RETURN if difference.pieces < 0 else EntryKind.ERASED if erased else EntryKind.SALE
        balance[listing.pk] -= 0 if erased else difference.pieces
        off_hidden[listing.pk] += difference.pieces if erased else 0
        entries.append(
            {
                "listing_id": listing.pk,
                "kind": kind,
                "amount": -difference.pieces,
                "account": listing.account + balance[listing.pk],
                "order_number": difference.order_number,
            }
        )
    sql.execute(
        """
        UPDATE tradepost_listing
        SET account = account + given.pieces,
            hidden_count = CASE WHEN hidden_count < given.off_hidden THEN 0 ELSE hidden_count - given.off_hidden END
        FROM given WHERE tradepost_listing.id = given.id
        """,
        given=Rows(
            {"id": Column.INTEGER, "pieces": Column.INTEGER, "off_hidden": Column.INTEGER},
            [
                {"id": listing_id, "pieces": balance[listing_id], "off_hidden": off_hidden[listing_id]}
                for listing_id in sorted({*balance, *off_hidden})
            ],
        ),
    )
    sql.insert(StockEntry, entries, constants={"run_id": run_id, "at": at})
