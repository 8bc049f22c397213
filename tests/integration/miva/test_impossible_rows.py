"""Rows that no store should give: the order is reported and the rest goes on, a product is named."""

from decimal import Decimal

import pytest

from tradepost.domain.errors import StoreUnavailable, UnexpectedAnswer
from tradepost.miva.store import MivaStore


def order(text_id, **members):
    line = {"line_id": 1, "code": "tee", "quantity": 1, "price": "9.50", "total": "9.50", **members.pop("line", {})}
    rest = {"status": 0, "total": "9.50", **members}
    items = ",".join(f'"{name}":{value if is_raw(value) else quoted(value)}' for name, value in line.items())
    rest.setdefault("items", Number(f"[{{{items}}}]"))
    body = ",".join(f'"{name}":{value if is_raw(value) else quoted(value)}' for name, value in rest.items())
    return f'{{"id":{text_id},{body}}}'


class Number(str):
    """A number as it is written."""

    __slots__ = ()


def is_raw(value):
    return isinstance(value, Number | int)


def quoted(value):
    return f'"{value}"'


def page(*rows, total=None):
    total = len(rows) if total is None else total
    return (
        200,
        {},
        f'{{"success":1,"data":{{"total_count":{total},"data":[{",".join(rows)}]}}}}'.encode(errors="surrogateescape"),
    )


STORE = (200, {}, {"success": 1, "data": {"id": 1, "code": "acme", "wtunitcode": "lb"}})
HUGE = Number("1e999999999")
IMPOSSIBLE = [
    order(7, line={"quantity": HUGE}),
    order(7, line={"quantity": 2**40}),
    order(7, line={"quantity": Number("9" * 1_000_000)}),
    order(7, line={"price": HUGE}),
    order(7, line={"total": Number("9" * 1_000_000)}),
    order(7, line={"line_id": 2**70}),
    order(7, total=HUGE),
    order(7, total="NaN"),
    order(7, total="Infinity"),
    order(7, total_auth="sNaN"),
    order(7, total="abc"),
    order(7, items=Number("null")),
    order(7, total=Number("NaN")),
    order(7, total=Number("-nan(ind)")),
    order(7, line={"price": Number("Infinity")}),
    order(7, total=Number("")),
    order(7, orderdate=2**60),
    order(7, status="?"),
    order(7, ship_fname=Number("[]")),
    order(7, ship_fname=Number('"\udcff"')),  # a byte that is no UTF-8
]


@pytest.mark.parametrize("row", IMPOSSIBLE, ids=range(len(IMPOSSIBLE)))
def test_an_impossible_order_is_reported_and_the_rest_goes_on(scripted, row):
    client, _ = scripted(page(order(5), row, order(9)))

    found = MivaStore(client).orders_by_id([5, 7, 9])

    assert sorted(found) == [5, 9]
    (unreadable,) = found.unreadable.values()
    assert unreadable.number == "7"
    assert unreadable.reason.startswith("Order 7 on the store can't be read: ")
    assert len(unreadable.reason) < 300
    assert unreadable.payload.startswith('{"id":7,')


# What is no JSON at all, and which text the hub has of it.
ODD_TEXTS = {
    "a tab\there": "a tab\there",
    "two\nlines": "two\nlines",
    r"C:\my \"files\"": r"C:\my \"files\"",
    r"half a pair \ud83d": "half a pair ?",
    r"a line end\r\n, and a bare tab" + "\t": "a line end\r\n, and a bare tab\t",
}


@pytest.mark.parametrize("written", ODD_TEXTS)
def test_a_text_that_is_no_json_is_read_and_the_rest_of_the_page_is_as_it_was_sent(scripted, written):
    fine = order(5, ship_fname=r"Zo\u00eb, \"{NaN}\"", total="9.50")
    client, _ = scripted(page(fine, order(7, ship_fname=Number(f'"{written}"'), total=Number("12.3000"))))

    found = MivaStore(client).orders_by_id([5, 7])

    assert found.unreadable == {}
    assert (found[7].ship_to.first_name, str(found[7].total)) == (ODD_TEXTS[written], "12.3000")
    assert (found[5].ship_to.first_name, found[5].payload) == ('Zoë, "{NaN}"', fine)


