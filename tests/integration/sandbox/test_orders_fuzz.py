"""Anything may come in: order functions, order tags and the storefront answer it, and go on."""

import base64
import hashlib
import hmac
import json

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miva_sandbox.server import SandboxServer
from miva_sandbox.state import order_lines, orders, products
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.products import Product

FUNCTIONS = (
    "OrderList_Load_Query",
    "OrderItemList_CreateShipment",
    "OrderItemList_RemoveFromShipment",
    "OrderItemList_BackOrder",
    "OrderItemList_Cancel",
    "OrderItemList_CreateReturn",
    "OrderItem_Split",
    "OrderItem_Add",
    "OrderItem_Update",
    "OrderShipmentList_Update",
    "OrderShipmentList_Load_Query",
    "OrderReturnList_Received",
    "OrderCustomFields_Update",
    "Order_Create",
    "Order_Update_Customer_Information",
    "OrderPayment_Capture",
    "Note_Insert",
    "Customer_Insert",
    "CustomerAddress_Insert",
    "CustomerList_Load_Query",
)
NAMES = [
    "Order_ID",
    "Line_ID",
    "Line_IDs",
    "Quantity",
    "Reason",
    "Date_InStock",
    "Shipment_Updates",
    "Returns",
    "CustomField_Values",
    "Filter",
    "Sort",
    "Count",
    "Offset",
    "Items",
    "Products",
    "Charges",
    "Options",
    "Code",
    "Price",
    "Weight",
    "Taxable",
    "Customer_ID",
    "Customer_Login",
    "NoteText",
    "Shipment_IDs",
    "OrderPayment_ID",
    "Amount",
    "Customer_PasswordEmail",
    "Customer_Password",
    "ShipFirstName",
    "Ship_City",
    "City",
]
INNER = [
    "shpmnt_id",
    "tracknum",
    "tracktype",
    "cost",
    "mark_shipped",
    "return_id",
    "name",
    "value",
    "field",
    "operator",
    "code",
    "quantity",
    "price",
    "attributes",
    "options",
    "attr_code",
    "opt_code_or_data",
    "type",
    "descrip",
    "amount",
    "customfields",
    "orderworkflow",
    "new_and_updated",
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**20), max_value=10**20)
    | st.sampled_from([1, 5001, 7, "5001", "7", "1", "", "SEED", "search", "EQ", "id", "ondemandcolumns", "items"])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=60)
)
structures = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER), inner, max_size=4),
    max_leaves=8,
)
parameters = st.dictionaries(st.sampled_from(NAMES), structures, max_size=6)


@pytest.fixture(scope="module")
def sandbox():
    with SandboxServer() as server:
        products.insert(server.store, Product(code="SEED", name="Seed", price=10**8))
        order_id = orders.insert(server.store, orders.NewOrder(id=5001))
        line = NewLine(code="SEED", name="Seed", price=10**8, weight=0, quantity=9)
        order_lines.insert(server.store, order_id, line, line_id=7)
        yield server


@pytest.fixture(scope="module")
def http():
    with httpx2.Client(timeout=30, verify=False) as client:
        yield client


def call(sandbox, http, function, **further):
    body = json.dumps(
        {
            **further,
            "Function": function,
            "Store_Code": "sandbox",
            "Miva_Request_Timestamp": sandbox.domain.clock.now(),
        }
    ).encode()
    digest = hmac.new(base64.b64decode(sandbox.full.signature_key), body, hashlib.sha256).digest()
    authorization = f"MIVA-HMAC-SHA256 {sandbox.full.token}:{base64.b64encode(digest).decode()}"
    headers = {"Content-Type": "application/json", "X-Miva-API-Authorization": authorization}
    return http.post(sandbox.endpoint, content=body, headers=headers)


@settings(max_examples=150, deadline=None)
@given(function=st.sampled_from(FUNCTIONS), further=parameters)
def test_any_parameters_get_an_answer_of_the_stores(sandbox, http, function, further):
    response = call(sandbox, http, function, **further)

    assert response.status_code == 200, response.content
    assert response.json()["success"] in {0, 1}


