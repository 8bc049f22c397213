"""A page is recognised by its names and by the products behind it, and keeps its own codes."""

import re
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_store_product
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.fields import FIELDS
from tradepost.domain.listings.structure import Structure, fitted, structure_mark
from tradepost.domain.store import StoreAttribute, StoreOption, StoreVariant

NAMES = ("Red", "red", "Navy", "S", "M")


def a_structure(names, variants, *, prefix=""):
    """`variants`: values by product; codes are the names, behind a prefix."""
    attributes = tuple(
        StoreAttribute(
            prefix + name,
            name,
            tuple(
                StoreOption(prefix + value, value)
                for value in dict.fromkeys(values[position] for values in variants.values())
            ),
        )
        for position, name in enumerate(names)
    )
    combinations = tuple(
        StoreVariant(
            frozenset((prefix + name, prefix + value) for name, value in zip(names, values, strict=True)), (product,)
        )
        for product, values in variants.items()
    )
    return Structure(attributes, combinations)


def a_page(structure):
    return a_store_product(1, "tee", attributes=structure.attributes, variants=structure.variants)


def distinct(values):
    return len(set(values)) == len(values)


# Codes are unlike for values that are alike but for case, as `codes.option_codes` makes them.
CODED = {"red": "red-2"}
shapes = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1
).filter(lambda variants: distinct(list(variants.values())))
names = st.permutations(["Colour", "Size", "Cut"]).map(lambda three: tuple(three[:2]))


def coded(structure):
    def code(text):
        return CODED.get(text, text)

    return Structure(
        tuple(
            replace(a, options=tuple(replace(o, code=code(o.code)) for o in a.options)) for a in structure.attributes
        ),
        tuple(replace(v, options=frozenset((a, code(o)) for a, o in v.options)) for v in structure.variants),
    )


def said(structure):
    """What a shopper reads and gets: prompts by product, whatever the codes."""
    prompts = {
        (attribute.code, option.code): (attribute.prompt, option.prompt)
        for attribute in structure.attributes
        for option in attribute.options
    }
    return {variant.part_codes: {prompts[pair] for pair in variant.options} for variant in structure.variants}


@given(names, shapes, names, shapes)
def test_a_fitted_page_says_what_the_catalogue_says_and_fits_as_it_is(old_names, old, new_names, new):
    page = a_page(coded(a_structure(old_names, old)))
    wanted = coded(a_structure(new_names, new))

    structure = fitted(wanted, page, keeps_rest=False)

    assert said(structure) == said(wanted)
    codes = [[option.code.casefold() for option in attribute.options] for attribute in structure.attributes]
    assert all(map(distinct, codes))
    again = fitted(wanted, a_page(structure), keeps_rest=False)
    assert FIELDS["attributes"].compare(structure.attributes, again.attributes) is None
    assert FIELDS["variants"].compare(structure.variants, again.variants) is None


def test_a_page_of_other_codes_keeps_them():
    variants = {"a": ("Red", "M"), "b": ("Red", "S")}
    page = a_structure(("Colour", "Size"), variants, prefix="x-")

    assert fitted(a_structure(("Colour", "Size"), variants), a_page(page), keeps_rest=False) == page


def test_an_option_that_another_article_has_under_the_same_code_is_not_taken_over():
    page = Structure(
        (StoreAttribute("Colour", "Colour", (StoreOption("Red", "Crimson"),)),),
        (StoreVariant(frozenset({("Colour", "Red")}), ("a",)),),
    )

    structure = fitted(a_structure(("Colour",), {"b": ("Red",)}), a_page(page), keeps_rest=False)

    (option,) = structure.attributes[0].options
    assert option.prompt == "Red"
    assert re.fullmatch("Red-[0-9a-f]{8}", option.code)


def digest(text):
    return sha256(text.encode()).hexdigest()[:8]


def test_a_code_is_made_until_nothing_on_the_page_has_it():
    page = a_structure(("Colour",), {"x": ("Red",), "y": (f"Red-{digest('Red')}",)})
    options = tuple(replace(option, prompt=f"Other {option.code}") for option in page.attributes[0].options)
    page = replace(page, attributes=(replace(page.attributes[0], options=options),))

    structure = fitted(a_structure(("Colour",), {"b": ("Red",)}), a_page(page), keeps_rest=False)

    assert structure.attributes[0].options == (StoreOption(f"Red-{digest('Red1')}", "Red"),)


