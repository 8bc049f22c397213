# ruff: noqa: PLR0917 - fixtures are asked for by name

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.database.json_values import plain
from tradepost.database.models import Listing, Order, OrderEvent, OrderLine, OrderPayload, ShipmentRecord, Sighting
from tradepost.database.models.fulfilment import fresh, with_fulfilment
from tradepost.database.orders.order_lines import matcher_for
from tradepost.database.orders.orders import DjangoOrders
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import (
    LARGEST_AMOUNT,
    LARGEST_ID,
    LARGEST_QUANTITY,
    Address,
    LineOption,
    OrderState,
    PaymentState,
    ShipmentLine,
    StoreCharge,
    StoreDiscount,
    StoreOrder,
    StoreOrderLine,
    StorePayment,
    StoreShipment,
    StoreStatus,
    Tracking,
    is_fresh,
    is_to_acknowledge,
    unstorable,
)
from tradepost.domain.orders.order_changes import Holds, LedgerOrder, differences
from tradepost.domain.orders.order_lines import LineMatcher, SellableListing
from tradepost.domain.orders.order_news import OrderCriteria
from tradepost.domain.orders.order_rules import OrderRule
from tradepost.operations.ports import NewShipment, OrderRow, ProvenShipment, UnsentShipment


@pytest.fixture
def orders(channel) -> DjangoOrders:
    return DjangoOrders(channel.pk)


@pytest.fixture
def line():
    def make(line_id: int, sku: str, quantity: int = 1, **more) -> StoreOrderLine:
        values = {
            "code": sku,
            "name": f"The {sku}",
            "price": Decimal("10.00"),
            "total": Decimal("10.00") * quantity,
            "status": StoreStatus.PENDING,
        }
        return StoreOrderLine(line_id=line_id, sku=sku, quantity=quantity, **{**values, **more})

    return make


@pytest.fixture
def order(noon):
    def make(number: int, *lines: StoreOrderLine, **more) -> StoreOrder:
        values = {
            "status": StoreStatus.PENDING,
            "placed_at": noon + timedelta(hours=1),
            "total": sum((line.total for line in lines), Decimal("4.95")),
            "charges": (StoreCharge("SHIPPING", "Post", Decimal("4.95")),),
        }
        return StoreOrder(
            id=number,
            ship_to=Address(first_name="Ada", city="Paris"),
            bill_to=Address(first_name="Ada", email="ada@example.com"),
            shipping_method="Post",
            payment_state=PaymentState.CAPTURED,
            lines=lines,
            **{**values, **more},
        )

    return make


# --- importing ----------------------------------------------------------------------------------------------------


def test_an_order_is_imported_once_with_all_that_the_store_says(orders, shop, order, line, noon):
    new = order(1001, line(1, "CUP", 2, options=()), line(2, "tee-S"))

    added = [orders.add([new], at=noon) for _ in range(2)]

    row = Order.objects.get()
    assert added == [1, 0]
    assert (row.external_id, row.state, row.hold_reason, row.total) == (1001, "open", "", Decimal("34.95"))
    assert (row.ship_to["city"], row.bill_to["email"]) == ("Paris", "ada@example.com")
    assert row.charges == [{"kind": "SHIPPING", "description": "Post", "amount": "4.95"}]
    lines = OrderLine.objects.order_by("line_id").values_list("line_id", "quantity", "listing__sku", "variant__sku")
    assert list(lines) == [(1, 2, "CUP", "CUP"), (2, 1, "tee-S", "tee-S")]
    assert orders.ledger([1001, 1002]).keys() == {1001}


def test_an_import_sells_nothing_because_the_sighting_did(orders, shop, stock, order, line, noon):
    orders.add([order(1001, line(1, "CUP", 2), line(2, "CUP")), order(1002, line(3, "tee-S"))], at=noon)
    orders.follow([order(1001, line(1, "CUP", 2, status=StoreStatus.CANCELLED))], at=noon)

    assert stock() == {"CUP": (5, 5), "tee-S": (5, 5), "tee-M": (5, 5)}


