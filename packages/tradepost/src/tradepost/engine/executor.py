"""The executor: a few threads in the server process that take queued runs, and those that a dead worker left behind."""

import logging
import threading
import time

from django.db import connections
from django.utils import timezone

from tradepost.database.runs import runs
from tradepost.engine.chains import chain_from
from tradepost.engine.complaint import Complaint
from tradepost.engine.owner import is_dead
from tradepost.engine.run_handle import RunHandle
from tradepost.engine.runs import doorbell, execute, hand_back, take

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
        self._is_stopping = threading.Event()
        self._lock = threading.Lock()
        self._at_work: dict[int, RunHandle] = {}
        self._complaint = Complaint(_logger, "The executor")
        self.left_behind: tuple[int, ...] = ()
        self._threads = [
            threading.Thread(target=self._work, name=f"executor-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, *, within_seconds: float = STOP_SECONDS) -> None:
        """
        Take no more runs, and have those at work queued again. Idempotent.

        A thread that still waits for its store after this time is left behind, its run named in `left_behind`. That
        run is queued again all the same: whatever the thread would write later is refused, as it has lost its lease.
        The thread itself ends with the process.
        """
        deadline = time.monotonic() + within_seconds
        self._is_stopping.set()
        doorbell.set()
        with self._lock:
            for handle in self._at_work.values():
                handle.interrupt()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=max(0.0, deadline - time.monotonic()))
        with self._lock:
            handles = list(self._at_work.values())
        for handle in handles:
            hand_back(handle)
        self.left_behind = tuple(handle.id for handle in handles)

    def _work(self) -> None:
        while not self._is_stopping.is_set():
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
        now = timezone.now()
        for run_id, owner, lease_until in runs.unfinished():
            is_abandoned = bool(owner) and is_dead(owner)
            if lease_until is not None and lease_until > now and not is_abandoned:
                continue
            if self._is_stopping.is_set():
                return False
            run = take(run_id, abandoned_by=owner if is_abandoned else "")
            if run is None:
                continue
            try:
                execute(run, on_start=self._note)
                chain_from(run)
            finally:
                with self._lock:
                    self._at_work.pop(run.pk, None)
            return True
        return False

    def _note(self, handle: RunHandle) -> None:
        with self._lock:
            self._at_work[handle.id] = handle
            if self._is_stopping.is_set():
                handle.interrupt()
