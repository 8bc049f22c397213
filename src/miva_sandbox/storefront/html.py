"""Building blocks of the pages. Everything is made of elements, so that no text can become markup."""

import re
from collections.abc import Sequence
from decimal import Decimal

from lxml import html
from lxml.etree import ParserError
from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - the builder's usual name

from miva_sandbox.state.numbers import UNITS, from_units

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; color: #222 }
nav a { margin-right: 1rem } h1 { font-size: 1.5rem }
ul.products { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, 14rem); gap: 1rem }
ul.products li { border: 1px solid #ddd; border-radius: 4px; padding: .75rem }
ul.products img { width: 100%; height: 10rem; object-fit: contain }
form.product label, form.checkout label { display: block; margin: .5rem 0 } form label span { display: inline-block;
min-width: 9rem } .out { color: #a00 } .low { color: #a60 } .message { padding: .5rem 1rem; background: #fee }
table { border-collapse: collapse } td, th { padding: .25rem .75rem; border-bottom: 1px solid #ddd; text-align: left }
img.picture { max-width: 24rem; max-height: 24rem }
"""

Child = HtmlElement | str


def clean(text: str) -> str:
    """Drop what a document can't hold, such as NUL; codes and names may have come from anywhere."""
    return _UNPRINTABLE.sub("", text)


def page(
    code: str, title: str, content: Sequence[Child], *, links: Sequence[HtmlElement], data: dict[str, str] | None = None
) -> bytes:
    """Write a whole document; `data` becomes further `data-` attributes of the body."""
    attributes = {f"data-{name}": clean(value) for name, value in {"page": code, **(data or {})}.items()}
    body = E.BODY(attributes, E.E.nav(*links), E.H1(clean(title)), *content)
    document = E.HTML({"lang": "en"}, E.HEAD(E.META(charset="utf-8"), E.TITLE(clean(title)), E.STYLE(_STYLE)), body)
    return html.tostring(document, doctype="<!DOCTYPE html>", encoding="utf-8")


def prose(markup: str) -> str:
    """Return the words of a description; its markup stays outside, as anybody may have written it."""
    try:
        return clean(html.fromstring(f"<div>{clean(markup)}</div>").text_content())
    except (ParserError, ValueError):
        return clean(markup)


def link(text: str, href: str) -> HtmlElement:
    return E.A(clean(text), href=href)


def money(units: int) -> str:
    return f"${from_units(units, decimals=UNITS).quantize(Decimal('0.01')):,}"


def field(label: str, name: str, *, value: str = "", kind: str = "text") -> HtmlElement:
    return E.LABEL(E.SPAN(clean(label)), E.INPUT(name=name, value=clean(value), type=kind))


def hidden(name: str, value: str) -> HtmlElement:
    return E.INPUT(name=clean(name), value=clean(value), type="hidden")
