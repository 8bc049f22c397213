"""Hot queries go through the index made for them: nothing reads a channel's whole catalogue."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from tradepost.database.listings.adoptions import DjangoAdoptions
from tradepost.database.listings.drifts import DjangoDrifts
from tradepost.domain.brake import STAGE_HARMS
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.drift import Drift, DriftFinding
from tradepost.domain.listings.stages import Stage
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.plan import FieldChange
from tradepost.domain.stock.stock import OrderSighting, SoldLine
from tradepost.operations.ports import Compared, SightedOrder

INDEX_OF = {
    Stage.DELIST: "listing_due_status",
    Stage.SETTLE: "listing_due_settle",
    Stage.HIDE: "listing_due_hide",
    Stage.UNHIDE: "listing_due_status",
    Stage.PRICE: "listing_due_price",
    Stage.DECREASE: "listing_due_decrease",
    Stage.AT_ZERO: "listing_due_at_zero",
    Stage.INCREASE: "listing_due_increase",
    Stage.SET: "listing_due_set",
    Stage.ACTIVATE: "listing_due_activate",
}


def plans_of(work) -> list[str]:
    """Run `work` and ask the database how it goes about each of the statements."""
    with CaptureQueriesContext(connection) as queries:
        work()
    plans = []
    with connection.cursor() as cursor:
        for query in queries:
            statement = query["sql"]
            if statement.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")):
                continue
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


def test_what_is_live_is_counted_in_the_index_made_for_it(listings):
    (count,) = plans_of(listings.live_count)

    assert "listing_live" in count


def test_counts_to_look_at_are_found_by_indexes_of_their_own(listings, noon):
    plans = plans_of(lambda: listings.looks_due(now=noon, basket_life=timedelta(hours=26), limit=10))
    never, long_ago, missing = plans[:3]

    assert "listing_never_looked_at" in never
    assert "listing_look_due" in long_ago
    assert "listing_missing" in missing
    assert not re.search(r"USE TEMP B-TREE|Sort", never + long_ago + missing)


def test_what_is_compared_next_is_found_by_indexes_of_its_own(channel, noon):
    drifts = DjangoDrifts(channel.pk)

    touched, *_ = plans_of(lambda: drifts.touched(after=0, limit=10))
    never, long_ago, *_ = plans_of(lambda: drifts.due(now=noon, limit=10))

    assert "listing_touched" in touched
    assert "listing_never_compared" in never
    assert "listing_comparison_due" in long_ago
    assert not re.search(r"USE TEMP B-TREE|Sort", touched + never + long_ago)


def test_stocks_that_need_a_person_are_found_by_indexes(accounts, database):
    plans = "\n".join(plans_of(lambda: accounts.watched(after=0, limit=10)))

    assert "listing_oversold" in plans
    assert "attention_by_kind" in plans
    assert not re.search(r"(SCAN|Seq Scan on) tradepost_listing\b", plans)


@pytest.mark.parametrize("stage", sorted(STAGE_HARMS))
def test_the_brake_counts_by_the_index_of_the_stage(listings, stage):
    (count,) = plans_of(lambda: listings.count_at_stake(stage))

    assert INDEX_OF[stage] in count


def test_what_a_publish_takes_off_sale_is_counted_by_the_index_of_what_is_left_over(listings):
    (count,) = plans_of(lambda: listings.count_cut_off(layout=Layout.NATIVE))

    assert "listing_left_over" in count
    assert not re.search(r"SCAN|Seq Scan", count)


def test_listings_that_need_a_person_for_one_reason_are_paged_by_its_index(listings):
    ids, *_ = plans_of(lambda: listings.with_attention(Attention.UNSETTLED, after=0, limit=10))

    assert "attention_by_kind" in ids
    assert not re.search(r"USE TEMP B-TREE|Sort", ids)


def test_attentions_are_counted_and_listed_by_kind_by_their_index(channel):
    from tradepost.database.models import AttentionRecord, Listing  # noqa: PLC0415 - the fixture has opened the database

    of_channel = AttentionRecord.objects.filter(channel=channel)
    flagged = of_channel.filter(kind="drift").values("listing_id")

    (counts,) = plans_of(lambda: list(of_channel.values("kind").annotate(number=Count("pk"))))
    (page,) = plans_of(lambda: list(Listing.objects.filter(channel=channel, pk__in=flagged).order_by("pk")[:10]))

    assert "attention_by_kind" in counts
    assert "attention_by_kind" in page
    assert not re.search(r"SCAN tradepost_listing\b|Seq Scan", page)


def test_products_to_publish_are_found_by_their_index(listings):
    due, *_ = plans_of(lambda: listings.publish_due(after=0, limit=10))
    with_images, *_ = plans_of(lambda: listings.publish_due(after=0, limit=10, sends_images=True))

    assert "listing_due_publish" in due
    assert "listing_due_publish" in with_images


def test_what_stands_in_another_layout_is_found_by_its_index(listings):
    _, switched, *_ = plans_of(lambda: listings.publish_due(after=0, limit=10))

    assert "listing_due_switch" in switched


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
        listings.code_holders(["b"])
        listings.by_codes(["b"])

    plans = "\n".join(plans_of(look_up))

    assert not re.search(r"SCAN tradepost_listing\b(?! USING)|Seq Scan on tradepost_listing", plans)
    if connection.vendor == "sqlite":  # PostgreSQL takes any index as long as the table is empty
        assert "listing_sku_once_per_channel" in plans
        assert "(channel_id=? AND code_key=?)" in plans
        assert "SEARCH tradepost_listing USING INDEX listing_by_health" not in plans


def test_no_write_goes_through_a_whole_channel_for_a_few_products(sqlite, save, family, noon):
    from tradepost.database.listings.listings import DjangoListings  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.models import Channel  # noqa: PLC0415
    from tradepost.operations.ports import Proven  # noqa: PLC0415

    channel = Channel.objects.create(name="Shop")
    listings, drifts = DjangoListings(channel.pk), DjangoDrifts(channel.pk)

    def work():
        save([family("tee", "S", "M")])
        listings.build(["tee"], queue=True)
        save([family("tee", "S")])
        listings.build(["tee"], queue=True)
        (row,) = listings.by_skus(["tee-S"])
        listings.record([Proven(row.id, at=noon, price=Decimal(3))])
        (page,) = [each for each in listings.by_skus(["tee"]) if each.kind is Kind.PARENT]
        text = Drift.of((FieldChange("name", "Tee", "Other"),))
        finding = DriftFinding(Decimal(3), is_inactive=True, overwrite=frozenset({Group.COST}))
        finding.drifts = {Group.TEXTS: text, Group.STRUCTURE: None}
        drifts.touch([page.id])
        drifts.record([Compared(page, 1, finding)], at=noon)
        drifts.known([page.id])

    plans = "\n".join(plans_of(work))

    assert "SEARCH tradepost_listing" in plans
    assert not re.search(r"tradepost_listing USING (COVERING )?INDEX \w+ \(channel_id=\?\)", plans)
    assert not re.search(r"SCAN tradepost_(listing|variant|product)\b", plans)


@pytest.fixture
def sighted(accounts, shop, noon):
    """A sighting of the cup, written down, and the same once more."""

    def run():
        found = OrderSighting(1001, StoreStatus.PENDING, 100, (SoldLine("CUP", "CUP", 1, StoreStatus.PENDING),))
        with transaction.atomic():
            accounts.sight([SightedOrder(1001, found)], is_first=False, at=noon)

    run()
    return run


def test_a_sighting_looks_up_its_own_order_and_products_only(sighted):
    plans = "\n".join(plans_of(sighted))

    assert "pieces_reserved" in plans
    assert not re.search(r"(SCAN|Seq Scan on) (tradepost_(sighting|listing|variant|stockentry)|pieces|listing)", plans)
    if connection.vendor == "sqlite":  # PostgreSQL takes any index as long as the table is empty
        assert not re.search(r"INDEX \w+ \(channel_id=\?\)", plans)


def test_what_is_reserved_is_summed_up_by_its_index(sighted):
    # The fixture has opened the database.
    from tradepost.database.listings.wanted_basis import reserved_pieces  # noqa: PLC0415

    (plan,) = plans_of(lambda: reserved_pieces([1]))

    assert "pieces_reserved" in plan


def test_a_statement_frees_what_it_knows_by_the_variant(sighted, save, simple, noon):
    plans = "\n".join(plans_of(lambda: save([simple("CUP", quantity=8)], at=noon)))

    assert "pieces_reserved" in plans
    assert "sighting_handed_over" in plans
    assert not re.search(r"(SCAN|Seq Scan on) (tradepost_(sighting|sightedpieces)|handed|sighting)\b", plans)


def test_pieces_without_a_listing_are_matched_by_their_key(sighted):
    from tradepost.database.models import Listing  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.stock.sightings import match_pieces  # noqa: PLC0415

    cup = Listing.objects.get(sku="CUP")

    *_, plan = plans_of(lambda: match_pieces([cup.variant_id], channel_id=cup.channel_id))

    assert "pieces_unmatched" in plan


def test_open_orders_are_found_by_their_index(accounts):
    *_, plan, parked = plans_of(accounts.place)

    assert "sighting_open" in plan
    assert not re.search(r"SCAN|Seq Scan", parked)


def test_news_of_orders_are_found_by_their_index(sighted, channel):
    from tradepost.database.orders.orders import DjangoOrders  # noqa: PLC0415 - the fixture has opened the database

    _, plan = plans_of(lambda: DjangoOrders(channel.pk).news(after=0, limit=10))

    assert "sighting_news" in plan
    assert not re.search(r"USE TEMP B-TREE|Sort|SCAN|Seq Scan", plan)


def test_payloads_are_forgotten_by_their_age(channel, noon):
    from tradepost.database.orders.orders import DjangoOrders  # noqa: PLC0415 - the fixture has opened the database

    *_, plan = plans_of(lambda: DjangoOrders(channel.pk).drop_payloads(before=noon))

    assert "order_payload_by_age" in plan


def test_orders_to_acknowledge_are_found_by_their_index(channel):
    from tradepost.database.orders.orders import DjangoOrders  # noqa: PLC0415 - the fixture has opened the database

    plan, *_ = plans_of(lambda: DjangoOrders(channel.pk).unacknowledged(after=0, limit=10))

    assert "order_unacknowledged" in plan
    assert not re.search(r"USE TEMP B-TREE|Sort", plan)


def test_fresh_orders_are_found_by_their_index(channel):
    from tradepost.database.models import Order  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.models.fulfilment import fresh  # noqa: PLC0415

    (plan,) = plans_of(lambda: list(fresh(Order.objects.filter(channel=channel)).order_by("-pk")[:50]))

    assert "order_untouched" in plan
    assert not re.search(r"SCAN tradepost|Seq Scan", plan)


def test_unknown_items_of_new_listings_are_found_by_their_names(sighted):
    from tradepost.database.models import Listing  # noqa: PLC0415 - the fixture has opened the database
    from tradepost.database.orders.order_lines import look_again_at  # noqa: PLC0415

    cup = Listing.objects.get(sku="CUP")

    *_, plan = plans_of(lambda: look_again_at([cup.variant_id], channel_id=cup.channel_id))

    assert "order_line_unknown_sku" in plan
    assert "order_line_unknown_code" in plan


def test_what_a_batch_asks_for_is_found_by_it_and_never_by_going_through_its_channel(channel, shop, listings):
    """With a million listings, each batch of a publish or an import would read all of them."""
    ids = list(range(1, 301))
    products = sorted({row.product_id for row in shop.values()})
    skus = [f"TEE-{number}" for number in ids]
    adoptions, handles = DjangoAdoptions(channel.pk), ["tee", "cup"]

    plans = [
        *plans_of(lambda: listings.families(products)),
        *plans_of(lambda: listings.variants_of(ids)),
        *plans_of(lambda: listings.queue_structure(handles)),
        *plans_of(lambda: listings.build(handles, queue=True)),
        *plans_of(lambda: adoptions.known(skus, handles)),
        *plans_of(lambda: adoptions.families(after=0, limit=10)),
        *plans_of(DjangoDrifts(channel.pk).open_ids),
    ]

    assert len(plans) > 10
    through_all = (
        r"(tradepost_listing|tradepost_outlinerecord)\S* .*\(channel_id=\?\)$|SCAN (tradepost_)?(listing|outline)"
    )
    assert [plan for plan in plans if re.search(through_all, plan, re.MULTILINE)] == []
