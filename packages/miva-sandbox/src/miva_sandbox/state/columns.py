"""What columns can hold: codes, texts of limited width, 32-bit integers."""

import re

from miva_sandbox.state.errors import Invalid

CODE_WIDTH = 50
NAME_WIDTH = 100
TEXT_WIDTH = 254
INTEGER_MAX = 2147483647

ColumnValues = dict[str, str | int]
"""What is to be written into a row, by column."""

_STRICT_CODE = re.compile(r"[A-Za-z0-9_-]*")
_LOOSE_FAULTS = (("%", "a percent sign"), ("\\", "a backslash (\\)"), ("\0", "a null byte"))


def key(code: str) -> str:
    """Return the form under which a code is looked up; codes that differ only in case are one code."""
    return code.casefold()


def code_fault(code: str, *, strict: bool) -> str:
    """Say in the store's words what is wrong with a code, if anything is; `strict` is a setting of the domain."""
    if len(code) > CODE_WIDTH:
        return "Code must be 50 characters long or shorter"
    if strict and not _STRICT_CODE.fullmatch(code):
        return "Codes may only contain letters, numbers, underscores (_) and dashes (-)."
    for character, name in () if strict else _LOOSE_FAULTS:
        if character in code:
            return f"Code may not contain {name}"
    return ""


def fit(value: str, column: str, width: int) -> str:
    """
    Return the text if the column can hold it.

    Whether a real store cuts or refuses depends on its database's configuration; refusing is the stricter of the two.

    Raises Invalid.
    """
    if len(value) > width:
        raise Invalid("MER-DBA-00001", f"Data too long for column '{column}'", field=column)
    return value


def fit_integer(value: int, column: str) -> int:
    """Raises Invalid for what a 32-bit integer can't hold."""
    if not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
        raise Invalid("MER-DBA-00002", f"Out of range value for column '{column}'", field=column)
    return value
