"""
Pages of a table that continue from the last key, never from an offset: the 900,000th row costs what the first does.

Rows come newest first, by id, or by a column that the table names in `sorted_by`: `?sort=price`, `?sort=-price`. Rows
with one value follow each other by id, and those without any come last in both directions, on every database.
`?after=KEY` shows what comes behind a row, `?before=KEY` what comes in front of it; a key is the row's id and its value
in that column, as `4711.tee-12`. A key or a sort that can't be is no key and no sort.

Rows are counted first, up to a bound: so few can be sorted by anything. Of more, each query is for rows of one value or
behind one value, of one channel where a table is `sorted_within` it, so that an index has them in order; those of all
channels are one statement. The rows of the page are read by their keys.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.paginator import Paginator
from django.db.models import Field, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList  # type: ignore[import-untyped] # the package has no types

from tradepost.database.search import first_walked, is_few, is_walked
from tradepost.database.several import counted_keys, counts_of, few_keys, few_rows, first_keys
from tradepost.domain.counts import COUNT_UP_TO
from tradepost.web.shell.channels import every_channel
from tradepost.web.tables.row_numbers import MOST_DIGITS, row_number

AFTER = "after"
BEFORE = "before"
SORT = "sort"


class KeysetPaginator(Paginator):  # type: ignore[type-arg]
    """Only tells the template which navigation to draw; the change list below picks the rows."""

    template_name = "back_office/shell/pagination.html"


@dataclass(frozen=True, slots=True)
class RowKey:
    """Where a row stands: its id, and its value in the column that is sorted by; None where there is none."""

    pk: int
    value: Any = None


@dataclass(frozen=True, slots=True)
class RowOrder:
    """By which column rows come, None for their id alone; `name`: what the table calls it."""

    name: str = ""
    field: "Field[Any, Any] | None" = None
    is_descending: bool = True

    @property
    def parameter(self) -> str:
        return f"-{self.name}" if self.name and self.is_descending else self.name

    def key_of(self, row: Any) -> RowKey:
        return RowKey(row.pk, getattr(row, self.field.attname) if self.field else None)

    def write(self, key: RowKey) -> str:
        if key.value is None:
            return str(key.pk)
        value = key.value.astimezone(UTC).isoformat() if isinstance(key.value, datetime) else str(key.value)
        return f"{key.pk}.{value}"

    def read(self, text: str) -> RowKey | None:
        """Read a key that an address gives; None where it is none of this order."""
        digits, has_value, value = text.partition(".")
        pk = row_number(digits)
        if pk is None:
            return None
        if self.field is None or not has_value:
            return RowKey(pk) if self.field is None or self.field.null else None
        try:
            typed = self.field.to_python(value)
            if isinstance(typed, Decimal | int) and (
                Decimal(typed).adjusted() >= MOST_DIGITS or abs(self.field.get_prep_value(typed)) >= 10**MOST_DIGITS
            ):
                return None
            if isinstance(typed, datetime):
                typed = typed.astimezone(UTC)
        except Exception:  # noqa: BLE001 - whatever a field says of what somebody typed into an address
            return None
        return RowKey(pk, typed)

    def stretches(self, key: RowKey | None, *, backwards: bool) -> Iterator[tuple[Q, Sequence[str]]]:
        """
        Give conditions, each with its order, whose rows follow each other as this order wants it, from a key on.

        Each is a row of equal values or a range, for which one index is enough.
        """
        is_descending = self.is_descending is not backwards
        sign, beyond = ("-", "lt") if is_descending else ("", "gt")
        of_id = Q(**{f"pk__{beyond}": key.pk}) if key is not None else Q()
        if self.field is None:
            yield of_id, [f"{sign}pk"]
            return
        name = self.field.attname
        order = [f"{sign}{name}", f"{sign}pk"]
        known, unknown = Q(**{f"{name}__isnull": False}), Q(**{f"{name}__isnull": True})
        if key is not None and key.value is not None:
            yield Q(**{name: key.value}) & of_id, order
            yield Q(**{f"{name}__{beyond}": key.value}), order
            if self.field.null and not backwards:
                yield unknown, order
        elif key is not None:
            yield unknown & of_id, order
            if backwards:
                yield known, order
        else:
            yield (known if self.field.null else Q()), order
            if self.field.null:
                yield unknown, order


NEWEST_FIRST = RowOrder()
OLDEST_FIRST = RowOrder(is_descending=False)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: where it leads, and how rows are sorted by it now, in ARIA's words."""

    text: str
    link: str = ""
    sorted: str = ""


