"""The store's clock: real time, plus whatever it was moved by. Everything in the sandbox asks it for the time."""

import time

_LAST_SECOND = 253402300799  # of the year 9999


class Clock:
    def __init__(self) -> None:
        self._offset_seconds = 0.0
        self._frozen_at: float | None = None

    def now(self) -> int:
        """Return the store's time in epoch seconds."""
        now = self._frozen_at if self._frozen_at is not None else time.time() + self._offset_seconds
        # However far it is moved: dates have a name only in between.
        return int(min(max(now, 0), _LAST_SECOND))

    def move(self, seconds: float) -> None:
        if self._frozen_at is not None:
            self._frozen_at += seconds
        else:
            self._offset_seconds += seconds

    def freeze(self, at: float) -> None:
        self._frozen_at = at

    def release(self) -> None:
        """Go back to real time, without any offset."""
        self._frozen_at = None
        self._offset_seconds = 0.0
