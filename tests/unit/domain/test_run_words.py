"""What runs are called and what came of them, in sentences."""

import pytest

from tradepost.database.models import RunKind
from tradepost.domain.plan import Action, Outcome, SubjectKind
from tradepost.domain.run_words import change_words, count_words, deed_words, is_quiet, planned_words, work_words


def row(subject, action, outcome, count, proof=""):
    return {"subject": subject, "action": action, "outcome": outcome, "count": count, "proof": proof}


@pytest.mark.parametrize("kind", RunKind)
def test_every_kind_of_run_has_a_name_that_is_no_code(kind):
    words = work_words(kind)

    assert "_" not in words
    assert words[0].isupper()
    assert work_words(kind, is_preview=True).startswith("Preview: ")


@pytest.mark.parametrize("subject", SubjectKind)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("outcome", ["", *Outcome])
def test_every_change_has_words(subject, action, outcome):
    assert "_" not in change_words(subject, action, outcome)


def test_what_was_done_is_told_first_then_what_was_not_then_what_needed_nothing():
    counts = [
        row("product", "update", "unchanged", 1),
        row("product", "create", "rejected", 1),
        row("product", "create", "applied", 1_200, "read"),
        row("file", "upload", "applied", 3, "answered"),
        row("product", "update", "skipped", 2),
    ]

    assert count_words(counts) == [
        "1,200 products created",
        "3 images uploaded (sent, not re-read)",
        "1 product refused by the store",
        "1 product needed nothing",
        "2 products left out on purpose",
    ]


def test_the_same_that_was_proven_in_different_ways_is_told_apart_and_else_added_up():
    counts = [
        row("product", "update", "applied", 1, "read"),
        row("product", "update", "applied", 2, ""),
        row("product", "update", "applied", 4, "answered"),
    ]

    assert count_words(counts) == ["3 products updated", "4 products updated (sent, not re-read)"]


def test_what_a_person_asks_for_is_not_said_to_be_done():
    counts = [row("listing", "hide", "applied", 1), row("listing", "delist", "applied", 2)]

    assert count_words(counts, kind="request") == [
        "1 listing asked to be hidden",
        "2 listings asked to be removed from the store",
    ]
    assert count_words(counts, kind="sync") == ["1 listing hidden", "2 listings removed from the store"]
    assert change_words("listing", "hide", "applied", kind="request") == "listing asked to be hidden"


def test_a_file_with_refused_rows_is_no_image():
    counts = [row("file", "import", "applied", 1), row("file", "import", "failed", 1)]

    assert count_words(counts, kind="import") == ["1 file taken over", "1 file not taken over, or not all of it"]


def test_a_test_of_a_connection_says_how_it_went():
    counts = [row("channel", "keep", "failed", 1), row("channel", "keep", "unchanged", 1)]

    assert count_words(counts, kind="request") == [
        "1 connection with something to be mended",
        "1 connection tested well",
    ]


def test_what_a_run_says_of_its_channel_is_no_channel_that_was_left_out():
    assert count_words([row("channel", "keep", "skipped", 1)], kind="sync") == ["1 thing left as it is"]


@pytest.mark.parametrize("action", Action)
def test_every_action_can_be_chosen_by_words(action):
    assert "_" not in deed_words(action)


def test_a_plan_says_what_would_be():
    assert planned_words([{"subject": "listing", "action": "hide", "count": 41}]) == ["41 listings would be hidden"]


@pytest.mark.parametrize(
    ("counts", "quiet"),
    [
        ([], True),
        ([row("product", "update", "unchanged", 3)], True),
        ([row("product", "update", "applied", 1)], False),
        ([row("product", "update", "rejected", 1)], False),
    ],
)
def test_quiet_is_what_did_nothing_and_met_nothing(counts, quiet):
    assert is_quiet(counts) is quiet
