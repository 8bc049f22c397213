"""What a server executes by itself."""

from tradepost.database.models import Run
from tradepost.domain.plan import RunState
from tradepost.engine.runs import run_now


def execute_queued() -> None:
    """Execute every run that is queued, as a server does."""
    for run in Run.objects.filter(state=RunState.QUEUED.value).order_by("pk"):
        run_now(run)
