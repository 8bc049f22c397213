"""
The fault matrix: each fault of requests at each of the eight functions that a hub needs.

Whether work was done is not judged by one value: the whole content of the store's database must be what it was before,
or what an undisturbed call of the function makes of it.
"""

import json
import time

import httpx2
import pytest

from miva_sandbox import provisioning
from miva_sandbox.faults import rules
from miva_sandbox.seed import HUB_FUNCTIONS
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import inventory, order_lines, orders, products
from miva_sandbox.state.database import Database
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.products import Product

FROZEN_AT = 1_800_000_000
EDIT = "<Product_Add><Code>THEIRS</Code><Name>Theirs</Name></Product_Add>"
WAIT_SECONDS = 0.05

CALLS = {
    "Provision_Store": {"XML": "<Product_Update code='MUG'><Name>Cup</Name></Product_Update>"},
    "OrderItemList_CreateShipment": {"Order_ID": 5001, "Line_IDs": [7]},
    "OrderList_Load_Query": {"Filter": [{"name": "ondemandcolumns", "value": ["items"]}]},
    "OrderShipmentList_Update": {
        "Shipment_Updates": [{"shpmnt_id": 3, "mark_shipped": True, "tracknum": "1Z", "tracktype": "UPS", "cost": 1}]
    },
    "ProductList_Load_Query": {"Count": 5},
    "ProductVariantList_Load_Product": {"Product_Code": "MUG"},
    "Product_Delete": {"Product_Code": "MUG"},
    "InventoryProductSettings_Update": {"Product_Code": "MUG", "CurrentStock": 4},
}
READS = {"OrderList_Load_Query", "ProductList_Load_Query", "ProductVariantList_Load_Product"}

JSON, HTML = "application/json; charset=utf-8", "text/html"
# Kind of fault, and the answer: status, type, and the error code if the body has one.
REFUSALS = {
    "error": ({"status": 502}, (502, HTML, None)),
    "engine_timeout": ({}, (504, HTML, None)),
    "api_offline": ({}, (503, JSON, "api_offline")),
    "permission": ({}, (200, JSON, "access_denied")),
    "clock": ({"seconds": 3600}, (200, JSON, "access_denied")),
}
# Kind of fault, and whether the work was done before the answer was lost.
LOSSES = {
    "drop_before": ({}, False),
    "drop_after": ({}, True),
    "cut": ({"after_bytes": 9}, True),
    "timeout": ({"seconds": WAIT_SECONDS}, True),
    "lands_late": ({"requests": 2}, False),
}
# These strike at shoppers and orders; test_checkout_gap.py and test_stock_of_shoppers.py have them.
ELSEWHERE = {"checkout_gap", "payment_refused", "payment_dies", "stock_race"}
# The whole answer arrives, but late.
DELAYS = {"latency": {"seconds": WAIT_SECONDS}, "bandwidth": {"bytes_per_second": 4000}}
INTERFERENCES = {"stop_early", "edit"}
# Where the log says that a fault struck; anywhere else it is the request.
AT_FUNCTIONS = {"permission", "engine_timeout", "latency"}


def fill(store):
    """Give every function something to work on: a tracked product, and an order of one line with an empty shipment."""
    product_id = products.insert(store, Product(code="MUG", name="Mug", price=5 * 10**8))
    inventory.update_product(store, product_id, {}, track=True, stock=5)
    order_id = orders.insert(store, orders.NewOrder(id=5001))
    line = NewLine(code="MUG", name="Mug", price=5 * 10**8, weight=0, quantity=1)
    order_lines.insert(store, order_id, line, line_id=7)
    orders.summed(store, order_id)
    store.db.execute(
        "INSERT INTO order_shipments (id, code, code_key, order_id, status, weight) "
        "VALUES (3, 'S3', 's3', 5001, 100, 0)"
    )


@pytest.fixture(scope="module")
def filled():
    """A server with its clock stopped, and the content that each test begins with."""
    with SandboxServer() as server:
        server.domain.clock.freeze(FROZEN_AT)
        fill(server.store)
        content = Database(None, ())
        server.store.db.copy_to(content)
        yield server, content
        content.close()


