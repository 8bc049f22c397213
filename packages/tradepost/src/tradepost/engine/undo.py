"""Undo: which runs can be undone, and how long what they changed is kept for that."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from tradepost.database.models import Run, RunKind
from tradepost.database.runs.history import forget_values
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import SETTLED_STATES, RunState
from tradepost.operations.ports import Clock

# Those that change what a shopper or the merchant sees of products, on a store or in the catalogue.
_UNDOABLE = (RunKind.PUBLISH, RunKind.SYNC, RunKind.LINK, RunKind.SET_TYPE, RunKind.UNDO, RunKind.IMPORT)

_FORGOTTEN_AT_ONCE = 20


def refuse_what_cannot_be_undone(run: Run) -> None:
    """Raise NotAllowed for a run that has changed nothing that could be brought back."""
    if RunState(run.state) not in SETTLED_STATES:
        raise NotAllowed(f"Run {run.pk} is {run.state}; wait for its end, or cancel it.")
    if run.is_dry:
        raise NotAllowed(f"Run {run.pk} is a preview, and has changed nothing.")
    if RunKind(run.kind) not in _UNDOABLE:
        kinds = ", ".join(kind.value.replace("_", " ") for kind in _UNDOABLE)
        raise NotAllowed(f"Run {run.pk} is {run.kind.replace('_', ' ')}; what can be undone is {kinds}.")
    if run.is_forgotten:
        raise NotAllowed(
            f"Run {run.pk} is more than {settings.TRADEPOST_HISTORY_DAYS} days ago, and from which values it changed "
            "what is not kept any more."
        )


def forget_old_values(*, clock: Clock = timezone.now) -> None:
    """Forget the values of what is too long ago to be undone, a part at a time."""
    now = clock()
    forget_values(
        before=now - timedelta(days=settings.TRADEPOST_HISTORY_DAYS),
        # What a look-only channel would have done is told with each of its runs anew.
        previews_before=now - timedelta(days=settings.TRADEPOST_PLAN_DAYS),
        limit=_FORGOTTEN_AT_ONCE,
    )
