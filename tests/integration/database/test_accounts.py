"""Accounts of listings: writes that were begun, what became of them, and what looks found, on both databases."""

# ruff: noqa: PLR0917 - fixtures are asked for by name

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from tradepost.database.models import Listing, StockEntry
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.domain.errors import RunLost
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.stock.stock import EntryKind
from tradepost.operations.ports import AccountEntry, Proven, Reading

LISTED = Status(Health.LISTED, Link.LINKED)
HIDDEN = Status(Health.HIDDEN, Link.LINKED)
HOUR = timedelta(hours=1)


@pytest.fixture
def cup(shop):
    return shop["CUP"]


def kept(row):
    return Listing.objects.get(pk=row.id)


def figures(row):
    listing = kept(row)
    return listing.account, listing.open_move, listing.open_since


# --- writes that were begun ---------------------------------------------------------------------------------------


def test_a_move_that_was_begun_is_open_and_changes_no_account(cup, accounts, noon):
    accounts.begin({cup.id: -2}, at=noon + HOUR)

    assert figures(cup) == (5, -2, noon + HOUR)


def test_what_is_open_is_not_begun_a_second_time_nor_anything_else_with_it(shop, cup, accounts, noon):
    accounts.begin({cup.id: -2}, at=noon)

    with pytest.raises(RunLost), transaction.atomic():
        accounts.begin({shop["tee-S"].id: 1, cup.id: -2}, at=noon + HOUR)

    assert figures(cup) == (5, -2, noon)
    assert figures(shop["tee-S"]) == (5, None, None)


def test_what_was_settled_can_be_begun_again(cup, accounts, noon):
    accounts.begin({cup.id: -2}, at=noon)
    accounts.record([], settled=[cup.id], lost=[])
    settled = figures(cup)

    accounts.begin({cup.id: -3}, at=noon + HOUR)

    assert (settled, figures(cup)) == ((5, None, None), (5, -3, noon + HOUR))


@pytest.mark.parametrize(
    ("status", "account"),
    [
        (LISTED, None),
        (replace(LISTED, pending=Pending.OVERWRITE), None),
        (replace(HIDDEN, pending=Pending.UNHIDE), None),
        (replace(LISTED, pending=Pending.HIDE), 5),
        (HIDDEN, 5),
        (replace(HIDDEN, pending=Pending.OVERWRITE), 5),
    ],
    ids=["set", "set while an overwrite waits", "unhide", "hide", "hide again", "hide again while an overwrite waits"],
)
def test_a_set_loses_the_account_until_it_is_answered_but_a_hide_keeps_it(
    cup, listings, accounts, noon, status, account
):
    listings.set_status({cup.id: status})

    accounts.begin({cup.id: None}, at=noon)

    assert figures(cup) == (account, None, noon)


def test_another_channels_listing_is_not_begun_nor_written(cup, noon):
    from tradepost.database.models import Channel  # noqa: PLC0415 - the fixture has opened the database

    other = DjangoAccounts(Channel.objects.create(name="Other").pk, clock=lambda: noon)
    with pytest.raises(RunLost), transaction.atomic():
        other.begin({cup.id: -2}, at=noon)
    other.record([AccountEntry(cup.id, EntryKind.SET, 1)], settled=[cup.id], lost=[cup.id])
    other.read([Reading(cup.id, 3)], at=noon)

    assert figures(cup) == (5, None, None)
    assert kept(cup).missing == 0
    assert StockEntry.objects.filter(listing=cup.id).count() == 1


# --- what became of them ------------------------------------------------------------------------------------------


def test_a_move_that_arrived_is_entered_and_closed(channel, cup, noon):
    accounts = DjangoAccounts(channel.pk, clock=lambda: noon + HOUR, run_id=7)
    accounts.begin({cup.id: -2}, at=noon)

    accounts.record([AccountEntry(cup.id, EntryKind.MOVE, -2)], settled=[cup.id], lost=[])

    assert figures(cup) == (3, None, None)
    entry = StockEntry.objects.latest("id")
    assert (entry.listing_id, entry.kind, entry.amount, entry.account) == (cup.id, "move", -2, 3)
    assert (entry.run_id, entry.at, entry.order_number) == (7, noon + HOUR, None)


def test_a_sale_that_is_sighted_while_a_move_is_open_is_in_the_account_as_well(shop, cup, accounts, noon):
    from tradepost.domain.orders.order import StoreStatus  # noqa: PLC0415
    from tradepost.domain.stock.stock import OrderSighting, SoldLine  # noqa: PLC0415
    from tradepost.operations.ports import SightedOrder  # noqa: PLC0415

    accounts.begin({cup.id: -2}, at=noon)
    found = OrderSighting(1001, StoreStatus.PENDING, 100, (SoldLine("CUP", "CUP", 1, StoreStatus.PENDING),))
    with transaction.atomic():
        accounts.sight([SightedOrder(1001, found)], is_first=False, at=noon)

    accounts.record([AccountEntry(cup.id, EntryKind.MOVE, -2)], settled=[cup.id], lost=[])

    assert figures(cup) == (2, None, None)


