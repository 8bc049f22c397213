"""
A channel's rules for orders (R45): an order that no rule holds may be shipped at once, one that a rule holds waits for
a person; what a rule did is shown with the reason, and is judged again when the order or a rule changes.
"""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from fakes.run import MemoryRun
from kills import Fuse, Fused, Killed
from miva_sandbox.state import orders as store_orders
from stock_shop import StockShop
from tradepost import wiring
from tradepost.database.models import Listing, Order, OrderEvent, ShipmentRecord
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order_rules import AddressPart, OrderRule
from tradepost.operations.orders import get_orders, order_rules
from tradepost.operations.ports import NewShipment

from .conftest import ALL_RIGHTS, EIGHT

COMPLETE = OrderRule(name="address", lacks=frozenset({AddressPart.CITY, AddressPart.STREET}), holds=True)
DEAR = OrderRule(name="dear", total_above=Decimal(20), holds=True, tag="dear")
PRICES = OrderRule(name="prices", price_off=Decimal(5), holds=True)
SHIRTS = OrderRule(name="shirts", skus=("TEE-*",), tag="shirts", fulfiller="North")
USUAL = OrderRule(name="usual", fulfiller="South")


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=request.param)
    made.state()
    assert made.publish().bad() == []
    yield made
    made.close()


def keep(shop, *rules):
    """Set rules as a person does; return the orders whose state they changed."""
    ports = (
        wiring.channels.channel_ports(requested_by="alice"),
        wiring.orders.order_ports(shop.channel, requested_by="alice"),
    )
    return [order for rule in rules for order in order_rules.set_rule(rule, *ports).orders]


def forget(shop, rule):
    ports = (
        wiring.channels.channel_ports(requested_by="alice"),
        wiring.orders.order_ports(shop.channel, requested_by="alice"),
    )
    return order_rules.remove_rule(rule.name, *ports).orders


def change_on_store(shop, number, **columns):
    with shop.sandbox.store.db.lock:
        store_orders.update(shop.sandbox.store, number, columns)


def order(number=None):
    return Order.objects.get() if number is None else Order.objects.get(external_id=number)


def ship(shop, number, **more):
    with transaction.atomic():
        return shop.orders.add_shipment(NewShipment(number, "UPS", "1Z9", **more), at=shop.clock())


def test_r45_an_order_without_a_hold_may_be_shipped_at_once_and_one_that_a_rule_holds_only_if_that_is_said(shop):
    keep(shop, DEAR)
    cheap, dear = shop.buy("MUG", 1), shop.buy("MUG", 4)
    shop.get_orders()
    states = (order(cheap).state, order(dear).state, order(dear).why)

    ship(shop, cheap)
    with pytest.raises(NotAllowed, match=r"Rule 'dear': the total .* is above 20.*--even-if-held"):
        ship(shop, dear)
    ship(shop, dear, even_if_held=True)

    total = order(dear).total
    assert states == ("open", "on_hold", f"Rule 'dear': the total {total} is above 20.")
    assert ShipmentRecord.objects.count() == 2


def test_r45_tags_service_and_fulfiller_are_kept_with_the_rule_that_gave_them(shop):
    keep(shop, USUAL, SHIRTS, OrderRule(name="ground", service="Parcel", carrier="UPS"))
    shirt, mug = shop.buy("TEE-S", 1), shop.buy("MUG", 1)

    shop.get_orders()

    found = [(o.tags, o.service, o.carrier, o.fulfiller) for o in (order(shirt), order(mug))]
    assert found == [(["shirts"], "Parcel", "UPS", "North"), ([], "Parcel", "UPS", "South")]
    assert order(shirt).rules_done == [
        {"rule": "shirts", "why": "SKU TEE-S", "deeds": "tag shirts, fulfilled by North"},
        {"rule": "ground", "why": "every order", "deeds": "shipped by Parcel (UPS)"},
    ]


def test_r45_a_shipping_method_that_is_not_mapped_waits_for_a_person_until_it_is(shop):
    keep(shop, OrderRule(name="express", methods=("Express*",), service="Next day"))
    number = shop.buy("MUG", 1)
    shop.get_orders()
    before = (order().state, order().why)

    changed = keep(shop, OrderRule(name="rest", service="Parcel"))

    method = order().shipping_method
    assert before == ("on_hold", f"No rule says by which service the shipping method '{method}' is shipped.")
    assert (changed, order().state, order().service) == ([number], "open", "Parcel")
    assert list(OrderEvent.objects.values_list("what", flat=True)) == ["ruled"]


