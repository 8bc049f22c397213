"""What a person does about each kind of attention on pages: the words, and the buttons that do it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tradepost.domain.listings.attention import Attention

CANDIDATES, PRODUCT, ORDERS, CHANNEL = "candidates", "product", "orders", "channel"


@dataclass(frozen=True, slots=True)
class PageCure:
    """`words`: what helps. `asks`: verbs of `LISTING_ASKS` that do it. `places`: pages where it is put right."""

    words: str
    asks: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


_MESSAGE = "Put right what the message says; the next run tries again, or you try at once."

PAGE_CURES: Mapping[Attention, PageCure] = {
    Attention.BROKEN_LINK: PageCure(
        "Look for it on the store again, or let go of it and publish it anew.", ("link", "unlink"), (CANDIDATES,)
    ),
    Attention.AMBIGUOUS_MATCH: PageCure("Say which product of the store it is.", (), (CANDIDATES,)),
    Attention.MATCH_TAKEN: PageCure(
        "See which listing has the product. Let go of it there, and say here that this is it.", (), (CANDIDATES,)
    ),
    Attention.NO_MATCH: PageCure(
        "Publish it, and it is made there. If it is there under another code, say which one it is.",
        ("publish",),
        (CANDIDATES,),
    ),
    Attention.ALREADY_EXISTS: PageCure(
        "If it is the same article, say so. If not, give one of them another code or SKU.", (), (CANDIDATES,)
    ),
    Attention.IMAGE_FAILED: PageCure(
        "Put the image's address right in the catalogue, or the image server in the channel's settings; each publish "
        "tries again.",
        (),
        (PRODUCT, CHANNEL),
    ),
    Attention.PUBLISH_FAILED: PageCure(_MESSAGE, ("publish", "overwrite", "retry")),
    Attention.PRICE_FAILED: PageCure(_MESSAGE, ("sync",)),
    Attention.STOCK_FAILED: PageCure(_MESSAGE, ("sync",)),
    Attention.DELIST_FAILED: PageCure(
        "Put right what the message says and try again, or leave it there.", ("sync", "clear")
    ),
    Attention.ORPHANED: PageCure(
        "Import it again or put the rule right; else hide it, or remove it from the store for good.",
        ("hide", "delist"),
        (PRODUCT,),
    ),
    Attention.DRAFT: PageCure(
        "Nothing, if that is meant. Else publish it in its source, and import that.", (), (PRODUCT,)
    ),
    Attention.PRICE_HELD: PageCure(
        "Put the price right in the catalogue, or the rules and limits of the channel; a large change that is meant "
        "is let through.",
        ("accept-price",),
        (PRODUCT, CHANNEL),
    ),
    Attention.OVERSOLD: PageCure(
        "Cancel an order on its store, or get more and say how many there are.", (), (ORDERS, PRODUCT)
    ),
    Attention.COUNT_STANDS_STILL: PageCure("Have it counted anew, and say how many there are.", (), (PRODUCT,)),
    Attention.QUANTITY_UNKNOWN: PageCure("Say how many there are, or import a file that does.", (), (PRODUCT,)),
    Attention.UNSETTLED: PageCure("Nothing: it is first in the next sync.", ("sync",)),
    Attention.DRIFT: PageCure("Say which of both is right.", ("send-ours", "accept-drift")),
}
