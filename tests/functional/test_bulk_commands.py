"""Many listings at once: by a filter, by a file, and by a file that says of each what is asked (R52, R56)."""

import csv
import io

import pytest

from miva_sandbox.faults.rules import Rule
from sdk.store_reader import read_store
from shopper import Shopper

# Somebody else's program, which gives the mug a name of its own before each request.
OTHERS = "<Product_Update code='HP-MUG-WHITE'><Name>Theirs</Name></Product_Update>"
ACTIONS = "publish, overwrite, hide, unhide, delist, clear, pause, unpause, unlink, link, re-link, lock, unlock can."
FAMILY = 9  # the page of harbour-tee and its eight variants


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "rows.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def file_of(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_a_filter_says_which_listings_are_listed_and_hidden(published):
    meant = published("listings", "list", "--where", "kind!=parent and price<20", "--json").json["listings"]
    asked = published("listings", "hide", "--where", "kind!=parent and price<20", "--json")
    queued = published("listings", "list", "--pending", "hide", "--json").json["listings"]

    assert meant
    assert asked.code == 0
    assert asked.json["queued"] == len(meant)
    assert {row["sku"] for row in queued if row["kind"] != "parent"} == {row["sku"] for row in meant}


def test_what_a_filter_means_and_may_not_have_the_change_is_counted_with_the_reason(published):
    published("listings", "hide", "HP-MUG-WHITE", "--now")

    answer = published("listings", "hide", "--where", "sku~HP-MUG*", "--dry-run", "--json")
    told = published("listings", "hide", "--where", "sku~HP-MUG*", "--dry-run")

    (refused,) = answer.json["refused"]
    assert answer.code == 0
    assert refused["count"] == 1
    assert "only a listed listing can be hidden" in refused["reason"]
    assert "1 left as they are: Can't hide: this listing is hidden" in told.out


def test_a_filter_that_is_none_is_refused_with_what_can_be_asked_about(published):
    answer = published("listings", "hide", "--where", "colour=red")
    twice = published("listings", "hide", "HP-MUG-WHITE", "--where", "health=listed")

    assert (answer.code, twice.code) == (2, 2)
    assert "Listings can't be asked about 'colour'; they can about health" in answer.err
    assert "Say which listings, in one way: SKUs, --where, --file or --all." in twice.err


def test_what_takes_effect_at_once_for_what_a_filter_means_is_asked_first(published):
    refused = published("listings", "pause", "--where", "health=listed")
    done = published("listings", "pause", "--where", "sku~HP-MUG*", "--yes", "--json")

    assert refused.code == 2
    assert "--yes" in refused.err
    assert (done.code, done.json["changed"] > 0) == (0, True)


def test_a_file_names_listings_and_its_bad_rows_are_named_with_their_line(published, file, tmp_path):
    published("listings", "hide", "HP-BAG-SAND", "--now")
    path = file("Title,SKU\nA,HP-MUG-WHITE\nB,HP-MUG-WHTE\nC,\nD,HP-BAG-SAND\nE,HP-NOTE-SLATE\n")
    output = tmp_path / "out.csv"

    answer = published("listings", "hide", "--file", path, "--output", output, "--json")
    told = published("listings", "hide", "--file", path, "--dry-run")

    assert answer.code == told.code == 1
    assert answer.json["queued"] == 2
    assert [(row["line"], row["name"]) for row in answer.json["refused_lines"]] == [
        (3, "HP-MUG-WHTE"),
        (4, ""),
        (5, "HP-BAG-SAND"),
    ]
    assert "Line 3: There is no listing HP-MUG-WHTE on the channel 'shop'. Did you mean 'HP-MUG-WHITE'?" in told.err
    assert "Line 4: The row has no SKU." in told.err
    assert "Line 5: HP-BAG-SAND is left as it is. Can't hide: this listing is hidden" in told.out
    assert sorted((row["line"], row["sku"], row["outcome"]) for row in rows_of(output)) == [
        ("2", "HP-MUG-WHITE", "applied"),
        ("3", "HP-MUG-WHTE", "failed"),
        ("4", "", "failed"),
        ("5", "HP-BAG-SAND", "skipped"),
        ("6", "HP-NOTE-SLATE", "applied"),
    ]
    run = next(run for run in published("runs", "list", "--json").json["runs"] if run["kind"] == "request")
    assert (run["kind"], run["state"], run["done"]) == ("request", "completed_with_errors", 5)


