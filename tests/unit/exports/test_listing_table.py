"""A table of listings that is written, opened in a spreadsheet and read again says what it said."""

import csv

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.catalogues.listing_table import ListingCsv
from tradepost.domain.errors import FileRefused
from tradepost.domain.files.safe_cells import plain_text, safe_cell
from tradepost.exports.listings_csv import write_listings
from tradepost.operations.ports import Level, TableRow

cells = st.text("a='+-@\"\n,\t é", min_size=1, max_size=6).filter(lambda text: text.strip() == text)


@given(text=st.text("a='+-@ \t\n"))
def test_what_is_made_safe_is_read_as_it_was(text):
    assert plain_text(safe_cell(text)) == text


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(cells, max_size=4))
def test_a_table_is_read_as_it_was_written_and_holds_no_formula(tmp_path, titles):
    path = tmp_path / "table.csv"
    write_listings(path, ["SKU", "Title"], [{"SKU": f"S{n}", "Title": title} for n, title in enumerate(titles)])

    read = list(ListingCsv().rows(path, channel_name="shop"))

    assert [row.cells for row in read] == [{"Title": title} for title in titles]
    with path.open(encoding="utf-8", newline="") as file:
        assert not [row for row in csv.DictReader(file) if row["Title"][0] in "=+-@"]


def test_rows_of_no_use_and_unknown_columns_are_told_of_with_their_line(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Channel,SKU,Titel,Price,Status\nshop,A,x,9.99,listed\nother,B,x,1.00,\n,,x,2.00,\n", "utf-8")

    note, first, *refused = ListingCsv().rows(path, channel_name="shop")

    assert (note.level, note.message) == (
        Level.NOTE,
        "The column Titel is none by which a listing can be customised, so it is passed over.",
    )
    assert first == TableRow(2, "A", {"Price": "9.99"})
    assert [(row.line, row.message) for row in refused] == [
        (3, "The row of B is of the channel 'other', not of this one."),
        (4, "The row has no SKU."),
    ]


@pytest.mark.parametrize("header", ["Title,Price", "SKU,Titel"])
def test_a_file_without_a_sku_or_anything_to_change_is_refused(tmp_path, header):
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\nA,B\n", "utf-8")

    with pytest.raises(FileRefused, match="must have a column SKU and one of what is to be customised"):
        list(ListingCsv().rows(path, channel_name="shop"))
