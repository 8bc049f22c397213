"""What the numbers of catalogue files mean: shown, changed, remembered and used by the import."""

import csv

import pytest

SKU = "HP-MUG-WHITE"


@pytest.fixture
def stated_after(connected, sample, tmp_path):
    """Who stated the number of mugs, after a file with other titles and the same numbers was imported."""

    def stated_by(words):
        with sample.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row["Title"] = row["Title"] and f"{row['Title']} {words}"
        path = sample.parent / f"{tmp_path.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        assert connected("catalogue", "import", path).code == 0
        (stock,) = connected("listings", "explain", SKU, "--json").json["stocks"]
        return stock["stated_by"]

    connected("catalogue", "import", sample)
    return stated_by


def test_at_first_only_another_number_is_a_statement(connected, stated_after, sample):
    shown = connected("source", "show", "catalogue", "--json").json
    assert {name: shown[name] for name in ("source", "counts", "counted_column", "orders_column", "lag_minutes")} == {
        "source": "catalogue",
        "counts": "changed",
        "counted_column": "",
        "orders_column": "",
        "lag_minutes": 0,
    }
    assert stated_after("anew") == sample.name


def test_with_counts_file_the_same_number_in_a_new_file_is_stated_again(connected, stated_after, tmp_path):
    said = connected("source", "set", "catalogue", "--counts", "file", "--lag", "2h")

    assert said.code == 0
    assert "counts file: " in said.out
    assert said.out.endswith("lag: 120 minutes\n")
    assert stated_after("anew") == f"{tmp_path.name}.csv"


def test_what_is_not_named_stays_and_no_lag_is_said_by_0(connected):
    connected("source", "set", "catalogue", "--counts", "file", "--lag", "1d")

    assert connected("source", "set", "catalogue", "--lag", "0", "--json").json["counts"] == "file"
    assert connected("source", "show", "catalogue", "--json").json["lag_minutes"] == 0


def test_what_is_no_interval_is_refused_and_nothing_is_changed(connected):
    said = connected("source", "set", "catalogue", "--counts", "file", "--lag", "soon")

    assert (said.code, "write it as 15m" in said.err) == (2, True)
    assert connected("source", "show", "catalogue", "--json").json["counts"] == "changed"


def test_a_column_that_says_when_it_was_counted_is_named_and_used(connected, sample, tmp_path):
    said = connected("source", "set", "catalogue", "--counted-column", "Counted at")
    path = tmp_path / "counted.csv"

    def bring_in(number, counted):
        path.write_text(
            "Handle,Title,Variant SKU,Variant Inventory Qty,Variant Price,Counted at\n"
            f"beaker,Beaker,BEAKER,{number},5.00,{counted}\n"
        )
        answer = connected("catalogue", "import", path, "--json").json
        (stock,) = connected("listings", "explain", "BEAKER", "--json").json["stocks"]
        return stock["quantity"], [note["message"] for note in answer["notes"] if "counted" in note["message"]]

    assert "counts column: " in said.out
    assert "counted column: Counted at" in said.out
    assert bring_in(7, "2026-01-02T10:00Z") == (7, [])
    assert bring_in(9, "2026-01-02T09:00Z") == (7, [])
    assert bring_in(7, "2026-01-02T11:00Z") == (7, [])
    quantity, (note,) = bring_in(3, "9999-01-02T11:00Z")
    assert (quantity, "is not yet" in note or "not yet" in note) == (7, True)


def test_a_column_must_be_named_before_numbers_count_by_it(connected):
    said = connected("source", "set", "catalogue", "--counts", "column")

    assert (said.code, "--counted-column" in said.err) == (2, True)
    assert connected("source", "show", "catalogue", "--json").json["counts"] == "changed"


def test_a_count_that_a_person_states_holds_until_the_file_says_something_new(connected, sample):
    connected("catalogue", "import", sample)

    said = connected("catalogue", "state-count", SKU, "3")
    connected("catalogue", "import", sample)

    assert said.code == 0
    (stock,) = connected("listings", "explain", SKU, "--json").json["stocks"]
    assert (stock["quantity"], stock["available"]) == (3, 3)
    assert stock["stated_by"]
    history = connected("listings", "show", SKU, "--json").json["history"]
    assert any("counted by" in change["reason"] for change in history if change.get("reason"))


def test_a_preview_of_a_count_changes_nothing_and_an_unknown_sku_is_refused(connected, sample):
    connected("catalogue", "import", sample)

    shown = connected("catalogue", "state-count", SKU, "3", "--dry-run", "--json").json
    unknown = connected("catalogue", "state-count", "NOBODYS", "3")
    negative = connected("catalogue", "state-count", SKU, "--", "-1")

    assert [change["fields"] for change in shown["changes"]] != []
    assert connected("listings", "explain", SKU, "--json").json["stocks"][0]["quantity"] != 3
    assert (unknown.code, "The catalogue has no NOBODYS" in unknown.err) == (2, True)
    assert (negative.code, "A count is a number from 0" in negative.err) == (2, True)


def test_a_column_of_orders_means_that_every_file_counts_and_can_be_taken_back(connected):
    said = connected("source", "set", "catalogue", "--orders-column", "Orders through")
    gone = connected("source", "set", "catalogue", "--orders-column", "", "--json").json

    assert said.code == 0
    assert "counts file: " in said.out
    assert "orders column: Orders through\n" in said.out
    assert (gone["counts"], gone["orders_column"]) == ("file", "")
