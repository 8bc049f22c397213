"""The stages hide, decrease, increase and unhide: what is planned of a stock, and what became of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple, a_store_product
from fakes.hub import HIDDEN, LISTED, MemoryHub
from tradepost.domain.listing import Attention, Health, Link, Pending
from tradepost.domain.plan import Action, Outcome, Proof, Side
from tradepost.domain.stages import Stage
from tradepost.operations.selection import EVERYTHING
from tradepost.operations.sync.stock import Stock, plan_hide, plan_quantity, plan_unhide


def stock(hub, stage):
    return Stock(stage, hub.settings, EVERYTHING)


def drive(hub, stage, **options):
    return hub.drive(stock(hub, stage), **options)


def hub_with(product=None, *, pending=Pending.NONE, status=LISTED, reads_stock=True, **values):
    """A hub with one product on the store, by default a mug, of whose listings some values are changed."""
    hub = MemoryHub(reads_stock=reads_stock)
    for row in hub.list_on_store(product or a_simple("mug", quantity=5)):
        hub.listings.change(row.sku, status=replace(status, pending=pending), **values)
    return hub


def a_row(**values):
    return replace(hub_with().listings.of("mug"), **values)


# --- planners -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "expected", "count", "quantity"),
    [
        (3, 5, 5, 3),  # a decrease
        (3, 5, 1, 3),  # is sent as it is
        (9, 5, 5, 9),  # an increase
        (9, 5, 3, 7),  # less what was sold and no order explains
        (9, 5, 8, 9),  # somebody put more there
        (1, 0, -4, 0),  # never below nothing
        (9, 5, None, 9),  # what can't be read is not counted
        (9, None, 2, 9),  # a first quantity knows of no sales
    ],
)
def test_the_wanted_stock_is_sent_less_what_was_sold_and_no_order_explains(wanted, expected, count, quantity):
    product = a_store_product(1, "mug", count=count)

    planned = plan_quantity(a_row(wanted_quantity=wanted, expected_quantity=expected), product)

    assert planned.quantity == planned.change.after("quantity") == quantity
    assert planned.stops_sale is (expected is None)
    assert planned.is_there is (count == quantity)


def test_an_unknown_quantity_is_never_planned():
    assert plan_quantity(a_row(wanted_quantity=None), a_store_product(1, "mug", count=2)) is None


counts = st.none() | st.integers(-3, 50)


@given(st.integers(0, 50), counts, counts)
def test_no_quantity_is_planned_above_the_wanted_one_or_below_nothing(wanted, expected, count):
    product = a_store_product(1, "mug", count=count)

    planned = plan_quantity(a_row(wanted_quantity=wanted, expected_quantity=expected), product)

    assert 0 <= planned.quantity <= wanted
    if expected is not None and count is not None and count < expected < wanted:
        assert planned.quantity == max(0, wanted - (expected - count))


@pytest.mark.parametrize(
    ("seen", "is_there"),
    [
        ({"is_tracked": True, "count": 0}, True),
        ({"is_tracked": True, "count": 1}, False),
        ({"is_tracked": False, "count": 0}, False),  # never sold out
        ({"is_tracked": True, "count": 0, "stops_sale_at_zero": False}, False),
        ({"is_tracked": True, "count": 0, "hides_when_out": True}, False),
    ],
)
def test_a_product_is_hidden_when_nothing_of_it_can_be_bought_and_it_stays_visible(seen, is_there):
    product = a_store_product(1, "mug")
    product = replace(product, stock=replace(product.stock, **{"stops_sale_at_zero": True, **seen}))

    planned = plan_hide(a_row(), product)

    assert (planned.quantity, planned.stops_sale, planned.is_there) == (0, True, is_there)


def test_what_is_put_back_on_sale_needs_a_known_quantity():
    product = a_store_product(1, "mug", count=0)

    assert plan_unhide(a_row(wanted_quantity=4), product).quantity == 4
    assert plan_unhide(a_row(wanted_quantity=None), product).quantity is None
    assert "can't be put back" in plan_unhide(a_row(wanted_quantity=None), product).refusal


# --- driven ---------------------------------------------------------------------------------------------------------


def test_hiding_sets_the_stock_to_nothing_and_is_proven():
    hub = hub_with(pending=Pending.HIDE)

    run = drive(hub, Stage.HIDE)

    assert [(r.change.action, r.outcome, r.proof) for r in run.results] == [(Action.HIDE, Outcome.APPLIED, Proof.READ)]
    assert (hub.count("mug"), hub.listings.of("mug").status) == (0, HIDDEN)
    assert hub.listings.of("mug").expected_quantity == 0


def test_a_family_is_hidden_with_its_variants_and_nothing_is_sent_for_its_parent():
    hub = hub_with(a_family("tee", "S", "M"), pending=Pending.HIDE)

    drive(hub, Stage.HIDE)

    assert {row.status.health for row in hub.listings.by_ids(hub.listings.all)} == {Health.HIDDEN}
    assert hub.store.writes == [("set_stock", ("tee-S", "tee-M"))]


def test_what_is_hidden_already_is_found_so_and_not_written():
    hub = hub_with(a_simple("mug", quantity=0), pending=Pending.HIDE)

    run = drive(hub, Stage.HIDE)

    assert (hub.store.writes, run.outcomes) == ([], {"mug": Outcome.UNCHANGED})
    assert hub.listings.of("mug").status == HIDDEN


def test_unhiding_puts_the_wanted_quantity_back():
    hub = hub_with(a_simple("mug", quantity=0), status=HIDDEN, pending=Pending.UNHIDE, wanted_quantity=4)

    drive(hub, Stage.UNHIDE)

    assert (hub.count("mug"), hub.listings.of("mug").status) == (4, LISTED)


def test_an_unknown_quantity_can_not_be_put_back_and_is_said_so():
    hub = hub_with(status=HIDDEN, pending=Pending.UNHIDE, wanted_quantity=None)

    run = drive(hub, Stage.UNHIDE)

    assert (hub.store.writes, run.outcomes) == ([], {"mug": Outcome.FAILED})
    assert hub.listings.flags[1][0] is Attention.SYNC_FAILED
    assert hub.listings.of("mug").status.health is Health.HIDDEN


def test_a_quantity_is_sent_without_being_read_where_this_token_can_not_read_it():
    hub = hub_with(reads_stock=False, wanted_quantity=2)

    run = drive(hub, Stage.DECREASE)

    assert [(r.outcome, r.proof) for r in run.results] == [(Outcome.APPLIED, Proof.ANSWERED)]
    assert (hub.count("mug"), hub.listings.of("mug").expected_quantity) == (2, 2)
    assert len(hub.store.writes) == 1


@pytest.mark.parametrize("is_done", [True, False])
def test_a_lost_answer_that_can_not_be_read_back_is_unknown_and_proves_nothing(is_done):
    hub = hub_with(reads_stock=False, wanted_quantity=2)
    hub.store.faults.lost["mug"] = is_done

    run = drive(hub, Stage.DECREASE)

    assert run.outcomes == {"mug": Outcome.UNKNOWN}
    assert hub.listings.of("mug").expected_quantity == 5
    assert hub.listings.flags[1][0] is Attention.SYNC_FAILED


@pytest.mark.parametrize(("is_done", "outcome"), [(True, Outcome.APPLIED), (False, Outcome.UNKNOWN)])
def test_a_lost_answer_is_settled_by_reading(is_done, outcome):
    hub = hub_with(wanted_quantity=2)
    hub.store.faults.lost["mug"] = is_done

    run = drive(hub, Stage.DECREASE)

    assert run.outcomes == {"mug": outcome}
    assert hub.listings.of("mug").expected_quantity == (2 if is_done else 5)


def test_a_store_that_says_yes_and_does_nothing_is_not_believed():
    hub = hub_with(pending=Pending.HIDE)
    hub.store.faults.silent.add("mug")

    run = drive(hub, Stage.HIDE)

    assert run.outcomes == {"mug": Outcome.REJECTED}
    assert hub.listings.of("mug").status == replace(LISTED, pending=Pending.HIDE)


def test_pieces_that_were_sold_right_after_the_write_are_a_sale_and_no_failure():
    hub = hub_with(wanted_quantity=9)
    set_stock = hub.store.set_stock
    hub.store.set_stock = lambda writes: (set_stock(writes), hub.store.shelf.sell("mug", 2))[0]

    run = drive(hub, Stage.INCREASE)

    assert run.outcomes == {"mug": Outcome.APPLIED}
    assert hub.listings.of("mug").expected_quantity == 7


def test_what_was_held_back_for_sales_that_no_order_explains_is_not_missed_by_the_proof():
    hub = hub_with(wanted_quantity=9)
    hub.store.shelf.sell("mug", 2)

    run = drive(hub, Stage.INCREASE)

    assert (hub.count("mug"), run.outcomes) == (7, {"mug": Outcome.APPLIED})
    assert hub.listings.of("mug").expected_quantity == 7


@pytest.mark.parametrize("stage", [Stage.HIDE, Stage.UNHIDE, Stage.DECREASE, Stage.INCREASE])
def test_what_is_gone_is_not_written_to_and_its_link_breaks(stage):
    status = HIDDEN if stage is Stage.UNHIDE else LISTED
    pending = Pending(stage.value) if stage in {Stage.HIDE, Stage.UNHIDE} else Pending.NONE
    hub = hub_with(status=status, pending=pending, wanted_quantity=2 if stage is Stage.DECREASE else 9)
    hub.store.shelf.delete(hub.listings.of("mug").external_id)

    run = drive(hub, stage)

    assert hub.store.writes == []
    assert [(r.change.side, r.outcome) for r in run.results] == [
        (Side.STORE, Outcome.SKIPPED),
        (Side.HUB, Outcome.APPLIED),
    ]
    assert hub.listings.of("mug").status.link is Link.BROKEN
    assert hub.listings.flags[1][0] is Attention.BROKEN_LINK


def test_a_link_that_is_said_to_break_does_break_even_if_nothing_could_have_been_put_back():
    hub = hub_with(status=HIDDEN, pending=Pending.UNHIDE, wanted_quantity=None)
    hub.store.shelf.delete(hub.listings.of("mug").external_id)

    run = drive(hub, Stage.UNHIDE)

    assert (Action.BREAK, Outcome.APPLIED) in [(r.change.action, r.outcome) for r in run.results]
    assert hub.listings.of("mug").status.link is Link.BROKEN


def test_a_preview_writes_nothing_and_shows_what_would_be_sent():
    hub = hub_with(pending=Pending.HIDE)

    run = drive(hub, Stage.HIDE, is_dry=True)

    assert [(unit.key, unit.changes[0].after("quantity")) for unit in run.units] == [("mug", 0)]
    assert (hub.store.writes, hub.count("mug"), hub.listings.of("mug").status.health) == ([], 5, Health.LISTED)


# --- what holds for all of them -------------------------------------------------------------------------------------

STAGES = [Stage.HIDE, Stage.DECREASE, Stage.INCREASE, Stage.UNHIDE]
mugs = st.lists(
    st.fixed_dictionaries(
        {
            "count": st.integers(0, 9),
            "wanted": st.integers(0, 9),
            "expected": st.none() | st.integers(0, 9),
            "status": st.sampled_from(
                [LISTED, HIDDEN, replace(LISTED, pending=Pending.HIDE), replace(HIDDEN, pending=Pending.UNHIDE)]
            ),
            "fate": st.sampled_from(["well", "well", "refused", "silent", "lost", "lost but done", "gone"]),
        }
    ),
    min_size=1,
    max_size=5,
)


def a_shop(drawn, *, reads_stock):
    hub = MemoryHub(reads_stock=reads_stock)
    for number, mug in enumerate(drawn):
        sku = f"mug{number}"
        (row,) = hub.list_on_store(a_simple(sku, quantity=mug["count"]))
        hub.listings.change(sku, status=mug["status"], wanted_quantity=mug["wanted"], expected_quantity=mug["expected"])
        match mug["fate"]:
            case "refused":
                hub.store.faults.refused[sku] = "No."
            case "silent":
                hub.store.faults.silent.add(sku)
            case "lost" | "lost but done":
                hub.store.faults.lost[sku] = mug["fate"] == "lost but done"
            case "gone":
                hub.store.shelf.delete(row.external_id)
    return hub


@given(mugs, st.sampled_from(STAGES), st.booleans())
def test_what_is_called_applied_is_on_the_store_and_recorded(drawn, stage, reads_stock):
    hub = a_shop(drawn, reads_stock=reads_stock)

    run = drive(hub, stage)

    for result in run.results:
        if result.outcome is Outcome.APPLIED and result.change.side is Side.STORE:
            sku = result.change.subject.key
            fate = drawn[int(sku.removeprefix("mug"))]["fate"]
            assert hub.listings.of(sku).expected_quantity == result.change.after("quantity")
            # A store that lies to a token that can't look is found out by nobody.
            if result.proof is Proof.READ or fate != "silent":
                assert hub.count(sku) == result.change.after("quantity")
            assert (result.proof is Proof.READ) is reads_stock
            assert reads_stock or not fate.startswith("lost")


@given(mugs, st.sampled_from(STAGES), st.booleans())
def test_no_write_raises_a_stock_above_the_wanted_one_or_reaches_what_is_gone(drawn, stage, reads_stock):
    hub = a_shop(drawn, reads_stock=reads_stock)
    before = {key: product.stock.count for key, product in hub.store.shelf.by_key.items()}

    drive(hub, stage)

    for number, mug in enumerate(drawn):
        if mug["fate"] != "gone":
            count = hub.count(f"mug{number}")
            assert count == before[f"mug{number}"] or count <= mug["wanted"]
    gone = {f"mug{number}" for number, mug in enumerate(drawn) if mug["fate"] == "gone"}
    written = {code for _method, codes in hub.store.writes for code in codes}
    assert not written & {*(gone if reads_stock else ()), *([""] if reads_stock else [])}


@given(mugs, st.sampled_from(STAGES))
def test_what_was_applied_is_not_due_again_unless_sales_are_unexplained(drawn, stage):
    well = [
        mug | {"fate": "well", "count": mug["count"] if mug["expected"] is None else mug["expected"]} for mug in drawn
    ]
    hub = a_shop(well, reads_stock=True)
    drive(hub, stage)
    hub.store.writes.clear()

    again = drive(hub, stage)

    assert (hub.store.writes, again.results) == ([], [])


@given(mugs, st.sampled_from([Stage.DECREASE, Stage.INCREASE]), st.booleans())
def test_nothing_goes_wrong_where_nothing_is_wrong(drawn, stage, reads_stock):
    hub = a_shop([mug | {"fate": "well", "status": LISTED} for mug in drawn], reads_stock=reads_stock)

    run = drive(hub, stage)

    assert (run.bad(), hub.listings.flags) == ([], {})
