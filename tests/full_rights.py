"""The store in a box as a test looks at it: with a token that may do everything, where the hub's may not."""

from contextlib import closing

from tradepost.engine.store_in_a_box import StoreInABox
from tradepost.miva.connect import StoreConnection, connect_store
from tradepost.miva.store import MivaStore


def store_of(box: StoreInABox) -> closing[MivaStore]:
    """Open the store that is in a box."""
    connection = StoreConnection(
        domain=box.endpoint,
        store_code=box.store_code,
        token=box.token,
        signature_key=box.signature_key,
        plain_http=True,
    )
    return closing(connect_store(connection))
