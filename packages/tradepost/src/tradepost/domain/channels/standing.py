"""
How a channel stands, in one sentence: whether everything is all right, and if not, what the matter is and who mends it.

The worst thing is said first, and alone: what stands behind it is often its consequence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tradepost.domain.counts import count_words
from tradepost.domain.run_words import work_words


class Standing(StrEnum):
    """As a traffic light shows it."""

    WELL = "well"
    WATCH = "watch"
    STOPPED = "stopped"


class ChannelState(StrEnum):
    """What the sentence is about, in two words."""

    REFUSED = "refused by the store"
    RESTORED = "restored, nothing is sent"
    DOUBTED = "another store?"
    FAILED = "stopped"
    IN_SET_UP = "being set up"
    BRAKED = "waits for your answer"
    MENDED = "can go on"
    PAUSED = "paused"
    DIFFERS = "orders differ"
    ONLY_LOOKS = "only looks"
    OVERDUE = "overdue"
    PARTLY_PAUSED = "partly paused"
    LIVE = "live"


STANDINGS: Mapping[ChannelState, Standing] = {
    **dict.fromkeys(ChannelState, Standing.WATCH),
    ChannelState.REFUSED: Standing.STOPPED,
    ChannelState.RESTORED: Standing.STOPPED,
    ChannelState.DOUBTED: Standing.STOPPED,
    ChannelState.FAILED: Standing.STOPPED,
    ChannelState.LIVE: Standing.WELL,
}


class Remedy(StrEnum):
    """Where a person puts it right."""

    NONE = ""
    CHANNEL = "channel"
    SET_UP = "set_up"
    GO_LIVE = "go_live"
    RESUME = "resume"
    RUN = "run"
    ORDERS = "orders"
    WAITING = "waiting"
    SCHEDULES = "schedules"


@dataclass(frozen=True, slots=True)
class FailedWork:
    """
    The last run of its kind, which failed. `is_by_set_up`: credentials, rights or an address are to blame, and
    `is_mended`: a test of them has found everything well since.
    """

    run_id: int
    kind: str
    error: str
    is_by_set_up: bool
    is_mended: bool = False


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """
    What a channel's standing is judged by. `braked`: the first run that the brake stopped, and its sentence.
    `to_publish` and `to_sync`: listings for which something was asked that this work brings to the store;
    `has_values_due`: whether the store has another price or quantity of any than it should. `overdue`: the work that a
    schedule should have started long since. `paused`: what the schedules that are paused would start,
    in words.
    """

    refusal: str = ""
    restored_why: str = ""
    store_doubt: str = ""
    is_being_set_up: bool = False
    is_paused: bool = False
    is_look_only: bool = False
    braked: tuple[int, str] | None = None
    failed: tuple[FailedWork, ...] = ()
    differences: int = 0
    overdue: str = ""
    paused: tuple[str, ...] = ()
    to_publish: int = 0
    to_sync: int = 0
    has_values_due: bool = False
    live: int = 0


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """`run_id`: the run that the sentence is about, where it is one; `kind`: of the work that can be tried again."""

    state: ChannelState
    sentence: str
    remedy: Remedy = Remedy.NONE
    run_id: int | None = None
    kind: str = ""

    @property
    def standing(self) -> Standing:
        return STANDINGS[self.state]


def standing_of(facts: ChannelFacts) -> ChannelStanding:
    """Judge a channel."""
    stopped = _stopped(facts)
    if stopped is not None:
        return stopped
    waits = Remedy.WAITING if facts.to_publish + facts.to_sync else Remedy.NONE
    return _to_watch(facts) or ChannelStanding(ChannelState.LIVE, _all_well(facts), waits)


def _stopped(facts: ChannelFacts) -> ChannelStanding | None:
    if facts.refusal:
        sentence = f"The store refuses the hub, so nothing is sent or fetched. {facts.refusal}"
        return ChannelStanding(ChannelState.REFUSED, sentence, Remedy.CHANNEL)
    if facts.restored_why:
        sentence = f"Nothing is written to the store. {facts.restored_why}"
        return ChannelStanding(ChannelState.RESTORED, sentence, Remedy.GO_LIVE)
    if facts.store_doubt:
        sentence = f"Nothing is written, because this may be another store. {facts.store_doubt}"
        return ChannelStanding(ChannelState.DOUBTED, sentence, Remedy.CHANNEL)
    for failed in facts.failed:
        if failed.is_mended:
            continue
        sentence = f"{work_words(failed.kind)} has stopped: {_ended(failed.error)}{_waits(failed, facts)}"
        remedy = Remedy.CHANNEL if failed.is_by_set_up else Remedy.RUN
        return ChannelStanding(ChannelState.FAILED, sentence, remedy, failed.run_id, failed.kind)
    return None


def _to_watch(facts: ChannelFacts) -> ChannelStanding | None:
    if facts.is_being_set_up:
        return ChannelStanding(ChannelState.IN_SET_UP, "The channel is not set up to its end.", Remedy.SET_UP)
    if facts.braked is not None:
        run_id, sentence = facts.braked
        return ChannelStanding(ChannelState.BRAKED, f"The brake waits for your answer. {sentence}", Remedy.RUN, run_id)
    mended = next((failed for failed in facts.failed if failed.is_mended), None)
    if mended is not None and not facts.is_paused:
        sentence = f"{work_words(mended.kind)} had stopped. A test has found everything well since, so it can go on."
        return ChannelStanding(ChannelState.MENDED, sentence, run_id=mended.run_id, kind=mended.kind)
    if facts.is_paused:
        return ChannelStanding(ChannelState.PAUSED, "The channel is paused: nothing is sent or fetched.", Remedy.RESUME)
    if facts.differences:
        noun = "difference" if facts.differences == 1 else "differences"
        sentence = f"Orders or shipments differ from the store's: {facts.differences:,} {noun}."
        return ChannelStanding(ChannelState.DIFFERS, sentence, Remedy.ORDERS)
    if facts.is_look_only:
        sentence = "The channel only looks: everything is planned and shown, and nothing is sent."
        return ChannelStanding(ChannelState.ONLY_LOOKS, sentence, Remedy.GO_LIVE)
    if facts.overdue:
        sentence = f"{work_words(facts.overdue)} is overdue. Is the server at work?"
        return ChannelStanding(ChannelState.OVERDUE, sentence, kind=facts.overdue)
    if facts.paused:
        names = ", ".join(f"“{words}”" for words in facts.paused)
        is_one = len(facts.paused) == 1
        sentence = (
            f"{names} {'is' if is_one else 'are'} paused, and not started until {'it is' if is_one else 'they are'}"
        )
        return ChannelStanding(ChannelState.PARTLY_PAUSED, f"{sentence} resumed.", Remedy.SCHEDULES)
    return None


def _all_well(facts: ChannelFacts) -> str:
    live = f"{count_words(facts.live)} {'listing is' if facts.live == 1 else 'listings are'} live"
    if waiting := facts.to_publish + facts.to_sync:
        return f"All is well: {live}, {count_words(waiting)} {'waits' if waiting == 1 else 'wait'} to be sent."
    if facts.has_values_due:
        return f"All is well: {live}, and new prices or quantities wait for the next sync."
    return f"All is well: {live}, and nothing waits." if facts.live else "All is well. Nothing is on the store yet."


def _waits(failed: FailedWork, facts: ChannelFacts) -> str:
    waiting = {"publish": facts.to_publish, "sync": facts.to_sync}.get(failed.kind, 0)
    return f" {count_words(waiting)} {'listing waits' if waiting == 1 else 'listings wait'}." if waiting else ""


def _ended(sentence: str) -> str:
    """With a full stop, and begun as what follows a colon."""
    text = sentence.strip() or "the log has the reason"
    return text if text.endswith((".", "!", "?")) else f"{text}."
