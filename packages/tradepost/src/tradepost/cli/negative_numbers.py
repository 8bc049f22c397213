"""Numbers below zero as they are typed: an order that a restored store has lost is kept under one."""

import re
from collections.abc import Sequence
from typing import Any

_NEGATIVE = re.compile(r"-[0-9]+")


def taking_negative_numbers(command: Any) -> Any:
    """Let a command take a number below zero as an argument wherever it stands; else it is taken for an option."""
    parse = command.parse_args
    valued = {
        name
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.is_flag
        for name in parameter.opts
    }
    command.parse_args = lambda context, words: parse(context, _numbers_last(words, valued))
    return command


def _numbers_last(words: Sequence[str], valued: set[str]) -> list[str]:
    """Put numbers below zero behind the sign that ends the options, but for those that are an option's value."""
    end = words.index("--") if "--" in words else len(words)
    before = list(enumerate(words[:end]))
    numbers = {place for place, word in before if _NEGATIVE.fullmatch(word)}
    numbers -= {place + 1 for place, word in before if word in valued}
    if not numbers:
        return list(words)
    rest = [word for place, word in before if place not in numbers]
    return [*rest, "--", *(words[place] for place in sorted(numbers)), *words[end + 1 :]]
