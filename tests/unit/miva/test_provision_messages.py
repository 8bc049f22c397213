"""Whose fault a message is, and whether it is one."""

import pytest

from tradepost.miva.documents import tags
from tradepost.miva.documents.provision_messages import Meaning, ProvisionMessage, attribute

TAGS = [
    tags.product_add(code="tee", Name="T"),
    tags.product_attribute_add(product_code="tee", code="size", prompt="Size"),
    tags.product_attribute_option_add(product_code="tee", attribute_code="size", code="S", prompt="S"),
    tags.product_attribute_option_add(product_code="tee", attribute_code="size", code="M", prompt="M"),
    tags.product_add(code="tee-s", Name="T, S"),
    tags.product_variant_add(product_code="tee", options=[("size", "S")], part_codes=["tee-s"]),
    tags.category_product_assign(category_code="shirts", product_code="tee"),
    tags.product_field_value(product_code="tee", field="upc", value="1"),
]


def said(tag, text):
    return ProvisionMessage(tag, text)


@pytest.mark.parametrize(
    ("message", "index"),
    [
        (said("Product_Add", "Product with the code 'tee' already exists"), 0),
        (said("Product_Add", "Product with the code 'TEE-S' already exists"), 4),
        (said("product_add", "Product with the code 'tee-s' already exists"), 4),
        (said("ProductAttributeOption_Add", "An option with the code 'M' already exists"), 3),
        (said("ProductVariant_Add", "Fatal Error: EOF: Record not found: MER-DBP-PRD-00018"), 5),
        (said("Attribute_Option", "Attribute 'size' is not an inventory attribute"), 5),
        (said("CategoryProduct_Assign", "Category with the code 'shirts' does not exist"), 6),
        (said("ProductField_Value", "Product field 'upc' not found"), 7),
    ],
)
def test_a_message_goes_to_the_tag_whose_codes_it_quotes(message, index):
    found = attribute([message], TAGS)

    assert found.by_owner == {index: (message,)}
    assert found.unattributed == ()


@pytest.mark.parametrize(
    "message",
    [
        said("Product_Add", "Fatal Error: MER-DBA-1: Table is full"),
        said("ProductAttributeOption_Add", "Attribute with the code 'size' is not assigned to product 'tee'"),
        said("Bogus", "Unknown tag"),
        said("Module(customfields)", "Module customfields is deactivated"),
    ],
)
def test_a_message_that_could_be_about_several_tags_is_given_to_none(message):
    found = attribute([message], TAGS)

    assert found.by_owner == {}
    assert found.unattributed == (message,)


def test_what_could_be_about_several_tags_of_one_owner_is_about_that_owner():
    message = said("ProductAttributeOption_Add", "Attribute with the code 'size' is not assigned to product 'tee'")

    found = attribute([message], TAGS, owners=[0, 0, 0, 0, 1, 0, 0, 0])

    assert found.by_owner == {0: (message,)}


def test_a_message_is_never_about_a_tag_that_ran_before_the_last_one_complained_about():
    late = said("Product_Add", "Product with the code 'tee-s' already exists")
    general = said("Product_Add", "Fatal Error: MER-DBA-1: Table is full")

    found = attribute([late, general], TAGS)

    assert found.by_owner == {4: (late, general)}


def test_a_missing_parent_is_told_apart_from_a_parent_that_was_refused():
    shirts = tags.category_add(code="shirts", name="Shirts", parent_code="clothes")
    adds = [tags.category_add(code="clothes", name=""), shirts]
    refused = said("Category_Add", "The value of Name may not be blank")
    exists = said("Category_Add", "Category with the code 'clothes' already exists")
    missing = said("Category_Add", "Parent Category with the code 'clothes' does not exist")

    assert attribute([exists], adds).by_owner == {0: (exists,)}
    assert attribute([refused, missing], adds).by_owner == {1: (missing,)}
    assert attribute([refused, missing], adds).unattributed == (refused,)


def test_orders_are_quoted_with_a_number_sign():
    notes = [tags.note_add(order_id=number, text="x") for number in (1, 10, 100)]
    message = said("Note_Add", "Order #10 does not exist")

    assert attribute([message], notes).by_owner == {1: (message,)}


@pytest.mark.parametrize(
    ("tag", "text", "meaning"),
    [
        ("Product_Add", "Product with the code 'x' already exists", Meaning.EXISTS),
        ("OrderShipment_Add", "Shipment code 'x' already exists.", Meaning.EXISTS),
        ("CategoryProduct_Assign", "Product 'p' is already assigned to Category 'c'", Meaning.HOLDS),
        ("CategoryProduct_Unassign", "Product 'p' is not assigned to Category 'c'", Meaning.HOLDS),
        ("Product_Delete", "Product with the code 'x' does not exist", Meaning.HOLDS),
        ("Product_Update", "Product with the code 'x' does not exist", Meaning.REFUSED),
        ("Product_Update", "Product with the code 'x' already exists", Meaning.REFUSED),
        ("CategoryProduct_Assign", "Category with the code 'c' does not exist", Meaning.REFUSED),
        ("Bogus", "Unknown tag", Meaning.REFUSED),
    ],
)
def test_some_messages_say_that_the_wanted_state_holds(tag, text, meaning):
    assert said(tag, text).meaning is meaning
