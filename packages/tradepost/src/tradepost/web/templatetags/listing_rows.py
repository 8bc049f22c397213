"""
Listings as rows of a table: `{% load listing_rows %}`.

Written here and not as a template, for the reason that `row_cells` gives: fifty rows of some forty tags each took half
of all that a page of listings takes.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tradepost.web.catalogue.pictures import shown_picture
from tradepost.web.format import moment
from tradepost.web.listings.rows import RowOfListing, WantedFigure
from tradepost.web.templatetags.back_office import pill

register = template.Library()

_BELOW = '<span class="soft below">{}</span>'
_EMPTY = SafeString("")


@register.simple_tag
def listing_row(
    row: RowOfListing,
    shown: Collection[str],
    *,
    is_variant: bool = False,
    may_ask: bool = False,
    many_channels: bool = False,
) -> SafeString:
    """A row with those of `rows.COLUMNS` that are `shown`; `is_variant`: it stands below its family, or on its page."""
    kind = " listing-variant" if is_variant else ""
    cells = _cells(row, shown, is_variant=is_variant, may_ask=may_ask, many_channels=many_channels)
    return format_html('<tr class="listing{}">{}</tr>', kind, SafeString("".join(cells)))


def _cells(
    row: RowOfListing, shown: Collection[str], *, is_variant: bool, may_ask: bool, many_channels: bool
) -> Iterator[SafeString]:
    if may_ask:
        yield format_html(
            '<td class="tick"><input type="checkbox" name="id" value="{}" form="bulk" aria-label="Choose {}"></td>',
            row.id,
            row.code,
        )
    if "picture" in shown:
        yield format_html('<td class="pictured">{}</td>', shown_picture(row.picture))
    yield _what(row, is_variant=is_variant, many_channels=many_channels)
    why = format_html(_BELOW, row.why) if row.why else _EMPTY
    yield format_html('<td class="status">{}{}</td>', pill(row.status, row.colour), why)
    if "price" in shown:
        least = SafeString('<span class="soft">from </span>') if row.is_parent else _EMPTY
        yield format_html('<td class="number price">{}{}</td>', least, _figure(row.price))
    if "stock" in shown:
        yield format_html('<td class="number stock">{}</td>', _figure(row.stock))
    if "next" in shown:
        yield format_html('<td class="next">{}</td>', _next(row))
    if "checked" in shown:
        yield format_html('<td class="checked soft">{}</td>', moment(row.checked_at))


def _what(row: RowOfListing, *, is_variant: bool, many_channels: bool) -> SafeString:
    name, chips = row.title, _EMPTY
    if is_variant and row.options:
        name = ", ".join(value for _, value in row.options)
    elif not is_variant:
        chip = '<span class="chip"><span class="sr-only">{}: </span>{}</span>'
        chips = format_html_join("", chip, row.options)
    return format_html(
        '<td class="what"><a class="strong" href="{}">{}</a>{}<span class="soft below">{}{}{}</span></td>',
        row.address,
        name,
        chips,
        row.sku or row.code,
        f" · {row.channel}" if many_channels else "",
        _family(row) if row.variants else "",
    )


def _family(row: RowOfListing) -> SafeString:
    """How many variants it has, as what opens them below it."""
    needy = ""
    if row.needy:
        needy = f", {row.needy} needs you" if row.needy == 1 else f", {row.needy} need you"
    return format_html(
        ' · <button type="button" class="text-link" hx-get="{1}" hx-target="#family-{0}" hx-trigger="click once"'
        " x-on:click=\"open[{0}] = !open[{0}]\" x-bind:aria-expanded=\"open[{0}] ? 'true' : 'false'\""
        ' aria-controls="family-{0}">{2} variant{3}</button>{4}',
        row.id,
        row.family_address,
        row.variants,
        "" if row.variants == 1 else "s",
        needy,
    )


def _figure(figure: WantedFigure) -> SafeString | str:
    if not figure.there:
        return figure.wanted
    there = '{} <span class="soft there">→ <span class="sr-only">on the store </span>{}</span>'
    return format_html(there, figure.wanted, figure.there)


def _next(row: RowOfListing) -> SafeString:
    if not row.deed or row.next_run is None:
        return _EMPTY
    at: datetime | None = row.next_run.at
    by_hand = '<span title="{}">by hand</span>'
    due = moment(at) if at is not None else format_html(by_hand, row.next_run.why_not)
    return format_html('{}<span class="soft below">{} {}</span>', row.deed, row.run_kind, due)
