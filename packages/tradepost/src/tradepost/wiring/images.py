"""The images of the catalogue."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from django.conf import settings

from tradepost.database.channels.connections import has_image_connection
from tradepost.database.models import Channel
from tradepost.domain.errors import ImageUnusable
from tradepost.images import encoding
from tradepost.images.library import ImageLibrary
from tradepost.security.addresses import check_web_address, checked_addresses
from tradepost.security.transport import CheckedTransport


def source_images(channel: Channel | None) -> ImageLibrary:
    """
    Make the library of source images, of a channel or of the catalogue alone.

    Any catalogue may name any address, so of a local channel, too, only the hosts of its own store and image server
    may be inside the network.
    """
    hosts = set() if channel is None else {own.host.lower() for own in channel.connections.all()}
    addresses = partial(
        checked_addresses,
        private_hosts=hosts if channel is not None and channel.is_local else (),
        cure=" Images are fetched from there only if that is the host of a local channel's own store or image server.",
    )
    return ImageLibrary(
        Path(settings.DATA_DIR) / "images",
        check_address=check_web_address,
        open_transport=partial(CheckedTransport, addresses=addresses),
    )


def kept_images(sources: Iterable[str]) -> dict[str, str]:
    """Give by source the checksums of those images that the hub has a file of; nothing is fetched."""
    library = source_images(None)
    return {source: kept.checksum for source in sources if (kept := library.kept(source)) is not None}


def thumbnail(checksum: str, *, side: int) -> bytes | None:
    """Make a small JPEG of an image that is kept; None where it is not, or can't be read."""
    try:
        return encoding.thumbnail(source_images(None).content(checksum), side=side)
    except (ImageUnusable, encoding.NotAnImage):
        return None


def sends_images(channel: Channel) -> bool:
    """Whether a channel has a way to send them."""
    return channel.sends_images_itself or has_image_connection(channel)
