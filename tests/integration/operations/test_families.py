"""
Families change their shape in the catalogue; a shopper then finds each article on exactly one page, and can buy it.

Expected values are computed from the catalogue's rows, by nothing of the hub.
"""

from dataclasses import replace

import pytest

from shopper import Shopper
from tradepost.domain.making import ContentRules

COLUMNS = (
    "Handle,Title,Body (HTML),Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,"
    "Variant Inventory Qty,Variant Price\n"
)
PRICES = {"T-1": "15.00", "T-2": "16.50", "T-3": "17.00", "T-4": "18.25", "M-1": "7.90"}


def family(handle, options, variants):
    """A product as rows of a file; `variants` are values by SKU, none for an article without options."""
    rows = []
    for sku, values in variants.items():
        pairs = [cell for pair in zip(options, values, strict=True) for cell in pair]
        pairs += [""] * (4 - len(pairs))
        rows.append(",".join([handle, handle.title(), "Plain", *pairs, sku, "5", PRICES[sku]]))
    return "\n".join(rows) + "\n"


def simple(handle, sku):
    return family(handle, (), {sku: ()})


def shelves(*products, is_native):
    """What a shopper should find: by SKU the one page, what to choose there, and the price."""
    return {
        sku: [(handle, chosen, f"${PRICES[sku]}") if options and is_native else (sku, (), f"${PRICES[sku]}")]
        for handle, options, variants in products
        for sku, values in variants.items()
        for chosen in [tuple(sorted(f"{name}: {value}" for name, value in zip(options, values, strict=True)))]
    }


BOTH = ("Colour", "Size")
MUG = ("mug", (), {"M-1": ()})
TEE = ("tee", BOTH, {"T-1": ("Red", "M"), "T-2": ("Red", "L"), "T-3": ("Navy", "L")})
ONE_OPTION = ("tee", ("Colour",), {"T-1": ("Red",), "T-2": ("Navy",)})

# What becomes of a family, and what it was.
SHAPES = {
    "option renamed": (TEE, ("tee", ("Colour", "Shoe size"), TEE[2])),
    "both options renamed": (TEE, ("tee", ("Shade", "Shoe size"), TEE[2])),
    "options renamed crosswise": (TEE, ("tee", ("Size", "Colour"), TEE[2])),
    "value renamed": (TEE, ("tee", BOTH, {"T-1": ("Crimson", "M"), "T-2": ("Crimson", "L"), "T-3": ("Navy", "L")})),
    "value written in another case": (
        TEE,
        ("tee", BOTH, {"T-1": ("RED", "M"), "T-2": ("RED", "L"), "T-3": ("Navy", "L")}),
    ),
    "values exchanged": (TEE, ("tee", BOTH, {"T-1": ("Red", "L"), "T-2": ("Red", "M"), "T-3": ("Navy", "L")})),
    "option and values renamed": (ONE_OPTION, ("tee", ("Shade",), {"T-1": ("Crimson",), "T-2": ("Blue",)})),
    "options reordered": (
        TEE,
        ("tee", ("Size", "Colour"), {"T-1": ("M", "Red"), "T-2": ("L", "Red"), "T-3": ("L", "Navy")}),
    ),
    "values reordered": (TEE, ("tee", BOTH, {"T-3": ("Navy", "L"), "T-2": ("Red", "L"), "T-1": ("Red", "M")})),
    "option added": (ONE_OPTION, ("tee", BOTH, {"T-1": ("Red", "M"), "T-2": ("Navy", "L")})),
    "option dropped": (("tee", BOTH, {"T-1": ("Red", "M"), "T-2": ("Navy", "M")}), ONE_OPTION),
    "option exchanged for another": (
        TEE,
        ("tee", ("Colour", "Cut"), {"T-1": ("Red", "Slim"), "T-2": ("Red", "Wide"), "T-3": ("Navy", "Wide")}),
    ),
    "variant added": (TEE, ("tee", BOTH, {**TEE[2], "T-4": ("Navy", "M")})),
    "variant added and option renamed": (TEE, ("tee", ("Colour", "Fit"), {**TEE[2], "T-4": ("Navy", "M")})),
    "a new article takes over a value": (
        ONE_OPTION,
        ("tee", ("Colour",), {"T-1": ("Crimson",), "T-2": ("Navy",), "T-3": ("Red",)}),
    ),
}
LESS = {
    "variant removed": (TEE, ("tee", BOTH, {"T-1": ("Red", "M"), "T-2": ("Red", "L")})),
    "variant replaced by another SKU": (
        TEE,
        ("tee", BOTH, {"T-1": ("Red", "M"), "T-2": ("Red", "L"), "T-4": ("Navy", "L")}),
    ),
}


def text_of(*products):
    return COLUMNS + "".join(family(*product) for product in products)


def seen_by_a_shopper(shop):
    shopper = Shopper(shop.sandbox)
    try:
        return shopper.sold([product.code for product in shop.on_store().values()])
    finally:
        shopper.close()


def pages(shop, code):
    shopper = Shopper(shop.sandbox)
    try:
        return shopper.choices(code)
    finally:
        shopper.close()


def variant_ids(shop, code):
    """The store's own numbers of what is sold, by part: baskets and sold lines go by them."""
    rows = shop.sandbox.store.db.rows(
        "SELECT part.variant_id, p.code FROM product_variant_parts part JOIN products p ON p.id = part.part_id "
        "JOIN products owner ON owner.id = part.product_id WHERE owner.code = ?",
        (code,),
    )
    return {row["code"]: row["variant_id"] for row in rows}


def become(shop, before, after):
    """Publish one shape, then the other, as a scheduled run would."""
    shop.import_text(text_of(before, MUG))
    assert shop.publish().bad() == []
    report = shop.import_text(text_of(after, MUG))
    return report, shop.publish()


@pytest.fixture(params=["native", "flat"])
def is_native(request, shop):
    native = request.param == "native"
    shop.settings = replace(shop.settings, rules=ContentRules(is_native=native))
    shop.channel.rules = {} if native else {"is_native": False}
    shop.channel.save()
    return native


@pytest.mark.parametrize("shape", SHAPES)
def test_a_family_of_another_shape_is_sold_as_the_catalogue_has_it(shop, is_native, shape):
    before, after = SHAPES[shape]

    _, run = become(shop, before, after)

    assert run.bad() == []
    assert seen_by_a_shopper(shop) == shelves(after, MUG, is_native=is_native)
    shop.sandbox.log.clear()
    assert shop.publish().results == []
    assert shop.sandbox.log.requests() == []


@pytest.mark.parametrize("shape", LESS)
def test_what_the_catalogue_does_not_have_any_more_is_off_the_page(shop, shape):
    before, after = LESS[shape]

    _, run = become(shop, before, after)

    assert run.bad() == []
    assert seen_by_a_shopper(shop) == shelves(after, MUG, is_native=True)
    assert pages(shop, "tee")["Colour"] == list(dict.fromkeys(values[0] for values in after[2].values()))
    # Its product is deleted by a person's decision only.
    assert set(before[2]) <= {product.code for product in shop.on_store().values()}
