"""
Cells of a list without what Unfold repeats in each of them, which is most of a page: `{% load row_cells %}`.

A cell keeps the first of its classes, which names the field; how cells look is said once, in `back_office.css`.
"""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_SHORTER = (
    (re.compile(r'^<(t[dh]) class="([\w-]+)[^"]*"'), r'<\1 class="\2"'),
    (
        re.compile(r'(<input type="checkbox"[^>]*?) class="[^"]*(action-select|action-toggle)[^"]*"'),
        r'\1 class="tick \2"',
    ),
    (re.compile(r'(<a href="[^"]*") class="[^"]*" ?>'), r"\1>"),
    (re.compile(r"\s{2,}"), " "),
    (re.compile(r'(?<=data-label=")[a-z]'), lambda found: found[0].upper()),
)


@register.filter
def lean(cell: object) -> SafeString:
    """A cell that Unfold has rendered, with fewer classes."""
    text = str(cell)
    for pattern, shorter in _SHORTER:
        text = pattern.sub(shorter, text)
    return mark_safe(text)  # noqa: S308 - of Unfold's own rendering, from which something is taken away
