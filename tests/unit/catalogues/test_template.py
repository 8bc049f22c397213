"""The hub's own layouts, as CSV and as JSON lines: products, SKUs with values only, and Miva's flat file (R1-R5)."""

import importlib.util
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradepost.catalogues import template
from tradepost.catalogues.registry import CatalogueFiles
from tradepost.domain.catalogue.catalogue import Product, SourceImage, Variant
from tradepost.domain.errors import FileRefused
from tradepost.domain.fields import FIELDS, custom_field_names
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.ports import CountColumns, Level

TEE = Product(
    handle="tee",
    title="Cotton Tee",
    description='<p>Soft; "very"</p>',
    variants=(
        Variant("TEE-S", ("S", "Red"), Decimal("15.00"), 6, 1, taxable=False, barcode="4006381333931"),
        Variant("TEE-M", ("M", "Red"), Decimal("15.50"), 0, 2, image=SourceImage("https://i.example/m.jpg", 1)),
    ),
    option_names=("Size", "Color"),
    brand="Hilltop",
    category=("Men", "Shirts"),
    tags=("soft", "new"),
    page_title="Tees",
    images=(SourceImage("https://i.example/a.jpg", 1), SourceImage("https://i.example/b.jpg", 2)),
)
MUG = Product("mug", "Mug", "", (Variant("MUG-01", (), Decimal("7.90"), None, 1, weight_grams=Decimal(300)),))
CSV = """\
sku,handle,parent,options,name,description,page_title,brand,categories,tags,images,price,quantity,barcode,\
weight_grams,is_taxable
MUG-01,mug,,,Mug,,,,,,,7.90,,,300,
TEE-S,,TEE,Size=S; Color=Red,,,,,,,,15.00,6,4006381333931,,no
TEE-M,,TEE,Color=Red; Size=M,,,,,,,https://i.example/m.jpg,15.50,0,,,
TEE,tee,,,Cotton Tee,"<p>Soft; ""very""</p>",Tees,Hilltop,Men > Shirts,"soft, new",\
https://i.example/a.jpg | https://i.example/b.jpg,,,,,
"""
LINES = [
    {"sku": "MUG-01", "handle": "mug", "name": "Mug", "price": 7.9, "quantity": None, "weight_grams": 300},
    {"sku": "TEE-S", "parent": "TEE", "options": {"Size": "S", "Color": "Red"}, "price": "15.00", "quantity": 6}
    | {"barcode": "4006381333931", "is_taxable": False},
    {"sku": "TEE-M", "parent": "TEE", "options": "Color=Red; Size=M", "price": 15.5, "quantity": 0}
    | {"images": ["https://i.example/m.jpg"]},
    {"sku": "TEE", "handle": "tee", "name": "Cotton Tee", "description": '<p>Soft; "very"</p>', "page_title": "Tees"}
    | {"brand": "Hilltop", "categories": ["Men", "Shirts"], "tags": "soft, new"}
    | {"images": ["https://i.example/a.jpg", "https://i.example/b.jpg"], "surplus": [{"of": "nobody's"}]},
]


@pytest.fixture
def read(tmp_path):
    def read_text(text, *, name="catalogue.csv", **options):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return list(CatalogueFiles().read(path, **options))

    return read_text


def as_lines(rows):
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def refused(found):
    return [(report.line, report.message) for read in found for report in read.reports if report.level is Level.REFUSED]


def test_a_template_has_families_and_single_products_in_any_order_of_rows(read):
    """R1."""
    found = read(CSV)

    assert [each.product for each in found] == [MUG, TEE]
    assert refused(found) == []


def test_json_lines_have_the_same_names_and_say_the_same(read):
    """R1."""
    found = read(as_lines(LINES), name="catalogue.jsonl")

    assert [each.product for each in found] == [MUG, TEE]


def test_a_number_of_json_keeps_its_digits(read):
    (found,) = read('{"sku": "MUG", "name": "Mug", "price": 0.1000, "quantity": 2e1}\n', name="a.jsonl")

    assert (found.product.variants[0].price, found.product.variants[0].quantity) == (Decimal("0.1000"), 20)


def test_the_example_of_the_template_is_one_that_can_be_imported(read):
    found = read(template.text())

    assert [(each.product.title, len(each.product.variants)) for each in found] == [
        ("Enamel Mug", 1),
        ("Cotton Tee", 2),
    ]
    assert refused(found) == []


MADE = {
    "placement": {"parent"},
    "attributes": {"options"},
    "variants": {"options", "parent"},
    "dimensions": {"length", "width", "height"},
    "address": {"handle"},
}
"""Fields of a listing that are made of columns of other names."""
OF_THE_CHANNEL = {"is_in_search", "is_active", "variant_pricing"}


def test_the_template_has_a_column_for_every_field_of_a_listing():
    custom = {name.lower() for name in custom_field_names(ContentRules()).values()}
    of_custom_fields = {"barcode": "upc"}
    known = {of_custom_fields.get(name, name) for name in template.COLUMNS}

    missing = {
        name
        for name in FIELDS.keys() - OF_THE_CHANNEL - {"custom_fields"}
        if not MADE.get(name, {name}) <= template.COLUMNS.keys()
    }

    assert missing == set()
    assert custom - known == {"product type", "parent code"}


