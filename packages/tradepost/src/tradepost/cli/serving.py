"""Serving: the back office for browsers, and the executor for runs, in one process."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.wsgi import get_wsgi_application
from waitress.server import create_server  # type: ignore[import-untyped] # the package has no types

from tradepost.engine.executor import Executor

WEB_THREADS = 8


@contextmanager
def serving(*, host: str, port: int, executor_threads: int = 2) -> Iterator[str]:
    """
    Serve until the block is left; give the address.

    Runs that are not through then are queued again. Raises OSError when the port is taken.
    """
    server = create_server(
        get_wsgi_application(),
        host=host,
        port=port,
        threads=WEB_THREADS,
        ident="Tradepost",
        clear_untrusted_proxy_headers=True,
        **_behind_proxy(os.environ.get("TRADEPOST_TRUSTED_PROXY", "")),
    )
    executor = Executor(threads=executor_threads)
    executor.start()
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.effective_port}/"
    finally:
        executor.stop()
        server.close()
        thread.join(timeout=10)


def _behind_proxy(address: str) -> dict[str, Any]:
    """Believe a proxy in front, and only that one, when it says that the visitor came by https."""
    return {"trusted_proxy": address, "trusted_proxy_headers": {"x-forwarded-proto"}} if address else {}
