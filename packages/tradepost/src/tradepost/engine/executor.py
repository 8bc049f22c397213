"""The executor: a few threads in the server process that take queued runs, and those that a dead worker left behind."""

import logging
import threading
import time

from django.db import connections

from tradepost.engine.complaint import Complaint
from tradepost.engine.runs import doorbell, free_runs, take
from tradepost.engine.runs_at_work import RunsAtWork

STOP_SECONDS = 5.0
_POLL_SECONDS = 1.0
_logger = logging.getLogger(__name__)


class Executor:
    """
    Executes runs until it is stopped.

    Stopping waits for the batch in work, but not for a store that does not answer; runs that are not through are
    queued again, for whoever is next.
    """

    def __init__(self, *, threads: int = 2, poll_seconds: float = _POLL_SECONDS) -> None:
        self._poll_seconds = poll_seconds
        self._at_work = RunsAtWork()
        self._complaint = Complaint(_logger, "The executor")
        self.left_behind: tuple[int, ...] = ()
        self._threads = [
            threading.Thread(target=self._work, name=f"executor-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def is_at_work(self) -> bool:
        """Whether runs that are queued will be executed."""
        return not self._at_work.is_stopping.is_set() and any(thread.is_alive() for thread in self._threads)

    def stop(self, *, within_seconds: float = STOP_SECONDS) -> None:
        """
        Take no more runs, and have those at work queued again. Idempotent.

        A thread that still waits for its store after this time is left behind, its run named in `left_behind`. That
        run is queued again all the same. The thread itself ends with the process.
        """
        deadline = time.monotonic() + within_seconds
        self._at_work.interrupt()
        doorbell.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=max(0.0, deadline - time.monotonic()))
        self.left_behind = self._at_work.hand_back_rest()

    def _work(self) -> None:
        while not self._at_work.is_stopping.is_set():
            try:
                has_worked = self._take_one()
                self._complaint.end()
            except Exception as error:  # noqa: BLE001 see below
                # An executor that ends in silence would leave every later run in the queue.
                self._complaint.make(error)
                has_worked = False
            finally:
                # A thread that sleeps must not hold a connection that the database may close meanwhile.
                connections.close_all()
            if not has_worked:
                doorbell.wait(self._poll_seconds)
                doorbell.clear()

    def _take_one(self) -> bool:
        for run, left_by in free_runs():
            if self._at_work.is_stopping.is_set():
                return False
            taken = take(run.pk, abandoned_by=left_by)
            if taken is not None:
                self._at_work.carry_out(taken)
                return True
        return False