@pytest.mark.parametrize("kind", [EntryKind.SET, EntryKind.LOOK])
def test_what_was_set_or_looked_at_is_the_account_from_then_on(channel, cup, noon, kind):
    accounts = DjangoAccounts(channel.pk, clock=lambda: noon + HOUR)
    accounts.read([Reading(cup.id, 2)], at=noon)

    accounts.record([AccountEntry(cup.id, kind, 9, may_hide_sales=True)], settled=[], lost=[])

    listing = kept(cup)
    assert (listing.account, listing.basis_at, listing.looked_at) == (9, noon + HOUR, noon + HOUR)
    assert (listing.missing, listing.missing_since) == (0, None)


@pytest.mark.parametrize("missing", [-1, 0, 1, 2, 3])
@pytest.mark.parametrize("before", [0, 2])
def test_a_move_with_what_its_look_missed_says_the_same_as_the_move_and_then_the_look(
    shop, channel, accounts, noon, before, missing
):
    """Two statements state one rule, because the first saves a second pass; this holds them together."""
    at_once, one_by_one = shop["CUP"], shop["tee-S"]
    later = DjangoAccounts(channel.pk, clock=lambda: noon + HOUR)
    accounts.read([Reading(at_once.id, before), Reading(one_by_one.id, before)], at=noon)

    later.record([AccountEntry(at_once.id, EntryKind.MOVE, -2, missing=missing)], settled=[], lost=[])
    later.record([AccountEntry(one_by_one.id, EntryKind.MOVE, -2)], settled=[], lost=[])
    later.read([Reading(one_by_one.id, missing)], at=noon + HOUR)

    first, second = kept(at_once), kept(one_by_one)
    assert (first.account, second.account) == (3, 3)
    assert (first.missing, first.missing_since, first.looked_at) == (
        second.missing,
        second.missing_since,
        second.looked_at,
    )


def test_what_hides_no_sales_leaves_the_moment_since_when_they_may_be_hidden(channel, cup, noon):
    early, late = (DjangoAccounts(channel.pk, clock=lambda at=at: at) for at in (noon, noon + HOUR))
    early.record([AccountEntry(cup.id, EntryKind.SET, 9, may_hide_sales=True)], settled=[], lost=[])

    late.record([AccountEntry(cup.id, EntryKind.SET, 8)], settled=[], lost=[])
    late.record([AccountEntry(cup.id, EntryKind.MOVE, -1)], settled=[], lost=[])

    assert (kept(cup).account, kept(cup).basis_at) == (7, noon)


def test_a_move_leaves_what_looks_found(channel, cup, accounts, noon):
    accounts.read([Reading(cup.id, 2)], at=noon + HOUR)

    accounts.record([AccountEntry(cup.id, EntryKind.MOVE, -1)], settled=[], lost=[])

    listing = kept(cup)
    assert (listing.looked_at, listing.missing, listing.missing_since) == (noon + HOUR, 2, noon + HOUR)


def test_an_account_that_is_lost_is_unknown_until_it_is_opened_again(cup, accounts, noon):
    accounts.begin({cup.id: -2}, at=noon)
    accounts.record([], settled=[cup.id], lost=[cup.id])
    lost = figures(cup)

    accounts.record([AccountEntry(cup.id, EntryKind.LOOK, 4)], settled=[], lost=[])

    assert (lost, figures(cup)) == ((None, None, None), (4, None, None))


@pytest.mark.parametrize("status", [Status(), Status(Health.DELISTED, Link.UNLINKED)])
def test_a_listing_that_leaves_the_store_forgets_all_of_its_account_and_opens_none(
    cup, accounts, listings, noon, status
):
    accounts.record([AccountEntry(cup.id, EntryKind.SET, 5, may_hide_sales=True)], settled=[], lost=[])
    accounts.read([Reading(cup.id, 2)], at=noon)
    accounts.begin({cup.id: -2}, at=noon)

    listings.record([Proven(cup.id, at=noon, status=status)])
    # The answer of the move arrives afterwards.
    accounts.record([AccountEntry(cup.id, EntryKind.SET, 3)], settled=[cup.id], lost=[])

    listing = kept(cup)
    assert figures(cup) == (None, None, None)
    assert (listing.basis_at, listing.looked_at, listing.missing, listing.missing_since) == (None, None, 0, None)
    assert listing.available == 5
    assert StockEntry.objects.filter(listing=cup.id).count() == 2


def test_a_broken_link_keeps_its_account(cup, accounts, listings, noon):
    listings.record([Proven(cup.id, at=noon, status=Status(Health.LISTED, Link.BROKEN))])

    accounts.record([AccountEntry(cup.id, EntryKind.MOVE, -2)], settled=[], lost=[])

    assert figures(cup) == (3, None, None)


