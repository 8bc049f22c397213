"""The image library against a real HTTP server: what is fetched, kept, and left alone after failures."""

import io
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.errors import AddressRefused, ImageUnusable
from tradepost.images import ImageLibrary
from tradepost.security.addresses import check_web_address, checked_addresses
from tradepost.security.transport import CheckedTransport


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
            page = server.pages.get(self.path, (404, {}, b""))
            if callable(page):
                page(self)
                self.close_connection = True
                return
            status, headers, body = page
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.pages, server.asked, server.stop = {}, [], threading.Event()
    server.handle_error = lambda *_: None  # clients that hang up are part of the tests
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.stop.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def library(tmp_path):
    return ImageLibrary(tmp_path, check_address=lambda _address: None)


def test_an_image_is_fetched_once_and_kept(web, tmp_path, library):
    source = f"{web.url}/tee.png"
    web.pages["/tee.png"] = (200, {}, a_png())

    first = library.prepare([source])[source]
    second = ImageLibrary(tmp_path, check_address=lambda _address: None).prepare([source])[source]

    assert isinstance(first, ImageFile)
    assert first == second
    assert web.asked == ["/tee.png"]
    assert len(library.content(first.checksum)) == first.size_bytes


def test_a_page_instead_of_an_image_is_told_with_its_address(web, library):
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

    file = library.ingest("tee.png", folder=tmp_path)

    assert file.source == f"media:{file.checksum}"
    assert library.prepare([file.source])[file.source] == file


@pytest.mark.parametrize("name", ["none.png", "."])
def test_a_path_that_is_no_image_file_is_told(tmp_path, library, name):
    with pytest.raises(ImageUnusable):
        library.ingest(name, folder=tmp_path)


def test_a_text_file_is_never_copied(tmp_path, library):
    path = tmp_path / "passwd"
    path.write_text("root:x:0:0")

    with pytest.raises(ImageUnusable, match="is not an image"):
        library.ingest("passwd", folder=tmp_path)


# --- images that should not be ------------------------------------------------------------------------------------


@pytest.fixture
def guarded(tmp_path):
    """Make a library as it is in a channel whose store is at `localhost`."""

    def make(**settings):
        addresses = partial(checked_addresses, private_hosts={"localhost"})
        return ImageLibrary(
            tmp_path,
            check_address=check_web_address,
            open_transport=partial(CheckedTransport, addresses=addresses),
            **settings,
        )

    return make


