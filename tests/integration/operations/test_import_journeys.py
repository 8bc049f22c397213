"""What an import says of it before and after: what goes off sale, what is sold twice, what stays as it is."""

import pytest

from shopper import Shopper
from tradepost.operations.ports import Level

from .conftest import ALL_RIGHTS, HEADER, TEE, Shop


@pytest.fixture
def shop(sandbox, sqlite, tmp_path):
    made = Shop(sandbox, tmp_path, token=ALL_RIGHTS)
    yield made
    made.close()


@pytest.fixture
def shopper(sandbox):
    visitor = Shopper(sandbox)
    yield visitor
    visitor.close()


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
