"""What is done to an order later, and what of it moves stock: the acts of the JSON API and of provisioning."""

import pytest

from .catalogue import counts, fill, left, orders

SIZE_S = {"code": "TEE", "attributes": [{"code": "size", "value": "S"}]}
MANY = 2**31 - 1


@pytest.fixture
def order(sandbox, client):
    """A shopper's order of two tees in size S: ten less two are left."""
    fill(client)
    shopper = sandbox.shopper()
    shopper.add("TEE", 2, size="S")
    return shopper.check_out().order_id


@pytest.fixture
def line(sandbox, order):
    return sandbox.store.db.value("SELECT line_id FROM order_items WHERE order_id = ?", (order,))


class Act:
    """The acts on one order with one line."""

    def __init__(self, client, order, line):
        self.client, self.order, self.line = client, order, line

    def _lines(self, function):
        answer = self.client.call(function, Order_ID=self.order, Line_IDs=[self.line])
        assert answer["success"] == 1, answer
        return answer.get("data")

    def pick(self):
        self.shipment = self._lines("OrderItemList_CreateShipment")["id"]

    def ship(self):
        self.pick()
        update = {"shpmnt_id": self.shipment, "mark_shipped": True}
        assert self.client.call("OrderShipmentList_Update", Shipment_Updates=[update])["success"] == 1

    def unpick(self):
        self._lines("OrderItemList_RemoveFromShipment")

    def back_order(self):
        self._lines("OrderItemList_BackOrder")

    def cancel(self):
        self._lines("OrderItemList_Cancel")

    def delete_line(self):
        self._lines("OrderItemList_Delete")

    def delete_line_by_tag(self):
        self.run(f'<Order_Delete_Item order_id="{self.order}" line_id="{self.line}"/>')

    def replace_lines(self):
        self.run(f'<Order_Update order_id="{self.order}"><Items/></Order_Update>')

    def delete(self):
        assert self.client.call("Order_Delete", Order_ID=self.order)["success"] == 1

    def issue(self):
        self.rma = self._lines("OrderItemList_CreateReturn")["id"]

    def receive(self, adjust=1):
        returned = {"return_id": self.rma, "adjust_inventory": adjust}
        assert self.client.call("OrderReturnList_Received", Returns=[returned])["success"] == 1

    def receive_without(self):
        self.receive(0)

    def split(self):
        self.client.call("OrderItem_Split", Order_ID=self.order, Line_ID=self.line, Quantity=1)

    def raise_to_5(self):
        self.client.call("OrderItem_Update", Order_ID=self.order, Line_ID=self.line, Quantity=5)

    def lower_by_tag(self):
        self.run(
            f'<Order_Update_Item order_id="{self.order}" line_id="{self.line}"><Quantity>1</Quantity>'
            "</Order_Update_Item>"
        )

    def change_product(self):
        self.client.call("OrderItem_Update", Order_ID=self.order, Line_ID=self.line, Code="MUG")

    def change_size(self):
        options = [{"attr_code": "size", "opt_code_or_data": "M"}]
        self.client.call("OrderItem_Update", Order_ID=self.order, Line_ID=self.line, Options=options)

    def run(self, xml):
        assert self.client.provision(xml) == []


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ("cancel", 10),
        ("cancel cancel", 10),
        ("ship cancel", 10),
        ("back_order cancel", 10),
        ("issue receive_without cancel", 8),
        ("delete_line", 10),
        ("ship delete_line", 10),
        ("cancel delete_line", 10),
        ("issue receive_without delete_line", 8),
        ("ship delete_line_by_tag", 10),
        ("replace_lines", 10),
        ("ship replace_lines", 10),
        ("cancel replace_lines", 10),
        ("delete", 10),
        ("pick delete", 10),
        ("back_order delete", 10),
        ("ship delete", 8),
        ("issue delete", 8),
        ("issue receive_without delete", 8),
        ("cancel delete", 10),
        ("issue", 8),
        ("issue receive", 10),
        ("issue receive receive", 12),
        ("issue receive_without", 8),
        ("issue receive_without receive", 10),
        ("raise_to_5", 5),
        ("lower_by_tag", 9),
        ("cancel raise_to_5", 7),
        ("ship raise_to_5", 5),
        ("change_product", 10),
        ("change_size", 10),
        ("back_order", 8),
        ("pick", 8),
        ("pick unpick", 8),
        ("ship", 8),
        ("split", 8),
        ("split cancel", 9),
    ],
)
def test_each_act_gives_back_what_a_store_gives_back(client, order, line, acts, expected):
    act = Act(client, order, line)

    for name in acts.split():
        getattr(act, name)()

    assert left(client, "TEE-S") == expected


