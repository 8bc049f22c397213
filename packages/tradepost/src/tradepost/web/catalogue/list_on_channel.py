"""
Listing products on a channel by hand: those that are ticked, or all that fit the filter of the list.

A preview says what would be made, and what not and why; the next publish creates what is made then on the store.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from tradepost import wiring
from tradepost.database.models import Channel, ProductRecord
from tradepost.domain.errors import NotAllowed
from tradepost.engine.schedules import next_run
from tradepost.operations.listings.building import Built, build
from tradepost.web.format import moment
from tradepost.web.rights import need
from tradepost.web.shell.channels import channels_in_use, chosen_channel
from tradepost.web.shell.page import is_in_panel, page
from tradepost.web.tables.row_numbers import row_number, row_numbers

# What an address of this page has besides the filter of the list.
ASKED_NAMES = frozenset({"id", "all", "on", "wait"})
MOST = 5_000
_LIST = "admin:tradepost_productrecord_changelist"


@dataclass(frozen=True, slots=True)
class ChosenProducts:
    """`handles` of what is meant, up to one more than can be listed at once."""

    handles: list[str]

    @property
    def is_too_many(self) -> bool:
        return len(self.handles) > MOST


def list_on_channel(request: HttpRequest, fitting: QuerySet[ProductRecord]) -> HttpResponse:
    """Show what would be listed; posted, list it. `fitting`: what fits the filter of the address."""
    need(request, "listings build")
    channels = [each for each in channels_in_use(request) if not each.setup_step]
    channel = _channel(request, channels)
    queues = request.GET.get("wait") != "1"
    chosen, why_not = ChosenProducts([]), ""
    seen: Built | None = None
    try:
        chosen = _choose(request.GET, fitting)
        if channel is not None:
            ports = wiring.listings.build_ports(channel, requested_by=request.user.get_username())
            seen = build(ports, handles=chosen.handles, queue=queues, is_dry=True)
            if request.method == "POST" and request.POST.get("seen") == str(seen.listings):
                done = build(ports, handles=chosen.handles, queue=queues)
                _tell(request, channel, done, queues=queues)
                return redirect(f"{reverse('admin:tradepost_listing_changelist')}?channel__id__exact={channel.pk}")
            if request.method == "POST":
                why_not = "What would be made has changed since: look at it once more. Nothing was done."
    except NotAllowed as refusal:
        why_not = str(refusal)
    return page(
        request,
        "back_office/catalogue/list_on_channel.html",
        title=_title(chosen, channel),
        channels=channels,
        channel=channel,
        queues=queues,
        products=len(chosen.handles),
        seen=seen,
        why_not=why_not,
        kept=list(_kept(request.GET)),
        address=request.get_full_path(),
        back=_back(request.GET),
        in_panel=is_in_panel(request),
        is_left_out_more=seen is not None and seen.left_out > len(seen.handles),
    )


def _channel(request: HttpRequest, channels: list[Channel]) -> Channel | None:
    """The channel that is named, or looked at, or the only one."""
    named = row_number(request.GET.get("on", "")) or chosen_channel(request)
    if named is None and len(channels) == 1:
        return channels[0]
    return next((each for each in channels if each.pk == named), None)


def _choose(parameters: QueryDict, fitting: QuerySet[ProductRecord]) -> ChosenProducts:
    if parameters.get("all") == "1":
        rows = fitting
    else:
        rows = ProductRecord.objects.filter(pk__in=row_numbers(parameters.getlist("id")))
    chosen = ChosenProducts(list(rows.order_by("pk").values_list("handle", flat=True)[: MOST + 1]))
    if not chosen.handles:
        raise NotAllowed("Nothing is ticked, or it is there no more: tick products in the list.")
    if chosen.is_too_many:
        raise NotAllowed(
            f"More than {MOST:,} products fit; narrow the list by a search or a filter, and list them part by part."
        )
    return chosen


def _title(chosen: ChosenProducts, channel: Channel | None) -> str:
    number = len(chosen.handles)
    products = "products" if not number or chosen.is_too_many else f"{number:,} product{'' if number == 1 else 's'}"
    return f"List {products} on {channel.name if channel is not None else 'a channel'}"


def _kept(parameters: QueryDict) -> Any:
    """What the form that chooses a channel keeps of the address."""
    for name, values in parameters.lists():
        if name not in {"on", "wait"}:
            for value in values:
                yield name, str(value)


def _back(parameters: QueryDict) -> str:
    narrowed = parameters.copy()
    for name in ASKED_NAMES:
        narrowed.pop(name, None)
    return f"{reverse(_LIST)}?{narrowed.urlencode()}" if narrowed else reverse(_LIST)


def _tell(request: HttpRequest, channel: Channel, done: Built, *, queues: bool) -> None:
    listings = f"{done.listings:,} listing{'' if done.listings == 1 else 's'}"
    told = format_html("{} of {} {} made.", listings, channel.name, "was" if done.listings == 1 else "were")
    if queues and done.listings:
        following = next_run(channel, "publish")
        told += (
            format_html(" The next publish creates them on the store, due {}.", moment(following.at))
            if following.at is not None
            else format_html(" A publish creates them on the store, and {}.", following.why_not)
        )
    messages.success(request, told)
