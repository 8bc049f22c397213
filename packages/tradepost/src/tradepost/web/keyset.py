"""
Pages of a table that continue from the last key, never from an offset: the 900,000th row costs what the first does.

Rows come newest first, by id. `?after=ID` shows what comes behind that row, `?before=ID` what comes in front of it.
The count is exact up to a bound, and never walks over a million rows.
"""

from typing import Any

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList  # type: ignore[import-untyped] # the package has no types

AFTER = "after"
BEFORE = "before"
COUNT_UP_TO = 10_000
MOST_DIGITS = 18  # what a database's integer holds for sure


class KeysetPaginator(Paginator):  # type: ignore[type-arg]
    """Only tells the template which navigation to draw; the change list below picks the rows."""

    template_name = "back_office/pagination.html"


class KeysetChangeList(ChangeList):  # type: ignore[misc] # see above
    """A change list whose pages are found by key."""

    older: str | None = None
    newer: str | None = None
    is_counted = True

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:  # noqa: ARG002 Django's form
        return ["-pk"]

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        return {key: value for key, value in found.items() if key not in {AFTER, BEFORE}}

    def get_filters(self, request: HttpRequest) -> Any:
        """
        Refuse every look-up that no filter of the list has taken, with 400.

        Django would pass it on to the database: a regular expression there can keep it busy for ever.
        """
        found = super().get_filters(request)
        if undeclared := sorted(found[2]):
            raise DisallowedModelAdminLookup(f"This list has no filter {undeclared[0]!r}.")
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        if any("\0" in value for name, values in request.GET.lists() if name != SEARCH_VAR for value in values):
            # PostgreSQL would refuse it, when the rows are fetched; what is searched for is looked at by its form.
            raise DisallowedModelAdminLookup("No value of a filter has a NUL in it.")
        try:
            rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        except IncorrectLookupParameters as error:
            # Django would lead back to the same list without any filter: more rows than were asked for.
            raise DisallowedModelAdminLookup(f"A filter has no such value: {error}") from error
        return rows

    def get_results(self, request: HttpRequest) -> None:
        rows = self.queryset
        after, before = _key(request, AFTER), _key(request, BEFORE)
        size = self.list_per_page
        if before is not None:
            # Walk backwards from the row, and turn what was found round again.
            page = list(rows.filter(pk__gt=before).order_by("pk")[: size + 1])
            has_newer, has_older = len(page) > size, True
            page = page[:size][::-1]
        else:
            page = list((rows if after is None else rows.filter(pk__lt=after))[: size + 1])
            has_newer, has_older = after is not None, len(page) > size
            page = page[:size]
        self.result_list = page
        # By key alone: what a table works out for each row it shows is worth nothing here.
        self.result_count = rows.order_by().values("pk")[: COUNT_UP_TO + 1].count()
        self.is_counted = self.result_count <= COUNT_UP_TO
        self.full_result_count = self.result_count
        self.show_full_result_count = False
        self.show_admin_actions = bool(page)
        self.can_show_all = False
        self.multi_page = has_newer or has_older
        self.paginator = KeysetPaginator(page, size)
        self.page_num = 1
        drop = [AFTER, BEFORE, PAGE_VAR]
        if page and has_older:
            self.older = self.get_query_string({AFTER: page[-1].pk}, drop)
        if page and has_newer:
            self.newer = self.get_query_string({BEFORE: page[0].pk}, drop)

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        # A new filter or search starts at the newest row again.
        params = dict(new_params or {})
        removed = list(remove or [])
        removed += [key for key in (AFTER, BEFORE) if key not in params]
        return str(super().get_query_string(params, removed))


def _key(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
