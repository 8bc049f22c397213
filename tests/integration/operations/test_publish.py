"""Publish against a sandbox store, with the eight-function token and with all rights."""

from dataclasses import replace
from decimal import Decimal

import pytest
from PIL import Image

from attentions import kinds_of, reason_of
from miva_sandbox import provisioning
from miva_sandbox.state import tokens
from sdk.store_reader import SeenStock
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import PermissionMissing, StorageRefused
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.plan import Action, Outcome, Proof, RunState, SubjectKind
from tradepost.operations.listings.queue_changes import plan_pause

from .conftest import CATALOGUE, HEADER, MUG, TEE


def test_a_catalogue_becomes_families_and_simple_products(published):
    there = published.on_store()

    assert sorted(there) == ["cup-01", "mug-01", "tee", "tee-navy-l", "tee-red-l", "tee-red-m"]
    tee = there["tee"]
    assert (tee.name, tee.price, tee.is_active, tee.is_in_search) == ("Cotton Tee", Decimal(15), True, True)
    assert [(a.code, [o.code for o in a.options]) for a in tee.attributes] == [
        ("Colour", ["Red", "Navy"]),
        ("Size", ["M", "L"]),
    ]
    assert {v.part_codes for v in tee.variants} == {("TEE-RED-M",), ("TEE-RED-L",), ("TEE-NAVY-L",)}
    child = there["tee-navy-l"]
    assert (child.sku, child.price, child.is_active, child.stock.count) == ("TEE-NAVY-L", Decimal("16.5"), False, 0)
    mug = there["mug-01"]
    assert mug.custom_fields["product_type"] == "simple"
    assert mug.categories == {"kitchen"}
    assert mug.stock == SeenStock(
        is_tracked=True, count=14, stops_sale_at_zero=True, hides_when_out=False, sells_without_stock=False
    )
    assert [(image.path.startswith("graphics/is-images/mug-01-1-"), image.image_type) for image in mug.images] == [
        (True, "main")
    ]
    assert mug.addresses == ("/mug.html",)


def test_every_listing_is_linked_and_nothing_is_left_in_the_queue(published):
    rows = published.listings.by_skus(["tee", "TEE-RED-M", "TEE-RED-L", "TEE-NAVY-L", "MUG-01", "CUP-01"])

    there = published.on_store()
    assert {(r.code, r.status.health, r.status.link, r.status.pending, r.external_id) for r in rows} == {
        (product.code, "listed", "linked", "", product.id) for product in there.values()
    }


def test_a_value_that_this_token_can_read_is_proven_by_reading_and_any_other_by_the_answer(shop):
    shop.import_text(CATALOGUE)

    run = shop.publish()

    creations = [r for r in run.results if r.change.subject.kind is SubjectKind.PRODUCT]
    assert {r.outcome for r in creations} == {Outcome.APPLIED}
    proofs = {r.change.subject.key: r.proof for r in creations}
    assert proofs["tee"] is Proof.READ
    assert proofs["MUG-01"] is (Proof.READ if shop.can_read_stock else Proof.ANSWERED)
    assert run.counts.state is RunState.COMPLETED


def test_publishing_again_sends_nothing(published):
    published.sandbox.log.clear()

    run = published.publish()

    assert (run.units, run.results) == ([], [])
    assert published.sandbox.log.requests() == []


def test_a_preview_shows_the_changes_and_makes_none(shop):
    shop.import_text(CATALOGUE)

    run = shop.publish(is_dry=True)

    created = [change.subject.key for unit in run.units for change in unit.changes if change.action is Action.CREATE]
    assert {"tee", "TEE-RED-M", "MUG-01", "product_type", "kitchen"} <= set(created)
    assert shop.on_store() == {}
    assert shop.listing("MUG-01").pending == "publish"


def test_a_product_of_the_merchant_is_linked_and_not_overwritten(shop):
    shop.import_text(CATALOGUE)
    _add_product(shop, "MUG-01", sku="MUG-01", name="The merchant's own mug", price="99.00")

    run = shop.publish()

    mug = shop.on_store()["mug-01"]
    assert (mug.name, mug.price) == ("The merchant's own mug", Decimal(99))
    links = [r for r in run.results if r.change.action is Action.LINK]
    assert [(r.change.subject.key, r.outcome) for r in links] == [("MUG-01", Outcome.APPLIED)]
    assert shop.listing("MUG-01").external_id == mug.id


