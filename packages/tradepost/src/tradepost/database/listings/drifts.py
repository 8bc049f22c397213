"""The drifts port: which listings are compared next, and what differs on the store."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.listings.due import OF_CHANNEL
from tradepost.database.listings.listing_proofs import follow_pages
from tradepost.database.listings.listing_rows import listing_rows, status_of
from tradepost.database.models import DriftRecord, Listing
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.fields import Group
from tradepost.domain.listings.drift import COMPARE_AGAIN_AFTER, Drift, may_overwrite
from tradepost.domain.listings.listing import Link, Pending
from tradepost.domain.plan import FieldChange
from tradepost.operations.ports import Compared, ListingRow

_TOUCHED_AT_ONCE = 10_000
_LINKED = "link = 'linked' AND NOT is_paused AND "
_NEVER = _LINKED + "NOT is_touched AND compared_at IS NULL"
_LONG_AGO = _LINKED + "NOT is_touched AND compared_at IS NOT NULL AND compared_at <= %s"


class DjangoDrifts:
    """Implements `ports.Drifts` for one channel."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id

    def touch(self, listing_ids: Collection[int]) -> None:
        ids = list(listing_ids)
        for start in range(0, len(ids), _TOUCHED_AT_ONCE):
            sql.execute(
                """
                UPDATE tradepost_listing SET is_touched = TRUE FROM given
                WHERE tradepost_listing.id = given.id AND tradepost_listing.channel_id = %s AND NOT is_touched
                """,
                self._channel_id,
                given=Rows.of_ids(ids[start : start + _TOUCHED_AT_ONCE]),
            )

    def touched(self, *, after: int, limit: int) -> list[ListingRow]:
        where = [OF_CHANNEL, _LINKED + "is_touched"]
        return self._rows(sql.page(Listing, "id", where=where, params=[self._channel_id], after=after, limit=limit))

    def due(self, *, now: datetime, limit: int) -> list[ListingRow]:
        where = [OF_CHANNEL, _NEVER]
        ids = sql.first(Listing, "id", where=where, params=[self._channel_id], order=("id",), limit=limit)
        if len(ids) < limit:
            params = [self._channel_id, now - COMPARE_AGAIN_AFTER]
            order = ("compared_at", "id")
            where = [OF_CHANNEL, _LONG_AGO]
            ids = [*ids, *sql.first(Listing, "id", where=where, params=params, order=order, limit=limit - len(ids))]
        return self._rows(ids)

    def known(self, listing_ids: Collection[int]) -> dict[int, dict[Group, Drift]]:
        found: defaultdict[int, dict[Group, Drift]] = defaultdict(dict)
        rows = DriftRecord.objects.filter(listing_id__in=list(listing_ids), listing__channel_id=self._channel_id)
        for row in rows.order_by("listing_id", "group"):
            fields = tuple(FieldChange(each["name"], each["before"], each["after"]) for each in row.fields)
            found[row.listing_id][Group(row.group)] = Drift(fields, row.mark, is_kept=row.is_kept)
        return dict(found)

    def open_ids(self) -> list[int]:
        waiting = DriftRecord.objects.filter(is_kept=False)
        rows = sql.in_channel(waiting, self._channel_id, column="listing__channel_id")
        return sorted(set(rows.values_list("listing_id", flat=True)))

    def record(self, compared: Sequence[Compared], *, at: datetime) -> None:
        self._write_prices(compared)
        self._write_activity(compared)
        refused = self._queue_overwrites(compared)
        self.remember({each.row.id: each.finding.drifts for each in compared}, at=at)
        sql.update(
            Listing,
            [
                {
                    "id": each.row.id,
                    "external_updated": each.updated or None,
                    "compared_at": at,
                    "is_touched": each.row.id in refused,
                }
                for each in compared
            ],
            where={"channel_id": self._channel_id},
        )

    def remember(self, drifts: Mapping[int, Mapping[Group, Drift | None]], *, at: datetime) -> None:
        kept = [
            {
                "listing_id": listing_id,
                "group": group.value,
                "fields": [_field(each) for each in drift.fields],
                "mark": drift.mark,
                "is_kept": drift.is_kept,
                "since": at,
            }
            for listing_id, groups in drifts.items()
            for group, drift in groups.items()
            if drift is not None
        ]
        gone = [
            {"listing_id": listing_id, "group_name": group.value}
            for listing_id, groups in drifts.items()
            for group, drift in groups.items()
            if drift is None
        ]
        sql.upsert(DriftRecord, kept, unique=("listing_id", "group"), keep=("since",))
        sql.execute(
            """
            DELETE FROM tradepost_driftrecord WHERE id IN (
                SELECT drift.id FROM given JOIN tradepost_driftrecord AS drift
                ON drift.listing_id = given.listing_id AND drift."group" = given.group_name
            )
            """,
            given=Rows({"listing_id": Column.INTEGER, "group_name": Column.TEXT}, gone),
        )

    def _rows(self, ids: Collection[int]) -> list[ListingRow]:
        return listing_rows(Listing.objects.filter(id__in=list(ids)).order_by("id"))

    def _write_prices(self, compared: Sequence[Compared]) -> None:
        sql.update(
            Listing,
            [
                {
                    "id": each.row.id,
                    "proven_price": each.finding.price,
                    "yielded_price": each.finding.yielded_price,
                    "sent_price": None,
                }
                for each in compared
                if each.finding.price is not None
            ],
            where={"channel_id": self._channel_id},
        )

    def _write_activity(self, compared: Sequence[Compared]) -> None:
        pages = {each.row.id: each.finding.is_inactive for each in compared if each.finding.is_inactive is not None}
        kept = {each.row.id for each in compared if each.finding.keeps_inactive}
        sql.update(
            Listing,
            [{"id": number, "is_inactive": off, "keeps_inactive": number in kept} for number, off in pages.items()],
            where={"channel_id": self._channel_id},
        )
        parents = {each.row.id for each in compared if each.row.kind is Kind.PARENT}
        follow_pages({number: off for number, off in pages.items() if number in parents})

    def _queue_overwrites(self, compared: Sequence[Compared]) -> set[int]:
        """Queue what is to be sent again; return those of which a person has asked for something else meanwhile."""
        groups = {each.row.id: each.finding.overwrite for each in compared if each.finding.overwrite}
        rows = list(
            Listing.objects.select_for_update()
            .filter(channel_id=self._channel_id, id__in=list(groups))
            .only("health", "link", "pending", "is_paused", "is_orphaned", "overwrite_groups")
        )
        fitting = [
            row
            for row in rows
            if row.link == Link.LINKED
            and may_overwrite(
                status_of(
                    health=row.health,
                    link=row.link,
                    pending=row.pending,
                    is_paused=row.is_paused,
                    is_orphaned=row.is_orphaned,
                )
            )
        ]
        sql.update(
            Listing,
            [
                {
                    "id": row.pk,
                    "pending": Pending.OVERWRITE,
                    "overwrite_groups": sorted({*row.overwrite_groups, *groups[row.pk]}),
                }
                for row in fitting
            ],
        )
        return set(groups) - {row.pk for row in fitting}


def _field(change: FieldChange) -> dict[str, Any]:
    return {"name": change.name, "before": plain(change.before), "after": plain(change.after)}
