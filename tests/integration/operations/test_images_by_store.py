"""Without an image server the store writes the images itself: once, whole, and never over what is somebody else's."""

import pytest

from attentions import kinds_of, reason_of
from tradepost.database.models import StoreFile
from tradepost.domain.listings.attention import Attention
from tradepost.domain.plan import Action
from tradepost.miva.connect import StoreConnection, connect_client
from tradepost.miva.files import provisioned_images
from tradepost.miva.files.provisioned_images import ProvisionedImages, takes_images

from .test_images import a_mug, attached, colours, images, overwrite, uploads

__all__ = ["images"]


@pytest.fixture
def client(images):
    opened = connect_client(
        StoreConnection(
            domain=images.sandbox.endpoint,
            store_code="sandbox",
            token=images.token.token,
            signature_key=images.token.signature_key,
            plain_http=True,
        )
    )
    yield opened
    opened.close()


@pytest.fixture
def by_store(images, client):
    """A shop that has no image server."""
    images.image_store.close()
    images.image_store = ProvisionedImages(client)
    return images


def files(shop):
    folder = shop.sandbox.domain.files_root / "graphics" / "is-images"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_the_store_can_be_asked_without_a_trace_whether_it_takes_images(images, client):
    assert takes_images(client)

    assert files(images) == {}
    assert images.on_store() == {}


def test_a_shopper_sees_the_images_and_each_was_sent_once(by_store):
    by_store.import_text(a_mug("a.png", "b.png"))

    run = by_store.publish()
    kept = files(by_store)
    again = overwrite(by_store, a_mug("a.png", "b.png"))

    assert (run.bad(), len(uploads(run)), len(kept)) == ([], 2, 2)
    assert colours(by_store) == ["a", "b"]
    assert [kind for _name, kind in attached(by_store)] == ["main", ""]
    assert (uploads(again), files(by_store)) == ([], kept)


def test_new_content_gets_a_new_name_and_what_it_replaces_leaves_the_page(by_store):
    by_store.import_text(a_mug("a.png"))
    by_store.publish()
    before = files(by_store)

    overwrite(by_store, a_mug("d.png"))

    assert colours(by_store) == ["d"]
    assert len(set(files(by_store)) - set(before)) == 1


def test_what_a_hub_that_was_killed_had_sent_is_seen_on_the_store_and_not_sent_again(by_store):
    by_store.import_text(a_mug("a.png"))
    by_store.publish()
    # Killed before it was written down.
    StoreFile.objects.all().delete()
    before = (files(by_store), by_store.on_store())

    run = overwrite(by_store, a_mug("a.png"))

    assert uploads(run) == []
    assert (files(by_store), by_store.on_store()) == before


def test_a_file_of_the_same_name_that_is_not_ours_stays_and_the_product_says_what_it_lacks(by_store):
    """R24: a file that the hub did not send is never overwritten, whatever it is called."""
    by_store.import_text(a_mug("a.png"))
    preview = by_store.publish(is_dry=True)
    (path,) = [
        change.subject.key for unit in preview.units for change in unit.changes if change.action is Action.UPLOAD
    ]
    name = path.rpartition("/")[2]
    file = by_store.sandbox.domain.files_root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"theirs")

    run = by_store.publish()

    assert run.bad()
    assert files(by_store) == {name: b"theirs"}
    assert kinds_of(by_store.listing("MUG")) == {Attention.IMAGE_FAILED}
    assert "which is not ours" in reason_of(by_store.listing("MUG"), Attention.IMAGE_FAILED)


def test_an_image_that_is_too_large_is_named_with_the_way_out(by_store, monkeypatch):
    monkeypatch.setattr(provisioned_images, "LARGEST_BYTES", 20)
    by_store.import_text(a_mug("a.png"))

    run = by_store.publish()

    assert run.bad()
    assert files(by_store) == {}
    assert "'tradepost channel set --ftp-host'" in reason_of(by_store.listing("MUG"), Attention.IMAGE_FAILED)
    assert by_store.listing("MUG").link == "linked"
