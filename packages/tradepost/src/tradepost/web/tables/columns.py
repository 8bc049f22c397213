"""What tables are made of: columns with a heading, and filters."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest
from unfold.contrib.filters.admin import (  # type: ignore[import-untyped] # the package has no types
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display  # type: ignore[import-untyped] # the package has no types

from tradepost.web.shell.shell import every_channel

Shown = TypeVar("Shown", bound=Callable[..., Any])

__all__ = ["ChannelFilter", "ChoicesDropdownFilter", "DropdownFilter", "RelatedDropdownFilter", "column"]


class ChannelFilter(RelatedDropdownFilter):  # type: ignore[misc] # see above
    """The rows of a channel, as `("channel", ChannelFilter)`; the page has read the channels already."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:  # noqa: ARG002 Django's form
        return [(each.pk, each.name) for each in every_channel(request)]


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
