"""Image files on a plain FTP server: whole or not at all, never twice, never over somebody else's."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from miva_sandbox.files.ftp import FtpServer
from tradepost.domain.errors import CredentialsRejected, StorageRefused, StoreUnavailable
from tradepost.miva.files.image_folder import ImageFolder

PATH = "graphics/is-images/mug-1-0123abcd.png"


@pytest.fixture
def images(ftp, open_image_store):
    return open_image_store(ftp.port)


def names(root):
    return sorted(path.name for path in (root / "htdocs/mm5/graphics/is-images").iterdir())


def test_a_file_is_put_in_place_and_found_by_its_registered_path(images, root):
    images.upload(PATH, b"content")

    assert (root / "htdocs/mm5" / PATH).read_bytes() == b"content"
    assert images.sizes([PATH, "graphics/is-images/other.png", "graphics/none/x.png"]) == {PATH: 7}
    assert names(root) == ["mug-1-0123abcd.png"]


def test_many_files_are_looked_up_by_one_listing(images, root):
    for number in range(30):
        (root / f"htdocs/mm5/graphics/is-images/{number}.png").write_bytes(b"x" * number)
    (root / "htdocs/mm5/graphics/is-images/\udcff.png").write_bytes(b"a name that is no UTF-8")

    found = images.sizes([f"graphics/is-images/{number}.png" for number in range(40)])

    assert found == {f"graphics/is-images/{number}.png": number for number in range(30)}
    assert images.sizes([f"graphics/none/{number}.png" for number in range(40)]) == {}


def test_a_file_that_is_there_is_not_sent_again(images, root):
    images.upload(PATH, b"content")
    before = (root / "htdocs/mm5" / PATH).stat().st_mtime_ns

    images.upload(PATH, b"content")

    assert (root / "htdocs/mm5" / PATH).stat().st_mtime_ns == before


def test_a_file_of_somebody_else_is_never_overwritten(images, root):
    """R24: a file that the hub did not send is never overwritten, whatever it is called."""
    (root / "htdocs/mm5" / PATH).write_bytes(b"theirs")

    with pytest.raises(StorageRefused, match="not ours") as raised:
        images.upload(PATH, b"content")

    assert raised.value.path == PATH
    assert (root / "htdocs/mm5" / PATH).read_bytes() == b"theirs"
    assert names(root) == ["mug-1-0123abcd.png"]


def test_what_a_broken_upload_left_is_overwritten(images, root):
    (root / f"htdocs/mm5/{PATH}.part").write_bytes(b"half a pict")

    images.upload(PATH, b"content")

    assert names(root) == ["mug-1-0123abcd.png"]


def test_a_missing_folder_refuses_the_file_and_can_be_made(ftp, open_image_store, root):
    """R22: a folder that is missing is made when a person asks for it, and files go into it then."""
    images = open_image_store(ftp.port, folder=ImageFolder(sub_folder="channel/a"))
    with pytest.raises(StorageRefused):
        images.upload("graphics/channel/a/x.png", b"x")
    assert not images.has_folder()

    images.make_folder()
    images.make_folder()
    images.upload("graphics/channel/a/x.png", b"x")

    assert images.has_folder()
    assert (root / "htdocs/mm5/graphics/channel/a/x.png").read_bytes() == b"x"


def test_a_missing_base_directory_is_not_made(ftp, open_image_store, root):
    images = open_image_store(ftp.port, folder=ImageFolder("/nowhere/graphics", "a"))

    with pytest.raises(StorageRefused, match="base directory"):
        images.make_folder()

    assert not (root / "nowhere").exists()


@pytest.mark.parametrize("base", ["htdocs/mm5/graphics", "httpdocs/mm5/graphics", "mm5/graphics", "graphics"])
def test_the_base_directory_is_found_where_hosters_put_it(tmp_path, open_image_store, base):
    """R22: the graphics folder is found wherever a hoster has put it."""
    (tmp_path / base / "00000001").mkdir(parents=True)
    (tmp_path / "htdocs").mkdir(exist_ok=True)

    with FtpServer(tmp_path, user="store", password="s3cret") as server:
        found = open_image_store(server.port).detect_base_directory(folder="/mm5/")

    assert found == f"/{base}"


def test_no_base_directory_is_found_where_there_is_none(tmp_path, open_image_store):
    with FtpServer(tmp_path, user="store", password="s3cret") as server:
        assert open_image_store(server.port).detect_base_directory(folder="/mm5/") is None


def test_a_deleted_file_is_gone_and_deleting_it_again_is_no_error(images, root):
    images.upload(PATH, b"content")

    images.delete(PATH)
    images.delete(PATH)

    assert names(root) == []


def test_a_wrong_password_is_refused_without_a_second_try(ftp, open_image_store):
    opened = []
    images = open_image_store(ftp.port, password="wrong", opened=opened)

    with pytest.raises(CredentialsRejected, match="login of store") as raised:
        images.sizes([PATH])

    assert len(opened) == 1
    assert "wrong" not in str(raised.value)


def test_a_lost_connection_is_opened_again(ftp, open_image_store, root):
    opened = []
    images = open_image_store(ftp.port, opened=opened)
    images.upload(PATH, b"content")
    opened[0]._ftp.sock.shutdown(socket.SHUT_RDWR)

    images.upload("graphics/is-images/second.png", b"two")

    assert len(opened) == 2
    assert names(root) == ["mug-1-0123abcd.png", "second.png"]


def test_a_server_that_is_not_there_is_unavailable(open_image_store):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        images = open_image_store(unused.getsockname()[1])

        with pytest.raises(StoreUnavailable, match="No file server answers at"):
            images.sizes([PATH])


def test_several_threads_upload_side_by_side(ftp, open_image_store, root):
    opened = []
    images = open_image_store(ftp.port, opened=opened, connections=3)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: images.upload(f"graphics/is-images/{number}.png", b"x" * number), range(40)))

    assert len(names(root)) == 40
    assert len(opened) <= 3
