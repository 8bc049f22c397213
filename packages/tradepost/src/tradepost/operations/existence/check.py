"""The existence pass as a whole: which kind of pass it is to be, and what becomes of its findings."""

import logging
from datetime import datetime, timedelta

from tradepost.operations.existence import findings
from tradepost.operations.existence.contradiction import NotesContradicted, PassCancelled
from tradepost.operations.existence.counting_pass import read_differences
from tradepost.operations.existence.differences import Differences
from tradepost.operations.existence.full_pass import read_all
from tradepost.operations.ports import Ports, StoreNotes

FULL_PASS_EVERY = timedelta(days=7)

_logger = logging.getLogger(__name__)


def check(ports: Ports, *, full: bool = False) -> None:
    """
    Break the links of listings whose product is gone, and note new codes. Writes nothing to the store.

    `full`: read the whole store, as is done weekly and after any surprise anyway. Idempotent: what was broken or noted
    is no difference any more.
    Raises Reconfigure, with nothing changed, when so much is gone that the store can't be the right one, and
    whatever a request raises: a part of the store is never taken for the whole.
    """
    linked_count = ports.listings.linked_count()
    if not linked_count:
        return
    at = ports.clock()
    before = ports.existence.load()
    try:
        differences, notes = _read(ports, None if full else before, linked_count=linked_count, at=at)
    except PassCancelled:
        return
    is_proven = findings.drop_what_is_there(ports, differences)
    findings.show(ports, differences)
    if ports.run.is_dry:
        return
    findings.record(ports, differences, at=at)
    # Last: notes say that what was missing is dealt with, and a pass that is cut off must find it again.
    if not is_proven:
        _logger.warning("The store left out products that it has: the next pass reads the whole store.")
        with ports.run.transaction():
            ports.existence.forget()
    elif notes != before:
        with ports.run.transaction():
            ports.existence.save(notes)


def is_full_pass_due(notes: StoreNotes, *, at: datetime) -> bool:
    """Measured on the hub's own clock; one that was set back does not put the pass off."""
    return not timedelta(0) <= at - notes.full_pass_at < FULL_PASS_EVERY


def _read(ports: Ports, notes: StoreNotes | None, *, linked_count: int, at: datetime) -> tuple[Differences, StoreNotes]:
    if notes is not None and notes.stretches and not is_full_pass_due(notes, at=at):
        differences = Differences.among(linked_count)
        try:
            return differences, read_differences(ports, differences, notes)
        except NotesContradicted as reason:
            _logger.info("The whole store is read, as it can't be counted: %s.", reason)
    differences = Differences.among(linked_count)
    return differences, read_all(ports, differences, at=at)
