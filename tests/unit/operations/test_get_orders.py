"""Get orders: which are imported, each once, and how the store is told."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import an_order, an_order_line
from fakes.hub import NOON, MemoryHub
from fakes.run import MemoryRun
from tradepost.domain.errors import StoreUnavailable
from tradepost.domain.orders.acknowledgement import Acknowledgement
from tradepost.domain.orders.order import AcknowledgeMode, PaymentState, StoreStatus, acknowledgement_note
from tradepost.domain.orders.order_changes import LedgerOrder
from tradepost.domain.orders.order_news import (
    PAID_IN_SOME_WAY,
    OrderCriteria,
    OrderNews,
    criteria_of,
    imported_since,
    needs_details,
)
from tradepost.domain.plan import Action, Outcome, Proof, Side
from tradepost.operations.form import Batch
from tradepost.operations.orders import get_orders
from tradepost.operations.orders.get_orders.acknowledge import Acknowledge
from tradepost.operations.orders.get_orders.comparison import OrderComparison
from tradepost.operations.orders.get_orders.ledger import KeepLedger, LedgerFacts
from tradepost.operations.ports import SightedOrder
from tradepost.operations.stock.sightings import Sight

FROM = OrderCriteria(frozenset({StoreStatus.PENDING}), PAID_IN_SOME_WAY, since=0)


def get(hub, *, is_dry=False):
    """Sight, compare and keep the ledger, and acknowledge as the channel does."""
    hub.run = MemoryRun(is_dry=is_dry)
    get_orders.execute(hub.ports())
    return hub.run


def fetch(hub, **options):
    """The same, and nothing is acknowledged."""
    settings, hub.settings = hub.settings, replace(hub.settings, acknowledge_mode=AcknowledgeMode.NONE)
    run = get(hub, **options)
    hub.settings = settings
    return run


def acknowledge(hub, **options):
    return hub.drive(Acknowledge(hub.settings), **options)


def imports(run):
    return [change.subject.key for change in run.changes if change.action is Action.IMPORT]


# --- what is judged -------------------------------------------------------------------------------------------------


def news(number=1, **more):
    return OrderNews(
        **{"number": number, "status": StoreStatus.PENDING, "placed": 1, "updated": 1, "fingerprint": "a", **more}
    )


def known_order(order):
    return LedgerOrder(order, matched=frozenset(line.line_id for line in order.lines))


def judged(rows, *orders, known=(), parked=None, criteria=FROM):
    """What the ledger makes of news, with these orders on the store: the plan of one batch."""
    hub = MemoryHub()
    operation = KeepLedger(hub.settings, criteria, {})
    seen = {order.id: order for order in orders}
    ledger = {order.id: known_order(order) for order in known}
    return operation.plan(Batch(rows), LedgerFacts(ledger, parked or {}), seen)


def test_what_is_not_in_the_ledger_and_wanted_is_imported():
    changed = an_order(1, status=StoreStatus.PROCESSING)

    plan = judged([news(1), news(2), news(3)], changed, an_order(2), an_order(3), known=[an_order(1), an_order(3)])

    assert (plan.detail.imported, plan.detail.followed) == ([an_order(2)], [changed])
    assert plan.detail.judged == {1: "a", 2: "a", 3: "a"}


def test_an_order_with_an_unknown_item_is_looked_at_again_although_nothing_of_it_has_changed():
    hub = MemoryHub()
    facts = LedgerFacts({1: LedgerOrder(an_order(1))}, {})

    plan = KeepLedger(hub.settings, FROM, {}).plan(Batch([news(1)]), facts, {1: an_order(1)})

    assert (plan.detail.followed, plan.units) == ([an_order(1)], ())


def test_an_order_that_is_gone_is_cancelled_once():
    plan = judged([news(1, is_gone=True), news(2, is_gone=True)], known=[an_order(1)])
    facts = LedgerFacts({1: replace(known_order(an_order(1)), is_gone=True)}, {})

    again = KeepLedger(MemoryHub().settings, FROM, {}).plan(Batch([news(1, is_gone=True)]), facts, {})

    assert (plan.detail.gone, plan.detail.judged) == ([1], {1: "a", 2: "a"})
    assert (again.detail.gone, again.units, again.detail.judged) == ([], (), {1: "a"})


def test_what_is_in_another_state_by_now_is_left():
    plan = judged([news(1)], an_order(1, status=StoreStatus.SHIPPED))

    assert (plan.detail.imported, plan.settled, plan.detail.judged) == ([], (), {1: "a"})


def test_an_unpaid_order_waits_for_its_payment_and_is_said_to():
    unpaid = an_order(1, payment_state=PaymentState.PENDING)

    (left,) = judged([news(1)], unpaid).settled
    all_states = replace(FROM, payment_states=frozenset(PaymentState))

    assert (left.outcome, left.message) == (
        Outcome.SKIPPED,
        "Order 1 has no payment yet; it is imported once it has one.",
    )
    assert judged([news(1)], unpaid, criteria=all_states).detail.imported == [unpaid]


def test_an_order_in_another_payment_state_than_the_chosen_is_said_to_be_left():
    criteria = replace(FROM, payment_states=frozenset({PaymentState.CAPTURED, PaymentState.PARTIALLY_CAPTURED}))

    (left,) = judged([news(1)], an_order(1, payment_state=PaymentState.REFUNDED), criteria=criteria).settled

    assert left.message == ("Order 1 is refunded; it is imported once its payment is captured, partially captured.")


states = st.sampled_from([StoreStatus.PENDING, StoreStatus.PROCESSING, StoreStatus.SHIPPED])
some_news = st.builds(
    news,
    st.integers(1, 12),
    status=states,
    placed=st.integers(0, 4),
    updated=st.integers(0, 4),
    is_gone=st.booleans(),
    is_imported=st.booleans(),
)


@given(some_news, st.sets(states), st.integers(0, 5))
def test_only_what_may_be_wanted_or_is_in_the_ledger_is_loaded(row, statuses, since):
    criteria = OrderCriteria(frozenset(statuses), PAID_IN_SOME_WAY, since)
    may_be_wanted = row.status in statuses and (row.placed >= since or row.updated >= since)

    assert needs_details(row, criteria) is (not row.is_gone and (may_be_wanted or row.is_imported))


@given(st.sets(states), st.sets(st.sampled_from(PaymentState)), st.integers(0, 2**40))
def test_criteria_are_kept_and_read_again(statuses, payment_states, since):
    criteria = OrderCriteria(frozenset(statuses), frozenset(payment_states), since)

    assert criteria_of(criteria.as_values()) == criteria
    assert criteria_of({}) is None
    assert criteria_of({**criteria.as_values(), "statuses": ["of a newer version"]}) is None


def test_time_does_not_move_the_look_back_on_and_a_longer_one_moves_it_back():
    day = timedelta(days=1)
    first = imported_since(now=NOON, look_back=7 * day, before=None)
    before = replace(FROM, since=first)

    assert first == int((NOON - 7 * day - timedelta(minutes=15)).timestamp())
    assert imported_since(now=NOON + 5 * day, look_back=7 * day, before=before) == first
    assert imported_since(now=NOON + 5 * day, look_back=11 * day, before=before) == first
    assert imported_since(now=NOON + 5 * day, look_back=13 * day, before=before) == first - day.total_seconds()


# --- getting --------------------------------------------------------------------------------------------------------


def test_an_import_is_a_change_on_the_hubs_side_and_writes_nothing_to_the_store():
    hub = MemoryHub()
    hub.store.desk.place(an_order(1), an_order(2))

    run = fetch(hub)

    assert {(r.change.side, r.outcome) for r in run.results} == {(Side.HUB, Outcome.APPLIED)}
    assert (imports(run), list(hub.orders.kept), hub.store.writes) == (["1", "2"], [1, 2], [])


def test_a_preview_imports_nothing_and_moves_no_place():
    hub = MemoryHub()
    hub.store.desk.place(an_order(1))

    run = fetch(hub, is_dry=True)

    assert imports(run) == ["1"]
    assert (hub.orders.kept, hub.orders.last_fetch, hub.orders.compared(), hub.accounts.place().first_id) == (
        {},
        None,
        None,
        None,
    )


def test_an_order_that_can_not_be_understood_is_reported_and_stops_no_other():
    hub = MemoryHub()
    hub.store.desk.place(an_order(1), an_order(2))
    hub.store.desk.unreadable[1] = "Its date is no date."

    run = fetch(hub)

    assert run.outcomes == {"1": Outcome.FAILED, "2": Outcome.APPLIED}
    assert set(run.bad()) == {("1", "Its date is no date.")}
    assert list(hub.orders.kept) == [2]


def test_what_was_found_before_a_store_went_away_is_kept_and_the_rest_comes_later():
    hub = MemoryHub()
    hub.store.desk.place(*(an_order(number) for number in range(1, 601)))
    load = hub.store.orders_by_id
    hub.store.orders_by_id = lambda ids: load(ids) if 1 in ids else stopped()

    def stopped():
        raise StoreUnavailable("It is away.")

    with pytest.raises(StoreUnavailable):
        fetch(hub)
    first = len(hub.orders.kept)
    hub.store.orders_by_id = load
    fetch(hub)

    assert (first, len(hub.orders.kept)) == (300, 600)
    assert set(Counter(hub.orders.imports).values()) == {1}


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 8), st.booleans()), max_size=5), min_size=1, max_size=4),
    st.booleans(),
)
def test_whatever_is_found_again_each_order_is_imported_once(fetches, only_paid):
    hub = MemoryHub(payment_states=PAID_IN_SOME_WAY if only_paid else frozenset(PaymentState))
    paid, seen = set(), set()

    for found in fetches:
        for number, is_paid in found:
            paid |= {number} if is_paid else set()
            state = PaymentState.AUTHORISED if number in paid else PaymentState.PENDING
            hub.store.desk.place(an_order(number, payment_state=state))
            seen.add(number)
        fetch(hub)
        fetch(hub)

    assert set(Counter(hub.orders.imports).values()) <= {1}
    assert set(hub.orders.kept) == (paid if only_paid else seen)


# --- acknowledge ----------------------------------------------------------------------------------------------------


TELLING = [mode for mode in AcknowledgeMode if mode is not AcknowledgeMode.NONE]


def imported(*numbers, mode=AcknowledgeMode.NOTE, **settings):
    hub = MemoryHub(acknowledge_mode=mode, acknowledge_field="taken", acknowledge_queue="archive", **settings)
    hub.store.desk.queue = "archive"
    hub.store.desk.place(*(replace(an_order(number), custom_fields={"taken": ""}) for number in numbers))
    fetch(hub)
    return hub


def test_a_note_tells_the_store_once_and_is_read_back():
    hub = imported(1)

    run = acknowledge(hub)
    again = acknowledge(hub)

    assert [(r.outcome, r.proof) for r in run.results] == [(Outcome.APPLIED, Proof.READ)]
    assert hub.store.desk.orders[1].notes == (acknowledgement_note(order_number=1),)
    assert (hub.orders.acknowledged, again.results) == ({1}, [])


def test_a_note_whose_answer_was_lost_is_found_and_not_written_twice():
    hub = imported(1)
    hub.store.desk.add_note(1, acknowledgement_note(order_number=1) + "\n")

    run = acknowledge(hub)

    assert (run.outcomes, hub.store.writes) == ({"1": Outcome.UNCHANGED}, [])
    assert hub.orders.acknowledged == {1}


def test_picking_takes_the_lines_that_nobody_has_taken():
    hub = imported(mode=AcknowledgeMode.PICKING)
    theirs = an_order_line(12, 1, shipment_id=9)
    hub.store.desk.place(an_order(1, an_order_line(10, 2), an_order_line(11, 1, status=StoreStatus.CANCELLED), theirs))
    fetch(hub)

    run = acknowledge(hub)

    assert run.outcomes == {"1": Outcome.APPLIED}
    order = hub.store.desk.orders[1]
    assert order.status is StoreStatus.PROCESSING
    assert [shipment.line_ids for shipment in order.shipments] == [(10,)]


@pytest.mark.parametrize("mode", TELLING)
def test_an_order_that_is_not_on_the_store_any_more_is_reported_and_written_to_by_nobody(mode):
    hub = imported(1, 2, mode=mode)
    del hub.store.desk.orders[1]

    run = acknowledge(hub)

    assert run.outcomes == {"1": Outcome.FAILED, "2": Outcome.APPLIED}
    assert [keys for _method, keys in hub.store.writes] == [("2",)]
    assert hub.orders.acknowledged == {2}


def test_an_order_that_can_not_be_understood_any_more_is_not_gone_and_written_to_by_nobody():
    hub = imported(1)
    hub.store.desk.unreadable[1] = "Its date is no date."

    run = acknowledge(hub)

    assert (run.bad(), hub.store.writes, hub.orders.acknowledged) == ([("1", "Its date is no date.")], [], set())


def test_an_acknowledgement_that_is_refused_is_tried_again_by_the_next_run():
    hub = imported(1)
    hub.store.faults.refused["1"] = "No notes today."

    first = acknowledge(hub)
    hub.store.faults.refused.clear()
    second = acknowledge(hub)

    assert first.bad() == [("1", "No notes today.")]
    assert second.outcomes == {"1": Outcome.APPLIED}


def test_the_store_is_not_told_again_while_what_was_lost_may_still_arrive():
    hub = imported(1)
    hub.store.faults.lost["1"] = False

    lost = acknowledge(hub)
    waiting = acknowledge(hub)
    hub.now += timedelta(seconds=hub.settings.lost_answer_seconds)
    sent = acknowledge(hub)

    assert [run.outcomes["1"] for run in (lost, waiting, sent)] == [Outcome.UNKNOWN, Outcome.SKIPPED, Outcome.APPLIED]
    assert hub.orders.telling == {}


def test_whether_an_order_is_acknowledged_is_seen_on_the_store():
    order = an_order(1)
    noted = replace(order, notes=("Ring twice.", f" {acknowledgement_note(order_number=1)} "))

    by_note, by_picking = Acknowledgement(AcknowledgeMode.NOTE), Acknowledgement(AcknowledgeMode.PICKING)
    assert not by_note.is_seen(order)
    assert by_note.is_seen(noted)
    assert not by_note.is_seen(replace(order, notes=(acknowledgement_note(order_number=2),)))
    assert not by_picking.is_seen(noted)
    assert by_picking.is_seen(replace(order, status=StoreStatus.CANCELLED))
    assert by_picking.is_seen(replace(order, lines=()))


@pytest.mark.parametrize("mode", AcknowledgeMode)
def test_a_channel_that_acknowledges_nothing_only_fetches(mode):
    hub = MemoryHub(acknowledge_mode=mode, acknowledge_field="taken")
    hub.store.desk.place(replace(an_order(1), custom_fields={"taken": ""}))

    get(hub)

    assert list(hub.orders.kept) == [1]
    assert bool(hub.store.writes) is (mode is not AcknowledgeMode.NONE)


@given(
    st.lists(st.lists(st.sampled_from(["lost", "lost but done", "refused", "silent", "well"]), min_size=2, max_size=2)),
    st.sampled_from(TELLING),
)
def test_whatever_is_lost_the_store_is_told_exactly_once(runs, mode):
    hub = imported(1, 2, mode=mode)

    for fates in [*runs, ["well", "well"]]:
        hub.now += timedelta(minutes=5)
        faults = hub.store.faults
        faults.refused, faults.silent, faults.lost = {}, set(), {}
        for key, fate in zip(("1", "2"), fates, strict=True):
            if fate == "refused":
                faults.refused[key] = "No."
            elif fate == "silent" and mode is not AcknowledgeMode.QUEUE:
                faults.silent.add(key)
            elif fate.startswith("lost"):
                faults.lost[key] = fate == "lost but done"
        run = acknowledge(hub)
        desk, way = hub.store.desk, hub.settings.acknowledgement
        told = {n for n, order in desk.orders.items() if way.is_seen(order, is_queued=n in desk.queued)}
        assert {our_id for number, our_id in hub.orders.ids().items() if number in told} == hub.orders.acknowledged
        assert {key for key, outcome in run.outcomes.items() if outcome is Outcome.APPLIED} <= {str(n) for n in told}

    for order in hub.store.desk.orders.values():
        made = Counter(note=len(order.notes), picking=len(order.shipments), queue=hub.store.desk.told.count(order.id))
        made["field"] = int(order.custom_fields["taken"] == "1")
        assert +made == Counter({mode.value: 1})


def test_an_answer_is_taken_for_it_where_no_queue_shows_that_the_store_was_told():
    hub = imported(1, mode=AcknowledgeMode.QUEUE)
    hub.store.desk.queue = ""

    run = acknowledge(hub)
    again = acknowledge(hub)

    assert [(r.outcome, r.proof) for r in run.results] == [(Outcome.APPLIED, Proof.ANSWERED)]
    assert (hub.store.desk.told, hub.orders.acknowledged, again.results) == ([1], {1}, [])


def test_a_field_that_the_store_does_not_have_is_told_and_nothing_is_sent():
    hub = imported(1, mode=AcknowledgeMode.FIELD)
    hub.store.desk.place(replace(hub.store.desk.orders[1], custom_fields={"other": ""}))

    run = acknowledge(hub)

    assert [message.split(".")[0] for _, message in run.bad()] == ["The store has no order custom field 'taken'"]
    assert (hub.store.writes, hub.orders.acknowledged) == ([], set())


# --- the whole comparison -------------------------------------------------------------------------------------------

WANTED = frozenset({StoreStatus.PENDING})
KINDS = st.lists(
    st.tuples(
        st.sampled_from([StoreStatus.PENDING, StoreStatus.PROCESSING, StoreStatus.SHIPPED]),
        st.booleans(), st.booleans(), st.integers(0, 3),
    ),
    max_size=6,
)  # fmt: skip


@given(KINDS, st.integers(0, 3))
def test_a_whole_comparison_makes_news_of_every_wanted_order_that_the_ledger_lacks(kinds, days):
    hub = MemoryHub()
    hub.drive(Sight())
    for number, (status, _, _, age) in enumerate(kinds, start=1):
        hub.store.desk.place(an_order(number, status=status, placed_at=NOON - timedelta(days=age)))
    seen = [number for number, (_, is_seen, _, _) in enumerate(kinds, start=1) if is_seen]
    imported = [
        number for number, (_, _, is_imported, _) in enumerate(kinds, start=1) if is_imported and number in seen
    ]
    sighted = [
        SightedOrder(order.id, order)
        for page in hub.store.sight_orders(above_id=0, updated_from=0)
        for order in page.orders
    ]
    with hub.run.transaction():
        hub.accounts.sight([order for order in sighted if order.id in seen], is_first=False, at=NOON)
        hub.orders.add([hub.store.desk.orders[number] for number in imported], at=NOON)
        hub.accounts.news.clear()
    criteria = replace(FROM, since=int((NOON - timedelta(days=days)).timestamp()))
    place = hub.accounts.place()

    hub.drive(OrderComparison(criteria, statuses=WANTED))

    wanted = {
        number for number, (status, _, _, age) in enumerate(kinds, start=1) if status in WANTED and age <= days
    }  # fmt: skip
    assert set(hub.accounts.news) == wanted - set(imported)
    assert hub.orders.compared() == criteria
    assert hub.accounts.place().highest_id == place.highest_id, "what is new is found by the sightings as before"
