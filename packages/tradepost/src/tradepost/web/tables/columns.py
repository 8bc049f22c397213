"""What tables are made of: columns with a heading, and filters."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest
from unfold.contrib.filters import admin as unfold  # type: ignore[import-untyped] # the package has no types
from unfold.decorators import display  # type: ignore[import-untyped] # the package has no types

from tradepost.web.shell.channels import every_channel

Shown = TypeVar("Shown", bound=Callable[..., Any])

__all__ = [
    "ChannelFilter",
    "ChoicesDropdownFilter",
    "DropdownFilter",
    "RelatedDropdownFilter",
    "YesNoFilter",
    "asking",
    "column",
]


class _Drawn:
    """
    A filter that is drawn without a form. `asked_as`: the parameter that it takes. `heading`: what it asks, where the
    column's name is not what people call it.
    """

    template = "back_office/shell/dropdown_filter.html"
    heading = ""

    def _drawn(self, offered: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, str, bool]]:
        chosen = str(self.value() or "")  # type: ignore[attr-defined] # of the filter that this is mixed into
        yield "", "All", not chosen
        for value, text in offered:
            # What is blank can't be asked for: a filter without a value narrows nothing.
            if str(value):
                yield str(value), str(text), str(value) == chosen


class DropdownFilter(_Drawn, unfold.DropdownFilter):  # type: ignore[misc] # see above
    """Values of our own."""

    @property
    def asked_as(self) -> str:
        return str(self.parameter_name)

    def choices(self, changelist: Any) -> Iterator[tuple[str, str, bool]]:  # noqa: ARG002 Django's form
        return self._drawn(self.lookup_choices)


class ChoicesDropdownFilter(_Drawn, unfold.ChoicesDropdownFilter):  # type: ignore[misc] # see above
    """The values that a field may have."""

    @property
    def asked_as(self) -> str:
        return str(self.lookup_kwarg)

    def choices(self, changelist: Any) -> Iterator[tuple[str, str, bool]]:  # noqa: ARG002 Django's form
        return self._drawn(self.field.flatchoices)


class YesNoFilter(ChoicesDropdownFilter):
    """Whether a field is so."""

    def choices(self, changelist: Any) -> Iterator[tuple[str, str, bool]]:  # noqa: ARG002 Django's form
        return self._drawn([("1", "yes"), ("0", "no")])


class RelatedDropdownFilter(_Drawn, unfold.RelatedDropdownFilter):  # type: ignore[misc] # see above
    """The rows of another table."""

    @property
    def asked_as(self) -> str:
        return str(self.lookup_kwarg)

    def choices(self, changelist: Any) -> Iterator[tuple[str, str, bool]]:  # noqa: ARG002 Django's form
        return self._drawn(self.lookup_choices)


class ChannelFilter(RelatedDropdownFilter):
    """The rows of a channel, as `("channel", ChannelFilter)`; the page has read the channels already."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:  # noqa: ARG002 Django's form
        return [(each.pk, each.name) for each in every_channel(request)]


def asking(heading: str, drawn: type[Any] = ChoicesDropdownFilter) -> type[Any]:
    """Give a filter the heading under which people look for it."""
    return type(drawn.__name__, (drawn,), {"heading": heading})


def column(
    heading: str, *, label: Mapping[str, str] | None = None, two_lines: bool = False, boolean: bool | None = None
) -> Callable[[Shown], Shown]:
    """
    Make a method a column.

    `label` colours its values; with `two_lines` it returns a list of the value and what stands small below it.
    """

    def decorate(shown: Shown) -> Shown:
        decorated: Shown = display(
            description=heading, label=dict(label) if label else None, header=two_lines or None, boolean=boolean
        )(shown)
        return decorated

    return decorate
