"""A folder of a file server, where files are put and fetched from."""

from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex
from typing import BinaryIO

import stamina

from tradepost.domain.errors import StorageRefused, StoreUnavailable
from tradepost.miva.files.file_server import FileServer
from tradepost.miva.wire.retrying import FILES
from tradepost.operations.ports import CopiedFile


class ServerFolder:
    """Implements `operations.ports.Target`, `FilePlace` and `ExchangePlace`. Every attempt logs in anew."""

    puts_away = True

    def __init__(
        self, open_files: Callable[[], FileServer], *, folder: str, retrying: stamina.RetryingCaller = FILES
    ) -> None:
        self._open_files = open_files
        self._folder = folder.rstrip("/")
        self._retrying = retrying

    def put(self, name: str, content: bytes) -> None:
        self._retrying(StoreUnavailable, self._put_once, name, content)

    def _put_once(self, name: str, content: bytes) -> None:
        path = f"{self._folder}/{name}"
        partial = f"{self._folder}/.{name}.part"
        files = self._open_files()
        try:
            size = files.size(path)
            if size == len(content):
                return
            if size is not None:
                raise StorageRefused(f"There is another file {path} on the server; it was left as it is.", path=path)
            try:
                files.put(partial, content)
                kept = files.size(partial)
                if kept is not None and kept != len(content):
                    raise StorageRefused(f"The server kept {kept} of {len(content)} bytes of {path}.", path=path)
                files.rename(partial, path)
            except StorageRefused:
                with suppress(StorageRefused, StoreUnavailable):
                    files.delete(partial)
                raise
        finally:
            files.close()

    def try_out(self, *, takes: bool) -> str:  # noqa: ARG002 - files are moved, too, where they are given
        """Once, without attempts in between: somebody waits for it."""
        found = len(self._names_once())
        trial = f"{self._folder}/.tradepost-{token_hex(4)}.part"
        files = self._open_files()
        try:
            files.put(trial, b"tradepost\n")
            files.delete(trial)
        finally:
            files.close()
        return f"The server lets the hub in, read and write there; it has {found} {'file' if found == 1 else 'files'}."

    def names(self) -> list[str]:
        return self._retrying(StoreUnavailable, self._names_once)

    def _names_once(self) -> list[str]:
        files = self._open_files()
        try:
            found = files.entries(self._folder or "/")
        finally:
            files.close()
        return sorted(name for name, size in found.items() if size is not None)

    def copy(self, name: str, into: BinaryIO, *, limit_bytes: int, tag: str = "") -> CopiedFile | None:  # noqa: ARG002 - a web address has tags
        return self._retrying(StoreUnavailable, self._copy_once, name, into, limit_bytes)

    def _copy_once(self, name: str, into: BinaryIO, limit_bytes: int) -> CopiedFile | None:
        path = f"{self._folder}/{name}"
        into.seek(0)
        into.truncate()
        files = self._open_files()
        try:
            before = files.size(path)
            if before is None:
                return None
            files.get(path, into, limit_bytes=limit_bytes)
            after = files.size(path)
        finally:
            files.close()
        size = into.tell()
        return CopiedFile(size, is_whole=before == size == after)

    def put_away(self, name: str, *, size_bytes: int, folder: str, new_name: str) -> bool:
        return self._retrying(StoreUnavailable, self._put_away_once, name, size_bytes, folder, new_name)

    def _put_away_once(self, name: str, size_bytes: int, folder: str, new_name: str) -> bool:
        path = f"{self._folder}/{name}"
        inner = f"{self._folder}/{folder}"
        files = self._open_files()
        try:
            size = files.size(path)
            if size is None or size != size_bytes:
                return size is None
            if files.size(f"{inner}/{new_name}") == size_bytes:
                # Its content's hash is in its name: somebody has put the same file there again.
                files.delete(path)
                return True
            with suppress(StorageRefused):
                files.make_folder(inner)  # refused where it is there
            files.rename(path, f"{inner}/{new_name}")
        except StorageRefused as refusal:
            raise StorageRefused(
                f"{path} was taken, and can't be moved to the folder {folder} beside it: let this user write there. "
                f"{refusal}",
                path=path,
            ) from refusal
        finally:
            files.close()
        return True
