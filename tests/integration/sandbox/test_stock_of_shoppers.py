"""When a shopper's acts move stock, in each inventory mode, and what an API client sees of it."""

import httpx2
import pytest

from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from miva_sandbox.state.baskets import OutOfStock, PaymentDied, PaymentRefused
from miva_sandbox.state.errors import Invalid
from miva_sandbox.state.inventory import change_settings

from .catalogue import counts, fill, left, orders

NOON = 20_000 * 86_400 + 43_200
MINUTE, HOUR = 60, 3600
NIGHTLY = "Delete Expired Shopping Baskets"


@pytest.fixture
def shop(sandbox, client):
    """The sandbox with a catalogue, at noon."""
    sandbox.domain.clock.freeze(NOON)
    fill(client)
    return sandbox


def put_in(shopper, quantity=2):
    return shopper.add("MUG", quantity)


def raise_it(shopper, _):
    shopper.change(put_in(shopper), 5)


def lower_it(shopper, _):
    shopper.change(put_in(shopper), 1)


def remove_it(shopper, _):
    shopper.remove(put_in(shopper))


def empty_it(shopper, _):
    put_in(shopper)
    put_in(shopper)
    shopper.empty()


def order_it(shopper, _):
    put_in(shopper)
    shopper.check_out()


def be_refused(shopper, _):
    put_in(shopper)
    with pytest.raises(PaymentRefused):
        shopper.check_out(payment="refused")


def die_paying(shopper, _):
    put_in(shopper)
    with pytest.raises(PaymentDied):
        shopper.check_out(payment="dies")


def come_back_late(shopper, shop):
    put_in(shopper)
    shop.domain.clock.move(61 * MINUTE)
    assert shopper.look() == []


def come_back_in_time(shopper, shop):
    put_in(shopper)
    shop.domain.clock.move(60 * MINUTE)
    assert len(shopper.look()) == 1


def stay_away_till_evening(shopper, shop):
    put_in(shopper)
    shop.domain.clock.move(11 * HOUR)


def stay_away_overnight(shopper, shop):
    put_in(shopper)
    shop.domain.clock.move(12 * HOUR)


def stay_away_and_the_task_runs(shopper, shop):
    put_in(shopper)
    shop.domain.clock.move(61 * MINUTE)
    assert shop.run_task(NIGHTLY) == 1


@pytest.mark.parametrize(
    ("act", "basket", "checkout"),
    [
        (lambda shopper, _: put_in(shopper), 8, 10),
        (raise_it, 5, 10),
        (lower_it, 9, 10),
        (remove_it, 10, 10),
        (empty_it, 10, 10),
        (order_it, 8, 8),
        (be_refused, 8, 10),
        (die_paying, 8, 8),
        (come_back_in_time, 8, 10),
        (come_back_late, 10, 10),
        (stay_away_till_evening, 8, 10),
        (stay_away_overnight, 10, 10),
        (stay_away_and_the_task_runs, 10, 10),
    ],
)
@pytest.mark.parametrize("mode", ["basket", "checkout"])
def test_each_act_moves_what_the_mode_says(  # noqa: PLR0917 - one parameter a column of the table
    shop, client, mode, act, basket, checkout
):
    change_settings(shop.store, {"mode": mode})

    act(shop.shopper(), shop)

    assert left(client) == {"basket": basket, "checkout": checkout}[mode]


@pytest.mark.parametrize(("mode", "in_the_end"), [("basket", 10), ("checkout", 8)])
def test_stock_of_a_payment_that_died_comes_back_only_with_its_basket(shop, client, mode, in_the_end):
    change_settings(shop.store, {"mode": mode})
    die_paying(shop.shopper(), shop)

    shop.domain.clock.move(72 * HOUR)

    assert (left(client), orders(client)) == (in_the_end, {})


