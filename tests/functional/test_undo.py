"""Undo over sockets: what a run has changed goes back where nobody has changed it since, and the rest is named."""

import pytest

from sdk.store_reader import read_store
from tradepost.database.models import Listing, Run

from .test_plan_commands import (
    FAMILY,
    HEADER,
    SKUS,
    a_file,
    bought,
    changes_of,
    edit_on_store,
    on_store,
    results_of,
    saved,
    shop,
)

__all__ = ["shop"]


def latest(kind):
    return Run.objects.filter(kind=kind, is_dry=False).latest("pk").pk


def names(there):
    return {code: name for code, (name, _, _) in there.items()}


def prices(there):
    return {code: price for code, (_, price, _) in there.items()}


def test_prices_and_texts_go_back_and_the_undo_is_undone(shop, box, tmp_path):
    """An undo is a run like any other: shown first, proven, and undone in its turn."""
    before = on_store(box)
    shop("catalogue", "import", a_file(tmp_path, price="12.00", title="Cup"))
    shop("listings", "overwrite", "--all")
    assert (shop("listings", "publish").code, shop("listings", "sync").code) == (0, 0)
    changed = on_store(box)
    publish, sync = latest("publish"), latest("sync")

    shown = shop("runs", "undo", sync, "--dry-run")
    assert on_store(box) == changed
    asked = shop("runs", "undo", sync)
    done = [shop("runs", "undo", run, "--yes", *pause) for run, pause in ((publish, ()), (sync, ["--pause"]))]

    assert "price: 12.00 -> 10.00" in shown.out
    assert (asked.code, [each.code for each in done]) == (2, [0, 0]), (asked, done)
    assert on_store(box) == before
    assert set(Listing.objects.values_list("proven_price", "is_paused")) == {(10, True)}
    # Nobody calls it drift, and nothing sends it again.
    shop("listings", "unpause", "--all", "--yes")
    due = shop("listings", "sync", "--dry-run", "--json").json["changes"]
    assert {(change["subject"], *(field["name"] for field in change["fields"])) for change in due} == {
        ("product", "price")
    }, due
    assert Listing.objects.filter(attentions__isnull=False).count() == 0
    assert shop("runs", "undo", latest("undo"), "--yes").code == 0
    assert names(on_store(box)) == names(before)
    assert prices(on_store(box)) == prices(changed)


def test_what_was_changed_again_since_is_left_and_named(shop, box, store, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, title="Cup"))
    shop("listings", "overwrite", "--all", "--now", "--yes")
    edit_on_store(store, "MUG-1", name="Beaker")
    edit_on_store(store, "MUG-2", name="Mug 2")

    done = shop("runs", "undo", latest("publish"), "--yes", "--json")

    assert names(on_store(box)) == {**{sku: f"Mug {sku[-1]}" for sku in SKUS}, "MUG-1": "Beaker"}
    outcomes = results_of(done)
    # What of it nobody has touched goes back.
    assert [(c["outcome"], c["message"]) for c in done.json["changes"] if c["key"] == "MUG-1"] == [
        ("skipped", "The name was changed again since: it was to be Cup 1, and is Beaker."),
        ("applied", ""),
    ]
    assert outcomes["MUG-2"] == ("applied", "")
    assert outcomes["MUG-3"] == ("applied", "")


def test_what_a_publish_has_made_goes_and_what_somebody_has_edited_stays(connected, box, store, tmp_path):
    (tmp_path / "tee.csv").write_text(FAMILY + "cup,Cup,,,,CUP-1,1,3.00\n", encoding="utf-8")
    connected("catalogue", "import", tmp_path / "tee.csv")
    assert connected("listings", "publish").code == 0
    edit_on_store(store, "JAR-1", name="My jar")

    done = connected("runs", "undo", latest("publish"), "--yes", "--json")

    assert set(on_store(box, "JAR-1", "tee", "TEE-S", "TEE-M", "CUP-1")) == {"JAR-1"}
    assert done.code == 0, done
    assert results_of(done)["JAR-1"][1] == "It was changed since it was made (name), so it stays."
    assert {row.sku: (row.health, row.link) for row in Listing.objects.all()} == {
        **dict.fromkeys(["tee", "TEE-S", "TEE-M", "CUP-1"], ("delisted", "unlinked")),
        "JAR-1": ("listed", "linked"),
    }
    # They are made anew as anything that was delisted.
    assert connected("listings", "publish", "tee", "--now").code == 0
    assert "tee" in on_store(box, "tee")


