"""Previews of what is done in the hub alone: it is done in a transaction, and taken back."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TypeVar

T = TypeVar("T")


class _TakenBack(Exception):
    """Leaves a transaction without keeping it."""


def previewed(work: Callable[[], T], transaction: Callable[[], AbstractContextManager[None]]) -> T:
    """
    Return what came of some work of which nothing is kept. Raises what the work raises.

    The rules are those of the work itself; whoever else writes to the hub waits for it meanwhile.
    """
    done: list[T] = []
    with suppress(_TakenBack), transaction():
        done.append(work())
        raise _TakenBack
    return done[0]
