"""What every page stands in: the parts of the back office, and the channel that is looked at."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from tradepost.database.models import Channel
from tradepost.web.rights import may, need
from tradepost.web.shell.sections import ON_A_PHONE, page_links, section_links
from tradepost.web.tables.row_numbers import row_number

CHANNEL = "channel__id__exact"
_CHOSEN = "channel"
_ALL = "all"
# As long as the request itself.
_CHANNELS: WeakKeyDictionary[HttpRequest, list[Channel]] = WeakKeyDictionary()


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates what the shell shows. Each value is looked up where a template asks for it."""
    return {
        "section_links": SimpleLazyObject(lambda: section_links(request)),
        "page_links": SimpleLazyObject(lambda: page_links(request)),
        "on_a_phone": ON_A_PHONE,
        "channel_choice": SimpleLazyObject(lambda: _choice(request)),
    }


def chosen_channel(request: HttpRequest) -> int | None:
    """Return the id of the channel that the person looks at; None: at all of them."""
    chosen = request.session.get(_CHOSEN)
    return chosen if isinstance(chosen, int) else None


def every_channel(request: HttpRequest) -> list[Channel]:
    """All channels by name. A page that only shows reads them once, however many of its parts ask."""
    found = _CHANNELS.get(request)
    if found is None:
        found = list(Channel.objects.order_by("name"))
        if request.method == "GET":
            _CHANNELS[request] = found
    return found


def channels_in_use(request: HttpRequest) -> list[Channel]:
    return [each for each in every_channel(request) if each.archived_at is None]


def channel_ids(request: HttpRequest) -> list[int]:
    """The channels that a list is of: the one that its address or the shell names, else all in use."""
    named = row_number(request.GET.get(CHANNEL, ""))
    if named is not None:
        return [named]
    chosen = chosen_channel(request)
    return [each.pk for each in channels_in_use(request)] if chosen is None else [chosen]


def choose_channel(request: HttpRequest) -> HttpResponse:
    """Posted, look at one channel from now on, or at all."""
    need(request, "overview show")
    named = request.POST.get(_CHOSEN, "")
    if named == _ALL:
        request.session.pop(_CHOSEN, None)
    elif (chosen := _known(named)) is not None:
        request.session[_CHOSEN] = chosen
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if is_ours else "admin:index")


def _known(named: str) -> int | None:
    number = row_number(named)
    if number is None:
        return None
    return Channel.objects.filter(pk=number, archived_at__isnull=True).values_list("pk", flat=True).first()


def _choice(request: HttpRequest) -> dict[str, Any] | None:
    if not may(request, "overview show"):
        return None
    channels = channels_in_use(request)
    chosen = chosen_channel(request)
    return {
        "channels": [{"id": each.pk, "name": each.name, **channel_state(each)} for each in channels],
        "chosen": next((each for each in channels if each.pk == chosen), None),
        "id": chosen,
    }


CHANNEL_COLOURS: Mapping[str, str] = {
    "being set up": "warning",
    "refused by the store": "danger",
    "restored, nothing is sent": "danger",
    "paused": "warning",
    "only looks": "warning",
    "live": "success",
}


def channel_state(channel: Channel) -> dict[str, str]:
    """Say of a channel what is true of it as a whole, in two words and a colour."""
    state = _state(channel)
    return {"state": state, "colour": CHANNEL_COLOURS[state]}


def _state(channel: Channel) -> str:
    if channel.setup_step:
        return "being set up"
    if channel.refusal:
        return "refused by the store"
    if channel.restored_why:
        return "restored, nothing is sent"
    if channel.is_paused:
        return "paused"
    return "only looks" if channel.is_look_only else "live"
