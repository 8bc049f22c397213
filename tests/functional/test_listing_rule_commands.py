"""Rules, locks and the mapping on the command line (R53): set, previewed, explained and taken back."""

import csv
from decimal import Decimal

from tradepost.database.listings import wanted

MUG = "HP-MUG-WHITE"
SPRING = ("set-rule", "spring", "--percent", "10", "--ending", ".99", "--buffer", "3")


def price(store, code=MUG):
    return store.store.db.row("SELECT price FROM products WHERE code = ?", (code,))["price"] / Decimal(10**8)


def shown(published):
    return published("listings", "show", MUG, "--json").json


def outcomes(output):
    with output.open(encoding="utf-8", newline="") as file:
        return sorted((row["line"], row["sku"], row["outcome"]) for row in csv.DictReader(file))


def test_a_rule_is_previewed_set_listed_explained_and_removed(published, store):
    """R53: rules for prices and quantities are tried before they are set, and each value is explained step by step."""
    preview = published("listings", *SPRING, "--dry-run", "--json").json
    untouched = published("listings", "rules").out
    said = published("listings", *SPRING)
    again = published("listings", *SPRING)
    listed = published("listings", "rules", "--json").json["rules"]
    # All prices at once are what the brake asks about.
    synced = published("listings", "sync", "--beyond-brake")
    told = " ".join(published("listings", "explain", MUG).out.split())
    figures = published("listings", "explain", MUG, "--json").json
    charged = price(store)
    removed = published("listings", "remove-rule", "spring")
    published("listings", "sync", "--beyond-brake")

    assert preview["prices"]["raised"] > 0 == preview["prices"]["lowered"]
    assert preview["examples"][0]["price"].keys() == {"before", "after", "held"}
    assert "No rules" in untouched
    assert said.code == 0
    assert "Rule 'spring' for every article: +10 %, rounded up to .99, 3 kept back." in said.out
    assert "A sync sends them." in said.out
    assert "like that already" in again.out
    assert (listed[0]["rule"], listed[0]["percent"], listed[0]["buffer"]) == ("spring", "10", 3)
    assert synced.code == 0
    assert "Its price: catalogue 14.90; rule 'spring' +10 % 16.39; rounded up to .99 16.99." in told
    assert "Rule 'spring' keeps back 3: " in told
    assert figures["prices"][0]["wanted"]["price"] == "16.99"
    assert charged == Decimal("16.99")
    assert "Rule 'spring' was removed." in removed.out
    assert price(store) == Decimal("14.90")


def test_rules_are_asked_in_their_order_and_one_can_be_put_before_another(published):
    published("listings", "set-rule", "usual", "--percent", "5")
    published("listings", "set-rule", "mugs", "--sku", "HP-MUG*", "--percent", "10")
    published("listings", "set-rule", "white", "--sku", "*WHITE", "--percent", "20", "--before", "mugs")

    listed = [rule["rule"] for rule in published("listings", "rules", "--json").json["rules"]]

    assert listed == ["white", "mugs", "usual"]
    assert published("listings", "explain", MUG, "--json").json["prices"][0]["wanted"]["price"] == "17.88"


def test_a_rule_that_can_not_be_meant_is_refused_in_a_sentence(published):
    nothing = published("listings", "set-rule", "empty", "--brand", "Acme")
    no_number = published("listings", "set-rule", "r", "--percent", "ten")
    unknown = published("listings", "remove-rule", "nobody")
    elsewhere = published("listings", "set-rule", "r", "--percent", "5", "--before", "nobody")

    assert (nothing.code, "has to say something of a price or a quantity" in nothing.err) == (2, True)
    assert (no_number.code, "'ten' is no number" in no_number.err) == (2, True)
    assert (unknown.code, "There is no rule 'nobody'" in unknown.err) == (2, True)
    assert elsewhere.code == 2


