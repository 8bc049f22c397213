"""`tradepost worker`: executes runs beside others, on this machine or on any other, on a PostgreSQL database."""

from typing import Annotated

import typer

from tradepost.cli.exit_codes import Exit
from tradepost.cli.serve import leave_at_once
from tradepost.domain.errors import NotAllowed

app = typer.Typer()


@app.command()
def worker(
    *,
    threads: Annotated[int, typer.Option(min=1, max=32, help="How many runs are executed side by side.")] = 2,
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
    crew.start()
    # A line for whoever started it and reads our output; it must not wait in a buffer.
    print(f"The worker takes runs, {threads} at a time.", flush=True)
    try:
        crew.wait()
    except KeyboardInterrupt:
        pass
    finally:
        crew.stop()
    if crew.left_behind:
        leave_at_once(crew.left_behind)
    return Exit.DONE
