"""One channel: how it stands, what it does by itself, and the way to each of its settings."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode

from tradepost import wiring
from tradepost.database.models import Channel, Listing, Run, RunKind
from tradepost.domain.channels.image_pages import ImagePage
from tradepost.domain.channels.schedule import ScheduledOperation
from tradepost.domain.counts import count_words
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing_rules import ListingRules
from tradepost.domain.orders.order_rules import in_order
from tradepost.domain.plan import SETTLED_STATES, RunState
from tradepost.domain.run_words import work_words
from tradepost.engine.plans import request_saved_plan
from tradepost.engine.read_back import ReadBack, found_by, known_since, let_live_again, request_read_back
from tradepost.engine.runs import request_run
from tradepost.engine.schedules import WORK
from tradepost.engine.standings import unshared_words
from tradepost.operations.channels import channels
from tradepost.operations.channels.channel_edit import ChannelEdit
from tradepost.operations.channels.channels import ChannelPorts
from tradepost.operations.ports import ChannelSettings, KnownSince
from tradepost.web.activity.run_page import run_state
from tradepost.web.channels.findings import findings_of
from tradepost.web.channels.forms import text_field, tick_field
from tradepost.web.channels.schedules import PAUSE, RESUME, START, shown_schedules, switch_schedule
from tradepost.web.format import spoken
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages
from tradepost.web.shell.standings import channel_state, failed_work
from tradepost.web.tables.counts import count
from tradepost.web.tables.row_numbers import MOST_DIGITS, needed_row_number, row_numbers
from tradepost.web.today.today import again_of

_PREVIEW = "preview:"
_PREVIEWED = (RunKind.PUBLISH, RunKind.SYNC)
_READ_BACK_BY = (RunKind.GET_ORDERS.value, RunKind.LINK.value)
_READ_BACK_HOLDS = timedelta(hours=1)


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
    failed = failed_work(request, channel)
    return page(
        request,
        "back_office/channels/channel.html",
        title=channel.name,
        channel=channel,
        profile=profile,
        standing=channel_state(request, channel),
        failed=failed,
        again="" if failed is None or channel.is_paused else again_of(request, failed),
        findings=findings_of(channel),
        schedules=[each for each in schedules if not each.is_off],
        all_schedules=schedules,
        to_switch=wiring.listings.to_switch(channel.pk),
        pages_left=[each for each in ImagePage if each not in settings.image_pages],
        edits=may(request, "channel set"),
        may_check=may(request, "channel check"),
        may_pause=may(request, "channel pause"),
        may_go_live=may(request, "channel go-live"),
        may_preview=may(request, "plans save"),
        may_adopt=may(request, "listings adopt"),
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
    if channel.restored_why:
        return live_again(request, channel)
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
    return page(
        request,
        "back_office/channels/channel_go_live.html",
        title=f"Let {channel.name} go live?",
        channel=channel,
        findings=findings_of(channel),
        **_what_begins(request, channel),
    )


def _what_begins(request: HttpRequest, channel: Channel) -> dict[str, Any]:
    """What a channel does by itself once it is live, and what waits for it."""
    rows = _ports(request).schedules.of(channel.pk)
    return {
        "schedules": [each for each in shown_schedules(request, rows) if not each.is_off],
        "due": _due(channel),
        "publishes": any(row.operation is ScheduledOperation.PUBLISH and not row.schedule.is_off for row in rows),
    }


# --- after a restore --------------------------------------------------------------------------------------------------


class LiveAgainForm(forms.Form):
    """What only a person knows of the time between the backup and now."""

    through = text_field(
        "The highest order number that whoever packs has",
        "Orders up to it count as handed over, and nobody is given them again. 0 if none came since.",
        max_length=MOST_DIGITS,
    )
    is_nothing = tick_field(
        "After a move: nobody has worked with the former database since, so what it counted still holds"
    )

    def known(self, found: ReadBack) -> KnownSince:
        """Raises NotAllowed for what was left out, or can't be; only of a form that is valid."""
        typed = self.cleaned_data["through"]
        if typed and not (typed.isascii() and typed.isdigit()):
            raise NotAllowed(f"'{typed}' is no number of an order; type digits only, or 0. Nothing was done.")
        return known_since(found, through=int(typed) if typed else None, is_nothing=self.cleaned_data["is_nothing"])


