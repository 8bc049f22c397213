"""Who takes a channel's orders over: what each has not taken yet, where it is brought them, added and forgotten."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tradepost import wiring
from tradepost.database.models import Channel, Consumer, RunKind
from tradepost.domain.channels.schedule import ScheduledOperation
from tradepost.domain.errors import NotAllowed, TradepostError
from tradepost.domain.orders.order_delivery import Confirmation, file_name
from tradepost.domain.orders.order_export import LARGEST_BATCH, ExportForm
from tradepost.operations.orders.deliver_orders import set_target
from tradepost.operations.orders.order_exports import (
    ExportPorts,
    add_consumer,
    confirm_batch,
    next_batch,
    remove_consumer,
)
from tradepost.operations.ports import ConsumerStanding, ConsumerTarget, SourceAddress
from tradepost.web.channels.forms import choice_field, text_field
from tradepost.web.orders.deeds import start_run
from tradepost.web.orders.places import PlaceForm, channel_in_use, forget_by_name, refused_words, schedule_of, tried
from tradepost.web.rights import may, need
from tradepost.web.shell.channels import channel_ids, channels_in_use
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages
from tradepost.web.tables.row_numbers import needed_row_number

_LIST, _PAGE = "admin:consumers", "admin:consumer_show"
_ACTS = {
    "keep": "orders deliver-to",
    "off": "orders deliver-to",
    "test": "orders deliver-to",
    "take": "orders export",
    "confirm": "orders confirm",
}
_PLACE_FIELDS = ("address", "secret", "without_secret", "fingerprint", "confirmed_by", "keeps_untested")
_FORMS = {ExportForm.CSV: "CSV: a line for each item", ExportForm.JSONL: "JSON lines: a line for each order"}
_CONFIRMATIONS = {
    Confirmation.CONSUMER: "its program or somebody here; until then nothing more is brought",
    Confirmation.DELIVERY: "the delivery itself: what was brought counts as taken over",
}


class TargetForm(PlaceForm):
    """Where a consumer's orders are brought, and who confirms that they are taken over."""

    confirmed_by = choice_field("Who says that they are taken over", _CONFIRMATIONS.items())
    command = "'tradepost orders deliver-to'"
    field_order: Iterable[str] | None = _PLACE_FIELDS

    def target(self) -> ConsumerTarget:
        typed = self.cleaned_data
        confirmation = Confirmation(typed["confirmed_by"] or Confirmation.CONSUMER)
        return ConsumerTarget(typed["address"], confirmation, typed["fingerprint"], typed["secret"])


class ConsumerForm(TargetForm):
    """A new consumer. Without an address its own program fetches the orders."""

    name = text_field("Name", "What you call whoever takes them, such as erp or dock.", is_needed=True, max_length=64)
    form = choice_field("Written as", _FORMS.items(), "It stays with this format.")
    field_order: Iterable[str] | None = ("name", "form", *_PLACE_FIELDS)


def consumers_page(request: HttpRequest) -> HttpResponse:
    """Show who takes the orders of the channels that are looked at."""
    need(request, "orders consumers")
    chosen = channel_ids(request)
    return page(
        request,
        "back_office/orders/consumers.html",
        title="Who takes orders",
        channels=[_channel(request, channel) for channel in channels_in_use(request) if channel.pk in chosen],
        may_add=may(request, "orders export"),
        may_set=may(request, "orders deliver-to"),
        may_deliver=may(request, "orders deliver"),
    )