def test_what_is_applied_at_once_is_in_the_output_with_its_run(published, tmp_path):
    output = tmp_path / "out.csv"

    answer = published("listings", "hide", "HP-MUG-WHITE", "--now", "--output", output, "--json")

    run = str(answer.json["run"]["id"])
    assert [(row["sku"], row["action"], row["outcome"], row["run"]) for row in rows_of(output)] == [
        ("HP-MUG-WHITE", "hide", "applied", ""),
        ("HP-MUG-WHITE", "hide", "applied", run),
    ]


def test_a_file_says_of_each_listing_what_is_asked(published, file):
    path = file(
        "sku;action\nHP-MUG-WHITE;hide\nharbour-tee;Overwrite\nHP-BAG-SAND;pause\nHP-NOTE-SLATE;unhide\n"
        "HP-NOTE-SLATE;hide\nHP-MUG-WHITE;hide\nHP-MUG-WHITE;explode\nHP-MUG-WHITE;\n"
    )

    planned = published("listings", "request", path, "--dry-run", "--json")
    nothing = published("listings", "list", "--where", "pending!=none", "--json").json["listings"]
    answer = published("listings", "request", path, "--json")
    told = published("listings", "request", path)

    assert nothing == []
    assert (planned.code, answer.code) == (1, 1)
    assert [(row["action"], row["queued"], len(row["refused"])) for row in answer.json["asked"]] == [
        ("hide", 1, 0),
        ("overwrite", FAMILY, 0),
        ("pause", 1, 0),
        ("unhide", 0, 1),
    ]
    assert planned.json["asked"] == answer.json["asked"]
    assert [(row["line"], row["reason"]) for row in answer.json["refused_lines"]] == [
        (6, "HP-NOTE-SLATE is on line 5 already, where it is to unhide; ask for one thing."),
        (
            8,
            "'explode' is nothing that can be asked of HP-MUG-WHITE; " + ACTIONS,
        ),
        (9, "The row of HP-MUG-WHITE does not say what is asked of it."),
        (5, "Can't unhide: this listing is listed, and only a hidden listing can be unhidden."),
    ]
    assert "Line 5: HP-NOTE-SLATE is left as it is. Can't unhide" in told.out
    paused = published("listings", "list", "--where", "paused=yes", "--json").json["listings"]
    assert [row["sku"] for row in paused] == ["HP-BAG-SAND"]


def test_a_file_links_listings_to_the_products_that_it_names_and_lets_go_of_others(published, store, file):
    """R27: what was let go of is linked again, in bulk, by what matches or by the product that a person names."""
    was = read_store(store)
    published("listings", "unlink", "HP-MUG-WHITE", "HP-NOTE-SLATE")
    path = file(
        "SKU,Action,External Code\nHP-MUG-WHITE,link,hp-mug-white\nHP-NOTE-SLATE,link,\nharbour-tee,re-link,\n"
        "HP-BAG-SAND,link,\nHP-MUG-WHITE,link,hp-bag-sand\n"
    )

    planned = published("listings", "request", path, "--dry-run", "--json")
    before = published("listings", "list", "--where", "link=unlinked", "--json").json["listings"]
    answer = published("listings", "request", path, "--json")
    left = published("listings", "list", "--where", "link!=linked", "--json").json["listings"]
    listed = {row["sku"]: row["external_id"] for row in published("listings", "list", "--json").json["listings"]}
    again = published("listings", "sync", "--json")

    assert {row["sku"] for row in before} == {"HP-MUG-WHITE", "HP-NOTE-SLATE"}
    assert planned.json["run"]["dry_run"] is True
    assert answer.code == 1
    assert [(row["line"], row["reason"]) for row in answer.json["refused_lines"]] == [
        (5, "HP-BAG-SAND is linked already; 're-link' lets go of its product first."),
        (6, "HP-MUG-WHITE is on line 2 already, where it is to link; ask for one thing."),
    ]
    assert [(row["action"], row["queued"]) for row in answer.json["asked"]] == [("unlink", FAMILY)]
    assert left == []
    assert {sku.lower(): number for sku, number in listed.items()} == {code: each.id for code, each in was.items()}
    assert again.code == 0
    assert read_store(store) == was


