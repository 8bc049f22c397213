"""Attributes, options and templates: their values, and what changing them does to variants."""

import pytest

from miva_sandbox.state import attribute_templates, attributes, products
from miva_sandbox.state.attributes import PRODUCT, TEMPLATE

UNIT = 10**8


@pytest.fixture
def tee(store, accept):
    """A product with the sizes S and M, each a variant of one part; M is the default."""
    accept(
        """
        <Product_Add><Code>tee</Code><Name>Tee</Name></Product_Add>
        <Product_Add><Code>part</Code><Name>Part</Name></Product_Add>
        <ProductAttribute_Add product_code="tee"><Code>size</Code><Type>select</Type><Prompt>Size</Prompt>
            <Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>
        <ProductAttributeOption_Add product_code="tee" attribute_code="size"><Code>S</Code><Prompt>Small</Prompt>
            <Price>1.5</Price></ProductAttributeOption_Add>
        <ProductAttributeOption_Add product_code="tee" attribute_code="size"><Code>M</Code><Prompt>Medium</Prompt>
            <DefaultOption>Yes</DefaultOption></ProductAttributeOption_Add>
        """
        + "".join(
            f"""<ProductVariant_Add product_code="tee"><Options>
            <Attribute_Option attribute_code="size" option_code="{size}"/></Options>
            <Parts><Part product_code="part" quantity="1"/></Parts></ProductVariant_Add>"""
            for size in "SM"
        )
    )
    return products.find(store, "tee")["id"]


def attribute(store, product_id, code="size"):
    return attributes.find(store, PRODUCT, product_id, code)


def variant_count(store):
    return store.db.value("SELECT count(DISTINCT variant_id) FROM product_variants")


def test_an_attribute_and_its_options_hold_what_the_tags_say(store, tee):
    row = attribute(store, tee, "SIZE")

    options = attributes.options_of(store, PRODUCT, row["id"])

    assert (row["type"], row["required"], row["inventory"], row["default_id"]) == ("select", 1, 1, options[1]["id"])
    assert [(option["code"], option["prompt"], option["price"], option["disp_order"]) for option in options] == [
        ("S", "Small", 150_000_000, 1),
        ("M", "Medium", 0, 2),
    ]


NEW = (
    "<ProductAttribute_Add product_code='tee'><Code>{code}</Code><Type>{kind}</Type><Prompt>P</Prompt>"
    "</ProductAttribute_Add>"
)
SIZE = 'product_code="tee" attribute_code="size"'


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        (
            NEW.format(code="SIZE", kind="radio"),
            "An attribute with the code 'SIZE' already exists",
        ),
        (
            NEW.format(code="x", kind="list"),
            "Type must be one of: radio,select,checkbox,text,memo,swatch-select",
        ),
        ("<ProductAttribute_Add product_code='no'/>", "Product with the code 'no' does not exist"),
        (
            "<ProductAttribute_Update product_code='tee' attribute_code='no'/>",
            "Attribute with the code 'no' does not exist",
        ),
        (
            "<ProductAttribute_Delete product_code='tee' attribute_code='no'/>",
            "Attribute with the code 'no' is not assigned to product 'tee'",
        ),
        (
            f"<ProductAttributeOption_Add {SIZE}><Code>s</Code><Prompt>P</Prompt></ProductAttributeOption_Add>",
            "An option with the code 's' already exists",
        ),
        (
            "<ProductAttributeOption_Add product_code='tee' attribute_code='no'/>",
            "Attribute with the code 'no' is not assigned to product 'tee'",
        ),
        (
            f"<ProductAttributeOption_Update {SIZE} option_code='XL'/>",
            "An option with the code 'XL' does not exist",
        ),
        (
            f"<ProductAttributeOption_Delete {SIZE} option_code='XL'/>",
            "An option with the code 'XL' is not assigned to attribute 'size'",
        ),
        (
            f"<ProductAttributeOption_Update {SIZE} option_code='S'><Code>M</Code></ProductAttributeOption_Update>",
            "An option with the code 'M' already exists",
        ),
    ],
)
def test_what_a_store_says_against_a_tag(tee, messages, tag, message):
    assert messages(tag) == [message]