def test_a_code_that_means_something_else_on_the_store_is_refused_with_both_named(shop):
    shop.import_text(CATALOGUE)
    _add_product(shop, "MUG-01", sku="OTHER-1", name="Garden gnome", price="5.00")

    run = shop.publish()

    (refusal,) = [r for r in run.results if r.outcome is Outcome.FAILED]
    assert "Garden gnome" in refusal.message
    assert "'MUG-01'" in refusal.message
    assert kinds_of(shop.listing("MUG-01")) == {"already_exists"}
    assert shop.listing("TEE-RED-M").link == "linked"
    assert run.counts.state is RunState.COMPLETED_WITH_ERRORS


def test_a_web_address_that_is_in_use_is_replaced_by_one_with_the_code(shop):
    shop.import_text(HEADER + MUG)
    _add_product(
        shop,
        "OLD",
        sku="OLD",
        name="Old",
        price="1.00",
        then='<URI_Add uri="/mug.html" product_code="OLD" canonical="1"/>',
    )

    run = shop.publish()

    assert run.bad() == []
    assert shop.on_store()["mug-01"].addresses == ("/mug-mug-01.html",)


def test_a_new_variant_joins_a_family_that_is_on_the_store(published):
    more = TEE + "tee,,,,,,Navy,,M,TEE-NAVY-M,410,2,16.50,4007,\n"
    published.import_text(HEADER + more + MUG)

    run = published.publish()

    assert run.bad() == []
    there = published.on_store()
    assert {v.part_codes for v in there["tee"].variants} >= {("TEE-NAVY-M",), ("TEE-RED-M",)}
    assert there["tee-navy-m"].custom_fields["parent_code"] == "tee"


def test_variants_keep_their_ids_when_one_joins(published):
    before = {code: product.id for code, product in published.on_store().items()}
    published.import_text(HEADER + TEE + "tee,,,,,,Navy,,M,TEE-NAVY-M,410,2,16.50,4007,\n")

    published.publish()

    after = published.on_store()
    assert {code: after[code].id for code in before} == before


def test_an_overwrite_replaces_content_and_leaves_the_rest(published):
    changed = MUG.replace("Enamel Mug", "Big Enamel Mug").replace("Holds coffee", "Holds more coffee")
    published.import_text(HEADER + changed)
    before = published.on_store()["mug-01"]

    untouched = published.publish()
    published.queue(Pending.OVERWRITE, "MUG-01")
    run = published.publish()

    assert untouched.results == []
    assert run.bad() == []
    after = published.on_store()["mug-01"]
    assert (after.name, after.description) == ("Big Enamel Mug", "<p>Holds more coffee</p>")
    assert (after.id, after.price, after.images, after.stock) == (before.id, before.price, before.images, before.stock)


@pytest.mark.parametrize(("root", "uploaded"), [(None, 0), ("..", 1)])
def test_images_lie_in_the_catalogues_folder_unless_another_one_is_named(shop, tmp_path, root, uploaded):
    (tmp_path / "files").mkdir()
    catalogue = tmp_path / "files" / "catalogue.csv"
    catalogue.write_text(HEADER + MUG.replace("{image}", "../image.png"), encoding="utf-8")
    Image.new("RGB", (8, 8)).save(tmp_path / "image.png")

    report = shop.import_file(catalogue, images_root=None if root is None else catalogue.parent / root)
    shop.publish()

    assert len(shop.on_store()["mug-01"].images) == uploaded
    # What was left out, and what to do about it.
    assert [row.handle for row in report.reports] == ["mug", ""] * (1 - uploaded)


def test_a_changed_cost_and_tax_reach_the_store_by_overwrite(shop):
    header = HEADER.replace("\n", ",Cost per item,Variant Taxable\n")
    shop.import_text(header + MUG.replace("\n", ",3.10,true\n"))
    shop.publish()
    before = shop.on_store()["mug-01"]
    shop.import_text(header + MUG.replace("\n", ",3.40,false\n"))
    shop.queue(Pending.OVERWRITE, "MUG-01", groups={Group.COST, Group.TAX})

    run = shop.publish()

    assert run.bad() == []
    after = shop.on_store()["mug-01"]
    assert (before.cost, before.is_taxable) == (Decimal("3.1"), True)
    assert (after.cost, after.is_taxable) == (Decimal("3.4"), False)


