"""
What each kind of attention means, and what to type: the table that commands, explanations and the reference go by.

The message of an attention says what happened to one listing, with the store's own words where it answered.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tradepost.domain.listings.attention import Attention

SKU = "SKU"
"""Stands in a cure for the listing's own."""


@dataclass(frozen=True, slots=True)
class AttentionCure:
    """
    `heading`: what is so, of several listings. `cause`: why it is noted. `cure`: what a person does about it, with the
    command. `ends`: when it is noted no more. `is_by_store`: its message has the store's own words, where the store
    gave any.
    """

    heading: str
    cause: str
    cure: str
    ends: str
    is_by_store: bool = False

    def cure_of(self, sku: str) -> str:
        """Write the cure for one listing, so that its commands can be typed as they stand."""
        # Outside of them, another one's is meant.
        return _COMMAND.sub(lambda found: found[0].replace(f" {SKU}", f" {_as_typed(sku)}"), self.cure)


_COMMAND = re.compile("'tradepost [^']+'")
_TRIED_AGAIN = "a later run does it, or nobody wants it any more"

ATTENTION_CURES: Mapping[Attention, AttentionCure] = {
    Attention.BROKEN_LINK: AttentionCure(
        "Lost their product on the store",
        "The product that it is linked to is gone from the store, or its id has another one.",
        "'tradepost listings link SKU' looks for it again by SKU and code; 'tradepost listings unlink SKU' lets go of "
        "it, and 'tradepost listings publish SKU' then makes it anew.",
        "it is linked again, the same product is there again, or it is unlinked",
    ),
    Attention.AMBIGUOUS_MATCH: AttentionCure(
        "Fit several products of the store",
        "Several products of the store could be the one that it means.",
        "'tradepost listings candidates SKU' shows them, 'tradepost listings link SKU --to ID' chooses one.",
        "it is linked, or only one product is left",
    ),
    Attention.MATCH_TAKEN: AttentionCure(
        "Their product belongs to another listing",
        "The product of the store that it means is linked to another listing.",
        "'tradepost listings candidates SKU' names the other one; 'tradepost listings unlink' with that one's SKU "
        "frees the product, and 'tradepost listings link SKU' takes it.",
        "it is linked, or another product is found",
    ),
    Attention.NO_MATCH: AttentionCure(
        "Not found on the store",
        "The store has no product with its SKU or its code.",
        "'tradepost listings publish SKU' makes it there. If it is there under another code, 'tradepost listings link "
        "SKU --to ID' says so.",
        "it is linked or published",
    ),
    Attention.ALREADY_EXISTS: AttentionCure(
        "Their code is taken on the store",
        "A publish found its code taken by a product of the store that is not ours to change.",
        "'tradepost listings candidates SKU' shows it. If it is the same article, 'tradepost listings link SKU --to "
        "ID' says so; if not, give one of them another code or SKU.",
        "it is linked or published",
        is_by_store=True,
    ),
    Attention.IMAGE_FAILED: AttentionCure(
        "Images can't be sent",
        "An image could not be fetched, read or sent; all else is on the store.",
        "Put the image's address right in the catalogue, or the image server with 'tradepost channel set'; each "
        "'tradepost listings publish' tries again.",
        "the image is there, or the catalogue has it no more",
        is_by_store=True,
    ),
    Attention.PUBLISH_FAILED: AttentionCure(
        "Could not be published",
        "A publish or overwrite did not get all of it onto the store.",
        "Put right what the message says; 'tradepost listings publish' tries again what is queued. After five "
        "refusals of the same content it is parked: 'tradepost listings retry SKU' tries it all the same.",
        _TRIED_AGAIN,
        is_by_store=True,
    ),
    Attention.PRICE_FAILED: AttentionCure(
        "Price could not be sent",
        "Its price could not be sent, or was not taken.",
        "Put right what the message says; 'tradepost listings sync SKU' tries again.",
        "the store has the price",
        is_by_store=True,
    ),
    Attention.STOCK_FAILED: AttentionCure(
        "Stock could not be sent",
        "Its quantity, a hide or an unhide could not be sent, or was not taken.",
        "Put right what the message says; 'tradepost listings sync SKU' tries again.",
        "the store has the quantity",
        is_by_store=True,
    ),
    Attention.DELIST_FAILED: AttentionCure(
        "Could not be removed from the store",
        "It could not be removed from the store.",
        "Put right what the message says; 'tradepost listings sync SKU' tries again, 'tradepost listings clear SKU' "
        "leaves it there.",
        "it is gone from the store, or its delist is taken back",
        is_by_store=True,
    ),
    Attention.ORPHANED: AttentionCure(
        "No longer in the catalogue",
        "The catalogue does not have it any more, a rule does not list it, or its product has no options any more.",
        "Import it again, or put the rule right with 'tradepost listings set-rule'; else 'tradepost listings delist "
        "SKU' takes it off the store for good. If it goes on under another SKU, 'tradepost catalogue merge SKU "
        "OTHER' says so.",
        "the catalogue has it again, or it is removed",
    ),
    Attention.DRAFT: AttentionCure(
        "Not for sale in their source",
        "Its source brings it as a draft, as archived or as unpublished.",
        "Nothing, if that is meant. Else publish it in the source, and 'tradepost catalogue import' brings that in.",
        "a file brings it as for sale, or it is on sale again",
    ),
    Attention.PRICE_HELD: AttentionCure(
        "Price is held back",
        "Its price is 0, blank, outside the channel's limits, or too large a change for a rule, so it is not sent.",
        "Put the price right in the catalogue, the rules with 'tradepost listings set-rule', or the limits with "
        "'tradepost channel set' and --lowest-price, --highest-price or --zero-prices. 'tradepost listings "
        "accept-price SKU' lets a large change through.",
        "the price may be sent, or it is nowhere on the store",
    ),
    Attention.OVERSOLD: AttentionCure(
        "Sold more often than there are",
        "More pieces are sold than there are.",
        "Cancel an order on its store, or get more: 'tradepost catalogue state-count SKU NUMBER' says how many there "
        "are. 'tradepost listings explain SKU' names the orders.",
        "none are sold that nobody has",
    ),
    Attention.COUNT_STANDS_STILL: AttentionCure(
        "Counted too long ago",
        "More than a third of the number stated has been shipped, and the source still states the same number.",
        "Have it counted anew, or say with 'tradepost source set' how the source counts; 'tradepost catalogue "
        "state-count SKU NUMBER' states a number by hand.",
        "another number is stated",
    ),
    Attention.QUANTITY_UNKNOWN: AttentionCure(
        "Nobody said how many there are",
        "Nobody has stated how many there are, so it was published with 0.",
        "'tradepost catalogue state-count SKU NUMBER' says how many, or a file with a quantity does.",
        "a number is stated",
    ),
    Attention.UNSETTLED: AttentionCure(
        "Stock is not settled",
        "It was sold from again and again while its quantity was set, so it is left at the lowest number.",
        "Nothing: it is first in the next sync. 'tradepost listings sync SKU' does it at once.",
        "a sync sets or moves its quantity",
    ),
    Attention.DRIFT: AttentionCure(
        "Changed on the store by somebody",
        "Somebody has changed on the store what the hub sends, and the channel asks what is to become of it.",
        "'tradepost listings sync SKU --force' or 'tradepost listings overwrite SKU' sends ours; 'tradepost listings "
        "accept-drift SKU' keeps the store's.",
        "either is done, or both sides agree again",
    ),
}
"""Each kind once; a test says so, and that every command in it exists."""


def _as_typed(sku: str) -> str:
    """Quote for a shell what it would part."""
    return sku if sku.replace("-", "").replace("_", "").replace(".", "").isalnum() else f'"{sku}"'
