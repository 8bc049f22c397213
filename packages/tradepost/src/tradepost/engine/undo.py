"""Asking for an undo: which runs can be undone."""

from tradepost.database.models import Run, RunKind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import SETTLED_STATES, RunState

# Those that change what a shopper or the merchant sees of products.
_UNDOABLE = (RunKind.PUBLISH, RunKind.SYNC, RunKind.LINK, RunKind.SET_TYPE, RunKind.UNDO)


def refuse_what_cannot_be_undone(run: Run) -> None:
    """Raise NotAllowed for a run that has changed nothing that could be brought back."""
    if RunState(run.state) not in SETTLED_STATES:
        raise NotAllowed(f"Run {run.pk} is {run.state}; wait for its end, or cancel it.")
    if run.is_dry:
        raise NotAllowed(f"Run {run.pk} is a preview, and has changed nothing.")
    if RunKind(run.kind) not in _UNDOABLE:
        kinds = ", ".join(kind.value.replace("_", " ") for kind in _UNDOABLE)
        raise NotAllowed(f"Run {run.pk} is {run.kind.replace('_', ' ')}; what can be undone is {kinds}.")
