"""What somebody who ordered may ask for: all that the hub has of them, or that it be forgotten."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tradepost.domain import changes
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.ports import Clock, History, PersonalData, PersonsData, PersonsOrder


@dataclass(frozen=True, slots=True)
class PersonalDataPorts:
    """What requests about personal data need; `history` knows who asks, and is told no address."""

    personal_data: PersonalData
    history: History
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of a request to erase: orders that were, those that are still open, and the number of parked ones."""

    erased: Sequence[PersonsOrder]
    still_open: Sequence[PersonsOrder]
    parked: int


def data_of(email: str, ports: PersonalDataPorts) -> PersonsData:
    """Return all that the hub has of somebody. Raises NotAllowed for what is no e-mail address."""
    return ports.personal_data.told(_checked(email))


def export_of(email: str, ports: PersonalDataPorts) -> dict[str, Any]:
    """Return the same as one value for JSON. Raises NotAllowed for what is no e-mail address."""
    found = data_of(email, ports)
    return {"email": email.strip(), "orders": found.orders, "parked": found.parked}


def orders_to_erase(email: str, ports: PersonalDataPorts) -> list[PersonsOrder]:
    """Name the orders of somebody, and do nothing. Raises NotAllowed for what is no e-mail address."""
    return ports.personal_data.orders_of(_checked(email))


def erase_data_of(email: str, ports: PersonalDataPorts) -> Erasure:
    """
    Forget somebody who ordered. Orders that are still open are left, since they have to be shipped; idempotent.

    Raises NotAllowed for what is no e-mail address.
    """
    address = _checked(email)
    with ports.transaction():
        found = ports.personal_data.orders_of(address)
        erased = [order for order in found if not order.is_open]
        ports.personal_data.anonymise([order.id for order in erased], at=ports.clock())
        parked = ports.personal_data.erase_parked(address)
        by_channel: dict[int, list[str]] = defaultdict(list)
        for order in erased:
            by_channel[order.channel_id].append(str(order.number))
        for channel_id, number in parked:
            by_channel[channel_id].append(number)
        for channel_id, numbers in by_channel.items():
            ports.history.keep(
                [Result(changes.order_anonymised(number, is_asked=True), Outcome.APPLIED) for number in numbers],
                channel_id=channel_id,
            )
    return Erasure(erased, [order for order in found if order.is_open], len(parked))


def _checked(email: str) -> str:
    address = email.strip()
    if "@" not in address.strip("@") or any(mark.isspace() for mark in address):
        raise NotAllowed("That is no e-mail address; write it as ada@example.com.")
    return address
