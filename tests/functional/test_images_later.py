"""A channel that gets its image server when its products are on the store already, as a person types it."""

import re

import httpx2
import pytest
from PIL import Image

from miva_sandbox.state.page_images import choose_everywhere

CATALOGUE = (
    "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Image Src\n"
    "mug,Mug,MUG,7.90,3,mug.png\ncup,Cup,CUP,4.50,7,cup.png\njug,Jug,JUG,9.50,2,\n"
)
ADVICE = "'tradepost channel set shop --ftp-host HOST' names one"


@pytest.fixture
def without_images(shell, box, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TOKEN", box.hub_token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", box.hub_signature_key)
    monkeypatch.setenv("TRADEPOST_FTP_PASSWORD", box.ftp_password)
    address = (
        "--domain",
        box.endpoint,
        "--store-code",
        box.store_code,
        "--plain-http",
        "--local",
        "--no-images-by-store",
    )
    assert shell("channel", "add", "shop", *address).code == 0
    return shell


def images_on(store, code):
    page = httpx2.get(f"{store.storefront}?Screen=PROD&Product_Code={code}", trust_env=False).text
    return re.findall(r'<img src="[^"]+"', page)


def test_images_follow_when_the_channel_is_given_an_image_server(without_images, store, box, tmp_path):
    """R21: a channel without an image server publishes, and its images follow when it has one."""
    shell = without_images
    choose_everywhere(store.store, "main")
    for name, colour in (("mug", "red"), ("cup", "navy")):
        Image.new("RGB", (40, 30), colour).save(tmp_path / f"{name}.png")
    file = tmp_path / "products.csv"
    file.write_text(CATALOGUE, encoding="utf-8")

    imported = shell("catalogue", "import", file)
    published = shell("listings", "publish")
    # There is one channel, so it need not be named; what is to be typed next names it all the same.
    shown = shell("channel", "show")
    before = [images_on(store, code) for code in ("MUG", "CUP", "JUG")]
    server = ("--ftp-protocol", "ftp", "--ftp-host", box.ftp_host, "--ftp-port", box.ftp_port)
    changed = shell("channel", "set", "shop", *server, "--ftp-user", box.ftp_user)
    checked = shell("channel", "check", "shop", "--make-folder")
    later = shell("listings", "publish")

    assert [said.code for said in (imported, published, changed, checked, later)] == [0] * 5, (checked, later)
    assert [said.count(ADVICE) for said in (imported.err, published.err, shown.out)] == [1, 1, 1]
    assert "2 products have images" in imported.err
    assert "2 products go without images" in published.err
    assert "2 listings are on the store without their images" in shown.out
    assert before == [[], [], []]
    assert [len(images_on(store, code)) for code in ("MUG", "CUP", "JUG")] == [1, 1, 0]
    assert ADVICE not in shell("channel", "show", "shop").out
    assert "Nothing to do." in shell("listings", "publish").out


@pytest.fixture
def with_images(without_images, store, box, tmp_path):
    """A channel with an image server whose `graphics` is said to be where the hoster had it once, and two products."""
    shell = without_images
    (store.domain.files / "htdocs" / "old" / "graphics").mkdir(parents=True)
    server = ("--ftp-protocol", "ftp", "--ftp-host", box.ftp_host, "--ftp-port", box.ftp_port)
    shell("channel", "set", "shop", *server, "--ftp-user", box.ftp_user)
    choose_everywhere(store.store, "main")
    for name, colour in (("mug", "red"), ("cup", "navy")):
        Image.new("RGB", (40, 30), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "products.csv").write_text(CATALOGUE, encoding="utf-8")
    shell("catalogue", "import", tmp_path / "products.csv")
    return shell


def test_images_arrive_once_the_directory_that_was_wrong_is_corrected(with_images, store):
    shell = with_images
    shell("channel", "set", "shop", "--ftp-directory", "/htdocs/old/graphics")
    shell("channel", "check", "shop", "--make-folder")

    wrong = shell("listings", "publish")
    before = [images_on(store, code) for code in ("MUG", "CUP")]
    shell("channel", "set", "shop", "--ftp-directory", "/htdocs/mm5/graphics")
    checked = shell("channel", "check", "shop", "--make-folder")
    corrected = shell("listings", "publish")

    assert (wrong.code, before) == (1, [[], []])
    assert [said.code for said in (checked, corrected)] == [0, 0], (checked, corrected)
    assert [len(images_on(store, code)) for code in ("MUG", "CUP", "JUG")] == [1, 1, 0]
    assert "Nothing to do." in shell("listings", "publish").out
    assert shell("listings", "list", "--attention", "image_failed", "--json").json["listings"] == []


