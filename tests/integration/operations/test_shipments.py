"""Shipments from their record to the store and beyond: told once, corrected, kept from it, parked (R47 to R51)."""

import contextlib
import warnings
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from fakes.run import MemoryRun
from kills import Fuse, Fused, Killed
from miva_sandbox.faults.rules import Rule
from stock_shop import LOST_ANSWER, MeanwhileStore, StockShop
from tradepost.database.models import Order, OrderEvent, ShipmentRecord
from tradepost.domain.errors import AnswerLost, NotAllowed, StoreUnavailable
from tradepost.domain.orders.order import ShipmentPath
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.domain.plan import Outcome
from tradepost.operations.orders import sync_orders
from tradepost.operations.ports import NewShipment, ShipmentCorrection

from .conftest import ALL_RIGHTS, EIGHT

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request

SHIPPED, PARTIALLY_SHIPPED = 200, 201


class ShippingShop(StockShop):
    """A shop that ships what shoppers have bought."""

    def order(self, *, mugs=3, tees=0):
        """Let a shopper buy, and get the order."""
        shopper = self.add("MUG", mugs)
        if tees:
            shopper.add("tee", tees, {"Size": "S"})
        number = shopper.check_out().order_id
        self.get_orders()
        return number

    def record(self, number, tracking="1Z9", *, lines=None, carrier="ups", cost="7.35", **more):
        new = NewShipment(number, carrier, tracking, Decimal(cost), lines, **more)
        with transaction.atomic():
            return self.orders.add_shipment(new, at=self.clock())

    def correct(self, code, **fields):
        return self.orders.correct_shipment(code, ShipmentCorrection(**fields), by="Ann", at=self.clock())

    def shipped(self, number):
        """Return the store's shipments of an order, as [tracking number, carrier, cost, status, pieces]."""
        db = self.sandbox.store.db
        rows = db.rows("SELECT * FROM order_shipments WHERE order_id = ? ORDER BY id", (number,))
        lines = db.rows("SELECT * FROM order_items WHERE order_id = ?", (number,))
        return [
            (
                row["tracknum"],
                row["tracktype"],
                Decimal(row["cost"]) / 100,
                row["status"],
                sum(line["quantity"] for line in lines if line["shpmnt_id"] == row["id"]),
            )
            for row in rows
        ]

    def status(self, number):
        ((status,),) = self.sandbox.store.db.rows("SELECT status FROM orders WHERE id = ?", (number,))
        return status

    def ship_by_hand(self, number, **tracking):
        """Let the store's staff change the first shipment of an order."""
        (row, *_) = self.sandbox.store.db.rows("SELECT id FROM order_shipments WHERE order_id = ?", (number,))
        self.merchant.call("OrderShipmentList_Update", Shipment_Updates=[{"shpmnt_id": row["id"], **tracking}])

    def requests(self):
        return len(self.sandbox.log.requests())


def record_of(shipment):
    return ShipmentRecord.objects.get(code=shipment.code)


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = ShippingShop(sandbox, tmp_path, token=request.param)
    made.state(MUG=500)
    assert made.publish().bad() == []
    yield made
    made.close()


@pytest.fixture
def by_whole_lines(shop):
    shop.settings = replace(shop.settings, shipment_path=ShipmentPath.FUNCTION)
    return shop


def read_back(sdk, number):
    """Return (status, {tracking number: (carrier, cost, is shipped, pieces)}) of an order, read by the official SDK."""
    request = merchantapi.request.OrderListLoadQuery(sdk).set_on_demand_columns(["items", "shipments"])
    request.set_filters(request.filter_expression().equal("id", number))
    (order,) = request.send().get_orders()
    return order.get_status(), {
        shipment.get_tracking_number(): (
            shipment.get_tracking_type(),
            f"{shipment.get_cost():.2f}",
            shipment.get_status() == SHIPPED,
            {item.get_sku(): item.get_quantity() for item in order.get_items() if _is_in(item, shipment)},
        )
        for shipment in order.get_shipments()
    }


def _is_in(item, shipment):
    return item.get_shipment_id() == shipment.get_id()


