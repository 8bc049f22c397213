"""A look-only channel over sockets: every run shows what it would do, and nothing reaches the store."""

import pytest

from tradepost import wiring
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Channel, Listing, Order, Run, RunKind, Trigger
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import RunState
from tradepost.engine.chains import chain_decreases
from tradepost.engine.runs import execute, request_run, run_now, take
from tradepost.operations.ports import StockWrite

FILE = (
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
    "mug,Mug,,,MUG-1,{quantity},{price}\n"
)
WRITES = ("Provision_Store", "_Update", "_Delete", "_Insert", "_Create", "Adjust", "Acknowledge")


def a_file(folder, *, quantity=5, price="10.00"):
    path = folder / "mug.csv"
    path.write_text(FILE.format(quantity=quantity, price=price), encoding="utf-8")
    return path


@pytest.fixture
def shop(connected, tmp_path):
    assert connected("catalogue", "import", a_file(tmp_path)).code == 0
    assert connected("listings", "publish").code == 0
    return connected


@pytest.fixture
def watched(shop, store):
    """The same shop, look-only from now on, with a log of what its store is asked."""
    said = shop("channel", "set", "shop", "--look-only")
    assert said.code == 0, said
    assert "go-live shop" in said.out
    store.log.clear()
    return shop


def _functions(request):
    return [operation.function for operation in request.operations]


def written(store):
    """What the store was asked to change."""
    called = {function for request in store.log.requests() for function in _functions(request)}
    return {function for function in called if any(word in function for word in WRITES)}


def test_every_run_of_a_look_only_channel_is_a_preview_and_says_so(watched, store, box, tmp_path):
    """R57: a merchant can let the hub watch a store for weeks, and read what it would have done."""
    number = buy(box.storefront, store_code=box.store_code, purchases=[Purchase("MUG-1", [], 2)], name="Ada Byron")
    first = Run.objects.latest("pk").pk
    watched("catalogue", "import", a_file(tmp_path, quantity=9, price="12.00"))
    watched("listings", "overwrite", "--all")
    watched("channel", "set", "shop", "--acknowledge", "note")

    said = {
        verb: watched(*verb)
        for verb in (
            *(("listings", "sync"), ("listings", "publish"), ("listings", "hide", "MUG-1", "--now")),
            *(("listings", "delist", "MUG-1", "--now", "--yes"), ("orders", "get"), ("orders", "deliver")),
            ("orders", "sync"),
        )
    }

    assert {verb: answer.code for verb, answer in said.items()} == dict.fromkeys(said, 0)
    assert all("look-only" in answer.out for answer in said.values()), said
    assert "price: 10.00 -> 12.00" in said["listings", "sync"].out
    assert f"import order {number}" in said["orders", "get"].out
    assert written(store) == set()
    assert Order.objects.count() == 0
    of_the_store = Run.objects.exclude(kind__in=["request", "import"]).filter(pk__gt=first)
    assert set(of_the_store.values_list("is_dry", flat=True)) == {True}
    assert "nothing is written while the channel is look-only" in said["listings", "hide", "MUG-1", "--now"].out
    assert Listing.objects.get(sku="MUG-1").proven_price == 10


def test_runs_of_schedules_and_chains_are_previews_whose_result_is_kept(watched, store, tmp_path):
    watched("catalogue", "import", a_file(tmp_path, quantity=1))
    (chained,) = chain_decreases() or [Run.objects.filter(trigger="chain").get()]
    scheduled = request_run(chained.channel_id, RunKind.SYNC, trigger=Trigger.SCHEDULE)

    runs = [run_now(chained), run_now(scheduled)]

    assert [(run.is_dry, run.state, run.planned[0]["count"]) for run in runs] == [(True, "completed", 1)] * 2
    shown = watched("runs", "show", scheduled.pk)
    assert "quantity: 5 -> 1" in shown.out
    assert written(store) == set()


def test_what_was_queued_before_writes_nothing_either(shop, store, tmp_path):
    shop("catalogue", "import", a_file(tmp_path, price="12.00"))
    queued = request_run(Channel.objects.get().pk, RunKind.SYNC)
    shop("channel", "set", "shop", "--look-only")
    store.log.clear()

    done = run_now(queued)

    assert (done.is_dry, done.state) == (True, "completed")
    assert written(store) == set()


def test_a_run_at_work_stops_after_its_batch(shop):
    run = take(request_run(Channel.objects.get().pk, RunKind.SYNC).pk)

    shop("channel", "set", "shop", "--look-only")
    execute(run)

    run.refresh_from_db()
    assert run.state == RunState.CANCELLED.value


def test_nothing_gets_through_to_store_image_server_or_consumer_whatever_asks_for_it(watched, store):
    """R57: on a look-only channel nothing is written, whatever asks for it."""
    channel = Channel.objects.get()
    with wiring.stores.open_store(channel) as opened, pytest.raises(NotAllowed, match="look-only"):
        opened.write_stock([StockWrite(1, quantity=0, stops_sale=True)])
    with wiring.stores.open_store(channel) as opened, pytest.raises(NotAllowed, match="look-only"):
        opened.delete_products([1])
    with wiring.stores.open_image_store(channel) as images, pytest.raises(NotAllowed, match="look-only"):
        images.upload("graphics/is-images/x.jpg", b"x")
    with pytest.raises(NotAllowed, match="look-only"):
        wiring.orders.deliveries_of(channel).open_target(None)
    assert written(store) == set()


def test_going_live_says_what_would_happen_and_asks(watched, store, tmp_path):
    watched("catalogue", "import", a_file(tmp_path, price="12.00"))
    shown = watched("channel", "show", "shop")

    asked = watched("channel", "go-live", "shop")
    still = watched("channel", "list", "--json").json["channels"][0]["look_only"]
    done = watched("channel", "go-live", "shop", "--yes")
    again = watched("channel", "go-live", "shop", "--yes")

    assert "go-live shop" in shown.out
    assert (asked.code, still, done.code, again.code) == (2, True, 0, 2)
    assert "sync: 1 to change" in asked.out
    assert "publish: nothing to do" in done.out
    assert watched("listings", "sync").code == 0
    assert "Provision_Store" in written(store)
    assert Listing.objects.get(sku="MUG-1").proven_price == 12


def test_a_plan_can_be_saved_and_is_not_carried_out(watched, store, tmp_path):
    watched("catalogue", "import", a_file(tmp_path, price="12.00"))
    plan = watched("plans", "save", "sync", "--json").json["id"]
    watched("plans", "approve", plan, "--all")

    said = watched("plans", "apply", plan)

    assert said.code == 2
    assert "look-only" in said.err
    watched("channel", "go-live", "shop", "--yes")
    assert watched("plans", "apply", plan).code == 0
    assert Listing.objects.get(sku="MUG-1").proven_price == 12


def test_a_channel_may_begin_look_only(shell, box, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TOKEN", box.hub_token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", box.hub_signature_key)

    said = shell(
        *("channel", "add", "shop", "--domain", box.endpoint, "--store-code", box.store_code),
        *("--plain-http", "--local", "--look-only"),
    )

    assert said.code == 0, said
    assert Channel.objects.get().is_look_only
