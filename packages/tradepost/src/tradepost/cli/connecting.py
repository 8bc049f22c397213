"""Connecting a store: a channel with its addresses, and its credentials encrypted."""

from django.db import transaction

from tradepost.database.models import Channel
from tradepost.miva.connect import StoreConnection
from tradepost.miva.files.file_server import FileServerAddress
from tradepost.miva.files.image_folder import ImageFolder
from tradepost.wiring import save_image_connection, save_store_connection

Images = tuple[FileServerAddress, ImageFolder]


def connect(name: str, *, store: StoreConnection, images: Images | None, is_local: bool) -> Channel:
    """Make a channel with its connections, all or nothing. Raises AddressRefused, IntegrityError for a taken name."""
    with transaction.atomic():
        channel = Channel.objects.create(name=name, is_local=is_local)
        reconnect(channel, store=store, images=images)
    return channel


def reconnect(channel: Channel, *, store: StoreConnection, images: Images | None) -> None:
    """Give a channel other addresses and credentials; blank secrets leave the stored ones."""
    with transaction.atomic():
        save_store_connection(channel, store)
        if images is not None:
            save_image_connection(channel, *images)
