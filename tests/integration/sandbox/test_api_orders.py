"""Orders through the JSON API: what is shown, what the item and shipment functions do, and what they keep silent."""

from decimal import Decimal

import pytest

from miva_sandbox.state import (
    attributes,
    charges,
    custom_fields,
    customers,
    inventory,
    notes,
    order_lines,
    orders,
    products,
    queues,
    variants,
)
from miva_sandbox.state.attributes import PRODUCT, Attribute, Option
from miva_sandbox.state.charges import Charge
from miva_sandbox.state.choices import questions, read, variant_of
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.products import Product
from miva_sandbox.state.sales import sale
from miva_sandbox.state.variants import Dimension, Part, Pricing

UNIT = 10**8
NOW = 1_760_000_000
ALL_COLUMNS = [
    "items",
    "parts",
    "charges",
    "coupons",
    "discounts",
    "payments",
    "notes",
    "shipments",
    "returns",
    "ship_method",
    "payment_module",
    "cust_login",
    "customer",
]


@pytest.fixture
def store(sandbox):
    sandbox.domain.clock.freeze(NOW)
    return sandbox.store


@pytest.fixture
def tee(store):
    """TEE in size S, whose part is TEE-S with a stock of 10."""
    parent = products.insert(store, Product(code="TEE", name="T-Shirt", sku="TEE-SKU", price=19 * UNIT))
    size = attributes.insert(
        store, PRODUCT, parent, Attribute(code="size", type="select", prompt="Size", required=True, inventory=True)
    )
    row = attributes.find(store, PRODUCT, parent, "size")
    option = attributes.insert_option(store, PRODUCT, row, Option(code="S", prompt="Small"))
    part = products.insert(
        store,
        Product(code="TEE-S", name="T-Shirt S", sku="SKU-S", price=1990000000, cost=7 * UNIT, weight=40000000),
    )
    inventory.update_product(store, part, {}, track=True, stock=10)
    variants.insert(store, parent, [Dimension(size, 0, option)], [Part(part, 1)], Pricing(method=variants.SUM))
    return part


@pytest.fixture
def order(store, tee):
    """An authorised order of two tees and a free line, as a shopper leaves it."""
    product = products.find(store, "TEE")
    asked = questions(store, product["id"])
    answers = read(store, asked, {("size", ""): "S"})
    sold = sale(
        store,
        product,
        variant_id=variant_of(store, product["id"], asked, answers),
        answers=answers,
        quantity=2,
    )
    order_id = orders.insert(
        store,
        orders.NewOrder(address={"ship_fname": "Ada", "ship_city": "Salem"}, ship_id=45, ship_data="Ground"),
    )
    order_lines.insert(store, order_id, sold.line)
    inventory.take(store, tee, 2)
    order_lines.insert(store, order_id, NewLine(code="WRAP", name="Gift wrap", price=3 * UNIT, weight=0, quantity=1))
    charges.add(store, order_id, Charge(type="SHIPPING", descrip="Shipping: Ground", amount=5 * UNIT, module_id=45))
    orders.summed(store, order_id)
    charges.authorise(store, order_id, 4780)
    return order_id


def load(client, order_id, *columns):
    [row] = client.rows(
        "OrderList_Load_Query",
        Filter=[
            {"name": "search", "value": [{"field": "id", "operator": "EQ", "value": str(order_id)}]},
            {"name": "ondemandcolumns", "value": list(columns)},
        ],
    )
    return row


def line_ids(client, order_id):
    return [item["line_id"] for item in load(client, order_id, "items")["items"]]


def statuses(client, order_id):
    shown = load(client, order_id, "items")
    return shown["status"], [item["status"] for item in shown["items"]]


def search(client, *conditions, **parameters):
    entries = [
        {"name": "search", "value": [{"field": field, "operator": operator, "value": value}]}
        for field, operator, value in conditions
    ]
    return [row["id"] for row in client.rows("OrderList_Load_Query", Filter=entries, **parameters)]