@pytest.fixture
def sandbox(filled):
    server, content = filled
    yield server
    content.copy_to(server.store.db)
    server.domain.agenda.clear()
    server.faults.clear()
    server.faults.clear_log()


def contents(store):
    """Return everything in the store's database, as statements."""
    with store.db.lock:
        return list(store.db._connection.iterdump())


def post(client, function):
    return client.post({"Function": function, "Store_Code": "sandbox", **CALLS[function]})


def undisturbed(store, act):
    """Return what the store's database would be after `act`, and leave it as it is."""
    kept = Database(None, ())
    store.db.copy_to(kept)
    act()
    after = contents(store)
    kept.copy_to(store.db)
    kept.close()
    return after


def switch_on(sandbox, kind, **members):
    """Let a fault strike once."""
    sandbox.faults.add(rules.read({"kind": kind, "times": 1, **members}))


def events(sandbox):
    return [(fault.kind, dict(fault.event)) for fault in sandbox.faults.log()]


def event(kind, function):
    return kind, {"at": "function" if kind in AT_FUNCTIONS else "request", "functions": [function]}


def received(client, function):
    """Post and return the bytes of the body that arrive before the connection ends."""
    body = json.dumps(
        {"Miva_Request_Timestamp": FROZEN_AT, "Function": function, "Store_Code": "sandbox", **CALLS[function]}
    ).encode()
    headers = {"Content-Type": "application/json", "X-Miva-API-Authorization": client.sign(body)}
    arrived = b""
    try:
        with client.http.stream("POST", client.server.endpoint, content=body, headers=headers) as response:
            for chunk in response.iter_raw():
                arrived += chunk
    except httpx2.TransportError:
        return arrived
    pytest.fail("the answer arrived whole")


def test_the_matrix_has_every_fault_of_requests_and_every_function():
    kinds = [*REFUSALS, *LOSSES, *DELAYS, *INTERFERENCES]

    assert sorted(kinds) == sorted(kind for kind in rules.KINDS - ELSEWHERE if not kind.startswith("ftp_"))
    assert set(CALLS) == set(HUB_FUNCTIONS)


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_what_an_undisturbed_call_does_shows_in_the_content(hub_client, sandbox, function):
    before = contents(sandbox.store)

    after = undisturbed(sandbox.store, lambda: post(hub_client, function))

    assert (after == before) == (function in READS)
    assert contents(sandbox.store) == before


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_changes_nothing_and_is_over_at_the_next_request(hub_client, sandbox, kind, function):
    members, expected = REFUSALS[kind]
    before, done = contents(sandbox.store), undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, kind, function=function, **members)

    response = post(hub_client, function)

    is_json = response.headers["content-type"] == JSON
    code = response.json()["error_code"] if is_json else None
    assert (response.status_code, response.headers["content-type"], code) == expected
    assert contents(sandbox.store) == before
    assert events(sandbox) == [event(kind, function)]
    assert post(hub_client, function).json()["success"] == 1
    assert contents(sandbox.store) == done


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize("kind", LOSSES)
def test_an_answer_is_lost_before_the_work_or_after_it(hub_client, sandbox, kind, function):
    members, is_done = LOSSES[kind]
    before, done = contents(sandbox.store), undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, kind, function=function, **members)
    sandbox.log.clear()
    started = time.monotonic()

    arrived = received(hub_client, function)

    assert arrived == (b'{"success' if kind == "cut" else b"")[: members.get("after_bytes", 0)]
    assert contents(sandbox.store) == (done if is_done else before)
    # What only reads leaves no trace but this.
    assert [operation.function for request in sandbox.log.requests() for operation in request.operations] == [
        function
    ] * is_done
    assert events(sandbox) == [event(kind, function)]
    assert time.monotonic() - started >= members.get("seconds", 0)


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_a_late_request_lands_after_as_many_others_and_once(hub_client, sandbox, function):
    before, done = contents(sandbox.store), undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, "lands_late", function=function, requests=2)
    sandbox.log.clear()
    received(hub_client, function)

    seen = []
    for _ in range(4):
        hub_client.call("OrderList_Load_Query")
        seen.append(contents(sandbox.store))

    assert seen == [before, before, done, done]
    logged = [operation.function for request in sandbox.log.requests() for operation in request.operations]
    assert logged == ["OrderList_Load_Query"] * 2 + [function] + ["OrderList_Load_Query"] * 2


