"""Two stores that sell the same pieces: what becomes of them where one of the two is sold at no more."""

import pytest

from miva_sandbox.server import SandboxServer
from stock_shop import pieces_in_reach


@pytest.fixture
def bring(state_mugs):
    """Say how many mugs there are; ten at first."""
    state_mugs(10)
    return state_mugs


@pytest.fixture
def outlet(connected, bring, monkeypatch):
    """Another store with a channel of its own; on both, mugs are for sale."""
    with SandboxServer() as server:
        monkeypatch.setenv("TRADEPOST_TOKEN", server.hub.token)
        monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", server.hub.signature_key)
        monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", server.ftp_password)
        said = connected(
            *("channel", "add", "outlet", "--domain", server.endpoint, "--store-code", server.store.code),
            *("--plain-http", "--local", "--ftp-protocol", "ftp", "--ftp-host", server.ftp.host),
            *("--ftp-port", server.ftp.port, "--ftp-user", server.ftp_user, "--make-folder"),
        )
        assert said.code == 0, said
        assert connected("listings", "build", "--channel", "outlet").code == 0
        for channel in ("shop", "outlet"):
            assert connected("listings", "publish", "--channel", channel).code == 0
        yield server


def buy(server, pieces):
    shopper = server.shopper()
    shopper.add("MUG", pieces)
    return shopper.check_out().order_id


def catch_up(shell, *channels):
    for verb in (("orders", "get"), ("listings", "sync")):
        for channel in channels:
            said = shell(*verb, "--channel", channel)
            assert said.code == 0, said


def test_what_was_sold_on_a_channel_that_is_out_of_use_is_kept_from_sale_until_somebody_has_counted(
    connected, store, outlet, bring
):
    """It was kept for ever: nobody could hand its orders over any more, or hear that they were shipped."""
    buy(outlet, 2)
    catch_up(connected, "outlet", "shop")

    removed = connected("channel", "remove", "outlet", "--yes")
    catch_up(connected, "shop")
    before = pieces_in_reach(store, "MUG", {})
    bring(7)
    catch_up(connected, "shop")
    counted = pieces_in_reach(store, "MUG", {})
    buy(store, 1)
    assert connected("catalogue", "state-count", "MUG", 6).code == 0
    catch_up(connected, "shop")

    assert (removed.code, "until you state" in removed.out) == (0, True), removed
    assert (before, counted) == (8, 7)
    # An order of a channel that is in use is reserved as ever.
    assert pieces_in_reach(store, "MUG", {}) == 5


def test_whoever_pauses_one_of_two_channels_is_told_what_the_other_does_not_learn(connected, store, outlet):
    words = "Until then, what its store sells stays on sale on other channels."

    paused = connected("channel", "pause", "outlet").out
    buy(outlet, 2)
    catch_up(connected, "shop")
    meanwhile = pieces_in_reach(store, "MUG", {})
    assert connected("channel", "resume", "outlet").code == 0
    catch_up(connected, "outlet", "shop")
    after = pieces_in_reach(store, "MUG", {})
    assert connected("channel", "remove", "outlet", "--yes").code == 0

    assert (words in paused, meanwhile, after) == (True, 10, 8)
    assert words not in connected("channel", "pause", "shop").out


def test_a_file_that_names_its_orders_frees_what_a_channel_out_of_use_has_sold(
    connected, store, outlet, bring, tmp_path
):
    """Its name stands in no file any more."""
    buy(outlet, 2)
    catch_up(connected, "outlet", "shop")
    assert connected("channel", "remove", "outlet", "--yes").code == 0
    assert connected("source", "set", "catalogue", "--orders-column", "Orders through").code == 0
    path = tmp_path / "counted.csv"
    path.write_text("sku,quantity,Orders through\nMUG,7,shop=0\n", encoding="utf-8")

    said = connected("catalogue", "import", path)
    catch_up(connected, "shop")

    assert said.code == 0, said
    assert pieces_in_reach(store, "MUG", {}) == 7
