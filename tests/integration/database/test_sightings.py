"""What orders of the store take from stock and give back, on both databases."""

# ruff: noqa: PLR0917 - fixtures are asked for by name

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.database.models import Listing, SightedPieces, Sighting, StockEntry, VariantRecord
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.domain.orders.order import LARGEST_ID, LARGEST_QUANTITY, StoreStatus
from tradepost.domain.stock.stock import ERASED_WITHIN, EntryKind, OrderSighting, SightingPlace, SoldLine
from tradepost.operations.ports import AccountEntry, KnownSighting, SightedOrder


def sold(sku, quantity=1, status=StoreStatus.PENDING, **more):
    return replace(SoldLine(sku, sku, quantity, status), **more)


def order(number, *lines, updated=100, status=StoreStatus.PENDING):
    return OrderSighting(number, status, updated, lines)


@pytest.fixture
def sight(accounts, noon):
    """Write down what was sighted, an hour after the shop opened."""

    def run(*orders, is_first=False, at=noon + timedelta(hours=1), to=accounts, read_at=None):
        with transaction.atomic():
            sighted = [SightedOrder(found.id, found) for found in orders]
            to.sight(sighted, is_first=is_first, at=at, read_at=read_at)

    return run


@pytest.fixture
def vanish(accounts, noon):
    """Write down that orders were not found any more."""

    def run(*numbers, read_at=None):
        with transaction.atomic():
            gone = [SightedOrder(number, None) for number in numbers]
            accounts.sight(gone, is_first=False, at=noon + timedelta(hours=1), read_at=read_at)

    return run


@pytest.fixture
def other(channel, shop, put_on_sale, noon):
    """A second channel on which the same cup is on sale: its accounts, and what is read of it."""
    from tradepost.database.listings.listings import DjangoListings  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.models import Channel  # noqa: PLC0415

    class Other:
        channel = Channel.objects.create(name="Other")
        accounts = DjangoAccounts(channel.pk, clock=lambda: noon)

        def cup(self):
            (cup,) = DjangoListings(self.channel.pk).by_skus(["CUP"])
            return cup.available, cup.account

    put_on_sale(Other.channel, ["cup"], ["CUP"])
    return Other()


def entries():
    return list(StockEntry.objects.exclude(kind="set").order_by("id").values_list("kind", "amount", "account"))


# --- a sale -------------------------------------------------------------------------------------------------------


def test_a_sighting_takes_the_pieces_off_what_is_available_and_the_account_once(shop, sight, stock):
    orders = [order(1001, sold("CUP", 2), sold("CUP")), order(1002, sold("tee-S"))]

    sight(*orders)
    sight(*orders)

    assert stock() == {"CUP": (2, 2), "tee-S": (4, 4), "tee-M": (5, 5)}
    assert entries() == [("sale", -3, 2), ("sale", -1, 4)]
    assert list(StockEntry.objects.filter(kind="sale").values_list("order_number", flat=True)) == [1001, 1002]


def test_another_channel_must_sell_less_but_its_store_still_has_what_it_had(shop, sight, stock, other):
    sight(order(1001, sold("CUP", 2)))

    assert stock("CUP") == {"CUP": (3, 3)}
    assert other.cup() == (3, 5)


def test_more_sold_than_there_is_keeps_the_true_number(shop, sight, stock):
    sight(order(1001, sold("CUP", 7)))

    assert stock("CUP") == {"CUP": (-2, -2)}


def test_the_largest_orders_are_added_up(shop, sight, stock):
    sight(order(LARGEST_ID, sold("CUP", LARGEST_QUANTITY), sold("CUP", LARGEST_QUANTITY)), order(7, sold("CUP")))

    left = 5 - 2 * LARGEST_QUANTITY - 1
    assert stock("CUP") == {"CUP": (left, left)}


@pytest.mark.parametrize(
    ("names", "sku"),
    [
        ({"sku": "tee-S", "code": "tee", "external_product_id": 999}, "tee-S"),
        ({"sku": "", "code": "tee", "part_codes": ("TEE-m",)}, "tee-M"),
        ({"sku": "", "code": "cup"}, "CUP"),
        ({"sku": "ANY", "code": "cup"}, "CUP"),
        ({"sku": "tee-S", "code": "tee", "external_product_id": 100}, "CUP"),
    ],
    ids=["SKU", "part behind it", "code", "code of another SKU", "the store's id before all else"],
)
def test_pieces_are_those_of_the_listing_that_the_line_names(shop, sight, stock, names, sku):
    sight(order(1001, replace(sold("x", 2), **names)))

    assert {name for name, figures in stock().items() if figures == (3, 3)} == {sku}


