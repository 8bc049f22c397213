"""
The port `ImageStore` without an image server: an image travels inside a provisioning document, and the store writes
the file. What is there already, it says by showing it: its web server is asked for what nobody remembers.
"""

from collections.abc import Collection
from http import HTTPStatus

from tradepost.domain.errors import AnswerLost, StorageRefused, TradepostError
from tradepost.miva.documents import tags
from tradepost.miva.documents.provision_messages import messages_of
from tradepost.miva.wire import functions
from tradepost.miva.wire.calls import Repeat
from tradepost.miva.wire.client import MivaClient

LARGEST_BYTES = 5_000_000
"""As a text it is a third more, and web servers take some millions of characters by default."""

_OTHER_CONTENT = "MER-DBE-IMG-00012"
# Of a path with a colon every store says that it is none; one that takes content says so in words of its own.
_IMPOSSIBLE_PATH = "tradepost:probe.png"
_TAKES_CONTENT = "MER-DBE-IMG-00006"


class ProvisionedImages:
    """The image files of one store, written by the store itself. Threads may share it; all of it may be repeated."""

    def __init__(self, client: MivaClient) -> None:
        self._client = client

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        """Return the size in bytes of those that the store shows."""
        sizes = {path: self._size(path) for path in paths}
        return {path: size for path, size in sizes.items() if size is not None}

    def _size(self, path: str) -> int | None:
        """None where nothing tells; it is sent then, and a store that has it leaves it as it is."""
        try:
            status, content = self._client.web_file(path, at_most=LARGEST_BYTES + 1)
        except TradepostError:
            return None
        return len(content) if status == HTTPStatus.OK else None

    def upload(self, path: str, content: bytes) -> None:
        """Let the store write a file whole or not at all; one with the same content is left as it is."""
        if len(content) > LARGEST_BYTES:
            raise StorageRefused(
                f"The image {path} has {len(content):,} bytes. Without an image server at most {LARGEST_BYTES:,} can "
                "be sent; name one for the channel ('tradepost channel set --ftp-host'), or take a smaller image.",
                path=path,
            )
        document = tags.document([tags.image_add(path=path, content=content)])
        try:
            # The same content under the same name changes nothing, so a repeat is safe.
            rows = self._client.call(functions.provision_store(document, repeat=Repeat.ABSOLUTE))
        except AnswerLost as lost:
            raise StorageRefused(f"The store did not say whether it took {path}: {lost}", path=path) from lost
        messages = messages_of(rows)
        if not messages:
            return
        words = "; ".join(message.text for message in messages)
        if _OTHER_CONTENT in words:
            words = f"it has a file of that name which is not ours, and that was left as it is ({words})"
        raise StorageRefused(f"The store did not take the image {path}: {words}", path=path)

    def close(self) -> None:
        self._client.close()


def takes_images(client: MivaClient) -> bool:
    """Ask, with what every store refuses, whether it takes images in documents. Raises PermissionMissing."""
    document = tags.document([tags.image_add(path=_IMPOSSIBLE_PATH, content=b"")])
    rows = client.call(functions.provision_store(document, repeat=Repeat.READ))
    return any(_TAKES_CONTENT in message.text for message in messages_of(rows))
