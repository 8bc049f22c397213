"""Queueing changes as a person's request does it."""

from tradepost.domain.fields import CONTENT_GROUPS
from tradepost.domain.listings.listing import asked_by
from tradepost.operations.listings.queue_changes import ask, with_variants


def queue(listings, rows, change, *, groups=CONTENT_GROUPS):
    return ask(listings, with_variants(listings, rows), asked_by(change), groups=groups)
