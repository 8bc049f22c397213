"""The difference between what is wanted and what the store has, which plans a publish and proves it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.store import MemoryStore
from tradepost.domain.catalogue.catalogue import ImageFile, Kind, Product, SourceImage, Variant
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import ALL_GROUPS, CONTENT_GROUPS, Group, fingerprints, group_of
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.content import Scope, category_path, difference, listing_codes, wanted_unit
from tradepost.domain.listings.making import ContentRules, ListingValues
from tradepost.domain.plan import Action
from tradepost.domain.store import StoreImage, StoreOption

RULES = ContentRules()
FILE = ImageFile("https://images.example/tee.jpg", "ab" * 32, "jpg", 1234)


def a_variant(sku, *options, price="15.00", quantity=5, position=1):
    return Variant(
        sku=sku,
        options=options,
        price=Decimal(price),
        quantity=quantity,
        position=position,
        barcode="400638100001",
        weight_grams=Decimal(400),
    )


TEE = Product(
    handle="tee",
    title="Cotton Tee",
    description="<p>Plain &amp; light</p> ",
    option_names=("Colour", "Size"),
    variants=(
        a_variant("TEE-RED-M", "Red", "M"),
        a_variant("TEE-RED-L", "Red", "L"),
        a_variant("TEE/NAVY L", "Navy", "L", price="16.50"),
    ),
    brand="Acme",
    category=("Shirts",),
    images=(SourceImage(FILE.source, 1),),
)
MUG = Product(handle="mug", title="Mug", description="", variants=(a_variant("MUG"),), category=("Kitchen",))


def build(product, *, rules=RULES, skus=None, files=None):
    codes = listing_codes(product.handle, [each.sku for each in product.variants], is_family=product.is_family)
    prices = [variant.price for variant in product.variants]
    values = {
        variant.sku: ListingValues(codes[variant.sku], variant.price, variant.quantity)
        for variant in product.variants
        if skus is None or variant.sku in skus
    }
    if product.is_family:
        values[""] = ListingValues(codes[""], min(prices), None)
    return wanted_unit(product, rules=rules, values=values, files={FILE.source: FILE} if files is None else files)


def everything(unit, groups=ALL_GROUPS):
    keys = {code_key(product.code) for product in unit.products}
    return Scope(groups=dict.fromkeys(keys, groups), creates=frozenset(keys))


def test_a_family_becomes_a_parent_with_drop_downs_and_a_child_for_each_variant():
    unit = build(TEE)

    assert [(p.kind, p["is_active"], p["is_in_search"], p["quantity"]) for p in unit.products] == [
        (Kind.PARENT, True, True, None),
        (Kind.VARIANT, False, False, 5),
        (Kind.VARIANT, False, False, 5),
        (Kind.VARIANT, False, False, 5),
    ]
    assert [(a.code, [o.prompt for o in a.options]) for a in unit.root["attributes"]] == [
        ("Colour", ["Red", "Navy"]),
        ("Size", ["M", "L"]),
    ]
    assert [sorted(variant.options) for variant in unit.root["variants"]][2] == [("Colour", "Navy"), ("Size", "L")]
    assert unit.products[3].code.startswith("TEE-NAVY-L-")
    assert unit.products[3]["sku"] == "TEE/NAVY L"


def test_a_child_names_its_parent_and_carries_the_identifiers():
    child = build(TEE).products[1]

    assert child["placement"] == {"product_type": "variant", "parent_code": "tee"}
    assert child["custom_fields"] == {"upc": "400638100001", "brand": "Acme"}


def test_a_product_without_options_is_simple_and_has_its_own_page():
    (mug,) = build(MUG).products

    assert (mug.kind, mug.code, mug["is_active"]) == (Kind.SIMPLE, "MUG", True)
    # What has no parent any more must not go on naming one.
    assert mug["placement"] == {"product_type": "simple", "parent_code": ""}


def test_each_sku_gets_a_code_and_only_a_family_one_for_its_parent():
    assert listing_codes("mug", ["MUG"], is_family=False) == {"MUG": "MUG"}
    assert listing_codes("tee", ["TEE-S", "TEE"], is_family=True) == {"TEE-S": "TEE-S", "TEE": "TEE", "": "tee-parent"}


def test_in_a_flat_channel_children_have_pages_and_the_parent_has_no_drop_downs():
    unit = build(TEE, rules=replace(RULES, layout=Layout.FLAT))

    assert [product["is_active"] for product in unit.products] == [False, True, True, True]
    assert (unit.root["attributes"], unit.root["variants"]) == ((), ())


def test_option_codes_do_not_depend_on_which_variants_are_published():
    all_of_them = build(TEE)
    one = build(TEE, skus={"TEE/NAVY L"})

    assert one.root["variants"][0] == all_of_them.root["variants"][2]
    assert one.root["attributes"][0].options == (StoreOption("Navy", "Navy"),)


def test_an_empty_store_gets_one_creation_for_each_product():
    unit = difference(build(TEE), seen={}, scope=everything(build(TEE)))

    assert [(change.action, change.subject.key) for change in unit.changes][:2] == [
        (Action.CREATE, "tee"),
        (Action.CREATE, "TEE-RED-M"),
    ]
    assert unit.changes[0].after("images") == (StoreImage("graphics/is-images/tee-1-abababab.jpg", "main"),)


@pytest.mark.parametrize("product", [TEE, MUG])
@pytest.mark.parametrize("reads_stock", [True, False])
def test_what_was_applied_as_planned_compares_to_nothing(product, reads_stock):
    store = MemoryStore(reads_stock=reads_stock)
    wanted = build(product)
    scope = everything(wanted)

    store.apply(difference(wanted, seen=store.products, scope=scope))

    rest = difference(wanted, seen=store.products, scope=replace(scope, unread_too=False))
    assert rest.changes == ()


products = st.builds(
    lambda title, brand, variants, is_family: Product(
        handle="p",
        title=title,
        description=title * 2,
        option_names=("Size",) if is_family else (),
        variants=tuple(
            a_variant(f"P-{number}", *([f"V{number}"] if is_family else []), price=price, quantity=quantity)
            for number, (price, quantity) in enumerate(variants if is_family else variants[:1])
        ),
        brand=brand,
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=150).filter(
        lambda text: text.strip() == text and text
    ),
    st.sampled_from(["", "Acme", "Ümläut & Co"]),
    st.lists(st.tuples(st.decimals(0, 9999, places=2), st.none() | st.integers(0, 99)), min_size=1, max_size=4),
    st.booleans(),
)


@given(products, products)
def test_from_any_state_one_pass_of_changes_is_enough(before, after):
    store = MemoryStore()
    first = build(before, files={})
    store.apply(difference(first, seen={}, scope=everything(first)))
    wanted = build(after, files={})
    scope = everything(wanted)

    store.apply(difference(wanted, seen=store.products, scope=scope))

    assert difference(wanted, seen=store.products, scope=scope).changes == ()


@pytest.mark.parametrize("group", sorted(CONTENT_GROUPS - {Group.STRUCTURE}))
def test_an_overwrite_touches_only_the_groups_that_were_asked_for(group):
    store = MemoryStore()
    first = build(MUG)
    store.apply(difference(first, seen={}, scope=everything(first)))
    changed = replace(
        MUG,
        title="Big Mug",
        category=("Gifts",),
        brand="Other",
        images=TEE.images,
        variants=(replace(MUG.variants[0], weight_grams=Decimal(900), price=Decimal(99), barcode="1"),),
    )
    wanted = build(changed)

    unit = difference(wanted, seen=store.products, scope=everything(wanted, frozenset({group})))

    assert {group_of(field.name) for change in unit.changes for field in change.fields} <= {group}


def test_a_blank_value_never_erases_what_the_store_has():
    store = MemoryStore()
    first = build(TEE)
    store.apply(difference(first, seen={}, scope=everything(first)))
    blank = build(replace(TEE, description="", brand="", category=(), images=()))

    unit = difference(blank, seen=store.products, scope=everything(blank))

    assert unit.changes == ()


def test_a_stock_that_cannot_be_read_is_sent_when_planning_and_not_missed_when_proving():
    store = MemoryStore(reads_stock=False)
    wanted = build(MUG)
    scope = everything(wanted)
    store.apply(difference(wanted, seen={}, scope=scope))

    again = difference(wanted, seen=store.products, scope=scope)

    assert [field.name for change in again.changes for field in change.fields] == ["quantity"]
    assert difference(wanted, seen=store.products, scope=replace(scope, unread_too=False)).is_empty


def test_a_weight_that_the_store_rounded_in_its_own_unit_is_no_difference():
    store = MemoryStore()
    wanted = build(MUG)
    store.apply(difference(wanted, seen={}, scope=everything(wanted)))
    there = store.shelf.by_key["mug"]
    store.shelf.by_key["mug"] = replace(there, weight_grams=Decimal("399.99999988"))

    assert difference(wanted, seen=store.products, scope=everything(wanted)).is_empty


def test_a_new_image_gets_a_new_name():
    other = replace(FILE, checksum="cd" * 32)

    one = build(TEE).root["images"][0].path
    two = build(TEE, files={FILE.source: other}).root["images"][0].path

    assert one != two


def test_the_end_of_a_long_name_still_tells_variants_apart():
    unit = build(replace(TEE, title="Long " * 30))

    names = [product["name"] for product in unit.products[1:]]
    assert all(len(name) <= 100 for name in names)
    assert len(set(names)) == 3


def test_a_fingerprint_changes_with_its_own_group_only():
    before = build(MUG)
    after = build(replace(MUG, title="Big Mug"))

    one = fingerprints(before.root.made)
    two = fingerprints(after.root.made)

    assert {group for group in one if one[group] != two[group]} == {Group.TEXTS}


def test_a_path_of_categories_goes_from_the_root_down_and_blanks_are_none():
    path = category_path(["Men", " ", "T-Shirts  &  Co", "x" * 101])

    assert [(category.name, category.parent_code) for category in path] == [
        ("Men", ""),
        ("T-Shirts & Co", path[0].code),
        ("x" * 100, path[1].code),
    ]
    assert len({category.code for category in path}) == 3
    assert category_path(["MEN"])[0].code == category_path([" men "])[0].code
    assert category_path(["Shirts", "Men"])[1].code != category_path(["Men"])[0].code


def an_image(name):
    return replace(FILE, source=f"https://images.example/{name}.jpg", checksum=name * 64)


def test_the_first_image_that_can_be_had_is_the_main_one_and_each_keeps_its_place():
    one, two, three = (an_image(name) for name in "abc")
    images = tuple(SourceImage(file.source, place) for place, file in enumerate((one, two, three, two), start=1))
    rules = replace(RULES, image_type="Detail")

    (mug,) = build(replace(MUG, images=images), rules=rules, files={two.source: two, three.source: three}).products

    assert mug["images"] == (
        StoreImage("graphics/is-images/mug-2-bbbbbbbb.jpg", "detail"),
        StoreImage("graphics/is-images/mug-3-cccccccc.jpg", ""),
        StoreImage("graphics/is-images/mug-4-bbbbbbbb.jpg", ""),
    )
    assert mug.made.missing_images == (one.source,)


def test_a_variant_has_its_own_image_and_the_family_its_own():
    own = an_image("d")
    variants = (replace(TEE.variants[0], image=SourceImage(own.source, 1)), *TEE.variants[1:])

    unit = build(replace(TEE, variants=variants), files={FILE.source: FILE, own.source: own})

    assert [[image.path.rpartition("/")[2] for image in product["images"]] for product in unit.products] == [
        ["tee-1-abababab.jpg"],
        ["tee-red-m-1-dddddddd.jpg"],
        [],
        [],
    ]


def test_a_family_of_which_no_variant_takes_part_is_its_parent_alone():
    unit = build(TEE, skus=set())

    assert [(product.kind, product.code) for product in unit.products] == [(Kind.PARENT, "tee")]
    assert [attribute.options for attribute in unit.root["attributes"]] == [(), ()]


def test_a_product_of_a_unit_is_found_by_its_code_in_any_case():
    unit = build(TEE)

    assert unit.product(" tee-red-M") is unit.products[1]
    assert unit.root is unit.products[0]
    assert unit.product("TEE").listing_id is None


def test_only_what_is_named_is_compared_and_only_what_may_be_made_is_made():
    wanted = build(TEE)
    whole = everything(wanted)

    one = difference(wanted, seen={}, scope=replace(whole, groups={"tee-red-m": ALL_GROUPS}), reason="asked")
    none = difference(wanted, seen={}, scope=replace(whole, creates=frozenset()))

    assert [(change.subject.key, change.reason) for change in one.changes] == [("TEE-RED-M", "asked")]
    assert (one.key, none.key, none.changes) == ("tee", "tee", ())


def test_what_is_made_is_given_what_it_has_and_nothing_blank():
    unit = difference(build(MUG), seen={}, scope=everything(build(MUG)))

    given = {field.name: field.after for field in unit.changes[0].fields}
    assert given["placement"] == {"product_type": "simple"}
    assert {"description", "images", "attributes", "variants", "cost"}.isdisjoint(given)
    assert unit.changes[0].subject.label == "Mug"


def test_a_change_of_what_is_there_says_why_and_of_which_listing():
    store = MemoryStore()
    wanted = build(MUG)
    store.apply(difference(wanted, seen={}, scope=everything(wanted)))
    mug = ListingValues("MUG", Decimal("15.00"), 5, listing_id=7)
    renamed = wanted_unit(replace(MUG, title="Cup"), rules=RULES, values={"MUG": mug}, files={})

    (change,) = difference(renamed, seen=store.products, scope=everything(renamed), reason="asked").changes

    assert (change.action, change.reason, change.listing_id) == (Action.UPDATE, "asked", 7)
    assert {field.name: (field.before, field.after) for field in change.fields} == {
        "name": ("Mug", "Cup"),
        "page_title": ("Mug", "Cup"),
    }
