"""Undo: the changes of a run, turned round by the driver; on fakes."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_simple
from fakes.hub import MemoryHub
from tradepost.domain import changes
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Link
from tradepost.domain.plan import FieldChange, Outcome
from tradepost.operations import undo
from tradepost.operations.undo import Undo

RUN = 7


@pytest.fixture
def hub():
    return MemoryHub()


def listed(hub, *skus):
    return {sku: hub.list_on_store(a_simple(sku))[0] for sku in skus}


def on_store(hub, sku):
    return hub.store.shelf.by_key[code_key(sku)]


def renamed(row, before, after):
    field = FieldChange("name", before, after)
    return changes.product_updated(row.code, before, fields=[field], reason="", listing_id=row.id)


def test_which_run_is_undone_has_to_be_said(hub):
    with pytest.raises(NotAllowed, match="which run"):
        undo.execute(hub.ports())


def test_a_value_that_was_changed_twice_goes_back_to_the_first(hub):
    row = listed(hub, "MUG")["MUG"]
    now = on_store(hub, "MUG").name
    hub.past.add(RUN, [renamed(row, "First", "Second"), renamed(row, "Second", now)])

    run = hub.drive(Undo(RUN))

    assert on_store(hub, "MUG").name == "First"
    assert run.outcomes == {"MUG": Outcome.APPLIED}


def test_a_paused_listing_and_one_that_is_linked_no_more_are_left(hub):
    rows = listed(hub, "MUG", "CUP")
    hub.past.add(RUN, [renamed(row, "Old", on_store(hub, sku).name) for sku, row in rows.items()])
    hub.listings.change("MUG", status=replace(rows["MUG"].status, is_paused=True))
    hub.listings.change("CUP", status=replace(rows["CUP"].status, link=Link.BROKEN))

    run = hub.drive(Undo(RUN))

    messages = {result.change.subject.key: result.message for result in run.results}
    assert "paused" in messages["MUG"]
    assert "not linked" in messages["CUP"]
    assert {result.outcome for result in run.results} == {Outcome.SKIPPED}


def test_a_preview_says_all_and_does_nothing(hub):
    row = listed(hub, "MUG")["MUG"]
    name = on_store(hub, "MUG").name
    moved = changes.quantity_moved(row.code, before=1, after=2, available=2, listing_id=row.id)
    hub.past.add(RUN, [renamed(row, "Old", name), moved])

    run = hub.drive(Undo(RUN), is_dry=True)

    assert on_store(hub, "MUG").name == name
    assert [change.after("name") for unit in run.units for change in unit.changes] == ["Old"]
    assert [result.message for result in run.results] == [
        "Stock is never set back, as pieces may have been sold; state a count instead."
    ]


def test_a_price_that_went_back_is_proven_and_what_the_catalogue_wants_is_as_it_was(hub):
    row = listed(hub, "MUG")["MUG"]
    hub.past.add(
        RUN,
        [
            changes.price_changed(
                row.code, before=Decimal(3), after=row.wanted_price, is_parent=False, listing_id=row.id
            )
        ],
    )

    hub.drive(Undo(RUN))

    after = hub.listings.of("MUG")
    assert (on_store(hub, "MUG").price, after.proven_price, after.wanted_price) == (3, 3, row.wanted_price)


NAMES = st.sampled_from(["Old", "New", "Other"])


@given(
    made=st.lists(st.tuples(st.integers(0, 4), NAMES), min_size=1, max_size=8),
    edits=st.dictionaries(st.integers(0, 4), NAMES, max_size=3),
)
def test_after_an_undo_each_product_is_as_before_or_as_somebody_else_has_made_it(made, edits):
    hub = MemoryHub()
    skus = [f"P{number}" for number in range(5)]
    rows = listed(hub, *skus)
    before = {sku: on_store(hub, sku).name for sku in skus}
    past, now = [], dict(before)
    for number, name in made:
        sku = skus[number]
        if now[sku] != name:
            past.append(renamed(rows[sku], now[sku], name))
            now[sku] = name
    hub.past.add(RUN, past)
    touched = {change.subject.key for change in past}
    now |= {skus[number]: name for number, name in edits.items()}
    for sku, name in now.items():
        shelf = hub.store.shelf.by_key
        shelf[code_key(sku)] = replace(shelf[code_key(sku)], name=name)
    last = {sku: next((c.after("name") for c in past[::-1] if c.subject.key == sku), None) for sku in skus}

    hub.drive(Undo(RUN))

    for sku in skus:
        goes_back = sku in touched and now[sku] == last[sku]
        assert on_store(hub, sku).name == (before[sku] if goes_back else now[sku])
