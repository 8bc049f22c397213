"""What templates write values and links with: `{% load back_office %}`."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tradepost.web import format as shown
from tradepost.web.catalogue.pictures import shown_picture
from tradepost.web.shell import spoken_commands

register = template.Library()


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """A moment, as far away as it is; exact in the reader's zone on hover."""
    return shown.moment(moment)


@register.simple_tag
def amount(value: Decimal | None, currency: str = "") -> SafeString:
    return shown.amount(value, currency)


@register.simple_tag
def whole(number: int | None) -> SafeString:
    return shown.whole(number)


@register.simple_tag
def opens_panel(address: str) -> SafeString:
    """Attributes of a link that opens a page beside the one that is there; without scripts it is a link."""
    return format_html('href="{0}" hx-get="{0}" hx-target="#panel" hx-push-url="false"', address)


@register.simple_tag
def picture(address: str) -> SafeString:
    """A product's small picture."""
    return shown_picture(address)


@register.simple_tag
@lru_cache(maxsize=500)
def pill(text: str, colour: str = "") -> SafeString:
    """A state in its colour. A list has few of them, many times each, and drawing one takes a template."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


@register.filter
def on_page(sentence: object) -> SafeString:
    """A sentence of the hub, its commands as links to the pages that do the same."""
    return spoken_commands.on_page(sentence)
