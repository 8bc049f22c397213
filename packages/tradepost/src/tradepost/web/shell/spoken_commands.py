"""
Sentences that name a command, for who has no terminal: each becomes the link to the page that does the same.

The hub writes its sentences once, for commands, pages and logs. `{{ sentence|on_page }}` shows one on a page; the
command itself is what the link says on hover.
"""

import re
from collections.abc import Mapping

from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from tradepost.web.shell.page_words import in_words_of_pages

_QUOTE = "&#x27;"
_COMMAND = re.compile(rf"{_QUOTE}tradepost ((?:(?!{_QUOTE}).)+){_QUOTE}")
# By the noun of a command: what the place is called, and the list that it begins with.
_PLACES: Mapping[str, tuple[str, str]] = {
    "listings": ("Listings", "tradepost_listing_changelist"),
    "orders": ("Orders", "tradepost_order_changelist"),
    "shipments": ("Shipments", "tradepost_shipmentrecord_changelist"),
    "catalogue": ("Catalogue", "tradepost_productrecord_changelist"),
    "source": ("Sources", "tradepost_source_changelist"),
    "runs": ("Activity", "tradepost_run_changelist"),
    "plans": ("Plans", "tradepost_savedplan_changelist"),
    "channel": ("Settings", "tradepost_channel_changelist"),
    "personal-data": ("Personal data", "personal_data"),
    "notify": ("Notifications", "notifications"),
    "users": ("People", "tradepost_person_changelist"),
    "audit": ("Audit trail", "tradepost_auditentry_changelist"),
}
_CONSUMERS = ("Who takes orders", "consumers")
_SHIPMENT_SOURCES = ("Where shipments come from", "shipment_sources")
# Those of which a verb has a page of its own.
_PLACES_OF_VERBS: Mapping[str, tuple[str, str]] = {
    "orders consumers": _CONSUMERS,
    "orders deliver-to": _CONSUMERS,
    "orders remove-consumer": _CONSUMERS,
    "shipments sources": _SHIPMENT_SOURCES,
    "shipments fetch-from": _SHIPMENT_SOURCES,
    "orders reconcile": ("Nothing lost?", "tradepost_order_reconciliation"),
}
_SEARCHED = frozenset({"listings", "orders", "catalogue"})
_LOOKS = frozenset({"list", "show", "explain", "attention", "candidates"})


def on_page(sentence: object) -> SafeString:
    """Write a sentence for a page; what is neither command nor option in it stays, escaped."""
    text = str(sentence)
    told = text if isinstance(text, SafeString) else in_words_of_pages(text)
    return SafeString(_COMMAND.sub(_link, conditional_escape(told)))


def _link(found: re.Match[str]) -> str:
    noun, *rest = found[1].split()
    if noun not in _PLACES:
        return found[0]
    verb = rest[0] if rest else ""
    if found_place := _PLACES_OF_VERBS.get(f"{noun} {verb}"):
        place, name = found_place
        verb, rest = "", []
    else:
        place, name = _PLACES[noun]
    words = place if verb in _LOOKS or not verb else f"{place}: {verb.replace('-', ' ')}"
    # Parts of the sentence are escaped already, and are written as they are.
    title = SafeString(f"tradepost {found[1]}")
    return format_html('<a class="text-link" href="{}" title="{}">{}</a>', _address(noun, name, rest[1:]), title, words)


def _address(noun: str, name: str, arguments: list[str]) -> str:
    first = arguments[0] if arguments else ""
    if noun == "runs" and first.isdigit():
        return reverse("admin:tradepost_run_change", args=[int(first)])
    if noun == "plans" and first.isdigit():
        return reverse("admin:tradepost_savedplan_change", args=[int(first)])
    address = reverse(f"admin:{name}")
    is_named = noun in _SEARCHED and first and not first.startswith("-") and first.upper() not in {"SKU", "NUMBER"}
    return f"{address}?{urlencode({'q': first})}" if is_named and "&" not in first else address
