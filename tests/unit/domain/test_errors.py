"""Errors are sentences that an operator can act on."""

from tradepost.domain.errors import Reconfigure, StoreDoubted, quoted


def test_what_somebody_else_wrote_is_quoted_and_shortened_where_it_is_long():
    assert quoted("UPS") == "'UPS'"
    assert quoted("x" * 100) == f"'{'x' * 100}'"
    assert quoted("x" * 101) == f"'{'x' * 100}...'"


def test_a_store_that_is_doubted_says_why_and_the_command_that_ends_it():
    error = StoreDoubted("Half of its products are gone.")

    assert isinstance(error, Reconfigure)
    assert error.reason == "Half of its products are gone."
    assert str(error).startswith("Half of its products are gone. Nothing is written")
    assert "'tradepost channel confirm-store'" in str(error)
