"""Nothing twice, nothing lost: what the merchant's store has already is found before anything is created."""

import warnings
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import transaction

from attentions import kinds_of, reason_of
from miva_sandbox import provisioning
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.models import Listing, Order
from tradepost.domain.errors import NotAllowed, StoreDoubted, UnexpectedAnswer
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.plan import Action, Outcome, RunState
from tradepost.operations.catalogue.catalogue_changes import (
    CatalogueChangePorts,
    carry_out,
    plan_merger,
    plan_removal,
    plan_renaming,
)
from tradepost.operations.listings.candidates import candidates_of
from tradepost.operations.listings.queue_changes import plan_unlink

from .conftest import CATALOGUE, CUP, HEADER, MUG, TEE
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


@pytest.mark.parametrize("verb", ["link", "publish"])
def test_a_channel_that_goes_by_codes_links_and_sells_the_product_with_the_code(shop, shopper, verb):
    shop.settings = replace(shop.settings, linking_priority=LinkingPriority.CODE, requires_product_type=False)
    shop.import_text(HEADER + MUG, queue=verb == "publish")
    add_product(shop, "MUG-01", sku="THEIRS")
    add_product(shop, "OTHER", sku="MUG-01")

    run = getattr(shop, verb)()
    shop.sync()

    assert run.bad() == []
    assert sorted(shop.on_store()) == ["mug-01", "other"]
    assert (shop.listing("MUG-01").code, shop.listing("MUG-01").link) == ("MUG-01", "linked")
    shopper.buy("MUG-01", quantity=14)


def test_a_link_asks_the_store_once_for_all_that_it_records(shop):
    """What the store has is what is proven, and nothing is looked at a second time (R11)."""
    shop.settings = replace(shop.settings, requires_product_type=False)
    shop.import_text(HEADER + MUG)
    add_product(shop, "M-77", sku="MUG-01")
    add_product(shop, "OTHER", sku="THEIRS")
    shop.sandbox.log.clear()

    run = shop.link()

    asked = [each.function for request in shop.sandbox.log.requests() for each in request.operations]
    assert asked == ["ProductList_Load_Query"]
    mug = shop.listing("MUG-01")
    assert (run.bad(), mug.link, mug.code, mug.proven_price) == ([], "linked", "M-77", Decimal("99.00"))
    (linked,) = run.results
    assert linked.change.subject.label == "The merchant's M-77"


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
    assert (listing.link, kinds_of(listing), listing.pending) == ("unlinked", {"ambiguous_match"}, "publish")
    assert "listings link MUG-01 --to ID" in reason_of(listing, "ambiguous_match")
    assert run.counts.state is again.counts.state is RunState.COMPLETED_WITH_ERRORS
    assert shop.listing("CUP-01").link == "linked"


def test_a_sku_that_differs_in_case_only_is_neither_linked_nor_made_a_second_time(shop):
    shop.import_text(HEADER + MUG)
    add_product(shop, "M-1", sku="mug-01")

    run = shop.publish()

    assert codes_by_sku(shop) == [("mug-01", "M-1")]
    (refusal,) = [result for result in run.results if result.outcome is Outcome.FAILED]
    assert "differs from 'MUG-01' in case only" in refusal.message
    assert kinds_of(shop.listing("MUG-01")) == {"already_exists"}


def test_a_product_that_is_another_listings_is_not_taken_from_it(published):
    provision(published, '<Product_Update code="CUP-01"><SKU>PLATE-1</SKU></Product_Update>')
    published.import_text(CATALOGUE + "plate,Plate,,Acme,Kitchen,,,,,PLATE-1,90,7,4.50,,\n")

    published.publish()

    assert kinds_of(published.listing("PLATE-1")) == {"match_taken"}
    assert [code for sku, code in codes_by_sku(published) if sku == "PLATE-1"] == ["CUP-01"]
    assert published.listing("CUP-01").link == "linked"


def test_a_batch_of_families_is_asked_for_by_code_in_one_request_and_by_sku_in_another(shop):
    shop.import_text(CATALOGUE)
    shop.get_orders()  # the orders of a channel are looked at before its first publish
    shop.sandbox.log.clear()

    shop.publish(is_dry=True)

    asked = [operation.function for request in shop.sandbox.log.requests() for operation in request.operations]
    assert asked == ["ProductList_Load_Query"] * 2