@pytest.mark.parametrize(
    "source",
    [
        "http://[", "http://[::1", "https://", "http://a b/", "http://x:99999/a.png", "http://\ud800/a.png",
        "http://\x00/", "http://.../", "http://" + "a" * 70 + ".example/", "http://localhost:0/", "ftp://x/", "",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_its_images_outcome_alone(web, guarded, source):
    good = f"http://localhost:{web.server_port}/tee.png"
    web.pages["/tee.png"] = (200, {}, a_png())

    prepared = guarded().prepare([source, good])

    assert isinstance(prepared[source], ImageUnusable)
    assert str(prepared[source]).endswith(".")
    assert isinstance(prepared[good], ImageFile)


@pytest.mark.parametrize("location", ["http://[", "http://[::1", "", "ftp://x/", "http://\xff:x/", "//[/"])
def test_a_redirect_to_no_address_is_its_images_outcome_alone(web, guarded, location):
    good, bad = (f"http://localhost:{web.server_port}/{name}" for name in ("tee.png", "hop"))
    web.pages["/tee.png"] = (200, {}, a_png())
    web.pages["/hop"] = (302, {"Location": location}, b"")

    prepared = guarded().prepare([bad, good])

    assert isinstance(prepared[bad], ImageUnusable)
    assert isinstance(prepared[good], ImageFile)


def test_an_error_that_nobody_thought_of_is_its_images_outcome_alone(web, tmp_path):
    good, bad = f"{web.url}/tee.png", f"{web.url}/bad.png"
    web.pages["/tee.png"] = (200, {}, a_png())

    def check(address):
        if address == bad:
            raise KeyError("a bug")

    prepared = ImageLibrary(tmp_path, check_address=check).prepare([bad, good])

    assert "can't be used (KeyError)" in str(prepared[bad])
    assert isinstance(prepared[good], ImageFile)


def test_a_disk_that_is_full_is_told_for_each_image(web, tmp_path, library, monkeypatch):
    source = f"{web.url}/tee.png"
    web.pages["/tee.png"] = (200, {}, a_png())

    def write(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tradepost.images.library._write", write)

    assert "No space left on device" in str(library.prepare([source])[source])


def test_an_image_inside_the_network_is_refused_beside_a_local_store(web, guarded):
    web.pages["/tee.png"] = (200, {}, a_png())
    by_number = f"http://127.0.0.1:{web.server_port}/tee.png"

    reason = guarded().prepare([by_number])[by_number]

    assert "private network" in str(reason)
    assert web.asked == []


def test_a_redirect_from_the_store_into_the_network_is_refused(web, guarded):
    hop = f"http://localhost:{web.server_port}/hop"
    web.pages["/hop"] = (302, {"Location": f"http://127.0.0.1:{web.server_port}/tee.png"}, b"")
    web.pages["/tee.png"] = (200, {}, a_png())

    reason = guarded().prepare([hop])[hop]

    assert "private network" in str(reason)
    assert web.asked == ["/hop"]


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"])
def test_an_image_that_drips_is_given_up_when_its_time_is_over(web, guarded, begin):
    def drip(handler):
        handler.wfile.write(begin)
        while not web.stop.wait(0.05):
            handler.wfile.write(b"x")

    web.pages["/slow"] = drip
    source = f"http://localhost:{web.server_port}/slow"

    reason = guarded(image_seconds=0.5).prepare([source])[source]

    assert "no whole image within" in str(reason)


def test_images_are_not_fetched_when_the_runs_time_for_them_is_over(web, guarded):
    web.pages["/tee.png"] = (200, {}, a_png())
    first, second = (f"http://localhost:{web.server_port}/tee.png?{number}" for number in (1, 2))
    web.pages["/tee.png?1"] = web.pages["/tee.png?2"] = web.pages["/tee.png"]
    kept = guarded().prepare([first])[first]

    prepared = guarded(run_seconds=0).prepare([first, second])

    assert prepared[first] == kept
    assert "next one goes on" in str(prepared[second])


@pytest.mark.parametrize("name", ["../priv/scan.png", "link.png", "pipe.png", "/dev/zero", "zero.png"])
def test_only_regular_files_of_the_folder_are_ingested(tmp_path, library, name):
    folder = tmp_path / "catalogue"
    (tmp_path / "priv").mkdir()
    folder.mkdir()
    (tmp_path / "priv" / "scan.png").write_bytes(a_png())
    (folder / "link.png").symlink_to(tmp_path / "priv" / "scan.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.png")

    with pytest.raises(ImageUnusable):
        library.ingest(name, folder=folder)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path, library):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(10**12)

    with pytest.raises(ImageUnusable, match="larger than 20 MB"):
        library.ingest("huge.png", folder=tmp_path)


PEAK = r"""
import re, sys
from tradepost.images import ImageLibrary
library = ImageLibrary(__import__("pathlib").Path(sys.argv[1]), check_address=lambda _address: None)
prepared = library.prepare([f"{sys.argv[2]}?{number}" for number in range(8)])
# VmHWM, not ru_maxrss: a child inherits the latter from whoever started it, here from the tests' own process.
peak = re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]
print(peak, *{type(one).__name__ for one in prepared.values()})
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
@pytest.mark.parametrize(
    ("format_", "size", "becomes"),
    [("JPEG", (8000, 6250), "ImageFile"), ("PNG", (8000, 6250), "ImageUnusable"), ("PNG", (5000, 5000), "ImageFile")],
)
def test_eight_large_images_side_by_side_need_little_memory(web, tmp_path, format_, size, becomes):
    target = io.BytesIO()
    Image.new("RGB", size, (10, 200, 30)).save(target, format_)
    for number in range(8):
        web.pages[f"/large?{number}"] = (200, {}, target.getvalue())

    child = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path), f"{web.url}/large"], capture_output=True, text=True, check=True
    )

    peak, kind = child.stdout.split()
    assert kind == becomes
    assert int(peak) < 700_000  # kB; unlimited, the same eight images of 50 megapixels took 4 GB