def test_what_is_no_product_or_no_listing_stops_nothing_else(shop, sight, stock):
    wrap = sold("gift-wrap", is_product=False)

    sight(order(1001, wrap, sold("MUG", 2), sold("CUP")), order(1002, sold("", code="tee")), order(1003, sold("CUP")))

    assert stock()["CUP"] == (3, 3)
    assert SightedPieces.objects.filter(listing=None).count() == 2


def test_a_cancelled_line_sells_nothing(shop, sight, stock):
    sight(order(1001, sold("CUP", 2, StoreStatus.CANCELLED), sold("CUP")))

    assert stock()["CUP"] == (4, 4)


# --- what becomes of an order -------------------------------------------------------------------------------------


def test_a_cancelled_order_gives_its_pieces_back_once(shop, sight, stock):
    sight(order(1001, sold("CUP", 2), sold("tee-S")))
    cancelled = order(1001, sold("CUP", 2, StoreStatus.CANCELLED), sold("tee-S"), updated=101)

    sight(cancelled)
    sight(cancelled)

    assert stock() == {"CUP": (5, 5), "tee-S": (4, 4), "tee-M": (5, 5)}
    assert entries()[2:] == [("return", 2, 5)]


def test_shipping_frees_nothing_and_gives_nothing_back(shop, sight, stock):
    sight(order(1001, sold("CUP", 2)))

    sight(order(1001, sold("CUP", 2, StoreStatus.SHIPPED), updated=101, status=StoreStatus.SHIPPED))

    assert stock()["CUP"] == (3, 3)


@pytest.mark.parametrize(
    ("status", "left"),
    [
        (StoreStatus.PENDING, 5),
        (StoreStatus.PROCESSING, 5),
        (StoreStatus.BACKORDERED, 5),
        (StoreStatus.SHIPPED, 3),
        (StoreStatus.RMA_ISSUED, 3),
        (StoreStatus.RETURNED, 3),
        (StoreStatus.CANCELLED, 5),
    ],
)
def test_a_deleted_order_gives_back_what_was_still_to_be_shipped_once(shop, sight, vanish, stock, status, left):
    sight(order(1001, sold("CUP", 2, status)))

    vanish(1001, 4711)
    vanish(1001)

    assert stock()["CUP"] == (left, left)


def test_a_deleted_order_that_was_shipped_in_part_keeps_that_part(shop, sight, vanish, stock, accounts):
    sight(order(1001, sold("CUP", 2, StoreStatus.SHIPPED), sold("CUP"), status=StoreStatus.PARTIALLY_SHIPPED))

    vanish(1001)

    assert stock()["CUP"] == (3, 3)
    assert accounts.place().open_ids == ()


def test_an_edited_order_has_taken_what_it_says_now(shop, sight, stock):
    sight(order(1001, sold("CUP", 2), sold("tee-S")))

    sight(order(1001, sold("CUP", 3), sold("tee-M"), updated=101))

    assert stock() == {"CUP": (2, 2), "tee-S": (5, 5), "tee-M": (4, 4)}
    assert sorted(entries()[2:]) == [("return", 1, 5), ("sale", -1, 2), ("sale", -1, 4)]


def test_a_line_that_comes_back_is_sold_again(shop, sight, stock):
    sight(order(1001, sold("CUP", 2)))
    sight(order(1001, updated=101))
    between = stock()["CUP"]

    sight(order(1001, sold("CUP", 2), updated=102))

    assert (between, stock()["CUP"]) == ((5, 5), (3, 3))


def test_lines_that_a_store_splits_change_nothing(shop, sight, stock):
    sight(order(1001, sold("CUP", 3)))

    sight(order(1001, sold("CUP", 1), sold("cup", 2, StoreStatus.SHIPPED, code="CUP"), updated=101))

    assert stock()["CUP"] == (2, 2)
    assert entries() == [("sale", -3, 2)]


def test_a_listing_that_gets_another_code_keeps_what_was_sold_of_it(shop, sight, stock, listings, noon):
    from tradepost.operations.ports import Proven  # noqa: PLC0415

    sight(order(1001, sold("", 2, code="CUP")))
    listings.record([Proven(shop["CUP"].id, at=noon, code="mug")])

    sight(order(1001, sold("", 2, StoreStatus.CANCELLED, code="CUP"), updated=101))

    assert stock("CUP") == {"CUP": (5, 5)}


