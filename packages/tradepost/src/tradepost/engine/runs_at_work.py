"""The runs at work in a process: executed by its threads, and handed back when the process is to end."""

import threading

from tradepost.database.models import Run
from tradepost.engine.chains import chain_from
from tradepost.engine.run_handle import RunHandle
from tradepost.engine.runs import execute, hand_back


class RunsAtWork:
    """Threads may share it. `is_stopping` is set once no more are to be begun."""

    def __init__(self) -> None:
        self.is_stopping = threading.Event()
        self._lock = threading.Lock()
        self._handles: dict[int, RunHandle] = {}

    def carry_out(self, run: Run) -> None:
        """Execute a run that this thread has taken, and queue what follows from it."""
        try:
            execute(run, on_start=self._note)
            chain_from(run)
        finally:
            with self._lock:
                self._handles.pop(run.pk, None)

    def interrupt(self) -> None:
        """Ask all to end with the batch in work."""
        with self._lock:
            self.is_stopping.set()
            for handle in self._handles.values():
                handle.interrupt()

    def hand_back_rest(self) -> tuple[int, ...]:
        """
        Queue those again whose threads still wait for their store; return their ids.

        Whatever such a thread would write later is refused, as it has lost its lease.
        """
        with self._lock:
            handles = list(self._handles.values())
        for handle in handles:
            hand_back(handle)
        return tuple(handle.id for handle in handles)

    def _note(self, handle: RunHandle) -> None:
        with self._lock:
            self._handles[handle.id] = handle
            if self.is_stopping.is_set():
                handle.interrupt()
