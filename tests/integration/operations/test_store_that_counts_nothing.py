"""A store that counts no stock, by its switch for everything: nothing is written that would look like a limit."""

import pytest

from attentions import kinds_of, reason_of
from miva_sandbox.state import inventory
from tradepost.domain.errors import UnexpectedAnswer
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Outcome

from .conftest import ALL_RIGHTS, CATALOGUE, Shop
from .test_orders import Shopper


@pytest.fixture
def seeing(sandbox, sqlite, tmp_path):
    """A shop whose token sees what the store counts, with its catalogue on sale."""
    made = Shop(sandbox, tmp_path, token=ALL_RIGHTS)
    made.import_text(CATALOGUE)
    assert made.publish().bad() == []
    assert made.sync().bad() == []
    yield made
    made.close()


def count_stock(shop, *, is_on):
    inventory.change_settings(shop.sandbox.store, {"active": int(is_on)})


def test_a_hide_waits_until_the_store_counts_and_says_so(seeing):
    """R33: a stock of 0 that stops no sale is no hide."""
    shopper = Shopper(seeing.sandbox.storefront)
    count_stock(seeing, is_on=False)
    seeing.queue(Pending.HIDE, "MUG-01")

    refused = seeing.sync()
    listing = seeing.listing("MUG-01")
    waiting = (listing.health, listing.pending, kinds_of(listing))
    reason = reason_of(listing, Attention.STOCK_FAILED)
    shopper.buy("MUG-01", quantity=99)
    count_stock(seeing, is_on=True)
    done = seeing.sync()

    assert [r.outcome for r in refused.results if r.outcome is not Outcome.UNCHANGED] == [Outcome.FAILED]
    assert waiting == ("listed", "hide", {Attention.STOCK_FAILED})
    assert "MUG-01 can't be hidden. The store counts no stock at all" in reason
    assert "Track Inventory" in reason
    assert done.bad() == []
    # What was sold without an end is more than there was.
    assert (seeing.listing("MUG-01").health, kinds_of(seeing.listing("MUG-01"))) == ("hidden", {Attention.OVERSOLD})
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("MUG-01")
