"""Each fault over real sockets: that it happens as described, and what state it leaves behind."""

import ftplib
import socket
import time
from io import BytesIO

import httpx2
import pytest

from miva_sandbox.faults.rules import BadRuleError, Faults, Rule, read
from miva_sandbox.seed import HUB_FUNCTIONS
from miva_sandbox.state import inventory, order_lines, orders, products
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.products import Product

UNIT = 10**8


@pytest.fixture
def store(sandbox):
    """A store with a tracked product and an order of one line, that every function of the hub can work on."""
    store = sandbox.store
    product_id = products.insert(store, Product(code="MUG", name="Mug", price=5 * UNIT))
    inventory.update_product(store, product_id, {}, track=True, stock=5)
    order_id = orders.insert(store, orders.NewOrder(id=5001))
    order_lines.insert(store, order_id, NewLine(code="MUG", name="Mug", price=UNIT, weight=0, quantity=1), line_id=7)
    orders.summed(store, order_id)
    store.db.execute(
        "INSERT INTO order_shipments (id, code, code_key, order_id, status, weight) "
        "VALUES (3, 'S3', 's3', 5001, 100, 0)"
    )
    return store


CALLS = {
    "Provision_Store": {"XML": '<Note_Add order="5001">done</Note_Add>'},
    "OrderItemList_CreateShipment": {"Order_ID": 5001, "Line_IDs": [7]},
    "OrderList_Load_Query": {"Filter": [{"name": "ondemandcolumns", "value": ["items"]}]},
    "OrderShipmentList_Update": {"Shipment_Updates": [{"shpmnt_id": 3, "tracknum": "1Z", "tracktype": "", "cost": 0}]},
    "ProductList_Load_Query": {"Count": 5},
    "ProductVariantList_Load_Product": {"Product_Code": "MUG"},
    "Product_Delete": {"Product_Code": "MUG"},
    "InventoryProductSettings_Update": {"Product_Code": "MUG", "CurrentStock": 4},
}
# What each writing function leaves behind: a query, and its answer before and after.
EFFECTS = {
    "Provision_Store": ("SELECT count(*) FROM notes", 0, 1),
    "OrderItemList_CreateShipment": ("SELECT count(*) FROM order_shipments", 1, 2),
    "OrderShipmentList_Update": ("SELECT tracknum FROM order_shipments", "", "1Z"),
    "Product_Delete": ("SELECT count(*) FROM products", 1, 0),
    "InventoryProductSettings_Update": ("SELECT inventory FROM inventory_product_counts", 5, 4),
}


def effect(store, function):
    """Say whether the work of a function was done; None for one that only reads."""
    if function not in EFFECTS:
        return None
    sql, before, after = EFFECTS[function]
    found = store.db.value(sql)
    assert found in {before, after}
    return found == after


def post(client, function):
    return client.post({"Function": function, "Store_Code": "sandbox", **CALLS[function]})


def taken(sandbox):
    return [one.kind for one in sandbox.faults.log()]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize(
    ("rule", "is_done"),
    [
        ({"kind": "drop_before"}, False),
        ({"kind": "drop_after"}, True),
        ({"kind": "cut", "after_bytes": 5}, True),
        ({"kind": "timeout", "seconds": 0.05}, True),
    ],
)
def test_a_broken_answer_says_nothing_of_whether_the_work_was_done(  # noqa: PLR0917 - two parametrised axes
    hub_client, sandbox, store, function, rule, is_done
):
    sandbox.faults.add(Rule(**rule, function=function, times=1))

    with pytest.raises(httpx2.TransportError):
        post(hub_client, function)

    assert effect(store, function) in {is_done, None}
    assert taken(sandbox) == [rule["kind"]]
    assert post(hub_client, function).status_code == 200


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize(
    ("rule", "status", "content_type"),
    [
        ({"kind": "error"}, 500, "text/html"),
        ({"kind": "error", "status": 502}, 502, "text/html"),
        ({"kind": "engine_timeout"}, 504, "text/html"),
        ({"kind": "api_offline"}, 503, "application/json; charset=utf-8"),
        ({"kind": "permission"}, 200, "application/json; charset=utf-8"),
    ],
)
def test_a_refused_request_does_no_work(  # noqa: PLR0917 - two parametrised axes
    hub_client, sandbox, store, function, rule, status, content_type
):
    sandbox.faults.add(Rule(**rule, function=function, times=1))

    response = post(hub_client, function)

    assert (response.status_code, response.headers["content-type"]) == (status, content_type)
    assert not effect(store, function)
    if status == 200:
        assert response.json()["error_code"] == "access_denied"
    assert taken(sandbox) == [rule["kind"]]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize("rule", [{"kind": "latency", "seconds": 0.2}, {"kind": "bandwidth", "bytes_per_second": 2000}])
