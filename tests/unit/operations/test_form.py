"""The driver, with an operation that is made up for it: counters on the outside that should show wanted numbers."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_simple
from fakes.hub import MemoryHub
from fakes.run import MemoryRun
from tradepost.domain import changes
from tradepost.domain.brake import Braking, Example, Harm
from tradepost.domain.errors import PermissionMissing, StoreUnavailable
from tradepost.domain.listings.attention import Attention
from tradepost.domain.plan import Outcome, Plan, Proof, Result, Side, Unit
from tradepost.operations.form import Batch, Operation, Step, Tally, Verdict, drive, drive_all
from tradepost.operations.outcomes import answers_of
from tradepost.operations.ports import Proven, WriteAnswer, WriteOutcome

DONE = WriteAnswer(WriteOutcome.DONE)
REFUSED = WriteAnswer(WriteOutcome.REFUSED, "No.")
LOST = WriteAnswer(WriteOutcome.LOST, "Lost.")
LONG = 30  # seconds until a test that waits for another thread gives up
SHORT = 0.3  # seconds in which another thread must not do something


@dataclass
class Outside:
    """Counters by name. `script`: what becomes of the next writes, as (whether it is done, the answer)."""

    counters: dict[str, int] = field(default_factory=dict)
    script: defaultdict[str, list] = field(default_factory=lambda: defaultdict(list))
    sent: list[tuple[str, int]] = field(default_factory=list)

    def write(self, name: str, number: int) -> WriteAnswer:
        self.sent.append((name, number))
        is_done, answer = self.script[name].pop(0) if self.script[name] else (True, DONE)
        if is_done:
            self.counters[name] = number
        return answer


class Counters(Operation):
    """Rows are names; `log` says what was called, for which names, in which order, and in which thread."""

    name = "counters"
    label = "counters"

    def __init__(self, outside, wanted, *, size=100, **options):
        self.outside = outside
        self.wanted = dict(wanted)
        self.size = size
        self.log = []
        self.threads = defaultdict(set)
        self.finished = 0
        for name, value in options.items():
            setattr(self, name, value)

    def note(self, what, names):
        self.log.append((what, "".join(sorted(names))))
        self.threads[what].add(threading.current_thread())

    def called(self, what):
        return [names for call, names in self.log if call == what]

    def count(self, ports):
        return len(self.wanted)

    def batches(self, ports, after):
        rows = list(self.wanted)
        for start in range(after, len(rows), self.size):
            self.note("batch", rows[start : start + self.size])
            yield Batch(rows[start : start + self.size], start + self.size)

    def observe(self, ports, batch):
        self.note("observe", batch.rows)
        return {name: self.outside.counters[name] for name in batch.rows if name in self.outside.counters}

    def observe_again(self, ports, batch, seen, sent):
        names = [change.subject.key for change in sent.changes(Side.STORE)]
        self.note("look", names)
        return {**seen, **{name: self.outside.counters[name] for name in names if name in self.outside.counters}}

    def facts(self, ports, batch, seen):
        self.note("facts", batch.rows)
        return dict(self.wanted)

    def plan(self, batch, facts, seen):
        self.note("plan", batch.rows)
        units = [
            Unit(name, (a_change(name, seen.get(name), facts[name]),))
            for name in batch.rows
            if seen.get(name) != facts[name]
        ]
        return Plan(None, tuple(units))

    def steps(self):
        return (Step(takes=lambda _change, _detail: True, send=self.send),)

    def send(self, ports, plan):
        sent = list(plan.changes(Side.STORE))
        self.note("send", [change.subject.key for change in sent])
        return answers_of(sent, [self.outside.write(c.subject.key, c.after("quantity")) for c in sent])

    def judge(self, batch, facts, seen, plan, evidence):
        self.note("judge", batch.rows)
        self.evidence = evidence
        return Verdict()

    def finish(self, ports):
        assert ports.run.is_writing
        self.finished += 1


def before(operation, part, happens):
    """Let something happen whenever a part of an operation is about to be called."""
    called = getattr(operation, part)
    setattr(operation, part, lambda ports, *others: (happens(ports), called(ports, *others))[1])


def a_change(name, before, after):
    return changes.quantity_set(name, before=before, after=after, listing_id=None)


@pytest.fixture
def outside():
    return Outside()


@pytest.fixture
def hub():
    return MemoryHub()


# --- a preview ------------------------------------------------------------------------------------------------------


def test_a_preview_shows_the_first_plan_and_does_nothing(hub, outside):
    operation = Counters(outside, {"a": 1, "b": 2, "c": 0}, size=2)
    outside.counters["c"] = 0

    run = hub.drive(operation, is_dry=True)

    assert run.units == [Unit("a", (a_change("a", None, 1),)), Unit("b", (a_change("b", None, 2),))]
    assert (outside.sent, run.results, run.cursors, operation.finished) == ([], [], {}, 0)
    assert operation.called("judge") == []
    assert operation.called("look") == []
    assert operation.called("plan") == ["ab", "c"]


class Hindered(Counters):
    """Settles what it is told instead of planning it, in the plans that are named by their number."""

    settles = (0, 1, 2)

    def plan(self, batch, facts, seen):
        turn = len(self.called("plan"))
        plan = super().plan(batch, facts, seen)
        if turn not in self.settles:
            return plan
        settled = {result.change.subject.key: result for result in self.settled}
        units = tuple(unit for unit in plan.units if unit.key not in settled)
        return replace(plan, units=units, settled=tuple(self.settled))


def test_a_preview_reports_what_stands_in_the_way_and_not_what_is_as_it_should_be(hub, outside):
    in_the_way = Result(a_change("a", None, 1), Outcome.FAILED, message="It is locked.")
    as_it_should = Result(a_change("b", None, 2), Outcome.UNCHANGED)

    run = hub.drive(Hindered(outside, {"a": 1, "b": 2, "c": 3}, settled=[in_the_way, as_it_should]), is_dry=True)

    assert run.results == [in_the_way]
    assert [unit.key for unit in run.units] == ["c"]


# --- the second plan ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("answer", [DONE, REFUSED, LOST])
def test_the_second_plan_decides_and_not_the_answer(hub, outside, is_done, answer):
    outside.script["a"] = [(is_done, answer)]

    run = hub.drive(Counters(outside, {"a": 1}))

    missed = Outcome.UNKNOWN if answer is LOST else Outcome.REJECTED
    assert run.outcomes == {"a": Outcome.APPLIED if is_done else missed}
    assert [result.proof for result in run.results] == [Proof.READ if is_done else Proof.NONE]


def test_the_second_plan_is_made_of_facts_that_are_read_anew(hub, outside):
    operation = Counters(outside, {"a": 1})
    before(operation, "send", lambda _ports: operation.wanted.update(a=5))

    run = hub.drive(operation)

    assert run.outcomes == {"a": Outcome.REJECTED}
    assert operation.evidence.left == {a_change("a", None, 1).subject.id: frozenset({"quantity"})}


def test_what_the_second_plan_settles_takes_the_place_of_what_was_answered(hub, outside):
    gone = Result(a_change("a", None, 1), Outcome.FAILED, message="It is gone.")

    run = hub.drive(Hindered(outside, {"a": 1}, settled=[gone], settles=(1,)))

    assert run.results == [gone]


def test_what_the_second_plan_finds_as_it_should_be_was_applied(hub, outside):
    as_it_should = Result(a_change("a", None, 1), Outcome.UNCHANGED, Proof.READ)

    run = hub.drive(Hindered(outside, {"a": 1}, settled=[as_it_should], settles=(1,)))

    assert [(result.outcome, result.proof) for result in run.results] == [(Outcome.APPLIED, Proof.READ)]


def test_what_was_settled_from_the_start_is_reported_once(hub, outside):
    skipped = Result(a_change("a", None, 1), Outcome.SKIPPED, message="Later.")

    run = hub.drive(Hindered(outside, {"a": 1, "b": 2}, settled=[skipped]))

    assert [(result.change.subject.key, result.outcome) for result in run.results] == [
        ("a", Outcome.SKIPPED),
        ("b", Outcome.APPLIED),
    ]


def test_with_nothing_to_send_nothing_is_looked_at_again(hub, outside):
    outside.counters["a"] = 1
    operation = Counters(outside, {"a": 1}, attempts=2)

    run = hub.drive(operation)

    assert (run.results, operation.called("look"), operation.called("plan")) == ([], [], ["a"])
    assert operation.called("judge") == ["a"]


def test_a_value_that_this_token_cannot_read_is_proven_by_the_answer_alone(hub, outside):
    class Unseen(Counters):
        def unread(self, change, seen):
            return frozenset({"quantity"})

    outside.script["b"] = [(True, LOST)]

    run = hub.drive(Unseen(outside, {"a": 1, "b": 2}))

    assert [(result.outcome, result.proof) for result in run.results] == [
        (Outcome.APPLIED, Proof.ANSWERED),
        (Outcome.UNKNOWN, Proof.NONE),
    ]


# --- attempts -------------------------------------------------------------------------------------------------------


def test_what_was_lost_is_sent_again_if_it_is_not_there(hub, outside):
    outside.script["a"] = [(False, LOST)]
    outside.script["b"] = [(True, LOST)]

    run = hub.drive(Counters(outside, {"a": 1, "b": 2}, attempts=2))

    assert outside.sent == [("a", 1), ("b", 2), ("a", 1)]
    assert run.outcomes == {"a": Outcome.APPLIED, "b": Outcome.APPLIED}


def test_what_was_refused_is_not_sent_again_as_it_was(hub, outside):
    outside.script["a"] = [(False, REFUSED)]

    run = hub.drive(Counters(outside, {"a": 1}, attempts=2))

    assert (outside.sent, run.outcomes) == ([("a", 1)], {"a": Outcome.REJECTED})


def test_what_was_refused_is_sent_again_when_the_second_plan_wants_another_value(hub, outside):
    outside.script["a"] = [(False, REFUSED)]

    class Yielding(Counters):
        def plan(self, batch, facts, seen):
            return super().plan(batch, {"a": 1 if not self.called("plan") else 2}, seen)

    run = hub.drive(Yielding(outside, {"a": 1}, attempts=2))

    assert outside.sent == [("a", 1), ("a", 2)]
    assert len(run.results) == 1


@given(st.integers(1, 4), st.integers(0, 6))
def test_nothing_is_sent_more_often_than_there_are_attempts(attempts, losses):
    outside = Outside()
    outside.script["a"] = [(False, LOST)] * losses

    run = MemoryHub().drive(Counters(outside, {"a": 1}, attempts=attempts))

    assert len(outside.sent) == min(attempts, losses + 1)
    assert run.outcomes == {"a": Outcome.APPLIED if losses < attempts else Outcome.UNKNOWN}


# --- steps ----------------------------------------------------------------------------------------------------------


class InTwoSteps(Counters):
    """Names that end in 1 go first; what was learnt of them decides about those that end in 2."""

    learns = True
    reads = False

    def steps(self):
        learn = self.learn if self.learns else None
        return (
            Step(
                takes=lambda change, _: change.subject.key.endswith("1"), send=self.send, learn=learn, reads=self.reads
            ),
            Step(
                takes=lambda change, _: change.subject.key.endswith("2"), send=self.send, commit_first=self.commit_first
            ),
        )

    def learn(self, seen, plan, answers):
        failed = [c.subject.key for c in plan.changes(Side.STORE) if answers[c.subject.id].outcome is not DONE.outcome]
        return {**seen, "failed": [*seen.get("failed", []), *failed]}

    def plan(self, batch, facts, seen):
        plan = super().plan(batch, facts, seen)
        failed = {name.replace("1", "2") for name in seen.get("failed", [])}
        return replace(plan, units=tuple(unit for unit in plan.units if unit.key not in failed))

    def commit_first(self, ports, plan):
        assert ports.run.is_writing
        self.note("commit", [change.subject.key for change in plan.changes(Side.STORE)])


def test_steps_are_applied_in_order(hub, outside):
    operation = InTwoSteps(outside, {"x2": 1, "x1": 2, "y1": 3})

    hub.drive(operation)

    assert operation.called("send") == ["x1y1", "x2"]


def test_what_a_step_learns_narrows_the_plan_for_the_next(hub, outside):
    outside.script["x1"] = [(False, REFUSED)]

    run = hub.drive(InTwoSteps(outside, {"x2": 1, "x1": 2, "y2": 3, "y1": 4}))

    assert outside.sent == [("x1", 2), ("y1", 4), ("y2", 3)]
    assert run.outcomes == {"x1": Outcome.REJECTED, "y1": Outcome.APPLIED, "y2": Outcome.APPLIED}


def test_a_plan_that_was_answered_as_planned_is_not_made_again_between_steps(hub, outside):
    operation = InTwoSteps(outside, {"x2": 1, "x1": 2})

    hub.drive(operation)

    calls = [call for call, _names in operation.log]
    assert calls[calls.index("send") :].count("plan") == 1
    assert "plan" not in calls[calls.index("send") : len(calls) - calls[::-1].index("send")]


def test_a_step_that_reads_is_looked_at_before_the_next_one_is_planned(hub, outside):
    operation = InTwoSteps(outside, {"x2": 1, "x1": 2}, reads=True)

    hub.drive(operation)

    calls = [call for call in operation.log if call[0] in {"look", "send", "plan"}]
    assert calls[1:] == [
        ("send", "x1"),
        ("look", "x1"),
        ("plan", "x1x2"),
        ("send", "x2"),
        ("look", "x2"),
        ("plan", "x1x2"),
    ]


def test_what_must_be_in_the_database_first_is_committed_before_anything_is_sent(hub, outside):
    operation = InTwoSteps(outside, {"x2": 1})
    committed = []
    before(operation, "send", lambda ports: committed.append((ports.run.is_writing, ports.run.transactions)))

    hub.drive(operation)

    assert operation.called("commit") == ["x2"]
    assert committed == [(False, 1)]


def test_a_step_without_changes_is_left_out(hub, outside):
    operation = InTwoSteps(outside, {"x1": 1})

    hub.drive(operation)

    assert (operation.called("send"), operation.called("commit")) == (["x1"], [])


# --- recording ------------------------------------------------------------------------------------------------------


def test_each_batch_is_recorded_in_one_transaction_with_its_place(hub, outside):
    operation = Counters(outside, {"a": 1, "b": 2, "c": 3}, size=2)

    run = hub.drive(operation)

    # Two batches, and one to finish.
    assert (run.transactions, run.cursors, operation.finished) == (3, {"counters": 4}, 1)


def test_a_run_goes_on_behind_what_was_recorded(outside):
    hub = MemoryHub()
    hub.run.cursors["counters"] = 2

    drive(hub.ports(), Counters(outside, {"a": 1, "b": 2, "c": 3}, size=2))

    assert outside.sent == [("c", 3)]


def test_what_was_recorded_stays_when_a_later_batch_raises(hub, outside):
    operation = Counters(outside, {"a": 1, "b": 2}, size=1)
    outside.write = lambda name, number: fail() if name == "b" else Outside.write(outside, name, number)

    def fail():
        raise StoreUnavailable("It is away.")

    with pytest.raises(StoreUnavailable):
        hub.drive(operation)

    assert (hub.run.outcomes, hub.run.cursors) == ({"a": Outcome.APPLIED}, {"counters": 1})
    assert operation.finished == 0


def test_changes_on_the_hubs_side_are_applied_by_recording_and_never_sent(hub, outside):
    class Linking(Counters):
        def plan(self, batch, facts, seen):
            link = changes.link_broken("a", listing_id=1)
            return Plan(None, (Unit("a", (link,)),))

    run = hub.drive(Linking(outside, {"a": 1}))

    assert outside.sent == []
    assert [(result.change.side, result.outcome) for result in run.results] == [(Side.HUB, Outcome.APPLIED)]


def test_what_is_proven_ends_the_kinds_that_the_operation_judges_unless_it_is_flagged_anew(hub, outside):
    rows = [hub.listings.build(a_simple(name))[0] for name in ("one", "two")]
    hub.listings.flags = {
        row.id: {Attention.PRICE_FAILED: "before", Attention.IMAGE_FAILED: "another's"} for row in rows
    }
    one, two = rows

    class Judging(Counters):
        attentions = frozenset({Attention.PRICE_FAILED})

        def judge(self, batch, facts, seen, plan, evidence):
            proven = [Proven(row.id, evidence.began, price=7) for row in rows]
            return Verdict(proven=proven, flags={two.id: {Attention.PRICE_FAILED: "now"}})

    hub.drive(Judging(outside, {"a": 1}))

    assert hub.listings.flags == {
        one.id: {Attention.IMAGE_FAILED: "another's"},
        two.id: {Attention.IMAGE_FAILED: "another's", Attention.PRICE_FAILED: "now"},
    }
    assert [row.proven_price for row in hub.listings.by_ids([one.id, two.id])] == [7, 7]


def test_the_evidence_is_as_old_as_the_first_word_of_the_store(hub, outside):
    operation = Counters(outside, {"a": 1})
    sent = []
    before(operation, "send", lambda ports: sent.append(ports.clock()))

    hub.drive(operation)

    assert operation.evidence.began < sent[0]


def test_a_batch_knows_since_when_it_was_looked_at_for_it(hub, outside):
    operation = Counters(outside, {"a": 1})
    began, batches = [], []
    before(operation, "observe", lambda ports: began.append(ports.clock()))
    operation.facts = lambda _ports, batch, _seen: (batches.append(batch), operation.wanted)[1]

    hub.drive(operation)

    assert {batch.looked_at < began[0] for batch in batches} == {True}


# --- cancelling and looking ahead -----------------------------------------------------------------------------------


def test_a_run_that_is_cancelled_stops_between_batches(outside):
    hub = MemoryHub()

    class Cancelled(Counters):
        def judge(self, *parts):
            hub.run.cancelled = True
            return super().judge(*parts)

    operation = Cancelled(outside, {"a": 1, "b": 2}, size=1)

    run = hub.drive(operation)

    assert (outside.sent, run.cursors, operation.finished) == ([("a", 1)], {"counters": 1}, 0)


class Waiting(Counters):
    """Is sent only when the next batch has been observed, or not within its patience."""

    def __init__(self, *parts, **options):
        super().__init__(*parts, **options)
        self.has_seen_b = threading.Event()
        self.patience = LONG
        self.was_ahead = None

    def observe(self, ports, batch):
        seen = super().observe(ports, batch)
        if "b" in batch.rows:
            self.has_seen_b.set()
        return seen

    def send(self, ports, plan):
        if self.was_ahead is None:
            self.was_ahead = self.has_seen_b.wait(self.patience)
        return super().send(ports, plan)


def test_the_next_batch_is_observed_while_one_is_applied_and_planned_only_when_that_is_recorded(hub, outside):
    operation = Waiting(outside, {"a": 1, "b": 2}, size=1)

    hub.drive(operation)

    assert operation.was_ahead
    log = operation.log
    assert log.index(("observe", "b")) < log.index(("send", "a"))
    assert log.index(("judge", "a")) < log.index(("facts", "b")) < log.index(("plan", "b"))


def test_an_operation_that_must_not_look_ahead_observes_a_batch_when_the_one_before_is_recorded(hub, outside):
    operation = Waiting(outside, {"a": 1, "b": 2}, size=1, looks_ahead=False)
    operation.patience = SHORT

    hub.drive(operation)

    assert operation.was_ahead is False
    assert operation.log.index(("judge", "a")) < operation.log.index(("observe", "b"))


@pytest.mark.parametrize("is_pass", [False, True])
def test_the_database_is_used_by_one_thread_and_the_outside_looked_at_by_another(hub, outside, is_pass):
    operation = Counters(outside, {"a": 1, "b": 2}, size=1, is_pass=is_pass)

    hub.drive(operation)

    ours = {threading.current_thread()}
    assert operation.threads["facts"] == operation.threads["judge"] == operation.threads["plan"] == ours
    assert not operation.threads["observe"] & ours
    # The batches of a pass over the outside come from there.
    assert (operation.threads["batch"] == ours) is not is_pass


def test_what_goes_wrong_when_looking_ahead_is_raised_after_the_batch_before_was_recorded(hub, outside):
    class Away(Waiting):
        def observe(self, ports, batch):
            seen = super().observe(ports, batch)
            if "b" in batch.rows:
                raise StoreUnavailable("It is away.")
            return seen

    with pytest.raises(StoreUnavailable):
        hub.drive(Away(outside, {"a": 1, "b": 2}, size=1))

    assert hub.run.outcomes == {"a": Outcome.APPLIED}


# --- a verb of several operations -----------------------------------------------------------------------------------


class Forbidden(Counters):
    name = "forbidden"

    def send(self, ports, plan):
        raise PermissionMissing("You may not.", function=self.function)


def test_a_right_that_is_missing_ends_the_operation_that_needs_it_and_the_others_go_on(hub, outside):
    first = Forbidden(outside, {"a": 1}, function="One")
    second = Counters(outside, {"b": 2})
    third = Forbidden(outside, {"c": 3}, function="Two")

    refusal = drive_all(hub.ports(), [first, second, third])

    assert refusal.function == "One"
    assert outside.sent == [("b", 2)]
    assert (first.finished, second.finished, third.finished) == (0, 1, 0)


def test_whatever_else_is_raised_ends_them_all(hub, outside):
    class Failing(Counters):
        def send(self, ports, plan):
            raise StoreUnavailable("It is away.")

    with pytest.raises(StoreUnavailable):
        drive_all(hub.ports(), [Failing(outside, {"a": 1}), Counters(outside, {"b": 2})])

    assert outside.sent == []


def test_progress_counts_rows_over_all_operations_of_a_verb(hub, outside):
    operations = [Counters(outside, {"a": 1, "b": 2, "c": 3}, size=2), Counters(outside, {"d": 4}, name="other")]

    drive_all(hub.ports(), operations)

    assert hub.run.shown == [(2, 4, "counters"), (3, 4, "counters"), (4, 4, "counters")]


def test_progress_is_never_more_than_its_total():
    run = MemoryRun()
    tally = Tally(run, total=2)

    tally.add(3, "rows")
    Tally(run).add(1, "rows")

    assert run.shown == [(3, 3, "rows"), (1, None, "rows")]


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3)),
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3)),
    st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.booleans(), st.sampled_from([DONE, REFUSED, LOST]))),
    st.integers(1, 9),
    st.integers(1, 3),
)
def test_whatever_happens_what_is_called_applied_is_there_and_a_second_run_ends_it(
    there, wanted, script, size, attempts
):
    outside = Outside(dict(there))
    outside.script.update({name: [fate] for name, fate in script.items()})
    hub = MemoryHub()

    first = hub.drive(Counters(outside, wanted, size=size, attempts=attempts))
    then = dict(outside.counters)
    hub.drive(Counters(outside, wanted, size=size))
    third = hub.drive(Counters(outside, wanted, size=size))

    assert {name for name, outcome in first.outcomes.items() if outcome is Outcome.APPLIED} == {
        name for name in wanted if there.get(name) != wanted[name] and then.get(name) == wanted[name]
    }
    assert {name: outside.counters.get(name) for name in wanted} == wanted
    assert third.results == []


# --- the brake ------------------------------------------------------------------------------------------------------


class Harmful(Counters):
    """Every counter that is wanted to be 0 is a harm; there are 20 live ones, as the hub's listings say."""

    def at_stake(self, ports):
        self.note("at stake", self.wanted)
        return {Harm.ZERO: sum(number == 0 for number in self.wanted.values())}

    def examples(self, ports, harm, *, limit):
        return [Example(name, name.upper()) for name, number in self.wanted.items() if number == 0][:limit]

    def harm_of(self, row):
        return Harm.ZERO if self.wanted[row] == 0 else None


