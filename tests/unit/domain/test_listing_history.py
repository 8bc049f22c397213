"""The timeline of a listing: each change as a sentence."""

import pytest

from tradepost.domain.listings.listing_history import history_sentence
from tradepost.domain.plan import Action, Outcome, Proof, Side

PRICE = {"name": "price", "before": "7.90", "after": "9.90"}
READ, SAID = {"outcome": Outcome.APPLIED, "proof": Proof.READ}, {"outcome": Outcome.APPLIED, "proof": Proof.ANSWERED}
DONE = {"outcome": Outcome.APPLIED}


def field(name, before, after):
    return [{"name": name, "before": before, "after": after}]


@pytest.mark.parametrize(
    ("side", "action", "fields", "more", "sentence"),
    [
        (
            Side.STORE,
            Action.UPDATE,
            [PRICE],
            READ,
            "Changed on the store (price: 7.90 → 9.90): on the store, read back.",
        ),
        (Side.STORE, Action.CREATE, [PRICE], SAID, "Created on the store: sent, not re-read."),
        (Side.STORE, Action.HIDE, [], READ, "Hidden on the store: on the store, read back."),
        (Side.STORE, Action.UNHIDE, field("quantity", 0, 4), READ, "Put back for sale (quantity: 0 → 4): on the "),
        (Side.STORE, Action.DELIST, [], DONE, "Removed from the store."),
        (
            Side.STORE,
            Action.UPDATE,
            [],
            {"outcome": Outcome.REJECTED, "message": "Price is\nrequired."},
            "Changed on the store: the store said no: Price is required.",
        ),
        (Side.STORE, Action.HIDE, [], {"outcome": Outcome.UNKNOWN}, "Hidden on the store: no answer came."),
        (Side.STORE, Action.UPDATE, [PRICE], {"outcome": None}, "Changed on the store (price: 7.90 → 9.90): only pl"),
        (Side.HUB, Action.HIDE, field("pending", "", "hide"), DONE, "Asked to hide."),
        (Side.HUB, Action.UPDATE, field("pending", "hide", ""), DONE, "Taken back: hide."),
        (Side.HUB, Action.UPDATE, field("is_paused", False, True), DONE, "Paused."),
        (Side.HUB, Action.UPDATE, field("is_paused", True, False), DONE, "Unpaused."),
        (Side.HUB, Action.LINK, field("external_id", None, 12), DONE, "Linked to product 12 of the store."),
        (Side.HUB, Action.BREAK, field("link", "linked", "broken"), DONE, "Found gone from the store."),
        (
            Side.HUB,
            Action.BREAK,
            field("link", "linked", "broken"),
            READ,
            "Found gone from the store: the store was read.",
        ),
        (Side.HUB, Action.UPDATE, field("link", "linked", "unlinked"), DONE, "Let go of the store's product."),
        (Side.HUB, Action.LINK, field("link", "broken", "linked"), DONE, "Linked again."),
        (Side.HUB, Action.DELETE, [], DONE, "Forgotten."),
        (
            Side.HUB,
            Action.HIDE,
            field("pending", "", "hide"),
            {"outcome": Outcome.SKIPPED, "message": "Its status is locked."},
            "Asked to hide: left as it is: Its status is locked.",
        ),
    ],
)
def test_a_change_is_told_with_what_came_of_it(side, action, fields, more, sentence):
    assert history_sentence(side=side, action=action, fields=fields, **more).startswith(sentence)


def test_of_many_fields_the_first_are_named():
    fields = [{"name": f"field_{number}", "before": None, "after": number} for number in range(7)]

    told = history_sentence(side=Side.STORE, action=Action.UPDATE, fields=fields, outcome=Outcome.APPLIED)

    assert told == "Changed on the store (field 0: 0; field 1: 1; field 2: 2; field 3: 3; and 3 more)."


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("side", Side)
def test_whatever_was_done_is_a_sentence(side, action, outcome):
    told = history_sentence(side=side, action=action, fields=[], outcome=outcome)

    assert told[0].isupper()
    assert told.endswith(".")
