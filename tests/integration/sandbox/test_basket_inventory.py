"""The module Basket Inventory: what baskets hold as custom fields of products, and the total that can be written."""

import pytest

from miva_sandbox.state import inventory, modules
from miva_sandbox.state.inventory import change_settings

from .catalogue import counts, fill, left

HELD, TOTAL = "CustomField_Values:baskinv:basket_inv", "CustomField_Values:baskinv:total_inv"


@pytest.fixture
def shop(sandbox, client):
    """Ten mugs, of which 3 are in a basket, and ten tees in size S, of which 2 are."""
    fill(client)
    shopper = sandbox.shopper()
    shopper.add("MUG", 3)
    shopper.add("TEE", 2, size="S")
    return sandbox


def shown(client, *columns):
    rows = client.rows("ProductList_Load_Query", Filter=[{"name": "ondemandcolumns", "value": list(columns)}])
    return {row["code"]: row["CustomField_Values"]["baskinv"] for row in rows if "CustomField_Values" in row}


def test_baskets_show_with_a_product_with_a_part_and_with_the_parent_of_the_part(shop, client):
    assert shown(client, HELD, TOTAL) == {
        "MUG": {"basket_inv": "3", "total_inv": "10"},
        "TEE": {"basket_inv": "2", "total_inv": ""},
        "TEE-S": {"basket_inv": "2", "total_inv": "10"},
        "TEE-M": {"basket_inv": "0", "total_inv": "10"},
    }
    assert shown(client, "CustomField_Values:baskinv:*") == shown(client, HELD, TOTAL)
    assert shown(client, HELD)["MUG"] == {"basket_inv": "3"}


def test_in_the_mode_checkout_there_is_no_total(sandbox, client):
    fill(client)
    change_settings(sandbox.store, {"mode": "checkout"})
    sandbox.shopper().add("MUG", 3)

    answer = client.call("Product_Update", Product_Code="MUG", CustomField_Values={"baskinv": {"total_inv": 12}})

    assert shown(client, HELD, TOTAL)["MUG"] == {"basket_inv": "3"}
    assert answer["error_field"] == "CustomField_Values:baskinv:total_inv"
    assert left(client) == 10


def test_the_module_can_be_off(shop, client):
    modules.remove(shop.store, modules.BASKET_INVENTORY)

    answer = client.call("Product_Update", Product_Code="MUG", CustomField_Values={"baskinv": {"total_inv": 12}})
    by_tag = client.provision(
        '<Product_CustomField product="MUG" module="baskinv" field="total_inv">12</Product_CustomField>'
    )

    assert shown(client, HELD, TOTAL) == {}
    assert answer["error_code"] == "MER-JSN-PRD-00076"
    assert [message["message"] for message in by_tag] == ["Module 'baskinv' is not installed in store 'sandbox'"]
    assert left(client) == 7


def by_api(client, product, total):
    answer = client.call("Product_Update", Product_Code=product, CustomField_Values={"baskinv": {"total_inv": total}})
    assert answer["success"] == 1, answer


def by_tag(client, product, total):
    tag = f'<Product_CustomField product="{product}" module="baskinv" field="total_inv">{total}</Product_CustomField>'
    assert client.provision(tag) == []


@pytest.mark.parametrize("write", [by_api, by_tag])
@pytest.mark.parametrize(("total", "expected"), [(12, 9), (3, 0), (1, -2)])
def test_a_total_is_written_as_a_count_less_what_baskets_hold(shop, client, write, total, expected):
    write(client, "MUG", total)

    assert left(client) == expected
    assert shown(client, TOTAL)["MUG"] == {"total_inv": str(total)}


@pytest.mark.parametrize("write", [by_api, by_tag])
def test_a_total_for_a_product_without_a_count_is_dropped(shop, client, write):
    write(client, "TEE", 12)

    assert counts(client) == {"MUG": 7, "TEE-S": 8, "TEE-M": 10}
    assert inventory.product_settings(shop.store, 2) is None
    assert [entry.kind for entry in shop.domain.lint.entries()] == ["dropped stock"]


def test_what_is_no_total_is_refused_before_anything_is_written(shop, client):
    bad = {"total_inv": "many"}
    answer = client.call("Product_Update", Product_Code="MUG", Product_Name="x", CustomField_Values={"baskinv": bad})
    [message] = client.provision(
        '<Product_CustomField product="MUG" module="baskinv" field="total_inv">many</Product_CustomField>'
    )

    [mug] = [row for row in client.rows("ProductList_Load_Query") if row["code"] == "MUG"]
    assert answer["error_field"] == "CustomField_Values:baskinv:total_inv"
    assert message["message"] == "Invalid value for total_inv: Please enter a whole number"
    assert (mug["name"], left(client)) == ("Mug", 7)


@pytest.mark.parametrize("write", ["api", "tag"])
def test_what_baskets_hold_cannot_be_written(shop, client, write):
    if write == "api":
        client.call("Product_Update", Product_Code="MUG", CustomField_Values={"baskinv": {"basket_inv": 0}})
    else:
        client.provision(
            '<Product_CustomField product="MUG" module="baskinv" field="basket_inv">0</Product_CustomField>'
        )

    assert shown(client, HELD)["MUG"] == {"basket_inv": "3"}
    assert [entry.kind for entry in shop.domain.lint.entries()] == ["read-only custom field"]
