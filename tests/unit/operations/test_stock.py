"""The one routine for stock: what is planned of a stock, what became of it, and what its account says then."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple, a_store_product, an_order, an_order_line
from fakes.hub import HIDDEN, LISTED, NOON, MemoryHub
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Health, Link, Pending
from tradepost.domain.listings.stages import Stage
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.plan import Action, Outcome, Proof, Side
from tradepost.domain.stock.stock import PAYMENT_LIFE, EntryKind, StockMode
from tradepost.operations.ports import StockWrite
from tradepost.operations.selection import EVERYTHING
from tradepost.operations.stock.at_zero import AtZero
from tradepost.operations.stock.looks import Looks
from tradepost.operations.stock.moves import Moves, plan_move
from tradepost.operations.stock.sets import Sets, plan_hide, plan_set, plan_unhide
from tradepost.operations.stock.settlement import Settlement
from tradepost.operations.stock.sightings import Sight
from tradepost.operations.stock.unhides import Unhides

MOVING = {Stage.DECREASE, Stage.INCREASE}


def stock(hub, stage):
    if stage is Stage.AT_ZERO:
        return AtZero(hub.settings, EVERYTHING)
    if stage is Stage.UNHIDE:
        return Unhides(hub.settings, EVERYTHING)
    operation = Settlement if stage is Stage.SETTLE else Moves if stage in MOVING else Sets
    return operation(stage, hub.settings, EVERYTHING)


def drive(hub, stage, **options):
    return hub.drive(stock(hub, stage), **options)


def hub_with(product=None, *, pending=Pending.NONE, status=LISTED, reads_stock=True, **values):
    """A hub with one product on the store, by default a mug, of whose listings some values are changed."""
    hub = MemoryHub(reads_stock=reads_stock)
    for row in hub.list_on_store(product or a_simple("mug", quantity=5)):
        hub.listings.change(row.sku, status=replace(status, pending=pending), **values)
    return hub


def a_row(**values):
    return replace(hub_with().listings.of("mug"), **values)


# --- planners -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("available", "account", "after"),
    [(3, 5, 3), (9, 5, 9), (5, 5, None), (-2, 5, 0), (-2, -2, None), (-1, -3, -1), (4, None, None), (None, 4, None)],
)
def test_a_stock_is_moved_by_what_the_account_differs_from_what_is_available(available, account, after):
    planned = plan_move(a_row(available=available, account=account))

    assert (planned and planned.after("quantity")) == after


def test_an_account_of_which_nothing_is_known_is_opened_with_the_store_s_count_where_that_can_be_read():
    planned = plan_set(a_row(account=None, available=9), a_store_product(1, "mug", count=4))

    assert (planned.change.side, planned.write, planned.count) == (Side.HUB, None, 4)


@pytest.mark.parametrize("count", [None, "untracked"])
def test_it_is_set_where_the_count_can_not_be_read_or_nothing_is_counted(count):
    product = a_store_product(1, "mug", count=None if count is None else 4)
    if count == "untracked":
        product = replace(product, stock=replace(product.stock, is_tracked=False))

    planned = plan_set(a_row(account=None, available=-3), product)

    assert (planned.write.quantity, planned.write.change, planned.write.stops_sale) == (0, None, True)


def test_a_count_stays_where_only_what_happens_at_zero_is_to_be_changed():
    product = a_store_product(1, "mug", count=4)
    product = replace(product, stock=replace(product.stock, stops_sale_at_zero=False))

    planned = plan_set(a_row(account=None, available=9), product)

    assert (planned.write.quantity, planned.write.change, planned.count) == (None, 0, 4)


@pytest.mark.parametrize(("sells", "stops"), [(True, False), (False, True)])
def test_what_happens_at_zero_is_told_with_every_set_and_never_with_a_hide(sells, stops):
    row = a_row(account=None, available=0, sells_without_stock=sells)
    there = a_store_product(1, "mug", count=4)
    there = replace(there, stock=replace(there.stock, stops_sale_at_zero=sells, sells_without_stock=not sells))

    written = [plan_set(row, None).write, plan_set(row, there).write, plan_unhide(row, there).write]

    assert [write.stops_sale for write in written] == [stops, stops, stops]
    assert plan_hide(row, None).write.stops_sale is True


def test_what_goes_on_being_sold_at_zero_is_not_hidden_by_a_count_of_zero():
    product = a_store_product(1, "mug", count=-1)
    product = replace(product, stock=replace(product.stock, stops_sale_at_zero=False, sells_without_stock=True))

    assert plan_hide(a_row(sells_without_stock=True), product).write is not None


def test_an_unknown_quantity_is_never_planned():
    assert plan_set(a_row(available=None, account=None), a_store_product(1, "mug", count=2)) is None


@pytest.mark.parametrize(
    ("seen", "is_there"),
    [
        ({"is_tracked": True, "count": 0}, True),
        ({"is_tracked": True, "count": 1}, False),
        ({"is_tracked": False, "count": 0}, False),  # never sold out
        ({"is_tracked": True, "count": 0, "stops_sale_at_zero": False}, False),
        ({"is_tracked": True, "count": 0, "hides_when_out": True}, False),
    ],
)
def test_a_product_is_hidden_when_nothing_of_it_can_be_bought_and_it_stays_visible(seen, is_there):
    product = a_store_product(1, "mug")
    product = replace(product, stock=replace(product.stock, **{"stops_sale_at_zero": True, **seen}))

    planned = plan_hide(a_row(), product)

    assert planned.change.after("quantity") == 0
    assert (planned.write is None) is is_there


def test_what_is_put_back_on_sale_needs_a_known_quantity():
    product = a_store_product(1, "mug", count=0)

    assert plan_unhide(a_row(available=4), product).write.quantity == 4
    assert plan_unhide(a_row(available=None), product).write is None
    assert "can't be put back" in plan_unhide(a_row(available=None), product).refusal


# --- driven ---------------------------------------------------------------------------------------------------------


def test_hiding_sets_the_stock_to_nothing_and_is_proven():
    hub = hub_with(pending=Pending.HIDE)

    run = drive(hub, Stage.HIDE)

    assert [(r.change.action, r.outcome, r.proof) for r in run.results] == [(Action.HIDE, Outcome.APPLIED, Proof.READ)]
    assert (hub.count("mug"), hub.listings.of("mug").status) == (0, HIDDEN)
    assert hub.listings.of("mug").account == 0


def test_a_family_is_hidden_with_its_variants_and_nothing_is_sent_for_its_parent():
    hub = hub_with(a_family("tee", "S", "M"), pending=Pending.HIDE)

    drive(hub, Stage.HIDE)

    assert {row.status.health for row in hub.listings.by_ids(hub.listings.all)} == {Health.HIDDEN}
    assert hub.store.writes == [("write_stock", ("tee-S", "tee-M"))]


def test_what_is_hidden_already_is_found_so_and_not_written():
    hub = hub_with(a_simple("mug", quantity=0), pending=Pending.HIDE)

    run = drive(hub, Stage.HIDE)

    assert (hub.store.writes, run.outcomes) == ([], {"mug": Outcome.UNCHANGED})
    assert hub.listings.of("mug").status == HIDDEN


def test_unhiding_puts_the_available_back():
    hub = hub_with(a_simple("mug", quantity=0), status=HIDDEN, pending=Pending.UNHIDE, available=4)

    drive(hub, Stage.UNHIDE)

    assert (hub.count("mug"), hub.listings.of("mug").status) == (4, LISTED)


def test_an_unknown_quantity_can_not_be_put_back_and_is_said_so():
    hub = hub_with(status=HIDDEN, pending=Pending.UNHIDE, available=None)

    run = drive(hub, Stage.UNHIDE)

    assert (hub.store.writes, run.outcomes) == ([], {"mug": Outcome.FAILED})
    assert Attention.STOCK_FAILED in hub.listings.flags[1]
    assert hub.listings.of("mug").status.health is Health.HIDDEN


def test_a_quantity_is_sent_without_being_read_where_this_token_can_not_read_it():
    hub = hub_with(reads_stock=False, available=2)

    run = drive(hub, Stage.DECREASE)

    assert [(r.outcome, r.proof) for r in run.results] == [(Outcome.APPLIED, Proof.ANSWERED)]
    assert (hub.count("mug"), hub.listings.of("mug").account) == (2, 2)
    assert len(hub.store.writes) == 1


@pytest.mark.parametrize("reads_stock", [True, False])
@pytest.mark.parametrize("is_done", [True, False])
def test_a_move_whose_answer_is_lost_stays_open_and_nothing_else_is_written(reads_stock, is_done):
    hub = hub_with(reads_stock=reads_stock, available=2)
    hub.store.faults.lost["mug"] = is_done

    run = drive(hub, Stage.DECREASE)
    again = drive(hub, Stage.DECREASE)

    assert (run.outcomes, again.results) == ({"mug": Outcome.UNKNOWN}, [])
    assert (hub.listings.of("mug").account, hub.listings.of("mug").open_move) == (5, -3)
    assert Attention.STOCK_FAILED in hub.listings.flags[1]
    assert len(hub.store.writes) == 1


def test_a_write_without_an_answer_waits_until_it_can_not_land_any_more():
    hub = hub_with(available=2)
    hub.store.faults.lost["mug"] = False
    drive(hub, Stage.DECREASE)

    run = drive(hub, Stage.SETTLE)

    assert [r.outcome for r in run.results] == [Outcome.SKIPPED]
    assert "may still arrive until" in run.results[0].message
    assert hub.listings.of("mug").open_move == -3


@pytest.mark.parametrize(("is_done", "account"), [(True, 2), (False, 5)])
def test_then_a_look_says_whether_it_landed(is_done, account):
    hub = hub_with(available=2)
    hub.store.shelf.baskets = {}
    hub.store.faults.lost["mug"] = is_done
    drive(hub, Stage.DECREASE)
    hub.now += hub.lost_answer_wait

    drive(hub, Stage.SETTLE)
    drive(hub, Stage.DECREASE)

    assert hub.listings.of("mug").open_since is None
    assert (hub.accounts.entries[0], hub.count("mug")) == ((1, EntryKind.MOVE, -3), 2)
    assert hub.listings.of("mug").account == 2
    assert hub.listings.flags == {}


def put_into_basket(hub, pieces):
    """In the mode basket, these are out of the count."""
    hub.store.shelf.sell("mug", pieces)
    if hub.store.shelf.baskets is not None:
        hub.store.shelf.baskets["mug"] = hub.store.shelf.baskets.get("mug", 0) + pieces


@pytest.mark.parametrize("available", [9, 2])
@pytest.mark.parametrize("reads_stock", [True, False])
@pytest.mark.parametrize("is_done", [True, False])
def test_a_lost_move_beside_baskets_that_nobody_tells_of_never_sells_them_twice(available, reads_stock, is_done):
    hub = hub_with(available=available, reads_stock=reads_stock)
    hub.store.faults.lost["mug"] = is_done
    drive(hub, Stage.INCREASE if available > 5 else Stage.DECREASE)
    put_into_basket(hub, 2)
    hub.now += hub.lost_answer_wait

    drive(hub, Stage.SETTLE)
    drive(hub, Stage.DECREASE)
    drive(hub, Stage.INCREASE)

    assert hub.listings.of("mug").account == available
    assert hub.count("mug") <= available - 2
    # What may be missing is looked for later.
    assert hub.accounts.missing[1] >= available - 2 - hub.count("mug")


@pytest.mark.parametrize("available", [9, 2])
@pytest.mark.parametrize("reads_stock", [True, False])
@pytest.mark.parametrize("is_done", [True, False])
def test_where_the_store_tells_what_baskets_hold_a_lost_move_is_settled_for_good(available, reads_stock, is_done):
    hub = hub_with(available=available, reads_stock=reads_stock)
    hub.store.shelf.baskets = {}
    put_into_basket(hub, 2)
    hub.store.faults.lost["mug"] = is_done
    drive(hub, Stage.INCREASE if available > 5 else Stage.DECREASE)
    hub.now += hub.lost_answer_wait

    drive(hub, Stage.SETTLE)
    drive(hub, Stage.DECREASE)
    drive(hub, Stage.INCREASE)

    assert (hub.listings.of("mug").account, hub.count("mug")) == (available, available - 2)


@given(
    available=st.integers(-2, 12), in_baskets=st.integers(0, 3), is_done=st.booleans(), reads_stock=st.booleans(),
    tells_baskets=st.booleans(), before=st.booleans(),
)  # fmt: skip
def test_whatever_became_of_a_lost_move_what_baskets_hold_is_never_sold_twice(  # noqa: PLR0917 - drawn by name
    available, in_baskets, is_done, reads_stock, tells_baskets, before
):
    hub = hub_with(available=available, reads_stock=reads_stock)
    hub.store.shelf.baskets = {} if tells_baskets else None
    hub.store.faults.lost["mug"] = is_done
    if before:
        put_into_basket(hub, in_baskets)
    drive(hub, Stage.INCREASE if available > 5 else Stage.DECREASE)
    if not before:
        put_into_basket(hub, in_baskets)
    hub.now += hub.lost_answer_wait

    drive(hub, Stage.SETTLE)
    drive(hub, Stage.DECREASE)
    drive(hub, Stage.INCREASE)

    assert hub.listings.of("mug").open_since is None
    assert hub.listings.of("mug").account == max(0, available)
    assert hub.count("mug") <= max(0, available) - in_baskets
    if tells_baskets:
        assert hub.count("mug") == max(0, available) - in_baskets


def test_a_count_that_somebody_raised_beside_a_lost_move_opens_the_account_anew():
    hub = hub_with(available=9)
    hub.store.faults.lost["mug"] = True
    drive(hub, Stage.INCREASE)
    hub.store.shelf.sell("mug", -4)
    hub.now += hub.lost_answer_wait

    drive(hub, Stage.SETTLE)
    assert hub.listings.of("mug").account is None
    drive(hub, Stage.SET)

    assert hub.listings.of("mug").account == hub.count("mug") == 13


def test_a_lost_move_is_not_settled_while_its_product_is_being_sold():
    hub = connected(available=9)
    hub.store.faults.lost["mug"] = True
    drive(hub, Stage.INCREASE)
    hub.now += hub.lost_answer_wait
    products_by_id = hub.store.products_by_id
    hub.store.products_by_id = lambda ids: (sell(hub, 7, 4), products_by_id(ids))[1]

    run = drive(hub, Stage.SETTLE)

    assert [r.outcome for r in run.results] == [Outcome.SKIPPED]
    assert "while pieces of it are being sold" in run.results[0].message
    assert hub.listings.of("mug").open_move == 4


def test_pieces_that_may_be_in_a_payment_are_waited_for_where_baskets_take_none():
    hub = hub_with(available=9)
    hub.settings = replace(hub.settings, stock_mode=StockMode.CHECKOUT)
    hub.store.faults.lost["mug"] = False
    drive(hub, Stage.INCREASE)
    hub.now += hub.lost_answer_wait

    drive(hub, Stage.SETTLE)
    assert (hub.listings.of("mug").open_move, hub.accounts.missing) == (4, {1: 4})
    hub.listings.change("mug", missing=4, missing_since=hub.now - PAYMENT_LIFE)
    drive(hub, Stage.SETTLE)
    drive(hub, Stage.INCREASE)

    assert (hub.listings.of("mug").account, hub.count("mug")) == (9, 9)


@pytest.mark.parametrize("reads_stock", [True, False])
def test_what_baskets_hold_is_kept_by_hide_and_unhide_where_the_store_tells_it(reads_stock):
    hub = hub_with(reads_stock=reads_stock, pending=Pending.HIDE)
    hub.store.shelf.baskets = {}
    put_into_basket(hub, 2)

    drive(hub, Stage.HIDE)
    hidden = (hub.count("mug"), hub.listings.of("mug").account)
    hub.listings.change("mug", status=replace(HIDDEN, pending=Pending.UNHIDE))
    drive(hub, Stage.UNHIDE)

    assert hidden == (-2, 0), "what baskets give back is not on sale"
    assert (hub.count("mug"), hub.listings.of("mug").account) == (3, 5)


@pytest.mark.parametrize("reads_stock", [True, False])
def test_what_is_hidden_and_came_out_of_baskets_is_hidden_again(reads_stock):
    hub = hub_with(reads_stock=reads_stock, pending=Pending.HIDE)
    put_into_basket(hub, 2)
    drive(hub, Stage.HIDE)
    hub.store.shelf.sell("mug", -2)
    hub.listings.change("mug", looked_at=hub.now - timedelta(hours=26))

    look(hub)
    drive(hub, Stage.HIDE)

    assert (hub.count("mug"), hub.listings.of("mug").account) == (0, 0)
    assert hub.listings.of("mug").status == HIDDEN


def test_a_store_that_says_yes_and_does_nothing_is_not_believed():
    hub = hub_with(pending=Pending.HIDE)
    hub.store.faults.silent.add("mug")

    run = drive(hub, Stage.HIDE)

    assert run.outcomes == {"mug": Outcome.REJECTED}
    assert hub.listings.of("mug").status == replace(LISTED, pending=Pending.HIDE)


def test_a_decrease_that_can_not_be_seen_is_rejected_and_due_again():
    hub = hub_with(available=2)
    hub.store.faults.silent.add("mug")

    run = drive(hub, Stage.DECREASE)

    assert (run.outcomes, hub.listings.of("mug").account) == ({"mug": Outcome.REJECTED}, 5)


@pytest.mark.parametrize("stage", [Stage.DECREASE, Stage.INCREASE])
def test_pieces_that_were_taken_beside_a_move_are_still_taken_after_it(stage):
    hub = hub_with(available=9 if stage is Stage.INCREASE else 3)
    hub.store.faults.before_write = lambda: hub.store.shelf.sell("mug", 2)

    run = drive(hub, stage)

    after = 9 if stage is Stage.INCREASE else 3
    assert (run.outcomes, hub.count("mug")) == ({"mug": Outcome.APPLIED}, after - 2)
    assert (hub.listings.of("mug").account, hub.accounts.missing) == (after, {1: 2})
    assert run.results[0].proof is Proof.ANSWERED


@pytest.mark.parametrize("stage", [Stage.HIDE, Stage.UNHIDE, Stage.DECREASE, Stage.INCREASE])
def test_what_is_gone_is_not_written_to_and_its_link_breaks(stage):
    status = HIDDEN if stage is Stage.UNHIDE else LISTED
    pending = Pending(stage.value) if stage in {Stage.HIDE, Stage.UNHIDE} else Pending.NONE
    hub = hub_with(status=status, pending=pending, available=2 if stage is Stage.DECREASE else 9)
    hub.store.shelf.delete(hub.listings.of("mug").external_id)

    run = drive(hub, stage)

    assert (hub.store.writes == []) is (stage not in MOVING)  # a move is not read before, and is refused
    assert [(r.change.side, r.outcome) for r in run.results] == [
        (Side.STORE, Outcome.SKIPPED),
        (Side.HUB, Outcome.APPLIED),
    ]
    assert hub.listings.of("mug").status.link is Link.BROKEN
    assert Attention.BROKEN_LINK in hub.listings.flags[1]


def test_a_link_that_is_said_to_break_does_break_even_if_nothing_could_have_been_put_back():
    hub = hub_with(status=HIDDEN, pending=Pending.UNHIDE, available=None)
    hub.store.shelf.delete(hub.listings.of("mug").external_id)

    run = drive(hub, Stage.UNHIDE)

    assert (Action.BREAK, Outcome.APPLIED) in [(r.change.action, r.outcome) for r in run.results]
    assert hub.listings.of("mug").status.link is Link.BROKEN


def test_a_preview_writes_nothing_and_shows_what_would_be_sent():
    hub = hub_with(pending=Pending.HIDE)

    run = drive(hub, Stage.HIDE, is_dry=True)

    assert [(unit.key, unit.changes[0].after("quantity")) for unit in run.units] == [("mug", 0)]
    assert (hub.store.writes, hub.count("mug"), hub.listings.of("mug").status.health) == ([], 5, Health.LISTED)


# --- sightings ------------------------------------------------------------------------------------------------------


def sell(hub, number, pieces, *, at=NOON):
    """A shopper buys mugs; stock first, the order last."""
    hub.store.shelf.sell("mug", pieces)
    hub.store.desk.place(replace(an_order(number, an_order_line(number * 10, pieces)), placed_at=at))


def test_orders_that_are_open_when_a_channel_is_connected_are_reserved_and_in_no_account():
    hub = hub_with()
    sell(hub, 7, 2)

    hub.drive(Sight())

    assert (hub.listings.of("mug").available, hub.listings.of("mug").account) == (3, 5)


def connected(**values):
    hub = hub_with(**values)
    hub.drive(Sight())
    return hub


def test_a_sale_is_in_what_is_available_and_in_the_account_alike():
    hub = connected()
    sell(hub, 7, 2)

    run = hub.drive(Sight())
    again = hub.drive(Sight())

    assert [(r.change.subject.key, r.change.after("mug")) for r in run.results] == [("7", 2)]
    assert again.results == []
    assert (hub.listings.of("mug").available, hub.listings.of("mug").account, hub.count("mug")) == (3, 3, 3)
    assert plan_move(hub.listings.of("mug")) is None


def test_what_was_cancelled_deleted_or_lowered_comes_back():
    hub = connected()
    for number in (7, 8, 9):
        sell(hub, number, 1)
    hub.drive(Sight())
    orders = hub.store.desk.orders
    cancelled = replace(orders[7].lines[0], status=StoreStatus.CANCELLED)
    orders[7] = replace(orders[7], status=StoreStatus.CANCELLED, lines=(cancelled,))
    del orders[8]

    hub.drive(Sight())

    assert (hub.listings.of("mug").available, hub.listings.of("mug").account) == (4, 4)


def test_a_split_line_changes_nothing():
    hub = connected()
    sell(hub, 7, 2)
    hub.drive(Sight())
    order = hub.store.desk.orders[7]
    half = replace(order.lines[0], quantity=1)
    hub.store.desk.orders[7] = replace(order, lines=(half, replace(half, line_id=half.line_id + 1)))

    assert hub.drive(Sight()).results == []


@given(st.lists(
    st.tuples(
        st.integers(6, 8), st.integers(0, 4),
        st.sampled_from([StoreStatus.PENDING, StoreStatus.SHIPPED, StoreStatus.CANCELLED, None]),
    ),
    max_size=8,
))  # fmt: skip
def test_reserved_is_what_orders_have_now_whatever_became_of_them_before(acts):
    hub = connected(available=20, account=20)
    orders = hub.store.desk.orders
    for minute, (number, pieces, status) in enumerate(acts, start=1):
        known = orders.get(number)
        if status is None:
            # What has left the house is not given back with the order.
            if known is not None and known.status is StoreStatus.SHIPPED:
                continue
            orders.pop(number, None)
        else:
            line = replace(an_order_line(number * 10, pieces), status=status)
            orders[number] = replace(an_order(number, line), status=status, placed_at=NOON)
            hub.store.desk.changed[number] = NOON + timedelta(minutes=minute)
        hub.drive(Sight())

    taken = sum(
        line.quantity for order in orders.values() for line in order.lines if line.status is not StoreStatus.CANCELLED
    )
    assert (hub.listings.of("mug").available, hub.listings.of("mug").account) == (20 - taken, 20 - taken)
    assert hub.drive(Sight()).results == []


# --- looks ----------------------------------------------------------------------------------------------------------

LOOKED = NOON - timedelta(days=8)
# Of a basket, in hours.
LIFE = 26


def look(hub):
    return hub.drive(Looks(hub.settings))


def test_a_count_as_in_the_books_is_proven_and_not_looked_at_again():
    hub = connected(looked_at=LOOKED)

    run = look(hub)

    assert (run.results, hub.accounts.missing) == ([], {1: 0})


def test_a_lower_count_means_baskets_until_it_has_lasted_longer_than_any_lives():
    hub = connected(looked_at=LOOKED)
    hub.store.shelf.sell("mug", 2)

    look(hub)
    hub.listings.change("mug", missing=2, missing_since=hub.now - timedelta(hours=25))
    look(hub)
    assert (hub.listings.of("mug").account, hub.accounts.missing) == (5, {1: 2})

    hub.listings.change("mug", missing=2, missing_since=hub.now - timedelta(hours=27))
    look(hub)
    drive(hub, Stage.INCREASE)

    assert (hub.listings.of("mug").account, hub.count("mug")) == (5, 5)


def test_of_pieces_that_are_missing_only_those_count_that_were_missing_all_the_time():
    hub = connected(looked_at=LOOKED)
    hub.store.shelf.sell("mug", 3)  # one of them a basket of today
    hub.listings.change("mug", missing=2, missing_since=hub.now - timedelta(hours=27))

    look(hub)

    assert hub.listings.of("mug").account == 3


def test_a_higher_count_is_believed_at_once_and_moved_down():
    hub = connected(looked_at=LOOKED)
    hub.store.shelf.sell("mug", -4)

    run = look(hub)
    drive(hub, Stage.DECREASE)

    assert "somebody changed the count" in run.results[0].change.reason
    assert (hub.listings.of("mug").account, hub.count("mug")) == (5, 5)


@given(
    sold=st.integers(-4, 4),
    missing=st.integers(0, 4),
    hours=st.integers(0, 60).filter(lambda hours: hours != LIFE),
    reads_stock=st.booleans(),
)
def test_no_look_takes_a_piece_for_gone_that_a_basket_may_still_give_back(sold, missing, hours, reads_stock):
    hub = connected(looked_at=LOOKED, reads_stock=reads_stock, missing=missing)
    hub.listings.change("mug", missing_since=hub.now - timedelta(hours=hours) if missing else None)
    hub.store.shelf.sell("mug", sold)

    look(hub)

    account = hub.listings.of("mug").account
    if not reads_stock:
        assert account is None
    elif sold < 0:
        assert account == 5 - sold
    else:
        lasting = min(sold, missing) if hours > LIFE else 0
        assert account == 5 - lasting
        if not lasting:
            assert hub.accounts.missing == {1: sold}


def test_a_count_says_nothing_while_the_orders_of_its_product_move():
    hub = connected(looked_at=LOOKED)
    hub.store.faults.before_write = lambda: None
    products_by_id = hub.store.products_by_id
    hub.store.products_by_id = lambda ids: (sell(hub, 7, 2), products_by_id(ids))[1]

    look(hub)

    assert (hub.listings.of("mug").account, hub.accounts.missing) == (5, {})


def test_where_counts_can_not_be_read_an_account_is_lost_in_turn_and_set_anew():
    hub = connected(looked_at=LOOKED, reads_stock=False)
    hub.store.shelf.sell("mug", 1)

    look(hub)
    drive(hub, Stage.SET)

    assert (hub.listings.of("mug").account, hub.count("mug")) == (5, 5)


def test_what_is_not_counted_any_more_is_set_anew():
    hub = connected(looked_at=LOOKED)
    hub.store.shelf.untrack("mug")

    look(hub)
    drive(hub, Stage.SET)

    assert (hub.listings.of("mug").account, hub.count("mug")) == (5, 5)


# --- what holds for all of them -------------------------------------------------------------------------------------

STAGES = [Stage.HIDE, Stage.DECREASE, Stage.AT_ZERO, Stage.INCREASE, Stage.SET, Stage.UNHIDE]
mugs = st.lists(
    st.fixed_dictionaries(
        {
            "count": st.integers(0, 9),
            "available": st.integers(-3, 9),
            "is_known": st.booleans(),
            "sells": st.booleans(),
            "sold": st.booleans(),
            "status": st.sampled_from(
                [LISTED, HIDDEN, replace(LISTED, pending=Pending.HIDE), replace(HIDDEN, pending=Pending.UNHIDE)]
            ),
            "fate": st.sampled_from(["well", "well", "refused", "silent", "lost", "lost but done", "gone"]),
        }
    ),
    min_size=1,
    max_size=5,
)


def a_shop(drawn, *, reads_stock):
    hub = MemoryHub(reads_stock=reads_stock)
    for number, mug in enumerate(drawn):
        sku = f"mug{number}"
        (row,) = hub.list_on_store(a_simple(sku, quantity=mug["count"]))
        account = mug["count"] if mug["is_known"] else None
        hub.listings.change(sku, status=mug["status"], available=mug["available"], account=account)
        hub.listings.change(sku, sells_without_stock=mug["sells"], proven_without_stock=mug["sold"])
        hub.store.shelf.write_stock(StockWrite(row.external_id, change=0, stops_sale=not mug["sold"]))
        match mug["fate"]:
            case "refused":
                hub.store.faults.refused[sku] = "No."
            case "silent":
                hub.store.faults.silent.add(sku)
            case "lost" | "lost but done":
                hub.store.faults.lost[sku] = mug["fate"] == "lost but done"
            case "gone":
                hub.store.shelf.delete(row.external_id)
    return hub


@given(mugs, st.sampled_from(STAGES), st.booleans())
def test_what_is_called_applied_is_on_the_store_and_in_the_account(drawn, stage, reads_stock):
    hub = a_shop(drawn, reads_stock=reads_stock)

    run = drive(hub, stage)

    for result in run.results:
        if result.outcome is Outcome.APPLIED and result.change.touches("quantity"):
            sku = result.change.subject.key
            fate = drawn[int(sku.removeprefix("mug"))]["fate"]
            assert hub.listings.of(sku).account == result.change.after("quantity")
            # A store that lies to a token that can't look is found out by nobody.
            if result.proof is Proof.READ or fate != "silent":
                assert hub.count(sku) == result.change.after("quantity")
            assert not fate.startswith("lost") or (reads_stock and stage not in MOVING)


@given(mugs, st.sampled_from([Stage.HIDE, Stage.AT_ZERO, Stage.SET, Stage.UNHIDE]), st.booleans())
def test_what_is_proven_of_the_sale_at_zero_is_on_the_store(drawn, stage, reads_stock):
    hub = a_shop(drawn, reads_stock=reads_stock)

    run = drive(hub, stage)

    for number, mug in enumerate(drawn):
        row = hub.listings.of(f"mug{number}")
        # A store that lies to a token that can't look is found out by nobody; what an answer was lost of is unproven.
        if mug["fate"] in {"well", "refused"} or (mug["fate"] == "silent" and reads_stock):
            assert hub.store.shelf.by_key[row.sku].stock.sells_without_stock is row.proven_without_stock
    applied = [result.change for result in run.results if result.outcome is Outcome.APPLIED]
    told = {change.subject.key for change in applied if change.side is Side.STORE}
    for sku in told if stage is not Stage.HIDE else ():
        assert hub.listings.of(sku).proven_without_stock is hub.listings.of(sku).sells_without_stock


@given(mugs, st.booleans())
def test_the_end_of_a_sale_moves_nothing(drawn, reads_stock):
    hub = a_shop(drawn, reads_stock=reads_stock)
    before = {key: product.stock.count for key, product in hub.store.shelf.by_key.items()}

    drive(hub, Stage.AT_ZERO)

    assert {key: product.stock.count for key, product in hub.store.shelf.by_key.items()} == before


def test_what_is_not_counted_any_more_has_no_zero_and_loses_its_account():
    hub = hub_with(account=5, proven_without_stock=True)
    hub.store.shelf.untrack("mug")

    drive(hub, Stage.AT_ZERO)
    drive(hub, Stage.SET)

    assert (hub.listings.of("mug").account, hub.count("mug")) == (5, 5)
    assert hub.listings.of("mug").proven_without_stock is False


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("reads_stock", [True, False])
@pytest.mark.parametrize("mode", StockMode)
def test_a_lost_answer_about_the_sale_at_zero_leaves_the_books_alone(mode, reads_stock, is_done):
    hub = hub_with(account=5, missing=2, missing_since=NOON, proven_without_stock=True, reads_stock=reads_stock)
    hub.settings = replace(hub.settings, stock_mode=mode)
    hub.store.faults.lost["mug"] = is_done
    drive(hub, Stage.AT_ZERO)
    hub.store.faults.lost.clear()
    hub.now += hub.lost_answer_wait

    drive(hub, Stage.SETTLE)
    drive(hub, Stage.AT_ZERO)

    row = hub.listings.of("mug")
    assert (row.account, row.open_since, row.proven_without_stock) == (5, None, False)
    assert hub.accounts.entries == []
    assert hub.store.shelf.by_key["mug"].stock.stops_sale_at_zero


@given(mugs, st.sampled_from(STAGES), st.booleans())
def test_no_write_raises_a_stock_above_what_is_available(drawn, stage, reads_stock):
    hub = a_shop(drawn, reads_stock=reads_stock)
    before = {key: product.stock.count for key, product in hub.store.shelf.by_key.items()}

    drive(hub, stage)

    for number, mug in enumerate(drawn):
        if mug["fate"] != "gone":
            count = hub.count(f"mug{number}")
            assert count == before[f"mug{number}"] or count <= max(0, mug["available"])


@given(mugs, st.sampled_from(STAGES), st.booleans())
def test_nothing_is_written_for_a_listing_whose_last_write_is_open(drawn, stage, reads_stock):
    hub = a_shop(drawn, reads_stock=reads_stock)
    for row in hub.listings.by_ids(hub.listings.all):
        hub.listings.change(row.sku, open_since=NOON)

    drive(hub, stage)

    assert hub.store.writes == []


@given(mugs, st.sampled_from(STAGES))
def test_what_was_applied_is_not_due_again(drawn, stage):
    hub = a_shop([mug | {"fate": "well"} for mug in drawn], reads_stock=True)
    drive(hub, stage)
    hub.store.writes.clear()

    again = drive(hub, stage)

    assert (hub.store.writes, again.results) == ([], [])


@given(mugs, st.sampled_from([Stage.DECREASE, Stage.INCREASE, Stage.SET]), st.booleans())
def test_nothing_goes_wrong_where_nothing_is_wrong(drawn, stage, reads_stock):
    hub = a_shop([mug | {"fate": "well", "status": LISTED} for mug in drawn], reads_stock=reads_stock)

    run = drive(hub, stage)

    assert (run.bad(), hub.listings.flags) == ([], {})
