"""The ports of deliveries: which consumers are due, and where their batches are put."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tradepost.domain.orders.order_delivery import Confirmation


@dataclass(frozen=True, slots=True)
class ConsumerTarget:
    """
    Where a consumer's batches are brought. `secret`: a password, or a token of a web address, blank for none.
    `fingerprint`: a server's key that a person has confirmed.
    """

    address: str
    confirmation: Confirmation = Confirmation.CONSUMER
    fingerprint: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A consumer that something is to be brought to: a batch that is made already, or `records` that are new."""

    id: int
    name: str
    records: int
    address: str


class Target(Protocol):
    """A place that takes files whole or not at all."""

    def put(self, name: str, content: bytes) -> None:
        """
        Put a file there; one of this name that is there already is the same. Safe to repeat.

        Raises StorageRefused, StoreUnavailable, CredentialsRejected, AddressRefused, NotAllowed.
        """
        ...


class ExchangePlace(Protocol):
    """A place that files are put to or fetched from."""

    def try_out(self, *, takes: bool) -> str:
        """
        See whether files can be exchanged there, and leave nothing behind; returns what was seen, as a sentence.

        `takes`: it is to take files, else to give them. Raises StorageRefused, StoreUnavailable, CredentialsRejected,
        AddressRefused.
        """
        ...


class Targets(Protocol):
    """Where the consumers of one channel get their batches. Writes belong into a transaction."""

    def set_target(self, consumer_id: int, target: ConsumerTarget | None) -> None:
        """Keep where a consumer's batches are brought; None: it fetches them itself."""
        ...

    def target_of(self, consumer_id: int, *, with_secret: bool = False) -> ConsumerTarget | None:
        """Raises Reconfigure when the key to the secrets does not fit."""
        ...

    def due(self) -> list[DueDelivery]:
        """Return consumers with a target that have something to get that was not brought there yet, by id."""
        ...

    def note_delivered(self, consumer_id: int, *, cursor: int) -> None: ...


class Deliveries(Protocol):
    """Bringing batches to the consumers of one channel."""

    def due(self) -> list[DueDelivery]: ...

    def make_batches(self, consumers: Collection[str]) -> None:
        """Make what these are to get; part of the enclosing transaction. Idempotent."""
        ...

    def deliver(self, consumer: str) -> None:
        """Bring the open batch to its target. Safe to repeat. Raises as `Target.put`."""
        ...

    def delivered(self, consumers: Collection[str], *, at: datetime) -> None:
        """Note that the open batches have arrived, which confirms those that need no word of their consumer."""
        ...
