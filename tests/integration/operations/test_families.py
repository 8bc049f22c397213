"""
Families change their shape in the catalogue; a shopper then finds each article on exactly one page, and can buy it.

Expected values are computed from the catalogue's rows, by nothing of the hub.
"""

import hashlib
from dataclasses import replace
from types import MappingProxyType

import pytest

from attentions import kinds_of
from miva_sandbox import provisioning
from shopper import Shopper
from tradepost.database.models import AttentionRecord, Listing
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.for_sale import SaleFacts, obstacles
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.listings.queue_changes import plan_pause

COLUMNS = (
    "Handle,Title,Body (HTML),Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,"
    "Variant Inventory Qty,Variant Price\n"
)
PRICES = {
    "T-1": "15.00",
    "T-2": "16.50",
    "T-3": "17.00",
    "T-4": "18.25",
    "T-5": "19.00",
    "T-6": "20.00",
    "T-7": "21.00",
    "C-1": "9.00",
    "M-1": "7.90",
    "TEE": "12.00",
    "tee": "13.00",
    "t-1": "14.00",
    "tee-PARENT": "22.00",
}


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


def shelves(*products, is_native, codes=MappingProxyType({})):
    """
    What a shopper should find: by SKU the one page, what to choose there, and the price.

    `codes`: those of pages that are not called as their handle or SKU.
    """

    def page(name):
        return codes.get(name, name)

    return {
        sku: [
            (page(handle), chosen, f"${PRICES[sku]}") if options and is_native else (page(sku), (), f"${PRICES[sku]}")
        ]
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


def hashed(name):
    """The code of what would have another's code."""
    return f"{name}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


# A store knows no case in codes: what becomes of what where a SKU is a handle but for that, and the page of each.
ARTICLE, ARTICLE_TO_THE_LETTER = ("tee", (), {"TEE": ()}), ("tee", (), {"tee": ()})
CAP = ("cap", (), {"TEE": ()})
TEE_AND_BLUE = ("tee", ("Colour",), {"TEE": ("Red",), "T-2": ("Navy",)})
OTHER_PARENT = ("cap", (), {"tee-PARENT": ()})
SAME_CODES = {
    "an article becomes a family": ([ARTICLE], [ONE_OPTION], {"tee": "tee-parent"}),
    "an article becomes a family, to the letter": ([ARTICLE_TO_THE_LETTER], [ONE_OPTION], {"tee": "tee-parent"}),
    "an article becomes a variant": ([ARTICLE], [TEE_AND_BLUE], {"tee": "tee-parent"}),
    "a family becomes an article": ([ONE_OPTION], [ARTICLE], {"TEE": hashed("TEE")}),
    "a family becomes an article, to the letter": ([ONE_OPTION], [ARTICLE_TO_THE_LETTER], {"tee": hashed("tee")}),
    "an article of another product": ([ONE_OPTION], [ONE_OPTION, CAP], {"TEE": hashed("TEE")}),
    "a family of another product": ([CAP], [CAP, ONE_OPTION], {"tee": "tee-parent"}),
    "both at once": ([], [ONE_OPTION, CAP], {"TEE": hashed("TEE")}),
    "both at once, the article first": ([], [CAP, ONE_OPTION], {"tee": "tee-parent"}),
    "the parent's next code is taken, too": (
        [ARTICLE, OTHER_PARENT],
        [ONE_OPTION, OTHER_PARENT],
        {"tee": hashed("tee")},
    ),
}


def text_of(*products):
    return COLUMNS + "".join(family(*product) for product in products)


def drafts(text):
    """The same as drafts."""
    return (
        text.replace(COLUMNS.strip(), COLUMNS.strip() + ",Status")
        .replace("\n", ",draft\n")
        .replace("Status,draft", "Status")
    )


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
    shop.settings = replace(shop.settings, rules=ContentRules(layout=Layout(request.param)))
    shop.channel.rules = {"layout": request.param}
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


@pytest.mark.parametrize("shape", SAME_CODES)
def test_what_would_have_the_code_of_another_listing_gets_one_of_its_own_and_is_sold(shop, is_native, shape):
    before, after, codes = SAME_CODES[shape]
    shop.import_text(text_of(*before, MUG))
    assert shop.publish().bad() == []

    shop.import_text(text_of(*after, MUG))

    assert shop.publish().bad() == []
    # What the catalogue does not have any more is taken off sale by a sync, where it has a page of its own.
    assert shop.sync().bad() == []
    assert seen_by_a_shopper(shop) == shelves(*after, MUG, is_native=is_native, codes=codes)
    assert AttentionRecord.objects.exclude(kind="orphaned").count() == 0
    shop.sandbox.log.clear()
    assert shop.publish().results == []
    assert shop.sandbox.log.requests() == []


def test_two_articles_of_two_files_whose_skus_are_one_but_for_case_are_both_sold(shop):
    """Within a file the second is refused."""
    cap, hat = ("cap", (), {"T-1": ()}), ("hat", (), {"t-1": ()})
    shop.import_text(text_of(cap))
    shop.publish()

    shop.import_text(text_of(hat))

    assert shop.publish().bad() == []
    assert seen_by_a_shopper(shop) == shelves(cap, hat, is_native=True, codes={"t-1": hashed("t-1")})


def test_a_sku_names_its_own_listing_and_not_the_family_that_is_called_so_but_for_case(shop):
    shop.import_text(text_of(ONE_OPTION, ("cap", (), {"TEE": ()})))
    shop.publish()

    shop.queue(Pending.HIDE, "TEE")
    shop.sync()

    assert seen_by_a_shopper(shop) == shelves(ONE_OPTION, is_native=True)


@pytest.mark.parametrize("shape", LESS)
def test_what_the_catalogue_does_not_have_any_more_is_off_the_page(shop, shape):
    before, after = LESS[shape]

    _, run = become(shop, before, after)

    assert run.bad() == []
    # A variant that goes on under another SKU gets its price by a sync, as any other change of price.
    assert shop.sync().bad() == []
    assert seen_by_a_shopper(shop) == shelves(after, MUG, is_native=True)
    assert pages(shop, "tee")["Colour"] == list(dict.fromkeys(values[0] for values in after[2].values()))
    # Its product is deleted by a person's decision only.
    assert set(before[2]) <= {product.code for product in shop.on_store().values()}


@pytest.mark.parametrize(
    "shape", ["option renamed", "both options renamed", "value renamed", "option and values renamed"]
)
def test_what_is_only_called_otherwise_keeps_the_numbers_that_baskets_and_sold_lines_go_by(shop, shape):
    before, after = SHAPES[shape]
    shop.import_text(text_of(before))
    shop.publish()
    ids = variant_ids(shop, "tee")

    shop.import_text(text_of(after))
    run = shop.publish()

    assert run.bad() == []
    assert variant_ids(shop, "tee") == ids
    assert set(ids) == set(after[2])


def test_the_import_names_the_families_whose_pages_change_and_only_those(shop):
    before, after = SHAPES["option renamed"]

    report, _ = become(shop, before, after)
    again = shop.import_text(text_of(after, MUG))

    assert (report.restructured, report.held) == ({"shop": ["tee"]}, {"shop": []})
    assert (again.restructured, again.held) == ({"shop": []}, {"shop": []})


def test_a_change_that_a_person_queued_is_not_pushed_aside_by_an_import(shop):
    before, after = SHAPES["option renamed"]
    shop.import_text(text_of(before))
    shop.publish()
    shop.queue(Pending.HIDE, "tee")

    held = shop.import_text(text_of(after))
    shop.sync()
    queued = shop.import_text(text_of(after))
    shop.publish()
    shop.queue(Pending.UNHIDE, "tee")
    shop.sync()

    assert (held.restructured, held.held) == ({"shop": []}, {"shop": ["tee"]})
    assert queued.restructured == {"shop": ["tee"]}
    assert seen_by_a_shopper(shop) == shelves(after, is_native=True)


def test_an_import_adds_to_an_overwrite_that_is_queued(shop):
    before, after = SHAPES["option renamed"]
    shop.import_text(text_of(before))
    shop.publish()
    shop.queue(Pending.OVERWRITE, "tee", groups={Group.TEXTS})

    shop.import_text(text_of(after).replace("Tee", "Best Tee"))
    shop.publish()

    assert shop.on_store()["tee"].name == "Best Tee"
    assert seen_by_a_shopper(shop) == shelves(after, is_native=True)


def test_an_import_that_is_to_queue_nothing_leaves_pages_as_they_are(shop):
    before, after = SHAPES["option renamed"]
    shop.import_text(text_of(before))
    shop.publish()

    report = shop.import_text(text_of(after), queue=False)
    run = shop.publish()

    assert (report.restructured, run.results) == ({}, [])
    assert seen_by_a_shopper(shop) == shelves(before, is_native=True)


def test_a_variant_that_moved_to_another_product_is_sold_there_and_nowhere_else(shop, is_native):
    tee = ("tee", ("Colour",), {"T-1": ("Red",), "T-2": ("Navy",), "T-3": ("Gold",)})
    cap = ("cap", ("Colour",), {"C-1": ("Navy",), "T-4": ("Grey",)})
    shop.import_text(text_of(tee, cap))
    shop.publish()
    left = ("tee", ("Colour",), {"T-2": ("Navy",), "T-3": ("Gold",)})
    joined = ("cap", ("Shade",), {"C-1": ("Navy",), "T-4": ("Grey",), "T-1": ("Red",)})

    shop.import_text(text_of(left, cap))
    shop.import_text(text_of(left, joined))
    run = shop.publish()

    assert run.bad() == []
    assert seen_by_a_shopper(shop) == shelves(left, joined, is_native=is_native)
    assert shop.on_store()["t-1"].custom_fields["parent_code"] == "cap"


def test_a_family_that_becomes_one_article_and_a_family_again_is_on_one_page_each_time(shop, is_native):
    article = ("tee", (), {"T-1": ()})
    shapes = (ONE_OPTION, article, ONE_OPTION, article)
    seen = []

    for shape in shapes:
        shop.import_text(text_of(shape, MUG))
        assert shop.publish().bad() == []
        seen.append(seen_by_a_shopper(shop))
        assert shop.publish().results == []

    expected = [shelves(shape, MUG, is_native=is_native) for shape in shapes]
    for found, shelf in zip(seen, expected, strict=True):
        if not is_native:
            # A page of its own is off the catalogue, not off the store: its stock is what a sync sets to 0.
            shelf.setdefault("T-2", [("T-2", (), "$16.50")])
        assert found == shelf
    child = shop.on_store()["t-1"]
    assert child.custom_fields["product_type"] == "simple"
    assert child.custom_fields.get("parent_code", "") == ""
    parent = shop.listing("tee")
    assert (parent.health, kinds_of(parent)) == ("hidden", {"orphaned"})


@pytest.mark.parametrize("is_native", ["native"], indirect=True)
@pytest.mark.usefixtures("is_native")
def test_a_page_that_sells_a_family_again_is_listed(shop):
    for shape in (ONE_OPTION, ("tee", (), {"T-1": ()}), ONE_OPTION):
        shop.import_text(text_of(shape, MUG))
        shop.publish()

    parent = shop.listing("tee")

    assert shop.on_store()["tee"].is_active
    assert (parent.health, parent.pending, kinds_of(parent)) == ("listed", "", set())


def test_an_article_that_becomes_a_family_leaves_its_own_page(shop, is_native):
    shop.import_text(text_of(("tee", (), {"T-1": ()}), MUG))
    shop.publish()

    shop.import_text(text_of(ONE_OPTION, MUG))
    run = shop.publish()

    assert run.bad() == []
    assert seen_by_a_shopper(shop) == shelves(ONE_OPTION, MUG, is_native=is_native)


def given_away(text):
    return text.replace("15.00", "0.00").replace("16.50", "0.00")


def pause(shop, *skus, is_paused=True):
    shop.listings.set_status(plan_pause(shop.listings.by_skus(skus), is_paused=is_paused).statuses)


def make_twins(shop):
    """Two products of the merchant's own for each article: which one is meant, nobody knows."""
    for sku in ONE_OPTION[2]:
        for number in (1, 2):
            _provision(
                shop,
                f"<Product_Add><Code>{sku}-{number}</Code><SKU>{sku}</SKU><Name>x</Name><Price>1</Price>"
                "<Active>No</Active></Product_Add>",
            )


def delete_twins(shop):
    for sku in ONE_OPTION[2]:
        for number in (1, 2):
            _provision(shop, f'<Product_Delete code="{sku}-{number}"/>')


# Why no variant of a family can be published, and how that is put right.
HELD = {
    "their prices are held back": (
        lambda shop: shop.import_text(given_away(text_of(ONE_OPTION, MUG))),
        lambda shop: shop.import_text(text_of(ONE_OPTION, MUG)),
    ),
    "the store has two of each": (
        lambda shop: (make_twins(shop), shop.import_text(text_of(ONE_OPTION, MUG))),
        delete_twins,
    ),
    "they are paused": (
        lambda shop: (shop.import_text(text_of(ONE_OPTION, MUG)), pause(shop, *ONE_OPTION[2])),
        lambda shop: pause(shop, *ONE_OPTION[2], is_paused=False),
    ),
    "nobody asked for them": (
        lambda shop: (shop.import_text(text_of(ONE_OPTION, MUG)), shop.queue(Pending.NONE, *ONE_OPTION[2])),
        lambda shop: shop.queue(Pending.PUBLISH, *ONE_OPTION[2]),
    ),
}


@pytest.mark.parametrize("reason", HELD)
def test_no_page_is_opened_that_nobody_could_buy_from(shop, is_native, reason):
    hold, mend = HELD[reason]
    hold(shop)

    shop.publish()
    held, asked, page = seen_by_a_shopper(shop), kinds_of(shop.listing("tee")), shop.on_store().get("tee")
    mend(shop)
    run = shop.publish()

    assert (held, page) == (shelves(MUG, is_native=is_native), None)
    assert asked == {"publish_failed"}
    assert run.bad() == []
    assert seen_by_a_shopper(shop) == shelves(ONE_OPTION, MUG, is_native=is_native)
    assert kinds_of(shop.listing("tee")) == set()


def test_no_page_is_opened_for_a_draft(shop):
    shop.import_text(drafts(text_of(ONE_OPTION)), queue=False)
    shop.queue(Pending.PUBLISH, "tee")

    shop.publish()

    assert shop.on_store() == {}
    assert kinds_of(shop.listing("tee")) == {"draft"}


def test_a_page_whose_new_variants_are_all_held_back_sells_nothing_says_so_and_is_put_right_with_them(shop):
    new = ("tee", ("Cut",), {"T-3": ("Slim",), "T-4": ("Wide",)})
    shop.import_text(text_of(ONE_OPTION, MUG))
    shop.publish()
    shop.import_text(text_of(new, MUG).replace("17.00", "0.00").replace("18.25", "0.00"))

    shop.publish()
    shop.sync()
    held, offered, asked = seen_by_a_shopper(shop), pages(shop, "tee"), kinds_of(shop.listing("tee"))
    shop.import_text(text_of(new, MUG))
    run = shop.publish()

    # What was there is sold out, and no shopper meets a page without choices.
    assert held == shelves(MUG, is_native=True)
    assert offered == {"Colour": ["Red", "Navy"]}
    assert asked == {"publish_failed"}
    assert run.bad() == []
    assert seen_by_a_shopper(shop) == shelves(new, MUG, is_native=True)
    assert kinds_of(shop.listing("tee")) == set()


def test_an_article_keeps_its_own_page_while_its_parent_cannot_be_made(shop):
    shop.import_text(text_of(("tee", (), {"T-1": ()})))
    shop.publish()
    _provision(shop, "<Product_Add><Code>tee</Code><SKU>other</SKU><Name>Gnome</Name><Price>1</Price></Product_Add>")

    shop.import_text(text_of(ONE_OPTION))
    run = shop.publish()

    assert "T-1 keeps its own page until its parent is on the store." in {message for _, message in run.bad()}
    assert seen_by_a_shopper(shop)["T-1"] == [("T-1", (), "$15.00")]


def test_whatever_was_done_to_the_page_an_overwrite_of_structure_sells_what_the_catalogue_has(shop):
    shop.import_text(text_of(TEE, MUG))
    shop.publish()
    _provision(
        shop,
        '<ProductAttribute_Add product_code="tee"><Code>cut</Code><Type>select</Type><Prompt>Cut</Prompt>'
        "<Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>"
        '<ProductAttributeOption_Add product_code="tee" attribute_code="cut"><Code>slim</Code><Prompt>Slim</Prompt>'
        "</ProductAttributeOption_Add>"
        '<ProductAttribute_Add product_code="tee"><Code>engraving</Code><Type>text</Type><Prompt>Engraving</Prompt>'
        "</ProductAttribute_Add>"
        '<ProductAttribute_Update product_code="tee" attribute_code="Size"><Prompt>Länge</Prompt>'
        "<Required>No</Required></ProductAttribute_Update>"
        '<ProductVariant_Add product_code="tee"><Options>'
        '<Attribute_Option attribute_code="Colour" option_code="Navy"/>'
        '<Attribute_Option attribute_code="Size" option_code="M"/></Options>'
        '<Parts><Part product_code="M-1" quantity="1"/></Parts></ProductVariant_Add>'
        '<ProductVariant_Update product_code="tee"><Options>'
        '<Attribute_Option attribute_code="Colour" option_code="Red"/>'
        '<Attribute_Option attribute_code="Size" option_code="M"/></Options>'
        '<Parts><Part product_code="T-1" quantity="2"/></Parts>'
        "<ProductVariantPricing><Method>specific</Method><Price>1.00</Price></ProductVariantPricing>"
        "</ProductVariant_Update>"
        '<ProductVariant_Update product_code="tee"><Options>'
        '<Attribute_Option attribute_code="Colour" option_code="Red"/>'
        '<Attribute_Option attribute_code="Size" option_code="L"/></Options>'
        "<ProductVariantPricing><Method>master</Method></ProductVariantPricing></ProductVariant_Update>",
    )
    assert seen_by_a_shopper(shop) != shelves(TEE, MUG, is_native=True)
    shop.queue(Pending.OVERWRITE, "tee", groups={Group.STRUCTURE})

    run = shop.publish()

    assert run.bad() == []
    assert seen_by_a_shopper(shop) == shelves(TEE, MUG, is_native=True)
    questions = [attribute.code for attribute in shop.on_store()["tee"].attributes]
    assert sorted(questions) == ["Colour", "Size", "engraving"]


def test_leftovers_that_no_tag_can_name_go_as_well(shop):
    """A store leaves variants behind whose attributes were deleted all at once."""
    shop.import_text(text_of(TEE, MUG))
    shop.publish()
    _provision(shop, '<ProductAttribute_Delete_All product_code="tee"/>')
    shop.queue(Pending.OVERWRITE, "tee", groups={Group.STRUCTURE})

    # A page without attributes is not asked for variants, so they are found when it has some again.
    first, second = shop.publish(), shop.publish()

    assert [code for code, _ in first.bad()] == ["tee"]
    assert second.bad() == []
    assert seen_by_a_shopper(shop) == shelves(TEE, MUG, is_native=True)
    assert len(shop.on_store()["tee"].variants) == 3


def test_the_default_of_a_drop_down_outlives_its_new_name(shop):
    before, after = SHAPES["value renamed"]
    shop.import_text(text_of(before))
    shop.publish()
    _provision(
        shop,
        '<ProductAttributeOption_Update product_code="tee" attribute_code="Colour" option_code="Red">'
        "<DefaultOption>Yes</DefaultOption></ProductAttributeOption_Update>",
    )

    shop.import_text(text_of(after))
    shop.publish()

    options = [option for attribute in shop.on_store()["tee"].attributes for option in attribute.options]
    assert [option.prompt for option in options if option.is_default] == ["Crimson"]


def make_merchants_page(shop):
    """A tee of the merchant's own: in red, which is T-1 of the catalogue, and in gold, which the catalogue has not."""
    _provision(
        shop,
        "<Product_Add><Code>tee</Code><SKU>tee</SKU><Name>Our tee</Name><Price>15</Price></Product_Add>"
        "<Product_Add><Code>T-1</Code><SKU>T-1</SKU><Name>Red</Name><Price>15</Price><Active>No</Active></Product_Add>"
        "<Product_Add><Code>X-9</Code><SKU>X-9</SKU><Name>Gold</Name><Price>99</Price><Active>No</Active></Product_Add>"
        '<ProductAttribute_Add product_code="tee"><Code>c</Code><Type>radio</Type><Prompt>Colour</Prompt>'
        "<Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>"
        + "".join(
            f'<ProductAttributeOption_Add product_code="tee" attribute_code="c"><Code>{code}</Code>'
            f"<Prompt>{prompt}</Prompt></ProductAttributeOption_Add>"
            '<ProductVariant_Add product_code="tee"><Options>'
            f'<Attribute_Option attribute_code="c" option_code="{code}"/></Options>'
            f'<Parts><Part product_code="{part}" quantity="1"/></Parts>'
            "<ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>"
            for code, prompt, part in (("r", "Red", "T-1"), ("g", "Gold", "X-9"))
        ),
    )


def test_a_page_that_the_merchant_made_is_only_added_to(shop):
    """Linked, not overwritten: what it sells besides stays, and what it calls things."""
    make_merchants_page(shop)
    shop.import_text(text_of(ONE_OPTION))

    run = shop.publish()

    assert run.bad() == []
    assert seen_by_a_shopper(shop) == {
        **shelves(ONE_OPTION, is_native=True),
        "X-9": [("tee", ("Colour: Gold",), "$99.00")],
    }
    tee = shop.on_store()["tee"]
    assert (tee.name, [(a.code, [o.code for o in a.options]) for a in tee.attributes]) == (
        "Our tee",
        [("c", ["r", "g", "Navy"])],
    )
    assert "product_type" not in {name for name, value in tee.custom_fields.items() if value}


GOLD = {"X-9": [("tee", ("Colour: Gold",), "$99.00")]}
ONE_MORE = ("tee", ("Colour",), {**ONE_OPTION[2], "T-3": ("Olive",)})


@pytest.mark.parametrize("groups", [(), (Group.TEXTS,)], ids=["published", "overwritten in part"])
def test_a_page_that_was_only_added_to_stays_the_merchants_and_nobody_is_asked_about_it(shop, groups):
    make_merchants_page(shop)
    shop.import_text(text_of(ONE_OPTION))
    if groups:
        shop.link()
        shop.queue(Pending.OVERWRITE, "tee", groups=groups)
    shop.publish()

    shop.sync(only=[shop.listing("tee").pk], preview={"is_forced": True})
    asked = kinds_of(shop.listing("tee"))
    shop.import_text(text_of(ONE_MORE))
    shop.publish()
    shop.sync()

    assert asked == kinds_of(shop.listing("tee")) == set()
    assert seen_by_a_shopper(shop) == {**shelves(ONE_MORE, is_native=True), **GOLD}


def test_a_page_of_the_merchants_is_ours_once_its_structure_was_overwritten(shop):
    make_merchants_page(shop)
    shop.import_text(text_of(ONE_OPTION))
    shop.publish()

    shop.queue(Pending.OVERWRITE, "tee", groups=[Group.STRUCTURE])
    shop.publish()

    assert seen_by_a_shopper(shop) == shelves(ONE_OPTION, is_native=True)


def test_a_family_is_sold_out_while_hidden_and_sold_again_afterwards(shop, is_native):
    shop.import_text(text_of(TEE, MUG))
    shop.publish()

    shop.queue(Pending.HIDE, "tee")
    assert shop.sync().bad() == []
    hidden = seen_by_a_shopper(shop)
    shop.queue(Pending.UNHIDE, "tee")
    assert shop.sync().bad() == []

    assert hidden == shelves(MUG, is_native=is_native)
    assert seen_by_a_shopper(shop) == shelves(TEE, MUG, is_native=is_native)


def test_a_hidden_family_that_changed_its_shape_is_not_on_sale_before_it_is_put_back(shop):
    before, after = SHAPES["variant added and option renamed"]
    shop.import_text(text_of(before))
    shop.publish()
    shop.queue(Pending.HIDE, "tee")
    shop.sync()

    shop.import_text(text_of(after))
    assert shop.publish().bad() == []
    hidden = seen_by_a_shopper(shop)
    shop.queue(Pending.UNHIDE, "tee")
    shop.sync()

    assert hidden == {}
    assert seen_by_a_shopper(shop) == shelves(after, is_native=True)


NEW_VARIANT = ("tee", ("Colour",), {**ONE_OPTION[2], "T-3": ("Olive",)})


@pytest.mark.parametrize("hide", ["hidden", "queued to be hidden", "hidden one by one"])
def test_a_new_variant_of_a_hidden_family_is_not_sold_before_it_is_unhidden(shop, is_native, hide):
    shop.import_text(text_of(ONE_OPTION, MUG))
    shop.publish()
    shop.queue(Pending.HIDE, *(["T-1", "T-2"] if hide == "hidden one by one" else ["tee"]))
    if hide != "queued to be hidden":
        shop.sync()

    shop.import_text(text_of(NEW_VARIANT, MUG))
    assert shop.publish().bad() == []
    assert shop.sync().bad() == []
    hidden, new = seen_by_a_shopper(shop), shop.listing("T-3")
    for _ in range(2):
        assert shop.sync().bad() == []
    later = seen_by_a_shopper(shop)
    shop.queue(Pending.UNHIDE, "tee")
    assert shop.sync().bad() == []

    assert hidden == later == shelves(MUG, is_native=is_native)
    assert (new.health, new.pending, kinds_of(new)) == ("hidden", "", set())
    assert seen_by_a_shopper(shop) == shelves(NEW_VARIANT, MUG, is_native=is_native)
    assert {row.health for row in Listing.objects.filter(product__handle="tee")} == {"listed"}


def test_the_plan_of_a_publish_says_that_a_new_variant_starts_hidden(shop):
    shop.import_text(text_of(ONE_OPTION))
    shop.publish()
    shop.queue(Pending.HIDE, "tee")
    shop.sync()
    shop.import_text(text_of(NEW_VARIANT))

    plan = shop.publish(is_dry=True)

    (made,) = [change for unit in plan.units for change in unit.changes if change.subject.key == "T-3"]
    assert made.reason.endswith("and hidden, as its family is, until you unhide it")
    assert made.after("quantity") == 0


def test_a_new_variant_that_the_store_has_already_is_not_sold_in_a_hidden_family(shop):
    shop.import_text(text_of(ONE_OPTION))
    shop.publish()
    shop.queue(Pending.HIDE, "tee")
    shop.sync()
    _provision(
        shop,
        "<Product_Add><Code>T-3</Code><SKU>T-3</SKU><Name>Olive</Name><Price>17.00</Price><Active>No</Active>"
        "</Product_Add>",
    )
    shop.import_text(text_of(NEW_VARIANT))

    shop.publish()
    shop.sync()
    hidden = seen_by_a_shopper(shop)
    shop.queue(Pending.UNHIDE, "tee")
    shop.sync()

    assert hidden == {}
    assert seen_by_a_shopper(shop) == shelves(NEW_VARIANT, is_native=True)


def test_a_page_is_on_sale_with_its_first_variant_and_hidden_with_its_last(shop, is_native):
    shop.import_text(text_of(ONE_OPTION))
    shop.publish()

    def found():
        family = Listing.objects.filter(product__handle="tee").order_by("sku")
        return {row.sku: row.health for row in family}, set(seen_by_a_shopper(shop))

    seen = []
    for change, sku in (
        (Pending.HIDE, "tee"), (Pending.UNHIDE, "T-1"), (Pending.UNHIDE, "T-2"),
        (Pending.HIDE, "T-1"), (Pending.HIDE, "T-2"), (Pending.UNHIDE, "tee"),
    ):  # fmt: skip
        shop.queue(change, sku)
        assert shop.sync().bad() == []
        seen.append(found())

    both, first, second = ["T-1", "T-2"], ["T-1"], ["T-2"]
    assert seen == [
        (
            {
                sku: "listed" if sku in on_sale or (sku == "tee" and on_sale) else "hidden"
                for sku in ("T-1", "T-2", "tee")
            },
            set(on_sale),
        )
        for on_sale in ([], first, both, second, [], both)
    ]


def test_nothing_false_stands_in_the_way_of_a_variant_that_is_sold(shop):
    shop.import_text(text_of(ONE_OPTION))
    shop.publish()
    shop.queue(Pending.HIDE, "tee")
    shop.sync()
    shop.queue(Pending.UNHIDE, "T-1")

    run = shop.sync()

    said = [result.message for result in run.results if result.message]
    assert set(seen_by_a_shopper(shop)) == {"T-1"}
    assert [words for words in said if "hidden or closed" in words] == []
    sold, page = shop.listings.by_skus(["T-1", "tee"])[::-1]
    assert obstacles(SaleFacts(sold.status, sold.available, parent=page.status)) == []


def test_a_page_that_is_inactive_on_the_store_stays_hidden_whatever_its_variants_are(shop):
    shop.import_text(text_of(ONE_OPTION))
    shop.publish()
    shop.unlink("tee", *ONE_OPTION[2])
    _provision(shop, '<Product_Update code="tee"><Active>No</Active></Product_Update>')
    shop.link()
    linked = shop.listing("tee").health

    shop.queue(Pending.HIDE, "T-1")
    shop.sync()

    assert (linked, shop.listing("tee").health) == ("hidden", "hidden")


def test_no_shopper_meets_half_a_family_while_it_is_delisted(shop):
    """The page goes first, then what is behind it; the last variant takes its page along."""
    shop.import_text(text_of(TEE, MUG))
    shop.publish()
    deleted = []
    delete = shop.store.delete_products
    names = {product.id: code for code, product in shop.on_store().items()}
    shop.store.delete_products = lambda ids: deleted.extend(names[number] for number in ids) or delete(ids)

    shop.queue(Pending.DELIST, "T-3")
    assert shop.sync().bad() == []
    first = seen_by_a_shopper(shop)
    shop.queue(Pending.DELIST, "T-1", "T-2")
    assert shop.sync().bad() == []

    assert first == shelves((TEE[0], TEE[1], {"T-1": ("Red", "M"), "T-2": ("Red", "L")}), MUG, is_native=True)
    assert deleted == ["t-3", "tee", "t-1", "t-2"]
    assert seen_by_a_shopper(shop) == shelves(MUG, is_native=True)


def _provision(shop, xml):
    assert list(provisioning.run(shop.sandbox.store, xml)) == []


def test_a_page_that_was_queued_for_an_overwrite_and_is_closed_waits_for_nothing_more(shop):
    shop.import_text(text_of(TEE, MUG))
    shop.publish()
    shop.queue(Pending.OVERWRITE, "tee")
    shop.import_text(text_of(("tee", (), {"T-1": ()}), MUG))

    run = shop.publish()

    assert run.bad() == []
    assert {(row.sku, row.pending) for row in Listing.objects.filter(kind__in=["parent", "simple"])} == {
        ("tee", ""), ("T-1", ""), ("M-1", ""),
    }  # fmt: skip
