"""Listings as a table, and what a table gives them of their own on one channel (R53, R56)."""

import csv
import io
from decimal import Decimal

import pytest

from sdk.store_reader import read_store
from shopper import Shopper

FORMULA = '=HYPERLINK("http://example.com")'


@pytest.fixture
def table(published, tmp_path):
    """Write the table of listings with these cells changed, by SKU, and only these; gives its path."""

    def write(changed: dict[str, dict[str, str]]):
        path = tmp_path / "table.csv"
        assert published("listings", "export", path).code == 0
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        for sku, cells in changed.items():
            (row,) = (row for row in rows if row["SKU"] == sku)
            assert set(cells) <= set(row)
            row.update(cells)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def test_a_table_that_is_handed_back_as_it_was_written_changes_nothing(published, table):
    answer = published("listings", "customise", table({}), "--json")

    assert (answer.code, answer.json["customised"], answer.json["refused_lines"]) == (0, 0, [])
    assert answer.json["unchanged"] == len(published("listings", "list", "--json").json["listings"])
    assert published("listings", "list", "--where", "pending!=none", "--json").json["listings"] == []


def test_what_a_table_changes_is_of_this_channel_and_reaches_the_store(published, store, table, sample):
    before = read_store(store)
    changes = {
        "HP-MUG-WHITE": {"Title": "Mug for sailors", "Custom Field: brand": "Ours", "Price": "13.50"},
        "harbour-tee": {"Description": "<p>Only here.</p><script>run()</script>", "Page Title": "Tees"},
        "HP-NOTE-SLATE": {"Quantity": "1"},
    }
    planned = published("listings", "customise", table(changes), "--dry-run")
    untouched = published("listings", "list", "--where", "pending!=none", "--json").json["listings"]
    answer = published("listings", "customise", table(changes), "--json")
    again = published("listings", "customise", table({}), "--json")
    explained = published("listings", "explain", "HP-MUG-WHITE").out
    mapping = published("listings", "mapping", "HP-MUG-WHITE", "--json").json["fields"]
    queued = published("listings", "list", "--where", "pending=overwrite", "--json").json["listings"]
    assert published("catalogue", "import", sample).code == 0
    sent = published("listings", "publish")
    assert published("listings", "sync", "--json").code == 0
    found = read_store(store)
    shopper = Shopper(store)
    try:
        (_, _, price) = shopper.sold(["HP-MUG-WHITE"])["HP-MUG-WHITE"][0]
    finally:
        shopper.close()

    assert "title: " in planned.out
    assert "Would customise 3 listings" in planned.out
    assert untouched == []
    assert (answer.code, answer.json["customised"]) == (0, 3)
    assert (again.json["customised"], again.json["refused_lines"]) == (0, [])
    assert "Customised on this channel: its title is 'Mug for sailors'" in explained
    assert {row["field"]: row["made_of"] for row in mapping if "customised on this channel" in row["made_of"]} == {
        "name": "customised on this channel",
        "custom_fields": "brand: customised on this channel",
    }
    assert sorted(row["sku"] for row in queued) == ["HP-MUG-WHITE", "harbour-tee"]
    mug, tee, note = found["hp-mug-white"], found["harbour-tee"], found["hp-note-slate"]
    assert (mug.name, mug.custom_fields["brand"], mug.price) == ("Mug for sailors", "Ours", Decimal("13.50"))
    assert price == "$13.50"
    assert sent.code == 0
    assert "1 script removed from the description" in " ".join((sent.out + sent.err).split())
    assert (tee.description, tee.page_title) == ("<p>Only here.</p>", "Tees")
    assert tee.name == before["harbour-tee"].name
    assert mug.description == before["hp-mug-white"].description
    assert note.stock.count == 1
    assert published("listings", "publish", "--json").json["counts"] == []


def test_what_is_cleared_follows_the_catalogue_again(published, store, table):
    was = read_store(store)["hp-mug-white"]
    published("listings", "customise", table({"HP-MUG-WHITE": {"Title": FORMULA, "Price": "13.50"}}))
    assert published("listings", "publish", "--json").code == published("listings", "sync", "--json").code == 0
    own = read_store(store)["hp-mug-white"]
    again = published("listings", "customise", table({}), "--json")
    cleared = published(
        "listings", "customise", table({"HP-MUG-WHITE": {"Title": "[clear]", "Price Locked": "no"}}), "--json"
    )
    assert published("listings", "publish", "--json").code == published("listings", "sync", "--json").code == 0
    back = read_store(store)["hp-mug-white"]

    assert (own.name, own.price) == (FORMULA, Decimal("13.50"))
    assert again.json["customised"] == 0
    assert cleared.json["customised"] == 1
    assert (back.name, back.price) == (was.name, was.price)


