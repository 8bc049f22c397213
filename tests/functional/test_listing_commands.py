"""The life of listings by commands, against a store in a box."""

import io
import re
from decimal import Decimal

import pytest
from rich.console import Console

from full_rights import store_of
from miva_sandbox import provisioning
from tradepost.cli import output
from tradepost.domain.listings.codes import code_key
from tradepost.domain.store import StoreProduct


def on_store(box, *codes: str) -> dict[str, StoreProduct]:
    with store_of(box) as store:
        return store.products_by_code(codes)


def test_a_dry_run_of_publish_shows_the_plan_and_changes_nothing(connected, sample, box):
    connected("catalogue", "import", sample)

    answer = connected("listings", "publish", "--dry-run", "--json")

    assert answer.code == 0
    created = [c for c in answer.json["changes"] if (c["subject"], c["action"]) == ("product", "create")]
    assert len(created) == 17
    assert all(change["outcome"] == "" for change in answer.json["changes"])
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


def test_an_import_says_whose_pages_get_another_shape_and_the_next_publish_gives_it(published, sample, box):
    text = sample.read_text(encoding="utf-8").replace(",Navy,", ",Midnight,")
    changed = sample.with_name("changed.csv")
    changed.write_text(text, encoding="utf-8")

    answer = published("catalogue", "import", changed)
    again = published("catalogue", "import", changed, "--json").json
    published("listings", "publish")

    assert "On shop other options or variants are queued for 1 product (harbour-tee)" in answer.out
    assert "'tradepost listings publish'" in answer.out
    assert again["restructured"] == {"shop": ["harbour-tee"]}
    (page,) = on_store(box, "harbour-tee").values()
    colours = next(attribute for attribute in page.attributes if attribute.prompt == "Colour")
    assert "Midnight" in {option.prompt for option in colours.options}
    assert "Navy" not in {option.prompt for option in colours.options}


def test_hide_queues_and_says_when_or_by_which_command_it_is_applied(published, box):
    answer = published("listings", "hide", "HP-MUG-WHITE", "--json")

    assert answer.code == 0
    assert (answer.json["queued"], answer.json["applied_by"], answer.json["run"]) == (1, "sync", None)
    assert on_store(box, "HP-MUG-WHITE")["hp-mug-white"].stock.count == 40
    scheduled = published("listings", "hide", "HP-BAG-SAND").out
    published("channel", "schedule", "shop", "sync", "--off")
    published("channel", "schedule", "shop", "reconcile", "--off")
    not_scheduled = published("listings", "hide", "HP-NOTE-SLATE").out
    assert re.fullmatch(
        r"Queued 'hide' for 1 listing; "
        r"sync runs next (on \S+ )?at \d\d:\d\d UTC \('tradepost listings sync' at once\)\.\n",
        scheduled,
    )
    assert not_scheduled == ("Queued 'hide' for 1 listing; sync is not scheduled, so type 'tradepost listings sync'.\n")


def test_hide_now_applies_it_to_these_listings_only(published, box):
    published("listings", "hide", "HP-BAG-SAND")

    answer = published("listings", "hide", "HP-MUG-WHITE", "--now", "--json")

    assert answer.code == 0
    seen = on_store(box, "HP-MUG-WHITE", "HP-BAG-SAND")
    assert (seen["hp-mug-white"].stock.count, seen["hp-bag-sand"].stock.count) == (0, 18)
    assert seen["hp-mug-white"].is_active
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["health"] == "hidden"


def test_what_an_overwrite_gives_up_is_named_before_and_after(published):
    published("listings", "hide", "HP-MUG-WHITE", "--now")
    published("listings", "unhide", "HP-MUG-WHITE")

    seen = published("listings", "overwrite", "HP-MUG-WHITE", "HP-MUG-MOSS", "--dry-run").out
    done = published("listings", "overwrite", "HP-MUG-WHITE", "HP-MUG-MOSS").out
    as_json = published("listings", "hide", "HP-MUG-MOSS", "--json").json

    assert "1 listing is waiting to unhide. That is given up: a listing waits for one thing at a time." in seen
    assert "1 listing was waiting to unhide, which was given up for it." in done
    assert as_json["given_up"] == {"overwrite": 1}


