"""
Orders and shipments by requirement (R43, R45, R46, R50, R51), read back by Miva's own SDK, which knows nothing of us.

The hub's side is what it gives to an ERP: JSON lines by the documented schema. What is expected of it is made here of
what the SDK reads. R44 is read back in test_acknowledge.py, R47 to R49 in test_shipments.py.
"""

import contextlib
import json
import warnings
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from miva_sandbox.control import bulk
from miva_sandbox.faults.rules import Rule
from stock_shop import LOST_ANSWER
from tradepost.database.models import Channel
from tradepost.database.orders.exports import DjangoOrderExports
from tradepost.database.runs.history import RequestHistory
from tradepost.database.stock.handovers import DjangoHandovers
from tradepost.domain.errors import AnswerLost, NotAllowed, StoreUnavailable
from tradepost.domain.orders.order import AcknowledgeMode, OrderState, ShipmentPath, StoreStatus
from tradepost.domain.orders.order_export import ExportForm
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.exports.registry import OrderFiles
from tradepost.operations.orders.order_exports import ExportPorts, exported_text

from .conftest import ALL_RIGHTS, EIGHT
from .test_shipments import PARTIALLY_SHIPPED, SHIPPED, ShippingShop, read_back

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request

PENDING, PROCESSING, CANCELLED = 0, 100, 300
ADDRESS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "email": "email",
    "phone": "phone",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "state": "state",
    "postal_code": "zip",
    "country": "country",
}


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = ShippingShop(sandbox, tmp_path, token=request.param)
    made.state(MUG=500)
    assert made.publish().bad() == []
    yield made
    made.close()


def in_hub(shop):
    """Return what an ERP is given of each order, of all states, as [record]."""
    ports = ExportPorts(
        channel_id=shop.channel.pk,
        exports=DjangoOrderExports(shop.channel.pk),
        writer=OrderFiles(),
        handovers=DjangoHandovers(shop.channel.pk),
        history=RequestHistory(requested_by="erp", trigger="person", clock=shop.clock),
        transaction=transaction.atomic,
        clock=shop.clock,
    )
    text = "".join(exported_text(list(OrderState), ports, form=ExportForm.JSONL))
    return [json.loads(line) for line in text.splitlines()]


def on_store(sdk):
    """Read all orders of the store with the SDK, page by page, by number."""
    found = []
    while True:
        request = merchantapi.request.OrderListLoadQuery(sdk).set_count(500).set_offset(len(found)).set_sort("id")
        request.set_on_demand_columns(["items", "charges", "payments", "ship_method", "notes"])
        page = request.send().get_orders()
        found += page
        if not page:
            return {order.get_id(): order for order in found}


def money(amount):
    """The SDK makes its decimals of floats; a store keeps cents."""
    return f"{amount:.2f}"


def of_sdk(order):
    """What the SDK says of an order, in the words of the schema."""
    return {
        "order": order.get_id(),
        "total": money(order.get_total()),
        "customer_id": order.get_customer_id(),
        "shipping_method": order.get_ship_method(),
        "ship_to": {name: getattr(order, f"get_ship_{theirs}")() for name, theirs in ADDRESS.items()},
        "bill_to": {name: getattr(order, f"get_bill_{theirs}")() for name, theirs in ADDRESS.items()},
        "lines": [
            (
                item.get_line_id(),
                item.get_sku(),
                item.get_code(),
                item.get_name(),
                item.get_quantity(),
                money(item.get_total()),
                [(option.get_attribute_code(), option.get_option_code()) for option in item.get_options()],
            )
            for item in order.get_items()
        ],
        "charges": [
            (charge.get_type(), charge.get_description(), money(charge.get_amount())) for charge in order.get_charges()
        ],
    }


def of_hub(record):
    """What the hub says of the same."""
    return {
        **{name: record[name] for name in ("order", "customer_id", "shipping_method", "ship_to", "bill_to")},
        "total": money(Decimal(record["total"])),
        "lines": [
            (
                *(line[name] for name in ("line", "sku", "code", "name", "quantity")),
                money(Decimal(line["total"])),
                [(option["attribute"], option["option"]) for option in line["options"]],
            )
            for line in record["lines"]
        ],
        "charges": [
            (charge["kind"], charge["description"], money(Decimal(charge["amount"]))) for charge in record["charges"]
        ],
    }


def impatiently(shop, work):
    """Do something again and again, at once and later, whatever the store answers."""
    for _attempt in range(3):
        with contextlib.suppress(StoreUnavailable, AnswerLost):
            work()
    shop.sandbox.faults.clear()
    shop.wait(LOST_ANSWER)
    work()


@pytest.mark.parametrize("kind", ["drop_after", "cut"])
def test_r43_each_order_is_in_the_hub_once_as_the_store_has_it_whatever_was_lost_meanwhile(shop, sdk, kind):
    numbers = [shop.buy("MUG", 3), shop.buy("TEE-S", 1)]
    shop.sandbox.faults.add(Rule(kind=kind, nth=2, times=1, after_bytes=200))
    impatiently(shop, shop.get_orders)
    basket = shop.add("MUG", 1)
    basket.add("tee", 2, {"Size": "M"})
    numbers.append(basket.check_out().order_id)
    shop.sandbox.faults.add(Rule(kind=kind, function="Provision_Store", times=1, after_bytes=20))

    impatiently(shop, shop.get_orders)

    there = on_store(sdk)
    assert sorted(there) == numbers
    assert [of_hub(record) for record in in_hub(shop)] == [of_sdk(there[number]) for number in numbers]
    # And told of once, whatever the store answered.
    assert [len(there[number].get_notes()) for number in numbers] == [1, 1, 1]


