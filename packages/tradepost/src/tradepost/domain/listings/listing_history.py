"""What was done to a listing, as sentences: what was changed, what came of it, and how that is known."""

from collections.abc import Mapping, Sequence
from typing import Any

from tradepost.domain.plan import Action, Outcome, Proof, Side
from tradepost.domain.value_words import field_words, value_words

_MOST_FIELDS = 4
_ON_STORE: Mapping[Action, str] = {
    Action.CREATE: "Created on the store",
    Action.UPDATE: "Changed on the store",
    Action.HIDE: "Hidden on the store",
    Action.UNHIDE: "Put back for sale",
    Action.DELIST: "Removed from the store",
    Action.KEEP: "Looked at",
}
_IN_HUB: Mapping[Action, str] = {
    Action.CREATE: "Made",
    Action.LINK: "Linked",
    Action.BREAK: "Found gone from the store",
    Action.HIDE: "Hidden with its variants",
    Action.UNHIDE: "Put back for sale with its variants",
    Action.DELETE: "Forgotten",
    Action.KEEP: "Looked at",
}
_ENDS: Mapping[Outcome, str] = {
    Outcome.UNCHANGED: "it was so already",
    Outcome.REJECTED: "the store said no",
    Outcome.FAILED: "it failed",
    Outcome.UNKNOWN: "no answer came",
    Outcome.SKIPPED: "left as it is",
}
_PROOFS: Mapping[Proof, str] = {Proof.READ: "on the store, read back", Proof.ANSWERED: "sent, not re-read"}


def history_sentence(
    *,
    action: Action,
    side: Side,
    fields: Sequence[Mapping[str, Any]],
    outcome: Outcome | None,
    proof: Proof = Proof.NONE,
    message: str = "",
) -> str:
    """
    Write a change and what became of it: `Changed on the store (price: 7.90 → 9.90): on the store, read back.`

    `fields`: {name, before, after} of each, as they were kept. `outcome`: None for what was only planned.
    """
    deed, shown = _deed(action, side, fields)
    what = f"{deed} ({_fields(shown)})" if shown else deed
    # What is gone can't be on the store, however well that was read.
    proven = "the store was read" if action is Action.BREAK and proof is Proof.READ else _PROOFS.get(proof, "")
    end = "only planned" if outcome is None else _ENDS.get(outcome, "") or proven
    told = ": ".join(filter(None, (what, end, " ".join(message.split()))))
    return told if told.endswith((".", "!", "?")) else f"{told}."


def _deed(action: Action, side: Side, fields: Sequence[Mapping[str, Any]]) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Name what was done, and the fields that this does not say already."""
    if side is Side.STORE:
        if action in {Action.CREATE, Action.DELIST, Action.HIDE}:
            return _ON_STORE[action], ()
        return _ON_STORE.get(action, action.value.capitalize()), fields
    only = fields[0] if len(fields) == 1 else None
    if only is not None and only["name"] == "pending":
        asked = f"Asked to {only['after']}" if only["after"] else f"Taken back: {only['before']}"
        return asked, ()
    if only is not None and only["name"] == "is_paused":
        return "Paused" if only["after"] else "Unpaused", ()
    if only is not None and action is Action.LINK and only["name"] == "external_id":
        return f"Linked to product {value_words('external_id', only['after'])} of the store", ()
    if only is not None and only["name"] == "link":
        return {"broken": "Found gone from the store", "unlinked": "Let go of the store's product"}.get(
            str(only["after"]), "Linked again"
        ), ()
    return _IN_HUB.get(action, "Noted"), fields


def _fields(fields: Sequence[Mapping[str, Any]]) -> str:
    shown = [field_words(each["name"], each.get("before"), each.get("after"), arrow="→") for each in fields]
    more = len(shown) - _MOST_FIELDS
    return "; ".join(shown[:_MOST_FIELDS]) + (f"; and {more} more" if more > 0 else "")
