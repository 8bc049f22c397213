"""Who executes runs in a server: its own threads, or, where runs are shared with workers, a worker beside them."""

from typing import Protocol

from tradepost.database.runs.job_queue import is_shared
from tradepost.engine.executor import Executor
from tradepost.engine.schedules import Ticker

__all__ = ["Crew", "is_at_work", "is_shared", "server_crew", "start", "stop"]


class Crew(Protocol):
    """What is started with a server and stopped with it. `left_behind`: see `Executor.stop`."""

    @property
    def left_behind(self) -> tuple[int, ...]: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def is_at_work(self) -> bool:
        """Whether runs that are queued will be executed."""
        ...


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

    def is_at_work(self) -> bool:
        return self._executor.is_at_work()

    def stop(self) -> None:
        self._ticker.stop()
        self._executor.stop()


_PRESENT: list[Crew] = []


def start(crew: Crew) -> None:
    """Let a crew work in this process, and let the process be known for it."""
    crew.start()
    _PRESENT.append(crew)


def stop(crew: Crew) -> None:
    if crew in _PRESENT:
        _PRESENT.remove(crew)
    crew.stop()


def is_at_work() -> bool:
    """Whether this process executes runs."""
    return any(crew.is_at_work() for crew in _PRESENT)


def server_crew(*, threads: int) -> Crew | None:
    """Make who executes so many runs at once in a server; None where all of it is left to workers."""
    if not is_shared():
        return Alone(threads=threads)
    # What a worker needs is installed with PostgreSQL only.
    from tradepost.engine.worker import Worker  # noqa: PLC0415

    return Worker(threads=threads, goes_on=True) if threads else None
