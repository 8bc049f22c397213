"""
Attention: why a listing needs a person; never blocks by itself.

A listing has a set of reasons, at most one of each kind, each with a message and the time since when it holds. Who
says that one holds is the operation that judges its kind, and only that one says that it holds no more; besides, some
end with the status that they are about.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Protocol

from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.rules import holds_back_price


class Attention(StrEnum):
    BROKEN_LINK = "broken_link"
    AMBIGUOUS_MATCH = "ambiguous_match"
    MATCH_TAKEN = "match_taken"
    NO_MATCH = "no_match"
    ALREADY_EXISTS = "already_exists"
    IMAGE_FAILED = "image_failed"
    PUBLISH_FAILED = "publish_failed"
    PRICE_FAILED = "price_failed"
    STOCK_FAILED = "stock_failed"
    DELIST_FAILED = "delist_failed"
    ORPHANED = "orphaned"
    DRAFT = "draft"
    PRICE_HELD = "price_held"
    OVERSOLD = "oversold"
    COUNT_STANDS_STILL = "count_stands_still"
    QUANTITY_UNKNOWN = "quantity_unknown"
    UNSETTLED = "unsettled"
    DRIFT = "drift"


NO_ATTENTION: frozenset[Attention] = frozenset()

# Answers to one question, which product of the store a listing means: a new one replaces the one before.
_WHICH_PRODUCT = frozenset(
    {Attention.AMBIGUOUS_MATCH, Attention.MATCH_TAKEN, Attention.NO_MATCH, Attention.ALREADY_EXISTS}
)


def ended_by(
    judged: Collection[Attention], flagged: Collection[Attention], *, is_carried_out: bool
) -> frozenset[Attention]:
    """
    Return the kinds that end for a listing: of those that were judged, what was not flagged.

    Where its plan was not carried out little was found out, and only what was flagged now is known.
    """
    asked = frozenset(judged) - frozenset(flagged)
    if is_carried_out:
        return asked
    return asked & _WHICH_PRODUCT if _WHICH_PRODUCT & frozenset(flagged) else NO_ATTENTION


def _is_linked(status: Status) -> bool:
    return status.link is Link.LINKED


def _is_on_store(status: Status) -> bool:
    return status.link is not Link.UNLINKED


# What a kind is about, where that is a status: it can hold only as long as this does.
_CAN_HOLD: Mapping[Attention, Callable[[Status], bool]] = {
    Attention.BROKEN_LINK: lambda status: status.link is Link.BROKEN,
    Attention.AMBIGUOUS_MATCH: lambda status: not _is_linked(status),
    Attention.MATCH_TAKEN: lambda status: not _is_linked(status),
    Attention.NO_MATCH: lambda status: not _is_linked(status),
    Attention.IMAGE_FAILED: lambda status: _is_on_store(status) or status.pending is Pending.PUBLISH,
    Attention.PRICE_FAILED: _is_on_store,
    Attention.STOCK_FAILED: _is_on_store,
    Attention.UNSETTLED: _is_on_store,
    Attention.DRIFT: _is_on_store,
    Attention.QUANTITY_UNKNOWN: _is_on_store,
    Attention.PRICE_HELD: holds_back_price,
    Attention.DRAFT: lambda status: status.health is Health.HIDDEN or status.pending in {Pending.HIDE, Pending.PUBLISH},
    Attention.DELIST_FAILED: lambda status: status.pending is Pending.DELIST,
}


# Asked for every listing that is recorded, of the few statuses that there are.
@cache
def cured_by(status: Status) -> frozenset[Attention]:
    """Return the kinds that a status settles, whoever brought it about: no broken link is one after it was unlinked."""
    return frozenset(kind for kind, can_hold in _CAN_HOLD.items() if not can_hold(status))


class SentValues(Protocol):
    """What is looked at of a listing."""

    @property
    def status(self) -> Status: ...
    @property
    def wanted_price(self) -> Decimal: ...
    @property
    def proven_price(self) -> Decimal | None: ...
    @property
    def available(self) -> int | None: ...
    @property
    def account(self) -> int | None: ...
    @property
    def open_since(self) -> datetime | None: ...
    @property
    def sells_without_stock(self) -> bool: ...
    @property
    def proven_without_stock(self) -> bool: ...


def is_moot(kind: Attention, listing: SentValues) -> bool:
    """
    Whether what failed to be sent need not be sent any more, because the store has by now what is wanted.

    The deleting query must match it exactly.
    """
    if kind is Attention.PRICE_FAILED:
        return listing.wanted_price == listing.proven_price
    if kind is not Attention.STOCK_FAILED or listing.open_since is not None or listing.account is None:
        return False
    if listing.status.pending in {Pending.HIDE, Pending.UNHIDE}:
        return False
    if listing.status.health is Health.HIDDEN:
        return listing.account == 0
    return listing.account == listing.available and listing.sells_without_stock is listing.proven_without_stock
