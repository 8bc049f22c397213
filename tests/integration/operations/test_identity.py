"""Nothing twice, nothing lost: what the merchant's store has already is found before anything is created."""

import warnings
from decimal import Decimal

import pytest

from miva_sandbox import provisioning
from tradepost.domain.errors import UnexpectedAnswer
from tradepost.domain.plan import Action, Outcome, RunState

from .conftest import CATALOGUE, HEADER, MUG, TEE
from .test_orders import Shopper

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request
    from merchantapi.client import Client


@pytest.fixture
def shopper(sandbox):
    return Shopper(sandbox.storefront)


def provision(shop, xml):
    assert list(provisioning.run(shop.sandbox.store, xml)) == []


def add_product(shop, code, *, sku, price="99.00"):
    """Add a product as the merchant does: by hand, under a code of their own, and without a type."""
    provision(
        shop,
        f"<Product_Add><Code>{code}</Code><SKU>{sku}</SKU><Name>The merchant's {code}</Name><Price>{price}</Price>"
        "<Active>Yes</Active></Product_Add>",
    )


def codes_by_sku(shop):
    """Read with Miva's own SDK, which knows nothing of the hub: every product's code by SKU, sorted."""
    full = shop.sandbox.full
    client = Client(shop.sandbox.endpoint, full.token, full.signature_key, {"default_store_code": "sandbox"})
    products = merchantapi.request.ProductListLoadQuery(client).send().get_products()
    return sorted((product.get_sku(), product.get_code()) for product in products)


# --- before anything is created ------------------------------------------------------------------------------------


def test_a_product_of_the_merchant_is_found_by_its_sku_linked_and_sold_at_the_catalogues_price(shop, shopper):
    shop.import_text(HEADER + MUG)
    add_product(shop, "M-77", sku="MUG-01")

    run = shop.publish()
    synced = shop.sync()

    assert (run.bad(), synced.bad()) == ([], [])
    assert codes_by_sku(shop) == [("MUG-01", "M-77")]
    (link,) = [result.change for result in run.results if result.change.action is Action.LINK]
    assert "found by its SKU" in link.reason
    assert "custom field product_type is empty" in link.reason
    shopper.buy("M-77", quantity=14)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("M-77")
    mug = shop.on_store()["m-77"]
    assert (mug.name, mug.price, mug.stock.count) == ("The merchant's M-77", Decimal("7.9"), 0)


def test_what_is_linked_is_shown_by_a_preview(shop):
    shop.import_text(HEADER + MUG)
    add_product(shop, "M-77", sku="MUG-01")

    run = shop.publish(is_dry=True)

    assert [change.action for unit in run.units for change in unit.changes] == [Action.LINK]
    assert shop.listing("MUG-01").link == "unlinked"


def test_a_variant_that_the_merchant_has_under_another_code_is_the_one_that_its_family_sells(shop, shopper):
    shop.import_text(HEADER + TEE)
    add_product(shop, "OLD-RED", sku="TEE-RED-M")

    run = shop.publish()
    shop.sync()

    assert run.bad() == []
    assert codes_by_sku(shop) == [
        ("TEE-NAVY-L", "TEE-NAVY-L"), ("TEE-RED-L", "TEE-RED-L"), ("TEE-RED-M", "OLD-RED"), ("tee", "tee"),
    ]  # fmt: skip
    number = shopper.buy("tee", quantity=2, Colour="Red", Size="M")
    (line,) = shop.store.orders_by_id([number])[number].lines
    assert (line.sku, line.quantity) == ("TEE-RED-M", 2)
    assert shop.on_store()["old-red"].stock.count == 5 - 2


def test_a_family_page_of_the_merchants_own_gets_the_variants_and_no_page_beside_it(shop, shopper):
    shop.import_text(HEADER + TEE)
    add_product(shop, "T-SHIRT", sku="tee")

    run = shop.publish()

    assert run.bad() == []
    assert [code for sku, code in codes_by_sku(shop) if sku == "tee"] == ["T-SHIRT"]
    assert {v.part_codes for v in shop.on_store()["t-shirt"].variants} == {
        ("TEE-RED-M",), ("TEE-RED-L",), ("TEE-NAVY-L",),
    }  # fmt: skip
    shopper.buy("T-SHIRT", Colour="Red", Size="L")
    assert shop.on_store()["tee-red-l"].stock.count == 3 - 1


def test_several_products_with_the_sku_are_a_question_and_not_a_third_product(shop):
    shop.import_text(CATALOGUE)
    add_product(shop, "M-1", sku="MUG-01")
    add_product(shop, "M-2", sku="MUG-01")

    run = shop.publish()
    again = shop.publish()

    assert [code for sku, code in codes_by_sku(shop) if sku == "MUG-01"] == ["M-1", "M-2"]
    listing = shop.listing("MUG-01")
    assert (listing.link, listing.attention, listing.pending) == ("unlinked", "ambiguous_match", "publish")
    assert "listings link MUG-01 --to ID" in listing.last_error
    assert run.counts.state is again.counts.state is RunState.COMPLETED_WITH_ERRORS
    assert shop.listing("CUP-01").link == "linked"


def test_a_sku_that_differs_in_case_only_is_neither_linked_nor_made_a_second_time(shop):
    shop.import_text(HEADER + MUG)
    add_product(shop, "M-1", sku="mug-01")

    run = shop.publish()

    assert codes_by_sku(shop) == [("mug-01", "M-1")]
    (refusal,) = [result for result in run.results if result.outcome is Outcome.FAILED]
    assert "differs from 'MUG-01' in case only" in refusal.message
    assert shop.listing("MUG-01").attention == "already_exists"


def test_a_product_that_is_another_listings_is_not_taken_from_it(published):
    provision(published, '<Product_Update code="CUP-01"><SKU>PLATE-1</SKU></Product_Update>')
    published.import_text(CATALOGUE + "plate,Plate,,Acme,Kitchen,,,,,PLATE-1,90,7,4.50,,\n")

    published.publish()

    assert published.listing("PLATE-1").attention == "match_taken"
    assert [code for sku, code in codes_by_sku(published) if sku == "PLATE-1"] == ["CUP-01"]
    assert published.listing("CUP-01").link == "linked"


def test_a_batch_of_families_is_asked_for_by_code_in_one_request_and_by_sku_in_another(shop):
    shop.import_text(CATALOGUE)
    shop.sandbox.log.clear()

    shop.publish(is_dry=True)

    asked = [operation.function for request in shop.sandbox.log.requests() for operation in request.operations]
    assert asked == ["ProductList_Load_Query"] * 2
