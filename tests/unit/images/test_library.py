"""The image library against a real HTTP server: what is fetched, kept, and left alone after failures."""

import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from tradepost.domain.catalogue import ImageFile
from tradepost.domain.errors import AddressRefused, ImageUnusable
from tradepost.images import ImageLibrary


def a_png(colour=(200, 10, 10)):
    target = io.BytesIO()
    Image.new("RGB", (30, 30), colour).save(target, "PNG")
    return target.getvalue()


@pytest.fixture
def web():
    """A web server; `web.pages` maps paths to (status, headers, body), `web.asked` lists what was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            status, headers, body = server.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.pages, server.asked = {}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def library(tmp_path):
    return ImageLibrary(tmp_path, check_address=lambda _address: None)


def test_a_image_is_fetched_once_and_kept(web, tmp_path, library):
    source = f"{web.url}/tee.png"
    web.pages["/tee.png"] = (200, {}, a_png())

    first = library.prepare([source])[source]
    second = ImageLibrary(tmp_path, check_address=lambda _address: None).prepare([source])[source]

    assert isinstance(first, ImageFile)
    assert first == second
    assert web.asked == ["/tee.png"]
    assert len(library.content(first.checksum)) == first.size_bytes


def test_a_page_instead_of_a_image_is_told_with_its_address(web, library):
    source = f"{web.url}/tee.png"
    web.pages["/tee.png"] = (200, {}, b"<html>sorry</html>")

    reason = library.prepare([source])[source]

    assert isinstance(reason, ImageUnusable)
    assert source in str(reason)


def test_a_missing_image_names_the_answer(web, library):
    source = f"{web.url}/gone.png"

    assert "answered 404" in str(library.prepare([source])[source])


def test_every_address_on_the_way_is_checked(web, tmp_path):
    web.pages["/hop"] = (302, {"Location": "http://169.254.169.254/secret"}, b"")

    def check(address):
        if "169.254" in address:
            raise AddressRefused(f"{address} is not a public address.")

    library = ImageLibrary(tmp_path, check_address=check)

    reason = library.prepare([f"{web.url}/hop"])[f"{web.url}/hop"]

    assert "169.254.169.254" in str(reason)


def test_redirects_without_end_are_given_up(web, library):
    web.pages["/loop"] = (302, {"Location": "/loop"}, b"")

    reason = library.prepare([f"{web.url}/loop"])[f"{web.url}/loop"]

    assert "without end" in str(reason)
    assert len(web.asked) == 6


def test_a_host_that_failed_twice_is_not_asked_again_in_the_run(library):
    # Nothing listens there: the port was just given back.
    closed = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = closed.server_port
    closed.server_close()
    address = f"http://127.0.0.1:{port}"

    for name in ("a", "b"):
        library.prepare([f"{address}/{name}"])
    third = library.prepare([f"{address}/c"])[f"{address}/c"]

    assert "has failed 2 times" in str(third)


def test_a_file_is_ingested_and_found_again_by_its_source(tmp_path, library):
    path = tmp_path / "tee.png"
    path.write_bytes(a_png())

    file = library.ingest(str(path))

    assert file.source == f"media:{file.checksum}"
    assert library.prepare([file.source])[file.source] == file


@pytest.mark.parametrize("name", ["none.png", "."])
def test_a_path_that_is_no_image_file_is_told(tmp_path, library, name):
    with pytest.raises(ImageUnusable):
        library.ingest(str(tmp_path / name))


def test_a_text_file_is_never_copied(tmp_path, library):
    path = tmp_path / "passwd"
    path.write_text("root:x:0:0")

    with pytest.raises(ImageUnusable, match="is not an image"):
        library.ingest(str(path))
