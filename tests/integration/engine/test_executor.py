import threading
import time

import pytest

from tradepost.database.models import Run
from tradepost.database.runs import runs
from tradepost.domain.plan import SETTLED_STATES, RunState
from tradepost.engine.executor import Executor
from tradepost.engine.runs import request_run, run_now


@pytest.fixture
def executor():
    executor = Executor(threads=2, poll_seconds=0.1)
    yield executor
    executor.stop()


def wait_until(is_so, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_settled(run: Run) -> bool:
    return Run.objects.get(pk=run.pk).state in SETTLED_STATES


def test_what_is_queued_is_executed_once_by_one_of_the_threads(channel, operation, executor):
    executed: list[int] = []
    operation(lambda run: executed.append(run.id), "publish", "sync", "get_orders")
    queued = [request_run(channel.pk, kind) for kind in ("publish", "sync", "get_orders")]

    executor.start()
    later = request_run(channel.pk, "publish")
    wait_until(lambda: all(is_settled(run) for run in (*queued, later)))

    assert sorted(executed) == sorted({run.pk for run in (*queued, later)})


def test_a_run_that_waits_for_its_lane_starts_when_that_is_free(channel, operation, executor):
    may_end = threading.Event()
    order: list[str] = []

    def publish(run):
        order.append("publish begins")
        may_end.wait(60)
        order.append("publish ends")

    operation(publish, "publish")
    operation(lambda run: order.append("sync"), "sync")
    first = request_run(channel.pk, "publish")
    executor.start()
    wait_until(lambda: order)

    second = request_run(channel.pk, "sync")
    time.sleep(0.5)
    may_end.set()
    wait_until(lambda: is_settled(first) and is_settled(second))

    assert order == ["publish begins", "publish ends", "sync"]


def test_an_operation_that_bursts_does_not_stop_the_executor(channel, operation, executor):
    operation(lambda run: 1 // 0, "publish")
    operation(lambda run: None, "sync")
    executor.start()

    bad = request_run(channel.pk, "publish")
    good = request_run(channel.pk, "sync")
    wait_until(lambda: is_settled(bad) and is_settled(good))

    assert Run.objects.get(pk=bad.pk).state == RunState.FAILED
    assert Run.objects.get(pk=good.pk).state == RunState.COMPLETED


def test_stopping_queues_a_long_run_again_and_the_next_executor_goes_on_with_it(channel, operation, executor):
    has_begun = threading.Event()
    places: list[int] = []

    def work(run):
        places.append(run.cursor("products"))
        while run.cursor("products") < 10:
            if run.is_cancelled():
                return
            with run.transaction():
                run.advance("products", run.cursor("products") + 1)
            if len(places) == 1 and run.cursor("products") == 5:
                has_begun.set()
                time.sleep(1)

    operation(work)
    run = request_run(channel.pk, "publish")
    executor.start()
    assert has_begun.wait(60)
    executor.stop()
    between = Run.objects.get(pk=run.pk)

    successor = Executor(threads=1, poll_seconds=0.1)
    successor.start()
    wait_until(lambda: is_settled(run))
    successor.stop()

    assert (between.state, between.owner, between.attempt) == ("queued", "", 1)
    assert places == [0, 5]
    run.refresh_from_db()
    assert (run.state, run.attempt, run.cursors) == ("completed", 2, {"products": 10})


def test_a_command_follows_the_run_that_the_server_has_taken(channel, operation, executor):
    may_end = threading.Event()
    executed: list[int] = []

    def work(run):
        executed.append(run.id)
        run.progress(1, 2, "listings")
        may_end.wait(60)

    operation(work)
    run = request_run(channel.pk, "publish")
    executor.start()
    wait_until(lambda: executed)
    seen: list[tuple[int, int | None, str]] = []

    def show(*values):
        seen.append(values)
        if values == (1, 2, "listings"):  # the first look may come before the run has said anything
            may_end.set()

    followed = run_now(run, progress=show)

    assert executed == [run.pk]
    assert followed.state == RunState.COMPLETED
    assert (1, 2, "listings") in seen
    assert runs.unfinished() == []