def test_a_client_that_gives_up_first_leaves_the_work_done_and_the_store_at_work(hub_client, sandbox):
    done = undisturbed(sandbox.store, lambda: post(hub_client, "Product_Delete"))
    switch_on(sandbox, "timeout", function="Product_Delete", seconds=60)
    started = time.monotonic()

    with httpx2.Client(timeout=0.3) as impatient:
        hub_client.http, patient = impatient, hub_client.http
        with pytest.raises(httpx2.ReadTimeout):
            post(hub_client, "Product_Delete")
        hub_client.http = patient
    rows = hub_client.rows("ProductList_Load_Query")

    assert rows == []
    assert contents(sandbox.store) == done
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
@pytest.mark.parametrize("kind", DELAYS)
def test_a_delayed_answer_is_late_and_whole_and_the_work_is_done(hub_client, sandbox, kind, function):
    members = DELAYS[kind]
    done = undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, kind, function=function, **members)
    started = time.monotonic()

    response = post(hub_client, function)

    least = len(response.content) / members["bytes_per_second"] if kind == "bandwidth" else WAIT_SECONDS
    assert time.monotonic() - started >= least
    assert response.json()["success"] == 1
    assert contents(sandbox.store) == done
    assert events(sandbox) == [event(kind, function)]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_latency_of_requests_waits_once_for_a_whole_multi_call(hub_client, sandbox, function):
    operation = {"Function": function, **CALLS[function]}
    sandbox.faults.add(rules.read({"kind": "latency", "seconds": WAIT_SECONDS}))
    started = time.monotonic()

    response = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, operation]})

    assert time.monotonic() - started >= WAIT_SECONDS
    assert len(response.json()) == 2
    assert events(sandbox) == [("latency", {"at": "request", "functions": [function, function]})]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_a_multi_call_that_stops_early_has_done_what_it_answers(hub_client, sandbox, function):
    operation = {"Function": function, **CALLS[function]}
    # An operation that changes the content whenever it is done.
    other = {"Function": "Provision_Store", "XML": EDIT}
    once = undisturbed(sandbox.store, lambda: post(hub_client, function))
    switch_on(sandbox, "stop_early", function=function)

    first = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, other]})
    then = contents(sandbox.store)
    rest = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, other]}, Range="Operations=2-2")

    assert (first.status_code, first.headers["content-range"]) == (206, "1/2")
    assert [answer["success"] for answer in first.json()] == [1]
    assert then == once
    assert (rest.status_code, [answer["success"] for answer in rest.json()]) == (200, [1])
    assert contents(sandbox.store) != once
    assert events(sandbox) == [("stop_early", {"at": "request", "functions": [function, "Provision_Store"]})]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_an_edit_by_somebody_else_is_there_before_the_request(hub_client, sandbox, function):
    def both():
        provisioning.run(sandbox.store, EDIT)
        post(hub_client, function)

    done = undisturbed(sandbox.store, both)
    switch_on(sandbox, "edit", function=function, xml=EDIT)

    response = post(hub_client, function)

    assert response.json()["success"] == 1
    assert contents(sandbox.store) == done
    assert events(sandbox) == [event("edit", function)]
    if function == "ProductList_Load_Query":
        assert [row["code"] for row in response.json()["data"]["data"]] == ["MUG", "THEIRS"]


@pytest.mark.parametrize("function", HUB_FUNCTIONS)
def test_a_right_lost_within_a_multi_call_is_lost_for_that_operation_only(hub_client, sandbox, function):
    operation = {"Function": function, **CALLS[function]}
    done = undisturbed(sandbox.store, lambda: post(hub_client, function))
    sandbox.faults.add(rules.read({"kind": "permission", "function": function, "nth": 2}))

    response = hub_client.post({"Store_Code": "sandbox", "Operations": [operation, operation]})

    assert [answer.get("error_code") for answer in response.json()] == [None, "access_denied"]
    assert contents(sandbox.store) == done
