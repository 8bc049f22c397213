"""Sources of the catalogue: fetched from a folder, a file, a file server and a web address, over real sockets."""

import hashlib
import json
from pathlib import Path

import pytest

from kills import Killed
from miva_sandbox.server import SandboxServer
from stock_shop import pieces_in_reach
from tradepost.database.models import Listing, ProductRecord, Run, RunChange, Source, SourceFile, VariantRecord
from tradepost.engine.executor import Executor
from tradepost.engine.schedules import start_due
from tradepost.operations.catalogue import source_imports
from traffic import ignored_by

HEADER = "sku,parent,options,name,price,quantity\n"
TEE = "TEE,,,Cotton Tee,,\nTEE-S,TEE,Size=S,,15.00,6\nTEE-L,TEE,Size=L,,15.00,4\n"
MUG = "MUG,,,Enamel Mug,7.90,5\n"
CUP = "CUP,,,Cup,3.00,2\n"


@pytest.fixture
def store():
    with SandboxServer(sftp_port=0) as server:
        yield server
        assert ignored_by(server) == []


@pytest.fixture
def feed(connected, tmp_path) -> Path:
    """A watched folder."""
    folder = tmp_path / "feed"
    folder.mkdir()
    assert connected("source", "add", "erp", folder).code == 0
    return folder


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def away(name: str, content: str, folder: str = "done") -> str:
    stem, _, ending = name.rpartition(".")
    return f"{folder}/{stem}-{hashlib.sha256(content.encode()).hexdigest()[:12]}.{ending}"


def handles() -> list[str]:
    return sorted(ProductRecord.objects.values_list("handle", flat=True))


def quantity(sku: str) -> int | None:
    return VariantRecord.objects.get(sku=sku).quantity


def serve_until_done(*, with_chained: bool = False) -> None:
    """Let a server take what is queued, and a sync that follows from it."""
    chained = Run.objects.filter(trigger="chain").count()
    executor = Executor(threads=1, poll_seconds=0.05)
    executor.start()
    try:
        while with_chained and Run.objects.filter(trigger="chain").count() == chained:
            pass
        while Run.objects.filter(state__in=["queued", "running"]).exists():
            pass
    finally:
        executor.stop()


# --- where files come from ------------------------------------------------------------------------------------------


def test_a_watched_folder_is_imported_once_put_away_and_a_shopper_can_buy_it(connected, feed, shopper):
    """R1: a watched folder; what is half written is left."""
    (feed / "all.csv").write_text(HEADER + TEE + MUG)
    (feed / "later.csv.part").write_text(HEADER + CUP)
    (feed / "torn.csv").write_text((HEADER + CUP)[:-4])

    first = connected("source", "run", "erp")
    in_between = names(feed)
    (feed / "torn.csv").write_text(HEADER + CUP)
    second = connected("source", "run", "erp")
    third = connected("source", "run", "erp")
    last = connected("source", "run", "erp")
    connected("listings", "publish")

    assert [said.code for said in (first, second, third, last)] == [0] * 4
    assert in_between == ["all.csv", "later.csv.part", "torn.csv"]
    assert names(feed) == sorted(
        [away("all.csv", HEADER + TEE + MUG), "later.csv.part", away("torn.csv", HEADER + CUP)]
    )
    assert last.out.startswith("Nothing to do.")
    assert set(shopper.sold(["TEE", "MUG", "CUP"])) == {"TEE-S", "TEE-L", "MUG", "CUP"}
    taken = connected("source", "files", "erp", "--json").json["files"]
    # Products and variants, a simple product being both.
    assert {(file["file"], file["created"], file["refused"]) for file in taken} == {
        ("all.csv", 5, 0),
        ("torn.csv", 2, 0),
    }


