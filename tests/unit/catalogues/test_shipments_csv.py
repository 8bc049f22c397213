"""Files of shipments: what each column says, and rows that can't be used."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tradepost.catalogues.shipments_csv import COLUMNS, ShipmentCsv
from tradepost.domain.errors import FileRefused
from tradepost.operations.ports import Level, RowReport, ShipmentRow

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "ship-orders.md"


@pytest.fixture
def rows_of(tmp_path):
    def read(header, *rows):
        path = tmp_path / "shipments.csv"
        path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        return list(ShipmentCsv().rows(path))

    return read


def test_every_column_is_read(rows_of):
    (row,) = rows_of(
        "order;tracking;carrier;sku;quantity;cost;reference;shipped;weight",
        "1001; 1Z9 ;UPS;TEE-S;2;7.5;P-1;2026-03-01T18:30Z;12",
    )

    assert row == ShipmentRow(
        line=2,
        order_number=1001,
        tracking_number="1Z9",
        reference="P-1",
        item="TEE-S",
        quantity=2,
        carrier="UPS",
        cost=Decimal("7.5"),
        shipped_at=datetime(2026, 3, 1, 18, 30, tzinfo=UTC),
    )


def test_a_line_is_named_by_its_number_and_what_is_left_out_is_everything(rows_of):
    assert rows_of("order,tracking,line", "1001,1Z9,42", "1002,2Z,") == [
        ShipmentRow(line=2, order_number=1001, tracking_number="1Z9", item=42),
        ShipmentRow(line=3, order_number=1002, tracking_number="2Z"),
    ]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ("1001,1Z,A,,0,,", "The quantity '0'"),
        ("1001,1Z,A,,1.5,,", "The quantity '1.5'"),
        ("1001,1Z,,,1,,", "neither a SKU nor a line"),
        ("1001,1Z,A,5,1,,", "The line '5'"),
        ("1001,1Z,,five,,,", "The line 'five'"),
        ("1001,1Z,A,,1,-1,", "The cost '-1'"),
        ("1001,1Z,A,,1,100000000,", "The cost '100000000'"),
        ("1001,1Z,A,,1,,yesterday", "The time 'yesterday'"),
    ],
)
def test_a_row_that_can_not_be_used_spoils_its_package(rows_of, cells, says):
    (row,) = rows_of("order,tracking,sku,line,quantity,cost,shipped", cells)

    assert row.problem.startswith(says) or says in row.problem
    assert (row.order_number, row.tracking_number) == (1001, "1Z")


@pytest.mark.parametrize("cells", ["first,1Z", "0,1Z", "-5,1Z", f"{2**63},1Z", ",1Z", "1001,"])
def test_a_row_of_no_package_is_reported(rows_of, cells):
    (report,) = rows_of("order,tracking", cells)

    assert isinstance(report, RowReport)
    assert (report.line, report.level) == (2, Level.REFUSED)


def test_a_file_without_order_or_tracking_is_refused(rows_of):
    with pytest.raises(FileRefused, match="lacks the column tracking"):
        rows_of("order,sku", "1,A")


def test_the_page_tells_of_the_columns_that_there_are():
    table = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert table == dict(COLUMNS)
