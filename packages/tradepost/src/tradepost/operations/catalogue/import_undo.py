"""
Undo of an import: the catalogue gets back what an earlier run has changed, by the same way as a file comes in.

The changes of that run, the latest first, are turned round where the catalogue still has what it had put there; what it
has made is withdrawn. So listings on every channel follow, and the undo is kept, shown before and undone as an import
is. What can't be brought back is told with the reason.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tradepost.domain import changes
from tradepost.domain.catalogue.product_changes import (
    MOVED_IN,
    Turned,
    is_moved_in,
    joined,
    sku_of,
    skus_needed,
    turned,
)
from tradepost.domain.plan import Action, Change, Outcome, Result, Side, SubjectKind
from tradepost.operations.catalogue.catalogue_writes import CatalogueWriter, ProductToSave
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.import_report import ImportReport
from tradepost.operations.ports import PastChanges, Saying, Statement
from tradepost.operations.previews import previewed

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class UndoPorts:
    """`past`: what the run that is undone has changed."""

    imports: ImportPorts
    past: PastChanges


def undo_import(run_id: int, ports: UndoPorts, *, progress: Callable[[int], None] = lambda _done: None) -> ImportReport:
    """Undo what a run has changed of the catalogue, batch by batch. Idempotent: what is as it was before is left."""
    return _Undo(run_id, ports).carry_out(progress)


def preview_undo(
    run_id: int, ports: UndoPorts, *, progress: Callable[[int], None] = lambda _done: None
) -> ImportReport:
    """Say what that would do, and change nothing: as a preview of an import, it is done and taken back."""
    return previewed(lambda: undo_import(run_id, ports, progress=progress), ports.imports.transaction)


class _Undo:
    """One run on its way back."""

    def __init__(self, run_id: int, ports: UndoPorts) -> None:
        self._run_id = run_id
        self._past = ports.past
        self._ports = ports.imports
        self._report = ImportReport()
        now = self._ports.clock()
        self._by = f"run {run_id} is undone"
        saying = Saying(f"undo of run {run_id}", now, now)
        self._writer = CatalogueWriter(self._ports, saying=saying, queue=True, by=self._by)
        self._stays: set[str] = set()

    def carry_out(self, progress: Callable[[int], None]) -> ImportReport:
        done = 0
        for batch in self._batches():
            self._turn(batch)
            done += len(batch)
            progress(done)
        self._withdraw_made(done, progress)
        return self._report

    def _batches(self) -> Iterator[Sequence[Change]]:
        below: int | None = None
        while found := self._past.of_run(self._run_id, below=below, limit=_AT_ONCE):
            below = found[-1].id
            yield [
                past.change
                for past in found
                if past.change.subject.kind is SubjectKind.PRODUCT and past.change.side is Side.HUB
            ]

    def _turn(self, batch: Sequence[Change]) -> None:
        with self._ports.transaction():
            by_handle = self._by_handle(batch)
            known = self._ports.catalogue.by_handles(by_handle)
            needed = [sku for change in batch for sku in skus_needed(change)]
            gone = self._ports.catalogue.gone_variants(needed)
            handles = [str(field.before) for change in batch for field in change.fields if field.name == "handle"]
            in_use = self._ports.catalogue.owners(needed).keys() | self._ports.catalogue.by_handles(handles).keys()
            back: dict[str, tuple[Change, Turned]] = {}
            for handle, change in by_handle.items():
                product = known.get(handle)
                if product is None:
                    self._leave(change, f"The catalogue has no product or SKU {handle} any more.")
                else:
                    back[handle] = change, turned(change, product, gone=gone, in_use=in_use)
            self._save(back)

    def _by_handle(self, batch: Sequence[Change]) -> dict[str, Change]:
        """Join the changes of each product, whether they name it or one of its variants."""
        skus = [change.subject.key for change in batch if sku_of(change)]
        owners = self._ports.catalogue.owners(skus) if skus else {}
        found: defaultdict[str, list[Change]] = defaultdict(list)
        for change in batch:
            if change.action is Action.CREATE:
                if is_moved_in(change):
                    self._stays.add(change.subject.key)
                    self._leave(change, MOVED_IN)
                continue
            key = change.subject.key
            found[owners.get(key, key) if sku_of(change) else key].append(change)
        return {handle: replace(of_it[0], fields=joined(of_it)) for handle, of_it in found.items()}

    def _save(self, back: Mapping[str, tuple[Change, Turned]]) -> None:
        to_save = [
            ProductToSave(each.product, each.identity, {sku: _statements(pair) for sku, pair in each.restated.items()})
            for _, each in back.values()
            if each.product is not None and each.product.variants
        ]
        emptied = [
            handle for handle, (_, each) in back.items() if each.product is not None and not each.product.variants
        ]
        saved = self._writer.save(to_save)
        self._report.add(saved)
        if emptied:
            self._report.add(self._writer.withdraw(emptied))
        for change, each in back.values():
            left = [*each.left]
            # What was not approved has its own reason.
            if each.product is not None and each.product.handle in saved.handles:
                left += [_not_restated(sku, *pair) for sku, pair in each.restated.items() if sku not in saved.restated]
            if left:
                self._leave(change, " ".join(left))

    def _withdraw_made(self, done: int, progress: Callable[[int], None]) -> None:
        after = 0
        while made := self._ports.catalogue.made_by(self._run_id, after=after, limit=_AT_ONCE):
            after = made[-1].id
            for each in made:
                if not each.is_as_made and each.handle not in self._stays:
                    change = changes.product_brought(each.handle, "", fields=(), is_new=True, by=self._by)
                    self._leave(change, "It was changed since it was made, so it stays.")
            gone = [each.handle for each in made if each.is_as_made and each.handle not in self._stays]
            if gone:
                self._report.add(self._writer.withdraw(gone))
            done += len(made)
            progress(done)

    def _leave(self, change: Change, message: str) -> None:
        with self._ports.transaction():
            self._ports.journal.leave([Result(changes.not_undone(change), Outcome.SKIPPED, message=message)])


def _statements(pair: tuple[Mapping[str, Any], Mapping[str, Any]]) -> tuple[Statement, Statement]:
    earlier, now = pair
    return _statement(earlier), _statement(now)


def _statement(kept: Mapping[str, Any]) -> Statement:
    at = kept["stated_at"]
    return Statement(**{**kept, "stated_at": None if at is None else datetime.fromisoformat(at)})


def _not_restated(sku: str, earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    cure = f"'tradepost catalogue state-count {sku} NUMBER' says how many there are."
    if earlier["quantity"] is None:
        return f"The quantity of {sku} stays: nobody had said before how many there are. {cure}"
    return (
        f"The quantity of {sku} does not go back from {now['quantity']} to {earlier['quantity']}: it was stated anew "
        f"since, or pieces were ordered or handed over since {earlier['quantity']} was stated, and would be sold "
        f"again. {cure}"
    )
