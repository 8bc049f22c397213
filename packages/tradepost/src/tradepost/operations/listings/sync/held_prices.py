"""Prices that are not sent: they are not due, so a sync would pass over them in silence."""

from collections.abc import Iterator

from tradepost.domain import changes
from tradepost.domain.listings.attention import Attention
from tradepost.domain.plan import Outcome, Plan, Result
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.ports import ChannelSettings, Ports


class HeldPrices(Operation[int, None, None, None]):
    """Say once how many there are, in a preview and in a report; its one row is their number."""

    name = "held prices"
    label = "prices held back"
    is_observation = True

    def __init__(self, channel: ChannelSettings) -> None:
        self._channel = channel

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[int]]:
        number = ports.listings.count_attention(Attention.PRICE_HELD)
        if number and not after:
            yield Batch([number], number)

    def observe(self, ports: Ports, batch: Batch[int]) -> None:
        return None

    def plan(self, batch: Batch[int], facts: None, seen: None) -> Plan[None]:
        (number,) = batch.rows
        message = (
            f"{number:,} {'price is' if number == 1 else 'prices are'} held back: none in the catalogue, outside the "
            "channel's limits, or changed by more than a rule lets through. 'tradepost listings list --attention "
            "price_held' names them, and 'tradepost listings show' says why."
        )
        return Plan(None, (), (Result(changes.prices_held(self._channel.name), Outcome.SKIPPED, message=message),))

    def judge(self, batch: Batch[int], facts: None, seen: None, plan: Plan[None], evidence: Evidence) -> Verdict:
        return Verdict()
