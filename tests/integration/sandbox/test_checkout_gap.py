"""The time between stock and order, given to by a fault: what a client reads in between, both ways round."""

import httpx2
import pytest

from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from miva_sandbox.state.inventory import change_settings

from .catalogue import fill, left, orders
from .conftest import Client

NOON = 20_000 * 86_400 + 43_200


@pytest.fixture
def sandbox():
    with SandboxServer(control_port=0) as server:
        server.domain.clock.freeze(NOON)
        yield server


@pytest.fixture
def shop(sandbox, client):
    fill(client)
    return sandbox


def seen(client, code="MUG"):
    """Ask for orders with the stock in one request, as one moment: the lines of all orders, and what is left."""
    listed, stocked = client.send(
        {
            "Store_Code": "sandbox",
            "Operations": [
                {
                    "Function": "OrderList_Load_Query",
                    "Filter": [{"name": "ondemandcolumns", "value": ["items"]}],
                },
                {
                    "Function": "ProductList_Load_Query",
                    "Filter": [{"name": "ondemandcolumns", "value": ["product_inventory"]}],
                },
            ],
        }
    )
    counts = {row["code"]: row["product_inventory"] for row in stocked["data"]["data"]}
    lines = [[(item["code"], item["quantity"]) for item in row["items"]] for row in listed["data"]["data"]]
    return lines, counts[code]


@pytest.mark.parametrize("mode", ["basket", "checkout"])
def test_a_shoppers_order_comes_as_many_requests_later_than_its_stock_falls(shop, client, mode):
    change_settings(shop.store, {"mode": mode})
    shop.faults.add(Rule(kind="checkout_gap", requests=3))
    shopper = shop.shopper()
    shopper.add("MUG", 2)

    bought = shopper.check_out()
    moments = [seen(client) for _ in range(4)]

    assert bought.is_pending
    assert moments == [([], 8)] * 3 + [([[("MUG", 2)]], 8)]
    assert list(orders(client)) == [bought.order_id]


