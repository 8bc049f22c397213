"""What follows from a change of the catalogue at the command line: what it has no more waits for no schedule."""

import pytest

from shopper import Shopper
from tradepost.database.models import Run
from tradepost.engine.executor import Executor

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


@pytest.fixture
def shopper(store):
    visitor = Shopper(store)
    yield visitor
    visitor.close()


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