def test_what_was_read_before_the_last_sighting_says_nothing(shop, sight, vanish, stock, accounts, noon):
    sight(order(1001, sold("CUP", 3)), read_at=noon + timedelta(minutes=2))

    cancelled = order(1001, sold("CUP", 1, StoreStatus.CANCELLED), status=StoreStatus.CANCELLED)
    sight(cancelled, read_at=noon + timedelta(minutes=1))
    vanish(1001, read_at=noon + timedelta(minutes=1))

    assert stock()["CUP"] == (2, 2)
    assert accounts.known([1001]) == {1001: KnownSighting(100, {"cup": 3})}
    assert accounts.place().open_ids == (1001,)


def test_a_change_counts_although_the_stores_clock_was_set_back(shop, sight, stock):
    sight(order(1001, sold("CUP", 3), updated=2_000))

    sight(order(1001, sold("CUP", 3, StoreStatus.CANCELLED), updated=1_400, status=StoreStatus.CANCELLED))

    assert stock()["CUP"] == (5, 5)


def test_a_change_counts_although_the_hubs_clock_was_set_back(shop, sight, stock, noon):
    sight(order(1001, sold("CUP", 3)), read_at=noon + timedelta(days=1))

    sight(order(1001, sold("CUP", 3, StoreStatus.CANCELLED), status=StoreStatus.CANCELLED), read_at=noon)

    assert stock()["CUP"] == (5, 5)


def test_a_change_within_the_same_second_counts(shop, sight, stock):
    sight(order(1001, sold("CUP", 3), updated=200))

    sight(order(1001, sold("CUP", 1), updated=200))

    assert stock()["CUP"] == (4, 4)


_STILL_IN_THE_HOUSE = {StoreStatus.PENDING, StoreStatus.PROCESSING, StoreStatus.BACKORDERED}
_line = st.tuples(
    st.sampled_from(["CUP", "cup", "tee-S", "MUG"]), st.integers(0, 3), st.sampled_from(sorted(StoreStatus))
)
# (number, by how many minutes it was read after what was seen last, lines), of three orders; None: it is gone.
_events = st.lists(
    st.tuples(st.sampled_from([1, 2, 3]), st.integers(-2, 2), st.none() | st.lists(_line, max_size=3)), max_size=8
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=_events)
def test_whatever_becomes_of_orders_the_figures_lack_what_they_have_taken(shop, sight, vanish, stock, noon, events):
    Sighting.objects.all().delete()
    Listing.objects.exclude(kind="parent").update(account=5, available=5)
    seen = {}  # by order: when it was read last, and {sku: (taken, given back when it is deleted)}
    for number, later, lines in events:
        at = seen[number][0] + timedelta(minutes=later) if number in seen else noon
        if lines is None:
            vanish(number, read_at=at)
            if number in seen and later >= 0:
                pieces = seen[number][1]
                seen[number] = (at, {sku: (taken - back, 0) for sku, (taken, back) in pieces.items()})
            continue
        sight(order(number, *(sold(*line) for line in lines)), read_at=at)
        if number not in seen or later >= 0:
            seen[number] = (at, _taken(lines))

    lacks = {sku: sum(pieces.get(sku, (0, 0))[0] for _, pieces in seen.values()) for sku in ("CUP", "TEE-S", "TEE-M")}
    assert {sku.upper(): figures for sku, figures in stock().items()} == {
        sku: (5 - pieces, 5 - pieces) for sku, pieces in lacks.items()
    }


def _taken(lines):
    found = {}
    for sku, pieces, status in lines:
        if status is not StoreStatus.CANCELLED:
            taken, back = found.get(sku.upper(), (0, 0))
            found[sku.upper()] = (taken + pieces, back + (pieces if status in _STILL_IN_THE_HOUSE else 0))
    return found


# --- when a channel is connected ----------------------------------------------------------------------------------


def test_what_was_open_when_the_channel_was_connected_is_reserved_and_in_no_account(shop, sight, stock):
    sight(order(900, sold("CUP", 2)), is_first=True)

    assert stock()["CUP"] == (3, 5)
    assert entries() == []


