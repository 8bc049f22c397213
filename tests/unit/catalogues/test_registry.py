"""Formats of catalogue files: which one reads a file, and what is said when none does."""

from decimal import Decimal

import pytest

from tradepost.catalogues.registry import FORMATS, CatalogueFiles
from tradepost.domain.catalogue.catalogue import Product, Variant
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import FileRefused
from tradepost.operations.ports import FileLook, ReadProduct


class PriceList:
    """A format as a newcomer would write it: lines of SKU and price below a word that tells it from others."""

    form = "price-list"
    description = "price list"

    def check(self, path):
        if not path.is_file():
            raise FileRefused(f"There is no file {path}. Check the path.")
        with path.open() as file:
            if file.readline().strip() != "PRICES":
                raise FileRefused("It does not begin with PRICES.")

    def read(self, path, *, counted):
        for line in path.read_text().splitlines()[1:]:
            sku, price = line.split()
            yield ReadProduct(Product(sku, sku, "", (Variant(sku, (), Decimal(price), None, 1),)), (), 1)


@pytest.fixture
def files():
    return CatalogueFiles((*FORMATS, PriceList()))


def test_a_new_format_is_one_more_entry_and_recognised_by_how_a_file_begins(files, tmp_path):
    (tmp_path / "prices").write_text("PRICES\nMUG 7.90\nCUP 3\n")
    (tmp_path / "export.csv").write_text("Handle,Title,Variant Price\nmug,Mug,7.90\n")

    prices = [read.product.variants[0].price for read in files.read(tmp_path / "prices")]
    titles = [read.product.title for read in files.read(tmp_path / "export.csv")]

    assert (prices, titles) == ([Decimal("7.90"), Decimal(3)], ["Mug"])


def test_a_file_of_no_format_is_refused_with_the_reason_of_each(files, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Miva,\n")

    with pytest.raises(FileRefused) as refusal:
        files.read(path)

    words = str(refusal.value)
    assert words.startswith(
        f"{path} is in no format that can be imported. It is no product export in Shopify's layout: {path} lacks the "
        "columns Handle, Title, Variant Price. It must be a product export in Shopify's layout, with its header row. "
        "It is no catalogue in the hub's own layout"
    )
    assert words.endswith("It is no price list: It does not begin with PRICES.")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("SKU;Price", "lacks the column sku. Case counts: SKU has to be sku."),
        (
            "sku;Price",
            "lacks the columns price, quantity. Case counts: Price has to be price. It must be a file of SKUs",
        ),
    ],
)
def test_a_column_that_is_spelled_otherwise_is_named(files, tmp_path, header, reason):
    path = tmp_path / "values.csv"
    path.write_text(f"{header}\nMUG;7.90\n")

    with pytest.raises(FileRefused) as refusal:
        files.read(path, form=CatalogueForm.SKUS)

    assert reason in str(refusal.value)


def test_a_reason_that_all_formats_have_is_told_once(files, tmp_path):
    with pytest.raises(FileRefused, match=r"^There is no file .*none. Check the path.$"):
        files.read(tmp_path / "none")


def test_formats_have_names_of_their_own():
    assert len({known.form for known in FORMATS}) == len(FORMATS)


def test_a_format_that_is_named_is_taken_at_its_word_and_recognised_by_no_header(files, tmp_path):
    path = tmp_path / "values.csv"
    path.write_text("sku,name,price\nMUG,Mug,7.90\n")

    (value,) = files.read(path, form=CatalogueForm.SKUS)

    assert (value.product, value.values.sku, value.values.price) == (None, "MUG", Decimal("7.90"))
    with pytest.raises(FileRefused, match="lacks the columns Handle"):
        files.read(path, form=CatalogueForm.SHOPIFY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "sku;name;box\nMUG;Mug;red\n\nCUP;\n",
            FileLook(CatalogueForm.TEMPLATE, ["sku", "name", "box"], ["box"], [["MUG", "Mug", "red"], ["CUP", "", ""]]),
        ),
        (
            '{"sku": "MUG", "name": "Mug", "price": 7.90}\n{"sku": "CUP", "box": "red"}\n',
            FileLook(
                CatalogueForm.JSON_LINES,
                ["sku", "name", "price", "box"],
                ["box"],
                [["MUG", "Mug", "7.90", ""], ["CUP", "", "", "red"]],
            ),
        ),
    ],
)
def test_a_look_at_a_file_tells_layout_columns_and_first_rows(tmp_path, text, expected):
    path = tmp_path / "products.txt"
    path.write_text(text, encoding="utf-8")

    look = CatalogueFiles().look(path, rows=2)

    assert look == expected