def test_what_cannot_be_brought_back_is_said_before_anything_is_done(shop, box, tmp_path):
    """Stock over sales, and products with their ids and reviews."""
    shop("catalogue", "import", a_file(tmp_path, quantity=9))
    shop("listings", "delist", "MUG-0", "--yes")
    shop("listings", "hide", "MUG-1")
    assert shop("listings", "sync", "--beyond-brake").code == 0
    bought(box, "MUG-2", 3)
    run = latest("sync")

    said = shop("runs", "undo", run, "--json")

    assert said.code == 0
    reasons = {key: message for key, (_, message) in results_of(said).items()}
    assert "It was deleted, with its id" in reasons["MUG-0"]
    assert reasons["MUG-1"] == "'tradepost listings unhide MUG-1' puts it back on sale."
    assert reasons["MUG-2"].startswith("Stock is never set back")
    assert on_store(box)["MUG-2"][2] == 6
    assert not Run.objects.filter(kind="undo", is_dry=False).exists()


def test_a_link_is_let_go_of(shop, box, tmp_path):
    shop("listings", "unlink", "--all", "--yes")
    assert shop("listings", "link").code == 0

    assert shop("runs", "undo", latest("link"), "--yes").code == 0

    assert set(Listing.objects.values_list("link", flat=True)) == {"unlinked"}
    assert set(on_store(box)) == set(SKUS)


@pytest.mark.parametrize("kind", ["preview", "orders", "none"])
def test_only_what_has_changed_products_can_be_undone(shop, kind):
    if kind == "preview":
        number = shop("listings", "sync", "--dry-run", "--json").json["id"]
    elif kind == "orders":
        shop("orders", "get")
        number = latest("get_orders")
    else:
        number = 10_000

    said = shop("runs", "undo", number, "--yes")

    assert said.code == 2
    assert f"{number}" in said.err


@pytest.mark.parametrize("products", [40])
def test_half_a_plan_is_carried_out_and_undone_and_the_store_is_as_before_but_for_what_others_have_changed(
    connected, box, store, tmp_path, products
):
    """R57, as a merchant meets it; `benchmarks/plans.py` does the same with 10,000 changes."""
    skus = [f"P-{number}" for number in range(products)]

    def catalogue(title):
        path = tmp_path / "products.csv"
        rows = [f"{sku.lower()},{title} {sku},<p>{title}</p>,,,{sku},4,9.00\n" for sku in skus]
        path.write_text(HEADER + "".join(rows), encoding="utf-8")
        assert connected("catalogue", "import", path).code == 0

    catalogue("Mug")
    assert connected("listings", "publish").code == 0
    catalogue("Cup")
    connected("listings", "overwrite", "--all")
    before = read_store(store)
    plan = saved(connected("listings", "publish", "--dry-run", "--save", "--json"))
    planned = changes_of(connected, plan)
    half = [change for change in planned if change["action"] == "update"][: products // 2]
    numbers = tmp_path / "half.csv"
    numbers.write_text("change\n" + "".join(f"{change['id']}\n" for change in half), encoding="utf-8")
    assert connected("plans", "approve", plan, "--file", numbers).code == 0
    chosen = [change["key"] for change in half]
    edited = {chosen[0]: "Edited before", chosen[1]: "Edited, too", skus[-1]: "Edited and not approved"}
    for code, name in edited.items():
        edit_on_store(store, code, name=name)

    applied = connected("plans", "apply", plan, "--json").json
    between = read_store(store)
    last = chosen[2]
    edit_on_store(store, last, name="Edited after")
    undone = connected("runs", "undo", applied["id"], "--yes", "--json").json

    def updates(report, outcome):
        return sum(row["count"] for row in report["counts"] if row["outcome"] == outcome)

    changed = {code for code in between if between[code].name.startswith("Cup")}
    assert changed == {code.casefold() for code in chosen[2:]}
    assert updates(applied, "applied") == len(half) - 2
    assert updates(applied, "skipped") == len(planned) - len(half) + 2
    assert [c["message"] for c in applied["changes"] if c["key"] == chosen[0]] == [
        f"It is stale: name was Mug {chosen[0]} when the plan was saved, and is Edited before now."
    ]
    assert updates(undone, "applied") == len(half) - 2
    assert updates(undone, "skipped") == 1
    after = read_store(store)
    by_others = {code.casefold(): name for code, name in {**edited, last: "Edited after"}.items()}
    assert {code: product.name for code, product in after.items()} == {
        code: by_others.get(code, product.name) for code, product in before.items()
    }
    assert {code: product for code, product in after.items() if code not in by_others} == {
        code: product for code, product in before.items() if code not in by_others
    }