def test_a_price_that_changes_too_much_is_let_through_by_a_person(published, store):
    published("listings", "set-rule", "careful", "--guard", "20")
    published("listings", "set-rule", "dear", "--sku", MUG, "--percent", "100")
    published("listings", "sync")
    held = price(store)
    told = " ".join(published("listings", "explain", MUG).out.split())

    preview = published("listings", "accept-price", MUG, "--dry-run")
    said = published("listings", "accept-price", "--all", "--yes")
    published("listings", "sync")

    assert held == Decimal("14.90")
    assert "is 100 % above the last one, 14.90" in told
    assert preview.out.endswith("\n1 to change.\n")
    assert "Done: let the price through of 1 listing." in said.out
    assert price(store) == Decimal("29.80")


def test_a_listing_is_locked_shown_so_and_unlocked(published, store):
    preview = published("listings", "lock", MUG, "--price", "9.99", "--dry-run")
    said = published("listings", "lock", MUG, "--price", "9.99", "--group", "texts", "--json")
    published("listings", "sync")
    locked = shown(published)
    told = " ".join(published("listings", "explain", MUG).out.split())
    listed = published("listings", "list", "--locked", "--json").json["listings"]
    charged = price(store)
    published("listings", "unlock", MUG, "--group", "price")
    published("listings", "sync")

    assert preview.out.endswith("\n1 to change.\n")
    assert (said.code, said.json["changed"]) == (0, 1)
    assert locked["locked"] == {"groups": ["price", "texts"], "price": "9.99", "quantity": None, "texts": {}}
    assert "Its price: catalogue 14.90; locked at 9.99." in told
    assert "Locked: price at 9.99, texts." in told
    assert "locked: texts" in published("listings", "show", MUG).out
    assert [row["sku"] for row in listed] == [MUG]
    assert charged == Decimal("9.99")
    assert price(store) == Decimal("14.90")
    assert shown(published)["locked"]["groups"] == ["texts"]


