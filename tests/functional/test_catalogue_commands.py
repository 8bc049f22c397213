"""`tradepost catalogue`: imports, and what a person says of the catalogue where no file can."""

from tradepost.database.models import Run


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