def test_a_checkout_takes_all_products_or_none(shop, client):
    change_settings(shop.store, {"mode": "checkout"})
    first, second = shop.shopper(), shop.shopper()
    for shopper, sizes in ((first, "S"), (second, "SM")):
        for size in sizes:
            shopper.add("TEE", 6, size=size)
    first.check_out()

    with pytest.raises(OutOfStock) as refused:
        second.check_out()

    assert (refused.value.shortage.product["code"], refused.value.shortage.available) == ("TEE-S", 4)
    assert counts(client) == {"MUG": 10, "TEE-S": 4, "TEE-M": 10}
    assert [item.line.quantity for item in second.look()] == [6, 6]


def test_lines_of_one_product_are_tested_together_at_checkout(shop):
    change_settings(shop.store, {"mode": "checkout"})
    shopper = shop.shopper()
    shopper.add("MUG", 4)
    shopper.add("MUG", 4)
    shop.shopper().add("MUG", 3)
    order_it(shop.shopper(), shop)
    order_it(shop.shopper(), shop)

    with pytest.raises(OutOfStock):
        shopper.check_out()


def test_a_raise_is_tested_for_the_difference_that_it_takes(shop, client):
    shopper = shop.shopper()
    line = put_in(shopper, 6)

    shopper.change(line, 10)
    with pytest.raises(OutOfStock):
        shopper.change(line, 11)

    assert (left(client), shopper.look()[0].line.quantity) == (0, 10)


def test_two_shoppers_who_pass_the_test_at_once_take_more_than_there_is(shop, client):
    put_in(shop.shopper(), 8)
    shop.faults.add(Rule(kind="stock_race", verb="ADPR", times=1))

    put_in(shop.shopper(), 5)

    assert left(client) == -3
    with pytest.raises(OutOfStock):
        put_in(shop.shopper(), 1)


def test_what_a_basket_gives_back_is_found_by_code_and_options_as_they_are_now(shop, client):
    shoppers = [shop.shopper() for _ in range(3)]
    lines = [shopper.add("TEE", 2, size="S") for shopper in shoppers]

    client.provision('<Product_Update code="TEE"><Code>TEA</Code></Product_Update>')
    shoppers[0].remove(lines[0])
    recoded = counts(client)
    client.provision('<Product_Update code="TEA"><Code>TEE</Code></Product_Update>')
    client.provision(
        '<ProductVariant_Add product_code="TEE"><Options><Attribute_Option attribute_code="size" option_code="S"/>'
        '</Options><Parts><Part product_code="MUG" quantity="3"/></Parts></ProductVariant_Add>'
    )
    shoppers[1].remove(lines[1])
    other_parts = counts(client)
    client.provision(
        '<InventoryProductSettings_Update product_code="MUG"><TrackProduct>No</TrackProduct>'
        "</InventoryProductSettings_Update>"
    )
    shoppers[2].remove(lines[2])

    assert recoded == {"MUG": 10, "TEE-S": 4, "TEE-M": 10}
    assert other_parts == {"MUG": 16, "TEE-S": 4, "TEE-M": 10}
    assert counts(client) == {"TEE-S": 4, "TEE-M": 10}


def test_sales_and_give_backs_leave_the_products_update_stamp(shop, client):
    [before] = {row["dt_updated"] for row in client.rows("ProductList_Load_Query")}
    shop.domain.clock.move(MINUTE)

    order_it(shop.shopper(), shop)
    remove_it(shop.shopper(), shop)
    client.call("ProductList_Adjust_Inventory", Inventory_Adjustments=[{"product_code": "MUG", "adjustment": 1}])

    assert {row["dt_updated"] for row in client.rows("ProductList_Load_Query")} == {before}
    assert left(client) == 9


