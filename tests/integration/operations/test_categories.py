"""Category paths as a tree on the store, and products that move in it, up to the pages where a shopper finds them."""

import re
import warnings
from dataclasses import replace

import httpx2
import pytest

from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Pending

from .test_publish import _provision as provision

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request
    from merchantapi.client import Client

HEADER = (
    "Handle,Title,Type,Product Category,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty\n"
)
TEE = "tee,Tee,{},,Size,S,TEE-S,15.00,3\ntee,,,,,M,TEE-M,15.00,3\n"


def a_row(sku, path, *, column="Type"):
    type_, category = (path, "") if column == "Type" else ("", path)
    return f"{sku.lower()},{sku.title()},{type_},{category},,,{sku},7.90,3\n"


def tree(shop):
    """Each category's code with the names from the root down, read by Miva's own SDK."""
    full = shop.sandbox.full
    sdk = Client(shop.sandbox.endpoint, full.token, full.signature_key, {"default_store_code": "sandbox"})
    found = {row.get_id(): row for row in merchantapi.request.CategoryListLoadQuery(sdk).send().get_categories()}

    def names(row):
        parent = found.get(row.get_parent_id())
        return [*(names(parent) if parent is not None else []), row.get_name()]

    return {row.get_code(): names(row) for row in found.values()}


def shelf(shop, code):
    """The products that a shopper finds on the page of a category."""
    page = httpx2.get(f"{shop.sandbox.storefront}?Screen=CTGY&Category_Code={code}", trust_env=False).text
    return sorted(set(re.findall(r"Product_Code=([\w-]+)", page)))


def move(shop, text, *skus):
    shop.import_text(HEADER + text)
    shop.queue(Pending.OVERWRITE, *skus, groups=[Group.CATEGORIES])
    run = shop.publish()
    assert run.bad() == []
    return run


@pytest.mark.parametrize(
    ("layout", "shown"),
    [(Layout.NATIVE, ["tee"]), (Layout.FLAT, ["TEE-M", "TEE-S"]), (Layout.SIMPLE, ["TEE-M", "TEE-S"])],
)
def test_a_path_becomes_a_tree_with_the_product_on_its_last_shelf(shop, layout, shown):
    shop.settings = replace(shop.settings, rules=replace(shop.settings.rules, layout=layout))
    shop.import_text(HEADER + TEE.format("Men > Tops > Tees"))

    run = shop.publish()

    assert run.bad() == []
    assert tree(shop) == {
        "men": ["Men"],
        "men_tops": ["Men", "Tops"],
        "men_tops_tees": ["Men", "Tops", "Tees"],
    }
    assert (shelf(shop, "men_tops_tees"), shelf(shop, "men_tops")) == (shown, [])


def test_one_name_under_two_parents_is_two_categories_and_case_and_blanks_make_none(shop):
    shop.import_text(
        HEADER
        + a_row("A", "Men > Tees")
        + a_row("B", "Women > Tees")
        + a_row("C", "men >  TEES ", column="Product Category")
        + a_row("D", " > Men > > Tees >")
    )

    run = shop.publish()

    assert run.bad() == []
    assert sorted(map(tuple, tree(shop).values())) == [("Men",), ("Men", "Tees"), ("Women",), ("Women", "Tees")]
    assert (shelf(shop, "men_tees"), shelf(shop, "women_tees")) == (["A", "C", "D"], ["B"])


def test_paths_that_look_alike_are_apart(shop):
    paths = ["T Shirts", "T-Shirts", "T & Shirts", "T > Shirts", "Kids T > Shirts", "Kids > T Shirts", "日本"]

    shop.import_text(HEADER + "".join(a_row(f"P{number}", path) for number, path in enumerate(paths)))
    run = shop.publish()

    assert run.bad() == []
    found = {" > ".join(names): code for code, names in tree(shop).items()}
    assert [shelf(shop, found[path]) for path in paths] == [[f"P{number}"] for number in range(len(paths))]


