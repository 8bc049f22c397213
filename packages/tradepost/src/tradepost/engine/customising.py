"""Customising as a request: a table of listings, batch by batch, as one entry of the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from tradepost import wiring
from tradepost.database import turns
from tradepost.database.models import Channel, Trigger
from tradepost.domain.plan import Result
from tradepost.engine.requests import RequestOutcome, RequestSum
from tradepost.operations.listings.customising import Customising
from tradepost.operations.listings.queue_changes import QueuePlan
from tradepost.operations.ports import OpenRequest


@dataclass(slots=True)
class CustomRequest:
    """
    A request that grows; without `kept` it is a preview, and nothing is done.

    Each batch is a transaction of its own: others wait for one of them only, and a kill leaves what the history says.
    """

    work: Customising
    kept: OpenRequest | None = None
    total: RequestSum = field(default_factory=RequestSum)

    def add(self, cells: Mapping[int, Mapping[str, str]]) -> Sequence[Result]:
        """Customise listings, or plan that, by rows of cells for their ids; returns what became of each."""
        if self.kept is None:
            plan = self.work.plan(cells)
        else:
            with turns.batch():
                self.work.listings.hold(list(cells))
                plan = self.work.carry_out(cells)
                self.kept.add(plan.results)
        self.total.add(QueuePlan({}, plan.results))
        return plan.results

    def refuse(self, refused: Sequence[Result]) -> None:
        """Note rows that can't be used."""
        if self.kept is not None:
            with transaction.atomic():
                self.kept.add(refused)

    @property
    def outcome(self) -> RequestOutcome:
        return self.total.outcome(is_preview=self.kept is None)


def customising(
    channel: Channel, *, requested_by: str, is_dry: bool, trigger: Trigger = Trigger.PERSON
) -> CustomRequest:
    """Open a request to customise listings."""
    history = wiring.trail.history(requested_by=requested_by, trigger=trigger)
    return CustomRequest(wiring.listings.customising_of(channel), None if is_dry else history.open(channel.pk))
