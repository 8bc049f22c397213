"""A store of 5,000 products, families with drop-downs and without and articles, is adopted as it is."""

import pytest
from django.db import transaction

from miva_sandbox import provisioning
from miva_sandbox.control import bulk
from tradepost.database.models import Listing, ProductRecord
from tradepost.domain.plan import Outcome, Side
from tradepost.operations.listings.queue_changes import plan_pause

from .conftest import EIGHT, Shop
from .test_adopt import FIELDS, value

FAMILIES, SIMPLE, APART = 800, 900, 100
PRODUCTS = FAMILIES * 5 + SIMPLE + APART


@pytest.fixture
def shop(sandbox, sqlite, tmp_path):
    made = Shop(sandbox, tmp_path, token=EIGHT)
    yield made
    made.close()


def fill(shop):
    """Make native families, products of their own, and families that fields alone hold together."""
    store = shop.sandbox.store
    bulk.add_families(store, FAMILIES, variants=4)
    bulk.add_products(store, SIMPLE + APART)
    xml = FIELDS
    last = FAMILIES * 5 + SIMPLE + APART
    for first in range(last - APART + 1, last + 1, 5):
        xml += value(f"SEED-{first}", "product_type", "parent")
        for number in range(first + 1, first + 5):
            xml += value(f"SEED-{number}", "product_type", "variant")
            xml += value(f"SEED-{number}", "parent_code", f"SEED-{first}")
    assert list(provisioning.run(store, xml)) == []


def kept(shop):
    """All that the store has of its products, row by row."""
    db = shop.sandbox.store.db
    tables = ("products", "inventory_product_settings", "inventory_product_counts", "uris", "product_variants")
    return {table: [tuple(row) for row in db.rows(f"SELECT * FROM {table}")] for table in tables}


def test_a_store_of_five_thousand_products_is_adopted_and_nothing_is_planned_for_it(shop, shopper):
    """R11, R13."""
    fill(shop)
    pages = [f"SEED-{number}" for number in (1, 6, 501, 3_996, 4_001, 4_444, 4_905, 4_996, 4_997)]
    sold, before = shopper.sold(pages), kept(shop)

    run = shop.adopt()
    rows = shop.listings.by_ids(shop.all_ids())
    with transaction.atomic():
        shop.listings.set_status(plan_pause(rows, is_paused=False).statuses)
    plan = shop.sync(is_dry=True)
    synced = shop.sync()

    assert PRODUCTS == 5_000
    assert len(sold) >= len(pages)
    assert run.bad() == []
    kinds = dict.fromkeys(["parent", "variant", "simple"], 0)
    for kind in Listing.objects.filter(link="linked").values_list("kind", flat=True):
        kinds[kind] += 1
    assert kinds == {"parent": FAMILIES + 20, "variant": FAMILIES * 4 + 80, "simple": SIMPLE}
    assert ProductRecord.objects.count() == FAMILIES + 20 + SIMPLE
    assert [change for unit in plan.units for change in unit.changes] == []
    assert [result for result in synced.results if result.change.side is Side.STORE] == []
    assert {result.outcome for result in synced.results} <= {Outcome.UNCHANGED}
    assert kept(shop) == before
    assert shopper.sold(pages) == sold
