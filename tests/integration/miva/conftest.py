"""A sandbox store with clients of the hub for it, and a scripted server for what no store can be made to do."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stamina

from miva_sandbox.files.ftp import FtpServer
from miva_sandbox.server import SandboxServer
from tradepost.miva.connect import StoreConnection, connect_client
from tradepost.miva.files.file_server import FileServerAddress
from tradepost.miva.files.image_folder import ImageFolder
from tradepost.miva.files.image_store import SERVERS, MivaImageStore
from tradepost.miva.store import MivaStore
from tradepost.miva.wire.transport import Limits
from tradepost.operations.ports import FileProtocol

AT_ONCE = stamina.RetryingCaller(attempts=3, timeout=20, wait_initial=0, wait_max=0, wait_jitter=0)
KEY = "c2VjcmV0LXNpZ25pbmcta2V5"
TOKEN = "0123456789abcdef0123456789abcdef"
USER, PASSWORD = "store", "s3cret"


@dataclass
class Request:
    body: bytes
    headers: dict[str, str]

    @property
    def members(self):
        return json.loads(self.body)


@dataclass
class Script:
    """Answers in order, the last one for ever; each is (status, headers, body) or a function that writes it itself."""

    answers: list
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Request):
        with self.lock:
            self.requests.append(request)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.script.take(Request(body, {key.lower(): value for key, value in self.headers.items()}))
        if isinstance(answer, Callable):
            answer(self)
            self.close_connection = True
            return
        status, headers, content = answer
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        # Without a Date header of its own.
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # clients that hang up are part of the tests


@pytest.fixture
def scripted():
    """Start a server that gives these answers, and return a client for it with the script."""
    started = []

    def start(*answers, **settings):
        script = Script(list(answers))
        server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"script": script}))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        connection = StoreConnection(
            domain=f"http://127.0.0.1:{server.server_address[1]}",
            store_code="acme",
            token=TOKEN,
            signature_key=KEY,
            plain_http=True,
        )
        settings = {"retrying": AT_ONCE, **settings}
        client = connect_client(connection, **settings)
        started.append((server, thread, client))
        return client, script

    yield start
    for server, thread, client in started:
        client.close()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def sandbox():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def connect(sandbox):
    """Connect to the sandbox with one of its tokens, or with what is given instead of it."""
    clients = []

    def open_client(token=None, *, store_code=None, key=None, name=None, limits=None, **settings):
        token = token or sandbox.hub
        connection = StoreConnection(
            domain=sandbox.endpoint,
            store_code=store_code or sandbox.store.code,
            token=name or token.token,
            signature_key=token.signature_key if key is None else key,
            plain_http=True,
        )
        client = connect_client(connection, retrying=AT_ONCE, limits=limits or Limits(), **settings)
        clients.append(client)
        return client

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture(params=["hub", "full"])
def store(request, sandbox, connect):
    """The port, with a token of exactly the eight functions and with one of all rights."""
    return MivaStore(connect(getattr(sandbox, request.param)))


@pytest.fixture
def root(tmp_path):
    """What an image server shows of a store's disk."""
    (tmp_path / "htdocs/mm5/graphics/00000001").mkdir(parents=True)
    (tmp_path / "htdocs/mm5/graphics/is-images").mkdir()
    return tmp_path


@pytest.fixture
def ftp(root):
    with FtpServer(root, user=USER, password=PASSWORD) as running:
        yield running


@pytest.fixture
def open_image_store():
    """Open an image store on a port; counts the connections that it makes in `opened`."""
    stores = []

    def start(port, *, folder=None, opened=None, connections=4, **changes):
        settings = {"host": "127.0.0.1", "port": port, "user": USER, "password": PASSWORD, "protocol": FileProtocol.FTP}
        address = FileServerAddress(**{**settings, "connect_seconds": 60, "answer_seconds": 60, **changes})

        def connect():
            kind = SERVERS[address.protocol]
            if opened is None:
                return kind(address)
            opened.append(None)
            opened[-1] = kind(address)
            return opened[-1]

        store = MivaImageStore(connect, folder=folder or ImageFolder(), connections=connections, retrying=AT_ONCE)
        stores.append(store)
        return store

    yield start
    for store in stores:
        store.close()
