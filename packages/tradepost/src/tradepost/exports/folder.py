"""A folder of this machine, where files are put and fetched from."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from tradepost.domain.errors import StorageRefused
from tradepost.operations.ports import CopiedFile

_CHUNK_BYTES = 262_144
# A link, a pipe or a device is never followed or waited for.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class LocalFolder:
    """Implements `operations.ports.Target`, `FilePlace` and `ExchangePlace`."""

    puts_away = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        path = self._folder / name
        # The same name at each attempt, so that what a broken one left is overwritten and not left for ever.
        partial = self._folder / f".{name}.part"
        try:
            if path.exists():
                if path.read_bytes() != content:
                    raise StorageRefused(f"There is another file {path} already; it was left as it is.", path=str(path))
                return
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            raise StorageRefused(f"{path} can't be written: {error.strerror or error}.", path=str(path)) from error

    def try_out(self, *, takes: bool) -> str:  # noqa: ARG002 - files are moved, too, where they are given
        found = len(self.names())
        trial = self._folder / f".tradepost-{token_hex(4)}.part"
        try:
            with trial.open("xb"):
                pass
            trial.unlink()
        except OSError as error:
            raise StorageRefused(
                f"The folder {self._folder} can't be written to: {error.strerror or error}.", path=str(self._folder)
            ) from error
        return f"The folder can be read and written to; it has {found} {'file' if found == 1 else 'files'}."

    def names(self) -> list[str]:
        try:
            with os.scandir(self._folder) as entries:
                return sorted(entry.name for entry in entries if not entry.is_dir(follow_symlinks=False))
        except OSError as error:
            raise StorageRefused(
                f"The folder {self._folder} can't be read: {error.strerror or error}.", path=str(self._folder)
            ) from error

    def copy(self, name: str, into: BinaryIO, *, limit_bytes: int, tag: str = "") -> CopiedFile | None:  # noqa: ARG002 - a web address has tags
        path = self._folder / name
        try:
            file = os.open(path, _FLAGS)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageRefused(f"{path} can't be read: {error.strerror or error}.", path=str(path)) from error
        size = 0
        with os.fdopen(file, "rb") as opened:
            before = os.fstat(opened.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise StorageRefused(f"{path} is no regular file, and is not read.", path=str(path))
            while chunk := opened.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > limit_bytes:
                    raise StorageRefused(
                        f"{path} is larger than {limit_bytes // 1_000_000} MB; split it, or import it by hand.",
                        path=str(path),
                    )
                into.write(chunk)
            after = os.fstat(opened.fileno())
        return CopiedFile(
            size,
            is_whole=before.st_size == size == after.st_size,
            written_at=datetime.fromtimestamp(after.st_mtime, UTC),
        )

    def put_away(self, name: str, *, size_bytes: int, folder: str, new_name: str) -> bool:
        path = self._folder / name
        try:
            if path.lstat().st_size != size_bytes:
                return False
            (self._folder / folder).mkdir(exist_ok=True)
            path.replace(self._folder / folder / new_name)
        except FileNotFoundError:
            return True
        except OSError as error:
            raise StorageRefused(
                f"{path} was taken, and can't be moved to the folder {folder} beside it "
                f"({error.strerror or error}): let this user write there.",
                path=str(path),
            ) from error
        return True
