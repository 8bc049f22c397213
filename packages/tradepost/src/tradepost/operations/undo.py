"""
Undo: bring back what an earlier run has changed, as a run that is planned, proven and undone like any other.

Its batches are the changes of that run, the latest first, and its plan turns them round. What can't be brought back is
said with the reason, before anything is done.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group, group_of
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Event, Link, settle
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Plan, Proof, Result, Side, SubjectId, Unit
from tradepost.domain.store import StoreProduct
from tradepost.domain.undo import Turn, changed_since_made, images_of, restored, turn_of
from tradepost.operations.existence import look_at_confirmed_store
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict, drive
from tradepost.operations.outcomes import Answers, answers_of, provision
from tradepost.operations.ports import ListingRow, PastChange, Ports, Proven
from tradepost.operations.same_products import refuse_others
from tradepost.operations.selection import EVERYTHING, Selection

_AT_ONCE = 200


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """Undo the run that the selection names. Idempotent: what is as it was before is left."""
    if selection.undoes is None:
        raise NotAllowed("Say which run is to be undone.")
    look_at_confirmed_store(ports)
    drive(ports, Undo(selection.undoes))


@dataclass(frozen=True, slots=True)
class Undoing:
    """A change that was made, and its listing as it is now; None where there is none any more."""

    past: PastChange
    row: ListingRow | None

    @property
    def is_linked(self) -> bool:
        return self.row is not None and self.row.status.link is Link.LINKED


@dataclass(frozen=True, slots=True)
class UndoSeen:
    """The products by id, and which of the files that are needed are there; None where that can't be asked."""

    products: Mapping[int, StoreProduct]
    files: frozenset[str] | None = None

    def of(self, row: ListingRow) -> StoreProduct | None:
        return self.products.get(row.external_id or 0)


@dataclass(frozen=True, slots=True)
class UndoDetail:
    """The store's ids of products that go, by code key, and the rows of the listings that something is done for."""

    ids: Mapping[str, int]
    rows: Mapping[int, ListingRow]


class Undo(Operation[Undoing, None, UndoSeen, UndoDetail]):
    name = "undo"
    label = "changes looked at"
    attempts = 2

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id

    def count(self, ports: Ports) -> int | None:
        return ports.past.count(self._run_id)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Undoing]]:
        # Kept as a negative number, since places only grow.
        below = -after if after else None
        while found := ports.past.of_run(self._run_id, below=below, limit=_AT_ONCE):
            below = found[-1].id
            ids = {past.change.listing_id for past in found if past.change.listing_id is not None}
            rows = {row.id: row for row in ports.listings.by_ids(sorted(ids))}
            yield Batch([Undoing(past, rows.get(past.change.listing_id or 0)) for past in found], -below)

    def observe(self, ports: Ports, batch: Batch[Undoing]) -> UndoSeen:
        products = self._read(ports, batch.rows)
        paths = {path for each in batch.rows for path in images_of(each.past.change)}
        if ports.image_store is None or not paths:
            return UndoSeen(products)
        return UndoSeen(products, frozenset(ports.image_store.sizes(sorted(paths))))

    def observe_again(self, ports: Ports, batch: Batch[Undoing], seen: UndoSeen, sent: Plan[UndoDetail]) -> UndoSeen:
        touched = {change.listing_id for change in sent.changes(Side.STORE)}
        rows = [each for each in batch.rows if each.row is not None and each.row.id in touched]
        asked = {each.row.external_id for each in rows if each.row is not None}
        kept = {number: product for number, product in seen.products.items() if number not in asked}
        return replace(seen, products={**kept, **self._read(ports, rows)})

    @staticmethod
    def _read(ports: Ports, undoing: Iterable[Undoing]) -> Mapping[int, StoreProduct]:
        rows = [each.row for each in undoing if each.row is not None and each.is_linked]
        ids = sorted({row.external_id for row in rows if row.external_id is not None})
        found = ports.store.contents_by_id(ids) if ids else {}
        refuse_others(rows, found)
        return found

    def plan(self, batch: Batch[Undoing], facts: None, seen: UndoSeen) -> Plan[UndoDetail]:
        units: list[Unit] = []
        settled: list[Result] = []
        for each in _merged(batch.rows):
            found, results = self._turned(each, seen)
            units += [] if found is None else [Unit(found.subject.key, (found,))]
            settled += results
        rows = {each.row.id: each.row for each in batch.rows if each.row is not None}
        ids = {code_key(row.code): row.external_id or 0 for row in rows.values()}
        # No shopper meets half a family.
        units.sort(key=lambda unit: _is_child(unit, rows))
        return Plan(UndoDetail(ids, rows), tuple(units), tuple(settled))

    def _turned(self, each: Undoing, seen: UndoSeen) -> tuple[Change | None, list[Result]]:
        """What is to be done about a change that was made, and what is said of it."""
        change, row = each.past.change, each.row
        turn, why_not = turn_of(change)
        if turn is Turn.NOTHING:
            return None, []
        if turn is Turn.CANNOT:
            return None, [_left(change, why_not)]
        if row is None or not each.is_linked:
            return None, [_left(change, "Its listing is not linked to it any more.")]
        if row.status.is_paused:
            return None, [_left(change, "It is paused; 'tradepost listings unpause' lets runs touch it.")]
        if turn is Turn.UNLINK:
            if row.external_id != change.after("external_id"):
                return None, [_left(change, "It was linked to another product since.")]
            return _unlinked(row), []
        product = seen.of(row)
        if product is None:
            return None, [] if turn is Turn.DELETE else [_left(change, f"{row.code} is gone from the store.")]
        return self._deleted(change, row, product) if turn is Turn.DELETE else self._restored(each, row, product, seen)

    @staticmethod
    def _deleted(change: Change, row: ListingRow, product: StoreProduct) -> tuple[Change | None, list[Result]]:
        changed = changed_since_made(change, product)
        if changed:
            return None, [_left(change, f"It was changed since it was made ({changed}), so it stays.")]
        return changes.product_delisted(row.code, external_id=row.external_id, is_asked=True, listing_id=row.id), []

    def _restored(
        self, each: Undoing, row: ListingRow, product: StoreProduct, seen: UndoSeen
    ) -> tuple[Change | None, list[Result]]:
        found = restored(each.past.change, product, files=seen.files)
        change = changes.product_updated(
            product.code,
            product.name,
            fields=found.fields,
            reason=f"run {self._run_id} is undone",
            listing_id=row.id,
        )
        if found.left:
            return change if found.fields else None, [_left(each.past.change, " ".join(found.left))]
        return (change, []) if found.fields else (None, [Result(change, Outcome.UNCHANGED, Proof.READ)])

    def steps(self) -> Sequence[Step[UndoSeen, UndoDetail]]:
        return (
            Step(takes=lambda change, _detail: change.action is Action.DELIST, send=_delete),
            Step(takes=lambda change, _detail: change.action is Action.UPDATE, send=provision, commit_first=_note),
        )

    def judge(
        self, batch: Batch[Undoing], facts: None, seen: UndoSeen, plan: Plan[UndoDetail], evidence: Evidence
    ) -> Verdict:
        verdict = Verdict()
        by_listing = {
            result.change.listing_id: result for result in evidence.results.values() if result.change.listing_id
        }
        for row in plan.detail.rows.values():
            result = by_listing.get(row.id)
            product = seen.of(row)
            if result is None or result.outcome is not Outcome.APPLIED:
                continue
            if result.change.action is Action.DELIST:
                if product is None:
                    verdict.proven.append(Proven.of(row, evidence.began, settle(row.status, Event.DELISTED)))
            elif product is not None:
                verdict.proven.append(_as_before(row, product, result.change, evidence))
        for change in plan.changes(Side.HUB):
            row = plan.detail.rows[change.listing_id or 0]
            verdict.proven.append(Proven.of(row, evidence.began, settle(row.status, Event.UNLINKED)))
        return verdict


