"""When schedules are due: intervals by their beat, cron by the clock on the channel's wall."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tradepost.domain.channels.schedule import (
    OFF,
    Schedule,
    cron_of,
    interval_of,
    is_late,
    next_time,
    spoken_time,
    zone_of,
)
from tradepost.domain.errors import NotAllowed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Chicago",
    "America/Santiago",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Nuuk",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# From 2024 to 2031.
moments = st.timedeltas(timedelta(0), timedelta(days=8 * 365)).map(lambda passed: utc("2024-01-01") + passed)


# --- intervals ---


@pytest.mark.parametrize(
    ("text", "every", "words"),
    [
        ("1m", timedelta(minutes=1), "every minute"),
        ("15m", timedelta(minutes=15), "every 15 minutes"),
        ("90m", timedelta(minutes=90), "every 90 minutes"),
        ("60m", timedelta(hours=1), "every hour"),
        (" 2H ", timedelta(hours=2), "every 2 hours"),
        ("24h", timedelta(days=1), "every day"),
        ("366d", timedelta(days=366), "every 366 days"),
    ],
)
def test_an_interval_is_read_and_spoken(text, every, words):
    schedule = interval_of(text)

    assert (schedule, str(schedule)) == (Schedule(every=every), words)


@pytest.mark.parametrize(
    "text", ["0m", "15", "15s", "-5m", "1.5h", "367d", "m", "\N{ARABIC-INDIC DIGIT FIVE}m", "15m 2h"]
)
def test_what_is_no_interval_is_refused_with_how_to_write_one(text):
    with pytest.raises(NotAllowed, match="write it as 15m, 2h or 1d"):
        interval_of(text)


@given(beat=moments, every=st.integers(1, 527_040), late=st.timedeltas(timedelta(0), timedelta(days=900)))
def test_an_interval_keeps_its_beat_and_what_was_missed_is_one_start(beat, every, late):
    schedule = Schedule(every=timedelta(minutes=every))
    started = beat + late

    following = next_time(schedule, after=started, time_zone="UTC", beat=beat)

    assert started < following <= started + schedule.every
    assert (following - beat) % schedule.every == timedelta(0)


def test_a_new_interval_begins_when_it_is_set():
    assert next_time(interval_of("15m"), after=NOON, time_zone="Asia/Kathmandu") == NOON + timedelta(minutes=15)


def test_what_is_off_is_never_due():
    assert next_time(OFF, after=NOON, time_zone="UTC") is None


# --- cron ---


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("0 3 * * *", "UTC", "2026-03-01 12:00", "2026-03-02 03:00"),
        ("0 3 * * *", "Europe/Berlin", "2026-03-01 12:00", "2026-03-02 02:00"),
        ("0 3 * * *", "Europe/Berlin", "2026-07-01 12:00", "2026-07-02 01:00"),
        ("0 3 * * *", "America/Chicago", "2026-03-01 12:00", "2026-03-02 09:00"),
        ("*/20 * * * *", "Asia/Kathmandu", "2026-03-01 12:00", "2026-03-01 12:15"),
        ("30 6 1 * *", "UTC", "2026-03-01 12:00", "2026-04-01 06:30"),
        ("0 8 * * MON-FRI", "UTC", "2026-02-27 12:00", "2026-03-02 08:00"),
        # It is due now: the next time is a later one.
        ("0 12 * * *", "UTC", "2026-03-01 12:00", "2026-03-02 12:00"),
    ],
)
def test_cron_means_the_clock_of_the_zone(cron, zone, after, expected):
    assert next_time(cron_of(cron), after=utc(after), time_zone=zone) == utc(expected)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        # Berlin goes from 02:00 to 03:00 on 29 March 2026: 02:30 does not come, so it starts right after.
        ("2026-03-28 12:00", "2026-03-29 01:00"),
        ("2026-03-29 01:00", "2026-03-30 00:30"),
        # It goes from 03:00 back to 02:00 on 25 October 2026: 02:30 comes twice, and the first time counts.
        ("2026-10-24 12:00", "2026-10-25 00:30"),
        ("2026-10-25 00:30", "2026-10-26 01:30"),
        # The hub started it late, or was switched on: the second 02:30 is no reason to start it again.
        ("2026-10-25 01:10", "2026-10-26 01:30"),
        ("2026-10-25 01:30", "2026-10-26 01:30"),
    ],
)
def test_a_nightly_cron_starts_once_when_clocks_are_changed(after, expected):
    assert next_time(cron_of("30 2 * * *"), after=utc(after), time_zone="Europe/Berlin") == utc(expected)


@given(
    start=moments,
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    delays=st.lists(st.integers(0, 120), min_size=40, max_size=40),
)
@example(utc("2026-10-20 12:00"), "Europe/Berlin", 2, 30, [40] * 40)
@example(utc("2026-03-20 12:00"), "Europe/Berlin", 2, 30, [0] * 40)
@example(utc("2026-09-01 12:00"), "America/Santiago", 0, 0, [0] * 40)
@example(utc("2024-03-20 12:00"), "America/Nuuk", 23, 0, [0] * 40)
def test_a_daily_cron_starts_once_on_every_day_of_its_zone_however_late_it_is_started(
    start, zone, hour, minute, delays
):
    schedule = cron_of(f"{minute} {hour} * * *")
    days: list[int] = []
    now = start
    for delay in delays:
        due = next_time(schedule, after=now, time_zone=zone)
        assert due > now
        # A time that is not there comes as soon as there is one again, which may be at midnight.
        local = due.astimezone(zone_of(zone)).replace(tzinfo=None)
        meant = local.replace(hour=hour, minute=minute)
        days.append((meant if meant <= local else meant - timedelta(days=1)).date().toordinal())
        now = due + timedelta(minutes=delay)

    assert days == list(range(days[0], days[0] + len(days)))


@given(st.text(st.sampled_from(string.digits + "*/,-# LW"), max_size=24), moments, st.sampled_from(ZONES))
@example("0 0 30 2 *", NOON, "UTC")
@example("0 0 30 2 MON", NOON, "UTC")
def test_every_text_is_a_schedule_that_comes_or_is_refused_when_it_is_typed(text, after, zone):
    try:
        schedule = cron_of(text)
    except NotAllowed:
        return

    due = next_time(schedule, after=after, time_zone=zone)
    assert due > after
    assert (due.second, due.microsecond) == (0, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write five fields"),
        ("0 3 * *", "Write five fields"),
        ("0 0 3 * * *", "Write five fields"),
        ("61 3 * * *", "bad minute"),
        ("0 25 * * *", "bad hour"),
        ("0 0 30 2 *", "bad day-of-month"),
        ("@daily", "Write five fields"),
        ("0 3 * * " + ",".join(["1"] * 60), "Write five fields"),
    ],
)
def test_what_is_no_cron_expression_is_refused_with_how_to_write_one(text, words):
    with pytest.raises(NotAllowed, match=words):
        cron_of(text)


# --- zones and words ---


@pytest.mark.parametrize("name", ["Europe/Berlim", "", "../etc/passwd", "/etc/localtime", "Europe", "x" * 5000])
def test_what_is_no_time_zone_is_refused_with_an_example(name):
    with pytest.raises(NotAllowed, match="is no time zone; name one as Europe/Berlin"):
        zone_of(name)


def test_a_time_is_spoken_by_the_clock_of_its_zone_and_with_its_day_if_that_is_another():
    spoken = [
        spoken_time(utc(moment), now=NOON, time_zone="Asia/Tokyo")
        for moment in ("2026-03-01 13:05", "2026-03-01 15:00")
    ]

    assert spoken == ["at 22:05 Asia/Tokyo", "on 2026-03-02 at 00:00 Asia/Tokyo"]


@pytest.mark.parametrize(
    ("schedule", "is_off", "words"),
    [
        (OFF, True, "off"),
        (interval_of("2h"), False, "every 2 hours"),
        (cron_of("0 3 * * *"), False, "cron 0 3 * * *"),
    ],
)
def test_a_schedule_says_whether_and_when_it_starts_anything(schedule, is_off, words):
    assert (schedule.is_off, str(schedule)) == (is_off, words)


@pytest.mark.parametrize(("minutes", "late"), [(-5, False), (0, False), (2, False), (3, True)])
def test_a_schedule_is_late_when_its_time_has_passed_for_more_than_two_minutes(minutes, late):
    assert is_late(NOON, now=NOON + timedelta(minutes=minutes)) is late


def test_a_cron_expression_has_a_hundred_characters_at_most():
    longest = ",".join(["10"] * 31) + " 3 * * *"

    assert len(longest) == 100
    assert cron_of(longest).cron == longest
    with pytest.raises(NotAllowed):
        cron_of(longest.replace(" 3 ", " 13 "))
