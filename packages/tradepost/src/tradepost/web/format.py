"""How values are shown on pages: money, times, and coloured labels for states."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tradepost.domain.listings.listing import Health, Link, Pending
from tradepost.domain.listings.operator_status import OperatorStatus
from tradepost.domain.orders.order import OrderState
from tradepost.domain.plan import Outcome, RunState
from tradepost.domain.value_words import field_words

# The names on the right are the label colours of the page templates.
STATUS_COLOURS: Mapping[OperatorStatus, str] = {
    OperatorStatus.NEEDS_YOU: "danger",
    OperatorStatus.GONE: "danger",
    OperatorStatus.PAUSED: "warning",
    OperatorStatus.WAITS_TO_PUBLISH: "primary",
    OperatorStatus.WAITS_TO_UPDATE: "primary",
    OperatorStatus.WAITS_TO_HIDE: "primary",
    OperatorStatus.WAITS_TO_UNHIDE: "primary",
    OperatorStatus.WAITS_TO_GO: "primary",
    OperatorStatus.SWITCHED_OFF: "warning",
    OperatorStatus.LIVE: "success",
    OperatorStatus.HIDDEN: "warning",
    OperatorStatus.REMOVED: "info",
    OperatorStatus.NOT_ON_STORE: "info",
}
RUN_COLOURS: Mapping[str, str] = {
    "queued": "info",
    "running": "primary",
    "completed": "success",
    "completed with errors": "warning",
    "failed": "danger",
    "cancelled": "info",
    "stopped": "warning",
}
SHIPMENT_COLOURS: Mapping[str, str] = {
    "waiting": "info",
    "told": "success",
    "parked": "danger",
    "suppressed": "warning",
    "taken back": "warning",
}
PLAN_COLOURS: Mapping[str, str] = {
    "being made": "primary",
    "open": "info",
    "applied": "success",
    "discarded": "warning",
    "expired": "warning",
}
ROLE_COLOURS: Mapping[str, str] = {"owner": "primary", "operator": "success", "viewer": "info"}
NOTHING = "\N{EN DASH}"

OUTCOME_COLOURS: Mapping[str, str] = {
    "applied": "success",
    "unchanged": "info",
    "skipped": "warning",
    "rejected": "danger",
    "failed": "danger",
    "unknown": "danger",
    "planned": "info",
}


def spoken(value: Health | Link | Pending | OrderState | RunState | Outcome | str) -> str:
    """Write a state as people read it: `completed_with_errors` is "completed with errors"."""
    return str(value).replace("_", " ")


def money(value: Decimal | None, *, currency: str = "") -> str:
    if value is None:
        return NOTHING
    return f"{value:,.2f} {currency}".strip()


def number(value: int | None) -> str:
    """Write a quantity; unknown is not zero."""
    return "unknown" if value is None else f"{value:,}"


def field_lines(fields: Any) -> list[str]:
    """Write the fields of a change as `name: before → after`."""
    return [field_words(field["name"], field.get("before"), field.get("after"), arrow="→") for field in fields or []]


# --- values that the reader's own browser writes anew: in the reader's zone, and by the reader's habits ---------------


def moment(value: datetime | None, *, now: datetime | None = None) -> SafeString:
    """Write how far away a moment is, with the exact time beside it; for templates `{% when %}`."""
    if value is None:
        return SafeString(NOTHING)
    at = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        f"{at:%Y-%m-%d %H:%M:%S} UTC",
        relative(value, now=now or timezone.now()),
    )


def relative(value: datetime, *, now: datetime) -> str:
    """Write `3 min ago` or `in 2 h`; what is more than a week away is a date."""
    away = abs(now - value)
    if away < timedelta(seconds=45):
        return "just now" if value <= now else "in a moment"
    if away < timedelta(minutes=60):
        words = f"{max(1, round(away / timedelta(minutes=1)))} min"
    elif away < timedelta(hours=24):
        words = f"{round(away / timedelta(hours=1))} h"
    elif away <= timedelta(days=7):
        days = round(away / timedelta(days=1))
        words = "1 day" if days == 1 else f"{days} days"
    else:
        return f"{value.astimezone(UTC):%Y-%m-%d}"
    return f"{words} ago" if value <= now else f"in {words}"


def amount(value: Decimal | None, currency: str = "") -> SafeString:
    """Write money, with cents."""
    if value is None:
        return SafeString(NOTHING)
    return format_html(
        '<data value="{}" data-currency="{}">{}</data>', value, currency, money(value, currency=currency)
    )


def whole(value: int | None) -> SafeString:
    """Write a whole number; unknown is not zero."""
    if value is None:
        return SafeString("unknown")
    return format_html('<data value="{}">{}</data>', value, number(value))
