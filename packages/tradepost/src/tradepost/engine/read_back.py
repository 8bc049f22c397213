"""Reading back what a store has that a hub whose database was put back to an earlier state does not know of."""

from dataclasses import dataclass

from tradepost.database.listings.due import has_unlinked
from tradepost.database.models import Run, RunChange, RunKind
from tradepost.database.orders.known_orders import waiting_orders
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import Action, RunState
from tradepost.engine.plans import request_saved_plan
from tradepost.engine.run_handle import Progress
from tradepost.engine.runs import run_now

_FOUND_BY = {RunKind.GET_ORDERS: "Its orders", RunKind.LINK: "Its products"}


@dataclass(frozen=True, slots=True)
class ReadBack:
    """
    What came after the state that the database was put back to. `new_orders`: numbers of those that the ledger does not
    have; `waiting_orders`: of those that it has and nobody was given, as far as is known. `products`: codes of listings
    that are on the store, although the hub has not put them there. `runs`: the previews that found it.
    """

    new_orders: tuple[int, ...]
    waiting_orders: tuple[int, ...]
    products: tuple[str, ...]
    runs: tuple[int, ...]

    @property
    def orders(self) -> list[int]:
        return sorted({*self.new_orders, *self.waiting_orders})


def read_back(channel_id: int, *, requested_by: str, progress: Progress | None = None) -> ReadBack:
    """
    Compare a channel's ledger and its unlinked listings with its store; nothing is changed anywhere.

    Raises NotAllowed where the store can't be read: whoever goes live would not know what he does twice.
    """
    orders = _preview(channel_id, RunKind.GET_ORDERS, requested_by=requested_by, progress=progress)
    runs = [orders.pk]
    products: list[str] = []
    if has_unlinked(channel_id):
        links = _preview(channel_id, RunKind.LINK, requested_by=requested_by, progress=progress)
        runs.append(links.pk)
        products = _keys(links, Action.LINK)
    return ReadBack(
        tuple(sorted(map(int, _keys(orders, Action.IMPORT)))),
        tuple(waiting_orders(channel_id)),
        tuple(products),
        tuple(runs),
    )


def _preview(channel_id: int, kind: RunKind, *, requested_by: str, progress: Progress | None) -> Run:
    # Saved, so that every change of it is kept, however many there are.
    run = run_now(request_saved_plan(channel_id, kind, requested_by=requested_by), progress=progress)
    if run.state != RunState.COMPLETED.value and run.error:
        raise NotAllowed(f"{_FOUND_BY[kind]} can't be read back, so nothing is let loose: {run.error}")
    return run


def _keys(run: Run, action: Action) -> list[str]:
    found = RunChange.objects.filter(run=run, action=action.value).order_by("pk")
    return list(dict.fromkeys(found.values_list("subject_key", flat=True)))
