"""Listings and replies of image servers that do not end, or hold what no server should say."""

import socket
import threading

import pytest

from tradepost.domain.errors import AddressRefused, StoreUnavailable
from tradepost.miva.files import file_server
from tradepost.miva.files.file_server import FileServerAddress, ListingTooLong
from tradepost.miva.files.ftp import FtpFiles, _facts
from tradepost.miva.files.image_folder import ImageFolder
from tradepost.miva.files.image_store import connect_images
from tradepost.operations.ports import FileProtocol

IMAGES = "graphics/is-images"


@pytest.fixture
def full(root):
    """A folder with more files than are read in one listing."""
    for number in range(30):
        (root / "htdocs/mm5" / IMAGES / f"{number}.jpg").write_bytes(b"x" * number)
    return root


@pytest.mark.parametrize("limit", ["_LISTING_ENTRIES", "_LISTING_BYTES"])
def test_a_folder_that_is_too_full_to_be_listed_is_asked_file_by_file(full, ftp, open_image_store, monkeypatch, limit):
    monkeypatch.setattr(file_server, limit, 20)
    store = open_image_store(ftp.port)

    sizes = store.sizes([f"{IMAGES}/{number}.jpg" for number in range(1, 40)])

    assert sizes == {f"{IMAGES}/{number}.jpg": number for number in range(1, 30)}
    assert store.has_folder()
    store.make_folder()
    store.upload(f"{IMAGES}/new.jpg", b"abc")
    assert (full / "htdocs/mm5" / IMAGES / "new.jpg").read_bytes() == b"abc"


def test_a_listing_that_is_too_long_is_not_read_to_its_end(full, ftp, monkeypatch):
    monkeypatch.setattr(file_server, "_LISTING_ENTRIES", 20)
    files = FtpFiles(
        FileServerAddress(host="127.0.0.1", port=ftp.port, user="store", password="s3cret", protocol=FileProtocol.FTP)
    )

    with pytest.raises(ListingTooLong, match="longer than 20 entries"):
        files.entries("/htdocs/mm5/graphics/is-images")
    files.close()


def test_a_listing_that_takes_for_ever_is_given_up(full, ftp, open_image_store, monkeypatch):
    monkeypatch.setattr(file_server, "_LISTING_SECONDS", -1)

    with pytest.raises(StoreUnavailable, match="not complete"):
        open_image_store(ftp.port).has_folder()


@pytest.mark.parametrize("digits", ["9" * 5000, "٣", "-1", ""])
def test_a_size_that_is_no_size_is_none(digits):
    assert _facts(f"type=file;size={digits}; a.jpg") == ("a.jpg", None)


@pytest.fixture
def talking():
    """A server that says something and keeps on saying it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def talk(greeting):
        def serve():
            try:
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.settimeout(5)
                        try:
                            while True:
                                connection.sendall(greeting)
                        except OSError:
                            continue
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        return listening.getsockname()[1]

    threads = []
    yield talk
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    for thread in threads:
        thread.join()


def test_a_reply_without_end_is_given_up(talking, open_image_store):
    port = talking(b"220-welcome\r\n" * 100)

    with pytest.raises(StoreUnavailable, match="more than 1000 lines"):
        open_image_store(port).has_folder()


@pytest.mark.parametrize("protocol", ["ftp", "ftps", "ftps-implicit", "sftp"])
def test_a_connection_goes_where_it_is_allowed_to_and_nowhere_else(protocol):
    asked = []

    def connect(address, timeout):
        asked.append((address, timeout))
        raise AddressRefused("That is inside a private network.")

    address = FileServerAddress(
        host="files.example", port=21, user="store", password="s3cret", protocol=FileProtocol(protocol)
    )

    with connect_images(address, folder=ImageFolder(), connect=connect) as images, pytest.raises(AddressRefused):
        images.has_folder()

    assert asked == [(("files.example", 21), 10)]
