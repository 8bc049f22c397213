"""Products that the catalogue takes off sale, and has for sale again: their listings follow on every channel."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from tradepost.database import sql
from tradepost.database.listings.attentions import forget_attention, note_attention
from tradepost.database.listings.listing_rows import STATUS_COLUMNS, status_in
from tradepost.database.models import Listing
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link, Status, put_back_on_sale, taken_off_sale
from tradepost.operations.ports import SaleChange

_COLUMNS = ("id", "channel__name", "product__handle", "sku", "variant_id", "account", *STATUS_COLUMNS)
_DRAFT = "The catalogue has it as a draft, as archived or as unpublished, so it is hidden until it is for sale again."


def take_off_sale(product_ids: Collection[int], *, at: datetime) -> list[SaleChange]:
    """Queue a hide of what is listed, and note why, so that only this hide is taken back later."""
    rows = _rows(product_ids)
    found = _queue(rows, taken_off_sale, is_for_sale=False)
    note_attention([row["id"] for row in rows if taken_off_sale(_status(row))], Attention.DRAFT, _DRAFT, at=at)
    return found


def put_back(product_ids: Collection[int]) -> list[SaleChange]:
    """Take back what was hidden for that reason, and nothing that a person has hidden."""
    rows = _rows(product_ids, attentions__kind=Attention.DRAFT.value)
    found = _queue(rows, put_back_on_sale, is_for_sale=True)
    of_products = Listing.objects.filter(product_id__in=list(product_ids))
    forget_attention(list(of_products.values_list("id", flat=True)), Attention.DRAFT)
    return found


def withdrawn_of(variant_ids: Collection[int]) -> list[SaleChange]:
    """Say what is on stores of variants that are gone."""
    if not variant_ids:
        return []
    rows = Listing.objects.filter(variant_id__in=list(variant_ids), link=Link.LINKED.value)
    found = rows.order_by("channel_id", "id").values_list("channel__name", "product__handle", "sku", "account")
    return [SaleChange(*row, is_for_sale=False, is_gone=True) for row in found]


def _rows(product_ids: Collection[int], **conditions: Any) -> list[dict[str, Any]]:
    rows = Listing.objects.filter(product_id__in=list(product_ids), link=Link.LINKED.value, **conditions)
    found = rows.order_by("channel_id", "id").values(*_COLUMNS, "locked_groups")
    return [row for row in found if Group.STATUS not in row["locked_groups"]]


def _queue(
    rows: Collection[Mapping[str, Any]], rule: Callable[[Status], Status | None], *, is_for_sale: bool
) -> list[SaleChange]:
    changed: list[dict[str, Any]] = []
    found: list[SaleChange] = []
    for row in rows:
        status = rule(_status(row))
        if status is None:
            continue
        changed.append({"id": row["id"], "pending": status.pending, "overwrite_groups": []})
        if row["variant_id"] is not None:
            pieces = row["account"]
            found.append(SaleChange(row["channel__name"], row["product__handle"], row["sku"], pieces, is_for_sale))
    sql.update(Listing, changed)
    return found


def _status(row: Mapping[str, Any]) -> Status:
    return status_in(row)