# --- requirements -----------------------------------------------------------------------------------------------------


def test_r47_only_what_is_new_or_was_changed_is_sent(either_way, sdk):
    """R47: unsynced and changed shipments are sent, and a second run sends nothing, nor does it ask for anything."""
    shop = either_way
    old, new = shop.order(), shop.order()
    first = shop.record(old, "OLD")
    shop.sync_orders()
    shop.record(new, "NEW")
    shop.correct(first.code, tracking_number="MENDED")

    run = shop.sync_orders()
    requests = shop.requests()
    again = shop.sync_orders()

    assert sorted((result.change.after("tracking_number"), result.outcome) for result in run.results) == [
        ("MENDED", Outcome.APPLIED),
        ("NEW", Outcome.APPLIED),
    ]
    assert (again.results, shop.requests()) == ([], requests)
    assert read_back(sdk, old) == (SHIPPED, {"MENDED": ("UPS", "7.35", True, {"MUG": 3})})
    assert read_back(sdk, new) == (SHIPPED, {"NEW": ("UPS", "7.35", True, {"MUG": 3})})


def test_r48_number_carrier_cost_and_mark_arrive_for_the_right_lines(shop, sdk):
    """R48: in two steps, the order is partially shipped after the first, and shipped after the rest."""
    number = shop.order(mugs=3, tees=1)
    shop.record(number, "ONE", lines={"MUG": 2}, carrier="fedex", cost="4.5")
    shop.sync_orders()
    partly, _ = read_back(sdk, number)
    shop.record(number, "TWO", carrier="Canada Post", cost="12.345")

    assert shop.sync_orders().bad() == []

    status, shipments = read_back(sdk, number)
    assert (partly, status) == (PARTIALLY_SHIPPED, SHIPPED)
    assert shipments == {
        "ONE": ("FedEx", "4.50", True, {"MUG": 2}),
        "TWO": ("CanadaPost", "12.35", True, {"MUG": 1, "TEE-S": 1}),
    }
    assert Order.objects.get().state == "closed"


@pytest.mark.parametrize(
    ("carrier", "there"),
    [
        ("ups", "UPS"),
        ("usps", "USPS"),
        ("FEDEX", "FedEx"),
        ("dhl", "DHL"),
        ("canada post", "CanadaPost"),
        ("Pigeon Express", "Pigeon Express"),
    ],
)
def test_r49_a_carrier_arrives_by_its_name_on_the_store_without_any_setting(shop, sdk, carrier, there):
    """R49: the built-in map knows the usual carriers, and any other is sent as it is."""
    number = shop.order()
    shop.record(number, carrier=carrier)

    assert shop.sync_orders().bad() == []

    assert read_back(sdk, number)[1]["1Z9"][0] == there


# --- money and words --------------------------------------------------------------------------------------------------


def test_a_cost_with_more_places_than_a_store_keeps_is_rounded_and_proven(either_way):
    number = either_way.order()
    either_way.record(number, cost="7.355")

    assert either_way.sync_orders().bad() == []

    assert either_way.shipped(number) == [("1Z9", "UPS", Decimal("7.36"), SHIPPED, 3)]
    assert either_way.sync_orders().results == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tracking": "9" * 101}, "101 characters, and 100 is the most"),
        ({"tracking": "1Z\n2"}, "can't be printed"),
        ({"carrier": "x" * 51}, "51 characters, and 50 is the most"),
        ({"cost": "100000000"}, "The cost must be from 0 to 99999999.99"),
        ({"cost": "-1"}, "The cost must be"),
        ({"cost": "NaN"}, "The cost must be"),
        ({"reference": "r" * 101}, "The reference has 101 characters"),
    ],
)
def test_what_a_store_does_not_take_is_refused_when_it_is_typed(shop, fields, words):
    number = shop.order()

    with pytest.raises(NotAllowed, match=words):
        shop.record(number, **fields)

    assert not ShipmentRecord.objects.exists()


# --- whole lines only -------------------------------------------------------------------------------------------------


