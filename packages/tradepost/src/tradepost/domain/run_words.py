"""What runs are called, and what came of them, in words for a person: one place for pages and commands."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tradepost.domain.plan import Action, Outcome, Proof, SubjectKind

# What is going on, or has stopped: "Publishing has stopped".
_WORK: Mapping[str, str] = {
    "publish": "Publishing",
    "sync": "Sending prices, quantities and status",
    "link": "Linking",
    "set_type": "Writing product types",
    "undo": "Undoing",
    "adopt": "Adopting the store",
    "get_orders": "Fetching orders",
    "sync_orders": "Telling the store of shipments",
    "reconcile_orders": "Comparing orders",
    "deliver_orders": "Handing orders over",
    "fetch_shipments": "Fetching shipments",
    "import": "Importing",
    "request": "A person's request",
}
_NOUNS: Mapping[SubjectKind, tuple[str, str]] = {
    SubjectKind.PRODUCT: ("product", "products"),
    SubjectKind.LISTING: ("listing", "listings"),
    SubjectKind.ORDER: ("order", "orders"),
    SubjectKind.SHIPMENT: ("shipment", "shipments"),
    SubjectKind.FILE: ("image", "images"),
    SubjectKind.SETUP: ("part of the set-up", "parts of the set-up"),
    SubjectKind.CHANNEL: ("channel", "channels"),
    SubjectKind.SOURCE: ("source", "sources"),
}
_DONE: Mapping[Action, str] = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.UPLOAD: "uploaded",
    Action.LINK: "linked",
    Action.BREAK: "found to be broken",
    Action.HIDE: "hidden",
    Action.UNHIDE: "put back on sale",
    Action.DELIST: "removed from the store",
    Action.IMPORT: "taken over",
    Action.ACKNOWLEDGE: "acknowledged",
    Action.SHIP: "told to the store",
    Action.KEEP: "looked at",
}
_NOT_DONE: Mapping[Outcome, str] = {
    Outcome.UNCHANGED: "{} needed nothing",
    Outcome.REJECTED: "{} refused by the store",
    Outcome.FAILED: "{} not sent or not read",
    Outcome.UNKNOWN: "{} without a clear answer",
    Outcome.SKIPPED: "{} left out on purpose",
}
# A person's request is noted in the hub; what it asks for is done by a later run, which says so itself.
_REQUEST = "request"
_ASKED: Mapping[Action, str] = {
    Action.UPDATE: "changed here",
    Action.HIDE: "asked to be hidden",
    Action.UNHIDE: "asked to be put back on sale",
    Action.DELIST: "asked to be removed from the store",
}
_FILES = ("file", "files")
_CONNECTIONS = ("connection", "connections")
_THINGS = ("thing", "things")
# What has words of its own, as its subject is not what such things are called elsewhere.
_LEFT = "{} left as it is"
_NOT_WHOLE = "{} not taken over, or not all of it"
_TESTED: Mapping[Outcome, str] = {
    Outcome.UNCHANGED: "{} tested well",
    Outcome.FAILED: "{} with something to be mended",
}
PROBLEMS = frozenset({Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN})


def work_words(kind: str, *, is_preview: bool = False) -> str:
    """Say what a run does or did, as a heading."""
    words = _WORK.get(kind, kind.replace("_", " ").capitalize())
    return f"Preview: {words[0].lower()}{words[1:]}" if is_preview else words


def count_words(counts: Iterable[Mapping[str, Any]], *, kind: str = "") -> list[str]:
    """
    Say what came of a run of a kind: `12 products created`, `1 listing refused by the store`.

    `counts`: rows of `Counts`. What was done comes first, then what was not, then what needed nothing.
    """
    done: Counter[tuple[tuple[str, str], str, bool]] = Counter()
    rest: Counter[tuple[tuple[str, str], str, bool]] = Counter()
    for row in counts:
        subject, action, outcome = SubjectKind(row["subject"]), Action(row["action"]), Outcome(row["outcome"])
        nouns = _nouns(subject, action, kind)
        if outcome is Outcome.APPLIED:
            is_answered = row.get("proof") == Proof.ANSWERED.value
            done[nouns, _done(subject, action, kind), is_answered] += row["count"]
        else:
            rest[nouns, _not_done(subject, action, outcome, kind), outcome not in PROBLEMS] += row["count"]
    words = [
        f"{_counted(number, nouns)} {deed}{' (sent, not re-read)' if is_answered else ''}"
        for (nouns, deed, is_answered), number in done.items()
    ]
    ordered = sorted(rest.items(), key=lambda item: item[0][2])
    return words + [sentence.format(_counted(number, nouns)) for (nouns, sentence, _), number in ordered]


def planned_words(planned: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say what a preview comes to: `12 products would be created`; rows of {subject, action, count}."""
    return [
        f"{_counted(row['count'], _nouns(subject, action))} would be {_DONE[action]}"
        for row in planned
        for subject, action in [(SubjectKind(row["subject"]), Action(row["action"]))]
    ]


def deed_words(action: str) -> str:
    """Say what an action does, to choose by: `hidden`, `told to the store`."""
    return _DONE[Action(action)]


def change_words(subject: str, action: str, outcome: str, *, kind: str = "") -> str:
    """
    Say what became of one change of a run of a kind: `product created`, `listing refused by the store`; without
    outcome, of a plan.
    """
    about, deed = SubjectKind(subject), Action(action)
    noun, _ = _nouns(about, deed, kind)
    if not outcome:
        return f"{noun} would be {_DONE[deed]}"
    if Outcome(outcome) is Outcome.APPLIED:
        return f"{noun} {_done(about, deed, kind)}"
    return _not_done(about, deed, Outcome(outcome), kind).format(noun)


def is_quiet(counts: Iterable[Mapping[str, Any]]) -> bool:
    """Whether nothing was done, and nothing went wrong."""
    return all(row["outcome"] in {Outcome.UNCHANGED.value, Outcome.SKIPPED.value} for row in counts)


def _nouns(subject: SubjectKind, action: Action, kind: str = "") -> tuple[str, str]:
    """What is uploaded is an image, and what is imported a file of the catalogue."""
    if (subject, action) == (SubjectKind.FILE, Action.IMPORT):
        return _FILES
    if _is_test(subject, action, kind):
        return _CONNECTIONS
    # What a run tells of a channel as a whole is what it did not do, and why.
    return _THINGS if (subject, action) == (SubjectKind.CHANNEL, Action.KEEP) else _NOUNS[subject]


def _is_test(subject: SubjectKind, action: Action, kind: str) -> bool:
    return kind == _REQUEST and (subject, action) == (SubjectKind.CHANNEL, Action.KEEP)


def _done(subject: SubjectKind, action: Action, kind: str) -> str:
    is_asked = kind == _REQUEST and subject is SubjectKind.LISTING
    return _ASKED.get(action, _DONE[action]) if is_asked else _DONE[action]


def _not_done(subject: SubjectKind, action: Action, outcome: Outcome, kind: str) -> str:
    if _is_test(subject, action, kind) and outcome in _TESTED:
        return _TESTED[outcome]
    if (subject, action, outcome) == (SubjectKind.CHANNEL, Action.KEEP, Outcome.SKIPPED):
        return _LEFT
    is_file = (subject, action) == (SubjectKind.FILE, Action.IMPORT)
    return _NOT_WHOLE if is_file and outcome is Outcome.FAILED else _NOT_DONE[outcome]


def _counted(number: int, nouns: tuple[str, str]) -> str:
    one, many = nouns
    return f"{number:,} {one if number == 1 else many}"
