"""What every page stands in: the parts of the back office, and the channel that is looked at."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from tradepost.database.models import Channel
from tradepost.web.rights import may, need
from tradepost.web.shell.channels import CHOSEN, channels_in_use, chosen_channel
from tradepost.web.shell.sections import ON_A_PHONE, page_links, section_links
from tradepost.web.shell.standings import channel_facts, state_of
from tradepost.web.tables.row_numbers import row_number

_ALL = "all"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates what the shell shows. Each value is looked up where a template asks for it."""
    return {
        "section_links": SimpleLazyObject(lambda: section_links(request)),
        "page_links": SimpleLazyObject(lambda: page_links(request)),
        "on_a_phone": ON_A_PHONE,
        "channel_choice": SimpleLazyObject(lambda: _choice(request)),
    }


def choose_channel(request: HttpRequest) -> HttpResponse:
    """Posted, look at one channel from now on, or at all."""
    need(request, "overview show")
    named = request.POST.get(CHOSEN, "")
    if named == _ALL:
        request.session.pop(CHOSEN, None)
    elif (chosen := _known(named)) is not None:
        request.session[CHOSEN] = chosen
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
    chosen, facts = chosen_channel(request), channel_facts(request)
    return {
        "channels": [{"id": each.pk, "name": each.name, **state_of(facts.get(each.pk))} for each in channels],
        "chosen": next((each for each in channels if each.pk == chosen), None),
        "id": chosen,
    }
