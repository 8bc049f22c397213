"""Runs without a store: operations are functions of the test, and get ports that hold the run alone."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tradepost import wiring
from tradepost.database.models import Channel
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Result, Side, Subject, SubjectKind
from tradepost.operations.ports import ActiveRun


@dataclass
class MovableClock:
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def channel(database) -> Channel:
    return Channel.objects.create(name="Shop")


@pytest.fixture
def operation(monkeypatch) -> Callable[..., None]:
    """Let the kinds of runs named be executed by a function that is given the run, and nothing else."""

    @contextmanager
    def ports_for(channel, run, **_):
        yield SimpleNamespace(run=run, channel=channel)

    def install(work: Callable[[ActiveRun], object], *kinds: str) -> None:
        verbs = {kind: lambda ports, _selection: work(ports.run) for kind in kinds or ("publish",)}
        monkeypatch.setattr(wiring.runs, "LISTING_VERBS", {**wiring.runs.LISTING_VERBS, **verbs})

    monkeypatch.setattr(wiring.runs, "ports_for", ports_for)
    return install


@pytest.fixture
def result() -> Callable[..., Result]:
    def make(key: str = "TEE", outcome: Outcome = Outcome.APPLIED, message: str = "") -> Result:
        change = Change(
            Subject(SubjectKind.PRODUCT, key, "Tee"), Side.STORE, Action.CREATE, (FieldChange("name", None, "Tee"),)
        )
        return Result(change, outcome, message=message)

    return make
