"""The mapping template: from fields of the catalogue to texts and custom fields of the store (R37, R39, R42, R53)."""

from decimal import Decimal

import pytest

from tradepost.domain.catalogue.catalogue import Product, Variant
from tradepost.domain.channels.layout import Layout
from tradepost.domain.channels.mapping import SOURCES, changed
from tradepost.domain.fields import FIELDS, Group, custom_field_names, fingerprints, misfit
from tradepost.domain.listings.content import ListingValues, wanted_unit
from tradepost.domain.listings.making import ContentRules

TEE = Product(
    handle="tee",
    title="Cotton & Linen Tee",
    description="<p>Light</p>",
    variants=(
        Variant("TEE-S", ("Red", "S"), Decimal(10), 3, 1, barcode="4006", mpn="T1", cost=Decimal("4.5")),
        Variant("TEE-M", ("Red", "M"), Decimal(10), 3, 2),
    ),
    option_names=("Colour", "Size"),
    brand="Acme",
    category=("Clothing", "Shirts"),
    tags=("summer", "sale"),
)


def made(*entries, product=TEE, is_native=False):
    values = {sku: ListingValues(sku or "tee", Decimal(10), 3) for sku in ("", "TEE-S", "TEE-M")}
    rules = ContentRules(layout=Layout.NATIVE if is_native else Layout.FLAT, mapping=tuple(entries))
    assert misfit(rules) == ""
    unit = wanted_unit(product, rules=rules, values=values, files={})
    return {each.code: each for each in unit.products}


def test_without_a_mapping_everything_is_made_as_it_was():
    found = made()

    assert found["TEE-S"]["name"] == "Cotton & Linen Tee, Red, S"
    assert found["TEE-S"]["description"] == "<p>Light</p>"
    assert found["TEE-S"]["custom_fields"] == {"upc": "4006", "mpn": "T1", "brand": "Acme"}


def test_a_name_is_made_of_what_the_template_says_with_the_options_of_a_variant():
    found = made(("name", "{brand} {title}"))

    assert found["tee"]["name"] == "Acme Cotton & Linen Tee"
    assert found["TEE-S"]["name"] == "Acme Cotton & Linen Tee, Red, S"


def test_a_template_may_say_itself_where_the_options_stand():
    assert made(("name", "{options}: {title}"))["TEE-M"]["name"] == "Red, M: Cotton & Linen Tee"


def test_no_product_goes_without_a_name():
    assert made(("name", "{barcode}"))["TEE-M"]["name"] == "Cotton & Linen Tee, Red, M"
    assert made(("name", "{barcode}"))["TEE-S"]["name"] == "4006, Red, S"


def test_in_a_description_what_is_no_markup_stays_none():
    found = made(("description", "<h2>{title}</h2>{description}"), ("page_title", "{title} | {category}"))

    assert found["TEE-S"]["description"] == "<h2>Cotton &amp; Linen Tee</h2><p>Light</p>"
    assert found["TEE-S"]["page_title"] == "Cotton & Linen Tee | Shirts"
    assert made(("description", "{title}"), is_native=True)["TEE-S"]["description"] is None


def test_more_custom_fields_are_sent_and_what_comes_to_nothing_is_not():
    """R37, R39, R42: identifiers and brand go into custom fields only, and what is blank says nothing."""
    rules = [("field:season", "{tags}"), ("field:path", "{categories}"), ("field:ean", "{barcode}")]
    found = made(*rules)

    assert found["TEE-S"]["custom_fields"] == {
        "upc": "4006", "mpn": "T1", "brand": "Acme", "ean": "4006",
        "season": "summer, sale", "path": "Clothing > Shirts",
    }  # fmt: skip
    assert "ean" not in found["TEE-M"]["custom_fields"]
    assert custom_field_names(ContentRules(mapping=tuple(rules)))["season"] == "season"


def test_another_mapping_is_another_content_of_just_the_groups_that_it_makes():
    before = fingerprints(made()["TEE-S"].made)
    after = fingerprints(made(("name", "{brand} {title}"))["TEE-S"].made)

    assert {group for group in before if before[group] != after[group]} == {Group.TEXTS}


def test_every_source_can_be_read_of_every_product():
    template = " ".join(f"{{{source}}}" for source in SOURCES)

    found = made(("page_title", template))

    assert "4.50" in found["TEE-S"]["page_title"]
    assert found["tee"]["page_title"] or not FIELDS["page_title"].make(found["tee"].made)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("price", "{cost}"), "'price' can't be mapped; choose name, description, page_title, or field:CODE"),
        (("name", "{colour}"), "The catalogue has no 'colour' to make 'name' of"),
        (("name", "{title"), "A brace in the template of 'name' has no other"),
        (("name", "title}"), "A brace in the template of 'name' has no other"),
        (("field:", "x"), "is no code of a custom field"),
        (("field:my field", "x"), "is no code of a custom field"),
        (("field:upc", "{barcode}"), "The custom field 'upc' holds UPC already"),
        (("field:product_type", "x"), "holds Product Type already"),
        (("name", "x" * 1001), "has more than 1000 characters"),
    ],
)
def test_an_entry_that_can_not_be_meant_is_refused_with_the_reason(entry, words):
    assert words in misfit(ContentRules(mapping=(entry,)))


def test_two_entries_for_one_custom_field_are_refused_whatever_the_case():
    assert "holds field:season already" in misfit(ContentRules(mapping=(("field:season", "a"), ("field:Season", "b"))))


def test_an_entry_is_set_changed_and_taken_out():
    mapping = changed((("name", "{title}"),), {"field:season": "{tags}"})

    assert mapping == (("name", "{title}"), ("field:season", "{tags}"))
    assert changed(mapping, {"name": "{brand}", "field:season": " "}) == (("name", "{brand}"),)
