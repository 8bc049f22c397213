"""What somebody changed on the store, on the command line: it is shown, and either side can be kept."""

from decimal import Decimal

import pytest

from miva_sandbox import provisioning

PRICE = '<Product_Update code="HP-MUG-WHITE"><Price>1.00</Price></Product_Update>'
CLOSED = '<Product_Update code="HP-MUG-WHITE"><Active>No</Active></Product_Update>'


@pytest.fixture
def edited(connected, sample, store):
    """The sample catalogue on the store, where somebody edits by hand; then a sync has looked."""
    connected("channel", "set", "shop", "--drift", "price=ask")
    connected("catalogue", "import", sample)
    assert connected("listings", "publish").code == 0
    connected("listings", "sync")

    def edit(xml):
        # Later than what was published, by the store's own clock.
        store.domain.clock.move(10)
        assert list(provisioning.run(store.store, xml)) == []
        assert connected("listings", "sync").code == 0

    return edit


def shown(connected):
    return connected("listings", "show", "HP-MUG-WHITE", "--json").json


def price(store):
    return store.store.db.row("SELECT price FROM products WHERE code = 'HP-MUG-WHITE'")["price"] / Decimal(10**8)


def test_both_values_are_shown_with_the_commands_that_answer(connected, edited):
    edited(PRICE)

    (drift,) = shown(connected)["drift"]
    (attention,) = shown(connected)["attentions"]
    told = connected("listings", "show", "HP-MUG-WHITE").out

    assert (drift["group"], drift["kept"]) == ("price", False)
    assert drift["fields"] == [{"name": "price", "ours": "14.90", "store": "1.00"}]
    assert attention["kind"] == "drift"
    assert "'tradepost listings accept-drift HP-MUG-WHITE'" in attention["message"]
    assert "price: ours 14.90, the store's 1.00; not decided" in " ".join(told.split())


def test_accepting_keeps_the_stores_value_and_ends_the_question(connected, edited, store):
    edited(PRICE)

    preview = connected("listings", "accept-drift", "HP-MUG-WHITE", "--dry-run")
    said = connected("listings", "accept-drift", "--all", "--yes", "--json")
    again = connected("listings", "accept-drift", "HP-MUG-WHITE")
    connected("listings", "sync")

    assert preview.out.endswith("\n1 to change.\n")
    assert (said.code, said.json["changed"]) == (0, 1)
    assert "Nothing to accept." in again.out
    assert shown(connected)["attentions"] == []
    assert (shown(connected)["drift"][0]["kept"], price(store)) == (True, Decimal(1))


def test_a_forced_sync_without_names_sends_ours_of_all_that_waits_for_an_answer(connected, edited, store):
    edited(PRICE)

    said = connected("listings", "sync", "--force")
    again = connected("listings", "sync", "--force")

    assert said.code == 0, said
    assert (price(store), shown(connected)["drift"]) == (Decimal("14.9"), [])
    assert again.code != 0
    assert "name listings by SKU" in again.err


def test_what_is_switched_off_is_listed_as_inactive(connected, edited):
    edited(CLOSED)

    inactive = connected("listings", "list", "--health", "inactive", "--json").json["listings"]
    listed = connected("listings", "list", "--health", "listed", "--json").json["listings"]

    assert [(row["code"], row["health"]) for row in inactive] == [("HP-MUG-WHITE", "inactive")]
    assert "HP-MUG-WHITE" not in {row["code"] for row in listed}
    assert len(listed) == 16
