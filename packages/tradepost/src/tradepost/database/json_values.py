"""Values of the domain as JSON columns hold them."""

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


def plain(value: Any) -> Any:
    """Write a value as JSON can hold it: decimals as texts, sets as sorted lists, dataclasses as objects."""
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | str():
            return value
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(member) for key, member in value.items()}
        case AbstractSet():
            return sorted((plain(member) for member in value), key=str)
        case list() | tuple():
            return [plain(member) for member in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"A JSON column can't hold a {type(value).__name__}.")
