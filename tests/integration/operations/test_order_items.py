"""What orders sold: unknown items, taken over once they are known (R45); only open orders are acknowledged (R44)."""

from dataclasses import replace

import pytest

from miva_sandbox import provisioning
from stock_shop import StockShop
from tradepost.database.models import Order, OrderEvent
from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.domain.plan import Action

from .conftest import ALL_RIGHTS, EIGHT, HEADER

ALIEN = HEADER + "alien,Alien,,Acme,,,,,,ALIEN,210,5,7.90,,\n"


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=request.param)
    made.state()
    assert made.publish().bad() == []
    xml = "<Product_Add><Code>ALIEN</Code><SKU>ALIEN</SKU><Name>Alien</Name><Price>1</Price></Product_Add>"
    assert list(provisioning.run(made.sandbox.store, xml)) == []
    yield made
    made.close()


def buy(shop, *codes):
    shopper = shop.sandbox.shopper()
    for code in codes:
        shopper.add(code, 1)
    return shopper.check_out().order_id


def told(run):
    return [result.change.subject.key for result in run.results if result.change.action is Action.ACKNOWLEDGE]


def states():
    return dict(Order.objects.values_list("external_id", "state"))


def test_an_order_of_unknown_items_is_not_managed_not_told_and_taken_over_once_they_are_known(shop):
    strange, mixed, usual = buy(shop, "ALIEN"), buy(shop, "ALIEN", "MUG"), buy(shop, "MUG")
    first = shop.get_orders()
    before = states()
    shop.import_text(ALIEN, name="alien.csv", queue=False)

    second = shop.get_orders()

    assert before == {strange: "not_managed", mixed: "on_hold", usual: "open"}
    assert states() == {strange: "open", mixed: "open", usual: "open"}
    assert [event.what for event in OrderEvent.objects.all()] == ["matched", "matched"]
    assert (told(first), told(second)) == ([str(mixed), str(usual)], [str(strange)])


def test_a_person_can_have_unknown_items_looked_for(shop):
    number = buy(shop, "ALIEN")
    shop.get_orders()

    asked = (shop.orders.rematch(None), shop.orders.rematch([number, 2**70]), shop.orders.rematch([7]))
    shop.get_orders()

    assert asked == ([number], [number], [])
    assert (states(), OrderEvent.objects.count()) == ({number: "not_managed"}, 0)


def test_an_order_that_is_done_when_another_way_of_acknowledging_is_chosen_is_left_alone(shop):
    shop.settings = replace(shop.settings, acknowledge_mode=AcknowledgeMode.NONE)
    shipped, cancelled, still_open = (buy(shop, "MUG") for _ in range(3))
    shop.get_orders()
    shop.merchant.ship(shipped)
    shop.merchant.cancel(cancelled)
    shop.settings = replace(shop.settings, acknowledge_mode=AcknowledgeMode.NOTE)

    shop.get_orders()

    notes = shop.sandbox.store.db.rows("SELECT DISTINCT order_id FROM notes")
    assert [row["order_id"] for row in notes] == [still_open]


def test_what_the_shopper_chose_is_shown(shop):
    shop.buy("TEE-M", 1)

    shop.get_orders()

    (line,) = Order.objects.get().lines.all()
    assert (line.chosen, line.listing.sku) == ("M", "TEE-M")
