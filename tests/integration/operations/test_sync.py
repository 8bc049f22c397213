"""Sync against a sandbox store, with the eight-function token and with all rights."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from attentions import kinds_of, reason_of
from miva_sandbox import provisioning
from miva_sandbox.state import inventory, modules, tokens
from miva_sandbox.state.baskets import OutOfStock
from tradepost.domain.errors import PermissionMissing, Reconfigure
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Action, Outcome, Proof, RunState
from tradepost.operations.listings.queue_changes import plan_pause
from tradepost.operations.ports import UnitAnswer, WriteAnswer, WriteOutcome

from .conftest import CATALOGUE, CUP, HEADER, MUG, TEE


def _provision(shop, xml):
    assert list(provisioning.run(shop.sandbox.store, xml)) == []


def test_a_sync_with_nothing_to_do_writes_nothing(published):
    run = published.sync()

    assert (run.units, run.results) == ([], [])


def test_changed_prices_and_quantities_arrive_and_nothing_else_changes(published):
    before = published.on_store()
    published.import_text(HEADER + MUG.replace(",14,7.90,", ",20,8.50,") + CUP.replace(",7,4.50,", ",2,4.50,"))

    run = published.sync()

    after = published.on_store()
    assert run.bad() == []
    assert (after["mug-01"].price, after["mug-01"].stock.count) == (Decimal("8.5"), 20)
    assert (after["cup-01"].price, after["cup-01"].stock.count) == (Decimal("4.5"), 2)
    assert {code: p for code, p in after.items() if code not in {"mug-01", "cup-01"}} == {
        code: p for code, p in before.items() if code not in {"mug-01", "cup-01"}
    }


def test_a_second_sync_sends_nothing_again(published):
    """R28: what was sent is not sent again by the next sync."""
    published.import_text(HEADER + MUG.replace(",14,7.90,", ",20,8.50,"))
    published.sync()

    run = published.sync()

    assert run.results == []


@pytest.mark.parametrize("tells_baskets", [True, False])
def test_a_quantity_is_proven_by_reading_only_where_it_can_be_read(published, tells_baskets):
    if not tells_baskets:
        modules.remove(published.sandbox.store, modules.BASKET_INVENTORY)
    published.import_text(HEADER + MUG.replace(",14,", ",20,"))

    run = published.sync()

    (result,) = run.results
    assert (result.change.subject.key, result.proof) == (
        "MUG-01",
        Proof.READ if published.can_read_stock or tells_baskets else Proof.ANSWERED,
    )


def test_the_price_of_a_family_follows_its_cheapest_variant(published):
    published.import_text(HEADER + TEE.replace("5,15.00,4001", "5,12.00,4001"))

    published.sync()

    there = published.on_store()
    assert (there["tee"].price, there["tee-red-m"].price) == (Decimal(12), Decimal(12))


def test_hide_shows_a_variant_as_out_of_stock_and_unhide_puts_it_back(published):
    published.queue(Pending.HIDE, "TEE-RED-M")
    hidden = published.sync()
    published.import_text(HEADER + TEE.replace(",5,15.00,4001", ",9,15.00,4001"))
    held_back = published.sync()
    while_hidden = published.on_store()["tee-red-m"].stock
    published.queue(Pending.UNHIDE, "TEE-RED-M")

    unhidden = published.sync()

    assert [(r.change.action, r.outcome) for r in hidden.results] == [(Action.HIDE, Outcome.APPLIED)]
    assert held_back.results == []
    assert (while_hidden.count, while_hidden.is_tracked, while_hidden.hides_when_out) == (0, True, False)
    assert [(r.change.action, r.outcome) for r in unhidden.results] == [(Action.UNHIDE, Outcome.APPLIED)]
    assert published.on_store()["tee-red-m"].stock.count == 9
    assert published.listing("TEE-RED-M").health == "listed"


def test_hiding_a_parent_hides_the_whole_family(published):
    published.queue(Pending.HIDE, "tee")

    published.sync()

    there = published.on_store()
    assert [there[code].stock.count for code in ("tee-red-m", "tee-red-l", "tee-navy-l")] == [0, 0, 0]
    rows = published.listings.by_skus(["tee", "TEE-RED-M", "TEE-RED-L", "TEE-NAVY-L"])
    assert {row.status.health for row in rows} == {"hidden"}


def test_delist_removes_a_simple_product_for_good(published):
    published.queue(Pending.DELIST, "MUG-01")

    run = published.sync()

    assert run.bad() == []
    assert "mug-01" not in published.on_store()
    listing = published.listing("MUG-01")
    assert (listing.health, listing.link, listing.external_id) == ("delisted", "unlinked", None)


def test_a_delisted_variant_takes_its_option_off_the_page(published):
    published.queue(Pending.DELIST, "TEE-NAVY-L")

    run = published.sync()

    assert run.bad() == []
    tee = published.on_store()["tee"]
    assert [(a.code, [o.code for o in a.options]) for a in tee.attributes] == [
        ("Colour", ["Red"]),
        ("Size", ["M", "L"]),
    ]
    assert {v.part_codes for v in tee.variants} == {("TEE-RED-M",), ("TEE-RED-L",)}


def test_the_last_variant_takes_its_parent_along(published):
    published.queue(Pending.DELIST, "TEE-RED-M", "TEE-RED-L", "TEE-NAVY-L")

    published.sync()

    assert [code for code in published.on_store() if code.startswith("tee")] == []
    assert published.listing("tee").health == "delisted"


def test_a_delisted_listing_comes_back_by_publish_with_a_new_id_and_never_by_sync(published):
    old = published.on_store()["mug-01"].id
    published.queue(Pending.DELIST, "MUG-01")
    published.sync()
    published.sync()
    gone = "mug-01" not in published.on_store()
    published.queue(Pending.PUBLISH, "MUG-01")

    run = published.publish()

    assert gone
    assert run.bad() == []
    assert published.on_store()["mug-01"].id > old


def test_a_delisted_variant_comes_back_into_its_family(published):
    published.queue(Pending.DELIST, "TEE-NAVY-L")
    published.sync()
    published.queue(Pending.PUBLISH, "TEE-NAVY-L")

    run = published.publish()

    assert run.bad() == []
    tee = published.on_store()["tee"]
    assert {v.part_codes for v in tee.variants} == {("TEE-RED-M",), ("TEE-RED-L",), ("TEE-NAVY-L",)}


def test_a_delist_of_what_is_gone_already_counts_as_done(published):
    published.queue(Pending.DELIST, "MUG-01")
    _provision(published, '<Product_Delete code="MUG-01"/>')

    published.sync(only=[published.listing("MUG-01").pk])

    assert published.listing("MUG-01").health == "delisted"


def test_a_product_that_somebody_removed_becomes_a_broken_link(published):
    _provision(published, '<Product_Delete code="MUG-01"/>')

    run = published.sync()

    assert [(r.change.action, r.change.subject.key) for r in run.results] == [(Action.BREAK, "MUG-01")]
    listing = published.listing("MUG-01")
    assert (listing.link, kinds_of(listing)) == ("broken", {"broken_link"})
    assert published.listing("CUP-01").link == "linked"


def test_a_product_that_was_recoded_stays_linked_under_its_new_code(published):
    _provision(published, '<Product_Update code="MUG-01"><Code>MUG-NEW</Code></Product_Update>')

    published.sync()

    listing = published.listing("MUG-01")
    assert (listing.code, listing.link) == ("MUG-NEW", "linked")


def test_an_empty_store_breaks_nothing_but_stops_the_sync(sandbox, published):
    more = "".join(f"p{n},Product {n},,,,,,,,P-{n},1,1,1.00,,\n" for n in range(12))
    published.import_text(HEADER + more)
    published.publish()
    _provision(published, "".join(f'<Product_Delete code="P-{n}"/>' for n in range(12)))

    with pytest.raises(Reconfigure, match="store code"):
        published.sync()

    assert published.listing("P-3").link == "linked"


def test_a_preview_of_a_sync_changes_nothing(published):
    published.import_text(HEADER + MUG.replace(",14,7.90,", ",20,8.50,"))
    published.queue(Pending.DELIST, "CUP-01")

    run = published.sync(is_dry=True)

    fields = {(c.subject.key, c.action, c.fields[0].name) for unit in run.units for c in unit.changes}
    assert fields == {
        ("CUP-01", Action.DELIST, "external_id"),
        ("MUG-01", Action.UPDATE, "price"),
        ("MUG-01", Action.UPDATE, "quantity"),
    }
    assert published.on_store()["mug-01"].price == Decimal("7.9")
    assert published.listing("CUP-01").pending == "delist"


def test_a_price_that_may_not_be_sent_does_not_stop_quantities(published):
    published.import_text(HEADER + MUG.replace(",14,7.90,", ",20,8.50,"))
    tokens.change(published.sandbox.domain.db, published.token, req_ts=False)

    with pytest.raises(PermissionMissing):
        published.sync()

    mug = published.on_store()["mug-01"]
    assert (mug.price, mug.stock.count) == (Decimal("7.9"), 20)


def test_a_paused_listing_gets_nothing(published):
    published.import_text(HEADER + MUG.replace(",14,7.90,", ",20,8.50,"))
    paused = plan_pause(published.listings.by_skus(["MUG-01"]), is_paused=True)
    published.listings.set_status(paused.statuses)

    run = published.sync()

    assert run.results == []


def test_products_that_exist_are_linked_by_sku_and_then_kept_in_step(shop):
    shop.import_text(CATALOGUE, queue=False)
    _provision(
        shop,
        '<Module code="customfields" feature="util"><ProductField_Add><Code>product_type</Code><Name>Type</Name>'
        "<FieldType>textfield</FieldType></ProductField_Add></Module>"
        "<Product_Add><Code>theirs</Code><SKU>MUG-01</SKU><Name>Mug of theirs</Name><Price>9.00</Price></Product_Add>"
        '<Product_CustomField module="customfields" product="theirs" field="product_type">simple</Product_CustomField>',
    )

    run = shop.link()
    shop.sync()

    assert [(r.change.action, r.outcome) for r in run.results] == [(Action.LINK, Outcome.APPLIED)]
    there = shop.on_store()["theirs"]
    assert (there.name, there.price, there.stock.count) == ("Mug of theirs", Decimal("7.9"), 14)


def test_a_product_without_a_type_is_not_linked_and_the_reason_told(shop):
    shop.import_text(CATALOGUE, queue=False)
    _provision(
        shop, "<Product_Add><Code>theirs</Code><SKU>MUG-01</SKU><Name>Mug</Name><Price>9.00</Price></Product_Add>"
    )

    run = shop.link()

    (result,) = run.results
    assert result.outcome is Outcome.SKIPPED
    assert "product_type" in result.message
    assert shop.listing("MUG-01").link == "unlinked"


def test_a_sku_that_several_products_have_is_left_for_a_person(shop):
    shop.settings = replace(shop.settings, requires_product_type=False)
    shop.import_text(CATALOGUE, queue=False)
    for code in ("one", "two"):
        _provision(
            shop,
            f"<Product_Add><Code>{code}</Code><SKU>MUG-01</SKU><Name>Mug</Name><Price>9.00</Price></Product_Add>",
        )

    shop.link()

    listing = shop.listing("MUG-01")
    assert (listing.link, kinds_of(listing)) == ("unlinked", {"ambiguous_match"})
    assert re.search(r"one \(id \d+\), two \(id \d+\)", reason_of(listing, "ambiguous_match"))


def test_a_run_with_one_rejected_row_is_completed_with_errors(published, monkeypatch):
    published.import_text(HEADER + MUG.replace(",14,", ",20,"))
    refusal = [WriteAnswer(WriteOutcome.REFUSED, "The store is closed")]
    monkeypatch.setattr(published.store, "write_stock", lambda writes: refusal)

    run = published.sync()

    assert run.counts.state is RunState.COMPLETED_WITH_ERRORS
    assert reason_of(published.listing("MUG-01"), "stock_failed") == "The store is closed"


def test_what_fails_for_one_reason_is_shown_until_that_is_mended_whatever_else_goes_well(published, monkeypatch):
    price, both = MUG.replace(",7.90,", ",8.90,"), MUG.replace(",14,7.90,", ",20,8.90,")
    provision = published.store.provision
    refusal = UnitAnswer(WriteOutcome.DONE, refusals={0: "Too cheap"})
    monkeypatch.setattr(published.store, "provision", lambda units: [refusal for _ in units])
    published.import_text(HEADER + price)
    published.sync()
    since = published.listing("MUG-01").attentions.get().since

    published.import_text(HEADER + both)
    published.sync()
    only_the_count = published.on_store()["mug-01"]
    shown = kinds_of(published.listing("MUG-01"))
    again = published.listing("MUG-01").attentions.get().since
    monkeypatch.setattr(published.store, "provision", provision)
    published.sync()

    assert (only_the_count.price, only_the_count.stock.count) == (Decimal("7.9"), 20)
    assert (shown, again) == ({"price_failed"}, since)
    assert kinds_of(published.listing("MUG-01")) == set()
    assert published.on_store()["mug-01"].price == Decimal("8.9")


def test_what_need_not_be_sent_any_more_needs_nobody(published, monkeypatch):
    refusal = UnitAnswer(WriteOutcome.DONE, refusals={0: "Too cheap"})
    monkeypatch.setattr(published.store, "provision", lambda units: [refusal for _ in units])
    published.import_text(HEADER + MUG.replace(",7.90,", ",0.10,"))
    published.sync()
    flagged = kinds_of(published.listing("MUG-01"))

    published.import_text(HEADER + MUG)
    published.sync()

    assert (flagged, kinds_of(published.listing("MUG-01"))) == ({"price_failed"}, set())


def test_a_product_whose_code_another_listing_was_built_for_is_not_linked_to_a_third(shop):
    shop.import_text(CATALOGUE, queue=False)
    _provision(
        shop,
        '<Module code="customfields" feature="util"><ProductField_Add><Code>product_type</Code><Name>Type</Name>'
        "<FieldType>textfield</FieldType></ProductField_Add></Module>"
        "<Product_Add><Code>CUP-01</Code><SKU>MUG-01</SKU><Name>Confusing</Name><Price>9.00</Price></Product_Add>"
        '<Product_CustomField module="customfields" product="CUP-01" field="product_type">simple</Product_CustomField>',
    )

    run = shop.link(only=[shop.listing("MUG-01").pk])

    assert [(r.outcome, "CUP-01" in r.message) for r in run.results] == [(Outcome.SKIPPED, True)]
    assert kinds_of(shop.listing("MUG-01")) == {"match_taken"}


@pytest.mark.parametrize(
    ("change", "sku", "action"),
    [(Pending.HIDE, "TEE-RED-M", Action.HIDE), (Pending.DELIST, "MUG-01", Action.DELIST)],
)
def test_a_change_can_be_previewed_before_anybody_asks_for_it(published, change, sku, action):
    ids = [published.listing(sku).pk]

    run = published.sync(is_dry=True, only=ids, preview={"as_if": change})

    assert [(c.subject.key, c.action) for unit in run.units for c in unit.changes] == [(sku, action)]
    assert published.listing(sku).pending == ""


def test_a_preview_of_a_delist_of_all_variants_shows_the_parent_going_along(published):
    rows = published.listings.by_skus(["TEE-RED-M", "TEE-RED-L", "TEE-NAVY-L"])
    ids = [row.id for row in rows]

    run = published.sync(is_dry=True, only=ids, preview={"as_if": Pending.DELIST})

    assert {c.subject.key for unit in run.units for c in unit.changes} == {
        "tee",
        "TEE-RED-M",
        "TEE-RED-L",
        "TEE-NAVY-L",
    }


def test_an_overwrite_can_be_previewed_before_anybody_asks_for_it(published):
    published.import_text(HEADER + MUG.replace("Enamel Mug", "Big Mug"))
    ids = [published.listing("MUG-01").pk]

    run = published.publish(is_dry=True, only=ids, preview={"as_if": Pending.OVERWRITE})

    (field,) = [
        field for unit in run.units for change in unit.changes for field in change.fields if field.name == "name"
    ]
    assert (field.before, field.after) == ("Enamel Mug", "Big Mug")


# --- what the store does at zero by default --------------------------------------------------------------------------


@pytest.fixture
def oversold(shop):
    """A merchant's own product that may be sold to 100 below zero, by the store's defaults, linked to a listing."""
    inventory.change_settings(shop.sandbox.store, {"out_track": 1, "out_level": -100, "out_hide": 1})
    _provision(
        shop,
        "<Product_Add><Code>MUG-01</Code><SKU>MUG-01</SKU><Name>Mug</Name><Price>7.90</Price><Active>Yes</Active>"
        '</Product_Add><InventoryProductSettings_Update product_code="MUG-01"><TrackProduct>Yes</TrackProduct>'
        "<CurrentStock>14</CurrentStock></InventoryProductSettings_Update>",
    )
    shop.settings = replace(shop.settings, requires_product_type=False)
    shop.import_text(HEADER + MUG, queue=False)
    shop.link()
    return shop


@pytest.mark.parametrize("synced_before", [True, False])
def test_a_product_of_the_merchants_that_is_hidden_can_not_be_bought_whatever_the_stores_defaults_are(
    oversold, synced_before
):
    oversold.sandbox.shopper().add("MUG-01", 1)
    if synced_before:
        oversold.sync()
    oversold.queue(Pending.HIDE, "MUG-01")

    run = oversold.sync()

    assert run.bad() == []
    stock = oversold.on_store()["mug-01"].stock
    # The piece in the basket comes back to none.
    assert (stock.count, stock.stops_sale_at_zero, stock.hides_when_out) == (-1, True, False)
    with pytest.raises(OutOfStock):
        oversold.sandbox.shopper().add("MUG-01", 1)


def test_a_product_of_the_merchants_that_is_sold_out_in_the_catalogue_can_not_be_bought(oversold):
    oversold.import_text(HEADER + MUG.replace(",14,7.90", ",0,7.90"))

    run = oversold.sync()
    again = oversold.sync()

    assert (run.bad(), again.results) == ([], [])
    assert oversold.on_store()["mug-01"].stock.count == 0
    with pytest.raises(OutOfStock):
        oversold.sandbox.shopper().add("MUG-01", 1)
