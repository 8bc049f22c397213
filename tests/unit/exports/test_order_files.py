"""Orders as files: every field of the schema is there, nothing runs as a formula, and the same is always the same."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.orders.order import (
    Address,
    LineOption,
    OrderState,
    PaymentState,
    StoreCharge,
    StoreOrder,
    StoreOrderLine,
    StoreStatus,
)
from tradepost.domain.orders.order_export import (
    LINE_FIELDS,
    ORDER_FIELDS,
    VERSION,
    ExportedChange,
    ExportedOrder,
    ExportForm,
    ExportKind,
    record_of,
)
from tradepost.exports.csv_lines import columns
from tradepost.exports.registry import FORMATS, OrderFiles

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFERENCE = Path(__file__).parents[3] / "docs/reference/order-export.md"
LINES = (
    StoreOrderLine(
        7, "tee", "TEE-S", "Tee", 2, Decimal("15.00"), Decimal("30.00"), StoreStatus.PENDING,
        options=(LineOption("size", "s", attribute_prompt="Size", option_prompt="Small"),),
    ),
    StoreOrderLine(8, "MUG", "MUG", "Mug", 1, Decimal("-7.90"), Decimal("-7.90"), StoreStatus.PENDING),
)  # fmt: skip
ORDER = StoreOrder(
    id=1001,
    status=StoreStatus.PENDING,
    placed_at=NOON,
    ship_to=Address(first_name="Ada", phone="+1 555", city="Zürich"),
    bill_to=Address(),
    total=Decimal("27.05"),
    shipping_method="Post",
    payment_state=PaymentState.CAPTURED,
    lines=LINES,
    charges=(StoreCharge("SHIPPING", "Post", Decimal("4.95")),),
)
EXPORTED = ExportedOrder(
    ExportKind.CHANGE,
    "Shop",
    ORDER,
    OrderState.OPEN,
    NOON,
    {7: "OUR-TEE"},
    [ExportedChange(NOON, "changed", ("ship_to",))],
    cursor=3,
)


def rows(*orders):
    return list(csv.DictReader(io.StringIO(OrderFiles().write(orders, form=ExportForm.CSV))))


def objects(*orders):
    return [json.loads(line) for line in OrderFiles().write(orders, form=ExportForm.JSONL).splitlines()]


def test_json_lines_have_every_field_of_the_schema_in_its_order():
    (record,) = objects(EXPORTED)

    assert list(record) == list(ORDER_FIELDS)
    assert [list(line) for line in record["lines"]] == [list(LINE_FIELDS)] * 2
    assert record == record_of(EXPORTED)
    assert (record["version"], record["cursor"], record["kind"], record["order"]) == (VERSION, 3, "change", 1001)
    assert (record["total"], record["placed_at"]) == ("27.05", "2026-03-01T12:00:00Z")
    assert [line["sku"] for line in record["lines"]] == ["OUR-TEE", "MUG"]
    assert record["changes"] == [{"at": "2026-03-01T12:00:00Z", "what": "changed", "fields": ["ship_to"]}]


def test_csv_has_a_row_for_each_line_with_its_options_and_all_of_the_order():
    first, second = rows(EXPORTED)

    assert list(first) == columns()
    assert (first["order"], first["line_sku"], first["line_options"]) == ("1001", "OUR-TEE", "size=Small")
    assert (second["order"], second["line"], second["line_options"]) == ("1001", "8", "")
    assert (first["ship_to_city"], first["charges"], first["changes"]) == ("Zürich", "Post=4.95", "changed ship_to")


def test_an_order_without_lines_has_one_row():
    (row,) = rows(replace(EXPORTED, order=replace(ORDER, lines=())))

    assert (row["order"], row["line"], row["line_sku"]) == ("1001", "", "")


def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe_and_amounts_stay_amounts():
    evil = Address(first_name='=HYPERLINK("https://evil.example")', last_name="@SUM(A1)", company="-1+1", city="\t=1")

    row = rows(replace(EXPORTED, order=replace(ORDER, ship_to=evil)))[1]

    assert row["ship_to_first_name"] == '\'=HYPERLINK("https://evil.example")'
    assert (row["ship_to_last_name"], row["ship_to_company"]) == ("'@SUM(A1)", "'-1+1")
    assert row["ship_to_city"] == "'\t=1"
    assert row["line_price"] == "-7.90"


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_whatever_a_shopper_types_no_cell_begins_like_a_formula_and_nothing_is_lost(text):
    order = replace(ORDER, ship_to=Address(first_name=text), notes=(text,), shipping_method=text)

    (row, _), (record,) = rows(replace(EXPORTED, order=order)), objects(replace(EXPORTED, order=order))

    for cell in (row["ship_to_first_name"], row["notes"], row["shipping_method"]):
        assert not re.match(r" *[=+\-@\t\r\n]", cell)
        assert cell in {text, f"'{text}"}
    assert record["ship_to"]["first_name"] == text


@pytest.mark.parametrize("form", ExportForm)
def test_every_form_has_a_writer_that_always_writes_the_same(form):
    assert FORMATS[form].form is form
    assert FORMATS[form].write([EXPORTED]) == FORMATS[form].write([EXPORTED])


def test_the_reference_page_tells_every_field_and_column():
    page = REFERENCE.read_text(encoding="utf-8")

    assert [name for name in (*ORDER_FIELDS, *LINE_FIELDS, *columns()) if f"`{name}`" not in page] == []
    assert f"version {VERSION}" in page
