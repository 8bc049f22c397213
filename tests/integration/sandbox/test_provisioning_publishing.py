"""Publishing a family over the wire: silent the first time, and the second time exactly what a store complains of."""

import base64
import io

import pytest
from PIL import Image

SET_UP = """
<InventorySettings_Update><TrackInventory>Yes</TrackInventory><TrackOutOfStockProducts>Yes</TrackOutOfStockProducts>
<TrackOutOfStockLevel>0</TrackOutOfStockLevel><HideOutOfStockProducts>No</HideOutOfStockProducts>
</InventorySettings_Update>
<Module code="customfields" feature="util">
<ProductField_Add><Code>product_type</Code><Name>Product Type</Name><FieldType>dropdown</FieldType></ProductField_Add>
<ProductFieldTypeOption_Add code="product_type" value="parent"/>
<ProductFieldTypeOption_Add code="product_type" value="variant"/>
</Module>
<Category_Add><Code>caps</Code><Name>Caps</Name></Category_Add>
"""

CHILDREN = {"cap-green-S": ("green", "S", "12.00", 7), "cap-black-L": ("black", "L", "13.50", 0)}


def family():
    """Write the tags in the order that a publisher sends them, each on a line of its own."""
    lines = [
        (
            "<Product_Add><Code>cap</Code><Name>Linen cap</Name><Price>12.00</Price><Active>No</Active>"
            "<Description><![CDATA[<p>Linen &amp; cool</p>]]></Description></Product_Add>"
        )
    ]
    for attribute, options in (("color", ("green", "black")), ("size", ("S", "L"))):
        lines.append(
            f'<ProductAttribute_Add product_code="cap"><Code>{attribute}</Code><Type>select</Type>'
            f"<Prompt>{attribute}</Prompt><Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>"
        )
        lines.extend(
            f'<ProductAttributeOption_Add product_code="cap" attribute_code="{attribute}"><Code>{option}</Code>'
            f"<Prompt>{option}</Prompt></ProductAttributeOption_Add>"
            for option in options
        )
    for code, (color, size, price, stock) in CHILDREN.items():
        lines.extend(
            [
                (
                    f"<Product_Add><Code>{code}</Code><SKU>{code.upper()}</SKU><Name>Linen cap, {color}, {size}</Name>"
                    f"<Price>{price}</Price><Active>No</Active><ExcludeFromSearchResults>Yes</ExcludeFromSearchResults>"
                    "</Product_Add>"
                ),
                (
                    f'<InventoryProductSettings_Update product_code="{code}"><TrackProduct>Yes</TrackProduct>'
                    f"<CurrentStock>{stock}</CurrentStock></InventoryProductSettings_Update>"
                ),
                (
                    '<ProductVariant_Add product_code="cap"><Options>'
                    f'<Attribute_Option attribute_code="color" option_code="{color}"/>'
                    f'<Attribute_Option attribute_code="size" option_code="{size}"/></Options>'
                    f'<Parts><Part product_code="{code}" quantity="1"/></Parts>'
                    "<ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>"
                ),
            ]
        )
    marks = {"cap": "parent"} | dict.fromkeys(CHILDREN, "variant")
    values = "".join(
        f'<ProductField_Value product="{code}" field="product_type">{mark}</ProductField_Value>'
        for code, mark in marks.items()
    )
    lines.append(f'<Module code="customfields" feature="fields_prod">{values}</Module>')
    lines.extend(
        f'<ProductImage_Replace_Type product_code="{code}" filepath="graphics/00000001/chan/{code}.jpg" '
        'imagetype_code="main"/>'
        for code in marks
    )
    lines.extend(
        [
            '<CategoryProduct_Assign category_code="caps" product_code="cap"/>',
            '<Product_Update code="cap"><Active>Yes</Active></Product_Update>',
            '<URI_Add uri="/linen-cap.html" product_code="cap" canonical="1"/>',
        ]
    )
    return "\n".join(lines)


@pytest.fixture
def store_with_images(sandbox):
    folder = sandbox.store.files_root / "graphics/00000001/chan"
    folder.mkdir(parents=True)
    for code in ("cap", *CHILDREN):
        Image.new("RGB", (60, 80), "green").save(folder / f"{code}.jpg")
    return sandbox.store


def test_a_family_is_published_without_a_message_and_reads_back(store_with_images, hub_client):
    assert hub_client.provision(SET_UP) == []
    assert hub_client.provision(family()) == []

    columns = ["descrip", "product_inventory", "productimagedata", "CustomField_Values:customfields:product_type"]
    rows = {
        row["code"]: row
        for row in hub_client.rows(
            "ProductList_Load_Query", Filter=[{"name": "ondemandcolumns", "value": columns}], Sort="id"
        )
    }
    assert list(rows) == ["cap", *CHILDREN]
    assert rows["cap"]["active"] is True
    assert rows["cap"]["descrip"] == "<p>Linen &amp; cool</p>"
    variants = hub_client.call("ProductVariantList_Load_Product", Product_Code="cap")["data"]
    assert [(row["variant_id"], [part["product_code"] for part in row["parts"]]) for row in variants] == [
        (1, ["cap-green-S"]),
        (2, ["cap-black-L"]),
    ]
    assert store_with_images.lint.entries() == []


