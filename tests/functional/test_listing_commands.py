"""The life of listings by commands, against a store in a box."""

from contextlib import closing
from decimal import Decimal

from tradepost.domain.codes import code_key
from tradepost.domain.store import StoreProduct
from tradepost.miva.connect import StoreConnection, connect_store


def on_store(box, *codes: str) -> dict[str, StoreProduct]:
    connection = StoreConnection(
        domain=box.endpoint,
        store_code=box.store_code,
        token=box.token,
        signature_key=box.signature_key,
        plain_http=True,
    )
    with closing(connect_store(connection)) as store:
        return store.products_by_code(codes)


def test_a_dry_run_of_publish_shows_the_plan_and_changes_nothing(connected, sample, box):
    connected("catalogue", "import", sample)

    said = connected("listings", "publish", "--dry-run", "--json")

    assert said.code == 0
    created = [c for c in said.json["changes"] if (c["subject"], c["action"]) == ("product", "create")]
    assert len(created) == 17
    assert all(change["outcome"] == "" for change in said.json["changes"])
    assert created[0]["fields"][0] == {"name": "sku", "before": None, "after": created[0]["key"]}
    assert on_store(box, "HP-MUG-WHITE") == {}
    assert len(connected("listings", "list", "--pending", "publish", "--json").json["listings"]) == 17


def test_a_publish_creates_what_was_imported_and_a_second_one_has_nothing_to_do(connected, sample, box):
    connected("catalogue", "import", sample)

    first = connected("listings", "publish", "--json")
    second = connected("listings", "publish", "--json")

    assert (first.code, second.code) == (0, 0)
    assert first.json["state"] == "completed"
    assert second.json["counts"] == []
    mug = on_store(box, "HP-MUG-WHITE")[code_key("HP-MUG-WHITE")]
    assert (mug.price, mug.stock.count, len(mug.images)) == (Decimal("14.90"), 40, 1)
    assert connected("listings", "list", "--health", "not_listed", "--json").json["listings"] == []


def test_importing_the_same_file_again_changes_nothing(connected, sample):
    first = connected("catalogue", "import", sample, "--json").json
    second = connected("catalogue", "import", sample, "--json").json

    assert (first["parents"], first["variants"], first["simple"], first["listings_built"]) == (2, 11, 4, 17)
    assert (second["created"], second["updated"], second["listings_built"]) == (0, 0, 0)


def test_hide_queues_and_says_which_run_applies_it(published, box):
    said = published("listings", "hide", "HP-MUG-WHITE", "--json")

    assert said.code == 0
    assert (said.json["queued"], said.json["applied_by"], said.json["run"]) == (1, "sync", None)
    assert on_store(box, "HP-MUG-WHITE")["hp-mug-white"].stock.count == 40
    assert "the next sync applies it" in published("listings", "hide", "HP-BAG-SAND").out


def test_hide_now_applies_it_to_these_listings_only(published, box):
    published("listings", "hide", "HP-BAG-SAND")

    said = published("listings", "hide", "HP-MUG-WHITE", "--now", "--json")

    assert said.code == 0
    seen = on_store(box, "HP-MUG-WHITE", "HP-BAG-SAND")
    assert (seen["hp-mug-white"].stock.count, seen["hp-bag-sand"].stock.count) == (0, 18)
    assert seen["hp-mug-white"].is_active
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["health"] == "hidden"


def test_unhide_brings_the_stock_back_with_the_next_sync(published, box):
    published("listings", "hide", "HP-MUG-WHITE", "--now")

    queued = published("listings", "unhide", "HP-MUG-WHITE")
    synced = published("listings", "sync", "--json")

    assert (queued.code, synced.code) == (0, 0)
    assert on_store(box, "HP-MUG-WHITE")["hp-mug-white"].stock.count == 40


def test_a_dry_run_of_a_request_shows_it_and_queues_nothing(published):
    said = published("listings", "hide", "HP-MUG-WHITE", "--dry-run", "--json")

    assert said.json["queued"] == 1
    assert said.json["changes"][0]["fields"] == [{"name": "pending", "before": "", "after": "hide"}]
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["pending"] == ""


def test_a_request_that_fits_no_listing_is_refused_with_the_reason(published):
    said = published("listings", "unhide", "HP-MUG-WHITE", "--json")

    assert said.code == 2
    assert said.json["refused"] == [
        {"reason": "Can't unhide: this listing is listed, and only a hidden listing can be unhidden.", "count": 1}
    ]


def test_delist_asks_first_and_without_anybody_to_ask_wants_yes(published, box):
    refused = published("listings", "delist", "HP-MUG-WHITE", "--now")
    done = published("listings", "delist", "HP-MUG-WHITE", "--now", "--yes", "--json")

    assert (refused.code, done.code) == (2, 0)
    assert "--yes" in refused.err
    assert on_store(box, "HP-MUG-WHITE") == {}
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["health"] == "delisted"


def test_a_familys_handle_means_all_its_variants(published, box):
    said = published("listings", "delist", "harbour-tee", "--now", "--yes", "--json")

    assert said.code == 0
    assert said.json["queued"] == 9
    assert on_store(box, "harbour-tee", "HP-TEE-NA-S", "HP-TEE-MO-XL") == {}


def test_what_was_asked_for_can_be_taken_back(published):
    published("listings", "hide", "--all")

    said = published("listings", "clear", "--all", "--json")

    assert said.json["queued"] == 15 + 2
    assert published("listings", "list", "--pending", "hide", "--json").json["listings"] == []


def test_a_paused_listing_is_left_alone_by_a_sync(published, box):
    published("listings", "pause", "HP-MUG-WHITE")
    published("listings", "hide", "HP-MUG-WHITE")

    published("listings", "sync")
    paused = on_store(box, "HP-MUG-WHITE")["hp-mug-white"].stock.count
    published("listings", "unpause", "HP-MUG-WHITE")
    published("listings", "sync")
    unpaused = on_store(box, "HP-MUG-WHITE")["hp-mug-white"].stock.count

    assert (paused, unpaused) == (40, 0)


def test_an_unlinked_listing_is_linked_again_without_a_second_product(published, box):
    before = on_store(box, "HP-MUG-WHITE")["hp-mug-white"].id
    unlinked = published("listings", "unlink", "HP-MUG-WHITE", "--json")

    linked = published("listings", "link", "--json")

    assert (unlinked.json["changed"], linked.code) == (1, 0)
    row = published("listings", "show", "HP-MUG-WHITE", "--json").json
    assert (row["link"], row["external_id"]) == ("linked", before)


def test_a_preview_for_people_ends_with_how_much_is_planned(connected, sample):
    connected("catalogue", "import", sample)

    said = connected("listings", "publish", "--dry-run")
    then = connected("listings", "sync", "--dry-run")

    assert "changes planned; nothing was changed." in said.out
    assert "Nothing to do" not in said.out
    assert "Nothing to do." in then.out


def test_control_characters_from_a_catalogue_never_reach_the_terminal(connected, tmp_path):
    path = tmp_path / "catalogue.csv"
    path.write_text("Handle,Title,Variant Price\nmug,Mug \x1b]0;owned\x07 [bold]x,5\n", encoding="utf-8")
    connected("catalogue", "import", path)

    plan = connected("listings", "publish", "--dry-run").out
    table = connected("listings", "list").out

    for shown in (plan, table):
        assert "[bold]x" in shown
        assert "\x1b" not in shown
