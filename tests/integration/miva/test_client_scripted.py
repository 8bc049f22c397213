"""What the client makes of answers that a store in good health does not give: garbage, cuts, refusals, wrong 206."""

import gzip
import logging
import socket
import struct
import time
import tracemalloc
from functools import partial

import pytest
import stamina

from tradepost.domain.errors import (
    AddressRefused,
    AnswerLost,
    CredentialsRejected,
    PermissionMissing,
    RateLimited,
    Rejected,
    StoreUnavailable,
    UnexpectedAnswer,
)
from tradepost.miva.connect import StoreConnection, connect_client
from tradepost.miva.rows.order_records import WireOrder
from tradepost.miva.wire import functions
from tradepost.miva.wire.address import endpoint_of
from tradepost.miva.wire.transport import Limits
from tradepost.security.transport import CheckedTransport

STORE = {"success": 1, "data": {"id": 1, "code": "acme", "name": "Acme"}}
DENIED = {"success": 0, "error_code": "access_denied", "error_message": "Access denied"}
OK = {"success": 1}


def denied(message):
    return (200, {}, {"success": 0, "error_code": "access_denied", "error_message": message})


def hang_up(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def cut_short(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"success":1,')


def drip(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(20):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def write(quantity=5):
    return functions.inventory_product_settings_update(product_id=1, current_stock=quantity)


def once():
    return functions.provision_store("<Note_Add/>")


# --- requests ---------------------------------------------------------------------------------------------------------


def test_each_attempt_is_signed_anew_over_the_bytes_that_are_sent_with_a_fresh_timestamp(scripted):
    """R4, R5: each attempt has the time of its sending, and a signature over just that body."""
    times = iter(range(1_000_000, 1_000_100))
    client, script = scripted((502, {}, b"bad gateway"), (200, {}, STORE), clock=lambda: next(times))

    client.call(functions.store_load())

    first, second = (request.members["Miva_Request_Timestamp"] for request in script.requests)
    assert second > first
    assert (
        script.requests[0].headers["x-miva-api-authorization"] != script.requests[1].headers["x-miva-api-authorization"]
    )
    assert script.requests[1].members == {
        "Miva_Request_Timestamp": second,
        "Store_Code": "acme",
        "Function": "Store_Load",
    }


def test_neither_logs_nor_errors_tell_secrets_or_personal_data(scripted, caplog):
    """R3: the token is never logged, and no error tells it."""
    caplog.set_level(logging.DEBUG)
    order = {"id": 7, "ship_email": "ada@example.com", "orderdate": "not a date"}
    page = {"success": 1, "data": {"total_count": 1, "start_offset": 0, "data": [order]}}
    client, script = scripted((502, {}, b"ada@example.com"), (200, {}, page), denied("Invalid request signature"))

    errors = []
    for _ in range(2):
        with pytest.raises((UnexpectedAnswer, CredentialsRejected)) as raised:
            client.call(functions.order_list_load_query(count=1, row=WireOrder))
        errors.append(f"{raised.value} {raised.value!r}")

    told = caplog.text + "".join(errors) + repr(client) + repr(client.__dict__)
    signature = script.requests[0].headers["x-miva-api-authorization"].partition(":")[2]
    assert "OrderList_Load_Query" in caplog.text
    for secret in ("0123456789abcdef", "c2VjcmV0", "secret-signing", signature, "ada@example.com"):
        assert secret not in told


def test_a_retry_prints_nothing(scripted, capfd):
    client, _ = scripted((502, {}, b"bad gateway"), (200, {}, STORE))

    client.call(functions.store_load())

    assert capfd.readouterr().out == ""


def test_an_observer_is_told_of_every_request(scripted):
    seen = []
    client, _ = scripted((502, {}, b"bad gateway"), (200, {}, STORE), observer=seen.append)

    client.call(functions.store_load())

    assert [(one.functions, one.status, one.error) for one in seen] == [
        (("Store_Load",), 502, "AnswerLost"),
        (("Store_Load",), 200, ""),
    ]
    assert all(one.sent_bytes > 50 and one.received_bytes > 5 and one.seconds > 0 for one in seen)


def test_the_difference_to_the_stores_clock_is_known_after_a_call(scripted):
    date = {"Date": "Tue, 09 Sep 2025 08:01:30 GMT"}
    client, _ = scripted((200, date, STORE), clock=lambda: 1757404800.0)

    client.call(functions.store_load())

    assert client.clock_difference_seconds == pytest.approx(90, abs=5)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "part"),
    [
        (denied("Token is disabled"), CredentialsRejected, "enable it"),
        (denied("Timestamp outside configured window"), CredentialsRejected, "clock"),
        (denied("Invalid request signature"), CredentialsRejected, "copy the key again"),
        (denied("Access denied"), CredentialsRejected, "IP list"),
        (denied("Function not assigned to token"), PermissionMissing, "assign the function"),
        (denied("Token does not require signature"), PermissionMissing, "Require Signature"),
        (denied("Token does not require timestamp"), PermissionMissing, "Require Timestamp"),
        (denied("Invalid request method"), UnexpectedAnswer, "changes requests"),
        ((401, {}, b"<html>"), CredentialsRejected, "web server"),
        ((404, {}, b"<html>"), AddressRefused, "folder"),
        ((301, {"Location": "https://acme.example/x.mvc?y=1"}, b""), AddressRefused, "acme.example/x.mvc."),
        ((413, {}, b""), UnexpectedAnswer, "batch size"),
        ((418, {}, b""), UnexpectedAnswer, "418"),
        ((200, {}, {"success": 1, "data": {"id": "?"}}), UnexpectedAnswer, "shape"),
        ((200, {}, {"success": 1}), UnexpectedAnswer, "no data"),
        ((200, {}, {"success": 0, "error_code": "invalid_function"}), PermissionMissing, "Miva Merchant 10"),
    ],
)  # fmt: skip
def test_a_refusal_is_not_repeated_and_says_the_cure(scripted, answer, error, part):
    """R6: what a store answers to a wrong time, signature, key or token is told apart, each with its cure."""
    client, script = scripted(answer)

    with pytest.raises(error, match=part):
        client.call(functions.store_load())

    assert [request.members.get("Function") for request in script.requests].count("Store_Load") == 1


def test_a_refused_sign_in_is_not_tried_again_at_once(scripted):
    now = [1_000_000.0]
    client, script = scripted(denied("Invalid request signature"), (200, {}, STORE), clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(CredentialsRejected):
            client.call(functions.store_load())
    sent = len(script.requests)

    now[0] += 61
    client.call(functions.store_load())

    assert (sent, len(script.requests)) == (1, 2)


def test_access_denied_is_a_missing_right_once_the_token_was_let_in(scripted):
    client, script = scripted((200, {}, STORE), (200, {}, DENIED))
    client.call(functions.store_load())

    with pytest.raises(PermissionMissing) as raised:
        client.call(functions.product_delete(product_id=1))

    assert raised.value.function == "Product_Delete"
    assert len(script.requests) == 2


def test_access_denied_at_first_is_told_apart_by_a_request_that_needs_no_right(scripted):
    client, script = scripted((200, {}, DENIED), (200, {}, [DENIED]))

    with pytest.raises(PermissionMissing):
        client.call(functions.product_delete(product_id=1))

    assert script.requests[1].members["Operations"] == [{"Function": "Store_Load"}]


def test_a_field_error_names_field_code_and_words(scripted):
    answer = {
        "success": 0, "error_code": "MER-JSN-00018", "error_message": "Invalid value for field 'Price'",
        "validation_error": True, "error_field": "Price", "error_field_message": "Please enter a number",
        "input_errors": True, "error_fields": [{"error_field": "Price", "error_message": "Please enter a number"}],
    }  # fmt: skip
    client, _ = scripted((200, {}, answer))

    with pytest.raises(Rejected, match="Price: Please enter a number") as raised:
        client.call(write())

    assert (raised.value.code, raised.value.field) == ("MER-JSN-00018", "Price")


def test_an_error_with_data_of_another_shape_is_read_as_an_error(scripted):
    answer = {"success": 0, "error_code": "MER-1", "error_message": "No", "data_error": True, "data": ["x"]}
    client, _ = scripted((200, {}, answer))

    with pytest.raises(Rejected, match="MER-1"):
        client.call(functions.store_load())


# --- unavailable ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "seconds"),
    [
        ((503, {}, {"success": 0, "error_code": "api_offline", "error_message": "Offline"}), StoreUnavailable, 300),
        ((503, {"Retry-After": "120"}, b"<html>"), StoreUnavailable, 120),
        ((429, {"Retry-After": "90"}, b""), RateLimited, 90),
        ((429, {"Retry-After": "999999999"}, b""), RateLimited, 3600),
        (
            (429, {"Retry-After": "Tue, 09 Sep 2025 08:02:00 GMT", "Date": "Tue, 09 Sep 2025 08:00:00 GMT"}, b""),
            RateLimited,
            120,
        ),
    ],
)
def test_a_long_pause_that_the_store_asks_for_is_left_to_the_caller(scripted, answer, error, seconds):
    client, script = scripted(answer)

    with pytest.raises(error) as raised:
        client.call(functions.store_load())

    assert raised.value.retry_after_seconds == pytest.approx(seconds, abs=2)
    assert len(script.requests) == 1


def test_a_short_pause_that_the_store_asks_for_is_kept(scripted):
    client, script = scripted(
        (429, {"Retry-After": "1"}, b""),
        (200, {}, STORE),
        retrying=stamina.RetryingCaller(attempts=2, timeout=20, wait_initial=0, wait_max=30, wait_jitter=0),
    )
    started = time.monotonic()

    with stamina.set_testing(False):
        client.call(functions.store_load())

    assert time.monotonic() - started >= 1
    assert len(script.requests) == 2


# For what does not end by itself; everything else is given the time that it needs.
SHORT = Limits(whole=1)


def limits_for(answer):
    return SHORT if answer is drip else Limits()


BROKEN = [
    pytest.param((500, {}, b"<html>engine error"), id="server error"),
    pytest.param((200, {}, b"<html>maintenance"), id="a page"),
    pytest.param((200, {}, b'{"success":1,"data"'), id="half an answer"),
    pytest.param((200, {"Content-Encoding": "gzip"}, b"garbage"), id="damaged compression"),
    pytest.param((200, {}, b""), id="nothing"),
    pytest.param((200, {}, b'{"error_message":"\xff","success":1}'), id="no UTF-8"),
    pytest.param(hang_up, id="connection lost"),
    pytest.param(cut_short, id="cut off"),
    pytest.param(drip, id="too slow"),
]


@pytest.mark.parametrize("answer", BROKEN)
def test_a_read_is_repeated_when_its_answer_does_not_come(scripted, answer):
    client, script = scripted(answer, (200, {}, STORE), limits=limits_for(answer))

    assert client.call(functions.store_load()).code == "acme"
    assert len(script.requests) == 2


@pytest.mark.parametrize("answer", BROKEN)
def test_a_read_without_any_answer_says_that_the_store_is_unavailable(scripted, answer):
    client, script = scripted(answer, limits=limits_for(answer))

    with pytest.raises(StoreUnavailable):
        client.call(functions.store_load())

    assert len(script.requests) == 3


@pytest.mark.parametrize("answer", BROKEN)
def test_what_may_happen_only_once_is_never_repeated(scripted, answer):
    client, script = scripted(answer, limits=limits_for(answer))

    with pytest.raises(AnswerLost):
        client.call(once())

    assert len(script.requests) == 1


def test_an_absolute_write_is_repeated_and_lost_only_after_that(scripted):
    client, script = scripted(hang_up)

    with pytest.raises(AnswerLost):
        client.call(functions.product_delete(product_id=1))

    assert len(script.requests) == 3


@pytest.mark.parametrize("stock", [{"current_stock": 5}, {"adjust_by": -1}, {"adjust_by": 0}])
def test_a_stock_whose_answer_is_lost_is_neither_set_nor_moved_again(scripted, stock):
    client, script = scripted(hang_up)

    with pytest.raises(AnswerLost):
        client.call(functions.inventory_product_settings_update(product_id=1, **stock))

    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("stock", "sent"),
    [
        ({"current_stock": 5}, {"CurrentStock": 5}),
        ({"current_stock": 0}, {"CurrentStock": 0}),
        ({"adjust_by": -2}, {"AdjustStockBy": -2}),
        ({"adjust_by": 0}, {"AdjustStockBy": 0}),
    ],
)
def test_a_stock_is_sent_with_tracking_on_and_nothing_else(scripted, stock, sent):
    client, script = scripted((200, {}, {"success": 1}))

    client.call(functions.inventory_product_settings_update(product_id=1, **stock))

    members = script.requests[0].members
    assert {name: members[name] for name in members if "Stock" in name or "Track" in name} == {
        "TrackProduct": True,
        **sent,
    }


