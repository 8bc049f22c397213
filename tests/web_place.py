"""A web address with which files are exchanged: takes what it is sent, and gives what it has."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class WebPlace(HTTPServer):
    """
    `statuses` are its next answers, and then 204 to what it is sent. `offered`: what it gives, under the tag `tag`.

    `taken`: the requests with which it was sent something; `asked`: the headers of those that asked.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.asked: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.offered: bytes | None = None
        self.tag = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/orders?shop=1"


class _Requests(BaseHTTPRequestHandler):
    server: WebPlace

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((dict(self.headers), content))
        self._answer(self._next(204))

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        if self.server.statuses:
            self._answer(self._next(0))
        elif self.server.offered is None:
            self._answer(204)
        elif self.server.tag and self.headers.get("If-None-Match") == self.server.tag:
            self._answer(304)
        else:
            self._answer(200, self.server.offered)

    def _next(self, usual: int) -> int:
        return self.server.statuses.pop(0) if self.server.statuses else usual

    def _answer(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if self.server.tag:
            self.send_header("ETag", self.server.tag)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is said on standard error."""
