"""Products over the JSON API: what a page holds, how it is narrowed, what deleting takes along."""

from decimal import Decimal

import pytest

from miva_sandbox.state import attributes, inventory, products
from miva_sandbox.state.attributes import PRODUCT, Attribute, Option
from miva_sandbox.state.products import Product

UNIT = 10**8


@pytest.fixture
def tees(sandbox):
    """A shirt that is sold, one that is switched off, and a mug."""
    store = sandbox.store
    return {
        code: products.insert(
            store, Product(code=code, name=name, sku=code.lower(), price=int(price * UNIT), active=active)
        )
        for code, name, price, active in (
            ("TEE", "T-Shirt", Decimal("19.9"), True),
            ("TEE-OLD", "Old T-Shirt", Decimal(9), False),
            ("MUG", "Mug", Decimal("7.25"), True),
        )
    }


def codes(client, *searches, **parameters):
    filters = [{"name": "search", "value": search} for search in searches]
    return [row["code"] for row in client.rows("ProductList_Load_Query", Filter=filters, **parameters)]


def condition(field, operator, value=""):
    return {"field": field, "operator": operator, "value": value}


def test_a_page_shows_every_fixed_column(client, sandbox, tees):
    now = sandbox.domain.clock.now()
    sandbox.domain.clock.freeze(now)
    products.insert(
        sandbox.store,
        Product(code="CUP", name="Cup", price=int(Decimal("19.9") * UNIT), cost=7 * UNIT, weight=UNIT // 4),
    )

    row = client.rows("ProductList_Load_Query", Sort="-id", Count=1)[0]

    assert row == {
        "id": 4, "disp_order": 4, "code": "CUP", "sku": "", "name": "Cup", "thumbnail": "", "image": "",
        "price": Decimal("19.9"), "formatted_price": "$19.90", "cost": 7, "profit": Decimal("12.9"),
        "margin": Decimal("64.82"), "formatted_cost": "$7.00", "page_code": "", "page_id": 0,
        "weight": Decimal("0.25"), "formatted_weight": "0.25 lb", "taxable": True, "active": True, "exsearch": False,
        "page_title": "", "dt_created": now, "dt_updated": now,
    }  # fmt: skip


def test_inactive_products_are_part_of_the_list_unless_only_active_ones_are_asked_for(client, tees):
    assert codes(client) == ["TEE", "TEE-OLD", "MUG"]

    shown = client.rows("ProductList_Load_Query", Filter=[{"name": "Product_Show", "value": "Active"}])

    assert [row["code"] for row in shown] == ["TEE", "MUG"]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ([condition("code", "EQ", "tee")], ["TEE"]),
        ([condition("code", "NE", "tee")], ["TEE-OLD", "MUG"]),
        ([condition("code", "IN", "mug, TEE,,")], ["TEE", "MUG"]),
        ([condition("code", "NOT_IN", "mug")], ["TEE", "TEE-OLD"]),
        ([condition("code", "IN", "")], ["TEE", "TEE-OLD", "MUG"]),
        ([condition("code", "LIKE", "tee%")], ["TEE", "TEE-OLD"]),
        ([condition("name", "CO", "shirt")], ["TEE", "TEE-OLD"]),
        ([condition("name", "CO", "m_g")], ["MUG"]),
        ([condition("name", "NC", "shirt")], ["MUG"]),
        ([condition("price", "GT", "7.25")], ["TEE", "TEE-OLD"]),
        ([condition("price", "EQ", "19.90000000")], ["TEE"]),
        ([condition("active", "FALSE")], ["TEE-OLD"]),
        ([condition("active", "TRUE")], ["TEE", "MUG"]),
        ([condition("page_title", "NULL")], ["TEE", "TEE-OLD", "MUG"]),
        ([condition("id", "GE", 2)], ["TEE-OLD", "MUG"]),
        ([condition("code", "EQ", "TEE"), condition("code", "EQ", "MUG")], ["TEE", "MUG"]),
        ([condition("Code", "EQ", "TEE")], ["TEE", "TEE-OLD", "MUG"]),
        ([condition("code", "eq", "TEE")], ["TEE", "TEE-OLD", "MUG"]),
    ],
)
def test_a_search_finds(client, tees, search, expected):
    assert codes(client, search) == expected