class KeysetChangeList(ChangeList):  # type: ignore[misc] # see above
    """
    A change list whose pages are found by key.

    Its table may have `sorted_by`: of columns of the list, the column of the model that rows are sorted by; and
    `sorted_within`: the channel, where its indexes begin with that.
    """

    older: str | None = None
    newer: str | None = None
    is_counted = True
    row_order = NEWEST_FIRST
    next_steps: Sequence[tuple[str, str]] = ()

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:  # noqa: ARG002 Django's form
        return ["-pk"]

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        return {key: value for key, value in found.items() if key not in {AFTER, BEFORE, SORT}}

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
        self.row_order = order = self._order_asked(request)
        self._parts = self._parts_of(request)
        after, before = (order.read(request.GET.get(name, "")) for name in (AFTER, BEFORE))
        size = self.list_per_page
        if before is not None:
            # Walk backwards from the row, and turn what was found round again.
            page = self._page(order, before, size + 1, backwards=True)
            has_newer, has_older = len(page) > size, True
            page = page[:size][::-1]
        else:
            page = self._page(order, after, size + 1)
            has_newer, has_older = after is not None, len(page) > size
            page = page[:size]
        self.result_list = page
        self.full_result_count = self.result_count
        self.show_full_result_count = False
        empty = getattr(self.model_admin, "empty", None)
        self.next_steps = empty.links(request) if empty is not None else []
        self.show_admin_actions = bool(page)
        self.can_show_all = False
        self.multi_page = has_newer or has_older
        self.paginator = KeysetPaginator(page, size)
        self.page_num = 1
        drop = [AFTER, BEFORE, PAGE_VAR]
        if page and has_older:
            self.older = self.get_query_string({AFTER: order.write(order.key_of(page[-1]))}, drop)
        if page and has_newer:
            self.newer = self.get_query_string({BEFORE: order.write(order.key_of(page[0]))}, drop)

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        # A new filter, search or order starts at the first row again.
        params = dict(new_params or {})
        removed = list(remove or [])
        removed += [key for key in (AFTER, BEFORE) if key not in params]
        return str(super().get_query_string(params, removed))

    @cached_property
    def headings(self) -> list[Heading]:
        """Of each column of the list its heading, in their order."""
        return [self._heading(name) for name in self.list_display]

    def index_condition(self) -> Any:
        """What all rows fulfil anyhow, in the words of the index that was made for what the list is filtered by."""
        return None

    def rows_of_keys(self, keys: Sequence[int]) -> QuerySet[Any]:
        """Read the rows of a page, with what the list shows of them."""
        rows: QuerySet[Any] = self.apply_select_related(self.root_queryset).filter(pk__in=keys)
        return rows

    # --- sorting ---

    @property
    def _sorted_by(self) -> dict[str, str]:
        return dict(getattr(self.model_admin, "sorted_by", {}))

    def usual_order(self) -> RowOrder:
        """How rows come where no order is asked for; by id."""
        return NEWEST_FIRST

    def _order_asked(self, request: HttpRequest) -> RowOrder:
        asked = request.GET.get(SORT, "")
        name = asked.removeprefix("-")
        if name not in self._sorted_by:
            return self.usual_order()
        field = self.lookup_opts.get_field(self._sorted_by[name])
        return RowOrder(name, field, is_descending=asked.startswith("-"))

    def _heading(self, name: str) -> Heading:
        text = label_for_field(name, self.model, model_admin=self.model_admin)
        if name not in self._sorted_by:
            return Heading(str(text))
        current = self.row_order
        is_current = current.name == name
        # Sorted already, it is turned round.
        link = self.get_query_string({SORT: f"-{name}" if is_current and not current.is_descending else name})
        words = "descending" if current.is_descending else "ascending"
        return Heading(str(text), link, words if is_current else "none")

    # --- the page ---

    def _page(self, order: RowOrder, key: RowKey | None, most: int, *, backwards: bool = False) -> list[Any]:
        found = self._count(order, key, most, backwards=backwards)
        if found is None:
            found = self._find(order, key, most, backwards=backwards)
        by_key = {row.pk: row for row in self.rows_of_keys(found)}
        # What is gone since its key was read is left out.
        return [by_key[pk] for pk in found if pk in by_key]

    def _count(self, order: RowOrder, key: RowKey | None, most: int, *, backwards: bool) -> list[int] | None:
        """
        Count the rows, as far as to one more than are counted exactly; return the keys of the page if they were met.

        Few can be sorted by anything; of many, the next one is near in every order, but in none is the last of few.
        """
        keys: list[int] | None = None
        # What is searched for in all rows has found more than anybody should count.
        self.result_count = COUNT_UP_TO + 1
        if order.field is None and not is_walked(self.queryset):
            self.result_count, keys = counted_keys(
                self._parts,
                up_to=COUNT_UP_TO + 1,
                is_descending=order.is_descending is not backwards,
                beyond=None if key is None else key.pk,
                most=most,
            )
        elif not is_walked(self.queryset):
            (self.result_count,) = counts_of([self._parts], up_to=COUNT_UP_TO + 1)
        self.is_counted = self.result_count <= COUNT_UP_TO
        return keys if self.is_counted else None

    def _find(self, order: RowOrder, key: RowKey | None, most: int, *, backwards: bool) -> list[int]:
        if is_walked(self.queryset) and not order.name:
            return self._walk(order, key, most, backwards=backwards)
        found: list[int] = []
        for condition, names in order.stretches(key, backwards=backwards):
            wanted = most - len(found)
            if wanted <= 0:
                break
            found += self._keys(condition, names, wanted)
        return found

    def _walk(self, order: RowOrder, key: RowKey | None, most: int, *, backwards: bool) -> list[int]:
        """Read the first keys of what more rows have than are fetched, in the order of the index of words."""
        behind = Q()
        for condition, _ in order.stretches(key, backwards=backwards):
            behind |= condition
        beyond = None if key is None else key.value if order.field else key.pk
        is_descending = order.is_descending is not backwards
        return first_walked(self.queryset.filter(behind), beyond=beyond, is_descending=is_descending, most=most)

    def _keys(self, condition: Q, names: Sequence[str], most: int) -> list[int]:
        """Read the first keys of a stretch: of few rows by sorting them, of many by the index of each channel."""
        if self.is_counted and not condition:
            return few_keys(self._parts, up_to=COUNT_UP_TO, order=names, most=most)
        if self.is_counted:
            # All are found first: an index of the order would lead through those that do not fit.
            every = self.model._default_manager.all()  # noqa: SLF001 Django documents it
            parts = [few_rows(every, self._parts, up_to=COUNT_UP_TO).filter(condition)]
        else:
            parts = [part.filter(condition) for part in self._parts]
        return first_keys(parts, order=names, most=most)

    def _parts_of(self, request: HttpRequest) -> list[QuerySet[Any]]:
        """The rows by channel, where an index has those of a channel in order, and they are of several."""
        within = getattr(self.model_admin, "sorted_within", "")
        rows = self.queryset
        if (condition := self.index_condition()) is not None:
            rows = rows.filter(condition)
        # What was found by its ids needs no index, and is asked for once.
        if not within or self.model_admin.is_of_one_channel(request) or is_few(rows):
            return [rows]
        return [rows.filter(**{within: each.pk}) for each in every_channel(request)]
