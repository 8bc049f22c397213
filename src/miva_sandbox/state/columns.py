"""What columns can hold: codes, texts of limited width, 32-bit integers."""

from miva_sandbox.state.errors import Invalid

CODE_WIDTH = 50
NAME_WIDTH = 100
TEXT_WIDTH = 254
INTEGER_MAX = 2147483647


def key(code: str) -> str:
    """Return the form under which a code is looked up; codes that differ only in case are one code."""
    return code.casefold()


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
