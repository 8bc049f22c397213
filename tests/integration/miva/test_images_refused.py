"""What image servers say when they won't or can't, and what that means. A scripted server says it on command."""

import socket
import threading

import pytest

from tradepost.domain.errors import CredentialsRejected, StorageRefused, StoreUnavailable

PATH = "graphics/is-images/mug-1-0123abcd.png"
HEALTHY = {
    "USER": "331 password", "PASS": "230 in", "SIZE": "550 no such file", "STOR": "150 go", "after": "226 done",
    "RNFR": "350 go", "MLSD": "150 go", "LIST": "150 go",
}  # fmt: skip


class ScriptedFtp(threading.Thread):
    """Answers each command by its first word (None hangs up); enough of FTP for a login and a transfer."""

    def __init__(self, answers, listing=b""):
        super().__init__(daemon=True)
        self.answers = answers
        self.listing = listing
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("r", newline="\r\n") as lines:
                self.serve(connection, lines)

    def serve(self, connection, lines):
        connection.sendall(b"220 hello\r\n")
        data = socket.socket()
        for line in lines:
            command = line.split()[0].upper()
            answer = self.answers.get(command, "200 ok")
            if command == "PASV":
                data.close()  # a refused transfer leaves its connection waiting
                data = socket.create_server(("127.0.0.1", 0))
                high, low = divmod(data.getsockname()[1], 256)
                answer = f"227 here (127,0,0,1,{high},{low})"
            if answer is None:
                break
            connection.sendall(f"{answer}\r\n".encode())
            if answer.startswith("150"):
                self.transfer(data, command)
                connection.sendall(f"{self.answers['after']}\r\n".encode())
        data.close()

    def transfer(self, data, command):
        transfer, _ = data.accept()
        with transfer:
            if command == "STOR":
                while transfer.recv(65536):
                    pass
            else:
                transfer.sendall(self.listing)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join(60)


@pytest.fixture
def scripted_ftp():
    servers = []

    def start(answers, listing=b""):
        servers.append(ScriptedFtp({**HEALTHY, **answers}, listing))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("answers", "error", "part"),
    [
        ({"STOR": "553 not allowed"}, StorageRefused, "not allowed"),
        ({"STOR": "452 disk full"}, StorageRefused, "No space"),
        ({"after": "552 quota exceeded"}, StorageRefused, "No space"),
        ({"STOR": "550 permission denied"}, StorageRefused, "permission denied"),
        ({"RNTO": "550 denied"}, StorageRefused, "a rename"),
        ({"STOR": None}, StoreUnavailable, "an upload"),
        ({"after": "426 aborted"}, StoreUnavailable, "gave up"),
        ({"STOR": "530 log in again"}, CredentialsRejected, "log in again"),
        ({"USER": "421 too many users"}, StoreUnavailable, "too many users"),
        ({"PASS": "530 no"}, CredentialsRejected, "Check user"),
    ],
)
def test_what_the_server_says_decides_what_to_do(scripted_ftp, open_image_store, answers, error, part):
    images = open_image_store(scripted_ftp(answers).port)

    with pytest.raises(error, match=part):
        images.upload(PATH, b"content")


def test_a_file_that_arrived_short_is_refused_and_not_put_in_place(scripted_ftp, open_image_store):
    sizes = iter(["550 no such file", "213 3"])

    class Answers(dict):
        def get(self, command, default):
            return next(sizes) if command == "SIZE" else super().get(command, default)

    server = scripted_ftp({})
    server.answers = Answers(server.answers)

    with pytest.raises(StorageRefused, match="3 of 7 bytes"):
        open_image_store(server.port).upload(PATH, b"content")


def test_a_server_without_machine_readable_listings_is_read_all_the_same(scripted_ftp, open_image_store):
    listing = (
        b"total 3\r\n"
        b"drwxr-xr-x   2 store store     4096 Jan 01 10:00 folder\r\n"
        b"-rw-r--r--   1 store store      700 Jan 01  2025 1.png\r\n"
        b"-rw-r--r--   1 store store       12 Jan 01 10:00 with blank.png\r\n"
    )
    images = open_image_store(scripted_ftp({"MLSD": "502 no such command"}, listing).port)

    found = images.sizes([f"graphics/is-images/{number}.png" for number in range(30)])

    assert found == {"graphics/is-images/1.png": 700}
