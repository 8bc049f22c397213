"""Variants: how one is known, what it is made of, and how they are generated."""

import pytest

from miva_sandbox.state import attributes, inventory, products, variants
from miva_sandbox.state.attributes import PRODUCT

UNIT = 10**8


def attribute(code, kind="select", *, required=True, options=""):
    needed = "Yes" if required else "No"
    return (
        f"<ProductAttribute_Add product_code='tee'><Code>{code}</Code><Type>{kind}</Type><Prompt>{code}</Prompt>"
        f"<Price>1</Price><Required>{needed}</Required><Inventory>Yes</Inventory></ProductAttribute_Add>"
    ) + "".join(
        f"<ProductAttributeOption_Add product_code='tee' attribute_code='{code}'><Code>{option}</Code>"
        f"<Prompt>{option}</Prompt><Price>2</Price></ProductAttributeOption_Add>"
        for option in options.split()
    )


def product(code, **children):
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in children.items())
    return f"<Product_Add><Code>{code}</Code><Name>{code}</Name>{inside}</Product_Add>"


def option(attribute_code, option_code):
    return f"<Attribute_Option attribute_code='{attribute_code}' option_code='{option_code}'/>"


def variant(tag, options, parts="", further=""):
    listed = "".join(f"<Part product_code='{code}' quantity='{quantity}'/>" for code, quantity in parts)
    inside = f"<Options>{options}</Options>" + (f"<Parts>{listed}</Parts>" if parts else "")
    return f"<ProductVariant_{tag} product_code='tee'>{inside}{further}</ProductVariant_{tag}>"


@pytest.fixture
def tee(store, accept):
    accept(
        product("tee", Price="10")
        + product("a", Price="3", Weight="1")
        + product("b", Price="4")
        + attribute("color", options="red navy")
        + attribute("size", options="M L")
        + attribute("wrap", "checkbox", required=False)
    )
    return products.find(store, "tee")["id"]


RED_M = option("color", "red") + option("size", "M")


def ids(store):
    return [row[0] for row in store.db.rows("SELECT DISTINCT variant_id FROM product_variants ORDER BY 1")]


def test_the_same_combination_in_another_order_is_replaced_under_a_new_id(store, tee, accept):
    accept(variant("Add", RED_M, [("a", 1)]))
    accept(variant("Add", option("size", "m") + option("COLOR", "red"), [("b", 2)]))

    assert ids(store) == [2]
    assert [(part["code"], part["quantity"]) for part in variants.parts(store, tee, 2)] == [("b", 2)]


def test_a_smaller_set_of_options_is_another_variant(store, tee, accept):
    accept(variant("Add", RED_M, [("a", 1)]) + variant("Add", option("color", "red"), [("b", 1)]))

    assert ids(store) == [1, 2]


def test_an_update_keeps_the_id_and_changes_only_what_is_present(store, tee, accept):
    specific = (
        "<ProductVariantPricing><Method>specific</Method><Price>9.5</Price><Weight>2</Weight></ProductVariantPricing>"
    )
    accept(variant("Add", RED_M, [("a", 1)], specific))

    accept(variant("Update", RED_M, [("b", 3)]))

    assert [(part["code"], part["quantity"]) for part in variants.parts(store, tee, 1)] == [("b", 3)]
    assert variants.pricing(store, tee, 1) == variants.Pricing(
        method=variants.SPECIFIC, price=950_000_000, weight=2 * UNIT
    )
    accept(variant("Update", RED_M, "", "<ProductVariantPricing><Method>master</Method></ProductVariantPricing>"))
    assert variants.pricing(store, tee, 1) == variants.Pricing()