def test_the_same_family_sent_again_says_what_is_there_and_replaces_the_variants(store_with_images, client):
    client.provision(SET_UP)
    client.provision(family())

    complaints = [(message["lineno"], message["tag"], message["message"]) for message in client.provision(family())]

    assert complaints == [
        (1, "Product_Add", "Product with the code 'cap' already exists"),
        (2, "ProductAttribute_Add", "An attribute with the code 'color' already exists"),
        (3, "ProductAttributeOption_Add", "An option with the code 'green' already exists"),
        (4, "ProductAttributeOption_Add", "An option with the code 'black' already exists"),
        (5, "ProductAttribute_Add", "An attribute with the code 'size' already exists"),
        (6, "ProductAttributeOption_Add", "An option with the code 'S' already exists"),
        (7, "ProductAttributeOption_Add", "An option with the code 'L' already exists"),
        (8, "Product_Add", "Product with the code 'cap-green-S' already exists"),
        (11, "Product_Add", "Product with the code 'cap-black-L' already exists"),
        (18, "CategoryProduct_Assign", "Product 'cap' is already assigned to Category 'caps'"),
        (20, "URI_Add", "URI '/linen-cap.html' is already in use"),
    ]
    variants = client.call("ProductVariantList_Load_Product", Product_Code="cap")["data"]
    assert [row["variant_id"] for row in variants] == [3, 4]


def test_stock_reads_back_as_it_was_sent(store_with_images, client):
    client.provision(SET_UP + family())

    rows = client.rows(
        "ProductList_Load_Query",
        Filter=[{"name": "ondemandcolumns", "value": ["product_inventory"]}],
        Sort="id",
    )

    found = {row["code"]: (row["product_inventory_active"], row["product_inventory"]) for row in rows}
    assert found == {"cap": (False, 0), "cap-green-S": (True, 7), "cap-black-L": (True, 0)}


def test_a_missing_image_fails_only_its_own_tag(sandbox, client):
    complaints = client.provision(SET_UP + family())

    corrupt = "Fatal Error: MER-UTL-PUB-00013: File is corrupt or is not a supported image type"
    assert [(message["tag"], message["message"]) for message in complaints] == [
        ("ProductImage_Replace_Type", corrupt)
    ] * 3
    assert len(client.rows("ProductList_Load_Query")) == 3


def test_an_image_may_come_inside_the_document_and_is_served(sandbox, client):
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(buffer, format="PNG")
    text = base64.b64encode(buffer.getvalue()).decode()

    complaints = client.provision(
        '<Product_Add><Code>a</Code><Name>A</Name></Product_Add><Image_Add filepath="graphics/a.png" '
        f'encoding="base64">{text}</Image_Add>'
        '<ProductImage_Add product_code="a" filepath="graphics/a.png" imagetype_code="main"/>'
    )

    assert complaints == []
    address = sandbox.endpoint.replace("json.mvc", "graphics/a.png")
    assert client.http.get(address).content == buffer.getvalue()


def test_a_repeated_delete_is_a_message_for_xml(client):
    client.provision("<Product_Add><Code>a</Code><Name>A</Name></Product_Add>")

    complaints = client.provision('<Product_Delete code="A"/><Product_Delete code="a"/>')

    assert [message["message"] for message in complaints] == ["Product with the code 'a' does not exist"]


def test_two_stores_of_a_domain_share_no_codes(sandbox, client):
    add = "<Product_Add><Code>a</Code><Name>A</Name></Product_Add>"
    client.provision(add)

    assert [message["message"] for message in client.provision(add)] == ["Product with the code 'a' already exists"]
    other = sandbox.domain.add_store("second")
    assert other.db.value("SELECT count(*) FROM products") == 0


@pytest.mark.parametrize(
    ("xml", "code", "message"),
    [
        ("<a>\n<b></a>", "MER-PRV-JSN-00004", "Unable to parse XML: 2: "),
        ("</Store><Store>", "MER-JSN-00018", "Invalid value for field 'XML': Too many top-level tags"),
        ("", "MER-JSN-00023", "One or more parameters are invalid"),
    ],
)
def test_a_request_that_runs_nothing_is_an_error(client, xml, code, message):
    answer = client.call("Provision_Store", XML=xml)

    assert (answer["success"], answer["error_code"]) == (0, code)
    assert answer["error_message"].startswith(message)


def test_the_messages_of_failed_tags_come_with_success(client):
    answer = client.call("Provision_Store", XML="<InventorySettings_Update/>\n<Bogus/>")

    [message] = answer["data"]
    assert answer["success"] == 1
    assert (message["lineno"], message["tag"], message["message"]) == (2, "Bogus", "Unknown tag")
    assert set(message) == {"dtstamp", "lineno", "tag", "message"}
