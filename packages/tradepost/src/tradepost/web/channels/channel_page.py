"""One channel: how it stands, what it does by itself, and the way to each of its settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html

from tradepost import wiring
from tradepost.database.models import Channel, Listing, RunKind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.image_pages import ImagePage
from tradepost.domain.listing_rules import ListingRules
from tradepost.domain.order_rules import in_order
from tradepost.domain.schedule import ScheduledOperation
from tradepost.engine.plans import request_saved_plan
from tradepost.engine.runs import request_run
from tradepost.engine.schedules import WORK
from tradepost.operations import channels
from tradepost.operations.channel_edit import ChannelEdit
from tradepost.operations.channels import ChannelPorts
from tradepost.operations.ports import ChannelSettings, ScheduleRow
from tradepost.web.channels.findings import findings_of
from tradepost.web.channels.forms import OPERATION_WORDS, schedule_words
from tradepost.web.format import spoken
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages
from tradepost.web.shell.shell import channel_state
from tradepost.web.tables.counts import count, count_words
from tradepost.web.tables.row_numbers import needed_row_number

_START, _PREVIEW = "start:", "preview:"
_PREVIEWED = (RunKind.PUBLISH, RunKind.SYNC)


@dataclass(frozen=True, slots=True)
class ShownSchedule:
    """What a channel does by itself, and the value of the button that starts it now; blank where nobody may."""

    name: str
    schedule: str
    is_off: bool
    next_at: Any
    start: str


def shown_schedules(request: HttpRequest, rows: Sequence[ScheduleRow]) -> list[ShownSchedule]:
    return [
        ShownSchedule(
            OPERATION_WORDS[row.operation],
            schedule_words(row.schedule),
            row.schedule.is_off,
            row.next_at,
            f"{_START}{row.operation}" if may(request, WORK[row.operation].act) else "",
        )
        for row in rows
    ]


def channel_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show a channel; posted, do what a button of its page says."""
    need(request, "channel show")
    channel = get_object_or_404(Channel, pk=needed_row_number(number), archived_at__isnull=True)
    if request.method == "POST":
        try:
            answer = _do(request, channel)
        except NotAllowed as refusal:
            messages.warning(request, in_words_of_pages(str(refusal)))
            answer = None
        return answer or redirect("admin:tradepost_channel_change", channel.pk)
    return _shown(request, channel)


def _shown(request: HttpRequest, channel: Channel) -> HttpResponse:
    ports = _ports(request)
    profile = ports.channels.read(channel.pk)
    settings = profile.settings
    schedules = shown_schedules(request, ports.schedules.of(channel.pk))
    return page(
        request,
        "back_office/channels/channel.html",
        title=channel.name,
        channel=channel,
        profile=profile,
        standing=channel_state(channel),
        findings=findings_of(channel),
        schedules=[each for each in schedules if not each.is_off],
        all_schedules=schedules,
        pages_left=[each for each in ImagePage if each not in settings.image_pages],
        edits=may(request, "channel set"),
        may_check=may(request, "channel check"),
        may_pause=may(request, "channel pause"),
        may_go_live=may(request, "channel go-live"),
        may_preview=may(request, "plans save"),
        may_remove=may(request, "channel remove"),
        may_confirm=may(request, "channel confirm-store"),
        sets_order_rules=may(request, "orders set-rule"),
        order_rules=[f"{rule.name}, for {rule.conditions}: {rule.deeds}" for rule in in_order(settings.order_rules)],
        listing_rules=[
            f"{rule.name}, for {rule.conditions}: {rule.deeds}"
            for rule in ListingRules.of(settings.listing_rules).in_order
        ],
        order_words=_order_words(settings),
        mapping=dict(settings.rules.mapping),
        carriers=dict(settings.carrier_map),
    )


def _order_words(settings: ChannelSettings) -> str:
    states = ", ".join(sorted(spoken(each) for each in settings.order_statuses))
    payments = ", ".join(sorted(spoken(each) for each in settings.payment_states))
    return f"come in that are {states} on the store and whose payment is {payments}"


