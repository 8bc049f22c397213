"""Writing down what became of listings: requested changes, and what was proven on the store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tradepost.database import sql
from tradepost.database.listings.attentions import end_attentions
from tradepost.database.listings.listing_rows import status_of
from tradepost.database.listings.wanted import refresh_parents
from tradepost.database.models import DriftRecord, LinkEvent, Listing
from tradepost.domain.attention import Attention, cured_by
from tradepost.domain.catalogue import Kind
from tradepost.domain.codes import code_key
from tradepost.domain.fields import Group
from tradepost.domain.listing import (
    Link,
    Pending,
    Status,
    is_hidden_by_us,
    keep_later_request,
)
from tradepost.operations.ports import Proven

# What the functions below read of a row.
_READ = (
    *("kind", "code", "external_id", "external_created", "health", "link", "pending"),
    *("is_paused", "is_orphaned", "was_hidden"),
    *("parent_id", "overwrite_groups", "proven_price", "proven_fingerprints", "awaits_images"),
    *("yielded_price", "sent_price", "external_updated", "compared_at", "is_inactive"),
)


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
            _status_row(row, status, external_id=row.external_id, external_created=row.external_created)
            | {"overwrite_groups": wanted_groups if status.pending is Pending.OVERWRITE else []}
        )
    _write(rows, changes, at=at, run_id=run_id)
    end_attentions({row.pk: cured_by(statuses[row.pk]) for row in rows}, channel_id=channel_id)
    _refresh_parents_of(rows, statuses)


def write_proven(proven: Sequence[Proven], *, channel_id: int, at: datetime, run_id: int | None) -> None:
    """Record what was proven; what a person asked for meanwhile stays asked for."""
    by_id = {proof.listing_id: proof for proof in proven}
    rows = _locked(by_id, channel_id)
    if others := [
        row.id for row in rows if row.external_id and by_id[row.id].external_id not in {None, row.external_id}
    ]:
        # A broken link that goes on with another product: nothing that was known of the old one holds for it.
        _forget(others)
        rows = _locked(by_id, channel_id)
    changes = []
    cured: dict[int, frozenset[Attention]] = {}
    recorded: dict[int, Status] = {}
    for row in rows:
        proof = by_id[row.pk]
        if proof.status is None and proof.external_id is None and proof.external_created is None:
            continue
        current = status_of(
            health=row.health, link=row.link, pending=row.pending, is_paused=row.is_paused, is_orphaned=row.is_orphaned
        )
        status = current if proof.status is None else keep_later_request(current, proof.status, asked=proof.asked)
        cured[row.pk] = cured_by(status)
        recorded[row.pk] = status
        external_id = row.external_id if proof.external_id is None else proof.external_id
        # Another product than before was made at another time, which may be unknown.
        known = row.external_created if external_id == row.external_id else None
        created = known if proof.external_created is None else proof.external_created
        change = _status_row(row, status, external_id=external_id, external_created=created)
        keeps_groups = status.pending is Pending.OVERWRITE
        changes.append(change | {"overwrite_groups": row.overwrite_groups if keeps_groups else []})
    _write_values(rows, by_id)
    # Last, because it also makes those forget their values that are not on the store any more.
    _write(rows, changes, at=at, run_id=run_id)
    end_attentions(cured, channel_id=channel_id)
    _refresh_parents_of(rows, recorded)


def _refresh_parents_of(rows: Sequence[Listing], statuses: Mapping[int, Status]) -> None:
    """A parent's price is that of its listed variants, so it follows when one comes or goes."""
    changed = {
        row.parent_id
        for row in rows
        if row.parent_id is not None
        and row.pk in statuses
        and (row.health, row.link, row.is_paused)
        != (statuses[row.pk].health, statuses[row.pk].link, statuses[row.pk].is_paused)
    }
    refresh_parents(changed)


def _locked(ids: Mapping[int, Any], channel_id: int) -> list[Listing]:
    # Order imports and people write to the same rows; reading them under lock keeps either from being lost.
    rows = Listing.objects.select_for_update().filter(channel_id=channel_id, id__in=list(ids))
    return list(rows.only(*_READ).order_by("id"))


