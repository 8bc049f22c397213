"""Listings read from the database into the rows that operations work on."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from tradepost.database.models import Listing
from tradepost.domain.catalogue import Kind
from tradepost.domain.fields import Group
from tradepost.domain.listing import Health, Link, Pending, Status
from tradepost.operations.ports import ListingRow

_COLUMNS = (
    "id",
    "kind",
    "code",
    "sku",
    "health",
    "link",
    "pending",
    "is_paused",
    "external_id",
    "product_id",
    "parent_id",
    "parent__code",
    "wanted_price",
    "proven_price",
    "wanted_quantity",
    "proven_quantity",
    "sold_since_proven",
    "proven_fingerprints",
    "overwrite_groups",
    "was_hidden",
    "awaits_images",
)


def listing_rows(query: "QuerySet[Listing]") -> list[ListingRow]:
    return [_row(values) for values in query.values(*_COLUMNS)]


def status_of(*, health: str, link: str, pending: str, is_paused: bool) -> Status:
    return Status(health=Health(health), link=Link(link), pending=Pending(pending), is_paused=is_paused)


def _row(values: Mapping[str, Any]) -> ListingRow:
    proven_quantity = values["proven_quantity"]
    return ListingRow(
        id=values["id"],
        kind=Kind(values["kind"]),
        code=values["code"],
        sku=values["sku"],
        status=status_of(
            health=values["health"],
            link=values["link"],
            pending=values["pending"],
            is_paused=values["is_paused"],
        ),
        external_id=values["external_id"],
        product_id=values["product_id"],
        parent_id=values["parent_id"],
        parent_code=values["parent__code"] or "",
        wanted_price=values["wanted_price"],
        proven_price=values["proven_price"],
        wanted_quantity=values["wanted_quantity"],
        expected_quantity=None if proven_quantity is None else proven_quantity - values["sold_since_proven"],
        proven_fingerprints={Group(name): value for name, value in values["proven_fingerprints"].items()},
        overwrite_groups=frozenset(map(Group, values["overwrite_groups"])),
        was_hidden=values["was_hidden"],
        awaits_images=values["awaits_images"],
    )
