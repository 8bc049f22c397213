"""Saved plans over sockets: saved, approved in part, carried out later, and left where the store has moved on."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from full_rights import store_of
from miva_sandbox import provisioning
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Intent, Listing, Order, SavedPlan, ShipmentRecord

HEADER = "Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
SKUS = [f"MUG-{number}" for number in range(6)]


def a_file(folder, *, price="10.00", title="Mug", quantity=5, prices=None, titles=None, quantities=None):
    rows = [
        f"{sku.lower()},{(titles or {}).get(sku, title)} {sku[-1]},,,,{sku},"
        f"{(quantities or {}).get(sku, quantity)},{(prices or {}).get(sku, price)}\n"
        for sku in SKUS
    ]
    path = folder / "mugs.csv"
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


FAMILY = HEADER + (
    "tee,Tee,,Size,S,TEE-S,3,15.00\n"
    "tee,,,,M,TEE-M,4,15.00\n"
    "jar,Jar,,,,JAR-1,2,7.00\n"
)  # fmt: skip


@pytest.fixture
def shop(connected, tmp_path):
    """Six mugs on the store, and no limit to what a run may re-price."""
    assert connected("catalogue", "import", a_file(tmp_path)).code == 0
    assert connected("listings", "publish").code == 0
    return connected


def on_store(box, *codes):
    """What the store has by code, read with all rights: name, price and count."""
    with store_of(box) as store:
        found = store.products_by_code(codes or SKUS)
    return {
        product.code: (product.name, f"{product.price:.2f}", product.stock.count)
        for product in sorted(found.values(), key=lambda product: product.code)
    }


def edit_on_store(store, code, **columns):
    """Somebody at the store changes a product there."""
    tags = "".join(f"<{name.title()}>{value}</{name.title()}>" for name, value in columns.items())
    xml = f'<Product_Update code="{code}">{tags}</Product_Update>'
    assert list(provisioning.run(store.store, xml)) == []


def bought(box, code, quantity=1):
    """A shopper orders; gives the order's number."""
    return buy(box.storefront, store_code=box.store_code, purchases=[Purchase(code, [], quantity)], name="Ada Byron")


def changes_of(shop, plan_id):
    return shop("plans", "show", plan_id, "--all", "--json").json["changes"]


def saved(said):
    assert said.code == 0, said
    run = said.json.get("run") or said.json
    assert run["saved"] is True
    return run["id"]


def results_of(said):
    return {change["key"]: (change["outcome"], change["message"]) for change in said.json["changes"]}


def test_what_is_approved_is_done_and_the_rest_is_counted_as_skipped(shop, box, tmp_path):
    """R57: an approval in part."""
    shop("catalogue", "import", a_file(tmp_path, price="12.00"))
    plan = saved(shop("listings", "sync", "--dry-run", "--save", "--json"))
    assert {price for _, price, _ in on_store(box).values()} == {"10.00"}

    said = shop("plans", "approve", plan, "--only", "MUG-0", "--only", "MUG-1", "--json")
    done = shop("plans", "apply", plan, "--json")

    assert (said.code, said.json["chosen"], said.json["approved"]) == (0, 2, 2)
    assert done.code == 0, done
    assert {code: price for code, (_, price, _) in on_store(box).items()} == {
        **dict.fromkeys(SKUS, "10.00"),
        "MUG-0": "12.00",
        "MUG-1": "12.00",
    }
    assert results_of(done) == {
        **dict.fromkeys(["MUG-0", "MUG-1"], ("applied", "")),
        **dict.fromkeys(SKUS[2:], ("skipped", "It was not approved.")),
    }
    assert Listing.objects.filter(attentions__isnull=False).count() == 0


