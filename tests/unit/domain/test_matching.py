"""Which product of a store a listing means."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.matching import (
    Hits,
    LinkingPriority,
    TypeFit,
    hits_among,
    several_match,
    sku_on_store,
    type_fit,
)


class Product(NamedTuple):
    id: int
    code: str
    sku: str


@pytest.mark.parametrize(
    ("kind", "on_store", "fit"),
    [
        (Kind.SIMPLE, "simple", TypeFit.FITS),
        (Kind.SIMPLE, " Variant ", TypeFit.FITS),
        (Kind.VARIANT, "simple", TypeFit.FITS),
        (Kind.VARIANT, "parent", TypeFit.OTHER),
        (Kind.SIMPLE, "bundle", TypeFit.OTHER),
        (Kind.PARENT, "PARENT", TypeFit.FITS),
        (Kind.PARENT, "variant", TypeFit.OTHER),
        (Kind.PARENT, " ", TypeFit.UNTYPED),
        (Kind.VARIANT, "", TypeFit.UNTYPED),
    ],
)
def test_a_type_fits_what_is_sold_alike_and_a_blank_one_says_nothing(kind, on_store, fit):
    assert type_fit(kind, on_store) is fit


def test_skus_match_to_the_letter_codes_but_for_case_and_near_misses_are_kept_apart():
    exact, near, by_code, other = (
        Product(1, "a", " Mug "),
        Product(2, "b", "MUG"),
        Product(3, "MUG-1", ""),
        Product(4, "c", "cup"),
    )

    assert hits_among([exact, near, by_code, other], sku="Mug", code="mug-1") == Hits((exact,), (by_code,), (near,))


def test_a_listing_without_a_sku_is_found_by_its_code_alone():
    products = [Product(1, "a", ""), Product(2, "b", " ")]

    assert hits_among(products, sku="", code="b") == Hits((), (products[1],), ())


def test_a_sku_that_is_longer_than_a_store_keeps_is_found_by_what_it_keeps():
    long = "S" * 60

    assert sku_on_store(long) == "S" * 50
    assert hits_among([Product(1, "a", "S" * 50)], sku=long, code="x").by_sku == (Product(1, "a", "S" * 50),)


@given(st.lists(st.tuples(st.sampled_from(["", " ", "a", "A", "b"]), st.sampled_from(["a", "A", "b"]))))
def test_no_blank_matches_and_no_product_is_both_a_match_and_a_near_miss(drawn):
    products = [Product(number, code, sku) for number, (sku, code) in enumerate(drawn)]

    hits = hits_among(products, sku="a", code="a")

    assert [p for p in products if p.sku == "a"] == list(hits.by_sku)
    assert [p for p in products if p.sku == "A"] == list(hits.near)
    assert [p for p in products if p.code in {"a", "A"}] == list(hits.by_code)


SKU, CODE = LinkingPriority
A, B = Product(1, "a", "x"), Product(2, "b", "y")


@pytest.mark.parametrize(
    ("by_sku", "by_code", "first", "decides"),
    [
        ((A,), (B,), SKU, (SKU, (A,))),
        ((A,), (B,), CODE, (CODE, (B,))),
        ((), (B,), SKU, (CODE, (B,))),
        ((A,), (), CODE, (SKU, (A,))),
        ((A, B), (B,), SKU, (SKU, (A, B))),
        ((), (), SKU, (CODE, ())),
        ((), (), CODE, (SKU, ())),
    ],
)
def test_the_first_that_yields_a_hit_decides_and_nothing_falls_through(by_sku, by_code, first, decides):
    assert Hits(by_sku, by_code).deciding(first) == decides


def test_a_choice_names_the_command_that_makes_it():
    message = several_match("mug", [Product(1, "a", "mug"), Product(2, "b", "mug")])

    assert message.startswith("2 products on the store match mug: a (id 1), b (id 2).")
    assert "'tradepost listings link mug --to ID'" in message


def test_a_choice_of_many_names_the_first_five():
    message = several_match("mug", [Product(number, f"p{number}", "mug") for number in range(1, 8)])

    assert message.startswith("7 products on the store match mug: p1 (id 1), ")
    assert ("p5 (id 5)." in message, "p6" in message) == (True, False)
