"""Cells of files that a spreadsheet may open, and that may come back from one."""

from typing import Any

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(value: Any) -> Any:
    """
    Let a text that a spreadsheet would take for a formula begin with an apostrophe, which it hides.

    A formula in a text of somebody else's would run on the merchant's machine. `plain_text` takes it away again.
    """
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def plain_text(cell: str) -> str:
    """Read what `safe_cell` has written."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(text: str) -> bool:
    # With apostrophes before it, too: else one that was there could not be told from ours.
    return text.lstrip("' ").startswith(_BEGINS_A_FORMULA)
