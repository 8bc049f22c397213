"""The ports `ImageStore` and `SourceImages` in memory."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.errors import ImageUnusable, StorageRefused


class MemoryImageStore:
    """Files by path. `broken`: paths, or parts of them, that the image server refuses."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self.uploads: list[str] = []

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        return {path: len(self.files[path]) for path in paths if path in self.files}

    def upload(self, path: str, content: bytes) -> None:
        if any(part in path for part in self.broken):
            raise StorageRefused(f"The image server refuses {path}.", path=path)
        self.uploads.append(path)
        self.files[path] = content

    def close(self) -> None:
        pass


class MemorySourceImages:
    """Every source is an image, but for the `broken`: errors by name of file or by source."""

    def __init__(self, broken: dict[str, Exception] | None = None) -> None:
        self.broken = broken or {}
        self._contents: dict[str, bytes] = {}

    def ingest(self, name: str, *, folder: Path) -> ImageFile:
        if name in self.broken:
            raise self.broken[name]
        return ImageFile(f"media:{name}", name, "png", 1)

    def prepare(self, sources: Collection[str]) -> dict[str, ImageFile | ImageUnusable]:
        return {source: self.broken.get(source) or self._file(source) for source in sources}

    def content(self, checksum: str) -> bytes:
        return self._contents[checksum]

    def _file(self, source: str) -> ImageFile:
        content = source.encode()
        checksum = hashlib.sha256(content).hexdigest()
        self._contents[checksum] = content
        return ImageFile(source, checksum, "png", len(content))
