"""Who the variants of a file are: known ones under another name, or new ones."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple, a_variant
from tradepost.domain.catalogue.catalogue import Product
from tradepost.domain.catalogue.identity import (
    IdentityPlan,
    KnownProduct,
    Lookalike,
    Move,
    SkuChange,
    lookalike,
    plan_identity,
)

TEE = KnownProduct("tee", {"tee-S": ("S",), "tee-M": ("M",)})


def plan(product, *known, in_use=(), **beside):
    in_use = {*in_use, *(sku for each in known for sku in each.variants)}
    return plan_identity(product, known=known, skus_in_use=in_use, **beside)


def test_what_is_as_it_was_or_wholly_new_needs_nothing():
    assert plan(a_family("tee", "S", "M"), TEE) == IdentityPlan()
    assert plan(a_simple("mug")) == IdentityPlan()


def test_a_product_that_has_all_variants_of_one_that_is_gone_is_that_one_renamed():
    shirt = Product("shirt", "Shirt", "", a_family("tee", "S", "M").variants, option_names=("Size",))

    assert plan(shirt, TEE).renamed == "tee"


def test_a_variant_with_the_same_options_and_an_unknown_sku_is_the_one_that_lost_its_sku():
    changed = Product("tee", "T", "", (a_variant("tee-S", "S"), a_variant("T-9", "M")), option_names=("Size",))

    assert plan(changed, TEE).skus == (SkuChange("tee", "tee-M", "T-9"),)
    assert plan(changed, TEE, in_use=["T-9"]).skus == ()


def test_a_simple_product_keeps_what_it_is_under_another_sku():
    mug = Product("mug", "Mug", "", (a_variant("MUG-2"),))

    assert plan(mug, KnownProduct("mug", {"MUG": ()})).skus == (SkuChange("mug", "MUG", "MUG-2"),)


def test_other_options_are_another_variant():
    larger = Product("tee", "T", "", (a_variant("tee-S", "S"), a_variant("T-9", "L")), option_names=("Size",))

    assert plan(larger, TEE) == IdentityPlan()


def test_a_product_that_a_known_one_takes_over_whole_is_merged_into_it():
    both = Product("mug", "Mug", "", (a_variant("mug", "S"), a_variant("cup", "M")), option_names=("Size",))

    found = plan(both, KnownProduct("mug", {"mug": ()}), KnownProduct("cup", {"cup": ()}))

    assert (found.renamed, found.moves) == ("", (Move("cup", "mug", ("cup",), is_whole=True),))


def test_a_part_of_a_product_that_leaves_with_the_file_moves():
    found = plan(a_simple("tee-M"), TEE, leaving=["tee"])

    assert (found.moves, found.contested) == ((Move("tee", "tee-M", ("tee-M",), is_whole=True),), {})


def test_a_part_of_another_product_moves_if_the_file_has_that_one_without_it_and_is_contested_else():
    split = a_simple("tee-M")

    assert plan(split, TEE, present={"tee"}).moves == (Move("tee", "tee-M", ("tee-M",), is_whole=False),)
    assert plan(split, TEE, named={"tee-S"}).moves == (Move("tee", "tee-M", ("tee-M",), is_whole=True),)
    assert plan(split, TEE).contested == {"tee": ("tee-M",)}


def test_a_product_that_the_file_still_brings_is_not_renamed_even_where_all_its_variants_are_taken():
    shirt = Product("shirt", "Shirt", "", a_family("tee", "S", "M").variants, option_names=("Size",))

    found = plan(shirt, TEE, present={"tee"})

    assert found == IdentityPlan(moves=(Move("tee", "shirt", ("tee-S", "tee-M"), is_whole=False),))


def test_of_two_products_that_are_gone_one_is_renamed_and_the_other_one_merged():
    both = Product("set", "Set", "", (a_variant("mug", "S"), a_variant("cup", "M")), option_names=("Size",))

    found = plan(both, KnownProduct("mug", {"mug": ()}), KnownProduct("cup", {"cup": ()}))

    assert (found.renamed, found.moves) == ("mug", (Move("cup", "set", ("cup",), is_whole=True),))


def test_a_product_of_which_nothing_is_taken_is_left_alone():
    assert plan(a_simple("mug"), TEE, present={"tee"}) == IdentityPlan()


options = st.sampled_from([("S",), ("M",), ("L",)])


@given(st.dictionaries(st.sampled_from("abcd"), options), st.dictionaries(st.sampled_from("abcdef"), options))
def test_every_sku_is_changed_once_at_most_and_only_to_a_new_one_of_the_same_options(before, after):
    product = Product("p", "P", "", tuple(a_variant(sku, *option) for sku, option in after.items()))

    found = plan(product, KnownProduct("p", before)).skus

    assert len({c.before for c in found}) == len({c.after for c in found}) == len(found)
    for change in found:
        assert change.before not in after
        assert change.after not in before
        assert before[change.before] == after[change.after]


# --- SKU and handle changed at once -----------------------------------------------------------------------------------


SHOWN = a_family("tee", "S", "M")
AGAIN = Product("shirt", "Tee", "", (a_variant("T-1", "M"), a_variant("T-2", "S")), option_names=("Size",))


def test_a_new_product_with_the_title_and_options_of_a_known_one_looks_like_it_and_both_first_skus_are_told():
    assert lookalike(AGAIN, SHOWN) == Lookalike("shirt", "tee", sku="T-1", sku_before="tee-M", is_family=True)
    assert lookalike(a_simple("mug"), replace(a_simple("cup"), title="Mug")) == Lookalike(
        "mug", "cup", sku="mug", sku_before="cup", is_family=False
    )


@pytest.mark.parametrize(
    "product",
    [
        replace(AGAIN, title="Shirt"),
        replace(AGAIN, variants=AGAIN.variants[:1]),
        replace(AGAIN, variants=(*AGAIN.variants, a_variant("T-3", "L"))),
        replace(AGAIN, variants=(AGAIN.variants[0], a_variant("T-2", "L"))),
    ],
    ids=["another title", "fewer options", "more options", "other options"],
)
def test_what_differs_in_title_or_options_is_another_article(product):
    assert lookalike(product, SHOWN) is None


def test_products_of_which_nothing_is_sold_do_not_look_alike():
    assert lookalike(replace(AGAIN, variants=()), replace(SHOWN, variants=())) is None