def test_what_may_happen_only_once_is_repeated_when_it_has_certainly_not_happened(scripted):
    client, script = scripted((503, {"Retry-After": "0"}, b""), (200, {}, {"success": 1, "data": []}))

    assert client.call(once()) == []
    assert len(script.requests) == 2


def test_an_answer_beyond_the_limit_is_not_taken(scripted):
    client, _ = scripted((200, {}, b" " * 5000), limits=Limits(answer_bytes=1000))

    with pytest.raises(UnexpectedAnswer, match="1000 bytes"):
        client.call(functions.store_load())


def test_a_small_answer_that_unpacks_to_more_than_the_limit_is_not_taken(scripted):
    packed = gzip.compress(b" " * 100_000_000)
    client, script = scripted((200, {"Content-Encoding": "gzip"}, packed))
    assert len(packed) < 100_000

    tracemalloc.start()
    try:
        with pytest.raises(UnexpectedAnswer, match="larger than 64 MB"):
            client.call(functions.store_load())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 80 * 1024 * 1024
    assert len(script.requests) == 1


def test_headers_that_drip_end_with_the_whole_request(scripted):
    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    client, _ = scripted(
        drip,
        limits=SHORT,
        open_transport=partial(CheckedTransport, addresses=lambda host, port: [host]),
    )

    with pytest.raises(AnswerLost, match="in time"):
        client.call(once())


