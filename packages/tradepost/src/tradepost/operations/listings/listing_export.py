"""Listings as a table: a row for each, with what is true of it and with what can be customised of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.fields import customisable_targets
from tradepost.domain.listings.customising import VALUE_COLUMNS, cells_of, column_of
from tradepost.domain.listings.listing import shown_health
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.listings.listed_values import listed_values, made_listings
from tradepost.operations.ports import LISTED_COLUMNS, DescriptionCleaner, ListedNotes, ListingRow, Listings

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ListedRows:
    """The listings of a channel that are meant, by their `ids`."""

    channel_name: str
    ids: Sequence[int]
    listings: Listings
    rules: ContentRules
    cleaner: DescriptionCleaner

    @property
    def columns(self) -> list[str]:
        return [*LISTED_COLUMNS, *VALUE_COLUMNS, *map(column_of, customisable_targets(self.rules))]

    def rows(self) -> Iterator[dict[str, str]]:
        """Make the rows, by column, batch by batch."""
        for start in range(0, len(self.ids), _AT_ONCE):
            found = self.listings.by_ids(self.ids[start : start + _AT_ONCE])
            notes = self.listings.notes([row.id for row in found])
            made = {
                row.id: product
                for row, product in made_listings(found, self.listings, rules=self.rules, cleaner=self.cleaner)
            }
            for row in found:
                listed = listed_values(row, made.get(row.id), rules=self.rules)
                yield self._facts(row, notes[row.id]) | cells_of(listed)

    def _facts(self, row: ListingRow, notes: ListedNotes) -> dict[str, str]:
        status = row.status
        values = (
            self.channel_name,
            # By which the row is found again: of a family's page that is the handle.
            notes.handle if row.kind is Kind.PARENT else row.sku,
            "" if row.kind is Kind.PARENT else row.sku,
            "" if row.kind is Kind.SIMPLE else notes.handle,
            row.kind.value,
            shown_health(status.health, is_inactive=row.is_inactive).value,
            status.link.value,
            status.pending.value,
            "yes" if status.is_paused else "no",
            "" if row.external_id is None else str(row.external_id),
            row.code if row.external_id is not None else "",
            _when(notes.proven_at),
            ", ".join(kind.value for kind, _ in notes.attentions),
            " | ".join(message for _, message in notes.attentions),
        )
        return dict(zip(LISTED_COLUMNS, values, strict=True))


def _when(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")