def test_what_is_customised_is_found_by_a_filter_and_freed_by_an_unlock_of_everything(published, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("SKU,Title\nHP-MUG-WHITE,Ours\n", "utf-8")
    published("listings", "customise", path)

    found = published("listings", "list", "--where", "customised=yes", "--json").json["listings"]
    freed = published("listings", "unlock", "--all", "--yes", "--json")

    assert [(row["sku"], row["locked"]["texts"]) for row in found] == [("HP-MUG-WHITE", {"name": "Ours"})]
    assert freed.json["changed"] == 1
    assert published("listings", "list", "--where", "customised=yes", "--json").json["listings"] == []


def test_rows_that_can_not_be_are_named_with_their_line_and_the_rest_is_done(published, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "SKU,Title,Price\nHP-MUG-WHITE,Ours,\nHP-MUG-WHTE,Ours,\nHP-BAG-SAND,,free\n,Ours,\nHP-MUG-WHITE,Twice,\n"
        "harbour-tee,,9.99\n",
        "utf-8",
    )
    output = tmp_path / "out.csv"

    answer = published("listings", "customise", path, "--output", output, "--json")
    told = published("listings", "customise", path, "--dry-run")

    assert answer.code == told.code == 1
    assert (answer.json["customised"], answer.json["unchanged"]) == (1, 0)
    assert [(row["line"], row["reason"]) for row in answer.json["refused_lines"]] == [
        (3, "There is no listing HP-MUG-WHTE on the channel 'shop'. Did you mean 'HP-MUG-WHITE'?"),
        (5, "The row has no SKU."),
        (6, "HP-MUG-WHITE is on line 2 already."),
        (4, "'free' is no price; write it as 9.99."),
        (7, "A family's page has no price of its own; say it of its variants."),
    ]
    assert "Line 4: HP-BAG-SAND is left as it is. 'free' is no price" in told.out
    with output.open(encoding="utf-8", newline="") as file:
        rows = {row["line"]: (row["sku"], row["action"], row["outcome"]) for row in csv.DictReader(file)}
    assert rows["2"] == ("HP-MUG-WHITE", "customise", "applied")
    assert rows["4"] == ("HP-BAG-SAND", "customise", "skipped")
    assert rows["3"] == ("HP-MUG-WHTE", "customise", "failed")
    run = next(run for run in published("runs", "list", "--json").json["runs"] if run["kind"] == "request")
    assert run["state"] == "completed_with_errors"


def test_a_table_is_printed_where_no_file_is_named_and_holds_what_a_filter_means(published):
    printed = published("listings", "export", "--where", "sku=HP-MUG-WHITE")
    as_json = published("listings", "export", "--where", "sku=HP-MUG-WHITE", "--json").json["listings"]

    (row,) = csv.DictReader(io.StringIO(printed.out))
    assert row == as_json[0]
    assert (row["Channel"], row["SKU"], row["Status"], row["Link Status"], row["Price Locked"]) == (
        "shop",
        "HP-MUG-WHITE",
        "listed",
        "linked",
        "no",
    )


def test_what_waits_for_something_else_is_said_so_and_keeps_its_turn(published, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("SKU,Title\nHP-MUG-WHITE,Ours\n", "utf-8")
    published("listings", "hide", "HP-MUG-WHITE")

    answer = published("listings", "customise", path, "--json")

    assert [row["message"] for row in answer.json["changes"]] == [
        "'hide' is queued for it; 'tradepost listings overwrite' sends its texts afterwards"
    ]
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["pending"] == "hide"


def test_the_file_of_another_channel_is_refused_whole_rows(published, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("Channel,SKU,Title\nelsewhere,HP-MUG-WHITE,Ours\n", "utf-8")

    answer = published("listings", "customise", path, "--json")

    assert answer.code == 1
    assert [row["reason"] for row in answer.json["refused_lines"]] == [
        "The row of HP-MUG-WHITE is of the channel 'elsewhere', not of this one."
    ]
