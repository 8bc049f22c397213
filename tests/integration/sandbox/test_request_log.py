"""The request log: what each request changed, and how long the sandbox itself took."""

import json
from io import StringIO

import httpx2
import pytest

from miva_sandbox.request_log import RequestLog
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import products
from miva_sandbox.state.products import Product


@pytest.fixture
def stream():
    return StringIO()


@pytest.fixture
def sandbox(stream):
    with SandboxServer(control_port=0, log=RequestLog(stream=stream)) as server:
        yield server


@pytest.fixture
def logged(sandbox):
    """Return the operations that the control API tells of the latest request."""
    with httpx2.Client(base_url=sandbox.control, verify=False) as control:
        yield lambda: control.get("/requests").raise_for_status().json()["requests"][-1]["operations"]


def test_an_operation_lists_what_it_changed_by_table(client, sandbox, logged):
    product_id = products.insert(sandbox.store, Product(code="MUG", name="Mug"))

    client.call("Product_Update", Edit_Product="MUG", Product_Name="Cup")

    [operation] = logged()
    assert operation["changes"]["products"] == {"inserted": 0, "updated": 1, "deleted": 0, "ids": [product_id]}


def test_a_document_lists_what_its_tags_changed_and_a_repeat_changes_nothing(client, logged):
    xml = (
        "<Category_Add><Code>CUPS</Code><Name>Cups</Name></Category_Add>"
        "<Product_Add><Code>MUG</Code><Name>Mug</Name></Product_Add>"
        '<CategoryProduct_Assign category_code="CUPS" product_code="MUG"/>'
    )

    client.provision(xml)
    [first] = logged()
    client.call("Provision_Store", XML=xml)
    [second] = logged()

    assert {table: changed["inserted"] for table, changed in first["changes"].items()} == {
        "categories": 1,
        "products": 1,
        "uris": 2,
        "category_products": 1,
    }
    assert second["changes"] == {}


def test_reading_and_refused_calls_change_nothing(client, logged):
    client.call("ProductList_Load_Query")
    [reading] = logged()
    client.call("Product_Delete", Product_Code="NONE")
    [refused] = logged()

    assert (reading["changes"], refused["changes"], refused["success"]) == ({}, {}, False)


def test_operations_of_one_request_are_told_apart(client, sandbox, logged):
    for code in ("A", "B"):
        products.insert(sandbox.store, Product(code=code, name=code))

    client.send(
        {
            "Store_Code": "sandbox",
            "Function": "Product_Delete",
            "Operations": [{"Product_Code": "A"}, {"Product_Code": "NONE"}, {"Product_Code": "B"}],
        }
    )

    deleted = [operation["changes"].get("products", {}).get("ids") for operation in logged()]
    assert deleted == [[1], None, [2]]


def test_a_stream_gets_each_request_as_a_line_with_its_changes(client, stream):
    client.provision("<Product_Add><Code>MUG</Code><Name>Mug</Name></Product_Add>")

    [line] = stream.getvalue().splitlines()
    [operation] = json.loads(line)["operations"]
    assert operation["changes"]["products"]["inserted"] == 1
