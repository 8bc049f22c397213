"""The port `Run` over the database: an operation's right to write, its place, its report and its progress."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connections

from tradepost.database import turns
from tradepost.database.models import Run
from tradepost.database.runs import runs
from tradepost.database.runs.history import add_plan, add_results
from tradepost.database.runs.plans import DjangoApproval, add_planned
from tradepost.domain.brake import Braking, Harm, Released
from tradepost.domain.errors import RunLost
from tradepost.domain.plan import Action, Counts, Outcome, Plan, Proof, Result, SubjectKind
from tradepost.operations.ports import Approval, Clock, Needs
from tradepost.operations.selection import IS_SAVED, PLAN, released_of

# A lease outlives some heartbeats that the database did not take.
HEARTBEATS_IN_A_LEASE = 4
_LOOK_SECONDS = 1.0
# How often progress is written for others to see, at most.
_PROGRESS_EVERY = timedelta(seconds=1)
# So many changes are kept of a preview that nobody is asked to approve; what it comes to is counted.
SHOWN_OF_A_PREVIEW = 1000

Progress = Callable[[int, int | None, str], None]
_logger = logging.getLogger(__name__)


class RunHandle:
    """Implements `ports.Run` for the owner that has taken the run. Not for several threads at once."""

    def __init__(
        self,
        run: Run,
        lease: runs.Lease,
        *,
        clock: Clock,
        lease_time: timedelta,
        on_progress: Progress | None = None,
    ) -> None:
        self._lease = lease
        self._is_dry = run.is_dry
        self._clock = clock
        self._lease_time = lease_time
        self._held_until = run.lease_until or clock() + lease_time
        self._writes_from = run.writes_from
        self._on_progress = on_progress
        self._cursors: dict[str, int] = dict(run.cursors)
        self._counts = Counts.from_rows(run.counts)
        self._braking = Braking.from_json(run.brake)
        self._released = released_of(run.options)
        self._planned = Counter({(row["subject"], row["action"]): row["count"] for row in run.planned})
        self._is_saved = bool(run.options.get(IS_SAVED))
        plan_id = run.options.get(PLAN)
        self._approval = None if plan_id is None else DjangoApproval(plan_id, run_id=run.pk)
        self._done = run.done
        self._total = run.total
        self._label = run.label
        self._shown_at: datetime | None = None
        self._depth = 0
        self._is_lost = threading.Event()
        self._is_interrupted = threading.Event()
        self.was_stopped = False

    @property
    def id(self) -> int:
        return self._lease.run_id

    @property
    def is_dry(self) -> bool:
        return self._is_dry

    @property
    def lease(self) -> runs.Lease:
        return self._lease

    @property
    def counts(self) -> Counts:
        return self._counts

    @property
    def is_held(self) -> bool:
        """Whether the run is still ours, as far as can be known without the database."""
        return not self._is_lost.is_set() and self._clock() < self._held_until

    @property
    def needs_answer(self) -> bool:
        """Whether the brake has held something back; a preview only says what it would."""
        return self._braking is not None and not self._is_dry

    @property
    def is_interrupted(self) -> bool:
        return self._is_interrupted.is_set()

    def interrupt(self) -> None:
        """Ask the operation to stop at the next batch, because its process ends; another one goes on with the run."""
        self._is_interrupted.set()

    # --- the port -------------------------------------------------------------------------------------------------

    @property
    def writes_from(self) -> datetime | None:
        return self._writes_from

    def wait_to_write(self) -> bool:
        while self._writes_from is not None and (left := self._writes_from - self._clock()) > timedelta():
            if self.is_cancelled():
                return False
            self.progress(self._done, self._total, _waits(self._writes_from))
            self._is_interrupted.wait(min(left.total_seconds(), _LOOK_SECONDS))
        return not self.is_cancelled()

    def hold(self) -> None:
        # A process that was stopped for a while finds its lease in the past when it goes on. Whoever has taken the run
        # meanwhile counts on that.
        if not self.is_held:
            self._lose()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._depth:
            yield
            return
        before = (
            *(dict(self._cursors), Counts(self._counts.numbers.copy()), self._planned.copy()),
            *(self._done, self._total),
        )
        try:
            with turns.batch():
                self._fence()
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
        except BaseException:
            # What was rolled back did not happen: the next batch must not write it down after all.
            self._cursors, self._counts, self._planned, self._done, self._total = before
            raise

    @property
    def released(self) -> Released:
        return self._released

    @property
    def braked(self) -> frozenset[Harm]:
        return frozenset(self._braking.numbers if self._braking is not None else ())

    @property
    def approval(self) -> Approval | None:
        return self._approval

    @property
    def is_saved(self) -> bool:
        return self._is_saved

    def apply_brake(self, braking: Braking) -> None:
        merged = braking if self._braking is None else self._braking.merged(braking)
        with self.transaction():
            self._write(brake=merged.to_json(), needs_answer=not self._is_dry)
        self._braking = merged

    def cursor(self, name: str) -> int:
        self._refuse_if_lost()
        return self._cursors.get(name, 0)

    def advance(self, name: str, cursor: int) -> None:
        with self.transaction():
            self._cursors[name] = cursor
            self._write(cursors=self._cursors)

    def show(self, plan: Plan[Any], *, needs: Needs | None) -> None:
        with self.transaction():
            limit = None if self._is_saved else max(0, SHOWN_OF_A_PREVIEW - self._planned.total())
            rows = add_plan(plan, run_id=self.id, attempt=self._lease.attempt, limit=limit)
            if needs is not None:
                add_planned(rows, needs, plan_id=self.id)
            self._planned.update(
                (change.subject.kind.value, change.action.value) for unit in plan.units for change in unit.changes
            )
            self._done = self._total = self._planned.total()
            self._write(done=self._done, total=self._total, planned=_planned_rows(self._planned))

    def report(self, results: Sequence[Result]) -> None:
        if not results:
            return
        with self.transaction():
            add_results(results, run_id=self.id, attempt=self._lease.attempt)
            self._counts.add(results)
            self._write(counts=self._counts.to_rows())

    def count(self, kind: SubjectKind, action: Action, outcome: Outcome, *, number: int) -> None:
        if not number:
            return
        with self.transaction():
            self._counts.numbers[kind, action, outcome, Proof.NONE] += number
            self._write(counts=self._counts.to_rows())

    def progress(self, done: int, total: int | None, label: str) -> None:
        self._refuse_if_lost()
        self._done, self._total, self._label = done, total, label
        if self._on_progress is not None:
            self._on_progress(done, total, label)
        now = self._clock()
        if self._shown_at is None or now - self._shown_at >= _PROGRESS_EVERY:
            self._shown_at = now
            self._write(done=done, total=total, label=label[:200])

    def is_cancelled(self) -> bool:
        asked = runs.is_cancel_requested(self._lease)
        if asked is None:
            self._lose()
        if asked or self.is_interrupted:
            self.was_stopped = True
        return self.was_stopped

    # --- keeping the lease ------------------------------------------------------------------------------------------

    def keep_for(self, span: timedelta) -> None:
        """
        Extend the lease at once for longer than usual.

        For work in one long transaction: on SQLite no heartbeat is written while it lasts.
        """
        if not self._is_renewed(lease_time=max(span, self._lease_time)):
            self._lose()

    @contextmanager
    def kept_alive(self, *, every_seconds: float | None = None) -> Iterator[None]:
        """Extend the lease from a thread of its own, as long as the block works."""
        is_over = threading.Event()
        if every_seconds is None:
            every_seconds = self._lease_time.total_seconds() / HEARTBEATS_IN_A_LEASE
        thread = threading.Thread(
            target=self._beat, args=(is_over, every_seconds), name=f"heartbeat-{self.id}", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _beat(self, is_over: threading.Event, every_seconds: float) -> None:
        try:
            while not is_over.wait(every_seconds):
                try:
                    if not self._is_renewed():
                        self._is_lost.set()
                        return
                except DatabaseError:
                    # The lease outlives several beats; if the database stays away, it runs out, as it should.
                    _logger.warning("The lease of run %s could not be extended.", self.id, exc_info=True)
                    connections.close_all()
        finally:
            connections.close_all()

    def final_progress(self) -> dict[str, object]:
        return {"done": self._done, "total": self._total, "label": self._label[:200]}

    def _fence(self) -> None:
        self._refuse_if_lost()
        if not self._is_renewed():
            self._lose()

    def _is_renewed(self, *, lease_time: timedelta | None = None) -> bool:
        until = self._clock() + (lease_time or self._lease_time)
        if not runs.renew_lease(self._lease, until=until):
            return False
        self._held_until = until
        return True

    def _write(self, **columns: object) -> None:
        if not runs.write(self._lease, **columns):
            self._lose()

    def _refuse_if_lost(self) -> None:
        if self._is_lost.is_set():
            self._lose()

    def _lose(self) -> None:
        self._is_lost.set()
        raise RunLost(f"Run {self.id} was taken over by another worker; this one writes nothing more.")


def _waits(until: datetime) -> str:
    return f"listings or orders; writing from {until:%H:%M:%S} UTC, as until then an earlier request may land"


def _planned_rows(planned: Counter[tuple[str, str]]) -> list[dict[str, object]]:
    return [
        {"subject": subject, "action": action, "count": number} for (subject, action), number in sorted(planned.items())
    ]