def test_what_was_changed_on_the_store_meanwhile_is_stale_and_left(shop, box, store, tmp_path):
    """The plan goes on without it, and says what it was and is."""
    shop("catalogue", "import", a_file(tmp_path, price="12.00", prices={"MUG-4": "10.00"}))
    plan = saved(shop("listings", "sync", *SKUS, "--dry-run", "--save", "--json"))
    shop("plans", "approve", plan, "--all")
    edit_on_store(store, "MUG-1", price="11.00")
    edit_on_store(store, "MUG-2", price="12.00")
    shop("catalogue", "import", a_file(tmp_path, price="12.00", prices={"MUG-3": "13.00"}))

    done = shop("plans", "apply", plan, "--json")

    results = results_of(done)
    assert results["MUG-0"] == ("applied", "")
    assert results["MUG-1"] == (
        "skipped",
        "It is stale: price was 10 when the plan was saved, and is 11 now.",
    )
    assert results["MUG-2"] == ("skipped", "It is stale: nothing of it is to be changed any more.")
    assert results["MUG-3"] == ("skipped", "It is stale: price was to become 12.00, and would become 13.00 now.")
    assert results["MUG-4"] == ("skipped", "It was not in the saved plan; a later run does it.")
    assert {code: price for code, (_, price, _) in on_store(box).items()} == {
        "MUG-0": "12.00",
        "MUG-1": "11.00",
        "MUG-2": "12.00",
        "MUG-3": "10.00",
        "MUG-4": "10.00",
        "MUG-5": "12.00",
    }


def test_a_quantity_is_stale_as_soon_as_its_account_has_moved(shop, box, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, quantity=9))
    plan = saved(shop("listings", "sync", "--dry-run", "--save", "--json"))
    shop("plans", "approve", plan, "--all")
    bought(box, "MUG-0", 2)
    assert shop("orders", "get").code == 0

    done = shop("plans", "apply", plan, "--json")

    assert results_of(done)["MUG-0"] == (
        "skipped",
        "It is stale: quantity was 5 when the plan was saved, and is 3 now.",
    )
    assert {code: count for code, (_, _, count) in on_store(box).items()} == {**dict.fromkeys(SKUS, 9), "MUG-0": 3}
    # What was left is due as before.
    assert shop("listings", "sync").code == 0
    assert on_store(box)["MUG-0"][2] == 7


def test_a_sale_that_nobody_has_seen_yet_is_not_lost_by_an_approved_move(shop, box, tmp_path):
    """What was approved is the move, and a move erases no sale."""
    shop("catalogue", "import", a_file(tmp_path, quantity=9))
    plan = saved(shop("listings", "sync", "MUG-0", "--dry-run", "--save", "--json"))
    shop("plans", "approve", plan, "--all")
    bought(box, "MUG-0", 2)

    done = shop("plans", "apply", plan, "--json")

    assert results_of(done)["MUG-0"] == ("applied", "")
    assert on_store(box)["MUG-0"][2] == 7


def test_a_new_family_waits_for_its_variants_and_their_images_wait_for_nobody(connected, box, tmp_path):
    """A part whose predecessor was not approved is skipped with that reason."""
    (tmp_path / "tee.csv").write_text(FAMILY, encoding="utf-8")
    connected("catalogue", "import", tmp_path / "tee.csv")
    plan = saved(connected("listings", "publish", "--dry-run", "--save", "--json"))

    said = connected("plans", "approve", plan, "--only", "jar-1", "--json")
    assert said.json["needed"] > 0, "the set-up that it can't be made without"
    connected("plans", "approve", plan, "--only", "tee")
    connected("plans", "approve", plan, "--only", "TEE-M", "--withdraw")
    done = connected("plans", "apply", plan, "--json")

    results = results_of(done)
    assert results["JAR-1"] == ("applied", "")
    assert results["TEE-M"] == ("skipped", "It was not approved.")
    assert results["tee"] == ("skipped", "It needs the product tee-m, which is not done.")
    assert results["TEE-S"] == ("skipped", "It needs the product tee, which is not done.")
    assert set(on_store(box, "JAR-1", "tee", "TEE-S", "TEE-M")) == {"JAR-1"}
    assert Intent.objects.count() == 0
    assert set(Listing.objects.exclude(sku="JAR-1").values_list("pending", "link")) == {("publish", "unlinked")}
    assert connected("listings", "publish").code == 0
    assert set(on_store(box, "JAR-1", "tee", "TEE-S", "TEE-M")) == {"JAR-1", "tee", "TEE-S", "TEE-M"}