def test_two_new_options_never_get_one_code_though_one_is_called_as_the_other_is_coded():
    page = a_lone_choice(("Colour", "Colour"), ("Red", "Crimson"))
    wanted = a_structure(("Colour",), {"b": ("Red",), "c": (f"Red-{digest('Red')}",)})

    structure = fitted(wanted, a_page(page), keeps_rest=False)

    assert distinct([option.code for option in structure.attributes[0].options])
    assert said(structure) == said(wanted)


def test_two_new_attributes_never_get_one_code_either():
    """What the page has under the first one's code is no attribute of the catalogue's, as another one fits it."""
    coded_size = f"Size-{digest('Size')}"
    page = Structure((StoreAttribute("Size", "Cut", ()),), ())
    wanted = a_structure(("Size", coded_size, "Cut"), {"b": ("S", "M", "L")})

    structure = fitted(wanted, a_page(page), keeps_rest=False)

    assert [attribute.prompt for attribute in structure.attributes] == ["Size", coded_size, "Cut"]
    assert structure.attributes[2].code == "Size"
    assert distinct([attribute.code for attribute in structure.attributes])


def test_a_new_code_is_no_longer_than_a_code_may_be():
    name = "x" * 50
    page = a_lone_choice(("Colour", "Colour"), (name, "Something else"))

    structure = fitted(a_structure(("Colour",), {"b": (name,)}), a_page(page), keeps_rest=False)

    assert re.fullmatch("x{41}-[0-9a-f]{8}", structure.attributes[0].options[0].code)


def test_what_a_merchants_page_has_besides_is_kept_and_nothing_is_renamed():
    page = a_structure(("Colour",), {"a": ("Red",), "x": ("Gold",)})
    page = replace(page, attributes=(replace(page.attributes[0], prompt="colour", is_required=False),))

    structure = fitted(a_structure(("Colour",), {"a": ("Red",), "b": ("Navy",)}), a_page(page), keeps_rest=True)

    (attribute,) = structure.attributes
    assert (attribute.prompt, attribute.is_required) == ("colour", False)
    assert sorted(option.code for option in attribute.options) == ["Gold", "Navy", "Red"]
    assert sorted(variant.part_codes for variant in structure.variants) == [("a",), ("b",), ("x",)]


def test_what_a_merchants_page_asks_besides_is_asked_still():
    engraving = StoreAttribute("engraving", "Engraving", (StoreOption("yes", "Yes"),), is_dimension=False)
    page = a_structure(("Colour",), {"a": ("Red",)})
    wanted = a_structure(("Colour",), {"a": ("Red",)})

    structure = fitted(wanted, a_page(replace(page, attributes=(*page.attributes, engraving))), keeps_rest=True)

    assert structure.attributes == (*wanted.attributes, engraving)


def test_a_question_that_tells_no_product_apart_is_not_taken_for_an_option_that_all_share():
    engraving = StoreAttribute("engraving", "Engraving", (StoreOption("yes", "Yes"),), is_dimension=False)
    page = a_structure(("Colour",), {"a": ("Red",), "b": ("Navy",)})
    wanted = a_structure(("Colour", "Size"), {"a": ("Red", "S"), "b": ("Navy", "S")})

    structure = fitted(wanted, a_page(replace(page, attributes=(*page.attributes, engraving))), keeps_rest=False)

    assert structure == wanted


def test_a_product_behind_two_variants_tells_nothing_of_either():
    page = a_structure(("x",), {"1": ("One",), "2": ("Two",)})
    page = replace(page, variants=tuple(replace(variant, part_codes=("a",)) for variant in page.variants))

    structure = fitted(a_structure(("Colour",), {"a": ("Red",)}), a_page(page), keeps_rest=False)

    assert codes_by_prompt(structure) == {"Colour": ("Colour", {"Red": "Red"})}


def test_the_order_of_options_and_variants_is_no_other_structure():
    options = {"a": ("Red", "M"), "b": ("Navy", "S")}
    turned = {"b": ("S", "Navy"), "a": ("M", "Red")}

    assert structure_mark(Kind.PARENT, option_names=("Colour", "Size"), options=options) == structure_mark(
        Kind.PARENT, option_names=("Size", "Colour"), options=turned
    )


def a_lone_choice(attribute, option, *, part="z"):
    """A page with one attribute and one option, each as (code, prompt), that a product of somebody else's has."""
    return Structure(
        (StoreAttribute(*attribute, (StoreOption(*option),)),),
        (StoreVariant(frozenset({(attribute[0], option[0])}), (part,)),),
    )


