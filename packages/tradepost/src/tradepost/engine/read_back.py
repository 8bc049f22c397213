"""
Reading back what a store has that a hub whose database was put back to an earlier state does not know of, and letting
the channel go on from there.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from tradepost import wiring
from tradepost.database.listings.due import has_unlinked
from tradepost.database.models import Run, RunChange, RunKind
from tradepost.database.orders.known_orders import waiting_orders
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import Action, RunState
from tradepost.engine.plans import request_saved_plan
from tradepost.engine.run_handle import Progress
from tradepost.engine.runs import announce, request_run, run_now
from tradepost.operations.channels import channels
from tradepost.operations.ports import KnownSince

WHAT_WAS_PACKED = (
    "Any of these may have been handed over to whoever packs, after that and before now. What is the highest number "
    "that they have? 0 if none"
)
_FOUND_BY = {RunKind.GET_ORDERS: "Its orders", RunKind.LINK: "Its products"}
_SHOWN = 20


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

    @property
    def sentences(self) -> list[str]:
        """What was found, and what the counts will be."""
        lines = []
        if self.new_orders:
            orders = _counted(self.new_orders, "order")
            lines.append(f"{orders} on the store and not here: {_some(self.new_orders)}.")
        if self.waiting_orders:
            orders = _counted(self.waiting_orders, "open order")
            lines.append(f"{orders} here that nobody was given before that: {_some(self.waiting_orders)}.")
        if self.products:
            lines.append(
                f"{_counted(self.products, 'listing')} on the store although nothing here says so; they will be "
                f"linked, and not published again: {_some(self.products)}."
            )
        lines.append(
            "Quantities are those that were stated before that, less all orders since. If your catalogue has newer "
            "ones, bring it in first ('tradepost catalogue import', 'tradepost source run'): every count is set anew."
        )
        return lines


def read_back(channel_id: int, *, requested_by: str, progress: Progress | None = None) -> ReadBack:
    """
    Compare a channel's ledger and its unlinked listings with its store; nothing is changed anywhere.

    Raises NotAllowed where the store can't be read: whoever goes live would not know what he does twice.
    """
    asked = request_read_back(channel_id, requested_by=requested_by)
    return found_by(channel_id, [run_now(run, progress=progress) for run in asked])


def request_read_back(channel_id: int, *, requested_by: str) -> list[Run]:
    """Queue the previews that find what came since. Raises NotAllowed for a channel that is paused or out of use."""
    kinds = [RunKind.GET_ORDERS, *([RunKind.LINK] if has_unlinked(channel_id) else [])]
    # Saved, so that every change of them is kept, however many there are.
    return [request_saved_plan(channel_id, kind, requested_by=requested_by) for kind in kinds]


def found_by(channel_id: int, previews: Sequence[Run]) -> ReadBack:
    """Read what previews have found that are through. Raises NotAllowed where one of them is not."""
    for run in previews:
        if run.state != RunState.COMPLETED.value and run.error:
            raise NotAllowed(f"{_FOUND_BY[RunKind(run.kind)]} can't be read back, so nothing is let loose: {run.error}")
    return ReadBack(
        tuple(sorted(int(key) for run in previews for key in _keys(run, RunKind.GET_ORDERS, Action.IMPORT))),
        tuple(waiting_orders(channel_id)),
        tuple(key for run in previews for key in _keys(run, RunKind.LINK, Action.LINK)),
        tuple(run.pk for run in previews),
    )


def known_since(found: ReadBack, *, through: int | None, is_nothing: bool) -> KnownSince:
    """
    Put together what a person says of the time since. `through`: the highest order that whoever packs has.

    Raises NotAllowed where that is missing, or can't be.
    """
    if is_nothing and found.new_orders:
        raise NotAllowed(
            "Orders came since, so it is not so that nothing did. Say up to which one whoever packs has them, with "
            "--handed-over-through NUMBER."
        )
    if is_nothing:
        return KnownSince(is_nothing=True)
    if found.orders and through is None:
        raise NotAllowed(f"{WHAT_WAS_PACKED}: say it with --handed-over-through NUMBER. Nothing was done.")
    return KnownSince(handed_over_through=through or 0, new_orders=found.new_orders)


def let_live_again(channel_id: int, found: ReadBack, known: KnownSince, *, requested_by: str) -> list[Run]:
    """
    Let a channel write to its store again. First, in their lanes, come the runs that are returned: they link what is on
    the store, and bring its orders in.
    """
    kinds = [*([RunKind.LINK] if found.products else []), RunKind.GET_ORDERS]
    with transaction.atomic():
        channels.go_live(channel_id, wiring.channels.channel_ports(requested_by=requested_by), known=known)
        queued = [request_run(channel_id, kind, requested_by=requested_by) for kind in kinds]
    # Nobody could see them before.
    announce(*queued)
    return queued


def _keys(run: Run, kind: RunKind, action: Action) -> list[str]:
    if run.kind != kind:
        return []
    found = RunChange.objects.filter(run=run, action=action.value).order_by("pk")
    return list(dict.fromkeys(found.values_list("subject_key", flat=True)))


def _counted(values: Collection[object], noun: str) -> str:
    return f"{len(values)} {noun}{'' if len(values) == 1 else 's'}"


def _some(values: Sequence[object]) -> str:
    shown = ", ".join(map(str, values[:_SHOWN]))
    return f"{shown} and {len(values) - _SHOWN} more" if len(values) > _SHOWN else shown