# --- is it still the same product, and the same store? -------------------------------------------------------------


def made_at(shop, code):
    [(created,)] = shop.sandbox.store.db.execute("SELECT dt_created FROM products WHERE code = ?", (code,)).fetchall()
    return created


def make_another_product_of(shop, code):
    """What is left after a restore from a backup: the same id, made at another time."""
    shop.sandbox.store.db.execute("UPDATE products SET dt_created = dt_created + 60 WHERE code = ?", (code,))


def standing(shop):
    shop.channel.refresh_from_db()
    return shop.channel.store_standing


def confirm(shop):
    assert DjangoChannels(cipher=lambda: None).confirm_store(shop.channel.pk)


def writes(shop):
    functions = {op.function for request in shop.sandbox.log.requests() for op in request.operations}
    return functions & {"Provision_Store", "InventoryProductSettings_Update", "Product_Delete"}


def test_publish_and_link_keep_with_the_link_when_the_product_was_made(published):
    assert published.listing("MUG-01").external_created == made_at(published, "MUG-01") > 0
    with transaction.atomic():
        rows = published.listings.by_skus(["MUG-01"])
        published.listings.set_status(plan_unlink(rows).statuses)
    assert published.listing("MUG-01").external_created is None

    published.link(only=[published.listing("MUG-01").pk])

    assert published.listing("MUG-01").external_created == made_at(published, "MUG-01")


def test_a_link_that_an_odd_answer_broke_heals_by_itself_and_the_product_is_sold_on(published, shopper):
    Listing.objects.filter(sku="MUG-01").update(link="broken")
    mug = published.listing("MUG-01").pk
    published.listings.flag({mug: {Attention.BROKEN_LINK: "MUG-01 is gone from the store."}}, ended={})
    published.import_text(HEADER + MUG.replace(",14,7.90,", ",3,7.90,"))

    run = published.sync()

    assert [r.outcome for r in run.results if r.change.action is Action.LINK] == [Outcome.APPLIED]
    listing = published.listing("MUG-01")
    assert (listing.link, listing.health, kinds_of(listing)) == ("linked", "listed", set())
    shopper.buy("MUG-01", quantity=3)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("MUG-01")


def test_a_product_that_was_made_anew_under_the_same_code_stays_a_hint_with_the_command(published):
    provision(published, '<Product_Delete code="MUG-01"/>')
    add_product(published, "MUG-01", sku="MUG-01")

    published.sync()
    again = published.sync()

    listing = published.listing("MUG-01")
    assert (listing.link, again.results) == ("broken", [])
    new_id = published.on_store()["mug-01"].id
    assert f"listings link MUG-01 --to {new_id}" in reason_of(listing, "broken_link")


@pytest.mark.parametrize("verb", ["sync", "publish", "sync of one", "delist"])
def test_another_product_under_a_known_id_stops_every_write_until_a_person_has_answered(published, shopper, verb):
    make_another_product_of(published, "MUG-01")
    published.import_text(HEADER + MUG.replace(",7.90,", ",1.00,") + CUP.replace(",4.50,", ",5.00,"))
    mug = published.listing("MUG-01")
    if verb == "publish":
        published.queue(Pending.OVERWRITE, "MUG-01")
    elif verb == "delist":
        published.queue(Pending.DELIST, "MUG-01")
    runs = {
        "sync": published.sync,
        "publish": published.publish,
        "sync of one": lambda: published.sync(only=[mug.pk]),
        "delist": lambda: published.sync(only=[mug.pk]),
    }
    published.sandbox.log.clear()

    with pytest.raises(StoreDoubted, match="made at another time"):
        runs[verb]()

    assert writes(published) == set()
    assert standing(published) == "doubted"
    published.sandbox.log.clear()
    for refused in (published.sync, published.publish, published.link, published.sync_orders):
        with pytest.raises(StoreDoubted, match="confirm-store"):
            refused()
    assert published.sandbox.log.requests() == []


def sell_less(shop):
    shop.import_text(HEADER + MUG.replace(",14,", ",3,") + CUP)


def sell_more(shop):
    shop.import_text(HEADER + MUG.replace(",14,", ",20,") + CUP)


