"""Answers that are nearly JSON: what is no value becomes a text, and nothing else is touched."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.miva.wire.mending import mended

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values, st.sampled_from([None, 2]), st.booleans())
def test_what_is_json_stays_as_it_is_byte_for_byte(value, indent, is_ascii):
    body = json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode()

    assert mended(body) == body


@given(values, st.sampled_from(["NaN", "-nan", "Infinity", "1.#IND", "01", ".5", "", "undefined"]), values)
def test_what_is_no_value_is_a_text_of_the_same_characters_and_the_rest_is_read(before, odd, after):
    body = f'{{"before": {json.dumps(before)}, "odd": {odd}, "after": {json.dumps(after)}}}'.encode()

    assert json.loads(mended(body)) == {"before": before, "odd": odd, "after": after}


@pytest.mark.parametrize("body", [b'"\\' * 100_000, b'"' + b"\\" * 100_001, b'{"a":"' + b"x\\" * 100_000])
def test_a_text_without_an_end_is_passed_once(body):
    """Begun anew at each of its marks, it would take minutes."""
    assert mended(body) == body
