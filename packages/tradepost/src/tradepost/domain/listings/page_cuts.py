"""
What a publish takes off sale: a variant that the catalogue has no more leaves its family's page with the next
structure that is sent for it, or with the page itself when the product has no options any more.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, TypeVar

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import LISTED, Pending, Status


class PageValues(Protocol):
    """What is looked at of a listing."""

    @property
    def kind(self) -> Kind: ...
    @property
    def status(self) -> Status: ...
    @property
    def account(self) -> int | None: ...
    @property
    def proven_without_stock(self) -> bool: ...
    @property
    def overwrite_groups(self) -> Collection[Group]: ...
    @property
    def proven_fingerprints(self) -> Mapping[Group, str]: ...
    @property
    def layout(self) -> Layout | None: ...


L = TypeVar("L", bound=PageValues)


def cut_off(family: Sequence[L], is_due: Callable[[L], bool], *, layout: Layout) -> list[L]:
    """
    Return those of a product's listings that can be bought until the publish of what is due; exactly what the counting
    query counts. `layout`: the channel's.

    Only a native page is what its variants are bought on.
    """
    page = next((row for row in family if row.kind is Kind.PARENT), None)
    if page is None or page.status.settled != LISTED or (page.layout or layout) is not Layout.NATIVE:
        return []
    if not any(is_due(row) and _rewrites(row, page) for row in family):
        return []
    return [row for row in family if _is_left_over(row)]


def _rewrites(row: PageValues, page: PageValues) -> bool:
    """Whether the publish of a listing gives its family's page the catalogue's structure, or closes it."""
    if row.layout is not None and Group.STRUCTURE in row.proven_fingerprints:
        return True  # a family is switched as one
    if row is page:
        return row.status.pending is Pending.OVERWRITE and Group.STRUCTURE in row.overwrite_groups
    if Group.STRUCTURE not in page.proven_fingerprints:
        return False  # a page of the merchant's is only added to
    return row.kind is Kind.SIMPLE or row.status.pending is Pending.PUBLISH


def _is_left_over(row: PageValues) -> bool:
    if row.kind is not Kind.VARIANT or not row.status.is_orphaned or row.status.settled != LISTED:
        return False
    return row.account is None or row.account > 0 or row.proven_without_stock