def test_what_becomes_of_it_later_is_in_the_account(shop, sight, vanish, stock, accounts):
    sight(order(900, sold("CUP", 2)), order(901, sold("CUP")), is_first=True)
    accounts.set_place(SightingPlace(901, 901, 100))

    sight(order(900, sold("CUP", 2, StoreStatus.CANCELLED), updated=101, status=StoreStatus.CANCELLED))
    vanish(901)

    assert stock()["CUP"] == (5, 8)


def test_a_first_pass_that_broke_off_is_made_again_and_counts_nothing_twice(shop, sight, stock):
    sight(order(900, sold("CUP", 2)), is_first=True)

    sight(order(900, sold("CUP", 2)), order(901, sold("CUP")), is_first=True)

    assert stock()["CUP"] == (2, 5)


@pytest.mark.parametrize("status", [StoreStatus.SHIPPED, StoreStatus.CANCELLED, StoreStatus.RETURNED])
def test_what_was_closed_when_the_channel_was_connected_and_changes_later_has_no_effect(
    shop, sight, stock, accounts, status
):
    accounts.set_place(SightingPlace(1000, 1000, 100))

    sight(order(900, sold("CUP", 2, status), updated=101, status=status))
    sight(order(900, sold("CUP", 2, status), updated=102, status=status))

    assert stock()["CUP"] == (5, 5)
    assert entries() == []


def test_what_was_placed_since_counts_although_the_place_is_kept(shop, sight, stock, accounts):
    accounts.set_place(SightingPlace(1000, 1000, 100))

    sight(order(1000, sold("tee-S")), order(1001, sold("CUP")))

    assert (stock()["tee-S"], stock()["CUP"]) == ((5, 5), (4, 4))


# --- what is listed later -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "sku"),
    [
        ({"sku": "JAR"}, "JAR"),
        ({"sku": "jar", "code": "pot"}, "JAR"),
        ({"sku": "", "code": "Jar"}, "JAR"),
        ({"sku": "Äpfel 1"}, "ÄPFEL 1"),
        ({"sku": "STRASSE"}, "Straße"),
    ],
    ids=["SKU", "SKU in another case", "code", "SKU with an umlaut", "SKU with a sharp s"],
)
def test_pieces_that_were_sighted_before_their_listing_was_built_are_reserved_when_it_is(
    channel, sight, save, simple, listings, catalogue, stock, names, sku
):
    sight(order(1001, replace(sold("x", 2), **names)))
    save([simple(sku)])

    listings.build([sku.lower()], queue=False)
    catalogue.refresh_wanted([sku.lower()])

    assert stock(sku) == {sku: (3, None)}


def test_pieces_of_another_channel_are_not_matched(shop, other, sight, save, simple, listings, catalogue, stock):
    sight(order(1001, sold("JAR", 2)), to=other.accounts)
    save([simple("JAR")])

    listings.build(["jar"], queue=False)
    catalogue.refresh_wanted(["jar"])

    assert stock("JAR") == {"JAR": (5, None)}


def test_pieces_that_are_matched_later_are_given_back_to_the_account_that_was_opened_since(
    channel, sight, save, simple, put_on_sale, stock
):
    sight(order(1001, sold("JAR", 2)))
    save([simple("JAR")])
    put_on_sale(channel, ["jar"], ["JAR"])
    before = stock("JAR")

    sight(order(1001, sold("JAR", 2, StoreStatus.CANCELLED), updated=101))

    assert (before, stock("JAR")) == ({"JAR": (3, 3)}, {"JAR": (5, 5)})


# --- sales that a set or a look may have hidden -------------------------------------------------------------------


@pytest.fixture
def set_at_noon(accounts, shop):
    """Set the cup's stock to 5 while somebody may have been buying."""
    accounts.record([AccountEntry(shop["CUP"].id, EntryKind.SET, 5, may_hide_sales=True)], settled=(), lost=())


def test_a_sale_that_comes_to_light_within_ten_minutes_of_a_set_counts_as_erased(set_at_noon, sight, stock, noon):
    sight(order(1001, sold("CUP", 2)), at=noon + ERASED_WITHIN)

    assert stock()["CUP"] == (3, 5)
    assert entries() == [("erased", -2, 5)]


def test_a_sale_after_that_is_a_sale(set_at_noon, sight, stock, noon):
    sight(order(1001, sold("CUP", 2)), at=noon + ERASED_WITHIN + timedelta(seconds=1))

    assert stock()["CUP"] == (3, 3)


