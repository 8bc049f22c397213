"""`tradepost serve`: the back office and the executor, in the foreground."""

import signal
from types import FrameType
from typing import Annotated

import typer

from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import out
from tradepost.domain.errors import NotAllowed

app = typer.Typer()


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on; put a proxy with https in front of others.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    threads: Annotated[int, typer.Option(min=1, max=32, help="How many runs are executed side by side.")] = 2,
) -> Exit:
    """Serve the back office and execute runs, until Ctrl-C; the database is brought up to date first."""
    from django.contrib.auth.models import User

    from tradepost.cli.serving import serving

    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with serving(host=host, port=port, executor_threads=threads) as url:
            # A line for whoever started it and reads our output; it must not wait in a buffer.
            print(f"Tradepost is at {url}", flush=True)
            if not User.objects.filter(is_active=True).exists():
                out.print("There is no login yet; 'tradepost users add NAME' makes one.")
            signal.pause()
    except OSError as error:
        message = f"Can't listen on {host}:{port}: {error.strerror or error}."
        raise NotAllowed(message) from error
    except KeyboardInterrupt:
        pass
    return Exit.DONE


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