def test_a_page_that_is_cut_off_is_not_taken_for_one_that_can_be_mended(scripted):
    status, headers, body = page(order(5), order(7, total=Number("NaN")), order(9))

    for length in (1, len(body) // 2, len(body) - 1):
        client, _ = scripted((status, headers, body[:length]))
        with pytest.raises(StoreUnavailable):
            MivaStore(client).orders_by_id([5, 7, 9])


def test_orders_asked_for_by_number_say_which_of_them_can_not_be_read(scripted):
    client, _ = scripted(page(order(5), order(7, total=HUGE)))

    found = MivaStore(client).orders_by_id([5, 6, 7])

    assert list(found) == [5]
    assert found.unreadable[7].reason == (
        "Order 7 on the store can't be read: its total is 1E+999999999, which is no amount."
    )


UNCOUNTABLE = [
    order(2**70),
    order(7, line={"quantity": HUGE}),
    order(7, line={"quantity": 2**40}),
    order(7, line={"quantity": -1}),
    order(7, line={"quantity": Number("9" * 1_000_000)}),
    order(7, line={"parts": Number('[{"code":"a","total_quantity":-2}]')}),
    order(7, line={"parts": Number('[{"code":"a"},{"code":"b","total_quantity":1e99}]')}),
    order(7, dt_updated="soon"),
    order(7, status="?"),
    order(7, items=Number("null")),
    order(7, line={"quantity": Number("NaN")}),
    order(7, dt_updated=Number("")),
]


@pytest.mark.parametrize("row", UNCOUNTABLE, ids=range(len(UNCOUNTABLE)))
def test_an_order_whose_pieces_can_not_be_counted_is_reported_and_the_rest_goes_on(scripted, row):
    client, script = scripted(page(order(5), row, total=3), page(order(2**71 if str(2**70) in row else 9)))
    number = str(2**70) if str(2**70) in row[:40] else "7"

    pages = list(MivaStore(client).sight_orders(above_id=0, updated_from=0, page_size=2))

    assert [found.id for found in pages[0].orders] == [5]
    (unreadable,) = pages[0].unreadable
    assert unreadable.number == number
    assert unreadable.reason.startswith(f"The pieces of order {number} can't be counted: ")
    assert len(unreadable.reason) < 300
    # The next page begins after it.
    assert str(script.requests[1].members["Filter"][0]["value"][0]["value"]) == number


def test_an_order_whose_number_can_not_be_read_is_reported_without_one(scripted):
    client, _ = scripted(page(order(5), '{"status":0}', order('"x"'), order("9" * 5000), order(9)))

    (got,) = MivaStore(client).sight_orders(above_id=0, updated_from=0)

    assert [found.id for found in got.orders] == [5, 9]
    assert [found.number for found in got.unreadable] == ["without a number", "x", "9" * 30]


def test_a_page_of_nothing_but_orders_without_numbers_is_no_way_on(scripted):
    client, _ = scripted(page('{"status":0}', total=5))

    with pytest.raises(UnexpectedAnswer, match="no way on"):
        list(MivaStore(client).sight_orders(above_id=0, updated_from=0, page_size=1))


def test_what_is_wrong_with_a_price_or_a_name_does_not_keep_pieces_from_being_counted(scripted):
    client, _ = scripted(page(order(7, total=HUGE, ship_fname=Number("[]"), line={"price": HUGE, "quantity": 3})))

    (sighted,) = MivaStore(client).sight_orders_by_id([7]).orders

    assert [(pieces.key, pieces.taken) for pieces in sighted.pieces] == [("tee", 3)]


@pytest.mark.parametrize(
    ("asks", "row"),
    [
        (lambda store: list(store.sight_orders(above_id=8, updated_from=100)), order(7, dt_updated=99)),
        (lambda store: list(store.sight_open_orders()), order(7, status=200)),
        (lambda store: store.sight_orders_by_id([5, 6]), order(7)),
    ],
    ids=["place", "open", "number"],
)
def test_a_store_that_ignores_what_was_asked_for_is_not_believed(scripted, asks, row):
    client, _ = scripted(page(row))

    with pytest.raises(UnexpectedAnswer):
        asks(MivaStore(client))


def test_parts_of_today_that_were_not_sold_then_count_for_nothing(scripted):
    """A pair that is in the catalogue since is not what a line of another SKU sold."""
    pair = Number('[{"code":"mug","sku":"MUG","quantity":2,"total_quantity":6}]')
    client, _ = scripted(page(order(7, line={"sku": "CUP", "quantity": 3, "parts": pair})))

    (sighted,) = MivaStore(client).sight_orders_by_id([7]).orders

    assert [(pieces.key, pieces.taken) for pieces in sighted.pieces] == [("cup", 3)]


@pytest.mark.parametrize("row", UNCOUNTABLE, ids=range(len(UNCOUNTABLE)))
def test_the_newest_order_is_the_newest_although_its_pieces_can_not_be_counted(scripted, row):
    client, _ = scripted(page(row), page(order(5, dt_updated=99)))

    newest = MivaStore(client).newest_orders()

    # A number that no hub can hold is no place from which to go on.
    assert [found.id for found in newest] == ([5] if str(2**70) in row else [7, 5])
    assert newest[-1].updated == 99


def test_lines_without_a_sku_are_known_by_their_options(scripted):
    chosen = Number('[{"attr_code":"size","opt_code":"S"},{"attr_code":"print","opt_code":"","data":"Ada"}]')
    parts = Number('[{"code":"tee-s","sku":"","quantity":1,"total_quantity":2}]')
    line = {"sku": "", "code": "tee", "quantity": 2, "parts": parts, "options": chosen}
    client, _ = scripted(page(order(7, line=line)))

    (sighted,) = MivaStore(client).sight_orders_by_id([7]).orders

    assert [(pieces.key, pieces.taken) for pieces in sighted.pieces] == [("tee?size=s", 2)]


def test_more_digits_than_are_reckoned_with_are_rounded_off(scripted):
    client, _ = scripted(page(order(5, total=Number("9.5" + "0" * 100_000 + "1"))))

    assert MivaStore(client).orders_by_id([5])[5].total == Decimal("9.5")


def product(number, **members):
    body = "".join(f',"{name}":{value if is_raw(value) else quoted(value)}' for name, value in members.items())
    return f'{{"id":{number},"code":"p{number}"{body}}}'


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (product(8, price=HUGE), r"product 'p8' \(id 8\) can't be read: its price is 1E\+999999999"),
        (product(8, weight="NaN"), "its weight is NaN"),
        (product(8, weight=Number("NaN")), "its weight is NaN"),
        (product(8, product_inventory=2**40), 'row with id 8, code "p8"'),
        (product(8, price="cheap"), 'row with id 8, code "p8"'),
        (product(2**70), f'row with id {2**70}, code "p{2**70}"'),
    ],
)
def test_a_product_with_an_impossible_row_is_named(scripted, row, says):
    client, _ = scripted(page(product(7), row), STORE)

    with pytest.raises(UnexpectedAnswer, match=says):
        MivaStore(client).products_by_id([7, 8])


def test_a_row_of_the_existence_pass_with_an_impossible_id_is_named(scripted):
    client, _ = scripted(page(product(7), product(2**70)))

    with pytest.raises(UnexpectedAnswer, match=f"row with id {2**70}"):
        list(MivaStore(client).iterate_rows())
