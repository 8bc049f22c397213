"""
What is known of somebody who ordered: looked up by an address, which stands in no URL, given as a file, and forgotten.
"""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from tradepost import wiring
from tradepost.domain.errors import NotAllowed
from tradepost.operations.orders.personal_data import (
    Erasure,
    PersonalDataPorts,
    erase_data_of,
    export_of,
    orders_to_erase,
)
from tradepost.web.channels.forms import text_field
from tradepost.web.format import spoken
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page

_EXPORT, _ERASE = "personal-data export", "personal-data erase"
_ACTS = {"find": "personal-data export", "download": "personal-data export", "erase": "personal-data erase"}
_NAMED_ORDERS = 20
_SHOWN_ORDERS = 100


class AddressForm(forms.Form):
    """Whose data is asked for."""

    email = text_field("E-mail address", "As in their orders; capitals don't matter.", is_needed=True)


@never_cache
def personal_data(request: HttpRequest) -> HttpResponse:
    """Ask for an address; posted, show what is known, give it as a file, or forget it."""
    need(request, _EXPORT)
    asked = request.POST.get("do", "find")
    form = AddressForm(request.POST or None)
    more: dict[str, Any] = {}
    if request.method == "POST":
        need(request, _ACTS.get(asked, ""))
        if form.is_valid():
            try:
                answer = _answer(request, asked, form.cleaned_data["email"])
            except NotAllowed as refusal:
                form.add_error("email", str(refusal))
            else:
                if isinstance(answer, HttpResponse):
                    return answer
                more = answer
    return page(
        request,
        "back_office/people/personal_data.html",
        title="Personal data",
        form=form,
        may_erase=may(request, _ERASE),
        **more,
    )


def _answer(request: HttpRequest, asked: str, email: str) -> HttpResponse | dict[str, Any]:
    """Do what is asked: an answer of its own, or what the page shows. Raises NotAllowed."""
    ports = wiring.people.personal_data_ports(requested_by=request.user.get_username())
    if asked == "download":
        return _file(export_of(email, ports))
    if asked == "erase":
        # As lower-case as the look-up itself.
        if request.POST.get("again", "").strip().casefold() == email.casefold():
            messages.success(request, _erased_words(erase_data_of(email, ports)))
            return redirect("admin:personal_data")
        return {**_found(email, ports), "refusal": "Type the same address again; nothing was erased."}
    return _found(email, ports)


def _file(told: dict[str, Any]) -> HttpResponse:
    text = json.dumps(told, ensure_ascii=False, indent=2)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="personal-data.json"'
    return answer


def _found(email: str, ports: PersonalDataPorts) -> dict[str, Any]:
    told = export_of(email, ports)
    known = orders_to_erase(email, ports)
    return {
        "is_found": True,
        "email": told["email"],
        "orders": [_order(order) for order in told["orders"][:_SHOWN_ORDERS]],
        "more_orders": max(0, len(told["orders"]) - _SHOWN_ORDERS),
        "parked": told["parked"],
        "closed": sum(not order.is_open for order in known),
        "still_open": [order for order in known if order.is_open],
    }


def _order(order: dict[str, Any]) -> dict[str, Any]:
    addresses = [_address(order[side]) for side in ("ship_to", "bill_to")]
    return {
        "number": order["order"],
        "channel": order["channel"],
        "state": spoken(order["state"]),
        "placed_at": order["placed_at"],
        "lines": [f"{line['quantity']} x {line['name'] or line['sku']}" for line in order["lines"]],
        "addresses": list(dict.fromkeys(filter(None, addresses))),
    }


def _address(parts: dict[str, str]) -> str:
    return ", ".join(filter(None, (f"{part}".strip() for part in parts.values())))


def _erased_words(erasure: Erasure) -> str:
    number = len(erasure.erased)
    words = [f"{number} {'order is' if number == 1 else 'orders are'} anonymised."]
    if erasure.parked:
        words.append(f"{erasure.parked} records of parked orders are forgotten.")
    if erasure.still_open:
        shown = ", ".join(f"{each.number} of {each.channel}" for each in erasure.still_open[:_NAMED_ORDERS])
        words.append(f"Still open and left, to be erased once they are closed or cancelled: {shown}.")
    return " ".join(words)
