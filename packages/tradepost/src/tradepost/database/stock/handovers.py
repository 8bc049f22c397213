"""The handovers port: when a person or a warehouse took the pieces of an order into their own count."""

from collections.abc import Collection
from datetime import datetime

from tradepost.database import sql
from tradepost.database.models import Sighting
from tradepost.database.sql import Rows
from tradepost.domain.orders.order import LARGEST_ID
from tradepost.operations.ports import Handover


class DjangoHandovers:
    """Implements `ports.Handovers` for one channel."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id

    def handed_over(self) -> set[int]:
        """Return the numbers of the orders that were."""
        marked = Sighting.objects.filter(channel_id=self._channel_id, handed_over_at__isnull=False)
        return set(marked.values_list("external_id", flat=True))

    def mark(self, order_numbers: Collection[int] | None, *, at: datetime) -> Handover:
        if order_numbers is None:
            marked = sql.fetch_numbers(
                """
                UPDATE tradepost_sighting SET handed_over_at = %s
                WHERE channel_id = %s AND is_open AND handed_over_at IS NULL
                RETURNING external_id
                """,
                at,
                self._channel_id,
            )
            return Handover(sorted(marked), (), ())
        # No column holds a larger one, and SQLite's driver fails on it.
        possible = {number for number in order_numbers if abs(number) <= LARGEST_ID}
        marked = sql.fetch_numbers(
            """
            UPDATE tradepost_sighting SET handed_over_at = %s
            FROM given
            WHERE channel_id = %s AND external_id = given.id AND handed_over_at IS NULL
            RETURNING external_id
            """,
            at,
            self._channel_id,
            given=Rows.of_ids(possible),
        )
        known = set(
            Sighting.objects.filter(channel_id=self._channel_id, external_id__in=possible).values_list(
                "external_id", flat=True
            )
        )
        return Handover(sorted(marked), sorted(known - set(marked)), sorted(set(order_numbers) - known))
