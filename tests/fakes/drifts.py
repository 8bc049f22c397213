"""The port `Drifts` in memory, by the rules that the database follows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from fakes.listings import MemoryListings
from tradepost.domain.fields import Group
from tradepost.domain.listings.drift import Drift, is_comparison_due, may_overwrite
from tradepost.domain.listings.listing import Pending
from tradepost.operations.ports import Compared, ListingRow


class MemoryDrifts:
    """`kept`: what is kept in mind, by listing and group. `may_write`: see `MemoryListings`."""

    def __init__(self, listings: MemoryListings, *, may_write: Callable[[], bool]) -> None:
        self.kept: dict[int, dict[Group, Drift]] = {}
        self._listings = listings
        self._may_write = may_write

    def touch(self, listing_ids: Collection[int]) -> None:
        assert self._may_write()
        for number in listing_ids:
            self._change(number, is_touched=True)

    def touched(self, *, after: int, limit: int) -> list[ListingRow]:
        rows = self._listings.by_ids(self._listings.all)
        return [row for row in rows if row.id > after and row.is_touched and self._is_due(row, None)][:limit]

    def due(self, *, now: datetime, limit: int) -> list[ListingRow]:
        rows = [row for row in self._listings.by_ids(self._listings.all) if not row.is_touched]
        chosen = sorted((row for row in rows if self._is_due(row, now)), key=_waiting)[:limit]
        return sorted(chosen, key=lambda row: row.id)

    def known(self, listing_ids: Collection[int]) -> dict[int, dict[Group, Drift]]:
        return {number: dict(self.kept[number]) for number in listing_ids if self.kept.get(number)}

    def open_ids(self) -> list[int]:
        return sorted(number for number, drifts in self.kept.items() if any(not d.is_kept for d in drifts.values()))

    def record(self, compared: Sequence[Compared], *, at: datetime) -> None:
        assert self._may_write()
        for each in compared:
            finding, row = each.finding, self._listings.all[each.row.id]
            values = {}
            if finding.price is not None:
                values |= {"proven_price": finding.price, "yielded_price": finding.yielded_price, "sent_price": None}
            if finding.is_inactive is not None:
                values |= {"is_inactive": finding.is_inactive, "keeps_inactive": bool(finding.keeps_inactive)}
            is_refused = bool(finding.overwrite) and not may_overwrite(row.status)
            if finding.overwrite and not is_refused:
                values["status"] = replace(row.status, pending=Pending.OVERWRITE)
                values["overwrite_groups"] = row.overwrite_groups | finding.overwrite
            self._listings.updated[row.id] = each.updated
            self._change(row.id, compared_at=at, is_touched=is_refused, **values)
            if finding.is_inactive is not None:
                self._listings.follow_page(row.id, is_inactive=finding.is_inactive)
        self.remember({each.row.id: each.finding.drifts for each in compared}, at=at)

    def remember(self, drifts: Mapping[int, Mapping[Group, Drift | None]], *, at: datetime) -> None:
        assert self._may_write()
        for number, groups in drifts.items():
            kept = {**self.kept.get(number, {}), **groups}
            self.kept[number] = {group: drift for group, drift in kept.items() if drift is not None}

    def _change(self, number: int, **values) -> None:
        self._listings.all[number] = replace(self._listings.all[number], **values)

    @staticmethod
    def _is_due(row: ListingRow, now: datetime | None) -> bool:
        return is_comparison_due(
            row.status, compared_at=row.compared_at, is_touched=row.is_touched, now=now or row.compared_at
        )


def _waiting(row: ListingRow) -> tuple[float, int]:
    return (row.compared_at.timestamp() if row.compared_at else 0, row.id)
