"""
The port `ImageStore` for stores without FTP: pictures travel inside provisioning documents. An option, as only newer
versions take them.
"""

from collections.abc import Collection

from tradepost.domain.errors import StorageRefused
from tradepost.miva import functions, tags
from tradepost.miva.calls import Repeat
from tradepost.miva.client import MivaClient
from tradepost.miva.image_folder import registered_folder
from tradepost.miva.provisioning import messages_of


class ProvisionedImageStore:
    """Sends each file in a document of its own; the client stays its owner's."""

    def __init__(self, client: MivaClient) -> None:
        self._client = client

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        """Return nothing: the store does not tell. Sending a file again that is there does no harm."""
        del paths
        return {}

    def upload(self, path: str, content: bytes) -> None:
        """Put a file in place and register it; the same content twice does nothing, other content is refused."""
        registered_folder(path.rpartition("/")[0])
        call = functions.provision_store(
            tags.document([tags.image_add(path=path, content=content)]), repeat=Repeat.ABSOLUTE
        )
        rows = self._client.call(call)
        if rows:
            words = "; ".join(message.text for message in messages_of(rows))
            raise StorageRefused(f"The store refuses the picture {path}: {words}.", path=path)

    def close(self) -> None:
        pass
