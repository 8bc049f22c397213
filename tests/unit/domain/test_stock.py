from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.orders.order import LineOption, StoreStatus
from tradepost.domain.stock import stock
from tradepost.domain.stock.stock import Landing, OrderSighting, SightingPlace, SoldLine

pieces = st.integers(-40, 40)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_line(quantity, status=StoreStatus.PENDING, *, sku="mug", code="mug", **more):
    return SoldLine(code, sku, quantity, status, **more)


@given(st.integers(0, 40), st.integers(0, 40))
def test_available_is_the_statement_less_what_is_reserved_with_its_sign(statement, reserved):
    assert stock.available(statement, reserved=reserved) == statement - reserved


def test_what_nobody_has_stated_is_unknown_and_what_is_gone_is_not_sold():
    assert stock.available(None, reserved=3) is None
    assert stock.available(7, reserved=3, is_gone=True) == 0
    assert stock.available(1, reserved=3, is_gone=True) == -2
    assert stock.available(None, reserved=3, is_gone=True) == -3


def test_the_catalogue_says_how_many_there_are_and_none_of_what_it_does_not_have_any_more():
    assert [stock.stated(7, is_gone=False), stock.stated(None, is_gone=False)] == [7, None]
    assert [stock.stated(7, is_gone=True), stock.stated(None, is_gone=True)] == [0, 0]


def test_no_more_is_offered_than_a_store_can_count():
    assert stock.available(10**12, reserved=3) == 2_147_483_647


@pytest.mark.parametrize(("minutes", "is_settleable"), [(0, False), (2, False), (3, True), (60, True)])
def test_a_write_is_settled_when_it_cannot_land_any_more(minutes, is_settleable):
    now = NOON + timedelta(minutes=minutes)

    assert stock.is_settleable(open_since=NOON, now=now, wait=timedelta(minutes=3)) is is_settleable


A_DAY = timedelta(hours=26)


def look_due(*, is_hidden=False, looked_at=NOON, missing=0, missing_since=None, after):
    return stock.is_look_due(
        is_hidden=is_hidden,
        looked_at=looked_at,
        missing=missing,
        missing_since=missing_since,
        now=NOON + after,
        basket_life=A_DAY,
    )


def test_what_nobody_has_looked_at_is_looked_at():
    assert look_due(looked_at=None, after=timedelta(0))


@pytest.mark.parametrize(("hours", "is_due"), [(0, False), (26, False), (7 * 24 - 1, False), (7 * 24, True)])
def test_what_is_on_sale_is_looked_at_once_a_week(hours, is_due):
    assert look_due(after=timedelta(hours=hours)) is is_due


@pytest.mark.parametrize(("hours", "is_due"), [(0, False), (25, False), (26, True), (7 * 24, True)])
def test_what_is_hidden_is_looked_at_as_often_as_baskets_give_back(hours, is_due):
    assert look_due(is_hidden=True, after=timedelta(hours=hours)) is is_due


@pytest.mark.parametrize(("hours", "is_due"), [(25, False), (26, True)])
def test_what_is_missing_is_looked_at_again_when_no_basket_can_hold_it_any_more(hours, is_due):
    assert look_due(missing=2, missing_since=NOON, after=timedelta(hours=hours)) is is_due


@pytest.mark.parametrize(
    ("missing", "since"), [(0, NOON - A_DAY), (-1, NOON - A_DAY), (2, None), (2, NOON - A_DAY + timedelta(seconds=1))]
)
def test_pieces_that_may_be_in_a_basket_are_not_missing_for_good(missing, since):
    assert not stock.is_missing_for_good(missing=missing, missing_since=since, now=NOON, basket_life=A_DAY)
    assert stock.is_missing_for_good(missing=1, missing_since=NOON - A_DAY, now=NOON, basket_life=A_DAY)


@given(pieces, pieces)
def test_after_a_move_the_store_offers_what_is_available_or_nothing(available, account):
    after = account + stock.move(available, account)

    assert max(0, after) == max(0, available)
    assert stock.move(available, after) == 0


