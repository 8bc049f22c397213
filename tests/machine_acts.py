"""The acts of a state machine: what may happen as a step, how often as against others, and what is drawn for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Act:
    """Something that may happen: how often as against others, when it can, and what is drawn for it."""

    name: str
    times: int
    when: Callable[[Any], object]
    drawn: Mapping[str, st.SearchStrategy]


ACTS: list[Act] = []


def act(*, times=1, when=lambda _machine: True, **drawn):
    """
    Let a method be drawn as a step.

    By hand, because rules are switched off by the dozen in each example, which leaves whole runs without a sale.
    """

    def register(method):
        ACTS.append(Act(method.__name__, times, when, drawn))
        return method

    return register
