"""What is particular about some faults: inside documents, by name, by seed, by bad rules. The matrix has the rest."""

import socket
import time

import httpx2
import pytest

from miva_sandbox.faults.rules import BadRuleError, Faults, Rule, read
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


def taken(sandbox):
    return [fault.kind for fault in sandbox.faults.log()]


def test_a_huge_body_is_refused_also_while_a_rule_is_on(client, sandbox):
    sandbox.faults.add(Rule(kind="latency", seconds=0))
    head = b"POST /mm5/json.mvc HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n"

    with socket.create_connection(("127.0.0.1", httpx2.URL(sandbox.address).port), timeout=60) as connection:
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
