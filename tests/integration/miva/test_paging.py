"""Pages by id: every row once, an end only when the store says so, and no belief in a store that ignores filters."""

import threading
from functools import partial

import pytest
from msgspec import Struct

from miva_sandbox.state import products
from tradepost.domain.errors import StoreUnavailable, UnexpectedAnswer
from tradepost.miva.wire import functions
from tradepost.miva.wire.paging import PagesById


class Key(Struct):
    """The least that a page is walked by."""

    id: int
    code: str


QUERY = partial(functions.product_list_load_query, row=Key)


def page(*ids, total=None):
    rows = [{"id": number, "code": f"p{number}"} for number in ids]
    answer = {"total_count": len(ids) if total is None else total, "start_offset": 0, "data": rows}
    return (200, {}, {"success": 1, "data": answer})


def walk(client, **settings):
    return [[row.id for row in rows] for rows in PagesById(client, QUERY, page_size=2, **settings)]


def test_rows_that_come_and_go_between_pages_are_neither_skipped_nor_repeated(sandbox, connect):
    store = sandbox.store
    ids = [products.insert(store, products.Product(code=f"p{number}", name="P")) for number in range(6)]
    seen = []

    for rows in PagesById(connect(), QUERY, page_size=2):
        seen += [row.id for row in rows]
        if len(seen) == 2:
            products.delete(store, ids[0])
            products.delete(store, ids[4])
            products.insert(store, products.Product(code="late", name="L"))

    assert seen == [1, 2, 3, 4, 6, 7]


def test_each_page_begins_after_the_last_id(scripted):
    client, script = scripted(page(3, 4, total=3), page(9))

    assert walk(client, after=2) == [[3, 4], [9]]

    asked = [request.members for request in script.requests]
    assert [one["Filter"][0]["value"][0]["value"] for one in asked] == [2, 4]
    assert {(one["Sort"], one["Offset"], one["Count"]) for one in asked} == {("id", 0, 2)}


def test_a_page_that_came_short_is_not_the_end(scripted):
    client, _ = scripted(page(1, total=3), page(2, 3))

    assert walk(client) == [[1], [2, 3]]


@pytest.mark.parametrize(
    "answers",
    [
        [page(1, 2, total=4), page(1, 2, total=4)],
        [page(2, 1, total=2)],
        [page(1, 1, total=2)],
        [page(1, 2, 3)],
        [page(total=5)],
        [page(1, 2, total=3), page(total=1)],
    ],
)
def test_a_store_that_goes_in_circles_or_ignores_what_was_asked_is_not_believed(scripted, answers):
    client, _ = scripted(*answers)

    with pytest.raises(UnexpectedAnswer):
        walk(client)


def test_a_row_that_was_not_asked_for_is_noticed(scripted):
    client, _ = scripted(page(1, 2))

    with pytest.raises(UnexpectedAnswer, match="row 2"):
        walk(client, satisfies=lambda row: row.code == "p1")


def test_a_page_that_fails_is_never_taken_for_the_end(scripted):
    client, _ = scripted(page(1, 2, total=3), (500, {}, b"<html>"))

    with pytest.raises(StoreUnavailable):
        walk(client)


def test_pages_that_do_not_end_are_given_up(scripted, monkeypatch):
    monkeypatch.setattr("tradepost.miva.wire.paging._GROWTH", 10)
    pages = [page(number * 2 + 1, number * 2 + 2, total=4) for number in range(100)]
    client, script = scripted(*pages)

    with pytest.raises(UnexpectedAnswer, match="do not end"):
        walk(client)

    assert len(script.requests) < 15


def test_rows_that_are_added_while_a_store_is_walked_through_are_no_reason_to_stop(scripted):
    pages = [page(number * 2 + 1, number * 2 + 2, total=4) for number in range(20)]
    client, _ = scripted(*pages, page(41, 42))

    assert len(walk(client)) == 21


def test_whoever_stops_between_two_pages_does_not_wait_for_the_next(scripted):
    release = threading.Event()
    client, _ = scripted(page(1, 2, total=4), lambda handler: release.wait(30))
    pages = iter(PagesById(client, QUERY, page_size=2))
    next(pages)

    stopping = threading.Thread(target=pages.close)
    stopping.start()
    stopping.join(60)
    has_stopped = not stopping.is_alive()
    release.set()
    stopping.join()

    assert has_stopped
