"""A run in memory: what an operation intends and what became of it, without an engine."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from types import MappingProxyType

from tradepost.domain.brake import Braking, Harm, Released
from tradepost.domain.plan import Action, Change, Counts, Outcome, Plan, Result, SubjectId, SubjectKind, Unit
from tradepost.operations.ports import Approval, Needs


class MemoryRun:
    """
    Give it the database's `transaction.atomic`, or nothing for operations on fakes.

    `asked`: the changes of a saved plan that a person is asked about, and `needs` what they can't be made without.
    `writes_from`: when the last request of an owner before has landed. `while_waiting`: what happens until then, and
    whether the run goes on.
    `approval`: of the saved plan that it carries out. `released`: what a person lets it do beyond the brake; `braking`:
    what that held back. `transactions` counts those that were committed; `is_writing`: one is open. `shown` are the
    progress reports, `counted` what is only counted.
    """

    def __init__(
        self,
        *,
        is_dry: bool = False,
        atomic: Callable[[], AbstractContextManager[None]] = nullcontext,
        released: Released = MappingProxyType({}),
        approval: Approval | None = None,
        is_saved: bool = False,
    ) -> None:
        self.id = 1
        self.is_dry = is_dry
        self.units: list[Unit] = []
        self.asked: list[Change] = []
        self.results: list[Result] = []
        self.counted: Counter[tuple[SubjectKind, Action, Outcome]] = Counter()
        self.cursors: dict[str, int] = {}
        self.cancelled = False
        self.transactions = 0
        self.is_writing = False
        self.shown: list[tuple[int, int | None, str]] = []
        self.released = released
        self.approval = approval
        self.is_saved = is_saved
        self.writes_from: datetime | None = None
        self.while_waiting: Callable[[], bool] = lambda: True
        self.needs: dict[SubjectId, frozenset[SubjectId]] = {}
        self.braking: Braking | None = None
        self._atomic = atomic

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._atomic():
            self.is_writing = True
            try:
                yield
            finally:
                self.is_writing = False
        self.transactions += 1

    def wait_to_write(self) -> bool:
        return self.while_waiting()

    def hold(self) -> None: ...

    @property
    def braked(self) -> frozenset[Harm]:
        return frozenset(self.braking.numbers if self.braking is not None else ())

    def apply_brake(self, braking: Braking) -> None:
        self.braking = braking if self.braking is None else self.braking.merged(braking)

    def cursor(self, name: str) -> int:
        return self.cursors.get(name, 0)

    def advance(self, name: str, cursor: int) -> None:
        self.cursors[name] = cursor

    def show(self, plan: Plan, *, needs: Needs | None) -> None:
        self.units += plan.units
        self.needs |= {subject: frozenset(others) for subject, others in (needs or {}).items()}
        if needs is not None:
            self.asked += [change for unit in plan.units for change in unit.changes]

    def report(self, results: Sequence[Result]) -> None:
        self.results += results

    def count(self, kind, action, outcome, *, number):
        self.counted[kind, action, outcome] += number

    def progress(self, done: int, total: int | None, label: str) -> None:
        self.shown.append((done, total, label))

    def is_cancelled(self) -> bool:
        return self.cancelled

    @property
    def changes(self) -> list[Change]:
        """What was shown, or else what was reported of."""
        return [change for unit in self.units for change in unit.changes] or [result.change for result in self.results]

    @property
    def counts(self) -> Counts:
        counts = Counts()
        counts.add(self.results)
        return counts

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """What became of the last change of each subject, by its key."""
        return {result.change.subject.key: result.outcome for result in self.results}

    def bad(self) -> list[tuple[str, str]]:
        """Everything that did not go well, as (subject, message)."""
        good = {Outcome.APPLIED, Outcome.UNCHANGED, Outcome.SKIPPED}
        return [(r.change.subject.key, r.message) for r in self.results if r.outcome not in good]
