"""Columns that hold one value of an enumeration, and the constraint that nothing else gets in."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.db import models


def choices(values: Iterable[StrEnum]) -> list[tuple[str, str]]:
    return [(value.value, value.value.replace("_", " ")) for value in values]


def enum_field(values: type[StrEnum], **options: Any) -> "models.CharField[str, str]":
    """Make a column for one of `values`; declare `one_of` beside it."""
    return models.CharField(max_length=24, choices=choices(values), **options)


def one_of(column: str, values: type[StrEnum], *, table: str, or_blank: bool = False) -> models.CheckConstraint:
    allowed = [value.value for value in values] + ([""] if or_blank else [])
    return models.CheckConstraint(condition=models.Q(**{f"{column}__in": allowed}), name=f"{table}_{column}_allowed")
