"""
Building blocks of the pages. Everything is made of elements, so that no text can become markup; what is meant to be
markup, a product's description, is put in last.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib import resources

from lxml import html
from lxml.etree import Comment
from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - the builder's usual name

from miva_sandbox.state.numbers import UNITS, from_units

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Inside the page, so that a page is one answer and nothing is fetched besides its images.
_STYLE = (resources.files("miva_sandbox.storefront") / "style.css").read_text(encoding="utf-8")

_PROSE = "prose"

Child = HtmlElement | str


def clean(text: str) -> str:
    """Drop what a document can't hold, such as NUL; codes and names may have come from anywhere."""
    return _UNPRINTABLE.sub("", text)


def page(
    code: str,
    title: str,
    content: Sequence[Child],
    *,
    name: HtmlElement,
    links: Sequence[HtmlElement],
    data: Mapping[str, str] | None = None,
) -> bytes:
    """Write a whole document; `data` becomes further `data-` attributes of the body."""
    attributes = {f"data-{key}": clean(value) for key, value in {"page": code, **(data or {})}.items()}
    body = E.BODY(
        attributes,
        E.E.header(E.DIV(name, E.E.nav(*links))),
        E.E.main(*content),
        E.E.footer("A store in a box: orders here are tests, and nothing is charged or sent."),
    )
    head = E.HEAD(
        E.META(charset="utf-8"),
        E.META(name="viewport", content="width=device-width, initial-scale=1"),
        E.TITLE(clean(title)),
        E.STYLE(_STYLE),
    )
    return html.tostring(E.HTML({"lang": "en"}, head, body), doctype="<!DOCTYPE html>", encoding="utf-8")


def heading(text: str) -> HtmlElement:
    return E.H1(clean(text))


def message(text: str) -> list[HtmlElement]:
    return [E.P(E.CLASS("message"), clean(text))] if text else []


def prose(*, element_id: str) -> HtmlElement:
    """Return an element that keeps a place for markup of the merchant's own; see `with_prose`."""
    return E.DIV(Comment(_PROSE), id=element_id)


def with_prose(document: bytes, markup: str) -> bytes:
    """
    Put the merchant's markup in its place as it is, scripts and all: a store's pages trust whoever writes them.

    No text of the page can be taken for the place, as texts can't become comments.
    """
    return document.replace(f"<!--{_PROSE}-->".encode(), clean(markup).encode(), 1)


def link(text: str, href: str) -> HtmlElement:
    return E.A(clean(text), href=href)


def image(src: str, *, alt: str) -> HtmlElement:
    return E.IMG(src=src, alt=clean(alt))


def money(units: int) -> str:
    return f"${from_units(units, decimals=UNITS).quantize(Decimal('0.01')):,}"


def field(label: str, name: str, *, value: str = "", kind: str = "text") -> HtmlElement:
    return E.LABEL(E.SPAN(clean(label)), E.INPUT(name=name, value=clean(value), type=kind))


def hidden(name: str, value: str) -> HtmlElement:
    return E.INPUT(name=clean(name), value=clean(value), type="hidden")
