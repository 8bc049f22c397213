"""What all tables of the back office have in common: they show, and never edit a row."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from django.contrib.admin import ShowFacets, display
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin  # type: ignore[import-untyped] # the package has no types

from tradepost.web.format import moment
from tradepost.web.rights import may
from tradepost.web.shell.channels import chosen_channel
from tradepost.web.tables.empty_list import EmptyList
from tradepost.web.tables.keyset import KeysetChangeList, KeysetPaginator

ROWS_PER_PAGE = 50
OwnPages: TypeAlias = Mapping[str, tuple[str, Callable[..., HttpResponseBase]]]


def _with_moment(model: type[Model], name: Any) -> Any:
    """The name of a column; of one that is a moment, who writes it."""
    field = next((each for each in model._meta.fields if each.name == name), None)  # noqa: SLF001 Django documents it
    if not isinstance(field, DateTimeField):
        return name

    def written(row: Model) -> SafeString:
        return moment(getattr(row, field.name))

    written.__name__ = field.name
    return display(description=field.verbose_name)(written)


class ReadOnlyMixin:
    """
    Nothing is written by a form: every change goes through one call to an operation.

    `act`: what somebody must be allowed to, to see it; see `domain.people.roles`.
    """

    act = ""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 Django's form
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 Django's form
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 Django's form
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 Django's form
        return may(request, self.act)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, self.act)


class ReadOnlyTable(ReadOnlyMixin, ModelAdmin):  # type: ignore[misc]
    """
    A table with pages by key and a read-only page per row.

    `channel_path`: the look-up of a row's channel, so that the list shows those of the channel that is looked at.
    `empty`: what the list says while it has no row. Moments are shown as everywhere: as far away as they are.
    """

    channel_path = ""
    empty = EmptyList("There is nothing here yet.")
    list_per_page = ROWS_PER_PAGE
    list_filter_submit = True  # without a button the drop-downs belong to no form, and do nothing
    list_filter_sheet = True
    list_fullwidth = True
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would be counted by walking over all rows
    paginator = KeysetPaginator
    sortable_by = ()
    actions: tuple[str, ...] | None = None
    view_on_site = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:  # noqa: ARG002 Django's form
        return KeysetChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = str(self.opts.verbose_name_plural).capitalize()
        shown: HttpResponse = super().changelist_view(request, {"title": title, **(extra_context or {})})
        return shown

    def own_pages(self) -> OwnPages:
        """Pages of the table besides list and row, by the name of the address: the route, and who answers."""
        return {}

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [path(route, wrap(view), name=name) for name, (route, view) in self.own_pages().items()]
        return [*own, *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        shown = super().get_list_display(request)
        # What the list is sorted by is found by its name, and has a template of its own.
        return [name if name in getattr(self, "sorted_by", ()) else _with_moment(self.model, name) for name in shown]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [
            (title, {**options, "fields": [_with_moment(self.model, name) for name in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """Answer for a row; a table without a page of its own has Django's form of it, to read."""
        shown: HttpResponse = super().change_view(request, key)
        return shown

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 Django's form
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 Django's form
    ) -> HttpResponse:
        return self.row_page(request, object_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and (match.url_name or "").endswith("_changelist")
        chosen = chosen_channel(request) if self.channel_path and is_list else None
        # Who follows a link to the rows of a channel means that one, whichever is looked at.
        return (
            rows if chosen is None or self._has_channel_asked(request) else rows.filter(**{self.channel_path: chosen})
        )

    def is_of_one_channel(self, request: HttpRequest) -> bool:
        """Whether a list shows the rows of one channel only."""
        return self._has_channel_asked(request) or chosen_channel(request) is not None

    def _has_channel_asked(self, request: HttpRequest) -> bool:
        return f"{self.channel_path}__id__exact" in request.GET

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer, and do, what the person may; see `rights.asks`. Django's own actions have no act, and nobody's."""
        offered: dict[str, Any] = super().get_actions(request)
        return {name: entry for name, entry in offered.items() if may(request, getattr(entry[0], "act", ""))}

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:  # noqa: ARG002
        # Django's own log of edits by form is always empty here: what changed is in the runs.
        raise PermissionDenied
