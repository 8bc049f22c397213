"""What a merchant does in a year, one thing after another: where it ends, for a shopper and in the words of the hub."""

from contextlib import closing

import pytest
from PIL import Image

from miva_sandbox import provisioning
from sdk.store_reader import read_store
from shopper import Shopper
from stock_shop import Merchant, pieces_in_reach
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


# By what becomes of a cap in two sizes: the file that says so, and where a shopper finds what then.
HAT = "hat,Hat,,Hats,Size,XS,HAT-XS,5,9.00,\n"
AT_HOME = {
    "two articles": (
        "winter-cap,Winter Cap,,Hats,,,CAP-S,5,9.00,\nsummer-cap,Summer Cap,,Hats,,,CAP-L,4,9.00,\n",
        {"CAP-S": [("CAP-S", (), "$9.00")], "CAP-L": [("CAP-L", (), "$9.00")]},
    ),
    "two families": (
        (
            "winter-cap,Winter Cap,,Hats,Size,S,CAP-S,5,9.00,\nwinter-cap,,,,,M,CAP-M,5,9.00,\n"
            "summer-cap,Summer Cap,,Hats,Size,L,CAP-L,4,9.00,\nsummer-cap,,,,,XL,CAP-XL,4,9.00,\n"
        ),
        {
            "CAP-S": [("winter-cap", ("Size: S",), "$9.00")],
            "CAP-M": [("winter-cap", ("Size: M",), "$9.00")],
            "CAP-L": [("summer-cap", ("Size: L",), "$9.00")],
            "CAP-XL": [("summer-cap", ("Size: XL",), "$9.00")],
        },
    ),
    "one size of another, and no other size": (
        HAT + "hat,,,,,S,CAP-S,5,9.00,\n",
        {"HAT-XS": [("hat", ("Size: XS",), "$9.00")], "CAP-S": [("hat", ("Size: S",), "$9.00")]},
    ),
}


@pytest.mark.parametrize("case", AT_HOME)
def test_what_goes_to_other_products_is_sold_on_their_pages_alone_and_comes_back(connected, store, bring, case):
    """The page that all of it had left went on selling it, and a full file that took it back was refused."""
    rows, found_there = AT_HOME[case]
    hat = HAT if "hat" in rows else ""
    bring(CAP + LARGE + hat)
    assert connected("listings", "publish").code == 0
    before = on_sale(store)

    bring(rows)
    shown = connected("listings", "publish", "--dry-run").out
    meanwhile = on_sale(store)
    explained = connected("listings", "explain", "cap").out
    published = connected("listings", "publish")

    assert "all that it sold is sold on the pages of other products" in shown
    assert meanwhile.keys() == before.keys(), "and nothing is off sale until then"
    assert "takes its page off sale as soon as" in explained
    assert (published.code, on_sale(store)) == (0, found_there)
    assert connected("listings", "publish").out.startswith("Nothing to do.")
    assert "closed its page" in connected("listings", "explain", "cap").out
    bring(CAP + LARGE + hat)
    assert connected("listings", "publish").code == 0
    assert connected("listings", "sync").code == 0
    assert on_sale(store) == before


def test_a_family_of_which_one_size_comes_back_under_another_handle_sells_that_and_no_other(connected, store, bring):
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    assert connected("catalogue", "remove", "cap", "--yes").code == 0
    assert connected("listings", "sync").code == 0

    bring("winter-cap,Cap,Warm,Hats,Size,S,CAP-S,5,9.00,\nwinter-cap,,,,,M,CAP-M,3,9.00,\n")
    assert connected("listings", "publish").code == 0
    assert connected("listings", "sync").code == 0

    assert on_sale(store) == {
        "CAP-S": [("cap", ("Size: S",), "$9.00")],
        "CAP-M": [("cap", ("Size: M",), "$9.00")],
    }


