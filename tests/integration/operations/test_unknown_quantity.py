"""Products whose quantity no source states: the store is the source, and what a hide found there comes back."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import transaction

from attentions import kinds_of, reason_of
from miva_sandbox import provisioning
from miva_sandbox.faults.rules import Rule
from miva_sandbox.state import modules
from stock_shop import LOST_ANSWER, MeanwhileStore, StockShop, answer_lost
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.stock.explanations import explained_stocks
from tradepost.domain.errors import StoreUnavailable
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Outcome
from tradepost.domain.stock.stock_explanation import explain
from tradepost.operations.catalogue.catalogue_changes import CatalogueChangePorts, carry_out, plan_count

from .conftest import ALL_RIGHTS, CUP, EIGHT, HEADER, MUG

UNKNOWN = HEADER + MUG.replace(",14,", ",,")
FOUND = 9

HIS_MUG = (
    "<Product_Add><Code>MUG-01</Code><SKU>MUG-01</SKU><Name>Mug</Name><Price>7.90</Price><Active>Yes</Active>"
    '</Product_Add><InventoryProductSettings_Update product_code="MUG-01"><TrackProduct>Yes</TrackProduct>'
    f"<CurrentStock>{FOUND}</CurrentStock></InventoryProductSettings_Update>"
)


class UnreachableStore:
    """A store that can be read, and goes away before anything is written."""

    def __init__(self, store) -> None:
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def write_stock(self, writes):
        raise StoreUnavailable("The store is away.")


def linked(shop: StockShop, text: str = UNKNOWN) -> StockShop:
    """The merchant had the mug on the store before the hub came, and the file does not say how many there are."""
    assert list(provisioning.run(shop.sandbox.store, HIS_MUG)) == []
    shop.import_text(text)
    shop.publish()
    return shop


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def counting(request, sandbox, sqlite, tmp_path):
    """A shop whose counts can be read: by right, or because the store tells what baskets hold."""
    made = StockShop(sandbox, tmp_path, token=request.param)
    yield linked(made)
    made.close()


def on_sale(shop: StockShop):
    return shop.on_store()["mug-01"].stock.count


def state_count(shop: StockShop, sku: str, number: int) -> None:
    history = SimpleNamespace(keep=lambda *_, **__: None)
    ports = CatalogueChangePorts(DjangoCatalogue(), {shop.channel.pk: shop.listings}, history, transaction.atomic)
    carry_out(plan_count(sku, number, ports, by="ann", at=shop.clock()), ports)


def ordered(shop: StockShop, pieces: int) -> int:
    shopper = shop.sandbox.shopper()
    shopper.add("MUG-01", pieces, {})
    return shopper.check_out().order_id


@pytest.mark.parametrize("token", [EIGHT, ALL_RIGHTS])
def test_what_nobody_counts_is_published_as_sold_out_and_everybody_is_told(sandbox, sqlite, tmp_path, shopper, token):
    shop = StockShop(sandbox, tmp_path, token=token)
    without = HEADER + MUG + CUP.replace(",7,", ",,")
    told = "how many there are of CUP-01, so it is published with 0"

    preview, report = (shop.import_text(without, is_dry=is_dry) for is_dry in (True, False))
    run = shop.publish()
    first, flagged = set(shopper.sold(["CUP-01", "MUG-01"])), reason_of(shop.listing("CUP-01"), "quantity_unknown")
    explained = explain(explained_stocks([shop.listing("CUP-01").pk])[0], now=datetime.now(UTC), when_synced="")
    again = shop.import_text(without)
    shop.import_text(HEADER + MUG + CUP)
    shop.sync()

    for said in (preview, report):
        assert [told in entry.message for entry in said.reports] == [True]
    assert (run.bad(), first, told in flagged) == ([], {"MUG-01"}, True)
    assert "so it was published with 0" in explained[0]
    assert again.reports == []
    assert set(shopper.sold(["CUP-01", "MUG-01"])) == {"MUG-01", "CUP-01"}
    assert kinds_of(shop.listing("CUP-01")) == set()
    shop.close()


def test_what_the_merchant_had_on_the_store_is_no_unknown_quantity(counting, shopper):
    counting.sync()

    assert kinds_of(counting.listing("MUG-01")) == set()
    assert set(shopper.sold(["MUG-01"])) == {"MUG-01"}


def test_unhide_puts_back_what_hide_found_where_nobody_states_a_quantity(counting, shopper):
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()
    hidden = shopper.sold(["MUG-01"])

    counting.queue(Pending.UNHIDE, "MUG-01")
    run = counting.sync()

    assert (hidden, run.bad()) == ({}, [])
    assert on_sale(counting) == FOUND
    assert set(shopper.sold(["MUG-01"])) == {"MUG-01"}
    assert kinds_of(counting.listing("MUG-01")) == set()


def test_a_draft_of_unknown_quantity_comes_back_with_its_pieces(sandbox, sqlite, tmp_path, shopper):
    header, row = HEADER.replace("\n", ",Status\n"), MUG.strip().replace(",14,", ",,")
    shop = linked(StockShop(sandbox, tmp_path, token=ALL_RIGHTS), f"{header}{row},active\n")

    shop.import_text(f"{header}{row},draft\n")
    shop.sync()
    hidden = shopper.sold(["MUG-01"])
    shop.import_text(f"{header}{row},active\n")
    shop.sync()

    assert (hidden, on_sale(shop)) == ({}, FOUND)
    assert set(shopper.sold(["MUG-01"])) == {"MUG-01"}
    shop.close()


def test_a_hide_that_is_taken_back_while_it_is_sent_puts_back_what_it_found(counting, shopper):
    counting.queue(Pending.HIDE, "MUG-01")
    store = MeanwhileStore(counting.store, lambda: counting.queue(Pending.UNHIDE, "MUG-01"))
    counting.sync(store=store)

    run = counting.sync()

    assert (run.bad(), on_sale(counting)) == ([], FOUND)
    assert set(shopper.sold(["MUG-01"])) == {"MUG-01"}


def test_a_hide_that_was_taken_back_is_forgotten_and_the_next_one_counts_anew(counting):
    counting.queue(Pending.HIDE, "MUG-01")
    with answer_lost():
        counting.sync(store=UnreachableStore(counting.store))
    counting.queue(Pending.UNHIDE, "MUG-01")
    ordered(counting, FOUND)
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()

    counting.queue(Pending.UNHIDE, "MUG-01")
    counting.sync()

    assert on_sale(counting) == 0


def test_a_hide_that_is_made_again_keeps_what_the_first_one_found(counting):
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()
    counting.queue(Pending.UNHIDE, "MUG-01")
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()

    counting.queue(Pending.UNHIDE, "MUG-01")
    counting.sync()

    assert on_sale(counting) == FOUND


def test_pieces_that_an_order_gave_back_while_it_was_hidden_come_back_too(counting):
    order = ordered(counting, 2)
    counting.sync()
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()

    counting.merchant.cancel(order)
    counting.get_orders()
    counting.sync()
    again = on_sale(counting)
    counting.queue(Pending.UNHIDE, "MUG-01")
    counting.sync()

    assert (again, on_sale(counting)) == (0, FOUND)


def test_a_hide_whose_answer_was_lost_has_noted_what_it_took(sandbox, sqlite, tmp_path):
    shop = linked(StockShop(sandbox, tmp_path, token=ALL_RIGHTS))
    sandbox.faults.add(Rule(kind="drop_after", function="InventoryProductSettings_Update", times=1))
    shop.queue(Pending.HIDE, "MUG-01")
    with answer_lost():
        shop.sync()
    lost = on_sale(shop)

    shop.wait(LOST_ANSWER)
    shop.sync()
    shop.queue(Pending.UNHIDE, "MUG-01")
    shop.sync()

    assert (lost, on_sale(shop)) == (0, FOUND)
    shop.close()


def test_an_unhide_whose_answer_was_lost_puts_nothing_back_that_was_sold_since(sandbox, sqlite, tmp_path):
    shop = linked(StockShop(sandbox, tmp_path, token=ALL_RIGHTS))
    shop.queue(Pending.HIDE, "MUG-01")
    shop.sync()
    sandbox.faults.add(Rule(kind="drop_after", function="InventoryProductSettings_Update", times=1))
    shop.queue(Pending.UNHIDE, "MUG-01")
    with answer_lost():
        shop.sync()
    ordered(shop, 2)

    shop.wait(LOST_ANSWER)
    shop.sync()
    shop.sync()

    assert (on_sale(shop), shop.listing("MUG-01").health) == (FOUND - 2, "listed")
    shop.close()


def test_what_hide_found_outlives_unlinking(counting, shopper):
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()
    counting.unlink("MUG-01")
    counting.queue(Pending.PUBLISH, "MUG-01")
    counting.publish()

    counting.queue(Pending.UNHIDE, "MUG-01")
    counting.sync()

    assert on_sale(counting) == FOUND
    assert set(shopper.sold(["MUG-01"])) == {"MUG-01"}


def test_a_quantity_that_is_stated_meanwhile_counts_and_not_what_was_found(counting):
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()
    counting.import_text(HEADER + MUG.replace(",14,", ",3,"))
    kept = counting.listing("MUG-01").hidden_count

    counting.queue(Pending.UNHIDE, "MUG-01")
    counting.sync()

    assert (kept, on_sale(counting)) == (None, 3)


def test_what_was_found_is_forgotten_when_it_is_shown_again(counting):
    counting.queue(Pending.HIDE, "MUG-01")
    counting.sync()
    found = counting.listing("MUG-01").hidden_count
    counting.queue(Pending.UNHIDE, "MUG-01")
    counting.sync()

    assert (found, counting.listing("MUG-01").hidden_count) == (FOUND, None)


def test_where_no_count_can_be_read_unhide_names_the_command_that_states_one(sandbox, sqlite, tmp_path, shopper):
    modules.remove(sandbox.store, modules.BASKET_INVENTORY)
    shop = linked(StockShop(sandbox, tmp_path, token=EIGHT))
    shop.queue(Pending.HIDE, "MUG-01")
    shop.sync()

    shop.queue(Pending.UNHIDE, "MUG-01")
    run = shop.sync()

    assert [result.outcome for result in run.results if result.message] == [Outcome.FAILED]
    assert "'tradepost catalogue state-count MUG-01 NUMBER'" in reason_of(shop.listing("MUG-01"), "stock_failed")
    assert shopper.sold(["MUG-01"]) == {}
    state_count(shop, "MUG-01", 4)
    shop.sync()
    assert (on_sale(shop), set(shopper.sold(["MUG-01"]))) == (4, {"MUG-01"})
    shop.close()
