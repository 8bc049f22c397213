"""Imports as plans: saved, approved in part, carried out, and undone; the shopper meets what holds in the end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Listing, ProductRecord, Run, RunChange, VariantRecord
from tradepost.engine.owner import new_owner

HEADER = "sku,parent,options,name,price,quantity,categories\n"
TEE = "TEE,,,Cotton Tee,,,Shirts\nTEE-S,TEE,Size=S,,15.00,6,\nTEE-L,TEE,Size=L,,15.00,4,\n"
MUG = "MUG,,,Enamel Mug,7.90,5,Mugs\n"
CUP = "CUP,,,Cup,3.00,2,Mugs\n"


@pytest.fixture
def file(tmp_path):
    def write(*rows, header=HEADER, name="products.csv"):
        path = tmp_path / name
        path.write_text(header + "".join(rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def shop(connected, file):
    """A tee in two sizes and a mug, on the store."""
    assert connected("catalogue", "import", file(TEE, MUG)).code == 0
    assert connected("listings", "publish").code == 0
    return connected


def imported(shop, path, *options):
    said = shop("catalogue", "import", path, "--json", *options)
    assert said.code == 0, said
    return said.json["run"]


def planned(shop, path, *options):
    said = shop("catalogue", "import", path, "--dry-run", "--save", "--json", *options)
    assert said.code == 0, said
    return said.json["plan"]


def undone(shop, run, *options):
    said = shop("runs", "undo", run, "--yes", "--json", *options)
    assert said.code == 0, said
    return said.json


def results(said):
    return {each["key"]: (each["action"], each["outcome"], each["message"]) for each in said["changes"]}


def catalogue():
    return {
        (variant.product.handle, variant.sku): (variant.product.title, f"{variant.price:.2f}", variant.quantity)
        for variant in VariantRecord.objects.filter(is_gone=False).select_related("product").order_by("pk")
    }


def everything():
    columns = [name for name in (each.attname for each in VariantRecord._meta.concrete_fields) if name != "stated_at"]
    return list(VariantRecord.objects.order_by("pk").values(*columns)), list(
        ProductRecord.objects.order_by("pk").values("handle", "title", "category", "option_names", "is_for_sale")
    )


def prices(shopper):
    return {sku: [price for _, _, price in places] for sku, places in shopper.sold(["TEE", "MUG", "CUP"]).items()}


def bought(box, code, quantity=1):
    return buy(box.storefront, store_code=box.store_code, purchases=[Purchase(code, [], quantity)], name="Ada Byron")


# --- undo -------------------------------------------------------------------------------------------------------------


def test_a_wrong_price_file_is_undone_and_the_shopper_pays_the_old_price_again(shop, file, shopper):
    """R57: the shopper never notices, nothing is sold twice and nothing is doubled."""
    before, offered = everything(), prices(shopper)
    wrong = imported(shop, file("TEE-S,1.50,\nTEE-L,1.50,\nMUG,0.79,\n", header="sku,price,quantity\n"))
    shop("listings", "sync", "--beyond-brake")
    assert prices(shopper) == {"TEE-S": ["$1.50"], "TEE-L": ["$1.50"], "MUG": ["$0.79"]}

    shown = shop("runs", "undo", wrong, "--dry-run")
    assert everything() != before
    said = undone(shop, wrong)
    shop("listings", "sync", "--beyond-brake")

    assert "price of TEE-S: 1.50 -> 15.00" in shown.out
    assert "Plan of undo: 2 to change." in shown.out
    assert {outcome for _, outcome, _ in results(said).values()} == {"applied"}
    assert everything() == before
    assert prices(shopper) == offered
    assert shop("listings", "sync", "--dry-run", "--json").json["changes"] == []


def test_a_product_file_is_undone_whole_what_is_new_goes_and_what_went_is_back(shop, file, shopper):
    before, offered = everything(), prices(shopper)
    other = "TEE,,,Better Tee,,,Shirts > Tees\nTEE-S,TEE,Size=S,,16.00,6,\nTEE-M,TEE,Size=M,,16.00,3,\n" + CUP
    run = imported(shop, file(other), "--full")
    shop("listings", "publish")
    shop("listings", "sync", "--beyond-brake")
    assert prices(shopper) == {"TEE-S": ["$16.00"], "TEE-M": ["$16.00"], "CUP": ["$3.00"]}

    said = undone(shop, run)
    shop("listings", "publish")
    shop("listings", "sync", "--beyond-brake")

    assert {key: row[:2] for key, row in results(said).items()} == {
        "TEE": ("update", "applied"),
        "MUG": ("update", "applied"),
        "CUP": ("delete", "applied"),
    }
    living = {row["sku"]: row for row in everything()[0] if not row["is_gone"]}
    assert living == {row["sku"]: row for row in before[0]}
    assert prices(shopper) == offered


def test_an_undo_is_undone_in_its_turn(shop, file):
    run = imported(shop, file(TEE.replace("15.00", "16.00").replace("Cotton Tee", "Tee"), CUP), "--full")
    after = everything()
    first = undone(shop, run)["id"]

    undone(shop, first)

    assert everything() == after
    assert Listing.objects.filter(is_orphaned=True).values_list("sku", flat=True).get() == "MUG"


def test_what_was_changed_again_since_stays_and_is_named(shop, file):
    run = imported(shop, file(TEE.replace("15.00", "16.00"), MUG.replace("7.90", "8.90"), CUP))
    imported(shop, file("TEE-S,17.00,\nCUP,4.00,\n", header="sku,price,quantity\n"))
    assert shop("catalogue", "remove", "MUG", "--yes").code == 0

    said = results(undone(shop, run))

    assert said["TEE"][1:] == ("skipped", said["TEE"][2]) or said["TEE"][1] == "applied"
    told = [each["message"] for each in undone_changes() if each["outcome"] == "skipped"]
    assert sorted(told) == [
        "It was changed since it was made, so it stays.",
        "The catalogue has no MUG any more.",
        "The price of TEE-S was changed again since: it was to be 16.00, and is 17.00.",
    ]
    assert catalogue() == {
        ("TEE", "TEE-S"): ("Cotton Tee", "17.00", 6),
        ("TEE", "TEE-L"): ("Cotton Tee", "15.00", 4),
        ("CUP", "CUP"): ("Cup", "4.00", 2),
    }


def undone_changes():
    run = Run.objects.filter(kind="undo", is_dry=False).latest("pk")
    return list(RunChange.objects.filter(run=run).order_by("pk").values())


def test_a_number_goes_back_only_where_nothing_was_sold_since_and_nothing_is_oversold(shop, file, box, shopper):
    """R31: what is gone is never sold again by a statement of before."""
    run = imported(shop, file("TEE-S,,60\nTEE-L,,40\nMUG,,50\n", header="sku,price,quantity\n"))
    shop("listings", "sync", "--beyond-brake")
    bought(box, "MUG", 4)
    shop("orders", "get")

    said = undone(shop, run)
    shop("listings", "sync", "--beyond-brake")

    quantities = {sku: quantity for (_, sku), (_, _, quantity) in catalogue().items()}
    assert quantities == {"TEE-S": 6, "TEE-L": 4, "MUG": 50}
    (left,) = [each for each in said["changes"] if each["outcome"] == "skipped"]
    assert left["message"].startswith("The quantity of MUG does not go back from 50 to 5: ")
    assert "'tradepost catalogue state-count MUG NUMBER'" in left["message"]
    available = dict(Listing.objects.exclude(kind="parent").values_list("sku", "available"))
    assert available == {"TEE-S": 6, "TEE-L": 4, "MUG": 46}
    # The source's own number is as it was: the same file again is no new statement.
    imported(shop, file(TEE))
    assert dict(Listing.objects.exclude(kind="parent").values_list("sku", "available")) == available


def test_a_product_that_was_renamed_gets_its_handle_and_skus_back_and_keeps_its_page(shop, file, shopper):
    before, offered = everything(), prices(shopper)
    codes = dict(Listing.objects.values_list("pk", "code"))
    moved = TEE.replace("TEE,", "SHIRT,", 1).replace(",TEE,", ",SHIRT,")
    run = imported(shop, file(moved))
    recoded = imported(shop, file(moved.replace("TEE-L", "TEE-XL")))
    assert {("SHIRT", "TEE-S"), ("SHIRT", "TEE-XL")} < catalogue().keys()
    assert {outcome for _, outcome, _ in results(undone(shop, recoded)).values()} == {"applied"}

    said = undone(shop, run)
    shop("listings", "publish")
    shop("listings", "sync")

    assert {outcome for _, outcome, _ in results(said).values()} == {"applied"}, said
    assert [row for row in everything()[0] if not row["is_gone"]] == before[0]
    assert dict(Listing.objects.values_list("pk", "code")) == codes
    assert prices(shopper) == offered


def test_what_moved_to_another_product_stays_there_and_is_named(shop, file):
    imported(shop, file(CUP))
    set_ = "SET,,,Set,,,Mugs\nMUG,SET,Kind=Mug,,7.90,5,\nCUP,SET,Kind=Cup,,3.00,2,\n"
    run = imported(shop, file(set_))

    said = undone(shop, run)

    assert {sku for _, sku in catalogue()} == {"TEE-S", "TEE-L", "MUG", "CUP"}
    (left,) = said["left"]
    assert left["message"] == "Variants of other products have moved into it, so it stays as it is."


# --- saved plans ------------------------------------------------------------------------------------------------------


def test_a_plan_of_an_import_is_done_as_far_as_it_was_approved_and_still_holds(shop, file, shopper):
    """R57: an approval in part; what has moved meanwhile is stale, and the rest goes on."""
    path = file(TEE.replace("15.00", "16.00"), MUG.replace("7.90", "8.90"), CUP, "JAR,,,Jar,2.00,1,\n")
    before = everything()
    plan = planned(shop, path)
    assert everything() == before
    shown = shop("plans", "show", plan, "--json").json
    assert {(each["action"], each["key"]) for each in shown["changes"]} == {
        ("update", "TEE"),
        ("update", "MUG"),
        ("create", "CUP"),
        ("create", "JAR"),
    }
    said = shop("plans", "approve", plan, "--only", "TEE-S", "--only", "MUG", "--only", "CUP", "--json")
    imported(shop, file("MUG,8.00,\n", header="sku,price,quantity\n", name="prices.csv"))

    done = shop("plans", "apply", plan, "--json")

    assert (said.code, said.json["approved"]) == (0, 3), said
    assert done.code == 0, done
    found = results(done.json)
    assert found["TEE"] == ("update", "applied", "")
    assert found["CUP"] == ("create", "applied", "")
    assert found["JAR"] == ("create", "skipped", "It was not approved.")
    assert found["MUG"] == (
        "update",
        "skipped",
        "It is stale: price of MUG was 7.90 when the plan was saved, and is 8.00 now.",
    )
    assert catalogue() == {
        ("TEE", "TEE-S"): ("Cotton Tee", "16.00", 6),
        ("TEE", "TEE-L"): ("Cotton Tee", "16.00", 4),
        ("MUG", "MUG"): ("Enamel Mug", "8.00", 5),
        ("CUP", "CUP"): ("Cup", "3.00", 2),
    }
    assert shop("plans", "apply", plan).code != 0
    undone(shop, done.json["id"])
    assert {sku: price for (_, sku), (_, price, _) in catalogue().items()} == {
        "TEE-S": "15.00",
        "TEE-L": "15.00",
        "MUG": "8.00",
    }


def test_a_plan_by_kind_of_change_takes_in_what_is_new_and_takes_nothing_out(shop, file):
    plan = planned(shop, file(TEE, CUP), "--full")

    shop("plans", "approve", plan, "--action", "create")
    done = shop("plans", "apply", plan, "--json")

    assert results(done.json)["MUG"] == ("delete", "skipped", "It was not approved.")
    assert {sku for _, sku in catalogue()} == {"TEE-S", "TEE-L", "MUG", "CUP"}


def test_a_plan_of_prices_is_approved_by_sku(shop, file):
    path = file("TEE-S,16.00,7\nTEE-L,16.00,8\n", header="sku,price,quantity\n")
    plan = planned(shop, path)

    shop("plans", "approve", plan, "--only", "TEE-L")
    done = shop("plans", "apply", plan, "--json")

    assert results(done.json)["TEE-S"] == ("update", "skipped", "It was not approved.")
    assert catalogue()["TEE", "TEE-S"] == ("Cotton Tee", "15.00", 6)
    assert catalogue()["TEE", "TEE-L"] == ("Cotton Tee", "16.00", 8)


def test_another_content_of_the_file_is_refused_with_what_to_do(shop, file):
    path = file(TEE.replace("15.00", "16.00"))
    plan = planned(shop, path)
    shop("plans", "approve", plan, "--all")
    before = everything()
    path.write_text(HEADER + TEE.replace("15.00", "99.00"), encoding="utf-8")

    done = shop("plans", "apply", plan)

    assert done.code != 0
    assert "is not the file any more that was planned" in done.err
    assert "--dry-run --save" in done.err
    assert everything() == before
    # The right file is put back, and the same plan goes on.
    path.write_text(HEADER + TEE.replace("15.00", "16.00"), encoding="utf-8")
    assert shop("plans", "apply", plan).code == 0
    assert catalogue()["TEE", "TEE-S"][1] == "16.00"


def test_a_plan_of_a_source_takes_the_file_that_was_planned_and_no_other(shop, tmp_path):
    feed = tmp_path / "feed"
    feed.mkdir()
    (feed / "a.csv").write_text(HEADER + TEE.replace("15.00", "16.00") + CUP, encoding="utf-8")
    (feed / "b.csv").write_text(HEADER + "JAR,,,Jar,2.00,1,\n", encoding="utf-8")
    assert shop("source", "add", "erp", feed).code == 0
    plan = shop("source", "run", "erp", "--dry-run", "--save", "--json").json["plan"]
    listed = shop("plans", "list", "--source", "erp", "--json").json["plans"]
    shop("plans", "approve", plan, "--only", "CUP")

    done = shop("plans", "apply", plan, "--json")

    assert [(each["id"], each["source"], each["changes"]) for each in listed] == [(plan, "erp", 2)]
    assert results(done.json)["TEE"][1:] == ("skipped", "It was not approved.")
    assert {sku for _, sku in catalogue()} == {"TEE-S", "TEE-L", "MUG", "CUP"}
    shop("source", "run", "erp")
    assert {sku for _, sku in catalogue()} == {"TEE-S", "TEE-L", "MUG", "CUP", "JAR"}
    assert catalogue()["TEE", "TEE-S"][1] == "15.00"


def test_a_source_that_has_another_file_by_now_is_left_and_says_so(shop, tmp_path):
    feed = tmp_path / "feed"
    feed.mkdir()
    (feed / "a.csv").write_text(HEADER + CUP, encoding="utf-8")
    shop("source", "add", "erp", feed)
    plan = shop("source", "run", "erp", "--dry-run", "--save", "--json").json["plan"]
    shop("plans", "approve", plan, "--all")
    (feed / "a.csv").write_text(HEADER + CUP.replace("3.00", "4.00"), encoding="utf-8")

    done = shop("plans", "apply", plan, "--json")

    assert done.code != 0
    assert any("not there any more as it was planned" in each["message"] for each in done.json["changes"])
    assert ("CUP", "CUP") not in catalogue()


def test_a_plan_of_an_undo_is_approved_in_part_too(shop, file):
    run = imported(shop, file(TEE.replace("15.00", "16.00"), MUG.replace("7.90", "8.90")))
    plan = shop("runs", "undo", run, "--dry-run", "--save", "--json").json["plan"]

    shop("plans", "approve", plan, "--only", "MUG")
    done = shop("plans", "apply", plan, "--json")

    assert results(done.json)["TEE"][1:] == ("skipped", "It was not approved.")
    assert (catalogue()["TEE", "TEE-S"][1], catalogue()["MUG", "MUG"][1]) == ("16.00", "7.90")


# --- the history ------------------------------------------------------------------------------------------------------


def test_the_history_has_each_change_with_its_values_and_counts_what_is_as_it_was(shop, file):
    run = imported(shop, file(TEE.replace("15.00,6", "16.00,6"), MUG, CUP))

    shown = shop("runs", "show", run, "--all", "--json").json

    (tee,) = [each for each in shown["changes"] if each["key"] == "TEE"]
    assert tee["fields"] == [{"name": "price of TEE-S", "before": "15.00", "after": "16.00"}]
    assert {(row["subject"], row["action"], row["outcome"]): row["count"] for row in shown["counts"]} == {
        ("product", "create", "applied"): 1,
        ("product", "update", "applied"): 1,
        ("product", "keep", "unchanged"): 1,
        ("file", "import", "applied"): 1,
    }
    assert ProductRecord.objects.get(handle="CUP").made_by_run == run


def test_an_import_that_was_cut_off_keeps_nobody_from_importing_again(shop, file):
    run = imported(shop, file(TEE))
    left = Run.objects.filter(pk=run)
    left.update(state="running", owner="gone/1/1/x", lease_until=timezone.now() + timedelta(minutes=5))
    busy = shop("catalogue", "import", file(TEE))
    left.update(owner=dead_owner())

    again = shop("catalogue", "import", file(TEE))

    assert busy.code != 0
    assert "are being imported" in busy.err
    assert again.code == 0
    assert left.get().state == "failed"


def test_an_import_of_a_machine_that_is_gone_keeps_nobody_from_importing_once_its_lease_is_over(shop, file):
    run = imported(shop, file(TEE))
    left = Run.objects.filter(pk=run)
    left.update(state="running", owner="gone/1/1/x", lease_until=timezone.now() - timedelta(seconds=1))

    again = shop("catalogue", "import", file(TEE))

    assert again.code == 0, again
    assert left.get().state == "failed"


def dead_owner():
    machine, _, started, name = new_owner().split("/")
    return f"{machine}/999999999/{started}/{name}"
