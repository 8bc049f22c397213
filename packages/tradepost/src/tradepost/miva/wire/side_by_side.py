"""Requests to one store side by side: never more at once than the channel allows, whoever asks for them."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

DEFAULT_AT_ONCE = 3


class SideBySide:
    """Threads may share it. `at_once` 1 sends one request after another."""

    def __init__(self, at_once: int = DEFAULT_AT_ONCE) -> None:
        self.at_once = max(1, at_once)
        self._pool = ThreadPoolExecutor(self.at_once, thread_name_prefix="request") if self.at_once > 1 else None
        self._places = threading.BoundedSemaphore(self.at_once)
        self._has_succeeded = False

    def map(self, work: Callable[[Given], Made], items: Sequence[Given]) -> list[Made]:
        """Do the work for each item, in their order; raises the first error in that order when all have ended."""
        # Whether the token is taken is found out by one request: a store answers refused ones slower and slower.
        alone = items if self._pool is None else items[: 1 if len(items) == 1 or not self._has_succeeded else 0]
        made = [self._do(work, item) for item in alone]
        if self._pool is None:
            return made
        futures = [self._pool.submit(self._do, work, item) for item in items[len(alone) :]]
        for future in futures:
            future.exception()
        return [*made, *(future.result() for future in futures)]

    def _do(self, work: Callable[[Given], Made], item: Given) -> Made:
        with self._places:
            made = work(item)
        self._has_succeeded = True
        return made

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
