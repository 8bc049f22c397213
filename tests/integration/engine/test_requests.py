import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tradepost import wiring
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Listing, Run, RunChange, VariantRecord
from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Product
from tradepost.domain.catalogue.catalogue import Variant as CatalogueVariant
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Event, Pending
from tradepost.domain.listings.locks import Locks
from tradepost.domain.plan import Outcome, Result
from tradepost.engine.requests import (
    Asked,
    locking,
    preview_asked,
    preview_change,
    preview_removal,
    request_asked,
    request_change,
    request_removal,
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
    planned = preview_change(channel.pk, [row.id for row in family], Pending.HIDE)

    assert planned.queued == 0
    assert list(planned.refused.values()) == [3]
    assert pending(channel) == [Pending.NONE] * 3
    assert not Run.objects.exists()


def test_listings_are_paused_and_freed_with_their_variants(channel, family):
    listings = DjangoListings(channel.pk)

    request_asked(channel.pk, [Asked(Event.PAUSED, [family[0].id])], requested_by="bob")
    paused = [row.status.is_paused for row in listings.by_skus(["tee", "TEE-S", "TEE-M"])]
    request_asked(channel.pk, [Asked(Event.UNPAUSED, [family[1].id])], requested_by="bob")
    freed = [row.status.is_paused for row in listings.by_skus(["tee", "TEE-S", "TEE-M"])]

    assert paused == [True, True, True]
    assert freed == [True, False, True]


def test_a_preview_has_the_changes_and_no_outcome(channel, family):
    planned = preview_change(channel.pk, [family[0].id], Pending.PUBLISH)

    assert (planned.queued, planned.results) == (3, ())
    assert {change.subject.key for change in planned.changes} == {"tee", "TEE-S", "TEE-M"}
    assert all(change.after("pending") == "publish" for change in planned.changes)


def test_pausing_listings_is_kept_with_the_name_of_who_asked(channel, family):
    pause = [Asked(Event.PAUSED, [family[0].id])]
    (planned,) = preview_asked(channel.pk, pause)
    (asked,) = request_asked(channel.pk, pause, requested_by="bob")
    (again,) = request_asked(channel.pk, pause, requested_by="bob")

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
        wiring.listings.intents_of(channel.pk).open(["TEE-S"])

    asked = request_removal(channel.pk, [family[0].id], requested_by="bob")

    (why, parents) = sorted(asked.refused, key=lambda words: words.startswith("a variant"))
    assert reason in why
    assert parents == "a variant of it stays"
    assert sorted(Listing.objects.values_list("sku", flat=True)) == ["TEE-S", "tee"]


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1), (0, 1, 2)])
def test_a_parent_stays_for_a_variant_that_came_up_in_another_batch(channel, family, monkeypatch, order):
    monkeypatch.setattr("tradepost.engine.requests._BATCH", 1)
    Listing.objects.filter(sku="TEE-S").update(pending="publish")
    ids = [family[place].id for place in order]

    planned = preview_removal(channel.pk, ids)
    asked = request_removal(channel.pk, ids, requested_by="bob")

    assert (planned.queued, asked.queued) == (1, 1)
    assert sorted(Listing.objects.values_list("sku", flat=True)) == ["TEE-S", "tee"]


def test_nothing_is_forgotten_while_a_run_is_at_work(channel, family):
    now = timezone.now()
    Run.objects.create(
        channel=channel, kind="sync", lane="listings", trigger="person", scope_key="x", queued_at=now,
        state="running", owner="me", lease_until=now,
    )  # fmt: skip

    with pytest.raises(NotAllowed, match="A run is at work"):
        request_removal(channel.pk, [family[0].id], requested_by="bob")


def test_several_things_asked_for_at_once_are_one_request_with_what_was_refused(channel, family):
    """R52: rows of a file, each with what is asked of it; a batch with refused rows is completed with errors."""
    refused = [Result(changes.row_refused("NONE", line=4, asked="hide"), Outcome.FAILED, message="There is none.")]
    asked = [
        Asked(Event.ASK_PUBLISH, [family[1].id]),
        Asked(Event.ASK_HIDE, [family[2].id]),
        Asked(Event.PAUSED, [family[2].id]),
    ]
    told: list[tuple[str, str]] = []

    planned = preview_asked(channel.pk, asked)
    outcomes = request_asked(
        channel.pk,
        asked,
        requested_by="bob",
        refused=refused,
        tell=lambda event, results: told.extend((event.value, result.outcome.value) for result in results),
    )

    assert [(each.queued, sum(each.refused.values())) for each in outcomes] == [(1, 0), (0, 1), (1, 0)]
    assert [each.refused for each in planned] == [each.refused for each in outcomes]
    assert told == [("publish", "applied"), ("hide", "skipped"), ("pause", "applied")]
    run = Run.objects.get()
    assert (run.kind, run.state, run.requested_by, run.done) == ("request", "completed_with_errors", "bob", 4)
    assert list(run.changes.order_by("pk").values_list("subject_key", "outcome")) == [
        ("NONE", "failed"),
        ("TEE-S", "applied"),
        ("TEE-M", "skipped"),
        ("TEE-M", "applied"),
    ]


