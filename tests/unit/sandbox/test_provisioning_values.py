"""How provisioning reads dates, encoded texts, weights and the like; and URIs and shipping rules, which need them."""

import time
from decimal import Decimal

import pytest
from lxml import etree

from miva_sandbox.provisioning import values
from miva_sandbox.provisioning.document import Element
from miva_sandbox.provisioning.values import Unreadable
from miva_sandbox.state import products, shipping_rules
from miva_sandbox.state.products import Product

NOW = 1_767_225_600


def date(inside, attributes=""):
    return values.date(Element(etree.fromstring(f"<D {attributes}>{inside}</D>")), now=NOW)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("1767225600", 1_767_225_600),
        ("2026-01-01T09:30:00-05:00", 1_767_277_800),
        ("2026-01-01t09:30:00.25z", 1_767_259_800),
    ],
)
def test_a_date_is_seconds_or_rfc_3339(inside, expected):
    assert date(inside) == expected


def test_a_structured_date_is_local_and_at_noon_by_default():
    noon = time.mktime((2026, 1, 31, 12, 0, 0, 0, 0, -1))

    assert date("<Day>31</Day><Month>1</Month><Year>2026</Year>") == noon


def test_a_relative_date_counts_from_now():
    assert date("<Day>1</Day><Hour>2</Hour>", "relative='Yes'") == NOW + 26 * 3600
    assert date("<Month>1</Month>", "relative='Yes'") == NOW + 31 * 86400


@pytest.mark.parametrize(
    "inside",
    ["", "tomorrow", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "9" * 30, "<Day>1</Day>",
     "<Day>31</Day><Month>2</Month><Year>2026</Year>", "<Day>1</Day><Month>1</Month><Year>99999</Year>"],
)  # fmt: skip
def test_anything_else_is_no_date(inside):
    with pytest.raises(Unreadable, match="Invalid Date/Time"):
        date(inside)


@pytest.mark.parametrize("word", ["yes", "TRUE", "1", "Yes"])
def test_words_for_true(word):
    assert values.boolean(word) is True


@pytest.mark.parametrize(("text", "number"), [("-5", -5), ("007", 7), ("2147483647", 2147483647)])
def test_whole_numbers(text, number):
    assert values.integer(text) == number


@pytest.mark.parametrize("text", ["", "1.0", "+5", "1e3", "٣", "9" * 5000, "--1"])
def test_what_is_no_whole_number(text):
    with pytest.raises(Unreadable):
        values.integer(text)


@pytest.mark.parametrize(
    ("text", "number"), [("7.90", "7.9"), (".5", "0.5"), ("5.", "5"), ("-3", "-3"), ("0001.50000000000", "1.5")]
)
def test_decimals(text, number):
    assert values.decimal(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", ".", "-", "$5", "1 000", "1e5", "NaN", "Infinity", "½"])
def test_what_is_no_decimal(text):
    with pytest.raises(Unreadable, match="Please enter a number"):
        values.decimal(text)


def test_one_digit_is_not_plural():
    with pytest.raises(Unreadable, match="with 1 digit or less to the left"):
        values.decimal("12", left=1)


@pytest.mark.parametrize(("unit", "weight"), [("kg", "2.20462262"), ("oz", "0.0625"), ("lb", "1"), ("g", "0.00220462")])
def test_weights_are_converted_to_the_stores_unit(store, unit, weight):
    assert values.converted_weight(Decimal(1), unit=unit, store=store) == Decimal(weight)


def test_an_encoded_text_keeps_its_white_space(store, accept, messages):
    accept(
        "<Product_Add><Code>a</Code><Name>A</Name><Description encoding='base64'>IDxwPiAg&#10; w6kgPC9wPgo="
        "</Description></Product_Add>"
    )

    assert products.find(store, "a")["descrip"] == " <p>  é </p>\n"
    assert messages("<Product_Update code='a'><SKU encoding='rot13'>n</SKU></Product_Update>") == [
        "encoding must be one of: base64"
    ]


@pytest.fixture
def mug(store):
    return products.insert(store, Product(code="mug", name="Mug"))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ('uri="mug" product_code="mug" canonical="1"', "Invalid URI 'mug'"),
        ('uri="/a b" product_code="mug" canonical="1"', "Invalid URI '/a b'"),
        ('uri="/mug.html" product_code="mug" canonical="1"', "URI '/mug.html' is already in use"),
        ('uri="/m" product_code="no" canonical="1"', "Product 'no' does not exist"),
        ('uri="/m" product_code="mug" status="404"', "status must be one of: 200,301,302,303,307"),
        (
            'uri="/m" product_code="mug" canonical="x"',
            "Invalid value for canonical: Boolean values must be Yes/No, True/False, or 0/1",
        ),
    ],
)
def test_a_uri_is_checked(mug, messages, attributes, message):
    assert messages(f"<URI_Add {attributes}/>") == [message]


def test_a_new_canonical_uri_retires_the_old_one(store, mug, accept):
    accept('<URI_Add uri="/m" product_code="mug" canonical="1"/>')

    rows = store.db.rows("SELECT uri, canonical, status FROM uris ORDER BY id")
    assert [tuple(row) for row in rows] == [("/mug.html", 0, 301), ("/m", 1, 200)]
    accept('<URI_Delete uri="/m"/><URI_Delete_All product_code="mug"/>')
    assert store.db.value("SELECT count(*) FROM uris") == 0


def rules(inside):
    return f'<ProductShippingRules_Update product_code="mug">{inside}</ProductShippingRules_Update>'


def test_shipping_rules_change_in_part_and_vanish_with_the_defaults(store, mug, accept):
    accept(rules("<Width>2.5</Width><HSCode>6912.00</HSCode>") + rules("<Height>1</Height>"))

    found = shipping_rules.find(store, mug)
    assert (found.width, found.height, found.hscode) == (250, 100, "6912.00")
    accept(rules("<Width>0</Width><Height>0</Height><HSCode/>"))
    assert store.db.value("SELECT count(*) FROM product_shipping_rules") == 0


def test_a_list_of_methods_is_replaced_and_a_bad_one_leaves_the_rules_in_force(store, mug, accept, messages):
    method = '<ShippingMethod module_code="flatrate" method_code="{}"/>'
    accept(rules(f"<ShippingMethods>{method.format('a')}{method.format('b')}</ShippingMethods>"))
    accept(rules(f"<ShippingMethods>{method.format('c')}</ShippingMethods>"))

    assert messages(rules("<Width>3</Width><ShippingMethods><Method/></ShippingMethods>")) == ["Unknown tag"]
    assert shipping_rules.methods(store, mug) == [("flatrate", "c")]
    assert shipping_rules.find(store, mug).width == 300


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<CountryOfOrigin>USA</CountryOfOrigin>", "Value for CountryOfOrigin must be 2 characters or less"),
        (
            "<Width>1.234</Width>",
            "Invalid value for Width: Please specify a number with 2 digits or less to the right of the decimal point",
        ),
    ],
)
def test_shipping_rules_are_checked(mug, messages, inside, message):
    assert messages(rules(inside)) == [message]
