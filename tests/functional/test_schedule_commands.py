"""Schedules by commands: what a new channel has, how it is changed and shown, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from tradepost.database.models import Channel, RunChange, ScheduleRecord


def schedules(shell) -> dict[str, tuple[object, object]]:
    rows = shell("channel", "schedule", "shop", "--json").json["schedules"]
    return {row["operation"]: (row["every_minutes"], row["cron"]) for row in rows}


def test_a_channel_that_is_added_is_worked_on_without_a_person_but_for_what_a_person_decides(connected):
    """R25, R30: link, sync and publish each have a schedule of their own, and a channel works with none of it set."""
    assert schedules(connected) == {
        "get_orders": (5, None),
        "sync_orders": (10, None),
        "sync": (15, None),
        "reconcile": (None, "0 3 * * *"),
        "reconcile_orders": (None, "30 3 * * *"),
        "deliver_orders": (None, None),
        "fetch_shipments": (None, None),
        "link": (None, None),
        "publish": (None, None),
    }


def test_a_schedule_is_set_in_each_way_and_shown_with_its_next_time(connected):
    """R25: each operation is scheduled on its own."""
    connected("channel", "set", "shop", "--time-zone", "Asia/Tokyo")
    said = [
        connected("channel", "schedule", "shop", "sync", "--every", "1h"),
        connected("channel", "schedule", "shop", "publish", "--cron", "30 2 * * 1"),
        connected("channel", "schedule", "shop", "get_orders", "--off"),
        connected("channel", "schedule", "shop", "get_orders", "--off"),
    ]
    due = datetime(2126, 3, 1, 12, 15, tzinfo=UTC)
    ScheduleRecord.objects.filter(next_at__isnull=False).update(next_at=due)

    shown = connected("channel", "show", "shop").out
    table = connected("channel", "schedule", "shop", "sync").out

    assert [answer.code for answer in said] == [0] * 4
    assert said[0].out.startswith("Sync of 'shop' is every hour, next ")
    assert [answer.out for answer in said[2:]] == [
        "Get orders of 'shop' is off.\n",
        "Get orders of 'shop' is already off.\n",
    ]
    assert [line for line in shown.splitlines() if line.startswith("schedule ")] == [
        "schedule get_orders: off",
        "schedule sync_orders: every 10 minutes, next on 2126-03-01 at 21:15 Asia/Tokyo",
        "schedule sync: every hour, next on 2126-03-01 at 21:15 Asia/Tokyo",
        "schedule reconcile: cron 0 3 * * *, next on 2126-03-01 at 21:15 Asia/Tokyo",
        "schedule reconcile_orders: cron 30 3 * * *, next on 2126-03-01 at 21:15 Asia/Tokyo",
        "schedule deliver_orders: off",
        "schedule fetch_shipments: off",
        "schedule link: off",
        "schedule publish: cron 30 2 * * 1, next on 2126-03-01 at 21:15 Asia/Tokyo",
    ]
    assert [line.split() for line in table.splitlines()] == [
        ["operation", "started", "next"],
        ["sync", "every", "hour", "next", "on", "2126-03-01", "at", "21:15", "Asia/Tokyo"],
    ]


def test_a_programme_is_told_of_schedules_with_the_channel_and_alone(connected):
    row = connected("channel", "schedule", "shop", "publish", "--cron", "0 4 * * *", "--json").json

    channel = connected("channel", "show", "shop", "--json").json
    assert channel["time_zone"] == "UTC"
    assert row in channel["schedules"]
    due = datetime.fromisoformat(row.pop("next_at"))
    assert row == {"operation": "publish", "every_minutes": None, "cron": "0 4 * * *", "paused_at": None}
    assert (due.hour, due.minute, due.utcoffset()) == (4, 0, timedelta(0))


def test_a_paused_channel_shows_that_nothing_is_started(connected):
    connected("channel", "pause", "shop")

    shown = connected("channel", "show", "shop").out

    assert "schedule sync: every 15 minutes, not while the channel is paused" in shown


def test_one_schedule_is_paused_and_resumed_and_keeps_its_times(connected):
    connected("channel", "schedule", "shop", "publish", "--cron", "30 2 * * 1")
    paused = connected("channel", "pause", "shop", "publish")
    again = connected("channel", "pause", "shop", "publish")
    shown = connected("channel", "show", "shop").out
    told = connected("channel", "show", "shop", "--json").json
    resumed = connected("channel", "resume", "shop", "publish")
    not_scheduled = connected("channel", "pause", "shop", "link")

    assert paused.out.startswith("Publish of 'shop' is cron 30 2 * * 1, paused at ")
    assert paused.out.endswith(". What is queued or at work goes on to its end.\n")
    assert again.out.startswith("Publish of 'shop' is already cron 30 2 * * 1, paused at ")
    assert "schedule publish: cron 30 2 * * 1, paused at " in shown
    assert "schedule sync: every 15 minutes, next " in shown
    assert {row["operation"] for row in told["schedules"] if row["paused_at"]} == {"publish"}
    assert told["paused"] is False
    assert resumed.out.startswith("Publish of 'shop' is cron 30 2 * * 1, next on ")
    assert (not_scheduled.code, not_scheduled.err) == (
        2,
        "Nothing starts link of 'shop' but a person, so there is no schedule to pause.\n",
    )


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("sync", "--every", "soon"), "write it as 15m, 2h or 1d"),
        (("sync", "--cron", "0 3 * *"), "Write five fields"),
        (("sync", "--cron", "0 3 * * *", "--off"), "Say one of --every, --cron and --off."),
        (
            ("--every", "5m"),
            "reconcile_orders, deliver_orders, fetch_shipments, link",
        ),
        (("stock", "--every", "5m"), "'stock' is not one of"),
    ],
)
def test_what_is_no_schedule_is_refused_and_changes_nothing(connected, words, cure):
    before = schedules(connected)

    said = connected("channel", "schedule", "shop", *words)

    assert (said.code, cure in said.err) == (2, True), said
    assert schedules(connected) == before
    assert not RunChange.objects.filter(action="update").exists()


@pytest.mark.parametrize("verb", ["set", "add"])
def test_a_time_zone_that_is_none_is_refused_with_the_nearest(connected, verb):
    words = ("other", "--domain", "x.example", "--store-code", "S") if verb == "add" else ("shop",)

    said = connected("channel", verb, *words, "--time-zone", "Europe/Berln")

    assert (said.code, "Did you mean 'Europe/Berlin'?" in said.err) == (2, True), said
    assert Channel.objects.get().time_zone == "UTC"