def test_a_request_of_many_is_done_in_batches_and_counts_each_listing_once(channel, family, monkeypatch):
    """A family's handle beside its variants means each of them once, in whichever batch it comes up."""
    monkeypatch.setattr("tradepost.engine.requests._BATCH", 1)
    monkeypatch.setattr("tradepost.engine.requests.TOLD", 2)
    ids = [family[1].id, family[0].id, family[2].id]

    (asked,) = request_asked(channel.pk, [Asked(Event.ASK_PUBLISH, ids)], requested_by="bob")

    assert (asked.queued, asked.unchanged, len(asked.changes), len(asked.results)) == (3, 0, 2, 2)
    assert sorted(asked.listing_ids) == sorted(asked.changed_ids) == sorted(ids)
    assert pending(channel) == [Pending.PUBLISH] * 3
    run = Run.objects.get()
    assert (run.done, run.changes.count()) == (3, 3)
    assert run.counts == [
        {"subject": "listing", "action": "update", "outcome": "applied", "proof": "", "count": 3},
    ]


def test_unlinking_what_is_not_linked_says_so(channel, family):
    (asked,) = request_asked(channel.pk, [Asked(Event.UNLINKED, [family[1].id])], requested_by="bob")

    assert (asked.queued, asked.unchanged) == (0, 1)


@pytest.mark.parametrize("is_preview", [True, False], ids=["a preview", "a request"])
def test_an_overwrite_of_what_is_locked_is_refused_by_the_groups_that_are_asked_for(channel, family, is_preview):
    texts = frozenset({Group.TEXTS})
    locking(Locks(texts)).request(channel.pk, [family[1].id], requested_by="bob")
    asked = [Asked(Event.ASK_OVERWRITE, [family[1].id])]

    if is_preview:
        (of_texts,) = preview_asked(channel.pk, asked, groups=texts)
        (of_all,) = preview_asked(channel.pk, asked)
    else:
        (of_texts,) = request_asked(channel.pk, asked, requested_by="bob", groups=texts)
        (of_all,) = request_asked(channel.pk, asked, requested_by="bob")

    assert "what would be overwritten is locked" in next(iter(of_texts.refused))
    assert not any("is locked" in reason for reason in of_all.refused)


def test_what_is_parked_is_tried_again_once_something_of_it_is_left_alone(channel, family):
    Listing.objects.filter(pk=family[1].id).update(refusals=5)

    locking(Locks(frozenset({Group.TEXTS}))).request(channel.pk, [family[1].id], requested_by="bob")

    assert not Listing.objects.get(pk=family[1].id).is_parked


def test_a_request_that_is_cut_off_has_done_what_its_history_says(channel, family, monkeypatch):
    monkeypatch.setattr("tradepost.engine.requests._BATCH", 1)
    told = []

    def cut_off(_event, results):
        if told:
            raise KeyboardInterrupt
        told.extend(results)

    ids = [row.id for row in family[1:]]
    with pytest.raises(KeyboardInterrupt):
        request_asked(channel.pk, [Asked(Event.ASK_PUBLISH, ids)], requested_by="bob", tell=cut_off)
    run = Run.objects.get()
    done = list(run.changes.values_list("listing_id", flat=True))
    again = request_change(channel.pk, ids, Pending.PUBLISH, requested_by="bob")

    assert (done, sum(row["count"] for row in run.counts)) == ([ids[0]], 1)
    assert (again.queued, again.unchanged) == (1, 1)


def test_all_that_is_forgotten_is_held_before_any_of_it_is_written(channel, family, clock, monkeypatch):
    """Held part by part, with writes in between, two removals could wait for each other for ever."""
    if not connection.features.has_select_for_update:
        return
    variant = CatalogueVariant(sku="CUP", options=(), price=Decimal(3), quantity=2, position=1)
    cup = Product(handle="cup", title="Cup", description="", variants=(variant,))
    DjangoCatalogue().save([cup], saying=Saying("a file", clock(), clock()))
    DjangoListings(channel.pk).build(["cup"], queue=False)
    monkeypatch.setattr("tradepost.engine.requests._BATCH", 1)

    with CaptureQueriesContext(connection) as asked:
        ids = list(Listing.objects.order_by("pk").values_list("pk", flat=True))
        request_removal(channel.pk, ids, requested_by="bob")

    held = next(query["sql"] for query in asked if query["sql"].endswith("FOR UPDATE"))
    variants = set(map(int, re.search(r"IN \(([\d, ]+)\)", held)[1].split(",")))
    assert variants == set(VariantRecord.objects.values_list("pk", flat=True))
    assert not Listing.objects.exists()
