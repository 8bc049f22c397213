"""What tables are made of: columns with a heading, and filters."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from unfold.contrib.filters.admin import (  # type: ignore[import-untyped] # the package has no types
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display  # type: ignore[import-untyped] # the package has no types

Shown = TypeVar("Shown", bound=Callable[..., Any])

__all__ = ["ChoicesDropdownFilter", "DropdownFilter", "RelatedDropdownFilter", "column"]


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
