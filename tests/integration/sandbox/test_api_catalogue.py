"""Writing a catalogue by the JSON API: products, attributes, variants, kits, categories, images, stock."""

import base64
from decimal import Decimal

import pytest

from miva_sandbox.state import inventory

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def done(call):
    """Call a function that must succeed; returns its data."""

    def expect(function, **parameters):
        answer = call(function, **parameters)
        assert answer["success"] == 1, answer
        return answer.get("data")

    return expect


@pytest.fixture
def tee(done):
    """A parent with a size in two options, and a part for each."""
    for code in ("TEE", "TEE-S", "TEE-M"):
        done("Product_Insert", Product_Code=code, Product_Name=code, Product_SKU=code, Product_Price="10")
    attribute = done(
        "Attribute_Insert", Product_Code="TEE", Code="size", Type="select", Prompt="Size", Inventory=True, Required=True
    )
    options = [
        done("Option_Insert", Product_Code="TEE", Attribute_Code="size", Code=code, Prompt=code) for code in ("S", "M")
    ]
    return attribute["id"], [option["id"] for option in options]


def variant(done, code, *parts, **further):
    return done(
        "ProductVariant_Insert",
        Product_Code="TEE",
        Attributes=[{"attr_code": "size", "option_code": code}],
        Parts=[{"part_code": part, "quantity": quantity} for part, quantity in parts],
        **further,
    )


def listed(done, **parameters):
    return [
        (row["variant_id"], [part["product_code"] for part in row["parts"]])
        for row in done("ProductVariantList_Load_Product", Product_Code="TEE", **parameters)
    ]


def only(done, **parameters):
    return done("ProductList_Load_Query", Count=1, **parameters)["data"][0]


def on_demand(*columns):
    return [{"name": "ondemandcolumns", "value": list(columns)}]


def test_an_insert_answers_with_the_product_and_its_description(done):
    made = done(
        "Product_Insert",
        Product_Code="MUG",
        Product_Name=" Mug ",
        Product_Price="7.25000000",
        Product_Cost=3,
        Product_Weight={"unit": "oz", "value": 8},
        Product_Description="<p>Big</p>",
        Product_Inventory=4,
    )

    row = only(done, Filter=on_demand("descrip", "product_inventory"))
    assert (made["name"], made["price"], made["cost"], made["weight"]) == ("Mug", Decimal("7.25"), 3, Decimal("0.5"))
    assert (row["descrip"], row["product_inventory"], row["taxable"]) == (made["descrip"], 4, True) == (
        "<p>Big</p>", 4, True,
    )  # fmt: skip


def test_an_update_changes_what_is_given_and_the_code_only_where_something_else_names_the_product(done, call, tee):
    done("Product_Update", Product_Code="TEE", Product_Name="Shirt", Product_Active=False)
    done("Product_Update", Edit_Product="TEE-S", Product_Code="TEE-SMALL")

    refused = call("Product_Update", Edit_Product="TEE-M", Product_Code="tee-small")
    negative = call("Product_Update", Product_Code="TEE", Product_Price="-1")

    rows = done("ProductList_Load_Query")["data"]
    assert [(row["code"], row["name"], row["active"]) for row in rows] == [
        ("TEE", "Shirt", False), ("TEE-SMALL", "TEE-S", True), ("TEE-M", "TEE-M", True),
    ]  # fmt: skip
    assert (refused["error_code"], refused["error_field"]) == ("MER-JSN-00018", "Product_Code")
    assert negative["error_field_message"] == "Please enter a non-negative number"


def test_product_inventory_sets_a_count_only_where_a_product_is_tracked(done, sandbox, tee):
    done("Product_Update", Product_Code="TEE-S", Product_Inventory=5)

    assert inventory.counted(sandbox.store, 2) is None
    assert [entry.kind for entry in sandbox.domain.lint.entries()] == ["dropped stock"]


