"""The accounts port: what each listing's store must count, entry by entry."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tradepost.database import sql
from tradepost.database.models import Channel, Listing, Sighting, StockEntry
from tradepost.database.orders.parked import parked_ids
from tradepost.database.sql import Column, Rows
from tradepost.database.stock.sightings import known_sightings, write_sightings
from tradepost.database.stock.statements import state_differences
from tradepost.database.stock.watched import watched_stocks
from tradepost.domain.errors import RunLost
from tradepost.domain.stock.stock import OVERLAP_SECONDS, SightingPlace
from tradepost.domain.stock.stock_attention import WatchedStock
from tradepost.operations.ports import AccountEntry, Clock, KnownSighting, Reading, SightedOrder


class DjangoAccounts:
    """Implements `ports.Accounts` for one channel; `run_id` is noted with the entries."""

    def __init__(self, channel_id: int, *, clock: Clock, run_id: int | None = None) -> None:
        self._channel_id = channel_id
        self._clock = clock
        self._run_id = run_id

    # --- sightings --------------------------------------------------------------------------------------------------

    def place(self) -> SightingPlace:
        channel = Channel.objects.only("sighted_first_id", "sighted_id", "sighted_updated").get(id=self._channel_id)
        still_open = Sighting.objects.filter(channel_id=self._channel_id, is_open=True).order_by("external_id")
        # What could not be counted is looked at until it can, or is gone.
        asked = {*still_open.values_list("external_id", flat=True), *parked_ids(channel_id=self._channel_id)}
        return SightingPlace(
            channel.sighted_first_id,
            channel.sighted_id,
            channel.sighted_updated,
            tuple(sorted(asked)),
        )

    def set_place(self, place: SightingPlace) -> None:
        # Two passes may end in any order; neither goes back behind the other.
        sql.execute(
            """
            UPDATE tradepost_channel
            SET sighted_first_id = COALESCE(sighted_first_id, %s),
                sighted_id = CASE WHEN sighted_id > %s THEN sighted_id ELSE %s END,
                sighted_updated = CASE WHEN sighted_updated > %s THEN sighted_updated ELSE %s END
            WHERE id = %s
            """,
            place.first_id,
            place.highest_id,
            place.highest_id,
            place.highest_updated,
            place.highest_updated,
            self._channel_id,
        )

    def known(self, order_ids: Collection[int]) -> dict[int, KnownSighting]:
        return known_sightings(order_ids, channel_id=self._channel_id)

    def known_near(self, place: SightingPlace) -> dict[int, KnownSighting]:
        newest = Sighting.objects.filter(
            channel_id=self._channel_id, updated__gte=place.highest_updated - OVERLAP_SECONDS
        )
        ids = {*place.open_ids, *newest.values_list("external_id", flat=True)}
        return known_sightings(ids, channel_id=self._channel_id)

    def sight(
        self, orders: Sequence[SightedOrder], *, is_first: bool, at: datetime, read_at: datetime | None = None
    ) -> None:
        write_sightings(
            orders,
            channel_id=self._channel_id,
            is_first=is_first,
            at=at,
            read_at=read_at or at,
            run_id=self._run_id,
        )

    # --- accounts ---------------------------------------------------------------------------------------------------

    def begin(self, writes: Mapping[int, int | None], *, at: datetime) -> None:
        # A set of what is to be on sale loses the account until it is answered. A hide keeps it: it is due as long as
        # there is something to hide.
        begun = sql.fetch_numbers(
            """
            UPDATE tradepost_listing
            SET open_since = %s, open_move = given.move,
                account = CASE
                    WHEN given.move IS NULL AND pending <> 'hide' AND (health <> 'hidden' OR pending = 'unhide')
                    THEN NULL ELSE account END
            FROM given
            WHERE tradepost_listing.id = given.id AND tradepost_listing.channel_id = %s AND open_since IS NULL
            RETURNING tradepost_listing.id
            """,
            at,
            self._channel_id,
            given=Rows(
                {"id": Column.INTEGER, "move": Column.INTEGER},
                [{"id": listing_id, "move": move} for listing_id, move in writes.items()],
            ),
        )
        if len(begun) != len(writes):
            raise RunLost("Another run is writing the stock of the same listings.")

    def note_hidden(self, found: Mapping[int, int]) -> None:
        # What is hidden already was given pieces back; `_enter` adds them as soon as they are off sale again.
        sql.execute(
            """
            UPDATE tradepost_listing SET hidden_count = given.pieces
            FROM given
            WHERE tradepost_listing.id = given.id AND tradepost_listing.channel_id = %s AND available IS NULL
              AND health <> 'hidden' AND (hidden_count IS NULL OR given.pieces > 0)
            """,
            self._channel_id,
            given=Rows(
                {"id": Column.INTEGER, "pieces": Column.INTEGER},
                [{"id": listing_id, "pieces": pieces} for listing_id, pieces in found.items()],
            ),
        )

    def record(self, entries: Sequence[AccountEntry], *, settled: Collection[int], lost: Collection[int]) -> None:
        closed = set(settled)
        entered = {entry.listing_id for entry in entries}
        if closed - entered:
            self._close(closed - entered)
        if lost:
            Listing.objects.filter(channel_id=self._channel_id, id__in=list(lost)).update(account=None)
        if entries:
            self._enter(entries, settled=closed, at=self._clock())

    def _close(self, listing_ids: Collection[int]) -> None:
        sql.execute(
            """
            UPDATE tradepost_listing SET open_since = NULL, open_move = NULL
            FROM given WHERE tradepost_listing.id = given.id AND tradepost_listing.channel_id = %s
            """,
            self._channel_id,
            given=Rows.of_ids(listing_ids),
        )

    def _enter(self, entries: Sequence[AccountEntry], *, settled: Collection[int], at: datetime) -> None:
        moved = sql.fetch_rows(
            """
            UPDATE tradepost_listing
            SET account = CASE WHEN given.kind = 'move' THEN account + given.amount ELSE given.amount END,
                open_since = CASE WHEN given.is_settled THEN NULL ELSE open_since END,
                open_move = CASE WHEN given.is_settled THEN NULL ELSE open_move END,
                basis_at = CASE WHEN given.may_hide_sales THEN %s ELSE basis_at END,
                looked_at = CASE
                    WHEN given.missing < 0 THEN NULL
                    WHEN given.missing IS NULL AND given.kind = 'move' THEN looked_at ELSE %s END,
                missing_since = CASE
                    WHEN given.missing <= 0 THEN NULL
                    WHEN given.kind = 'move' AND (given.missing IS NULL OR tradepost_listing.missing > 0)
                    THEN missing_since
                    WHEN given.missing IS NULL THEN NULL ELSE %s END,
                missing = CASE
                    WHEN given.missing <= 0 THEN 0
                    WHEN given.kind = 'move' AND (
                        given.missing IS NULL
                        OR (tradepost_listing.missing > 0 AND tradepost_listing.missing < given.missing)
                    ) THEN tradepost_listing.missing
                    ELSE COALESCE(given.missing, 0) END,
                proven_at = COALESCE(given.proven_at, tradepost_listing.proven_at),
                hidden_count = CASE
                    WHEN available IS NOT NULL THEN NULL
                    WHEN given.kind = 'look' AND pending = 'hide' AND hidden_count IS NULL THEN given.amount
                    WHEN given.kind = 'set' AND health = 'hidden' AND pending <> 'unhide' AND account > 0
                    THEN hidden_count + account ELSE hidden_count END
            FROM given
            WHERE tradepost_listing.id = given.id AND tradepost_listing.channel_id = %s AND link <> 'unlinked'
            RETURNING tradepost_listing.id, account
            """,
            at,
            at,
            at,
            self._channel_id,
            given=Rows(
                {
                    "id": Column.INTEGER,
                    "kind": Column.TEXT,
                    "amount": Column.INTEGER,
                    "may_hide_sales": Column.BOOLEAN,
                    "is_settled": Column.BOOLEAN,
                    "missing": Column.INTEGER,
                    "proven_at": Column.TIME,
                },
                [
                    {
                        "id": entry.listing_id,
                        "kind": entry.kind,
                        "amount": entry.amount,
                        "may_hide_sales": entry.may_hide_sales,
                        "is_settled": entry.listing_id in settled,
                        "missing": entry.missing,
                        "proven_at": entry.proven_at,
                    }
                    for entry in entries
                ],
            ),
        )
        accounts = {row["id"]: row["account"] for row in moved}
        rows = [
            {
                "listing_id": entry.listing_id,
                "kind": entry.kind,
                "amount": entry.amount,
                "account": accounts[entry.listing_id],
            }
            for entry in entries
            if entry.listing_id in accounts
        ]
        sql.insert(StockEntry, rows, constants={"run_id": self._run_id, "at": at})

    def state(self, pieces: Mapping[int, int], *, at: datetime) -> None:
        state_differences(pieces, at=at)

    def watched(self, *, after: int, limit: int) -> list[WatchedStock]:
        return watched_stocks(channel_id=self._channel_id, after=after, limit=limit)

    def read(self, readings: Sequence[Reading], *, at: datetime) -> None:
        # What has been missing all the time is the least of all readings; whatever is more than that came later.
        sql.execute(
            """
            UPDATE tradepost_listing
            SET looked_at = CASE
                    WHEN given.is_guess THEN looked_at
                    WHEN given.missing < 0 THEN NULL ELSE %s END,
                missing_since = CASE
                    WHEN given.missing <= 0 THEN NULL
                    WHEN tradepost_listing.missing > 0 THEN missing_since ELSE %s END,
                missing = CASE
                    WHEN given.missing <= 0 THEN 0
                    WHEN tradepost_listing.missing > 0 AND tradepost_listing.missing < given.missing
                    THEN tradepost_listing.missing ELSE given.missing END
            FROM given WHERE tradepost_listing.id = given.id AND tradepost_listing.channel_id = %s
            """,
            at,
            at,
            self._channel_id,
            given=Rows(
                {"id": Column.INTEGER, "missing": Column.INTEGER, "is_guess": Column.BOOLEAN},
                [{"id": each.listing_id, "missing": each.missing, "is_guess": each.is_guess} for each in readings],
            ),
        )
