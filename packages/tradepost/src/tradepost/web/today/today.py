"""
The page of the morning: is everything all right, what needs me, what happens next.

Each number is counted by an index that was made for it, up to ten thousand.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from tradepost import wiring
from tradepost.database.models import (
    AttentionRecord,
    Channel,
    FetchedFile,
    Order,
    ParkedOrderRecord,
    Run,
    ScheduleRecord,
    ShipmentRecord,
    Source,
)
from tradepost.domain.channels.schedule import OPERATION_WORDS, ScheduledOperation
from tradepost.domain.channels.standing import ChannelStanding, Remedy, Standing, standing_of
from tradepost.domain.counts import count_words
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.order_proof import OrderPlace, OrderProof, proof_of
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.domain.plan import Outcome
from tradepost.engine.schedules import WORK, start_now
from tradepost.engine.standings import judged, unshared_words
from tradepost.operations.channels.channels import pause_channel, resume_channel
from tradepost.web.channels.forms import schedule_words
from tradepost.web.format import spoken
from tradepost.web.listings.table import ATTENTION_PARAMETER, TAB
from tradepost.web.rights import may, need
from tradepost.web.shell.channels import channels_in_use, chosen_channel
from tradepost.web.shell.standings import COLOURS, channel_facts
from tradepost.web.tables.counts import count, counts
from tradepost.web.today.charts import Bars
from tradepost.web.today.first_steps import are_ahead

MOST_CARDS = 7
_SHOWN_TO_SHIP = 6
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
# What costs a shop most comes first; the rest as it is listed.
_URGENT = (
    Attention.OVERSOLD,
    Attention.STOCK_FAILED,
    Attention.PRICE_FAILED,
    Attention.PUBLISH_FAILED,
    Attention.DELIST_FAILED,
    Attention.BROKEN_LINK,
    Attention.IMAGE_FAILED,
)
_ATTENTIONS = (*_URGENT, *(kind for kind in Attention if kind not in _URGENT))


@dataclass(frozen=True, slots=True)
class Need:
    """What needs a person, by its cause: how often, since when, and where it is dealt with."""

    title: str
    number: int
    since: datetime | None
    address: str
    button: str
    channel: str = ""

    @property
    def shown_number(self) -> str:
        return count_words(self.number)


@dataclass(frozen=True, slots=True)
class ShownStanding:
    """A channel with its sentence and the buttons that cure it."""

    channel: Channel
    judged: ChannelStanding
    colour: str
    place: str
    button: str
    again: str


@dataclass(frozen=True, slots=True)
class NextStart:
    """What a schedule starts next; `paused_at`: nothing, since then."""

    channel: Channel
    operation: str
    words: str
    rhythm: str
    at: datetime
    paused_at: datetime | None
    may_start: bool


def today(request: HttpRequest) -> dict[str, Any]:
    """Gather what the page shows, of the channel that is looked at or of all."""
    now = timezone.now()
    channels = _channels(request)
    needs = list(_needs(channels))
    return {
        "now": now,
        "standings": [_standing(request, each) for each in channels],
        "needs": needs[:MOST_CARDS],
        "more_needs": needs[MOST_CARDS:],
        "orders": [_OrdersOfChannel(each) for each in channels],
        "to_ship": _to_ship(channels),
        "next": _next(request, channels, now),
        "charts": _charts(channels, now),
        "is_named": len(channels) > 1,
        "has_first_steps": are_ahead(),
        "may_pause": may(request, "channel pause"),
        "may_schedule": may(request, "channel set"),
        "latest": Run.objects.filter(channel__in=channels).order_by("-pk").first(),
    }


def bell(request: HttpRequest) -> HttpResponse:
    """Say with a number how much needs somebody; asked for again and again while a page is open."""
    need(request, "overview show")
    channels, facts = _channels(request), channel_facts(request)
    stopped = sum(standing_of(facts[each.pk]).standing is Standing.STOPPED for each in channels)
    return render(request, "back_office/today/bell.html", {"number": stopped + sum(1 for _ in _needs(channels))})


def _channels(request: HttpRequest) -> list[Channel]:
    rows = channels_in_use(request)
    chosen = chosen_channel(request)
    return [row for row in rows if row.pk == chosen] or rows


# --- is everything all right ------------------------------------------------------------------------------------------


def _standing(request: HttpRequest, channel: Channel) -> ShownStanding:
    found = judged(channel, channel_facts(request)[channel.pk])
    page = reverse("admin:tradepost_channel_change", args=[channel.pk])
    run = reverse("admin:tradepost_run_change", args=[found.run_id]) if found.run_id is not None else ""
    place, button = {
        Remedy.NONE: ("", ""),
        Remedy.CHANNEL: (page, "Mend the connection"),
        Remedy.SET_UP: (page, "Go on with it"),
        Remedy.GO_LIVE: (page, "Look and go live"),
        Remedy.RESUME: ("", ""),
        Remedy.SCHEDULES: (f"{page}#schedules", "See what is paused"),
        Remedy.RUN: (run, "Look and decide"),
        Remedy.ORDERS: (reverse("admin:tradepost_order_reconciliation"), "See what differs"),
        Remedy.WAITING: (_table("listing", channel, {TAB: "waiting"}), "See what waits"),
    }[found.remedy]
    return ShownStanding(channel, found, COLOURS[found.standing], place, button, again_of(request, found))


def again_of(request: HttpRequest, judged: ChannelStanding) -> str:
    """What can be tried again of the work that has failed, by whoever asks; blank where nothing can."""
    is_work = judged.kind in list(ScheduledOperation)
    return judged.kind if is_work and may(request, WORK[ScheduledOperation(judged.kind)].act) else ""


def _next_at(row: ScheduleRecord) -> datetime:
    assert row.next_at is not None
    return row.next_at


# --- what needs me ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cause:
    """
    What might need a person on a channel: the rows that do, if there are any.

    `since`: the column that says since when, of the first by `order`; blank where none does.
    """

    title: str
    rows: QuerySet[Any]
    since: str
    address: str
    button: str
    order: str = "pk"

    def need(self, number: int, channel: str) -> Need:
        since = self.rows.order_by(self.order).values_list(self.since, flat=True).first() if self.since else None
        return Need(self.title, number, since, self.address, self.button, channel)


def _needs(channels: Sequence[Channel]) -> Iterator[Need]:
    """The most urgent first, across channels."""
    named = {each.pk: each.name if len(channels) > 1 else "" for each in channels}
    for channel in channels:
        yield from _brakes(channel, named[channel.pk])
    of_orders, of_listings = list[Need](), list[Need]()
    for channel in channels:
        orders, listings = list(_causes_of_orders(channel)), list(_causes_of_listings(channel))
        # All of a channel at once: there are many causes, of which mostly nothing is there.
        numbers = counts([[cause.rows] for cause in (*orders, *listings)])
        needs = [
            cause.need(number, named[channel.pk]) if number else None
            for cause, number in zip((*orders, *listings), numbers, strict=True)
        ]
        of_orders += filter(None, needs[: len(orders)])
        of_listings += filter(None, needs[len(orders) :])
    yield from of_orders
    yield from of_listings
    for source in Source.objects.exclude(problem="").order_by("pk"):
        address = reverse("admin:tradepost_source_change", args=[source.pk])
        yield Need(f"Nothing comes in from {source.name}: {source.problem}", 1, None, address, "See the source")


def _brakes(channel: Channel, name: str) -> Iterator[Need]:
    for run in Run.objects.filter(channel=channel, needs_answer=True).order_by("pk")[:MOST_CARDS]:
        words = f"The brake stopped {spoken(run.kind)} {run.pk}"
        address = reverse("admin:tradepost_run_change", args=[run.pk])
        yield Need(words, 1, run.finished_at or run.queued_at, address, "Look and decide", name)


def _causes_of_orders(channel: Channel) -> Iterator[_Cause]:
    parked = ParkedOrderRecord.objects.filter(channel=channel)
    yield _Cause("Orders that could not be read", parked, "first_at", _table("parkedorderrecord", channel, {}), "See")
    shipments = ShipmentRecord.objects.filter(channel=channel, state=ShipmentState.PARKED.value)
    address = _table("shipmentrecord", channel, {"state__exact": ShipmentState.PARKED.value})
    yield _Cause("Shipments that the store did not take", shipments, "shipped_at", address, "See why")
    held = Order.objects.filter(channel=channel, state=OrderState.ON_HOLD.value)
    address = _table("order", channel, {"state__exact": OrderState.ON_HOLD.value})
    yield _Cause("Orders on hold", held, "held_since", address, "Decide", order="held_since")
    files = FetchedFile.objects.filter(channel=channel, is_open=True)
    address = _table("fetchedfile", channel, {"is_open__exact": "1"})
    yield _Cause("Files with refused shipments", files, "seen_at", address, "See the rows")


def _causes_of_listings(channel: Channel) -> Iterator[_Cause]:
    for kind in _ATTENTIONS:
        noted = AttentionRecord.objects.filter(channel=channel, kind=kind.value)
        address = _table("listing", channel, {ATTENTION_PARAMETER: kind.value})
        yield _Cause(ATTENTION_CURES[kind].heading, noted, "since", address, "See why", order="listing_id")


# --- orders -----------------------------------------------------------------------------------------------------------


class _OrdersOfChannel:
    """Where the orders of a channel are: placed, fetched, acknowledged, told."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.proof: OrderProof | None = proof_of(channel.orders_proof)
        self.address = _table("order", channel, {})
        self.missing = self.proof.counts[OrderPlace.MISSING] if self.proof is not None else 0
        self.acknowledged = self.proof.counts["acknowledged"] if self.proof is not None else 0
        self.shipments = self.proof.counts["shipments"] if self.proof is not None else 0
        self.told = self.proof.counts["told"] if self.proof is not None else 0
        waiting = ShipmentRecord.objects.filter(channel=channel, state=ShipmentState.WAITING.value)
        self.waiting = count_words(count(waiting))


