"""Writing down what became of listings: requested changes, and what was proven on the store."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tradepost.database import sql
from tradepost.database.listings.listing_rows import status_of
from tradepost.database.models import LinkEvent, Listing
from tradepost.database.sql import Column, Rows
from tradepost.domain.codes import code_key
from tradepost.domain.fields import Group
from tradepost.domain.listing import QUEUE, Attention, Health, Link, Pending, Status
from tradepost.operations.ports import Proven

# An order placed within this time after a proof is taken as known to it. If it was not, the next sync sends the
# quantity once more, which is harmless; the other mistake would show a difference that is none for ever.
CLOCK_TOLERANCE = timedelta(seconds=2)

_STATUS_COLUMNS = {
    "id": Column.INTEGER,
    "health": Column.TEXT,
    "link": Column.TEXT,
    "pending": Column.TEXT,
    "is_paused": Column.BOOLEAN,
    "was_hidden": Column.BOOLEAN,
    "external_id": Column.INTEGER,
    "overwrite_groups": Column.JSON,
    "attention": Column.TEXT,
    "last_error": Column.TEXT,
}
_PROVEN_COLUMNS = {
    "id": Column.INTEGER,
    "code": Column.TEXT,
    "code_key": Column.TEXT,
    "proven_price": Column.INTEGER,
    "proven_fingerprints": Column.JSON,
    "proven_at": Column.TIME,
}


def write_statuses(
    statuses: Mapping[int, Status], *, groups: frozenset[Group], channel_id: int, at: datetime, run_id: int | None
) -> None:
    """Record what a person asked for. A listing that becomes unlinked forgets what was proven."""
    rows = _locked(statuses, channel_id)
    changes = []
    for row in rows:
        status = statuses[row.pk]
        wanted_groups = sorted(groups) or row.overwrite_groups
        changes.append(
            _status_row(row, status, external_id=row.external_id)
            | {"overwrite_groups": wanted_groups if status.pending is Pending.OVERWRITE else []}
        )
    _write(rows, changes, at=at, run_id=run_id)


def write_proven(proven: Sequence[Proven], *, channel_id: int, at: datetime, run_id: int | None) -> None:
    """Record what was proven; what a person asked for meanwhile stays asked for."""
    by_id = {one.listing_id: one for one in proven}
    rows = _locked(by_id, channel_id)
    changes = []
    for row in rows:
        one = by_id[row.pk]
        if one.status is None and one.external_id is None:
            continue
        before = status_of(health=row.health, link=row.link, pending=row.pending, is_paused=row.is_paused)
        status = before if one.status is None else _with_later_request(before, one.status)
        change = _status_row(row, status, external_id=row.external_id if one.external_id is None else one.external_id)
        keeps_groups = status.pending is Pending.OVERWRITE
        changes.append(change | {"overwrite_groups": row.overwrite_groups if keeps_groups else []})
    _write_values(rows, by_id)
    _write_quantities(proven, channel_id)
    # Last, because it also makes those forget their values that are not on the store any more.
    _write(rows, changes, at=at, run_id=run_id)


def _locked(ids: Mapping[int, Any], channel_id: int) -> list[Listing]:
    # Order imports and people write to the same rows; reading them under lock keeps either from being lost.
    return list(Listing.objects.select_for_update().filter(channel_id=channel_id, id__in=list(ids)).order_by("id"))


def _with_later_request(before: Status, recorded: Status) -> Status:
    """
    Take health and link as recorded, but not the pending change of a run that read the row some time ago.

    A run clears what it has done; if the row now has a change that is allowed in the new state, a person has asked
    for it since. Only an overwrite is still allowed after it was done.
    """
    has_moved = (before.health, before.link) != (recorded.health, recorded.link)
    allowed = QUEUE[recorded.health, recorded.link]
    is_later = before.pending in allowed and (before.pending is not Pending.OVERWRITE or has_moved)
    keeps = recorded.pending is not Pending.NONE or is_later
    return Status(
        health=recorded.health,
        link=recorded.link,
        pending=before.pending if keeps else Pending.NONE,
        is_paused=before.is_paused,
    )


def _status_row(row: Listing, status: Status, *, external_id: int | None) -> dict[str, Any]:
    is_linked = status.link is not Link.UNLINKED
    is_cured = row.attention == Attention.BROKEN_LINK and status.link is not Link.BROKEN
    return {
        "id": row.pk,
        "health": status.health,
        "link": status.link,
        "pending": status.pending,
        "is_paused": status.is_paused,
        "was_hidden": _was_hidden(row, status),
        "external_id": external_id if is_linked else None,
        "attention": "" if is_cured else row.attention,
        "last_error": "" if is_cured else row.last_error,
    }


def _was_hidden(row: Listing, status: Status) -> bool:
    if status.health is Health.NOT_LISTED:
        return row.was_hidden
    return status.health is Health.HIDDEN


def _write(rows: Sequence[Listing], changes: Sequence[dict[str, Any]], *, at: datetime, run_id: int | None) -> None:
    sql.execute(
        """
        UPDATE tradepost_listing
        SET health = given.health, link = given.link, pending = given.pending, is_paused = given.is_paused,
            was_hidden = given.was_hidden, external_id = given.external_id, overwrite_groups = given.overwrite_groups,
            attention = given.attention, last_error = given.last_error
        FROM given WHERE tradepost_listing.id = given.id
        """,
        given=Rows(_STATUS_COLUMNS, [[change[name] for name in _STATUS_COLUMNS] for change in changes]),
    )
    old = {row.pk: row for row in rows}
    moved = [
        change
        for change in changes
        if (old[change["id"]].link, old[change["id"]].external_id) != (change["link"], change["external_id"])
    ]
    LinkEvent.objects.bulk_create(
        [
            LinkEvent(
                listing_id=change["id"],
                link=change["link"],
                external_id=change["external_id"] or old[change["id"]].external_id,
                run_id=run_id,
                at=at,
            )
            for change in moved
        ]
    )
    forgotten = [change["id"] for change in moved if change["external_id"] is None]
    if forgotten:
        Listing.objects.filter(id__in=forgotten).update(
            proven_price=None,
            proven_quantity=None,
            proven_quantity_at=None,
            sold_since_proven=0,
            proven_fingerprints={},
            proven_at=None,
        )


def _write_values(rows: Sequence[Listing], by_id: Mapping[int, Proven]) -> None:
    values = []
    for row in rows:
        one = by_id[row.pk]
        fingerprints = {**row.proven_fingerprints, **(one.fingerprints or {})}
        price = row.proven_price if one.price is None else one.price
        code = one.code or row.code
        values.append((row.pk, code, code_key(code), price, fingerprints, one.at))
    sql.execute(
        """
        UPDATE tradepost_listing
        SET code = given.code, code_key = given.code_key, proven_price = given.proven_price,
            proven_fingerprints = given.proven_fingerprints, proven_at = given.proven_at
        FROM given WHERE tradepost_listing.id = given.id
        """,
        given=Rows(_PROVEN_COLUMNS, values),
    )


def _write_quantities(proven: Sequence[Proven], channel_id: int) -> None:
    known = [
        (one.listing_id, one.quantity, one.at, one.at + CLOCK_TOLERANCE) for one in proven if one.quantity is not None
    ]
    if not known:
        return
    sql.execute(
        """
        UPDATE tradepost_listing
        SET proven_quantity = given.quantity, proven_quantity_at = given.at, sold_since_proven = COALESCE((
            SELECT SUM(line.quantity)
            FROM tradepost_orderline AS line JOIN tradepost_order AS placed ON placed.id = line.order_id
            WHERE line.listing_id = tradepost_listing.id AND placed.placed_at > given.counts_after
        ), 0)
        FROM given WHERE tradepost_listing.id = given.id AND tradepost_listing.channel_id = %s
        """,
        channel_id,
        given=Rows(
            {"id": Column.INTEGER, "quantity": Column.INTEGER, "at": Column.TIME, "counts_after": Column.TIME}, known
        ),
    )
