"""A store that was put back from a backup: it has lost what came since, and gives the same order numbers once more."""

import pytest

from stock_shop import pieces_in_reach
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Order


@pytest.fixture
def state(connected, state_mugs):
    """Say how many mugs there are; ten are published."""
    state_mugs(10)
    assert connected("listings", "publish").code == 0
    return state_mugs


@pytest.fixture
def order(store, box, state):
    def place(name, pieces):
        # A store that is put back is not at the same second again.
        store.domain.clock.move(20)
        purchases = [Purchase("MUG", (), pieces)]
        return buy(box.storefront, store_code=box.store_code, purchases=purchases, name=name)

    return place


def orders():
    """By the name of who ordered: number, state and pieces."""
    return {
        row.ship_to["last_name"]: (row.external_id, row.state, sum(row.lines.values_list("quantity", flat=True)))
        for row in Order.objects.all()
    }


def catch_up(shell):
    for verb in (("orders", "get"), ("listings", "sync")):
        said = shell(*verb)
        assert said.code == 0, said


@pytest.mark.parametrize("looks_between", [True, False])
def test_an_order_whose_number_was_given_before_is_another_order(connected, store, state, order, looks_between):
    """It was taken for a change of the first one: whose buyer was overwritten, and nobody packed the second."""
    assert connected("orders", "export", "--consumer", "warehouse").code == 0
    store.snapshot("backup")
    number = order("Ada Byron", 2)
    catch_up(connected)
    batch = connected("orders", "export", "--consumer", "warehouse", "--json").json
    assert connected("orders", "confirm", "warehouse", batch["cursor"]).code == 0

    store.restore("backup")
    if looks_between:
        catch_up(connected)
    again = order("Charles Babbage", 3)
    previewed = connected("orders", "get", "--dry-run")
    catch_up(connected)

    assert again == number
    assert f"import order {number}" in previewed.out
    assert "it was changed on the store" not in previewed.out
    assert orders() == {"Byron": (-number, "cancelled", 2), "Babbage": (number, "open", 3)}
    assert f"given its number {number} to another order" in Order.objects.get(external_id=-number).closed_reason
    given = connected("orders", "export", "--consumer", "warehouse", "--json").json
    assert (given["orders"], given["changes"]) == (1, 1), given
    assert f'"order": {-number}' not in given["content"]
    # Whoever packs has the first one in the count, and does not know of the second.
    state(9)
    catch_up(connected)
    assert pieces_in_reach(store, "MUG", {}) == 6
    shown = connected("orders", "show", number)
    assert ("Babbage" in shown.out, "Byron" in shown.out) == (True, False)


def test_a_parcel_of_an_order_that_the_store_has_lost_is_not_told_to_who_has_its_number(connected, store, order):
    store.snapshot("backup")
    number = order("Ada Byron", 2)
    catch_up(connected)
    assert connected("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z-ADA").code == 0

    store.restore("backup")
    order("Charles Babbage", 3)
    catch_up(connected)
    connected("orders", "sync")
    shipped = connected("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z-CHARLES", "--now")

    assert shipped.code == 0, shipped
    told = [row["tracknum"] for row in store.store.db.rows("SELECT tracknum FROM order_shipments")]
    assert told == ["1Z-CHARLES"]
    assert orders()["Byron"][1] == "on_hold", "the parcel is on its way, and a person is asked"


def test_numbers_that_are_given_a_third_time_lose_no_order(connected, store, order):
    store.snapshot("backup")
    for name in ("Ada Byron", "Charles Babbage", "Mary Somerville"):
        store.restore("backup")
        order(name, 1)
        catch_up(connected)

    assert {name: state for name, (_, state, _) in orders().items()} == {
        "Byron": "cancelled",
        "Babbage": "cancelled",
        "Somerville": "open",
    }
    assert pieces_in_reach(store, "MUG", {}) == 9


def test_an_order_that_the_store_has_lost_is_named_as_it_is_shown(connected, store, order):
    """Its number begins with a minus, which was taken for an option that there is not."""
    store.snapshot("backup")
    number = order("Ada Byron", 2)
    catch_up(connected)
    store.restore("backup")
    order("Charles Babbage", 3)
    catch_up(connected)

    shown = connected("orders", "show", -number)
    held = connected("orders", "hold", -number, "--reason", "-1")
    many = connected("orders", "hand-over", -number, number, "--json", "--channel", "shop")
    listed = connected("shipments", "list", "--order", -number)
    unknown = connected("orders", "show", -number - 1)
    mistyped = connected("orders", "show", number, "-x")

    assert (shown.code, "Byron" in shown.out, "Babbage" in shown.out) == (0, True, False), shown
    assert "is cancelled" in held.err, "which it is refused for, and not for its number"
    assert many.json["handed_over"] == [-number, number]
    assert (listed.code, "No shipments" in listed.out) == (0, True)
    assert f"There is no order {-number - 1} on the channel" in unknown.err
    assert "No such option: -x" in mistyped.err
