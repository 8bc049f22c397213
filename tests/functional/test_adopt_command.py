"""A store that is in use is adopted, as a person types it: look first, take it over, say what products are, let go."""

import pytest

from miva_sandbox import provisioning
from miva_sandbox.control import bulk


@pytest.fixture
def living(connected, store):
    bulk.add_families(store.store, 2, variants=2)
    bulk.add_products(store.store, 3)
    assert list(provisioning.run(store.store, '<Product_Update code="SEED-9"><SKU>SEED-8</SKU></Product_Update>')) == []
    return connected


def test_a_store_is_looked_at_adopted_and_synced_without_a_change(living):
    preview = living("listings", "adopt", "--dry-run")
    before = living("listings", "list", "--json").json["listings"]
    adopted = living("listings", "adopt")
    paused = living("listings", "list", "--json").json["listings"]
    freed = living("listings", "unpause", "--all", "--yes")
    plan = living("listings", "sync", "--dry-run")
    synced = living("listings", "sync")

    assert [said.code for said in (preview, adopted, freed, plan, synced)] == [0] * 5, (preview, adopted)
    assert before == []
    assert "7 to create" in preview.out
    told = " ".join(adopted.err.split())
    assert "2 families with 4 variants, and 3 products of their own" in told
    assert "2 products of the store have the SKU SEED-8: SEED-8, SEED-9" in told
    assert {(row["link"], row["health"], row["paused"]) for row in paused} == {("linked", "listed", True)}
    assert len(paused) == 7
    assert "Nothing to do." in plan.out
    assert "Nothing to do." in synced.out


def test_what_products_are_is_written_when_a_person_has_said_so_and_nothing_else(living, store):
    """R11: products that do not say what they are are reported with a suggestion, and written after a yes."""
    living("listings", "adopt", "--sku-from", "code")
    living("listings", "unpause", "--all", "--yes")
    shown = living("listings", "set-type", "--dry-run")
    refused = living("listings", "set-type")

    written = living("listings", "set-type", "--yes")
    again = living("listings", "adopt")

    assert "9 to change" in shown.out
    assert refused.code != 0
    assert written.code == 0, written
    assert "custom field product_type" not in again.err
    assert "Nothing to do." in living("listings", "sync", "--dry-run").out


def test_an_adoption_can_not_be_limited_to_listings(living):
    said = living("listings", "adopt", "SEED-1")

    assert said.code == 2