def _status_row(
    row: Listing, status: Status, *, external_id: int | None, external_created: int | None
) -> dict[str, Any]:
    is_linked = status.link is not Link.UNLINKED
    return {
        "id": row.pk,
        "health": status.health,
        "link": status.link,
        "pending": status.pending,
        "is_paused": status.is_paused,
        "was_hidden": is_hidden_by_us(status, before=row.was_hidden),
        "external_id": external_id if is_linked else None,
        "external_created": external_created if is_linked else None,
    }


def _write(rows: Sequence[Listing], changes: Sequence[dict[str, Any]], *, at: datetime, run_id: int | None) -> None:
    sql.update(Listing, changes)
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
        _forget(forgotten)


def _forget(listing_ids: Sequence[int]) -> None:
    """Forget all that is known of the products that these had."""
    Listing.objects.filter(id__in=listing_ids).update(
        proven_price=None,
        account=None,
        basis_at=None,
        open_move=None,
        open_since=None,
        looked_at=None,
        missing=0,
        missing_since=None,
        proven_fingerprints={},
        awaits_images=False,
        proven_at=None,
        yielded_price=None,
        sent_price=None,
        external_updated=None,
        compared_at=None,
        is_touched=False,
        is_inactive=False,
        keeps_inactive=False,
    )
    DriftRecord.objects.filter(listing_id__in=listing_ids).delete()


def _write_values(rows: Sequence[Listing], by_id: Mapping[int, Proven]) -> None:
    values = []
    for row in rows:
        proof = by_id[row.pk]
        code = proof.code or row.code
        is_other = proof.external_id not in {None, row.external_id}
        updated, compared_at = (None, None) if is_other else (row.external_updated, row.compared_at)
        values.append(
            {
                "id": row.pk,
                "code": code,
                "code_key": code_key(code),
                "proven_price": row.proven_price if proof.price is None else proof.price,
                "proven_fingerprints": {**row.proven_fingerprints, **(proof.fingerprints or {})},
                "awaits_images": row.awaits_images if proof.awaits_images is None else proof.awaits_images,
                "proven_at": proof.at,
                # A price that was sent or read gives way to nothing any more.
                "yielded_price": row.yielded_price if proof.price is None else None,
                "sent_price": row.sent_price if proof.price is None else None,
                "external_updated": updated if proof.external_updated is None else proof.external_updated,
                "compared_at": compared_at if proof.external_updated is None else proof.at,
                "is_inactive": row.is_inactive if proof.is_inactive is None else proof.is_inactive,
            }
        )
    sql.update(Listing, values)
    _compare_again([row.pk for row in rows])
    parents = (by_id[row.pk] for row in rows if row.kind == Kind.PARENT)
    follow_pages({proof.listing_id: proof.is_inactive for proof in parents if proof.is_inactive is not None})


def follow_pages(pages: Mapping[int, bool]) -> None:
    """
    Note of variants whether their page is switched off, by the parent's listing.

    Nobody can buy them then; they are switched on with their page, and never by themselves.
    """
    if not pages:
        return
    rows = [{"id": listing_id, "is_inactive": is_inactive} for listing_id, is_inactive in pages.items()]
    sql.execute(
        """
        UPDATE tradepost_listing SET is_inactive = given.is_inactive, keeps_inactive = given.is_inactive
        FROM given
        WHERE tradepost_listing.parent_id = given.id AND tradepost_listing.link <> 'unlinked'
        """,
        given=sql.Rows.of_model(Listing, rows),
    )


def _compare_again(listing_ids: Sequence[int]) -> None:
    """What differed may have been sent now; whether it was, the next comparison says."""
    sql.execute(
        """
        UPDATE tradepost_listing SET is_touched = TRUE FROM given
        WHERE tradepost_listing.id = given.id AND tradepost_listing.link = 'linked'
          AND EXISTS (SELECT 1 FROM tradepost_driftrecord AS drift WHERE drift.listing_id = tradepost_listing.id)
        """,
        given=sql.Rows.of_ids(listing_ids),
    )