def test_a_slow_answer_is_late_and_complete(hub_client, sandbox, store, function, rule):
    sandbox.faults.add(Rule(**rule, function=function, times=1))
    started = time.monotonic()

    response = post(hub_client, function)

    assert response.json()["success"] == 1
    assert time.monotonic() - started >= (0.2 if rule["kind"] == "latency" else len(response.content) / 2000)
    assert effect(store, function) in {True, None}


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_a_skewed_clock_makes_the_timestamp_a_lie_for_one_request(hub_client, sandbox, store, function):
    sandbox.faults.add(Rule(kind="clock", seconds=3600, times=1))

    assert post(hub_client, function).json()["error_code"] == "access_denied"
    assert post(hub_client, function).json()["success"] == 1


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_a_multi_call_is_cut_short_after_each_operation(hub_client, sandbox, store, function):
    sandbox.faults.add(Rule(kind="stop_early", function=function, times=1))
    operation = {"Function": function, **CALLS[function]}

    response = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, operation]})

    assert (response.status_code, response.headers["content-range"], len(response.json())) == (206, "1/2", 1)


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_somebody_else_edits_the_store_between_two_requests(hub_client, sandbox, store, function):
    edit = "<Product_Add><Code>THEIRS</Code><Name>Theirs</Name></Product_Add>"
    sandbox.faults.add(Rule(kind="edit", xml=edit, nth=2))

    post(hub_client, function)
    before = products.find(store, "THEIRS")
    post(hub_client, function)

    assert before is None
    assert products.find(store, "THEIRS") is not None


def test_a_huge_body_is_refused_also_while_a_rule_is_on(client, sandbox):
    sandbox.faults.add(Rule(kind="latency", seconds=0))
    head = b"POST /mm5/json.mvc HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n"

    with socket.create_connection(("127.0.0.1", httpx2.URL(sandbox.address).port), timeout=10) as connection:
        connection.sendall(head)
        answer = connection.recv(1000)

    assert b" 413 " in answer.splitlines()[0]
    assert client.call("ProductList_Load_Query")["success"] == 1


def test_a_document_is_left_half_done_when_the_engine_gives_up_in_it(hub_client, sandbox, store):
    sandbox.faults.add(Rule(kind="engine_timeout", tag="note_add", nth=2))

    response = hub_client.post(
        {"Function": "Provision_Store", "Store_Code": "sandbox", "XML": '<Note_Add order="5001">x</Note_Add>' * 3}
    )

    assert response.status_code == 504
    assert store.db.value("SELECT count(*) FROM notes") == 1


def test_latency_of_a_tag_adds_up_in_a_document(hub_client, sandbox, store):
    sandbox.faults.add(Rule(kind="latency", tag="Note_Add", seconds=0.1))
    started = time.monotonic()

    hub_client.provision('<Note_Add order="5001">x</Note_Add>' * 3)

    assert time.monotonic() - started >= 0.3


def test_functions_of_modules_and_of_iterations_are_met_by_their_full_names(client, sandbox):
    name = "Module:orderworkflow:QueueOrderList_Load_Query"
    sandbox.faults.add(Rule(kind="permission", function=name))
    sandbox.faults.add(Rule(kind="stop_early", function=name))
    module = {"Module_Code": "orderworkflow", "Module_Function": "QueueOrderList_Load_Query"}

    answers = client.send(
        {
            "Store_Code": "sandbox",
            "Operations": [
                {"function": "Module", **module},
                {"Function": "Store_Load", "Iterations": [{}, {"Function": "Module", **module}]},
            ],
        }
    )

    assert [answer["error_code"] for answer in answers] == ["access_denied"]
    assert sandbox.faults.log()[0].event["functions"] == [name, "Store_Load", name]
    assert taken(sandbox) == ["stop_early", "permission"]