def deliver_now(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Posted, start a run that brings what is new."""
    need(request, "orders deliver")
    channel = channel_in_use(channel_id)
    if request.method == "POST":
        start_run(request, channel, RunKind.DELIVER_ORDERS, "brings orders to whoever takes them")
    return redirect(_LIST)


def add_consumer_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Show the form of a new consumer; posted, try out where it is brought its orders, and keep it."""
    need(request, "orders export")
    channel = channel_in_use(channel_id)
    form = ConsumerForm(request.POST or None, before=None, has_secret=False, form=ExportForm.CSV.value)
    may_set = may(request, "orders deliver-to")
    if not may_set:
        for name in ("address", "secret", "fingerprint", "confirmed_by"):
            form.fields[name].disabled = True
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        seen = form.tried(channel, takes=True) if typed["address"] else ""
        if seen is not None:
            try:
                ports = _exports(request, channel)
                add_consumer(typed["name"], ports, form=ExportForm(typed["form"] or ExportForm.JSONL))
                if typed["address"]:
                    need(request, "orders deliver-to")
                    _set_target(request, channel, typed["name"], form)
            except NotAllowed as refusal:
                form.add_error(None, in_words_of_pages(str(refusal)))
            else:
                messages.success(request, f"{typed['name']} takes orders from now on; none was given yet. {seen}")
                return redirect(_LIST)
    return page(
        request,
        "back_office/orders/consumer_form.html",
        title=f"{channel.name}: somebody who takes orders",
        form=form,
        may_set=may_set,
    )


def consumer_page(request: HttpRequest, consumer_id: int) -> HttpResponse:
    """
    Show a consumer and where it is brought its orders; posted, try that out and keep it, or bring nothing more, give
    its batch as a file, or take its word that it has it.
    """
    need(request, "orders consumers")
    consumer = _consumer(consumer_id)
    channel, row = consumer.channel, _standing(request, consumer)
    try:
        # Its secret is read where something is done with it, and nowhere else.
        before = wiring.orders.targets_of(channel).target_of(consumer.pk, with_secret=request.method == "POST")
    except TradepostError as refusal:
        messages.warning(request, refused_words(refusal))
        return redirect(_LIST)
    at = None if before is None else SourceAddress(before.address, before.fingerprint, before.secret)
    asked = request.POST.get("do", "")
    confirmed_by = Confirmation.CONSUMER if before is None else before.confirmation
    typed = request.POST if asked == "keep" else None
    has_secret = row is not None and row.has_secret
    form = TargetForm(typed, before=at, has_secret=has_secret, confirmed_by=confirmed_by.value)
    form.fields["address"].required = True
    if request.method == "POST":
        need(request, _ACTS.get(asked, ""))
        answer = _keep(request, consumer, form) if asked == "keep" else _do(request, consumer, asked, at)
        if answer is not None:
            return answer
    return page(
        request,
        "back_office/orders/consumer.html",
        title=consumer.name,
        channel=channel,
        row=row,
        target=before,
        confirmed_by=_CONFIRMATIONS[confirmed_by],
        form_words=_FORMS[ExportForm(consumer.form)],
        form=form,
        most=LARGEST_BATCH,
        may_set=may(request, "orders deliver-to"),
        may_remove=may(request, "orders remove-consumer"),
        may_take=may(request, "orders export"),
        may_confirm=may(request, "orders confirm"),
    )


def _keep(request: HttpRequest, consumer: Consumer, form: TargetForm) -> HttpResponse | None:
    """Try out and keep where orders are brought; None where they can't be, which stands at the form then."""
    if not form.is_valid():
        return None
    try:
        seen = form.tried(consumer.channel, takes=True)
        if seen is None:
            return None
        _set_target(request, consumer.channel, consumer.name, form)
    except TradepostError as refusal:
        form.add_error(None, refused_words(refusal))
        return None
    messages.success(request, f"{consumer.name} is brought its orders there. {seen}")
    return redirect(_PAGE, consumer.pk)


def _do(request: HttpRequest, consumer: Consumer, asked: str, at: SourceAddress | None) -> HttpResponse:
    """Do what needs no form, and say on the page what came of it; `at`: where its orders are brought."""
    channel = consumer.channel
    try:
        ports = _exports(request, channel)
        if asked == "take" and (file := _batch_file(request, consumer)) is not None:
            return file
        if asked == "off":
            set_target(consumer.name, None, ports, wiring.orders.targets_of(channel), channel_name=channel.name)
            messages.success(request, f"{consumer.name} is brought nothing any more; its program may fetch.")
        elif asked == "confirm":
            handover = confirm_batch(consumer.name, needed_row_number(request.POST.get("cursor", "")), ports)
            number = len(handover.marked)
            messages.success(request, f"{number} {'order is' if number == 1 else 'orders are'} handed over.")
        elif asked == "test" and at is not None:
            messages.success(request, tried(at, channel, takes=True))
    except TradepostError as refusal:
        messages.warning(request, refused_words(refusal))
    return redirect(_PAGE, consumer.pk)


def forget_consumer(request: HttpRequest, consumer_id: int) -> HttpResponse:
    """Say what stays untaken without a consumer; posted with its name, forget it."""
    need(request, "orders remove-consumer")
    consumer = _consumer(consumer_id)
    refusal = forget_by_name(
        request,
        consumer.name,
        lambda: remove_consumer(consumer.name, _exports(request, consumer.channel)),
        told=f"{consumer.name} is forgotten; orders that were handed over stay so.",
    )
    if refusal is None:
        return redirect(_LIST)
    return page(
        request,
        "back_office/orders/consumer_forget.html",
        title=f"Forget {consumer.name}?",
        row=_standing(request, consumer),
        most=LARGEST_BATCH,
        refusal=refusal,
    )


def _batch_file(request: HttpRequest, consumer: Consumer) -> HttpResponse | None:
    """The batch that is not taken over yet, made where there is none, as it is brought; None where nothing is new."""
    batch = next_batch(consumer.name, _exports(request, consumer.channel))
    if batch is None:
        messages.info(request, f"Nothing is new for {consumer.name}.")
        return None
    content = batch.content.encode()
    name = file_name(
        channel=consumer.channel.name,
        consumer=consumer.name,
        cursor=batch.cursor,
        content=content,
        form=ExportForm(consumer.form),
    )
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _channel(request: HttpRequest, channel: Channel) -> dict[str, Any]:
    return {
        "channel": channel,
        "consumers": _exports(request, channel).exports.consumers(),
        **schedule_of(channel, ScheduledOperation.DELIVER_ORDERS),
        "most": LARGEST_BATCH,
    }


def _set_target(request: HttpRequest, channel: Channel, name: str, form: TargetForm) -> None:
    set_target(
        name,
        form.target(),
        _exports(request, channel),
        wiring.orders.targets_of(channel),
        channel_name=channel.name,
        keeps_secret=form.keeps_secret,
    )


def _standing(request: HttpRequest, consumer: Consumer) -> ConsumerStanding | None:
    rows = _exports(request, consumer.channel).exports.consumers()
    return next((row for row in rows if row.id == consumer.pk), None)


def _exports(request: HttpRequest, channel: Channel) -> ExportPorts:
    return wiring.orders.export_ports(channel, requested_by=request.user.get_username())


def _consumer(consumer_id: int) -> Consumer:
    rows = Consumer.objects.select_related("channel").filter(channel__archived_at__isnull=True)
    return get_object_or_404(rows, pk=consumer_id)
