"""
Columns for decimals that databases would spoil: SQLite stores a decimal as a binary float.

They are integers in the database and `Decimal` in Python, ten-thousandths of the unit in both. Most amounts of a
catalogue are there many times, so both ways are remembered.
"""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django import forms
from django.db import models

_PLACES = 4
_UNIT = Decimal(10) ** _PLACES


@lru_cache(maxsize=4096)
def to_column(value: Decimal) -> int:
    return int((value * _UNIT).to_integral_value(rounding=ROUND_HALF_UP))


@lru_cache(maxsize=4096)
def from_column(value: int) -> Decimal:
    """Return the decimal with two places where that is all it has, so that 12.5 is shown as 12.50."""
    return Decimal(value // 100).scaleb(-2) if value % 100 == 0 else Decimal(value).scaleb(-_PLACES)


class ScaledField(models.BigIntegerField):  # type: ignore[type-arg]
    """A decimal with up to four places, held as an integer."""

    # What the type checker's plugin takes the attribute of a model to be.
    _pyi_private_set_type: Decimal  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def from_db_value(self, value: int | None, *_: object) -> Decimal | None:
        return None if value is None else from_column(value)

    def get_prep_value(self, value: Any) -> int | None:
        decimal = self.to_python(value)
        return None if decimal is None else to_column(decimal)

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, float):
            raise TypeError(f"{value!r} is a float; {self.name} takes a Decimal.")
        return Decimal(value)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **options: Any) -> Any:
        return models.Field.formfield(self, **{"form_class": forms.DecimalField, "decimal_places": _PLACES, **options})

    @property
    def validators(self) -> list[Any]:
        # The range checks of an integer column would compare the decimal, which is ten thousand times smaller.
        return []


class MoneyField(ScaledField):
    """An amount in the channel's currency, held in hundredths of a cent."""


class MeasureField(ScaledField):
    """A length in a store's own unit, held in ten-thousandths of it."""


class WeightField(ScaledField):
    """A weight in grams, held in tenths of a milligram."""
