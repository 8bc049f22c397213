"""`tradepost worker`: executes runs beside others, on this machine or on any other, on a PostgreSQL database."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from tradepost.cli.exit_codes import Exit
from tradepost.cli.hub.serve import leave_at_once, serving
from tradepost.domain.errors import NotAllowed

if TYPE_CHECKING:
    from tradepost.engine.worker import Worker

app = typer.Typer()


@app.command()
def worker(
    *,
    threads: Annotated[int, typer.Option(min=1, max=32, help="How many runs are executed side by side.")] = 2,
    host: Annotated[str, typer.Option(help="The address to answer health and metrics on, with --port.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Answer /health/live, /health/ready and /metrics here.")
    ] = None,
) -> Exit:
    """
    Execute runs and start what is due by schedule, until Ctrl-C, beside any number of others (with PostgreSQL).

    It ends when the database goes away, with exit code 2: let something start it again, on whatever exit.
    """
    from tradepost.engine.crew import is_shared

    if not is_shared():
        message = (
            "Workers need a PostgreSQL database, named in DATABASE_URL. With SQLite, 'tradepost serve' executes all "
            "runs itself."
        )
        raise NotAllowed(message)
    from tradepost.engine.worker import Worker

    crew = Worker(threads=threads)
    with suppress(KeyboardInterrupt), _at_work(crew, host=host, port=port) as url:
        # A line for whoever started it and reads our output; it must not wait in a buffer.
        print(f"The worker takes runs, {threads} at a time{url and f', and answers at {url}'}", flush=True)
        crew.wait()
    if crew.left_behind:
        leave_at_once(crew.left_behind)
    return Exit.DONE


@contextmanager
def _at_work(crew: "Worker", *, host: str, port: int | None) -> Iterator[str]:
    """Let a worker work until the block is left; give the address where it answers, if anywhere."""
    if port is not None:
        with serving(host=host, port=port, crew=crew, has_pages=False) as url:
            yield url
        return
    crew.start()
    try:
        yield ""
    finally:
        crew.stop()
