"""The stage delist: what is removed, in which order, and what else it takes along."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple
from fakes.hub import LISTED, MemoryHub
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Health, Link, Pending
from tradepost.domain.plan import Action, Outcome
from tradepost.domain.store import StoreVariant
from tradepost.operations.listings.sync.delist import Delist, unused_options
from tradepost.operations.selection import EVERYTHING, Selection


def drive(hub, *, selection=EVERYTHING, **options):
    return hub.drive(Delist(hub.settings, selection), **options)


def queue(hub, *skus):
    for sku in skus:
        hub.listings.change(sku, status=replace(LISTED, pending=Pending.DELIST))


def on_store(hub):
    return sorted(hub.store.shelf.by_key)


def choices(hub, code="tee"):
    return [option.code for attribute in hub.store.shelf.by_key[code].attributes for option in attribute.options]


@pytest.fixture
def hub():
    hub = MemoryHub()
    hub.list_on_store(a_family("tee", "S", "M", "L"))
    hub.list_on_store(a_simple("mug"))
    return hub


def test_what_was_asked_for_is_removed_and_forgotten_and_nothing_else(hub):
    queue(hub, "mug")

    run = drive(hub)

    assert run.outcomes == {"mug": Outcome.APPLIED}
    assert on_store(hub) == ["tee", "tee-l", "tee-m", "tee-s"]
    mug = hub.listings.of("mug")
    assert (mug.status.health, mug.status.link, mug.external_id) == (Health.DELISTED, Link.UNLINKED, None)


def test_an_option_that_nothing_uses_any_more_is_taken_off_its_page(hub):
    queue(hub, "tee-S")

    run = drive(hub)

    assert choices(hub) == ["M", "L"]
    assert [(r.change.action, r.change.subject.key, r.outcome) for r in run.results] == [
        (Action.DELIST, "tee-S", Outcome.APPLIED),
        (Action.UPDATE, "tee", Outcome.APPLIED),
    ]


def test_a_parent_goes_before_its_variants(hub):
    queue(hub, "tee-S", "tee-M", "tee-L", "tee")

    drive(hub)

    assert hub.store.writes == [("delete_products", ("tee", "tee-S", "tee-M", "tee-L"))]
    assert on_store(hub) == ["mug"]


def test_the_last_variant_takes_its_parent_along_and_says_so(hub):
    queue(hub, "tee-S", "tee-M", "tee-L")

    run = drive(hub)

    assert on_store(hub) == ["mug"]
    assert run.results[0].change.reason == "its last variant is delisted"
    assert hub.listings.of("tee").status.health is Health.DELISTED


@pytest.mark.parametrize(
    "reason", ["a setting", "paused", "a variant stays", "it sells a variant that is linked no more"]
)
def test_a_parent_stays_where_it_is_to_stay(reason):
    hub = MemoryHub(delist_parent_with_last_variant=reason != "a setting")
    hub.list_on_store(a_family("tee", "S", "M"))
    queue(hub, "tee-S", "tee-M")
    if reason == "paused":
        hub.listings.change("tee", status=replace(LISTED, is_paused=True))
    if reason == "a variant stays":
        hub.listings.change("tee-M", status=LISTED)
    if reason == "it sells a variant that is linked no more":
        unlinked = replace(LISTED, health=Health.NOT_LISTED, link=Link.UNLINKED)
        hub.listings.change("tee-M", status=unlinked, external_id=None)

    drive(hub)

    assert "tee" in on_store(hub)
    assert hub.listings.of("tee").status.link is Link.LINKED


def test_a_parent_goes_with_the_batch_in_which_its_last_variant_does():
    hub = MemoryHub(batch_size=1)
    hub.list_on_store(a_family("tee", "S", "M"))
    queue(hub, "tee-S", "tee-M")

    run = drive(hub)

    assert on_store(hub) == []
    assert run.bad() == []


def test_what_a_store_only_says_to_have_deleted_is_flagged(hub):
    queue(hub, "mug")
    hub.store.faults.silent.add("mug")

    run = drive(hub)

    assert run.outcomes == {"mug": Outcome.REJECTED}
    assert Attention.DELIST_FAILED in hub.listings.flags[hub.listings.of("mug").id]
    assert hub.listings.of("mug").status.link is Link.LINKED


@pytest.mark.parametrize(("is_done", "outcome"), [(True, Outcome.APPLIED), (False, Outcome.UNKNOWN)])
def test_a_lost_answer_is_settled_by_looking(hub, is_done, outcome):
    queue(hub, "mug")
    hub.store.faults.lost["mug"] = is_done

    assert drive(hub).outcomes == {"mug": outcome}
    assert (hub.listings.of("mug").status.health is Health.DELISTED) is is_done


def test_what_is_gone_already_counts_as_removed(hub):
    queue(hub, "mug")
    hub.store.shelf.delete(hub.listings.of("mug").external_id)

    assert drive(hub).outcomes == {"mug": Outcome.APPLIED}


def test_a_token_that_may_not_provision_leaves_the_option_and_says_why(hub):
    queue(hub, "tee-S")
    hub.store.faults.missing.add("Provision_Store")

    run = drive(hub)

    assert run.outcomes == {"tee-S": Outcome.APPLIED, "tee": Outcome.SKIPPED}
    assert "Provision_Store" in run.results[-1].message
    assert choices(hub) == ["S", "M", "L"]


def test_a_preview_removes_nothing_and_names_the_parent_that_would_go_along(hub):
    queue(hub, "tee-S", "tee-M", "tee-L")

    run = drive(hub, is_dry=True)

    assert [unit.key for unit in run.units] == ["tee", "tee-S", "tee-M", "tee-L"]
    assert hub.store.writes == []


def test_a_preview_of_a_delist_that_nobody_queued_shows_the_same(hub):
    ids = [hub.listings.of(f"tee-{size}").id for size in "SML"]

    run = drive(hub, selection=Selection.of(ids, as_if=Pending.DELIST), is_dry=True)

    assert [unit.key for unit in run.units] == ["tee", "tee-S", "tee-M", "tee-L"]


def test_a_parent_that_becomes_lonely_while_its_variant_goes_was_not_removed_yet(hub):
    queue(hub, "tee-S", "tee-M")
    # A person queues the last one between the plan and its proof.
    hub.store.faults.before_write = lambda: queue(hub, "tee-L")

    run = drive(hub)

    assert "tee" in on_store(hub)
    assert hub.listings.of("tee").status == LISTED
    assert "tee" not in {r.change.subject.key for r in run.results if r.change.action is Action.DELIST}


def test_a_variant_that_is_queued_meanwhile_keeps_its_option_until_it_goes(hub):
    paused = replace(LISTED, pending=Pending.DELIST, is_paused=True)
    queue(hub, "tee-S", "tee-M")
    delist = Delist(hub.settings, EVERYTHING)
    facts = delist.facts
    hub.store.faults.before_write = lambda: queue(hub, "tee-M")
    # It is paused when the batch is planned, and freed before that is proven.
    calls = []

    def facts_of(ports, batch, seen):
        if not calls:
            hub.listings.change("tee-M", status=paused)
        calls.append(batch)
        return facts(ports, batch, seen)

    delist.facts = facts_of

    hub.drive(delist)

    assert on_store(hub) == ["mug", "tee", "tee-l", "tee-m"]
    assert hub.store.shelf.by_key["tee"].variants != ()
    assert choices(hub) == ["M", "L"]
    assert hub.listings.of("tee-M").status == replace(LISTED, pending=Pending.DELIST)


# --- unused options -------------------------------------------------------------------------------------------------


def a_variant_of(code, **options):
    return StoreVariant(frozenset(options.items()), (code,))


def test_an_option_that_another_variant_has_stays(hub):
    tee = replace(
        hub.store.shelf.by_key["tee"],
        variants=(
            a_variant_of("a", size="S", colour="Red"),
            a_variant_of("b", size="S", colour="Blue"),
            a_variant_of("c", size="M", colour="Blue"),
        ),
    )

    assert unused_options(tee, {"a"}) == (("colour", "Red"),)
    assert unused_options(tee, {"a", "b"}) == (("colour", "Red"), ("size", "S"))
    assert unused_options(tee, set()) == ()


# --- what holds for all of them -------------------------------------------------------------------------------------

families = st.lists(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(["well", "well", "silent", "lost", "lost but done", "refused"])),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=3,
)


def a_shop(drawn, **settings):
    hub = MemoryHub(**settings, brake_at_least=1000)  # the brake has tests of its own
    asked = set()
    for number, variants in enumerate(drawn):
        sizes = [f"V{place}" for place in range(len(variants))]
        hub.list_on_store(a_family(f"tee{number}", *sizes))
        for size, (is_asked, fate) in zip(sizes, variants, strict=True):
            sku = f"tee{number}-{size}"
            if is_asked:
                queue(hub, sku)
                asked.add(sku)
            if fate == "silent":
                hub.store.faults.silent.add(sku)
            elif fate == "refused":
                hub.store.faults.refused[sku] = "No."
            elif fate != "well":
                hub.store.faults.lost[sku] = fate == "lost but done"
    return hub, asked


def test_no_options_are_taken_off_a_page_that_went_while_its_variant_was_looked_at(monkeypatch):
    hub = MemoryHub(batch_size=1)
    hub.list_on_store(a_family("tee", "S", "M"))
    queue(hub, "tee-S", "tee-M")
    # Both batches are looked at before the first of them takes the parent along.
    parents = dict(hub.store.shelf.by_key)
    found = hub.store.products_by_code
    monkeypatch.setattr(hub.store, "products_by_code", lambda codes: {k: parents[k] for k in found(codes) or ["tee"]})

    run = drive(hub)

    assert run.bad() == []
    assert on_store(hub) == []


@given(families, st.integers(1, 5), st.booleans())
def test_nothing_is_ever_removed_that_was_not_asked_for(drawn, batch_size, goes_along):
    hub, asked = a_shop(drawn, batch_size=batch_size, delist_parent_with_last_variant=goes_along)

    drive(hub)

    deleted = {code for method, codes in hub.store.writes if method == "delete_products" for code in codes}
    for number, variants in enumerate(drawn):
        may_go = goes_along and all(is_asked for is_asked, _fate in variants)
        assert (f"tee{number}" in deleted) <= may_go
        parent = hub.store.shelf.by_key.get(f"tee{number}")
        for place in range(len(variants)):
            sku = f"tee{number}-V{place}"
            if sku not in asked:
                assert sku not in deleted
                assert hub.listings.of(sku).status == LISTED
                assert any(sku in variant.part_codes for variant in parent.variants)
    # What is called delisted is not there, and what is there is not called so.
    for row in hub.listings.by_ids(hub.listings.all):
        assert (row.status.health is Health.DELISTED) == (row.code.lower() not in hub.store.shelf.by_key)


@given(families, st.integers(1, 5))
def test_a_delist_that_went_well_leaves_the_options_that_are_used_and_nothing_to_do(drawn, batch_size):
    well = [[(is_asked, "well") for is_asked, _fate in variants] for variants in drawn]
    hub, asked = a_shop(well, batch_size=batch_size)

    run = drive(hub)
    hub.store.writes.clear()
    again = drive(hub)

    assert run.bad() == []
    assert (again.results, hub.store.writes) == ([], [])
    for number, variants in enumerate(drawn):
        left = [f"V{place}" for place in range(len(variants)) if f"tee{number}-V{place}" not in asked]
        assert (f"tee{number}" in on_store(hub)) is bool(left)
        if left:
            assert choices(hub, f"tee{number}") == left
