"""What a channel makes of listings and orders, changed on pages: shown first, then kept."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tradepost import wiring
from tradepost.database.models import Channel, Listing
from tradepost.domain.errors import Reconfigure
from tradepost.domain.listings.codes import code_key
from tradepost.domain.value_words import value_words
from tradepost.operations.channels.channels import change_what_is_shown, preview_what_is_shown
from tradepost.operations.ports import WantedDifferences
from tradepost.web.channels.forms import ChannelForm
from tradepost.web.channels.settings_forms import (
    CarriersForm,
    ListingsForm,
    MappingForm,
    OrdersForm,
    PaceForm,
    RenameForm,
)
from tradepost.web.format import spoken
from tradepost.web.rights import need
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages

PARTS: Mapping[str, tuple[str, type[ChannelForm]]] = {
    "name": ("Name", RenameForm),
    "listings": ("Listings", ListingsForm),
    "mapping": ("Mapping", MappingForm),
    "orders": ("Orders", OrdersForm),
    "carriers": ("Carriers", CarriersForm),
    "pace": ("Pace", PaceForm),
}
_ON_THE_STORE = ("listings", "mapping")
# Of more listings it takes longer than somebody waits for a page: their next run does it.
COMPUTED_AT_ONCE = 5_000
_WIDEST = 300
# Of what is not on the store nothing is sent, however its price has changed.
SENT_LATER = "The next sync sends it for those that are on the store."


def settings_part(request: HttpRequest, channel_id: int, part: str) -> HttpResponse:
    """Show a part of a channel's settings; posted, show what it would change, or keep it."""
    need(request, "channel set")
    if part not in PARTS:
        raise Http404
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)
    ports = wiring.channels.channel_ports(requested_by=request.user.get_username())
    title, form_type = PARTS[part]
    form = form_type(request.POST or None, profile=ports.channels.read(channel.pk))
    more: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        # What no listing shows is said at once, however many there are.
        is_few = part not in _ON_THE_STORE or has_few_listings(channel)
        try:
            if request.POST.get("do") == "preview":
                change, differences = preview_what_is_shown(channel.pk, form.edit(), ports) if is_few else (None, None)
                more = {
                    "is_previewed": True,
                    "changed": [] if change is None else [each.name.replace("_", " ") for each in change.fields],
                    "differences": None if differences is None else difference_lines(differences),
                    "examples": () if differences is None else differences.examples,
                    "sent_later": SENT_LATER,
                }
            else:
                change, _ = change_what_is_shown(channel.pk, form.edit(), ports, is_computed_now=is_few)
                _tell(request, channel, part, is_changed=bool(change.fields), is_few=is_few)
                return redirect("admin:tradepost_channel_change", channel.pk)
        except Reconfigure as refusal:
            form.add_error(None, in_words_of_pages(str(refusal)))
    if isinstance(form, MappingForm) and form.is_bound and form.is_valid():
        more["tried"], more["is_unknown"] = _tried(channel, form)
    return page(
        request,
        "back_office/channels/channel_settings.html",
        title=f"{channel.name}: {title.lower()}",
        channel=channel,
        form=form,
        part=part,
        sources=form.sources if isinstance(form, MappingForm) else (),
        **more,
    )


def has_few_listings(channel: Channel) -> bool:
    """Whether what they all should show can be computed while somebody waits."""
    return Listing.objects.filter(channel=channel).order_by()[: COMPUTED_AT_ONCE + 1].count() <= COMPUTED_AT_ONCE


def _tell(request: HttpRequest, channel: Channel, part: str, *, is_changed: bool, is_few: bool) -> None:
    if not is_changed:
        messages.info(request, f"{channel.name} is like that already; nothing was changed.")
        return
    if part not in _ON_THE_STORE:
        messages.success(request, "Kept.")
        return
    later = "" if is_few else " What its many listings should show is computed by its next run."
    messages.success(request, f"Kept.{later} What is on the store follows with the next runs.")


def _tried(channel: Channel, form: MappingForm) -> tuple[list[tuple[str, str, str, bool]], bool]:
    """What the typed mapping makes of a listing: field, value, of what it is made, and whether by the mapping."""
    sku = form.cleaned_data["sku"].strip()
    if not sku:
        return [], False
    found = Listing.objects.filter(Q(sku=sku) | Q(code_key=code_key(sku)), channel=channel).order_by("pk")
    ids = list(found.values_list("pk", flat=True)[:1])
    made = wiring.listings.mapped_values_of(channel, ids, changes=form.changes()) if ids else []
    return [
        (spoken(each.field), value_words(each.field, each.value, width=_WIDEST), each.made_of, each.is_mapped)
        for each in made
    ], not ids


def difference_lines(found: WantedDifferences) -> list[str]:
    """Say what listings would show otherwise."""
    counted = (
        (found.raised, "higher price", "higher prices"),
        (found.lowered, "lower price", "lower prices"),
        (found.more, "larger quantity", "larger quantities"),
        (found.fewer, "smaller quantity", "smaller quantities"),
        (found.held, "price held back from now on", "prices held back from now on"),
        (found.freed, "price let through", "prices let through"),
        (found.left_out, "listing left out from now on", "listings left out from now on"),
        (found.back, "listing let in again", "listings let in again"),
    )
    return [f"{number:,} {one if number == 1 else many}" for number, one, many in counted if number]
