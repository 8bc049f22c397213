"""Barcodes: what a number of GS1 must end in, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.catalogue.barcodes import is_rounded, right_check_digit

RIGHT = ["4006381333931", "012345678905", "96385074", "10012345678902", "9780306406157"]


@pytest.mark.parametrize("barcode", RIGHT)
def test_the_last_digit_of_a_right_number_is_the_one_it_should_be(barcode):
    assert right_check_digit(barcode) == barcode[-1]


@given(st.sampled_from(RIGHT), st.data())
def test_one_wrong_digit_is_always_found(barcode, data):
    place = data.draw(st.integers(0, len(barcode) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != barcode[place]]))
    wrong = barcode[:place] + digit + barcode[place + 1 :]

    assert right_check_digit(wrong) != wrong[-1]


@pytest.mark.parametrize("barcode", ["", "4001", "ABC-12345", "030640615X", "٤٠٠٦٣٨١٣٣٣٩٣١", "123456789012345"])
def test_anything_else_is_of_another_kind(barcode):
    assert right_check_digit(barcode) == ""


@pytest.mark.parametrize(
    ("barcode", "expected"),
    [("4.00638E+12", True), ("4,00638e+12", True), ("4E+12", True), ("4006381333931", False), ("E12", False)],
)
def test_what_a_spreadsheet_rounded_is_known_by_its_exponent(barcode, expected):
    assert is_rounded(barcode) is expected
