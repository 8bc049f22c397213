"""Who executes runs in a server: its own threads, or, where runs are shared with workers, a worker beside them."""

from typing import Protocol

from tradepost.database.runs.job_queue import is_shared
from tradepost.engine.executor import Executor
from tradepost.engine.schedules import Ticker

__all__ = ["Crew", "is_shared", "server_crew"]


class Crew(Protocol):
    """What is started with a server and stopped with it. `left_behind`: see `Executor.stop`."""

    @property
    def left_behind(self) -> tuple[int, ...]: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Alone:
    """The only one that executes runs and starts schedules on this database, commands in shells aside."""

    def __init__(self, *, threads: int) -> None:
        self._executor = Executor(threads=threads)
        self._ticker = Ticker()

    @property
    def left_behind(self) -> tuple[int, ...]:
        return self._executor.left_behind

    def start(self) -> None:
        self._executor.start()
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()
        self._executor.stop()


def server_crew(*, threads: int) -> Crew | None:
    """Make who executes so many runs at once in a server; None where all of it is left to workers."""
    if not is_shared():
        return Alone(threads=threads)
    # What a worker needs is installed with PostgreSQL only.
    from tradepost.engine.worker import Worker  # noqa: PLC0415

    return Worker(threads=threads, goes_on=True) if threads else None
