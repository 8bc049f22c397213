"""The image folder of a look-only channel: what is there can be asked for, and nothing comes to it."""

from collections.abc import Collection

from tradepost.domain.errors import NotAllowed
from tradepost.miva.wire.client import LOOKS_ONLY
from tradepost.operations.ports import ImageStore


class LookOnlyImages:
    """Implements `ports.ImageStore`. Whatever else went wrong to come this far, nothing is uploaded."""

    def __init__(self, images: ImageStore) -> None:
        self._images = images

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        return self._images.sizes(paths)

    def upload(self, path: str, content: bytes) -> None:  # noqa: ARG002 the port's form
        raise NotAllowed(LOOKS_ONLY)

    def close(self) -> None:
        self._images.close()
