"""Filters mean what they say, and what a store would misunderstand is refused."""

import pytest

from tradepost.miva.wire.filters import Condition, all_of, any_of, columns, is_one_of


def test_all_of_makes_an_entry_for_each_condition_and_any_of_one_for_all():
    first, second = Condition("active", "TRUE"), Condition("id", "GT", 7)
    one, two = {"field": "active", "operator": "TRUE", "value": ""}, {"field": "id", "operator": "GT", "value": 7}

    assert all_of(first, second) == [{"name": "search", "value": [one]}, {"name": "search", "value": [two]}]
    assert any_of(first, second) == [{"name": "search", "value": [one, two]}]


def test_a_list_of_values_is_parted_by_commas():
    assert is_one_of("code", ["a", " b "]) == Condition("code", "IN", "a,b")


@pytest.mark.parametrize("values", [[], [""], ["a", " "], ["a,b"]])
def test_a_list_that_would_match_something_else_is_refused(values):
    with pytest.raises(ValueError, match="code"):
        is_one_of("code", values)


def test_any_of_nothing_is_refused():
    with pytest.raises(ValueError, match="every row"):
        any_of()


def test_columns_are_asked_for_in_the_filter():
    assert columns(["descrip"]) == [{"name": "ondemandcolumns", "value": ["descrip"]}]
    assert columns([]) == []
