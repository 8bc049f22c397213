"""Several queries that are asked at once say what each of them would, on both databases."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.database.models import Channel
from tradepost.database.several import CountStatement, counted_keys, counts_of, few_keys, few_rows, first_keys

LETTERS = "abcde"
EVERY_WAY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Of rows without a name that begins with one of these there are none, and Django knows it of no names at all.
GROUPS = st.lists(st.lists(st.lists(st.sampled_from([*LETTERS, "x"]), max_size=2), max_size=3), max_size=4)
# Each row of one query only, as the parts of a list are.
PARTS = st.permutations([*LETTERS, "x"]).flatmap(lambda names: st.integers(0, 6).map(lambda most: names[:most]))


@pytest.fixture
def rows(database) -> list[Channel]:
    return [Channel.objects.create(name=f"{letter}{number}") for number in range(4) for letter in LETTERS[number:]]


def beginning_with(letter: str):
    return Channel.objects.filter(name__startswith=letter)


def test_counts_of_many_groups_are_one_question(rows):
    @EVERY_WAY
    @given(GROUPS, st.integers(1, 6))
    def compare(groups: list[list[list[str]]], up_to: int) -> None:
        asked = [
            [Channel.objects.filter(name__in=[row.name for row in rows if row.name[0] in names]) for names in group]
            for group in groups
        ]
        with CaptureQueriesContext(connection) as queries:
            found = counts_of(asked, up_to=up_to)

        assert found == [min(up_to, sum(query.count() for query in group)) for group in asked]
        assert len(queries) <= 1

    compare()


def test_the_first_of_several_queries_are_those_of_all_together(rows):
    @EVERY_WAY
    @given(PARTS, st.sampled_from(["pk", "-pk", "name", "-name"]), st.integers(1, 20), st.integers(-1, 16))
    def compare(letters: list[str], order: str, most: int, place: int) -> None:
        parts = [beginning_with(letter) for letter in letters]
        every = [row for row in rows if row.name[0] in letters]
        is_descending = order.startswith("-")
        key = (lambda row: row.pk) if "pk" in order else (lambda row: row.name)
        wanted = [row.pk for row in sorted(every, key=key, reverse=is_descending)][:most]
        names = [order] if "pk" in order else [order, "-pk" if is_descending else "pk"]

        assert few_keys(parts, up_to=len(rows), order=names, most=most) == wanted
        if parts:
            assert first_keys(parts, order=names, most=most) == wanted
        assert {row.pk for row in few_rows(Channel.objects.all(), parts, up_to=len(rows))} == {row.pk for row in every}
        beyond = rows[place].pk if 0 <= place < len(rows) else None
        numbers = sorted((row.pk for row in every), reverse=is_descending)
        assert counted_keys(parts, up_to=len(rows), is_descending=is_descending, beyond=beyond, most=most) == (
            len(every),
            [pk for pk in numbers if beyond is None or (pk < beyond if is_descending else pk > beyond)][:most],
        )

    compare()


def test_what_was_beyond_the_bound_a_moment_ago_is_not_counted_again(rows):
    moments = iter([0.0, 10.0, 40.0])
    counted = CountStatement([[beginning_with("a")], [beginning_with("e")]], up_to=3, clock=lambda: next(moments))
    assert counted.numbers() == [1, 3]
    Channel.objects.all().delete()

    assert counted.numbers() == [0, 3]
    assert counted.numbers() == [0, 0]
