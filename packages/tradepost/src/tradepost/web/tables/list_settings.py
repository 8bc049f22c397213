"""How a person likes a list: the columns that are shown, how close rows are, and views by name. Nobody else sees it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.http import HttpRequest, QueryDict

from tradepost.database.models import Person
from tradepost.domain.errors import NotAllowed

MOST_VIEWS = 30
_LONGEST_NAME = 60
_LONGEST_QUERY = 2000


@dataclass(frozen=True, slots=True)
class ListSettings:
    """
    What a person chose for a list. `hidden`: names of columns. `views`: by name, what the list's address asks for.

    Whatever is kept in another shape, as by a later version, counts as not chosen.
    """

    hidden: frozenset[str] = frozenset()
    is_compact: bool = False
    views: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: HttpRequest, table: str) -> Self:
        person = request.user
        kept = person.list_settings.get(table) if isinstance(person, Person) else None
        if not isinstance(kept, dict):
            return cls()
        hidden, views = kept.get("hidden"), kept.get("views")
        return cls(
            frozenset(map(str, hidden)) if isinstance(hidden, list) else frozenset(),
            kept.get("is_compact") is True,
            {str(name): str(query) for name, query in views.items()} if isinstance(views, dict) else {},
        )

    def keep(self, request: HttpRequest, table: str) -> None:
        person = request.user
        assert isinstance(person, Person)
        kept: dict[str, Any] = {"hidden": sorted(self.hidden), "is_compact": self.is_compact, "views": dict(self.views)}
        person.list_settings = {**person.list_settings, table: kept}
        person.save(update_fields=["list_settings"])

    def with_columns(self, posted: QueryDict, columns: Collection[str]) -> Self:
        """Take what a form has ticked of the columns that may be left out."""
        shown = posted.getlist("column")
        return replace(
            self, hidden=frozenset(columns) - frozenset(shown), is_compact=posted.get("density") == "compact"
        )

    def with_view(self, name: str, query: str) -> Self:
        """Add a view, or change the one of that name. Raises NotAllowed."""
        name = " ".join(name.split())
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise NotAllowed(f"Give the view a name of at most {_LONGEST_NAME} letters; nothing was kept.")
        if len(query) > _LONGEST_QUERY:
            raise NotAllowed("What this list is narrowed by is too long to be kept.")
        views = {**self.views, name: query}
        if len(views) > MOST_VIEWS:
            raise NotAllowed(f"There are {MOST_VIEWS} views already: remove one first.")
        return replace(self, views=views)

    def without_view(self, name: str) -> Self:
        return replace(self, views={each: query for each, query in self.views.items() if each != name})