def test_a_line_shows_the_parent_the_parts_sku_the_options_and_on_demand_the_parts(client, order):
    first, second = load(client, order, "items", "parts")["items"]

    assert first == {
        "order_id": order,
        "line_id": first["line_id"],
        "group_id": 0,
        "parent_id": 0,
        "status": 0,
        "subscrp_id": 0,
        "subterm_id": 0,
        "shpmnt_id": 0,
        "rma_id": 0,
        "product_id": 1,
        "dt_instock": 0,
        "code": "TEE",
        "name": "T-Shirt",
        "sku": "SKU-S",
        "type": "product",
        "retail": Decimal("19.9"),
        "base_price": Decimal("19.9"),
        "price": Decimal("19.9"),
        "total": Decimal("39.8"),
        "formatted_total": "$39.80",
        "weight": Decimal("0.4"),
        "formatted_weight": "0.40 lb",
        "taxable": True,
        "tax": 0,
        "formatted_tax": "$0.00",
        "upsold": False,
        "quantity": 2,
        "options": [
            {
                "id": first["options"][0]["id"],
                "order_id": order,
                "line_id": first["line_id"],
                "attr_id": 1,
                "attr_code": "size",
                "attmpat_id": 0,
                "option_id": 1,
                "opt_code": "S",
                "retail": 0,
                "base_price": 0,
                "price": 0,
                "weight": 0,
                "formatted_weight": "0.00 lb",
                "data": "",
                "data_long": "",
                "attr_prompt": "Size",
                "opt_prompt": "Small",
                "attribute": "size",
                "value": "S",
            }
        ],
        "parts": [
            {
                "code": "TEE-S",
                "sku": "SKU-S",
                "name": "T-Shirt S",
                "quantity": 1,
                "total_quantity": 2,
                "price": Decimal("19.9"),
                "cost": 7,
                "weight": Decimal("0.4"),
                "formatted_weight": "0.40 lb",
            }
        ],
    }
    assert not {"options", "parts", "shipment", "discounts"} & second.keys()


def test_an_order_shows_only_what_is_asked_for_and_empty_lists_as_empty(client, order):
    bare, full = load(client, order), load(client, order, *ALL_COLUMNS)

    assert full.keys() - bare.keys() == set(ALL_COLUMNS) - {"parts", "customer"}
    assert (bare["total"], bare["formatted_total"], bare["total_ship"], bare["total_auth"], bare["pay_status"]) == (
        Decimal("47.8"),
        "$47.80",
        5,
        Decimal("47.8"),
        0,
    )
    assert (full["coupons"], full["discounts"], full["notes"], full["shipments"], full["returns"]) == ([],) * 5
    assert (full["ship_method"], full["payment_module"], full["cust_login"]) == ("Ground", "Sandbox Payment", "")
    assert [(charge["type"], charge["amount"]) for charge in full["charges"]] == [("SHIPPING", 5)]
    assert [(payment["type"], payment["amount"], payment["currency"]) for payment in full["payments"]] == [
        (3, Decimal("47.8"), "USD")
    ]


def test_prompts_are_todays_and_parts_follow_the_catalogue(client, store, order):
    attributes.delete_all(store, products.find(store, "TEE")["id"])

    [item, _] = load(client, order, "items", "parts")["items"]

    assert (item["options"][0]["attr_prompt"], item["options"][0]["opt_code"]) == ("", "S")
    assert "parts" not in item


def test_shipping_takes_two_calls_and_ends_with_tracking(client, store, order):
    ids = line_ids(client, order)

    made = client.call("OrderItemList_CreateShipment", Order_ID=order, Line_IDs=ids)["data"]
    picking = statuses(client, order)
    update = {"shpmnt_id": made["id"], "mark_shipped": True, "tracknum": "1Z9", "tracktype": "ups", "cost": "7.35"}
    answer = client.call("OrderShipmentList_Update", Shipment_Updates=[update])

    assert made == {
        "id": made["shipment_id"],
        "shipment_id": made["id"],
        "code": f"{order:05d}-20251009-{made['id']:05d}",
        "batch_id": 0,
        "order_id": order,
        "status": 100,
        "labelcount": 0,
        "ship_date": 0,
        "tracknum": "",
        "tracktype": "",
        "tracklink": "",
        "weight": Decimal("0.8"),
        "cost": 0,
        "formatted_cost": "$0.00",
    }
    assert picking == (100, [100, 100])
    assert answer == {"success": 1}
    assert statuses(client, order) == (200, [200, 200])
    [shipped] = load(client, order, "shipments", "items")["shipments"]
    assert (shipped["tracknum"], shipped["cost"], shipped["ship_date"]) == ("1Z9", Decimal("7.35"), NOW)
    assert shipped["tracklink"].endswith("1Z9")
    assert [item["shipment"]["id"] for item in shipped["items"]] == [made["id"]] * 2


