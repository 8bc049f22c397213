"""
An ASGI application on a socket of its own, served by a thread that starts and stops without waiting for a clock.

uvicorn looks ten times a second whether it should end, and waits as long again for its connections; tests start and
stop a sandbox each, so here both are told.
"""

import asyncio
import contextlib
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

_START_TIMEOUT_SECONDS = 20
_STOP_TIMEOUT_SECONDS = 10
# What a request that is still at work gets, before it is cancelled.
_GRACE_SECONDS = 1


class _Served(uvicorn.Server):
    """uvicorn's server, with events in the place of its ticks."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told_to_stop = asyncio.Event()

    def tell_to_stop(self) -> None:
        """Let the server end, from any thread; one that never began or has ended already is left alone."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._told_to_stop.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        self.has_started.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        if not self.should_exit:
            await self._told_to_stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        # Nobody new; but whoever is being let in gets in first, as asyncio forgets connections of a closed server.
        for listening in sockets or ():
            loop.remove_reader(listening)
        await asyncio.gather(*(asyncio.all_tasks() - self.server_state.tasks - {asyncio.current_task()}))
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, unfinished = await asyncio.wait(self.server_state.tasks, timeout=_GRACE_SECONDS)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        # A client that doesn't read must not keep its connection, nor the answers in it.
        while connections := list(self.server_state.connections):
            for connection in connections:
                connection.transport.abort()
            # They are lost in the loop's next turn.
            await asyncio.sleep(0)


class HttpServer:
    """Listens from the start of its life, so that `port` is known; answers between `start` and `stop`."""

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        self._socket = socket.create_server((host, port), backlog=256)
        # Accepted connections inherit it; asyncio sets it only on sockets that name their protocol, and without it
        # every answer waits 40 ms for an acknowledgement.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,
            # What a client does wrong is answered, and nobody's to read on standard error.
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            # The Date header is the store's clock, which may be wrong on purpose; so the application writes it.
            date_header=False,
            server_header=False,
        )
        self._server = _Served(config)
        self._thread = threading.Thread(target=self._serve, name=f"http-{self.port}", daemon=True)

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            # Whoever waits for the start hears of its failure too.
            self._server.has_started.set()

    def start(self) -> None:
        self._thread.start()
        if not self._server.has_started.wait(_START_TIMEOUT_SECONDS) or not self._server.started:
            raise RuntimeError(f"The HTTP server on port {self.port} did not start")

    def begin_to_stop(self) -> None:
        self._server.tell_to_stop()

    def stop(self) -> None:
        """Close all connections and wait for the thread. Idempotent."""
        self.begin_to_stop()
        if self._thread.ident is not None:
            self._thread.join(_STOP_TIMEOUT_SECONDS)
        self._socket.close()
