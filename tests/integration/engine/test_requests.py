from decimal import Decimal

import pytest
from django.utils import timezone

from tradepost import wiring
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Listing, Run, RunChange
from tradepost.domain.catalogue import Product
from tradepost.domain.catalogue import Variant as CatalogueVariant
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listing import Pending
from tradepost.engine.requests import (
    preview_change,
    preview_pause,
    preview_removal,
    request_change,
    request_pause,
    request_removal,
    request_unlink,
)
from tradepost.operations.ports import Saying


@pytest.fixture
def family(channel, clock):
    """The listings of a tee in two sizes: (parent, small, medium)."""
    variants = tuple(
        CatalogueVariant(sku=f"TEE-{size}", options=(size,), price=Decimal("15.00"), quantity=5, position=number)
        for number, size in enumerate("SM")
    )
    product = Product(handle="tee", title="Tee", description="", variants=variants, option_names=("Size",))
    DjangoCatalogue().save([product], saying=Saying("a file", clock(), clock()))
    listings = DjangoListings(channel.pk)
    listings.build(["tee"], queue=False)
    DjangoCatalogue().refresh_wanted(["tee"])
    return listings.by_skus(["tee", "TEE-S", "TEE-M"])


def pending(channel) -> list[Pending]:
    return [row.status.pending for row in DjangoListings(channel.pk).by_skus(["tee", "TEE-S", "TEE-M"])]


def test_a_request_for_a_parent_means_its_family_and_is_kept_with_the_name_of_who_asked(channel, family):
    asked = request_change(channel.pk, [family[0].id], Pending.PUBLISH, requested_by="bob")

    assert (asked.queued, asked.unchanged, asked.refused, asked.applied_by) == (3, 0, {}, "publish")
    assert sorted(asked.codes) == ["TEE-M", "TEE-S", "tee"]
    assert pending(channel) == [Pending.PUBLISH] * 3
    run = Run.objects.get()
    assert (run.kind, run.state, run.trigger, run.requested_by) == ("request", "completed", "person", "bob")
    assert set(RunChange.objects.values_list("listing_id", "outcome")) == {(row.id, "applied") for row in family}


def test_asking_twice_changes_nothing_the_second_time(channel, family):
    request_change(channel.pk, [family[1].id], Pending.PUBLISH, requested_by="bob")

    asked = request_change(channel.pk, [family[1].id], Pending.PUBLISH, requested_by="bob")

    assert (asked.queued, asked.unchanged) == (0, 1)


def test_a_preview_counts_what_would_be_refused_and_changes_nothing(channel, family):
    preview = preview_change(channel.pk, [row.id for row in family], Pending.HIDE)

    assert preview.queued == 0
    assert list(preview.refused.values()) == [3]
    assert pending(channel) == [Pending.NONE] * 3
    assert not Run.objects.exists()


def test_listings_are_paused_and_freed_with_their_variants(channel, family):
    listings = DjangoListings(channel.pk)

    request_pause(channel.pk, [family[0].id], is_paused=True, requested_by="bob")
    paused = [row.status.is_paused for row in listings.by_skus(["tee", "TEE-S", "TEE-M"])]
    request_pause(channel.pk, [family[1].id], is_paused=False, requested_by="bob")
    freed = [row.status.is_paused for row in listings.by_skus(["tee", "TEE-S", "TEE-M"])]

    assert paused == [True, True, True]
    assert freed == [True, False, True]


def test_a_preview_has_the_changes_and_no_outcome(channel, family):
    preview = preview_change(channel.pk, [family[0].id], Pending.PUBLISH)

    assert (preview.queued, preview.results) == (3, ())
    assert {change.subject.key for change in preview.changes} == {"tee", "TEE-S", "TEE-M"}
    assert all(change.after("pending") == "publish" for change in preview.changes)


def test_pausing_listings_is_kept_with_the_name_of_who_asked(channel, family):
    planned = preview_pause(channel.pk, [family[0].id], is_paused=True)
    asked = request_pause(channel.pk, [family[0].id], is_paused=True, requested_by="bob")
    again = request_pause(channel.pk, [family[0].id], is_paused=True, requested_by="bob")

    assert planned.changes == asked.changes
    assert (planned.results, asked.queued, again.queued, again.unchanged) == ((), 3, 0, 3)
    assert list(Run.objects.values_list("kind", "requested_by")) == [("request", "bob")] * 2
    changes = RunChange.objects.filter(run=Run.objects.first())
    assert set(changes.values_list("listing_id", "outcome")) == {(row.id, "applied") for row in family}
    assert changes.first().fields == [{"name": "is_paused", "before": False, "after": True}]


def test_a_family_is_forgotten_with_its_variants_and_kept_in_the_history(channel, family):
    planned = preview_removal(channel.pk, [family[0].id])
    asked = request_removal(channel.pk, [family[0].id], requested_by="bob")

    assert (planned.queued, asked.queued, Listing.objects.count()) == (3, 3, 0)
    assert set(RunChange.objects.values_list("action", "outcome")) == {("delete", "applied")}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"pending": "publish"}, "'publish' is queued"),
        ({"link": "linked", "health": "listed", "external_id": 7, "open_since": timezone.now()}, "a sync settles it"),
        ({}, "a publish of it did not come to its end"),
    ],
)
def test_what_is_not_finished_is_not_forgotten_nor_is_its_parent(channel, family, values, reason):
    Listing.objects.filter(sku="TEE-S").update(**values)
    if not values:
        wiring.intents_of(channel.pk).open(["TEE-S"])

    asked = request_removal(channel.pk, [family[0].id], requested_by="bob")

    (why, parents) = sorted(asked.refused, key=lambda words: words.startswith("a variant"))
    assert reason in why
    assert parents == "a variant of it stays"
    assert sorted(Listing.objects.values_list("sku", flat=True)) == ["TEE-S", "tee"]


def test_nothing_is_forgotten_while_a_run_is_at_work(channel, family):
    now = timezone.now()
    Run.objects.create(
        channel=channel, kind="sync", lane="listings", trigger="person", scope_key="x", queued_at=now,
        state="running", owner="me", lease_until=now,
    )  # fmt: skip

    with pytest.raises(NotAllowed, match="A run is at work"):
        request_removal(channel.pk, [family[0].id], requested_by="bob")


def test_unlinking_what_is_not_linked_says_so(channel, family):
    asked = request_unlink(channel.pk, [family[1].id], requested_by="bob")

    assert (asked.queued, asked.unchanged) == (0, 1)
