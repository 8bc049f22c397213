"""Custom fields, META fields and the tag Module that holds them."""

import pytest

from miva_sandbox.state import categories, custom_fields, customers, modules, products
from miva_sandbox.state.categories import Category
from miva_sandbox.state.products import Product


def module(inside, *, feature="util"):
    return f'<Module code="customfields" feature="{feature}">{inside}</Module>'


def field(code, kind="textfield"):
    return f"<ProductField_Add><Code>{code}</Code><Name>{code}</Name><FieldType>{kind}</FieldType></ProductField_Add>"


def value(code, text):
    return f'<ProductField_Value product="mug" field="{code}">{text}</ProductField_Value>'


@pytest.fixture
def mug(store):
    return products.insert(store, Product(code="mug", name="Mug"))


@pytest.fixture
def read(store, mug):
    """Read a custom field of the mug."""

    def of(code):
        fields = custom_fields.all_of(store, "product")
        return custom_fields.values(store, "product", [mug], fields)[mug][code]

    return of


@pytest.mark.parametrize(
    ("kind", "sent", "stored"),
    [
        ("textfield", " Acme & Co ", " Acme & Co "),
        ("textarea", "x" * 300, "x" * 300),
        ("dropdown", "no choice of it", "no choice of it"),
        ("checkbox", "1", "1"),
        ("checkbox", "No", "1"),
        ("checkbox", "0", ""),
        ("checkbox", "", ""),
        ("imageupload", "graphics/a.png", "graphics/a.png"),
        ("multitext", " a | b||c\\|d ", ["a", "b", "c|d"]),
        ("multitext", "", []),
    ],
)
def test_a_value_is_stored_as_its_type_has_it(accept, read, kind, sent, stored):
    accept(module(field("brand", kind) + value("BRAND", sent.replace("&", "&amp;"))))

    assert read("brand") == stored


def test_a_blank_value_removes(accept, read):
    accept(module(field("brand") + value("brand", "Acme") + value("brand", "")))

    assert read("brand") == ""


def test_values_of_a_multitext_field_pile_up_until_they_are_deleted(accept, read, lint):
    accept(module(field("tags", "multitext") + value("tags", "a|b") + value("tags", "b|" + "x" * 300)))

    assert read("tags") == ["a", "b", "b", "x" * 254]
    assert lint() == ["cut text"]
    accept(module('<ProductFieldValue_Delete product="mug" field="tags">b</ProductFieldValue_Delete>'))
    assert read("tags") == ["a", "x" * 254]
    accept(module('<ProductFieldValue_Delete product="mug" field="tags"/>'))
    assert read("tags") == []


def test_the_short_cut_replaces_the_values_of_a_multitext_field(accept, read, lint):
    accept(module(field("tags", "multitext") + value("tags", "a|b")))

    accept('<Product_CustomField module="customfields" product="mug" field="tags"> c|d </Product_CustomField>')

    assert read("tags") == ["c", "d"]
    accept('<Product_CustomField module="customfields" product="mug" field="nope">x</Product_CustomField>')
    assert lint() == ["unknown custom field"]


def test_the_tag_installs_the_module_and_the_short_cut_does_not(store, mug, accept, messages):
    shortcut = '<Product_CustomField module="customfields" product="mug" field="x">1</Product_CustomField>'

    assert messages(shortcut) == ["Module 'customfields' is not installed in store 'sandbox'"]
    accept(module(""))
    assert modules.is_installed(store, "customfields")
    accept(shortcut)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ('<Module code="none" feature="util"/>', "Module none not found"),
        (module("", feature="boxes"), "Module 'customfields' does not provide feature 'boxes'"),
        ('<Module code="customfields"/>', "Missing required attribute feature"),
        (module(field("brand") * 2), "A product field with the code 'brand' already exists"),
        (
            module(field("brand", "list")),
            "FieldType must be one of: textfield,textarea,dropdown,radio,checkbox,imageupload,pdfupload,multitext",
        ),
        (module(value("brand", "x")), "Product field 'brand' not found"),
        (
            module(field("b") + '<ProductField_Value product="no" field="b">x</ProductField_Value>'),
            "Product 'no' not found",
        ),
        (
            module("<ProductField_Add><Code>b</Code><Name>B</Name><Group>no</Group></ProductField_Add>"),
            "Group 'no' not found",
        ),
        (
            module("<Group_Add><Code>g</Code><Name>G</Name></Group_Add>" * 2),
            "A group with the code 'g' already exists",
        ),
        (
            module(field("b") + '<ProductFieldTypeOption_Add code="b" value="x"/>'),
            "Product field 'b' must have a field type of Radio or Drop-Down List",
        ),
        (
            module(field("b") + '<ProductFieldValue_Delete product="mug" field="b">x</ProductFieldValue_Delete>'),
            "Custom field 'b' must have a field type of 'multitext' to delete a specific value",
        ),
        (
            '<Product_CustomField module="none" product="mug" field="x"/>',
            "Module 'none' is not installed in store 'sandbox'",
        ),
    ],
)
def test_what_a_store_says_against_a_tag(mug, messages, xml, message):
    assert messages(xml) == [message]


