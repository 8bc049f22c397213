"""Encodings of files as people have them: spreadsheets write others than UTF-8, and nobody is told by a CSV which."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tradepost.domain.errors import FileRefused

UTF_8 = "utf-8"
_UTF_16 = "utf-16"
_WINDOWS = "windows-1252"
_PIECE_BYTES = 1_000_000


def make_utf_8(path: Path) -> str:
    """
    Write a file of text anew in UTF-8, where it is in another encoding; return the name of the one that it had.

    UTF-16 says so itself. What is more often no UTF-8 than it is, is taken for the encoding of Windows in the West; a
    person looks at a few of its rows. Raises FileRefused for what can't be read as that either.
    """
    with path.open("rb") as file:
        encoding = _encoding_of(file)
    if encoding == UTF_8:
        return UTF_8
    other = path.with_name(f".{path.name}")
    try:
        with path.open("rb") as file, other.open("wb") as into:
            for text in _decoded(file, encoding, errors="strict"):
                into.write(text.encode(UTF_8, "surrogatepass"))
    except UnicodeDecodeError:
        raise FileRefused(
            f"{path.name} is in no encoding that can be told. Save it as 'CSV UTF-8' and choose that."
        ) from None
    other.replace(path)
    return encoding


def _encoding_of(file: BinaryIO) -> str:
    if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return _UTF_16
    file.seek(0)
    unread = read = 0
    for text in _decoded(file, UTF_8, errors="replace"):
        unread += text.count("\N{REPLACEMENT CHARACTER}")
        read += sum(1 for mark in text if mark > "\x7f") if not text.isascii() else 0
    # Of one that is read, `read` counts those that were replaced, too.
    return _WINDOWS if unread > read - unread else UTF_8


def _decoded(file: BinaryIO, encoding: str, *, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    while piece := file.read(_PIECE_BYTES):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)
