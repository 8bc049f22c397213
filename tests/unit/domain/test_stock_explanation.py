"""Why a quantity is what it is, in sentences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.stock.stock import EntryKind
from tradepost.domain.stock.stock_explanation import ExplainedEntry, ExplainedReservation, ExplainedStock, explain

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
SYNCED = "sync is not scheduled, so type 'tradepost listings sync'"
WHEN = "Sync is not scheduled, so type 'tradepost listings sync'."
LISTED = Status(Health.LISTED, Link.LINKED)


def ago(**passed):
    return NOW - timedelta(**passed)


# 12 stated on Monday and set; an order of 2; an order of 1 that was cancelled; 17 stated on Tuesday, so 5 more sent.
MONDAY, TUESDAY = ago(days=2), ago(days=1)
STORY = ExplainedStock(
    sku="CUP",
    status=LISTED,
    quantity=18,
    available=16,
    account=16,
    stated_by="products.csv",
    stated_at=TUESDAY,
    reserved=2,
    reservations=[ExplainedReservation(1001, 2)],
    entries=[
        ExplainedEntry(EntryKind.SET, 12, 12, MONDAY, run_id=3),
        ExplainedEntry(EntryKind.SALE, -2, 10, MONDAY + timedelta(hours=1), order_number=1001, run_id=4),
        ExplainedEntry(EntryKind.SALE, -1, 9, MONDAY + timedelta(hours=2), order_number=1003, run_id=5),
        ExplainedEntry(
            EntryKind.RETURN, 1, 10, MONDAY + timedelta(hours=3), order_number=1003, run_id=6, is_cancelled=True
        ),
        ExplainedEntry(EntryKind.MOVE, 6, 16, TUESDAY, run_id=7),
    ],
    looked_at=ago(minutes=10),
)


def explained(**changed):
    return explain(replace(STORY, **changed), now=NOW, when_synced=SYNCED)


def test_the_whole_story_is_told_in_the_order_in_which_it_happened():
    assert explain(STORY, now=NOW, when_synced=SYNCED) == [
        "18 stated by products.csv on Tuesday at 12:00.",
        "Order 1001 reserves 2: neither handed over nor shipped.",
        "So 16 are available.",
        "Set to 12 on the store, on Monday at 12:00 by run 3.",
        "Order 1001 -2, on Monday at 13:00.",
        "Order 1003 -1, on Monday at 14:00.",
        "Order 1003 cancelled +1, on Monday at 15:00.",
        "Sent +6, on Tuesday at 12:00 by run 7.",
        "The store should have 16, and had 16 when looked at 10 minutes ago.",
    ]


def test_times_are_those_of_the_channels_zone():
    sentences = explain(STORY, now=NOW.astimezone(ZoneInfo("Asia/Tokyo")), when_synced=SYNCED)

    assert sentences[0] == "18 stated by products.csv on Tuesday at 21:00."


@pytest.mark.parametrize(
    ("reservation", "sentence"),
    [
        (
            ExplainedReservation(1001, 2, handed_over_at=ago(hours=1), shipped_at=ago(days=9)),
            (
                "Order 1001 reserves 2: handed over today at 11:00 and seen as shipped on 2026-02-23 at 12:00, which "
                "the statement does not know of."
            ),
        ),
        (
            ExplainedReservation(7, 2, channel="Other"),
            "Order 7 on 'Other' reserves 2: neither handed over nor shipped.",
        ),
    ],
    ids=["on its way", "on another channel"],
)
def test_a_reservation_says_where_its_pieces_are(reservation, sentence):
    assert explained(reservations=[reservation])[1] == sentence


def test_orders_and_entries_that_are_left_out_are_added_up():
    sentences = explained(reserved=40, available=-22, left_out=30, entries=STORY.entries[1:3])

    assert sentences[2:5] == [
        "Older orders reserve 38 more.",
        "22 more are sold than there are, so 0 are offered.",
        "30 older entries are left out; after them the store should have had 12.",
    ]


def test_what_nobody_has_stated_is_left_as_it_is():
    sentences = explained(quantity=None, stated_at=None, available=None, reserved=0, reservations=(), entries=())

    assert sentences[0] == "Nobody has stated how many there are, so the store's count is left as it is."
    assert not any("sync" in sentence for sentence in sentences)


@pytest.mark.parametrize("changed", [{"quantity": None}, {"stated_at": None}])
def test_a_number_without_its_statement_or_a_statement_without_its_number_states_nothing(changed):
    assert explained(**changed)[0] == "Nobody has stated how many there are, so the store's count is left as it is."


@pytest.mark.parametrize(
    ("changed", "rest"),
    [
        ({"status": Status()}, "so a publish would offer 0."),
        (
            {"account": 0, "entries": [ExplainedEntry(EntryKind.SET, 0, 0, MONDAY)]},
            "so it was published with 0; 'tradepost catalogue state-count CUP NUMBER' states it.",
        ),
        (
            {"status": replace(LISTED, health=Health.HIDDEN), "account": 0, "hidden_count": 9},
            "and the store's count was what counts until it was hidden; an unhide puts back the 9 that were found.",
        ),
    ],
)
def test_what_nobody_has_stated_says_what_was_made_of_that(changed, rest):
    nothing = {"quantity": None, "stated_at": None, "available": None, "reserved": 0, "reservations": (), "entries": ()}

    assert explained(**{**nothing, **changed})[0] == f"Nobody has stated how many there are, {rest}"


def test_what_is_gone_from_the_catalogue_is_not_for_sale():
    sentences = explained(is_gone=True, available=0, reserved=0, reservations=())

    assert sentences[1:3] == [
        "It is not in the catalogue any more, so nothing of it is for sale.",
        "So 0 are available.",
    ]


SOLD_OUT_AGAINST_POLICY = (
    "The catalogue would go on selling it without stock; the channel sells what there is, so it is sold out. "
    "'tradepost channel set NAME --sell-without-stock' allows it."
)


@pytest.mark.parametrize("available", [0, -2])
def test_what_the_catalogue_would_go_on_selling_is_said_to_be_sold_out(available):
    assert SOLD_OUT_AGAINST_POLICY in explained(is_asked_to_sell_on=True, available=available)


@pytest.mark.parametrize(("available", "words"), [(0, "So 0 are available."), (-2, "2 more are sold than there are.")])
def test_what_goes_on_being_sold_is_said_to_be_so(available, words):
    told = explained(sells_without_stock=True, proven_without_stock=True, available=available, account=available)

    at = told.index(words)
    assert told[at + 1] == (
        "It goes on being sold without stock: the catalogue asks for that, and the channel allows it."
    )
    assert not any("A sync" in sentence for sentence in told)


def test_what_the_store_was_told_of_the_sale_at_zero_and_did_not_answer_is_said():
    told = explained(open_since=ago(minutes=1), open_move=0)

    assert any("A write that says what happens at 0 was begun 1 minute ago" in sentence for sentence in told)


@pytest.mark.parametrize(("sells", "words"), [(True, "go on"), (False, "stop")])
def test_what_the_store_has_to_be_told_of_the_sale_at_zero_is_said(sells, words):
    told = explained(sells_without_stock=sells, proven_without_stock=not sells)

    assert f"A sync tells the store to {words} selling it at 0." in told


@pytest.mark.parametrize(
    "changed",
    [
        {"available": 1},
        {"available": None},
        {"is_asked_to_sell_on": False},
        {"sells_without_stock": True},
        {"is_gone": True},
        {"status": replace(LISTED, health=Health.HIDDEN)},
    ],
    ids=["in stock", "unknown", "ends at zero", "allowed", "gone", "hidden"],
)
def test_the_policy_is_not_named_where_it_is_not_why_nothing_is_sold(changed):
    sentences = explained(**({"is_asked_to_sell_on": True, "available": 0} | changed))

    assert SOLD_OUT_AGAINST_POLICY not in sentences


def test_an_erased_sale_is_told_with_its_reason():
    erased = ExplainedEntry(EntryKind.ERASED, -1, 12, MONDAY, order_number=9)

    sentences = explained(entries=[STORY.entries[0], erased])

    assert sentences[4].startswith("Order 9 -1, not taken off here because the count above may be younger, on Monday")


# --- what the store has -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "sentences"),
    [
        ({"looked_at": None}, ["The store should have 16; no look at it counts any more, or there was none."]),
        (
            {"looked_at": MONDAY, "entries": STORY.entries[:1], "account": 12, "available": 12},
            ["The store should have 12; it was set 2 days ago and not looked at since."],
        ),
        (
            {"missing": 3, "missing_since": TUESDAY},
            [
                "The store should have 16, and had 13 when looked at 10 minutes ago.",
                "3 are missing from its count since Tuesday at 12:00: they may be in baskets.",
            ],
        ),
        (
            {"missing": 3, "missing_since": TUESDAY, "looked_at": MONDAY, "left_out": 4, "entries": STORY.entries[4:]},
            ["Up to 3 may be missing from its count since Tuesday at 12:00: an answer was lost, and nobody can look."],
        ),
        (
            {"looked_at": MONDAY + timedelta(hours=1, minutes=30)},
            ["The store should have 16, and had 10 when looked at 1 day ago, when it should have had 10."],
        ),
        (
            {"entries": STORY.entries[4:], "looked_at": MONDAY, "left_out": 4},
            ["The store should have 16, and had what it should have had then when looked at 2 days ago."],
        ),
        (
            {"open_since": ago(minutes=1), "open_move": -2, "available": 14},
            [
                (
                    "A write of -2 was begun 1 minute ago and its answer is missing; a later sync settles it, and "
                    "writes nothing else before."
                ),
                "The store should have 16, and had 16 when looked at 10 minutes ago.",
            ],
        ),
        (
            {"open_since": ago(hours=2), "available": 14},
            [
                (
                    "A write that sets its stock was begun 2 hours ago and its answer is missing; a later sync settles "
                    "it, and writes nothing else before."
                ),
                "The store should have 16, and had 16 when looked at 10 minutes ago.",
            ],
        ),
        (
            {"account": None, "looked_at": None},
            [
                "What the store should have is not known.",
                "A sync looks at its count, or sets it to 16 where it can't be read.",
                WHEN,
            ],
        ),
        (
            {"available": 13},
            ["The store should have 16, and had 16 when looked at 10 minutes ago.", "A sync sends -3.", WHEN],
        ),
        (
            {"available": 19, "status": replace(LISTED, pending=Pending.DELIST)},
            ["The store should have 16, and had 16 when looked at 10 minutes ago."],
        ),
        ({"status": Status(), "account": None}, ["It is not on the store yet."]),
        (
            {"status": Status(Health.HIDDEN, Link.LINKED), "account": 0, "entries": [], "looked_at": ago(seconds=5)},
            [
                "The store should have 0, and had what it should have had then when looked at just now.",
                "It is hidden, so the store is to have 0.",
            ],
        ),
    ],
    ids=[
        "never looked at",
        "set without a look",
        "missing",
        "perhaps missing",
        "looked at before later entries",
        "entries of then are left out",
        "open move",
        "open set",
        "lost account",
        "a move is due",
        "a move is held back",
        "not listed",
        "hidden",
    ],
)
def test_what_the_store_should_have_was_seen_to_have_and_gets(changed, sentences):
    assert explained(**changed)[-len(sentences) :] == sentences


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"missing": 3, "missing_since": None},
            "3 are missing from its count: they may be in baskets.",
        ),
        (
            {"missing": 3, "missing_since": TUESDAY, "looked_at": TUESDAY},
            "3 are missing from its count since Tuesday at 12:00: they may be in baskets.",
        ),
        (
            {"missing": 3, "missing_since": TUESDAY, "looked_at": None},
            "Up to 3 may be missing from its count since Tuesday at 12:00: an answer was lost, and nobody can look.",
        ),
        (
            {"missing": 3, "entries": STORY.entries[4:], "looked_at": MONDAY, "left_out": 4},
            "The store should have 16, and had 3 fewer than it should have had when looked at 2 days ago.",
        ),
    ],
    ids=["since nobody knows when", "found by the last look", "never looked at", "fewer than nobody remembers"],
)
def test_what_is_missing_is_said_as_surely_as_it_is_known(changed, sentence):
    assert sentence in explained(**changed)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "16 when looked at"),
        (1, "16 when looked at"),
        (2, "10 when looked at 1 day ago, when it should have had 10"),
    ],
)
def test_a_look_and_the_write_that_it_came_with_are_one_though_they_are_dated_one_after_the_other(seconds, words):
    assert words in explained(looked_at=TUESDAY - timedelta(seconds=seconds))[-1]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (ExplainedEntry(EntryKind.LOOK, 12, 12, MONDAY, run_id=3), "The store had 12, on Monday at 12:00 by run 3."),
        (ExplainedEntry(EntryKind.SET, 12, 12, MONDAY), "Set to 12 on the store, on Monday at 12:00."),
        (
            ExplainedEntry(EntryKind.RETURN, 2, 12, MONDAY, order_number=9, run_id=3),
            "Order 9 gave back +2, on Monday at 12:00.",
        ),
    ],
)
def test_an_entry_says_what_it_was_and_which_run_wrote_or_looked(entry, sentence):
    assert explained(entries=[entry, STORY.entries[4]])[3] == sentence


@pytest.mark.parametrize(
    ("first", "before"),
    [
        (ExplainedEntry(EntryKind.SALE, -2, 10, MONDAY, order_number=1), 12),
        # It took nothing off.
        (ExplainedEntry(EntryKind.ERASED, -2, 10, MONDAY, order_number=1), 10),
    ],
)
def test_what_the_store_had_after_the_entries_that_are_left_out_is_reckoned_back(first, before):
    sentence = explained(left_out=3, entries=[first])[3]

    assert sentence == f"3 older entries are left out; after them the store should have had {before}."


def test_a_number_that_came_from_nobody_in_particular_is_told_without_a_name():
    assert explained(stated_by="")[0] == "18 stated on Tuesday at 12:00."


@pytest.mark.parametrize(
    ("changed", "rest"),
    [
        ({"account": 0, "entries": [ExplainedEntry(EntryKind.LOOK, 0, 0, MONDAY)]}, "store's count is left as it is."),
        ({"account": 0, "entries": [ExplainedEntry(EntryKind.SET, 5, 5, MONDAY)]}, "store's count is left as it is."),
        ({"account": 4, "entries": [ExplainedEntry(EntryKind.SET, 0, 0, MONDAY)]}, "store's count is left as it is."),
        (
            {"status": replace(LISTED, health=Health.HIDDEN), "account": 0, "hidden_count": None},
            "and the store's count was what counts until it was hidden.",
        ),
    ],
    ids=["was sold out", "was set to another number", "was set, and somebody has added", "hidden without a look"],
)
def test_what_nobody_has_stated_is_said_to_be_published_with_none_only_where_it_was(changed, rest):
    told = explained(**{"quantity": None, "stated_at": None, "available": None, "reservations": (), **changed})[0]

    assert told.endswith(rest)


@pytest.mark.parametrize(
    ("changed", "sends"),
    [
        ({"available": 13}, "A sync sends -3."),
        ({"available": -4}, "A sync sends -16."),
        ({"available": 19}, None),
        ({"available": 16}, None),
        ({"account": None, "looked_at": None}, None),
        ({"sells_without_stock": True}, None),
    ],
)
def test_what_is_to_go_off_sale_is_sent_fewer_and_nothing_else(changed, sends):
    told = explained(**{"status": replace(LISTED, pending=Pending.DELIST), **changed})

    assert [sentence for sentence in told if sentence.startswith("A sync")] == ([sends] if sends else [])


@pytest.mark.parametrize("changed", [{"account": None, "looked_at": None}, {"open_since": ago(minutes=1)}])
def test_what_the_store_has_to_be_told_of_the_sale_at_zero_waits_for_what_is_known_of_its_count(changed):
    assert not any("selling it at 0" in sentence for sentence in explained(sells_without_stock=True, **changed))


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today at 12:00"), (1, "on Wednesday at 12:00"), (2, "on Tuesday at 12:00"), (3, "on Monday at 12:00"),
        (4, "on Sunday at 12:00"), (5, "on Saturday at 12:00"), (6, "on Friday at 12:00"),
        (7, "on 2026-02-26 at 12:00"), (-1, "on 2026-03-06 at 12:00"),
    ],
)  # fmt: skip
def test_a_day_of_the_last_week_is_called_by_its_name_and_any_other_by_its_date(days, words):
    thursday = NOW + timedelta(days=1)

    told = explain(replace(STORY, stated_at=thursday - timedelta(days=days)), now=thursday, when_synced=SYNCED)

    assert told[0] == f"18 stated by products.csv {words}."


def test_a_week_ago_begins_with_the_day_after_the_same_one():
    told = explain(replace(STORY, stated_at=NOW - timedelta(days=6)), now=NOW, when_synced=SYNCED)

    assert told[0] == "18 stated by products.csv on Thursday at 12:00."


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=59), "just now"), (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"), (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"), (timedelta(days=1), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)  # fmt: skip
def test_what_has_passed_is_told_in_its_largest_unit(passed, words):
    assert any(f"was begun {words} and" in sentence for sentence in explained(open_since=NOW - passed, open_move=1))