def change_the_price(shop):
    shop.import_text(HEADER + MUG.replace(",7.90,", ",1.00,") + CUP)


def hide(shop):
    shop.queue(Pending.HIDE, "MUG-01")


@pytest.mark.parametrize("change", [sell_less, sell_more, change_the_price, hide])
def test_a_sync_of_named_listings_writes_nothing_to_another_product_under_a_known_id(published, shopper, change):
    make_another_product_of(published, "MUG-01")
    change(published)
    mug = published.listing("MUG-01").pk

    with pytest.raises(StoreDoubted, match="made at another time"):
        published.sync(only=[mug], is_dry=True)
    assert standing(published) == "known"
    published.sandbox.log.clear()
    with pytest.raises(StoreDoubted, match="made at another time"):
        published.sync(only=[mug])

    assert (writes(published), standing(published)) == (set(), "doubted")
    number = shopper.buy("MUG-01", quantity=14)
    assert published.store.orders_by_id([number])[number].lines[0].price == Decimal("7.9")


def test_a_forced_sync_writes_nothing_to_another_product_either(published):
    make_another_product_of(published, "MUG-01")
    sell_less(published)
    published.sandbox.log.clear()

    with pytest.raises(StoreDoubted, match="made at another time"):
        published.sync(only=published.all_ids(), preview={"is_forced": True})

    assert (writes(published), standing(published)) == (set(), "doubted")


def test_a_sync_of_named_listings_asks_once_what_they_are(published):
    sell_less(published)
    published.sandbox.log.clear()

    run = published.sync(only=published.all_ids())
    asked = [op.function for request in published.sandbox.log.requests() for op in request.operations]
    published.sandbox.log.clear()
    published.sync(only=published.all_ids())

    assert run.bad() == []
    assert asked[:2] == ["ProductList_Load_Query", "InventoryProductSettings_Update"]
    # With nothing to send there is nothing to ask.
    assert published.sandbox.log.requests() == []


def test_after_the_answer_only_what_was_read_with_its_id_and_its_time_is_written(published, shopper):
    make_another_product_of(published, "MUG-01")
    published.import_text(HEADER + MUG.replace(",7.90,", ",1.00,") + CUP.replace(",4.50,", ",5.00,"))
    with pytest.raises(StoreDoubted):
        published.sync()
    confirm(published)

    run = published.sync()

    assert standing(published) == "known"
    assert [r.change.subject.key for r in run.results if r.change.action is Action.BREAK] == ["MUG-01"]
    on_store = published.on_store()
    assert (on_store["mug-01"].price, on_store["cup-01"].price) == (Decimal("7.9"), Decimal(5))
    assert published.listing("MUG-01").link == "broken"
    number = shopper.buy("CUP-01")
    assert published.store.orders_by_id([number])[number].lines[0].price == Decimal(5)


def test_a_run_of_one_listing_also_looks_at_the_whole_store_after_the_answer(published):
    make_another_product_of(published, "MUG-01")
    with pytest.raises(StoreDoubted):
        published.sync(preview={"full_existence": True})
    confirm(published)
    published.queue(Pending.OVERWRITE, "CUP-01")

    run = published.publish()

    assert [r.change.subject.key for r in run.results if r.change.action is Action.BREAK] == ["MUG-01"]
    assert (published.listing("CUP-01").pending, standing(published)) == ("", "known")


def test_a_store_that_lost_most_of_its_products_is_written_to_again_once_it_is_confirmed(shop, shopper):
    rows = "".join(f"p-{n},Plate {n},,Acme,Kitchen,,,,,P-{n},90,7,4.50,,\n" for n in range(14))
    shop.import_text(HEADER + rows)
    assert shop.publish().bad() == []
    provision(shop, "".join(f'<Product_Delete code="P-{n}"/>' for n in range(11)))
    with pytest.raises(StoreDoubted, match="More than 10 linked products are missing"):
        shop.sync()
    assert set(Listing.objects.values_list("link", flat=True)) == {"linked"}
    confirm(shop)

    shop.sync()

    assert Listing.objects.filter(link="broken").count() == 11
    shopper.buy("P-13", quantity=7)


# --- linked by hand, and typed -------------------------------------------------------------------------------------