@pytest.mark.parametrize(
    ("attribute", "option", "fits"),
    [
        (("x", "COLOUR "), ("1", "red"), ("x", "1")),
        (("colour", "Farbe"), ("1", "Red"), ("colour", "1")),
        (("y", "Farbe"), ("1", "Red"), ("Colour", "Red")),
    ],
    ids=["by what a shopper reads", "by its code", "by nothing"],
)
def test_what_no_product_tells_is_recognised_by_its_name_and_then_by_its_code(attribute, option, fits):
    wanted = a_structure(("Colour",), {"b": ("Red",)})

    structure = fitted(wanted, a_page(a_lone_choice(attribute, option)), keeps_rest=False)

    (found,) = structure.attributes
    assert (found.code, found.options[0].code) == fits
    assert (found.prompt, found.options[0].prompt) == ("Colour", "Red")


def test_a_code_that_no_variant_uses_is_taken_for_what_the_catalogue_means_by_it():
    page = replace(a_lone_choice(("Colour", "Colour"), ("Red", "Crimson")), variants=())

    structure = fitted(a_structure(("Colour",), {"b": ("Red",)}), a_page(page), keeps_rest=False)

    assert structure.attributes[0].options == (StoreOption("Red", "Red"),)


def test_a_parent_is_made_of_its_options_and_a_child_of_its_parent():
    def parent(**options):
        return structure_mark(Kind.PARENT, option_names=("Size",), options=options)

    assert parent(a=("S",)) != parent(a=("M",))
    assert parent(a=("S",)) != parent(a=("S",), b=("M",))
    assert structure_mark(Kind.VARIANT, parent_code="TEE") == structure_mark(Kind.VARIANT, parent_code="tee")
    assert structure_mark(Kind.VARIANT, parent_code="tee") != structure_mark(Kind.VARIANT, parent_code="mug")
    assert structure_mark(Kind.SIMPLE) != structure_mark(Kind.VARIANT)


def codes_by_prompt(structure):
    return {
        attribute.prompt: (attribute.code, {option.prompt: option.code for option in attribute.options})
        for attribute in structure.attributes
    }


def test_attributes_that_are_called_otherwise_are_known_by_the_values_of_their_products():
    page = a_structure(("Colour", "Fabric"), {"a": ("Red", "Wool"), "b": ("Navy", "Silk")}, prefix="x-")
    wanted = a_structure(("Cloth", "Hue"), {"a": ("Wool", "Red"), "b": ("Silk", "Navy")})

    assert codes_by_prompt(fitted(wanted, a_page(page), keeps_rest=False)) == {
        "Cloth": ("x-Fabric", {"Wool": "x-Wool", "Silk": "x-Silk"}),
        "Hue": ("x-Colour", {"Red": "x-Red", "Navy": "x-Navy"}),
    }


def test_where_values_are_called_otherwise_too_it_tells_which_products_share_one():
    page = a_structure(("Colour", "Size"), {"a": ("Red", "S"), "b": ("Navy", "S")}, prefix="x-")
    wanted = a_structure(("Measure", "Hue"), {"a": ("Small", "Crimson"), "b": ("Small", "Blue")})

    assert codes_by_prompt(fitted(wanted, a_page(page), keeps_rest=False)) == {
        "Measure": ("x-Size", {"Small": "x-S"}),
        "Hue": ("x-Colour", {"Crimson": "x-Red", "Blue": "x-Navy"}),
    }


def test_names_that_differ_in_case_only_are_told_apart_by_their_codes():
    options = (StoreOption("red-2", "red"), StoreOption("Red", "Red"))
    page = Structure((StoreAttribute("Colour", "Colour", options),), ())
    wanted = Structure((StoreAttribute("Colour", "Colour", options[::-1]),), ())

    assert fitted(wanted, a_page(page), keeps_rest=False) == wanted


def test_a_merchants_page_is_given_an_attribute_that_it_does_not_have():
    page = a_structure(("Colour",), {"a": ("Red",)})
    wanted = a_structure(("Colour", "Size"), {"a": ("Red", "S")})

    structure = fitted(wanted, a_page(page), keeps_rest=True)

    assert codes_by_prompt(structure) == {"Colour": ("Colour", {"Red": "Red"}), "Size": ("Size", {"S": "S"})}


def test_a_variant_of_several_products_tells_nothing_of_any_of_them():
    page = a_lone_choice(("x", "Pack"), ("1", "Both"))
    page = replace(page, variants=(replace(page.variants[0], part_codes=("a", "b")),))

    structure = fitted(a_structure(("Colour",), {"a": ("Red",)}), a_page(page), keeps_rest=False)

    assert codes_by_prompt(structure) == {"Colour": ("Colour", {"Red": "Red"})}