def test_the_nightly_task_spares_baskets_that_are_not_due_and_a_clock_that_is_set_back(shop, client):
    shopper = shop.shopper()
    shop.domain.clock.freeze(NOON + 12 * HOUR - 30 * MINUTE)
    put_in(shopper)

    shop.domain.clock.move(HOUR - MINUTE)
    just_after_midnight = left(client)
    shop.domain.clock.move(-48 * HOUR)
    set_back = left(client)
    shop.domain.clock.move(72 * HOUR)

    assert (just_after_midnight, set_back, left(client)) == (8, 8, 10)
    assert shop.store.db.value("SELECT count(*) FROM baskets") == 0


def test_a_midnight_is_noticed_once(shop, client):
    put_in(shop.shopper())
    shop.domain.clock.move(12 * HOUR)
    left(client)
    put_in(shop.shopper())
    shop.domain.clock.move(2 * HOUR)

    assert left(client) == 8


@pytest.mark.parametrize("mode", ["basket", "checkout"])
def test_the_mode_is_set_by_provisioning_and_at_the_start(client, sandbox, mode):
    assert client.provision(f"<InventorySettings_Update><Mode>{mode}</Mode></InventorySettings_Update>") == []
    fill(client)
    put_in(sandbox.shopper())

    with SandboxServer(inventory_mode=mode) as other:
        started = other.store.db.value("SELECT mode FROM inventory_settings")

    assert (left(client), started) == ({"basket": 8, "checkout": 10}[mode], mode)


def test_a_mode_that_there_is_not_is_refused(sandbox, client):
    with pytest.raises(Invalid, match="mode must be one of: basket, checkout"):
        change_settings(sandbox.store, {"mode": "never"})
    [message] = client.provision("<InventorySettings_Update><Mode>never</Mode></InventorySettings_Update>")
    assert message["message"] == "Mode must be one of: basket,checkout"


ADDRESS = {
    "ShipFirstName": "Ada",
    "ShipLastName": "Long",
    "ShipEmail": "ada@example.com",
    "ShipAddress1": "1 Pier Rd",
    "ShipCity": "Salem",
    "ShipZip": "97301",
    "ShipCountry": "US",
}


@pytest.fixture
def browser(shop):
    with httpx2.Client(timeout=60, verify=False) as http:

        def act(action, **fields):
            return http.post(f"{shop.storefront}merchant.mvc", data={"Action": action, **fields})

        yield act


def test_a_quantity_is_changed_on_the_basket_page(shop, client, browser):
    browser("ADPR", Product_Code="MUG", Quantity="2")
    line = shop.store.db.value("SELECT line_id FROM basket_items")

    pages = [browser("QTYG", Basket_Group=str(line), Quantity=wanted).text for wanted in ("7", "11", "x", "0")]
    codes = [page.split('data-page="')[1].split('"')[0] for page in pages]

    assert codes == ["BASK", "PLMT", "BASK", "BASK"]
    assert "Please enter a valid quantity." in pages[2]
    assert left(client) == 10


def test_a_payment_that_fails_shows_on_the_page_and_leaves_the_basket(shop, client, browser):
    change_settings(shop.store, {"mode": "checkout"})
    for kind in ("payment_refused", "payment_dies"):
        shop.faults.add(Rule(kind=kind, times=1))
    browser("ADPR", Product_Code="MUG", Quantity="2")

    refused, died, placed = (browser("AUTH", **ADDRESS) for _ in range(3))

    assert ('data-page="OPAY"' in refused.text, "Your payment was declined." in refused.text) == (True, True)
    assert (refused.status_code, died.status_code) == (200, 500)
    assert 'data-page="INVC"' in placed.text
    # The one that died has taken its stock, too.
    assert left(client) == 6


def test_an_address_that_no_order_can_have_takes_nothing(shop, client, browser):
    change_settings(shop.store, {"mode": "checkout"})
    browser("ADPR", Product_Code="MUG", Quantity="2")

    page = browser("AUTH", **{**ADDRESS, "ShipCity": "x" * 51}).text

    assert 'data-page="OINF"' in page
    assert (left(client), orders(client)) == (10, {})
