"""SFTP: the same promises over a host key that a person has confirmed."""

import socket
import threading

import paramiko
import pytest

from tradepost.domain.errors import CredentialsRejected, StorageRefused
from tradepost.miva.files.file_server import fingerprint_of
from tradepost.miva.files.image_folder import ImageFolder
from tradepost.operations.ports import FileProtocol


class _Files(paramiko.SFTPServerInterface):
    root = None

    def _local(self, path):
        return self.root / path.lstrip("/")

    def _answer(self, work):
        try:
            return work()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def stat(self, path):
        return self._answer(lambda: paramiko.SFTPAttributes.from_stat(self._local(path).stat()))

    def list_folder(self, path):
        return self._answer(
            lambda: [paramiko.SFTPAttributes.from_stat(one.stat(), one.name) for one in self._local(path).iterdir()]
        )

    def open(self, path, flags, attr):
        def work():
            handle = paramiko.SFTPHandle(flags)
            handle.writefile = self._local(path).open("wb")
            return handle

        return self._answer(work)

    def rename(self, old, new):
        return self._answer(lambda: (self._local(old).rename(self._local(new)), paramiko.SFTP_OK)[1])

    def remove(self, path):
        return self._answer(lambda: (self._local(path).unlink(), paramiko.SFTP_OK)[1])

    def mkdir(self, path, attr):
        return self._answer(lambda: (self._local(path).mkdir(), paramiko.SFTP_OK)[1])


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL if (username, password) == ("store", "s3cret") else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


@pytest.fixture
def sftp(root):
    """A server; returns its port and the fingerprint of its key."""
    key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    transports = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, type("Files", (_Files,), {"root": root}))
            transport.start_server(server=_Login(), event=threading.Event())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], fingerprint_of(key.asbytes())
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(60)
    for transport in transports:
        transport.close()


def test_files_go_over_sftp_once_the_host_key_is_confirmed(sftp, open_image_store, root):
    port, fingerprint = sftp
    images = open_image_store(
        port, protocol=FileProtocol.SFTP, fingerprint=fingerprint, folder=ImageFolder(sub_folder="channel")
    )
    assert not images.has_folder()
    images.make_folder()

    for _ in range(2):
        images.upload("graphics/channel/x.png", b"content" * 50_000)

    assert images.sizes(["graphics/channel/x.png", "graphics/channel/y.png"]) == {"graphics/channel/x.png": 350_000}
    assert [path.name for path in (root / "htdocs/mm5/graphics/channel").iterdir()] == ["x.png"]


def test_sftp_never_overwrites_and_deletes_what_it_is_told(sftp, open_image_store, root):
    port, fingerprint = sftp
    theirs = root / "htdocs/mm5/graphics/is-images/x.png"
    theirs.write_bytes(b"theirs")
    images = open_image_store(port, protocol=FileProtocol.SFTP, fingerprint=fingerprint)

    with pytest.raises(StorageRefused, match="not ours"):
        images.upload("graphics/is-images/x.png", b"content")
    assert theirs.read_bytes() == b"theirs"

    images.delete("graphics/is-images/x.png")
    assert not theirs.exists()
    assert images.detect_base_directory(folder="/mm5/") == "/htdocs/mm5/graphics"


@pytest.mark.parametrize(
    ("changes", "part"),
    [({"fingerprint": ""}, "SHA256:"), ({"fingerprint": "SHA256:other"}, "listens in"), ({"password": "no"}, "login")],
)
def test_sftp_refuses_unknown_keys_and_wrong_passwords(sftp, open_image_store, changes, part):
    port, fingerprint = sftp
    images = open_image_store(port, protocol=FileProtocol.SFTP, **{"fingerprint": fingerprint, **changes})

    with pytest.raises(CredentialsRejected, match=part):
        images.sizes(["graphics/is-images/x.png"])


def test_a_folder_that_is_too_full_to_be_listed_is_asked_file_by_file(sftp, open_image_store, root, monkeypatch):
    monkeypatch.setattr("tradepost.miva.files.file_server._LISTING_ENTRIES", 20)
    port, fingerprint = sftp
    for number in range(30):
        (root / f"htdocs/mm5/graphics/is-images/{number}.jpg").write_bytes(b"x" * number)
    images = open_image_store(port, protocol=FileProtocol.SFTP, fingerprint=fingerprint)

    sizes = images.sizes([f"graphics/is-images/{number}.jpg" for number in range(40)])

    assert sizes == {f"graphics/is-images/{number}.jpg": number for number in range(30)}
