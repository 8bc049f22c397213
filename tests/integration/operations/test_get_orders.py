"""
Getting orders from a sandbox store: every order once (R43), all in the selected states and only those (R46).

What is expected is what the shoppers and the merchant did, and what the sandbox's own tables say.
"""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from django.db import transaction

from fakes.run import MemoryRun
from kills import Fuse, Fused, Killed
from miva_sandbox.faults.rules import Rule
from miva_sandbox.state import charges
from stock_shop import LOST_ANSWER, STATED, StockShop
from tradepost.database.models import Order, OrderPayload, Sighting
from tradepost.domain.errors import AnswerLost, StoreUnavailable
from tradepost.domain.orders.order import AcknowledgeMode, PaymentState, StoreStatus
from tradepost.domain.plan import Action, Outcome
from tradepost.operations.orders import get_orders

from .conftest import ALL_RIGHTS, EIGHT

DAY = 24 * 3600
MINUTE = 60


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=request.param)
    made.state()
    assert made.publish().bad() == []
    yield made
    made.close()


def imported():
    return sorted(Order.objects.values_list("external_id", flat=True))


def news():
    return list(Sighting.objects.filter(is_news=True).order_by("external_id").values_list("external_id", flat=True))


def imports(run):
    return [change.subject.key for change in run.changes if change.action is Action.IMPORT]


def pay(shop, number, cents=1_000):
    with shop.sandbox.store.db.lock:
        charges.authorise(shop.sandbox.store, number, cents)


def settle(shop, **settings):
    shop.settings = replace(shop.settings, **settings)


# --- every order once -----------------------------------------------------------------------------------------------


def test_r43_each_order_comes_once_and_what_was_judged_is_no_news_any_more(shop):
    numbers = [shop.buy("MUG", 1), shop.buy("TEE-S", 2)]

    first, second = shop.get_orders(), shop.get_orders()

    assert imports(first) == [str(number) for number in numbers]
    assert (imported(), news()) == (numbers, [])
    assert imports(second) == []
    assert [result for result in second.results if result.outcome is not Outcome.UNCHANGED] == []


def test_r43_a_get_that_is_killed_anywhere_is_gone_on_with_by_the_next(shop):
    bought, fuse = [], Fuse()
    # Every second boundary with one token, and those between with the other.
    place = int(shop.can_read_stock)
    while True:
        bought += [shop.buy("MUG", 1), shop.buy("TEE-M", 1)]
        shop.state(MUG=STATED["MUG"] + len(bought), TEE_M=STATED["TEE-M"] + len(bought))
        shop.sync()
        fuse = Fuse(place)
        ports = shop.ports(MemoryRun(atomic=transaction.atomic))
        ports = replace(
            ports,
            store=Fused(ports.store, fuse),
            orders=Fused(ports.orders, fuse),
            accounts=Fused(ports.accounts, fuse),
        )
        try:
            get_orders.execute(ports)
        except Killed:
            shop.get_orders()
            assert imported() == bought
            place += 2
            continue
        break

    assert imported() == bought
    assert place > 20
    assert news() == []


def test_r43_two_gets_at_once_import_once(shop):
    number = shop.buy("MUG", 1)

    class Beside:
        """A ledger into which somebody else imports at the very moment."""

        def __getattr__(self, name):
            return getattr(shop.orders, name)

        def add(self, orders, *, at):
            shop.get_orders()
            return shop.orders.add(orders, at=at)

    get_orders.execute(shop.ports(orders=Beside()))

    assert imported() == [number]
    lines = set(Order.objects.get().lines.values_list("line_id", flat=True))
    assert lines == shop.merchant.lines(number).keys()


