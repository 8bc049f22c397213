"""Every function that the sandbox has, called by Miva's SDK for Python, unmodified."""

import warnings

import pytest

from miva_sandbox.api import registry
from miva_sandbox.server import SandboxServer
from sdk import catalogue_calls, order_calls
from sdk.filled_store import FilledStore
from sdk.python_sdk import PythonSdk

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request
    from merchantapi.client import Client
    from merchantapi.multicall import MultiCallRequest

CALLS = [*catalogue_calls.CALLS, *order_calls.CALLS]


@pytest.fixture(scope="module")
def filled():
    with SandboxServer() as server:
        made = FilledStore(server)
        yield made
        made.close()


@pytest.fixture
def store(filled):
    filled.restore()
    return filled.server.store


@pytest.fixture(scope="module")
def sdk(filled):
    server = filled.server
    return PythonSdk(endpoint=server.endpoint, token=server.full.token, signature_key=server.full.signature_key)


def test_every_function_of_the_sandbox_is_called_here():
    implemented = {function.assignment for function in registry.all_functions()}

    called = {call.function for call in CALLS}

    assert called == implemented
    assert len(CALLS) == len(called)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.function)
def test_a_function_answers_what_the_sdk_reads_and_leaves_what_it_should(sdk, filled, store, call):
    answer = sdk.make(call)

    assert answer == call.answer
    assert {sql: [tuple(row) for row in store.db.rows(sql)] for sql in call.leaves} == call.leaves
    # What an official client sends, a store must want to know.
    assert filled.server.domain.lint.entries() == []


def test_every_call_checks_something():
    assert [call.function for call in CALLS if not call.answer and not call.leaves] == []


def test_a_multi_call_that_asks_for_no_time_goes_on_by_itself(filled, store):
    server = filled.server
    client = Client(
        server.endpoint,
        server.full.token,
        server.full.signature_key,
        {"default_store_code": "sandbox", "operation_timeout": 0},
    )
    multicall = MultiCallRequest(client).set_auto_timeout_continue(True)
    for code in ("TEE", "MUG", "none"):
        multicall.add_request(merchantapi.request.ProductDelete(client).set_product_code(code))

    response = multicall.send()

    assert [answer.is_success() for answer in response.get_responses()] == [True, True, False]
    assert [request.status for request in server.log.requests()] == [206, 206, 200]
    assert [row["code"] for row in store.db.rows("SELECT code FROM products")] == ["TEE-S", "TEE-M", "KIT"]