def test_custom_fields_are_written_checked_and_found(client, done, call, tee):
    client.provision(
        '<Module code="customfields" feature="fields_prod">'
        "<ProductField_Add><Code>brand</Code><Name>Brand</Name><FieldType>textfield</FieldType></ProductField_Add>"
        "<ProductField_Add><Code>sizes</Code><Name>Sizes</Name><FieldType>multitext</FieldType></ProductField_Add>"
        "<ProductField_Add><Code>fragile</Code><Name>Fragile</Name><FieldType>checkbox</FieldType></ProductField_Add>"
        "</Module>"
    )
    values = {"brand": "Acme", "sizes": ["S", "M"], "fragile": True}
    done("Product_Update", Product_Code="TEE", CustomField_Values={"customfields": values})

    unknown = call(
        "Product_Update", Product_Code="TEE", Product_Name="x", CustomField_Values={"customfields": {"x": 1}}
    )
    row = only(done, Filter=on_demand("CustomField_Values:*"))
    unset = done("ProductList_Load_Query", Offset=1, Count=1, Filter=on_demand("CustomField_Values:customfields:*"))

    assert row["CustomField_Values"] == {
        "customfields": {"brand": "Acme", "sizes": ["S", "M"], "fragile": "1"},
        "baskinv": {"basket_inv": "0", "total_inv": ""},
    }
    assert unset["data"][0]["CustomField_Values"] == {"customfields": {"brand": "", "sizes": [], "fragile": ""}}
    assert (unknown["error_field"], row["name"]) == ("CustomField_Values:customfields:x", "TEE")

    def found(field, operator, value=""):
        condition = {"field": f"CustomField_Values:customfields:{field}", "operator": operator, "value": value}
        rows = done("ProductList_Load_Query", Filter=[{"name": "search", "value": [condition]}])["data"]
        return [row["code"] for row in rows]

    assert found("brand", "EQ", "acme") == found("brand", "IN", "x,acme") == found("brand", "CO", "cm") == ["TEE"]
    assert found("sizes", "EQ", "M") == found("fragile", "TRUE") == ["TEE"]
    assert found("brand", "NULL") == found("fragile", "EQ", "0") == found("sizes", "NE", "M") == ["TEE-S", "TEE-M"]
    assert found("nothing", "EQ", "x") == ["TEE", "TEE-S", "TEE-M"]


def test_variants_are_listed_limited_and_excluded(done, call, tee):
    attribute_id, (small, _) = tee
    variant(done, "S", ("TEE-S", 1))
    variant(done, "M", ("TEE-M", 1), ("TEE-S", 2))

    assert listed(done) == [(1, ["TEE-S"]), (2, ["TEE-S", "TEE-M"])]
    assert listed(done, Limits=[{"attr_code": "size", "option_code": "s"}]) == [(1, ["TEE-S"])]
    assert listed(done, Limit_Attribute_IDs=[attribute_id], Limit_Option_IDs=[small]) == [(1, ["TEE-S"])]
    assert listed(done, Exclusions=[{"attr_id": attribute_id}]) == []
    for limit, field in (
        ({"attr_code": "size", "attr_id": attribute_id}, "Limits[1]:attr_id"),
        ({"attr_code": "colour"}, "Limits[1]:attr_code"),
        ({"attr_code": "size", "option_id": 99}, "Limits[1]:option_id"),
    ):
        assert call("ProductVariantList_Load_Product", Product_Code="TEE", Limits=[limit])["error_field"] == field


def test_an_insert_of_the_same_combination_replaces_the_variant(done, tee):
    variant(done, "S", ("TEE-S", 1))

    made = variant(done, "S", ("TEE-M", 3), Pricing={"method": "specific", "price": 12})

    assert listed(done) == [(2, ["TEE-M"])]
    assert (made["variant_id"], made["parts"][0]["quantity"], made["attributes"][0]["option_code"]) == (2, 3, "S")