@pytest.mark.parametrize("fault", ["lost", "dropped"])
def test_r43_an_answer_that_is_lost_loses_no_order(shop, fault):
    numbers = [shop.buy("MUG", 1) for _ in range(3)]
    kind = "drop_after" if fault == "lost" else "drop_before"
    shop.sandbox.faults.add(Rule(kind=kind, function="OrderList_Load_Query", times=9))

    with pytest.raises((AnswerLost, StoreUnavailable)):
        shop.get_orders()
    shop.sandbox.faults.clear()
    shop.get_orders()

    assert imported() == numbers


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "cut", "error", "lands_late"])
def test_r43_a_get_whose_connection_breaks_at_any_request_is_completed_by_the_next_ones(shop, kind):
    """The answer is lost for good: what is asked again at once finds the store as silent."""
    shop.state(MUG=500)
    shop.sync()
    shop.buy("MUG", 1)
    before = len(shop.sandbox.log.requests())
    shop.get_orders()
    requests = len(shop.sandbox.log.requests()) - before
    assert requests > 3

    for nth in range(1, requests + 1):
        bought = [shop.buy("MUG", 1), shop.buy("MUG", 2)]
        # What is only read is asked for again at once, four times in all.
        rules = [
            Rule(kind=kind, nth=nth + again, times=1, after_bytes=20, seconds=20, requests=2) for again in range(4)
        ]
        for rule in rules:
            shop.sandbox.faults.add(rule)
        for _attempt in range(2):
            with suppress(AnswerLost, StoreUnavailable):
                shop.get_orders()
        shop.sandbox.faults.clear()
        shop.wait(LOST_ANSWER)

        run = shop.get_orders()

        at = f"{kind} at request {nth}"
        assert run.bad() == [], at
        assert imported()[-2:] == bought, at
        notes = shop.sandbox.store.db.rows("SELECT order_id, count(*) FROM notes GROUP BY order_id ORDER BY order_id")
        assert [tuple(row) for row in notes] == [(number, 1) for number in imported()], at
        assert news() == [], at
    assert shop.can_buy("MUG") == 500 - 1 - 3 * requests


@pytest.mark.parametrize("minutes", [-10, 10])
def test_r43_a_store_whose_clock_is_wrong_loses_no_order_and_doubles_none(shop, minutes):
    settle(shop, look_back_days=0)
    shop.sandbox.domain.clock.skew_seconds = minutes * MINUTE
    numbers = [shop.buy("MUG", 1)]
    shop.get_orders()
    numbers.append(shop.buy("TEE-S", 1))

    shop.get_orders()
    shop.get_orders()

    assert imported() == numbers


def test_r43_an_order_that_appears_late_under_an_old_number_is_found_by_the_reconcile(shop):
    shop.get_orders()
    late = shop.buy("MUG", 1)
    shop.wait(DAY)
    usual = shop.buy("TEE-S", 1)

    class NotYet:
        """The store while one of the orders, which has its number and its time, is not committed yet."""

        def __getattr__(self, name):
            return getattr(shop.store, name)

        def sight_orders(self, **asked):
            for page in shop.store.sight_orders(**asked):
                yield replace(page, orders=tuple(order for order in page.orders if order.id != late))

    shop.get_orders(store=NotYet())
    shop.get_orders()
    missed = late not in imported()

    shop.sync(preview={"full_existence": True})
    run = shop.get_orders()

    assert missed
    assert imports(run) == [str(late)]
    assert {late, usual} <= set(imported())
    assert shop.can_buy("MUG") == STATED["MUG"] - 1


# --- all that are wanted, and only those ----------------------------------------------------------------------------


def test_r46_an_order_that_is_paid_thirty_days_later_comes_in_then(shop):
    number = shop.merchant.create("MUG", 2)
    left = shop.get_orders()
    shop.wait(30 * DAY)
    still = shop.get_orders()
    pay(shop, number)

    run = shop.get_orders()

    skipped = [result.message for result in left.results if result.outcome is Outcome.SKIPPED]
    assert skipped == [f"Order {number} has no payment yet; it is imported once it has one."]
    assert (imports(still), imports(run), imported()) == ([], [str(number)], [number])


def test_r46_an_order_of_nothing_has_nothing_to_pay(shop):
    shop.merchant.set_price("MUG", 0)
    number = shop.merchant.create("MUG", 1)

    shop.get_orders()

    assert list(Order.objects.values_list("external_id", "payment_state")) == [(number, PaymentState.CAPTURED)]


def test_r46_only_the_chosen_payment_states_come_in_and_a_change_of_the_choice_lets_others_in(shop):
    settle(shop, payment_states=frozenset({PaymentState.CAPTURED, PaymentState.REFUNDED}))
    authorised, captured = shop.buy("MUG", 1), shop.buy("MUG", 1)
    total = int(shop.sandbox.store.db.value("SELECT total FROM orders WHERE id = ?", (captured,)))
    with shop.sandbox.store.db.lock:
        charges.capture(shop.sandbox.store, captured, total)
    shop.get_orders()
    before = imported()

    settle(shop, payment_states=frozenset({PaymentState.AUTHORISED}))
    shop.get_orders()

    assert before == [captured]
    assert imported() == [authorised, captured]


