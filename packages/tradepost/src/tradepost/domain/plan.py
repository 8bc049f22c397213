"""
A plan: what an operation intends, as a list of changes, before anything is done.

A preview, a run's report, an audit entry and an undo are these same changes, looked at from different sides.
Changes are applied in units (a family with its files, one order, one shipment, one set-up item): ordered inside,
independent of each other, and what is batched, retried, resumed and counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from tradepost.domain.listings.codes import code_key


class SubjectKind(StrEnum):
    PRODUCT = "product"
    LISTING = "listing"
    ORDER = "order"
    SHIPMENT = "shipment"
    FILE = "file"
    SETUP = "setup"
    CHANNEL = "channel"
    SOURCE = "source"


class Side(StrEnum):
    HUB = "hub"
    STORE = "store"


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UPLOAD = "upload"
    LINK = "link"
    BREAK = "break"
    HIDE = "hide"
    UNHIDE = "unhide"
    DELIST = "delist"
    IMPORT = "import"
    ACKNOWLEDGE = "acknowledge"
    SHIP = "ship"
    KEEP = "keep"  # looked at, and left as it is


class Outcome(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"  # the store said no
    FAILED = "failed"  # our side or a source: a file, FTP, a row
    UNKNOWN = "unknown"  # no answer, or one that can't be attributed
    SKIPPED = "skipped"


class Proof(StrEnum):
    NONE = ""
    ANSWERED = "answered"  # the store said yes, and the value can't be read with this token
    READ = "read"  # read back from the store


SubjectId: TypeAlias = tuple[SubjectKind, str]
_FOLDED = frozenset({SubjectKind.PRODUCT, SubjectKind.LISTING})


@dataclass(frozen=True, slots=True)
class Subject:
    """What a change is about: `key` is the code, path or number it has on the side that changes."""

    kind: SubjectKind
    key: str
    label: str = ""

    @property
    def id(self) -> SubjectId:
        """Tell subjects apart: codes but for case, and set-up items of one code by their label."""
        if self.kind is SubjectKind.SETUP:
            return self.kind, f"{code_key(self.key)}\n{self.label}"
        return self.kind, code_key(self.key) if self.kind in _FOLDED else self.key


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value before and after; before is None where the subject is created."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One difference that an operation intends to make; `listing_id` joins it to our row where there is one."""

    subject: Subject
    side: Side
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    listing_id: int | None = None

    def before(self, name: str) -> Any:
        """Return the old value of a field; None when the change does not touch it."""
        return next((field.before for field in self.fields if field.name == name), None)

    def after(self, name: str) -> Any:
        """Return the new value of a field; None when the change does not touch it."""
        return next((field.after for field in self.fields if field.name == name), None)

    def touches(self, name: str) -> bool:
        return any(field.name == name for field in self.fields)


@dataclass(frozen=True, slots=True)
class Unit:
    """Changes that belong together and are applied in this order; `key` is the code of its root."""

    key: str
    changes: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        return not self.changes


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a change; `message` is the store's word or our reason."""

    change: Change
    outcome: Outcome
    proof: Proof = Proof.NONE
    message: str = ""


D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Plan(Generic[D]):
    """
    Units in the order in which they will be applied.

    `settled`: what was decided without anything to do (unchanged, skipped, failed), with the reason. `detail`: what
    the planner knows of the batch besides, for the steps that apply it and the judge.
    """

    detail: D
    units: tuple[Unit, ...] = ()
    settled: tuple[Result, ...] = ()

    def changes(self, side: Side) -> Iterator[Change]:
        return (change for unit in self.units for change in unit.changes if change.side is side)

    def only(self, takes: Callable[[Change], bool]) -> "Plan[D]":
        """Keep the changes to the store that somebody takes, and the units that have one."""
        units = (
            replace(unit, changes=tuple(c for c in unit.changes if c.side is Side.STORE and takes(c)))
            for unit in self.units
        )
        return replace(self, units=tuple(unit for unit in units if not unit.is_empty), settled=())


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STOPPED = "stopped"  # the brake held a part back, until a person has said what is to happen


SETTLED_STATES = frozenset(RunState) - {RunState.QUEUED, RunState.RUNNING}
_GOOD = frozenset({Outcome.APPLIED, Outcome.UNCHANGED, Outcome.SKIPPED})


@dataclass(slots=True)
class Counts:
    """Results counted by subject, action, outcome and proof; adds up over batches and is what a report shows."""

    numbers: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def add(self, results: Iterable[Result]) -> None:
        for result in results:
            change = result.change
            self.numbers[change.subject.kind, change.action, result.outcome, result.proof] += 1

    def of(
        self,
        *,
        kind: SubjectKind | None = None,
        action: Action | None = None,
        outcome: Outcome | None = None,
        proof: Proof | None = None,
    ) -> int:
        """Sum the numbers that fit; what is not given fits everything."""
        wanted = (kind, action, outcome, proof)
        return sum(
            number
            for key, number in self.numbers.items()
            if all(want is None or want == have for want, have in zip(wanted, key, strict=True))
        )

    @property
    def state(self) -> RunState:
        """COMPLETED means nothing but applied, unchanged and deliberately skipped."""
        good = all(Outcome(key[2]) in _GOOD for key in self.numbers)
        return RunState.COMPLETED if good else RunState.COMPLETED_WITH_ERRORS

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {"subject": kind, "action": action, "outcome": outcome, "proof": proof, "count": number}
            for (kind, action, outcome, proof), number in sorted(self.numbers.items())
        ]

    @classmethod
    def from_rows(cls, rows: Sequence[dict[str, Any]]) -> "Counts":
        counts = cls()
        for row in rows:
            counts.numbers[row["subject"], row["action"], row["outcome"], row["proof"]] += row["count"]
        return counts
