"""What a look at a connection says of stock."""

import pytest

from fakes.connector import FakeConnector
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.channels.connection_check import look_at
from tradepost.operations.ports import ChannelProfile, ChannelSettings, StockCheck, StoreConnection


def look(stock, *, known=StockMode.UNKNOWN):
    """What is found of stock: whether it is well, and the words, by the last word of the question."""
    connector = FakeConnector()
    connector.stock = stock
    settings = ChannelSettings(1, "my shop", ContentRules(), stock_mode=known)
    profile = ChannelProfile(settings=settings, store=StoreConnection(domain="shop.example", store_code="S"))
    return {finding.name: (finding.is_good, finding.words) for finding in look_at(profile, connector).store}


@pytest.mark.parametrize(
    ("is_read", "words"),
    [(True, "quantities are proven"), (False, "the right to view inventory would prove"), (None, "no product yet")],
)
def test_it_says_whether_counts_can_be_read_and_what_would_prove_them(is_read, words):
    is_good, told = look(StockCheck(is_read=is_read))["store: stock"]

    assert (is_good, words in told) == (True, True)


@pytest.mark.parametrize(
    ("refusal", "is_good", "words"),
    [(None, True, "not tried"), ("", True, "a move by 0 was taken"), ("Permission denied", False, "Permission denied")],
)
def test_a_move_that_is_refused_is_a_fault_and_one_that_was_not_tried_none(refusal, is_good, words):
    found = look(StockCheck(move_refusal=refusal))["store: moves of stock"]

    assert (found[0], words in found[1]) == (is_good, True)


@pytest.mark.parametrize(
    ("seen", "known", "is_good", "words"),
    [
        (StockMode.UNKNOWN, StockMode.UNKNOWN, True, "channel set 'my shop' --stock-mode checkout' or"),
        (StockMode.CHECKOUT, StockMode.UNKNOWN, True, "channel set 'my shop' --stock-mode checkout'"),
        (StockMode.UNKNOWN, StockMode.CHECKOUT, True, "takes stock at the checkout"),
        (StockMode.BASKET, StockMode.BASKET, True, "At the checkout would be better"),
        (StockMode.BASKET, StockMode.CHECKOUT, False, "channel set 'my shop' --stock-mode basket'"),
    ],
)
def test_the_stock_mode_is_asked_for_recommended_and_compared(seen, known, is_good, words):
    found = look(StockCheck(mode=seen), known=known)["store: stock mode"]

    assert (found[0], words in found[1]) == (is_good, True)


@pytest.mark.parametrize(
    ("counts_baskets", "words"),
    [(True, "tells what baskets hold"), (False, "baskinv"), (None, "no product yet")],
)
def test_it_says_whether_the_store_tells_what_baskets_hold(counts_baskets, words):
    is_good, told = look(StockCheck(counts_baskets=counts_baskets))["store: baskets"]

    assert (is_good, words in told) == (True, True)


@pytest.mark.parametrize(("mode", "is_proven"), [(StockMode.BASKET, True), (StockMode.CHECKOUT, False)])
def test_a_token_that_sees_no_counts_proves_quantities_by_what_is_told_with_baskets(mode, is_proven):
    is_good, told = look(StockCheck(is_read=False, counts_baskets=True, mode=mode))["store: stock"]

    assert is_good
    assert ("together with what baskets hold" in told) is is_proven