def test_locks_and_prices_are_asked_of_many_by_a_filter_or_a_file(published, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("SKU\nHP-MUG-WHITE\nNOBODY\n", encoding="utf-8")

    locked = published("listings", "lock", "--where", "sku~HP-MUG*", "--group", "texts", "--yes", "--json").json
    meant = published("listings", "list", "--where", "locked=yes", "--json").json["listings"]
    unlocked = published("listings", "unlock", "--file", file, "--output", tmp_path / "unlocked.csv", "--json")
    let_through = published("listings", "accept-price", "--file", file, "--output", tmp_path / "let.csv", "--json")

    assert locked["changed"] == len(meant) > 0
    assert MUG in {row["sku"] for row in meant}
    assert (unlocked.code, unlocked.json["changed"]) == (1, 1)
    assert [row["line"] for row in unlocked.json["refused_lines"]] == [3]
    assert (let_through.code, let_through.json["changed"]) == (1, 0)
    assert outcomes(tmp_path / "unlocked.csv") == [("2", MUG, "applied"), ("3", "NOBODY", "failed")]
    assert outcomes(tmp_path / "let.csv") == [("2", MUG, "unchanged"), ("3", "NOBODY", "failed")]
    assert MUG not in {row["sku"] for row in published("listings", "list", "--locked", "--json").json["listings"]}


def test_what_can_not_be_locked_is_refused_in_a_sentence(published):
    nothing = published("listings", "lock", MUG)
    no_price = published("listings", "lock", MUG, "--price", "cheap")
    no_pieces = published("listings", "lock", MUG, "--quantity", "some")

    assert (nothing.code, "Say what to lock" in nothing.err) == (2, True)
    assert (no_price.code, "'cheap' is no price" in no_price.err) == (2, True)
    assert (no_pieces.code, "'some' is no quantity" in no_pieces.err) == (2, True)


def test_a_channel_lists_what_is_chosen_or_what_rules_list(connected, sample):
    connected("channel", "set", "shop", "--no-list-new")
    connected("listings", "set-rule", "no tees", "--category", "T-shirts", "--no-list")
    connected("catalogue", "import", sample)
    nothing = connected("listings", "list", "--json").json["listings"]
    preview = connected("listings", "build", MUG, "--dry-run")
    said = connected("listings", "build", MUG, "HP-TEE-NA-S", "NOBODY", "--json")
    listed = connected("listings", "list", "--json").json["listings"]
    shown_rule = connected("listings", "rules").out
    everything = connected("listings", "build", "--json").json

    assert nothing == []
    assert "Would build" in preview.out
    assert said.json["unknown"] == ["NOBODY"]
    assert said.code != 0
    assert MUG in {row["sku"] for row in listed}
    assert "HP-TEE-NA-S" not in {row["sku"] for row in listed}
    assert "not listed" in shown_rule
    # Named or listed by a rule: without names nothing more is, on a channel that lists nothing new.
    assert everything["built"] == 0


def test_a_mapping_is_set_shown_for_one_sku_and_taken_back(connected, sample):
    connected("catalogue", "import", sample)
    usual = connected("listings", "mapping", MUG, "--json").json["fields"]

    said = connected("channel", "set", "shop", "--map", "name={brand}: {title}", "--map", "field:season={tags}")
    refused = connected("channel", "set", "shop", "--map", "name={colour}")
    fields = {each["field"]: each for each in connected("listings", "mapping", MUG, "--json").json["fields"]}
    table = connected("listings", "mapping", MUG).out
    shown_mapping = connected("channel", "show", "shop", "--json").json["mapping"]
    connected("channel", "set", "shop", "--map", "name=", "--map", "field:season=")

    assert said.code == 0
    assert (refused.code, "The catalogue has no 'colour'" in refused.err) == (2, True)
    assert {each["field"] for each in usual} >= {"name", "sku", "price", "quantity", "custom_fields", "placement"}
    assert fields["name"]["value"].startswith("Harbour & Pine: ")
    assert (fields["name"]["mapped"], fields["name"]["made_of"]) == (True, "{brand}: {title}")
    assert "season" in fields["custom_fields"]["value"]
    assert "{brand}: {title}" in table
    assert shown_mapping == {"name": "{brand}: {title}", "field:season": "{tags}"}
    assert connected("listings", "mapping", MUG, "--json").json["fields"] == usual


def test_a_rule_says_for_how_many_listings_it_is_before_it_is_set(published):
    said = published("listings", "set-rule", "mugs", "--sku", "HP-MUG*", "--percent", "0", "--dry-run")
    none = published("listings", "set-rule", "mugs", "--sku", "MUG", "--percent", "10", "--dry-run", "--json").json

    mugs = len(
        published("listings", "list", "--where", "sku~HP-MUG*", "--where", "kind!=parent", "--json").json["listings"]
    )
    assert mugs > 0
    assert f"It is for {mugs} listing" in said.out
    assert none["ruled"] == {}


def test_a_rule_that_was_cut_off_while_it_was_set_is_whole_with_the_next_sync(published, store, monkeypatch):
    refresh, done = wanted._refresh, []

    def cut_off(ids, *, at):
        if done:
            raise KeyboardInterrupt
        done.append(ids)
        return refresh(ids, at=at)

    with monkeypatch.context() as patch:
        patch.setattr(wanted, "_BATCH", 1)
        patch.setattr(wanted, "_refresh", cut_off)
        interrupted = published("listings", *SPRING)
    mixed = {row["price"]["wanted"] for row in published("listings", "list", "--json").json["listings"]}
    synced = published("listings", "sync", "--beyond-brake")

    assert interrupted.code != 0
    assert any(str(price).endswith("9") is False for price in mixed)
    assert synced.code == 0
    shown = [row["price"]["wanted"] for row in published("listings", "list", "--json").json["listings"]]
    assert all(str(price).endswith(".99") for price in shown)
    assert price(store) == Decimal("16.99")
