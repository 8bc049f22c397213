from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.listings.codes import (
    category_code,
    category_key,
    code_for,
    code_key,
    fits,
    made_up_sku,
    option_codes,
    other_codes,
    parent_code,
    slug,
)

names = st.text(min_size=1, max_size=80).filter(str.strip)


@given(names)
def test_every_code_is_one_that_a_strict_store_takes(name):
    assert fits(code_for(name))


@given(names, names)
def test_two_names_never_share_a_code(one, other):
    if one != other:
        assert code_for(one) != code_for(other)


def test_a_sku_that_fits_is_its_own_code():
    assert code_for("MH01-XS_Black") == "MH01-XS_Black"


@pytest.mark.parametrize(
    ("sku", "code"),
    [
        ("A/B", "A-B-"),
        ("Größe 42", "Gr-e-42-"),
        ("x" * 60, "x" * 41 + "-"),
    ],
)
def test_any_other_sku_is_cleaned_and_ends_in_a_hash_of_the_original(sku, code):
    made = code_for(sku)

    assert made.startswith(code)
    assert len(made) == len(code) + 8


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("x" * 50, "x" * 50),
        ("MAX!", "MAX-9b323c8c"),
        ("/A/B/", "A-B-fabe72cc"),
        ("x" * 40 + "/" * 20, "x" * 40 + "-efdab1fe"),
    ],
)
def test_a_code_is_the_same_for_ever_as_products_are_found_by_it(name, code):
    assert code_for(name) == code


def test_a_code_may_have_to_be_shorter():
    assert code_for("x" * 30, max_length=30) == "x" * 30
    assert code_for("x" * 31, max_length=30) == "x" * 21 + "-0f46e4b0"


def test_a_sku_of_foreign_letters_only_is_its_hash():
    assert len(code_for("腕時計")) == 8


def test_a_parent_keeps_apart_from_a_child_that_has_its_name():
    assert parent_code("tee", child_codes=["TEE", "tee-red"]) == "tee-parent"
    assert parent_code("tee", child_codes=["tee-red"]) == "tee"


def test_a_code_that_is_another_listings_has_others_that_are_always_the_same():
    of_article = list(islice(other_codes("TEE", "TEE", is_parent=False), 3))
    of_parent = list(islice(other_codes("tee", "tee", is_parent=True), 2))

    assert of_article == ["TEE-0a598412", "TEE-5104f496", "TEE-112793ea"]
    assert of_parent == ["tee-parent", "tee-c4b86508"]


@given(names, st.booleans())
def test_each_other_code_fits_and_is_given_once(name, is_parent):
    codes = list(islice(other_codes(name, code_for(name), is_parent=is_parent), 5))

    assert all(map(fits, codes))
    assert len({code_key(code) for code in [code_for(name), *codes]}) == 6


@given(st.lists(names, max_size=8))
def test_option_values_that_differ_get_codes_that_differ_for_a_store_too(values):
    codes = option_codes(values)

    assert len({code_key(code) for code in codes.values()}) == len(set(values))


def test_option_values_that_differ_in_case_only_get_codes_for_ever_too():
    values = ["Red", "RED", "Red", "red", "X" * 50, "x" * 50]

    assert option_codes(values) == {
        "Red": "Red",
        "RED": "RED-65cbe1e1",
        "red": "red-b1f51a51",
        "X" * 50: "X" * 50,
        "x" * 50: "x" * 41 + "-77cf1206",
    }


def test_a_made_up_sku_is_the_same_each_time():
    assert made_up_sku("tee", ["Red", " M "]) == "tee-Red-M"
    assert made_up_sku("tee", ["Red", " ", "M"]) == "tee-Red-M"


def test_a_slug_is_fit_for_an_address():
    assert slug("Enamel Mug, 0.3 l!") == "enamel-mug-0-3-l"


# --- categories -----------------------------------------------------------------------------------------------------

levels = st.text(alphabet="ab -_&>é日", min_size=1, max_size=8).filter(str.strip)
paths = st.lists(levels, min_size=1, max_size=3)


@given(paths, paths)
def test_two_paths_have_one_category_code_exactly_if_they_differ_in_case_and_blanks_only(first, second):
    keys = [[category_key(name) for name in path] for path in (first, second)]

    assert (category_code(keys[0]) == category_code(keys[1])) is (keys[0] == keys[1])


@given(st.lists(st.text(max_size=40).filter(str.strip), min_size=1, max_size=4))
def test_a_category_code_fits_a_store_and_is_its_own_key(path):
    code = category_code(map(category_key, path))

    assert fits(code)
    assert code_key(code) == code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (["Men", "Tops", "Tees"], "men_tops_tees"),
        (["Women", "T-Shirts and  More"], "women_t--shirts-and-more"),
        (["Kitchen"], "kitchen"),
    ],
)
def test_a_plain_path_can_be_read_in_its_code(path, code):
    assert category_code(map(category_key, path)) == code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (["x" * 24, "y" * 25], "x" * 24 + "_" + "y" * 25),
        (["x" * 25, "y" * 25], "x" * 25 + "_" + "y" * 15 + "-6afe3c8c"),
        (["men & more"], "men-more-a9203ada"),
        (["men", "服"], "men-6f5a473d"),
        (["x" * 40, "y!"], "x" * 40 + "-04258267"),
        (["服"], "4cf80999"),
    ],
)
def test_a_category_code_is_the_same_for_ever(path, code):
    assert category_code(path) == code
