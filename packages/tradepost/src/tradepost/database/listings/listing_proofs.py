"""Writing down what became of listings: requested changes, and what was proven on the store."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from tradepost.database import sql
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.listings.attentions import end_attentions
from tradepost.database.listings.listing_rows import STATUS_COLUMNS, status_of
from tradepost.database.listings.parent_prices import refresh_parents
from tradepost.database.models import Channel, DriftRecord, LinkEvent, Listing
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import kind_in
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention, cured_by
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.family_health import Moved, followed, pages_concerned
from tradepost.domain.listings.listing import (
    Link,
    Pending,
    Status,
    is_hidden_by_us,
    keep_later_request,
)
from tradepost.operations.ports import Proven


class _LockedListing(NamedTuple):
    """What is read of a listing, without the weight of a model, of which a large batch would make thousands."""

    id: int
    channel_id: int
    kind: str
    code: str
    code_key: str
    external_id: int | None
    external_created: int | None
    health: str
    link: str
    pending: str
    is_paused: bool
    is_orphaned: bool
    was_hidden: bool
    hidden_count: int | None
    open_since: datetime | None
    parent_id: int | None
    overwrite_groups: list[str]
    refusals: int
    proven_price: Decimal | None
    proven_fingerprints: dict[str, str]
    awaits_images: bool
    yielded_price: Decimal | None
    sent_price: Decimal | None
    external_updated: int | None
    compared_at: datetime | None
    is_inactive: bool
    proven_without_stock: bool
    layout: str


def write_statuses(
    statuses: Mapping[int, Status], *, groups: frozenset[Group], channel_id: int, at: datetime, run_id: int | None
) -> None:
    """Record what a person asked for. A listing that becomes unlinked forgets what was proven."""
    rows = _locked(statuses, channel_id)
    changes = []
    for row in rows:
        status = statuses[row.id]
        wanted_groups = sorted(groups) or row.overwrite_groups
        changes.append(
            _status_row(row, status, external_id=row.external_id, external_created=row.external_created)
            | {"overwrite_groups": wanted_groups if status.pending is Pending.OVERWRITE else []}
            # Who asks for what is queued has it tried anew.
            | ({"refusals": 0} if status == _status(row) else {})
        )
    _write(rows, changes, at=at, run_id=run_id)
    end_attentions({row.id: cured_by(statuses[row.id]) for row in rows}, channel_id=channel_id)
    _follow_variants(rows, statuses, channel_id=channel_id, at=at, run_id=run_id)
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
        proof = by_id[row.id]
        if proof.status is None and proof.external_id is None and proof.external_created is None:
            continue
        current = _status(row)
        status = current if proof.status is None else keep_later_request(current, proof.status, asked=proof.asked)
        cured[row.id] = cured_by(status)
        recorded[row.id] = status
        external_id = row.external_id if proof.external_id is None else proof.external_id
        # Another product than before was made at another time, which may be unknown.
        known = row.external_created if external_id == row.external_id else None
        created = known if proof.external_created is None else proof.external_created
        change = _status_row(row, status, external_id=external_id, external_created=created)
        keeps_groups = status.pending is Pending.OVERWRITE
        changes.append(change | {"overwrite_groups": row.overwrite_groups if keeps_groups else []})
    _write_values(rows, by_id)
    _write_layouts(rows, by_id, channel_id=channel_id)
    # Last, because it also makes those forget their values that are not on the store any more.
    _write(rows, changes, at=at, run_id=run_id)
    end_attentions(cured, channel_id=channel_id)
    _follow_variants(rows, recorded, channel_id=channel_id, at=at, run_id=run_id)
    _refresh_parents_of(rows, recorded)


def _follow_variants(
    rows: Sequence[_LockedListing], statuses: Mapping[int, Status], *, channel_id: int, at: datetime, run_id: int | None
) -> None:
    """Let the pages of families follow their variants; see `domain.listings.family_health`."""
    pages = pages_concerned(
        Moved(row.parent_id or row.id, row.kind == Kind.PARENT, _status(row), statuses[row.id])
        for row in rows
        if row.id in statuses and row.kind != Kind.SIMPLE
    )
    if not pages:
        return
    parents = _locked(pages, channel_id)
    variants: dict[int, list[Status]] = defaultdict(list)
    family = Listing.objects.filter(parent_id__in=[parent.id for parent in parents])
    for parent_id, *values in family.values_list("parent_id", *STATUS_COLUMNS):
        variants[parent_id].append(status_of(**dict(zip(STATUS_COLUMNS, values, strict=True))))
    changes = [
        _status_row(parent, status, external_id=parent.external_id, external_created=parent.external_created)
        for parent in parents
        if (status := followed(_status(parent), variants[parent.id], may_open=pages[parent.id])) is not None
    ]
    _write(parents, changes, at=at, run_id=run_id)


def _status(row: _LockedListing) -> Status:
    return status_of(**{name: getattr(row, name) for name in STATUS_COLUMNS})


def _refresh_parents_of(rows: Sequence[_LockedListing], statuses: Mapping[int, Status]) -> None:
    """A parent's price is that of its listed variants, so it follows when one comes or goes."""
    changed = {
        row.parent_id
        for row in rows
        if row.parent_id is not None
        and row.id in statuses
        and (row.health, row.link, row.is_paused)
        != (statuses[row.id].health, statuses[row.id].link, statuses[row.id].is_paused)
    }
    refresh_parents(changed)


