"""A mail server that takes everything, or refuses as it is told, and keeps what it was sent."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import cast


class MailPlace(ThreadingTCPServer):
    """`letters`: what came. `refuses`: the next so many are answered by "try again later"."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[EmailMessage] = []
        self.refuses = 0

    @property
    def address(self) -> str:
        port = self.server_address[1]
        return f"mailto://127.0.0.1:{port}?from=hub@example.com&to=ops@example.com&mode=insecure"


class _Conversation(StreamRequestHandler):
    def handle(self) -> None:
        place = cast("MailPlace", self.server)
        self._say("220 here")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"QUIT":
                self._say("221 bye")
                return
            if word == b"MAIL" and place.refuses:
                place.refuses -= 1
                self._say("451 not now")
            elif word == b"DATA":
                self._say("354 go on")
                place.letters.append(self._letter())
                self._say("250 taken")
            else:
                self._say("250 well")

    def _letter(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        return cast("EmailMessage", message_from_bytes(b"".join(lines), policy=policy.default))

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
