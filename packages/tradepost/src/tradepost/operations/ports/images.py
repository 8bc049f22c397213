"""The ports for image files: where they come from, and where a store keeps them."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.errors import ImageUnusable


class ImageStore(Protocol):
    """
    Where a store's image files lie. Paths are as registered on the store (`graphics/is-images/x.jpg`).

    Threads may share it. Raises StorageRefused (this file), StoreUnavailable, CredentialsRejected.
    """

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        """Return the size in bytes of those that exist."""
        ...

    def upload(self, path: str, content: bytes) -> None:
        """Put a file in place whole or not at all; a file of that name with another size is never overwritten."""
        ...

    def close(self) -> None: ...


class SourceImages(Protocol):
    """Source images: fetched with limits, checked, re-encoded and kept by checksum."""

    def prepare(self, sources: Collection[str]) -> dict[str, ImageFile | ImageUnusable]:
        """
        Fetch what is not kept yet, side by side, and answer for each source with a file or the reason why not.

        A host that failed twice is not asked again by the same instance.
        """
        ...

    def ingest(self, name: str, *, folder: Path) -> ImageFile:
        """
        Read an image file below a folder of this machine. Its `source` is `media:<checksum>`.

        Only a regular file inside the folder, reached through no link. Raises ImageUnusable.
        """
        ...

    def content(self, checksum: str) -> bytes: ...