def test_an_update_keeps_the_variants_id(done, tee):
    variant(done, "S", ("TEE-S", 1))

    done(
        "ProductVariant_Update",
        Product_Code="TEE",
        Variant_ID=1,
        Attributes=[{"attr_code": "size", "option_code": "M"}],
        Parts=[{"part_code": "TEE-M", "quantity": 1}],
    )

    (row,) = done("ProductVariantList_Load_Product", Product_Code="TEE")
    assert (row["variant_id"], row["dimensions"][0]["option_code"], row["parts"][0]["product_code"]) == (
        1,
        "M",
        "TEE-M",
    )


def test_a_variant_needs_an_attribute_and_a_part(call, tee):
    attributes = [{"attr_code": "size", "option_code": "S"}]

    without = call("ProductVariant_Insert", Product_Code="TEE", Parts=[{"part_code": "TEE-S", "quantity": 1}])
    empty = call("ProductVariant_Insert", Product_Code="TEE", Attributes=attributes)
    none = call(
        "ProductVariant_Insert",
        Product_Code="TEE",
        Attributes=attributes,
        Parts=[{"part_code": "TEE-S", "quantity": 0}],
    )

    assert (without["error_code"], empty["error_code"]) == ("MER-JSN-PVT-00042", "MER-JSN-PVT-00043")
    assert none["error_fields"][0]["error_field"] == "Parts[1]:quantity"


def test_the_list_query_pages_over_parts_and_marks_a_variant_that_began_earlier(done, tee):
    variant(done, "S", ("TEE-S", 1), ("TEE-M", 1))
    variant(done, "M", ("TEE-M", 1))

    found = done("ProductVariantList_Load_Query", Product_Code="TEE", Offset=1, Count=2)

    assert found["total_count"] == 3
    assert [(row["offset"], row["variant_id"], [part["offset"] for part in row["parts"]]) for row in found["data"]] == [
        (-1, 1, [1]), (2, 2, [2]),
    ]  # fmt: skip


def test_generating_makes_a_part_for_every_combination(done, tee):
    done("ProductVariant_Generate_Delimiter", Product_Code="TEE", Pricing_Method="sum", Delimiter="-")

    assert listed(done) == [(1, ["TEE-S"]), (2, ["TEE-M"])]

    done("ProductVariantList_Delete", Product_Code="TEE", ProductVariant_IDs=[1, 99])

    assert listed(done) == [(2, ["TEE-M"])]


def test_a_kit_says_which_parts_an_option_brings(done, tee):
    attribute_id, (small, medium) = tee
    for option_id, code in ((small, "TEE-S"), (medium, "TEE-M")):
        done(
            "ProductKit_Update_Parts",
            Product_Code="TEE",
            Attribute_ID=attribute_id,
            Option_ID=option_id,
            Parts=[{"part_code": code, "quantity": 2}],
        )

    rows = done("ProductKitList_Load_Query", Product_Code="TEE")["data"]
    count = done("ProductKit_Variant_Count", Product_Code="TEE")
    done("ProductKit_Generate_Variants", Product_Code="TEE", Pricing_Method="master")

    assert [(row["option_code"], [part["product_code"] for part in row["parts"]]) for row in rows] == [
        ("S", ["TEE-S"]), ("M", ["TEE-M"]),
    ]  # fmt: skip
    assert count == {"variants": 2}
    assert [parts for _, parts in listed(done)] == [["TEE-S"], ["TEE-M"]]


def test_attributes_and_options_are_changed_and_deleted(done, call, tee):
    done("Attribute_Update", Product_Code="TEE", Attribute_Code="size", Code="fit", Prompt="Fit")
    done(
        "Option_Update", Product_Code="TEE", Attribute_Code="fit", Option_Code="S", Code="SM", Price="1.5", Default=True
    )
    done("Option_Delete", Attribute_ID=tee[0], Option_ID=tee[1][1])

    again = call("Attribute_Insert", Product_Code="TEE", Code="FIT", Type="select", Prompt="x")
    (attribute,) = done("AttributeAndOptionList_Load_Product", Product_Code="TEE")

    assert (again["error_code"], again["error_field"]) == ("MER-JSN-00018", "Code")
    assert (attribute["code"], attribute["default_id"]) == ("fit", tee[1][0])
    assert [(option["code"], option["price"]) for option in attribute["options"]] == [("SM", Decimal("1.5"))]
    done("Attribute_Delete", Product_Code="TEE", Attribute_Code="fit")
    assert done("AttributeAndOptionList_Load_Product", Product_Code="TEE") == []