def test_r45_a_rule_is_judged_again_when_the_order_changes_and_what_a_person_holds_stays(shop):
    keep(shop, COMPLETE)
    number = shop.buy("MUG", 1)
    change_on_store(shop, number, ship_city="", ship_addr1="")
    shop.get_orders()
    by_rule = (order().state, order().why)
    with transaction.atomic():
        shop.orders.hold(number, reason="Ring first.", by="alice", at=shop.clock())

    change_on_store(shop, number, ship_city="Salem", ship_addr1="1 Pier Rd")
    shop.get_orders()
    by_person = (order().state, order().why)
    with transaction.atomic():
        shop.orders.release(number, by="alice", at=shop.clock())

    assert by_rule == ("on_hold", "Rule 'address': the address lacks street, city.")
    assert by_person == ("on_hold", "Ring first.")
    assert (order().state, order().rules_done) == ("open", [])


def test_r45_what_a_person_released_is_not_held_again_by_the_same_rule_for_the_same_reason(shop):
    keep(shop, COMPLETE)
    number = shop.buy("MUG", 1)
    change_on_store(shop, number, ship_city="")
    shop.get_orders()
    with transaction.atomic():
        shop.orders.release(number, by="alice", at=shop.clock())

    change_on_store(shop, number, ship_fname="Augusta")
    shop.get_orders()
    keep(shop, USUAL)
    same = order().state
    change_on_store(shop, number, ship_addr1="")
    shop.get_orders()

    assert (same, order().state) == ("open", "on_hold")


def test_r45_a_reason_for_which_a_person_released_an_order_is_the_same_one_wherever_it_is_judged(shop):
    keep(shop, DEAR, PRICES)
    shop.merchant.set_price("MUG", "8.5")
    number = shop.buy("MUG", 4)
    with shop.sandbox.store.db.lock:
        shop.sandbox.store.db.execute("UPDATE orders SET total = total + 150 WHERE id = ?", (number,))
    shop.get_orders()
    why = order().why
    with transaction.atomic():
        shop.orders.release(number, by="alice", at=shop.clock())

    changed = keep(shop, USUAL)
    change_on_store(shop, number, ship_city="Rome")
    shop.get_orders()

    assert ["unexplained" in why, "above 20" in why, "sold for 8.50" in why] == [True] * 3
    assert (changed, order().state) == ([], "open")


def test_r45_a_price_is_compared_with_what_was_listed_when_it_was_ordered(shop):
    keep(shop, PRICES)
    usual = shop.buy("MUG", 1)
    shop.merchant.set_price("MUG", 5)
    odd = shop.buy("MUG", 1)
    shop.get_orders()
    first = (order(usual).state, order(odd).state, order(odd).why)
    # It is sold for another price from now on.
    Listing.objects.update(proven_price=Decimal(12))

    change_on_store(shop, usual, ship_city="Rome")
    shop.get_orders()

    assert first == ("open", "on_hold", "Rule 'prices': 'MUG' was sold for 5.00 and was listed for 7.90.")
    assert order(usual).state == "open"


def test_a_rule_that_is_set_or_removed_is_applied_to_open_orders_at_once_and_to_no_other(shop):
    done, still_open = shop.buy("MUG", 4), shop.buy("MUG", 4)
    shop.get_orders()
    shop.merchant.ship(done)
    shop.get_orders()

    held = keep(shop, DEAR)
    again = keep(shop, DEAR)
    state = order(still_open).state
    freed = forget(shop, DEAR)

    assert (held, again, state, freed) == ([still_open], [], "on_hold", [still_open])
    assert (order(still_open).state, order(still_open).tags) == ("open", [])
    assert (order(done).state, order(done).tags) == ("closed", [])
    with pytest.raises(NotAllowed, match="no rule 'dear'"):
        forget(shop, DEAR)


def test_a_rule_without_a_deed_is_refused_and_kept_by_nobody(shop):
    with pytest.raises(NotAllowed, match="has to do something"):
        keep(shop, OrderRule(name="idle", countries=("US",)))

    shop.channel.refresh_from_db()
    assert shop.channel.order_rules == []


def test_rules_are_applied_once_whatever_was_killed(shop):
    keep(shop, DEAR, SHIRTS)
    bought, place, is_done = [], 0, False
    while not is_done:
        shop.state(MUG=60)
        bought.append(shop.buy("MUG", 4))
        shop.sync()
        fuse = Fuse(place)
        ports = shop.ports(MemoryRun(atomic=transaction.atomic))
        with suppress(Killed):
            get_orders.execute(replace(ports, orders=Fused(ports.orders, fuse)))
            is_done = True
        place += 3

    assert place > 6
    shop.get_orders()
    assert {(o.state, *o.tags) for o in Order.objects.all()} == {("on_hold", "dear")}
    assert Order.objects.count() == len(bought)