@pytest.mark.parametrize(("name", "taken"), [("change_product", "MUG"), ("change_size", "TEE-M")])
def test_another_product_or_variant_takes_its_own_stock(client, order, line, name, taken):
    getattr(Act(client, order, line), name)()

    assert counts(client) == {"MUG": 10, "TEE-S": 10, "TEE-M": 10} | {taken: 8}


SETTINGS = '<InventoryProductSettings_Update product_code="TEE-S">{}</InventoryProductSettings_Update>'
TRACKED, UNTRACKED = (SETTINGS.format(f"<TrackProduct>{word}</TrackProduct>") for word in ("Yes", "No"))
OTHER_PARTS = """
<ProductVariant_Add product_code="TEE">
  <Options><Attribute_Option attribute_code="size" option_code="S"/></Options>
  <Parts><Part product_code="TEE-M" quantity="2"/></Parts></ProductVariant_Add>
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ('<Product_Update code="TEE"><Code>TEA</Code></Product_Update>', {"TEE-S": 8}),
        ('<Product_Delete code="TEE"/>', {"TEE-S": 8}),
        (OTHER_PARTS, {"TEE-S": 8, "TEE-M": 14}),
        (UNTRACKED, {}),
        # The count rises without having fallen.
        (UNTRACKED + TRACKED, {"TEE-S": 2}),
    ],
)
def test_what_comes_back_is_found_in_the_catalogue_as_it_is_now(client, order, line, change, expected):
    assert client.provision(change) == []

    Act(client, order, line).cancel()

    untouched = {"MUG": 10, "TEE-M": 10}
    assert counts(client) == untouched | expected


@pytest.mark.parametrize("missing", ["return_id", "adjust_inventory"])
def test_both_members_of_a_return_are_required(client, order, line, missing):
    act = Act(client, order, line)
    act.issue()
    given = {"return_id": act.rma, "adjust_inventory": 1}
    del given[missing]

    answer = client.call("OrderReturnList_Received", Returns=[given])

    assert (answer["success"], answer["error_field"]) == (0, f"Returns[1]:{missing}")
    assert left(client, "TEE-S") == 8


def test_orders_by_program_take_stock_below_zero_and_free_lines_take_none(client, sandbox):
    fill(client)
    number = client.call(
        "Order_Create", Products=[{**SIZE_S, "quantity": 12}], Items=[{"code": "MUG", "quantity": 3, "price": 1}]
    )["data"]["id"]
    created = counts(client)

    client.provision(
        '<Order_Add><Items><Product code="MUG"><Quantity>1</Quantity></Product><Item><Code>MUG</Code><Name>Mug</Name>'
        "<Price>1</Price><Weight>0</Weight><Quantity>4</Quantity></Item></Items></Order_Add>"
    )
    by_tag = counts(client)
    client.call("OrderItem_Add", Order_ID=number, Code="TEE-M", Quantity=11, Price=1)
    client.provision(f'<Order_Add_Product order_id="{number}" code="MUG"><Quantity>2</Quantity></Order_Add_Product>')

    assert created == {"MUG": 10, "TEE-S": -2, "TEE-M": 10}
    assert by_tag == {"MUG": 9, "TEE-S": -2, "TEE-M": 10}
    assert counts(client) == {"MUG": 7, "TEE-S": -2, "TEE-M": -1}


def test_a_later_line_that_fails_takes_a_created_order_back_with_its_stock(client, sandbox):
    fill(client)

    answer = client.call("Order_Create", Products=[{**SIZE_S, "quantity": 2}, {"code": "MUG", "quantity": MANY}])

    assert (answer["success"], orders(client)) == (0, {})
    assert counts(client) == {"MUG": 10, "TEE-S": 10, "TEE-M": 10}


def test_a_later_line_that_fails_is_missing_from_an_added_order(client, sandbox):
    fill(client)

    [message] = client.provision(
        '<Order_Add><ID>7000</ID><Items><Product code="MUG"><Quantity>2</Quantity></Product>'
        f'<Product code="MUG"><Quantity>{MANY}</Quantity></Product></Items></Order_Add>'
    )

    assert message["tag"] == "Product"
    assert (orders(client), left(client)) == ({7000: [("MUG", 2)]}, 8)