def test_a_template_is_shared_by_the_products_that_link_to_it(done, call, tee):
    done("AttributeTemplate_Insert", Code="colours", Prompt="Colours")
    done(
        "AttributeTemplateAttribute_Insert",
        AttributeTemplate_Code="colours",
        Code="colour",
        Type="radio",
        Prompt="Colour",
    )
    done(
        "AttributeTemplateOption_Insert",
        AttributeTemplate_Code="colours",
        AttributeTemplateAttribute_Code="colour",
        Code="red",
        Prompt="Red",
    )
    done(
        "AttributeTemplateProduct_Update_Assigned", AttributeTemplate_Code="colours", Product_Code="TEE", Assigned=True
    )

    shown = only(done, Filter=on_demand("attributes"))["attributes"][1]
    linked = done("AttributeTemplateProductList_Load_Query", AttributeTemplate_Code="colours")["data"]
    in_use = call("AttributeTemplate_Delete", AttributeTemplate_Code="colours")
    done("Attribute_CopyLinkedTemplate", Product_Code="TEE", Attribute_Code="colours")
    copied = only(done, Filter=on_demand("attributes"))["attributes"][1]

    assert (shown["type"], shown["attributes"][0]["disporder"]) == ("template", 1)
    assert [option["code"] for option in shown["attributes"][0]["options"]] == ["red"]
    assert [(row["assigned"], row["code"]) for row in linked] == [(True, "TEE")]
    assert in_use["success"] == 0
    assert (copied["code"], copied["type"], [option["code"] for option in copied["options"]]) == (
        "colour", "radio", ["red"],
    )  # fmt: skip


def test_a_copy_takes_the_description_along_but_not_the_stock(done, tee):
    done("InventoryProductSettings_Update", Product_Code="TEE", TrackProduct=True, CurrentStock=7)

    done("Product_Copy", Source_Product_Code="TEE", Dest_Product_Code="TEE-2", Dest_Product_Name="Second")

    row = only(done, Sort="-id", Filter=on_demand("attributes", "product_inventory"))
    assert (row["code"], row["name"], row["price"]) == ("TEE-2", "Second", 10)
    assert [option["code"] for option in row["attributes"][0]["options"]] == ["S", "M"]
    assert (row["product_inventory_active"], row["product_inventory"]) == (True, 0)


def test_related_products_are_a_column_and_a_list(done, tee):
    done("RelatedProduct_Update_Assigned", Product_Code="TEE", RelatedProduct_Code="TEE-S", Assigned=True)

    related = only(done, Filter=on_demand("relatedproducts"))["relatedproducts"]
    rows = done("RelatedProductList_Load_Query", Product_Code="TEE", Assigned=True, Unassigned=True, Sort="id")["data"]

    assert [row["code"] for row in related] == ["TEE-S"]
    assert [(row["code"], row["assigned"]) for row in rows] == [("TEE", False), ("TEE-S", True), ("TEE-M", False)]


def test_shipping_rules_are_a_column(done, tee):
    methods = [{"mod_code": "baseunit", "meth_code": "Ground"}]
    done(
        "ProductShippingRules_Update",
        Product_Code="TEE",
        Width="2.5",
        LimitShippingMethods=True,
        ShippingMethods=methods,
    )

    rules = only(done, Filter=on_demand("productshippingrules"))["productshippingrules"]

    assert (rules["width"], rules["limitmeths"], rules["methods"]) == (Decimal("2.5"), True, methods)