def test_erased_pieces_that_are_given_back_raise_the_account(set_at_noon, sight, stock, noon):
    sight(order(1001, sold("CUP", 2)), at=noon)

    sight(order(1001, sold("CUP", 2, StoreStatus.CANCELLED), updated=101), at=noon)

    assert stock()["CUP"] == (5, 7)


def test_only_what_the_set_may_hide_is_erased(set_at_noon, sight, stock, noon):
    sight(order(1001, sold("CUP", 2), sold("tee-S")), at=noon)

    assert (stock()["CUP"], stock()["tee-S"]) == ((3, 5), (4, 4))


# --- side by side -------------------------------------------------------------------------------------------------


@pytest.fixture
def beside():
    """Start work in threads of their own while a transaction is open here; wait until they all wait, or are done."""

    class Beside:
        def __init__(self):
            self._pool = ThreadPoolExecutor(2)
            self._started = []

        def start(self, work):
            def run():
                try:
                    work()
                finally:
                    connection.close()

            self._started.append(self._pool.submit(run))

        def wait(self):
            # SQLite has one writer, which is the transaction here: there is nothing to wait for.
            while connection.vendor == "postgresql" and _waiting() < sum(not each.done() for each in self._started):
                pass

        def end(self):
            for each in self._started:
                each.result()

    made = Beside()
    yield made
    made._pool.shutdown()


def _waiting():
    """Count the connections of this database that wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            """
            SELECT COUNT(DISTINCT waits.pid) FROM pg_locks AS waits JOIN pg_stat_activity USING (pid)
            WHERE NOT waits.granted AND datname = current_database()
            """
        )
        return cursor.fetchone()[0]


def test_two_runs_that_sight_an_order_side_by_side_enter_its_pieces_once(shop, sight, beside, stock):
    found = order(1001, sold("CUP", 2))

    with transaction.atomic():
        sight(found)
        beside.start(lambda: sight(found))
        beside.wait()
    beside.end()

    assert stock()["CUP"] == (3, 3)
    assert entries() == [("sale", -2, 3)]


def test_two_runs_that_sight_an_order_as_it_was_and_as_it_is_keep_what_it_is(shop, sight, beside, stock, noon):
    sight(order(1001, sold("CUP", 1)), read_at=noon)

    with transaction.atomic():
        sight(order(1001, sold("CUP", 3)), read_at=noon + timedelta(minutes=2))
        beside.start(lambda: sight(order(1001, sold("CUP", 2)), read_at=noon + timedelta(minutes=1)))
        beside.wait()
    beside.end()

    assert stock()["CUP"] == (2, 2)


@pytest.mark.parametrize("is_first", [False, True])
def test_what_two_channels_sell_side_by_side_is_taken_off_both(shop, sight, beside, stock, other, is_first):
    with transaction.atomic():
        sight(order(1001, sold("CUP", 2)), is_first=is_first)
        beside.start(lambda: sight(order(1001, sold("CUP", 1)), is_first=is_first, to=other.accounts))
        beside.wait()
    beside.end()

    assert (stock()["CUP"][0], other.cup()[0]) == (2, 2)


def test_channels_that_sell_the_same_never_wait_for_each_other_in_a_circle(shop, other, sight, beside, stock):
    """Each of them holds its own listing, and is about to say on the other's what is left."""
    with transaction.atomic():
        _hold_entries()
        beside.start(lambda: sight(order(1001, sold("CUP", 1)), to=other.accounts))
        beside.start(lambda: sight(order(1001, sold("CUP", 2))))
        beside.wait()
    beside.end()

    assert (stock()["CUP"], other.cup()) == ((2, 3), (2, 4))


