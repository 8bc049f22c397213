"""A folder of a file server as a target of orders."""

from collections.abc import Callable
from contextlib import suppress

import stamina

from tradepost.domain.errors import StorageRefused, StoreUnavailable
from tradepost.miva.files.file_server import FileServer
from tradepost.miva.wire.retrying import FILES


class ServerFolder:
    """Implements `operations.ports.Target`. Every attempt logs in anew."""

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