def test_unhide_brings_the_stock_back_with_the_next_sync(published, box):
    published("listings", "hide", "HP-MUG-WHITE", "--now")

    queued = published("listings", "unhide", "HP-MUG-WHITE")
    synced = published("listings", "sync", "--json")

    assert (queued.code, synced.code) == (0, 0)
    assert on_store(box, "HP-MUG-WHITE")["hp-mug-white"].stock.count == 40


def test_a_dry_run_of_a_request_shows_it_and_queues_nothing(published):
    answer = published("listings", "hide", "HP-MUG-WHITE", "--dry-run", "--json")

    assert answer.json["queued"] == 1
    assert answer.json["changes"][0]["fields"] == [{"name": "pending", "before": "", "after": "hide"}]
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["pending"] == ""


def test_a_request_that_fits_no_listing_is_refused_with_the_reason(published):
    answer = published("listings", "unhide", "HP-MUG-WHITE", "--json")

    assert answer.code == 2
    assert answer.json["refused"] == [
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
    answer = published("listings", "delist", "harbour-tee", "--now", "--yes", "--json")

    assert answer.code == 0
    assert answer.json["queued"] == 9
    assert on_store(box, "harbour-tee", "HP-TEE-NA-S", "HP-TEE-MO-XL") == {}


def test_what_was_asked_for_can_be_taken_back(published):
    published("listings", "hide", "--all")

    answer = published("listings", "clear", "--all", "--yes", "--json")

    assert answer.json["queued"] == 15 + 2
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

    answer = connected("listings", "publish", "--dry-run")
    then = connected("listings", "sync", "--dry-run")

    assert "changes planned; nothing was changed." in answer.out
    assert "Nothing to do" not in answer.out
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


def test_a_dry_run_never_says_applied_and_is_no_part_of_a_listings_history(published):
    before = published("listings", "show", "HP-MUG-WHITE", "--json").json["history"]

    told = published("listings", "hide", "HP-MUG-WHITE", "--dry-run").out
    kept = published("listings", "hide", "HP-MUG-WHITE", "--dry-run", "--json").json
    cleared = published("listings", "clear", "HP-MUG-WHITE", "--dry-run").out

    assert "hide listing HP-MUG-WHITE  (asked for by a person)\n    pending: nothing -> hide\n" in told
    assert "applied" not in told + cleared
    assert "outcome" not in kept["changes"][0]
    assert {change["outcome"] for change in kept["run"]["changes"]} == {""}
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["history"] == before


def test_a_plan_ends_in_one_line_of_what_it_comes_to(connected, sample):
    connected("catalogue", "import", sample)

    first = connected("listings", "publish", "--dry-run")
    kept = connected("listings", "publish", "--dry-run", "--json").json
    connected("listings", "publish")
    hidden = connected("listings", "hide", "HP-MUG-WHITE", "--dry-run")
    removed = connected("listings", "delist", "HP-MUG-WHITE", "--dry-run")

    last = [told.out.splitlines()[-1].partition(": ")[2] for told in (first, hidden, removed)]
    assert last == [f"{kept['plan']['create']} to create.", "1 to change.", "1 to remove."]
    assert kept["plan"] == {"create": len(kept["changes"]), "change": 0, "remove": 0}


def test_an_unknown_sku_among_others_is_named_with_the_nearest_and_the_others_are_done(published):
    answer = published("listings", "hide", "HP-MUG-WHITE", "HP-BAG-SNAD", "zzz", "--json")
    told = published("listings", "sync", "HP-MUG-WHITE", "HP-BAG-SNAD")

    assert answer.code == 1
    assert answer.json["queued"] == 1
    assert answer.json["unknown"] == [
        {"name": "HP-BAG-SNAD", "did_you_mean": "HP-BAG-SAND"},
        {"name": "zzz", "did_you_mean": None},
    ]
    assert told.code == 1
    assert "There is no listing HP-BAG-SNAD on the channel 'shop'. Did you mean 'HP-BAG-SAND'?" in told.err
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["health"] == "hidden"


def test_only_unknown_skus_are_refused_and_nothing_is_done(published):
    answer = published("listings", "hide", "hp-mug-wihte", "--now")

    assert answer.code == 2
    assert "Did you mean 'HP-MUG-WHITE'?" in answer.err
    assert published("listings", "list", "--health", "hidden", "--json").json["listings"] == []


def test_a_mistyped_channel_is_answered_by_the_nearest_one(connected):
    answer = connected("listings", "list", "--channel", "shpo")

    assert answer.code == 2
    assert "Did you mean 'shop'?" in answer.err


@pytest.mark.parametrize(
    ("words", "question"),
    [
        (("hide", "--all", "--now"), "Show 17 listings of the channel 'shop' as out of stock now? Nobody can buy them"),
        (("overwrite", "--all", "--now"), "Replace the content of 17 listings"),
        (("delist", "--all"), "Remove 17 listings of the channel 'shop' from the store for good? Nobody can buy them"),
        (("delist", "harbour-tee"), "Remove 9 listings"),
        (("pause", "--all"), "Freeze 17 listings"),
        (("unlink", "--all"), "Let go of 17 listings"),
    ],
)
def test_what_concerns_all_at_once_or_is_for_good_is_asked_with_how_many(published, words, question):
    refused = published("listings", *words)
    planned = published("listings", *words, "--dry-run")

    assert refused.code == 2
    assert question in refused.err
    assert "no terminal to ask at" in refused.err
    assert planned.code == 0
    rows = published("listings", "list", "--json").json["listings"]
    assert {(row["health"], row["link"], row["pending"], row["paused"]) for row in rows} == {
        ("listed", "linked", "", False)
    }


@pytest.mark.parametrize("verb", ["pause", "unlink"])
def test_what_needs_no_run_counts_what_it_changed_and_its_plan_counts_the_same(published, verb):
    published("listings", verb, "HP-TEE-NA-S")
    planned = published("listings", verb, "harbour-tee", "--dry-run")
    done = published("listings", verb, "harbour-tee")
    again = published("listings", verb, "harbour-tee", "--json")

    assert planned.out.endswith("\n8 to change.\n")
    assert f"Done: {verb} 8 listings." in done.out
    assert again.json["changed"] == 0


def test_clearing_all_is_asked_too_and_a_request_that_waits_is_not(published):
    queued = published("listings", "hide", "--all")
    refused = published("listings", "clear", "--all")

    assert (queued.code, refused.code) == (0, 2)
    assert "Take back what was asked for on 17 listings" in refused.err
    assert len(published("listings", "list", "--pending", "hide", "--json").json["listings"]) == 17


@pytest.mark.parametrize(("answer", "code", "hidden"), [("n", 130, 0), ("y", 0, 17)])
def test_a_person_at_a_terminal_is_asked_and_believed(published, monkeypatch, answer, code, hidden):
    # All of them at once are more than the brake lets pass, so it asks, too.
    terminal = io.StringIO(f"{answer}\n" * 2)
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", terminal)

    done = published("listings", "hide", "--all", "--now")

    assert done.code == code
    assert len(published("listings", "list", "--health", "hidden", "--json").json["listings"]) == hidden


def test_lists_break_no_word_in_80_columns(published, monkeypatch):
    monkeypatch.setattr(output, "out", Console(width=80, force_terminal=True, color_system=None, highlight=False))

    shown = {noun: published(noun, "list").out for noun in ("listings", "orders", "runs", "channel", "catalogue")}

    for word in ("HP-TEE-MO-XL", "harbour-tee", "listed", "quantity", "attention", "Notebook"):
        assert word in shown["listings"]
    assert "completed" in shown["runs"]
    assert max(len(line) for told in shown.values() for line in told.splitlines()) <= 80


# --- linked by hand, typed, and doubted ----------------------------------------------------------------------------


def add_by_hand(store, code, sku):
    xml = f"<Product_Add><Code>{code}</Code><SKU>{sku}</SKU><Name>By hand</Name><Price>1</Price></Product_Add>"
    assert list(provisioning.run(store.store, xml)) == []


def test_candidates_are_shown_and_one_of_them_is_linked_by_its_id(connected, sample, store, box):
    connected("catalogue", "import", sample)
    add_by_hand(store, "M-1", "HP-MUG-WHITE")
    add_by_hand(store, "M-2", "HP-MUG-WHITE")

    shown = connected("listings", "candidates", "HP-MUG-WHITE", "--json").json["candidates"]
    plain = connected("listings", "candidates", "HP-MUG-WHITE")
    refused = connected("listings", "link", "HP-MUG-WHITE", "--to", "M-2")
    linked = connected("listings", "link", "HP-MUG-WHITE", "--to", shown[1]["id"], "--yes", "--json")

    second = on_store(box, "M-2")["m-2"]
    assert shown[1] == {
        "id": second.id, "code": "M-2", "sku": "HP-MUG-WHITE", "name": "By hand", "type": "", "active": True,
        "found_by": "SKU", "linked_to": "",
    }  # fmt: skip
    assert "'tradepost listings link HP-MUG-WHITE --to ID'" in plain.out
    assert (refused.code, "M-2 (By hand, SKU 'HP-MUG-WHITE'" in refused.err) == (2, True)
    assert linked.code == 0
    assert connected("listings", "show", "HP-MUG-WHITE", "--json").json["external_id"] == second.id
    assert connected("listings", "link", "--to", "M-1").code == 2


def test_missing_types_are_shown_asked_for_and_written(connected, sample, store, box):
    connected("catalogue", "import", sample)
    add_by_hand(store, "M-1", "HP-MUG-WHITE")

    plan = connected("listings", "set-type", "--dry-run", "--json")
    refused = connected("listings", "set-type")
    done = connected("listings", "set-type", "--yes", "--json")
    nothing = connected("listings", "set-type")

    assert ("product", "M-1") in {(change["subject"], change["key"]) for change in plan.json["changes"]}
    assert (refused.code, "Write the types of" in refused.err) == (2, True)
    assert (done.code, done.json["state"]) == (0, "completed")
    assert on_store(box, "M-1")["m-1"].custom_fields["product_type"] == "simple"
    assert (nothing.code, "Nothing to do." in nothing.out) == (0, True)


def test_a_store_that_may_be_another_one_is_written_to_again_when_a_person_has_confirmed_it(published, store):
    store.store.db.execute("UPDATE products SET dt_created = dt_created + 60 WHERE code = 'HP-MUG-WHITE'")

    doubted = published("listings", "sync", "--full", "--json")
    refused = published("listings", "publish")
    shown = published("channel", "show", "shop", "--json").json
    unconfirmed = published("channel", "confirm-store", "shop")
    confirmed = published("channel", "confirm-store", "shop", "--yes", "--json")
    again = published("channel", "confirm-store", "shop", "--json")
    synced = published("listings", "sync", "--json")

    assert (doubted.code, doubted.json["state"], refused.code) == (2, "failed", 2)
    assert "channel confirm-store" in refused.err
    assert (shown["store"], "was made at another time" in shown["store_doubt"]) == ("doubted", True)
    assert (unconfirmed.code, "Is it still the same store?" in unconfirmed.err) == (2, True)
    assert (confirmed.json["confirmed"], again.json["confirmed"]) == (True, False)
    assert [(change["action"], change["key"]) for change in synced.json["changes"]] == [("break", "HP-MUG-WHITE")]
    assert published("channel", "show", "shop", "--json").json["store"] == "known"


def test_the_catalogue_is_changed_by_hand_after_it_was_shown(published):
    plan = published("catalogue", "remove", "HP-MUG-WHITE", "--dry-run", "--json")
    refused = published("catalogue", "remove", "HP-MUG-WHITE")
    removed = published("catalogue", "remove", "HP-MUG-WHITE", "--yes")
    unknown = published("catalogue", "rename", "NOBODY", "X", "--yes")
    renamed = published("catalogue", "rename", "HP-TEE-NA-S", "TEE-1", "--yes", "--json")

    (change,) = plan.json["changes"]
    assert (change["key"], change["fields"]) == ("HP-MUG-WHITE", [{"name": "quantity", "before": 40, "after": 0}])
    assert (refused.code, "Take 1 listing out of the catalogue?" in refused.err) == (2, True)
    assert (removed.code, "Done: 1 listing changed." in removed.out) == (0, True)
    assert (unknown.code, "The catalogue has no NOBODY" in unknown.err) == (2, True)
    assert [(c["key"], c["fields"][0]["after"]) for c in renamed.json["changes"]] == [("HP-TEE-NA-S", "TEE-1")]
    shown = published("listings", "show", "HP-MUG-WHITE", "--json").json
    (attention,) = shown["attentions"]
    assert (attention["kind"], shown["paused"], shown["quantity"]["available"]) == ("orphaned", False, 0)
    assert attention["message"].startswith("The catalogue does not have it any more")
    assert attention["since"]
    said = f"orphaned since {attention['since'][:10]}"
    assert said in published("listings", "show", "HP-MUG-WHITE").out
    told = published("listings", "explain", "HP-MUG-WHITE").out
    assert said in told
    assert "It can't be bought now. The catalogue does not have it any more, or a rule does not list it." in told
    assert "None are left: 0 are available." in told
    orphans = published("listings", "list", "--attention", "orphaned", "--json").json["listings"]
    assert [row["sku"] for row in orphans] == ["HP-MUG-WHITE"]
    assert published("listings", "list", "--attention", "drift", "--json").json["listings"] == []
    assert shown["history"][0]["reason"].startswith("taken out of the catalogue")
    assert published("listings", "show", "TEE-1", "--json").json["code"] == "HP-TEE-NA-S"
    assert published("listings", "overwrite", "HP-MUG-WHITE").code == 2


def test_a_preview_of_an_import_says_who_is_who_on_both_sides_and_changes_nothing(published, sample, tmp_path):
    changed = tmp_path / "changed.csv"
    changed.write_text(sample.read_text(encoding="utf-8").replace("HP-MUG-WHITE", "MUG-W"), encoding="utf-8")

    preview = published("catalogue", "import", changed, "--images", sample.parent, "--dry-run", "--json")
    before = published("listings", "show", "HP-MUG-WHITE", "--json").json

    words = [note["message"] for note in preview.json["notes"]]
    assert any(w.startswith("HP-MUG-WHITE has the SKU MUG-W now") and "keeps its code" in w for w in words)
    assert (preview.json["dry_run"], before["sku"], before["pending"]) == (True, "HP-MUG-WHITE", "")
    assert published("listings", "show", "MUG-W").code == 2


def test_a_listing_is_forgotten_and_its_product_stays_or_goes_as_was_said(published, box):
    shown = published("listings", "remove", "HP-MUG-WHITE", "--dry-run", "--json")
    unconfirmed = published("listings", "remove", "HP-MUG-WHITE")
    kept = published("listings", "remove", "HP-MUG-WHITE", "--yes", "--json")
    gone = published("listings", "remove", "HP-NOTE-SLATE", "--delist", "--yes", "--json")

    assert (shown.json["changed"], kept.json["changed"], gone.json["changed"]) == (1, 1, 1)
    assert (unconfirmed.code, "Forget 1 listing of the channel" in unconfirmed.err) == (2, True)
    assert published("listings", "show", "HP-MUG-WHITE").code != 0
    assert published("listings", "show", "HP-NOTE-SLATE").code != 0
    assert on_store(box, "HP-MUG-WHITE")["hp-mug-white"].is_active
    assert on_store(box, "HP-NOTE-SLATE") == {}
