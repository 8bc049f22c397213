"""
Rows of a list as cells: `{% load row_cells %}`.

Unfold draws the head of a list once more for each row, and a template for most cells: with fifty rows that takes longer
than everything else of a page.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.admin.utils import lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import BooleanField, ManyToOneRel, Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.utils import display_for_field, display_for_value  # type: ignore[import-untyped] # the package has no types

from tradepost.web.tables.keyset import KeysetChangeList
from tradepost.web.templatetags.back_office import pill

register = template.Library()

_TICK = "action_checkbox"


@register.filter
def rows_of_cells(changes: KeysetChangeList) -> Iterator[Sequence[SafeString]]:
    """The rows of a page. A cell's class is the name of its column; it has its heading for where there is no head."""
    columns = list(zip(changes.list_display, (capfirst(heading.text) for heading in changes.headings), strict=True))
    links = set(changes.list_display_links or ())
    for row in changes.result_list:
        yield [*_cells(changes, row, columns, links)]


def _cells(
    changes: KeysetChangeList, row: Model, columns: Sequence[tuple[str, str]], links: set[str]
) -> Iterator[SafeString]:
    tag = "th"
    for name, heading in columns:
        if name == _TICK:
            yield format_html(
                '<td class="action-checkbox" data-label="Select record"><input type="checkbox" name="_selected_action"'
                ' value="{}" class="tick action-select" aria-label="Select record"></td>',
                row.pk,
            )
            continue
        shown = _shown(changes.model_admin, row, name)
        if name not in links:
            yield format_html('<td class="field-{}" data-label="{}">{}</td>', name, heading, shown)
            continue
        address = changes.url_for_result(row)
        if changes.preserved_filters:
            address = f"{address}?{changes.preserved_filters}"
        yield format_html(
            '<{0} class="field-{1}" data-label="{2}"><a href="{3}">{4}</a></{0}>', tag, name, heading, address, shown
        )
        tag = "td"


def _shown(table: Any, row: Model, name: str) -> Any:
    empty = table.get_empty_value_display()
    try:
        field, column, value = lookup_field(name, row, table)
    except ObjectDoesNotExist:
        return empty
    if field is None or field.auto_created:
        return _of_column(column, value, getattr(column, "empty_value_display", empty))
    if isinstance(field, BooleanField):
        return _sign(value)
    if isinstance(field.remote_field, ManyToOneRel):
        related = getattr(row, field.name)
        return empty if related is None else related
    return display_for_field(value, field, empty)


def _of_column(column: Any, value: Any, empty: str) -> Any:
    """A value as `columns.column` says."""
    if (colours := getattr(column, "label", None)) is not None:
        return pill(value, colours.get(value, "")) if value else empty
    if getattr(column, "header", False):
        first, *others = value
        below = (
            format_html('<span class="block font-normal text-base-500">{}</span>', others[0])
            if others and others[0]
            else ""
        )
        return format_html('<span class="flex flex-col"><span>{}</span>{}</span>', first, below)
    if getattr(column, "boolean", False):
        return _sign(value)
    return display_for_value(value, empty)


@lru_cache(maxsize=3)
def _sign(value: bool | None) -> SafeString:
    return SafeString(display_for_value(value, "", boolean=True))
