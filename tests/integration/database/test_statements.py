"""What a source says of quantities, and which of the pieces that orders took it knows of, on both databases."""

# ruff: noqa: PLR0917 - fixtures are asked for by name

from datetime import timedelta
from itertools import product

import pytest
from django.db import transaction

from tradepost.database.models import Channel, Listing, Sighting, VariantRecord
from tradepost.database.stock.statements import statements_of
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.stock.stock import Counting, OrderSighting, SoldLine, is_statement
from tradepost.operations.ports import Saying, SightedOrder, SourceSettings

HOUR = timedelta(hours=1)


@pytest.fixture
def sight(accounts, noon):
    """Sight an order of some cups."""

    def run(number, pieces, status=StoreStatus.PENDING, *, updated=100, at=noon, to=accounts):
        found = OrderSighting(number, status, updated, (SoldLine("CUP", "CUP", pieces, status),))
        with transaction.atomic():
            to.sight([SightedOrder(number, found)], is_first=False, at=at)

    return run


@pytest.fixture
def state(save, simple, catalogue):
    """Let the source say how many cups there are; returns what is available."""

    def run(quantity, counted_at=None, through=(), **saying):
        save([simple("CUP", quantity=quantity, counted_at=counted_at, orders_through=through)], **saying)
        catalogue.refresh_wanted(["cup"])

    return run


@pytest.fixture
def hand_over(channel):
    """Note when somebody took an order's pieces into a count of their own."""

    def run(number, at):
        assert Sighting.objects.filter(channel=channel, external_id=number).update(handed_over_at=at) == 1

    return run


def cup(*names):
    return VariantRecord.objects.values_list(*names).get(sku="CUP")


# --- which numbers are statements ---------------------------------------------------------------------------------


def test_the_same_number_again_is_no_statement(shop, sight, state, stock, noon):
    sight(1001, 2, StoreStatus.SHIPPED)

    state(5, at=noon + HOUR)

    assert stock()["CUP"] == (3, 3)
    assert cup("quantity", "stated_at") == (5, noon)


def test_another_number_is_one(shop, sight, state, stock, noon):
    sight(1001, 2, StoreStatus.SHIPPED)

    state(8, at=noon + HOUR)

    assert stock()["CUP"] == (8, 3)
    assert cup("quantity", "source_quantity", "stated_by", "stated_at") == (8, 8, "catalogue.csv", noon + HOUR)


def test_a_number_that_comes_back_is_one(shop, state, stock, noon):
    state(8, at=noon + HOUR)
    state(5, at=noon + 2 * HOUR)

    assert stock()["CUP"] == (5, 5)
    assert cup("stated_at") == (noon + 2 * HOUR,)


def test_where_all_numbers_count_the_same_again_is_one(shop, sight, state, stock, noon):
    sight(1001, 2, StoreStatus.SHIPPED)

    state(5, at=noon + HOUR, counting=Counting.FILE)

    assert stock()["CUP"] == (5, 3)
    assert cup("stated_at") == (noon + HOUR,)


def test_a_number_is_compared_with_what_the_source_said_last_and_not_with_another_statement(shop, state, noon):
    # A person has counted since.
    VariantRecord.objects.filter(sku="CUP").update(quantity=2, stated_by="ada", stated_at=noon + HOUR)

    state(5, at=noon + 2 * HOUR)
    same = cup("quantity", "stated_by")
    state(6, at=noon + 3 * HOUR)

    assert (same, cup("quantity", "stated_by")) == ((2, "ada"), (6, "catalogue.csv"))


@pytest.mark.parametrize(
    ("hours", "available"),
    [(-1, 3), (0, 3), (1, 5), (None, 3)],
    ids=["counted before", "at the same moment", "counted since", "nobody says when"],
)
def test_where_a_column_says_when_it_was_counted_a_later_number_is_a_statement(
    shop, sight, state, stock, noon, hours, available
):
    sight(1001, 2, StoreStatus.SHIPPED, at=noon - 2 * HOUR)
    counted_at = None if hours is None else noon + hours * HOUR

    state(5, counted_at, at=noon + 9 * HOUR, counting=Counting.COLUMN)

    assert stock()["CUP"] == (available, 3)
    assert cup("stated_at") == (counted_at if available == 5 else noon,)