def test_what_nobody_had_asked_for_is_asked_for_by_carrying_it_out(shop, box):
    plan = saved(shop("listings", "hide", "--all", "--dry-run", "--save", "--json"))
    assert set(Listing.objects.values_list("pending", flat=True)) == {""}
    shop("plans", "approve", plan, "--only", "MUG-3")

    done = shop("plans", "apply", plan, "--json")

    assert results_of(done)["MUG-3"] == ("applied", "")
    assert {code: count for code, (_, _, count) in on_store(box).items()} == {**dict.fromkeys(SKUS, 5), "MUG-3": 0}
    assert dict(Listing.objects.values_list("sku", "health"))["MUG-3"] == "hidden"
    assert set(Listing.objects.values_list("pending", flat=True)) == {""}


def test_what_was_approved_goes_beyond_the_brake(shop, box):
    """Somebody has looked at each change."""
    assert shop("channel", "set", "shop", "--brake-at-least", "1").code == 0
    assert shop("listings", "delist", "--all", "--yes").code == 0
    assert shop("listings", "sync").code == 5
    plan = saved(shop("plans", "save", "sync", "--json"))
    shop("plans", "approve", plan, "--action", "delist")

    done = shop("plans", "apply", plan)

    assert done.code == 0, done
    assert on_store(box) == {}


def test_an_approval_is_of_one_time(shop, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, price="12.00"))
    plan = saved(shop("plans", "save", "sync", "--json"))

    nothing = shop("plans", "apply", plan)
    unclear = shop("plans", "approve", plan)
    shop("plans", "approve", plan, "--all")
    first, second = shop("plans", "apply", plan), shop("plans", "apply", plan)
    other = saved(shop("plans", "save", "sync", "--json"))
    assert shop("plans", "discard", other).code == 0
    discarded = shop("plans", "approve", other, "--all")

    assert (nothing.code, unclear.code, first.code, second.code, discarded.code) == (2, 2, 0, 2, 2)
    assert "Nothing of plan" in nothing.err
    assert f"Plan {plan} is applied by run" in second.err
    assert f"Plan {other} is discarded" in discarded.err
    listed = {row["id"]: row["state"] for row in shop("plans", "list", "--all", "--json").json["plans"]}
    assert listed == {plan: "applied", other: "discarded"}
    events = [event["what"].split(";")[0] for event in shop("plans", "show", plan, "--json").json["events"]]
    assert events == ["saved", "approved 6", f"carried out by run {plan + 1}"]


def test_a_plan_expires(shop, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, price="12.00"))
    plan = saved(shop("plans", "save", "sync", "--json"))
    shop("plans", "approve", plan, "--all")
    SavedPlan.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    said = shop("plans", "apply", plan)

    assert said.code == 2
    assert "has expired" in said.err
    assert shop("plans", "list", "--json").json["plans"][0]["state"] == "expired"


def test_changes_are_approved_by_a_file_of_their_numbers_or_of_skus(shop, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, price="12.00"))
    plan = saved(shop("plans", "save", "sync", "--json"))
    numbers = {change["key"]: change["id"] for change in changes_of(shop, plan)}
    by_number, by_sku, by_neither = tmp_path / "numbers.csv", tmp_path / "skus.csv", tmp_path / "neither.csv"
    by_number.write_text(f"change,note\n{numbers['MUG-1']},yes\n", encoding="utf-8")
    by_sku.write_text("SKU\nMUG-2\n", encoding="utf-8")
    by_neither.write_text("what\nMUG-2\n", encoding="utf-8")

    said = [shop("plans", "approve", plan, "--file", path) for path in (by_number, by_sku, by_neither)]

    assert [each.code for each in said] == [0, 0, 2]
    assert "needs a first line" in said[2].err
    approved = {change["key"] for change in changes_of(shop, plan) if change["approved"]}
    assert approved == {"MUG-1", "MUG-2"}


