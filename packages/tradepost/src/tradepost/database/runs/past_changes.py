"""What earlier runs have changed, read back for an undo."""

from collections.abc import Sequence

from django.db.models import QuerySet

from tradepost.database.models import RunChange
from tradepost.database.runs.plans import change_of
from tradepost.domain.plan import Outcome
from tradepost.operations.ports import PastChange

_MADE = (Outcome.APPLIED.value, Outcome.UNKNOWN.value)


class DjangoPastChanges:
    """Implements `ports.PastChanges` for the runs of a channel, or of a source."""

    def __init__(self, *, channel_id: int | None = None, source_id: int | None = None) -> None:
        self._of = {"run__channel": channel_id, "run__source": source_id}

    def of_run(self, run_id: int, *, below: int | None, limit: int) -> Sequence[PastChange]:
        rows = self._made(run_id) if below is None else self._made(run_id).filter(pk__lt=below)
        return [PastChange(row.pk, change_of(row)) for row in rows.order_by("-pk")[:limit]]

    def count(self, run_id: int) -> int:
        return self._made(run_id).count()

    def _made(self, run_id: int) -> "QuerySet[RunChange]":
        return RunChange.objects.filter(run_id=run_id, outcome__in=_MADE, **self._of)