def test_the_page_that_variants_have_left_stays_as_long_as_one_of_them_is_sold_nowhere_else(connected, store, bring):
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    rows, found_there = AT_HOME["two articles"]
    bring(rows)
    assert connected("listings", "pause", "CAP-L", "--yes").code == 0

    assert connected("listings", "publish").code == 0

    assert ("cap", ("Size: L",), "$9.00") in on_sale(store)["CAP-L"]
    assert connected("listings", "unpause", "CAP-L", "--yes").code == 0
    assert connected("listings", "publish").code == 0
    assert on_sale(store) == found_there


def test_a_page_that_the_merchant_has_made_is_not_closed_when_its_variants_go(connected, store, bring):
    """What it offers besides is the merchant's, and so is whether it is open."""
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    for sku in ("cap", "CAP-S", "CAP-L"):
        assert connected("listings", "unlink", sku, "--yes").code == 0
    assert connected("listings", "link").code == 0
    bring(AT_HOME["two articles"][0])

    assert connected("listings", "publish").code == 0

    assert read_store(store)["cap"].is_active


def test_a_size_that_is_switched_on_by_itself_sells_the_same_pieces_twice_and_explain_says_so(connected, store, bring):
    """Nobody said so: a shopper found it on two pages."""
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    assert connected("listings", "sync").code == 0
    xml = '<Product_Update code="CAP-S"><Active>Yes</Active></Product_Update>'
    store.domain.clock.move(20)
    assert list(provisioning.run(store.store, xml)) == []

    synced = connected("listings", "sync")
    explained = connected("listings", "explain", "cap").out

    assert (synced.code, list(AttentionRecord.objects.values_list("kind"))) == (0, [])
    assert explained.count("It is switched on by itself on the store, too") == 1
    assert on_sale(store) == IN_SIZES | {"CAP-S": [*IN_SIZES["CAP-S"], ("CAP-S", (), "$9.00")]}
    # One stock for both, so that nothing is oversold, and hiding takes it off both.
    shopper = store.shopper()
    shopper.add("CAP-S", 4)
    shopper.check_out()
    assert pieces_in_reach(store, "cap", {"Size": "S"}) == 1
    assert connected("listings", "hide", "CAP-S", "--now", "--yes").code == 0
    assert "CAP-S" not in on_sale(store)
    assert connected("listings", "unhide", "CAP-S", "--now", "--yes").code == 0
    store.domain.clock.move(20)
    assert list(provisioning.run(store.store, xml.replace("Yes", "No"))) == []
    assert connected("listings", "sync").code == 0
    assert "switched on by itself" not in connected("listings", "explain", "cap").out
    assert on_sale(store) == IN_SIZES


def test_two_sizes_whose_skus_are_swapped_are_sold_by_the_new_ones_with_what_there_is_of_each(connected, store, bring):
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0

    bring("cap,Cap,Warm,Hats,Size,S,CAP-L,5,9.00,\ncap,,,,,L,CAP-S,4,11.00,\n")
    published = connected("listings", "publish")
    synced = connected("listings", "sync")

    assert (published.code, synced.code) == (0, 0), (published, synced)
    assert on_sale(store) == {"CAP-L": [("cap", ("Size: S",), "$9.00")], "CAP-S": [("cap", ("Size: L",), "$11.00")]}
    assert [pieces_in_reach(store, "cap", {"Size": size}) for size in ("S", "L")] == [5, 4]
    assert connected("listings", "publish").out.startswith("Nothing to do.")


def test_a_count_that_is_typed_on_the_store_while_a_product_is_hidden_sells_nothing(connected, store, bring):
    """It is set to 0 again, and what is for sale afterwards is what the catalogue says."""
    bring("mug,Mug,,,,,MUG,5,7.00,\n")
    assert connected("listings", "publish").code == 0
    assert connected("listings", "hide", "MUG", "--now", "--yes").code == 0
    with closing(Merchant(store)) as merchant:
        merchant.set_count("MUG", 9)
    Listing.objects.update(looked_at=None)

    assert connected("listings", "sync").code == 0
    hidden = on_sale(store)
    assert connected("listings", "unhide", "MUG", "--now", "--yes").code == 0

    assert (hidden, pieces_in_reach(store, "MUG", {})) == ({}, 5)


