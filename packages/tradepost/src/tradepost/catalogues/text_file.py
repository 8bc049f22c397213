"""
Files of text as they really are: opened, told from files of another sort, and read line by line.

No line is longer than memory can bear; one that is costs itself and no more.
"""

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from tradepost.domain.errors import FileRefused

_MAX_LINE_CHARACTERS = 20_000_000
# Half of a character is let through, so that it costs its row and not the file.
_ENCODING, _ENCODING_ERRORS = "utf-8-sig", "surrogatepass"
# What is no text for a database: PostgreSQL takes no NUL, nothing takes half of a character.
NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NamedContent:
    """A file that is no file of this machine (yet)."""

    name: str
    content: bytes

    def __str__(self) -> str:
        return self.name


TextFile = Path | NamedContent


class LineTooLong(Exception):
    """Nothing of the line was kept; the next one can be read."""


def refuse_other_files(path: TextFile) -> None:
    with _opened_raw(path) as file:
        start = file.read(4096)
    if not start.strip():
        raise FileRefused(f"{path} is empty. Export it again, with the header row.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused(f"{path} is in UTF-16. Save it as 'CSV UTF-8' and import that.")
    if start.startswith(b"PK\x03\x04"):
        raise FileRefused(f"{path} is a spreadsheet or ZIP file, not a CSV. Save it as 'CSV UTF-8' and import that.")
    if _is_binary(start):
        raise FileRefused(f"{path} is not a text file. Export it as 'CSV UTF-8' and import that.")


def _is_binary(start: bytes) -> bool:
    """Tell a file of another sort from a CSV in which a stray NUL stands, which costs only its row."""
    if b"\0" not in start:
        return False
    try:
        codecs.getincrementaldecoder(_ENCODING)(_ENCODING_ERRORS).decode(start)
    except UnicodeDecodeError:
        return True
    return b"\0" in start.splitlines()[0]


def opened(path: TextFile) -> TextIO:
    return io.TextIOWrapper(_opened_raw(path), encoding=_ENCODING, errors=_ENCODING_ERRORS, newline="")


def _opened_raw(path: TextFile) -> BinaryIO:
    if isinstance(path, NamedContent):
        return io.BytesIO(path.content)
    try:
        if path.is_dir():
            raise FileRefused(f"{path} is a folder. Name the CSV file inside it.")
        if path.exists() and not path.is_file():
            raise FileRefused(f"{path} is no regular file. Name a CSV file.")
        return path.open("rb")
    except FileNotFoundError:
        raise FileRefused(f"There is no file {path}. Check the path.") from None
    except OSError as error:
        raise FileRefused(f"{path} can't be read: {error.strerror}.") from error


class TextLines:
    """The lines of a file, counted; one that is too long costs itself and no more. `is_over`: there are no more."""

    def __init__(self, file: TextIO, path: TextFile) -> None:
        self.count = 0
        self.is_over = False
        self._file = file
        self._path = path

    def __iter__(self) -> "TextLines":
        return self

    def __next__(self) -> str:
        line = self._piece()
        if not line:
            self.is_over = True
            raise StopIteration
        self.count += 1
        if not _is_whole(line):
            while not _is_whole(self._piece()):
                pass
            raise LineTooLong(f"the line is longer than {_MAX_LINE_CHARACTERS:,} characters")
        return line

    def _piece(self) -> str:
        try:
            return self._file.readline(_MAX_LINE_CHARACTERS)
        except UnicodeDecodeError:
            raise FileRefused(
                f"{self._path} is not in UTF-8 (look behind line {self.count}). Save it as 'CSV UTF-8' and import that."
            ) from None
        except OSError as error:
            raise FileRefused(f"{self._path} can't be read: {error.strerror}.") from error


def _is_whole(piece: str) -> bool:
    return len(piece) < _MAX_LINE_CHARACTERS or piece.endswith(("\n", "\r"))