def go_live(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Say what a channel that only looks would begin to do; posted, let it."""
    need(request, "channel go-live")
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)
    ports = _ports(request)
    if request.method == "POST":
        try:
            is_new = channels.go_live(channel.pk, ports)
        except NotAllowed as refusal:
            messages.warning(request, in_words_of_pages(str(refusal)))
        else:
            if channel.is_paused:
                channels.resume_channel(channel.pk, ports)
            messages.success(request, f"{channel.name} is live{'' if is_new else ' already'}.")
        return redirect("admin:tradepost_channel_change", channel.pk)
    schedules = shown_schedules(request, ports.schedules.of(channel.pk))
    return page(
        request,
        "back_office/channels/channel_go_live.html",
        title=f"Let {channel.name} go live?",
        channel=channel,
        schedules=[each for each in schedules if not each.is_off],
        due=_due(channel),
        findings=findings_of(channel),
        publishes=any(
            row.operation is ScheduledOperation.PUBLISH and not row.schedule.is_off
            for row in ports.schedules.of(channel.pk)
        ),
    )


def _due(channel: Channel) -> list[tuple[str, str, bool]]:
    """How many listings wait for what; no more are counted than the page says."""
    found = []
    for verbs, words in ((("publish", "overwrite"), "to publish"), (("hide", "unhide", "delist"), "to hide or delist")):
        # As the indexes on what is due name them.
        waiting = Listing.objects.filter(channel=channel, pending__in=verbs, is_paused=False, is_orphaned=False)
        if number := count(waiting):
            found.append((count_words(number), words, number > 1))
    return found


# --- what the buttons do ----------------------------------------------------------------------------------------------


def _check(request: HttpRequest, channel: Channel) -> HttpResponse | None:
    look = channels.check_channel(channel.pk, _ports(request))
    bad = sum(not finding.is_good for finding in look.findings)
    if bad:
        messages.warning(request, f"{bad} of what was tried is to be mended; below it says what and where.")
    else:
        messages.success(request, "The store and its images are as they should be.")
    return None


def _pause(request: HttpRequest, channel: Channel) -> HttpResponse | None:
    channels.pause_channel(channel.pk, _ports(request))
    messages.success(request, f"{channel.name} is paused: nothing is sent or fetched until you resume it.")
    return None


def _resume(request: HttpRequest, channel: Channel) -> HttpResponse | None:
    channels.resume_channel(channel.pk, _ports(request))
    messages.success(request, f"{channel.name} goes on, first with what is queued.")
    return None


def _look_only(request: HttpRequest, channel: Channel) -> HttpResponse | None:
    channels.change_channel(channel.pk, ChannelEdit(settings={"is_look_only": True}), _ports(request))
    messages.success(request, f"{channel.name} only looks from now on. A run that is at work stops after its batch.")
    return None


def _confirm_store(request: HttpRequest, channel: Channel) -> HttpResponse | None:
    channels.confirm_store(channel.pk, _ports(request))
    messages.success(request, "It counts as the same store again; the next run looks at every product of it first.")
    return None


def _remove(request: HttpRequest, channel: Channel) -> HttpResponse | None:
    if request.POST.get("name", "").strip() != channel.name:
        raise NotAllowed("Type the channel's name to take it out of use; nothing was done.")
    channels.remove_channel(channel.pk, _ports(request))
    messages.success(request, f"{channel.name} is out of use, and its credentials are forgotten. Its history stays.")
    return redirect("admin:tradepost_channel_changelist")


_DEEDS: Mapping[str, tuple[str, Callable[[HttpRequest, Channel], HttpResponse | None]]] = {
    "check": ("channel check", _check),
    "pause": ("channel pause", _pause),
    "resume": ("channel resume", _resume),
    "look_only": ("channel set", _look_only),
    "confirm_store": ("channel confirm-store", _confirm_store),
    "remove": ("channel remove", _remove),
}


def _do(request: HttpRequest, channel: Channel) -> HttpResponse | None:
    asked = request.POST.get("do", "")
    if asked.startswith(_START):
        return _start(request, channel, asked.removeprefix(_START))
    if asked.startswith(_PREVIEW):
        return _preview(request, channel, asked.removeprefix(_PREVIEW))
    if asked not in _DEEDS:
        raise NotAllowed("The page asked for nothing that there is; load it again.")
    act, deed = _DEEDS[asked]
    need(request, act)
    return deed(request, channel)


def _start(request: HttpRequest, channel: Channel, named: str) -> HttpResponse | None:
    if named not in list(ScheduledOperation):
        raise NotAllowed("There is nothing of that name to start.")
    operation = ScheduledOperation(named)
    need(request, WORK[operation].act)
    work = WORK[operation]
    run = request_run(channel.pk, work.kind, options=work.options, requested_by=request.user.get_username())
    link = format_html("<a href='{}'>Run {}</a>", reverse("admin:tradepost_run_change", args=[run.pk]), run.pk)
    messages.success(request, format_html("{} ({}) is queued.", link, spoken(run.kind)))
    return None


def _preview(request: HttpRequest, channel: Channel, named: str) -> HttpResponse:
    need(request, "plans save")
    if named not in _PREVIEWED:
        raise NotAllowed("There is nothing of that name to preview.")
    plan = request_saved_plan(channel.pk, RunKind(named), requested_by=request.user.get_username())
    return redirect("admin:tradepost_savedplan_change", plan.pk)


def _ports(request: HttpRequest) -> ChannelPorts:
    return wiring.channel_ports(requested_by=request.user.get_username())
