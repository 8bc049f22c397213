"""What follows from a change of the catalogue at the command line: what it has no more waits for no schedule."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tradepost.database.models import ProductRecord, Run
from tradepost.domain.errors import HubUnusable
from tradepost.engine.executor import Executor
from tradepost.engine.imports import import_file
from tradepost.operations.catalogue.imports import NamedFile

HEADER = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
SMALL = "tee,Cotton Tee,Size,S,TEE-S,6,15.00\n"
LARGE = "tee,,Size,L,TEE-L,4,15.00\n"
MUG = "mug,Enamel Mug,,,MUG-01,5,7.90\n"


@pytest.fixture
def import_(connected, tmp_path):
    def run(*rows, options=()):
        path = tmp_path / "catalogue.csv"
        path.write_text(HEADER + "".join(rows), encoding="utf-8")
        return connected("catalogue", "import", path, *options)

    assert run(SMALL, LARGE, MUG).code == 0
    assert connected("listings", "publish").code == 0
    return run


def sold(shopper):
    return set(shopper.sold(["tee", "MUG-01"]))


def serve_until_done():
    """Let a server take what is queued."""
    executor = Executor(threads=1, poll_seconds=0.05)
    executor.start()
    try:
        while Run.objects.filter(state__in=["queued", "running"]).exists():
            pass
    finally:
        executor.stop()


def test_a_server_takes_off_sale_at_once_what_an_import_has_no_more(import_, shopper):
    said = import_(SMALL, MUG.replace(",5,", ",0,"))
    serve_until_done()

    assert "Queued a sync of 2 listings on shop" in said.out
    assert "'tradepost serve' takes it at once where it runs" in said.out
    assert "'tradepost listings sync'" in said.out
    assert "TEE-L on 'shop' is not in the catalogue any more" in said.err
    assert sold(shopper) == {"TEE-S"}


def test_what_a_person_removes_is_taken_off_sale_at_once_too(connected, import_, shopper):
    said = connected("catalogue", "remove", "mug", "--yes", "--json")
    serve_until_done()

    (queued,) = said.json["queued_syncs"]
    assert (queued["channel"], queued["listings"]) == ("shop", 1)
    assert sold(shopper) == {"TEE-S", "TEE-L"}


def as_draft(row):
    return row.replace("\n", ",draft\n")


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        (["--off"], "On shop: sync is not scheduled, so type 'tradepost listings sync'."),
        (["--every", "2h"], "On shop: sync runs next "),
    ],
)
def test_what_waits_for_a_sync_is_told_with_when_that_is(connected, import_, tmp_path, schedule, says):
    for what in ("sync", "reconcile"):
        assert connected("channel", "schedule", "shop", what, *schedule).code == 0
    path = tmp_path / "drafts.csv"
    path.write_text(HEADER.replace("\n", ",Status\n") + as_draft(MUG), encoding="utf-8")

    said = connected("catalogue", "import", path)

    assert "MUG-01 on 'shop' is not for sale any more, so a sync hides it" in said.err
    assert says in said.out
    explained = connected("listings", "explain", "MUG-01").out
    assert "next sync" not in explained + said.out + said.err


def test_a_preview_queues_nothing_and_neither_does_the_same_file_again(import_):
    assert import_(SMALL, MUG, options=["--dry-run", "--json"]).json["queued_syncs"] == []
    assert import_(SMALL, LARGE, MUG, options=["--json"]).json["queued_syncs"] == []
    assert not Run.objects.filter(trigger="chain").exists()


def test_without_a_server_the_command_that_was_named_takes_it_off_sale(connected, import_, shopper):
    import_(SMALL, MUG)
    before = sold(shopper)

    assert connected("listings", "sync").code == 0

    assert (before, sold(shopper)) == ({"TEE-S", "TEE-L", "MUG-01"}, {"TEE-S", "MUG-01"})


# --- large files, which a process of their own reads ------------------------------------------------------------------


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.csv"
    words = "word " * 400
    rows = (f"MUG-{number},Mug {number},{words},7.90\n" for number in range(2000))
    path.write_text("sku,name,description,price\n" + "".join(rows), encoding="utf-8")
    return path


def reader():
    """The process that reads for this one."""
    children = {
        pid
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text(encoding="ascii").split()
    }
    (found,) = (pid for pid in children if b"reader_process" in Path(f"/proc/{pid}/cmdline").read_bytes())
    return int(found)


def test_what_has_come_in_stays_when_the_reading_is_cut_off_and_the_rest_comes_with_the_next_import(shell, large):
    killed = []

    def kill_once(_rows):
        if not killed:
            killed.append(reader())
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(HubUnusable, match="import the file again, and the rest comes then"):
        import_file(NamedFile.of(large), requested_by="bob", progress=kill_once)
    run = Run.objects.get()
    came_in = ProductRecord.objects.count()
    again = shell("catalogue", "import", large, "--json")

    assert (run.state, run.error_kind) == ("failed", "HubUnusable")
    assert "was not read to its end" in run.error
    assert 500 <= came_in < 2000
    assert again.code == 0, again
    assert (again.json["created"], again.json["unchanged"]) == (2 * (2000 - came_in), 2 * came_in)


def test_a_preview_of_a_large_file_leaves_nothing_of_it(shell, large):
    said = shell("catalogue", "import", large, "--dry-run", "--json")

    assert said.code == 0, said
    assert said.json["created"] == 2 * 2000
    assert ProductRecord.objects.count() == 0


def test_a_command_says_of_a_large_file_what_it_says_of_a_small_one_and_nothing_else(tmp_path, large):
    def type_in(path):
        words = [Path(sys.executable).parent / "tradepost", "catalogue", "import", path]
        environment = {**os.environ, "TRADEPOST_DATA": str(tmp_path / f"hub-{path.stem}"), "DATABASE_URL": ""}
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    small = tmp_path / "small.csv"
    small.write_text("sku,name,description,price\nCUP,Cup,word,7.90\n", encoding="utf-8")
    of_small, of_large = (type_in(path) for path in (small, large))

    assert (of_small.returncode, of_large.returncode) == (0, 0), of_large
    assert of_large.stdout.replace("4000", "2").replace("2000", "1") == of_small.stdout
    assert of_large.stderr == of_small.stderr
