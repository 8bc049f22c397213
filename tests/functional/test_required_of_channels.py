"""What a merchant relies on when a store is connected: rights, secrets, and the folder of images, by commands."""

import pytest
from PIL import Image

from sdk.store_reader import read_store

CATALOGUE = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Image Src\nmug,Mug,MUG,7.90,3,mug.png\n"


@pytest.mark.parametrize(
    ("typed", "folder"),
    [("/graphics/is-images/", "graphics/is-images"), ("graphics", "graphics"), ("pictures", "graphics/pictures")],
)
def test_images_go_into_the_folder_that_was_typed_and_are_registered_as_lying_there(
    connected, store, tmp_path, typed, folder
):
    """
    R22, R23: with a folder, files go there and are registered so; `graphics` means none, and they lie right below it. A
    folder that is missing is an error until somebody asks to have it made.
    """
    Image.new("RGB", (40, 30), "red").save(tmp_path / "mug.png")
    (tmp_path / "mug.csv").write_text(CATALOGUE, encoding="utf-8")
    root = store.domain.files_root
    connected("channel", "set", "shop", "--ftp-folder", typed)
    is_there = (root / folder).is_dir()

    checked = connected("channel", "check", "shop")
    made = connected("channel", "check", "shop", "--make-folder")
    assert connected("catalogue", "import", tmp_path / "mug.csv").code == 0
    published = connected("listings", "publish")

    assert (checked.code == 0) is is_there, checked
    assert is_there or "--make-folder" in checked.out + checked.err
    assert (made.code, published.code) == (0, 0), (made, published)
    (image,) = read_store(store)["mug"].images
    assert image.path.rpartition("/")[0] == folder
    assert (root / image.path).is_file()


@pytest.mark.parametrize(
    "typed", ["..", "graphics/../secret", "/etc/ssl", "/htdocs/mm5/graphics/is-images", "00000001"]
)
def test_a_folder_that_leads_elsewhere_is_refused_and_nothing_changes(connected, typed):
    """R23, R24: other roots are refused, and so are the numbered folders, which are the store's own."""
    before = connected("channel", "show", "shop", "--json").json

    said = connected("channel", "set", "shop", "--ftp-folder", typed)

    assert said.code == 2
    assert "image sub-folder" in said.err
    assert connected("channel", "show", "shop", "--json").json == before


def test_a_call_that_is_denied_stops_the_run_with_one_alert_and_touches_no_listing(published, store):
    """R7: a function that the token lacks ends what needs it, is named once with the cure, and marks no listing."""
    published("listings", "delist", "HP-MUG-WHITE", "HP-NOTE-SLATE", "--yes")
    store.domain.db.execute(
        "DELETE FROM token_functions WHERE token_id = ? AND function = 'Product_Delete'", (store.hub.id,)
    )
    before = read_store(store)

    said = published("listings", "sync")

    assert said.code == 3
    assert (said.out + said.err).count("Product_Delete") == 1
    assert read_store(store) == before
    rows = {row["sku"]: row for row in published("listings", "list", "--json").json["listings"]}
    assert [rows[sku]["pending"] for sku in ("HP-MUG-WHITE", "HP-NOTE-SLATE")] == ["delist", "delist"]
    assert [row["sku"] for row in rows.values() if row["attentions"]] == []


def test_no_command_shows_a_token_or_a_key_again(connected, box):
    """R3: what was typed once is shown by nothing, neither by a channel's settings nor by the history of changes."""
    told = [
        connected("channel", "show", "shop"),
        connected("channel", "show", "shop", "--json"),
        connected("channel", "check", "shop"),
        connected("channel", "list", "--json"),
        connected("runs", "list", "--json"),
    ]

    texts = "".join(said.out + said.err for said in told)
    secrets = (box.hub_token, box.hub_signature_key, box.ftp_password)
    assert [secret for secret in secrets if secret in texts] == []