def test_a_number_is_a_statement_where_the_rule_says_so_whether_its_variant_was_there_or_not(
    shop, save, simple, catalogue, noon
):
    cases = list(product(Counting, (None, -1, 0, 1), (None, 5, 8)))
    stated = []
    for place, (counting, hours, before) in enumerate(cases):
        counted_at = None if hours is None else noon + hours * HOUR
        VariantRecord.objects.filter(sku="CUP").update(stated_by="ada", stated_at=noon, source_quantity=before)
        numbers = [simple(sku, quantity=5, counted_at=counted_at) for sku in ("CUP", f"NEW-{place}")]

        save(numbers, at=noon + 9 * HOUR, counting=counting)

        makers = dict(VariantRecord.objects.values_list("sku", "stated_by"))
        stated.append((makers["CUP"] != "ada", makers[f"NEW-{place}"] != ""))

    times = [None if hours is None else noon + hours * HOUR for _, hours, _ in cases]
    assert stated == [
        (
            is_statement(counting, 5, counted_at=at, before=before, stated_at=noon),
            is_statement(counting, 5, counted_at=at),
        )
        for (counting, _, before), at in zip(cases, times, strict=True)
    ]


def test_a_number_by_column_knows_what_had_been_handed_over_when_it_was_counted_less_the_lag(
    shop, sight, state, stock, hand_over, noon
):
    for number, hours in ((1001, 1), (1002, 3), (1003, 5)):
        sight(number, 1)
        hand_over(number, noon + hours * HOUR)

    state(9, noon + 4 * HOUR, at=noon + 9 * HOUR, counting=Counting.COLUMN, lag=2 * HOUR)

    assert stock()["CUP"][0] == 9 - 2, "only the first had been handed over two hours before"


def test_what_a_person_counts_is_always_a_statement_and_knows_what_was_handed_over(
    shop, sight, state, stock, catalogue, hand_over, noon
):
    sight(1001, 2)
    sight(1002, 1)
    hand_over(1001, noon + HOUR)
    saying = Saying("ada", noon + 2 * HOUR, noon + 2 * HOUR)

    catalogue.state({"CUP": 5, "nobody's": 3}, saying=saying)
    catalogue.refresh_wanted(["cup"])

    assert stock()["CUP"] == (5 - 1, 2)
    assert cup("quantity", "stated_by", "stated_at", "source_quantity") == (5, "ada", noon + 2 * HOUR, 5)
    assert catalogue.stated_quantities(["CUP", "nobody's"]) == {"CUP": 5}


def test_the_same_number_of_a_file_says_nothing_against_what_a_person_has_counted_since(shop, state, catalogue, noon):
    catalogue.state({"CUP": 7}, saying=Saying("ada", noon + HOUR, noon + HOUR))

    state(5, at=noon + 2 * HOUR)

    assert cup("quantity", "stated_by") == (7, "ada")


@pytest.mark.parametrize("counting", Counting)
def test_a_blank_says_nothing(shop, sight, state, stock, noon, counting):
    sight(1001, 2, StoreStatus.SHIPPED)

    state(None, at=noon + HOUR, counting=counting)

    assert stock()["CUP"] == (3, 3)
    assert cup("quantity", "source_quantity", "stated_at") == (5, 5, noon)


def test_a_statement_is_of_the_variant_that_it_names(shop, sight, save, family, catalogue, stock, noon):
    sight(1001, 2, StoreStatus.SHIPPED)

    save([family("tee", "S", "M", quantity=9)], at=noon + HOUR, counting=Counting.FILE)
    catalogue.refresh_wanted(["tee"])

    assert stock() == {"tee-S": (9, 5), "tee-M": (9, 5), "CUP": (3, 3)}


# --- what a statement knows of ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [StoreStatus.PENDING, StoreStatus.PROCESSING, StoreStatus.BACKORDERED])
def test_a_statement_knows_of_nothing_that_is_still_in_the_house(shop, sight, state, stock, noon, status):
    sight(1001, 2, status)

    state(8, at=noon + HOUR)

    assert stock()["CUP"] == (6, 3)