def test_the_same_seed_strikes_at_the_same_events():
    def struck(seed):
        faults = Faults(seed=seed)
        faults.add(Rule(kind="error", probability=0.5))
        return [faults.take("error", "request", functions=["X"]) is not None for _ in range(50)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert {True, False} == set(struck(1))


def test_a_random_latency_stays_within_its_bounds():
    faults = Faults(seed=3)
    rule = Rule(kind="latency", seconds=0.5, up_to_seconds=2)

    assert all(0.5 <= faults.delay(rule) <= 2 for _ in range(100))


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"kind": "meteor"}, "kind must be one of"),
        ({}, "kind must be one of"),
        ({"kind": "error", "sometimes": 1}, "Unknown members: sometimes"),
        ({"kind": "error", "times": "two"}, "times must be a number"),
        ({"kind": "error", "probability": -1}, "probability must be a number"),
        ({"kind": "error", "function": 3}, "function must be a text"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(members, sentence):
    with pytest.raises(BadRuleError, match=sentence):
        read(members)


@pytest.fixture
def ftp(sandbox):
    client = ftplib.FTP(timeout=10)
    client.connect("127.0.0.1", sandbox.ftp.port)
    client.login(sandbox.ftp_user, sandbox.ftp_password)
    client.cwd("/htdocs/mm5/graphics")
    yield client
    client.close()


def stored(sandbox, name):
    return (sandbox.domain.files_root / "graphics" / name).read_bytes()


def test_a_full_disk_keeps_what_fitted_and_refuses_the_rest(sandbox, ftp):
    sandbox.faults.add(Rule(kind="ftp_full", after_bytes=10, path=".png", times=1))

    with pytest.raises(ftplib.error_temp, match="No space left"):
        ftp.storbinary("STOR a.png", BytesIO(b"x" * 100))

    assert stored(sandbox, "a.png") == b"x" * 10
    ftp.storbinary("STOR a.png", BytesIO(b"y" * 100))
    assert stored(sandbox, "a.png") == b"y" * 100


def transfer(ftp, verb, name, content):
    """Send a file, or fetch it, and return what was fetched."""
    received = BytesIO()
    if verb == "STOR":
        ftp.storbinary(f"STOR {name}", BytesIO(content))
    else:
        ftp.retrbinary(f"RETR {name}", received.write)
    return received.getvalue()


@pytest.mark.parametrize("verb", ["STOR", "RETR"])
def test_a_broken_connection_ends_the_transfer_and_the_session(sandbox, ftp, verb):
    content = b"x" * 20_000_000
    ftp.storbinary("STOR a.png", BytesIO(content))
    sandbox.faults.add(Rule(kind="ftp_disconnect", after_bytes=70_000, verb=verb))

    with pytest.raises((EOFError, OSError)):
        transfer(ftp, verb, "a.png", content)

    with pytest.raises((EOFError, OSError)):
        ftp.pwd()
    assert [one.event["path"] for one in sandbox.faults.log()] == ["/htdocs/mm5/graphics/a.png"]


@pytest.mark.parametrize("verb", ["STOR", "RETR"])
def test_a_slow_transfer_takes_its_time_and_arrives_whole(sandbox, ftp, verb):
    content = bytes(range(256)) * 100
    ftp.storbinary("STOR a.png", BytesIO(content))
    sandbox.faults.add(Rule(kind="ftp_slow", bytes_per_second=50_000, verb=verb))
    started = time.monotonic()

    received = transfer(ftp, verb, "a.png", content)

    assert time.monotonic() - started >= 0.5
    assert (stored(sandbox, "a.png") if verb == "STOR" else received) == content


def test_a_refused_login_is_refused_with_the_right_password(sandbox):
    sandbox.faults.add(Rule(kind="ftp_refuse", times=1))
    client = ftplib.FTP(timeout=10)
    client.connect("127.0.0.1", sandbox.ftp.port)

    with pytest.raises(ftplib.error_perm, match="530"):
        client.login(sandbox.ftp_user, sandbox.ftp_password)

    client.login(sandbox.ftp_user, sandbox.ftp_password)
    client.quit()
