"""The port of the history: what a person or a token did, kept with their name and the time."""

from collections.abc import Sequence
from typing import Protocol

from tradepost.domain.plan import Result


class History(Protocol):
    """Where what was asked for and done at once is kept; whoever makes it says who asks."""

    def keep(self, results: Sequence[Result], *, channel_id: int) -> None:
        """Keep these results as one request; nothing where there are none. Call it in the transaction that did them."""
        ...