def test_the_stores_name_leads_only_where_it_may(scripted):
    def addresses(host, port):
        raise AddressRefused(f"{host} is inside a private network.")

    client, script = scripted((200, {}, STORE), open_transport=partial(CheckedTransport, addresses=addresses))

    with pytest.raises(AddressRefused, match="private network"):
        client.call(functions.store_load())

    assert script.requests == []


def test_a_proxy_of_the_environment_is_gone_through(scripted, monkeypatch):
    client, script = scripted((200, {}, STORE))
    monkeypatch.setenv("http_proxy", client._exchange._endpoint.url.removesuffix("/mm5/json.mvc"))
    monkeypatch.delenv("no_proxy", raising=False)
    connection = StoreConnection(domain="http://shop.invalid", store_code="s", token="t" * 32, plain_http=True)

    with connect_client(connection) as proxied:
        assert proxied.call(functions.store_load()).code == "acme"

    assert script.requests[0].headers["host"] == "shop.invalid"


def test_a_store_that_can_not_be_reached_is_unavailable(scripted):
    client, _ = scripted((200, {}, STORE))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client._exchange._endpoint = endpoint_of(f"http://127.0.0.1:{unused.getsockname()[1]}", plain_http=True)

        with pytest.raises(StoreUnavailable, match="can't be reached"):
            client.call(once())