def types(shop):
    return {code: (p.custom_fields or {}).get("product_type", "") for code, p in shop.on_store().items()}


def test_a_person_says_which_of_several_products_is_meant_and_that_one_is_sold(shop, shopper):
    shop.import_text(HEADER + MUG)
    add_product(shop, "M-1", sku="MUG-01")
    add_product(shop, "M-2", sku="MUG-01")
    shop.publish()
    mug = shop.listing("MUG-01")
    rows = shop.listings.by_ids([mug.pk])

    found = candidates_of(rows[0], store=shop.store, listings=shop.listings, rules=shop.settings.rules)
    chosen = next(candidate.product for candidate in found if candidate.product.code == "M-2")
    run = shop.link(only=[mug.pk], preview={"link_to": {mug.pk: str(chosen.id)}})
    shop.sync()

    assert [(c.product.code, c.found_by, c.holder) for c in found] == [("M-1", "SKU", ""), ("M-2", "SKU", "")]
    assert [(r.change.reason, r.outcome) for r in run.results] == [("chosen by a person", Outcome.APPLIED)]
    listing = shop.listing("MUG-01")
    assert (listing.code, listing.link, listing.pending, kinds_of(listing)) == ("M-2", "linked", "", set())
    shopper.buy("M-2", quantity=14)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("M-2")
    assert shop.on_store()["m-1"].price == Decimal(99)


@pytest.mark.parametrize(
    ("sku", "chosen", "why"),
    [
        ("CUP-01", "mug-01", "is linked to CUP-01 already"),
        ("PLATE-1", "MUG-01", "is linked to MUG-01"),
        ("PLATE-1", "tee", "is a parent"),
        ("PLATE-1", "999", "no product with the id or the code 999"),
    ],
)
def test_a_choice_that_can_not_be_is_refused_with_the_reason(published, sku, chosen, why):
    published.import_text(HEADER + "plate,Plate,,Acme,Kitchen,,,,,PLATE-1,90,7,4.50,,\n")

    with pytest.raises(NotAllowed, match=why):
        published.link(only=[published.listing(sku).pk], preview={"link_to": {published.listing(sku).pk: chosen}})

    assert published.listing("PLATE-1").link == "unlinked"


def test_missing_types_are_written_for_what_is_linked_and_for_what_could_be(shop, shopper):
    shop.import_text(HEADER + MUG + CUP + TEE)
    add_product(shop, "M-77", sku="MUG-01")
    shop.publish(only=[shop.listing("MUG-01").pk])
    add_product(shop, "C-1", sku="CUP-01")
    add_product(shop, "OTHERS", sku="NOBODYS")
    unlinked = shop.link(only=[shop.listing("CUP-01").pk])

    preview = shop.set_type(is_dry=True)
    run = shop.set_type()
    again = shop.set_type()
    shop.link()

    assert "'tradepost listings set-type CUP-01' writes it" in unlinked.results[0].message
    planned = {change.subject.key: change for unit in preview.units for change in unit.changes}
    assert set(planned) - {"product_type"} == {"M-77", "C-1"}
    assert run.bad() == []
    assert again.results == []
    assert types(shop) == {"m-77": "simple", "c-1": "simple", "others": ""}
    assert shop.listing("CUP-01").link == "linked"
    shop.sync()
    shopper.buy("C-1", quantity=7)


def test_a_type_is_written_only_to_what_was_named(shop):
    shop.import_text(HEADER + MUG + CUP)
    add_product(shop, "M-77", sku="MUG-01")
    add_product(shop, "C-1", sku="CUP-01")

    shop.set_type(only=[shop.listing("CUP-01").pk])

    assert types(shop) == {"m-77": "", "c-1": "simple"}


# --- another SKU, another handle, split, merged, removed -----------------------------------------------------------


def test_a_changed_sku_is_the_same_product_under_its_code_and_is_sold_once(published, shopper):
    before = codes_by_sku(published)
    report = published.import_text(HEADER + MUG.replace("MUG-01", "MUG-NEW"))

    published.publish()
    published.sync()

    assert [row.message[:36] for row in report.reports] == ["MUG-01 has the SKU MUG-NEW now: the "]
    assert codes_by_sku(published) == sorted([("MUG-NEW", "MUG-01"), *(pair for pair in before if pair[0] != "MUG-01")])
    assert (published.listing("MUG-NEW").code, published.listing("MUG-NEW").pending) == ("MUG-01", "")
    number = shopper.buy("MUG-01", quantity=14)
    published.get_orders()
    assert Order.objects.get(external_id=number).lines.get().listing.sku == "MUG-NEW"
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("MUG-01")


