"""
Shipping from a file on a page: it is looked at, what would be recorded is shown with what is refused, and then it is.

Between both steps the file travels in the form, so that nothing of it is kept by the hub.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tradepost import wiring
from tradepost.database.models import Channel, RunKind
from tradepost.domain.errors import FileRefused, NotAllowed
from tradepost.domain.files.fetched_file import shown_name
from tradepost.operations.orders.shipment_imports import ShipmentImport, import_shipments, preview_shipments
from tradepost.operations.ports import Level, RowReport, ShipmentRow
from tradepost.web.orders.deeds import start_run
from tradepost.web.rights import need
from tradepost.web.shell.channels import channel_ids, channels_in_use
from tradepost.web.shell.page import page

# What is looked at while somebody waits for the page: each package takes some milliseconds. A command takes more.
LARGEST_BYTES = 1_000_000
MOST_ROWS = 500
SHOWN_ROWS = 200
_LONGEST_CODED = LARGEST_BYTES * 4 // 3 + 4


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as somebody has given it."""

    name: str
    content: bytes

    @property
    def coded(self) -> str:
        return base64.b64encode(self.content).decode("ascii")


def shipment_file(request: HttpRequest) -> HttpResponse:
    """Ask for a file; posted, say what would be recorded of it, or record it and tell the store."""
    need(request, "shipments import")
    channels = _channels(request)
    context: dict[str, Any] = {"channels": channels, "even_if_held": request.POST.get("even_if_held") == "yes"}
    if request.method == "POST":
        try:
            channel = _chosen(request, channels)
            context["chosen"] = channel.pk
            file = _given(request)
            if request.POST.get("do") == "record":
                return _record(request, channel, file)
            context |= _previewed(request, channel, file)
        except (FileRefused, NotAllowed) as refusal:
            context["refusal"] = str(refusal)
    return page(
        request,
        "back_office/orders/shipment_file.html",
        title="Ship from a file",
        most=MOST_ROWS,
        columns=wiring.orders.shipment_columns(),
        **context,
    )


def _channels(request: HttpRequest) -> list[Channel]:
    ids = channel_ids(request)
    return [channel for channel in channels_in_use(request) if channel.pk in ids]


def _chosen(request: HttpRequest, channels: list[Channel]) -> Channel:
    named = request.POST.get("channel", "")
    found = next((channel for channel in channels if str(channel.pk) == named), None)
    if found is None:
        raise NotAllowed("Say which channel the orders of the file are of.")
    return found


def _given(request: HttpRequest) -> GivenFile:
    """Take the file that is uploaded, or that a preview has sent back. Raises FileRefused."""
    upload = request.FILES.get("file")
    if upload is not None:
        name = shown_name(upload.name or "the file")
        if upload.size is None or upload.size > LARGEST_BYTES:
            raise FileRefused(f"{name} has more than {LARGEST_BYTES:,} bytes. Split it; or import it by command.")
        return GivenFile(name, upload.read())
    coded = request.POST.get("content", "")
    if not coded or len(coded) > _LONGEST_CODED:
        raise FileRefused("Choose a file first: a CSV with the columns order, tracking and carrier.")
    try:
        return GivenFile(shown_name(request.POST.get("name", "")), base64.b64decode(coded, validate=True))
    except (binascii.Error, ValueError):
        raise FileRefused("The file did not come back whole; choose it again.") from None


def _rows(file: GivenFile) -> Iterator[ShipmentRow | RowReport]:
    for number, row in enumerate(wiring.orders.shipment_reader().rows_of(file.name, file.content)):
        if number == MOST_ROWS:
            raise FileRefused(f"{file.name} has more than {MOST_ROWS:,} rows. Split it; or import it by command.")
        yield row


def _previewed(request: HttpRequest, channel: Channel, file: GivenFile) -> dict[str, Any]:
    done = preview_shipments(list(_rows(file)), _ports(request, channel), even_if_held=_even_if_held(request))
    return {
        "file": file,
        "done": done,
        "refused": [row for row in done.reports if row.level is Level.REFUSED][:SHOWN_ROWS],
        "notes": [row for row in done.reports if row.level is not Level.REFUSED][:SHOWN_ROWS],
        "packages": [
            (shipment, sum(part.quantity for part in shipment.lines)) for shipment in done.recorded[:SHOWN_ROWS]
        ],
        "more": max(len(done.recorded) - SHOWN_ROWS, 0),
        "channel": channel,
    }


def _record(request: HttpRequest, channel: Channel, file: GivenFile) -> HttpResponse:
    done = import_shipments(list(_rows(file)), _ports(request, channel), even_if_held=_even_if_held(request))
    messages.add_message(request, messages.WARNING if done.refused else messages.SUCCESS, _words(done))
    if done.recorded:
        start_run(request, channel, RunKind.SYNC_ORDERS, "tells the store")
    return redirect("admin:tradepost_shipmentrecord_changelist")


def _words(done: ShipmentImport) -> str:
    number = len(done.recorded)
    words = [f"Recorded {number:,} shipment{'' if number == 1 else 's'}"]
    words += [f"{done.known:,} recorded before"] if done.known else []
    words += [f"{done.refused:,} refused"] if done.refused else []
    return f"{', '.join(words)}."


def _ports(request: HttpRequest, channel: Channel) -> Any:
    return wiring.orders.order_ports(channel, requested_by=request.user.get_username())


def _even_if_held(request: HttpRequest) -> bool:
    return request.POST.get("even_if_held") == "yes"