def test_part_of_a_line_waits_for_the_rest_where_whole_lines_are_shipped(by_whole_lines):
    shop = by_whole_lines
    number = shop.order(mugs=3)
    first = shop.record(number, "ONE", lines={"MUG": 1}, cost="1.20")

    alone = shop.sync_orders()
    second = shop.record(number, "TWO", lines={"MUG": 2}, cost="2.30")
    together = shop.sync_orders()

    (waits,) = alone.results
    assert (waits.outcome, alone.bad(), together.bad()) == (Outcome.SKIPPED, [], [])
    assert "It waits until shipments of the rest are recorded" in waits.message
    assert shop.shipped(number) == [("ONE, TWO", "UPS", Decimal("3.50"), SHIPPED, 3)]
    assert shop.sync_orders().results == []
    states = {record.code: (record.state, record.joined_to_id) for record in ShipmentRecord.objects.all()}
    assert states == {first.code: ("told", None), second.code: ("told", record_of(first).pk)}


def test_a_correction_of_a_part_is_sent_with_the_other_part(by_whole_lines):
    shop = by_whole_lines
    number = shop.order(mugs=3)
    shop.record(number, "ONE", lines={"MUG": 1})
    second = shop.record(number, "TWO", lines={"MUG": 2})
    shop.sync_orders()

    shop.correct(second.code, tracking_number="ZWEI")

    assert shop.sync_orders().bad() == []
    assert shop.shipped(number) == [("ONE, ZWEI", "UPS", Decimal("14.70"), SHIPPED, 3)]
    assert shop.sync_orders().results == []


def test_parts_of_one_line_are_together_however_small_the_batches_are(by_whole_lines):
    shop = by_whole_lines
    shop.settings = replace(shop.settings, batch_size=1)
    number, other = shop.order(mugs=3), shop.order(mugs=1)
    shop.record(number, "ONE", lines={"MUG": 1})
    shop.record(other, "OTHER")
    shop.record(number, "TWO", lines={"MUG": 2})

    run = shop.sync_orders()

    assert run.bad() == []
    assert shop.shipped(number) == [("ONE, TWO", "UPS", Decimal("14.70"), SHIPPED, 3)]
    assert shop.shipped(other) == [("OTHER", "UPS", Decimal("7.35"), SHIPPED, 1)]


# --- corrected, suppressed, taken back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "there"),
    [
        ({"tracking_number": "2Z"}, ("2Z", "UPS", Decimal("7.35"))),
        ({"carrier": "dhl"}, ("1Z9", "DHL", Decimal("7.35"))),
        ({"cost": Decimal("9.999")}, ("1Z9", "UPS", Decimal(10))),
    ],
    ids=["number", "carrier", "cost"],
)
def test_r51_a_correction_of_a_told_shipment_is_sent_with_all_fields(either_way, field, there):
    """R51: correcting one field resends all, for the store blanks what is left out."""
    number = either_way.order()
    shipment = either_way.record(number)
    either_way.sync_orders()

    either_way.correct(shipment.code, **field)
    run = either_way.sync_orders()

    assert run.bad() == []
    assert either_way.shipped(number) == [(*there, SHIPPED, 3)]
    assert record_of(shipment).state == "told"
    event = OrderEvent.objects.get(what="shipment_corrected")
    (name,) = field
    assert (event.by, [each["name"] for each in event.fields]) == ("Ann", [f"shipment {shipment.code} {name}"])


def test_a_correction_that_comes_while_the_shipment_is_sent_is_sent_by_the_next_run(shop):
    number = shop.order()
    shipment = shop.record(number)
    send = shop.store.send_shipments

    def send_and_correct(sends):
        answers = send(sends)
        shop.correct(shipment.code, tracking_number="LATER")
        return answers

    shop.store.send_shipments = send_and_correct
    shop.sync_orders()
    shop.store.send_shipments = send
    between = record_of(shipment).state

    shop.sync_orders()

    assert between == "waiting"
    assert shop.shipped(number) == [("LATER", "UPS", Decimal("7.35"), SHIPPED, 3)]


