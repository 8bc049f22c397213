"""What is news, what is told of it, and when a message is tried again."""

from datetime import UTC, datetime

import pytest

from tradepost.domain.errors import NotAllowed
from tradepost.domain.people.notices import (
    RETRIES,
    NoticeCause,
    NoticeEvent,
    letter_of,
    news_of,
    next_attempt,
    next_digest,
    over,
)

AT = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)


def held(number: int) -> NoticeCause:
    return NoticeCause(NoticeEvent.ORDER_HELD, str(number), f"Order {number} is on hold.")


def test_what_is_so_is_news_once_until_it_is_over():
    told = {(NoticeEvent.ORDER_HELD, "1"), (NoticeEvent.ORDER_HELD, "2")}

    assert news_of([held(1), held(3)], told) == [held(3)]
    assert over([held(1), held(3)], told) == {(NoticeEvent.ORDER_HELD, "2")}


def test_a_storm_is_one_letter_that_says_how_many():
    letter = letter_of(
        [*map(held, range(1, 501)), NoticeCause(NoticeEvent.BRAKE, "7", "The brake stopped.")], hub="https://hub"
    )

    assert letter.title == "Tradepost: orders are on hold, the brake waits for an answer"
    assert letter.body.splitlines()[-3:] == [
        "And 490 more: orders are on hold.",
        "The brake stopped.",
        "https://hub",
    ]
    assert len(letter.body.splitlines()) == 13


def test_a_message_is_tried_for_about_a_day_and_then_given_up():
    due = [next_attempt(number, at=AT) for number in range(1, len(RETRIES) + 2)]

    assert due == [*(AT + wait for wait in RETRIES), None]


@pytest.mark.parametrize(
    ("clock", "zone", "expected"),
    [
        ("13:00", "UTC", datetime(2026, 3, 28, 13, 0, tzinfo=UTC)),
        ("12:00", "UTC", datetime(2026, 3, 29, 12, 0, tzinfo=UTC)),
        # Summer time begins in the night.
        ("08:00", "Europe/Berlin", datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),
        ("14:00", "Europe/Berlin", datetime(2026, 3, 28, 13, 0, tzinfo=UTC)),
    ],
)
def test_a_digest_is_due_at_the_same_time_of_the_clock_on_the_wall(clock, zone, expected):
    assert next_digest(clock, after=AT, time_zone=zone) == expected


def test_what_is_no_time_of_day_is_refused():
    with pytest.raises(NotAllowed, match="write it as 08:00"):
        next_digest("25 o'clock", after=AT, time_zone="UTC")