def test_two_search_entries_are_joined_by_and(client, tees):
    assert codes(client, [condition("code", "LIKE", "TEE%")], [condition("active", "TRUE")]) == ["TEE"]


def test_two_conditions_in_search_and_are_an_or(client, tees):
    found = client.rows(
        "ProductList_Load_Query",
        Filter=[{"name": "search_AND", "value": [condition("code", "EQ", "TEE"), condition("code", "EQ", "MUG")]}],
    )

    assert [row["code"] for row in found] == ["TEE", "MUG"]


def test_search_or_joins_its_own_conditions_by_and_and_itself_by_or(client, tees):
    found = client.rows(
        "ProductList_Load_Query",
        Filter=[
            {"name": "search", "value": [condition("code", "EQ", "MUG")]},
            {"name": "search_OR", "value": [condition("code", "LIKE", "TEE%"), condition("active", "FALSE")]},
        ],
    )

    assert [row["code"] for row in found] == ["TEE-OLD", "MUG"]


def test_nested_conditions_follow_the_default_of_their_level(client, tees):
    nested = {"field": "search_OR", "operator": "SUBWHERE",
              "value": [condition("code", "LIKE", "TEE%"), condition("active", "TRUE")]}  # fmt: skip
    plain = {"field": "search", "operator": "SUBWHERE", "value": [condition("code", "EQ", "MUG")]}

    assert codes(client, [condition("price", "LT", "0"), nested]) == ["TEE"]
    assert codes(client, [condition("price", "LT", "0"), plain]) == ["MUG"]


def test_count_0_is_all_a_negative_one_none_and_an_offset_beyond_the_end_empty(client, tees):
    everything = client.call("ProductList_Load_Query", Count=0)["data"]
    nothing = client.call("ProductList_Load_Query", Count=-1)["data"]
    beyond = client.call("ProductList_Load_Query", Count=2, Offset=9)["data"]

    assert (everything["total_count"], len(everything["data"])) == (3, 3)
    assert nothing == {"total_count": 3, "start_offset": 0, "data": []}
    assert beyond == {"total_count": 3, "start_offset": 9, "data": []}


def test_an_unknown_sort_falls_back_to_the_default_in_its_direction(client, tees):
    assert codes(client, Sort="nonsense") == ["TEE", "TEE-OLD", "MUG"]
    assert codes(client, Sort="-nonsense") == ["MUG", "TEE-OLD", "TEE"]
    assert codes(client, Sort="price") == ["MUG", "TEE-OLD", "TEE"]


def test_everything_dropped_in_silence_is_in_the_lint_log(client, sandbox, tees):
    client.call(
        "ProductList_Load_Query",
        Sort="nonsense",
        ondemandcolumns=["descrip"],
        Filter=[
            {"name": "active", "operator": "EQ", "value": 1},
            {"name": "search", "value": [condition("colour", "EQ", "red"), condition("code", "eq", "TEE")]},
            {"name": "ondemandcolumns", "value": ["variants"]},
        ],
    )

    assert {(entry.kind, entry.detail) for entry in sandbox.domain.lint.entries()} == {
        ("unknown sort", "nonsense"),
        ("unknown filter", "active"),
        ("dropped condition", "colour EQ"),
        ("dropped condition", "code eq"),
        ("unknown column", "variants"),
        ("unknown parameter", "ondemandcolumns"),
    }


