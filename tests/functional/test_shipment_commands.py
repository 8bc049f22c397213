"""Shipments by commands: recorded from a file, corrected, suppressed, taken back, and counted where people look."""

from contextlib import closing

import pytest

from people import browser_of
from stock_shop import Merchant
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Order, RunChange, ShipmentRecord

from .test_order_commands import order_on_store
from .test_order_pages import page_of, text_of


@pytest.fixture
def bought(published, box):
    """Let shoppers buy mugs; gives the orders' numbers, imported."""

    def buy_mugs(*quantities):
        numbers = [
            buy(
                box.storefront,
                store_code=box.store_code,
                purchases=[Purchase("HP-MUG-WHITE", (), quantity)],
                name="Ada Lovelace",
            )
            for quantity in quantities
        ]
        published("orders", "get")
        return numbers

    return buy_mugs


@pytest.fixture
def file_of(tmp_path):
    def write(*rows, header="order,sku,quantity,tracking,carrier,cost,reference,shipped"):
        path = tmp_path / "shipments.csv"
        path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        return path

    return write


def test_a_file_is_recorded_package_by_package_and_one_bad_row_stops_no_other(published, bought, file_of, box):
    first, second = bought(3, 1)
    path = file_of(
        f"{first},HP-MUG-WHITE,1,1Z1,UPS,4.505,P-1,2026-03-01",
        f"{first},HP-MUG-WHITE,2,1Z2,UPS,,P-2,",
        f"{second},HP-MUG-WHITE,many,1Z3,UPS,,,",
        "4711,,,1Z4,UPS,,,",
        "first,,,1Z5,UPS,,,",
        f"{second},NO-SUCH,1,1Z6,UPS,,,",
        f"{second},,,1Z7,,,,",
    )

    shown = published("shipments", "import", path, "--dry-run", "--json")
    done = published("shipments", "import", path, "--now", "--json")
    again = published("shipments", "import", path, "--json")

    assert (shown.code, shown.json["recorded"], shown.json["packages"]) == (1, [], 2)
    assert (done.code, len(done.json["recorded"]), done.json["refused"]) == (1, 2, 5)
    assert [(row["line"], row["message"]) for row in done.json["rows"]] == [
        (4, "The quantity 'many' is no number of pieces; write it as 2."),
        (5, "There is no order 4711 in this channel's ledger; get orders first."),
        (6, "The order 'first' is no order number."),
        (7, f"Order {second} has no line with the SKU 'NO-SUCH'; it has HP-MUG-WHITE."),
        (8, "A shipment needs a carrier; say who carries it, or let a rule for orders say so."),
    ]
    assert done.json["run"]["state"] == "completed"
    assert (again.json["packages"], again.json["known"], again.json["refused"]) == (0, 2, 5)
    sent = {s.tracking_number: (s.carrier, str(s.cost)) for s in order_on_store(box, first).shipments}
    assert sent == {"1Z1": ("UPS", "4.51"), "1Z2": ("UPS", "0")}
    assert f"{ShipmentRecord.objects.get(reference='P-1').shipped_at:%Y-%m-%d}" == "2026-03-01"
    kept = RunChange.objects.filter(subject_kind="shipment", side="hub", action="create")
    assert {change.run.requested_by[:5] for change in kept} == {"shell"}


def test_rows_of_one_package_are_one_shipment_and_lines_may_be_named_by_number(published, bought, file_of):
    (number,) = bought(3)
    (line,) = published("orders", "show", number, "--json").json["lines"]
    path = file_of(
        f"{number},{line['line']},1,1Z1,UPS",
        f"{number},{line['line']},1,1Z1,",
        header="Order,Line,Quantity,Tracking,Carrier".lower(),
    )

    done = published("shipments", "import", path, "--json")

    (code,) = done.json["recorded"]
    assert [part.quantity for part in ShipmentRecord.objects.get(code=code).lines.all()] == [2]


def test_rows_of_a_package_that_contradict_each_other_are_told(published, bought, file_of):
    (number,) = bought(3)
    path = file_of(
        f"{number},HP-MUG-WHITE,1,1Z1,UPS,,P-1,",
        f"{number},HP-MUG-WHITE,1,1Z2,UPS,,P-1,",
        f"{number},HP-MUG-WHITE,1,1Z3,UPS,,P-2,",
        f"{number},,,1Z3,,,P-2,",
    )

    done = published("shipments", "import", path)

    assert (done.code, "Recorded 0 shipments, 2 refused." in done.out) == (1, True)
    assert "line 3: The row has another tracking number than line 2, which is of the same package" in done.err
    assert "line 5: The row has neither a SKU nor a line, and the package has other rows" in done.err


