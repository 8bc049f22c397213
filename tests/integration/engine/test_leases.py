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
from tradepost.engine.runs import cancel_run, hand_back, request_run, run_now, take


@pytest.fixture
def taken(channel, clock) -> Run:
    """A publish that a worker has taken at noon, for a minute."""
    run = take(request_run(channel.pk, "publish").pk, clock=clock)
    assert run is not None
    return run


def handle_of(run: Run, clock) -> RunHandle:
    own = runs.Lease(run.pk, run.owner, run.attempt)
    return RunHandle(run, own, clock=clock, lease_time=timedelta(seconds=60))


@pytest.fixture(autouse=True)
def a_minute(settings):
    """How long a lease is."""
    settings.TRADEPOST_LEASE_SECONDS = 60


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


def test_who_takes_a_run_over_is_told_to_write_when_the_last_request_of_its_owner_can_not_land_any_more(
    taken, channel, clock
):
    """R16: a request that was signed by an owner that stalls may land as long as the store takes it."""
    Channel.objects.filter(pk=channel.pk).update(lost_answer_seconds=200)
    clock.move(seconds=61)

    successor = take(taken.pk, clock=clock)

    assert taken.writes_from is None
    assert successor is not None
    assert successor.writes_from == clock() + timedelta(seconds=200)


def test_whoever_is_next_in_the_lane_of_a_run_that_was_left_waits_for_the_same(taken, channel, clock):
    clock.move(seconds=61)
    successor = take(taken.pk, clock=clock)
    assert successor is not None
    runs.finish(runs.Lease(successor.pk, successor.owner, 2), RunState.CANCELLED, at=clock())

    sync, orders = (take(request_run(channel.pk, kind).pk, clock=clock) for kind in ("sync", "get_orders"))

    assert sync is not None
    assert orders is not None
    assert (sync.writes_from, orders.writes_from) == (successor.writes_from, None)


def test_a_run_that_is_given_back_with_a_request_on_its_way_is_written_to_later(taken, clock):
    handle = handle_of(taken, clock)
    handle.interrupt()

    hand_back(handle, clock=clock)

    again = take(taken.pk, clock=clock)
    assert again is not None
    assert (again.attempt, again.writes_from) == (2, clock() + timedelta(seconds=180))


def test_nothing_is_sent_by_a_worker_whose_lease_has_run_out_although_nobody_has_told_it(taken, clock):
    """A process that was stopped finds out by its clock, before its database is asked."""
    stalled = handle_of(taken, clock)
    stalled.hold()
    clock.move(seconds=60)

    with pytest.raises(RunLost):
        stalled.hold()
    # What it has learnt with that is not written down either.
    with pytest.raises(RunLost):
        stalled.advance("products", 1)


def test_a_heartbeat_extends_what_may_be_sent(taken, clock):
    handle = handle_of(taken, clock)
    clock.move(seconds=59)
    with handle.transaction():
        pass
    clock.move(seconds=59)

    handle.hold()


def test_waiting_to_write_ends_when_the_run_is_cancelled(taken, clock):
    clock.move(seconds=61)
    successor = take(taken.pk, clock=clock)
    assert successor is not None
    handle = handle_of(successor, clock)
    cancel_run(taken.pk)

    assert not handle.wait_to_write()


def test_waiting_to_write_is_said_in_the_progress_and_ends_in_time(taken, clock):
    clock.move(seconds=61)
    successor = take(taken.pk, clock=clock)
    assert successor is not None
    seen: list[str] = []

    def progress(_done, _total, label):
        seen.append(label)
        clock.move(seconds=181)

    own = runs.Lease(successor.pk, successor.owner, 2)
    handle = RunHandle(successor, own, clock=clock, lease_time=timedelta(hours=1), on_progress=progress)

    assert handle.wait_to_write()
    assert len(seen) == 1
    assert "writing from 12:04:01 UTC" in seen[0]