@given(pieces, pieces, st.integers(0, 20))
def test_a_known_sale_makes_no_move(available, account, sold):
    """It lowers what is available and the account alike; only where too much is on sale already, more is to be done."""
    if stock.move(available, account) == 0 and available >= 0:
        assert stock.move(available - sold, account - sold) == 0


@given(pieces, pieces)
def test_no_move_raises_a_count_above_what_is_available(available, account):
    change = stock.move(available, account)

    assert change <= 0 or account + change <= available


@pytest.mark.parametrize(
    ("count", "account", "landed"),
    [(8, 5, Landing.LANDED), (5, 5, Landing.NEVER), (9, 5, Landing.UNCLEAR), (None, 5, Landing.UNCLEAR)],
)
def test_a_count_that_is_whole_says_whether_a_move_of_three_landed(count, account, landed):
    assert stock.landing(count=count, account=account, change=3, is_whole=True) is landed


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("change", [-3, 3])
@pytest.mark.parametrize("landed", [True, False])
@pytest.mark.parametrize("held", [0, 1, 2, 3, 4])
def test_whatever_baskets_hold_a_settled_account_is_never_below_the_truth(is_whole, change, landed, held):
    truth = 5 + (change if landed else 0)
    count = truth if is_whole else truth - held

    found = stock.landing(count=count, account=5, change=change, is_whole=is_whole)

    account = 5 + (change if found is Landing.LANDED else 0)
    assert found is not Landing.UNCLEAR
    assert account == truth if is_whole else account >= truth


def test_without_a_count_the_higher_account_is_kept_where_baskets_may_hold_pieces():
    found = [stock.landing(count=None, account=5, change=change, is_whole=False) for change in (3, -3)]

    assert found == [Landing.LANDED, Landing.NEVER]


@pytest.mark.parametrize(("minutes", "erased"), [(0, True), (10, True), (10.1, False)])
def test_a_sale_that_comes_to_light_soon_after_a_set_counts_as_erased(minutes, erased):
    assert stock.is_erased(sighted_at=NOON + timedelta(minutes=minutes), basis_at=NOON) is erased


def test_pieces_are_summed_by_product_whatever_the_lines():
    whole = OrderSighting(7, StoreStatus.PENDING, 1, (a_line(3),))
    split = OrderSighting(7, StoreStatus.PENDING, 2, (a_line(1), a_line(2)))

    assert [(p.key, p.taken, p.on_delete) for p in whole.pieces] == [("mug", 3, 3)]
    assert [(p.key, p.taken, p.on_delete) for p in split.pieces] == [("mug", 3, 3)]


def test_lines_of_a_family_without_a_sku_are_told_apart_by_what_was_chosen():
    small, large = (SoldLine("Tee", "", 1, StoreStatus.PENDING, options=(LineOption("Size", size),)) for size in "SL")
    endless = replace(small, options=(LineOption("Size", "S" * 300),))

    order = OrderSighting(7, StoreStatus.PENDING, 1, (small, large, small, endless))

    assert [(p.key[:10], p.taken) for p in order.pieces] == [("tee?size=s", 2), ("tee?size=l", 1), ("tee?size=s", 1)]
    assert max(len(p.key) for p in order.pieces) == 255


@pytest.mark.parametrize(
    ("status", "line", "is_open"),
    [
        (StoreStatus.PENDING, StoreStatus.PENDING, True),
        (StoreStatus.PARTIALLY_SHIPPED, StoreStatus.PENDING, True),
        (StoreStatus.SHIPPED, StoreStatus.SHIPPED, False),
        # Nothing that can happen to it now is told by its lines, or gives anything back.
        (StoreStatus.RMA_ISSUED, StoreStatus.RMA_ISSUED, False),
        (StoreStatus.OTHER, StoreStatus.PROCESSING, True),
        (StoreStatus.OTHER, StoreStatus.OTHER, False),
    ],
)
def test_an_order_is_asked_for_again_as_long_as_something_may_happen_to_it(status, line, is_open):
    assert OrderSighting(7, status, 1, (replace(a_line(1), status=line),)).is_open is is_open