def _to_ship(channels: Sequence[Channel]) -> dict[str, Any]:
    open_orders = Order.objects.filter(channel__in=channels, state=OrderState.OPEN.value)
    oldest = [
        row
        for channel in channels
        for row in Order.objects.filter(channel=channel, state=OrderState.OPEN.value)
        .select_related("channel")
        .order_by("pk")[:_SHOWN_TO_SHIP]
    ]
    return {
        "number": count_words(count(open_orders)),
        "oldest": sorted(oldest, key=lambda row: row.placed_at)[:_SHOWN_TO_SHIP],
        "address": f"{_list('order')}?{urlencode({'state__exact': OrderState.OPEN.value})}",
    }


# --- what happens next ------------------------------------------------------------------------------------------------


def _next(request: HttpRequest, channels: Sequence[Channel], now: datetime) -> list[NextStart]:
    """
    What schedules start within a day, in order; of what comes again and again, the next time. In the end, what is
    paused.
    """
    is_soon, is_paused = Q(next_at__lte=now + _DAY), Q(paused_at__isnull=False)
    rows = ScheduleRecord.objects.filter(is_soon | is_paused, channel__in=channels, next_at__isnull=False)
    return [
        NextStart(
            channel=row.channel,
            operation=row.operation,
            words=OPERATION_WORDS[ScheduledOperation(row.operation)],
            rhythm=schedule_words(row.schedule),
            at=_next_at(row),
            paused_at=row.paused_at,
            may_start=may(request, WORK[ScheduledOperation(row.operation)].act),
        )
        for row in rows.select_related("channel").order_by(F("paused_at").asc(nulls_first=True), "next_at", "pk")
    ]


