"""Several calls in one request: Operations, Iterations, the time limit and how to go on after it."""

import pytest

from miva_sandbox.state import products
from miva_sandbox.state.products import Product


@pytest.fixture
def five(sandbox):
    for number in range(1, 6):
        products.insert(sandbox.store, Product(code=f"P-{number}", name="n"))


def load(product_id):
    search = {"name": "search", "value": [{"field": "id", "operator": "EQ", "value": str(product_id)}]}
    return {"Function": "ProductList_Load_Query", "Filter": [search]}


def body(*operations):
    return {"Store_Code": "sandbox", "Operations": list(operations)}


def codes(answers):
    return [answer["data"]["data"][0]["code"] for answer in answers]


def test_operations_answer_in_order_and_a_failed_one_stands_in_its_place(client, five):
    answers = client.send(body(load(2), {"Function": "Nonsense"}, load(1), "no object"))

    assert codes([answers[0], answers[2]]) == ["P-2", "P-1"]
    assert [answer.get("error_code") for answer in answers] == [None, "invalid_function", None, "MER-JSN-00024"]


def test_a_parameter_is_looked_up_in_the_iteration_then_the_operation_then_the_root(client, sandbox, five):
    answers = client.send(
        {
            "Store_Code": "nowhere",
            "Product_Code": "P-1",
            "Operations": [
                {
                    "Store_Code": "sandbox",
                    "Function": "Product_Delete",
                    "Product_Code": "P-2",
                    "Iterations": [{"Product_Code": "P-3"}, {}],
                },
                {"Store_Code": "sandbox", "Function": "Product_Delete"},
            ],
        }
    )

    assert answers == [[{"success": 1}, {"success": 1}], {"success": 1}]
    assert [row[0] for row in sandbox.store.db.rows("SELECT code FROM products")] == ["P-4", "P-5"]


def test_iterations_at_the_root_answer_with_an_array(client, sandbox, five):
    answers = client.send(
        {
            "Store_Code": "sandbox",
            "Function": "Product_Update",
            "Product_Active": False,
            "Iterations": [{"Edit_Product": "P-1"}, {"Edit_Product": "none"}, {"Edit_Product": "P-2"}],
        }
    )

    assert [answer["success"] for answer in answers] == [1, 0, 1]
    assert sandbox.store.db.value("SELECT count(*) FROM products WHERE NOT active") == 2


def test_a_failed_authentication_is_one_object(client, sandbox, five):
    sandbox.domain.clock.move(-1000)
    request = body(load(1), load(2))
    sandbox.domain.clock.move(1000)

    answer = client.send({**request, "Miva_Request_Timestamp": 1})

    assert answer["error_message"] == "Timestamp outside configured window"


def test_a_time_limit_of_0_stops_after_each_operation(client, five):
    response = client.post(body(load(1), load(2), load(3)), X_Miva_API_Timeout="0")

    assert response.status_code == 206
    assert response.headers["Content-Range"] == "1/3"
    assert codes(response.json()) == ["P-1"]


def test_a_range_goes_on_where_the_first_answer_stopped(client, five):
    request = body(*(load(number) for number in range(1, 6)))

    rest = client.post(request, Range="Operations=4-5")
    cut = client.post(request, Range="operations=4-", X_Miva_API_Timeout="0")
    start = client.post(request, Range="Operations=-3")

    assert (rest.status_code, codes(rest.json()), rest.headers.get("Content-Range")) == (200, ["P-4", "P-5"], None)
    assert (cut.status_code, codes(cut.json()), cut.headers.get("Content-Range")) == (206, ["P-4"], "1/5")
    assert codes(start.json()) == ["P-1", "P-2", "P-3"]


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("bytes=1-2", 200, "MER-JSN-00028"),
        ("Operations=1-1,2-2", 416, "MER-JSN-00031"),
        ("Operations=", 416, "MER-JSN-00032"),
        ("Operations=a-b", 416, "MER-JSN-00032"),
        ("Operations=0-1", 416, "MER-JSN-00033"),
        ("Operations=3-", 416, "MER-JSN-00033"),
        ("Operations=2-1", 416, "MER-JSN-00034"),
        ("Operations=1-99999999999999999999999", 416, "MER-JSN-00034"),
    ],
)
def test_a_bad_range_is_refused_as_a_whole(client, five, header, status, code):
    response = client.post(body(load(1), load(2)), Range=header)

    assert (response.status_code, response.json()["error_code"]) == (status, code)
    assert response.headers.get("Content-Range") == ("*/2" if status == 416 else None)


def test_a_range_without_operations_is_ignored(client, five):
    response = client.post({"Store_Code": "sandbox", **load(1)}, Range="Operations=7-9")

    assert response.json()["success"] == 1


def test_the_store_can_be_made_to_stop_earlier_than_its_time_limit(client, sandbox, five):
    sandbox.domain.hooks.multicall_seconds = 0

    assert client.post(body(load(1), load(2))).headers["Content-Range"] == "1/2"


def test_the_request_log_tells_each_operation_and_what_it_wrote(client, sandbox, five):
    client.send(body(load(1), {"Function": "Product_Delete", "Product_Code": "P-1"}, {"Function": "Nonsense"}))

    logged = sandbox.log.requests()[-1]

    assert [
        (operation.function, operation.success, "products" in operation.changes) for operation in logged.operations
    ] == [
        ("ProductList_Load_Query", True, False),
        ("Product_Delete", True, True),
        ("Nonsense", False, False),
    ]
    assert 0 < sum(operation.seconds for operation in logged.operations) < logged.seconds


def test_a_root_parameter_that_no_operation_wanted_is_reported(client, sandbox, five):
    client.send({**body(load(1), load(2)), "Flavour": "sweet", "Count": 1})

    assert [(entry.kind, entry.detail) for entry in sandbox.domain.lint.entries()] == [("unknown parameter", "Flavour")]