@pytest.mark.parametrize(("shipped", "left"), [(-HOUR, 8), (timedelta(), 8), (timedelta(seconds=1), 6)])
def test_where_nothing_is_handed_over_it_knows_what_was_shipped_by_then(shop, sight, state, stock, noon, shipped, left):
    knows_until = noon + 2 * HOUR
    sight(1001, 2, StoreStatus.SHIPPED, at=knows_until + shipped)

    state(8, at=noon + 5 * HOUR, knows_until=knows_until)

    assert stock()["CUP"] == (left, 3)


def test_an_order_was_shipped_when_that_was_first_seen(shop, sight, state, stock, noon):
    sight(1001, 2, StoreStatus.SHIPPED, at=noon + HOUR)
    sight(1001, 2, StoreStatus.SHIPPED, at=noon + 3 * HOUR, updated=101)

    state(8, at=noon + 4 * HOUR, knows_until=noon + 2 * HOUR)

    assert stock()["CUP"] == (8, 3)


@pytest.mark.parametrize(("handed_over", "left"), [(-HOUR, 8), (timedelta(), 8), (timedelta(seconds=1), 6)])
def test_a_statement_knows_of_what_was_handed_over_by_then(
    shop, sight, state, hand_over, stock, noon, handed_over, left
):
    knows_until = noon + 2 * HOUR
    sight(1001, 2)
    hand_over(1001, knows_until + handed_over)

    state(8, at=noon + 5 * HOUR, knows_until=knows_until)

    assert stock()["CUP"] == (left, 3)


def test_where_orders_are_handed_over_shipping_frees_nothing(shop, sight, state, hand_over, stock, noon):
    sight(1001, 2, StoreStatus.SHIPPED)
    sight(1002, 1)
    hand_over(1002, noon + 9 * HOUR)

    state(8, at=noon + 5 * HOUR)

    assert stock()["CUP"] == (5, 2)


def test_whether_orders_are_handed_over_is_a_matter_of_their_channel(
    shop, sight, state, hand_over, stock, put_on_sale, noon
):
    from tradepost.database.models import Channel  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.stock.accounts import DjangoAccounts  # noqa: PLC0415

    other = Channel.objects.create(name="Other")
    put_on_sale(other, ["cup"], ["CUP"])
    sight(1001, 1, StoreStatus.SHIPPED, to=DjangoAccounts(other.pk, clock=lambda: noon))
    sight(1001, 2, StoreStatus.SHIPPED)
    hand_over(1001, noon + 9 * HOUR)

    state(8, at=noon + 5 * HOUR)

    # The other's piece is known, and these two are not.
    assert stock()["CUP"] == (6, 3)


def test_what_is_known_stays_known_and_more_of_the_same_order_is_not(shop, sight, state, stock, noon):
    sight(1001, 2, StoreStatus.SHIPPED)
    state(8, at=noon + HOUR)

    sight(1001, 3, StoreStatus.SHIPPED, updated=101, at=noon + 2 * HOUR)

    assert stock()["CUP"] == (7, 2)


def test_a_known_order_that_is_cancelled_later_frees_nothing_twice(shop, sight, state, stock, noon):
    """The source has taken its pieces off the number already, and puts them back itself."""
    sight(1001, 2, StoreStatus.SHIPPED)
    state(8, at=noon + HOUR)

    sight(1001, 2, StoreStatus.CANCELLED, updated=101, at=noon + 2 * HOUR)
    cancelled = stock()["CUP"]
    state(10, at=noon + 3 * HOUR)

    assert (cancelled, stock()["CUP"]) == ((8, 5), (10, 5))


def test_known_pieces_that_come_back_make_up_for_no_others(shop, sight, state, stock, noon):
    sight(1001, 3, StoreStatus.SHIPPED)
    state(8, at=noon + HOUR)
    sight(1001, 3, StoreStatus.CANCELLED, updated=101)

    sight(1002, 2)

    assert stock()["CUP"][0] == 6


def test_an_unknown_order_that_is_cancelled_frees_its_pieces(shop, sight, state, stock, noon):
    sight(1001, 2)
    state(8, at=noon + HOUR)

    sight(1001, 2, StoreStatus.CANCELLED, updated=101)

    assert stock()["CUP"] == (8, 5)


