"""Counting products and reading the least of them, of a sandbox and of stores that misbehave."""

import pytest

from miva_sandbox.control import bulk
from tradepost.domain.errors import StoreUnavailable, UnexpectedAnswer
from tradepost.miva.store import MivaStore
from tradepost.operations.ports import ExistingProduct, IdRange, RangeCount


@pytest.fixture
def filled(sandbox, store):
    """Products 1 to 9 without 4; number n was created at n and changed at 10 * n."""
    bulk.add_products(sandbox.store, 9)
    sandbox.store.db.execute("UPDATE products SET dt_created = id, dt_updated = 10 * id")
    sandbox.store.db.execute("DELETE FROM products WHERE id = 4")
    return store


def product(number):
    return ExistingProduct(number, f"SEED-{number}", number, 10 * number)


def test_products_are_paged_by_id_above_one_and_from_a_time_on(filled):
    assert list(filled.iterate_existing(page_size=5)) == [
        [product(n) for n in (1, 2, 3, 5, 6)],
        [product(n) for n in (7, 8, 9)],
    ]
    assert list(filled.iterate_existing(after=7)) == [[product(8), product(9)]]
    assert list(filled.iterate_existing(changed_from=80)) == [[product(8), product(9)]]
    assert list(filled.iterate_existing(after=9)) == []


def test_ranges_are_counted_with_the_highest_id_in_one_request(sandbox, filled):
    sandbox.log.clear()

    counts = filled.count_existing([IdRange(0, 9), IdRange(2, 4), IdRange(3, 4)])

    assert counts == [RangeCount(8, 9), RangeCount(1, 3), RangeCount(0, None)]
    assert [len(request.operations) for request in sandbox.log.requests()] == [3]


def test_ranges_are_read_in_few_requests(sandbox, filled):
    sandbox.log.clear()

    found = filled.existing_between([IdRange(number - 1, number) for number in range(1, 10)])

    assert found == [[product(n)] if n != 4 else [] for n in range(1, 10)]
    assert [len(request.operations) for request in sandbox.log.requests()] == [5, 4]


def test_products_are_read_by_id_200_in_a_request(sandbox, filled):
    sandbox.log.clear()

    found = filled.existing_by_id(range(1, 402))

    assert sorted(found) == [product(n) for n in (1, 2, 3, 5, 6, 7, 8, 9)]
    assert len(sandbox.log.requests()) == 3


def test_the_latest_changes_come_first(filled):
    assert filled.latest_changed(limit=2) == ([product(9), product(8)], 8)
    assert filled.latest_changed(changed_from=85, limit=2) == ([product(9)], 1)


def test_a_range_with_more_products_than_there_can_be_is_refused(filled):
    with pytest.raises(UnexpectedAnswer, match="where there can be 3 at most"):
        filled.existing_between([IdRange(0, 9)], limit=3)


def _page(*ids, total=None):
    rows = [{"id": number, "code": f"c{number}"} for number in ids]
    return {"success": 1, "data": {"total_count": len(ids) if total is None else total, "data": rows}}


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (_page(3, 4, 11), "ignores the filter"),
        (_page(4, 3), "or the order"),
        (_page(3, 3), "or the order"),
        (_page(3, 4, total=5), "counts 5 products from 3 to 10, and returns 2"),
        (_page(total=1), "counts 1 products"),
    ],
)
def test_a_part_of_a_range_is_never_taken_for_the_whole(scripted, page, message):
    client, _ = scripted((200, {}, [page]))

    with pytest.raises(UnexpectedAnswer, match=message):
        MivaStore(client).existing_between([IdRange(2, 10)])


def test_a_lost_answer_of_one_count_is_no_count(scripted):
    client, _ = scripted((206, {"Content-Range": "1/2"}, [_page(3)]), (500, {}, b"down"))

    with pytest.raises(StoreUnavailable):
        MivaStore(client).count_existing([IdRange(0, 3), IdRange(3, 6)])


def test_a_store_without_times_of_change_leaves_them_at_nothing(scripted):
    client, _ = scripted((200, {}, _page(3)))

    assert MivaStore(client).latest_changed(limit=1) == ([ExistingProduct(3, "c3", 0, 0)], 1)
