"""Images from a file to a shopper's page: replaced, removed, put in another order, failed, and sent once only."""

import re
from dataclasses import replace

import httpx2
import pytest
from PIL import Image

from attentions import kinds_of
from miva_sandbox.state.page_images import choose_everywhere
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import ImageUnusable, StorageRefused
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Action, Outcome, RunState

from .test_publish import _provision as provision

HEADER = (
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Image Src,Variant Image\n"
)
COLOURS = {"a": (200, 30, 30), "b": (20, 30, 90), "c": (30, 160, 60), "d": (240, 240, 10)}


def a_mug(*names):
    first, *others = names or ("",)
    rows = [f"mug,Mug,,,MUG,7.90,3,{first},", *(f"mug,,,,,,,{name}," for name in others)]
    return HEADER + "\n".join(rows) + "\n"


@pytest.fixture
def images(shop):
    """Files a.png to d.png beside the catalogue, and a store whose pages show images."""
    for name, colour in COLOURS.items():
        Image.new("RGB", (40, 30), colour).save(shop.folder / f"{name}.png")
    choose_everywhere(shop.sandbox.store, "main")
    return shop


def colours(shop, code="MUG"):
    """What a shopper sees on the page of a product: the names of the colours, the main image first."""
    page = httpx2.get(f"{shop.sandbox.storefront}?Screen=PROD&Product_Code={code}", trust_env=False).text
    return [colour_of(shop, source) for source in re.findall(r'<img src="([^"]+)"', page)]


def colour_of(shop, source):
    path = shop.sandbox.domain.files_root / source.partition("/mm5/")[2]
    with Image.open(path) as image:
        pixel = image.convert("RGB").getpixel((5, 5))
    return next(
        name for name, colour in COLOURS.items() if all(abs(x - y) < 25 for x, y in zip(pixel, colour, strict=True))
    )


def attached(shop, code="mug"):
    return [(image.path.rpartition("/")[2][:6], image.image_type) for image in shop.on_store()[code].images]


def overwrite(shop, text, *skus):
    shop.import_text(text)
    shop.queue(Pending.OVERWRITE, *(skus or ("MUG",)), groups=[Group.IMAGES])
    run = shop.publish()
    assert run.bad() == []
    return run


def uploads(run):
    return [
        r.change.subject.key for r in run.results if r.change.action is Action.UPLOAD and r.outcome is Outcome.APPLIED
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("abc", "ac"),  # one in the middle is removed
        ("abc", "bc"),  # the main one is removed
        ("ab", "db"),  # the main one has new content
        ("abc", "adc"),  # one of the others has new content, and its place
        ("abc", "cba"),  # another order
        ("a", "ab"),  # one more
        ("abc", "b"),  # one is left
    ],
)
def test_a_shopper_sees_the_images_of_the_catalogue_in_its_order(images, before, after):
    images.import_text(a_mug(*(f"{name}.png" for name in before)))
    images.publish()
    assert colours(images) == list(before)

    overwrite(images, a_mug(*(f"{name}.png" for name in after)))

    assert colours(images) == list(after)
    assert [kind for _name, kind in attached(images)] == ["main", *[""] * (len(after) - 1)]


def test_the_same_content_imported_again_uploads_nothing(images):
    images.import_text(a_mug("a.png", "b.png"))
    images.publish()
    before = images.on_store()["mug"].images

    run = overwrite(images, a_mug("a.png", "b.png"))

    assert (uploads(run), run.units, images.on_store()["mug"].images) == ([], [], before)


def test_changed_content_under_the_same_name_of_file_gets_a_new_name_on_the_store(images):
    images.import_text(a_mug("a.png"))
    images.publish()
    (before,) = images.on_store()["mug"].images
    Image.new("RGB", (40, 30), COLOURS["d"]).save(images.folder / "a.png")

    run = overwrite(images, a_mug("a.png"))

    (after,) = images.on_store()["mug"].images
    assert after.path != before.path
    assert uploads(run) == [after.path]
    assert colours(images) == ["d"]


def test_an_image_of_the_merchants_stays_when_those_of_the_hub_leave(images):
    images.import_text(a_mug("a.png", "b.png"))
    images.publish()
    own = images.sandbox.domain.files_root / "graphics" / "own-12-20240131.png"
    Image.new("RGB", (40, 30), COLOURS["c"]).save(own)
    provision(images, f'<ProductImage_Add product_code="MUG" filepath="graphics/{own.name}" imagetype_code=""/>')

    overwrite(images, a_mug("d.png"))

    assert sorted(colours(images)) == ["c", "d"]


def test_a_main_image_of_the_merchants_stays_beside_the_new_one(images):
    images.import_text(a_mug("a.png"))
    images.publish()
    own = images.sandbox.domain.files_root / "graphics" / "own.png"
    Image.new("RGB", (40, 30), COLOURS["c"]).save(own)
    provision(images, '<ProductImage_Add product_code="MUG" filepath="graphics/own.png" imagetype_code="main"/>')
    assert colours(images)[0] == "c"

    overwrite(images, a_mug("d.png"))

    assert colours(images) == ["d", "c"]