def test_r51_a_suppressed_shipment_is_never_sent_and_its_pieces_are_not_shipped_again(shop):
    """R51: suppressed ones are never sent."""
    number = shop.order()
    shipment = shop.record(number)
    shop.orders.leave_out_shipment(
        shipment.code, ShipmentState.SUPPRESSED, reason="Told by phone.", by="Ann", at=shop.clock()
    )

    run = shop.sync_orders()

    assert (run.results, shop.shipped(number)) == ([], [])
    with pytest.raises(NotAllowed, match="shipped or cancelled already"):
        shop.record(number, "2Z")
    shop.orders.retry_shipments([shipment.code], by="Ann", at=shop.clock())
    assert shop.sync_orders().bad() == []
    assert len(shop.shipped(number)) == 1


def test_a_shipment_that_is_taken_back_leaves_its_pieces_to_another(shop):
    number = shop.order()
    shipment = shop.record(number, lines={"MUG": 1})
    shop.orders.leave_out_shipment(
        shipment.code, ShipmentState.TAKEN_BACK, reason="Wrong size.", by="Ann", at=shop.clock()
    )
    shop.record(number)

    shop.sync_orders()

    assert shop.shipped(number) == [("1Z9", "UPS", Decimal("7.35"), SHIPPED, 3)]
    assert OrderEvent.objects.get(what="shipment_taken_back").reason == "Wrong size."


def test_what_the_store_has_or_may_have_is_not_taken_back(shop):
    told, doubtful = shop.order(), shop.order()
    there = shop.record(told)
    shop.sync_orders()
    sent = shop.record(doubtful)
    shop.sandbox.faults.add(Rule(kind="drop_before", function="Provision_Store", times=1))
    with contextlib.suppress(StoreUnavailable, AnswerLost):
        shop.sync_orders()

    for shipment, words in ((there, "the store has shipment"), (sent, "the store may have it")):
        for state in (ShipmentState.TAKEN_BACK, ShipmentState.SUPPRESSED):
            with pytest.raises(NotAllowed, match=f"(?i){words}"):
                shop.orders.leave_out_shipment(shipment.code, state, reason="No.", by="Ann", at=shop.clock())


def test_what_is_taken_back_while_the_run_has_it_in_hand_is_not_sent(shop):
    number = shop.order()
    shipment = shop.record(number)
    look = shop.store.orders_by_id

    def look_and_take_back(numbers):
        shop.store.orders_by_id = look
        # By somebody else's connection: a look is made on a thread of its own.
        found = look(numbers)
        pending.append(shipment.code)
        return found

    pending = []
    shop.store.orders_by_id = look_and_take_back
    begin = shop.orders.begin_sending

    def take_back_first(ids, *, at):
        for code in pending:
            shop.orders.leave_out_shipment(code, ShipmentState.TAKEN_BACK, reason="Stop.", by="Ann", at=at)
        begin(ids, at=at)

    shop.orders.begin_sending = take_back_first

    run = shop.sync_orders()

    assert [(result.outcome, shop.shipped(number)) for result in run.results] == [(Outcome.SKIPPED, [])]
    assert record_of(shipment).state == "taken_back"


# --- parked -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "words"), [("cancel", "is cancelled on the store"), ("delete", "is not on the store any more")]
)
def test_a_shipment_of_a_cancelled_or_deleted_order_is_parked_and_fails_one_run_only(either_way, ends, words):
    shop = either_way
    number, other = shop.order(), shop.order()
    shipment = shop.record(number)
    getattr(shop.merchant, ends)(number)
    shop.record(other, "GOOD")

    first = shop.sync_orders()
    again = shop.sync_orders()

    ((key, message),) = first.bad()
    assert (key, words in message, "take-back" in message) == (shipment.code, True, True)
    assert again.results == []
    assert (record_of(shipment).state, record_of(shipment).last_error) == ("parked", message)
    assert shop.shipped(other) == [("GOOD", "UPS", Decimal("7.35"), SHIPPED, 3)]
    shop.orders.leave_out_shipment(
        shipment.code, ShipmentState.TAKEN_BACK, reason="It is here.", by="Ann", at=shop.clock()
    )


