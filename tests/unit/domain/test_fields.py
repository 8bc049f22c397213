"""How the value of each field is made of the catalogue, and when what the store has of it is another."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fakes.articles import a_family, a_simple
from fakes.store_products import BLANK
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import (
    FIELDS,
    Group,
    custom_field_names,
    fingerprint,
    fingerprints,
    is_blank,
    is_met,
    misfit,
)
from tradepost.domain.listings.making import Category, ContentRules, ListingValues, Making, WantedImage
from tradepost.domain.plan import FieldChange
from tradepost.domain.store import StoreAttribute, StoreImage, StoreOption, StoreStock, StoreVariant

RULES = ContentRules()
FLAT = ContentRules(layout=Layout.FLAT)
SHIRTS = (Category("clothes", "Clothes"), Category("clothes_shirts", "Shirts", "clothes"))


def a_making(kind=Kind.SIMPLE, *, product=None, rules=RULES, code="mug", price="9.00", quantity=5, values=None, **more):
    product = product or (a_simple("mug") if kind is Kind.SIMPLE else a_family("tee", "S", "M"))
    variant = None if kind is Kind.PARENT else product.variants[0]
    found = ListingValues(code, Decimal(price), quantity, **(values or {}))
    return Making(product, variant, kind, found, rules, **more)


SIMPLE, PARENT, CHILD = a_making(), a_making(Kind.PARENT, code="tee"), a_making(Kind.VARIANT, code="tee-S")


def made(name, making):
    return FIELDS[name].make(making)


def with_variant(making, **more):
    return replace(making, variant=replace(making.variant, **more))


def with_product(making, **more):
    return replace(making, product=replace(making.product, **more))


def sent(name, want, *, made_of=None, unread_too=True, **on_store):
    """What is sent of a field to a product of the store: before and after, or None."""
    change = FIELDS[name].difference(replace(BLANK, **on_store), want, unread_too=unread_too, made=made_of)
    return None if change is None else (change.before, change.after)


# --- how a value is made --------------------------------------------------------------------------------------------


def test_a_variant_is_named_by_its_options_and_anything_else_by_its_title():
    two = with_variant(CHILD, options=("S", "", "Red"))

    assert [made("name", making) for making in (SIMPLE, PARENT, CHILD, two)] == ["Mug", "Tee", "Tee, S", "Tee, S, Red"]
    assert made("name", with_variant(CHILD, options=("",))) == "Tee"
    # One article's options, if a file has any, tell it from nothing.
    assert made("name", with_variant(SIMPLE, options=("S",))) == "Mug"


def test_a_name_is_as_long_as_a_store_keeps_and_ends_in_the_options():
    assert made("name", with_product(CHILD, title="T" * 97)) == "T" * 97 + ", S"
    assert made("name", with_product(CHILD, title="T" * 98)) == "T" * 97 + ", S"
    assert made("name", with_variant(CHILD, options=("O" * 97,))) == "T, " + "O" * 97
    assert made("name", with_variant(CHILD, options=("O" * 200,))) == "T, " + "O" * 97
    assert made("name", with_product(SIMPLE, title=f" {'T' * 98} T")) == "T" * 98


def test_the_sku_is_the_variants_and_of_a_parent_the_handle():
    assert [made("sku", making) for making in (SIMPLE, PARENT, CHILD)] == ["mug", "tee", "tee-S"]
    assert made("sku", with_variant(SIMPLE, sku="S" * 51)) == "S" * 50
    assert made("sku", with_variant(SIMPLE, sku=" mug ")) == "mug"


def test_only_what_has_a_page_of_its_own_has_words_for_it():
    described = {"description": " Plain. ", "page_title": " Buy it "}

    for making in (SIMPLE, PARENT, replace(CHILD, rules=FLAT)):
        page = with_product(making, **described)
        assert (made("description", page), made("page_title", page)) == ("Plain.", "Buy it")
        assert (made("is_active", page), made("is_in_search", page)) == (True, True)
    for making in (CHILD, replace(PARENT, rules=FLAT)):
        page = with_product(making, **described)
        assert (made("description", page), made("page_title", page), made("address", page)) == (None, None, None)
        assert (made("is_active", page), made("is_in_search", page)) == (False, False)


def test_a_page_without_a_title_of_its_own_has_the_products():
    assert made("page_title", SIMPLE) == "Mug"
    assert made("page_title", with_product(SIMPLE, page_title="T" * 255)) == "T" * 254


def test_a_parent_is_taxed_if_one_of_its_variants_is():
    untaxed = a_family("tee", "S", "M", taxable=False)
    mixed = replace(untaxed, variants=(untaxed.variants[0], replace(untaxed.variants[1], taxable=True)))

    assert made("is_taxable", replace(PARENT, product=mixed)) is True
    assert made("is_taxable", replace(PARENT, product=untaxed)) is False
    assert made("is_taxable", with_variant(CHILD, taxable=False)) is False


def test_price_and_stock_are_what_the_channels_rules_made_of_them_and_a_parent_has_no_stock():
    assert [made("price", making) for making in (SIMPLE, PARENT, CHILD)] == [Decimal("9.00")] * 3
    assert [made("quantity", making) for making in (SIMPLE, PARENT, CHILD)] == [5, None, 5]


@pytest.mark.parametrize(("kind", "is_said"), [(Kind.SIMPLE, True), (Kind.VARIANT, True), (Kind.PARENT, None)])
def test_that_it_goes_on_being_sold_is_said_where_it_is_so_and_of_no_parent(kind, is_said):
    assert made("sells_without_stock", a_making(kind, values={"sells_without_stock": True})) is is_said
    assert made("sells_without_stock", a_making(kind)) is None


def test_cost_weight_and_measures_are_a_variants_own():
    own = {"cost": Decimal("3.10"), "weight_grams": Decimal(210), "length": Decimal("10.456"), "height": Decimal(2)}
    making = with_variant(SIMPLE, **own)
    measuring = replace(making, rules=replace(RULES, sends_dimensions=True))

    assert (made("cost", making), made("weight_grams", making)) == (Decimal("3.10"), Decimal(210))
    assert made("dimensions", making) is None
    assert made("dimensions", measuring) == {"length": Decimal("10.46"), "height": Decimal("2.00")}
    parent = replace(PARENT, rules=measuring.rules)
    assert [made(name, parent) for name in ("cost", "weight_grams", "dimensions")] == [None, None, None]


def test_identifiers_go_into_the_custom_fields_that_the_channel_names():
    making = with_variant(SIMPLE, barcode="4006381333931", mpn="M-1", msrp=Decimal("12.5"))
    making = with_product(making, brand="Acme")
    every = {"upc": "4006381333931", "mpn": "M-1", "msrp": "12.50", "brand": "Acme"}

    assert made("custom_fields", making) == every
    assert made("custom_fields", SIMPLE) == {}
    at_home = replace(making, rules=replace(RULES, barcode_field="", mpn_field="maker"))
    assert made("custom_fields", at_home) == {"maker": "M-1", "msrp": "12.50", "brand": "Acme"}
    assert made("custom_fields", with_product(PARENT, brand="Acme")) == {"brand": "Acme"}


def test_a_channel_tells_which_custom_fields_it_sends_by_their_shown_names():
    assert custom_field_names(RULES) == {
        "product_type": "Product Type",
        "parent_code": "Parent Code",
        "upc": "UPC",
        "mpn": "MPN",
        "msrp": "MSRP",
        "brand": "Brand",
    }
    assert "brand" not in custom_field_names(replace(RULES, brand_field=""))


def test_the_fields_of_a_channel_are_apart_and_those_that_are_needed_have_a_code():
    blank = {"barcode_field": "", "mpn_field": "", "brand_field": "", "msrp_field": ""}

    assert misfit(RULES) == ""
    assert misfit(replace(RULES, **blank)) == ""
    assert "--type-field" in misfit(replace(RULES, type_field=" "))
    assert "--parent-field" in misfit(replace(RULES, **blank, parent_field=""))
    assert "both UPC and MPN" in misfit(replace(RULES, mpn_field="UPC"))


def test_a_variant_names_its_parent_and_what_has_none_any_more_says_so():
    child = replace(CHILD, parent_code="tee")

    assert made("placement", child) == {"product_type": "variant", "parent_code": "tee"}
    assert made("placement", SIMPLE) == {"product_type": "simple", "parent_code": ""}
    assert made("placement", PARENT) == {"product_type": "parent"}


def test_a_product_goes_into_the_last_category_of_its_path_if_it_has_a_page():
    assert made("categories", replace(SIMPLE, categories=SHIRTS)) == ("clothes_shirts",)
    assert made("categories", SIMPLE) == ()
    assert made("categories", replace(CHILD, categories=SHIRTS)) == ()


def test_an_address_is_of_the_handle_and_of_a_flat_variant_of_its_code_too():
    assert made("address", with_product(SIMPLE, handle="Big Mug")) == "/big-mug.html"
    assert made("address", with_product(SIMPLE, handle="???")) == "/mug.html"
    assert made("address", PARENT) == "/tee.html"
    assert made("address", replace(CHILD, rules=FLAT)) == "/tee-tee-s.html"
    assert made("address", replace(SIMPLE, rules=replace(RULES, sends_address=False))) is None


def test_images_are_sent_in_their_order_with_their_types():
    images = (WantedImage("a", "x/mug-1.png", "main"), WantedImage("b", "x/mug-2.png", ""))

    found = made("images", replace(SIMPLE, images=images))

    assert found == (StoreImage("x/mug-1.png", "main"), StoreImage("x/mug-2.png", ""))


@pytest.mark.parametrize("value", [None, "", (), {}])
def test_what_is_blank_says_nothing(value):
    assert is_blank(value)
    assert FIELDS["name"].difference(replace(BLANK, name="Mug"), value, unread_too=True) is None


@pytest.mark.parametrize("value", [0, False, Decimal(), "0", ("",), {"upc": ""}])
def test_nothing_else_is_blank(value):
    assert not is_blank(value)


# --- how it is compared ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grams", "expected"),
    [("200", None), ("200.01", None), ("199.99", None), ("200.011", "200.011"), ("199.98", "199.98")],
)
def test_a_weight_within_a_hundredth_of_a_gram_is_the_same(grams, expected):
    difference = sent("weight_grams", Decimal(200), weight_grams=Decimal(grams))

    assert difference == (None if expected is None else (Decimal(expected), Decimal(200)))


def stock(*, count=5, is_tracked=True, **more):
    return StoreStock(is_tracked=is_tracked, count=count, **more)


def test_stock_that_the_store_does_not_count_is_no_stock():
    assert sent("quantity", 5, stock=stock()) is None
    assert sent("quantity", 5, stock=stock(count=4)) == (4, 5)
    assert sent("quantity", 5, stock=stock(is_tracked=False)) == (None, 5)
    assert sent("quantity", 0, stock=stock(is_tracked=False, count=0)) == (None, 0)


def test_it_goes_on_being_sold_where_that_is_said_and_counted():
    assert sent("sells_without_stock", True, stock=stock(sells_without_stock=True)) is None
    assert sent("sells_without_stock", True, stock=stock()) == (False, True)
    assert sent("sells_without_stock", True, stock=stock(is_tracked=False, sells_without_stock=True)) == (False, True)
    assert sent("sells_without_stock", False, stock=stock(sells_without_stock=True)) == (True, False)


def test_of_several_values_those_that_differ_are_sent():
    want = {"upc": "1", "brand": "Acme", "mpn": "M"}

    assert sent("custom_fields", want, custom_fields={"upc": "1", "brand": "Other"}) == (
        {"brand": "Other", "mpn": ""},
        {"brand": "Acme", "mpn": "M"},
    )
    assert sent("custom_fields", want, custom_fields={**want, "merchants": "own"}) is None
    # A field that is to be empty, and is not there, is as it should be.
    assert sent("placement", {"parent_code": ""}, custom_fields={}) is None
    assert sent("placement", {"parent_code": ""}, custom_fields={"parent_code": "tee"}) == (
        {"parent_code": "tee"},
        {"parent_code": ""},
    )


def proven_in(code, **more):
    return replace(SIMPLE, values=replace(SIMPLE.values, proven_categories=fingerprint((code,))), **more)


def test_a_product_leaves_the_category_that_the_hub_put_it_into_and_no_other():
    found = sent("categories", ("cups",), made_of=proven_in("kitchen"), categories=frozenset({"Kitchen", "sale"}))

    assert found == (("Kitchen", "sale"), ("sale", "cups"))
    # Without knowing what is the hub's own, everything stays.
    assert sent("categories", ("cups",), categories=frozenset({"Kitchen", "sale"})) == (
        ("Kitchen", "sale"),
        ("Kitchen", "sale", "cups"),
    )


def test_a_category_is_the_same_in_any_case_and_stays_where_it_is_wanted_again():
    assert sent("categories", ("cups",), made_of=proven_in("cups"), categories=frozenset({"CUPS", "sale"})) is None
    assert sent("categories", ("cups",), categories=frozenset({"CUPS"})) is None


PATH = "x/mug-{}-0123abcd.png"


def test_what_the_hub_attached_before_leaves_and_the_merchants_own_is_not_looked_at():
    first, second, old = (StoreImage(PATH.format(place), "") for place in (1, 2, 3))
    own = StoreImage("x/photo.png", "")
    making = replace(SIMPLE, images=tuple(WantedImage("s", image.path, "") for image in (first, second)))

    assert sent("images", (first, second), made_of=making, images=(own, first, second)) is None
    assert sent("images", (first, second), made_of=making, images=(first, own, second, old)) == (
        (first, second, old),
        (first, second),
    )
    assert sent("images", (first, second), made_of=making, images=(second, first)) == ((second, first), (first, second))
    # Nothing is known of what is whose.
    assert sent("images", (first, second), images=(first, second, old)) is None


def test_while_an_image_can_not_be_had_only_what_another_replaces_leaves():
    new = StoreImage(PATH.format(1), "")
    before, missing = StoreImage("x/mug-1-ffffffff.png", ""), StoreImage("x/mug-2-ffffffff.png", "")
    making = replace(SIMPLE, images=(WantedImage("a", new.path, ""),), missing_images=("b",))

    assert sent("images", (new,), made_of=making, images=(before, missing)) == ((before,), (new,))
    assert sent("images", (new,), made_of=making, images=(new, missing)) is None
    whole = replace(making, missing_images=())
    assert sent("images", (new,), made_of=whole, images=(new, missing)) == ((new, missing), (new,))


def test_an_address_is_given_to_what_has_none():
    assert sent("address", "/mug.html", addresses=()) == (None, "/mug.html")
    assert sent("address", "/mug.html", addresses=("/cup.html",)) is None
    assert sent("address", "/mug.html", addresses=None) is None


SIZE = StoreAttribute("size", "Size", (StoreOption("s", "S"), StoreOption("m", "M")))
ENGRAVING = StoreAttribute("engraving", "Engraving", (), is_dimension=False)


@pytest.mark.parametrize(
    "have",
    [
        (SIZE,),
        (SIZE, ENGRAVING),
        (replace(SIZE, code="SIZE", prompt=" Size "),),
        (replace(SIZE, options=(StoreOption("m", "M"), StoreOption("S", "S ", is_default=True))),),
    ],
    ids=["the same", "with a question of the merchant's", "in another case", "in another order"],
)
def test_the_drop_downs_of_a_page_are_as_they_should_be(have):
    assert sent("attributes", (SIZE,), attributes=have) is None


@pytest.mark.parametrize(
    "have",
    [
        (),
        (replace(SIZE, prompt="Width"),),
        (replace(SIZE, is_required=False),),
        (replace(SIZE, is_dimension=False),),
        (replace(SIZE, options=SIZE.options[:1]),),
        (replace(SIZE, options=(*SIZE.options, StoreOption("l", "L"))),),
        (replace(SIZE, options=(StoreOption("s", "Small"), StoreOption("m", "M"))),),
        (SIZE, replace(SIZE, code="colour", prompt="Colour")),
    ],
)
def test_drop_downs_that_say_something_else_are_sent(have):
    assert sent("attributes", (SIZE,), attributes=(*have, ENGRAVING)) == (have, (SIZE,))


SMALL = StoreVariant(frozenset({("size", "s")}), ("tee-S",))
MEDIUM = StoreVariant(frozenset({("size", "m")}), ("tee-M",))


def test_each_combination_is_there_once_with_its_product_and_none_besides():
    want = (SMALL, MEDIUM)

    assert sent("variants", want, variants=(MEDIUM, replace(SMALL, part_codes=("TEE-s",)))) is None
    for have in (
        (SMALL,),
        (SMALL, SMALL, MEDIUM),
        (*want, StoreVariant(frozenset({("size", "l")}), ("tee-L",))),
        (SMALL, replace(MEDIUM, part_codes=("tee-L",))),
        (SMALL, replace(MEDIUM, pieces=2)),
    ):
        assert sent("variants", want, variants=have) == (have, want)


UNREAD = {
    "weight_grams": Decimal(1), "dimensions": {"length": Decimal(1)}, "custom_fields": {"upc": "1"},
    "variants": (SMALL,),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(UNREAD))
def test_what_the_token_can_not_read_is_sent_and_never_found_missing(name):
    assert sent(name, UNREAD[name], **{name: None}) == (None, UNREAD[name])
    assert sent(name, UNREAD[name], **{name: None}, unread_too=False) is None


def test_stock_that_the_token_can_not_read_is_sent_all_the_same():
    assert sent("quantity", 5, stock=None) == (None, 5)
    assert sent("sells_without_stock", True, stock=None) == (None, True)
    assert sent("placement", {"product_type": "simple"}, custom_fields=None) == (None, {"product_type": "simple"})


def test_what_no_store_tells_is_sent_each_time_it_is_wanted():
    assert made("variant_pricing", PARENT) == ()
    assert sent("variant_pricing", (SMALL,)) == (None, (SMALL,))
    assert sent("variant_pricing", (SMALL,), unread_too=False) is None


# --- proof ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sent_change", "left", "expected"),
    [
        ("quantity", (2, 5), 4, True),  # one was sold since
        ("quantity", (2, 5), 2, False),  # nothing has arrived
        ("quantity", (2, 5), 6, False),
        ("quantity", (2, 5), 5, False),
        ("quantity", (None, 5), 4, True),
        ("quantity", (2, None), 4, False),
        ("quantity", (2, 5), None, False),
        ("price", (2, 5), 4, False),
    ],
)
def test_stock_that_was_sold_from_meanwhile_has_arrived(name, sent_change, left, expected):
    assert is_met(FieldChange(name, *sent_change), FieldChange(name, left, sent_change[1])) is expected


# --- fingerprints ---------------------------------------------------------------------------------------------------


def differing(before, after):
    one, two = fingerprints(before), fingerprints(after)
    return {group for group in one if one[group] != two[group]}


@pytest.mark.parametrize(
    ("after", "group"),
    [
        (with_product(SIMPLE, title="Cup"), Group.TEXTS),
        (with_variant(SIMPLE, sku="cup"), Group.IDENTIFIERS),
        (with_variant(SIMPLE, barcode="1"), Group.CUSTOM_FIELDS),
        (with_variant(SIMPLE, cost=Decimal(1)), Group.COST),
        (with_variant(SIMPLE, weight_grams=Decimal(1)), Group.WEIGHT),
        (with_variant(SIMPLE, taxable=False), Group.TAX),
        (replace(SIMPLE, categories=SHIRTS), Group.CATEGORIES),
        (replace(SIMPLE, images=(WantedImage("a", "p", ""),)), Group.IMAGES),
        (replace(SIMPLE, parent_code="tee"), Group.STRUCTURE),
    ],
)
def test_each_part_of_the_content_has_a_fingerprint_of_its_own(after, group):
    assert differing(SIMPLE, after) == {group}


def test_what_a_sync_sends_is_not_in_any_fingerprint():
    after = replace(SIMPLE, values=ListingValues("mug", Decimal(99), 1, sells_without_stock=True))

    assert differing(SIMPLE, after) == set()


def test_the_fingerprint_of_images_is_of_what_the_catalogue_names():
    one = replace(SIMPLE, images=(WantedImage("a", "x/1.png", "main"),))

    assert differing(one, replace(SIMPLE, images=(WantedImage("a", "y/2.png", ""),))) == set()
    assert differing(one, replace(SIMPLE, images=(WantedImage("b", "x/1.png", "main"),))) == {Group.IMAGES}


def test_the_fingerprint_of_a_family_is_of_its_options_only_where_its_page_has_them():
    def family(**more):
        return a_making(Kind.PARENT, code="tee", product=a_family("tee", *more.pop("sizes")), **more)

    small, both = family(sizes=["S"]), family(sizes=["S", "M"])

    assert differing(small, both) == {Group.STRUCTURE}
    assert differing(family(sizes=["S"], rules=FLAT), family(sizes=["S", "M"], rules=FLAT)) == set()


def test_equal_values_have_one_fingerprint_whatever_order_they_come_in():
    one = {"b": frozenset({"x", "y", "z"}), "a": Decimal("1.50"), "c": (True, None)}
    two = {"c": [True, None], "a": Decimal("1.50"), "b": {"z", "y", "x"}}

    assert fingerprint(one) == fingerprint(two)
    assert fingerprint(one) != fingerprint({**one, "a": Decimal("1.51")})
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
    assert fingerprint({"a", "b"}) != fingerprint({"a", "c"})
    assert fingerprint("1") != fingerprint(1)
    assert fingerprint(StoreImage("a", "b")) == fingerprint(("a", "b"))
    assert len(fingerprint()) == 16
