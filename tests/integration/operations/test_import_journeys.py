"""What an import says of it before and after: what goes off sale, what is sold twice, what stays as it is."""

from types import SimpleNamespace

import pytest
from django.db import transaction

from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.domain.listings.listing import Pending
from tradepost.operations.catalogue.catalogue_changes import (
    CatalogueChangePorts,
    carry_out,
    plan_merger,
    plan_removal,
    plan_renaming,
)
from tradepost.operations.ports import Level

from .conftest import ALL_RIGHTS, HEADER, MUG, TEE, Shop


@pytest.fixture
def shop(sandbox, sqlite, tmp_path):
    made = Shop(sandbox, tmp_path, token=ALL_RIGHTS)
    yield made
    made.close()


def off_sale(report):
    return [entry.message for entry in report.reports if entry.level is Level.OFF_SALE]


def test_an_import_and_its_preview_name_every_variant_that_goes_with_its_pieces(shop, shopper):
    sizes = [f"tee,Tee,,Acme,Shirts,Size,{n},,,T-{n},90,{n},15.00,,\n" for n in range(1, 11)]
    shop.import_text(HEADER + "".join(sizes))
    shop.publish()
    few = HEADER + "".join(sizes[:2])

    previewed = off_sale(shop.import_text(few, is_dry=True))
    untouched = len(shopper.sold(["tee"]))
    imported = off_sale(shop.import_text(few))
    again = off_sale(shop.import_text(few))

    assert previewed == imported
    assert untouched == 10
    assert imported == [
        f"T-{n} on 'Shop' is not in the catalogue any more, so a sync takes it off sale: {n} pieces are on sale there."
        for n in range(3, 11)
    ]
    assert again == []
    shop.sync()
    assert set(shopper.sold(["tee"])) == {"T-1", "T-2"}


def test_what_is_not_on_the_store_goes_from_the_file_without_a_word(shop):
    shop.import_text(HEADER + TEE)
    rows = TEE.splitlines(keepends=True)

    assert off_sale(shop.import_text(HEADER + rows[0] + rows[2])) == []


def family(handle, prefix, *, title="Cotton Tee"):
    return "".join(f"{handle},{title},,Acme,Shirts,Size,{size},,,{prefix}-{size},90,5,15.00,,\n" for size in "SM")


def hints(report):
    return [entry.message for entry in report.reports if "the title and options of" in entry.message]


def change_catalogue(shop, planner, *names):
    history = SimpleNamespace(keep=lambda *_, **__: None)
    listings = {shop.channel.pk: shop.listings}
    ports = CatalogueChangePorts(DjangoCatalogue(), listings, history, transaction.atomic)
    carry_out(planner(*names, ports), ports)


def offers(shop, shopper):
    """How many times each SKU is sold, over all pages."""
    found = shopper.sold([product.code for product in shop.on_store().values()])
    return {sku: len(places) for sku, places in found.items()}


OLD, NEW = HEADER + family("tee", "T") + MUG, HEADER + family("shirt", "N") + MUG
HINT = "'shirt' is new, and has the title and options of 'tee', which is on a store and not in this file."


def test_another_sku_and_handle_at_once_is_told_before_an_import_and_what_is_on_the_store_goes_on(shop, shopper):
    shop.import_text(OLD)
    shop.publish()

    (hint,) = hints(shop.import_text(NEW, is_dry=True))
    change_catalogue(shop, plan_renaming, "tee", "shirt")
    after = hints(shop.import_text(NEW))
    shop.publish()
    shop.sync()

    assert hint.startswith(HINT)
    assert "'tradepost catalogue rename tee shirt' goes on with what is on the store" in hint
    assert after == []
    assert sorted(shop.on_store()) == ["mug-01", "t-m", "t-s", "tee"]
    assert offers(shop, shopper) == {"N-S": 1, "N-M": 1, "MUG-01": 1}


def test_another_sku_and_handle_at_once_is_told_after_an_import_and_the_old_family_goes_off_sale(shop, shopper):
    shop.import_text(OLD)
    shop.publish()

    (hint,) = hints(shop.import_text(NEW))
    again = hints(shop.import_text(NEW))
    change_catalogue(shop, plan_removal, ["tee"])
    shop.publish()
    shop.sync()

    assert hint.startswith(HINT)
    assert "after it, 'tradepost catalogue remove tee' takes the old one off sale" in hint
    assert again == []
    assert offers(shop, shopper) == {"N-S": 1, "N-M": 1, "MUG-01": 1}


