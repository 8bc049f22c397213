"""Parked orders: those that could not be read or held, with what they were tried by."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version

from django.db.models import QuerySet

from tradepost.database import sql
from tradepost.database.models import ParkedOrderRecord
from tradepost.domain.orders.order import ParkedOrder


@cache
def hub_version() -> str:
    return version("tradepost")


def tried_fingerprints(*, channel_id: int) -> dict[str, str]:
    """By number, the look by which each was parked; blank where it is to be tried as if it had never been."""
    rows = _all(channel_id).values_list("number", "fingerprint", "version")
    return {number: fingerprint if tried_by == hub_version() else "" for number, fingerprint, tried_by in rows}


def reasons(numbers: Collection[str] | None, *, channel_id: int) -> dict[str, str]:
    """Of those of these orders that are parked, why; None: of all that are."""
    chosen = _all(channel_id) if numbers is None else _all(channel_id).filter(number__in=list(numbers))
    return dict(chosen.order_by("id").values_list("number", "reason"))


def numbers_to_try(*, channel_id: int, after: int) -> list[int]:
    """Those with a number that another hub than this one could not take."""
    rows = _all(channel_id).filter(external_id__gt=after).exclude(version=hub_version())
    return [number for number in rows.values_list("external_id", flat=True) if number is not None]


def park(orders: Sequence[ParkedOrder], *, channel_id: int, at: datetime) -> None:
    sql.upsert(
        ParkedOrderRecord,
        [
            {
                "channel_id": channel_id,
                "number": order.number,
                "external_id": order.external_id,
                "reason": order.reason,
                "fingerprint": order.fingerprint,
                "version": hub_version(),
                "payload": order.payload,
                "first_at": at,
                "last_at": at,
            }
            for order in {order.number: order for order in orders}.values()
        ],
        unique=("channel_id", "number"),
        keep=("first_at",),
    )


def unpark(numbers: Collection[int], *, channel_id: int) -> None:
    _all(channel_id).filter(external_id__in=list(numbers)).delete()


def unpark_numberless(*, channel_id: int, before: datetime) -> None:
    _all(channel_id).filter(external_id__isnull=True, last_at__lt=before).delete()


def let_try_again(numbers: Collection[str] | None, *, channel_id: int) -> list[str]:
    """Let parked orders be tried as if they had never been; None: all. Returns their numbers."""
    chosen = _all(channel_id)
    if numbers is not None:
        chosen = chosen.filter(number__in=list(numbers))
    found = list(chosen.order_by("number").values_list("number", flat=True))
    chosen.update(fingerprint="")
    return found


def parked_ids(numbers: Collection[str] | None = None, *, channel_id: int) -> list[int]:
    """Those that can be asked for by number; None: all."""
    chosen = _all(channel_id).filter(external_id__isnull=False)
    if numbers is not None:
        chosen = chosen.filter(number__in=list(numbers))
    return [number for number in chosen.values_list("external_id", flat=True) if number is not None]


def _all(channel_id: int) -> "QuerySet[ParkedOrderRecord]":
    return ParkedOrderRecord.objects.filter(channel_id=channel_id)