def test_what_somebody_else_has_shipped_is_parked_and_the_rest_of_the_order_goes_on(shop):
    number = shop.order(mugs=3, tees=1)
    theirs = next(line for line, (sku, _, _) in shop.merchant.lines(number).items() if sku == "MUG")
    shop.record(number, "MUGS", lines={"MUG": 3})
    shop.record(number, "TEE", lines={"TEE-S": 1})
    made = shop.merchant.call("OrderItemList_CreateShipment", Order_ID=number, Line_IDs=[theirs])
    shop.merchant.call(
        "OrderShipmentList_Update",
        Shipment_Updates=[{"shpmnt_id": made["id"], "mark_shipped": True, "tracknum": "THEIRS"}],
    )

    run = shop.sync_orders()

    assert len(run.bad()) == 1
    assert sorted(each[0] for each in shop.shipped(number)) == ["TEE", "THEIRS"]
    assert dict(ShipmentRecord.objects.values_list("tracking_number", "state")) == {"MUGS": "parked", "TEE": "told"}


def test_a_parked_shipment_is_tried_again_when_its_order_changes_and_when_a_person_asks(shop):
    number = shop.order()
    shipment = shop.record(number)
    (line,) = shop.merchant.lines(number)
    shop.merchant.call("OrderItemList_BackOrder", Order_ID=number, Line_IDs=[line])
    made = shop.merchant.call("OrderItemList_CreateShipment", Order_ID=number, Line_IDs=[line])
    shop.merchant.call("OrderShipmentList_Update", Shipment_Updates=[{"shpmnt_id": made["id"], "tracknum": "THEIRS"}])
    shop.sync_orders()
    parked = record_of(shipment).state
    shop.orders.retry_shipments(None, by="Ann", at=shop.clock())
    shop.sync_orders()
    still = record_of(shipment).state
    shop.merchant.call("OrderItemList_RemoveFromShipment", Order_ID=number, Line_IDs=[line])
    shop.get_orders()

    run = shop.sync_orders()

    assert (parked, still, run.bad()) == ("parked", "parked", [])
    assert shop.shipped(number) == [("1Z9", "UPS", Decimal("7.35"), SHIPPED, 3)]


# --- what somebody does on the store later ----------------------------------------------------------------------------


def test_what_somebody_changes_of_our_shipment_is_an_event_of_the_order_once(shop):
    number = shop.order(mugs=3, tees=1)
    shipment = shop.record(number, lines={"MUG": 3})
    shop.sync_orders()
    shop.get_orders()
    OrderEvent.objects.all().delete()
    shop.ship_by_hand(number, tracknum="THEIRS", tracktype="DHL", cost=1)

    shop.get_orders()
    shop.get_orders()

    (event,) = OrderEvent.objects.all()
    fields = {field["name"]: (field["before"], field["after"]) for field in event.fields}
    assert fields == {
        f"shipment {shipment.code} tracking_number": ("1Z9", "THEIRS"),
        f"shipment {shipment.code} carrier": ("UPS", "DHL"),
        f"shipment {shipment.code} cost": ("7.35", "1"),
    }
    assert shop.sync_orders().results == []


def test_what_was_sent_just_now_is_nobody_elses_change(either_way):
    number = either_way.order(mugs=3, tees=1)
    shipment = either_way.record(number, lines={"MUG": 3})
    either_way.sync_orders()
    either_way.correct(shipment.code, tracking_number="2Z")
    either_way.sync_orders()
    either_way.get_orders()

    changed = [field["name"] for event in OrderEvent.objects.filter(what="changed") for field in event.fields]
    assert [name for name in changed if name.startswith("shipment")] == []


def test_a_correction_does_not_write_over_what_somebody_has_changed_unless_a_person_says_so(shop):
    number = shop.order()
    shipment = shop.record(number)
    shop.sync_orders()
    shop.ship_by_hand(number, tracknum="THEIRS", tracktype="DHL", cost=1)
    shop.correct(shipment.code, tracking_number="OURS")

    ((_, message),) = shop.sync_orders().bad()

    assert "it had 'UPS 1Z9' for 7.35, and has 'DHL THEIRS' for 1.00" in message
    assert shop.shipped(number)[0][0] == "THEIRS"
    shop.orders.retry_shipments([shipment.code], by="Ann", at=shop.clock())
    assert shop.sync_orders().bad() == []
    assert shop.shipped(number) == [("OURS", "UPS", Decimal("7.35"), SHIPPED, 3)]