def _locked(ids: Mapping[int, Any], channel_id: int) -> list[_LockedListing]:
    # Order imports and people write to the same rows; reading them under lock keeps either from being lost.
    found = map(_LockedListing._make, sql.read_values(Listing, _LockedListing._fields, ids, by="id", locked=True))
    return [row for row in found if row.channel_id == channel_id]


def _update(rows: Sequence[_LockedListing], values: Sequence[dict[str, Any]]) -> None:
    """Write what differs; a column that stays as it is in every row isn't named, for each costs its indexes."""
    old = {row.id: row for row in rows}
    before = [old[value["id"]] for value in values]
    names = [
        name
        for name in (values[0] if values else ())
        if name not in _LockedListing._fields
        or [value[name] for value in values] != list(map(attrgetter(name), before))
    ]
    if names:
        sql.update(Listing, [{"id": value["id"]} | {name: value[name] for name in names} for value in values])


def _status_row(
    row: _LockedListing, status: Status, *, external_id: int | None, external_created: int | None
) -> dict[str, Any]:
    is_linked = status.link is not Link.UNLINKED
    was_hidden = is_hidden_by_us(status, before=row.was_hidden)
    # Noted before a hide is sent, so it is kept while one is queued, or may be under way although it is taken back.
    is_hide_queued = row.pending == Pending.HIDE and (status.pending is Pending.HIDE or row.open_since is not None)
    return {
        "id": row.id,
        "health": status.health,
        "link": status.link,
        "pending": status.pending,
        "is_paused": status.is_paused,
        "was_hidden": was_hidden,
        # Of what is asked for now nothing was refused yet.
        "refusals": row.refusals if status.pending == row.pending else 0,
        "hidden_count": row.hidden_count if was_hidden or is_hide_queued else None,
        "external_id": external_id if is_linked else None,
        "external_created": external_created if is_linked else None,
    }


def _write(
    rows: Sequence[_LockedListing], changes: Sequence[dict[str, Any]], *, at: datetime, run_id: int | None
) -> None:
    _update(rows, changes)
    old = {row.id: row for row in rows}
    moved = [
        change
        for change in changes
        if (old[change["id"]].link, old[change["id"]].external_id) != (change["link"], change["external_id"])
    ]
    events = [
        {
            "listing_id": change["id"],
            "link": change["link"],
            "external_id": change["external_id"] or old[change["id"]].external_id,
        }
        for change in moved
    ]
    sql.insert(LinkEvent, events, constants={"run_id": run_id, "at": at})
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
        proven_without_stock=False,
        proven_fingerprints={},
        awaits_images=False,
        proven_at=None,
        yielded_price=None,
        sent_price=None,
        passed_price=None,
        external_updated=None,
        compared_at=None,
        is_touched=False,
        is_inactive=False,
        keeps_inactive=False,
    )
    DriftRecord.objects.filter(listing_id__in=listing_ids).delete()


def _write_values(rows: Sequence[_LockedListing], by_id: Mapping[int, Proven]) -> None:
    values: list[dict[str, Any]] = []
    for row in rows:
        proof = by_id[row.id]
        code = proof.code or row.code
        is_other = proof.external_id not in {None, row.external_id}
        updated, compared_at = (None, None) if is_other else (row.external_updated, row.compared_at)
        values.append(
            {
                "id": row.id,
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
                "proven_without_stock": _without_stock(row, proof, is_other=is_other),
            }
        )
    _update(rows, values)
    _compare_again([row.id for row in rows])
    parents = (by_id[row.id] for row in rows if row.kind == Kind.PARENT)
    follow_pages({proof.listing_id: proof.is_inactive for proof in parents if proof.is_inactive is not None})


def _write_layouts(rows: Sequence[_LockedListing], by_id: Mapping[int, Proven], *, channel_id: int) -> None:
    """Note in which layout the store has them; where that is the channel's and knows no parents, they are articles."""
    proven = [(row, layout) for row in rows if (layout := by_id[row.id].layout) is not None]
    if not proven:
        return
    wanted = settings_of(Channel.objects.get(pk=channel_id)).rules.layout
    noted = [(row, "" if layout is wanted else layout.value) for row, layout in proven]
    sql.update(Listing, [{"id": row.id, "layout": layout} for row, layout in noted if row.layout != layout])
    alone = [row.id for row, layout in proven if layout is wanted and kind_in(layout, Kind(row.kind)) != row.kind]
    if alone:
        Listing.objects.filter(id__in=alone).update(kind=Kind.SIMPLE, parent_id=None)


def _without_stock(row: _LockedListing, proof: Proven, *, is_other: bool) -> bool:
    if proof.without_stock is not None:
        return proof.without_stock
    return row.proven_without_stock and not is_other


def forget_refusals(product_ids: Sequence[int]) -> None:
    """Have what the store has refused of these products, however often, tried again: they are not the same any more."""
    sql.execute(
        """
        UPDATE tradepost_listing SET refusals = 0 FROM given
        WHERE tradepost_listing.product_id = given.id AND tradepost_listing.refusals > 0
        """,
        given=sql.Rows.of_ids(product_ids),
    )


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
