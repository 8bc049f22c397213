"""Anything may come in: the API answers with a Miva-like error or a clean refusal, and its store stays whole."""

import json
import socket
from contextlib import contextmanager
from decimal import Decimal

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miva_sandbox.api.registry import all_functions
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import products, tokens
from miva_sandbox.state.products import Product
from miva_sandbox.state.tokens import DOMAIN_LEVEL, EVERY_FUNCTION

CATALOGUE = sorted(function.name for function in all_functions() if not function.module)
PARAMETERS = (
    "Product_ID", "Edit_Product", "Product_Code", "Product_SKU", "Product_Name", "Product_Price", "Product_Weight",
    "Category_Code", "Category_Name", "Count", "Offset", "Sort", "Filter", "Attributes", "Parts", "Pricing", "Limits",
    "Exclusions", "Variant_ID", "ImageType_ID", "Filepath", "Image_Data", "CurrentStock", "TrackProduct", "XML",
    "Inventory_Adjustments", "CustomField_Values", "Iterations", "Operations", "Assigned", "Code", "Type", "Prompt",
    "Order_ID", "OrderItem_IDs", "Line_IDs", "Shipment_Updates", "LowStockLevel", "Method", "Pricing_Method",
)  # fmt: skip

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
words = st.sampled_from(
    ["A", "1", "", "-1", "id", "code", "EQ", "IN", "LIKE", "search", "search_OR", "SUBWHERE", "product_inventory",
     "category", "ondemandcolumns", "attributes", "imagetype:main", "CustomField_Values:customfields:*", "%", "\\",
     "1e999", "a\0b", "select", "master", "sum", "yes", "2147483648", "99999999999999999999999999"]
)  # fmt: skip
values = st.recursive(
    scalars | words,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "value", "field", "operator", "attr_code", "product_id", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
calls = st.fixed_dictionaries(
    {"Function": st.sampled_from(CATALOGUE)},
    optional=dict.fromkeys(PARAMETERS, values),
)


@pytest.fixture(scope="module")
def target():
    """A store with one product, and a token that needs no signature. Whatever is drawn may change it, for all tests."""
    with opened() as target:
        yield target


@pytest.fixture
def fresh():
    """Such a store that nothing was sent to."""
    with opened() as target:
        yield target


@contextmanager
def opened():
    with SandboxServer() as server:
        products.insert(server.store, Product(code="A", name="A"))
        token = tokens.insert(server.domain.db, name="open", req_sig=False, req_ts=False)
        for store_id in (server.store.id, DOMAIN_LEVEL):
            tokens.grant(server.domain.db, token, store_id=store_id, functions=[EVERY_FUNCTION])
        with httpx2.Client(timeout=30, verify=False) as http:
            yield server, token, http


def send(target, content):
    server, token, http = target
    headers = {"Content-Type": "application/json", "X-Miva-API-Authorization": f"MIVA {token.token}"}
    return http.post(server.endpoint, content=content, headers=headers)


def assert_is_an_answer(element):
    if isinstance(element, list):
        for inner in element:
            assert_is_an_answer(inner)
        return
    assert element["success"] in (0, 1)
    if not element["success"]:
        assert element["error_code"]
        assert isinstance(element["error_message"], str)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=calls)
def test_whatever_the_parameters_are_a_call_is_answered(target, call):
    answer = send(target, json.dumps({"Store_Code": "sandbox", **call}).encode())

    assert answer.status_code in (200, 206)
    assert_is_an_answer(answer.json())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_whatever_the_body_is_it_is_answered(target, content):
    answer = send(target, content)

    assert (answer.status_code, answer.json()["success"]) == (200, 0)


def test_conditions_nested_thousands_deep_are_refused_or_answered(fresh):
    def nested(depth):
        inner = '{"field":"id","operator":"EQ","value":"1"}'
        level = '{"field":"search","operator":"SUBWHERE","value":['
        condition = level * depth + inner + "]}" * depth
        search = '{"name":"search","value":[' + condition + "]}"
        return ('{"Store_Code":"sandbox","Function":"ProductList_Load_Query","Filter":[' + search + "]}").encode()

    answers = [send(fresh, nested(depth)).json() for depth in (10, 300, 800, 50_000)]

    assert answers[0]["success"] == 1
    assert all(answer["success"] == 0 or answer["data"]["total_count"] == 1 for answer in answers)


def test_numbers_of_any_size_are_refused_not_computed(fresh):
    for number in ("1e999999999", "-1e999999999", "9" * 5000, "0." + "0" * 5000 + "1"):
        body = f'{{"Store_Code":"sandbox","Function":"Product_Update","Product_Code":"A","Product_Price":{number}}}'
        answer = send(fresh, body.encode()).json()
        assert answer["success"] == 0, number

    server, _, _ = fresh
    assert server.store.db.value("SELECT price FROM products WHERE code = 'A'") == 0


def test_sql_in_values_stays_a_value(target):
    injection = "x' OR 1=1; DROP TABLE products; --"
    condition = {"field": "code", "operator": "EQ", "value": injection}
    answer = send(
        target,
        json.dumps(
            {
                "Store_Code": "sandbox",
                "Function": "ProductList_Load_Query",
                "Sort": injection,
                "Filter": [
                    {"name": "search", "value": [condition, {**condition, "field": injection}]},
                    {"name": "ondemandcolumns", "value": [f"imagetype:{injection}", f"CustomField_Values:{injection}"]},
                ],
            }
        ).encode(),
    ).json()

    assert answer["data"]["total_count"] == 0


def test_a_multicall_of_thousands_is_answered_in_full(target):
    operations = [{"Function": "Store_Load"}] * 3000

    answers = send(target, json.dumps({"Store_Code": "sandbox", "Operations": operations}).encode()).json()

    assert len(answers) == 3000


def test_a_body_that_claims_to_be_huge_is_refused_by_the_web_server(target):
    server, _, _ = target
    host, port = server.address.removeprefix("http://").split(":")

    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(
            f"POST /mm5/json.mvc HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999\r\n\r\n".encode()
        )
        answer = connection.recv(200)

    assert b" 413 " in answer.split(b"\r\n")[0]


def test_a_client_that_leaves_in_the_middle_hurts_nobody(target):
    server, _, _ = target
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"POST /mm5/json.mvc HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")

    answer = send(target, b'{"Store_Code":"sandbox","Function":"Store_Load"}')

    assert answer.json()["success"] == 1


def test_prices_come_back_exactly_as_they_were_sent(fresh):
    for price in ("0.00000001", "99999999.99999999", "19.9", "7"):
        body = {"Store_Code": "sandbox", "Function": "Product_Update", "Product_Code": "A", "Product_Price": price}
        assert send(fresh, json.dumps(body).encode()).json() == {"success": 1}

        listed = send(fresh, b'{"Store_Code":"sandbox","Function":"ProductList_Load_Query"}')

        decoded = json.loads(listed.content, parse_float=Decimal)
        assert Decimal(decoded["data"]["data"][0]["price"]) == Decimal(price)
