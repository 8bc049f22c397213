"""Order, shipment, note and customer tags, run through Provision_Store."""

import pytest

from miva_sandbox.state import (
    attributes,
    custom_fields,
    customers,
    inventory,
    modules,
    notes,
    order_lines,
    orders,
    products,
    variants,
)
from miva_sandbox.state.attributes import PRODUCT, Attribute, Option
from miva_sandbox.state.products import Product
from miva_sandbox.state.variants import Dimension, Part, Pricing

UNIT = 10**8
NOW = 1_760_000_000
WRAP = "<Item><Code>WRAP</Code><Name>Wrap</Name><Price>3</Price><Weight>0.5</Weight><Quantity>4</Quantity>{}</Item>"
TEE = '<Product code="tee"><Quantity>{}</Quantity>{}</Product>'
SIZE = "<Options><Option><AttributeCode>size</AttributeCode><Value>{}</Value></Option></Options>"


@pytest.fixture
def store(sandbox):
    sandbox.domain.clock.freeze(NOW)
    return sandbox.store


@pytest.fixture
def tee(store):
    """TEE with the sizes S and XL; only S has a variant, whose part is TEE-S. All have a stock of 10."""
    parent = products.insert(store, Product(code="TEE", name="T-Shirt", sku="TEE-SKU", price=19 * UNIT))
    size = attributes.insert(
        store, PRODUCT, parent, Attribute(code="size", type="select", prompt="Size", required=True, inventory=True)
    )
    row = attributes.find(store, PRODUCT, parent, "size")
    small = attributes.insert_option(store, PRODUCT, row, Option(code="S", prompt="Small"))
    attributes.insert_option(store, PRODUCT, row, Option(code="XL", prompt="Large", price=UNIT))
    part = products.insert(store, Product(code="TEE-S", name="T-Shirt S", sku="SKU-S", price=20 * UNIT))
    for product_id in (parent, part):
        inventory.update_product(store, product_id, {}, track=True, stock=10)
    variants.insert(store, parent, [Dimension(size, 0, small)], [Part(part, 1)], Pricing(method=variants.SUM))
    return {"parent": parent, "part": part}


def messages(client, xml):
    return [(message["tag"], message["message"]) for message in client.provision(xml)]


def lines(store, order_id):
    return order_lines.of_order(store, order_id)


def place(client, *items, number=5001, further=""):
    return messages(client, f"<Order_Add><ID>{number}</ID><Items>{''.join(items)}</Items>{further}</Order_Add>")


def shipments(store):
    return [
        (row["code"], row["status"], row["tracknum"], row["ship_date"])
        for row in store.db.rows("SELECT * FROM order_shipments ORDER BY id")
    ]


def test_an_order_is_added_with_lines_charges_and_addresses(client, store, tee):
    complaints = place(
        client,
        TEE.format(2, SIZE.format("s")),
        WRAP.format("<Status>Backordered</Status>"),
        further="<OrderDate>2026-01-05T15:04:05Z</OrderDate><ShipFirstName>Ada</ShipFirstName><ShipState>OR</ShipState>"
        "<Charges><Charge><Type>SHIPPING</Type><Description>Ground</Description><Amount>6.50</Amount></Charge>"
        "<Charge><Type>TAX</Type><Description>Tax</Description><Amount>2.105</Amount></Charge></Charges>",
    )

    order = orders.find(store, 5001)
    tees, wraps = lines(store, 5001)
    assert complaints == []
    assert [order[name] for name in ("total", "total_ship", "total_tax", "orderdate", "ship_fname", "source")] == [
        6061,
        650,
        211,
        1767625445,
        "Ada",
        "user",
    ]
    assert (tees["code"], tees["sku"], tees["price"], wraps["status"], order["status"]) == (
        "TEE",
        "SKU-S",
        20 * UNIT,
        400,
        100,
    )
    assert (inventory.counted(store, tee["part"]), inventory.counted(store, tee["parent"])) == (8, 10)


