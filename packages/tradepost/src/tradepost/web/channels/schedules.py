"""What a channel does by itself: shown with its next time, and paused and resumed one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html

from tradepost import wiring
from tradepost.database.models import Channel
from tradepost.domain.channels.schedule import OPERATION_WORDS, ScheduledOperation
from tradepost.domain.errors import NotAllowed
from tradepost.engine.schedules import WORK
from tradepost.operations.channels.channels import ChannelPorts, pause_schedule, resume_schedule
from tradepost.operations.ports import ScheduleRow
from tradepost.web.channels.forms import schedule_words
from tradepost.web.format import moment
from tradepost.web.rights import may, need

START, PAUSE, RESUME = "start:", "pause:", "resume:"
ScheduleDeed = Callable[[int, ScheduledOperation, ChannelPorts], tuple[bool, ScheduleRow]]


@dataclass(frozen=True, slots=True)
class ShownSchedule:
    """
    What a channel does by itself, and the values of the buttons that start it now and pause or resume it; blank where
    nobody may.
    """

    name: str
    schedule: str
    is_off: bool
    next_at: datetime | None
    paused_at: datetime | None
    start: str
    switch: str


def shown_schedules(request: HttpRequest, rows: Sequence[ScheduleRow]) -> list[ShownSchedule]:
    return [
        ShownSchedule(
            OPERATION_WORDS[row.operation],
            schedule_words(row.schedule),
            row.schedule.is_off,
            row.next_at,
            row.paused_at,
            f"{START}{row.operation}" if may(request, WORK[row.operation].act) else "",
            _switch(request, row),
        )
        for row in rows
    ]


def _switch(request: HttpRequest, row: ScheduleRow) -> str:
    act, deed = ("channel pause", PAUSE) if row.paused_at is None else ("channel resume", RESUME)
    return f"{deed}{row.operation}" if may(request, act) and not row.schedule.is_off else ""


def pause_one(request: HttpRequest, channel_id: int, operation: str) -> HttpResponse:
    """Posted, let a schedule start nothing more; it keeps its times."""
    need(request, "channel pause")
    return _switched(request, channel_id, operation, pause_schedule)


def resume_one(request: HttpRequest, channel_id: int, operation: str) -> HttpResponse:
    """Posted, let a paused schedule go on at the next of its times."""
    need(request, "channel resume")
    return _switched(request, channel_id, operation, resume_schedule)


def _switched(request: HttpRequest, channel_id: int, operation: str, deed: ScheduleDeed) -> HttpResponse:
    if operation not in list(ScheduledOperation):
        raise Http404
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)
    if request.method == "POST":
        try:
            switch_schedule(request, channel, ScheduledOperation(operation), deed)
        except NotAllowed as refusal:
            messages.warning(request, str(refusal))
    return redirect("admin:index")


def switch_schedule(request: HttpRequest, channel: Channel, operation: ScheduledOperation, deed: ScheduleDeed) -> None:
    """Pause or resume a schedule, and say what comes of it. Raises NotAllowed."""
    _, row = deed(channel.pk, operation, wiring.channels.channel_ports(requested_by=request.user.get_username()))
    words = f"{channel.name}: \N{LEFT DOUBLE QUOTATION MARK}{OPERATION_WORDS[operation]}\N{RIGHT DOUBLE QUOTATION MARK}"
    if row.paused_at is not None:
        told = "is paused: it keeps its times, and is started only when somebody says so, until you resume it."
        messages.success(request, f"{words} {told} What is queued or at work goes on to its end.")
    else:
        messages.success(request, format_html("{} goes on by itself, next {}.", words, moment(row.next_at)))
