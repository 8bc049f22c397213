"""Figures for Prometheus: what the database says, and what this process has measured."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tradepost.database import time_limits
from tradepost.database.channels import schedules
from tradepost.database.models import Channel, Listing, Order, Run
from tradepost.database.runs import job_queue
from tradepost.domain.listings.listing import Pending
from tradepost.domain.orders.order import OrderState
from tradepost.domain.plan import RunState
from tradepost.engine.health import LIMIT_SECONDS
from tradepost.operations.ports import Clock

_UNSETTLED = (RunState.QUEUED.value, RunState.RUNNING.value)
_LATELY = timedelta(hours=1)
# Each is named, so that the partial indexes on what is due can be used.
_CONTENT = (Pending.PUBLISH.value, Pending.OVERWRITE.value)
_STATUS = (Pending.HIDE.value, Pending.UNHIDE.value, Pending.DELIST.value)


def metrics(*, clock: Clock = timezone.now) -> bytes:
    """Return all figures as Prometheus reads them; without its database the hub says only that."""
    registry = CollectorRegistry()
    registry.register(_HubCollector(clock))
    # Requests to stores, and the process itself, are what every process has measured on its own.
    return generate_latest(registry) + generate_latest(REGISTRY)


class _HubCollector(Collector):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def describe(self) -> list[GaugeMetricFamily]:
        """Say nothing of what there will be, as the library would ask the database for it."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._clock()
        try:
            time_limits.limit_statements(seconds=LIMIT_SECONDS)
            figures = [*_runs(now), *_waiting(), _lag(now)]
            if job_queue.is_shared():
                figures.append(_gauge("workers", "Workers that gave a sign of life lately.", _workers(now)))
        except DatabaseError:
            figures = []
        yield _gauge("database_up", "Whether the database can be read.", float(bool(figures)))
        yield from figures


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"tradepost_{name}", text, value=value)


def _table(name: str, text: str, labels: list[str], rows: list[tuple[list[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"tradepost_{name}", text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _workers(now: datetime) -> float:
    # Each looks at two queues, and is listed for each.
    return job_queue.workers_seen(at=now) / 2


def _runs(now: datetime) -> Iterator[GaugeMetricFamily]:
    unsettled = Run.objects.filter(state__in=_UNSETTLED)
    ended = Run.objects.filter(is_forgotten=False, finished_at__gte=now - _LATELY)
    for name, text, runs in (
        ("runs", "Runs that wait or are executed.", unsettled),
        ("runs_ended_last_hour", "Runs that ended within the last hour.", ended),
    ):
        rows = runs.values_list("kind", "state").annotate(number=Count("id")).order_by()
        yield _table(name, text, ["kind", "state"], [([kind, state], number) for kind, state, number in rows])
    queued = unsettled.filter(state=RunState.QUEUED).exclude(channel__is_paused=True)
    oldest = queued.aggregate(at=Min("queued_at"))["at"]
    yield _gauge(
        "oldest_queued_run_seconds",
        "How long the oldest run has waited that may be executed.",
        (now - oldest).total_seconds() if oldest else 0.0,
    )


def _waiting() -> Iterator[GaugeMetricFamily]:
    channels = dict(Channel.objects.filter(archived_at__isnull=True).values_list("id", "name"))
    waiting: list[tuple[list[str], float]] = []
    on_hold: list[tuple[list[str], float]] = []
    for channel_id, name in channels.items():
        listings = Listing.objects.filter(channel_id=channel_id, is_paused=False)
        for kinds in (_CONTENT, _STATUS):
            rows = listings.filter(pending__in=kinds).values_list("pending").annotate(number=Count("id")).order_by()
            waiting += [([name, pending], number) for pending, number in rows]
        held = Order.objects.filter(Q(channel_id=channel_id) & Q(state=OrderState.ON_HOLD.value)).count()
        on_hold.append(([name], held))
    yield _table("listings_waiting", "Listings with something to be sent.", ["channel", "change"], waiting)
    yield _table("orders_on_hold", "Orders that wait for a person.", ["channel"], on_hold)


def _lag(now: datetime) -> GaugeMetricFamily:
    due = schedules.due(at=now)
    seconds = max((now - schedule.due_at).total_seconds() for schedule in due) if due else 0.0
    return _gauge("schedule_lag_seconds", "By how much the latest of the schedules that are due is late.", seconds)
