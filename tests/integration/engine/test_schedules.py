"""Schedules on both databases: what is due starts one run, whoever looks, however late, and only where it may."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import connections, transaction

from fakes.connector import FakeConnector
from tradepost.database.channels import schedules
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.channels.schedules import DjangoSchedules
from tradepost.database.models import Channel, Run, RunChange, RunKind, ScheduleRecord, Trigger
from tradepost.database.runs import runs
from tradepost.database.runs.history import RequestHistory
from tradepost.domain.channels.schedule import OFF, Schedule, ScheduledOperation, cron_of, interval_of
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.making import ContentRules
from tradepost.engine.runs import take
from tradepost.engine.schedules import Ticker, start_due, start_now, when_applied
from tradepost.operations.channels import channels
from tradepost.operations.channels.channels import ChannelPorts
from tradepost.operations.ports import ChannelProfile, ChannelSettings, ScheduleRow, StoreConnection
from tradepost.security.encryption import FernetCipher

# The clock of these tests begins at noon.
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUARTER = interval_of("15m")


@pytest.fixture
def ports(database, clock):
    cipher = FernetCipher([Fernet.generate_key().decode()])
    return ChannelPorts(
        channels=DjangoChannels(cipher=lambda: cipher),
        schedules=DjangoSchedules(),
        history=RequestHistory(requested_by="bob", trigger=Trigger.PERSON, clock=clock),
        connector=FakeConnector(),
        transaction=transaction.atomic,
        clock=clock,
    )


@pytest.fixture
def connect(ports):
    def connect_channel(name: str = "Shop", **how) -> int:
        profile = ChannelProfile(
            settings=ChannelSettings(id=0, name=name, rules=ContentRules(), time_zone=how.pop("time_zone", "UTC")),
            store=StoreConnection(domain="https://shop.example:443", store_code=name, token="T", signature_key="S"),
        )
        channel_id, _ = channels.connect_channel(profile, ports, **how)
        return channel_id

    return connect_channel


def only(operation: ScheduledOperation, schedule: Schedule = QUARTER) -> dict[ScheduledOperation, Schedule]:
    return {operation: schedule}


@pytest.fixture
def syncing(connect) -> int:
    """A channel of which nothing but a sync is scheduled, at a quarter past noon first."""
    return connect(schedules=only(ScheduledOperation.SYNC))


def next_of(operation: ScheduledOperation = ScheduledOperation.SYNC) -> datetime | None:
    return ScheduleRecord.objects.get(operation=operation).next_at


# --- what is set ---


def test_a_new_channel_has_a_schedule_for_every_operation(connect, ports):
    rows = ports.schedules.of(connect(time_zone="Europe/Berlin"))

    assert rows == [
        ScheduleRow(ScheduledOperation.GET_ORDERS, interval_of("5m"), NOON + timedelta(minutes=5)),
        ScheduleRow(ScheduledOperation.SYNC_ORDERS, interval_of("10m"), NOON + timedelta(minutes=10)),
        ScheduleRow(ScheduledOperation.SYNC, QUARTER, NOON + timedelta(minutes=15)),
        # Three o'clock in Berlin's winter.
        ScheduleRow(ScheduledOperation.RECONCILE, cron_of("0 3 * * *"), datetime(2026, 3, 2, 2, tzinfo=UTC)),
        ScheduleRow(
            ScheduledOperation.RECONCILE_ORDERS, cron_of("30 3 * * *"), datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
        ),
        ScheduleRow(ScheduledOperation.DELIVER_ORDERS, OFF, None),
        ScheduleRow(ScheduledOperation.FETCH_SHIPMENTS, OFF, None),
        ScheduleRow(ScheduledOperation.LINK, OFF, None),
        ScheduleRow(ScheduledOperation.PUBLISH, OFF, None),
    ]


def test_a_schedule_is_changed_and_switched_off_and_the_history_says_so(syncing, ports, clock):
    clock.move(minutes=3)

    change, row = channels.set_schedule(syncing, ScheduledOperation.SYNC, cron_of("30 14 * * *"), ports)
    _, off = channels.set_schedule(syncing, ScheduledOperation.SYNC, OFF, ports)

    assert [(field.name, field.before, field.after) for field in change.fields] == [
        ("schedule_sync", "every 15 minutes", "cron 30 14 * * *")
    ]
    assert row.next_at == datetime(2026, 3, 1, 14, 30, tzinfo=UTC)
    assert (off, ports.schedules.of(syncing)[2]) == (off, ScheduleRow(ScheduledOperation.SYNC, OFF, None))
    kept = RunChange.objects.filter(action="update").order_by("pk").values_list("fields", "run__requested_by")
    assert [(fields[0]["after"], who) for fields, who in kept] == [("cron 30 14 * * *", "bob"), ("off", "bob")]


def test_setting_a_schedule_again_does_not_put_it_off(syncing, ports, clock):
    clock.move(minutes=14)

    change, row = channels.set_schedule(syncing, ScheduledOperation.SYNC, QUARTER, ports)

    assert (change.fields, row.next_at) == ((), NOON + timedelta(minutes=15))


def test_another_time_zone_moves_what_is_set_by_the_clock_and_nothing_else(connect, ports, clock):
    channel_id = connect()
    clock.move(minutes=3)

    channels.change_channel(
        channel_id,
        lambda profile: replace(profile, settings=replace(profile.settings, time_zone="America/Chicago")),
        ports,
    )

    assert next_of(ScheduledOperation.RECONCILE) == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert next_of(ScheduledOperation.SYNC) == NOON + timedelta(minutes=15)


# --- what is started ---


def test_nothing_is_started_before_its_time(syncing, clock):
    clock.move(minutes=14, seconds=59)

    assert start_due(clock=clock) == []
    assert not Run.objects.filter(kind="sync").exists()


@pytest.mark.parametrize(
    ("operation", "kind", "options"),
    [
        ("get_orders", "get_orders", {}),
        ("sync_orders", "sync_orders", {}),
        ("sync", "sync", {}),
        ("reconcile", "sync", {"full_existence": True}),
        ("reconcile_orders", "reconcile_orders", {}),
        ("deliver_orders", "deliver_orders", {}),
        ("fetch_shipments", "fetch_shipments", {}),
        ("link", "link", {}),
        ("publish", "publish", {}),
    ],
)
def test_what_is_due_is_queued_as_a_run_that_a_schedule_started(connect, clock, operation, kind, options):
    connect(schedules=only(ScheduledOperation(operation)))
    clock.move(minutes=15)

    (run,) = start_due(clock=clock)

    assert (run.kind, run.options, run.scope, run.is_dry) == (kind, options, None, False)
    assert (run.trigger, run.requested_by, run.queued_at) == ("schedule", "", clock())
    assert next_of(ScheduledOperation(operation)) == NOON + timedelta(minutes=30)


def test_what_was_missed_while_nothing_ran_is_started_once_and_then_keeps_its_beat(syncing, clock):
    clock.move(days=3, minutes=4)

    started = [len(start_due(clock=clock)) for _ in range(3)]

    assert started == [1, 0, 0]
    assert next_of() == NOON + timedelta(days=3, minutes=15)


def test_a_run_of_the_same_that_waits_is_joined(syncing, clock):
    waiting = runs.request_run(syncing, RunKind.SYNC, trigger=Trigger.PERSON, at=clock())
    clock.move(minutes=15)

    (run,) = start_due(clock=clock)

    assert (run.pk, run.trigger) == (waiting.pk, "person")
    assert Run.objects.filter(kind="sync").count() == 1


def test_while_the_same_is_at_work_a_schedule_waits_for_its_next_time(syncing, clock):
    at_work = runs.request_run(syncing, RunKind.SYNC, trigger=Trigger.PERSON, at=clock())
    assert take(at_work.pk, clock=clock) is not None
    clock.move(minutes=15)

    during = start_due(clock=clock)
    Run.objects.filter(pk=at_work.pk).update(state="completed", owner="", lease_until=None)
    afterwards = start_due(clock=clock)
    clock.move(minutes=15)
    at_the_next_time = start_due(clock=clock)

    assert [len(started) for started in (during, afterwards, at_the_next_time)] == [0, 0, 1]


def test_a_sync_at_work_does_not_cost_the_day_its_reconcile(connect, clock):
    channel_id = connect(schedules=only(ScheduledOperation.RECONCILE, interval_of("1d")))
    clock.move(days=1)
    at_work = runs.request_run(channel_id, RunKind.SYNC, trigger=Trigger.PERSON, at=clock())
    assert take(at_work.pk, clock=clock) is not None

    (run,) = start_due(clock=clock)

    # It waits in the queue until its lane is free.
    assert (run.state, run.options) == ("queued", {"full_existence": True})


def test_a_paused_channel_starts_nothing_and_starts_what_it_missed_once_when_it_is_resumed(syncing, ports, clock):
    channels.pause_channel(syncing, ports)
    clock.move(hours=5)
    while_paused = [*schedules.due(at=clock()), *start_due(clock=clock)]
    channels.resume_channel(syncing, ports)

    resumed = [len(start_due(clock=clock)) for _ in range(2)]

    assert (while_paused, resumed) == ([], [1, 0])


def test_a_channel_that_is_paused_after_the_look_is_not_claimed(syncing, ports, clock):
    clock.move(minutes=15)
    (seen,) = schedules.due(at=clock())
    channels.pause_channel(syncing, ports)

    assert not schedules.claim(seen, next_at=clock())


# --- what is paused alone ---


def test_a_paused_schedule_keeps_its_times_and_starts_nothing_while_others_are_started(connect, ports, clock):
    channel_id = connect(schedules={ScheduledOperation.SYNC: QUARTER, ScheduledOperation.GET_ORDERS: QUARTER})
    paused = channels.pause_schedule(channel_id, ScheduledOperation.SYNC, ports)
    again = channels.pause_schedule(channel_id, ScheduledOperation.SYNC, ports)
    clock.move(minutes=15)

    started = start_due(clock=clock)

    row = ScheduleRow(ScheduledOperation.SYNC, QUARTER, NOON + timedelta(minutes=15), paused_at=NOON)
    assert (paused, again) == ((True, row), (False, row))
    assert [run.kind for run in started] == ["get_orders"]


def test_a_resumed_schedule_goes_on_with_its_beat_and_does_not_make_up_for_what_it_missed(syncing, ports, clock):
    channels.pause_schedule(syncing, ScheduledOperation.SYNC, ports)
    clock.move(hours=5, minutes=4)

    resumed = channels.resume_schedule(syncing, ScheduledOperation.SYNC, ports)
    again = channels.resume_schedule(syncing, ScheduledOperation.SYNC, ports)
    at_once = start_due(clock=clock)
    clock.move(minutes=11)
    at_its_time = start_due(clock=clock)

    row = ScheduleRow(ScheduledOperation.SYNC, QUARTER, NOON + timedelta(hours=5, minutes=15))
    assert (resumed, again) == ((True, row), (False, row))
    assert (len(at_once), len(at_its_time)) == (0, 1)
    kept = RunChange.objects.filter(action="update").order_by("pk").values_list("fields", "reason")
    assert [(fields[0]["name"], fields[0]["after"], reason) for fields, reason in kept] == [
        ("schedule_sync_is_paused", True, "paused by a person"),
        ("schedule_sync_is_paused", False, "resumed by a person"),
    ]


def test_a_schedule_that_is_paused_after_the_look_is_not_claimed(syncing, ports, clock):
    clock.move(minutes=15)
    (seen,) = schedules.due(at=clock())
    channels.pause_schedule(syncing, ScheduledOperation.SYNC, ports)

    assert not schedules.claim(seen, next_at=clock() + timedelta(minutes=15))


def test_what_a_schedule_has_started_goes_on_when_it_is_paused_and_a_person_can_start_it(syncing, ports, clock):
    clock.move(minutes=15)
    (queued,) = start_due(clock=clock)
    channels.pause_schedule(syncing, ScheduledOperation.SYNC, ports)

    assert take(queued.pk, clock=clock) is not None
    Run.objects.filter(pk=queued.pk).update(state="completed", owner="", lease_until=None)
    by_hand = start_now(syncing, ScheduledOperation.SYNC, requested_by="bob")

    assert (by_hand.state, by_hand.requested_by) == ("queued", "bob")
    assert ports.schedules.of(syncing)[2].paused_at == clock()


def test_other_times_and_another_zone_leave_a_schedule_paused_and_switching_it_off_does_not(connect, ports, clock):
    channel_id = connect(schedules=only(ScheduledOperation.SYNC))
    channels.pause_schedule(channel_id, ScheduledOperation.SYNC, ports)

    _, changed = channels.set_schedule(channel_id, ScheduledOperation.SYNC, cron_of("0 3 * * *"), ports)
    channels.change_channel(
        channel_id,
        lambda profile: replace(profile, settings=replace(profile.settings, time_zone="America/Chicago")),
        ports,
    )
    elsewhere = ports.schedules.of(channel_id)[2]
    _, off = channels.set_schedule(channel_id, ScheduledOperation.SYNC, OFF, ports)
    _, on = channels.set_schedule(channel_id, ScheduledOperation.SYNC, QUARTER, ports)

    assert (changed.paused_at, elsewhere.paused_at) == (NOON, NOON)
    assert (elsewhere.next_at, elsewhere.schedule) == (datetime(2026, 3, 2, 9, tzinfo=UTC), cron_of("0 3 * * *"))
    assert (off.paused_at, on.paused_at) == (None, None)


def test_what_is_off_can_not_be_paused(connect, ports):
    with pytest.raises(NotAllowed, match="there is no schedule to pause"):
        channels.pause_schedule(connect(), ScheduledOperation.PUBLISH, ports)


def test_what_was_switched_off_meanwhile_is_not_said_to_go_on(connect, ports):
    channel_id = connect(schedules=only(ScheduledOperation.SYNC, interval_of("15m")))
    channels.pause_schedule(channel_id, ScheduledOperation.SYNC, ports)
    channels.set_schedule(channel_id, ScheduledOperation.SYNC, OFF, ports)

    with pytest.raises(NotAllowed, match="there is no schedule to resume"):
        channels.resume_schedule(channel_id, ScheduledOperation.SYNC, ports)


@pytest.mark.parametrize("changed", [OFF, cron_of("0 3 * * MON"), interval_of("20m")])
def test_a_schedule_that_a_person_changes_after_the_look_is_not_claimed(connect, ports, clock, changed):
    # Monday, 3 o'clock: the next time of some of these, too.
    channel_id = connect(schedules=only(ScheduledOperation.SYNC, cron_of("0 3 * * *")))
    (row,) = [row for row in ports.schedules.of(channel_id) if row.operation is ScheduledOperation.SYNC]
    clock.move(hours=15)
    (seen,) = schedules.due(at=clock())
    due_at = None if changed == OFF else row.next_at
    ports.schedules.keep(channel_id, [ScheduleRow(ScheduledOperation.SYNC, changed, due_at)])

    assert not schedules.claim(seen, next_at=clock() + timedelta(days=1))


def test_a_channel_that_is_removed_leaves_no_schedule(connect, ports, clock):
    channels.remove_channel(connect(), ports)
    clock.move(days=1)

    assert start_due(clock=clock) == []
    assert not ScheduleRecord.objects.exists()


def test_a_zone_that_this_machine_does_not_know_stops_its_own_channel_only(connect, ports, clock, caplog):
    lost = connect("Lost", schedules=only(ScheduledOperation.SYNC, cron_of("0 3 * * *")))
    connect("Shop", schedules=only(ScheduledOperation.SYNC))
    channel = ports.channels.read(lost)
    ports.channels.save(replace(channel, settings=replace(channel.settings, time_zone="Mars/Olympus")))
    clock.move(days=1)

    started = start_due(clock=clock)

    assert [run.channel.name for run in started] == ["Shop"]
    assert "sync of channel" in caplog.text
    assert "'Mars/Olympus' is no time zone" in caplog.text


def test_of_many_that_look_at_once_one_starts_what_is_due(connect, clock):
    connect()
    clock.move(days=1)
    together = threading.Barrier(4)

    def look(_: int) -> list[str]:
        try:
            together.wait(60)
            return [run.kind for run in start_due(clock=clock)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        started = [kind for found in pool.map(look, range(4)) for kind in found]

    # The sync, and the reconcile that is one, too.
    assert sorted(started) == ["get_orders", "reconcile_orders", "sync", "sync", "sync_orders"]
    assert Run.objects.filter(trigger="schedule").count() == 5


def test_a_ticker_goes_on_after_a_tick_that_failed(syncing, clock, caplog, monkeypatch):
    clock.move(minutes=15)
    has_ticked = threading.Event()
    failures = iter([OSError("No database today.")])

    def tick(**_):
        error = next(failures, None)
        if error is not None:
            raise error
        has_ticked.set()

    monkeypatch.setattr("tradepost.engine.schedules.start_due", tick)
    # A clock that is always just before the full minute.
    ticker = Ticker(clock=lambda: NOON - timedelta(milliseconds=10))

    ticker.start()
    assert has_ticked.wait(60)
    ticker.stop()

    assert "The ticker of schedules could not go on" in caplog.text
    assert "ticker" not in {thread.name for thread in threading.enumerate()}


# --- what is told ---


def test_what_was_queued_is_said_to_be_applied_when_a_schedule_starts_it(syncing, clock):
    assert when_applied(Channel.objects.get(pk=syncing), "sync", clock=clock) == (
        "sync runs next at 12:15 UTC ('tradepost listings sync' at once)"
    )


def test_the_time_that_is_told_is_the_earlier_one_of_a_sync_and_a_reconcile(connect, clock):
    channel_id = connect(
        time_zone="Europe/Berlin",
        schedules={
            ScheduledOperation.SYNC: interval_of("2d"),
            ScheduledOperation.RECONCILE: cron_of("0 3 * * *"),
        },
    )

    assert when_applied(Channel.objects.get(pk=channel_id), "sync", clock=clock).startswith(
        "sync runs next on 2026-03-02 at 03:00 Europe/Berlin"
    )


def test_without_a_schedule_the_command_is_named_with_the_channel_where_there_are_several(connect, syncing, clock):
    alone = when_applied(Channel.objects.get(pk=syncing), "publish", clock=clock)
    connect("Other shop")

    assert alone == "publish is not scheduled, so type 'tradepost listings publish'"
    assert when_applied(Channel.objects.get(pk=syncing), "sync_orders", clock=clock) == (
        "sync orders is not scheduled, so type 'tradepost orders sync --channel Shop'"
    )


def test_a_schedule_that_nobody_starts_is_not_promised(syncing, clock):
    clock.move(minutes=20)

    assert when_applied(Channel.objects.get(pk=syncing), "sync", clock=clock) == (
        "the scheduled sync is overdue, it was to run at 12:15 UTC: start 'tradepost serve', or type "
        "'tradepost listings sync'"
    )


def test_of_a_paused_channel_nothing_is_promised(syncing, ports, clock):
    channels.pause_channel(syncing, ports)

    assert when_applied(Channel.objects.get(pk=syncing), "sync", clock=clock) == (
        "nothing is executed while the channel is paused ('tradepost channel resume Shop' changes that)"
    )


def test_of_a_paused_schedule_nothing_is_promised_and_the_command_is_named(syncing, ports, clock):
    channels.pause_schedule(syncing, ScheduledOperation.SYNC, ports)

    assert when_applied(Channel.objects.get(pk=syncing), "sync", clock=clock) == (
        "the schedule of sync is paused, so type 'tradepost listings sync'"
    )


def test_a_schedule_of_a_channel_out_of_use_is_not_set(connect, ports):
    channel_id = connect()
    channels.remove_channel(channel_id, ports)

    with pytest.raises(NotAllowed, match="out of use"):
        channels.set_schedule(channel_id, ScheduledOperation.SYNC, OFF, ports)
