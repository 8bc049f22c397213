"""What follows from a run: sales that were sighted on one channel are taken off the others at once."""

import pytest

from tradepost.database.models import Channel, Listing, ProductRecord, Run, RunKind, Trigger, VariantRecord
from tradepost.database.runs import runs
from tradepost.engine.chains import chain_decreases, chain_from


@pytest.fixture
def listings(channel, clock):
    """A mug on two channels, of which everything is as it should be."""
    product = ProductRecord.objects.create(handle="mug", title="Mug", created_at=clock(), updated_at=clock())
    variant = VariantRecord.objects.create(product=product, sku="MUG", position=1, price=9)
    other = Channel.objects.create(name="Other")
    return [
        Listing.objects.create(
            channel=place, product=product, variant=variant, kind="simple", code="MUG", code_key="mug", sku="MUG",
            health="listed", link="linked", external_id=7, wanted_price=9, proven_price=9, available=5, account=5,
            created_at=clock(),
        )
        for place in (channel, other)
    ]  # fmt: skip


def a_run(channel, clock, kind=RunKind.GET_ORDERS, **more):
    return runs.request_run(channel.pk, kind, trigger=Trigger.PERSON, at=clock(), **more)


def chained():
    found = Run.objects.filter(trigger=Trigger.CHAIN).order_by("id")
    return list(found.values_list("channel_id", "kind", "scope"))


def test_getting_orders_is_followed_by_a_sync_of_what_is_to_be_moved_on_every_channel(channel, listings, clock):
    run = a_run(channel, clock)
    own, other = listings
    Listing.objects.filter(pk=own.pk).update(available=3, account=3)
    Listing.objects.filter(pk=other.pk).update(available=3)

    chain_from(run, clock=clock)
    chain_from(run, clock=clock)

    assert chained() == [(other.channel_id, "sync", [other.pk])]


@pytest.mark.parametrize("more", [{"kind": RunKind.SYNC_ORDERS}, {"is_dry": True}])
def test_nothing_follows_from_another_run_or_from_a_preview(channel, listings, clock, more):
    Listing.objects.update(available=3)

    chain_from(a_run(channel, clock, **more), clock=clock)

    assert chained() == []


def test_a_channel_that_is_paused_is_left_alone(channel, listings, clock):
    Listing.objects.update(available=3)
    Channel.objects.update(is_paused=True)

    chain_from(a_run(channel, clock), clock=clock)

    assert chained() == []


def test_what_the_catalogue_has_less_of_is_lowered_on_every_channel_and_nothing_is_raised_for_it(
    channel, listings, clock
):
    own, other = listings
    Listing.objects.filter(pk=own.pk).update(available=9)
    Listing.objects.filter(pk=other.pk).update(available=3)

    (run,) = chain_decreases(requested_by="ann", clock=clock)

    assert (chained(), run.requested_by) == ([(other.channel_id, "sync", [other.pk])], "ann")


def test_where_nothing_is_to_be_lowered_nothing_is_queued(channel, listings, clock):
    assert chain_decreases(clock=clock) == []