def test_a_shipment_that_somebody_removed_on_the_store_is_parked_and_made_again_on_request(either_way):
    shop = either_way
    number = shop.order()
    shipment = shop.record(number)
    shop.sync_orders()
    (line,) = shop.merchant.lines(number)
    shop.merchant.call("OrderItemList_RemoveFromShipment", Order_ID=number, Line_IDs=[line])

    shop.get_orders()

    record = record_of(shipment)
    assert (record.state, record.last_error[:40]) == ("parked", "It is not on the store any more: somebod")
    assert shop.sync_orders().results == []
    shop.orders.retry_shipments([shipment.code], by="Ann", at=shop.clock())
    assert shop.sync_orders().bad() == []
    assert shop.shipped(number) == [("1Z9", "UPS", Decimal("7.35"), SHIPPED, 3)]


def test_the_rest_is_shipped_when_a_part_was_told_to_the_store_by_hand(shop):
    """Nothing of the order was open any more: the rest of the line counted as what had been suppressed."""
    number = shop.order(mugs=3)
    shipment = shop.record(number, lines={"MUG": 2})
    (line,) = shop.merchant.lines(number)
    shop.merchant.call("OrderItem_Split", Order_ID=number, Line_ID=line, Quantity=2)
    (split_off,) = shop.merchant.lines(number).keys() - {line}
    made = shop.merchant.call("OrderItemList_CreateShipment", Order_ID=number, Line_IDs=[split_off])
    update = {"shpmnt_id": made["id"], "mark_shipped": True, "tracknum": "1Z9"}
    shop.merchant.call("OrderShipmentList_Update", Shipment_Updates=[update])
    shop.get_orders()
    with transaction.atomic():
        shop.orders.leave_out_shipment(
            shipment.code, ShipmentState.SUPPRESSED, reason="It has it.", by="Ann", at=shop.clock()
        )

    shop.record(number, "2Z")

    assert shop.sync_orders().bad() == []
    assert [(tracking, pieces) for tracking, _, _, _, pieces in shop.shipped(number)] == [("1Z9", 2), ("2Z", 1)]
    assert Order.objects.get().state == "closed"


def test_a_shipment_that_went_with_its_cancelled_order_is_settled_by_a_person(either_way):
    """The store was said to have it, whatever was asked for; so it stayed a difference for ever."""
    shop = either_way
    number = shop.order()
    shipment = shop.record(number)
    shop.sync_orders()
    shop.merchant.cancel(number)
    shop.get_orders()
    shop.orders.retry_shipments([shipment.code], by="Ann", at=shop.clock())
    shop.sync_orders()

    with transaction.atomic():
        shop.orders.leave_out_shipment(
            shipment.code, ShipmentState.SUPPRESSED, reason="It comes back.", by="Ann", at=shop.clock()
        )

    assert record_of(shipment).state == "suppressed"
    assert shop.sync_orders().results == []


def test_a_correction_for_an_order_that_was_deleted_is_settled_by_a_person(either_way):
    shop = either_way
    number = shop.order()
    shipment = shop.record(number)
    shop.sync_orders()
    shop.merchant.delete(number)
    shop.correct(shipment.code, tracking_number="1Z8")

    ((_, message),) = shop.sync_orders().bad()

    assert "is not on the store any more" in message
    with transaction.atomic():
        shop.orders.leave_out_shipment(
            shipment.code, ShipmentState.SUPPRESSED, reason="It is gone.", by="Ann", at=shop.clock()
        )
    assert record_of(shipment).state == "suppressed"


# --- whatever is lost -------------------------------------------------------------------------------------------------


def sync_fused(shop, fuse):
    ports = shop.ports(MemoryRun(atomic=transaction.atomic))
    sync_orders.execute(replace(ports, store=Fused(ports.store, fuse), orders=Fused(ports.orders, fuse)))


