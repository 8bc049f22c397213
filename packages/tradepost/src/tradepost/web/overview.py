"""What the start page says: per channel, what is on the store, what is due, and what needs a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.http import urlencode

from tradepost.database.models import AttentionRecord, Channel, FetchedFile, Listing, Order, Run, ShipmentRecord
from tradepost.domain.attention import Attention
from tradepost.domain.brake import Braking
from tradepost.domain.listing import Health, Pending
from tradepost.domain.order import OrderState
from tradepost.domain.order_proof import OrderProof, proof_of
from tradepost.domain.shipment import UNSENT
from tradepost.web.format import RUN_COLOURS, spoken
from tradepost.web.listings import ATTENTION_PARAMETER

LATEST_RUNS = 8


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name, and the table that shows its rows."""

    name: str
    number: int
    link: str


@dataclass(slots=True)
class ChannelOverview:
    """One channel's numbers."""

    channel: Channel
    listings: list[Figure] = field(default_factory=list)
    due: list[Figure] = field(default_factory=list)
    attention: list[Figure] = field(default_factory=list)
    orders: list[Figure] = field(default_factory=list)
    stopped: list[tuple[Run, str]] = field(default_factory=list)
    proof: OrderProof | None = None


def overview() -> dict[str, Any]:
    """Count what there is, each number by an index that was made for it."""
    channels = [_channel(channel) for channel in Channel.objects.filter(archived_at__isnull=True)]
    runs = list(Run.objects.select_related("channel", "source").order_by("-pk")[:LATEST_RUNS])
    return {"channels": channels, "runs": [(run, spoken(run.state), RUN_COLOURS[spoken(run.state)]) for run in runs]}


def _channel(channel: Channel) -> ChannelOverview:
    listings = Listing.objects.filter(channel=channel)
    health = _by(listings, "health")
    inactive = listings.filter(health="listed", is_inactive=True).count()
    health["listed"] = health.get("listed", 0) - inactive
    # Each pending change is named, so that the partial indexes on what is due can be used.
    publish = _by(listings.filter(pending__in=["publish", "overwrite"], is_paused=False), "pending")
    status = _by(listings.filter(pending__in=["hide", "unhide", "delist"], is_paused=False), "pending")
    attention = _by(AttentionRecord.objects.filter(channel=channel), "kind")
    orders = _by(Order.objects.filter(channel=channel), "state")
    return ChannelOverview(
        channel=channel,
        listings=[
            *(_count(channel, "listing", "health", value, health.get(value, 0)) for value in map(str, Health)),
            *([_inactive(channel, inactive)] if inactive else []),
        ],
        due=[
            _count(channel, "listing", "pending", value, number)
            for value in map(str, Pending)
            if (number := publish.get(value, 0) + status.get(value, 0))
        ],
        attention=[
            Figure(spoken(value), number, _table("listing", channel, {ATTENTION_PARAMETER: value}))
            for value in map(str, Attention)
            if (number := attention.get(value, 0))
        ],
        stopped=[
            (run, braking.sentence)
            for run in Run.objects.filter(channel=channel, needs_answer=True).order_by("pk")
            if (braking := Braking.from_json(run.brake)) is not None
        ],
        proof=proof_of(channel.orders_proof),
        orders=[
            *(_count(channel, "order", "state", value, orders.get(value, 0)) for value in map(str, OrderState)),
            *_unsent_shipments(channel),
            *_refused_files(channel),
        ],
    )


def _unsent_shipments(channel: Channel) -> list[Figure]:
    """What the store is still to be told of, where there is any."""
    shipments = ShipmentRecord.objects.filter(channel=channel)
    return [
        Figure(f"shipments {state.value}", number, _table("shipmentrecord", channel, {"state__exact": state.value}))
        for state in UNSENT
        if (number := shipments.filter(state=state.value).count())
    ]


def _refused_files(channel: Channel) -> list[Figure]:
    """Fetched files of which something was refused, where nobody has said that it is dealt with."""
    number = FetchedFile.objects.filter(channel=channel, is_open=True).count()
    link = _table("fetchedfile", channel, {"is_open__exact": "1"})
    return [Figure("files with refused shipments", number, link)] if number else []


def _by(rows: Any, column: str) -> dict[str, int]:
    return {row[column]: row["number"] for row in rows.order_by().values(column).annotate(number=Count("pk"))}


def _inactive(channel: Channel, number: int) -> Figure:
    """What the hub has listed, and the store has switched off."""
    return Figure(
        "inactive", number, _table("listing", channel, {"health__exact": "listed", "is_inactive__exact": "1"})
    )


def _count(channel: Channel, table: str, column: str, value: str, number: int) -> Figure:
    return Figure(spoken(value), number, _table(table, channel, {f"{column}__exact": value}))


def _table(table: str, channel: Channel, filters: Mapping[str, str]) -> str:
    query = urlencode({"channel__id__exact": str(channel.pk), **filters})
    return f"{reverse(f'admin:tradepost_{table}_changelist')}?{query}"
