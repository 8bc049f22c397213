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
    assert connected("catalogue", "source", "--json").json == {
        "source": "catalogue",
        "counts": "changed",
        "lag_minutes": 0,
    }
    assert stated_after("anew") == sample.name


def test_with_counts_file_the_same_number_in_a_new_file_is_stated_again(connected, stated_after, tmp_path):
    said = connected("catalogue", "source", "--counts", "file", "--lag", "2h")

    assert said.code == 0
    assert said.out.startswith("counts file: ")
    assert said.out.endswith("lag: 120 minutes\n")
    assert stated_after("anew") == f"{tmp_path.name}.csv"


def test_what_is_not_named_stays_and_no_lag_is_said_by_0(connected):
    connected("catalogue", "source", "--counts", "file", "--lag", "1d")

    assert connected("catalogue", "source", "--lag", "0", "--json").json["counts"] == "file"
    assert connected("catalogue", "source", "--json").json["lag_minutes"] == 0


def test_what_is_no_interval_is_refused_and_nothing_is_changed(connected):
    said = connected("catalogue", "source", "--counts", "file", "--lag", "soon")

    assert (said.code, "write it as 15m" in said.err) == (2, True)
    assert connected("catalogue", "source", "--json").json["counts"] == "changed"
