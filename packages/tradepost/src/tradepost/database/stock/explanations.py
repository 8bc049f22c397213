"""What the stock of a listing is made up of, read for a person."""

from collections.abc import Collection

from django.db.models import F, Max, QuerySet, Sum

from tradepost.database.listings.listing_rows import status_of
from tradepost.database.listings.quantities import explained_quantities
from tradepost.database.models import Listing, SightedPieces, Sighting, StockEntry
from tradepost.domain.listings.quantities import WantedQuantity
from tradepost.domain.orders.order import StoreStatus, given_number
from tradepost.domain.stock.stock import EntryKind
from tradepost.domain.stock.stock_explanation import ExplainedEntry, ExplainedReservation, ExplainedStock

SHOWN = 50
"""How many orders and how many entries are told one by one; of the others their sum."""


def explained_stocks(listing_ids: Collection[int]) -> list[ExplainedStock]:
    """Read what these listings' stock is made up of, by SKU; parents have none and are left out."""
    rows = Listing.objects.filter(id__in=list(listing_ids), variant__isnull=False).select_related("variant")
    found = list(rows.order_by("sku", "id"))
    quantities = explained_quantities([row.pk for row in found])
    return [_explained(row, quantities[row.pk]) for row in found]


def _explained(row: Listing, quantity: WantedQuantity) -> ExplainedStock:
    assert row.variant is not None
    reserved = SightedPieces.objects.filter(variant_id=row.variant_id, taken__gt=F("known"))
    entries = _entries_since_basis(row)
    shown = list(reversed(entries.order_by("-id")[:SHOWN]))
    return ExplainedStock(
        sku=row.sku,
        status=status_of(
            health=row.health,
            link=row.link,
            pending=row.pending,
            is_paused=row.is_paused,
            is_orphaned=row.is_orphaned,
        ),
        quantity=row.variant.quantity,
        available=row.available,
        held_back=quantity.steps,
        is_left_alone=quantity.is_left_alone,
        account=row.account,
        hidden_count=row.hidden_count,
        stated_by=row.variant.stated_by,
        stated_at=row.variant.stated_at,
        is_gone=row.variant.is_gone,
        is_asked_to_sell_on=row.variant.sells_without_stock,
        sells_without_stock=row.sells_without_stock,
        proven_without_stock=row.proven_without_stock,
        reserved=reserved.aggregate(pieces=Sum(F("taken") - F("known")))["pieces"] or 0,
        reservations=_reservations(reserved, row),
        entries=_explained_entries(shown, row),
        left_out=entries.count() - len(shown),
        open_since=row.open_since,
        open_move=row.open_move,
        looked_at=row.looked_at,
        missing=row.missing,
        missing_since=row.missing_since,
    )


def _reservations(reserved: "QuerySet[SightedPieces]", row: Listing) -> list[ExplainedReservation]:
    newest = list(reserved.select_related("sighting__channel").order_by("-sighting_id")[:SHOWN])
    return [
        ExplainedReservation(
            order_number=given_number(pieces.sighting.external_id),
            pieces=pieces.taken - pieces.known,
            handed_over_at=pieces.sighting.handed_over_at,
            shipped_at=pieces.shipped_at,
            channel="" if pieces.sighting.channel_id == row.channel_id else pieces.sighting.channel.name,
        )
        for pieces in reversed(newest)
    ]


def _entries_since_basis(row: Listing) -> "QuerySet[StockEntry]":
    """Everything from the last set or look on, which is what the account is made up of."""
    entries = StockEntry.objects.filter(listing_id=row.pk)
    basis = entries.filter(kind__in=[EntryKind.SET.value, EntryKind.LOOK.value]).aggregate(id=Max("id"))["id"]
    return entries if basis is None else entries.filter(id__gte=basis)


def _explained_entries(entries: Collection[StockEntry], row: Listing) -> list[ExplainedEntry]:
    numbers = {entry.order_number for entry in entries if entry.order_number is not None}
    cancelled = set(
        Sighting.objects.filter(
            channel_id=row.channel_id, external_id__in=numbers, store_status=StoreStatus.CANCELLED.value
        ).values_list("external_id", flat=True)
    )
    return [
        ExplainedEntry(
            kind=EntryKind(entry.kind),
            amount=entry.amount,
            account=entry.account,
            at=entry.at,
            order_number=entry.order_number,
            run_id=entry.run_id,
            is_cancelled=entry.order_number in cancelled,
        )
        for entry in entries
    ]