@pytest.mark.parametrize(
    ("names", "sku"),
    [
        ({"sku": "tee-S", "code": "tee", "external_product_id": 999}, "tee-S"),
        ({"sku": "", "code": "tee", "part_codes": ("TEE-m",)}, "tee-M"),
        ({"sku": "", "code": "cup"}, "CUP"),
        ({"sku": "tee-S", "code": "tee", "external_product_id": 100}, "CUP"),
    ],
    ids=["by SKU", "by the part behind it", "by code", "by the store's id before all else"],
)
def test_a_line_is_matched(orders, shop, order, line, noon, names, sku):
    orders.add([order(1001, replace(line(1, "x"), **names))], at=noon)

    assert OrderLine.objects.get().listing.sku == sku
    assert Order.objects.get().state == "open"


def test_an_order_with_an_unknown_line_is_held_and_stops_no_other(orders, shop, order, line, noon):
    bad = order(1001, line(1, "MUG"), line(2, "CUP"))
    parent = order(1002, line(3, "", code="tee"))
    good = order(1003, line(4, "CUP"))

    added = orders.add([bad, parent, good], at=noon)

    states = dict(Order.objects.values_list("external_id", "state"))
    reason = Order.objects.get(external_id=1001).hold_reason
    assert added == 3
    assert states == {1001: "on_hold", 1002: "not_managed", 1003: "open"}
    assert reason == "'The MUG' (SKU MUG) is no listing of this channel."


