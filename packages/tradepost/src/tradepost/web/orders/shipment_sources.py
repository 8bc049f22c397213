"""Where a channel's shipments are fetched from: each with what was taken there last, added, tried and forgotten."""

from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tradepost import wiring
from tradepost.database.models import Channel, FetchedFile, Run, RunKind, ShipmentSourceRecord
from tradepost.domain.channels.schedule import ScheduledOperation
from tradepost.domain.counts import count_words
from tradepost.domain.errors import NotAllowed, TradepostError
from tradepost.operations.orders.fetch_shipments import add_source, set_source
from tradepost.operations.ports import SourceAddress
from tradepost.web.channels.forms import text_field
from tradepost.web.format import RUN_COLOURS, spoken
from tradepost.web.orders.deeds import start_run
from tradepost.web.orders.places import PlaceForm, channel_in_use, forget_by_name, refused_words, schedule_of, tried
from tradepost.web.rights import may, need
from tradepost.web.shell.channels import channel_ids, channels_in_use
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages
from tradepost.web.tables.counts import count

_LIST, _PAGE = "admin:shipment_sources", "admin:shipment_source_show"
_SHOWN_FILES = 20
_ACT = "shipments fetch-from"
_ACTS = {"keep": "shipments fetch-from", "test": "shipments fetch-from"}


class SourcePlaceForm(PlaceForm):
    """Where shipments are fetched from."""

    command = "'tradepost shipments fetch-from'"

    def __init__(self, typed: Any, **others: Any) -> None:
        super().__init__(typed, **others)
        self.fields["address"].required = True


class NewSourceForm(SourcePlaceForm):
    """The same, of somebody new."""

    name = text_field("Name", "What you call whoever ships, such as dock.", is_needed=True, max_length=64)
    field_order = ("name", "address", "secret", "without_secret", "fingerprint", "keeps_untested")


def sources_page(request: HttpRequest) -> HttpResponse:
    """Show where the shipments of the channels that are looked at are fetched from."""
    need(request, "shipments sources")
    chosen = channel_ids(request)
    channels = [channel for channel in channels_in_use(request) if channel.pk in chosen]
    return page(
        request,
        "back_office/orders/shipment_sources.html",
        title="Where shipments come from",
        channels=[_channel(channel) for channel in channels],
        may_set=may(request, _ACT),
        may_fetch=may(request, "shipments fetch"),
    )


