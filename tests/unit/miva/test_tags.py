"""Provisioning documents: what is written, what is left out, and that no value can become a tag."""

import base64
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tradepost.miva.documents import tags


def parsed(xml):
    return etree.fromstring(f"<Store>{xml}</Store>")


def test_a_product_holds_what_was_given_in_the_stores_spelling_and_order():
    tag = tags.product_add(
        code="mug", SKU="", Name="Mug & <Cup>", Price=Decimal("7.90"), Cost=None, Weight=Decimal(210), Active=False,
        ExcludeFromSearchResults=True,
    )  # fmt: skip

    assert tags.document([tag]) == (
        "<Product_Add><Code>mug</Code><SKU></SKU><Name>Mug &amp; &lt;Cup&gt;</Name><Price>7.9</Price>"
        '<Weight unit="g">210</Weight><Active>No</Active><ExcludeFromSearchResults>Yes</ExcludeFromSearchResults>'
        "</Product_Add>"
    )


def test_numbers_are_plain_and_have_eight_decimals_at_most():
    tag = tags.product_update(code="a", Price=Decimal("1E+3"), Cost=Decimal("0.123456789"), Weight=Decimal(0))

    root = parsed(tags.document([tag]))[0]

    assert [child.text for child in root] == ["1000", "0.12345679", "0"]


def test_text_whose_white_space_matters_is_encoded():
    text = "<p>one</p>\n<p>two  spaces</p>"

    description = parsed(tags.document([tags.product_update(code="a", Description=text)]))[0][0]

    assert description.get("encoding") == "base64"
    assert base64.b64decode(description.text).decode() == text


def test_custom_fields_of_one_kind_share_their_module_and_keep_their_order():
    xml = tags.document([
        tags.product_field_value(product_code="a", field="upc", value="1"),
        tags.product_field_value(product_code="b", field="upc", value="2"),
        tags.product_update(code="a", Active=True),
        tags.product_field_add(code="upc", name="UPC"),
        tags.product_field_value(product_code="a", field="x", value=""),
    ])  # fmt: skip

    assert xml == (
        '<Module code="customfields" feature="fields_prod"><ProductField_Value product="a" field="upc">1'
        '</ProductField_Value><ProductField_Value product="b" field="upc">2</ProductField_Value></Module>'
        '<Product_Update code="a"><Active>Yes</Active></Product_Update>'
        '<Module code="customfields" feature="util"><ProductField_Add><Code>upc</Code><Name>UPC</Name>'
        "<FieldType>textfield</FieldType></ProductField_Add></Module>"
        '<Module code="customfields" feature="fields_prod"><ProductField_Value product="a" field="x">'
        "</ProductField_Value></Module>"
    )


def test_a_document_can_be_written_twice():
    value = tags.product_field_value(product_code="a", field="upc", value="1")

    assert tags.document([value]) == tags.document([value])


def test_a_variant_lists_its_options_and_each_part_once():
    tag = tags.product_variant_add(product_code="tee", options={("size", "M"), ("color", "red")}, part_codes=["x", "x"])

    assert tags.document([tag]) == (
        '<ProductVariant_Add product_code="tee"><Options><Attribute_Option attribute_code="color" option_code="red"/>'
        '<Attribute_Option attribute_code="size" option_code="M"/></Options><Parts>'
        '<Part product_code="x" quantity="1"/></Parts>'
        "<ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>"
    )


def test_stock_always_switches_tracking_on():
    selling = tags.inventory_product_settings_update(product_code="a", current_stock=None, stops_sale=False)
    stopping = tags.inventory_product_settings_update(product_code="a", current_stock=0, stops_sale=True)

    assert {child.tag: child.text for child in selling.element} == {
        "TrackProduct": "Yes", "TrackOutOfStockLevel": "No", "OutOfStockLevel": "0", "HideOutOfStockProducts": "No",
    }  # fmt: skip
    assert {child.tag: child.text for child in stopping.element} == {
        "TrackProduct": "Yes", "TrackOutOfStockLevel": "Yes", "OutOfStockLevel": "0", "HideOutOfStockProducts": "No",
        "CurrentStock": "0",
    }  # fmt: skip


def test_a_shipment_without_tracking_number_leaves_it_out():
    tag = tags.order_shipment_add(
        order_id=7, code="TP-1", lines=[(9, 2)], number="", carrier="UPS", cost=Decimal("1.5")
    )

    assert tags.document([tag]) == (
        '<OrderShipment_Add order_id="7"><Code>TP-1</Code><TrackingType>UPS</TrackingType><Cost>1.5</Cost>'
        '<ProductList><Product line_id="9" quantity="2"/></ProductList></OrderShipment_Add>'
    )


@given(st.text(alphabet=st.characters(codec=None)), st.text(alphabet=st.characters(codec=None)))
def test_no_text_breaks_out_of_its_place(name, value):
    xml = tags.document([
        tags.product_add(code="a", Name=name, Description=value),
        tags.product_field_value(product_code=name, field="f", value=value),
        tags.category_product_assign(category_code=value, product_code=name),
    ])  # fmt: skip

    root = parsed(xml)

    assert [element.tag for element in root.iter()] == [
        "Store", "Product_Add", "Code", "Name", "Description", "Module", "ProductField_Value", "CategoryProduct_Assign",
    ]  # fmt: skip
    xml.encode()