def start(request: HttpRequest, channel_id: int, operation: str) -> HttpResponse:
    """Posted, start at once what a schedule would start."""
    if operation not in list(ScheduledOperation):
        raise Http404
    asked = ScheduledOperation(operation)
    need(request, WORK[asked].act)
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)
    if request.method == "POST":
        try:
            run = start_now(channel.pk, asked, requested_by=request.user.get_username())
        except NotAllowed as refusal:
            messages.warning(request, str(refusal))
        else:
            address = reverse("admin:tradepost_run_change", args=[run.pk])
            link = format_html("<a class='underline' href='{}'>See how it goes</a>", address)
            messages.success(request, format_html("{}: queued. {}.", OPERATION_WORDS[asked], link))
    return redirect("admin:index")


def pause(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Posted, let a channel execute nothing more."""
    need(request, "channel pause")
    words = f"{{}} is paused: nothing is sent or fetched until it is resumed.{unshared_words(channel_id)}"
    return _switch(request, channel_id, pause_channel, words)


def resume(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Posted, let a channel go on."""
    need(request, "channel resume")
    return _switch(request, channel_id, resume_channel, "{} goes on.")


def _switch(request: HttpRequest, channel_id: int, deed: Any, words: str) -> HttpResponse:
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)
    if request.method == "POST":
        deed(channel.pk, wiring.channels.channel_ports(requested_by=request.user.get_username()))
        messages.success(request, words.format(channel.name))
    return redirect("admin:index")