def test_categories_form_a_tree_and_hold_products(done, call, tee):
    done("Category_Insert", Category_Code="clothes", Category_Name="Clothes")
    done("Category_Insert", Category_Code="shirts", Category_Name="Shirts", Category_Parent_Category="clothes")
    done("CategoryProduct_Update_Assigned", Category_Code="shirts", Product_Code="TEE", Assigned=True)

    rows = done("CategoryList_Load_Query", Filter=on_demand("uris"))["data"]
    inside = done("CategoryProductList_Load_Query", Category_Code="shirts")["data"]
    outside = done("CategoryProductList_Load_Query", Category_Code="shirts", Assigned=False, Unassigned=True)["data"]
    twice = call("Category_Insert", Category_Code="SHIRTS", Category_Name="x")

    assert [(row["code"], row["parent_category"], row["depth"]) for row in rows] == [
        ("clothes", "", 0), ("shirts", "clothes", 1),
    ]  # fmt: skip
    assert [uri["uri"] for uri in rows[1]["uris"]] == ["/shirts.html"]
    assert [(row["assigned"], row["code"]) for row in inside] == [(True, "TEE")]
    assert [(row["assigned"], row["code"]) for row in outside] == [(False, "TEE-S"), (False, "TEE-M")]
    assert twice["error_field"] == "Category_Code"
    assert call("CategoryProductList_Load_Query", Category_Code="shirts", Assigned=False) == {"success": 1}
    assert call("Category_Delete", Category_Code="none")["error_code"] == "MER-JSN-CAT-00032"


def test_products_are_searched_by_category_codes(done, call, tee):
    done("Category_Insert", Category_Code="shirts", Category_Name="Shirts")
    done("CategoryProduct_Update_Assigned", Category_Code="shirts", Product_Code="TEE", Assigned=True)

    def search(operator, value):
        condition = {"field": "category", "operator": operator, "value": value}
        return call("ProductList_Load_Query", Filter=[{"name": "search", "value": [condition]}])

    assert [row["code"] for row in search("IN", "SHIRTS, none")["data"]["data"]] == ["TEE"]
    assert [row["code"] for row in search("NOT_IN", "shirts")["data"]["data"]] == ["TEE-S", "TEE-M"]
    assert search("EQ", "shirts")["data"]["total_count"] == 3
    assert search("IN", "")["error_code"] == "MER-JSN-PRD-00054"


def test_an_image_sent_as_bytes_is_stored_and_takes_over_its_type(client, sandbox, done, tee):
    path = f"graphics/{sandbox.store.number}/tee.png"

    def add(data, encoding):
        return client.send(
            {"Function": "ProductImage_Add", "Store_Code": "sandbox", "Product_Code": "TEE", "Filepath": path,
             "ImageType_ID": 1, "Image_Data": data},
            X_Miva_API_Binary_Encoding=encoding,
        )  # fmt: skip

    first = add(base64.b64encode(PNG).decode(), "base64")
    same = add(PNG.decode("latin-1"), "json")
    other = add(base64.b64encode(PNG + b"x").decode(), "base64")

    row = only(done, Filter=on_demand("productimagedata", "imagetype:main"))
    assert (sandbox.domain.files_root / path).read_bytes() == PNG
    assert [(image["id"], image["code"], image["image"]) for image in row["productimagedata"]] == [
        (first["data"]["id"], "", path), (same["data"]["id"], "main", path),
    ]  # fmt: skip
    assert row["imagetype:main"] == first["data"]["image_id"] == same["data"]["image_id"]
    assert other["error_code"] == "MER-DBE-IMG-00012"


def test_image_types_change_and_unknown_ids_have_their_own_errors(call, done, tee):
    assert call("ProductImage_Update_Type", ProductImage_ID=9)["error_code"] == "MER-JSN-PIMG-00024"
    assert call("ProductImage_Delete", ProductImage_ID=9) == {"success": 1}
    assert call("ProductImage_Add", Product_Code="TEE", Filepath="graphics/none.png", ImageType_ID=9)["error_code"] == (
        "MER-JSN-PIMG-00025"
    )
    assert call("ProductImage_Add", Product_Code="TEE", Filepath="graphics/none.png", ImageType_ID=0)["error_code"] == (
        "MER-DBE-IMG-00011"
    )


