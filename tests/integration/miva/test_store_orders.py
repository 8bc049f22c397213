"""The store port's orders, notes and shipments against a sandbox store."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradepost.domain.orders.order import (
    PaymentState,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreCharge,
    StoreStatus,
)
from tradepost.miva.wire import functions
from tradepost.operations.ports import ShipmentSend, WriteAnswer, WriteOutcome

DONE = WriteAnswer(WriteOutcome.DONE)
PLACED = 1_767_225_600

CATALOGUE = """
<Product_Add><Code>tee</Code><Name>Tee</Name><Price>9.50</Price></Product_Add>
<ProductAttribute_Add product_code="tee"><Code>size</Code><Type>select</Type><Prompt>Size</Prompt>
<Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>
<ProductAttributeOption_Add product_code="tee" attribute_code="size"><Code>S</Code><Prompt>Small</Prompt>
</ProductAttributeOption_Add>
<Product_Add><Code>tee-s</Code><SKU>TEE-S</SKU><Name>Tee, S</Name><Price>9.50</Price><Active>No</Active></Product_Add>
<ProductVariant_Add product_code="tee"><Options><Attribute_Option attribute_code="size" option_code="S"/></Options>
<Parts><Part product_code="tee-s" quantity="1"/></Parts>
<ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>
<Product_Add><Code>mug</Code><SKU>MUG-1</SKU><Name>Mug</Name><Price>7.90</Price></Product_Add>
"""
ORDER = """
<Order_Add><ID>{id}</ID><OrderDate>{placed}</OrderDate>
<ShipFirstName>Ada</ShipFirstName><ShipLastName>Byron</ShipLastName><ShipEmail>ada@example.org</ShipEmail>
<ShipAddress1>1 Mill Lane</ShipAddress1><ShipCity>Salem</ShipCity><ShipState>OR</ShipState><ShipZip>97301</ShipZip>
<ShipCountry>US</ShipCountry><BillFirstName>Bob</BillFirstName>
<Items><Product code="tee"><Quantity>3</Quantity>
<Options><Option><AttributeCode>size</AttributeCode><Value>S</Value></Option></Options></Product>
<Product code="mug"><Quantity>1</Quantity></Product></Items>
<Charges><Charge><Type>SHIPPING</Type><Description>Ground</Description><Amount>6.50</Amount></Charge></Charges></Order_Add>
"""


@pytest.fixture
def place(sandbox, connect):
    """Put orders into the store by its all-rights token."""
    client = connect(sandbox.full)
    assert client.call(functions.provision_store(CATALOGUE)) == []

    def order(number, placed=PLACED):
        assert client.call(functions.provision_store(ORDER.format(id=number, placed=placed))) == []

    return order


@pytest.fixture(autouse=True)
def _no_lint(sandbox):
    yield
    assert [(entry.kind, entry.where, entry.detail) for entry in sandbox.domain.lint.entries()] == []


def shipment(order, *lines, code="TP-1", number="1Z999", cost="7.35"):
    return Shipment(
        id=1,
        code=code,
        order_number=order.id,
        carrier="ups",
        tracking_number=number,
        cost=Decimal(cost),
        lines=tuple(ShipmentLine(line.line_id, quantity) for line, quantity in lines),
        shipped_at=datetime.now(UTC),
    )


def test_an_order_is_read_whole(store, place):
    place(5001)

    (order,) = store.orders_by_id([5001, 9999]).values()

    assert (order.id, order.status, order.payment_state) == (5001, StoreStatus.PENDING, PaymentState.PENDING)
    assert order.placed_at == datetime.fromtimestamp(PLACED, UTC)
    assert (order.ship_to.first_name, order.ship_to.email, order.ship_to.postal_code) == (
        "Ada",
        "ada@example.org",
        "97301",
    )
    assert order.bill_to.first_name == "Bob"
    assert order.total == Decimal("42.90")
    assert order.charges == (StoreCharge("SHIPPING", "Ground", Decimal("6.5")),)
    tee, mug = order.lines
    assert (tee.code, tee.sku, tee.quantity, tee.price, tee.total) == (
        "tee",
        "TEE-S",
        3,
        Decimal("9.5"),
        Decimal("28.5"),
    )
    assert [(option.attribute, option.option) for option in tee.options] == [("size", "S")]
    assert tee.part_codes == ("tee-s",)
    assert (mug.code, mug.sku, mug.is_product, mug.status) == ("mug", "MUG-1", True, StoreStatus.PENDING)


def test_orders_are_sighted_by_state_and_date(store, place, sandbox):
    for number in range(5001, 5006):
        place(number, placed=PLACED + number - 5001)
    sandbox.store.db.execute("UPDATE orders SET dt_updated = orderdate")

    pages = list(store.sight_orders_in(statuses={StoreStatus.PENDING}, since=PLACED + 1, page_size=2))

    assert [[order.id for order in page.orders] for page in pages] == [[5002, 5003], [5004, 5005]]
    for statuses in ({StoreStatus.SHIPPED, StoreStatus.PROCESSING}, set(), {StoreStatus.OTHER}):
        assert list(store.sight_orders_in(statuses=statuses, since=0)) == []


def test_an_old_order_that_changed_since_is_sighted_again(store, place, sandbox):
    place(5001, placed=PLACED)
    place(5002, placed=PLACED)
    since = PLACED + 9 * 24 * 3600
    sandbox.store.db.execute(
        "UPDATE orders SET dt_updated = CASE id WHEN 5002 THEN ? ELSE orderdate END", (since + 60,)
    )

    pages = list(store.sight_orders_in(statuses={StoreStatus.PENDING}, since=since))

    assert [[order.id for order in page.orders] for page in pages] == [[5002]]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orders SET ship_city = 'Rome'",
        "UPDATE orders SET total = total + 1",
        "UPDATE orders SET total_auth = 5",
        "UPDATE order_items SET quantity = 7 WHERE code = 'tee'",
        "UPDATE order_options SET opt_code = 'M'",
    ],
)
def test_any_change_of_an_order_is_seen_by_its_fingerprint(store, place, sandbox, change):
    place(5001)
    (before,) = store.sight_orders_by_id([5001]).orders
    (again,) = store.sight_orders_by_id([5001]).orders
    sandbox.store.db.execute(change)

    (after,) = store.sight_orders_by_id([5001]).orders

    assert before.fingerprint == again.fingerprint != after.fingerprint
    assert len(after.fingerprint) == 16


def test_a_change_of_the_catalogue_is_no_change_of_an_order(store, place, sandbox):
    place(5001)
    (before,) = store.sight_orders_by_id([5001]).orders
    sandbox.store.db.execute("UPDATE products SET code = code || '-new', sku = sku || '-new'")
    sandbox.store.db.execute("UPDATE attributes SET prompt = 'Another'")

    (after,) = store.sight_orders_by_id([5001]).orders

    assert after.fingerprint == before.fingerprint


def test_a_note_is_added_and_read_back(store, place):
    place(5001)

    answers = store.add_order_notes({5001: "Taken over  &\nfiled", 7777: "Nobody's"})

    assert answers[5001] == DONE
    assert answers[7777].outcome is WriteOutcome.REFUSED
    assert "7777" in answers[7777].message
    (note,) = store.orders_by_id([5001])[5001].notes
    assert note.split() == ["Taken", "over", "&", "filed"]


def test_a_part_of_a_line_is_shipped_under_our_code_and_a_repeat_changes_nothing(store, place):
    place(5001)
    order = store.orders_by_id([5001])[5001]
    sends = [ShipmentSend(shipment(order, (order.lines[0], 2)), "UPS")]

    first = store.create_shipments(sends, path=ShipmentPath.PROVISION)
    after_first = store.orders_by_id([5001])[5001]
    second = store.create_shipments(sends, path=ShipmentPath.PROVISION)
    after_second = store.orders_by_id([5001])[5001]

    assert first == second == [DONE]
    assert after_first == after_second
    (made,) = after_first.shipments
    assert (made.code, made.is_shipped, made.tracking_number, made.cost) == ("TP-1", False, "1Z999", Decimal("7.35"))
    (line,) = [line for line in after_first.lines if line.shipment_id == made.id]
    assert (line.line_id in made.line_ids, line.quantity) == (True, 2)


def test_what_is_shipped_can_not_be_shipped_again(store, place, sandbox):
    place(5001)
    order = store.orders_by_id([5001])[5001]
    lines = [(order.lines[1], 1)]
    first = ShipmentSend(shipment(order, *lines, code="TP-1"), "UPS")
    again = ShipmentSend(shipment(order, *lines, code="TP-2"), "UPS")

    assert store.create_shipments([first], path=ShipmentPath.PROVISION) == [DONE]
    made = store.orders_by_id([5001])[5001].shipments[0]
    store.send_shipments({made.id: first})

    (answer,) = store.create_shipments([again], path=ShipmentPath.PROVISION)

    assert answer.outcome is WriteOutcome.REFUSED
    assert answer.message
    assert [one.code for one in store.orders_by_id([5001])[5001].shipments] == ["TP-1"]
    assert [entry.kind for entry in sandbox.domain.lint.entries()] == ["skipped line"]
    sandbox.domain.lint.clear()


def test_whole_lines_are_shipped_by_the_function(store, place):
    place(5001)
    order = store.orders_by_id([5001])[5001]
    sends = [ShipmentSend(shipment(order, *((line, line.quantity) for line in order.lines)), "UPS")]

    answers = store.create_shipments(sends, path=ShipmentPath.FUNCTION)

    assert answers == [DONE]
    after = store.orders_by_id([5001])[5001]
    assert after.status is StoreStatus.PROCESSING
    assert {line.shipment_id for line in after.lines} == {after.shipments[0].id}


def test_sending_a_shipment_marks_it_as_shipped_with_all_its_fields(store, place):
    place(5001)
    order = store.orders_by_id([5001])[5001]
    whole = shipment(order, *((line, line.quantity) for line in order.lines), cost="7.345")
    store.create_shipments([ShipmentSend(whole, "UPS")], path=ShipmentPath.PROVISION)
    made = store.orders_by_id([5001])[5001].shipments[0]

    for _ in range(2):
        assert store.send_shipments({made.id: ShipmentSend(whole, "UPS")}) == {made.id: DONE}

    after = store.orders_by_id([5001])[5001]
    (sent,) = after.shipments
    assert after.status is StoreStatus.SHIPPED
    assert (sent.tracking_number, sent.carrier, sent.cost) == ("1Z999", "UPS", Decimal("7.35"))
    assert sent.is_shipped
    assert sent.shipped_at is not None


def test_a_shipment_without_tracking_number_can_be_sent(store, place):
    place(5001)
    order = store.orders_by_id([5001])[5001]
    bare = shipment(order, (order.lines[1], 1), number="", cost="0")
    assert store.create_shipments([ShipmentSend(bare, "")], path=ShipmentPath.PROVISION) == [DONE]
    made = store.orders_by_id([5001])[5001].shipments[0]

    assert store.send_shipments({made.id: ShipmentSend(bare, "")}) == {made.id: DONE}

    (sent,) = store.orders_by_id([5001])[5001].shipments
    assert (sent.is_shipped, sent.tracking_number, sent.carrier) == (True, "", "")