def fetch_now(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Posted, start a run that takes the files that are new."""
    need(request, "shipments fetch")
    channel = channel_in_use(channel_id)
    if request.method == "POST":
        if channel.shipment_sources.exists():
            start_run(request, channel, RunKind.FETCH_SHIPMENTS, "takes the files of shipments that are new")
        else:
            messages.warning(request, "Nobody has said where shipments are fetched from; add a place first.")
    return redirect(_LIST)


def add_source_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Show the form of a new source; posted, try it out and keep it."""
    need(request, _ACT)
    channel = channel_in_use(channel_id)
    form = NewSourceForm(request.POST or None, before=None, has_secret=False)
    if request.method == "POST" and form.is_valid() and (seen := form.tried(channel, takes=False)) is not None:
        name = form.cleaned_data["name"]
        try:
            add_source(name, form.at(), *_ports(request, channel), channel_name=channel.name)
        except NotAllowed as refusal:
            form.add_error(None, in_words_of_pages(str(refusal)))
        else:
            messages.success(request, f"Shipments are fetched from {name} from now on. {seen}")
            return redirect(_LIST)
    return page(
        request,
        "back_office/orders/shipment_source_form.html",
        title=f"{channel.name}: somebody who ships",
        form=form,
    )


def source_page(request: HttpRequest, source_id: int) -> HttpResponse:
    """Show a source with its last files; posted, try it out, or keep another address of it."""
    need(request, "shipments sources")
    source = _source(source_id)
    channel, asked = source.channel, request.POST.get("do", "")
    try:
        before = _kept(source, with_secret=request.method == "POST")
    except TradepostError as refusal:
        messages.warning(request, refused_words(refusal))
        return redirect(_LIST)
    typed = request.POST if asked == "keep" else None
    form = SourcePlaceForm(typed, before=before, has_secret=bool(source.secret))
    if request.method == "POST":
        need(request, _ACTS.get(asked, ""))
        try:
            if asked == "test":
                messages.success(request, tried(before, channel, takes=False))
                return redirect(_PAGE, source.pk)
            if form.is_valid() and (seen := form.tried(channel, takes=False)) is not None:
                keeps = form.keeps_secret
                ports = _ports(request, channel)
                set_source(source.name, form.at(), *ports, channel_name=channel.name, keeps_secret=keeps)
                messages.success(request, f"Shipments of {source.name} are fetched there. {seen}")
                return redirect(_PAGE, source.pk)
        except TradepostError as refusal:
            if asked == "test":
                messages.warning(request, refused_words(refusal))
                return redirect(_PAGE, source.pk)
            form.add_error(None, refused_words(refusal))
    return page(
        request,
        "back_office/orders/shipment_source.html",
        title=source.name,
        source=source,
        channel=channel,
        form=form,
        files=source.files.filter(taken_at__isnull=False).order_by("-taken_at", "-pk")[:_SHOWN_FILES],
        may_set=may(request, _ACT),
    )


def forget_source(request: HttpRequest, source_id: int) -> HttpResponse:
    """Say what is forgotten with a source; posted with its name, fetch from there no more."""
    need(request, _ACT)
    source = _source(source_id)
    refusal = forget_by_name(
        request,
        source.name,
        lambda: set_source(source.name, None, *_ports(request, source.channel), channel_name=source.channel.name),
        told=f"Nothing is fetched from {source.name} any more; what it brought stays.",
    )
    if refusal is None:
        return redirect(_LIST)
    files = source.files.all()
    return page(
        request,
        "back_office/orders/shipment_source_forget.html",
        title=f"Forget {source.name}?",
        source=source,
        files=count_words(count(files)),
        open_files=count(files.filter(is_open=True)),
        refusal=refusal,
    )


def _channel(channel: Channel) -> dict[str, Any]:
    newest = FetchedFile.objects.filter(source=OuterRef("pk"), taken_at__isnull=False).order_by("-taken_at", "-pk")
    sources = list(channel.shipment_sources.order_by("name").annotate(newest=Subquery(newest.values("pk")[:1])))
    files = FetchedFile.objects.in_bulk([each.newest for each in sources if each.newest])
    run = Run.objects.filter(channel=channel, kind=RunKind.FETCH_SHIPMENTS.value, is_dry=False).order_by("-pk").first()
    return {
        "channel": channel,
        "sources": [(each, files.get(each.newest)) for each in sources],
        **schedule_of(channel, ScheduledOperation.FETCH_SHIPMENTS),
        "run": run,
        "run_state": "" if run is None else spoken(run.state),
        "run_colour": "" if run is None else RUN_COLOURS.get(spoken(run.state), "info"),
    }


def _kept(source: ShipmentSourceRecord, *, with_secret: bool) -> SourceAddress:
    if with_secret:
        kept = wiring.orders.shipment_sources_of(source.channel).sources()
        return next(each.at for each in kept if each.id == source.pk)
    return SourceAddress(source.address, source.fingerprint)


def _ports(request: HttpRequest, channel: Channel) -> tuple[Any, Any]:
    ports = wiring.orders.order_ports(channel, requested_by=request.user.get_username())
    return ports, wiring.orders.shipment_sources_of(channel)


def _source(source_id: int) -> ShipmentSourceRecord:
    rows = ShipmentSourceRecord.objects.select_related("channel").filter(channel__archived_at__isnull=True)
    return get_object_or_404(rows, pk=source_id)
