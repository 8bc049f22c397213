"""What a channel maps reaches the store: in texts, and in custom fields that are made there (R10, R37, R42, R53)."""

from dataclasses import replace

from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Pending

from .conftest import CATALOGUE

MAPPING = (("name", "{brand} {title}"), ("field:path", "{category}"))


def map_(shop, mapping):
    shop.settings = replace(shop.settings, rules=replace(shop.settings.rules, mapping=mapping))


def test_what_is_mapped_is_published_and_only_an_overwrite_sends_another_mapping(shop, shopper):
    """R37, R42, R53: the mapping makes texts and custom fields, and another one is sent by an overwrite."""
    map_(shop, MAPPING)
    shop.import_text(CATALOGUE)
    first = shop.publish()
    found = shop.on_store()
    map_(shop, ())
    synced, published = shop.sync(), shop.publish()
    unchanged = shop.on_store()["mug-01"].name
    shop.queue(Pending.OVERWRITE, "MUG-01", groups=[Group.TEXTS])
    shop.publish()

    assert first.bad() == []
    assert found["mug-01"].name == "Acme Enamel Mug"
    assert found["tee-red-m"].name == "Acme Cotton Tee, Red, M"
    assert found["mug-01"].custom_fields["path"] == "Kitchen"
    assert found["mug-01"].custom_fields["brand"] == "Acme"
    assert set(shopper.sold(["tee", "MUG-01", "CUP-01"])) == {"TEE-RED-M", "TEE-RED-L", "MUG-01", "CUP-01"}
    assert (synced.results, published.results, unchanged) == ([], [], "Acme Enamel Mug")
    assert shop.on_store()["mug-01"].name == "Enamel Mug"
