"""What is read of a store."""

from dataclasses import replace

import pytest

from fakes.store_products import BLANK
from tradepost.domain.store import is_same_product, vouches


@pytest.mark.parametrize(
    ("known", "found", "is_same"),
    [(5, 5, True), (5, 6, False), (None, 6, True), (0, 6, True), (5, 0, True)],
)
def test_a_product_under_a_known_id_is_another_one_if_both_say_when_they_were_made_and_differ(known, found, is_same):
    assert is_same_product(known, found) is is_same


def test_when_a_product_was_changed_and_how_it_was_read_make_no_other_of_it():
    assert replace(BLANK, updated=7, absent=frozenset({"name"})) == BLANK
    assert replace(BLANK, created=7) != BLANK


def test_what_only_the_table_of_fields_reads_comes_before_what_a_product_has():
    product = replace(BLANK, name="Mug", more={"sku": "of the table"})

    assert [product.value(name) for name in ("name", "sku")] == ["Mug", "of the table"]


@pytest.mark.parametrize(("known", "found", "does"), [(None, 5, False), (0, 0, False), (5, 5, True), (5, 6, False)])
def test_only_a_product_that_is_known_by_when_it_was_made_vouches_for_a_store(known, found, does):
    assert vouches(known, found) is does
