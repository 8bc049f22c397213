"""Many calls in one request: continuation, what each call gets, and stores that break the rules."""

import socket
import struct

import pytest

from miva_sandbox.state import products
from tradepost.domain.errors import (
    AnswerLost,
    CredentialsRejected,
    PermissionMissing,
    Rejected,
    StoreUnavailable,
    UnexpectedAnswer,
)
from tradepost.miva.wire import functions
from tradepost.miva.wire.calls import Repeat
from tradepost.miva.wire.transport import Limits

DENIED = {"success": 0, "error_code": "access_denied", "error_message": "Access denied"}
OK = {"success": 1}


def hang_up(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def write(quantity=5):
    return functions.inventory_product_settings_update(product_id=1, current_stock=quantity)


def once():
    return functions.provision_store("<Note_Add/>")


def test_a_multi_call_goes_on_where_the_store_stopped(scripted):
    client, script = scripted(
        (206, {"Content-Range": "2/5"}, [OK, OK]), (206, {"Content-Range": "1/5"}, [OK]), (200, {}, [OK, OK])
    )

    answers = client.multi_call([write(number) for number in range(5)])

    assert answers == [None] * 5
    assert [request.headers.get("range") for request in script.requests] == [None, "Operations=3-5", "Operations=4-5"]
    bodies = [request.body.partition(b'"Operations":')[2] for request in script.requests]
    assert bodies[0] == bodies[1] == bodies[2]


def test_each_call_of_a_multi_call_has_its_own_value_or_error(scripted):
    missing = {"success": 0, "error_code": "MER-JSN-PRD-00014", "error_message": "Product not found"}
    client, _ = scripted((200, {}, [OK, missing, DENIED]))

    first, second, third = client.multi_call([write(), write(), write()])

    assert first is None
    assert isinstance(second, Rejected)
    assert isinstance(third, PermissionMissing)


def test_a_connection_lost_in_the_middle_leaves_the_rest_unanswered(scripted):
    client, script = scripted((206, {"Content-Range": "1/3"}, [{"success": 1, "data": []}]), hang_up)

    answers = client.multi_call([once(), once(), once()])

    assert answers[0] == []
    assert [type(answer) for answer in answers[1:]] == [AnswerLost, AnswerLost]
    assert len(script.requests) == 2


def test_a_lost_first_request_leaves_all_unanswered(scripted):
    client, _ = scripted(hang_up)

    answers = client.multi_call([once(), once()])

    assert [type(answer) for answer in answers] == [AnswerLost, AnswerLost]


def test_nothing_executed_raises(scripted):
    client, _ = scripted((503, {"Retry-After": "600"}, b""))

    with pytest.raises(StoreUnavailable):
        client.multi_call([once(), once()])


@pytest.mark.parametrize(
    ("answers", "credited"),
    [
        ([(206, {"Content-Range": "1/3"}, [OK]), (200, {}, [OK, OK, OK])], 1),  # ignores Range, executes all again
        ([(206, {"Content-Range": "0/3"}, [])], 0),
        ([(206, {"Content-Range": "1/3"}, [OK]), (206, {"Content-Range": "0/3"}, [])], 1),
        ([(200, {}, [OK, OK])], 2),
        ([(206, {"Content-Range": "2/9"}, [OK, OK])], 2),
    ],
)
def test_a_store_that_breaks_the_rules_of_continuation_is_not_asked_for_ever(scripted, answers, credited):
    client, script = scripted(*answers)

    results = client.multi_call([write(), write(), write()])

    assert results[:credited] == [None] * credited
    assert all(isinstance(result, UnexpectedAnswer) for result in results[credited:])
    assert len(results) == 3
    assert len(script.requests) == len(answers)


def test_a_token_refused_for_a_whole_multi_call_is_rejected(scripted):
    client, script = scripted((200, {}, DENIED))

    for _ in range(2):
        with pytest.raises(CredentialsRejected, match="IP list"):
            client.multi_call([write(), write()])

    assert len(script.requests) == 1


def test_a_store_without_multi_calls_gets_one_request_a_call(scripted):
    missing = {"success": 0, "error_code": "MER-JSN-00024", "error_message": "Missing required parameter Function"}
    client, script = scripted((200, {}, missing), (200, {}, OK))

    assert client.multi_call([write(), write()]) == [None, None]
    assert client.multi_call([write()]) == [None]
    assert ["Operations" in request.members for request in script.requests] == [True, False, False, False]


def test_no_calls_send_nothing(scripted):
    client, script = scripted((200, {}, []))

    assert client.multi_call([]) == []
    assert script.requests == []


def test_a_repeatable_document_is_repeated(scripted):
    client, script = scripted(hang_up, (200, {}, {"success": 1, "data": []}))

    assert client.call(functions.provision_store("<Category_Add/>", repeat=Repeat.ABSOLUTE)) == []
    assert len(script.requests) == 2


def test_a_store_that_stops_after_every_call_is_followed_to_the_end(sandbox, connect):
    ids = [products.insert(sandbox.store, products.Product(code=f"p{number}", name="P")) for number in range(5)]
    seen = []
    # The store compares whole seconds, so with none it stops after each call.
    client = connect(limits=Limits(multi_call=0), observer=seen.append)

    answers = client.multi_call([functions.product_delete(product_id=id_) for id_ in ids])

    assert answers == [None] * 5
    assert [one.status for one in seen] == [206, 206, 206, 206, 200]
    assert [products.find_by_id(sandbox.store, id_) for id_ in ids] == [None] * 5