def test_a_changed_handle_with_the_skus_kept_is_the_same_page_with_the_same_variants(published, shopper):
    before = {code: product.id for code, product in published.on_store().items()}
    published.import_text(HEADER + TEE.replace("tee,", "shirt,"))

    run = published.publish()
    published.sync()

    assert run.bad() == []
    assert {code: product.id for code, product in published.on_store().items()} == before
    assert Listing.objects.get(kind="parent").sku == "shirt"
    shopper.buy("tee", quantity=5, Colour="Red", Size="M")
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("tee", Colour="Red", Size="M")


def test_a_product_that_is_split_off_keeps_its_listing_and_its_pieces(published, shopper):
    rows = TEE.splitlines(keepends=True)
    alone = "red-m,Red Tee M,,Acme,Shirts,,,,,TEE-RED-M,400,5,15.00,4001,\n"
    before = published.listing("TEE-RED-M").external_id
    # The file names the new product first: what it says of the old one comes behind it.
    report = published.import_text(
        HEADER + alone + rows[0].replace("Red,Size,M,TEE-RED-M,400,5", "Red,Size,L,TEE-RED-L,400,3") + rows[2]
    )

    published.publish()
    published.sync()

    assert report.refused == []
    listing = published.listing("TEE-RED-M")
    assert (listing.external_id, listing.product.handle, listing.kind) == (before, "red-m", "simple")
    assert [code for sku, code in codes_by_sku(published) if sku == "TEE-RED-M"] == ["TEE-RED-M"]
    # It is sold on a page of its own, as often as there are pieces, and on the old page no more.
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("tee", Colour="Red", Size="M")
    shopper.buy("TEE-RED-M", quantity=5)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("TEE-RED-M")


def test_a_product_that_is_merged_into_another_leaves_one_listing_for_each_piece(published, shopper):
    before = {sku: published.listing(sku).external_id for sku in ("MUG-01", "CUP-01")}
    merged = "mug,Mug,,Acme,Kitchen,Material,Enamel,,,MUG-01,210,14,7.90,4006,\nmug,,,,,,Tin,,,CUP-01,90,7,4.50,,\n"

    report = published.import_text(HEADER + merged)

    assert report.refused == []
    assert any("Nothing is left of 'cup'" in row.message for row in report.reports)
    assert {sku: published.listing(sku).external_id for sku in before} == before
    assert {published.listing(sku).product.handle for sku in before} == {"mug"}
    published.sync()
    shopper.buy("MUG-01", quantity=14)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("MUG-01")


def test_a_variant_that_is_gone_from_the_file_goes_off_sale_and_nothing_else_is_written(published, shopper):
    rows = TEE.splitlines(keepends=True)
    before = published.on_store()["tee-red-l"]
    published.import_text(HEADER + rows[0] + rows[2])

    run = published.sync()

    listing = published.listing("TEE-RED-L")
    assert (listing.link, listing.is_orphaned, listing.is_paused) == ("linked", True, False)
    sent = [r.change for r in run.results if r.change.subject.key == "TEE-RED-L"]
    assert [[field.name for field in change.fields] for change in sent] == [["quantity"]]
    after = published.on_store()["tee-red-l"]
    assert (after.stock.count, after.id, after.price) == (0, before.id, before.price)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("tee", Colour="Red", Size="L")
    assert published.sync().results == []
    published.import_text(HEADER + TEE)
    published.sync()
    shopper.buy("tee", quantity=3, Colour="Red", Size="L")


def catalogue_ports(shop, kept):
    history = SimpleNamespace(keep=lambda results, **_: kept.extend(results))
    return CatalogueChangePorts(DjangoCatalogue(), {shop.channel.pk: shop.listings}, history, transaction.atomic)


def change_catalogue(shop, planner, *names):
    """Returns what was kept in the history, as (code, before, after)."""
    kept = []
    ports = catalogue_ports(shop, kept)
    carry_out(planner(*names, ports), ports)
    return [(r.change.subject.key, r.change.fields[0].before, r.change.fields[0].after) for r in kept]