# --- the week ---------------------------------------------------------------------------------------------------------


def _charts(channels: Sequence[Channel], now: datetime) -> list[Bars]:
    """Orders, changes on the store and lag of the last seven days, by day in UTC."""
    days = [(now - timedelta(days=back)).date() for back in range(6, -1, -1)]
    begin = datetime.combine(days[0], datetime.min.time(), tzinfo=now.tzinfo)
    # By the bounds of days: what day a time is of, SQLite would ask us of each order.
    bounds = [begin + back * _DAY for back in range(8)]
    placed = Order.objects.filter(channel__in=channels, placed_at__gte=begin).aggregate(
        **{
            f"{day:%a}": Count("pk", filter=Q(placed_at__gte=first, placed_at__lt=end))
            for day, (first, end) in zip(days, pairwise(bounds), strict=True)
        }
    )
    changes: Counter[Any] = Counter()
    lag: Counter[Any] = Counter()
    settled = Run.objects.filter(is_forgotten=False, finished_at__isnull=False, finished_at__gte=begin, is_dry=False)
    for outcomes, queued_at, finished_at in settled.filter(channel__in=channels).values_list(
        "counts", "queued_at", "finished_at"
    ):
        assert finished_at is not None
        day = finished_at.date()
        # What has no proof is the hub's own: an import, a request.
        changes[day] += sum(
            row["count"] for row in outcomes if row["outcome"] == Outcome.APPLIED.value and row["proof"]
        )
        lag[day] = max(lag[day], round((finished_at - queued_at).total_seconds() / 60))
    names = [f"{day:%a}" for day in days]
    placed_by_day = [placed[name] for name in names]
    changed, waited = ([of.get(day, 0) for day in days] for of in (changes, lag))
    return [
        Bars("Orders placed", names, placed_by_day, sum(placed_by_day)),
        Bars("Changes on the store", names, changed, sum(changed)),
        Bars("Longest wait for a run, minutes", names, waited, max(waited)),
    ]


# --- addresses --------------------------------------------------------------------------------------------------------


def _list(table: str) -> str:
    return reverse(f"admin:tradepost_{table}_changelist")


def _table(table: str, channel: Channel, filters: dict[str, str]) -> str:
    return f"{_list(table)}?{urlencode({'channel__id__exact': str(channel.pk), **filters})}"
