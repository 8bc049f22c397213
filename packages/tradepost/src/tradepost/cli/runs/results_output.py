"""Writing down what became of each listing, for whoever asked for it with --output."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tradepost import wiring
from tradepost.cli.arguments import RefusedLine
from tradepost.cli.listings.listing_choice import lines_of_families
from tradepost.database.models import Listing, Run, RunChange
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.ports import ResultRow, WriteResults

_PLANNED = "planned"


@dataclass(slots=True)
class ResultsOutput:
    """Where results go; nowhere without --output. `lines`: on which line of a file a listing was named."""

    write: WriteResults | None = None
    is_preview: bool = False
    lines: Mapping[int, int] = field(default_factory=dict)

    def refused(self, rows: Sequence[RefusedLine], action: str) -> None:
        if self.write is not None:
            self.write(ResultRow(row.line, row.name, "", action, Outcome.FAILED.value, row.reason) for row in rows)

    def requested(self, action: str, results: Sequence[Result]) -> None:
        """What became of a request, or what would."""
        if self.write is None:
            return
        ids = [result.change.listing_id for result in results if result.change.listing_id is not None]
        skus = dict(Listing.objects.filter(pk__in=ids).values_list("pk", "sku"))
        self.write(self._row(action, result, skus) for result in results)

    def _row(self, action: str, result: Result, skus: Mapping[int, str]) -> ResultRow:
        number = result.change.listing_id or 0
        is_planned = self.is_preview and result.outcome is Outcome.APPLIED
        return ResultRow(
            self.lines.get(number, ""),
            skus.get(number, ""),
            result.change.subject.key,
            str(action),
            _PLANNED if is_planned else result.outcome.value,
            result.message,
        )

    def executed(self, run: Run) -> None:
        """What became of what was applied at once, on the store and here."""
        if self.write is None:
            return
        changes = RunChange.objects.filter(run=run).order_by("pk")
        skus = dict(Listing.objects.filter(pk__in=changes.values("listing_id")).values_list("pk", "sku"))
        self.write(
            ResultRow(
                self.lines.get(change.listing_id or 0, ""),
                skus.get(change.listing_id or 0, ""),
                change.subject_key,
                change.action,
                change.outcome or _PLANNED,
                change.message,
                run.pk,
            )
            for change in changes.iterator()
        )


@contextmanager
def results_output(path: Path | None, *, lines: Mapping[int, int], is_preview: bool) -> Iterator[ResultsOutput]:
    """Open the file of --output, where it was given. Raises FileRefused."""
    if path is None:
        yield ResultsOutput()
        return
    with wiring.listings.results_file(path) as write:
        yield ResultsOutput(write, is_preview=is_preview, lines=lines_of_families(lines) if lines else {})
