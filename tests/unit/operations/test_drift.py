"""Drift: what a comparison makes of what somebody has changed on the store, and what a person's answer does."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple
from fakes.hub import NOON, MemoryHub
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.drift import USUAL_POLICIES, Drift, DriftPolicy
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.plan import FieldChange, Outcome
from tradepost.domain.stock.stock import EntryKind
from tradepost.operations.listings import publish
from tradepost.operations.listings.drift.answers import accept, plan_acceptance
from tradepost.operations.listings.drift.comparison import Comparison
from tradepost.operations.selection import Selection

ANY_POLICY = st.sampled_from(list(DriftPolicy))


def hub_with(product=None, **policies):
    """A hub that has published a product, by default a mug for 15.00."""
    hub = MemoryHub(drift_policies={**USUAL_POLICIES, **{Group[name.upper()]: each for name, each in policies.items()}})
    hub.listings.build(product or a_simple("mug"))
    publish.execute(hub.ports())
    hub.now += timedelta(days=8)
    return hub


def edit(hub, code, **values):
    """Somebody changes a product on the store."""
    product = hub.store.shelf.by_key[code_key(code)]
    hub.store.shelf.by_key[code_key(code)] = replace(product, **values)


def compare(hub, **options):
    return hub.drive(Comparison(hub.settings, **options))


def asked(hub, sku="mug"):
    return hub.listings.flags.get(hub.listings.of(sku).id, {}).get(Attention.DRIFT)


def test_what_nobody_has_changed_is_no_news():
    hub = hub_with(a_family("tee", "S", "M"))

    run = compare(hub)

    assert (run.results, hub.drifts.open_ids()) == ([], [])
    assert all(row.compared_at is not None for row in hub.listings.all.values())


def test_ours_is_sent_again_where_ours_is_right():
    hub = hub_with(price=DriftPolicy.OURS, texts=DriftPolicy.OURS)
    edit(hub, "mug", price=Decimal("9.00"), name="Becher")

    run = compare(hub)

    row = hub.listings.of("mug")
    assert is_due(Stage.PRICE, row)
    assert row.overwrite_groups == {Group.TEXTS}
    assert [field.name for field in run.results[0].change.fields] == ["price", "name"]
    assert asked(hub) is None


def test_the_store_s_is_kept_where_the_store_is_right():
    hub = hub_with(price=DriftPolicy.STORE, texts=DriftPolicy.STORE)
    edit(hub, "mug", price=Decimal("9.00"), name="Becher")

    compare(hub)

    row = hub.listings.of("mug")
    assert not is_due(Stage.PRICE, row)
    assert row.overwrite_groups == frozenset()
    assert asked(hub) is None


def test_a_person_is_asked_once_and_told_both_sides():
    hub = hub_with(price=DriftPolicy.ASK)
    edit(hub, "mug", price=Decimal("9.00"))

    first = compare(hub)
    hub.now += timedelta(days=8)
    again = compare(hub)

    assert "price: ours 15.00, the store's 9.00" in asked(hub)
    assert (len(first.results), again.results) == (1, [])


def test_a_page_that_is_off_is_asked_about_and_a_child_s_activity_says_nothing():
    hub = hub_with(a_family("tee", "S"))
    edit(hub, "tee", is_active=False)
    edit(hub, "tee-S", is_active=True)

    compare(hub)

    assert asked(hub, "tee") is not None
    assert asked(hub, "tee-S") is None
    assert hub.listings.of("tee").is_inactive


def test_what_is_gone_and_what_is_paused_is_not_judged():
    hub = hub_with()
    edit(hub, "mug", price=Decimal("9.00"))
    hub.listings.change("mug", status=replace(hub.listings.of("mug").status, is_paused=True))

    assert compare(hub).results == []
    hub.listings.change("mug", status=replace(hub.listings.of("mug").status, is_paused=False))
    hub.store.shelf.delete(hub.listings.of("mug").external_id)

    assert compare(hub).results == []
    assert hub.listings.of("mug").status.link is Link.LINKED


def test_by_force_ours_is_right_in_price_and_activity_whatever_was_accepted():
    hub = hub_with(price=DriftPolicy.STORE, status=DriftPolicy.STORE)
    edit(hub, "mug", price=Decimal("9.00"), is_active=False)
    compare(hub)
    row = hub.listings.of("mug")
    assert (is_due(Stage.PRICE, row), is_due(Stage.ACTIVATE, row)) == (False, False)

    compare(hub, selection=Selection.of([row.id], is_forced=True))

    row = hub.listings.of("mug")
    assert (is_due(Stage.PRICE, row), is_due(Stage.ACTIVATE, row)) == (True, True)


@given(
    price=st.decimals("0.01", "99", places=2), name=st.sampled_from(["Mug", "Becher", ""]),
    prices=ANY_POLICY, texts=ANY_POLICY,
)  # fmt: skip
def test_each_difference_is_sent_again_or_kept_or_asked_about_and_never_two_of_these(price, name, prices, texts):
    hub = hub_with(price=prices, texts=texts)
    edit(hub, "mug", price=price, name=name)

    written = list(hub.store.writes)
    compare(hub)

    row = hub.listings.of("mug")
    is_other_price, is_other_name = price != Decimal("15.00"), name != "Mug"
    assert is_due(Stage.PRICE, row) is (is_other_price and prices is DriftPolicy.OURS)
    assert (Group.TEXTS in row.overwrite_groups) is (is_other_name and texts is DriftPolicy.OURS)
    questions = {
        Group.PRICE: is_other_price and prices is DriftPolicy.ASK,
        Group.TEXTS: is_other_name and texts is DriftPolicy.ASK,
    }
    kept = hub.drifts.kept.get(row.id, {})
    assert {group for group, drift in kept.items() if not drift.is_kept} == {
        g for g, is_open in questions.items() if is_open
    }
    assert (asked(hub) is not None) is any(questions.values())
    assert hub.store.writes == written, "by comparing nothing is written to the store"


# --- answers --------------------------------------------------------------------------------------------------------

PRICE = Drift.of((FieldChange("price", Decimal(15), Decimal(9)),))
COUNT = Drift.of((FieldChange("quantity", 5, 8),))


def accepted(hub, known):
    row = hub.listings.of("mug")
    return plan_acceptance([row], {row.id: known} if known else {})


def test_what_a_person_accepts_is_kept_and_not_asked_about_again():
    hub = hub_with(price=DriftPolicy.ASK)
    edit(hub, "mug", price=Decimal("9.00"))
    compare(hub)
    row = hub.listings.of("mug")

    with hub.run.transaction():
        plan = accept(hub.listings, [row], drifts=hub.drifts, accounts=hub.accounts, at=NOON)
    hub.now += timedelta(days=8)
    run = compare(hub)

    assert [result.outcome for result in plan.results] == [Outcome.APPLIED]
    assert (run.results, asked(hub)) == ([], None)
    assert not is_due(Stage.PRICE, hub.listings.of("mug"))


def test_an_accepted_count_becomes_a_statement_and_the_account_follows_it():
    plan = accepted(hub_with(), {Group.QUANTITY: COUNT})

    (entry,) = plan.accounts
    assert (plan.counts, entry.kind, entry.amount) == ({1: 3}, EntryKind.LOOK, 8)
    assert plan.drifts == {1: {Group.QUANTITY: None}}


@pytest.mark.parametrize("known", [{}, {Group.PRICE: replace(PRICE, is_kept=True)}])
def test_where_nothing_waits_for_a_person_nothing_changes(known):
    plan = accepted(hub_with(), known)

    assert ([result.outcome for result in plan.results], dict(plan.drifts)) == ([Outcome.UNCHANGED], {})


@given(st.dictionaries(st.sampled_from([Group.PRICE, Group.TEXTS, Group.STATUS]), st.booleans()), st.booleans())
def test_after_an_answer_nothing_is_open_and_each_field_was_named(groups, has_count):
    known = {group: replace(PRICE, is_kept=is_kept) for group, is_kept in groups.items()}
    known |= {Group.QUANTITY: COUNT} if has_count else {}
    plan = accepted(hub_with(), known)

    waiting = [drift for drift in known.values() if not drift.is_kept]
    assert len(plan.results[0].change.fields) == len(waiting)
    left = {**known, **plan.drifts.get(1, {})}
    assert all(drift is None or drift.is_kept for drift in left.values())