def test_an_update_blanks_what_it_leaves_out_and_never_unships(client, order):
    shipment = client.call("OrderItemList_CreateShipment", Order_ID=order, Line_IDs=line_ids(client, order))["data"]
    full = {"shpmnt_id": shipment["id"], "mark_shipped": True, "tracknum": "1Z9", "tracktype": "UPS", "cost": 7}
    client.call("OrderShipmentList_Update", Shipment_Updates=[full])

    client.call("OrderShipmentList_Update", Shipment_Updates=[{"shpmnt_id": shipment["id"], "mark_shipped": False}])

    [shown] = load(client, order, "shipments")["shipments"]
    assert [shown[name] for name in ("status", "ship_date", "tracknum", "tracktype", "cost")] == [200, NOW, "", "", 0]


def test_unknown_shipments_are_skipped_with_success_and_only_lint_knows(client, sandbox, order):
    answer = client.call("OrderShipmentList_Update", Shipment_Updates=[{"shpmnt_id": 999, "mark_shipped": True}])

    assert answer == {"success": 1}
    assert [entry.kind for entry in sandbox.domain.lint.entries()] == ["skipped shipment"]


def test_one_bad_element_refuses_the_whole_update_and_names_its_field(client, order):
    shipment = client.call("OrderItemList_CreateShipment", Order_ID=order, Line_IDs=line_ids(client, order))["data"]

    answer = client.call(
        "OrderShipmentList_Update",
        Shipment_Updates=[{"shpmnt_id": shipment["id"], "tracknum": "X"}, {"shpmnt_id": 1, "cost": ""}],
    )

    assert (answer["error_code"], answer["error_field"]) == ("MER-JSN-00023", "Shipment_Updates[2]:cost")
    assert load(client, order, "shipments")["shipments"][0]["tracknum"] == ""


def test_the_old_parallel_lists_still_update_shipments(client, order):
    shipment = client.call("OrderItemList_CreateShipment", Order_ID=order, Line_IDs=line_ids(client, order))["data"]

    client.call(
        "OrderShipmentList_Update",
        Shipment_IDs=[shipment["id"]],
        Mark_Shipped=[True],
        Tracking_List=["1Z"],
        TrackingType_List=["UPS"],
        Cost_List=["1.50"],
    )

    [shown] = load(client, order, "shipments")["shipments"]
    assert (shown["status"], shown["tracknum"], shown["cost"]) == (200, "1Z", Decimal("1.5"))


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Line_IDs": [1]}, "MER-JSN-ORD-00058"),
        ({"Order_ID": 999, "Line_IDs": [1]}, "MER-JSN-ORD-00025"),
        ({"Order_ID": "x", "Line_IDs": [1]}, "MER-JSN-00023"),
        ({"Line_IDs": "order"}, "MER-JSN-00023"),
        ({"Line_IDs": []}, "MER-JSN-ORD-00057"),
        ({"Line_IDs": ""}, "MER-JSN-ORD-00057"),
        ({"Line_IDs": [999]}, "MER-JSN-ORD-00057"),
        ({"Line_IDs": [1, ""]}, "MER-JSN-00023"),
    ],
)
def test_create_shipment_refuses_in_the_stores_order(client, order, parameters, code):
    if "Order_ID" not in parameters and code != "MER-JSN-ORD-00058":
        parameters = {"Order_ID": order, **parameters}

    assert client.call("OrderItemList_CreateShipment", **parameters)["error_code"] == code


def test_lines_of_another_order_are_skipped_and_reported_to_lint_alone(client, sandbox, order):
    ids = line_ids(client, order)
    sandbox.domain.lint.clear()

    answer = client.call("OrderItemList_CreateShipment", Order_ID=order, Line_IDs=[ids[0], 77])

    assert answer["success"] == 1
    assert statuses(client, order) == (100, [100, 0])
    assert [entry.detail for entry in sandbox.domain.lint.entries()] == [f"line 77 is not in order {order}"]


def test_a_partial_shipment_leaves_the_order_partially_shipped(client, order):
    first, _ = line_ids(client, order)
    split = client.call("OrderItem_Split", Order_ID=order, Line_ID=first, Quantity=1)["data"]
    new = split["split_orderitem"]["line_id"]

    made = client.call("OrderItemList_CreateShipment", Order_ID=order, Line_IDs=[new])["data"]
    client.call("OrderShipmentList_Update", Shipment_Updates=[{"shpmnt_id": made["id"], "mark_shipped": True}])

    assert (split["original_orderitem"]["quantity"], split["split_orderitem"]["quantity"]) == (1, 1)
    assert statuses(client, order) == (201, [0, 0, 200])


