"""`tradepost catalogue`: imports, and what a person says of the catalogue where no file can."""

import pytest

from tradepost.database.models import Run, VariantRecord


def test_who_imported_which_file_when_and_what_came_of_it_is_in_the_history(connected, sample):
    connected("catalogue", "import", sample)

    listed = connected("runs", "list", "--json").json["runs"][0]
    assert listed["kind"] == "request"
    assert listed["requested_by"].startswith("shell")
    assert listed["finished_at"]
    shown = connected("runs", "show", listed["id"]).out
    assert f"import file {sample.name}" in shown
    assert "rows: " in shown


def test_an_import_that_is_only_looked_at_is_not_in_the_history(connected, sample):
    before = Run.objects.count()

    connected("catalogue", "import", sample, "--dry-run")

    assert Run.objects.count() == before


@pytest.mark.parametrize(
    "words",
    [
        ("remove", "HP-MUG-WHIT", "--yes"),
        ("rename", "hp-mug-whit", "NEW", "--yes"),
        ("merge", "HP-MUG-WHIT", "HP-NOTE-SLATE", "--yes"),
        ("state-count", "HP-MUG-WHIT", "3"),
    ],
)
def test_a_name_that_is_nearly_right_is_told_with_the_one_that_was_meant(connected, sample, words):
    connected("catalogue", "import", sample)

    said = connected("catalogue", *words)

    assert said.code == 2
    assert f"The catalogue has no {words[1]}. Did you mean 'HP-MUG-WHITE'?" in said.err


def test_what_is_like_nothing_is_told_with_how_to_find_it(connected, sample):
    connected("catalogue", "import", sample)

    said = connected("catalogue", "remove", "zzz", "--yes")

    assert (said.code, "'tradepost catalogue list --search' finds" in said.err) == (2, True)


def test_one_unknown_name_does_not_refuse_the_others(connected, sample):
    connected("catalogue", "import", sample)

    said = connected("catalogue", "remove", "HP-MUG-WHITE", "HP-NOTE-SLAT", "--yes", "--json")

    assert said.code == 1
    assert said.json["unknown"] == [{"name": "HP-NOTE-SLAT", "did_you_mean": "HP-NOTE-SLATE"}]
    assert [change["key"] for change in said.json["changes"]] == ["HP-MUG-WHITE"]
    assert VariantRecord.objects.get(sku="HP-MUG-WHITE").is_gone
    again = connected("catalogue", "remove", "HP-NOTE-SLATE", "zzz", "--yes")
    assert (again.code, "The catalogue has no zzz." in again.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "totals"),
    [
        (("catalogue", "remove", "HP-MUG-WHITE"), "1 to change."),
        (("catalogue", "rename", "HP-MUG-WHITE", "MUG-W"), "1 to change."),
        (("catalogue", "merge", "HP-MUG-WHITE", "HP-NOTE-SLATE"), "Nothing to change on any channel."),
        (("catalogue", "state-count", "HP-MUG-WHITE", "3"), "1 to change."),
        (("listings", "pause", "HP-MUG-WHITE"), "1 to change."),
        (("listings", "unpause", "HP-MUG-WHITE"), "Nothing to do."),
        (("listings", "unlink", "HP-MUG-WHITE"), "Nothing to do."),
        (("listings", "accept-drift", "HP-MUG-WHITE"), "Nothing to do."),
        (("listings", "clear", "HP-MUG-WHITE"), "1 to change."),
        (("listings", "remove", "HP-MUG-WHITE"), "Nothing to do."),
    ],
)
def test_a_plan_ends_with_what_it_comes_to(connected, sample, words, totals):
    connected("catalogue", "import", sample)

    said = connected(*words, "--dry-run")

    assert said.out.splitlines()[-1] == totals, said


TEE = "tee,Tee,Size,S,TEE-S,3,15.00\ntee,,,M,TEE-M,4,15.00\n"


@pytest.mark.parametrize(
    ("rows", "counts", "total"),
    [
        (TEE.replace("tee,", "shirt,"), (0, 1, 2), "1 products and variants to change."),
        (TEE.replace("TEE-S", "tee-s"), (0, 1, 2), "1 products and variants and 1 pages to change."),
        (TEE.replace("tee,,,M", "shirt,Shirt,Size,M"), (1, 3, 0), None),
    ],
    ids=["another handle", "another SKU", "another product"],
)
def test_what_goes_on_otherwise_called_or_elsewhere_is_counted_as_changed_and_told_how_to_undo(
    connected, tmp_path, rows, counts, total
):
    """A file of nothing but new handles had "nothing to do", and what had moved was new."""
    header = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
    path = tmp_path / "catalogue.csv"
    path.write_text(header + TEE, encoding="utf-8")
    connected("catalogue", "import", path)
    connected("listings", "publish")
    path.write_text(header + rows, encoding="utf-8")

    preview = connected("catalogue", "import", path, "--dry-run")
    done = connected("catalogue", "import", path)

    new, changed, same = counts
    words = f"Products and variants: {new} new, {changed} changed, {same} as they were."
    assert (words in preview.out, words in done.out) == (True, True), preview.out
    assert total in {None, preview.out.splitlines()[-1]}
    assert "'tradepost runs undo" in done.out


def test_the_plan_of_an_import_ends_with_what_it_comes_to(connected, sample):
    first = connected("catalogue", "import", sample, "--dry-run")
    connected("catalogue", "import", sample)
    again = connected("catalogue", "import", sample, "--dry-run")

    assert first.out.splitlines()[-1].endswith(" to create.")
    assert again.out.splitlines()[-1] == "Nothing to do."