def test_of_many_that_are_linked_by_hand_those_that_can_not_be_are_told_and_the_rest_is_linked(published, store, file):
    published("listings", "unlink", "HP-MUG-WHITE", "HP-NOTE-SLATE", "HP-BAG-SAND")
    path = file(
        "SKU,Action,External Code\nHP-MUG-WHITE,link,nothing-there\nHP-NOTE-SLATE,link,hp-note-slate\n"
        "HP-BAG-SAND,link,hp-note-slate\n"
    )

    answer = published("listings", "request", path, "--json")

    assert answer.code == 1
    found = published("listings", "list", "--where", "attention=any", "--json").json["listings"]
    reasons = {row["sku"]: [noted["message"] for noted in row["attentions"]] for row in found}
    assert reasons["HP-MUG-WHITE"] == ["The store has no product with the id or the code nothing-there."]
    assert reasons["HP-BAG-SAND"] == [
        "HP-NOTE-SLATE on the store is chosen for another listing, too; choose one of them."
    ]
    assert "HP-NOTE-SLATE" not in reasons


def test_a_file_locks_and_unlocks_what_it_says_of_each(published, file):
    path = file(
        'SKU,Action,Group\nHP-MUG-WHITE,lock,"price, texts"\nHP-NOTE-SLATE,lock,colour\nHP-BAG-SAND,lock,\n'
        "harbour-tee,lock,images\n"
    )
    freed = file_of(path.with_name("free.csv"), "SKU,Action\nHP-MUG-WHITE,unlock\n")

    answer = published("listings", "request", path, "--json")
    locked = published("listings", "list", "--where", "locked=yes", "--json").json["listings"]
    back = published("listings", "request", freed, "--json")

    assert [(row["action"], row["queued"]) for row in answer.json["asked"]] == [("lock", 1), ("lock", FAMILY)]
    assert [row["reason"].partition(";")[0] for row in answer.json["refused_lines"]] == [
        "'colour' is nothing that can be locked of HP-NOTE-SLATE",
        "The row says nothing to lock of HP-BAG-SAND",
    ]
    assert {row["sku"]: row["locked"]["groups"] for row in locked if row["sku"] == "HP-MUG-WHITE"} == {
        "HP-MUG-WHITE": ["price", "texts"]
    }
    assert len(locked) == 1 + FAMILY
    assert [(row["action"], row["queued"]) for row in back.json["asked"]] == [("unlock", 1)]


def test_a_file_that_delists_asks_first_and_names_what_goes(published, file):
    path = file("SKU,Action\nHP-MUG-WHITE,delist\n")

    refused = published("listings", "request", path)
    done = published("listings", "request", path, "--yes")

    assert (refused.code, done.code) == (2, 0)
    assert "HP-MUG-WHITE" in refused.err
    assert "Remove 1 listing of the channel 'shop' from the store for good?" in refused.err
    assert "Queued 'delist' for 1 listing" in done.out


def test_a_file_without_its_columns_is_refused_before_anything_is_done(published, file):
    nameless = published("listings", "hide", "--file", file("Code\nHP-MUG-WHITE\n"))
    silent = published("listings", "request", file("SKU\nHP-MUG-WHITE\n"))
    missing = published("listings", "request", "no-such-file.csv")

    assert (nameless.code, silent.code, missing.code) == (2, 2, 2)
    assert "lacks the column SKU" in nameless.err
    assert "lacks the column Action" in silent.err
    assert "There is no file no-such-file.csv" in missing.err


def test_an_output_never_holds_a_formula(connected, tmp_path):
    path = tmp_path / "catalogue.csv"
    path.write_text("Handle,Title,Variant SKU,Variant Price\nmug,Mug,=cmd(),5\n", encoding="utf-8")
    connected("catalogue", "import", path)
    output = tmp_path / "out.csv"

    connected("listings", "pause", "--all", "--yes", "--output", output)

    assert [row["sku"] for row in rows_of(output)] == ["'=cmd()"]
    assert not output.with_name("out.csv.part").exists()