@pytest.fixture
def live(hub):
    hub.listings.live_count = lambda: 20
    return hub


ZEROS = {f"z{number:02}": 0 for number in range(11)}
OTHERS = {"a": 1, "b": 2}


def test_what_the_brake_holds_back_is_left_alone_and_all_else_is_done(live, outside):
    operation = Harmful(outside, {**ZEROS, **OTHERS}, size=3)

    run = live.drive(operation)

    assert outside.sent == [("a", 1), ("b", 2)]
    assert operation.log[0][0] == "at stake", "it is looked at before the first batch"
    assert run.braking == Braking(
        {Harm.ZERO: 11}, 20, 10, {Harm.ZERO: [Example(name, name.upper()) for name in sorted(ZEROS)]}
    )
    assert all("z" not in names for names in operation.called("observe"))


def test_a_preview_shows_what_the_brake_would_hold_back_and_says_so(live, outside):
    run = live.drive(Harmful(outside, {**ZEROS, **OTHERS}), is_dry=True)

    assert sorted(unit.key for unit in run.units) == sorted({**ZEROS, **OTHERS})
    assert run.braking.numbers == {Harm.ZERO: 11}


def test_operations_of_one_verb_are_added_up_before_the_first_of_them_begins(live, outside):
    first, second = (
        Harmful(outside, dict(list(ZEROS.items())[:6]), name="first"),
        Harmful(outside, dict(list(ZEROS.items())[6:]), name="second"),
    )

    drive_all(live.ports(), [first, second])

    assert outside.sent == []
    assert live.run.braking.numbers == {Harm.ZERO: 11}


