"""What is kept of the store's own values: marked, compared, remembered, answered; on both databases."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from tradepost.database.listings.drifts import DjangoDrifts
from tradepost.database.models import DriftRecord, Listing
from tradepost.domain.fields import Group
from tradepost.domain.listings.drift import Drift, DriftFinding
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.plan import FieldChange
from tradepost.domain.store import StoreAttribute
from tradepost.operations.listings.queue_changes import plan_unlink
from tradepost.operations.ports import Compared, Proven

NAME = Drift.of((FieldChange("name", "Mug", "Other"),))


@pytest.fixture
def drifts(channel):
    return DjangoDrifts(channel.pk)


@pytest.fixture
def compare(drifts, listings, noon):
    """Record a finding of one listing, by SKU."""

    def run(sku, *, at=noon, updated=5, **values):
        (row,) = listings.by_skus([sku])
        with transaction.atomic():
            drifts.record([Compared(row, updated, DriftFinding(**values))], at=at)
        (found,) = listings.by_skus([sku])
        return found

    return run


def test_what_was_touched_is_due_until_it_was_compared(shop, drifts, compare, noon):
    ids = [shop[sku].id for sku in ("CUP", "tee")]

    drifts.touch(ids)
    touched = drifts.touched(after=0, limit=10)
    compare("CUP")

    assert [row.id for row in touched] == sorted(ids)
    assert [row.sku for row in drifts.touched(after=0, limit=10)] == ["tee"]
    assert Listing.objects.get(sku="CUP").external_updated == 5
    assert "CUP" not in {row.sku for row in drifts.due(now=noon, limit=10)}


def test_a_price_and_what_gives_way_to_it_are_recorded_and_a_price_that_is_proven_ends_it(
    shop, listings, compare, noon
):
    row = compare("CUP", price=Decimal(3), yielded_price=Decimal(10))
    before = row.proven_price, row.yielded_price
    listings.note_sent_prices({row.id: Decimal(11)})
    (sent,) = listings.by_ids([row.id])

    listings.record([Proven(row.id, noon, price=Decimal(11))])

    (after,) = listings.by_ids([row.id])
    assert before == (Decimal(3), Decimal(10))
    assert sent.sent_price == Decimal(11)
    assert (after.proven_price, after.yielded_price, after.sent_price) == (Decimal(11), None, None)


def test_variants_are_switched_off_and_on_with_their_page(shop, listings, compare):
    compare("tee", is_inactive=True, keeps_inactive=False)
    off = {row.sku: (row.is_inactive, row.keeps_inactive) for row in listings.by_skus(["tee", "tee-S", "tee-M", "CUP"])}

    compare("tee", is_inactive=False, keeps_inactive=False)

    assert off == {"tee": (True, False), "tee-S": (True, True), "tee-M": (True, True), "CUP": (False, False)}
    assert not any(row.is_inactive or row.keeps_inactive for row in listings.by_skus(["tee", "tee-S", "tee-M"]))


def test_what_differs_keeps_its_time_as_long_as_it_lasts_and_goes_when_it_does_not(shop, drifts, compare, noon):
    later = noon + timedelta(days=1)
    row = compare("CUP", drifts={Group.TEXTS: NAME})
    compare("CUP", at=later, drifts={Group.TEXTS: replace(NAME, is_kept=True), Group.COST: None})
    kept = DriftRecord.objects.get()
    known = drifts.known([row.id])

    compare("CUP", at=later, drifts={Group.TEXTS: None})

    assert (kept.since, kept.is_kept, known) == (noon, True, {row.id: {Group.TEXTS: replace(NAME, is_kept=True)}})
    assert drifts.known([row.id]) == {}


def test_values_of_any_kind_can_be_kept_in_mind(shop, drifts, compare):
    attribute = StoreAttribute("size", "Size", ())
    drift = Drift.of((FieldChange("attributes", (attribute,), ()), FieldChange("cost", Decimal("1.50"), None)))

    row = compare("CUP", drifts={Group.STRUCTURE: drift})

    assert drifts.known([row.id])[row.id][Group.STRUCTURE].mark == drift.mark


def test_only_what_nobody_has_accepted_is_open(shop, drifts, compare):
    open_one = compare("CUP", drifts={Group.TEXTS: NAME})
    compare("tee-S", drifts={Group.TEXTS: replace(NAME, is_kept=True)})

    assert drifts.open_ids() == [open_one.id]


def test_an_overwrite_is_added_to_what_is_queued_and_takes_nothing_back(shop, listings, compare):
    (cup,) = listings.by_skus(["CUP"])
    listings.set_status({cup.id: replace(cup.status, pending=Pending.OVERWRITE)}, groups=frozenset({Group.IMAGES}))
    added = compare("CUP", overwrite=frozenset({Group.TEXTS}))
    (small,) = listings.by_skus(["tee-S"])
    listings.set_status({small.id: replace(small.status, pending=Pending.HIDE)})
    refused = compare("tee-S", overwrite=frozenset({Group.TEXTS}))

    assert (added.status.pending, added.overwrite_groups) == (Pending.OVERWRITE, {Group.TEXTS, Group.IMAGES})
    assert (refused.status.pending, refused.overwrite_groups, refused.is_touched) == (Pending.HIDE, set(), True)


def test_what_was_sent_of_a_listing_that_differs_is_compared_again(shop, listings, compare, noon):
    row = compare("CUP", drifts={Group.TEXTS: NAME})

    listings.record([Proven(row.id, noon, fingerprints={Group.TEXTS: "aa"})])

    assert {each.sku: each.is_touched for each in listings.by_skus(["CUP", "tee"])} == {"CUP": True, "tee": False}


def test_what_is_unlinked_forgets_all_of_it(shop, listings, compare, drifts):
    row = compare("CUP", price=Decimal(3), yielded_price=Decimal(10), is_inactive=True, drifts={Group.TEXTS: NAME})
    drifts.touch([row.id])

    listings.set_status(plan_unlink(listings.by_ids([row.id])).statuses)

    (after,) = listings.by_ids([row.id])
    assert (after.yielded_price, after.is_inactive, after.compared_at, after.is_touched) == (None, False, None, False)
    assert drifts.known([row.id]) == {}


def test_another_product_under_the_link_was_never_compared(shop, listings, compare, noon):
    row = compare("CUP")

    listings.record([Proven(row.id, noon, status=Status(Health.LISTED, Link.LINKED), external_id=999)])

    after = Listing.objects.get(sku="CUP")
    assert (after.external_updated, after.compared_at) == (None, None)


def test_what_the_store_counts_more_is_stated_and_never_less_than_nothing(shop, accounts, stock, noon):
    accounts.state({shop["CUP"].id: 3, shop["tee-S"].id: -9}, at=noon)

    assert {sku: available for sku, (available, _) in stock().items()} == {"CUP": 8, "tee-S": 0, "tee-M": 5}