def test_each_of_several_shoppers_has_a_gap_of_its_own(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", requests=2))
    shoppers = [shop.shopper() for _ in range(3)]
    for number, shopper in enumerate(shoppers, 1):
        shopper.add("MUG", number)

    moments = []
    for shopper in [*shoppers, None, None]:
        if shopper is not None:
            assert shopper.check_out().is_pending
        moments.append([lines[0][1] for lines in seen(client)[0]])

    assert moments == [[], [], [1], [1, 2], [1, 2, 3]]
    assert left(client) == 4


def test_a_gap_may_be_of_time(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", seconds=90))
    shopper = shop.shopper()
    shopper.add("MUG", 2)
    shopper.check_out()

    shop.domain.clock.move(89)
    before = seen(client)
    shop.domain.clock.move(1)

    assert (before, seen(client)) == (([], 8), ([[("MUG", 2)]], 8))
    [order] = client.rows("OrderList_Load_Query")
    assert order["orderdate"] == NOON + 90


def test_the_basket_and_its_order_are_both_there_for_as_long_again(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", requests=1))
    shopper = shop.shopper()
    shopper.add("MUG", 2)
    shopper.check_out()

    column = [{"name": "ondemandcolumns", "value": ["CustomField_Values:baskinv:*"]}]
    held = []
    for _ in range(3):
        rows = client.rows("ProductList_Load_Query", Filter=column)
        held.append(rows[0]["CustomField_Values"]["baskinv"]["basket_inv"])

    assert held == ["2", "2", "0"]


def test_a_shopper_whose_purchase_rests_starts_with_a_new_basket(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", requests=1, times=1))
    shopper = shop.shopper()
    shopper.add("MUG", 2)
    shopper.check_out()

    assert shopper.look() == []
    shopper.add("MUG", 3)
    assert not shopper.check_out().is_pending

    seen(client)
    assert seen(client) == ([[("MUG", 2)], [("MUG", 3)]], 5)


def test_a_payment_that_is_refused_in_the_gap_gives_back_and_leaves_no_order(shop, client):
    change_settings(shop.store, {"mode": "checkout"})
    shop.faults.add(Rule(kind="checkout_gap", requests=1))
    shop.faults.add(Rule(kind="payment_refused"))
    shopper = shop.shopper()
    shopper.add("MUG", 2)
    shopper.check_out()

    assert [seen(client) for _ in range(2)] == [([], 8), ([], 10)]
    assert len(shopper.look()) == 1


def test_a_payment_that_outlasts_its_basket_leaves_no_order(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", seconds=26 * 3600))
    shopper = shop.shopper()
    shopper.add("MUG", 2)
    shopper.check_out()

    shop.domain.clock.move(25 * 3600)
    seen(client)
    shop.domain.clock.move(3600)

    assert seen(client) == ([], 10)


@pytest.mark.parametrize("end", ["reset", "restore"])
def test_what_is_pending_dies_with_a_reset_or_a_restore(shop, client, end):
    shop.snapshot("full")
    shop.faults.add(Rule(kind="checkout_gap", requests=1))
    shopper = shop.shopper()
    shopper.add("MUG", 2)
    shopper.check_out()

    shop.reset() if end == "reset" else shop.restore("full")

    assert [orders(client) for _ in range(3)] == [{}] * 3
    assert shop.domain.agenda.is_empty


ORDER = {"Products": [{"code": "MUG", "quantity": 2}, {"code": "MUG", "quantity": 3}]}
STEPS = [
    ([[]], 10),
    ([[("MUG", 2)]], 10),
    ([[("MUG", 2)]], 8),
    ([[("MUG", 2), ("MUG", 3)]], 8),
    ([[("MUG", 2), ("MUG", 3)]], 5),
]


def test_a_created_order_is_there_before_its_lines_and_each_line_before_its_stock(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", function="Order_Create", requests=1))

    created = client.call("Order_Create", **ORDER)["data"]
    shown = [seen(client) for _ in STEPS]

    assert created["items"] == []
    assert shown == STEPS


def test_an_added_order_is_there_before_its_lines_and_each_line_before_its_stock(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", tag="Order_Add", requests=1))
    lines = "".join(f'<Product code="MUG"><Quantity>{quantity}</Quantity></Product>' for quantity in (2, 3))

    messages = client.provision(f"<Order_Add><Items>{lines}</Items></Order_Add>")
    shown = [seen(client) for _ in STEPS]

    assert messages == []
    assert shown == STEPS
    assert shop.domain.lint.entries() == []


@pytest.mark.parametrize("way", ["OrderItem_Add", "Order_Add_Product"])
def test_an_added_line_is_there_before_its_stock_falls(shop, client, way):
    number = client.call("Order_Create", Products=[{"code": "MUG", "quantity": 1}])["data"]["id"]
    shop.faults.add(Rule(kind="checkout_gap", requests=2))

    if way == "OrderItem_Add":
        client.call("OrderItem_Add", Order_ID=number, Code="MUG", Quantity=2, Price=5)
    else:
        client.provision(
            f'<Order_Add_Product order_id="{number}" code="MUG"><Quantity>2</Quantity></Order_Add_Product>'
        )

    both = [[("MUG", 1), ("MUG", 2)]]
    assert [seen(client) for _ in range(3)] == [(both, 9), (both, 9), (both, 7)]


def test_a_rule_for_shoppers_leaves_orders_by_program_alone_and_the_other_way_round(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", verb="AUTH", requests=9))
    shop.faults.add(Rule(kind="checkout_gap", function="OrderItem_Add", requests=9))

    client.call("Order_Create", **ORDER)
    shopper = shop.shopper()
    shopper.add("MUG", 1)

    assert shopper.check_out().is_pending
    assert seen(client) == ([[("MUG", 2), ("MUG", 3)]], 4)


def test_a_line_that_fails_in_the_gap_takes_the_created_order_back(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", requests=1))
    client.call("Order_Create", Products=[{"code": "MUG", "quantity": 2}, {"code": "MUG", "quantity": 2**31 - 1}])

    shown = [seen(client) for _ in range(5)]

    assert (shown[2], shown[-1]) == (([[("MUG", 2)]], 8), ([], 10))


def test_the_control_api_opens_a_gap_and_the_shoppers_page_says_that_it_is_pending(shop, client):
    control = httpx2.Client(base_url=shop.control, timeout=60, verify=False)
    control.post("/faults", json={"kind": "checkout_gap", "requests": 1}).raise_for_status()
    with httpx2.Client(timeout=60, verify=False) as browser:
        page = f"{shop.storefront}merchant.mvc"
        browser.post(page, data={"Action": "ADPR", "Product_Code": "MUG"})
        names = ("FirstName", "LastName", "Email", "Address1", "City", "Zip", "Country")
        answer = browser.post(page, data={"Action": "AUTH", **{f"Ship{name}": "x" for name in names}}).text

    number = int(answer.split('data-pending-order-id="')[1].split('"')[0])
    assert 'data-page="OPAY"' in answer
    assert [list(orders(client)) for _ in range(2)] == [[], [number]]
    control.close()


def test_refused_requests_count_as_well(shop, client):
    shop.faults.add(Rule(kind="checkout_gap", requests=1))
    shopper = shop.shopper()
    shopper.add("MUG", 1)
    shopper.check_out()
    stranger = Client(shop, shop.hub)

    assert stranger.call("Order_Delete", Order_ID=1)["error_code"] == "access_denied"

    assert seen(client)[0] == [[("MUG", 1)]]
    stranger.http.close()
