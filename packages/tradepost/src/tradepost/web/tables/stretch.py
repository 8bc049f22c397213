"""Rows by id, for lists that are no table of Django's: what stands behind the row that an address names."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tradepost.web.tables.row_numbers import row_number

_Row = TypeVar("_Row", bound=Model)


def stretch(
    request: HttpRequest, rows: "QuerySet[_Row]", *, size: int, newest_first: bool = False, name: str = "after"
) -> tuple[list[_Row], str]:
    """Return so many rows, and the address of those that follow; blank where none do. `name`: of the parameter."""
    behind = row_number(request.GET.get(name, ""))
    if behind is not None:
        rows = rows.filter(**{f"pk__{'lt' if newest_first else 'gt'}": behind})
    found = list(rows.order_by("-pk" if newest_first else "pk")[: size + 1])
    if len(found) <= size:
        return found, ""
    found = found[:size]
    query = request.GET.copy()
    query[name] = str(found[-1].pk)
    return found, f"?{query.urlencode()}"