@pytest.mark.parametrize(
    ("status", "taken", "on_delete", "is_shipped"),
    [
        (StoreStatus.PENDING, 2, 2, False),
        (StoreStatus.PROCESSING, 2, 2, False),
        (StoreStatus.BACKORDERED, 2, 2, False),
        (StoreStatus.SHIPPED, 2, 0, True),
        (StoreStatus.RETURNED, 2, 0, True),  # the store doesn't say whether they were put back
        (StoreStatus.CANCELLED, 0, 0, False),
    ],
)
def test_what_a_line_has_taken_follows_its_status(status, taken, on_delete, is_shipped):
    (found,) = OrderSighting(7, status, 1, (a_line(2, status),)).pieces

    assert (found.taken, found.on_delete, found.is_shipped) == (taken, on_delete, is_shipped)


def test_a_line_is_named_by_its_sku_and_one_without_by_its_code():
    order = OrderSighting(7, StoreStatus.PENDING, 1, (a_line(1, sku="MUG-1"), a_line(2, sku="", code="Cup")))

    assert {found.key: found.taken for found in order.pieces} == {"mug-1": 1, "cup": 2}


def test_what_is_no_product_takes_nothing():
    assert OrderSighting(7, StoreStatus.PENDING, 1, (a_line(1, is_product=False),)).pieces == ()


def test_a_listing_may_be_known_by_any_name_that_a_line_has():
    line = a_line(1, sku="TEE-S", code="tee", part_codes=("TEE-S", "", "Shirt"))

    assert line.names == {"tee-s", "tee", "shirt"}


def test_a_long_choice_is_told_apart_by_a_key_that_a_database_can_keep():
    def key(text):
        option = LineOption(attribute="Engraving", option=text)
        (pieces,) = OrderSighting(1, StoreStatus.PENDING, 0, (a_line(1, sku="", options=(option,)),)).pieces
        return pieces.key

    short, *long = (key("x" * length) for length in (241, 242, 300, 301))

    assert short == "mug?engraving=" + "x" * 241
    assert [len(each) for each in (short, *long)] == [255, 255, 255, 255]
    assert len(set(long)) == 3


def test_what_was_left_blank_is_no_choice():
    chosen = (LineOption(attribute="Size", option="S"), LineOption(attribute="Note", option=""))
    also = (*chosen, LineOption(attribute="Colour", option="Red"))
    lines = tuple(a_line(1, sku="", code="tee", options=options) for options in (chosen, also))

    assert [p.key for p in OrderSighting(1, StoreStatus.PENDING, 0, lines).pieces] == [
        "tee?size=s", "tee?colour=red&size=s",
    ]  # fmt: skip


def test_an_order_of_a_known_status_is_finished_whatever_its_lines_say():
    assert not OrderSighting(1, StoreStatus.CANCELLED, 0, (a_line(1, StoreStatus.PENDING),)).is_open


def test_the_place_goes_on_to_the_newest_of_both_and_never_back():
    place = SightingPlace(first_id=3, highest_id=7, highest_updated=500)

    found = place.beyond([OrderSighting(9, StoreStatus.PENDING, 400), OrderSighting(5, StoreStatus.PENDING, 600)])

    assert (found.first_id, found.highest_id, found.highest_updated) == (3, 9, 600)
    assert found.beyond([OrderSighting(1, StoreStatus.PENDING, 1)]) == found


@pytest.mark.parametrize(
    ("placed", "updated", "found", "is_replaced"),
    [
        (100, 100, 100, False),
        (100, 300, 100, False),
        # Somebody has set its date right, and the store says so.
        (100, 300, 200, False),
        (100, 300, 301, True),
        (100, 0, 101, True),
        # Nobody has written down when it was placed.
        (0, 100, 200, False),
    ],
)
def test_an_order_that_was_placed_after_the_known_one_had_changed_is_another_one(placed, updated, found, is_replaced):
    order = OrderSighting(1042, StoreStatus.PENDING, found, placed=found)
    assert stock.is_replaced(order, placed=placed, updated=updated) is is_replaced
