"""Whatever a store answers becomes a value or an error of ours; nothing else gets out."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.errors import Rejected, TradepostError, UnexpectedAnswer
from tradepost.miva.rows import translate
from tradepost.miva.rows.order_records import WireOrder
from tradepost.miva.rows.product_records import Page, WireProduct, WireVariant
from tradepost.miva.wire import functions
from tradepost.miva.wire.answers import refused_by_status, seconds_of, value_of
from tradepost.miva.wire.calls import Call, Repeat

SHAPES = [None, list[WireVariant], Page[WireProduct], Page[WireOrder]]
KEYS = st.sampled_from(
    ["success", "data", "total_count", "error_code", "error_message", "error_fields", "id", "code", "price", "items",
     "orderdate", "attributes", "CustomField_Values", "x"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.sampled_from([0, 1, "1", "19.90", 10**40, -1, "1e999999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


def understood(shape, body):
    """Read a body as the client does; return the value, or None for an error of ours or no JSON."""
    try:
        return value_of(Call("Some_Function", {}, shape, Repeat.READ), body)
    except (TradepostError, msgspec.DecodeError):
        return None


@given(st.sampled_from(SHAPES), VALUES)
def test_any_json_is_understood_or_refused(shape, answer):
    value = understood(shape, json.dumps(answer).encode())

    for row in getattr(value, "data", []):
        if isinstance(row, WireProduct):
            translate.product_of(row, variants=None, grams=None)
        else:
            translate.order_of(row)


@given(st.sampled_from(SHAPES), st.binary())
def test_any_bytes_are_understood_or_refused(shape, body):
    understood(shape, body)


@given(VALUES)
def test_a_page_with_any_row_is_understood_or_refused(row):
    for shape in (Page[WireProduct], Page[WireOrder]):
        understood(shape, json.dumps({"success": 1, "data": {"total_count": 1, "data": [row]}}).encode())


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"x":' * 100_000, b'{"success":0,"x":' + b"[" * 100_000])
def test_nesting_without_end_is_no_answer(body):
    with pytest.raises((msgspec.DecodeError, UnexpectedAnswer)):
        value_of(functions.store_load(), body)


@given(
    st.integers(100, 999), st.dictionaries(st.sampled_from(["location", "retry-after", "date"]), st.text()), st.binary()
)
def test_any_status_is_readable_or_an_error(status, headers, body):
    refused = refused_by_status(status, headers, body)

    assert refused is None if status in {200, 206, 416} else isinstance(refused, TradepostError)


@pytest.mark.parametrize(
    ("header", "seconds"), [("0", 0), ("7", 7), ("-1", None), ("soon", None), ("", None), ("9" * 30, 3600)]
)
def test_a_pause_is_bounded(header, seconds):
    assert seconds_of(header) == seconds


def test_a_list_error_tells_the_first_few():
    answer = {
        "success": 0, "error_code": "MER-JSN-00021", "error_message": "Multiple errors found.", "list_error": True,
        "processed": 2, "errors": [{"identifier": str(n), "error_message": "Order not found"} for n in range(9)],
    }  # fmt: skip

    with pytest.raises(Rejected, match="0: Order not found; 1: Order not found") as raised:
        value_of(functions.product_delete(product_id=1), json.dumps(answer).encode())

    assert "8:" not in str(raised.value)


def test_a_single_answer_that_is_a_list_is_unexpected():
    with pytest.raises(UnexpectedAnswer):
        value_of(functions.store_load(), b"[]")
