"""Products and their tags: what is created, changed and deleted, and what a store says against it."""

import pytest

from miva_sandbox.state import products
from miva_sandbox.state.errors import AlreadyExists, Invalid
from miva_sandbox.state.products import Product

UNIT = 10**8


def add(code="mug", **children):
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in {"Code": code, "Name": "Mug", **children}.items())
    return f"<Product_Add>{inside}</Product_Add>"


def test_an_added_product_holds_what_the_tag_says_and_the_defaults_for_the_rest(store, accept):
    accept(
        "<Product_Add><Code>mug</Code><SKU>400</SKU><Name><![CDATA[Mug & more]]></Name><Price>7.90</Price>"
        "<Cost>3.1</Cost><Weight unit='g'>453.59237</Weight><Description>&lt;p&gt;Hot&lt;/p&gt;</Description>"
        "<PageTitle>A mug</PageTitle></Product_Add>"
    )

    row = dict(products.find(store, "MUG"))
    dates = {row.pop("dt_created"), row.pop("dt_updated")}
    assert row == {
        "id": 1,
        "code": "mug",
        "code_key": "mug",
        "sku": "400",
        "name": "Mug & more",
        "page_title": "A mug",
        "thumbnail": "",
        "image": "",
        "price": 790_000_000,
        "cost": 310_000_000,
        "weight": UNIT,
        "profit": 480_000_000,
        "margin": 6076,
        "descrip": "<p>Hot</p>",
        "taxable": 1,
        "active": 1,
        "exsearch": 0,
        "disp_order": 1,
        "page_code": "",
        "cancat_id": 0,
        "catcount": 0,
        "agrpcount": 0,
        "pgrpcount": 0,
    }
    assert len(dates) == 1


def test_a_repeated_add_says_already_exists_and_changes_nothing(store, accept, messages):
    accept(add(Price="5"))

    repeated = messages(add("MUG", Price="9"))

    assert repeated == ["Product with the code 'MUG' already exists"]
    assert products.find(store, "mug")["price"] == 5 * UNIT


def test_an_unknown_category_prevents_the_product(store, messages, accept):
    accept("<Category_Add><Code>cups</Code><Name>Cups</Name></Category_Add>")

    assert messages(add(CategoryCode="cups,nowhere")) == ["Category with the code 'nowhere' does not exist"]
    assert products.find(store, "mug") is None


def test_a_list_of_categories_is_assigned_with_the_product(store, accept):
    accept(
        "<Category_Add><Code>cups</Code><Name>Cups</Name></Category_Add>"
        "<Category_Add><Code>gifts</Code><Name>Gifts</Name></Category_Add>" + add(CategoryCode="cups, GIFTS,")
    )

    assert products.find(store, "mug")["catcount"] == 2


def test_an_unknown_canonical_category_is_reported_but_the_product_stored(store, messages):
    assert messages(add(CanonicalCategoryCode="nowhere")) == ["The Category 'nowhere' does not exist"]
    assert products.find(store, "mug")["cancat_id"] == 0