def test_what_was_corrected_or_taken_back_in_the_hub_is_left_so_by_the_file_it_came_from(published, bought, file_of):
    corrected, forgotten = bought(1, 1)
    path = file_of(f"{corrected},,,1Z1,UPS,,,", f"{forgotten},,,1Z2,UPS,,,")
    one, two = published("shipments", "import", path, "--json").json["recorded"]
    published("shipments", "correct", one, "--tracking", "MENDED")
    published("shipments", "take-back", two, "--reason", "It is still here.")

    again = published("shipments", "import", path, "--json")

    assert (again.code, again.json["packages"], again.json["known"]) == (0, 0, 2)
    first, second = (row["message"] for row in again.json["rows"])
    assert first.startswith(f"It is recorded as {one} with 'UPS MENDED' for 0.00, and is left so")
    assert second.startswith(f"It was recorded as {two} and taken back")


def test_what_a_file_has_more_of_a_package_than_was_recorded_is_told_and_can_be_recorded(
    published, bought, file_of, box
):
    """It was read while it was written, up to the first row of a package; the rest was never told to anybody."""
    (number,) = bought(3)
    published("shipments", "import", file_of(f"{number},HP-MUG-WHITE,1,1Z1,UPS,,,"), "--now")
    whole = file_of(f"{number},HP-MUG-WHITE,1,1Z1,UPS,,,", f"{number},HP-MUG-WHITE,2,1Z1,UPS,,,")

    told = published("shipments", "import", whole, "--json")
    code = ShipmentRecord.objects.get().code
    cured = published("shipments", "import", file_of(f"{number},HP-MUG-WHITE,2,1Z1,UPS,,rest,"), "--now", "--json")
    again = published("shipments", "import", whole, "--json")

    (row,) = told.json["rows"]
    assert (told.code, row["line"], row["level"]) == (1, 2, "refused")
    assert row["message"].startswith(f"It is recorded as {code} with 1 of 3 pieces of 'HP-MUG-WHITE', and the others")
    assert (cured.code, len(cured.json["recorded"])) == (0, 1)
    assert (again.code, again.json["rows"]) == (0, []), "both are of that number"
    assert [s.tracking_number for s in order_on_store(box, number).shipments] == ["1Z1", "1Z1"]


def test_packages_with_references_of_their_own_may_share_a_tracking_number(published, bought, file_of, box):
    """A delivery of several parcels has one number; the second of them was refused, and there was no way to tell it."""
    first, second = bought(2, 2)
    typed = ("--carrier", "UPS", "--tracking", "1Z2", "--line", "HP-MUG-WHITE=1")
    published("orders", "ship", second, *typed)
    path = file_of(
        f"{first},HP-MUG-WHITE,1,1Z1,UPS,,box 1,",
        f"{first},HP-MUG-WHITE,1,1Z1,UPS,,box 2,",
        f"{second},HP-MUG-WHITE,1,1Z2,UPS,,box 1,",
    )

    done = published("shipments", "import", path, "--now", "--json")

    assert len(done.json["recorded"]) == 2
    assert [s.tracking_number for s in order_on_store(box, first).shipments] == ["1Z1", "1Z1"]
    (refused,) = done.json["rows"]
    assert "has a shipment with the tracking number 1Z2 already" in refused["message"], (
        "it may be the one that was typed"
    )


def test_a_tracking_number_that_a_spreadsheet_has_cut_is_refused(published, bought, file_of):
    """Its shopper got a link to nowhere."""
    (number,) = bought(1)

    done = published("shipments", "import", file_of(f"{number},,,1.23457E+15,UPS,,,"), "--json")
    typed = published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1,23457E+15")

    assert (done.code, typed.code) == (1, 2)
    assert "what a spreadsheet has left of a long one" in done.json["rows"][0]["message"]


def test_a_file_that_is_none_of_shipments_is_refused(published, file_of, tmp_path):
    other = published("shipments", "import", file_of("1,2", header="order,carrier"))
    missing = published("shipments", "import", tmp_path / "no.csv")

    assert (other.code, "lacks the column tracking" in other.err) == (2, True)
    assert (missing.code, "There is no file" in missing.err) == (2, True)