def _hold_entries():
    """Let nobody else make an entry before this transaction ends, as is so on SQLite by itself."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE tradepost_stockentry IN EXCLUSIVE MODE")


@pytest.mark.parametrize(("is_first", "account"), [(False, 3), (True, 5)])
def test_a_sale_that_is_sighted_while_a_statement_is_made_is_taken_off_it(
    shop, sight, save, simple, catalogue, beside, stock, is_first, account
):
    with transaction.atomic():
        save([simple("CUP", quantity=8)])
        catalogue.refresh_wanted(["cup"])
        beside.start(lambda: sight(order(1001, sold("CUP", 2)), is_first=is_first))
        beside.wait()
    beside.end()

    assert stock()["CUP"] == (6, account)


def test_what_a_statement_came_to_know_stays_known_whoever_sights_the_order_meanwhile(
    shop, sight, save, simple, catalogue, beside, stock, noon
):
    sight(order(1001, sold("CUP", 2, StoreStatus.SHIPPED), status=StoreStatus.SHIPPED))

    with transaction.atomic():
        save([simple("CUP", quantity=8)], at=noon + timedelta(hours=2))
        catalogue.refresh_wanted(["cup"])
        beside.start(lambda: sight(order(1001, sold("CUP", 2, StoreStatus.SHIPPED), updated=101)))
        beside.wait()
    beside.end()

    assert stock()["CUP"] == (8, 3)


def test_a_file_in_another_order_than_its_products_never_waits_in_a_circle_with_a_sale(
    shop, sight, save, simple, family, beside, stock
):
    with transaction.atomic():
        list(VariantRecord.objects.select_for_update().filter(sku="tee-S"))
        beside.start(lambda: sight(order(1001, sold("CUP", 1), sold("tee-S", 1))))
        beside.wait()
        beside.start(lambda: save([simple("CUP", quantity=8), family("tee", "S", "M", quantity=7)]))
        beside.wait()
    beside.end()

    assert (stock()["CUP"][1], stock()["tee-S"][1]) == (4, 4)


# --- the place ----------------------------------------------------------------------------------------------------


def test_the_place_goes_on_and_never_back(channel, accounts):
    before = accounts.place()
    accounts.set_place(SightingPlace(1000, 1200, 500))
    accounts.set_place(SightingPlace(None, 1100, 600))

    assert before == SightingPlace(None, 0, 0)
    assert accounts.place() == SightingPlace(1000, 1200, 600)


def test_open_orders_are_asked_for_again_until_they_are_closed_or_gone(channel, sight, vanish, accounts):
    statuses = [StoreStatus.PENDING, StoreStatus.PARTIALLY_SHIPPED, StoreStatus.SHIPPED, StoreStatus.PROCESSING]
    sight(*(order(number, status=status) for number, status in enumerate(statuses, start=1)))
    before = accounts.place().open_ids

    vanish(2)
    sight(order(4, updated=101, status=StoreStatus.CANCELLED))

    assert (before, accounts.place().open_ids) == ((1, 2, 4), (1,))


# --- news of orders -------------------------------------------------------------------------------------------------

looks = st.lists(
    st.one_of(
        st.tuples(st.just("sight"), st.integers(1, 4), st.sampled_from("abc")),
        st.tuples(st.just("vanish"), st.integers(1, 4), st.just("")),
        st.tuples(st.just("judge"), st.integers(1, 4), st.sampled_from("abc")),
        st.tuples(st.just("again"), st.integers(1, 4), st.just("")),
        st.tuples(st.just("import"), st.integers(1, 4), st.just("")),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks)
def test_news_are_what_was_seen_to_be_new_other_or_gone_since_it_was_judged(channel, accounts, noon, steps):
    from tradepost.database.models import Order  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.orders.orders import DjangoOrders  # noqa: PLC0415

    Sighting.objects.all().delete()
    Order.objects.all().delete()
    orders = DjangoOrders(channel.pk)
    last, gone, expected, imported = {}, set(), set(), set()
    for step, number, fingerprint in steps:
        with transaction.atomic():
            if step == "sight":
                found = replace(order(number), fingerprint=fingerprint)
                accounts.sight([SightedOrder(number, found)], is_first=False, at=noon)
                expected |= {number} if last.get(number) != fingerprint or number in gone else set()
                last[number] = fingerprint
                gone.discard(number)
            elif step == "vanish":
                accounts.sight([SightedOrder(number, None)], is_first=False, at=noon)
                expected |= {number} if number in last and number not in gone else set()
                gone |= {number} & last.keys()
            elif step == "judge":
                orders.judged({number: fingerprint})
                expected -= {number} if last.get(number) == fingerprint else set()
            elif step == "again":
                orders.make_news([number])
                expected |= {number} & last.keys()
            elif number not in imported:
                Order.objects.create(
                    channel=channel,
                    external_id=number,
                    store_status="pending",
                    placed_at=noon,
                    imported_at=noon,
                    total=0,
                )
                imported.add(number)

    found = orders.news(after=0, limit=10)

    assert [(row.number, row.fingerprint, row.is_gone, row.is_imported) for row in found] == [
        (number, last[number], number in gone, number in imported) for number in sorted(expected)
    ]
    assert orders.news(after=1, limit=1) == [row for row in found if row.number > 1][:1]
