"""A store that is connected again after its channel was taken out of use: what it has, sells and has sold is known."""

import pytest
from django.urls import reverse

from miva_sandbox.server import SandboxServer
from people import browser_of
from stock_shop import pieces_in_reach
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Channel, Listing, Order


@pytest.fixture
def order(box, state_mugs, connected):
    """Let somebody buy mugs of which ten are for sale; return the order's number."""
    state_mugs(10)
    assert connected("listings", "publish").code == 0

    def place(name, pieces):
        purchases = [Purchase("MUG", (), pieces)]
        return buy(box.storefront, store_code=box.store_code, purchases=purchases, name=name)

    return place


@pytest.fixture
def connect(connected, box):
    """Connect the same store as another channel, or by the same name once more."""

    def add(name="shop", *options):
        return connected(
            *("channel", "add", name, "--domain", box.endpoint, "--store-code", box.store_code, *options),
            *("--plain-http", "--local", "--ftp-protocol", "ftp", "--ftp-host", box.ftp_host),
            *("--ftp-port", box.ftp_port, "--ftp-user", box.ftp_user, "--make-folder"),
        )

    return add


def catch_up(shell, *channel):
    for verb in (("orders", "get"), ("listings", "sync")):
        said = shell(*verb, *channel)
        assert said.code == 0, said


@pytest.fixture
def known(connected, order):
    """An order of two that is acknowledged by a note, handed over and imported; its channel is out of use since."""
    assert connected("channel", "set", "shop", "--acknowledge", "note", "--carrier", "DPD=DPD").code == 0
    assert connected("orders", "export", "--consumer", "warehouse").code == 0
    number = order("Ada Byron", 2)
    catch_up(connected)
    batch = connected("orders", "export", "--consumer", "warehouse", "--json").json
    assert (batch["orders"], connected("orders", "confirm", "warehouse", batch["cursor"]).code) == (1, 0)
    assert connected("channel", "remove", "shop", "--yes").code == 0
    return number


def orders():
    return list(Order.objects.order_by("external_id").values_list("channel__name", "external_id", "state"))


def test_an_order_is_the_same_one_after_its_store_was_connected_again(connected, store, known, order, connect):
    """It was imported a second time: packed twice, and reserved twice."""
    said = connect()
    meanwhile = order("Charles Babbage", 1)
    catch_up(connected)

    assert "as 'shop' until" in said.out
    assert "is connected again to the store at" in " ".join(said.out.split())
    assert orders() == [("shop", known, "open"), ("shop", meanwhile, "open")]
    given = connected("orders", "export", "--consumer", "warehouse", "--json").json
    assert (given["orders"], given["changes"], f'"order": {meanwhile}' in given["content"]) == (1, 0, True)
    assert pieces_in_reach(store, "MUG", {}) == 7
    assert store.store.db.value("SELECT count(*) FROM notes WHERE order_id = ?", (known,)) == 1
    assert connected("orders", "ship", known, "--carrier", "DPD", "--tracking", "1Z", "--now").code == 0
    assert [row["tracknum"] for row in store.store.db.rows("SELECT tracknum FROM order_shipments")] == ["1Z"]


def test_what_is_on_a_store_is_linked_when_it_is_connected_again_and_nothing_is_sent(connected, store, known, connect):
    before = list(Listing.objects.order_by("id").values("id", "link", "external_id", "health", "account"))

    said = connect("boutique", "--time-zone", "Europe/Berlin", "--json")
    planned = connected("listings", "sync", "--dry-run", "--json").json["changes"]
    published = connected("listings", "publish", "--dry-run", "--json").json["changes"]

    assert said.json["was"] == "shop"
    assert (planned, published) == ([], [])
    assert list(Listing.objects.order_by("id").values("id", "link", "external_id", "health", "account")) == before
    # What it was set to stays, but for what was said now.
    channel = Channel.objects.get()
    assert (channel.name, channel.acknowledge_mode, channel.time_zone) == ("boutique", "note", "Europe/Berlin")
    assert channel.archived_at is None


def test_what_somebody_has_counted_meanwhile_knows_the_orders_of_before(connected, store, known, connect):
    assert connected("catalogue", "state-count", "MUG", 8).code == 0

    assert connect().code == 0
    catch_up(connected)

    assert pieces_in_reach(store, "MUG", {}) == 8


def test_the_wizard_goes_on_with_the_channel_that_a_store_had(connected, store, box, known):
    alice = browser_of("alice")
    alice.post(reverse("admin:tradepost_channel_add"), {"type": "miva", "name": "shop"})
    begun = Channel.objects.get(name="shop")

    kept = alice.post(
        reverse("admin:tradepost_channel_setup", args=[begun.pk, "connection"]),
        {
            "domain": box.endpoint,
            "folder": "/mm5/",
            "store_code": box.store_code,
            "token": box.hub_token,
            "signature_key": box.hub_signature_key,
            "digest": "sha256",
            "plain_http": "on",
            "is_local": "on",
        },
        follow=True,
    )
    channel = Channel.objects.get()
    looks_only = (channel.is_paused, channel.is_look_only, channel.setup_step)
    alice.post(reverse("admin:tradepost_channel_setup", args=[channel.pk, "review"]), {"do": "go_live"})
    catch_up(connected)

    assert "as &#x27;shop&#x27; until" in kept.content.decode()
    assert (channel.name, channel.pk == begun.pk, looks_only) == ("shop", False, (True, True, "test"))
    assert orders() == [("shop", known, "open")]
    assert pieces_in_reach(store, "MUG", {}) == 8


def test_another_store_begins_anew(connected, store, known, monkeypatch):
    with SandboxServer() as other:
        monkeypatch.setenv("TRADEPOST_TOKEN", other.hub.token)
        monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", other.hub.signature_key)
        said = connected(
            *("channel", "add", "shop", "--domain", other.endpoint, "--store-code", other.store.code),
            *("--plain-http", "--local", "--json"),
        )

    assert (said.code, said.json["was"]) == (0, None)
    assert Channel.objects.count() == 2