def test_a_repeated_order_says_already_exists_and_changes_nothing(client, store):
    place(client, WRAP.format(""))

    assert place(client, WRAP.format("")) == [("Order_Add", "Order #5001 already exists")]
    assert len(lines(store, 5001)) == 1


@pytest.mark.parametrize(
    ("options", "sku", "price", "stock"),
    [
        (SIZE.format("S"), "SKU-S", 20, {"part": 9, "parent": 10}),
        # No such variant: accepted all the same, at the parent's price with surcharges, from the parent's stock.
        (SIZE.format("XL"), "", 19, {"part": 10, "parent": 9}),
        ("", "TEE-SKU", 19, {"part": 10, "parent": 9}),
    ],
)
def test_a_catalogue_line_draws_on_what_its_options_name(  # noqa: PLR0917 - one parameter a column of the table
    client, store, tee, options, sku, price, stock
):
    assert place(client, TEE.format(1, options)) == []

    [line] = lines(store, 5001)
    assert (line["sku"], line["price"]) == (sku, price * UNIT)
    assert {name: inventory.counted(store, product_id) for name, product_id in tee.items()} == stock


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (TEE.format(1, SIZE.format("M")), "One or more required attributes are missing"),
        ('<Product code="none"><Quantity>1</Quantity></Product>', "Product 'none' not found"),
        (TEE.format(-1, ""), "Quantity must be a positive integer"),
        ("<Item><Code>A</Code></Item>", "Missing required tag Name"),
        (WRAP.format("<Status>Lost</Status>"), "Status must be one of: Pending,Picking,Shipped,Cancelled"),
        (WRAP.format("<Options><X/></Options>"), "Unknown tag"),
    ],
)
def test_a_bad_line_is_reported_and_missing_while_the_order_stays(client, store, tee, item, message):
    [(_, complaint)] = place(client, item, WRAP.format(""))

    assert complaint.startswith(message)
    assert [line["code"] for line in lines(store, 5001)] == ["WRAP"]


def test_an_unknown_element_among_items_ends_the_list_and_drops_the_shipments(client, store):
    complaints = place(
        client, WRAP.format(""), "<Thing/>", WRAP.format(""), further="<Shipment><Code>S</Code></Shipment>"
    )

    assert complaints == [("Thing", "Unknown tag")]
    assert len(lines(store, 5001)) == 1
    assert shipments(store) == []


def test_lines_with_equal_tracking_become_one_shipment(client, store):
    tracked = "<TrackingNumber>1Z</TrackingNumber><TrackingType>UPS</TrackingType>"
    place(
        client,
        WRAP.format(tracked),
        WRAP.format(tracked),
        WRAP.format(""),
        further=f"<Shipment><Code>A</Code>{tracked}<MarkAsShipped>Yes</MarkAsShipped></Shipment>"
        "<Shipment><Code>B</Code></Shipment>",
    )

    assert shipments(store) == [("A", 200, "1Z", 0), ("B", 100, "", 0)]
    assert [line["status"] for line in lines(store, 5001)] == [200, 200, 100]


def test_an_update_with_items_replaces_all_lines_and_restocks_the_old(client, store, tee):
    place(client, TEE.format(2, SIZE.format("S")))

    complaints = messages(
        client,
        f'<Order_Update order_id="5001"><ShipCity>Bend</ShipCity><Items>{WRAP.format("")}</Items></Order_Update>',
    )

    assert complaints == []
    assert [line["code"] for line in lines(store, 5001)] == ["WRAP"]
    assert inventory.counted(store, tee["part"]) == 10
    assert (orders.find(store, 5001)["ship_city"], orders.find(store, 5001)["total"]) == ("Bend", 1200)