def test_the_address_of_a_file_on_a_file_server_is_read_again_only_where_its_content_is_another(
    connected, store, monkeypatch
):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", store.ftp_password)
    remote = store.domain.files / "feed"
    remote.mkdir()
    (remote / "all.csv").write_text(HEADER + MUG)
    (remote / "other.csv").write_text(HEADER + CUP)
    ftp = f"ftp://{store.ftp_user}@127.0.0.1:{store.ftp.port}/feed/all.csv"

    added = connected("source", "add", "erp", ftp, "--local")
    runs = [connected("source", "run", "erp") for _ in range(2)]
    (remote / "all.csv").write_text(HEADER + MUG.replace(",5", ",9"))
    runs.append(connected("source", "run", "erp"))
    (remote / "all.csv").write_text(HEADER + MUG)
    runs.append(connected("source", "run", "erp"))

    assert [said.code for said in (added, *runs)] == [0] * 5
    assert (handles(), quantity("MUG")) == (["MUG"], 5)
    assert names(remote) == ["all.csv", "other.csv"]
    assert SourceFile.objects.count() == 2


def test_a_web_address_is_asked_with_its_token_and_its_tag_and_never_printed(connected, web_place, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "s3cret-token")
    web_place.offered = "".join(json.dumps({"sku": "MUG", "name": "Mug", "price": 7.9}) for _ in range(1)).encode()
    web_place.tag = '"1"'

    added = connected("source", "add", "erp", web_place.address, "--local", "--json")
    first = connected("source", "run", "erp")
    again = connected("source", "run", "erp")
    listed = connected("source", "list", "--json")

    assert [said.code for said in (added, first, again)] == [0, 0, 0]
    assert handles() == ["MUG"]
    assert [asked.get("If-None-Match") for asked in web_place.asked] == [None, '"1"']
    assert {asked["Authorization"] for asked in web_place.asked} == {"Bearer s3cret-token"}
    assert "s3cret" not in "".join(said.out + said.err for said in (added, first, again, listed))
    assert b"s3cret" not in bytes(Source.objects.get(name="erp").secret)


def test_another_address_gets_no_secret_that_was_meant_for_the_first(connected, web_place, monkeypatch, tmp_path):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "s3cret-token")
    connected("source", "add", "erp", web_place.address, "--local")

    moved = connected("source", "set", "erp", "--address", tmp_path)
    connected("source", "set", "erp", "--address", web_place.address, "--no-secret")
    web_place.offered = (HEADER + MUG).encode()
    connected("source", "run", "erp")

    assert moved.code == 0
    assert ["Authorization" in asked for asked in web_place.asked] == [False]


def test_an_address_inside_the_network_is_only_asked_where_the_source_is_a_local_one(connected, web_place):
    """The check of addresses is that of images."""
    plain = connected("source", "add", "erp", web_place.address, "--no-secret")
    secure = web_place.address.replace("http:", "https:")
    added = connected("source", "add", "erp", secure, "--no-secret")
    said = connected("source", "run", "erp")

    assert (plain.code, "--local" in plain.err, added.code) == (2, True, 0)
    assert said.code == 1
    assert "127.0.0.1" in said.out + said.err
    assert web_place.asked == []


# --- once, and whatever happens -----------------------------------------------------------------------------------


def test_a_run_that_is_killed_between_import_and_note_imports_again_and_changes_nothing(connected, feed, monkeypatch):
    (feed / "all.csv").write_text(HEADER + TEE + MUG)

    def killed(*_args):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(source_imports, "_as_imported", killed)
        with pytest.raises(Killed):
            connected("source", "run", "erp")
    before = list(ProductRecord.objects.order_by("id").values())
    said = connected("source", "run", "erp")

    assert said.code == 0
    assert list(ProductRecord.objects.order_by("id").values()) == before
    (file,) = SourceFile.objects.all()
    assert (file.created, file.updated, file.unchanged) == (0, 0, 5)


