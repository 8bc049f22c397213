"""`tradepost serve`: the back office, and whoever executes runs and starts schedules, in one process."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import restored_sentence
from tradepost.domain.errors import NotAllowed

if TYPE_CHECKING:
    from tradepost.engine.crew import Crew
    from tradepost.engine.notices import Notifier

# By their names, as to any other server: commands know nothing of pages.
_PAGES, _NO_PAGES = "tradepost.web.wsgi.application", "tradepost.web.wsgi.without_pages"
WEB_STOP_SECONDS = 2.0

app = typer.Typer()


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on; put a proxy with https in front of others.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    threads: Annotated[
        int,
        typer.Option(
            min=0, max=32, help="How many runs are executed side by side; 0, with PostgreSQL, leaves them to workers."
        ),
    ] = 2,
) -> Exit:
    """
    Serve the back office, start what is due by schedule and execute runs, until Ctrl-C.

    The database is brought up to date first.
    """
    from tradepost.cli.hub.web_server import refuse_endless_redirects
    from tradepost.database.models import Channel, Person
    from tradepost.engine import sandbox
    from tradepost.engine.crew import is_shared, server_crew
    from tradepost.engine.notices import Notifier

    refuse_endless_redirects()
    if not threads and not is_shared():
        message = "Nobody else would execute runs: workers need a PostgreSQL database, named in DATABASE_URL."
        raise NotAllowed(message)
    crew = server_crew(threads=threads)
    try:
        with serving(host=host, port=port, crew=crew, notifier=Notifier()) as url:
            # A line for whoever started it and reads our output; it must not wait in a buffer.
            print(f"Tradepost is at {url}", flush=True)
            for channel in Channel.objects.filter(archived_at__isnull=True).exclude(restored_why=""):
                print(restored_sentence(channel), flush=True)
            if not Person.objects.exists():
                _tell_first_start(url)
            sandbox.start_again()
            signal.pause()
    except KeyboardInterrupt:
        pass
    if crew is not None and crew.left_behind:
        leave_at_once(crew.left_behind)
    return Exit.DONE


def _tell_first_start(url: str) -> None:
    """Name the page on which whoever reads this makes himself the owner; in a container, this is its log."""
    from django.conf import settings
    from django.urls import reverse

    from tradepost.operations.people import setup_code

    address = settings.TRADEPOST_ADDRESS or url.rstrip("/")
    print(
        "Nobody can log in yet. Make yourself the owner at\n"
        f"    {address}{reverse('first_owner')}\nwith the code {setup_code(settings.SECRET_KEY)}",
        flush=True,
    )


@contextmanager
def serving(
    *, host: str, port: int, crew: "Crew | None", notifier: "Notifier | None" = None, has_pages: bool = True
) -> Iterator[str]:
    """
    Serve until the block is left; give the address. Without a crew, nothing is executed here, and without a notifier
    nobody is told.

    Without pages there are only the answers for machines that watch the hub.

    Runs that are not through then are queued again, and no store or browser is waited for longer than seconds.
    Raises NotAllowed when the port is taken, or another server is at work on the same data folder.
    """
    from django.conf import settings

    from tradepost.engine import occupancy

    # Of workers there may be many.
    alone = occupancy.serving(settings.DATA_DIR) if has_pages else nullcontext()
    with alone, _served(host=host, port=port, crew=crew, notifier=notifier, has_pages=has_pages) as url:
        yield url


@contextmanager
def _served(
    *, host: str, port: int, crew: "Crew | None", notifier: "Notifier | None", has_pages: bool
) -> Iterator[str]:
    from tradepost.cli.hub.web_server import listen, port_of
    from tradepost.engine import sandbox
    from tradepost.engine.crew import start, stop

    server = listen(host=host, port=port, application=_PAGES if has_pages else _NO_PAGES)
    if crew is not None:
        start(crew)
    if notifier is not None:
        notifier.start()
    ending = threading.Event()
    thread = threading.Thread(target=run_web, args=(server, ending), name="web", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{port_of(server)}/"
    finally:
        ending.set()
        server.close()
        if notifier is not None:
            notifier.stop()
        if crew is not None:
            stop(crew)
        # A browser may keep its connection open for long: the thread is a daemon, and ends with the process.
        thread.join(timeout=WEB_STOP_SECONDS)
        # Somebody may have started one on a page.
        sandbox.stop()


def run_web(server: Any, ending: threading.Event) -> None:
    """Serve pages until the server is closed; its sockets go under it, which is an error at no other time."""
    try:
        server.run()
    except (OSError, ValueError):
        if not ending.is_set():
            raise


def leave_at_once(run_ids: Sequence[int]) -> NoReturn:
    """
    End the process although threads of it wait for a store that does not answer.

    Python would join some of them at its end, for as long as the store pleases.
    """
    names = ", ".join(map(str, run_ids))
    message = f"Run {names}: queued again, as the store has not answered. The next start goes on with it."
    logging.getLogger(__name__).warning(message)
    print(message, file=sys.stderr, flush=True)
    sys.stdout.flush()
    logging.shutdown()
    os._exit(Exit.DONE)