def test_a_shipment_is_shipped_now_and_corrected_with_who_did_it(published, bought, box):
    (number,) = bought(2)

    shipped = published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z9", "--now", "--json")
    code = shipped.json["shipment"]
    corrected = published("shipments", "correct", code, "--tracking", "2Z", "--cost", "3.999", "--now")
    same = published("shipments", "correct", code, "--tracking", "2Z")
    nothing = published("shipments", "correct", code)
    late = published("shipments", "take-back", code, "--reason", "No.")

    assert (shipped.code, shipped.json["run"]["state"], corrected.code) == (0, "completed", 0)
    (there,) = order_on_store(box, number).shipments
    assert (there.tracking_number, str(there.cost)) == ("2Z", "4")
    assert (same.code, "is like that already" in same.err) == (2, True)
    assert (nothing.code, "--tracking, --carrier or --cost" in nothing.err) == (2, True)
    assert (late.code, "The store has shipment" in late.err) == (2, True)
    shown = published("orders", "show", number)
    assert "shipment_corrected by shell" in shown.out
    assert f"shipment {code} tracking_number: 1Z9 -> 2Z" in shown.out
    kept = RunChange.objects.get(reason="corrected by a person")
    assert (kept.subject_key, kept.run.requested_by[:5]) == (code, "shell")


def test_unsent_shipments_are_counted_and_a_suppressed_one_is_none(published, bought):
    first, second = bought(1, 1)
    published("orders", "ship", first, "--carrier", "UPS", "--tracking", "1Z1")
    code = published("orders", "ship", second, "--carrier", "UPS", "--tracking", "1Z2", "--json").json["shipment"]

    before = published("channel", "show", "shop", "--json").json["unsent_shipments"]
    published("shipments", "suppress", code, "--reason", "Told by phone.")
    after = published("channel", "show", "shop", "--json").json["unsent_shipments"]
    orders = {row["order"]: row["unsent_shipments"] for row in published("orders", "list", "--json").json["orders"]}
    listed = published("shipments", "list", "--state", "suppressed", "--json").json["shipments"]
    retried = published("shipments", "retry", code, "NONE", "--now")
    nothing = published("shipments", "retry")

    assert (before, after) == ({"waiting": 2, "parked": 0}, {"waiting": 1, "parked": 0})
    assert orders == {first: 1, second: 0}
    assert [row["shipment"] for row in listed] == [code]
    assert (retried.code, "Neither parked nor suppressed: NONE." in retried.err) == (1, True)
    assert nothing.out == "No shipment is parked.\n"
    assert published("channel", "show", "shop", "--json").json["unsent_shipments"] == {"waiting": 0, "parked": 0}


def test_a_file_that_ships_some_pieces_and_what_was_cancelled_ships_the_pieces(published, file_of, store, box):
    bought = [Purchase("HP-MUG-WHITE", (), 3), Purchase("HP-NOTE-SLATE", (), 1)]
    number = buy(box.storefront, store_code=box.store_code, purchases=bought, name="Ada Lovelace")
    published("orders", "get")
    with closing(Merchant(store)) as merchant:
        [note] = [line for line, (sku, _, _) in merchant.lines(number).items() if sku == "HP-NOTE-SLATE"]
        merchant.call("OrderItemList_Cancel", Order_ID=number, Line_IDs=[note])
        published("orders", "get")
        path = file_of(f"{number},HP-MUG-WHITE,2,1Z1,UPS,,P-1,", f"{number},HP-NOTE-SLATE,1,1Z2,UPS,,P-2,")

        done = published("shipments", "import", path, "--now", "--json")
        rest = published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z3", "--now")
        lines = sorted((sku, quantity, status) for sku, quantity, status in merchant.lines(number).values())

    assert (len(done.json["recorded"]), done.json["refused"], rest.code) == (1, 1, 0), (done, rest)
    told = store.store.db.rows("SELECT tracknum FROM order_shipments ORDER BY tracknum")
    assert [row["tracknum"] for row in told] == ["1Z1", "1Z3"]
    shipped, cancelled = 200, 300
    assert lines == [
        ("HP-MUG-WHITE", 1, shipped),
        ("HP-MUG-WHITE", 2, shipped),
        ("HP-NOTE-SLATE", 1, cancelled),
    ]


def test_a_shipment_that_went_with_its_cancelled_order_is_settled_and_nothing_is_lost(published, bought, store):
    """No command took it out of sight: reconcile ended with a difference for ever."""
    (number,) = bought(1)
    published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z1", "--now")
    code = ShipmentRecord.objects.get().code
    with closing(Merchant(store)) as merchant:
        merchant.cancel(number)
    published("orders", "get")

    told = published("orders", "reconcile")
    page = text_of(browser_of("bob"), page_of(Order.objects.get()))
    settled = published("shipments", "suppress", code, "--reason", "It is on its way back.")
    again = published("orders", "reconcile")

    assert (told.code, told.err.count("'tradepost shipments retry'")) == (1, 1)
    assert "It went out; don't tell the store" in page
    assert (settled.code, again.code) == (0, 0), (settled, again)