def test_a_broken_link_that_goes_on_with_another_product_knows_nothing_of_that_ones_stock(cup, listings, noon):
    broken, listed = Status(Health.LISTED, Link.BROKEN), Status(Health.LISTED, Link.LINKED)
    listings.record([Proven(cup.id, at=noon, status=broken, fingerprints={Group.TEXTS: "old"})])

    listings.record([Proven(cup.id, at=noon, status=listed, external_id=78, external_created=9, price=Decimal(7))])

    listing = kept(cup)
    assert figures(cup) == (None, None, None)
    assert (listing.external_id, listing.proven_price, listing.proven_fingerprints) == (78, Decimal(7), {})


def test_a_link_that_is_made_again_to_the_same_product_keeps_what_is_known_of_it(cup, listings, noon):
    number, known = kept(cup).external_id, figures(cup)
    listings.record([Proven(cup.id, at=noon, status=Status(Health.LISTED, Link.BROKEN))])

    listings.record([Proven(cup.id, at=noon, status=Status(Health.LISTED, Link.LINKED), external_id=number)])

    assert figures(cup) == known != (None, None, None)


# --- looks --------------------------------------------------------------------------------------------------------


def missing(row):
    listing = kept(row)
    return listing.missing, listing.missing_since


def test_what_is_missing_all_the_time_is_the_least_of_all_readings(cup, accounts, noon):
    seen = []
    for hours, pieces in enumerate([3, 1, 4, 2]):
        accounts.read([Reading(cup.id, pieces)], at=noon + hours * HOUR)
        seen.append(missing(cup))

    assert seen == [(3, noon), (1, noon), (1, noon), (1, noon)]
    assert kept(cup).looked_at == noon + 3 * HOUR


@pytest.mark.parametrize("found", [0, -2])
def test_where_nothing_is_missing_the_count_starts_anew(cup, accounts, noon, found):
    accounts.read([Reading(cup.id, 3)], at=noon)
    accounts.read([Reading(cup.id, found)], at=noon + HOUR)
    between = missing(cup)

    accounts.read([Reading(cup.id, 4)], at=noon + 2 * HOUR)

    assert (between, missing(cup)) == ((0, None), (4, noon + 2 * HOUR))


def test_a_count_that_is_higher_than_the_account_is_looked_at_again(cup, accounts, noon):
    accounts.read([Reading(cup.id, 0)], at=noon)
    equal = kept(cup).looked_at
    accounts.read([Reading(cup.id, -1)], at=noon + HOUR)

    assert (equal, kept(cup).looked_at) == (noon, None)


def test_looks_change_no_account_and_make_no_entry(cup, accounts, noon):
    accounts.read([Reading(cup.id, 3)], at=noon)

    assert figures(cup) == (5, None, None)
    assert StockEntry.objects.filter(listing=cup.id).count() == 1


# --- what a hide found --------------------------------------------------------------------------------------------


def test_what_a_hide_takes_is_noted_only_where_nobody_states_a_number_and_not_blotted_out_by_nothing(
    shop, cup, listings, accounts
):
    tee = shop["tee-S"]
    Listing.objects.filter(pk=cup.id).update(available=None)
    listings.set_status({cup.id: replace(LISTED, pending=Pending.HIDE)})

    accounts.note_hidden({cup.id: 9, tee.id: 5})
    accounts.note_hidden({cup.id: 0})

    assert (kept(cup).hidden_count, kept(tee).hidden_count) == (9, None)
    accounts.note_hidden({cup.id: 7})
    assert kept(cup).hidden_count == 7


def test_what_was_given_back_to_a_hidden_one_is_added_as_soon_as_it_is_off_sale_again(cup, listings, accounts):
    Listing.objects.filter(pk=cup.id).update(available=None, account=2, hidden_count=9)
    listings.set_status({cup.id: HIDDEN})

    accounts.note_hidden({cup.id: 2})
    accounts.record([AccountEntry(cup.id, EntryKind.SET, 0)], settled=[], lost=[])
    accounts.record([AccountEntry(cup.id, EntryKind.SET, 0)], settled=[], lost=[])

    assert (kept(cup).account, kept(cup).hidden_count) == (0, 11)


def test_what_was_found_off_sale_is_noted_by_a_look_and_forgotten_when_it_is_shown(cup, listings, accounts, noon):
    Listing.objects.filter(pk=cup.id).update(available=None)
    listings.set_status({cup.id: replace(LISTED, pending=Pending.HIDE)})

    accounts.record([AccountEntry(cup.id, EntryKind.LOOK, 0)], settled=[], lost=[])
    found = kept(cup).hidden_count
    listings.record([Proven(cup.id, noon, status=LISTED, asked=Pending.HIDE)])

    assert (found, kept(cup).hidden_count) == (0, None)