def test_r45_a_new_order_may_be_fulfilled_at_once_and_one_on_hold_only_when_it_is_released(shop, sdk):
    dear = {"name": "dear", "total_above": "20", "holds": True}
    Channel.objects.filter(pk=shop.channel.pk).update(order_rules=[dear])
    cheap, held = shop.order(mugs=1), shop.order(mugs=4)
    totals = {number: order.get_total() for number, order in on_store(sdk).items()}
    states = {record["order"]: record["state"] for record in in_hub(shop)}
    shop.record(cheap, "CHEAP")
    with pytest.raises(NotAllowed, match="on hold"):
        shop.record(held, "HELD")
    shop.sync_orders()
    before = {number: read_back(sdk, number) for number in (cheap, held)}
    shop.orders.release(held, by="Ann", at=shop.clock())
    shop.record(held, "HELD")

    assert shop.sync_orders().bad() == []

    assert states == {number: "on_hold" if total > Decimal(20) else "open" for number, total in totals.items()}
    assert set(states.values()) == {"on_hold", "open"}
    assert before == {cheap: (SHIPPED, {"CHEAP": ("UPS", "7.35", True, {"MUG": 1})}), held: (PENDING, {})}
    assert read_back(sdk, held) == (SHIPPED, {"HELD": ("UPS", "7.35", True, {"MUG": 4})})


@pytest.mark.parametrize(
    ("chosen", "there"),
    [
        ({StoreStatus.PENDING}, {PENDING}),
        ({StoreStatus.PROCESSING, StoreStatus.SHIPPED, StoreStatus.CANCELLED}, {PROCESSING, SHIPPED, CANCELLED}),
    ],
    ids=["pending", "several"],
)
def test_r46_all_orders_in_the_selected_states_come_and_no_others(shop, sdk, chosen, there):
    store = shop.sandbox.store
    with store.db.lock:
        bulk.add_orders(store, 1234)
        store.db.execute("UPDATE orders SET orderdate = ?, dt_updated = ?", (shop.sandbox.domain.clock.now(),) * 2)
        for table, number in (("orders", "id"), ("order_items", "order_id")):
            store.db.execute(
                f"UPDATE {table} SET status = CASE {number} % 4"
                " WHEN 0 THEN 0 WHEN 1 THEN 100 WHEN 2 THEN 200 ELSE 300 END"
            )
    shop.settings = replace(
        shop.settings, order_statuses=frozenset(chosen), acknowledge_mode=AcknowledgeMode.NONE, batch_size=250
    )

    shop.get_orders()
    shop.get_orders()

    states = {number: order.get_status() for number, order in on_store(sdk).items()}
    assert len(states) == 1234
    assert sorted(record["order"] for record in in_hub(shop)) == sorted(
        number for number, status in states.items() if status in there
    )


@pytest.mark.parametrize("kind", ["drop_after", "cut", "lands_late"])
def test_r50_a_lost_answer_makes_no_second_shipment_and_leaves_a_good_one_whole(either_way, sdk, kind):
    shop = either_way
    number = shop.order(mugs=3, tees=1)
    shop.record(number, "TEE", lines={"TEE-S": 1}, cost="1.5")
    shop.sync_orders()
    tee = {"TEE": ("UPS", "1.50", True, {"TEE-S": 1})}
    before = read_back(sdk, number)
    shop.record(number, "MUGS", carrier="usps")
    make = (
        "Provision_Store" if shop.settings.shipment_path is ShipmentPath.PROVISION else "OrderItemList_CreateShipment"
    )
    for function in (make, "OrderShipmentList_Update"):
        shop.sandbox.faults.add(
            Rule(kind=kind, function=function, times=1, after_bytes=10, seconds=LOST_ANSWER // 2, requests=1)
        )

    impatiently(shop, shop.sync_orders)
    shop.wait(LOST_ANSWER)
    shop.sync_orders()

    assert before == (PARTIALLY_SHIPPED, tee)
    assert read_back(sdk, number) == (SHIPPED, {**tee, "MUGS": ("USPS", "7.35", True, {"MUG": 3})})
    assert shop.sync_orders().results == []


@pytest.mark.parametrize(
    ("field", "there"),
    [
        ({"tracking_number": "2Z"}, {"2Z": ("UPS", "7.35")}),
        ({"carrier": "fedex"}, {"1Z9": ("FedEx", "7.35")}),
        ({"cost": Decimal("9.999")}, {"1Z9": ("UPS", "10.00")}),
    ],
    ids=["number", "carrier", "cost"],
)
def test_r51_a_correction_leaves_the_rest_as_it_was_and_what_is_suppressed_never_arrives(either_way, sdk, field, there):
    shop = either_way
    sent, kept = shop.order(), shop.order()
    shipment, withheld = shop.record(sent), shop.record(kept, "SECRET")
    shop.orders.leave_out_shipment(
        withheld.code, ShipmentState.SUPPRESSED, reason="Told by phone.", by="Ann", at=shop.clock()
    )
    shop.sync_orders()
    shop.correct(shipment.code, **field)
    shop.correct(withheld.code, **field)

    assert shop.sync_orders().bad() == []

    wanted = {number: (*tracking, True, {"MUG": 3}) for number, tracking in there.items()}
    assert read_back(sdk, sent) == (SHIPPED, wanted)
    assert read_back(sdk, kept) == (PENDING, {})