# --- sources ------------------------------------------------------------------------------------------------------


def test_a_source_has_defaults_and_keeps_what_is_set(database, catalogue):
    before = catalogue.source("erp")
    settings = SourceSettings("erp", Counting.FILE, timedelta(minutes=90), "ab" * 32)

    catalogue.set_source(settings)

    assert before == SourceSettings("erp")
    assert (catalogue.source("erp"), catalogue.source("pim")) == (settings, SourceSettings("pim"))


# --- what a source says itself that it knows ------------------------------------------------------------------------


def test_a_statement_that_names_the_orders_knows_exactly_these(shop, sight, state, stock, hand_over, noon):
    for number in (1001, 1002, 1003):
        sight(number, 1)
    # Handed over long ago, and yet not in the count.
    hand_over(1003, noon)
    sight(1004, 1, StoreStatus.SHIPPED)

    state(10, through=(("Shop", 1002),), at=noon + HOUR, counting=Counting.FILE)

    assert stock("CUP")["CUP"][0] == 10 - 2


def test_it_says_nothing_of_the_orders_of_another_channel(shop, sight, state, stock, noon):
    other = Channel.objects.create(name="Other")
    sight(1001, 1)
    listing = Listing.objects.get(channel__name="Shop", sku="CUP")
    elsewhere = Sighting.objects.create(
        channel=other, external_id=1000, store_status="pending", updated=1, is_open=True, sighted_at=noon
    )
    elsewhere.pieces.create(key="cup", variant=listing.variant, taken=3, on_delete=3)

    state(10, through=(("Shop", 5000),), at=noon + HOUR, counting=Counting.FILE)
    assert stock("CUP")["CUP"][0] == 10 - 3
    state(10, through=(("Shop", 5000), ("Other", 1000)), at=noon + HOUR, counting=Counting.FILE)

    assert stock("CUP")["CUP"][0] == 10


# --- statements that hold again -----------------------------------------------------------------------------------


def replaced():
    """What was stated of the cup, and the statement that is there now."""
    return statements_of(["CUP"])["CUP"]


def test_an_earlier_statement_holds_again_where_nothing_was_sold(shop, state, stock, catalogue, noon):
    earlier = replaced()
    state(50, at=noon + HOUR)

    assert catalogue.restate({"CUP": (earlier, replaced())}) == {"CUP"}

    catalogue.refresh_wanted(["cup"])
    assert replaced() == earlier
    assert stock()["CUP"] == (5, 5)


@pytest.mark.parametrize("sighted_after_hours", [0.5, 2])
def test_it_does_not_where_pieces_were_ordered_since(shop, sight, state, catalogue, noon, sighted_after_hours):
    """R31: pieces that are gone are never offered again."""
    earlier = replaced()
    sight(1001, 2, at=noon + sighted_after_hours * HOUR)
    state(50, at=noon + HOUR)
    now = replaced()

    assert catalogue.restate({"CUP": (earlier, now)}) == set()
    assert replaced() == now


def test_it_does_not_where_pieces_ordered_before_were_handed_over_since(shop, sight, state, hand_over, catalogue, noon):
    """The earlier number still had them in the house; the later one may know that they are out."""
    sight(1001, 2, at=noon - HOUR)
    earlier = replaced()
    hand_over(1001, noon + HOUR / 2)
    state(50, at=noon + HOUR)

    assert catalogue.restate({"CUP": (earlier, replaced())}) == set()


def test_it_does_where_all_was_handed_over_before_it_was_made(shop, sight, state, hand_over, catalogue, noon):
    sight(1001, 2, at=noon - 2 * HOUR)
    hand_over(1001, noon - HOUR)
    earlier = replaced()
    state(50, at=noon + HOUR)

    assert catalogue.restate({"CUP": (earlier, replaced())}) == {"CUP"}


def test_it_does_not_where_somebody_has_stated_another_since(shop, state, catalogue, noon):
    earlier = replaced()
    state(50, at=noon + HOUR)
    wrong = replaced()
    state(7, at=noon + 2 * HOUR)

    assert catalogue.restate({"CUP": (earlier, wrong)}) == set()
    assert cup("quantity") == (7,)
