import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from tradepost.database.models import Channel, Run, RunChange
from tradepost.database.runs import runs
from tradepost.domain.errors import RunLost
from tradepost.domain.plan import RunState
from tradepost.engine.owner import is_dead, new_owner
from tradepost.engine.run_handle import RunHandle
from tradepost.engine.runs import request_run, run_now, take


@pytest.fixture
def taken(channel, clock) -> Run:
    """A publish that a worker has taken at noon, for a minute."""
    run = take(request_run(channel.pk, "publish").pk, clock=clock)
    assert run is not None
    return run


def handle_of(run: Run, clock) -> RunHandle:
    return RunHandle(run, runs.Lease(run.pk, run.owner, run.attempt), clock=clock)


def wait_until(is_so):
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_live_lease_is_never_touched(taken, clock):
    clock.move(seconds=59)

    assert take(taken.pk, clock=clock) is None


def test_an_expired_lease_is_taken_over_as_the_next_attempt(taken, clock):
    clock.move(seconds=61)

    again = take(taken.pk, clock=clock)

    assert again is not None
    assert (again.attempt, again.owner != taken.owner) == (2, True)


def test_a_settled_run_is_never_taken(taken, clock):
    runs.finish(runs.Lease(taken.pk, taken.owner, 1), RunState.COMPLETED, at=clock())
    clock.move(days=1)

    assert take(taken.pk, clock=clock) is None


@pytest.mark.parametrize(
    "write",
    [
        lambda handle, result: handle.report([result()]),
        lambda handle, result: handle.advance("products", 7),
        lambda handle, result: handle.progress(1, 2, "listings"),
        lambda handle, result: handle.is_cancelled(),
        lambda handle, result: handle.transaction().__enter__(),
    ],
    ids=["report", "advance", "progress", "is_cancelled", "transaction"],
)
def test_a_stalled_worker_that_wakes_up_can_not_write(taken, clock, result, write):
    stalled = handle_of(taken, clock)
    clock.move(seconds=61)
    successor = take(taken.pk, clock=clock)

    with pytest.raises(RunLost):
        write(stalled, result)
    with pytest.raises(RunLost):
        stalled.cursor("products")

    taken.refresh_from_db()
    assert successor is not None
    assert (taken.owner, taken.attempt, taken.cursors, taken.done) == (successor.owner, 2, {}, 0)
    assert not RunChange.objects.exists()
    assert not runs.finish(stalled.lease, RunState.FAILED, at=clock())


def test_what_a_stalled_worker_wrote_beside_its_run_is_rolled_back_with_it(taken, channel, clock):
    stalled = handle_of(taken, clock)
    clock.move(seconds=61)
    take(taken.pk, clock=clock)

    with pytest.raises(RunLost), stalled.transaction():
        Channel.objects.filter(pk=channel.pk).update(name="Overwritten")

    assert Channel.objects.get().name == "Shop"


def test_the_next_attempt_goes_on_where_the_last_one_committed(taken, clock, result):
    first = handle_of(taken, clock)
    with first.transaction():
        first.report([result("A")])
        first.advance("products", 10)

    def batch_that_fails():
        with first.transaction():
            first.report([result("B")])
            first.advance("products", 20)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        batch_that_fails()
    clock.move(seconds=61)

    successor = take(taken.pk, clock=clock)

    assert successor is not None
    second = handle_of(successor, clock)
    assert (first.cursor("products"), second.cursor("products"), second.cursor("images")) == (10, 10, 0)
    assert second.counts.to_rows() == first.counts.to_rows()
    assert [row["count"] for row in second.counts.to_rows()] == [1]
    assert list(RunChange.objects.values_list("subject_key", flat=True)) == ["A"]


def test_a_heartbeat_keeps_a_long_step_alive(taken, clock):
    with handle_of(taken, clock).kept_alive(every_seconds=0.01):
        for _ in range(3):
            clock.move(seconds=59)
            wanted = clock() + timedelta(seconds=60)
            wait_until(lambda wanted=wanted: Run.objects.get(pk=taken.pk).lease_until == wanted)
        stolen = take(taken.pk, clock=clock)

    assert stolen is None


def test_the_run_of_a_process_that_died_is_taken_over_at_once(channel, operation):
    dead = subprocess.run(
        [sys.executable, "-c", "from tradepost.engine.owner import new_owner; print(new_owner())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    left_behind = request_run(channel.pk, "publish")
    now = timezone.now()
    runs.take(left_behind.pk, owner=dead, until=now + timedelta(hours=1), at=now)
    executed: list[int] = []
    operation(lambda run: executed.append(run.id), "publish", "sync")
    sync = request_run(channel.pk, "sync")

    run_now(sync)

    assert executed == [left_behind.pk, sync.pk]
    left_behind.refresh_from_db()
    assert (left_behind.state, left_behind.attempt) == ("completed", 2)


def test_an_owner_counts_as_dead_only_when_that_is_known():
    me = new_owner()
    machine, process, started, _ = me.split("/")

    assert not is_dead(me)
    assert not is_dead("")
    assert not is_dead(f"another-machine/{process}/{started}/00")
    # The number lives on in a process that was started at another time: ours is gone.
    assert is_dead(f"{machine}/{os.getpid()}/1/00")


def test_many_that_try_to_take_a_run_at_once_get_it_once(channel):
    run = request_run(channel.pk, "publish")
    start = threading.Barrier(6)
    got: list[Run | None] = []

    def try_it():
        start.wait()
        try:
            got.append(take(run.pk))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 6
    assert sum(one is not None for one in got) == 1
