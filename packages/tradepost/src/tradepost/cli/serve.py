"""`tradepost serve`: the back office, the executor for runs and the ticker of schedules, in one process."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import out, restored_sentence
from tradepost.domain.errors import NotAllowed

if TYPE_CHECKING:
    from tradepost.engine.executor import Executor
    from tradepost.engine.schedules import Ticker

WEB_THREADS = 8
WEB_STOP_SECONDS = 2.0

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
    """
    Serve the back office, start what is due by schedule and execute runs, until Ctrl-C.

    The database is brought up to date first.
    """
    from django.contrib.auth.models import User

    from tradepost.database.models import Channel
    from tradepost.engine.executor import Executor
    from tradepost.engine.schedules import Ticker

    executor = Executor(threads=threads)
    try:
        with serving(host=host, port=port, executor=executor, ticker=Ticker()) as url:
            # A line for whoever started it and reads our output; it must not wait in a buffer.
            print(f"Tradepost is at {url}", flush=True)
            for channel in Channel.objects.filter(archived_at__isnull=True).exclude(restored_why=""):
                print(restored_sentence(channel), flush=True)
            if not User.objects.filter(is_active=True).exists():
                out.print("There is no login yet; 'tradepost users add NAME' makes one.")
            signal.pause()
    except KeyboardInterrupt:
        pass
    if executor.left_behind:
        _leave_at_once(executor.left_behind)
    return Exit.DONE


@contextmanager
def serving(
    *, host: str, port: int, executor: "Executor | None" = None, ticker: "Ticker | None" = None
) -> Iterator[str]:
    """
    Serve until the block is left; give the address. Without a ticker, nothing starts by schedule, and nobody is told.

    Runs that are not through then are queued again, and no store or browser is waited for longer than seconds.
    Raises NotAllowed when the port is taken, or another server is at work on the same data folder.
    """
    from django.conf import settings

    from tradepost.engine import occupancy

    with occupancy.serving(settings.DATA_DIR), _served(host=host, port=port, executor=executor, ticker=ticker) as url:
        yield url


@contextmanager
def _served(*, host: str, port: int, executor: "Executor | None", ticker: "Ticker | None") -> Iterator[str]:
    from tradepost.engine.executor import Executor
    from tradepost.engine.notices import Notifier

    server = _listen(host=host, port=port)
    executor = executor or Executor()
    executor.start()
    threads: list[Ticker | Notifier] = [] if ticker is None else [ticker, Notifier()]
    for each in threads:
        each.start()
    ending = threading.Event()
    thread = threading.Thread(target=run_web, args=(server, ending), name="web", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{_port_of(server)}/"
    finally:
        ending.set()
        server.close()
        for each in threads:
            each.stop()
        executor.stop()
        # A browser may keep its connection open for long: the thread is a daemon, and ends with the process.
        thread.join(timeout=WEB_STOP_SECONDS)


def run_web(server: Any, ending: threading.Event) -> None:
    """Serve pages until the server is closed; its sockets go under it, which is an error at no other time."""
    try:
        server.run()
    except (OSError, ValueError):
        if not ending.is_set():
            raise


def _leave_at_once(run_ids: Sequence[int]) -> NoReturn:
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


def _port_of(server: Any) -> int:
    # A name with an IPv4 and an IPv6 address is listened to on both, by a server of another class.
    port: int = server.effective_listen[0][1] if hasattr(server, "effective_listen") else server.effective_port
    return port


def _listen(*, host: str, port: int) -> Any:
    from django.core.wsgi import get_wsgi_application
    from waitress.server import create_server  # type: ignore[import-untyped] # the package has no types

    try:
        return create_server(
            get_wsgi_application(),
            host=host,
            port=port,
            threads=WEB_THREADS,
            ident="Tradepost",
            clear_untrusted_proxy_headers=True,
            **_behind_proxy(os.environ.get("TRADEPOST_TRUSTED_PROXY", "")),
        )
    except OSError as error:
        message = (
            f"Can't listen on {host}:{port}: {error.strerror or error}. End the program that listens there, or choose "
            "another address with --host or --port."
        )
        raise NotAllowed(message) from error


def _behind_proxy(address: str) -> dict[str, Any]:
    """Believe a proxy in front, and only that one, when it says that the visitor came by https."""
    return {"trusted_proxy": address, "trusted_proxy_headers": {"x-forwarded-proto"}} if address else {}
