"""What an import changes of a product, told field by field, and turned round from what JSON has kept of it."""

import json
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradepost.database.json_values import plain
from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Product, SourceImage, Variant
from tradepost.domain.catalogue.identity import IdentityPlan, Move, SkuChange
from tradepost.domain.catalogue.product_changes import (
    MOVED_IN,
    created_fields,
    differing,
    identity_fields,
    joined,
    names_of,
    sku_of,
    turned,
)
from tradepost.domain.plan import FieldChange

SKUS = ("A", "B", "C D", "E of F")


def kept(fields, *, handle="tee", is_new=False):
    """A change as the history gives it back."""
    made = changes.product_brought(handle, "Tee", fields=fields, is_new=is_new, by="brought by a.csv")
    values = json.loads(json.dumps([plain(each) for each in made.fields]))
    return replace(made, fields=tuple(FieldChange(**each) for each in values))


amounts = st.decimals(min_value=0, max_value=9999, places=2)
images = st.none() | st.builds(
    SourceImage,
    st.sampled_from(["https://a.example/1.jpg", "media:abc"]),
    st.integers(1, 3),
    st.sampled_from(["", "x"]),
)


@st.composite
def products(draw):
    skus = draw(st.lists(st.sampled_from(SKUS), min_size=1, unique=True))
    variants = tuple(
        Variant(
            sku,
            (sku.lower(),),
            draw(amounts),
            None,
            SKUS.index(sku),
            msrp=draw(st.none() | amounts),
            barcode=draw(st.sampled_from(["", "123"])),
            image=draw(images),
            is_priced=draw(st.booleans()),
        )
        for sku in sorted(skus, key=SKUS.index)
    )
    return Product(
        "tee",
        draw(st.sampled_from(["Tee", "Shirt"])),
        draw(st.sampled_from(["", "<p>x</p>"])),
        variants,
        option_names=(draw(st.sampled_from(["Size", "Color"])),),
        category=draw(st.sampled_from([(), ("Men", "Tees")])),
        images=tuple(filter(None, [draw(images)])),
        is_for_sale=draw(st.booleans()),
    )


@given(products(), products())
def test_what_an_import_did_to_a_product_is_turned_round_to_what_it_was(before, after):
    """R57: for any two products, from what JSON has of the difference."""
    change = kept(differing(before, after))
    gone = {variant.sku: (after.handle, variant) for variant in before.variants}

    back = turned(change, after, gone=gone, in_use=())

    assert back.left == ()
    assert (back.product or after) == before
    told = {each.name for each in differing(after, back.product or after)}
    assert told == {each.name for each in change.fields}


@given(products(), products(), products())
def test_what_was_changed_since_is_never_overwritten_and_every_such_field_is_told(before, after, now):
    change = kept(differing(before, after))
    gone = {variant.sku: (after.handle, variant) for variant in before.variants}

    back = turned(change, now, gone=gone, in_use=())

    if back.product is None:
        return
    for name in ("title", "description", "category", "images", "is_for_sale", "option_names"):
        values = getattr(before, name), getattr(after, name), getattr(now, name)
        expected = values[0] if values[2] == values[1] and values[0] != values[1] else values[2]
        assert getattr(back.product, name) == expected


TEE = Product(
    "tee", "Tee", "", (Variant("A", ("S",), Decimal(15), 3, 1), Variant("B", ("M",), Decimal(15), 3, 2)), ("Size",)
)


def test_a_new_product_is_told_by_its_title_its_skus_and_its_lowest_price():
    assert created_fields(TEE) == (
        FieldChange("title", None, "Tee"),
        FieldChange("variants", None, ["A", "B"]),
        FieldChange("price", None, Decimal(15)),
    )
    assert names_of(kept(created_fields(TEE), is_new=True)) == {"tee", "A", "B"}


def test_the_quantity_is_no_part_of_a_difference_and_no_unchanged_field_either():
    other = replace(TEE, variants=tuple(replace(variant, quantity=99) for variant in TEE.variants))

    assert differing(TEE, other) == ()
    assert differing(TEE, replace(TEE, variants=TEE.variants[::-1])) == ()


def test_a_handle_that_another_product_has_by_now_is_left():
    change = kept(identity_fields(IdentityPlan(renamed="tee"), "shirt"), handle="shirt")

    back = turned(change, replace(TEE, handle="shirt"), gone={}, in_use={"tee"})

    assert back.product is None
    assert back.left == ("The catalogue has another product 'tee' by now, so it keeps its handle.",)


def test_a_sku_goes_back_with_the_fields_that_are_named_by_it():
    plan = IdentityPlan(skus=(SkuChange("tee", "OLD", "A"),))
    fields = (*identity_fields(plan, "tee"), FieldChange("price of A", Decimal(12), Decimal(15)))

    back = turned(kept(fields), TEE, gone={}, in_use=())

    assert back.product is not None
    assert [(each.sku, each.price) for each in back.product.variants] == [("OLD", 12), ("B", 15)]
    assert back.identity == IdentityPlan(skus=(SkuChange("tee", "A", "OLD"),))


def test_what_took_in_variants_of_another_product_stays_whole():
    plan = IdentityPlan(moves=(Move("mug", "tee", ("B",), is_whole=False),))
    fields = (*identity_fields(plan, "tee"), FieldChange("title", "Old", "Tee"))

    assert turned(kept(fields), TEE, gone={}, in_use=()).left == (MOVED_IN,)


def test_changes_of_one_product_in_one_run_are_one_from_the_first_value_to_the_last():
    latest, first = kept([FieldChange("title", "B", "C")]), kept([FieldChange("title", "A", "B")])

    assert joined([latest, first]) == (FieldChange("title", "A", "C"),)


def test_a_change_of_a_variant_alone_is_told_from_one_of_a_product():
    assert sku_of(changes.values_brought("A", fields=[FieldChange("price of A", 1, 2)], by="")) == "A"
    assert not sku_of(kept([FieldChange("price of A", 1, 2)]))