@pytest.mark.parametrize(
    ("tag", "left"),
    [
        (f"<ProductAttribute_Update {SIZE}><Inventory>No</Inventory></ProductAttribute_Update>", 0),
        (f"<ProductAttribute_Update {SIZE}><Prompt>Grösse</Prompt></ProductAttribute_Update>", 2),
        (f"<ProductAttribute_Update {SIZE}><Type>radio</Type></ProductAttribute_Update>", 2),
        (f"<ProductAttribute_Delete {SIZE}/>", 0),
        (f"<ProductAttributeOption_Delete {SIZE} option_code='S'/>", 1),
        # These two leave orphans behind, as a real store does.
        (f"<ProductAttribute_Update {SIZE}><Type>text</Type></ProductAttribute_Update>", 2),
        ("<ProductAttribute_Delete_All product_code='tee'/>", 2),
    ],
)
def test_which_changes_take_variants_along(store, tee, accept, tag, left):
    accept(tag)

    assert variant_count(store) == left


def test_a_type_without_options_loses_them(store, tee, accept):
    accept(f"<ProductAttribute_Update {SIZE}><Type>text</Type></ProductAttribute_Update>")

    row = attribute(store, tee)
    assert (row["type"], row["default_id"]) == ("text", 0)
    assert attributes.options_of(store, PRODUCT, row["id"]) == []


def test_an_update_without_the_default_mark_drops_it(store, tee, accept, lint):
    accept(f"<ProductAttributeOption_Update {SIZE} option_code='M'><Prompt>M</Prompt></ProductAttributeOption_Update>")

    assert attribute(store, tee)["default_id"] == 0
    assert lint() == ["default dropped"]


@pytest.fixture
def template(store, accept):
    """A template `looks` with a colour that is a dimension."""
    accept(
        """
        <AttributeTemplate_Add code="looks" prompt="Looks"/>
        <AttributeTemplateAttribute_Add template_code="looks"><Code>color</Code><Type>radio</Type><Prompt>C</Prompt>
            <Inventory>Yes</Inventory></AttributeTemplateAttribute_Add>
        <AttributeTemplateAttributeOption_Add template_code="looks" attribute_code="color"><Code>red</Code>
            <Prompt>Red</Prompt><Price>2</Price></AttributeTemplateAttributeOption_Add>
        """
    )
    return attribute_templates.find(store, "LOOKS")


def test_a_linked_template_is_one_attribute_and_serves_variants(store, tee, template, accept):
    accept(
        """
        <ProductAttribute_Add_Template product_code="tee"><AttributeTemplateCode>looks</AttributeTemplateCode>
        </ProductAttribute_Add_Template>
        <ProductVariant_Add product_code="tee"><Options>
            <AttributeTemplateAttribute_Option attribute_code="looks" attributetemplateattribute_code="color"
                option_code="red"/></Options>
            <Parts><Part product_code="part" quantity="1"/></Parts></ProductVariant_Add>
        """
    )

    linked = attribute(store, tee, "looks")
    color = attributes.find(store, TEMPLATE, template["id"], "color")
    assert (linked["type"], linked["prompt"], linked["attemp_id"]) == ("template", "looks", template["id"])
    assert (
        store.db.value(
            "SELECT variant_id FROM product_variants WHERE attr_id = ? AND attmpat_id = ?", (linked["id"], color["id"])
        )
        == 3
    )


def test_a_template_in_use_is_not_deleted(store, tee, template, accept, messages):
    link = (
        "<ProductAttribute_Add_Template product_code='tee'><AttributeTemplateCode>looks</AttributeTemplateCode>"
        "<AttributeCode>own</AttributeCode><AttributePrompt>Own</AttributePrompt></ProductAttribute_Add_Template>"
    )
    accept(link)

    assert messages("<AttributeTemplate_Delete code='looks'/>") == [
        "Attribute template 'looks' is in use by one or more products"
    ]
    accept("<ProductAttribute_Delete product_code='tee' attribute_code='own'/>")
    accept("<AttributeTemplate_Delete code='looks'/>")
    assert store.db.value("SELECT count(*) FROM template_options") == 0


def test_a_copied_template_gives_attributes_of_the_products_own(store, tee, template, accept):
    accept("<ProductAttribute_Add_TemplateCopy product_code='tee' attribute_template_code='looks'/>" * 2)

    rows = [row["code"] for row in attributes.all_of(store, PRODUCT, tee)]
    assert rows == ["size", "color", "color2"]
    copied = attributes.options_of(store, PRODUCT, attribute(store, tee, "color2")["id"])
    assert [(option["code"], option["price"]) for option in copied] == [("red", 2 * UNIT)]


def test_an_option_of_a_template_can_not_be_renamed(template, messages, accept):
    update = (
        "<AttributeTemplateAttributeOption_Update template_code='looks' attribute_code='color' option_code='red'>"
        "{}</AttributeTemplateAttributeOption_Update>"
    )

    assert messages(update.format("<Code>blue</Code>")) == ["An option with the code 'blue' already exists"]
    accept(update.format("<Prompt>Rot</Prompt>"))
