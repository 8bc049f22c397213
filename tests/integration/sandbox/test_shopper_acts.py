"""Shoppers, tasks, skew and quick resets by the control API and in Python."""

from email.utils import parsedate_to_datetime

import httpx2
import pytest

from miva_sandbox.server import SandboxServer

from .catalogue import counts, fill, left, orders
from .conftest import Client

NOON = 20_000 * 86_400 + 43_200
NIGHTLY = "Delete Expired Shopping Baskets"


@pytest.fixture
def sandbox():
    with SandboxServer(control_port=0) as server:
        server.domain.clock.freeze(NOON)
        yield server


@pytest.fixture
def shop(sandbox, client):
    fill(client)
    return sandbox


@pytest.fixture
def post(sandbox):
    with httpx2.Client(base_url=sandbox.control, timeout=60, verify=False) as http:
        yield lambda path, **body: http.post(path, json=body).raise_for_status().json()


def test_a_shopper_goes_through_the_store_by_the_control_api(shop, client, post):
    added = post("/shopper", act="add", code="TEE", quantity=2, choices={"size": "S"})
    session, line = added["session"], added["line"]
    changed = post("/shopper", act="change", session=session, line=line, quantity=3)
    after_change = left(client, "TEE-S")
    looked = post("/shopper", act="look", session=session)
    mug = post("/shopper", act="add", session=session, code="MUG")["line"]
    post("/shopper", act="remove", session=session, line=mug)
    bought = post("/shopper", act="check_out", session=session)

    assert (changed, after_change) == ({"session": session}, 7)
    assert looked == {
        "session": session,
        "lines": [{"line": line, "code": "TEE", "sku": "SKU-S", "quantity": 3}],
    }
    assert orders(client) == {bought["order"]: [("TEE", 3)]}
    assert bought["pending"] is False
    assert counts(client) == {"MUG": 10, "TEE-S": 7, "TEE-M": 10}


@pytest.mark.parametrize(
    ("act", "refused"),
    [
        ({"act": "add", "code": "NONE"}, {"refused": "There is no such product.", "page": "NTFD"}),
        # A part is no page of its own.
        ({"act": "add", "code": "TEE-S"}, {"refused": "There is no such product.", "page": "NTFD"}),
        ({"act": "add", "code": "TEE"}, {"refused": "Attributes in bold are required.", "page": "PATR"}),
        (
            {"act": "add", "code": "TEE", "quantity": 11, "choices": {"size": "S"}},
            {"refused": "out of stock", "product": "TEE-S", "available": 10},
        ),
        ({"act": "check_out"}, {"refused": "the basket is empty"}),
    ],
)
def test_what_the_shop_refuses_is_an_answer(shop, client, post, act, refused):
    answer = post("/shopper", **act)

    assert {name: value for name, value in answer.items() if name != "session"} == refused
    assert orders(client) == {}


@pytest.mark.parametrize(("payment", "sentence"), [("refused", "payment refused"), ("dies", "payment died")])
def test_a_payment_fails_as_it_is_asked_to(shop, client, post, payment, sentence):
    post("/settings", inventory={"mode": "checkout"})
    session = post("/shopper", act="add", code="MUG", quantity=2)["session"]

    answer = post("/shopper", act="check_out", session=session, payment=payment)
    emptied = post("/shopper", act="empty", session=session)

    assert (answer["refused"], emptied) == (sentence, {"session": session})
    assert left(client) == {"refused": 10, "dies": 8}[payment]


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/shopper", {"act": "steal"}, "act must be one of: add, change, remove, empty, look, check_out"),
        ("/shopper", {"act": "add", "code": "MUG", "choices": {"size": 1}}, "choices must be an object of texts"),
        (
            "/shopper",
            {"act": "check_out", "payment": "later"},
            "payment must be one of: authorised, refused, dies",
        ),
        ("/tasks", {"task": "Sleep"}, f"There is no task 'Sleep'; there are: {NIGHTLY}"),
        ("/settings", {"inventory": {"mode": "never"}}, "mode must be one of: basket, checkout"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(shop, path, body, sentence):
    answer = httpx2.post(f"{shop.control}{path}", json=body)

    assert (answer.status_code, answer.json()) == (400, {"error": sentence})


def test_the_task_is_run_by_the_control_api(shop, client, post):
    shop.shopper().add("MUG", 2)
    post("/clock", move=61 * 60)
    shop.shopper().add("MUG", 3)

    assert post("/tasks", task=NIGHTLY) == {"deleted": 1}
    assert left(client) == 7


def test_a_module_is_switched_off_and_on(shop, client, post):
    filters = [{"name": "ondemandcolumns", "value": ["CustomField_Values:baskinv:basket_inv"]}]

    shown = []
    for is_on in (False, True):
        post("/settings", modules={"baskinv": is_on})
        shown.append("CustomField_Values" in client.rows("ProductList_Load_Query", Filter=filters)[0])

    assert shown == [False, True]


@pytest.mark.parametrize("skew", [600, -600])
def test_a_skewed_clock_shows_in_dates_and_lets_clients_with_a_right_one_in(shop, post, skew):
    answered = post("/clock", skew=skew)
    shopper = shop.shopper()
    shopper.add("MUG")
    shopper.check_out()
    client = Client(shop, shop.full)

    response = client.post(
        {"Function": "OrderList_Load_Query", "Store_Code": "sandbox", "Miva_Request_Timestamp": NOON}
    )
    [order] = response.json()["data"]["data"]
    by_the_wrong_clock = client.send({"Function": "OrderList_Load_Query", "Miva_Request_Timestamp": NOON + skew})

    assert answered == {"now": NOON + skew, "skew": skew}
    assert (order["orderdate"], order["dt_updated"]) == (NOON + skew, NOON + skew)
    assert parsedate_to_datetime(response.headers["Date"]).timestamp() == NOON + skew
    assert by_the_wrong_clock["error_message"] == "Timestamp outside configured window"
    assert post("/clock", release=True)["skew"] == 0
    client.http.close()


def test_a_reset_in_python_makes_the_store_new_under_the_same_token(shop, client):
    shop.domain.clock.skew_seconds = 600
    shop.shopper().add("MUG")
    (shop.domain.files_root / "graphics" / "a.png").write_bytes(b"x")

    for _ in range(2):
        shop.reset()

        assert client.rows("ProductList_Load_Query") == []
        assert [path.name for path in (shop.domain.files_root / "graphics").iterdir()] == ["00000001"]
        fill(client)


def test_a_snapshot_in_python_brings_baskets_back_with_their_stock(shop, client):
    shopper = shop.shopper()
    shopper.add("MUG", 2)
    shop.snapshot()

    for _ in range(2):
        shopper.check_out()
        shop.shopper().add("MUG", 5)
        shop.restore()

        assert (left(client), orders(client), len(shopper.look())) == (8, {}, 1)


def test_a_snapshot_that_nobody_took_is_not_there(shop):
    with pytest.raises(KeyError):
        shop.restore("never")