def test_images_move_to_another_folder_without_anybody_asking_for_each(with_images, store):
    shell = with_images
    shell("channel", "check", "shop", "--make-folder")
    shell("listings", "publish")
    before = [images_on(store, code) for code in ("MUG", "CUP")]

    shell("channel", "set", "shop", "--ftp-folder", "pictures")
    shell("channel", "check", "shop", "--make-folder")
    synced = shell("listings", "sync")
    published = shell("listings", "publish")

    assert (synced.code, published.code) == (0, 0), (synced, published)
    after = [images_on(store, code) for code in ("MUG", "CUP")]
    assert ["is-images" in image for [image] in before] == [True, True]
    assert ["graphics/pictures/" in image for [image] in after] == [True, True]
    assert "Nothing to do." in shell("listings", "publish").out


def test_another_password_is_no_other_server(with_images):
    shell = with_images
    shell("channel", "check", "shop", "--make-folder")
    shell("listings", "publish")

    assert shell("channel", "set", "shop", "--new-ftp-password").code == 0

    assert "Nothing to do." in shell("listings", "publish").out


def test_without_an_image_server_the_store_writes_the_images_itself(shell, store, box, tmp_path, monkeypatch):
    """R21: publishing needs no FTP; the check finds out whether the store can do without."""
    monkeypatch.setenv("TRADEPOST_TOKEN", box.hub_token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", box.hub_signature_key)
    choose_everywhere(store.store, "main")
    for name, colour in (("mug", "red"), ("cup", "navy")):
        Image.new("RGB", (40, 30), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "products.csv").write_text(CATALOGUE, encoding="utf-8")

    address = ("--domain", box.endpoint, "--store-code", box.store_code, "--plain-http", "--local")
    added = shell("channel", "add", "shop", *address)
    imported = shell("catalogue", "import", tmp_path / "products.csv")
    published = shell("listings", "publish")
    again = shell("listings", "overwrite", "MUG", "CUP", "--group", "images", "--now")

    assert "the store takes images inside what publishing sends" in added.out
    assert [said.code for said in (added, imported, published, again)] == [0] * 4, (published, again)
    assert [ADVICE in said.err for said in (imported, published)] == [False, False]
    shown = [images_on(store, code) for code in ("MUG", "CUP", "JUG")]
    assert [len(found) for found in shown] == [1, 1, 0]
    assert all("graphics/is-images/" in found for page in shown for found in page)
    assert shell("channel", "show", "shop", "--json").json["images_by_store"] is True


def test_what_the_last_check_found_and_which_pages_are_done_is_kept_with_the_channel(shell, box, monkeypatch):
    """R18, R19: the check list of what only a person can do in the store's administration."""
    monkeypatch.setenv("TRADEPOST_TOKEN", box.hub_token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", box.hub_signature_key)
    address = ("--domain", box.endpoint, "--store-code", box.store_code, "--plain-http", "--local")
    shell("channel", "add", "shop", *address)
    before = shell("channel", "show", "shop")

    changed = shell("channel", "set", "shop", "--image-pages", "srch, prod-related")
    wrong = shell("channel", "set", "shop", "--image-pages", "HOME")
    after = shell("channel", "show", "shop")
    facts = shell("channel", "show", "shop", "--json").json

    assert (changed.code, wrong.code) == (0, 2)
    assert "'HOME' is no page that shows images" in wrong.err
    assert "[ ] SRCH: the results of a search" in before.out
    assert "[x] SRCH: the results of a search" in after.out
    assert "[x] PROD-related" in after.out
    assert "as the image of CTGY, PROD, PLST, BASK, and save" in after.out
    assert "store: clock: ok" in after.out
    assert facts["image_pages"] == ["PROD-related", "SRCH"]
    assert {"name", "is_good", "is_known", "words"} == set(facts["checks"][0])
    assert facts["checked_at"]
    cleared = shell("channel", "set", "shop", "--image-pages", "none")
    assert cleared.code == 0
    assert shell("channel", "show", "shop", "--json").json["image_pages"] == []