def test_a_product_that_moves_leaves_the_category_that_the_hub_gave_it(shop):
    shop.import_text(HEADER + a_row("MUG", "Kitchen > Mugs"))
    shop.publish()

    run = move(shop, a_row("MUG", "Kitchen > Gifts"), "MUG")

    assert (shelf(shop, "kitchen_mugs"), shelf(shop, "kitchen_gifts")) == ([], ["MUG"])
    (change,) = [r.change for r in run.results if r.change.touches("categories")]
    assert [(field.before, field.after) for field in change.fields] == [(("kitchen_mugs",), ("kitchen_gifts",))]
    assert move(shop, a_row("MUG", "Kitchen > Mugs"), "MUG").bad() == []
    assert (shelf(shop, "kitchen_mugs"), shelf(shop, "kitchen_gifts")) == (["MUG"], [])


def test_a_category_that_is_renamed_in_the_catalogue_takes_its_products_along(shop):
    shop.import_text(HEADER + a_row("MUG", "Kitchen > Mugs") + a_row("CUP", "Kitchen > Mugs"))
    shop.publish()

    move(shop, a_row("MUG", "Kitchen > Cups & Mugs") + a_row("CUP", "Kitchen > Cups & Mugs"), "MUG", "CUP")

    renamed = next(code for code, names in tree(shop).items() if names == ["Kitchen", "Cups & Mugs"])
    assert (shelf(shop, "kitchen_mugs"), shelf(shop, renamed)) == ([], ["CUP", "MUG"])


def test_a_category_that_the_merchant_assigned_by_hand_stays(shop):
    shop.import_text(HEADER + a_row("MUG", "Kitchen"))
    shop.publish()
    provision(
        shop,
        "<Category_Add><Code>sale</Code><Name>Sale</Name></Category_Add>"
        '<CategoryProduct_Assign category_code="sale" product_code="MUG"/>',
    )

    move(shop, a_row("MUG", "Gifts"), "MUG")

    assert [shelf(shop, code) for code in ("kitchen", "gifts", "sale")] == [[], ["MUG"], ["MUG"]]


def test_a_product_of_the_merchants_that_was_linked_leaves_none_of_its_categories(shop):
    provision(
        shop,
        "<Product_Add><Code>MUG</Code><SKU>MUG</SKU><Name>Their mug</Name><Price>9.00</Price></Product_Add>"
        "<Category_Add><Code>theirs</Code><Name>Theirs</Name></Category_Add>"
        '<CategoryProduct_Assign category_code="theirs" product_code="MUG"/>',
    )
    shop.import_text(HEADER + a_row("MUG", "Kitchen"))
    shop.publish()

    move(shop, a_row("MUG", "Gifts"), "MUG")

    assert (shelf(shop, "theirs"), shelf(shop, "gifts")) == (["MUG"], ["MUG"])


def test_a_product_without_a_category_in_the_catalogue_stays_where_it_is(shop):
    shop.import_text(HEADER + a_row("MUG", "Kitchen"))
    shop.publish()

    move(shop, a_row("MUG", ""), "MUG")

    assert shelf(shop, "kitchen") == ["MUG"]


def test_a_category_renamed_on_the_store_keeps_its_products_and_its_name(shop):
    shop.import_text(HEADER + a_row("MUG", "Kitchen"))
    shop.publish()
    provision(shop, '<Category_Update code="kitchen"><Name>Cooking</Name></Category_Update>')

    move(shop, a_row("MUG", "Kitchen") + a_row("CUP", "Kitchen"), "MUG")

    assert (tree(shop), shelf(shop, "kitchen")) == ({"kitchen": ["Cooking"]}, ["CUP", "MUG"])


def test_a_category_that_the_merchant_deleted_is_made_again_when_it_is_needed(shop):
    shop.import_text(HEADER + a_row("MUG", "Kitchen > Mugs"))
    shop.publish()
    provision(shop, '<Category_Delete code="kitchen"/><Category_Delete code="kitchen_mugs"/>')
    shop.import_text(HEADER + a_row("MUG", "Kitchen > Mugs") + a_row("CUP", "Kitchen > Mugs"))

    run = shop.publish()

    assert run.bad() == []
    assert (tree(shop)["kitchen_mugs"], shelf(shop, "kitchen_mugs")) == (["Kitchen", "Mugs"], ["CUP"])
