import logging

import pytest

from tradepost.database.models import Run, RunChange
from tradepost.domain.errors import CredentialsRejected, NotAllowed
from tradepost.domain.plan import Outcome, Plan, RunState, Unit
from tradepost.engine.runs import AlreadyRunning, cancel_run, request_run, run_now, take


def test_a_request_joins_the_run_that_is_queued_for_the_same(channel):
    first = request_run(channel.pk, "publish", scope=[3, 1, 2])

    same = request_run(channel.pk, "publish", scope=[1, 2, 3])
    others = [
        request_run(channel.pk, "publish"),
        request_run(channel.pk, "publish", scope=[1, 2, 3], is_dry=True),
        request_run(channel.pk, "sync", scope=[1, 2, 3]),
    ]

    assert same == first
    assert len({first.pk, *(other.pk for other in others)}) == 4


def test_a_request_made_while_the_same_is_running_is_queued_anew(channel):
    first = request_run(channel.pk, "publish")
    take(first.pk)

    second = request_run(channel.pk, "publish")

    assert second.pk != first.pk
    assert second.state == RunState.QUEUED


def test_a_run_is_executed_and_settled_with_its_counts_and_changes(channel, operation, result):
    operation(lambda run: run.report([result("A"), result("B", Outcome.UNCHANGED)]))

    run = run_now(request_run(channel.pk, "publish", requested_by="bob"))

    assert (run.state, run.attempt, run.owner, run.lease_until, run.error) == ("completed", 1, "", None, "")
    assert [(row["action"], row["outcome"], row["count"]) for row in run.counts] == [
        ("create", "applied", 1),
        ("create", "unchanged", 1),
    ]
    changes = RunChange.objects.filter(run=run).order_by("id").values_list("subject_key", "outcome", "fields")
    assert list(changes) == [
        ("A", "applied", [{"name": "name", "before": None, "after": "Tee"}]),
        ("B", "unchanged", [{"name": "name", "before": None, "after": "Tee"}]),
    ]


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN])
def test_completed_means_that_nothing_was_left_open(channel, operation, result, outcome):
    operation(lambda run: run.report([result("A"), result("B", outcome, "no")]))

    run = run_now(request_run(channel.pk, "publish"))

    assert run.state == RunState.COMPLETED_WITH_ERRORS


def test_an_error_of_ours_fails_the_run_with_its_sentence(channel, operation):
    def refuse(run):
        raise CredentialsRejected("The store does not know this token.")

    operation(refuse)

    run = run_now(request_run(channel.pk, "publish"))

    assert (run.state, run.error) == ("failed", "The store does not know this token.")
    assert (run.error_kind, run.reference) == ("CredentialsRejected", "")


def test_an_unexpected_error_fails_the_run_with_a_reference_and_its_trace_goes_to_the_log_only(
    channel, operation, caplog
):
    def burst(run):
        raise ZeroDivisionError("division by zero in secret_place")

    operation(burst)

    with caplog.at_level(logging.ERROR):
        run = run_now(request_run(channel.pk, "publish"))

    assert run.state == RunState.FAILED
    assert run.reference
    assert run.reference in run.error
    assert "secret_place" not in run.error
    assert run.reference in caplog.text
    assert "secret_place" in caplog.text


def test_a_dry_run_keeps_its_plan_and_no_outcome(channel, operation, result):
    operation(
        lambda run: run.show(
            Plan(None, (Unit("TEE", (result("TEE").change,)), Unit("CUP", (result("CUP").change,)))), needs=None
        )
    )

    run = run_now(request_run(channel.pk, "publish", is_dry=True))

    assert (run.state, run.done, run.counts) == ("completed", 2, [])
    changes = RunChange.objects.filter(run=run).order_by("id").values_list("unit", "outcome")
    assert list(changes) == [("TEE", ""), ("CUP", "")]


@pytest.mark.parametrize("other", ["publish", "sync", "link"])
def test_runs_that_change_listings_exclude_each_other_on_a_channel(channel, operation, other):
    publish = request_run(channel.pk, "publish")
    taken = take(publish.pk)
    waiting = request_run(channel.pk, other, scope=[1])

    with pytest.raises(AlreadyRunning) as caught:
        run_now(waiting)

    assert taken is not None
    assert isinstance(caught.value, NotAllowed)
    assert caught.value.run.pk == publish.pk
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempt) == ("queued", 0)


@pytest.mark.parametrize(("first", "other"), [("get_orders", "sync_orders"), ("sync_orders", "get_orders")])
def test_no_order_is_followed_by_what_was_read_of_it_before_it_was_shipped(channel, first, other):
    """A get that had read an order before a sync shipped it put it back, and took the shipment for removed."""
    taken = take(request_run(channel.pk, first).pk)

    beside = take(request_run(channel.pk, other).pk)

    assert (taken is not None, beside) == (True, None)


def test_orders_are_fetched_and_other_channels_served_while_a_publish_is_running(channel):
    from tradepost.database.models import Channel  # noqa: PLC0415 - the fixture has opened the database

    other = Channel.objects.create(name="Other shop")
    runs = [
        request_run(channel.pk, "publish"),
        request_run(channel.pk, "get_orders"),
        request_run(channel.pk, "deliver_orders"),
        request_run(other.pk, "sync"),
        request_run(channel.pk, "sync", is_dry=True),
    ]

    taken = [take(run.pk) for run in runs]

    assert all(taken)


def test_a_queued_run_is_cancelled_at_once(channel, operation):
    run = request_run(channel.pk, "publish")

    assert cancel_run(run.pk)

    assert run_now(run).state == RunState.CANCELLED
    assert not cancel_run(run.pk)


def test_a_running_run_stops_at_the_next_batch_and_keeps_what_it_did(channel, operation, result):
    def work(run):
        for number in range(100):
            if run.is_cancelled():
                return
            run.report([result(str(number))])
            if number == 2:
                cancel_run(run.id)

    operation(work)

    run = run_now(request_run(channel.pk, "publish"))

    assert run.state == RunState.CANCELLED
    assert RunChange.objects.filter(run=run).count() == 3


def test_an_interrupted_command_settles_its_run(channel, operation):
    def interrupt(run):
        raise KeyboardInterrupt

    operation(interrupt)
    run = request_run(channel.pk, "publish")

    with pytest.raises(KeyboardInterrupt):
        run_now(run)

    run.refresh_from_db()
    assert (run.state, run.owner) == ("cancelled", "")


def test_progress_is_told_to_whoever_asked_and_kept_at_the_end(channel, operation):
    told: list[tuple[int, int | None, str]] = []

    def work(run):
        for number in range(1, 4):
            run.progress(number, 3, "listings")

    operation(work)

    run = run_now(request_run(channel.pk, "publish"), progress=lambda *values: told.append(values))

    assert told == [(1, 3, "listings"), (2, 3, "listings"), (3, 3, "listings")]
    assert (run.done, run.total, run.label) == (3, 3, "listings")


def test_a_run_that_was_settled_by_another_worker_is_not_executed_again(channel, operation):
    calls: list[int] = []
    operation(lambda run: calls.append(run.id))
    run = request_run(channel.pk, "publish")

    run_now(run)
    again = run_now(run)

    assert (len(calls), again.state, again.attempt) == (1, "completed", 1)
    assert Run.objects.count() == 1
