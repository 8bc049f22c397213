"""
The store's clock: real time, plus whatever it was moved by. Everything in the sandbox asks it for the time.

Its skew is another thing: a clock that is wrong. Dates of orders and records, the Date header and all that is due by
time follow the wrong clock; the window of a request's time stamp does not, so that clients with a right clock get in.
"""

import time

_LAST_SECOND = 253402300799  # of the year 9999


class Clock:
    def __init__(self) -> None:
        self.skew_seconds = 0.0
        self._offset_seconds = 0.0
        self._frozen_at: float | None = None

    def now(self) -> int:
        """Return the store's time in epoch seconds, skew included."""
        return self._whole(self._time() + self.skew_seconds)

    def unskewed(self) -> int:
        """Return the time that a right clock shows at the store's place in time; the window of requests goes by it."""
        return self._whole(self._time())

    def move(self, seconds: float) -> None:
        if self._frozen_at is not None:
            self._frozen_at += seconds
        else:
            self._offset_seconds += seconds

    def freeze(self, at: float) -> None:
        self._frozen_at = at

    def release(self) -> None:
        """Go back to real time, without any offset or skew."""
        self._frozen_at = None
        self._offset_seconds = 0.0
        self.skew_seconds = 0.0

    def _time(self) -> float:
        return self._frozen_at if self._frozen_at is not None else time.time() + self._offset_seconds

    @staticmethod
    def _whole(seconds: float) -> int:
        # However far it is moved: dates have a name only in between.
        return int(min(max(seconds, 0), _LAST_SECOND))