BOOLEAN = "<Attribute_Boolean attribute_code='{}' present='{}'/>"


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        (variant("Add", RED_M), "Missing required tag Parts"),
        ("<ProductVariant_Add product_code='tee'/>", "Missing required tag Options"),
        (variant("Add", "", [("a", 1)]), "One or more options must be specified"),
        (variant("Add", RED_M, further="<Parts/>"), "One or more parts must be specified"),
        (variant("Add", RED_M, [("no", 1)]), "Fatal Error: EOF: Record not found: MER-DBP-PRD-00018"),
        ("<ProductVariant_Add product_code='no'/>", "Fatal Error: EOF: Record not found: MER-DBP-PRD-00018"),
        (variant("Add", option("no", "M"), [("a", 1)]), "Fatal Error: EOF: Record not found: MER-DBP-ATT-00011"),
        (variant("Add", option("size", "XL"), [("a", 1)]), "Fatal Error: EOF: Record not found: MER-DBP-OPT-00011"),
        (
            variant("Add", RED_M, [("a", "x")]),
            "Invalid value for quantity: Please enter a whole number",
        ),
        (variant("Add", option("wrap", "x"), [("a", 1)]), "Attribute 'wrap' is not a multiple selection attribute"),
        (variant("Add", RED_M, further="<Parts><Bit/></Parts>"), "Unknown tag"),
        (variant("Update", RED_M), "A product variant with the specified options does not exist"),
        (variant("Delete", RED_M), "A product variant with the specified options does not exist"),
        (
            variant("Add", RED_M, [("a", 1)], "<ProductVariantPricing><Method>any</Method></ProductVariantPricing>"),
            "Method must be one of: master,specific,sum",
        ),
    ],
)
def test_what_a_store_says_against_a_tag(store, tee, messages, tag, message):
    assert messages(tag) == [message]
    assert ids(store) == []


def test_an_update_with_empty_parts_is_refused(tee, accept, messages):
    accept(variant("Add", RED_M, [("a", 1)]))

    assert messages(variant("Update", RED_M, further="<Parts/>")) == ["If present, one or more parts must be specified"]


def test_an_attribute_that_is_no_dimension_can_not_be_chosen(tee, accept, messages):
    accept(
        "<ProductAttribute_Add product_code='tee'><Code>note</Code><Type>text</Type><Prompt>N</Prompt>"
        "</ProductAttribute_Add>"
    )

    assert messages(variant("Add", BOOLEAN.format("note", "Yes"), [("a", 1)])) == [
        "Attribute 'note' is not an inventory attribute"
    ]


def test_containers_given_twice_count_as_absent(store, tee, accept, messages):
    accept(variant("Add", RED_M, [("a", 1)]))
    twice = "<Parts><Part product_code='b' quantity='1'/></Parts>" * 2

    assert messages(variant("Update", RED_M, further=twice)) == ["Multiple values for Parts specified, ignored"]
    assert messages(variant("Add", RED_M, further=twice)) == [
        "Multiple values for Parts specified, ignored",
        "Missing required tag Parts",
    ]
    assert [part["code"] for part in variants.parts(store, tee, 1)] == ["a"]


def test_a_check_box_is_a_dimension_of_one_or_nought(store, tee, accept):
    accept(
        variant("Add", BOOLEAN.format("wrap", "Yes"), [("a", 1)])
        + variant("Add", BOOLEAN.format("wrap", "0"), [("b", 1)])
    )

    rows = store.db.rows("SELECT variant_id, option_id FROM product_variants ORDER BY 1")
    assert [tuple(row) for row in rows] == [(1, 1), (2, 0)]


def test_a_part_listed_twice_is_stored_and_reported_to_lint(store, tee, accept, lint):
    accept(variant("Add", RED_M, [("a", 1), ("a", 1)]))

    assert store.db.value("SELECT max(part_count) FROM product_variants") == 2
    assert lint() == ["part listed twice"]


def test_the_default_variant_is_kept_by_generating_and_taken_by_deleting_all(store, tee, accept):
    accept(
        "<ProductVariant_Update_Default product_code='tee'><Parts><Part product_code='a' quantity='2'/></Parts>"
        "</ProductVariant_Update_Default><ProductVariant_Generate product_code='tee' pricing_method='sum'/>"
    )

    assert ids(store)[0] == variants.DEFAULT
    assert [part["quantity"] for part in variants.parts(store, tee, variants.DEFAULT)] == [2]
    accept("<ProductVariant_Delete_All product_code='tee'/>")
    assert ids(store) == []


def test_generating_makes_every_combination_with_its_part(store, tee, accept):
    accept("<ProductVariant_Generate product_code='tee' pricing_method='sum'/>")

    made = [row["code"] for row in store.db.rows("SELECT code FROM products WHERE id > 3 ORDER BY id")]
    assert made == [
        f"tee_{color}_{size}_wrap{mark}" for color in ("red", "navy") for size in ("M", "L") for mark in ("Y", "N")
    ]
    part = products.find(store, "tee_red_M_wrapY")
    assert (part["name"], part["price"], part["active"], part["taxable"]) == (
        "tee color:red size:M wrap:Y",
        15 * UNIT,
        0,
        1,
    )
    assert inventory.counted(store, part["id"]) == 0
    assert len(ids(store)) == 8
    assert variants.pricing(store, tee, ids(store)[0]).method == variants.SUM