def test_what_a_filter_and_a_file_take_off_sale_a_shopper_can_not_buy_and_the_rest_is_sold(published, file, store):
    """R33 in bulk: hidden by a filter, put back by a file."""
    visitor = Shopper(store)
    pages = ["harbour-tee", "HP-MUG-WHITE", "HP-BAG-SAND", "HP-NOTE-SLATE"]
    try:
        before = set(visitor.sold(pages))
        published("listings", "hide", "--where", "sku~HP-TEE-NA* and health=listed", "--now", "--yes")
        published("listings", "hide", "--file", file("SKU\nHP-MUG-WHITE\nHP-BAG-SAND\n"), "--now")
        hidden = set(visitor.sold(pages))
        published("listings", "request", file("SKU,Action\nHP-MUG-WHITE,unhide\nHP-NOTE-SLATE,hide\n"))
        published("listings", "sync")
        after = set(visitor.sold(pages))
    finally:
        visitor.close()

    navy = {sku for sku in before if sku.startswith("HP-TEE-NA")}
    assert navy
    assert hidden == before - navy - {"HP-MUG-WHITE", "HP-BAG-SAND"}
    assert after == hidden - {"HP-NOTE-SLATE"} | {"HP-MUG-WHITE"}


def test_what_the_store_refuses_five_times_is_parked_until_somebody_says_retry(published, store):
    """R52: a batch with a refused row is completed with errors, and what is refused again and again is parked."""
    store.faults.add(Rule(kind="edit", xml=OTHERS))
    published("listings", "overwrite", "HP-MUG-WHITE", "HP-BAG-SAND", "--group", "texts")

    states = [published("listings", "publish", "--json").json["state"] for _ in range(6)]
    parked = published("listings", "list", "--where", "parked=yes", "--json").json["listings"]
    told = published("listings", "explain", "HP-MUG-WHITE").out
    store.faults.clear()
    nothing = published("listings", "publish", "--json").json["counts"]
    planned = published("listings", "retry", "--all", "--dry-run")
    retried = published("listings", "retry", "HP-MUG-WHITE", "HP-BAG-SAND", "--json")
    published("listings", "publish")

    assert states == ["completed_with_errors"] * 5 + ["completed"]
    assert [(row["sku"], row["pending"], row["parked"]) for row in parked] == [("HP-MUG-WHITE", "overwrite", True)]
    assert "It is parked: the store has refused it 5 times in a row." in told
    assert "publish_failed since " in told
    assert "'tradepost listings retry HP-MUG-WHITE' tries it all the same." in told
    assert nothing == []
    assert "refusals: 5 -> 0" in planned.out
    assert retried.json["changed"] == 1
    shown = published("listings", "show", "HP-MUG-WHITE", "--json").json
    assert (shown["pending"], shown["parked"], shown["attentions"]) == ("", False, [])


@pytest.mark.parametrize(
    "words",
    [
        ["channel", "set", "shop", "--image-type", "front"],
        ["listings", "overwrite", "HP-MUG-WHITE", "--group", "texts"],
    ],
    ids=["another setting", "asked for again"],
)
def test_what_is_parked_is_sent_again_when_it_is_asked_for_anew_or_the_channel_is_changed(published, store, words):
    store.faults.add(Rule(kind="edit", xml=OTHERS))
    published("listings", "overwrite", "HP-MUG-WHITE", "--group", "texts")
    for _ in range(5):
        published("listings", "publish")
    store.faults.clear()

    answer = published(*words)
    run = published("listings", "publish", "--json").json

    assert answer.code == 0
    assert [row["outcome"] for row in run["counts"]] == ["applied"]
    assert published("listings", "list", "--where", "parked=yes", "--json").json["listings"] == []


def test_a_filter_that_fits_nothing_says_so_and_how_a_star_is_meant(published):
    said = published("listings", "hide", "--where", "sku=HP-MUG*", "--dry-run")
    done = published("listings", "pause", "--where", "title=Nobody", "--yes")

    assert said.code == done.code == 0
    assert "Nothing to do." in said.out
    assert "No listing fits 'sku=HP-MUG*'. Behind = a * is that character; 'sku~...' takes it for any." in said.err
    assert "Nothing to pause." in done.out
    assert "No listing fits 'title=Nobody'.\n" in done.err