@pytest.mark.parametrize("quantity", [0, 2, 3])
def test_a_split_of_everything_or_nothing_is_refused(client, order, quantity):
    first, _ = line_ids(client, order)

    answer = client.call("OrderItem_Split", Order_ID=order, Line_ID=first, Quantity=quantity)

    assert answer["error_code"] == "MER-JSN-ORD-00023"


def test_cancelling_answers_with_the_new_total_and_puts_stock_back_once(client, store, order, tee):
    first, _ = line_ids(client, order)

    answers = [client.call("OrderItemList_Cancel", Order_ID=order, Line_IDs=[first]) for _ in range(2)]

    assert answers[0]["data"] == {"total": 8, "formatted_total": "$8.00"}
    assert answers[1] == answers[0]
    assert inventory.counted(store, tee) == 10


def test_back_orders_show_their_date(client, order):
    first, _ = line_ids(client, order)

    client.call("OrderItemList_BackOrder", Order_ID=order, Line_IDs=[first], Date_InStock=NOW + 60)

    shown = load(client, order)
    assert (shown["status"], shown["bord_count"], shown["pend_count"], shown["dt_instock"]) == (100, 1, 1, NOW + 60)


def test_removing_from_a_shipment_resets_even_lines_that_were_in_none(client, order):
    ids = line_ids(client, order)
    client.call("OrderItemList_BackOrder", Order_ID=order, Line_IDs=ids)

    client.call("OrderItemList_RemoveFromShipment", Order_ID=order, Line_IDs=ids)

    assert statuses(client, order) == (0, [0, 0])


def test_returns_are_issued_and_received(client, store, order, tee):
    ids = line_ids(client, order)
    rma = client.call("OrderItemList_CreateReturn", Order_ID=order, Line_IDs=ids)["data"]
    issued = statuses(client, order)

    client.call("OrderReturnList_Received", Returns=[{"return_id": rma["id"], "adjust_inventory": True}])

    assert (issued, statuses(client, order)) == ((500, [500, 500]), (600, [600, 600]))
    assert load(client, order, "items")["items"][0]["rma_code"] == rma["code"]
    assert inventory.counted(store, tee) == 10


def test_deleting_lines_puts_stock_back_and_lowers_the_total(client, store, order, tee):
    first, _ = line_ids(client, order)

    answer = client.call("OrderItemList_Delete", Order_ID=order, Line_IDs=[first])

    assert answer["data"]["total"] == 8
    assert inventory.counted(store, tee) == 10


def test_lines_can_be_added_and_changed(client, store, order, tee):
    added = client.call("OrderItem_Add", Order_ID=order, Code="TEE-S", Quantity=1, Price="10.50", Weight=1)["data"]
    line_id = added["orderitem"]["line_id"]
    after_add = inventory.counted(store, tee)

    changed = client.call("OrderItem_Update", Order_ID=order, Line_ID=line_id, Quantity=3)["data"]

    assert (added["total"], changed["total"]) == (Decimal("58.3"), Decimal("79.3"))
    assert (after_add, inventory.counted(store, tee)) == (7, 5)


@pytest.mark.parametrize(
    ("condition", "is_found"),
    [
        (("status", "EQ", "0"), True),
        (("status", "IN", "100,200"), False),
        (("ship_city", "EQ", "salem"), True),
        (("ship_city", "CO", "zz"), False),
        (("total", "EQ", "47.80"), True),
        (("total", "GT", "47.80"), False),
        (("product_code", "CO", "tee"), True),
        (("product_code", "EQ", "TE"), False),
        (("pay_id", "GT", "62"), True),
        (("payment", "EQ", "auth_0_capt"), True),
        (("payment", "EQ", "partial_capt"), False),
        (("dt_updated", "GE", str(NOW)), True),
        (("dt_updated", "GT", str(NOW)), False),
        # Dropped in silence: a field that can't be searched gives unfiltered rows.
        (("cust_id", "EQ", "5"), True),
        (("stk_status", "EQ", "5"), True),
    ],
)
def test_search_fields_narrow_or_are_dropped(client, order, condition, is_found):
    assert search(client, condition) == ([order] if is_found else [])


def test_orders_of_a_customer_are_found_by_the_filter_of_that_name(client, store, order):
    cust_id = customers.insert(store, login="ada", pw_email="ada@example.com", password="x", details={})
    orders.update(store, order, {"cust_id": cust_id})

    rows = client.rows("OrderList_Load_Query", Filter=[{"name": "Customer_ID", "value": cust_id}])
    none = client.rows("OrderList_Load_Query", Filter=[{"name": "Customer_ID", "value": 99}])
    shown = load(client, order, "customer", "cust_login")

    assert ([row["id"] for row in rows], none) == ([order], [])
    assert (shown["cust_login"], shown["customer"]["login"], shown["customer"]["order_tot"]) == (
        "ada",
        "ada",
        Decimal("47.8"),
    )


