"""What becomes of products that a publish was about to create and never heard of again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple
from fakes.hub import LISTED, MemoryHub
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link, Pending
from tradepost.domain.plan import Action, Outcome
from tradepost.operations.listings import sync
from tradepost.operations.listings.publish.intent_sweep import IntentSweep
from tradepost.operations.selection import Selection


@pytest.fixture
def hub():
    return interrupted_hub()


def interrupted_hub():
    """A hub that has lost the answer to the publish of a mug, which the store has taken."""
    made = MemoryHub()
    (row,) = made.list_on_store(a_simple("mug"))
    made.listings.change("mug", status=type(row.status)(), external_id=None, account=None)
    made.intents.open(["mug"])
    return made


def sweep(hub):
    return hub.drive(IntentSweep(hub.settings))


def wait(hub):
    hub.now += hub.lost_answer_wait


def test_what_was_made_and_is_not_asked_for_any_more_is_linked_and_flagged(hub):
    run = sweep(hub)

    row = hub.listings.of("mug")
    assert [(r.change.action, r.outcome) for r in run.results] == [(Action.LINK, Outcome.APPLIED)]
    assert (row.status, row.external_id) == (LISTED, hub.store.shelf.by_key["mug"].id)
    assert hub.intents.keys == set()
    assert "Overwrite it to complete it" in hub.listings.flags[row.id][Attention.PUBLISH_FAILED]


@pytest.mark.parametrize("only", [None, frozenset(), frozenset({1})], ids=["all", "none", "a listing"])
def test_every_sync_looks_what_became_of_them(hub, only):
    sync.execute(hub.ports(), Selection(only))

    assert (hub.listings.of("mug").status, hub.intents.keys) == (LISTED, set())


def test_what_is_still_queued_is_left_to_the_publish_that_completes_it(hub):
    hub.listings.change("mug", status=type(LISTED)(pending=Pending.PUBLISH))
    wait(hub)

    assert sweep(hub).results == []
    assert (hub.intents.keys, hub.listings.of("mug").status.link) == ({"mug"}, Link.UNLINKED)


def test_an_intent_stays_open_as_long_as_its_product_may_still_be_made(hub):
    hub.store.shelf.delete(hub.store.shelf.by_key["mug"].id)

    sweep(hub)
    early = set(hub.intents.keys)
    wait(hub)
    sweep(hub)

    assert (early, hub.intents.keys) == ({"mug"}, set())


def test_an_intent_of_what_is_linked_by_now_is_closed(hub):
    hub.listings.change("mug", status=LISTED, external_id=hub.store.shelf.by_key["mug"].id)

    assert sweep(hub).results == []
    assert hub.intents.keys == set()


def test_a_product_of_ours_that_another_listing_is_linked_to_is_nobody_elses(hub):
    number = hub.store.shelf.by_key["mug"].id
    hub.listings.build(a_simple("cup"))
    hub.listings.change("cup", status=LISTED, external_id=number)

    assert sweep(hub).results == []
    assert (hub.intents.keys, hub.listings.of("mug").status.link) == (set(), Link.UNLINKED)


def test_a_product_that_no_listing_is_for_any_more_is_named_until_it_is_gone(hub):
    hub.listings.change("mug", code="beaker")
    wait(hub)

    run = sweep(hub)

    assert [(r.change.subject.key, r.outcome) for r in run.results] == [("mug", Outcome.SKIPPED)]
    assert "no listing has this code any more" in run.results[0].message
    assert hub.intents.keys == {"mug"}


def test_a_variant_waits_for_the_publish_of_its_family():
    hub = MemoryHub()
    rows = hub.list_on_store(a_family("tee", "S", "M"))
    for row in rows:
        pending = Pending.PUBLISH if row.sku == "tee-S" else Pending.NONE
        hub.listings.change(row.sku, status=type(row.status)(pending=pending), external_id=None, account=None)
    hub.intents.open([row.code for row in rows])
    hub.now += timedelta(days=1)

    assert sweep(hub).results == []
    assert len(hub.intents.keys) == 3


@given(
    was_made=st.booleans(), is_linked=st.booleans(), is_queued=st.booleans(), has_waited=st.booleans(),
    is_paused=st.booleans(),
)  # fmt: skip
def test_an_intent_is_closed_when_its_product_is_linked_or_can_not_be_made_any_more(
    was_made, is_linked, is_queued, has_waited, is_paused
):
    hub = interrupted_hub()
    number = hub.store.shelf.by_key["mug"].id
    status = LISTED if is_linked else type(LISTED)(pending=Pending.PUBLISH if is_queued else Pending.NONE)
    external_id = number if is_linked else None
    hub.listings.change("mug", status=replace(status, is_paused=is_paused), external_id=external_id)
    if not was_made:
        hub.store.shelf.delete(number)
    if has_waited:
        wait(hub)

    sweep(hub)
    again = sweep(hub)

    row = hub.listings.of("mug")
    is_left_to_publish = was_made and is_queued and not is_linked
    is_open = is_left_to_publish or (not was_made and not is_linked and not has_waited)
    assert (hub.intents.keys == {"mug"}) is is_open
    is_found = was_made and not is_linked and not is_left_to_publish
    assert (row.status.link is Link.LINKED) is (is_linked or is_found)
    assert (Attention.PUBLISH_FAILED in hub.listings.flags.get(row.id, {})) is is_found
    assert again.results == []
    assert hub.store.writes == [], "a sweep only looks"
