"""Hot queries go through the index made for them: nothing reads a channel's whole catalogue."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tradepost.domain.brake import STAGE_HARMS
from tradepost.domain.stages import Stage

INDEX_OF = {
    Stage.DELIST: "listing_due_status",
    Stage.HIDE: "listing_due_status",
    Stage.UNHIDE: "listing_due_status",
    Stage.PRICE: "listing_due_price",
    Stage.DECREASE: "listing_due_decrease",
    Stage.INCREASE: "listing_due_increase",
}


def plans_of(work) -> list[str]:
    """Run `work` and ask the database how it goes about each of the statements."""
    with CaptureQueriesContext(connection) as queries:
        work()
    plans = []
    with connection.cursor() as cursor:
        for query in queries:
            statement = query["sql"]
            if connection.vendor == "sqlite":
                cursor.execute("EXPLAIN QUERY PLAN " + statement)
                plans.append("\n".join(row[3] for row in cursor.fetchall()))
            else:
                # The tables are empty, so without this PostgreSQL would rightly read them whole.
                cursor.execute("SET enable_seqscan = off")
                cursor.execute("EXPLAIN " + statement)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return plans


@pytest.mark.parametrize("stage", Stage)
def test_due_listings_are_found_by_the_index_of_their_stage(listings, stage):
    due, *_ = plans_of(lambda: listings.due(stage, after=0, limit=10))
    (count,) = plans_of(lambda: listings.count_due([stage]))

    assert INDEX_OF[stage] in due
    assert INDEX_OF[stage] in count
    assert not re.search(r"USE TEMP B-TREE|Sort", due)


@pytest.mark.parametrize("stage", sorted(STAGE_HARMS))
def test_the_brake_counts_by_the_index_of_the_stage(listings, stage):
    (count,) = plans_of(lambda: listings.count_at_stake(stage))

    assert INDEX_OF[stage] in count


def test_products_to_publish_are_found_by_their_index(listings):
    due, *_ = plans_of(lambda: listings.publish_due(after=0, limit=10))
    with_images, *_ = plans_of(lambda: listings.publish_due(after=0, limit=10, sends_images=True))

    assert "listing_due_publish" in due
    assert "listing_due_publish" in with_images


def test_the_existence_pass_follows_the_external_ids(listings):
    (linked,) = plans_of(lambda: listings.linked(after_external_id=0, limit=10))

    (between,) = plans_of(lambda: listings.linked(after_external_id=5, up_to_external_id=9, limit=10))
    (among,) = plans_of(lambda: listings.linked_among([5, 9]))

    assert "listing_external_id_once_per_channel" in linked
    assert "listing_external_id_once_per_channel" in between
    assert "listing_external_id_once_per_channel" in among
    assert not re.search(r"USE TEMP B-TREE|Sort", linked + between)


def test_skus_and_codes_are_looked_up_one_by_one(listings):
    def look_up():
        listings.by_skus(["a"])
        listings.unlinked_matches(skus=["a"], codes=["b"])
        listings.by_codes(["b"])

    plans = "\n".join(plans_of(look_up))

    assert not re.search(r"SCAN tradepost_listing\b(?! USING)|Seq Scan on tradepost_listing", plans)
    if connection.vendor == "sqlite":  # PostgreSQL takes any index as long as the table is empty
        assert "listing_sku_once_per_channel" in plans
        assert "(channel_id=? AND code_key=?)" in plans
        assert "SEARCH tradepost_listing USING INDEX listing_by_health" not in plans


def test_no_write_goes_through_a_whole_channel_for_a_few_products(sqlite, catalogue, family, noon):
    from tradepost.database.listings.listings import DjangoListings  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.models import Channel  # noqa: PLC0415
    from tradepost.operations.ports import Proven  # noqa: PLC0415

    listings = DjangoListings(Channel.objects.create(name="Shop").pk)

    def work():
        catalogue.save([family("tee", "S", "M")], at=noon)
        listings.build(["tee"], queue=True)
        catalogue.save([family("tee", "S")], at=noon)
        listings.build(["tee"], queue=True)
        (row,) = listings.by_skus(["tee-S"])
        listings.record([Proven(row.id, at=noon, quantity=3)])

    plans = "\n".join(plans_of(work))

    assert "SEARCH tradepost_listing" in plans
    assert not re.search(r"tradepost_listing USING (COVERING )?INDEX \w+ \(channel_id=\?\)", plans)
    assert not re.search(r"SCAN tradepost_(listing|variant|product)\b", plans)