def test_a_line_moves_stock_when_its_quantity_changes_and_not_when_its_status_does(client, store, tee):
    place(client, TEE.format(2, SIZE.format("S")))
    [line] = lines(store, 5001)
    change = f'<Order_Update_Item order_id="5001" line_id="{line["line_id"]}">{{}}</Order_Update_Item>'

    messages(client, change.format("<Status>Cancelled</Status>"))
    after_status = inventory.counted(store, tee["part"])
    messages(client, change.format("<Quantity>5</Quantity>"))

    assert (after_status, inventory.counted(store, tee["part"])) == (8, 5)


def test_deleting_an_order_or_a_line_gives_back_what_they_took(client, store, tee):
    place(client, TEE.format(2, SIZE.format("S")), TEE.format(1, SIZE.format("S")))
    first, _ = lines(store, 5001)

    messages(client, f'<Order_Delete_Item order_id="5001" line_id="{first["line_id"]}"/>')
    between = inventory.counted(store, tee["part"])
    messages(client, '<Order_Delete order_id="5001"/>')

    assert (between, inventory.counted(store, tee["part"])) == (9, 10)
    assert messages(client, '<Order_Delete order_id="5001"/>') == [("Order_Delete", "Failed to load order '5001'")]


def test_a_shipment_takes_a_part_quantity_by_splitting_the_line(client, store):
    place(client, WRAP.format(""))
    ship = (
        '<OrderShipment_Add order_id="5001"><Code>HUB-1</Code><TrackingNumber>1Z</TrackingNumber>'
        '<ProductList><Product product_code="wrap" quantity="3"/></ProductList></OrderShipment_Add>'
    )

    first, repeated = messages(client, ship), messages(client, ship)

    assert first == []
    assert repeated == [("OrderShipment_Add", "Shipment code 'HUB-1' already exists.")]
    assert [(line["quantity"], line["status"]) for line in lines(store, 5001)] == [(1, 0), (3, 100)]
    assert shipments(store) == [("HUB-1", 100, "1Z", 0)]


def test_a_shipment_by_line_leaves_shipped_lines_alone(client, store):
    place(client, WRAP.format("<Status>Shipped</Status>"), WRAP.format(""))
    first, second = lines(store, 5001)
    chosen = "".join(f'<Product line_id="{line["line_id"]}"/>' for line in (first, second))

    complaints = messages(
        client, f'<OrderShipment_Add order_id="5001"><ProductList>{chosen}</ProductList></OrderShipment_Add>'
    )

    assert complaints == []
    assert [line["status"] for line in lines(store, 5001)] == [200, 100]


def test_without_a_list_all_pending_lines_ship_and_then_there_are_none(client, store):
    place(client, WRAP.format(""))
    ship = '<OrderShipment_Add order_id="5001"/>'

    assert messages(client, ship) == []
    assert messages(client, ship) == [("OrderShipment_Add", "Unable to create shipment; No items available to ship")]


def test_setting_a_status_ships_and_clears_what_is_left_out(client, store, sandbox):
    place(client, WRAP.format(""), further="<Shipment><Code>S1</Code></Shipment>")
    status = '<OrderShipment_SetStatus code="s1">{}</OrderShipment_SetStatus>'

    messages(client, status.format("<TrackingNumber>1Z</TrackingNumber><TrackingType>ups</TrackingType>"))
    tracked = store.db.row("SELECT * FROM order_shipments")
    messages(client, status.format("<MarkAsShipped>Shipped</MarkAsShipped><TrackingType>Pigeon</TrackingType>"))

    shipped = store.db.row("SELECT * FROM order_shipments")
    assert (tracked["tracknum"], tracked["tracktype"], tracked["status"], tracked["ship_date"]) == (
        "1Z",
        "ups",
        100,
        NOW,
    )
    assert (shipped["tracknum"], shipped["tracktype"], shipped["status"]) == ("", "", 200)
    assert {entry.kind for entry in sandbox.domain.lint.entries()} == {"cleared tracking", "dropped carrier"}