def test_a_file_that_is_none_of_ours_is_told_kept_apart_and_stands_in_the_list_until_a_good_one_comes(connected, feed):
    (feed / "letter.csv").write_text("Dear Miva\n")

    refused = connected("source", "run", "erp")
    listed = connected("source", "list", "--json").json["sources"]
    connected("source", "run", "erp")
    apart = names(feed)
    (feed / "all.csv").write_text(HEADER + MUG)
    good = connected("source", "run", "erp")

    assert (refused.code, good.code) == (1, 0)
    assert "letter.csv is in no format that can be imported" in refused.out + refused.err
    (problem,) = [source["problem"] for source in listed if source["source"] == "erp"]
    assert problem.startswith("letter.csv is in no format")
    assert apart == [away("letter.csv", "Dear Miva\n", "refused")]
    assert Source.objects.get(name="erp").problem == ""


def test_a_refused_file_that_stays_where_it_is_goes_on_being_told(connected, tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text("Dear Miva\n")
    connected("source", "add", "erp", path)

    said = [connected("source", "run", "erp").code for _ in range(2)]
    problem = Source.objects.get(name="erp").problem
    path.write_text(HEADER + MUG)
    good = connected("source", "run", "erp")

    assert (said, good.code, handles()) == ([1, 1], 0, ["MUG"])
    assert problem == "feed.csv is still the file that was refused; 'tradepost source files' says why."
    assert Source.objects.get(name="erp").problem == ""


def test_a_place_that_is_not_there_and_a_source_that_has_nothing_new_are_told_with_the_time_since_when(
    connected, feed, tmp_path
):
    (feed / "all.csv").write_text(HEADER + MUG)
    connected("source", "run", "erp")
    SourceFile.objects.update(taken_at="2026-01-01T12:00Z")
    connected("source", "set", "erp", "--expect-every", "1d")

    silent = connected("source", "run", "erp")
    feed.rename(tmp_path / "elsewhere")
    gone = connected("source", "run", "erp")
    listed = connected("source", "list").out

    assert (silent.code, "Nothing new has come since 2026-01-01 12:00 UTC." in silent.out + silent.err) == (1, True)
    assert (gone.code, f"The folder {feed} can't be read" in gone.out + gone.err) == (1, True)
    assert "(since" in listed


def test_rows_that_are_refused_are_told_by_cause_with_the_lines_and_the_rest_comes_in(connected, feed):
    """R5."""
    (feed / "all.csv").write_text(f"{HEADER}{MUG}A,,,A,much,\nB,,,B,1,many\nC,,,C,1,few\n")

    said = connected("source", "run", "erp")

    assert said.code == 1
    assert "lines 4, 5: What stands in the column quantity is not a whole number." in said.out + said.err
    assert handles() == ["A", "MUG"]
    (file,) = connected("source", "files", "erp", "--json").json["files"]
    assert (file["refused"], file["created"]) == (2, 4)


# --- by a schedule ------------------------------------------------------------------------------------------------


def test_a_schedule_fetches_imports_and_has_at_once_taken_off_sale_what_there_is_less_of(connected, feed, shopper):
    (feed / "a.csv").write_text(HEADER + TEE + MUG)
    connected("source", "run", "erp")
    connected("listings", "publish")
    said = connected("source", "set", "erp", "--every", "1h")
    (feed / "b.csv").write_text(HEADER + MUG.replace(",5", ",0"))

    Source.objects.update(next_at="2026-01-01T12:00Z")
    started = start_due()
    again = start_due()
    serve_until_done(with_chained=True)

    assert (said.code, "fetched: every hour" in said.out) == (0, True)
    assert [(run.kind, run.trigger) for run in started if run.source] == [("import", "schedule")]
    assert [run for run in again if run.source] == []
    assert set(shopper.sold(["TEE", "MUG"])) == {"TEE-S", "TEE-L"}
    (run,) = connected("runs", "list", "--source", "erp", "--json", "--limit", "1").json["runs"]
    assert (run["kind"], run["state"], run["trigger"]) == ("import", "completed", "schedule")


def test_an_import_of_a_source_at_work_is_not_started_twice(connected, feed):
    connected("source", "set", "erp", "--every", "1h")
    Source.objects.update(next_at="2026-01-01T12:00Z")
    (first,) = [run for run in start_due() if run.source]
    Run.objects.filter(pk=first.pk).update(
        state="running", owner="elsewhere/1/1/1", lease_until="2999-01-01T00:00Z", attempt=1
    )

    Source.objects.update(next_at="2026-01-01T12:00Z")
    assert [run for run in start_due() if run.source] == []
    said = connected("source", "run", "erp")

    assert (said.code, "is running" in said.err) == (4, True)


# --- partial and full ---------------------------------------------------------------------------------------------


def test_what_a_file_does_not_have_stays_unless_it_is_a_full_one_and_then_only_what_its_source_brought(
    connected, feed, tmp_path, shopper
):
    """T36: orphaned, due for stock 0, named with its pieces beforehand."""
    mine = tmp_path / "mine.csv"
    mine.write_text(HEADER + CUP)
    (feed / "a.csv").write_text(HEADER + TEE + MUG)
    connected("catalogue", "import", mine)
    connected("source", "run", "erp")
    connected("listings", "publish")

    (feed / "b.csv").write_text(HEADER + MUG)
    partial = connected("source", "run", "erp")
    still = set(shopper.sold(["TEE", "MUG", "CUP"]))
    connected("source", "set", "erp", "--full")
    (feed / "c.csv").write_text(HEADER + MUG + "\n")
    preview = connected("source", "run", "erp", "--dry-run")
    before = Listing.objects.filter(is_orphaned=True).count()
    full = connected("source", "run", "erp")
    serve_until_done()

    assert [said.code for said in (partial, preview, full)] == [0, 0, 0]
    assert still == {"TEE-S", "TEE-L", "MUG", "CUP"}
    assert "TEE-S on 'shop' is not in the catalogue any more, so a sync takes it off sale: 6 pieces" in preview.err
    assert "1 product of this source that the file does not have are taken out" in preview.out
    assert (before, Listing.objects.filter(is_orphaned=True).count()) == (0, 3)
    assert set(shopper.sold(["TEE", "MUG", "CUP"])) == {"MUG", "CUP"}


def test_what_comes_back_in_a_later_file_is_sold_again(connected, feed, shopper):
    (feed / "a.csv").write_text(HEADER + TEE + MUG)
    connected("source", "set", "erp", "--full")
    connected("source", "run", "erp")
    connected("listings", "publish")
    (feed / "b.csv").write_text(HEADER + MUG)
    connected("source", "run", "erp")
    serve_until_done()
    gone = set(shopper.sold(["TEE", "MUG"]))
    (feed / "c.csv").write_text(HEADER + MUG + TEE)
    connected("source", "run", "erp")
    connected("listings", "sync")

    assert (gone, set(shopper.sold(["TEE", "MUG"]))) == ({"MUG"}, {"TEE-S", "TEE-L", "MUG"})


@pytest.mark.parametrize(
    "text", [HEADER, f"{HEADER}{CUP},,,nobody,1,1\n"], ids=["nothing", "a row of nobody knows what"]
)
def test_a_full_file_that_can_t_be_trusted_takes_nothing_out(connected, tmp_path, text):
    path = tmp_path / "all.csv"
    path.write_text(HEADER + TEE + MUG)
    connected("catalogue", "import", path)
    path.write_text(text)

    said = connected("catalogue", "import", path, "--full")

    assert "stays in the catalogue, although it is a full one" in said.err
    assert not VariantRecord.objects.filter(is_gone=True).exists()


def test_a_file_of_skus_is_never_full(connected, tmp_path):
    path = tmp_path / "all.csv"
    path.write_text(HEADER + TEE + MUG)
    connected("catalogue", "import", path)
    path.write_text("sku,quantity\nMUG,3\n")

    refused = connected("catalogue", "import", path, "--full")
    taken = connected("catalogue", "import", path)

    assert (refused.code, "leave out --full" in refused.err) == (2, True)
    assert (taken.code, quantity("MUG"), quantity("TEE-S")) == (0, 3, 6)


def test_a_preview_leaves_no_trace(connected, feed):
    """R4."""
    (feed / "a.csv").write_text(HEADER + TEE + MUG)
    runs = Run.objects.count()

    said = connected("source", "run", "erp", "--dry-run", "--json")

    assert said.code == 0
    (file,) = said.json["files"]
    assert file["file"] == "a.csv"
    assert [file[name] for name in ("created", "updated", "unchanged", "absent")] == [5, 0, 0, 0]
    assert (handles(), names(feed), Run.objects.count()) == ([], ["a.csv"], runs)
    assert not SourceFile.objects.exists()
    assert not Source.objects.exclude(digest="").exists()


# --- whose quantity it is -----------------------------------------------------------------------------------------


def test_the_first_source_that_states_a_quantity_keeps_it_and_a_second_one_is_told(connected, tmp_path):
    """One source states the quantity of a variant."""
    path = tmp_path / "all.csv"
    connected("source", "add", "erp")
    connected("source", "add", "wms")

    def bring(source, number):
        path.write_text(f"{HEADER}MUG,,,Mug,7.90,{number}\n")
        return connected("catalogue", "import", path, "--source", source)

    bring("erp", 5)
    same = bring("wms", 5)
    told = bring("wms", 9)
    kept = quantity("MUG")
    bring("erp", 6)
    later = quantity("MUG")
    connected("source", "set", "wms", "--states", "always")
    bring("wms", 9)
    taken_over = quantity("MUG")
    lost = bring("erp", 7)

    assert "is not taken" not in same.err
    assert "MUG: the number 9 is not taken, because the source 'erp' states how many there are, and says 5." in told.err
    assert (kept, later, taken_over, quantity("MUG")) == (5, 6, 9, 9)
    assert "because the source 'wms' states" in lost.err


def test_a_source_that_never_states_and_one_that_is_gone_leave_quantities_to_others(connected, tmp_path):
    path = tmp_path / "all.csv"
    connected("source", "add", "erp")
    connected("source", "add", "pim")
    connected("source", "set", "pim", "--states", "never")
    path.write_text(HEADER + MUG)

    connected("catalogue", "import", path, "--source", "pim")
    unknown = quantity("MUG")
    connected("catalogue", "import", path, "--source", "erp")
    connected("source", "remove", "erp", "--yes")
    path.write_text(HEADER + MUG.replace(",5", ",8"))
    connected("catalogue", "import", path)

    assert (unknown, quantity("MUG"), handles()) == (None, 8, ["MUG"])


@pytest.mark.parametrize("overlap", [False, True])
def test_what_another_supplier_has_from_now_on_is_sold_at_that_ones_price_as_often_as_that_one_says(
    connected, tmp_path, shopper, store, overlap
):
    """The number of the one that has it no more stood for ever, and the other one's was not taken."""
    path = tmp_path / "all.csv"
    for name in ("old", "new"):
        connected("source", "add", name)
        connected("source", "set", name, "--full")

    def bring(source, rows):
        path.write_text(HEADER + rows)
        return connected("catalogue", "import", path, "--source", source)

    def pieces():
        assert connected("listings", "publish").code == connected("listings", "sync").code == 0
        return pieces_in_reach(store, "MUG", {}), pieces_in_reach(store, "TEE", {"Size": "L"})

    bring("old", MUG + TEE + CUP)
    at_first = pieces()
    if overlap:
        bring("new", MUG.replace(",5", ",50") + TEE)
    left = bring("old", CUP)
    meanwhile = pieces()
    told = bring("new", MUG.replace("7.90,5", "6.50,49") + TEE.replace("15.00,4", "15.00,40"))

    assert "is not taken" not in told.err
    assert ("mug" if overlap else "") in left.err.lower()
    assert ("until another source states how many there are" in left.err) is overlap
    assert (at_first, meanwhile, pieces()) == ((5, 4), (5, 4) if overlap else (0, 0), (49, 40))
    assert {price for _, _, price in shopper.sold(["MUG"])["MUG"]} == {"$6.50"}


def test_a_size_that_its_supplier_has_no_more_is_counted_by_who_brings_it_next(connected, tmp_path):
    path = tmp_path / "all.csv"
    for name in ("old", "new", "wms"):
        connected("source", "add", name)

    def bring(source, rows):
        path.write_text(HEADER + rows)
        return connected("catalogue", "import", path, "--source", source)

    without_large = TEE.partition("TEE-L")[0]
    bring("old", TEE)
    stated_at = VariantRecord.objects.get(sku="TEE-L").stated_at
    bring("old", without_large)
    bring("old", TEE)
    again = VariantRecord.objects.get(sku="TEE-L").stated_at
    bring("old", without_large)
    bring("new", TEE.replace("15.00,4", "15.00,9"))

    assert again == stated_at, "the same number is no new count"
    assert quantity("TEE-L") == 9


def test_a_warehouse_goes_on_counting_what_the_catalogue_had_lost_for_a_while(connected, tmp_path):
    path = tmp_path / "all.csv"
    for name in ("erp", "wms"):
        connected("source", "add", name)
    connected("source", "set", "erp", "--full")

    def bring(source, rows):
        path.write_text(HEADER + rows)
        return connected("catalogue", "import", path, "--source", source)

    bring("wms", MUG)
    bring("erp", MUG + CUP)
    bring("erp", CUP)
    back = bring("erp", MUG.replace(",5", ",8") + CUP)

    assert "because the source 'wms' states" in back.err
    assert quantity("MUG") == 5


# --- what a person says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add", "a/b", "/tmp"], "without slashes"),
        (["add", "erp", "feed.csv"], "no address for files"),
        (["set", "nobody", "--full"], "There is no source 'nobody'"),
        (["set", "catalogue", "--every", "1h"], "A schedule needs an address"),
        (["set", "catalogue", "--every", "1h", "--off"], "Say one of --every, --cron and --off"),
        (["run", "catalogue"], "has no address"),
        (["remove", "nobody", "--yes"], "There is no source 'nobody'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(connected, words, says):
    said = connected("source", *words)

    assert (said.code, says in said.err) == (2, True)


def test_a_name_that_no_source_has_is_not_made_one_by_an_import(connected, tmp_path):
    path = tmp_path / "all.csv"
    path.write_text(HEADER + MUG)

    said = connected("catalogue", "import", path, "--source", "epr")

    assert (said.code, "'tradepost source add epr'" in said.err, handles()) == (2, True, [])


def test_what_a_person_changes_is_in_the_history_without_secrets(connected, web_place, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "s3cret-token")
    connected("source", "add", "erp", web_place.address, "--local")
    connected("source", "set", "erp", "--full", "--every", "2h", "--cron", "")

    kept = RunChange.objects.filter(subject_kind="source", subject_key="erp").order_by("pk")

    assert [change.action for change in kept] == ["create", "update"]
    assert {field["name"] for field in kept[1].fields} == {"full", "schedule"}
    assert all(change.run.requested_by.startswith("shell") for change in kept)
    assert "s3cret" not in json.dumps([change.fields for change in kept])


def test_the_template_and_the_layouts_can_be_asked_for(connected, tmp_path):
    path = tmp_path / "template.csv"
    path.write_text(connected("catalogue", "template").out)

    said = connected("catalogue", "import", path, "--format", "template")
    layouts = connected("catalogue", "formats", "--json").json["formats"]

    assert (said.code, handles()) == (0, ["MUG-01", "TEE"])
    assert {layout["format"] for layout in layouts} == {"shopify", "template", "skus", "jsonl", "miva"}