def settings(done, code):
    condition = {"field": "code", "operator": "EQ", "value": code}
    row = only(
        done,
        Filter=[{"name": "search", "value": [condition]}, *on_demand("productinventorysettings", "product_inventory")],
    )
    return row["product_inventory_active"], row["product_inventory"], row["productinventorysettings"]


def test_settings_and_count_follow_the_table(done, sandbox, tee):
    update = "InventoryProductSettings_Update"

    done(update, Product_Code="TEE", CurrentStock=5)
    assert settings(done, "TEE")[:2] == (False, 0)
    assert [entry.kind for entry in sandbox.domain.lint.entries()] == ["dropped stock"]

    done(
        update, Product_Code="TEE", TrackProduct="Yes", AdjustStockBy=3, HideOutOfStockProducts="no", LowStockLevel="2"
    )
    tracked, count, kept = settings(done, "TEE")
    assert (tracked, count, kept["out_hide"], kept["low_level"], kept["low_lvl_d"]) == (True, 3, "n", 2, False)

    done(update, Product_Code="TEE", AdjustStockBy=-5, LowStockLevel="Default")
    tracked, count, kept = settings(done, "TEE")
    assert (count, kept["out_hide"], kept["low_level"], kept["low_lvl_d"]) == (-2, "n", 2, True)

    done(update, Product_Code="TEE", TrackProduct=False)
    tracked, count, kept = settings(done, "TEE")
    assert (tracked, count, kept["active"], kept["out_hide"]) == (False, 0, False, "d")


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [
        ({"TrackLowStockLevel": "perhaps"}, "MER-JSN-00023", "Must be one of: Default,Yes,No"),
        ({"LowStockLevel": "few"}, "MER-JSN-00023", "Please enter a whole number"),
        ({"OutOfStockLevel": ""}, "MER-JSN-00023", "The value may not be blank"),
        ({"InStockMessageShort": "x" * 255}, "MER-JSN-00023", "Value must be 254 characters or less"),
    ],
)
def test_a_wrong_setting_is_refused(call, tee, parameters, code, message):
    answer = call("InventoryProductSettings_Update", Product_Code="TEE", TrackProduct=True, **parameters)

    assert (answer["error_code"], answer["error_field_message"]) == (code, message)


def test_a_count_cannot_be_set_and_adjusted_at_once(call, tee):
    answer = call("InventoryProductSettings_Update", Product_Code="TEE", CurrentStock=1, AdjustStockBy=1)

    assert (answer["error_code"], answer["error_message"]) == (
        "MER-INV-JSN-00001",
        "Parameters CurrentStockLevel and AdjustStockBy cannot be passed at the same time.",
    )


def test_adjustments_are_all_checked_before_the_first_is_applied(done, call, sandbox, tee):
    adjust = "ProductList_Adjust_Inventory"

    refused = call(
        adjust,
        Inventory_Adjustments=[
            {"product_code": "TEE-S", "adjustment": 5},
            {"product_sku": "none", "adjustment": 5},
            {"product_id": 3, "adjustment": "x"},
        ],
    )
    assert [error["error_field"] for error in refused["error_fields"]] == [
        "Inventory_Adjustments[2]:product_sku",
        "Inventory_Adjustments[3]:adjustment",
    ]
    assert inventory.counted(sandbox.store, 2) is None

    done(adjust, Inventory_Adjustments=[{"product_code": "TEE-S", "adjustment": 5}])
    done(adjust, Product_IDs="2|3", Adjustments="-1|4")
    assert (inventory.counted(sandbox.store, 2), inventory.counted(sandbox.store, 3)) == (4, 4)
