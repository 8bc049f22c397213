"""What a merchant does in a year, one thing after another: where it ends, for a shopper and in the words of the hub."""

import pytest
from PIL import Image

from miva_sandbox import provisioning
from sdk.store_reader import read_store
from shopper import Shopper
from tradepost.database.models import AttentionRecord, Listing

HEADER = (
    "Handle,Title,Body (HTML),Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,"
    "Image Src\n"
)
CAP = "cap,Cap,Warm,Hats,Size,S,CAP-S,5,9.00,\n"
LARGE = "cap,,,,,L,CAP-L,4,9.00,\n"


@pytest.fixture
def bring(connected, tmp_path):
    """Import a catalogue that is the whole of it."""

    def bring_in(rows):
        path = tmp_path / "catalogue.csv"
        path.write_text(HEADER + rows, encoding="utf-8")
        said = connected("catalogue", "import", path, "--full")
        assert said.code == 0, said

    return bring_in


def on_sale(store):
    """By SKU each page on which a shopper finds it, what is chosen there, and the price."""
    visitor = Shopper(store)
    try:
        return visitor.sold([row["code"] for row in store.store.db.rows("SELECT code FROM products ORDER BY id")])
    finally:
        visitor.close()


ALONE = {"CAP-S": [("CAP-S", (), "$9.00")]}
IN_SIZES = {"CAP-S": [("cap", ("Size: S",), "$9.00")], "CAP-L": [("cap", ("Size: L",), "$9.00")]}


def test_the_closed_page_of_what_is_one_article_by_now_is_not_put_back_on_sale(connected, store, bring):
    """Every sync failed by it, and said to switch a page on that must stay off."""
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    bring(CAP)
    assert connected("listings", "publish").code == 0

    asked = connected("listings", "unhide", "--all", "--yes")
    named = connected("listings", "unhide", "cap", "--yes")
    synced = connected("listings", "sync")

    assert "closed its page, because nothing is sold there any more" in asked.out
    assert (named.code, Listing.objects.get(sku="cap").pending) == (2, "")
    assert synced.code == 0, synced
    assert on_sale(store) == ALONE
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    assert connected("listings", "sync").code == 0
    assert on_sale(store) == IN_SIZES


@pytest.mark.parametrize("asks_first", [True, False])
def test_what_became_one_article_while_it_was_hidden_comes_back_on_sale(connected, store, bring, asks_first):
    """Each sync failed, and each import waited for a sync: it was sold nowhere, and no cure that was named helped."""
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    assert connected("listings", "hide", "cap", "--now", "--yes").code == 0
    for act in (bring, None) if not asks_first else (None, bring):
        if act:
            act(CAP)
        else:
            assert connected("listings", "unhide", "CAP-S", "--yes").code == 0

    unhidden = connected("listings", "sync")
    meanwhile = on_sale(store)
    bring(CAP)
    published = connected("listings", "publish")
    synced = connected("listings", "sync")

    assert (unhidden.code, published.code, synced.code) == (0, 0, 0), (unhidden, published, synced)
    assert list(meanwhile) == ["CAP-S"], "on the page that the family has until then"
    assert on_sale(store) == ALONE


def test_an_unhide_that_waits_goes_with_the_page_that_is_closed(connected, store, bring):
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    assert connected("listings", "hide", "cap", "--now", "--yes").code == 0
    bring(CAP)
    page = Listing.objects.get(sku="cap")
    assert connected("listings", "unhide", page.sku, "--yes").code == 0
    assert connected("listings", "clear", "CAP-S", "--yes").code == 0
    bring(CAP)
    assert connected("listings", "publish").code == 0

    synced = connected("listings", "sync")

    page.refresh_from_db()
    assert synced.code == 0, synced
    assert (page.pending, page.health) == ("", "hidden")
    assert connected("listings", "unhide", "CAP-S", "--now", "--yes").code == 0
    assert on_sale(store) == ALONE


