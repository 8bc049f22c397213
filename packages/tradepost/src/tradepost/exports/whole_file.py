"""Files that are there when all of them was written, and not before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tradepost.domain.errors import FileRefused


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Write a text in UTF-8, line ends as they are given. Raises FileRefused where it can't be written."""
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        raise FileRefused(f"{path} can't be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
