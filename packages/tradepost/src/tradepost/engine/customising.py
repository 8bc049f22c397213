"""Customising as a request: a table of listings, batch by batch, all of it or nothing in the history."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction

from tradepost import wiring
from tradepost.database.models import Channel, Trigger
from tradepost.domain.plan import Result
from tradepost.engine.requests import RequestOutcome, RequestSum
from tradepost.operations.customising import Customising
from tradepost.operations.ports import OpenRequest
from tradepost.operations.queue_changes import QueuePlan


@dataclass(slots=True)
class CustomRequest:
    """A request that grows; without `kept` it is a preview, and nothing is done."""

    work: Customising
    kept: OpenRequest | None = None
    total: RequestSum = field(default_factory=RequestSum)

    def hold(self, ids: Collection[int]) -> None:
        """Hold all that will be customised, before any of it is."""
        if self.kept is not None:
            self.work.listings.hold(ids)

    def add(self, cells: Mapping[int, Mapping[str, str]]) -> Sequence[Result]:
        """Customise listings, or plan that, by rows of cells for their ids; returns what became of each."""
        plan = self.work.plan(cells) if self.kept is None else self.work.carry_out(cells)
        self.total.add(QueuePlan({}, plan.results))
        if self.kept is not None:
            self.kept.add(plan.results)
        return plan.results

    def refuse(self, refused: Sequence[Result]) -> None:
        """Note rows that can't be used."""
        if self.kept is not None:
            self.kept.add(refused)

    @property
    def outcome(self) -> RequestOutcome:
        return self.total.outcome(is_preview=self.kept is None)


@contextmanager
def customising(
    channel: Channel, *, requested_by: str, is_dry: bool, trigger: Trigger = Trigger.PERSON
) -> Iterator[CustomRequest]:
    """Open a request to customise listings; with an exception inside none of it is done."""
    work = wiring.customising_of(channel)
    if is_dry:
        yield CustomRequest(work)
        return
    with transaction.atomic():
        kept = wiring.history(requested_by=requested_by, trigger=trigger).open(channel.pk)
        yield CustomRequest(work, kept)
        kept.close()
