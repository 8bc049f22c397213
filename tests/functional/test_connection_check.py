"""`channel check` on a store in which exactly one thing is wrong: that line fails, says the cure, and no other does."""

import pytest

from miva_sandbox import provisioning
from miva_sandbox.faults.rules import Rule
from miva_sandbox.state import custom_fields, inventory, products, tokens
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.miva.wire import functions


@pytest.fixture
def stocked(store):
    """A store with a product that is counted."""
    made = products.insert(store.store, products.Product(code="mug", name="Mug", price=790_000_000))
    inventory.update_product(store.store, made, {}, track=True, stock=7)
    return store


@pytest.fixture
def lines(connected, stocked):
    """Check the channel: what is told, by the name of the line, and the lines that failed."""

    def check(*flags):
        found = connected("channel", "check", "shop", "--json", *flags).json["checks"]
        return {line["check"]: line["message"] for line in found}, [line["check"] for line in found if not line["ok"]]

    return check


@pytest.fixture
def sees_all(connected, stocked, monkeypatch):
    """A channel whose token has all rights."""
    monkeypatch.setenv("TRADEPOST_TOKEN", stocked.full.token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", stocked.full.signature_key)
    assert connected("channel", "set", "shop", "--new-token").code == 0


def change_token(store, **changes):
    tokens.change(store.domain.db, store.hub, **changes)


def test_a_store_in_which_all_is_well_fails_no_line(lines):
    told, failed = lines()

    assert failed == []
    assert told["store: columns"] == "what products hold can be read back, so it is proven"
    assert told["images: writing"] == "a file was written, renamed and taken away again"
    assert told["images: shown by the store"].endswith("/mm5/graphics/is-images/")


def test_a_line_that_has_no_more_to_say_than_ok_is_shown_so(connected, stocked):
    connected("channel", "check", "shop")

    assert "  store: function Provision_Store: ok" in connected("channel", "show", "shop").out.splitlines()


def test_the_only_channel_is_shown_without_its_name(connected):
    told = connected("channel", "show", "--json").json

    assert told == connected("channel", "show", "shop", "--json").json


@pytest.mark.parametrize("function", functions.THE_EIGHT)
def test_a_function_that_the_token_lacks_is_the_one_line_that_fails(lines, stocked, function):
    """R7: the check names each of the eight functions that is missing, and nothing besides."""
    stocked.domain.db.execute(
        "DELETE FROM token_functions WHERE token_id = ? AND function = ?", (stocked.hub.id, function)
    )

    told, failed = lines()

    assert failed == [f"store: function {function}"]
    assert "Settings > User Management > API Tokens" in told[f"store: function {function}"]


@pytest.mark.parametrize(
    ("changes", "line", "cure"),
    [
        ({"req_sig": False, "req_ts": False}, "store: function Provision_Store", "Require Signature switched on"),
        ({"req_ts": False}, "store: function Provision_Store", "Require Timestamp switched on"),
        ({"enabled": False}, "store: address and credentials", "enable it on"),
        ({"ip_addresses": "192.0.2.1/32"}, "store: address and credentials", "not in the token's IP list"),
    ],
)
def test_a_token_that_is_set_up_otherwise_is_told_with_where_to_mend_it(lines, stocked, changes, line, cure):
    """R6: a token without signature or time stamp, or disabled, is told as that, with where to mend it."""
    change_token(stocked, **changes)

    told, failed = lines()

    assert failed == [line]
    assert cure in told[line]
    assert "Settings > User Management > API Tokens" in told[line]


def test_a_key_of_another_token_is_told(connected, lines, stocked, monkeypatch):
    """R6: an invalid signature is told as that."""
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", stocked.full.signature_key)
    connected("channel", "set", "shop", "--new-signature-key")

    told, failed = lines()

    assert failed == ["store: address and credentials"]
    assert "The signature key does not belong to the token" in told["store: address and credentials"]


def test_a_store_code_that_nobody_has_is_told_as_that(connected, lines):
    """R9: a wrong store code is told as an unknown store, and not as a wrong token."""
    connected("channel", "set", "shop", "--store-code", "nobodys")

    told, failed = lines()

    assert failed == ["store: address and credentials"]
    assert "The store code is not known at this address" in told["store: address and credentials"]


@pytest.mark.parametrize(
    ("seconds", "failed", "words"),
    [
        (55, [], "s ahead of this machine's"),
        (-55, [], "s behind this machine's"),
        (80, ["store: clock"], "set this machine's clock"),
        (-80, ["store: clock"], "set this machine's clock"),
    ],
)
def test_a_clock_that_is_off_by_more_than_half_the_window_is_told(lines, stocked, seconds, failed, words):
    """R6: the check says how far the two clocks are apart, and when that is too far."""
    stocked.domain.clock.move(seconds)

    told, found = lines()

    assert found == failed
    assert words in told["store: clock"]


def test_a_clock_outside_the_window_is_told_as_that(lines, stocked):
    """R6: a time outside the window is told as that."""
    stocked.domain.clock.move(200)

    told, failed = lines()

    assert failed == ["store: address and credentials"]
    assert "widen the window" in told["store: address and credentials"]


def test_a_store_that_counts_nothing_is_told_with_the_switch(lines, stocked, sees_all):
    assert "the store counts its stock" in lines()[0]["store: inventory"]
    inventory.change_settings(stocked.store, {"active": 0})

    told, failed = lines()

    assert failed == ["store: inventory"]
    assert "Track Inventory" in told["store: inventory"]


def test_a_token_that_sees_no_counts_says_what_has_to_be_switched_on(lines):
    told, failed = lines()

    assert failed == []
    assert "can't be seen with this token" in told["store: inventory"]
    assert "the right to view inventory would" in told["store: stock"]


def test_what_publishing_makes_is_told_before_and_after(connected, lines, sample):
    """R10: what the first publish will make on the store is listed before it does."""
    before, _ = lines()
    connected("catalogue", "import", sample)
    connected("listings", "publish")
    after, failed = lines()

    assert "Publishing makes it" in before["store: product type"]
    assert "no image of the type main was seen" in before["store: image type"]
    assert after["store: product type"] == "the custom field product_type is there"
    assert after["store: image type"] == "the image type main is in use"
    assert failed == []


def test_products_and_orders_are_counted_to_tell_whose_store_it_is(lines, stocked):
    for _ in range(2):
        buy(stocked.storefront, store_code="sandbox", purchases=[Purchase("mug", [], 1)], name="Ada Byron")
    line = "<Item><Code>x</Code><Name>X</Name><Quantity>1</Quantity></Item>"
    provisioning.run(stocked.store, f"<Order_Add><ID>7</ID><Items>{line}</Items></Order_Add>")
    stocked.store.db.execute("UPDATE orders SET status = 200 WHERE id = 7")

    told, failed = lines()

    assert told["store: contents"] == "1 products; orders: 2 pending, 1 shipped. Is this your store?"
    assert failed == []


# --- images ---


def probes(store):
    return [path.name for path in (store.domain.files_root / "graphics").rglob("*probe*")]


def test_a_probe_is_never_left_behind(lines, stocked):
    lines()

    assert probes(stocked) == []


def test_what_a_check_that_was_killed_has_left_goes_with_the_next_one(lines, stocked):
    folder = stocked.domain.files_root / "graphics" / "is-images"
    for name in ("tradepost-probe-0a.png", "tradepost-probe-0b.png.part", "the-merchants.png"):
        (folder / name).write_bytes(b"left")

    _, failed = lines()

    assert failed == []
    assert probes(stocked) == []
    assert [path.name for path in folder.iterdir()] == ["the-merchants.png"]


def test_a_folder_that_the_store_does_not_show_is_told_with_the_one_that_it_does(connected, lines, stocked):
    (stocked.domain.files / "htdocs" / "old" / "graphics" / "is-images").mkdir(parents=True)
    connected("channel", "set", "shop", "--ftp-directory", "/htdocs/old/graphics")

    told, failed = lines()

    assert failed == ["images: shown by the store"]
    assert "no shopper would see an image" in told["images: shown by the store"]
    assert "--ftp-directory /htdocs/mm5/graphics" in told["images: shown by the store"]
    assert list((stocked.domain.files / "htdocs" / "old").rglob("*.png*")) == []


@pytest.mark.parametrize("may", ["elr", "elrw", "elrwf"])
def test_a_user_who_may_not_write_rename_and_delete_is_told(lines, stocked, may):
    stocked.ftp.allow(may)

    told, failed = lines()

    assert failed == ["images: writing"]
    assert "The file server refuses" in told["images: writing"]
    assert "a user who may write, rename and delete" in told["images: writing"]


def test_a_full_image_server_is_told(lines, stocked):
    stocked.faults.add(Rule(kind="ftp_full", after_bytes=10))

    told, failed = lines()

    assert failed == ["images: writing"]
    assert "No space is left" in told["images: writing"]


def test_a_look_only_channel_puts_nothing_on_the_image_server_to_try_it(connected, lines, stocked):
    """R57: not even for a moment, and no folder either."""
    folder = stocked.domain.files_root / "graphics" / "is-images"
    stocked.faults.add(Rule(kind="ftp_full", after_bytes=10))
    connected("channel", "set", "shop", "--look-only")

    told, failed = lines()

    assert failed == []
    assert told["images: log-in and folder"] == "the folder is there"
    assert told["images: writing"].startswith("not tried, because the channel is look-only")
    folder.rmdir()
    assert connected("channel", "check", "shop", "--make-folder").code == 3
    assert not folder.exists()
    folder.mkdir()
    connected("channel", "go-live", "shop", "--yes")
    assert lines()[1] == ["images: writing"]


# --- how the store is told of orders ---


@pytest.fixture
def bought(connected, stocked):
    """A store with an order, as only an order shows which custom fields and queues there are."""
    buy(stocked.storefront, store_code="sandbox", purchases=[Purchase("mug", [], 1)], name="Ada Byron")


def acknowledging(connected, lines, *words):
    assert connected("channel", "set", "shop", *words).code == 0
    told, failed = lines()
    return told["store: acknowledging"], "store: acknowledging" in failed


@pytest.mark.parametrize(
    ("mode", "words"),
    [("none", "--acknowledge note"), ("note", "gets a note"), ("picking", "a shipment that is being picked")],
)
def test_how_orders_are_acknowledged_is_told(connected, lines, mode, words):
    told, is_bad = acknowledging(connected, lines, "--acknowledge", mode)

    assert (words in told, is_bad) == (True, False), told


@pytest.mark.parametrize(
    ("mode", "function"), [("note", "Provision_Store"), ("picking", "OrderItemList_CreateShipment")]
)
def test_a_function_without_which_no_order_can_be_acknowledged_is_told(connected, lines, stocked, mode, function):
    tokens.revoke(stocked.domain.db, stocked.hub, store_id=stocked.store.id, functions=[function])

    told, is_bad = acknowledging(connected, lines, "--acknowledge", mode)

    assert (function in told, is_bad) == (True, True), told


def test_an_order_field_that_is_missing_is_told_as_soon_as_an_order_shows_it(connected, lines, stocked):
    words = ("--acknowledge", "field", "--acknowledge-field", "Taken")
    unknown = acknowledging(connected, lines, *words)
    buy(stocked.storefront, store_code="sandbox", purchases=[Purchase("mug", [], 1)], name="Ada Byron")
    missing = acknowledging(connected, lines, *words)
    custom_fields.insert(stocked.store, "order", code="taken", name="Taken")
    there = acknowledging(connected, lines, *words)

    assert ("is known once it has an order" in unknown[0], unknown[1]) == (True, False), unknown
    assert ("has no order custom field 'Taken'" in missing[0], missing[1]) == (True, True), missing
    assert (there[0].endswith("gets '1' in its custom field 'Taken'"), there[1]) == (True, False), there


@pytest.mark.usefixtures("bought")
def test_what_order_queues_need_is_told(connected, lines, stocked):
    words = ("--acknowledge", "queue", "--acknowledge-queue", "archive")
    right = functions.ORDER_LIST_ACKNOWLEDGE
    refused = acknowledging(connected, lines, *words)
    tokens.grant(stocked.domain.db, stocked.hub, store_id=stocked.store.id, functions=[right])
    missing = acknowledging(connected, lines, *words)
    unnamed = acknowledging(connected, lines, "--acknowledge-queue", "")
    named = acknowledging(connected, lines, "--acknowledge-queue", "Successfully_Retrieved_Orders")

    assert (right in refused[0], refused[1]) == (True, True), refused
    assert ("has no order queue 'archive'" in missing[0], missing[1]) == (True, True), missing
    assert ("run twice for an order" in unnamed[0], unnamed[1]) == (True, False), unnamed
    assert (named[0].endswith("of each order that is taken over"), named[1]) == (True, False), named
