"""What a field holds and how it differs, as a person reads it: no value looks like a program's."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tradepost.database.json_values import plain
from tradepost.domain.catalogue.catalogue import SourceImage
from tradepost.domain.store import StoreAttribute, StoreImage, StoreOption, StoreVariant
from tradepost.domain.value_words import difference_words, field_words


def variant(part, *, pieces=1, **options):
    return StoreVariant(frozenset((code, option) for code, option in options.items()), (part,), pieces)


def sizes(*prompts):
    return StoreAttribute("size", "Size", tuple(StoreOption(prompt.lower(), prompt) for prompt in prompts))


RED, NAVY, BOX = variant("T-R", Colour="Red", Size="M"), variant("T-N", Colour="Navy"), variant("T-R", pieces=6)
MANY = tuple(variant(f"T-{n}", Size=str(n)) for n in range(5))


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "words"),
    [
        ("price", Decimal("7.90"), Decimal("3.00"), "price: ours 7.90, the store's 3.00"),
        ("line 5 total", "48.00", "24", "line 5 total: ours 48.00, the store's 24.00"),
        ("status", "pending", "partially_shipped", "status: ours pending, the store's partially shipped"),
        ("page_title", "Mug", "", "page title: ours Mug, the store's nothing"),
        ("is_taxable", True, False, "is taxable: ours yes, the store's no"),
        ("custom_fields", {"upc": "1"}, {"upc": ""}, "custom fields: ours upc 1, the store's upc nothing"),
        ("name", "x" * 70, "Mug", f"name: ours {'x' * 57}..., the store's Mug"),
        ("name", "x" * 60, None, f"name: ours {'x' * 60}, the store's nothing"),
        ("description", "two\n lines", "", "description: ours two lines, the store's nothing"),
        ("custom_fields", {}, {"upc": "1", "mpn": "2"}, "custom fields: ours nothing, the store's upc 1, mpn 2"),
        ("categories", ("Mugs", "Tin"), ("Tin",), "categories: only ours Mugs"),
        ("categories", ("A", "B", "C"), (), "categories: only ours A, B, C"),
        ("categories", ("A", "A"), ("A",), "categories: ours A, A, the store's A"),
        ("categories", frozenset({"Tin", "Mugs"}), (), "categories: only ours Mugs, Tin"),
        ("images", ("1", "2"), ("2", "3"), "images: only ours number 1, only the store's number 3"),
        ("images", ("1", "2"), ("2", "1"), "images: ours number 1, number 2, the store's number 2, number 1"),
        ("images", ("1", "graphics/a.jpg"), ("1",), "images: only ours graphics/a.jpg"),
        ("attributes", (sizes("S", "M"),), (), "attributes: only ours Size (S, M)"),
        ("variants", (RED, NAVY), (NAVY,), "variants: only ours Red / M (T-R)"),
        ("variants", (replace(RED, part_codes=()),), (), "variants: only ours Red / M (nothing)"),
        ("variants", (replace(RED, part_codes=("A", "B")),), (), "variants: only ours Red / M (A, B)"),
        ("variants", (NAVY,), (NAVY, BOX), "variants: only the store's no option (T-R, 6 at a time)"),
        (
            "variants",
            MANY,
            (RED,),
            "variants: only ours 0 (T-0), 1 (T-1), 2 (T-2) and 2 more, only the store's Red / M (T-R)",
        ),
    ],
)
def test_a_difference_reads_the_same_as_it_was_found_and_as_it_was_kept(name, ours, theirs, words):
    assert difference_words(name, ours, theirs) == words
    assert difference_words(name, plain(ours), plain(theirs)) == words


@pytest.mark.parametrize(
    ("name", "before", "after", "words"),
    [
        ("price", None, Decimal("7.90"), "price: 7.90"),
        ("price", "7.9", 12, "price: 7.90 -> 12.00"),
        ("price", "0.0005", "9.25", "price: 0.0005 -> 9.25"),
        ("is_active", False, True, "is active: no -> yes"),
        ("quantity", 3, 0, "quantity: 3 -> 0"),
        ("page_title", "Mug", "", "page title: Mug -> nothing"),
        ("page_title", "", "Mug", "page title: nothing -> Mug"),
        ("pending", "none", "hide", "pending: none -> hide"),
        ("categories", (), ("Mugs", "Tin"), "categories: nothing -> Mugs, Tin"),
        ("placement", None, {"product_type": "parent"}, "placement: product_type parent"),
        ("attributes", None, (sizes("S", "M"), sizes("L")), "attributes: Size (S, M), Size (L)"),
        ("variants", None, MANY, f"variants: {', '.join(f'{n} (T-{n})' for n in range(5))}"),
        ("images", None, [StoreImage("graphics/a.jpg", "main")], "images: graphics/a.jpg"),
        ("images", None, [SourceImage("https://a.example/b.jpg", 1)], "images: https://a.example/b.jpg"),
        ("variants", ["TEE-S", "TEE-L"], None, "variants: TEE-S, TEE-L -> nothing"),
        ("description", None, "x" * 101, f"description: {'x' * 99}…"),
    ],
)
def test_a_change_of_a_field_reads_the_same_as_it_was_planned_and_as_it_was_kept(name, before, after, words):
    assert field_words(name, before, after) == words
    assert field_words(name, plain(before), plain(after)) == words