def test_what_is_wrong_with_a_row_is_told_with_its_line_and_the_rest_is_read(read):
    """R5."""
    found = read(
        "sku,parent,options,name,price,quantity,is_taxable,images\n"
        "A,,,A,1,,,\n"
        "A,,,A again,1,,,\n"
        ",,,Nobody,1,,,\n"
        "B-1,B,,,1,,,\n"
        "T,,,Tee,,,,\n"
        "T-S,T,Size=S,,1,,,\n"
        "T-M,T,Colour=M,,1,,,\n"
        "T-L,T,,,1,,,\n"
        "T-X,T,Size=X,,1,many,,\n"
        "T-Y,T,Size=Y,,1,,perhaps,\n"
        "T-Z,T,Size=s,,1,,,\n"
        "C,,,,1,,,\n"
    )

    assert refused(found) == [
        (4, "The row has no SKU."),
        (3, "The SKU A is used on line 2 already."),
        (5, "No row has the SKU B, which this one names as its parent."),
        (8, "Its options are 'Colour', and those of its family 'Size'; they must be the same."),
        (9, "Its options are none, and those of its family 'Size'; they must be the same."),
        (10, "'many' in the column quantity is not a whole number."),
        (11, "'perhaps' in the column is_taxable is neither yes nor no."),
        (12, "The combination s is on line 7 already."),
        (13, "The product 'C' has no name."),
    ]
    assert [each.product.handle for each in found if each.product] == ["A", "T"]
    assert next(each.unread for each in found if each.product and each.product.handle == "T") == (
        *("T-M", "T-L", "T-X", "T-Y", "T-Z"),
    )


def test_one_wrong_line_of_json_costs_itself(read):
    found = read(
        '{"sku": "A", "name": "A", "price": 1}\n{"sku": "B", \n\n[1]\n{"sku": "C", "name": {"de": "C"}}\n'
        '{"sku": "D", "name": "D\\u0000"}\n{"sku": "E", "name": "E", "price": 2}\n',
        name="a.jsonl",
    )

    assert [each.product.handle for each in found if each.product] == ["A", "E"]
    assert [line for line, _ in refused(found)] == [2, 4, 5, 6]


def test_a_file_of_skus_says_price_or_quantity_and_nothing_else(read):
    """R3."""
    found = read("quantity;sku\n5;A\n;B\n0;a\n7;A\nx;C\n", counted=CountColumns())

    said = [
        (each.values.line, each.values.sku, each.values.price, each.values.quantity) for each in found if each.values
    ]
    assert said == [(2, "A", None, 5), (3, "B", None, None), (4, "a", None, 0)]
    assert refused(found) == [
        (5, "The SKU A is used on line 2 already."),
        (6, "'x' in the column quantity is not a whole number."),
    ]


def test_json_lines_of_skus_are_told_by_their_first_object(read):
    found = read('{"sku": "A", "price": 1.50}\n{"sku": "B", "quantity": 3}\n', name="a.jsonl")

    assert [(each.values.sku, each.values.price, each.values.quantity) for each in found] == [
        ("A", Decimal("1.50"), None),
        ("B", None, 3),
    ]


def test_a_flat_file_of_miva_has_simple_products_by_their_codes(read):
    """R1."""
    (mug, cup) = read(
        "PRODUCT_CODE,PRODUCT_SKU,PRODUCT_NAME,PRICE,COST,WEIGHT,DESCRIPTION,CATEGORY_CODES,CANONICAL_CATEGORY_CODE,"
        "ACTIVE,TAXABLE,IMAGE_URL,TRACK_PRODUCT_INVENTORY,CURRENT_STOCK_LEVEL,SHIPPING_HEIGHT,PAGE_TITLE\n"
        'mug,MUG-01,Mug,7.90,3,0.7,<p>x</p>,"kitchen,gifts",,Yes,No,https://i.example/m.jpg,Yes,5,10,Mugs\n'
        "cup,,Cup,3,,,,,ceramics,No,Yes,,No,0,,\n"
    )

    assert mug.product == Product(
        "mug",
        "Mug",
        "<p>x</p>",
        (Variant("MUG-01", (), Decimal("7.90"), 5, 1, cost=Decimal(3), taxable=False, height=Decimal(10)),),
        category=("kitchen",),
        page_title="Mugs",
        images=(SourceImage("https://i.example/m.jpg", 1),),
    )
    assert (cup.product.variants[0].sku, cup.product.variants[0].quantity) == ("cup", None)
    assert (cup.product.is_for_sale, cup.product.category) == (False, ("ceramics",))


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
_ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(list(template.COLUMNS)),
        st.one_of(_TEXTS, st.sampled_from(["TEE", "TEE-S", "Size=S", "Size=M", "1", "no"]), st.integers(), st.none())
        | st.lists(_TEXTS, max_size=2)
        | st.dictionaries(_TEXTS, _TEXTS, max_size=2),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(_ROWS)
def test_whatever_stands_in_a_line_each_sku_and_handle_comes_once_and_nothing_breaks(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    path.write_text(as_lines([{"sku": "first", "name": "First"}, *rows]), encoding="utf-8")

    found = list(CatalogueFiles().read(path))

    products = [each.product for each in found if each.product]
    skus = [variant.sku for product in products for variant in product.variants]
    assert len(skus) == len({sku.casefold() for sku in skus})
    assert len({product.handle for product in products}) == len(products)
    assert all(len(v.options) == len(p.option_names) for p in products for v in p.variants)


def test_a_json_document_is_no_file_of_json_lines(read):
    with pytest.raises(FileRefused, match="does not begin with an object"):
        read('[\n {"sku": "A", "name": "A"}\n]\n', name="a.json")


def test_the_reference_of_catalogue_files_says_what_the_formats_read():
    folder = Path(__file__).parents[3] / "docs/reference"
    specification = importlib.util.spec_from_file_location("write_files", folder / "write_catalogue_files.py")
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)

    assert (folder / "catalogue-files.md").read_text(encoding="utf-8") == script.text()
