"""Numbers as people are told them: exact as far as they can be had at once, and "more than" beyond."""

COUNT_UP_TO = 10_000
"""Beyond this nothing is counted exactly: nobody walks over a million rows to say how many there are."""


def count_words(number: int) -> str:
    """Write what was counted as far as to one more than are counted exactly."""
    return f"{number:,}" if number <= COUNT_UP_TO else f"{COUNT_UP_TO:,}+"
