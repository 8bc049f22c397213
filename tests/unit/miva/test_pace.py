"""Batches follow the time that the store takes."""

from tradepost.miva.wire.pace import Pace, split


def test_a_fast_store_gets_larger_batches_up_to_the_largest():
    pace = Pace(start=10, largest=35, seconds=10)

    sizes = []
    for _ in range(3):
        pace.took(0.5, calls=pace.size)
        sizes.append(pace.size)

    assert sizes == [20, 35, 35]


def test_a_slow_store_gets_smaller_batches_at_once_but_never_none():
    pace = Pace(start=40, largest=100, seconds=10)

    pace.took(80, calls=40)
    assert pace.size == 5

    pace.took(500, calls=5)
    assert pace.size == 1


def test_a_fast_remainder_says_nothing():
    pace = Pace(start=40, largest=100, seconds=10)

    pace.took(0.1, calls=3)

    assert pace.size == 40


def test_splitting_keeps_order_and_everything():
    assert [list(part) for part in split(range(5), size=2)] == [[0, 1], [2, 3], [4]]
    assert list(split([], size=2)) == []