def test_on_demand_columns_come_only_when_asked_for_in_any_case(client, sandbox, tees):
    store = sandbox.store
    size = attributes.insert(
        store, PRODUCT, tees["TEE"], Attribute(code="size", type="select", prompt="Size", required=True, inventory=True)
    )
    attribute = attributes.find(store, PRODUCT, tees["TEE"], "size")
    attributes.insert_option(store, PRODUCT, attribute, Option(code="S", prompt="Small", price=UNIT))
    inventory.update_product(store, tees["TEE"], {}, track=True, stock=5)

    row = client.rows(
        "ProductList_Load_Query",
        Count=1,
        Filter=[{"name": "ondemandcolumns",
                 "value": ["Descrip", "catcount", "cancat_code", "product_inventory", "attributes", "productimagedata",
                           "imagetype:main", "categories", "relatedproducts", "uris", "url"]}],
    )[0]  # fmt: skip

    assert {name: row[name] for name in list(row)[23:]} == {
        "descrip": "", "catcount": 0, "cancat_code": "", "product_inventory_active": True, "product_inventory": 5,
        "attributes": [{
            "id": size, "product_id": tees["TEE"], "default_id": 0, "disp_order": 1, "attemp_id": 0, "code": "size",
            "type": "select", "prompt": "Size", "price": 0, "formatted_price": "$0.00", "cost": 0,
            "formatted_cost": "$0.00", "weight": 0, "formatted_weight": "0.00 lb", "required": True, "inventory": True,
            "image": "", "options": [{
                "id": 1, "product_id": tees["TEE"], "attr_id": size, "disp_order": 1, "code": "S", "prompt": "Small",
                "price": 1, "formatted_price": "$1.00", "cost": 0, "formatted_cost": "$0.00", "weight": 0,
                "formatted_weight": "0.00 lb", "image": "",
            }],
        }],
        "productimagedata": [], "imagetype:main": 0, "categories": [], "relatedproducts": [],
        "uris": [{"id": 1, "uri": "/t-shirt.html", "screen": "PROD", "page_code": "", "cat_id": 0, "feed_id": 0,
                  "product_id": tees["TEE"], "canonical": True, "status": 200, "store_id": 1}],
        "url": f"{sandbox.address}/t-shirt.html",
    }  # fmt: skip


def test_stock_is_neutral_without_the_right_to_see_inventory(hub_client, sandbox, tees):
    inventory.update_product(sandbox.store, tees["TEE"], {}, track=True, stock=5)
    asked = [{"name": "ondemandcolumns", "value": ["product_inventory", "productinventorysettings"]}]

    row = hub_client.rows("ProductList_Load_Query", Count=1, Filter=asked)[0]

    assert (row["product_inventory_active"], row["product_inventory"]) == (False, 0)
    assert "productinventorysettings" not in row


def test_an_assigned_function_grants_its_columns_where_the_domain_says_so(hub_client, sandbox, tees):
    sandbox.domain.change_settings(functions_grant_columns=True)
    inventory.update_product(sandbox.store, tees["TEE"], {}, track=True, stock=5)

    row = hub_client.rows(
        "ProductList_Load_Query", Count=1, Filter=[{"name": "ondemandcolumns", "value": ["product_inventory"]}]
    )[0]

    assert (row["product_inventory_active"], row["product_inventory"]) == (True, 5)


def test_stock_can_be_searched_and_sorted(client, sandbox, tees):
    inventory.update_product(sandbox.store, tees["TEE"], {}, track=True, stock=5)
    inventory.update_product(sandbox.store, tees["MUG"], {}, track=True, stock=2)

    assert codes(client, [condition("product_inventory", "GT", "2")]) == ["TEE"]
    assert codes(client, [condition("product_inventory", "NA")]) == ["TEE-OLD"]
    assert codes(client, Sort="product_inventory") == ["TEE-OLD", "MUG", "TEE"]


def test_a_second_delete_fails_and_the_id_is_never_used_again(client, sandbox, tees):
    first = client.call("Product_Delete", Product_Code="tee")
    second = client.call("Product_Delete", Product_Code="TEE")
    again = products.insert(sandbox.store, Product(code="TEE", name="T-Shirt"))

    assert first == {"success": 1}
    assert second == {"success": 0, "error_code": "MER-JSN-PRD-00014", "error_message": "Product not found"}
    assert again == 4


@pytest.mark.parametrize(
    ("loader", "code"),
    [
        ({"Product_ID": 99}, "MER-JSN-PRD-00070"),
        ({"Edit_Product": "X", "Product_Code": "TEE"}, "MER-JSN-PRD-00013"),
        ({"Product_Code": "X"}, "MER-JSN-PRD-00014"),
        ({"Product_SKU": "X"}, "MER-JSN-PRD-00071"),
        ({}, "MER-JSN-PRD-00073"),
    ],
)
def test_each_way_to_name_a_product_has_its_own_error(client, tees, loader, code):
    assert client.call("Product_Delete", **loader)["error_code"] == code


def test_a_sku_of_two_products_is_ambiguous(client, sandbox):
    for code in ("A", "B"):
        products.insert(sandbox.store, Product(code=code, name=code, sku="same"))

    assert client.call("Product_Delete", Product_SKU="SAME")["error_code"] == "MER-JSN-PRD-00072"
