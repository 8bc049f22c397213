import os
from pathlib import Path

import pytest

from tradepost.domain.errors import AddressRefused
from tradepost.images.encoding import NotAnImage
from tradepost.images.files import read_inside


@pytest.fixture
def folder(tmp_path):
    """A catalogue's folder, with something private beside it."""
    (tmp_path / "priv").mkdir()
    (tmp_path / "priv" / "scan.png").write_bytes(b"private")
    folder = tmp_path / "catalogue"
    (folder / "images").mkdir(parents=True)
    for name in ("a.jpg", "images/a.jpg", "ä b.jpg"):
        (folder / name).write_bytes(b"content")
    return folder


@pytest.mark.parametrize("name", ["a.jpg", "images/a.jpg", "./a.jpg", "x/../a.jpg", "ä b.jpg", "images/../a.jpg"])
def test_a_name_below_the_folder_is_found(folder, name):
    assert read_inside(folder, name, limit_bytes=100) == b"content"


@pytest.mark.parametrize(
    "name",
    [
        "../a.jpg", "/etc/passwd", "x/../../a.jpg", "", ".", "..", "a\x00.jpg", "..\\a.jpg", "x/../..",
        "../priv/scan.png", "images/../../priv/scan.png",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(folder, name):
    with pytest.raises(AddressRefused):
        read_inside(folder, name, limit_bytes=100)


@pytest.mark.parametrize("target", ["../priv", "images", "/etc"])
def test_a_link_to_a_folder_is_not_followed(folder, target):
    (folder / "link").symlink_to(target)

    with pytest.raises(AddressRefused, match="link"):
        read_inside(folder, "link/scan.png", limit_bytes=100)


@pytest.mark.parametrize("target", ["../priv/scan.png", "a.jpg", "/dev/zero", "nothing"])
def test_a_link_to_a_file_is_not_followed(folder, target):
    (folder / "link.png").symlink_to(target)

    with pytest.raises(AddressRefused, match="link"):
        read_inside(folder, "link.png", limit_bytes=100)


def test_a_pipe_that_nobody_writes_to_is_refused_at_once(folder):
    os.mkfifo(folder / "pipe.png")

    with pytest.raises(AddressRefused, match="no regular file"):
        read_inside(folder, "pipe.png", limit_bytes=100)


def test_a_device_is_refused():
    with pytest.raises(AddressRefused, match="no regular file"):
        read_inside("/dev", "zero", limit_bytes=100)


def test_a_folder_is_no_file(folder):
    with pytest.raises(AddressRefused, match="no regular file"):
        read_inside(folder, "images", limit_bytes=100)


def test_no_more_than_the_limit_is_read(folder):
    assert read_inside(folder, "a.jpg", limit_bytes=7) == b"content"
    with pytest.raises(NotAnImage, match="is larger than"):
        read_inside(folder, "a.jpg", limit_bytes=6)


def test_what_is_not_there_is_not_found_and_no_file_stays_open(folder):
    opened = len(list(Path("/dev/fd").iterdir()))

    for name in ("none.jpg", "none/a.jpg", "a.jpg/b"):
        with pytest.raises(OSError):
            read_inside(folder, name, limit_bytes=100)

    assert len(list(Path("/dev/fd").iterdir())) == opened


def test_the_folder_itself_may_be_reached_by_a_link(folder, tmp_path):
    # The operator named it; only what stands in the file comes from outside.
    (tmp_path / "here").symlink_to(folder)

    assert read_inside(tmp_path / "here", "a.jpg", limit_bytes=100) == b"content"