def test_generating_again_reuses_the_parts_under_new_variants(store, tee, accept):
    accept("<ProductVariant_Generate product_code='tee' pricing_method='sum'/>" * 2)

    assert ids(store) == list(range(9, 17))
    assert store.db.value("SELECT count(*) FROM products") == 3 + 8


@pytest.mark.parametrize(
    ("delimiter", "codes"),
    [
        ("", ["xa", "xb", "x"]),
        ("-", ["x-a", "x-b"]),
    ],
)
def test_optional_choices_also_stand_without_an_option(store, accept, delimiter, codes):
    accept(
        product("tee").replace("<Code>tee</Code>", "<Code>x</Code>")
        + attribute("one", required=False, options="a b").replace("'tee'", "'x'")
    )
    accept(f"<ProductVariant_Generate product_code='x' pricing_method='master' delimiter='{delimiter}'/>")

    made = [row["code"] for row in store.db.rows("SELECT code FROM products WHERE id > 1 ORDER BY id")]
    assert made == [code for code in codes if code != "x"]


def test_neighbouring_optional_choices_are_told_apart_in_the_code(store, accept):
    accept(
        product("tee")
        + attribute("one", required=False, options="a b")
        + attribute("two", required=False, options="a c")
        + "<ProductVariant_Generate product_code='tee' pricing_method='master'/>"
    )

    made = [row["code"] for row in store.db.rows("SELECT code FROM products WHERE id > 1 ORDER BY id")]
    assert made == [
        "tee_one_a_two_a",
        "tee_one_a_c",
        "tee_one_a",
        "tee_b_two_a",
        "tee_b_c",
        "tee_b",
        "tee_two_a",
        "tee_c",
    ]


def test_a_code_that_would_be_too_long_becomes_a_digest(store, accept):
    accept(
        product("tee")
        + attribute("one", options="a" * 49)
        + "<ProductVariant_Generate product_code='tee' pricing_method='master'/>"
    )

    code = store.db.value("SELECT code FROM products WHERE id = 2")
    assert len(code) == 32
    assert set(code) <= set("0123456789abcdef")


def test_a_million_combinations_are_refused_and_nothing_is_lost(store, tee, accept, messages):
    accept(variant("Add", RED_M, [("a", 1)]))
    accept("".join(attribute(f"x{number}", options=" ".join("abcdefgh")) for number in range(5)))

    complaints = messages("<ProductVariant_Generate product_code='tee' pricing_method='master'/>")

    assert complaints == ["Fatal Error: MER-DBE-PVT-00001: More than 20000 combinations"]
    assert ids(store) == [1]


def test_kits_give_each_combination_the_parts_of_its_options(store, tee, accept):
    kit = (
        "<ProductKit_Update product_code='tee'>{}<Parts><Part product_code='{}' quantity='{}'/></Parts>"
        "</ProductKit_Update>"
    )
    accept(
        "<ProductAttribute_Delete product_code='tee' attribute_code='wrap'/>"
        + kit.format(option("color", "red"), "a", 1)
        + kit.format(option("size", "M"), "a", 2)
        + kit.format(option("size", "L"), "b", 1)
        + "<ProductKit_Generate_Variants product_code='tee' pricing_method='sum'/>"
    )

    found = {
        frozenset(
            attributes_code(store, tee, row["option_id"])
            for row in store.db.rows("SELECT option_id FROM product_variants WHERE variant_id = ?", (variant_id,))
        ): [(part["code"], part["quantity"]) for part in variants.parts(store, tee, variant_id)]
        for variant_id in ids(store)
    }
    assert found == {
        frozenset({"red", "M"}): [("a", 3)],
        frozenset({"red", "L"}): [("a", 1), ("b", 1)],
        frozenset({"navy", "M"}): [("a", 2)],
        frozenset({"navy", "L"}): [("b", 1)],
    }


def attributes_code(store, product_id, option_id):
    return {
        option_row["id"]: option_row["code"]
        for row in attributes.all_of(store, PRODUCT, product_id)
        for option_row in attributes.options_of(store, PRODUCT, row["id"])
    }[option_id]


def test_a_deleted_kit_brings_no_parts(store, tee, accept):
    choice = option("color", "red")
    accept(
        f"<ProductKit_Update product_code='tee'>{choice}<Parts><Part product_code='a' quantity='1'/></Parts>"
        f"</ProductKit_Update><ProductKit_Delete product_code='tee'>{choice}</ProductKit_Delete>"
        "<ProductKit_Generate_Variants product_code='tee' pricing_method='sum'/>"
    )

    assert ids(store) == []