def test_what_was_held_back_once_stays_so_in_a_later_part_of_the_run(live, outside):
    drive_all(live.ports(), [Harmful(outside, ZEROS)])

    drive_all(live.ports(), [Harmful(outside, {"z00": 0, "a": 1}, name="after orders")])

    assert outside.sent == [("a", 1)]
    assert live.run.braking.numbers == {Harm.ZERO: 11}


def test_a_released_run_is_not_held_back_by_what_a_person_has_seen(live, outside):
    run = MemoryRun(released={Harm.ZERO: 11})

    drive(live.ports(run=run), Harmful(outside, ZEROS))

    assert len(outside.sent) == 11
    assert run.braking is None


def test_a_pass_over_the_store_is_looked_at_when_it_is_prepared(live, outside):
    operation = Harmful(outside, ZEROS, is_pass=True)
    operation.prepare = lambda _ports: operation.note("prepare", "")

    drive(live.ports(), operation)

    assert [what for what, _ in operation.log[:2]] == ["prepare", "at stake"]
    assert outside.sent == []


def test_nobody_counts_what_is_live_for_a_few_ordinary_changes(hub, outside):
    hub.listings.live_count = None

    hub.drive(Harmful(outside, dict(list(ZEROS.items())[:10])))

    assert len(outside.sent) == 10