def test_an_update_changes_only_what_is_present(store, accept):
    accept(add(SKU="400", Price="5", Description="old"))

    accept('<Product_Update code="MUG"><Price>6.95</Price><Description/></Product_Update>')

    row = products.find(store, "mug")
    assert (row["sku"], row["price"], row["descrip"], row["name"]) == ("400", 695_000_000, "", "Mug")


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<Price></Price>", "If specified, the value of Price may not be blank"),
        ("<Price>1,50</Price>", "Invalid value for Price: Please enter a number"),
        (
            "<Price>123456789</Price>",
            "Invalid value for Price: Please specify a number with 8 digits or less to the left of the decimal point",
        ),
        (
            "<Price>0.123456789</Price>",
            "Invalid value for Price: Please specify a number with 8 digits or less to the right of the decimal point",
        ),
        ("<Active>maybe</Active>", "Invalid value for Active: Boolean values must be Yes/No, True/False, or 0/1"),
        ("<Active/>", "If specified, the value of Active may not be blank"),
        ("<Name> </Name>", "If specified, the value of Name may not be blank"),
        ("<Code/>", "If specified, the value of Code may not be blank"),
        ("<Price>1</Price><Price>2</Price>", "Multiple values for Price specified"),
        ("<Weight unit='stone'>1</Weight>", "unit must be one of: oz,lb,g,kg"),
        (
            "<Weight unit='kg'>99999999</Weight>",
            "The converted weight is outside the range of supported precision",
        ),
        ("<Name>" + "x" * 101 + "</Name>", "Fatal Error: MER-DBA-00001: Data too long for column 'name'"),
    ],
)
def test_a_bad_value_fails_the_tag_and_changes_nothing(store, accept, messages, inside, message):
    accept(add(Price="5", SKU="400"))

    assert messages(f"<Product_Update code='mug'><SKU>new</SKU>{inside}</Product_Update>") == [message]
    assert products.find(store, "mug")["sku"] == "400"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "The value of Code may not be blank"),
        ("a b", "Invalid value for Code: Codes may only contain letters, numbers, underscores (_) and dashes (-)."),
        ("x" * 51, "Invalid value for Code: Code must be 50 characters long or shorter"),
    ],
)
def test_a_code_is_checked_before_anything_is_stored(store, messages, code, message):
    assert messages(add(code)) == [message]
    assert store.db.value("SELECT count(*) FROM products") == 0


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("a%b", "Invalid value for Code: Code may not contain a percent sign"),
        ("a\\b", "Invalid value for Code: Code may not contain a backslash (\\)"),
    ],
)
def test_the_loose_rule_for_codes_refuses_little(store, messages, accept, code, message):
    store.strict_codes = False

    assert messages(add(code)) == [message]
    accept(add("Größe 1/2 #"))


def test_missing_elements_and_attributes_are_named(messages):
    assert messages("<Product_Add><Code>a</Code></Product_Add>") == ["Missing required tag Name"]
    assert messages("<Product_Update/>") == ["Missing required attribute code"]
    assert messages("<Product_Update code=''/>") == ["Product with the code '' does not exist"]


def test_a_rename_to_a_code_in_use_is_refused(store, accept, messages):
    accept(add("mug") + add("cup"))

    assert messages("<Product_Update code='cup'><Code>MUG</Code></Product_Update>") == [
        "Product with the code 'MUG' already exists"
    ]
    accept("<Product_Update code='cup'><Code>CUP</Code></Product_Update>")
    assert products.find(store, "cup")["code"] == "CUP"


def test_only_a_product_added_active_gets_a_uri(store, accept):
    accept(add("one", PageTitle="Ein Äpfel-Becher!") + add("two", Active="No"))
    accept("<Product_Update code='two'><Active>Yes</Active></Product_Update>")

    found = store.db.rows("SELECT code, uri FROM uris JOIN products ON products.id = product_id WHERE canonical")
    assert [tuple(row) for row in found] == [("one", "/ein-apfel-becher.html")]


def test_products_of_one_name_get_uris_of_their_own(store, accept):
    accept(add("one") + add("two"))

    assert [row["uri"] for row in store.db.rows("SELECT uri FROM uris ORDER BY id")] == ["/mug.html", "/mug-2.html"]


def test_an_id_is_never_used_again(store, accept):
    accept(add("one") + "<Product_Delete code='one'/>" + add("one"))

    assert products.find(store, "one")["id"] == 2