def test_custom_fields_of_an_order_are_written_read_and_searched(client, store, order):
    custom_fields.insert(store, "order", code="erp", name="ERP number")

    client.call(
        "OrderCustomFields_Update",
        Order_ID=order,
        CustomField_Values={"customfields": {"erp": "E-1"}, "orderworkflow": {"new_and_updated": True}},
    )

    shown = load(client, order, "CustomField_Values:*")["CustomField_Values"]
    assert shown["customfields"] == {"erp": "E-1"}
    assert shown["orderworkflow"] == {"new_and_updated": "1", "successfully_retrieved_orders": "", "auditlog": ""}
    assert search(client, ("CustomField_Values:customfields:erp", "EQ", "E-1")) == [order]
    assert search(client, ("CustomField_Values:orderworkflow:new_and_updated", "FALSE", "")) == []
    assert search(client, ("CustomField_Values:orderworkflow:new_and_updated", "EQ", "0")) == [order]


def queue(client, **parameters):
    return client.call("Module", Module_Code="orderworkflow", Module_Function="QueueOrderList_Load_Query", **parameters)


def test_a_queue_gives_its_orders_and_acknowledging_moves_them_only_by_workflow(client, store, order):
    queues.add(store, queues.find(store, "new_and_updated")["id"], order)
    acknowledge = {"Module_Code": "orderworkflow", "Module_Function": "OrderList_Acknowledge"}
    first = client.call("Module", **acknowledge, Order_IDs=[order, 999])
    still = queue(client, Queue_Code="NEW_and_updated")["data"]["total_count"]
    queues.enable(store, "acknowledged_orders")

    client.call("Module", **acknowledge, Order_IDs=[order])

    assert first == {
        "success": 1,
        "processed": 2,
        "warnings": [{"identifier": "999", "code": "MER-UTIL-ORWF-00180", "message": "Order not found"}],
    }
    assert still == 1
    assert queue(client, Queue_Code="new_and_updated")["data"]["data"] == []
    assert queue(client, Queue_Code="successfully_retrieved_orders")["data"]["total_count"] == 1


def test_reading_a_queue_counts_as_retrieval_after_the_answer(client, store, order):
    queues.add(store, 1, order)
    queues.enable(store, "retrieved_orders")

    queue(client, Queue_Code="new_and_updated", Filter=[{"name": "ondemandcolumns", "value": ["items"]}])

    members = {"new_and_updated", "successfully_retrieved_orders"}
    for _ in range(100):
        if queues.members(store, [order])[order] == members:
            break
        client.call("Store_Load")
    assert queues.members(store, [order])[order] == members


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Queue_ID": 9}, "MER-UTIL-ORWF-00029"),
        ({"Edit_Queue": "x"}, "MER-UTIL-ORWF-00106"),
        ({"Queue_Code": "x"}, "MER-UTIL-ORWF-00030"),
        ({}, "MER-UTIL-ORWF-00031"),
    ],
)
def test_an_unknown_queue_has_a_code_for_each_way_of_naming_it(client, parameters, code):
    assert queue(client, **parameters)["error_code"] == code


def test_shipments_are_listed_with_their_order_and_items(client, order):
    made = client.call("OrderItemList_CreateShipment", Order_ID=order, Line_IDs=line_ids(client, order))["data"]

    [row] = client.rows(
        "OrderShipmentList_Load_Query",
        Filter=[
            {"name": "search", "value": [{"field": "order_ship_city", "operator": "EQ", "value": "Salem"}]},
            {"name": "ondemandcolumns", "value": ["items", "order_charges"]},
        ],
    )

    assert (row["id"], row["code"], len(row["items"])) == (made["id"], made["code"], 2)
    assert (row["order"]["id"], len(row["order"]["charges"])) == (order, 1)
    assert "shipment_id" not in row