def test_marking_as_shipped_has_no_word_for_no(client, store):
    place(client, WRAP.format(""), further="<Shipment><Code>S1</Code></Shipment>")

    [(_, complaint)] = messages(
        client,
        '<OrderShipment_SetStatus code="S1"><MarkAsShipped>No</MarkAsShipped></OrderShipment_SetStatus>',
    )

    assert complaint == "MarkAsShipped must be one of: Shipped,Yes,1"


def test_lines_are_put_on_back_order_by_code_and_quantity(client, store):
    place(client, WRAP.format(""))

    complaints = messages(
        client,
        '<Order_Backorder_Items order_id="5001"><DateInStock>1767225600</DateInStock><ProductList>'
        "<Product><Code>WRAP</Code><Quantity>1</Quantity></Product></ProductList></Order_Backorder_Items>",
    )

    assert complaints == []
    assert [(line["quantity"], line["status"]) for line in lines(store, 5001)] == [(3, 0), (1, 400)]
    assert orders.find(store, 5001)["dt_instock"] == 1767225600


def test_an_acknowledging_note_is_left_at_the_order(client, store):
    place(client, WRAP.format(""))

    complaints = messages(client, '<Note_Add order="5001">Taken over</Note_Add><Note_Add order="9">x</Note_Add>')

    assert complaints == [("Note_Add", "Order #9 does not exist")]
    assert notes.find(store, 1)["notetext"] == "Taken over"
    assert orders.find(store, 5001)["note_count"] == 1


def test_an_order_custom_field_is_set(client, store):
    modules.install(store, "customfields")
    field_id = custom_fields.insert(store, "order", code="erp", name="ERP")
    place(client, WRAP.format(""))
    tag = '<Order_CustomField order_id="{}" module="customfields" field="erp">E-1</Order_CustomField>'

    complaints = messages(client, tag.format(5001) + tag.format(9))

    field = custom_fields.find(store, "order", "erp")
    assert complaints == [("Order_CustomField", "Order #9 does not exist")]
    assert custom_fields.values(store, "order", [5001], [field])[5001] == {"erp": "E-1"}
    assert field["id"] == field_id


def test_customers_and_addresses_come_change_and_go(client, store):
    add = (
        "<Customer_Add><Login>ada</Login><LostPasswordEmail>ada@example.com</LostPasswordEmail><Password>p</Password>"
        "<ShipCity>Salem</ShipCity><ShipStateCode>OR</ShipStateCode>"
        "<ShippingAddressDescription>Home</ShippingAddressDescription></Customer_Add>"
    )

    complaints = messages(
        client,
        add
        + add
        + '<Customer_Update login="ADA"><ShipCity>Bend</ShipCity></Customer_Update>'
        + '<CustomerAddress_Update customer_login="ada" description="home"><Zip>97701</Zip></CustomerAddress_Update>',
    )

    ada = customers.find(store, "ada")
    [home] = customers.addresses_of(store, ada["id"])
    assert complaints == [("Customer_Add", "A customer with the login 'ada' already exists")]
    assert (ada["ship_city"], ada["ship_state"], ada["ship_cntry"], ada["ship_id"]) == ("Bend", "OR", "US", home["id"])
    assert (home["city"], home["zip"]) == ("Salem", "97701")
    assert messages(client, '<Customer_Delete login="ada"/>') == []
    assert customers.find(store, "ada") is None


def test_an_order_of_a_customer_takes_the_customers_address_unless_it_has_its_own(client, store):
    customers.insert(
        store, login="ada", pw_email="a@example.com", password="p", details={"ship_city": "Salem", "ship_zip": "97301"}
    )

    place(client, further="<CustomerLogin>ADA</CustomerLogin><ShipCity>Bend</ShipCity>")

    order = orders.find(store, 5001)
    assert (order["cust_id"], order["ship_city"], order["ship_zip"]) == (1, "Bend", "97301")