@pytest.mark.parametrize(
    ("function", "further"),
    [
        ("OrderItem_Add", {"Order_ID": 5001, "Code": "X", "Price": "99999999", "Quantity": 2147483647}),
        ("OrderItem_Update", {"Order_ID": 5001, "Line_ID": 7, "Price": "99999999", "Quantity": 2147483647}),
        ("Order_Create", {"Items": [{"code": "X", "price": "99999999", "quantity": 2147483647}]}),
        ("Order_Create", {"Charges": [{"type": "X", "descrip": "x", "amount": "99999999"}] * 2}),
    ],
)
def test_an_amount_beyond_its_column_is_refused(sandbox, http, function, further):
    answer = call(sandbox, http, function, **further).json()

    assert (answer["success"], answer["error_message"]) == (0, "Out of range value for column 'total'")


tags = st.sampled_from(
    [
        "Order_Add",
        "Order_Update",
        "Order_Add_Item",
        "Order_Add_Product",
        "Order_Update_Item",
        "OrderShipment_Add",
        "OrderShipment_SetStatus",
        "Order_Backorder_Items",
        "Order_CustomField",
        "Note_Add",
        "Customer_Add",
        "Customer_Update",
        "CustomerAddress_Add",
    ]
)
children = st.sampled_from(
    [
        "ID",
        "OrderDate",
        "Items",
        "Item",
        "Product",
        "Charges",
        "Charge",
        "Shipment",
        "Code",
        "Name",
        "Price",
        "Weight",
        "Quantity",
        "Status",
        "Options",
        "Option",
        "AttributeCode",
        "Value",
        "ProductList",
        "LineID",
        "TrackingNumber",
        "Cost",
        "ShipDate",
        "MarkAsShipped",
        "Login",
        "Password",
        "Type",
        "Amount",
        "Description",
        "CalculateCharges",
        "ShippingModule",
        "Source",
    ]
)
texts = st.sampled_from(
    ["", "1", "-1", "5001", "7", "SEED", "Yes", "99999999999", "1.5", "x" * 300, "2026-01-01T0:0:0Z"]
)


def xml_of(pairs):
    return "".join(f"<{name} code='SEED' line_id='7' quantity='1'>{content}</{name}>" for name, content in pairs)


elements = st.recursive(
    texts,
    lambda inner: st.lists(st.tuples(children, inner), max_size=3).map(xml_of),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(tag=tags, content=elements, number=st.sampled_from(["5001", "1", "x", "", "99999999999"]))
def test_any_order_tag_is_run_or_complained_of(sandbox, http, tag, content, number):
    xml = (
        f"<{tag} order_id='{number}' code='SEED' line_id='7' module='customfields' field='x' order='{number}' "
        f"login='ada' customer_login='ada'>{content}</{tag}>"
    )

    response = call(sandbox, http, "Provision_Store", XML=xml)

    assert response.status_code == 200, response.content
    assert response.json()["success"] == 1, response.content


@settings(max_examples=100, deadline=None)
@given(
    screen=st.sampled_from(["", "SFNT", "CTGY", "PROD", "SRCH", "BASK", "OINF", "X"]),
    form=st.dictionaries(
        st.sampled_from(
            [
                "Action",
                "Product_Code",
                "Quantity",
                "Product_Attributes[1]:code",
                "Product_Attributes[1]:value",
                "Basket_Group",
                "ShipFirstName",
                "ShipEmail",
                "ShippingMethod",
                "Store_Code",
                "Search",
                "Offset",
                "Category_Code",
            ]
        ),
        st.sampled_from(["ADPR", "RGRP", "AUTH", "SEED", "1", "-1", "sandbox", ""]) | st.text(max_size=40),
        max_size=6,
    ),
)
def test_any_form_gets_a_page(sandbox, http, screen, form):
    address = f"{sandbox.storefront}merchant.mvc"

    for response in (http.post(address, params={"Screen": screen}, data=form), http.get(address, params=form)):
        assert response.status_code in {200, 404}, response.content