def test_an_order_is_created_with_products_items_and_charges(client, store, tee):
    created = client.call(
        "Order_Create",
        ShipFirstName="Ada",
        Items=[{"code": "WRAP", "name": "Wrap", "price": "1.25", "quantity": 2}],
        Products=[{"code": "TEE", "quantity": 3, "attributes": [{"code": "size", "value": "S"}]}],
        Charges=[{"type": "TAX", "descrip": "Tax", "amount": "0.50"}],
    )["data"]

    assert (created["ship_fname"], created["total"], created["total_tax"], created["source"], created["pay_id"]) == (
        "Ada",
        Decimal("62.7"),
        Decimal("0.5"),
        "user",
        0,
    )
    assert [item["sku"] for item in created["items"]] == ["", "SKU-S"]
    assert inventory.counted(store, tee) == 7


def test_an_order_with_a_bad_product_is_not_created(client, store, tee):
    answer = client.call("Order_Create", Products=[{"code": "TEE", "quantity": 1}, {"code": "NONE", "quantity": 1}])

    assert (answer["error_code"], answer["error_field"]) == ("MER-JSN-00023", "Products[1]:attributes")
    assert store.db.value("SELECT count(*) FROM orders") == 0


def test_a_deleted_order_is_gone_and_its_stock_is_back(client, store, order, tee):
    first = client.call("Order_Delete", Order_ID=order)

    assert first == {"success": 1}
    assert client.call("Order_Delete", Order_ID=order)["error_code"] == "MER-JSN-ORD-00025"
    assert inventory.counted(store, tee) == 10


def test_customer_information_changes_only_what_is_sent(client, order):
    client.call("Order_Update_Customer_Information", Order_ID=order, Ship_City="Bend", Bill_FirstName="Bo")

    shown = load(client, order)
    assert (shown["ship_fname"], shown["ship_city"], shown["bill_fname"]) == ("Ada", "Bend", "Bo")


def test_notes_are_left_changed_listed_and_counted(client, store, order):
    made = client.call("Note_Insert", Order_ID=order, NoteText="first")["data"]
    client.call("Note_Update", Note_ID=made["id"], NoteText="changed")
    notes.insert(store, "elsewhere")

    rows = client.rows(
        "NoteList_Load_Query",
        Filter=[{"name": "search", "value": [{"field": "order_id", "operator": "EQ", "value": str(order)}]}],
    )

    assert [row["notetext"] for row in rows] == ["changed"]
    assert load(client, order, "notes")["note_count"] == 1
    client.call("Note_Delete", Note_ID=made["id"])
    assert load(client, order, "notes")["notes"] == []


def test_a_capture_changes_the_totals_and_never_the_payment_status(client, order):
    [payment] = load(client, order, "payments")["payments"]

    captured = client.call("OrderPayment_Capture", OrderPayment_ID=payment["id"], Amount="10.00")["data"]

    shown = load(client, order)
    assert (captured["total_capt"], shown["net_capt"], shown["pay_status"]) == (10, 10, 0)


def test_customers_and_their_addresses_live_through_the_api(client):
    made = client.call(
        "Customer_Insert",
        Customer_Login="ada",
        Customer_PasswordEmail="ada@example.com",
        Customer_Password="pass",
        Customer_ShipCity="Salem",
    )["data"]
    again = client.call(
        "Customer_Insert", Customer_Login="ADA", Customer_PasswordEmail="x@example.com", Customer_Password="p"
    )
    client.call("Customer_Update", Edit_Customer="ada", Customer_Login="ada2", Customer_ShipCity="Bend")
    address = client.call("CustomerAddress_Insert", Customer_ID=made["id"], Description="Home", City="Bend")["data"]
    client.call("CustomerAddress_Update", Address_ID=address["id"], Zip="97701", Residential=True)

    [shown] = client.rows("CustomerList_Load_Query")
    [home] = client.rows("CustomerAddressList_Load_Query", Customer_ID=made["id"])
    assert (shown["login"], shown["ship_city"]) == ("ada2", "Bend")
    assert (home["descrip"], home["zip"], home["resdntl"]) == ("Home", "97701", True)
    assert again["error_field"] == "Customer_Login"
    assert client.call("Customer_Delete", Customer_Login="ada2") == {"success": 1}
    assert client.rows("CustomerList_Load_Query") == []


def test_the_hubs_token_ships_orders_but_may_not_cancel_or_delete(hub_client, order):
    ids = line_ids(hub_client, order)

    shipped = hub_client.call("OrderItemList_CreateShipment", Order_ID=order, Line_IDs=ids)

    assert shipped["success"] == 1
    assert hub_client.call("OrderItemList_Cancel", Order_ID=order, Line_IDs=ids)["error_code"] == "access_denied"
    assert hub_client.call("Order_Delete", Order_ID=order)["error_code"] == "access_denied"