def test_a_catalogue_without_images_erases_none(images):
    images.import_text(a_mug("a.png", "b.png"))
    images.publish()

    overwrite(images, a_mug())

    assert colours(images) == ["a", "b"]


def test_an_image_that_can_not_be_had_at_the_moment_is_not_taken_off(images):
    images.import_text(a_mug("a.png", "b.png"))
    images.publish()
    kept = images.source_images.prepare
    missing = {}

    def prepare(sources):
        found = kept(sources)
        missing.update({s: ImageUnusable("It is gone.", source=s) for s in list(found)[1:]})
        return {**found, **missing}

    images.source_images.prepare = prepare
    images.queue(Pending.OVERWRITE, "MUG", groups=[Group.IMAGES])
    images.publish()

    assert colours(images) == ["a", "b"]
    assert kinds_of(images.listing("MUG")) == {"image_failed"}


@pytest.mark.parametrize("is_native", [True, False])
def test_an_image_that_failed_is_tried_again_until_it_is_there(images, monkeypatch, is_native):
    layout = Layout.NATIVE if is_native else Layout.FLAT
    images.settings = replace(images.settings, rules=replace(images.settings.rules, layout=layout))
    upload = images.image_store.upload

    def refuse(path, content):
        raise StorageRefused(f"{path}: disk full", path=path)

    monkeypatch.setattr(images.image_store, "upload", refuse)
    images.import_text(
        HEADER + "tee,Tee,Size,S,TEE-S,15.00,3,a.png,b.png\ntee,,,M,TEE-M,15.00,3,,\n" + "mug,Mug,,,MUG,7.90,3,c.png,\n"
    )
    images.publish()
    again = images.publish()
    flagged = {sku: kinds_of(images.listing(sku)) for sku in ("tee", "TEE-S", "TEE-M", "MUG")}
    monkeypatch.setattr(images.image_store, "upload", upload)

    mended = images.publish()
    after = images.publish()

    failed = {"image_failed"}
    assert flagged == {"tee": failed, "TEE-S": failed, "TEE-M": set(), "MUG": failed}
    assert again.counts.state is RunState.COMPLETED_WITH_ERRORS
    assert (mended.bad(), len(uploads(mended))) == ([], 3)
    assert colours(images, "MUG") == ["c"]
    assert colours(images, "tee" if is_native else "TEE-S")[0] == "b"
    assert all(kinds_of(images.listing(sku)) == set() for sku in flagged)
    assert (after.units, after.results) == ([], [])


def test_a_channel_without_an_image_server_says_so_once_and_sends_the_images_when_it_has_one(images):
    text = a_mug("a.png") + "cup,Cup,,,CUP,4.50,7,b.png,\njug,Jug,,,JUG,9.50,2,,\n"
    images.import_text(text)

    without = images.publish(image_store=None)
    later = images.publish(image_store=None)
    afterwards = images.publish()

    (left_out,) = [result for result in without.results if result.outcome is Outcome.SKIPPED]
    assert left_out.message.startswith("2 products go without images, because the channel has no image server.")
    assert without.counts.state is RunState.COMPLETED
    assert all(kinds_of(images.listing(sku)) == set() for sku in ("MUG", "CUP", "JUG"))
    assert later.results == []
    assert (afterwards.bad(), len(uploads(afterwards))) == ([], 2)
    assert (colours(images, "MUG"), colours(images, "CUP"), colours(images, "JUG")) == (["a"], ["b"], [])


def test_a_preview_of_a_channel_without_an_image_server_says_it_too(images):
    images.import_text(a_mug("a.png"))

    run = images.publish(is_dry=True, image_store=None)

    assert [r.message[:33] for r in run.results] == ["1 product goes without images, be"]


def test_a_linked_product_of_the_merchants_is_given_no_images_unasked(images):
    provision(
        images, "<Product_Add><Code>MUG</Code><SKU>MUG</SKU><Name>Their mug</Name><Price>9.00</Price></Product_Add>"
    )
    images.import_text(a_mug("a.png"))
    images.publish(image_store=None)

    run = images.publish()

    assert (run.results, colours(images)) == ([], [])


def test_the_usual_image_type_is_made_again_where_somebody_has_deleted_it(images):
    """R17, R20: the first image gets the type `main`, which is made where the store lacks it."""
    provision(images, '<ImageType_Delete code="main"/>')
    images.import_text(a_mug("a.png", "b.png"))

    run = images.publish()

    assert run.bad() == []
    assert [kind for _name, kind in attached(images)] == ["main", ""]
    assert colours(images) == ["a", "b"]


def test_an_image_type_of_the_merchants_choice_is_made_and_given_to_the_first_image(images):
    """R20: the image type is `main` unless the merchant chooses another."""
    images.settings = replace(images.settings, rules=replace(images.settings.rules, image_type="Zoom"))
    images.import_text(a_mug("a.png", "b.png"))

    run = images.publish()

    assert run.bad() == []
    assert [kind for _name, kind in attached(images)] == ["zoom", ""]
    images.settings = replace(images.settings, rules=replace(images.settings.rules, image_type="main"))
    overwrite(images, a_mug("a.png", "b.png"))
    assert (colours(images), [kind for _name, kind in attached(images)]) == (["a", "b"], ["main", ""])
