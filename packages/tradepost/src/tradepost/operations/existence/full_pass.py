"""The full pass: every product of the store beside every linked listing, noted on the way."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tradepost.operations.existence.change_window import WindowCounter
from tradepost.operations.existence.differences import Differences
from tradepost.operations.existence.streams import linked_between, until_cancelled
from tradepost.operations.existence.stretches import StretchBuilder
from tradepost.operations.ports import ExistingProduct, Ports, StoreNotes


def read_all(ports: Ports, differences: Differences, *, at: datetime) -> StoreNotes:
    """
    Compare the whole store, and return its notes; memory does not grow with the catalogue.

    Raises Reconfigure, PassCancelled, and whatever a page of the store raises: notes are of a store that was read to
    its end, or there are none.
    """
    # Before the first page: a product that is changed while the pass goes on is changed after this, and is found.
    latest = ports.store.latest_changed(limit=1).rows
    counter = WindowCounter(latest[0]) if latest else None
    builder = StretchBuilder()

    def pages() -> Iterator[Sequence[ExistingProduct]]:
        for page in until_cancelled(ports.run, ports.store.iterate_existing()):
            builder.add(page)
            if counter is not None:
                counter.add(page)
            ports.run.progress(differences.read + len(page), None, "products on the store looked at")
            yield page

    differences.compare_all(pages(), linked_between(ports.listings))
    return StoreNotes(
        full_pass_at=at,
        stretches=tuple(builder.stretches),
        created=builder.created,
        window=None if counter is None else counter.window,
    )