def test_the_children_of_a_module_fail_each_by_itself(mug, messages, read):
    complaints = messages(module(field("a") + field("a") + field("b") + "<Unknown/>" + value("b", "2")))

    assert complaints == ["A product field with the code 'a' already exists"]
    assert read("b") == "2"


def test_an_unknown_child_of_a_module_is_silent_and_reported_to_lint(accept, lint):
    accept(module("<ProductFields_Add/>"))

    assert lint() == ["unknown child element"]


def test_choices_may_repeat_and_go_with_the_type(store, accept, lint):
    choice = '<ProductFieldTypeOption_Add code="kind" value="parent"/>'
    accept(module(field("kind", "dropdown") + choice * 2))

    row = custom_fields.find(store, "product", "kind")
    assert custom_fields.choices(store, row) == ["parent", "parent"]
    assert lint() == ["choice added twice"]
    accept(module('<ProductField_Update code="kind"><FieldType>textfield</FieldType></ProductField_Update>'))
    assert custom_fields.choices(store, row) == []


def test_values_go_when_a_field_becomes_multitext(mug, accept, read):
    accept(module(field("b") + value("b", "x")))

    accept(module('<ProductField_Update code="b"><FieldType>multitext</FieldType></ProductField_Update>'))

    assert read("b") == []


def test_a_group_leaves_its_fields_behind(store, accept):
    accept(
        module(
            "<Group_Add><Code>g</Code><Name>G</Name></Group_Add>"
            "<ProductField_Add><Code>b</Code><Name>B</Name><Group>G</Group></ProductField_Add>"
        )
    )
    assert custom_fields.find(store, "product", "b")["group_id"] == 1

    accept(module('<Group_Delete code="g"/>'))

    assert custom_fields.find(store, "product", "b")["group_id"] == 0


def test_fields_of_products_and_orders_have_codes_of_their_own(store):
    custom_fields.insert(store, "product", code="note", name="N")
    custom_fields.insert(store, "order", code="note", name="N")
    field_of_orders = custom_fields.find(store, "order", "note")

    custom_fields.write(store, field_of_orders, 7, "hello")

    fields = custom_fields.all_of(store, "order")
    assert custom_fields.values(store, "order", [7, 8], fields) == {7: {"note": "hello"}, 8: {"note": ""}}


@pytest.mark.parametrize("entity", ["category", "customer"])
def test_other_records_have_fields_too(store, accept, messages, entity):
    categories.insert(store, Category(code="ada", name="A"))
    customers.insert(store, login="ada", pw_email="a@example.com", password="secret", details={})
    accept(
        module(f"<{entity}Field_Add><Code>note</Code><Name>N</Name></{entity}Field_Add>")
        + module(f'<{entity}Field_Value {entity}="ada" field="note">hello</{entity}Field_Value>')
    )

    fields = custom_fields.all_of(store, entity)
    assert custom_fields.values(store, entity, [1], fields) == {1: {"note": "hello"}}
    assert messages(module(f'<{entity}Field_Value {entity}="bob" field="note">x</{entity}Field_Value>')) == [
        f"{entity.capitalize()} 'bob' not found"
    ]


def test_an_order_is_named_by_its_number(messages):
    add = "<OrderField_Add><Code>note</Code><Name>N</Name></OrderField_Add>"

    assert messages(module(add + add + '<OrderField_Value order="1001x" field="note">x</OrderField_Value>')) == [
        "An order field with the code 'note' already exists",
        "Order '1001x' not found",
    ]


META = '<Module code="cmp-mv-prodctgy-meta" feature="component">{}</Module>'


def test_meta_texts_are_set_and_removed(store, mug, accept, messages):
    accept(META.format("<METAField_Add><Name>d</Name><Prompt>D</Prompt><Type>textarea</Type></METAField_Add>"))
    accept(META.format('<METAFieldValue_Product product_code="mug" name="D">Light.</METAFieldValue_Product>'))

    assert store.db.value("SELECT value FROM meta_values") == "Light."
    accept(META.format('<METAFieldValue_Product product_code="mug" name="d"/>'))
    assert store.db.value("SELECT count(*) FROM meta_values") == 0
    assert messages(META.format('<METAFieldValue_Product product_code="mug" name="x"/>')) == [
        "META name 'x' does not exist"
    ]