def test_a_product_that_a_person_removes_is_sold_no_more_and_is_not_deleted(published, shopper):
    kept = change_catalogue(published, plan_removal, ["tee", "MUG-01"])

    published.sync()

    assert ("MUG-01", 14, 0) in kept
    assert sorted(code for code, *_ in kept if code != "tee") == ["MUG-01", "TEE-NAVY-L", "TEE-RED-L", "TEE-RED-M"]
    assert {p.stock.count for code, p in published.on_store().items() if code not in {"tee", "cup-01"}} == {0}
    assert Listing.objects.filter(is_orphaned=True, attentions__kind="orphaned", is_paused=False).count() == 5
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("MUG-01")
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("tee", Colour="Red", Size="M")
    shopper.buy("CUP-01")


def test_a_sku_that_a_person_renames_comes_with_the_next_file_as_what_it_was(published, shopper):
    kept = change_catalogue(published, plan_renaming, "TEE-RED-M", "T-1")
    other = TEE.replace("TEE-RED-M", "T-1").replace("Red,Size,M", "Crimson,Size,M")
    published.import_text(HEADER + other)

    assert kept == [("TEE-RED-M", "TEE-RED-M", "T-1")]
    assert (published.listing("T-1").code, published.listing("T-1").link) == ("TEE-RED-M", "linked")


def test_two_skus_that_are_both_on_the_store_are_sold_under_one_when_a_person_merges_them(published, shopper):
    kept = change_catalogue(published, plan_merger, "CUP-01", "MUG-01")
    published.sync()

    assert kept == [("CUP-01", 7, 0)]
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("CUP-01")
    shopper.buy("MUG-01", quantity=14)


def test_what_a_file_brought_as_something_new_is_merged_with_what_it_was(published, shopper):
    # Another SKU and another handle at once: nothing says that it is the same.
    published.import_text(HEADER + "pot,Pot,,Acme,Kitchen,,,,,POT-1,210,6,8.90,4006,\n")
    change_catalogue(published, plan_removal, ["mug"])

    kept = change_catalogue(published, plan_merger, "MUG-01", "POT-1")
    run = published.publish()
    published.sync()

    assert kept == [("MUG-01", "MUG-01", "POT-1")]
    assert run.bad() == []
    assert (published.listing("POT-1").code, kinds_of(published.listing("POT-1"))) == ("MUG-01", set())
    assert [pair for pair in codes_by_sku(published) if pair[0] in {"MUG-01", "POT-1"}] == [("POT-1", "MUG-01")]
    shopper.buy("MUG-01", quantity=6)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("MUG-01")


def test_a_new_sku_that_is_not_on_the_store_takes_over_what_the_old_one_has_there(published, shopper):
    published.import_text(HEADER + MUG + "plate,Plate,,Acme,Kitchen,,,,,PLATE-1,90,9,4.50,,\n")

    kept = change_catalogue(published, plan_merger, "CUP-01", "PLATE-1")
    run = published.publish()
    published.sync()

    assert kept == [("CUP-01", "CUP-01", "PLATE-1")]
    assert run.bad() == []
    assert [pair for pair in codes_by_sku(published) if "PLATE" in "".join(pair)] == [("PLATE-1", "CUP-01")]
    shopper.buy("CUP-01", quantity=9)
    with pytest.raises(UnexpectedAnswer):
        shopper.buy("CUP-01")


@pytest.mark.parametrize(
    ("planner", "names", "why"),
    [
        (plan_removal, (["NOBODY"],), "The catalogue has no NOBODY"),
        (plan_renaming, ("NOBODY", "X"), "The catalogue has no NOBODY"),
        (plan_renaming, ("CUP-01", "MUG-01"), "catalogue merge CUP-01 MUG-01"),
        (plan_merger, ("CUP-01", "NOBODY"), "The catalogue has no NOBODY"),
        (plan_merger, ("CUP-01", "CUP-01"), "two SKUs"),
    ],
)
def test_what_the_catalogue_does_not_have_can_not_be_changed(published, planner, names, why):
    with pytest.raises(NotAllowed, match=why):
        planner(*names, catalogue_ports(published, []))
