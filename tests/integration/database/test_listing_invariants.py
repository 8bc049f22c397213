"""Whatever happens to a listing: what its row holds afterwards, on both databases."""

from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attentions import kinds_of
from tradepost.database.listings.listing_rows import listing_rows
from tradepost.database.models import Listing, ProductRecord, VariantRecord
from tradepost.domain.listings.listing import TRANSITIONS, Event, Link, settle
from tradepost.domain.stock.stock import EntryKind
from tradepost.operations.ports import AccountEntry, Proven

# What the database does not hold yet is left to the domain's own test.
EVENTS = [event for event in Event if event not in {Event.ORPHANED, Event.RETURNED}]
BY_PEOPLE = {
    *(Event.ASK_PUBLISH, Event.ASK_OVERWRITE, Event.ASK_HIDE, Event.ASK_UNHIDE, Event.ASK_DELIST),
    *(Event.CLEARED, Event.PAUSED, Event.UNPAUSED, Event.UNLINKED),
}
MAKES_A_LINK = {Event.FOUND_ACTIVE, Event.FOUND_HIDDEN, Event.PUBLISHED}


@pytest.fixture
def make(channel, noon):
    """Make the listing of a mug, a new one each time."""
    product = ProductRecord.objects.create(handle="mug", title="Mug", created_at=noon, updated_at=noon)
    variant = VariantRecord.objects.create(product=product, sku="MUG", position=1, price=Decimal(10))

    def anew():
        Listing.objects.all().delete()
        return Listing.objects.create(
            channel=channel,
            product=product,
            variant=variant,
            kind="simple",
            code="MUG",
            code_key="mug",
            sku="MUG",
            wanted_price=Decimal(10),
            available=5,
            created_at=noon,
        )

    return anew


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draws=st.lists(st.integers(0, 10_000), min_size=8, max_size=24))
def test_no_sequence_of_events_leaves_an_id_without_a_link_or_a_value_without_an_id(make, listings, accounts, draws):
    listing = make()
    external_ids = iter(range(1, 1000))
    used = set()

    for draw in draws:
        (row,) = listing_rows(Listing.objects.filter(pk=listing.pk))
        events = [
            event for event in EVENTS if any(each.event is event and each.fits(row.status) for each in TRANSITIONS)
        ]
        event = events[draw % len(events)]
        status = settle(row.status, event)
        if event in BY_PEOPLE:
            listings.set_status({row.id: status})
        else:
            linked_to = next(external_ids) if event in MAKES_A_LINK else None
            # Of what is not on the store nothing can be proven.
            is_there = status.link is not Link.UNLINKED
            price = Decimal(9) if is_there else None
            asked = row.status.pending
            proven = Proven(row.id, timezone.now(), status=status, asked=asked, external_id=linked_to, price=price)
            listings.record([proven])
            accounts.record([AccountEntry(row.id, EntryKind.SET, draw % 7)], settled=(), lost=())

        kept = Listing.objects.get(pk=listing.pk)
        (after,) = listing_rows(Listing.objects.filter(pk=listing.pk))
        assert after.status == status
        assert (after.external_id is None) == (status.link is Link.UNLINKED)
        if status.link is Link.UNLINKED:
            assert (kept.proven_price, kept.account, kept.proven_fingerprints) == (None, None, {})
            used |= {row.external_id} - {None}
        assert after.external_id not in used, "a product that was let go of, or is gone, has come back by itself"
        assert kinds_of(kept) == set()