def sold(shop):
    """Place an order whose two packages share a line; return it with what has to be there in the end."""
    number = shop.order(mugs=3)
    if shop.settings.shipment_path is ShipmentPath.FUNCTION:
        shop.record(number, f"A{number}")
        return number, [(f"A{number}", "UPS", Decimal("7.35"), SHIPPED, 3)]
    shop.record(number, f"A{number}", lines={"MUG": 1})
    shop.record(number, f"B{number}", lines={"MUG": 2})
    return number, [
        (f"A{number}", "UPS", Decimal("7.35"), SHIPPED, 1),
        (f"B{number}", "UPS", Decimal("7.35"), SHIPPED, 2),
    ]


@pytest.mark.timeout(300)
def test_r50_a_sync_killed_at_any_boundary_is_completed_by_the_next_one(either_way):
    """R50: exactly one store shipment for each of ours."""
    shop = either_way
    number, wanted = sold(shop)
    counting = Fuse()
    sync_fused(shop, counting)
    assert shop.shipped(number) == wanted
    assert counting.passed > 10

    for boundary in range(counting.passed):
        number, wanted = sold(shop)
        with pytest.raises(Killed):
            sync_fused(shop, Fuse(boundary))
        shop.wait(LOST_ANSWER)

        run = shop.sync_orders()

        assert run.bad() == [], f"after a kill at boundary {boundary}"
        assert shop.shipped(number) == wanted, f"after a kill at boundary {boundary}"
        assert set(ShipmentRecord.objects.values_list("state", flat=True)) == {"told"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "cut", "error", "lands_late"])
def test_r50_a_sync_whose_connection_breaks_at_any_request_is_completed_by_the_next_ones(either_way, kind):
    """R50: a lost answer makes no second shipment, and tears no line out of a good one."""
    shop = either_way
    number, wanted = sold(shop)
    before = shop.requests()
    shop.sync_orders()
    requests = shop.requests() - before

    for nth in range(1, requests + 1):
        number, wanted = sold(shop)
        shop.sandbox.faults.add(Rule(kind=kind, nth=nth, times=1, after_bytes=20, seconds=20, requests=2))
        for _attempt in range(3):
            # At once, as an impatient person does, and later, as the schedule does.
            with contextlib.suppress(StoreUnavailable, AnswerLost):
                shop.sync_orders()
        shop.sandbox.faults.clear()
        shop.wait(LOST_ANSWER)
        shop.sync_orders()

        assert shop.shipped(number) == wanted, f"{kind} at request {nth}"
        assert set(ShipmentRecord.objects.values_list("state", flat=True)) == {"told"}, f"{kind} at request {nth}"


CREATED_BY = {
    ShipmentPath.FUNCTION: "OrderItemList_CreateShipment",
    ShipmentPath.PROVISION: "Provision_Store",
}


@pytest.mark.parametrize("call", range(2))
def test_r50_a_shipment_that_lands_right_after_it_was_looked_for_is_not_made_again(either_way, call):
    """R50: as long as the store was looked at while a request could still land, nothing is sent again."""
    shop = either_way
    number, wanted = sold(shop)
    shop.sandbox.faults.add(
        Rule(kind="lands_late", function=CREATED_BY[shop.settings.shipment_path], times=1, seconds=150)
    )
    with contextlib.suppress(StoreUnavailable, AnswerLost):
        shop.sync_orders()
    shop.wait(60)

    # It takes longer to look than that.
    store = MeanwhileStore(shop.store, lambda: shop.wait(LOST_ANSWER), during="orders_by_id", call=call)
    shop.sync_orders(store=store)
    shop.wait(LOST_ANSWER)
    shop.sync_orders()

    assert shop.shipped(number) == wanted


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_store_whose_clock_is_wrong_gets_each_shipment_once(either_way, minutes):
    shop = either_way
    shop.sandbox.domain.clock.skew_seconds = timedelta(minutes=minutes).total_seconds()
    number, wanted = sold(shop)

    assert shop.sync_orders().bad() == []
    shop.get_orders()

    assert shop.shipped(number) == wanted
    assert shop.sync_orders().results == []
    assert OrderEvent.objects.filter(fields__icontains="shipment").count() == 0