def _merged(rows: Sequence[Undoing]) -> list[Undoing]:
    """Join what a run has changed of a product in several steps, the latest first: from the first value to the last."""
    found: list[Undoing] = []
    places: dict[SubjectId, int] = {}
    for each in rows:
        change = each.past.change
        turn, _ = turn_of(change)
        place = places.get(change.subject.id)
        if turn not in {Turn.RESTORE, Turn.DELETE}:
            found.append(each)
        elif place is None:
            places[change.subject.id] = len(found)
            found.append(each)
        else:
            found[place] = replace(each, past=replace(each.past, change=_joined(change, found[place].past.change)))
    return found


def _joined(earlier: Change, later: Change) -> Change:
    fields = {field.name: field for field in earlier.fields}
    for field in later.fields:
        before = fields[field.name].before if field.name in fields else field.before
        fields[field.name] = FieldChange(field.name, before, field.after)
    return replace(earlier, fields=tuple(fields.values()))


def _as_before(row: ListingRow, product: StoreProduct, change: Change, evidence: Evidence) -> Proven:
    """What of its content is not as the catalogue has it is proven no more, and nobody calls it drift."""
    groups = {group_of(field.name) for field in change.fields} & CONTENT_GROUPS
    prints = dict.fromkeys(groups & row.proven_fingerprints.keys(), "")
    price = product.price if any(group_of(field.name) is Group.PRICE for field in change.fields) else None
    return Proven(row.id, evidence.began, price=price, fingerprints=prints)


def _is_child(unit: Unit, rows: Mapping[int, ListingRow]) -> bool:
    row = rows.get(unit.changes[0].listing_id or 0)
    return row is not None and row.kind is not Kind.PARENT


def _left(change: Change, message: str) -> Result:
    return Result(changes.not_undone(change), Outcome.SKIPPED, message=message)


def _unlinked(row: ListingRow) -> Change:
    return changes.listing_unlinked(row.code, before=Link.LINKED.value, after=Link.UNLINKED.value, listing_id=row.id)


def _note(ports: Ports, plan: Plan[UndoDetail]) -> None:
    """What this run sends is never taken for somebody else's change, whatever becomes of the run."""
    sent = {change.listing_id: change.after("price") for change in plan.changes(Side.STORE) if change.touches("price")}
    ports.listings.note_sent_prices({number: price for number, price in sent.items() if number is not None})


def _delete(ports: Ports, plan: Plan[UndoDetail]) -> Answers:
    sent = list(plan.changes(Side.STORE))
    numbers = [plan.detail.ids[code_key(change.subject.key)] for change in sent]
    return answers_of(sent, ports.store.delete_products(numbers))