def test_deleting_takes_everything_along_that_hangs_on_a_product(store, accept, image):
    path = image("mug.png")
    accept(
        add("mug")
        + add("cup")
        + f"""
        <Category_Add><Code>cups</Code><Name>Cups</Name></Category_Add>
        <CategoryProduct_Assign category_code="cups" product_code="mug"/>
        <ProductAttribute_Add product_code="mug"><Code>size</Code><Type>select</Type><Prompt>Size</Prompt>
            <Inventory>Yes</Inventory></ProductAttribute_Add>
        <ProductAttributeOption_Add product_code="mug" attribute_code="size"><Code>S</Code><Prompt>S</Prompt>
        </ProductAttributeOption_Add>
        <ProductVariant_Add product_code="mug"><Options><Attribute_Option attribute_code="size" option_code="S"/>
            </Options><Parts><Part product_code="cup" quantity="1"/></Parts>
            <ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>
        <InventoryProductSettings_Update product_code="mug"><TrackProduct>Yes</TrackProduct>
        </InventoryProductSettings_Update>
        <ProductImage_Add product_code="mug" filepath="{path}" imagetype_code="main"/>
        <ProductRelatedProduct_Assign product_code="cup" relatedproduct_code="mug"/>
        <ProductShippingRules_Update product_code="mug"><Width>2</Width></ProductShippingRules_Update>
        <Module code="customfields" feature="util">
            <ProductField_Add><Code>brand</Code><Name>Brand</Name></ProductField_Add>
            <ProductField_Value product="mug" field="brand">Acme</ProductField_Value>
        </Module>"""
    )

    accept('<Product_Delete code="MUG"/>')

    kept = {"products": 1, "categories": 1, "images": 1, "uris": 2, "custom_fields": 1, "image_types": 1}
    counts = {
        row["name"]: store.db.value(f"SELECT count(*) FROM {row['name']}")
        for row in store.db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    own = ("sequences", "store_settings", "inventory_settings", "installed_modules")
    catalogue = {name: count for name, count in counts.items() if count and name not in own}
    assert {name: catalogue.get(name, 0) for name in {*kept, *catalogue} if name in kept or "product" in name} == kept
    assert store.db.value("SELECT refcount FROM images") == 0


def test_deleting_a_part_takes_the_variants_whose_only_part_it_was(store, accept):
    accept(
        add("set")
        + add("mug")
        + add("cup")
        + """
        <ProductAttribute_Add product_code="set"><Code>kind</Code><Type>select</Type><Prompt>Kind</Prompt>
            <Inventory>Yes</Inventory></ProductAttribute_Add>
        <ProductAttributeOption_Add product_code="set" attribute_code="kind"><Code>one</Code><Prompt>1</Prompt>
        </ProductAttributeOption_Add>
        <ProductAttributeOption_Add product_code="set" attribute_code="kind"><Code>two</Code><Prompt>2</Prompt>
        </ProductAttributeOption_Add>
        <ProductVariant_Add product_code="set"><Options><Attribute_Option attribute_code="kind" option_code="one"/>
            </Options><Parts><Part product_code="mug" quantity="1"/></Parts></ProductVariant_Add>
        <ProductVariant_Add product_code="set"><Options><Attribute_Option attribute_code="kind" option_code="two"/>
            </Options><Parts><Part product_code="mug" quantity="1"/><Part product_code="cup" quantity="2"/></Parts>
        </ProductVariant_Add>"""
    )

    accept('<Product_Delete code="mug"/>')

    assert [tuple(row) for row in store.db.rows("SELECT variant_id, part_count FROM product_variants")] == [(2, 1)]
    assert [tuple(row) for row in store.db.rows("SELECT variant_id, part_id FROM product_variant_parts")] == [(2, 3)]


def test_a_product_is_related_one_way_once_and_never_to_itself(store, accept, messages, lint):
    accept(add("a") + add("b") + "<ProductRelatedProduct_Assign product_code='a' relatedproduct_code='b'/>" * 2)

    assert lint() == ["nothing to do"]
    assert [tuple(row)[:2] for row in store.db.rows("SELECT * FROM related_products")] == [(1, 2)]
    assert messages("<ProductRelatedProduct_Assign product_code='a' relatedproduct_code='A'/>") == [
        "A product may not be related to itself"
    ]


def test_the_update_stamp_moves_with_every_update(store):
    store.clock.freeze(1000)
    product_id = products.insert(store, Product(code="a", name="A"))
    store.clock.move(60)

    products.update(store, product_id, {})

    row = products.find(store, "a")
    assert (row["dt_created"], row["dt_updated"]) == (1000, 1060)


def test_a_text_that_a_column_cannot_hold_is_refused(store):
    with pytest.raises(Invalid, match="sku"):
        products.insert(store, Product(code="a", name="A", sku="x" * 51))


def test_the_rule_of_unique_codes_is_the_states_own(store):
    products.insert(store, Product(code="Straße", name="A"))

    with pytest.raises(AlreadyExists):
        products.insert(store, Product(code="STRASSE", name="B"))
