"""Catalogue files as they really are: what is read, what is refused with line and reason, and what is noted."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradepost.catalogues.registry import CatalogueFiles
from tradepost.domain.errors import FileRefused
from tradepost.operations.ports import CountColumns, Level, RowReport

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Compare At Price,"
    "Variant Taxable,Variant Barcode,Image Src,Image Position,Variant Image,Status,Product Category,Cost per item\n"
)
COLUMNS = HEADER.strip().split(",")


def a_row(**values):
    names = {
        "handle": "Handle",
        "title": "Title",
        "body": "Body (HTML)",
        "vendor": "Vendor",
        "type": "Type",
        "published": "Published",
        "name1": "Option1 Name",
        "option1": "Option1 Value",
        "name2": "Option2 Name",
        "option2": "Option2 Value",
        "sku": "Variant SKU",
        "grams": "Variant Grams",
        "tracker": "Variant Inventory Tracker",
        "qty": "Variant Inventory Qty",
        "price": "Variant Price",
        "msrp": "Variant Compare At Price",
        "taxable": "Variant Taxable",
        "barcode": "Variant Barcode",
        "image": "Image Src",
        "position": "Image Position",
        "variant_image": "Variant Image",
        "status": "Status",
        "category": "Product Category",
        "cost": "Cost per item",
    }
    cells = {names[key]: value for key, value in values.items()}
    return ",".join(f'"{cells.get(column, "")}"' for column in COLUMNS) + "\n"


@pytest.fixture
def read(tmp_path):
    def read_text(*rows, header=HEADER, encoding="utf-8", name="catalogue.csv", **columns):
        path = tmp_path / name
        path.write_bytes((header + "".join(rows)).encode(encoding, errors="surrogatepass"))
        return list(CatalogueFiles().read(path, **columns))

    return read_text


def test_a_row_with_default_title_is_a_simple_product(read):
    (mug,) = read(
        a_row(
            handle="mug",
            title="Mug",
            body="<p>Light &amp; strong</p>",
            vendor="Acme",
            type="Kitchen",
            name1="Title",
            option1="Default Title",
            sku="MUG-1",
            grams="210",
            qty="14",
            price="7.90",
            msrp="9.90",
            barcode="'4006381",
            cost="3.10",
        )
    )

    product = mug.product
    assert not product.is_family
    assert (product.title, product.description, product.brand, product.category) == (
        "Mug",
        "<p>Light &amp; strong</p>",
        "Acme",
        ("Kitchen",),
    )
    (variant,) = product.variants
    assert (variant.sku, variant.options, variant.price, variant.msrp, variant.cost) == (
        "MUG-1",
        (),
        Decimal("7.90"),
        Decimal("9.90"),
        Decimal("3.10"),
    )
    assert (variant.quantity, variant.barcode, variant.weight_grams) == (14, "4006381", Decimal(210))


def test_option_names_stand_on_the_first_row_only(read):
    (tee,) = read(
        a_row(handle="tee", title="Tee", name1="Colour", option1="Red", name2="Size", option2="M", sku="A", price="1"),
        a_row(handle="tee", option1="Red", option2="L", sku="B", price="1"),
    )

    assert tee.product.option_names == ("Colour", "Size")
    assert [variant.options for variant in tee.product.variants] == [("Red", "M"), ("Red", "L")]


def test_a_single_row_is_a_simple_product_whatever_its_option_is_called(read):
    (pot,) = read(a_row(handle="pot", title="Pot", name1="Size", option1="Regular", price="9.99"))

    assert not pot.product.is_family


def test_rows_of_one_product_may_lie_apart(read):
    products = read(
        a_row(handle="tee", title="Tee", name1="Size", option1="M", sku="TEE-M", price="1"),
        a_row(handle="mug", title="Mug", sku="MUG", price="2"),
        a_row(handle="tee", option1="L", sku="TEE-L", price="1"),
    )

    assert [(p.product.handle, len(p.product.variants)) for p in products] == [("tee", 2), ("mug", 1)]


def test_a_row_that_only_carries_an_image_is_no_variant(read):
    (mug,) = read(
        a_row(handle="mug", title="Mug", sku="MUG", price="2", image="https://x.example/2.jpg", position="2"),
        a_row(handle="mug", image="https://x.example/1.jpg", position="1"),
    )

    assert not mug.product.is_family
    assert [image.source for image in mug.product.images] == [
        "https://x.example/1.jpg",
        "https://x.example/2.jpg",
    ]


def test_a_missing_sku_is_made_of_handle_and_options_and_noted(read):
    (tee,) = read(
        a_row(handle="tee", title="Tee", name1="Size", option1="M", price="1"),
        a_row(handle="tee", option1="L", price="1"),
    )

    assert [(variant.sku, variant.sku_made_up) for variant in tee.product.variants] == [
        ("tee-M", True),
        ("tee-L", True),
    ]
    assert tee.reports[0] == RowReport(
        2, Level.NOTE, "The row has no SKU; 'tee-M' was made from handle and options.", "tee"
    )


@pytest.mark.parametrize("tracker", ["", "shopify"])
def test_a_quantity_counts_whatever_the_tracker_column_says(read, tracker):
    (mug,) = read(a_row(handle="mug", title="Mug", price="2", tracker=tracker, qty="3"))

    assert mug.product.variants[0].quantity == 3


@pytest.mark.parametrize(
    ("policy", "sells_without_stock"), [("continue", True), ("Continue", True), ("deny", False), ("", False)]
)
def test_the_inventory_policy_says_whether_it_is_sold_without_stock(read, policy, sells_without_stock):
    header = HEADER.replace("\n", ",Variant Inventory Policy\n")
    row = a_row(handle="cup", title="Cup", sku="CUP", price="1", qty="0").replace("\n", f",{policy}\n")

    (found,) = read(row, header=header)

    assert found.product.variants[0].sells_without_stock is sells_without_stock


def test_an_empty_quantity_is_unknown_and_not_zero(read):
    (mug,) = read(a_row(handle="mug", title="Mug", price="2"))

    assert mug.product.variants[0].quantity is None


@pytest.mark.parametrize(
    ("status", "published", "is_for_sale"),
    [
        ("active", "true", True),
        ("", "", True),
        ("active", "", True),
        ("draft", "true", False),
        ("archived", "true", False),
        ("active", "false", False),
        ("active", "FALSE", False),
    ],
)
def test_what_is_not_active_or_not_published_is_not_for_sale(read, status, published, is_for_sale):
    (mug,) = read(a_row(handle="mug", title="Mug", price="2", status=status, published=published))

    assert mug.product.is_for_sale is is_for_sale


@pytest.mark.parametrize(
    ("type_", "category", "expected"),
    [
        ("Shirts", "Men > Tops", ("Shirts",)),
        ("", "Men > Tops > Hoodies & Sweatshirts", ("Men", "Tops", "Hoodies & Sweatshirts")),
        ("Men >  > Old   Tees >", "Men > Tops", ("Men", "Old Tees")),
        (" > ", "", ()),
        ("", "", ()),
    ],
)
def test_the_category_is_the_path_of_the_type_else_that_of_shopifys_category(read, type_, category, expected):
    (mug,) = read(a_row(handle="mug", title="Mug", price="2", type=type_, category=category))

    assert mug.product.category == expected


@pytest.mark.parametrize(
    ("price", "says"),
    [
        ("", "The column Variant Price is empty"),
        ("a lot", "'a lot' in the column Variant Price is not a plain number"),
        ("-1", "must be from 0"),
        ("NaN", "must be from 0"),
        ("1e999999999", "'1e999999999' in the column Variant Price is not a plain number"),
        ("1e-999999999", "not a plain number"),
        ("1_000", "not a plain number"),
        ("\u0661\u0662", "not a plain number"),
        ("1" * 5000, "not a plain number"),
    ],
)
def test_a_row_without_a_price_that_can_be_read_is_not_priced_and_all_else_of_it_counts(read, price, says):
    (mug,) = read(a_row(handle="mug", title="Mug", sku="MUG-1", qty="2", price=price))

    (variant,) = mug.product.variants
    assert (variant.sku, variant.quantity, variant.is_priced) == ("MUG-1", 2, False)
    assert [(report.line, report.level, says in report.message) for report in mug.reports] == [(2, Level.NOTE, True)]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"qty": "1.5"}, "'1.5' in the column Variant Inventory Qty is not a whole number"),
        ({"qty": "many"}, "not a whole number"),
        ({"msrp": "Infinity"}, "must be from 0"),
        ({"qty": "1e999999999"}, "not a whole number"),
        ({"qty": "-1e999999999"}, "not a whole number"),
        ({"qty": "1e-999999999"}, "not a whole number"),
        ({"qty": "NaN"}, "not a whole number"),
        ({"qty": "sNaN"}, "not a whole number"),
        ({"qty": "\uff11\uff12"}, "not a whole number"),
        ({"grams": "1e400"}, "in the column Variant Grams"),
        ({"sku": "", "option1": "L" * 254}, "would be longer than 255 characters"),
        ({"msrp": "x"}, "'x' in the column Variant Compare At Price"),
        ({"grams": "heavy"}, "'heavy' in the column Variant Grams"),
        ({"option1": ""}, "The option 'Size' has no value"),
        ({"option1": "m"}, "The combination m is on line 2 already"),
        ({"sku": "tee-M"}, "The SKU tee-M is used on line 2 already"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_rest_goes_in(read, bad, says):
    second = {"handle": "tee", "option1": "L", "sku": "TEE-L", "price": "1", **bad}

    (tee,) = read(
        a_row(handle="tee", title="Tee", name1="Size", option1="M", sku="TEE-M", price="1"),
        a_row(**second),
        a_row(handle="tee", option1="XL", sku="TEE-XL", price="1"),
    )

    (report,) = [report for report in tee.reports if report.level is Level.REFUSED]
    assert (report.line, says in report.message) == (3, True)
    assert [variant.options for variant in tee.product.variants] == [("M",), ("XL",)]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"sku": "S" * 256}, "The column Variant SKU has 256 characters"),
        ({"barcode": "4" * 1_000_000}, "The column Variant Barcode has 1,000,000 characters"),
        ({"option1": "\0L"}, "The column Option1 Value has a character that is no text (U+0000)"),
        ({"option1": "L\ud83d"}, "The column Option1 Value has a character that is no text (U+D83D)"),
    ],
)
def test_a_cell_that_no_catalogue_could_keep_costs_its_row_and_the_rest_goes_in(read, bad, says):
    second = {"handle": "tee", "option1": "L", "sku": "TEE-L", "price": "1", **bad}

    stray, tee = read(
        a_row(handle="tee", title="Tee", name1="Size", option1="M", sku="TEE-M", price="1"),
        a_row(**second),
        a_row(handle="tee", option1="XL", sku="TEE-XL", price="1"),
    )

    (report,) = stray.reports
    assert (report.line, report.level, says in report.message) == (3, Level.REFUSED, True)
    assert [variant.options for variant in tee.product.variants] == [("M",), ("XL",)]


def test_what_a_report_quotes_is_short(read):
    (mug,) = read(a_row(handle="mug", title="Mug", price="9" * 1_000_000))

    assert len(mug.reports[0].message) < 300


def test_a_number_is_kept_with_as_many_places_as_the_hub_has(read):
    (mug,) = read(a_row(handle="mug", title="Mug", price="1.23455", grams="1E+3", qty="2e1", cost=".5"))

    (variant,) = mug.product.variants
    assert (variant.price, variant.weight_grams, variant.quantity, variant.cost) == (
        Decimal("1.2346"),
        Decimal(1000),
        20,
        Decimal("0.5"),
    )


def test_the_values_of_an_option_stand_in_its_own_column(read):
    header = HEADER.replace("Option2 Name,Option2 Value", "Option3 Name,Option3 Value")
    row = {"handle": "tee", "title": "Tee", "name1": "Colour", "name2": "Size", "option1": "Red", "price": "1"}

    (tee,) = read(a_row(**row, option2="M"), a_row(**row, option2="L"), header=header)

    assert tee.product.option_names == ("Colour", "Size")
    assert [variant.options for variant in tee.product.variants] == [("Red", "M"), ("Red", "L")]


@pytest.mark.parametrize("position", ["²", "\u0661", "-1", "1e999999999", "9" * 5000, "first"])
def test_an_image_whose_position_is_no_number_stands_where_the_file_has_it(read, position):
    (mug,) = read(
        a_row(handle="mug", title="Mug", price="2", image="https://x.example/1.jpg", position="1"),
        a_row(handle="mug", image="https://x.example/2.jpg", position=position),
    )

    assert [(image.source[-5:], image.position) for image in mug.product.images] == [("1.jpg", 1), ("2.jpg", 2)]


def test_a_family_stays_a_family_when_all_rows_but_one_are_bad(read):
    (tee,) = read(
        a_row(handle="tee", title="Tee", name1="Size", option1="M", sku="TEE-M", price="1"),
        a_row(handle="tee", option1="L", sku="TEE-L", price="none"),
    )

    assert tee.product.is_family


def test_a_line_is_counted_where_the_row_begins_also_after_a_text_of_several_lines(read):
    products = read(
        a_row(handle="mug", title="Mug", body="one\ntwo\nthree", price="1"),
        a_row(handle="cup", title="Cup", price="bad"),
    )

    assert products[1].reports[0].line == 5


def test_a_quotation_mark_that_nothing_closes_is_told_with_the_lines_it_has_taken(read):
    products = read(
        a_row(handle="mug", title="Mug", price="1"),
        'cup,"Cup, 4 inches\n',
        *(f"pot-{number},Pot\n" for number in range(3)),
    )

    (report,) = (report for each in products for report in each.reports if report.level is Level.REFUSED)

    assert [each.product.handle for each in products if each.product] == ["mug"]
    assert (report.line, report.handle) == (3, "")
    assert "is never closed, so that 3 lines below it were not read. Close it" in report.message


def test_a_quotation_mark_that_the_last_line_closes_is_none(read):
    products = read(a_row(handle="mug", title="Mug", price="1"), 'cup,"Cup, 4 inches"')

    assert next(each.product.title for each in products if each.product) == "Mug"
    assert not [report for each in products for report in each.reports if "never closed" in report.message]


def test_a_row_with_too_many_fields_is_refused_and_the_next_one_read(read):
    products = read("mug,Mug" + "," * 40 + "stray\n", a_row(handle="cup", title="Cup", price="1"))

    assert "look for a quotation mark" in products[0].reports[0].message
    assert products[1].product.handle == "cup"


def test_a_row_without_handle_and_a_product_without_title_are_refused(read):
    products = read(a_row(title="Nobody's", price="1"), a_row(handle="cup", price="1"))

    assert [report.message for product in products for report in product.reports] == [
        "The row has no handle, so it belongs to no product.",
        "No row of the product 'cup' has a title.",
    ]


def test_a_sku_that_another_product_has_is_refused_even_in_other_case(read):
    products = read(
        a_row(handle="mug", title="Mug", sku="ABC", price="1"),
        a_row(handle="cup", title="Cup", sku="abc", price="1"),
    )

    assert products[1].product is None
    assert products[1].reports[0].message == "The SKU abc is used on line 2 already."


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_semicolons_and_tabs_part_fields_as_well(read, delimiter):
    header = delimiter.join(["Handle", "Title", "Variant Price"]) + "\n"

    (mug,) = read(delimiter.join(["mug", "Mug", "2.50"]) + "\n", header=header)

    assert mug.product.variants[0].price == Decimal("2.50")


def test_a_byte_order_mark_does_no_harm(read):
    (mug,) = read(a_row(handle="mug", title="Müg", price="1"), encoding="utf-8-sig")

    assert mug.product.title == "Müg"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xff\xfeH\x00a\x00", "UTF-16"),
        (b"PK\x03\x04rest", "spreadsheet or ZIP"),
        (b"Handle,Title,Variant Price\nm,M\xfcg,1\n", "not in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "not a text file"),
        (b"Name,Price\nMug,1\n", "lacks the columns Handle, Title, Variant Price"),
        (b"Handle,Title\nmug,Mug\n", "lacks the column Variant Price"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_with_what_to_do(tmp_path, content, says):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(FileRefused) as refusal:
        list(CatalogueFiles().read(path))

    assert says in str(refusal.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileRefused, match="There is no file"):
        list(CatalogueFiles().read(tmp_path / "none.csv"))


# What breaks readers, beside what Hypothesis finds by itself.
NASTY = st.one_of(
    st.sampled_from(
        [
            "1e999999999",
            "-1e-999999999",
            "NaN",
            "sNaN",
            "Infinity",
            "\0",
            "\ud800",
            "\u0661\u0662",
            "1" * 400,
            '"',
            "\r",
            "http://[",
        ]
    ),
    st.text(st.characters(), max_size=30),
    st.sampled_from(["tee", "1", "M", "Size", "true", "active", ""]),
)


def all_in_words(path: Path) -> bool:
    """Read a file: whatever stands in it, there are products and reports, or a refusal."""
    try:
        products = list(CatalogueFiles().read(path))
    except FileRefused as refusal:
        return bool(str(refusal))
    assert all(product.product is not None or product.reports for product in products)
    assert all(report.message and report.line >= 1 for product in products for report in product.reports)
    return True


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_whatever_stands_in_a_file_it_is_read_or_refused_in_words(tmp_path_factory, text):
    path = Path(tmp_path_factory.mktemp("fuzz")) / "x.csv"
    path.write_text("Handle,Title,Variant Price\n" + text, encoding="utf-8", errors="surrogatepass")

    assert all_in_words(path)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_whatever_bytes_a_file_is_of_it_is_read_or_refused_in_words(tmp_path_factory, content, has_header):
    path = Path(tmp_path_factory.mktemp("fuzz")) / "x.csv"
    path.write_bytes((b"Handle,Title,Variant Price\n" if has_header else b"") + content)

    assert all_in_words(path)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(NASTY, min_size=len(COLUMNS), max_size=len(COLUMNS)), min_size=1, max_size=4), st.booleans())
def test_whatever_a_cell_holds_it_costs_no_more_than_its_row(tmp_path_factory, rows, is_quoted):
    path = Path(tmp_path_factory.mktemp("fuzz")) / "x.csv"
    quote = '"' if is_quoted else ""
    lines = [",".join(quote + cell.replace('"', '""') + quote for cell in row) + "\n" for row in rows]
    good = a_row(handle="the good one", title="Good", sku="the good one's", price="1")
    path.write_bytes((HEADER + good + "".join(lines)).encode(errors="surrogatepass"))

    assert all_in_words(path)
    handles = [read.product.handle for read in CatalogueFiles().read(path) if read.product is not None]
    assert "the good one" in handles


@pytest.mark.parametrize(
    ("text", "counted_at"),
    [
        ("2026-03-01T18:30Z", datetime(2026, 3, 1, 18, 30, tzinfo=UTC)),
        ("2026-03-01 18:30", datetime(2026, 3, 1, 18, 30, tzinfo=UTC)),
        ("2026-03-01T18:30+02:00", datetime(2026, 3, 1, 16, 30, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_column_that_the_source_names_says_when_a_number_was_counted(read, text, counted_at):
    header = "Handle,Title,Variant Price,Variant Inventory Qty,Counted\n"

    (mug,) = read(f"mug,Mug,7.90,5,{text}\n", header=header, counted=CountColumns(counted_at="Counted"))

    assert [(variant.quantity, variant.counted_at) for variant in mug.product.variants] == [(5, counted_at)]
    assert [report for report in mug.reports if "Counted" in report.message] == []


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00+14:00", "2026-03-01T18:30Z" * 9])
def test_what_is_no_time_of_counting_is_noted_and_the_row_is_taken(read, text):
    header = "Handle,Title,Variant Price,Variant Inventory Qty,Counted\n"

    (mug,) = read(f"mug,Mug,7.90,5,{text}\n", header=header, counted=CountColumns(counted_at="Counted"))

    assert mug.product.variants[0].counted_at is None
    assert any("is no time such as" in report.message for report in mug.reports)


def test_a_file_without_the_column_that_says_when_it_was_counted_is_refused(read):
    with pytest.raises(FileRefused, match="lacks the column Counted"):
        read("mug,Mug,7.90\n", header="Handle,Title,Variant Price\n", counted=CountColumns(counted_at="Counted"))


@pytest.mark.parametrize(
    ("text", "quantity", "through"),
    [
        ("1042", 5, (("", 1042),)),
        (" shop = 1042; outlet=77 ", 5, (("shop", 1042), ("outlet", 77))),
        ("", 5, ()),
        ("yesterday", None, ()),
        ("-1", None, ()),
        ("9" * 30, None, ()),
        (";", None, ()),
    ],
)
def test_a_column_that_the_source_names_says_up_to_which_order_was_counted(read, text, quantity, through):
    header = "Handle,Title,Variant Price,Variant Inventory Qty,Orders\n"

    (mug,) = read(f"mug,Mug,7.90,5,{text}\n", header=header, counted=CountColumns(orders_through="Orders"))

    assert [(variant.quantity, variant.orders_through) for variant in mug.product.variants] == [(quantity, through)]
    noted = [report for report in mug.reports if "no order number such as 1042" in report.message]
    assert len(noted) == (quantity is None)
