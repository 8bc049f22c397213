"""Listings read from the database into the rows that operations work on."""

from collections.abc import Mapping
from functools import cache
from operator import itemgetter
from typing import Any

from django.db.models import F, QuerySet

from tradepost.database.models import Listing
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.locks import NO_LOCKS, Locks
from tradepost.domain.stock.stock import stated
from tradepost.operations.ports import ListingRow

COLUMNS = (
    "id",
    "kind",
    "code",
    "sku",
    "health",
    "link",
    "pending",
    "is_paused",
    "is_orphaned",
    "external_id",
    "external_created",
    "product_id",
    "parent_id",
    "parent__code",
    "wanted_price",
    "proven_price",
    "available",
    "held_back",
    "variant__quantity",
    "variant__is_gone",
    "account",
    "basis_at",
    "open_move",
    "open_since",
    "looked_at",
    "missing",
    "missing_since",
    "sells_without_stock",
    "proven_without_stock",
    "proven_fingerprints",
    "overwrite_groups",
    "was_hidden",
    "hidden_count",
    "awaits_images",
    "is_price_held",
    "price_held_why",
    "is_price_guarded",
    "locked_groups",
    "locked_price",
    "locked_quantity",
    "own_texts",
    "yielded_price",
    "sent_price",
    "is_inactive",
    "keeps_inactive",
    "compared_at",
    "is_touched",
    "refusals",
    "layout",
)


# A row that is made of a listing gets it by `with_row`.
_OF_PARENT = "parent__code"
COLUMNS_OF_LISTING = tuple(name for name in COLUMNS if name != _OF_PARENT)


def listing_rows(query: "QuerySet[Listing]") -> list[ListingRow]:
    return [_row(values) for values in query.values(*COLUMNS)]


def with_row(query: "QuerySet[Listing]") -> "QuerySet[Listing]":
    """Read with listings what `row_of` makes a row of, but for `COLUMNS_OF_LISTING`."""
    # Not the parent itself, of which each row would make an object of seventy fields.
    return query.select_related("variant").annotate(parent_code=F(_OF_PARENT))


def row_of(listing: Listing) -> ListingRow:
    """Make it of a listing that is read already `with_row`, and with `COLUMNS_OF_LISTING`: no query."""
    variant, values = listing.variant, vars(listing)
    return _row(
        {
            **values,
            _OF_PARENT: values["parent_code"],
            "variant__quantity": variant.quantity if variant is not None else None,
            "variant__is_gone": variant is not None and variant.is_gone,
        }
    )


STATUS_COLUMNS = ("health", "link", "pending", "is_paused", "is_orphaned")


def status_in(values: Mapping[str, Any]) -> Status:
    """Read it from columns of a listing by their names."""
    return _status(_STATUS_IN(values))


def status_of(*, health: str, link: str, pending: str, is_paused: bool, is_orphaned: bool) -> Status:
    return _status((health, link, pending, is_paused, is_orphaned))


_STATUS_IN = itemgetter(*STATUS_COLUMNS)


# There are few, and thousands of rows have one.
@cache
def _status(columns: tuple[Any, ...]) -> Status:
    """Of the values of `STATUS_COLUMNS`."""
    health, link, pending, is_paused, is_orphaned = columns
    return Status(Health(health), Link(link), Pending(pending), is_paused=is_paused, is_orphaned=is_orphaned)


def locks_of(values: Mapping[str, Any], *, texts: Mapping[str, str] | None = None) -> Locks:
    """Read from columns of a listing by their names; `texts`: its own, which prices and quantities need not know."""
    groups = values["locked_groups"]
    if not (groups or texts):
        return NO_LOCKS
    locks = Locks(frozenset(map(Group, groups)), values["locked_price"], values["locked_quantity"])
    return locks.with_texts(texts or {})


def _row(values: Mapping[str, Any]) -> ListingRow:
    return ListingRow(
        id=values["id"],
        kind=Kind(values["kind"]),
        code=values["code"],
        sku=values["sku"],
        status=status_in(values),
        external_id=values["external_id"],
        external_created=values["external_created"],
        product_id=values["product_id"],
        parent_id=values["parent_id"],
        parent_code=values["parent__code"] or "",
        wanted_price=values["wanted_price"],
        proven_price=values["proven_price"],
        available=values["available"],
        held_back=values["held_back"],
        # A parent has no variant, and no stock.
        stated=stated(values["variant__quantity"], is_gone=bool(values["variant__is_gone"])),
        account=values["account"],
        basis_at=values["basis_at"],
        open_move=values["open_move"],
        open_since=values["open_since"],
        looked_at=values["looked_at"],
        missing=values["missing"],
        missing_since=values["missing_since"],
        sells_without_stock=values["sells_without_stock"],
        proven_without_stock=values["proven_without_stock"],
        proven_fingerprints={Group(name): value for name, value in values["proven_fingerprints"].items()},
        overwrite_groups=frozenset(map(Group, values["overwrite_groups"])),
        was_hidden=values["was_hidden"],
        hidden_count=values["hidden_count"],
        awaits_images=values["awaits_images"],
        is_price_held=values["is_price_held"],
        price_held_why=values["price_held_why"],
        is_price_guarded=values["is_price_guarded"],
        locks=locks_of(values, texts=values["own_texts"]),
        yielded_price=values["yielded_price"],
        sent_price=values["sent_price"],
        is_inactive=values["is_inactive"],
        keeps_inactive=values["keeps_inactive"],
        compared_at=values["compared_at"],
        is_touched=values["is_touched"],
        refusals=values["refusals"],
        layout=Layout(values["layout"]) if values["layout"] else None,
    )