def test_the_closed_page_of_a_family_is_not_asked_to_be_overwritten(connected, store, bring):
    """It waited for that for ever: no publish writes to a page on which nothing is sold."""
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    assert connected("channel", "set", "shop", "--layout", "simple").code == 0
    assert connected("listings", "publish").code == 0

    named = connected("listings", "overwrite", "cap", "--yes")
    every = connected("listings", "overwrite", "--all", "--now", "--yes")

    assert (named.code, every.code) == (2, 0), (named, every)
    assert "closed its page, because nothing is sold there any more" in named.out
    assert set(Listing.objects.values_list("pending", flat=True)) == {""}
    assert on_sale(store) == {sku: [(sku, (), "$9.00")] for sku in ("CAP-S", "CAP-L")}


def test_a_product_that_was_in_no_category_for_a_while_leaves_the_former_one_when_it_gets_another(
    connected, store, bring
):
    """It stayed in both."""
    for category in ("Hats", "", "Gifts"):
        bring(f"mug,Mug,,{category},,,MUG,5,7.00,\n")
        assert connected("listings", "publish").code == 0
        assert connected("listings", "overwrite", "MUG", "--now", "--yes").code == 0

    assert read_store(store)["mug"].categories == {"gifts"}


def test_a_product_with_another_code_on_the_store_shows_each_image_once(connected, store, bring, tmp_path):
    """Images are named by the code: the old ones stayed beside the new, as if they were the merchant's."""
    for name in ("front", "back", "side"):
        Image.new("RGB", (64, 48), (len(name), 0, 0)).save(tmp_path / f"{name}.png")
    bring("mug,Mug,,,,,MUG,5,7.00,front.png\nmug,,,,,,,,,back.png\n")
    assert connected("listings", "publish").code == 0
    recoded = provisioning.run(store.store, '<Product_Update code="MUG"><Code>beaker</Code></Product_Update>')
    assert list(recoded) == []
    assert connected("listings", "sync").code == 0

    bring("mug,Mug,,,,,MUG,5,7.00,front.png\nmug,,,,,,,,,side.png\n")
    said = connected("listings", "overwrite", "MUG", "--now", "--yes")

    assert said.code == 0, said
    paths = [image.path for image in read_store(store)["beaker"].images]
    assert [path.rsplit("/", 1)[1].split("-")[:2] for path in paths] == [["beaker", "1"], ["beaker", "2"]]
    assert connected("listings", "sync", "--dry-run", "--json").json["changes"] == []


def test_images_that_the_catalogue_has_no_more_are_no_change_of_somebody_on_the_store(
    connected, store, bring, tmp_path
):
    """They stay, since a blank says nothing; the overwrite that was to cure it sent nothing, and it was asked on."""
    Image.new("RGB", (64, 48), (9, 9, 9)).save(tmp_path / "front.png")
    bring("mug,Mug,,,,,MUG,5,7.00,front.png\n")
    assert connected("listings", "publish").code == 0
    assert connected("listings", "sync").code == 0
    bring("mug,Mug,,,,,MUG,5,7.00,\n")
    assert connected("listings", "overwrite", "MUG", "--now", "--yes").code == 0
    # Whatever has become of it on the store, somebody looks.
    Listing.objects.update(compared_at=None)

    assert connected("listings", "sync").code == 0

    assert len(read_store(store)["mug"].images) == 1
    assert list(AttentionRecord.objects.values_list("kind", "message")) == []


def test_a_family_that_comes_back_under_another_handle_keeps_its_page(connected, store, bring):
    """It was sold on, but every publish failed: its page was said to be another listing's."""
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    assert connected("catalogue", "remove", "cap", "--yes").code == 0
    assert connected("listings", "sync").code == 0
    assert on_sale(store) == {}

    bring(CAP.replace("cap,", "winter-cap,", 1) + LARGE.replace("cap,", "winter-cap,", 1))
    published = connected("listings", "publish")

    assert (published.code, connected("listings", "sync").code) == (0, 0), published
    assert on_sale(store) == IN_SIZES
    assert list(AttentionRecord.objects.values_list("kind", "message")) == []
    assert connected("listings", "publish", "--dry-run", "--json").json["changes"] == []
