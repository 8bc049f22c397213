"""
A store that is in use is adopted: its products come into the catalogue, linked and paused, and nothing on it changes.

Every journey ends with what a shopper finds, before and after.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction
from PIL import Image

from miva_sandbox import provisioning
from miva_sandbox.state.page_images import choose_everywhere
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.models import (
    ExistenceNote,
    Listing,
    OutlineRecord,
    ProductRecord,
    SetupRecord,
    StockEntry,
    StoreFile,
    VariantRecord,
)
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.plan import Action, Outcome, Side
from tradepost.operations.listings.queue_changes import plan_pause

from .conftest import HEADER

# Fields as a merchant, or the manager before, has made them: no option of ours, and a type written by hand.
FIELDS = """
<Module code="customfields" feature="fields_prod">
  <ProductField_Add><Code>product_type</Code><Name>Type</Name><FieldType>textfield</FieldType></ProductField_Add>
  <ProductField_Add><Code>parent_code</Code><Name>Parent</Name><FieldType>textfield</FieldType></ProductField_Add>
  <ProductField_Add><Code>upc</Code><Name>UPC</Name><FieldType>textfield</FieldType></ProductField_Add>
  <ProductField_Add><Code>brand</Code><Name>Brand</Name><FieldType>textfield</FieldType></ProductField_Add>
