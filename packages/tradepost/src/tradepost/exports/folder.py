"""A folder of this machine as a target of orders."""

import os
from pathlib import Path

from tradepost.domain.errors import StorageRefused


class LocalFolder:
    """Implements `operations.ports.Target`."""

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