def test_an_order_whose_total_does_not_add_up_is_held(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP"), total=Decimal("20.00"))], at=noon)

    row = Order.objects.get()
    assert (row.state, row.hold_reason) == (
        "on_hold",
        "Lines and charges leave 5.05 of the total 20.00 unexplained.",
    )


def test_lines_that_are_no_products_hold_nothing_up(orders, shop, order, line, noon):
    new = order(
        1001,
        line(1, "gift-wrap", is_product=False),
        line(2, "CUP", 2, status=StoreStatus.CANCELLED, total=Decimal(0)),
    )

    orders.add([new], at=noon)

    assert Order.objects.get().state == "open"


@pytest.fixture
def listed_again(channel, shop, noon):
    """The shop's listings as the domain takes them: all that can be sold, and a parent, which can't."""
    return [
        SellableListing(row.pk, row.variant_id, row.external_id, row.sku, row.code_key, row.wanted_price)
        for row in Listing.objects.filter(channel=channel).exclude(kind="parent")
    ]


names = st.sampled_from(["", "tee", "tee-S", "TEE-s", "CUP", "cup", "MUG"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    found=st.lists(
        st.fixed_dictionaries(
            {
                "external_product_id": st.sampled_from([0, *range(100, 105)]),
                "sku": names,
                "code": names,
                "part_codes": st.lists(names, max_size=2).map(tuple),
                "is_product": st.booleans(),
            }
        ),
        max_size=4,
    )
)
def test_the_listings_that_are_loaded_for_lines_are_all_that_the_rule_could_choose_from(
    channel, listed_again, order, line, found
):
    lines = [replace(line(number, "x"), **values) for number, values in enumerate(found)]

    matcher = matcher_for(lines, channel_id=channel.pk)

    everything = LineMatcher(listed_again)
    assert [matcher.match(line) for line in lines] == [everything.match(line) for line in lines]


def test_the_largest_order_that_is_storable_is_stored(orders, shop, order, line, noon):
    big = [
        replace(
            line(LARGEST_ID - number, "CUP", LARGEST_QUANTITY),
            price=LARGEST_AMOUNT,
            total=LARGEST_AMOUNT,
            external_product_id=LARGEST_ID if number else 0,
            shipment_id=-LARGEST_ID,
        )
        for number in range(3)
    ]
    new = order(LARGEST_ID, *big, total=-LARGEST_AMOUNT, currency="X" * 8)
    new = replace(new, shipping_method="X" * 255)

    added = orders.add([new, order(1002, line(1, "CUP"))], at=noon)
    orders.follow([new], at=noon)

    assert unstorable(new) == ""
    assert added == 2
    assert orders.ledger([LARGEST_ID, 2**70, -(2**70)]).keys() == {LARGEST_ID}
    assert Order.objects.get(external_id=LARGEST_ID).total == -LARGEST_AMOUNT


# --- refreshing ---------------------------------------------------------------------------------------------------


def test_lines_that_a_store_split_or_deleted_are_followed(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP", 3), line(2, "tee-S"))], at=noon)

    split = order(1001, line(1, "CUP", 1), line(7, "CUP", 2, status=StoreStatus.SHIPPED, shipment_id=9))
    orders.follow([split], at=noon)

    lines = OrderLine.objects.order_by("line_id").values_list("line_id", "quantity", "store_status", "shipment_id")
    assert list(lines) == [(1, 1, "pending", 0), (2, 1, "cancelled", 0), (7, 2, "shipped", 9)]
    assert OrderLine.objects.get(line_id=7).listing.sku == "CUP"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (StoreStatus.SHIPPED, OrderState.CLOSED),
        (StoreStatus.CANCELLED, OrderState.CANCELLED),
        (StoreStatus.RMA_ISSUED, OrderState.CLOSED),
        (StoreStatus.RETURNED, OrderState.CLOSED),
        (StoreStatus.PARTIALLY_SHIPPED, OrderState.OPEN),
    ],
)
def test_an_order_follows_its_state_on_the_store(orders, shop, order, line, noon, status, state):
    orders.add([order(1001, line(1, "CUP"))], at=noon)

    orders.follow([order(1001, line(1, "CUP"), status=status), order(4711, line(1, "CUP"))], at=noon)

    assert Order.objects.get().state == state


def test_the_ledger_gives_back_what_was_imported(orders, shop, order, line, noon):
    new = order(
        1001,
        line(1, "CUP", 2, options=(LineOption("size", "S", "", "Size", "Small"),), part_codes=("cup",)),
        line(2, "gift-wrap", is_product=False),
        customer_id=7,
        discounts=(StoreDiscount("Spring", Decimal("1.5"), "TEN"),),
        payments=(StorePayment(3, Decimal("4.2"), noon, "R1", "USD"),),
        custom_fields={"gift": "yes"},
        notes=("Ring twice.",),
        currency="USD",
    )
    orders.add([new], at=noon)

    known = orders.ledger([1001, 1002])

    listed = {1: Decimal("10.00")}
    assert known == {1001: LedgerOrder(new, OrderState.OPEN, Holds(), (), frozenset({1}), listed=listed)}
    assert differences(known[1001].order, new) == ()


def test_a_change_is_told_once_however_often_it_is_followed(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP"))], at=noon)
    changed = order(1001, line(1, "CUP"), status=StoreStatus.PROCESSING)

    for _ in range(2):
        orders.follow([changed, order(4711, line(9, "CUP"))], gone=[4712], at=noon)
        orders.follow([], gone=[1001], at=noon)

        orders.follow([], gone=[1001], at=noon)

    # What was found again after it had gone is there again; and then gone again.
    assert list(OrderEvent.objects.order_by("id").values_list("what", flat=True)) == ["changed", "deleted"] * 2
    assert Order.objects.get().state == OrderState.CANCELLED


def test_only_an_order_that_is_open_is_held_and_only_one_that_is_held_is_released(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP")), order(1002, line(2, "CUP"), status=StoreStatus.SHIPPED)], at=noon)

    for number, what in ((1002, "is closed"), (4711, "no order 4711"), (2**70, "no order")):
        with pytest.raises(NotAllowed, match=what):
            orders.hold(number, reason="Ring first.", by="alice", at=noon)
    with pytest.raises(NotAllowed, match="is not on hold; it is open"):
        orders.release(1001, by="alice", at=noon)
    orders.hold(1001, reason="Ring first.", by="alice", at=noon)
    reason = orders.release(1001, by="bob", at=noon)

    assert (reason, Order.objects.get(external_id=1001).state) == ("Ring first.", "open")
    events = OrderEvent.objects.order_by("id").values_list("what", "by", "reason")
    assert list(events) == [("held", "alice", "Ring first."), ("released", "bob", "Ring first.")]


def test_since_when_an_order_is_on_hold_is_kept_whoever_holds_it(orders, channel, shop, order, line, noon):
    def since():
        return Order.objects.get(external_id=1001).held_since

    def later(hours):
        return noon + timedelta(hours=hours)

    orders.add([order(1001, line(1, "CUP")), order(1002, line(2, "CUP"), total=Decimal("20.00"))], at=noon)
    open_since = since()
    orders.hold(1001, reason="Ring first.", by="alice", at=later(1))
    by_hand = since()
    orders.follow([order(1001, line(1, "CUP"), total=Decimal("20.00"))], at=later(2))
    for_another_reason = since()
    orders.release(1001, by="alice", at=later(3))
    released = since()
    channel.order_rules = [plain(OrderRule(name="dear", total_above=Decimal(1), holds=True))]
    channel.save()
    orders.apply_rules(at=later(4))

    assert (open_since, by_hand, for_another_reason, released) == (None, later(1), later(1), None)
    assert since() == later(4)
    assert Order.objects.get(external_id=1002).held_since == noon


def test_an_order_is_acknowledged_once(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP")), order(1002, line(2, "CUP"))], at=noon)
    first, second = orders.unacknowledged(after=0, limit=10)

    orders.mark_acknowledged([first.id], at=noon)

    assert first == OrderRow(first.id, 1001, OrderState.OPEN, is_acknowledged=False)
    assert orders.unacknowledged(after=0, limit=10) == [second]
    assert orders.unacknowledged(after=second.id, limit=10) == []


def test_by_what_the_ledger_was_compared_is_kept(orders):
    criteria = OrderCriteria(frozenset({StoreStatus.PENDING}), frozenset({PaymentState.CAPTURED}), since=1_700_000_000)
    before = orders.compared()
    orders.set_compared(criteria)

    assert (before, orders.compared()) == (None, criteria)


def test_an_order_is_kept_as_it_was_sent_until_it_is_old(orders, order, line, noon):
    sent = [replace(order(number, line(number, "CUP")), payload=f'{{"id":{number}}}') for number in (1, 2)]
    orders.add(sent[:1], at=noon)
    orders.add(sent, at=noon + timedelta(days=1))

    orders.drop_payloads(before=noon + timedelta(hours=1))

    assert list(OrderPayload.objects.values_list("order__external_id", "record")) == [(2, '{"id":2}')]


states = st.sampled_from(OrderState)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(states, st.booleans()), max_size=6), st.integers(0, 5))
def test_the_orders_to_acknowledge_are_those_of_the_rule(orders, channel, noon, rows, limit):
    Order.objects.all().delete()
    made = [
        Order.objects.create(
            channel=channel,
            external_id=number,
            state=state.value,
            hold_reason="Because.",
            store_status="pending",
            placed_at=noon,
            imported_at=noon,
            acknowledged_at=noon if is_acknowledged else None,
            total=0,
        )
        for number, (state, is_acknowledged) in enumerate(rows, start=1)
    ]

    found = orders.unacknowledged(after=0, limit=limit)

    expected = [
        row.pk
        for row, (state, is_acknowledged) in zip(made, rows, strict=True)
        if is_to_acknowledge(state, is_acknowledged=is_acknowledged)
    ]
    assert [row.id for row in found] == expected[:limit]


def test_a_parent_with_its_choices_says_a_variant(orders, shop, order, line, noon):
    chosen = line(1, "", code="TEE", options=(LineOption("Size", "m"),))
    by_prompt = line(2, "", code="tee", options=(LineOption("old", "x1", "", "Size", "S"), LineOption("ink", "", "Hi")))
    unclear = line(3, "", code="tee", options=(LineOption("Size", "XL"),))

    orders.add([order(1001, chosen, by_prompt), order(1002, unclear)], at=noon)

    skus = dict(OrderLine.objects.values_list("line_id", "listing__sku"))
    assert skus == {1: "tee-M", 2: "tee-S", 3: None}
    assert dict(Order.objects.values_list("external_id", "state")) == {1001: "open", 1002: "not_managed"}


# --- shipments ----------------------------------------------------------------------------------------------------


def shipment(**more) -> NewShipment:
    return NewShipment(
        **{"order_number": 1001, "carrier": "UPS", "tracking_number": "1Z", "cost": Decimal("3.20"), **more}
    )


TRACKING = Tracking("1Z", "UPS", Decimal("3.20"))


def on_store(shipment, tracking=TRACKING) -> StoreShipment:
    return StoreShipment(55, shipment.code, True, tracking.number, tracking.carrier, tracking.cost)


def test_a_shipment_takes_all_that_is_open_and_is_due_until_it_was_synced(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP", 2), line(2, "tee-S"))], at=noon)

    made = orders.add_shipment(shipment(), at=noon)
    due = orders.shipments_due(after=0, limit=10)
    orders.flag_shipments([UnsentShipment(made.id, "The store said no.", TRACKING)])
    orders.mark_synced([ProvenShipment(made.id, 55, TRACKING, TRACKING)], at=noon)

    assert (made.order_number, made.carrier, made.tracking_number, made.cost) == (1001, "UPS", "1Z", Decimal("3.20"))
    assert made.lines == (ShipmentLine(1, 2), ShipmentLine(2, 1))
    assert due == [made]
    assert orders.shipments_due(after=0, limit=10) == []
    record = Order.objects.get().shipments.get()
    assert (record.external_id, record.synced_at, record.last_error) == (55, noon, "")


def test_parts_of_an_order_are_shipped_one_after_the_other(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP", 2), line(2, "tee-S"), line(3, "CUP", 2))], at=noon)

    first = orders.add_shipment(shipment(lines={"CUP": 3}), at=noon)
    rest = orders.add_shipment(shipment(tracking_number="2Z"), at=noon)

    assert first.lines == (ShipmentLine(1, 2), ShipmentLine(3, 1))
    assert rest.lines == (ShipmentLine(2, 1), ShipmentLine(3, 1))
    assert first.code != rest.code


def test_what_the_store_split_off_for_a_shipment_is_not_open_any_more(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP", 3))], at=noon)
    first = orders.add_shipment(shipment(lines={"CUP": 2}), at=noon)
    orders.mark_synced([ProvenShipment(first.id, 55, TRACKING, TRACKING)], at=noon)
    split = order(1001, line(1, "CUP", 1), line(7, "CUP", 2, status=StoreStatus.SHIPPED, shipment_id=55))
    orders.follow([replace(split, shipments=(on_store(first),))], at=noon)

    rest = orders.add_shipment(shipment(tracking_number="2Z"), at=noon)

    assert rest.lines == (ShipmentLine(1, 1),)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"order_number": 4711}, "no order 4711"),
        ({"lines": {"MUG": 1}}, "no line with the SKU 'MUG'; it has CUP"),
        ({"lines": {"CUP": 3}}, "has 2 still open"),
        ({"lines": {"CUP": 0}}, "give one or more"),
        ({"lines": {}}, "at least one piece"),
        ({"tracking_number": " "}, "needs a tracking number"),
    ],
)
def test_a_shipment_that_does_not_fit_is_refused(orders, shop, order, line, noon, asked, words):
    orders.add([order(1001, line(1, "CUP", 2))], at=noon)

    with pytest.raises(NotAllowed, match=words):
        orders.add_shipment(shipment(**asked), at=noon)

    assert orders.shipments_due(after=0, limit=10) == []


def test_nothing_is_shipped_twice(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP", 2))], at=noon)
    orders.add_shipment(shipment(), at=noon)

    with pytest.raises(NotAllowed, match="shipped or cancelled already"):
        orders.add_shipment(shipment(tracking_number="2Z"), at=noon)
    with pytest.raises(NotAllowed, match="tracking number 1Z already"):
        orders.add_shipment(shipment(lines={"CUP": 1}), at=noon)


def test_the_listing_of_a_line_may_be_named_where_the_store_has_another_sku(orders, shop, order, line, noon):
    orders.add([order(1001, replace(line(1, "OLD-SKU"), external_product_id=100))], at=noon)

    made = orders.add_shipment(shipment(lines={"CUP": 1}), at=noon)

    assert made.lines == (ShipmentLine(1, 1),)
    assert Listing.objects.get(sku="CUP").external_id == 100


# --- fresh until somebody has looked at it ------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(states, st.booleans(), st.booleans(), st.booleans()), max_size=6))
def test_the_fresh_orders_are_those_of_the_rule(orders, channel, noon, rows):
    for table in (ShipmentRecord, Sighting, Order):
        table.objects.all().delete()
    for number, (state, is_opened, is_handed_over, has_shipment) in enumerate(rows, start=1):
        row = Order.objects.create(
            channel=channel,
            external_id=number,
            state=state.value,
            hold_reason="Because.",
            store_status="pending",
            placed_at=noon,
            imported_at=noon,
            opened_at=noon if is_opened else None,
            total=0,
        )
        Sighting.objects.create(
            channel=channel,
            external_id=number,
            store_status="pending",
            updated=0,
            is_open=True,
            sighted_at=noon,
            handed_over_at=noon if is_handed_over else None,
        )
        if has_shipment:
            ShipmentRecord.objects.create(
                channel=channel,
                order=row,
                code=f"TP-{number}",
                carrier="UPS",
                tracking_number="1Z",
                cost=0,
                shipped_at=noon,
            )

    expected = [
        number
        for number, (state, is_opened, is_handed_over, has_shipment) in enumerate(rows, start=1)
        if is_fresh(state, is_opened=is_opened, is_handed_over=is_handed_over, has_shipment=has_shipment)
    ]
    shown = with_fulfilment(Order.objects.order_by("external_id"))
    assert [row.external_id for row in fresh(Order.objects.order_by("external_id"))] == expected
    assert [row.external_id for row in shown if row.is_fresh] == expected
    assert [row.handed_over_at is not None for row in shown] == [is_handed_over for _, _, is_handed_over, _ in rows]


def test_the_first_time_an_order_was_opened_stays(orders, shop, order, line, noon):
    orders.add([order(1001, line(1, "CUP"))], at=noon)

    for hours in (1, 2):
        orders.note_opened([1001, 7, 2**70], at=noon + timedelta(hours=hours))

    assert Order.objects.get().opened_at == noon + timedelta(hours=1)


def test_when_an_order_was_wholly_shipped_is_kept_as_the_store_says_it(orders, shop, order, line, noon):
    def parcel(number, hours):
        at = noon + timedelta(hours=hours)
        return StoreShipment(number, f"S{number}", True, "1Z", "UPS", Decimal(), shipped_at=at)

    two = (line(1, "CUP"), line(2, "TEE-S"))
    orders.add([order(1001, *two), order(1002, line(3, "CUP"), status=StoreStatus.SHIPPED, updated_at=noon)], at=noon)
    partly = order(1001, *two, status=StoreStatus.PARTIALLY_SHIPPED, shipments=(parcel(1, 2),))
    orders.follow([partly], at=noon)
    before = Order.objects.get(external_id=1001).shipped_at
    orders.follow([replace(partly, status=StoreStatus.SHIPPED, shipments=(parcel(1, 2), parcel(2, 5)))], at=noon)

    assert before is None
    found = dict(Order.objects.values_list("external_id", "shipped_at"))
    assert found == {1001: noon + timedelta(hours=5), 1002: noon}


# --- rules --------------------------------------------------------------------------------------------------------


def test_rules_are_applied_at_import_and_to_all_open_orders_when_they_are_changed(
    orders, channel, shop, order, line, noon, monkeypatch
):
    monkeypatch.setattr("tradepost.database.orders.orders._RULED_AT_ONCE", 2)
    closed = order(1000, line(1, "TEE-S"), status=StoreStatus.SHIPPED)
    orders.add([closed, *(order(1000 + number, line(10 + number, "TEE-S")) for number in range(1, 6))], at=noon)
    dear = OrderRule(name="dear", total_above=Decimal(1), holds=True, tag="dear")
    channel.order_rules = [plain(dear), {"name": "of a newer version", "weight": 3}]
    channel.save()

    changed = orders.apply_rules(at=noon)
    again = orders.apply_rules(at=noon)
    orders.add([order(2000, line(20, "TEE-S"))], at=noon)

    assert (changed, again) == ([1001, 1002, 1003, 1004, 1005], [])
    rows = Order.objects.order_by("external_id").values_list("external_id", "state", "tags")
    held = [(number, "on_hold", ["dear"]) for number in (1001, 1002, 1003, 1004, 1005, 2000)]
    assert list(rows) == [(1000, "closed", []), *held]
    assert OrderEvent.objects.count() == 5
    assert set(OrderLine.objects.values_list("listed_price", flat=True)) != {None}


def test_that_the_store_is_being_told_is_kept_until_it_has_answered(orders, shop, order, line, noon):
    orders.add([order(number, line(number, "CUP")) for number in (1001, 1002, 1003)], at=noon)

    orders.begin_telling([1001, 1002], at=noon)
    sent = [row.telling_since for row in orders.unacknowledged(after=0, limit=9)]
    orders.end_telling([1002])
    answered = [row.telling_since for row in orders.unacknowledged(after=0, limit=9)]
    orders.mark_acknowledged([Order.objects.get(external_id=1001).pk], at=noon)

    assert (sent, answered) == ([noon, noon, None], [noon, None, None])
    assert Order.objects.get(external_id=1001).telling_since is None