</Module>
"""


def value(product, field, text):
    return (
        f'<Module code="customfields" feature="fields_prod"><ProductField_Value product="{product}" field="{field}">'
        f"{text}</ProductField_Value></Module>"
    )


def item(code, *, sku="", name="", price="10.00", active="Yes", stock=None, more=""):
    tracked = f'<InventoryProductSettings_Update product_code="{code}"><TrackProduct>Yes</TrackProduct>'
    tracked += f"<CurrentStock>{stock}</CurrentStock></InventoryProductSettings_Update>"
    return (
        f"<Product_Add><Code>{code}</Code><SKU>{sku}</SKU><Name>{name or code}</Name><Price>{price}</Price>"
        f"<Cost>3.5</Cost><Weight>1.25</Weight><Description>&lt;p&gt;All about {code}&lt;/p&gt;</Description>"
        f"<Taxable>Yes</Taxable><Active>{active}</Active>{more}</Product_Add>{tracked if stock is not None else ''}"
    )


# A page of the merchant's own, with drop-downs; nothing says what is what.
NATIVE = (
    item("hoodie", name="Hoodie", price="0.00")
    + "".join(
        item(f"hoodie-{size}", sku=f"HOOD/{size}", name=f"Hoodie ({size})", price=price, active="No", stock=stock)
        for size, price, stock in (("s", "30.00", 2), ("m", "32.50", 5))
    )
    + '<ProductAttribute_Add product_code="hoodie"><Code>size</Code><Type>select</Type><Prompt>Size</Prompt>'
    "<Required>Yes</Required><Inventory>Yes</Inventory></ProductAttribute_Add>"
    + "".join(
        f'<ProductAttributeOption_Add product_code="hoodie" attribute_code="size"><Code>{size}</Code>'
        f"<Prompt>{prompt}</Prompt></ProductAttributeOption_Add>"
        for size, prompt in (("s", "Small"), ("m", "Medium"))
    )
    + "".join(
        f'<ProductVariant_Add product_code="hoodie"><Options><Attribute_Option attribute_code="size" '
        f'option_code="{size}"/></Options><Parts><Part product_code="hoodie-{size}" quantity="1"/></Parts>'
        "<ProductVariantPricing><Method>sum</Method></ProductVariantPricing></ProductVariant_Add>"
        for size in ("s", "m")
    )
)
# As an earlier manager has left it: every variant a page of its own, and fields that say whose.
FLAT = (
    item("boot", sku="BOOT", name="Boot", price="0.00", active="No")
    + value("boot", "product_type", "parent")
    + "".join(
        item(f"boot-{size}", sku=f"BOOT-{size}", name=f"Boot, {size}", price="80.00", stock=4)
        + value(f"boot-{size}", "product_type", "variant")
        + value(f"boot-{size}", "parent_code", "boot")
        + value(f"boot-{size}", "upc", f"40{size}")
        for size in (41, 42)
    )
)
SIMPLE = (
    item("mug", sku="MUG", name="Mug", price="7.905", stock=9)
    + value("mug", "product_type", "simple")
    + value("mug", "brand", "Acme")
    + item("vase", sku="", name="Vase", price="20.00", active="No", stock=1)
)
STORE = FIELDS + NATIVE + FLAT + SIMPLE
# Files that lie where an earlier manager has put them, and their products.
IMAGES = {
    "graphics/is-images/Mug front.png": ("mug", "main", "red"),
    "graphics/is-images/mug_back.png": ("mug", "", "navy"),
    "graphics/00000001/hood-s.png": ("hoodie-s", "main", "green"),
    "graphics/is-images/boot-1-0123abcd.png": ("boot-41", "main", "gold"),
}
PAGES = ["hoodie", "boot", "boot-41", "boot-42", "mug", "vase"]


def provision(shop, xml):
    assert list(provisioning.run(shop.sandbox.store, xml)) == []


@pytest.fixture
def living(shop):
    """A shop whose store is in use, and whose catalogue is empty."""
    provision(shop, STORE)
    choose_everywhere(shop.sandbox.store, "main")
    for path, (code, image_type, colour) in IMAGES.items():
        file = shop.sandbox.domain.files_root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), colour).save(file)
        provision(shop, f'<ProductImage_Add product_code="{code}" filepath="{path}" imagetype_code="{image_type}"/>')
    rules = replace(shop.settings.rules, files_address=shop.sandbox.endpoint.removesuffix("json.mvc"))
    shop.settings = replace(shop.settings, rules=rules)
    return shop


def unpause(shop):
    rows = shop.listings.by_ids(shop.all_ids())
    with transaction.atomic():
        shop.listings.set_status(plan_pause(rows, is_paused=False).statuses)


def planned(run):
    """What a preview would change."""
    return [change for unit in run.units for change in unit.changes]


def written(run):
    return [result for result in run.results if result.change.side is Side.STORE]


def causes(run):
    """By code, why it was left out."""
    return {result.change.subject.key: result.message for result in run.results if result.outcome is Outcome.SKIPPED}


def listed(shop):
    rows = Listing.objects.filter(channel=shop.channel).select_related("parent")
    return {
        row.code: (row.sku, row.kind, row.parent.code if row.parent else "", row.health, row.link, row.is_paused)
        for row in rows
    }


def products():
    return {product.handle: product for product in DjangoCatalogue().by_handles(_handles()).values()}


def _handles():
    return list(ProductRecord.objects.values_list("handle", flat=True))


def test_a_store_in_use_is_adopted_and_nothing_is_planned_for_it_when_its_listings_are_freed(living, shopper):
    """R11, R13: families by their own fields and by their pages, and what nothing is said of."""
    before, sold = living.on_store(), shopper.sold(PAGES)

    preview = living.adopt(is_dry=True)
    nothing_kept = (living.all_ids(), _handles(), list(OutlineRecord.objects.all()))
    run = living.adopt()
    paused = listed(living)
    unpause(living)
    plan = living.sync(is_dry=True)
    synced = [living.sync(), living.sync(preview={"full_existence": True}), living.publish()]
    # Each product is compared whole once more, as it would be in a week.
    Listing.objects.update(compared_at=None)
    synced.append(living.sync())

    assert nothing_kept == ([], [], [])
    assert run.bad() == []
    assert {change.subject.key: change.action for change in planned(preview)} == dict.fromkeys(
        ["hoodie", "hoodie-s", "hoodie-m", "boot", "boot-41", "boot-42", "mug", "vase"], Action.CREATE
    )
    assert paused == {
        "hoodie": ("hoodie", "parent", "", "listed", "linked", True),
        "hoodie-s": ("HOOD/s", "variant", "hoodie", "listed", "linked", True),
        "hoodie-m": ("HOOD/m", "variant", "hoodie", "listed", "linked", True),
        "boot": ("BOOT", "parent", "", "listed", "linked", True),
        "boot-41": ("BOOT-41", "variant", "boot", "listed", "linked", True),
        "boot-42": ("BOOT-42", "variant", "boot", "listed", "linked", True),
        "mug": ("MUG", "simple", "", "listed", "linked", True),
        "vase": ("vase", "simple", "", "listed", "linked", True),
    }
    assert planned(plan) == []
    assert [[r for r in each.results if r.outcome is not Outcome.UNCHANGED] for each in synced] == [[]] * 4
    assert not StockEntry.objects.exists()
    assert living.on_store() == before
    assert shopper.sold(PAGES) == sold
    assert sold["HOOD/s"] == [("hoodie", ("Size: Small",), "$30.00")]


def test_the_catalogue_says_of_a_product_what_the_store_says(living):
    living.adopt()

    found = products()
    hoodie, boot, mug = found["hoodie"], found["BOOT"], found["MUG"]
    assert (hoodie.title, hoodie.option_names, hoodie.description) == ("Hoodie", ("Size",), "<p>All about hoodie</p>")
    assert [(v.sku, v.options, v.price, v.quantity, v.cost) for v in hoodie.variants] == [
        ("HOOD/s", ("Small",), Decimal("30.00"), None, Decimal("3.50")),
        ("HOOD/m", ("Medium",), Decimal("32.50"), None, Decimal("3.50")),
    ]
    assert [(v.sku, v.options, v.barcode) for v in boot.variants] == [
        ("BOOT-41", ("41",), "4041"),
        ("BOOT-42", ("42",), "4042"),
    ]
    assert (mug.brand, mug.variants[0].price, mug.variants[0].taxable) == ("Acme", Decimal("7.905"), True)


def paths_of(shop, code):
    return [(image.path, image.image_type) for image in shop.on_store()[code].images]


def test_images_stay_where_they_are_and_the_catalogue_names_them_by_their_addresses(living):
    """What an earlier manager has left in is-images is neither sent again nor attached twice."""
    living.adopt()
    unpause(living)
    before, files = living.on_store(), sorted(living.sandbox.domain.files_root.rglob("*"))

    living.queue(Pending.OVERWRITE, "MUG", "HOOD/s", "BOOT-41", groups=frozenset({Group.IMAGES}))
    run = living.publish()

    found = products()
    address = living.settings.rules.files_address
    assert [image.source for image in found["MUG"].images] == [
        f"{address}graphics/is-images/Mug%20front.png",
        f"{address}graphics/is-images/mug_back.png",
    ]
    assert [variant.image and variant.image.source for variant in found["hoodie"].variants] == [
        f"{address}graphics/00000001/hood-s.png",
        None,
    ]
    assert run.bad() == []
    assert [change for unit in run.units for change in unit.changes] == []
    assert living.on_store() == before
    assert sorted(living.sandbox.domain.files_root.rglob("*")) == files


def test_images_of_a_file_replace_those_that_were_adopted(living):
    living.adopt()
    unpause(living)
    living.import_text(HEADER + "MUG,Mug,,Acme,Kitchen,,,,,MUG,567,,7.905,,{image}\n", queue=False)
    quiet = living.sync()

    living.queue(Pending.OVERWRITE, "MUG", groups=frozenset({Group.IMAGES}))
    run = living.publish()

    assert written(quiet) == []
    assert run.bad() == []
    ((path, image_type),) = paths_of(living, "mug")
    assert (path.startswith("graphics/is-images/mug-1-"), image_type) == (True, "main")


def test_an_image_that_the_merchant_has_added_since_stays_beside_those_of_a_file(living):
    living.adopt()
    unpause(living)
    provision(
        living,
        '<ProductImage_Add product_code="mug" filepath="graphics/00000001/hood-s.png" imagetype_code=""/>',
    )
    living.import_text(HEADER + "MUG,Mug,,Acme,Kitchen,,,,,MUG,567,,7.905,,{image}\n", queue=False)

    living.queue(Pending.OVERWRITE, "MUG", groups=frozenset({Group.IMAGES}))
    living.publish()

    assert "graphics/00000001/hood-s.png" in [path for path, _ in paths_of(living, "mug")]


def test_how_many_there_are_is_left_to_the_store_until_somebody_counts(living, shopper):
    """Design: where no source states the quantity, the hub writes no stock."""
    living.adopt()
    unpause(living)
    living.sync()
    unknown = set(VariantRecord.objects.values_list("quantity", flat=True))

    living.import_text(HEADER + "MUG,Mug,,Acme,Kitchen,,,,,MUG,210,3,8.00,,\n", queue=False)
    living.sync()

    assert unknown == {None}
    mug = living.on_store()["mug"]
    assert (mug.stock.count, mug.price) == (3, Decimal(8))
    assert living.on_store()["vase"].stock.count == 1
    assert shopper.sold(["mug"])["MUG"] == [("mug", (), "$8.00")]


def test_what_was_adopted_is_left_alone_by_the_next_adoption_and_what_is_new_is_taken(living):
    living.adopt()
    before = products()
    provision(living, item("plate", sku="PLATE", stock=1))

    run = living.adopt()

    changed = [result.change.subject.key for result in run.results if result.outcome is Outcome.APPLIED]
    assert changed == ["plate"]
    assert len([r for r in run.results if r.outcome is Outcome.UNCHANGED]) == 8
    assert {handle: product for handle, product in products().items() if handle != "PLATE"} == before
    assert not OutlineRecord.objects.exists()


def test_an_adoption_that_is_cut_off_goes_on_where_it_stopped(living, shopper, monkeypatch):
    """The second half was not done: what was taken is not compared yet."""
    sold = shopper.sold(PAGES)
    with monkeypatch.context() as cut:
        cut.setattr("tradepost.operations.listings.adopt.AsItIs.batches", lambda *_: iter(()))
        living.adopt()
    half = set(Listing.objects.values_list("compared_at", flat=True))

    living.adopt()
    unpause(living)

    assert half == {None}
    assert planned(living.sync(is_dry=True)) == []
    assert written(living.sync()) == []
    assert shopper.sold(PAGES) == sold


def test_what_the_catalogue_has_is_linked_and_keeps_what_it_says(living):
    living.import_text(HEADER + "cup,My Mug,,Acme,Kitchen,,,,,MUG,210,3,9.99,,\n", queue=False)

    run = living.adopt()

    assert run.bad() == []
    assert products()["cup"].title == "My Mug"
    mug = living.listing("MUG")
    assert (mug.code, mug.link, mug.is_paused, mug.wanted_price, mug.proven_price) == (
        "mug",
        "linked",
        True,
        Decimal("9.99"),
        Decimal("7.905"),
    )
    (link,) = [r.change for r in run.results if r.change.action is Action.LINK]
    assert link.reason == "the catalogue has its SKU"


def test_each_product_that_can_not_be_taken_is_named_with_the_cause_and_the_rest_goes_on(living):
    provision(
        living,
        item("one", sku="TWICE")
        + item("two", sku="TWICE")
        + item("lonely", sku="LONELY")
        + value("lonely", "product_type", "Parent"),
    )
    living.import_text(HEADER + "vase,Vase,,Acme,Kitchen,,,,,vase-2,90,1,4.50,,\n", queue=False)
    with transaction.atomic():
        Listing.objects.filter(sku="vase-2").update(code="vase", code_key="vase")

    preview, run = living.adopt(is_dry=True), living.adopt()

    told = causes(run)
    assert causes(preview) == told
    assert "2 products of the store have the SKU TWICE: one, two" in told["one"]
    assert told["one"] == told["two"]
    assert "it has no variants" in told["lonely"]
    assert "is the code of the listing vase-2" in told["vase"]
    assert "2 families with 4 variants, and 5 products of their own" in told["Shop"]
    assert "look like this: 1 parent, 2 variant, 3 simple" in told["Shop"]
    assert set(told) == {"one", "two", "lonely", "vase", "Shop"}
    assert living.listing("MUG").link == "linked"


def test_a_store_is_adopted_by_its_codes_where_that_is_asked_for(living):
    provision(living, item("one", sku="TWICE") + item("two", sku="TWICE"))

    living.adopt(preview={"sku_from": LinkingPriority.CODE})

    skus = set(Listing.objects.values_list("code", "sku"))
    assert {("one", "one"), ("two", "two"), ("hoodie-s", "hoodie-s"), ("mug", "mug"), ("boot", "boot")} <= skus


def test_a_file_takes_adopted_products_over_and_an_overwrite_of_one_group_leaves_the_rest(living, shopper):
    """R41: the other groups are byte-identical."""
    living.adopt()
    unpause(living)
    before = living.on_store()
    living.import_text(HEADER + "MUG,New Mug,<p>New</p>,Other,Kitchen,,,,,MUG,999,,7.905,4711,\n", queue=False)

    quiet = living.sync()
    living.queue(Pending.OVERWRITE, "MUG", groups=frozenset({Group.TEXTS}))
    run = living.publish()

    assert written(quiet) == []
    assert run.bad() == []
    after = living.on_store()
    mug, old = after.pop("mug"), before.pop("mug")
    assert after == before
    assert (mug.name, mug.description) == ("New Mug", "<p>New</p>")
    assert replace(mug, name=old.name, description=old.description) == old
    assert shopper.sold(["mug"])["MUG"] == [("mug", (), "$7.91")]


def test_what_somebody_changes_on_an_adopted_product_is_drift(living):
    living.adopt()
    unpause(living)
    living.sync()
    proven = set(living.listing("MUG").proven_fingerprints)
    provision(living, '<Product_Update code="mug"><Name>Beaker</Name></Product_Update>')
    Listing.objects.update(compared_at=None)

    run = living.sync()

    assert proven == {group.value for group in CONTENT_GROUPS}
    (found,) = [r.change for r in run.results if r.change.subject.key == "mug"]
    assert [(f.name, f.before, f.after) for f in found.fields] == [("name", "Mug", "Beaker")]


def test_a_file_that_calls_a_family_otherwise_takes_it_over_by_its_skus(living, shopper):
    """R41: nothing is sent but what the file states, whatever the family is called in it."""
    living.adopt()
    unpause(living)
    before, sold = living.on_store(), shopper.sold(PAGES)

    report = living.import_text(
        HEADER
        + "hood,Hooded Top,,Acme,Tops,Size,S,,,HOOD/s,567,,30.00,,\n"
        + "hood,,,,,Size,M,,,HOOD/m,567,7,32.50,,\n",
        queue=False,
    )
    run = living.sync()

    assert [row for row in report.reports if row.level == "refused"] == []
    assert {row.sku for row in Listing.objects.filter(product__handle="hood")} >= {"HOOD/s", "HOOD/m"}
    assert {(r.change.subject.key, r.outcome) for r in written(run)} == {("hoodie-m", Outcome.APPLIED)}
    after = living.on_store()
    assert after["hoodie-m"].stock.count == 7
    assert {code for code, product in after.items() if product != before[code]} == {"hoodie-m"}
    assert shopper.sold(PAGES) == sold


def test_a_hub_that_has_lost_its_database_adopts_what_it_had_published_itself(published, shopper):
    """All of it is said on the store: families, types, names of images, texts and identifiers."""
    pages = ["tee", "MUG-01", "CUP-01"]
    rules = replace(published.settings.rules, files_address=published.sandbox.endpoint.removesuffix("json.mvc"))
    published.settings = replace(published.settings, rules=rules)
    before, sold = published.on_store(), shopper.sold(pages)
    for model in (Listing, VariantRecord, ProductRecord, SetupRecord, StoreFile, ExistenceNote):
        model.objects.all().delete()

    run = published.adopt()
    unpause(published)
    Listing.objects.update(compared_at=None)
    synced = [published.sync(), published.publish()]

    assert run.bad() == []
    assert [[r for r in each.results if r.outcome is not Outcome.UNCHANGED] for each in synced] == [[], []]
    assert published.on_store() == before
    assert shopper.sold(pages) == sold
    assert "custom field" not in causes(run)["Shop"]
    tee = products()["tee"]
    assert (tee.option_names, [v.sku for v in tee.variants]) == (
        ("Colour", "Size"),
        ["TEE-RED-M", "TEE-RED-L", "TEE-NAVY-L"],
    )
    lacking = {
        row.sku: sorted({group.value for group in CONTENT_GROUPS} - set(row.proven_fingerprints))
        for row in Listing.objects.all()
    }
    # Every group is proven: of categories the catalogue says nothing, which is met wherever they are.
    assert lacking == {sku: [] for sku in lacking}