def test_r46_a_state_that_is_selected_later_brings_in_orders_that_nobody_touched_since(shop):
    number = shop.buy("MUG", 2)
    shop.merchant.ship(number)
    shop.get_orders()
    before, count = imported(), shop.can_buy("MUG")
    account = shop.listing("MUG").account

    settle(shop, order_statuses=frozenset({StoreStatus.PENDING, StoreStatus.SHIPPED}))
    shown = shop.get_orders(is_dry=True)
    nothing_yet = imported()
    run = shop.get_orders()

    assert (before, nothing_yet, imported()) == ([], [], [number])
    assert imports(shown) == imports(run) == [str(number)]
    # What was sold before stays sold once.
    assert (shop.listing("MUG").account, shop.can_buy("MUG")) == (account, count)


def test_r46_the_first_time_looks_back_and_a_longer_look_back_lets_older_orders_in(sandbox, sqlite, tmp_path):
    shop = StockShop(sandbox, tmp_path, token=EIGHT)
    shop.state()
    shop.publish()
    old = shop.buy("MUG", 1)
    shop.merchant.ship(old)
    shop.wait(20 * DAY)
    new = shop.buy("MUG", 1)
    settle(shop, order_statuses=frozenset({StoreStatus.PENDING, StoreStatus.SHIPPED}), look_back_days=7)

    shown = shop.get_orders(is_dry=True)
    untouched = (imported(), Sighting.objects.filter(is_news=False).count(), shop.channel.orders_compared)
    shop.get_orders()
    first = imported()
    shop.wait(20 * DAY)
    shop.get_orders()
    settle(shop, look_back_days=60)
    shop.get_orders()

    assert imports(shown) == [str(new)]
    assert untouched == ([], 0, {})
    assert (first, imported()) == ([new], [old, new])
    shop.close()


def test_r46_all_pages_of_many_orders_in_mixed_states(shop):
    with shop.sandbox.store.db.lock:
        from miva_sandbox.control import bulk  # noqa: PLC0415

        bulk.add_orders(shop.sandbox.store, 1234)
    shop.sandbox.store.db.execute(
        "UPDATE orders SET orderdate = ?, dt_updated = ?", (shop.sandbox.domain.clock.now(),) * 2
    )
    wanted = []
    for place, row in enumerate(shop.sandbox.store.db.rows("SELECT id FROM orders ORDER BY id")):
        status = (0, 100, 200, 300)[place % 4]
        shop.sandbox.store.db.execute("UPDATE orders SET status = ? WHERE id = ?", (status, row["id"]))
        shop.sandbox.store.db.execute("UPDATE order_items SET status = ? WHERE order_id = ?", (status, row["id"]))
        wanted += [row["id"]] if status in {0, 200} else []
    settle(
        shop,
        order_statuses=frozenset({StoreStatus.PENDING, StoreStatus.SHIPPED}),
        acknowledge_mode=AcknowledgeMode.NONE,
    )

    shop.get_orders()

    assert imported() == wanted


# --- with all that the store says -----------------------------------------------------------------------------------


def test_an_order_is_kept_as_the_store_sent_it_for_as_long_as_the_channel_says(shop):
    number = shop.buy("TEE-S", 1)
    shop.get_orders()
    record = json.loads(OrderPayload.objects.get(order__external_id=number).record)

    shop.wait(91 * DAY)
    shop.get_orders()

    assert (record["id"], record["ship_fname"]) == (number, "Ada")
    assert [option["opt_code"] for line in record["items"] for option in line["options"]] == ["S"]
    assert "data" not in record["payments"][0]
    assert OrderPayload.objects.count() == 0
    assert imported() == [number]


def test_an_order_comes_with_its_payments_customer_and_custom_fields(shop):
    number = shop.buy("MUG", 1)

    shop.get_orders()

    row = Order.objects.get(external_id=number)
    table = shop.sandbox.store.db.row("SELECT * FROM order_payments WHERE order_id = ?", (number,))
    assert [(p["kind"], p["currency"]) for p in row.payments] == [(table["type"], "USD")]
    assert row.customer_id == shop.sandbox.store.db.value("SELECT cust_id FROM orders WHERE id = ?", (number,))
    assert row.payment_state == PaymentState.AUTHORISED


def test_nothing_new_writes_nothing_and_asks_for_the_open_orders_in_few_requests(shop):
    for _ in range(5):
        shop.buy("TEE-M", 1)
    settle(shop, acknowledge_mode=AcknowledgeMode.NONE)
    shop.get_orders()
    shop.wait(3600)
    shop.sandbox.log.clear()

    run = shop.get_orders()

    assert run.results == []
    assert len(shop.sandbox.log.requests()) == 1