def test_an_overwrite_of_a_product_that_is_gone_breaks_the_link_and_creates_nothing(published):
    _provision(published, '<Product_Delete code="MUG-01"/>')
    published.queue(Pending.OVERWRITE, "MUG-01")

    run = published.publish()

    assert "mug-01" not in published.on_store()
    assert published.listing("MUG-01").link == "broken"
    assert run.counts.state is RunState.COMPLETED_WITH_ERRORS


def test_an_image_is_uploaded_once_for_products_that_share_it(published):
    uploads = published.sandbox.domain.files_root / "graphics" / "is-images"

    assert sorted(path.name[:6] for path in uploads.iterdir()) == ["mug-01", "tee-1-"]


def test_an_image_that_the_image_server_refuses_leaves_the_product_without_it(shop, monkeypatch):
    def refuse(path, content):
        raise StorageRefused(f"{path}: disk full", path=path)

    monkeypatch.setattr(shop.image_store, "upload", refuse)
    shop.import_text(HEADER + MUG)

    run = shop.publish()

    assert [(r.change.action, r.outcome) for r in run.results if r.outcome is Outcome.FAILED] == [
        (Action.UPLOAD, Outcome.FAILED)
    ]
    mug = shop.on_store()["mug-01"]
    assert (mug.is_active, mug.images) == (True, ())
    listing = shop.listing("MUG-01")
    assert (listing.health, kinds_of(listing)) == ("listed", {"image_failed"})
    assert "disk full" in reason_of(listing, "image_failed")


def test_a_token_that_does_not_require_a_time_stamp_stops_publish_and_leaves_the_queue(shop):
    shop.import_text(CATALOGUE)
    tokens.change(shop.sandbox.domain.db, shop.token, req_ts=False)

    with pytest.raises(PermissionMissing, match=r"(?i)time ?stamp"):
        shop.publish()

    assert shop.on_store() == {}
    assert shop.listing("MUG-01").pending == "publish"


def test_paused_listings_are_left_alone(shop):
    shop.import_text(CATALOGUE)
    paused = plan_pause(shop.listings.by_skus(["MUG-01"]), is_paused=True)
    shop.listings.set_status(paused.statuses)

    shop.publish()

    assert "mug-01" not in shop.on_store()
    assert shop.listing("MUG-01").pending == "publish"


def test_only_the_rows_that_were_named_are_published(shop):
    shop.import_text(CATALOGUE)

    shop.publish(only=[shop.listing("MUG-01").pk])

    assert sorted(shop.on_store()) == ["mug-01"]


def _provision(shop, xml):
    messages = provisioning.run(shop.sandbox.store, xml)
    assert list(messages) == []


def _add_product(shop, code, *, sku, name, price, then=""):
    _provision(
        shop,
        f"<Product_Add><Code>{code}</Code><SKU>{sku}</SKU><Name>{name}</Name><Price>{price}</Price></Product_Add>{then}",
    )


def test_a_flat_channel_publishes_each_variant_with_a_page_of_its_own(shop):
    shop.settings = replace(shop.settings, rules=ContentRules(layout=Layout.FLAT))
    shop.import_text(CATALOGUE)

    run = shop.publish()
    shop.queue(Pending.HIDE, "TEE-RED-M")
    shop.queue(Pending.DELIST, "TEE-RED-L")
    synced = shop.sync()

    assert (run.bad(), synced.bad()) == ([], [])
    there = shop.on_store()
    assert (there["tee"].is_active, there["tee"].attributes, there["tee"].variants) == (False, (), ())
    red = there["tee-red-m"]
    assert (red.is_active, red.is_in_search, red.description, red.stock.count) == (
        True,
        True,
        "<p>Plain &amp; light</p>",
        0,
    )
    assert red.addresses == ("/tee-tee-red-m.html",)
    assert "tee-red-l" not in there