# --- a run that was taken over -------------------------------------------------------------------------------------


def test_who_takes_over_looks_anew_and_plans_anew_before_it_writes_what_an_owner_before_may_have_sent(hub, outside):
    operation = Counters(outside, {"a": 1, "b": 2})

    def land():
        """The last request of the owner before arrives."""
        assert outside.sent == []
        outside.counters["a"] = 1
        return True

    hub.drive(operation, writes_from=hub.now + timedelta(seconds=100), while_waiting=land)

    assert outside.sent == [("b", 2)]
    assert operation.called("observe") == ["ab", "ab"]


def test_who_takes_over_waits_for_nothing_where_nothing_is_to_be_sent(hub, outside):
    outside.counters["a"] = 1
    waited = []

    hub.drive(
        Counters(outside, {"a": 1}),
        writes_from=hub.now + timedelta(seconds=100),
        while_waiting=lambda: waited.append(1) or True,
    )

    assert waited == []


def test_what_was_looked_at_after_the_time_is_sent_at_once(hub, outside):
    waited = []

    hub.drive(Counters(outside, {"a": 1}), writes_from=hub.now, while_waiting=lambda: waited.append(1) or True)

    assert (waited, outside.sent) == ([], [("a", 1)])


def test_a_run_that_is_stopped_while_it_waits_sends_and_records_nothing(hub, outside):
    operation = Counters(outside, {"a": 1})

    def stop():
        hub.run.cancelled = True
        return False

    run = hub.drive(operation, writes_from=hub.now + timedelta(seconds=100), while_waiting=stop)

    assert (outside.sent, run.cursors, run.results, operation.finished) == ([], {}, [], 0)
