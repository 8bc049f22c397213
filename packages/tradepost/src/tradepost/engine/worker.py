"""A worker: executes runs as jobs call for them, beside any number of others on this machine and on any other."""

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.db import connection
from procrastinate import App
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker as JobWorker

from tradepost.database.runs import job_queue
from tradepost.domain.errors import HubUnusable
from tradepost.engine.complaint import Complaint
from tradepost.engine.jobs import AT_WORK, HEARTBEAT_SECONDS, STALLED_SECONDS, UPKEEP, job_app
from tradepost.engine.runs_at_work import RunsAtWork

# Who waits for a lock is not told that it is free, so it looks.
_POLL_SECONDS = 0.5
_DATABASE_SECONDS = 15.0
_AGAIN_SECONDS = 2.0
_ASKED_SECONDS = 0.1
_STOP_SECONDS = 4.0
# Beside those that execute runs: upkeep, and what the library asks of a thread.
_OTHER_THREADS = 4
_logger = logging.getLogger(__name__)


class Worker:
    """
    Executes runs until it is stopped, or the database goes away.

    `goes_on`: it begins anew when the database is back; else `has_ended` is set, and `wait` raises HubUnusable.
    Stopping is as an executor's: it waits for the batch in work, but not for a store that does not answer.
    """

    def __init__(self, *, threads: int, goes_on: bool = False) -> None:
        self._concurrency = threads
        self._goes_on = goes_on
        self._at_work = RunsAtWork()
        self._complaint = Complaint(_logger, "The worker")
        self._has_ended = threading.Event()
        self._error: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app: App | None = None
        self._workers: tuple[JobWorker, ...] = ()
        self.left_behind: tuple[int, ...] = ()
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_at_work(self) -> bool:
        """Whether it is there; whether it has its database, that says itself."""
        return not self._at_work.is_stopping.is_set() and self._thread.is_alive()

    def wait(self) -> None:
        """Wait until it has ended. Raises HubUnusable if nobody has asked for that."""
        self._has_ended.wait()
        if not self._at_work.is_stopping.is_set():
            raise HubUnusable(
                "The worker has ended, as the database can't be reached any more or has broken the connection off. "
                "Whoever supervises it starts it again; what was begun goes on where it stopped."
            ) from self._error

    def stop(self, *, within_seconds: float = _STOP_SECONDS) -> None:
        """Take no more runs, and have those at work queued again. Idempotent."""
        deadline = time.monotonic() + within_seconds
        self._at_work.interrupt()
        if self._thread.ident is not None:
            self._thread.join(timeout=max(0.0, deadline - time.monotonic()))
        self.left_behind = self._at_work.hand_back_rest()
        if self.left_behind:
            self._let_go_of_jobs()

    def _let_go_of_jobs(self) -> None:
        """Take the worker off the list, so that its jobs do not keep others from their turn."""
        if self._app is None or self._loop is None:
            return
        for worker in self._workers:
            if worker.worker_id is not None:
                going = self._app.job_manager.unregister_worker(worker.worker_id)
                # Where that fails, others find out after a while that nothing was heard of it.
                with suppress(Exception):
                    asyncio.run_coroutine_threadsafe(going, self._loop).result(timeout=1.0)

    def _work(self) -> None:
        try:
            while True:
                try:
                    asyncio.run(self._take_jobs())
                except Exception as error:  # noqa: BLE001 whatever it was, somebody starts it again
                    self._error = error
                if self._at_work.is_stopping.is_set():
                    return
                self._complaint.make(self._error or ConnectionError("The worker has ended."))
                if not self._goes_on or self._at_work.is_stopping.wait(_AGAIN_SECONDS):
                    return
        finally:
            self._has_ended.set()

    async def _take_jobs(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(self._concurrency + _OTHER_THREADS, "job"))
        self._app = job_app(_connector())
        async with self._app.open_async():
            # Upkeep has a place of its own: long runs must not keep it from what others left behind.
            self._workers = (self._worker(job_queue.RUNS, self._concurrency), self._worker(UPKEEP, 1))
            self._complaint.end()
            tasks = [asyncio.create_task(worker.run()) for worker in self._workers]  # type: ignore[no-untyped-call] # the package's
            asked = asyncio.create_task(self._until_asked())
            # One alone is none: where its connection broke, so did the other's.
            await asyncio.wait([*tasks, asked], return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            for worker in self._workers:
                worker.stop()  # type: ignore[no-untyped-call] # the package's
            # All of them: while a run comes to its end, its job still needs the connections.
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, BaseException):
                    raise ended

    async def _until_asked(self) -> None:
        # Asked from another thread before they are at work, the workers would forget it.
        while not self._at_work.is_stopping.is_set():  # noqa: ASYNC110 threads share it
            await asyncio.sleep(_ASKED_SECONDS)

    def _worker(self, queue: str, concurrency: int) -> JobWorker:
        assert self._app is not None
        return JobWorker(
            self._app,
            queues=[queue],
            name=queue,
            concurrency=concurrency,
            fetch_job_polling_interval=_POLL_SECONDS,
            # The run says what became of it; a job says nothing more.
            delete_jobs="always",
            additional_context={AT_WORK: self._at_work},
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
        )


def _connector() -> PsycopgConnector:
    """Make the connections of a worker to the hub's database, apart from Django's."""
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context"):
        parameters.pop(ours, None)
    return PsycopgConnector(kwargs=parameters, min_size=1, max_size=4, timeout=_DATABASE_SECONDS)