def test_a_single_article_with_another_sku_and_handle_is_merged_with_what_is_on_the_store(shop, shopper):
    shop.import_text(HEADER + MUG)
    shop.publish()

    (hint,) = hints(shop.import_text(HEADER + MUG.replace("mug,", "pot,").replace("MUG-01", "POT-1")))
    change_catalogue(shop, plan_merger, "MUG-01", "POT-1")
    shop.publish()
    shop.sync()

    assert "'tradepost catalogue merge MUG-01 POT-1' does, before a publish" in hint
    assert offers(shop, shopper) == {"POT-1": 1}


@pytest.mark.parametrize(
    "rows",
    [
        family("tee", "T") + family("shirt", "N"),
        family("shirt", "N", title="Linen Tee"),
        family("shirt", "N") + "shirt,,,,,Size,L,,,N-L,90,5,15.00,,\n",
    ],
    ids=["the file has both", "another title", "another size"],
)
def test_what_is_another_product_is_not_said_to_be_the_same(shop, rows):
    shop.import_text(HEADER + family("tee", "T"))
    shop.publish()

    assert hints(shop.import_text(HEADER + rows)) == []


def test_what_was_never_on_a_store_gives_no_hint(shop):
    shop.import_text(HEADER + family("tee", "T"))

    assert hints(shop.import_text(HEADER + family("shirt", "N"))) == []


# --- the order of drop-downs ------------------------------------------------------------------------------------------


def sizes(*names, first="Size"):
    """A red tee in these sizes; `first` says which option stands first."""
    rows = []
    for name in names:
        options = [("Size", name), ("Colour", "Red")] if first == "Size" else [("Colour", "Red"), ("Size", name)]
        cells = ",".join(f"{option},{value}" for option, value in options)
        rows.append(f"tee,Cotton Tee,,Acme,Shirts,{cells},T-{name},90,5,15.00,,\n")
    return HEADER + "".join(rows)


def reordered(report):
    return [entry.message for entry in report.reports if "stand in another order" in entry.message]


@pytest.mark.parametrize(
    ("after", "on_page"),
    [
        (sizes("L", "S"), {"Size": ["L", "S"], "Colour": ["Red"]}),
        (sizes("S", "L", first="Colour"), {"Colour": ["Red"], "Size": ["S", "L"]}),
    ],
    ids=["values", "options"],
)
def test_another_order_is_told_once_and_made_by_delisting_and_publishing(shop, shopper, after, on_page):
    shop.import_text(sizes("S", "L"))
    shop.publish()
    page = shopper.choices("tee")

    (told,) = reordered(shop.import_text(after))
    again = reordered(shop.import_text(after))
    shop.publish()
    kept = shopper.choices("tee")
    shop.queue(Pending.DELIST, "tee")
    shop.sync()
    shop.queue(Pending.PUBLISH, "tee")
    shop.publish()
    made = shopper.choices("tee")

    assert "'tradepost listings delist tee --now'" in told
    assert "is gone for good" in told
    assert again == []
    assert list(kept.items()) == list(page.items())
    assert list(made.items()) == list(on_page.items())
    assert set(shopper.sold(["tee"])) == {"T-S", "T-L"}


@pytest.mark.parametrize("after", [sizes("S", "M", "L"), sizes("S"), sizes("S", "L").replace(",5,", ",4,")])
def test_the_same_order_is_not_mentioned(shop, after):
    shop.import_text(sizes("S", "L"))
    shop.publish()

    assert reordered(shop.import_text(after)) == []


def test_a_row_that_could_not_be_used_is_no_other_order(shop):
    shop.import_text(sizes("S", "L"))
    shop.publish()

    assert reordered(shop.import_text(sizes("S", "L").replace("T-S,90,", "T-S,heavy,"))) == []


def test_a_family_that_is_on_no_store_may_have_any_order(shop):
    shop.import_text(sizes("S", "L"))

    assert reordered(shop.import_text(sizes("L", "S"))) == []