def test_orders_that_were_not_approved_stay_out_of_the_ledger_and_come_with_the_next_get(shop, box):
    """Get orders is a plan like any other."""
    orders = [bought(box, "MUG-0"), bought(box, "MUG-1")]
    plan = saved(shop("plans", "save", "get-orders", "--json"))
    wanted = {c["key"]: c["id"] for c in changes_of(shop, plan) if c["action"] == "import"}
    assert len(wanted) == len(orders)
    first, second = sorted(wanted, key=int)
    shop("plans", "approve", plan, "--change", wanted[first])

    done = shop("plans", "apply", plan, "--json")

    assert done.code == 0, done
    assert set(Order.objects.values_list("external_id", flat=True)) == {int(first)}
    assert shop("orders", "get").code == 0
    assert set(Order.objects.values_list("external_id", flat=True)) == {int(first), int(second)}


def test_links_that_were_not_approved_are_not_made(shop, box):
    shop("listings", "unlink", "--all", "--yes")
    plan = saved(shop("listings", "link", "--dry-run", "--save", "--json"))
    shop("plans", "approve", plan, "--only", "MUG-2")

    done = shop("plans", "apply", plan, "--json")

    assert done.code == 0, done
    links = dict(Listing.objects.values_list("sku", "link"))
    assert links == {**dict.fromkeys(SKUS, "unlinked"), "MUG-2": "linked"}


def test_shipments_and_acknowledgements_wait_for_their_approval_without_a_mark(shop, box):
    """Each order and each shipment is a unit; of what waits nothing is noted, and the next run does it."""
    assert shop("channel", "set", "shop", "--acknowledge", "note", "--acknowledge-value", "taken").code == 0
    first, second = (bought(box, sku) for sku in ("MUG-0", "MUG-1"))
    shop("channel", "set", "shop", "--acknowledge", "none")
    assert shop("orders", "get").code == 0
    shop("channel", "set", "shop", "--acknowledge", "note")
    for number in (first, second):
        assert shop("orders", "ship", number, "--carrier", "UPS", "--tracking", f"1Z{number}").code == 0
    told = saved(shop("plans", "save", "get-orders", "--json"))
    sent = saved(shop("plans", "save", "sync-orders", "--json"))
    for plan in (told, sent):
        keys = {change["id"]: f"{change['key']} {change['label']}" for change in changes_of(shop, plan)}
        (mine,) = [number for number, words in keys.items() if str(first) in words.split()]
        shop("plans", "approve", plan, "--change", mine)

    done = [shop("plans", "apply", plan, "--json") for plan in (told, sent)]

    assert [each.code for each in done] == [0, 0], done
    told_orders = dict(Order.objects.values_list("external_id", "acknowledged_at"))
    assert told_orders[first] is not None
    assert told_orders[second] is None
    states = dict(ShipmentRecord.objects.values_list("order__external_id", "state"))
    assert states[first] == "told"
    assert states[second] == "waiting"
    assert set(ShipmentRecord.objects.values_list("last_error", flat=True)) == {""}
    assert (shop("orders", "get").code, shop("orders", "sync").code) == (0, 0)
    assert Order.objects.filter(acknowledged_at=None).count() == 0
    assert set(ShipmentRecord.objects.values_list("state", flat=True)) == {"told"}


def test_a_preview_leaves_no_trace_that_looks_like_a_fact(shop, box, tmp_path):
    """Neither a saved plan nor one that is only shown."""
    shop("catalogue", "import", a_file(tmp_path, price="12.00", quantity=3, title="Cup"))
    shop("listings", "hide", "MUG-5")
    bought(box, "MUG-0")
    before = snapshot()

    for kind in ("sync", "publish", "link", "set-type", "get-orders", "sync-orders"):
        assert shop("plans", "save", kind).code == 0
    for command in (("listings", "sync"), ("listings", "publish"), ("listings", "overwrite", "--all")):
        assert shop(*command, "--dry-run").code == 0

    assert snapshot() == before
    history = shop("listings", "show", "MUG-0", "--json").json["history"]
    assert {row["action"] for row in history} == {"create"}
    assert shop("channel", "show", "shop", "--json").json["attention"] == []


PLANS = {"Run", "RunChange", "SavedPlan", "PlannedChange"}


def snapshot():
    """All that the hub holds to be so: every table but those of runs and plans."""
    return {
        model.__name__: sorted(map(str, model.objects.values_list()))
        for model in apps.get_app_config("tradepost").get_models()
        if model.__name__ not in PLANS
    }
