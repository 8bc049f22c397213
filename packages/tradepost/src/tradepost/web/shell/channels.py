"""The channels that there are, and the one that a person looks at."""

from weakref import WeakKeyDictionary

from django.http import HttpRequest

from tradepost.database.models import Channel
from tradepost.web.tables.row_numbers import row_number

CHANNEL = "channel__id__exact"
CHOSEN = "channel"
# As long as the request itself.
_CHANNELS: WeakKeyDictionary[HttpRequest, list[Channel]] = WeakKeyDictionary()


def chosen_channel(request: HttpRequest) -> int | None:
    """Return the id of the channel that the person looks at; None: at all of them."""
    chosen = request.session.get(CHOSEN)
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
