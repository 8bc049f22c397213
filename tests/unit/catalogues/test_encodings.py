"""Encodings of files as people have them."""

import pytest

from tradepost.catalogues.encodings import make_utf_8
from tradepost.domain.errors import FileRefused

TEXT = "sku,name\nMUG,Bécher à café, 5 €\n"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("windows-1252", "windows-1252")],
)
def test_a_file_is_in_utf_8_afterwards_whatever_it_was_in_before(tmp_path, encoding, told):
    path = tmp_path / "products.csv"
    path.write_bytes(TEXT.encode(encoding))

    found = make_utf_8(path)

    assert found == told
    assert path.read_text(encoding="utf-8-sig") == TEXT
    assert [each.name for each in tmp_path.iterdir()] == ["products.csv"]


def test_a_file_in_utf_8_with_some_broken_bytes_stays_as_it_is(tmp_path):
    """Its rows are refused by their reader; taken for another encoding, all others would be garbled."""
    content = (TEXT * 10).encode() + b"CUP,broken \xe9 here\n"
    path = tmp_path / "products.csv"
    path.write_bytes(content)

    assert make_utf_8(path) == "utf-8"
    assert path.read_bytes() == content


def test_a_character_that_lies_across_two_pieces_is_whole(tmp_path):
    content = b"x" * 999_999 + "é".encode() + b"\n"
    path = tmp_path / "products.csv"
    path.write_bytes(content)

    assert make_utf_8(path) == "utf-8"
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"sku\nM\x81\x8d\x8f\x90\x9d\n", b"\xff\xfeo"])
def test_what_is_in_no_encoding_that_can_be_told_is_refused(tmp_path, content):
    path = tmp_path / "products.csv"
    path.write_bytes(content)

    with pytest.raises(FileRefused, match="is in no encoding that can be told"):
        make_utf_8(path)
