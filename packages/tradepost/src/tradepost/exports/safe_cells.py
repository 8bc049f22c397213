"""Cells of files that a spreadsheet may open."""

from typing import Any

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(value: Any) -> Any:
    """
    Let a text that a spreadsheet would take for a formula begin with an apostrophe, which it hides.

    A formula in a text of somebody else's would run on the merchant's machine.
    """
    if not isinstance(value, str) or not value.lstrip(" ").startswith(_BEGINS_A_FORMULA):
        return value
    return f"'{value}"
