"""
The layout of a channel: how the families of the catalogue stand in its store.

A channel says which one is wanted. What the store has in another one is switched by the next publish, a family at a
time; until then it is kept in step as it stands there.
"""

from enum import StrEnum

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.listing import Link, Status, is_parked


class Layout(StrEnum):
    """The values are what a person types."""

    NATIVE = "native"  # a page for each family, where a shopper chooses
    FLAT = "flat"  # a page for each variant, which names its parent; the parent's own is closed
    SIMPLE = "simple"  # a page for each variant, as if it were an article without options; no parent at all


SWITCHED = "switched from"
"""How the reason of a change begins that is part of a switch: it is turned round by switching back, and not alone."""


def switch_reason(before: Layout, after: Layout) -> str:
    return f"{SWITCHED} {before} to {after}, as the channel is set"


def has_parent(layout: Layout, *, is_family: bool) -> bool:
    """Whether the variants of a product have a parent on the store."""
    return is_family and layout is not Layout.SIMPLE


def has_own_page(kind: Kind, layout: Layout) -> bool:
    """Whether a shopper meets it on a page of its own: native parents, the variants of others, everything simple."""
    return kind is Kind.SIMPLE or (layout is Layout.NATIVE) == (kind is Kind.PARENT)


def kind_in(layout: Layout, kind: Kind) -> Kind:
    """Say what a listing is on a store in this layout."""
    return Kind.SIMPLE if layout is Layout.SIMPLE and kind is Kind.VARIANT else kind


def is_switch_due(status: Status, layout: Layout | None, *, is_ours: bool, refusals: int = 0) -> bool:
    """
    Whether a publish has to bring a listing to its channel's layout; nobody has to queue that.

    `layout`: in which the store has it, None where that is the channel's. `is_ours`: its structure there was proven to
    be the hub's; what the merchant has made is switched when a person overwrites its structure. `refusals`: as of what
    is queued, in a row.
    """
    is_at_work = not status.is_paused and not status.is_orphaned and not is_parked(refusals)
    return layout is not None and is_ours and is_at_work and status.link is Link.LINKED
