"""A place that has one file, which stays there: an address that names it, in a folder or on a file server."""

from typing import BinaryIO

from tradepost.operations.ports import CopiedFile, FilePlace


class OneFile:
    """Implements `ports.FilePlace` over the folder that the file is in."""

    puts_away = False

    def __init__(self, folder: FilePlace, name: str) -> None:
        self._folder = folder
        self._name = name

    def names(self) -> list[str]:
        return [self._name]

    def copy(self, name: str, into: BinaryIO, *, limit_bytes: int, tag: str = "") -> CopiedFile | None:
        return self._folder.copy(name, into, limit_bytes=limit_bytes, tag=tag)

    def put_away(self, name: str, *, size_bytes: int, folder: str, new_name: str) -> bool:  # noqa: ARG002
        """It stays; what was taken is remembered."""
        return True