def test_a_size_that_is_called_otherwise_keeps_its_pieces_when_another_one_is_new_in_the_same_file(
    connected, store, bring
):
    bring(CAP + LARGE)
    assert connected("listings", "publish").code == 0
    shopper = store.shopper()
    shopper.add("cap", 2, {"Size": "S"})
    shopper.check_out()

    bring("cap,Cap,Warm,Hats,Size,Small,CAP-S,5,9.00,\ncap,,,,,L,CAP-L,4,9.00,\ncap,,,,,S,CAP-XS,3,8.00,\n")
    assert connected("orders", "get").code == 0
    published = connected("listings", "publish")
    synced = connected("listings", "sync")

    assert (published.code, synced.code) == (0, 0), (published, synced)
    assert on_sale(store) == {
        "CAP-S": [("cap", ("Size: Small",), "$9.00")],
        "CAP-L": [("cap", ("Size: L",), "$9.00")],
        "CAP-XS": [("cap", ("Size: S",), "$8.00")],
    }
    assert [pieces_in_reach(store, "cap", {"Size": size}) for size in ("Small", "L", "S")] == [3, 4, 3]


PLAIN = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
TEE = "tee,Tee,Size,S,,3,15.00\ntee,,,M,,4,15.00\n"


@pytest.fixture
def bring_all(connected, tmp_path):
    """Import a catalogue without SKUs that is the whole of it; returns what was said."""

    def bring_in(rows):
        path = tmp_path / "catalogue.csv"
        path.write_text(PLAIN + rows, encoding="utf-8")
        said = connected("catalogue", "import", path, "--full")
        assert said.code == 0, said
        return said

    return bring_in


def test_a_full_file_that_has_an_article_without_sku_under_another_handle_names_both(connected, store, bring_all):
    """It was named only where the file did not say that the old one is gone, and the shop got a second page."""
    bring_all("mug,Mug,,,,5,7.00\n" + TEE)
    assert connected("listings", "publish").code == 0

    told = bring_all(("mug,Mug,,,,5,7.00\n" + TEE).replace("mug,", "beaker,").replace("tee,", "shirt,")).err
    assert connected("catalogue", "merge", "mug", "beaker", "--yes").code == 0
    assert connected("listings", "publish").code == 0
    assert connected("listings", "sync").code == 0

    assert "'beaker' is new, and has the title and options of 'mug'" in told
    assert "'shirt' is new, and has the title and options of 'tee'" in told
    assert on_sale(store) == {
        "beaker": [("mug", (), "$7.00")],
        "shirt-S": [("shirt", ("Size: S",), "$15.00")],
        "shirt-M": [("shirt", ("Size: M",), "$15.00")],
    }


def test_a_family_that_is_merged_size_by_size_into_another_is_sold_on_that_ones_page_alone(connected, store, bring_all):
    """The old page went on selling all of it, with the old title."""
    bring_all(TEE)
    assert connected("listings", "publish").code == 0
    bring_all(TEE.replace("tee,", "shirt,"))

    assert connected("catalogue", "merge", "tee-S", "shirt-S", "--yes").code == 0
    assert connected("catalogue", "merge", "tee-M", "shirt-M", "--yes").code == 0
    assert connected("listings", "publish").code == 0
    assert connected("listings", "sync").code == 0

    assert on_sale(store) == {
        "shirt-S": [("shirt", ("Size: S",), "$15.00")],
        "shirt-M": [("shirt", ("Size: M",), "$15.00")],
    }
    assert [pieces_in_reach(store, "shirt", {"Size": size}) for size in ("S", "M")] == [3, 4]
