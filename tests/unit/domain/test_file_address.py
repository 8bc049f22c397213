"""Addresses where files are exchanged, as people write them."""

import pytest

from tradepost.domain.errors import NotAllowed
from tradepost.domain.files.file_address import FileAddress, file_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/srv/dock", FileAddress("folder", "", 0, "", "/srv/dock")),
        ("/" + "x" * 999, FileAddress("folder", "", 0, "", "/" + "x" * 999)),
        ("http://erp.example.com/a", FileAddress("http", "erp.example.com", 0, "", "/a")),
        ("ftps://host//in//today", FileAddress("ftps", "host", 0, "", "/in/today")),
        ("sftp://dock@files.example.com/in", FileAddress("sftp", "files.example.com", 0, "dock", "/in")),
        ("FTP://a%40b@127.0.0.1:2121/x%20y/", FileAddress("ftp", "127.0.0.1", 2121, "a@b", "/x y")),
        ("ftps-implicit://host", FileAddress("ftps-implicit", "host", 0, "", "/")),
        ("https://erp.example.com", FileAddress("https", "erp.example.com", 0, "", "/")),
        ("https://erp.example.com:8443/a?b=c", FileAddress("https", "erp.example.com", 8443, "", "/a?b=c")),
    ],
)
def test_an_address_is_read_as_it_is_written(text, address):
    assert file_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "dock", "C:\\dock", "file:///srv", "https://", "ssh://host/x", "https://host:port/", "/a\nb", "/" * 1001],
)
def test_what_is_none_is_refused_with_what_to_write(text):
    with pytest.raises(NotAllowed, match="no address for files"):
        file_address(text)


@pytest.mark.parametrize("text", ["sftp://dock:secret@host/in", "https://token@host/", "https://a:b@host/"])
def test_a_secret_in_an_address_is_refused_and_not_repeated(text):
    with pytest.raises(NotAllowed) as refused:
        file_address(text)

    assert "secret" not in str(refused.value)
