"""The port of the history: what a person or a token did, kept with their name and the time."""

from collections.abc import Sequence
from typing import Protocol

from tradepost.domain.plan import Result


class OpenRequest(Protocol):
    """One request whose results come in batches, each kept in the transaction that does it."""

    def add(self, results: Sequence[Result]) -> None: ...


class History(Protocol):
    """Where what was asked for and done at once is kept; whoever makes it says who asks."""

    def keep(self, results: Sequence[Result], *, channel_id: int) -> None:
        """Keep these results as one request; nothing where there are none. Call it in the transaction that did them."""
        ...


class BatchHistory(History, Protocol):
    """A history that takes requests of many results, too."""

    def open(self, channel_id: int) -> OpenRequest:
        """Keep a request of many results, which is none as long as none was added."""
        ...
