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
PROBLEMS = frozenset({Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN})


def work_words(kind: str, *, is_preview: bool = False) -> str:
    """Say what a run does or did, as a heading."""
    words = _WORK.get(kind, kind.replace("_", " ").capitalize())
    return f"Preview: {words[0].lower()}{words[1:]}" if is_preview else words


def count_words(counts: Iterable[Mapping[str, Any]]) -> list[str]:
    """
    Say what came of a run: `12 products created`, `1 listing refused by the store`.

    `counts`: rows of `Counts`. What was done comes first, then what was not, then what needed nothing.
    """
    done: Counter[tuple[SubjectKind, Action, bool]] = Counter()
    rest: Counter[tuple[SubjectKind, Outcome]] = Counter()
    for row in counts:
        kind, outcome = SubjectKind(row["subject"]), Outcome(row["outcome"])
        if outcome is Outcome.APPLIED:
            done[kind, Action(row["action"]), row.get("proof") == Proof.ANSWERED.value] += row["count"]
        else:
            rest[kind, outcome] += row["count"]
    words = [
        f"{_counted(number, kind, action)} {_DONE[action]}{' (sent, not re-read)' if is_answered else ''}"
        for (kind, action, is_answered), number in done.items()
    ]
    ordered = sorted(rest.items(), key=lambda item: item[0][1] not in PROBLEMS)
    return words + [_NOT_DONE[outcome].format(_counted(number, kind)) for (kind, outcome), number in ordered]


def planned_words(planned: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say what a preview comes to: `12 products would be created`; rows of {subject, action, count}."""
    return [
        f"{_counted(row['count'], SubjectKind(row['subject']))} would be {_DONE[Action(row['action'])]}"
        for row in planned
    ]


def change_words(subject: str, action: str, outcome: str) -> str:
    """Say what became of one change: `product created`, `listing refused by the store`; without outcome, of a plan."""
    noun = _NOUNS[SubjectKind(subject)][0]
    if not outcome:
        return f"{noun} would be {_DONE[Action(action)]}"
    if Outcome(outcome) is Outcome.APPLIED:
        return f"{noun} {_DONE[Action(action)]}"
    return _NOT_DONE[Outcome(outcome)].format(noun)


def is_quiet(counts: Iterable[Mapping[str, Any]]) -> bool:
    """Whether nothing was done, and nothing went wrong."""
    return all(row["outcome"] in {Outcome.UNCHANGED.value, Outcome.SKIPPED.value} for row in counts)


def _counted(number: int, kind: SubjectKind, action: Action | None = None) -> str:
    # What is uploaded is an image, and what is imported a file of the catalogue.
    one, many = ("file", "files") if (kind, action) == (SubjectKind.FILE, Action.IMPORT) else _NOUNS[kind]
    return f"{number:,} {one if number == 1 else many}"
