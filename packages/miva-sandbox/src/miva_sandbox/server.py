"""
The whole sandbox on real sockets: the JSON API, the images and the storefront over HTTP, the files over FTP.

    with SandboxServer() as sandbox:
        ...  # sandbox.endpoint, sandbox.full.token, sandbox.full.signature_key, sandbox.ftp.port
"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from miva_sandbox.api.http import ApiEndpoint
from miva_sandbox.control.application import Control
from miva_sandbox.control.shopper import Shopper
from miva_sandbox.faults import interruptions
from miva_sandbox.faults.rules import Faults
from miva_sandbox.faults.transport import FaultyTransport, connection_in_scope
from miva_sandbox.files.certificate import self_signed
from miva_sandbox.files.ftp import FtpServer, Tls
from miva_sandbox.http_server import HttpServer
from miva_sandbox.request_log import RequestLog
from miva_sandbox.seed import Seeded, seed
from miva_sandbox.state import inventory, scheduled_tasks
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.page_images import choose_everywhere
from miva_sandbox.storefront import routes as storefront

if TYPE_CHECKING:
    from miva_sandbox.files.sftp import SftpServer

FTP_USER = "store"


class SandboxServer:
    """
    A domain with one seeded store, served on 127.0.0.1; ports of 0 are free ones.

    `control_port` None serves no control API, `sftp_port` None no SFTP, which needs the extra of that name.
    `state` is the directory that keeps everything; without one the store lives in memory and ends with the server.
    `page_images` is the image type that the storefront's pages show; None leaves them as they are, at first without.
    `inventory_mode` says when a shopper's stock is taken, `basket` or `checkout`; None leaves it, at first `basket`.
    FTP offers TLS with `certificate`; it can insist on it, and on data connections that resume the session.
    """

    def __init__(
        self,
        *,
        state: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        ftp_port: int = 0,
        folder: str = "/mm5/",
        store_code: str = "sandbox",
        page_images: str | None = None,
        inventory_mode: str | None = None,
        log: RequestLog | None = None,
        sftp_port: int | None = None,
        control_port: int | None = None,
        fault_seed: int = 0,
        ftp_tls_required: bool = False,
        ftp_session_reuse: bool = False,
    ) -> None:
        with ExitStack() as made:
            self.domain = Domain(state=state, folder=folder)
            made.callback(self.domain.close)
            self._seeded: Seeded = seed(self.domain, store_code=store_code)
            self.store = self._seeded.store
            if page_images is not None:
                choose_everywhere(self.store, page_images)
            if inventory_mode is not None:
                inventory.change_settings(self.store, {"mode": inventory_mode})
            self.full = self._seeded.full
            self.hub = self._seeded.hub
            self.log = log or RequestLog()
            made.callback(self.log.close)
            self.faults = Faults(seed=fault_seed)
            interruptions.install(self.domain, self.faults)
            self._acts = Control(self.domain, self.faults, self.log)
            made.callback(self._acts.close)
            self._http = HttpServer(self._app(), host=host, port=port)
            made.callback(self._http.stop)
            self._control_http = None
            if control_port is not None:
                self._control_http = HttpServer(self._acts.application(host=host), host=host, port=control_port)
                made.callback(self._control_http.stop)
            self.certificate = self_signed()
            tls = Tls(certificate=self.certificate, required=ftp_tls_required, session_reuse=ftp_session_reuse)
            self.ftp = FtpServer(
                self.domain.files,
                host,
                ftp_port,
                user=FTP_USER,
                password=self.ftp_password,
                tls=tls,
                faults=self.faults,
            )
            made.callback(self.ftp.stop)
            self.sftp = None if sftp_port is None else self._sftp(host, sftp_port)
            if self.sftp is not None:
                made.callback(self.sftp.stop)
            self._made = made.pop_all()

    def _sftp(self, host: str, port: int) -> "SftpServer":
        # Only here, so that the sandbox does without the extra.
        from miva_sandbox.files.sftp import SftpServer  # noqa: PLC0415

        return SftpServer(self.domain.files, host, port, user=FTP_USER, password=self.ftp_password, faults=self.faults)

    @property
    def ftp_user(self) -> str:
        return FTP_USER

    @property
    def ftp_password(self) -> str:
        return self.domain.secret("FTP password")

    @property
    def address(self) -> str:
        return f"http://{self._http.host}:{self._http.port}"

    @property
    def endpoint(self) -> str:
        return f"{self.address}{self.domain.folder}json.mvc"

    @property
    def control(self) -> str:
        """The address of the control API; blank if it isn't served."""
        return f"http://{self._control_http.host}:{self._control_http.port}" if self._control_http else ""

    @property
    def storefront(self) -> str:
        return f"{self.address}{self.domain.folder}"

    def shopper(self) -> Shopper:
        """Let somebody come into the store, with no basket yet."""
        return Shopper(self.store)

    def reset(self) -> None:
        """Make every store as new: no records, files, faults and logs, and the right time. Tokens stay."""
        self._acts.make_new()

    def snapshot(self, name: str = "") -> None:
        """Keep the content of all stores with their files; an older one of the name is replaced."""
        self._acts.snapshots.take(name)

    def restore(self, name: str = "") -> None:
        """Bring a snapshot back, as often as wanted; clock, faults and logs stay. Raises KeyError."""
        self._acts.snapshots.restore(name)

    def run_task(self, name: str) -> int:
        """Run a scheduled task of the store now, and return how many records it deleted; raises KeyError."""
        return scheduled_tasks.run(self.store, name)

    def start(self) -> Self:
        """Raises OSError for a port that is taken; then nothing is left running."""
        try:
            self._http.start()
            self.domain.base_url = self.address
            self.ftp.start()
            if self.sftp is not None:
                self.sftp.start()
            if self._control_http is not None:
                self._control_http.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Close all connections, wait for the threads and forget what was in memory. Idempotent."""
        # All at once, as each may have requests to wait for.
        self._http.begin_to_stop()
        if self._control_http is not None:
            self._control_http.begin_to_stop()
        self._made.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _app(self) -> ASGIApp:
        folder = self.domain.folder
        routes: list[BaseRoute] = [
            # Round the endpoint itself, so that what is raised on purpose meets no error page on its way.
            Route(f"{folder}json.mvc", FaultyTransport(ApiEndpoint(self.domain, self.log), self.domain, self.faults)),
            *storefront.routes(self.domain),
            Mount(f"{folder}graphics", StaticFiles(directory=self.domain.files_root / "graphics")),
        ]
        return connection_in_scope(Starlette(routes=routes))
