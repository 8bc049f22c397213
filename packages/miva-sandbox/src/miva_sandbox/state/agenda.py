"""
What is yet to happen: acts that stopped half-way, or were kept waiting, and go on after requests or after time.

It is kept in memory: who ends the process, resets the store or restores a snapshot ends these acts where they stand,
as in a real store whose request dies.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from miva_sandbox.state.clock import Clock

_log = logging.getLogger("miva_sandbox")


@dataclass(frozen=True, slots=True)
class Gap:
    """How long an act rests: so many requests to the API, and so many seconds of the store's clock; both must pass."""

    requests: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class _Postponed:
    act: Callable[[], None]
    requests_left: int
    due: float


class Agenda:
    """Safe for threads; acts are done by whoever comes next, one after another in the order of their postponing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._postponed: list[_Postponed] = []

    @property
    def is_empty(self) -> bool:
        return not self._postponed

    def postpone(self, act: Callable[[], None], gap: Gap) -> None:
        with self._lock:
            self._postponed.append(_Postponed(act, gap.requests, self._clock.now() + gap.seconds))

    def request_arrives(self) -> None:
        """Do what is due, then count this request: with a gap of 3, three requests see the store as it was."""
        if self.is_empty:
            return
        self.catch_up()
        with self._lock:
            for postponed in self._postponed:
                postponed.requests_left -= 1

    def catch_up(self) -> None:
        """Do what is due by now."""
        for postponed in self._due():
            try:
                postponed.act()
            except Exception:  # noqa: BLE001 - whoever comes next has nothing to do with it
                _log.exception("An act that went on later has failed")

    def clear(self) -> None:
        with self._lock:
            self._postponed = []

    def _due(self) -> list[_Postponed]:
        if self.is_empty:
            return []
        now = self._clock.now()
        with self._lock:
            due = [postponed for postponed in self._postponed if postponed.requests_left <= 0 and postponed.due <= now]
            self._postponed = [postponed for postponed in self._postponed if postponed not in due]
        return due