def live_again(request: HttpRequest, channel: Channel) -> HttpResponse:
    """
    Read back what came after the state that the hub's database was put back to; posted with what a person knows of it,
    let the channel go on from there.
    """
    here, who = reverse("admin:tradepost_channel_go_live", args=[channel.pk]), request.user.get_username()
    form = LiveAgainForm(request.POST if request.POST.get("do") == "live" else None)
    previews = _previews(request, channel)
    is_read = bool(previews) and all(RunState(run.state) in SETTLED_STATES for run in previews)
    found: ReadBack | None = None
    why_not = ""
    try:
        if request.POST.get("do") == "read":
            asked = request_read_back(channel.pk, requested_by=who)
            return redirect(f"{here}?{urlencode({'run': [run.pk for run in asked]}, doseq=True)}")
        found = found_by(channel.pk, previews) if is_read else None
        if form.is_bound and found is None:
            raise NotAllowed("Read back first what came since; nothing was done.")
        if found is not None and form.is_valid():
            return _live_again(request, channel, found, form.known(found))
    except NotAllowed as refusal:
        why_not = in_words_of_pages(str(refusal))
    return page(
        request,
        "back_office/channels/channel_live_again.html",
        title=f"Let {channel.name} go live again?",
        channel=channel,
        previews=[run_state(request, run) for run in previews],
        found=found,
        form=form,
        why_not=why_not,
        address=request.get_full_path(),
        **_what_begins(request, channel),
    )


def _previews(request: HttpRequest, channel: Channel) -> list[Run]:
    """The previews that an address names, unless it is too long ago: orders may have come since."""
    numbers = row_numbers(request.GET.getlist("run"))
    rows = Run.objects.filter(pk__in=numbers, channel=channel, is_dry=True, kind__in=_READ_BACK_BY)
    return list(rows.filter(queued_at__gt=timezone.now() - _READ_BACK_HOLDS).select_related("channel").order_by("pk"))


def _live_again(request: HttpRequest, channel: Channel, found: ReadBack, known: KnownSince) -> HttpResponse:
    queued = let_live_again(channel.pk, found, known, requested_by=request.user.get_username())
    links = format_html_join(
        ", ",
        "<a class='underline' href='{}'>{}</a>",
        ((reverse("admin:tradepost_run_change", args=[run.pk]), work_words(run.kind)) for run in queued),
    )
    messages.success(request, format_html("{} is live again. First comes: {}.", channel.name, links))
    return redirect("admin:tradepost_channel_change", channel.pk)


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
    told = f"{channel.name} is paused: nothing is sent or fetched until you resume it.{unshared_words(channel.pk)}"
    messages.success(request, told)
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
    messages.success(
        request,
        f"{channel.name} is out of use, and its credentials are forgotten. Its history stays, and what its orders took "
        "stays off sale on other channels until you state how many there are.",
    )
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
    if asked.startswith(START):
        return _start(request, channel, _operation(asked, START))
    if asked.startswith(PAUSE):
        need(request, "channel pause")
        switch_schedule(request, channel, _operation(asked, PAUSE), channels.pause_schedule)
        return None
    if asked.startswith(RESUME):
        need(request, "channel resume")
        switch_schedule(request, channel, _operation(asked, RESUME), channels.resume_schedule)
        return None
    if asked.startswith(_PREVIEW):
        return _preview(request, channel, asked.removeprefix(_PREVIEW))
    if asked not in _DEEDS:
        raise NotAllowed("The page asked for nothing that there is; load it again.")
    act, deed = _DEEDS[asked]
    need(request, act)
    return deed(request, channel)


def _operation(asked: str, deed: str) -> ScheduledOperation:
    """Raises NotAllowed."""
    named = asked.removeprefix(deed)
    if named not in list(ScheduledOperation):
        raise NotAllowed("There is nothing of that name to start.")
    return ScheduledOperation(named)


def _start(request: HttpRequest, channel: Channel, operation: ScheduledOperation) -> HttpResponse | None:
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
    return wiring.channels.channel_ports(requested_by=request.user.get_username())
