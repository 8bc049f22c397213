"""
Stock, the one value that three parties write: the source, the hub and every shopper.

A *statement* says how many there are. A *sighting* of an order says which pieces it took, a *reservation* are those of
them that no statement knows of yet. *Available* is the statement less the reservations of all channels, with its
sign. The *account* of a listing is what its store must count if only known things happened; it differs from what is
available by the *move* that is due. A sale that nobody has seen yet is in neither figure, so nothing races with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TypeAlias

from tradepost.domain.orders.order import LARGEST_ID, LineOption, StoreStatus

MAX_STOCK = 2_147_483_647

ERASED_WITHIN = timedelta(minutes=10)
"""A sale that comes to light so soon after a stock was set may have been taken before it: it counts as erased."""


READINGS_AFTER_SET = 3
"""How often orders are read after a set, as long as they bring sales that it may have erased."""

OVERLAP_SECONDS = 15 * 60
"""How far orders are read again, of the store's own time: changes of one second, and such as end out of order."""


class StockMode(StrEnum):
    """When a store takes stock from its count; its own setting, which no token can read."""

    UNKNOWN = "unknown"
    BASKET = "basket"
    CHECKOUT = "checkout"


class Counting(StrEnum):
    """
    What makes a number of a source a statement: that it changed, that it stands in a file that did, or that it was
    counted, as its row says, later than the last statement was made.
    """

    CHANGED = "changed"
    FILE = "file"
    COLUMN = "column"


def is_statement(
    counting: Counting,
    number: int,
    *,
    counted_at: datetime | None,
    before: int | None = None,
    stated_at: datetime | None = None,
) -> bool:
    """
    Whether a source's number is a statement.

    `counted_at`: when it was, as its row says. `before`: the number that a source said last, `stated_at`: when the last
    statement was made; None where there is none.
    """
    match counting:
        case Counting.FILE:
            return True
        case Counting.CHANGED:
            return number != before
        case Counting.COLUMN:
            return counted_at is not None and (stated_at is None or counted_at > stated_at)


class Stating(StrEnum):
    """
    Whether a source states quantities: one that does it for a variant, no other one does.

    `first`: of what no other source states; `always`: also instead of another, unless that one is such, too.
    """

    FIRST = "first"
    ALWAYS = "always"
    NEVER = "never"


OrdersThrough: TypeAlias = tuple[tuple[str, int], ...]
"""The highest order number that is known to a count, by channel."""


class EntryKind(StrEnum):
    """What moved an account."""

    SET = "set"
    LOOK = "look"
    MOVE = "move"
    SALE = "sale"
    RETURN = "return"
    ERASED = "erased"


def available(statement: int | None, *, reserved: int, is_gone: bool = False) -> int | None:
    """
    Return what is left to sell, below zero where more was sold than there is; None where nobody has stated anything.

    More than a store can count is not offered. Of a variant that is gone from the catalogue nothing may be sold,
    whatever was stated once.
    """
    if is_gone:
        return min(0, (statement or 0) - reserved)
    return None if statement is None else min(statement - reserved, MAX_STOCK)


def is_overtaken(*, read_at: datetime, known_at: datetime | None) -> bool:
    """
    Say whether what was read of an order is older than what is known of it: another reading began later and was written
    down first. Both by the hub's clock, as a store's may be set back; so may the hub's, by more than a reading takes.
    """
    return known_at is not None and timedelta() < known_at - read_at < timedelta(seconds=OVERLAP_SECONDS)


def sells_without_stock(*, is_asked: bool, is_allowed: bool, is_gone: bool) -> bool:
    """
    Say whether a product goes on being sold at 0 and below: only what the catalogue asks it for, where the channel
    allows it, and nothing that is gone from the catalogue.
    """
    return is_asked and is_allowed and not is_gone


def orders_through_of(text: str) -> OrdersThrough | None:
    """
    Read up to which order a source has counted, as `1042`, or by channel as `shop=1042; outlet=77`; None if it is none.

    A number without a channel is that of the only one, and its name blank.
    """
    found: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, number = part.rpartition("=")
        number = number.strip()
        if not (number.isascii() and number.isdecimal()) or len(number) >= len(str(LARGEST_ID)):
            return None
        found[name.strip()] = int(number)
    return tuple(found.items()) or None


def stated(statement: int | None, *, is_gone: bool) -> int | None:
    """Return how many there are by the catalogue's word: none of what is gone from it."""
    return 0 if is_gone else statement


def offered(available_pieces: int) -> int:
    """Return the count that a store is to show."""
    return max(0, available_pieces)


def shown_again(available_pieces: int | None, *, hidden_count: int | None, account: int | None) -> int | None:
    """
    Return the count with which what was hidden goes back on sale; None where nobody knows it.

    Where nobody states how many there are it is what the hide found, less what is known to have been sold since.
    """
    if available_pieces is not None:
        return offered(available_pieces)
    return None if hidden_count is None else offered(hidden_count + min(account or 0, 0))


def move(available_pieces: int, account: int) -> int:
    """
    Return by how much a store's count is to be moved.

    What is oversold is offered as nothing; a count that is below zero for known sales stays as it is.
    """
    target = min(max(account, available_pieces), offered(available_pieces))
    return target - account


def is_replaced(order: "OrderSighting", *, placed: int, updated: int) -> bool:
    """
    Say whether an order is another one than the one known by its number: nobody can have placed it after it was known
    to have changed. A store that was put back from a backup gives the numbers since then once more.
    """
    return 0 < placed < order.placed and updated < order.placed


def is_erased(*, sighted_at: datetime, basis_at: datetime | None) -> bool:
    """Whether a sale that was sighted now may have been taken off a count that was set or looked at since."""
    return basis_at is not None and sighted_at <= basis_at + ERASED_WITHIN


def is_settleable(*, open_since: datetime, now: datetime, wait: timedelta) -> bool:
    """Whether a write whose answer was lost can't land any more. Both moments are the hub's own."""
    return now >= open_since + wait


LOOK_AGAIN_AFTER = timedelta(days=7)
"""How old the last look at a count, or the last set, may be: the catalogue is looked at in turn."""


def is_look_due(
    *,
    is_hidden: bool,
    looked_at: datetime | None,
    missing: int,
    missing_since: datetime | None,
    now: datetime,
    basket_life: timedelta,
) -> bool:
    """
    Whether to look at a count: nobody has for long, or pieces have been missing longer than any basket lives.

    What is hidden is looked at more often: what baskets give back is on sale.
    """
    if looked_at is None or looked_at <= now - (basket_life if is_hidden else LOOK_AGAIN_AFTER):
        return True
    return is_missing_for_good(missing=missing, missing_since=missing_since, now=now, basket_life=basket_life)


def is_missing_for_good(*, missing: int, missing_since: datetime | None, now: datetime, basket_life: timedelta) -> bool:
    return missing > 0 and missing_since is not None and missing_since <= now - basket_life


PAYMENT_LIFE = timedelta(minutes=10)
"""Longer than any payment runs: pieces that are missing for so long, where baskets take none, are in none."""


class Landing(StrEnum):
    """What a look says of a move whose answer was lost."""

    LANDED = "landed"
    NEVER = "never"
    UNCLEAR = "unclear"


def landing(*, count: int | None, account: int | None, change: int, is_whole: bool) -> Landing:
    """
    Compare a count that was read when the move couldn't land any more with what is in the books.

    `is_whole`: no basket holds pieces that are out of the count. Otherwise a count may be lower than the account by
    any number, and the higher of both accounts is the one that sells nothing twice: if it is the wrong one, the
    difference is found missing by later looks. A count that is higher than either was changed by somebody.
    """
    if account is None or (count is None and is_whole):
        return Landing.UNCLEAR
    if count is not None:
        if count > max(account, account + change):
            return Landing.UNCLEAR
        if is_whole and count == account + change:
            return Landing.LANDED
        if is_whole and count == account:
            return Landing.NEVER
    return Landing.LANDED if change > 0 else Landing.NEVER


# --- sightings ------------------------------------------------------------------------------------------------------

# Whether pieces of a line are out of the store's count. What was returned counts as still out: the store doesn't say
# whether they were put back, and a look finds it where counts can be read.
_GIVEN_BACK = frozenset({StoreStatus.CANCELLED})
# Lines whose pieces a store gives back when their order is deleted.
_BACK_ON_DELETE = frozenset({StoreStatus.PENDING, StoreStatus.PROCESSING, StoreStatus.BACKORDERED})
_OUT_OF_THE_HOUSE = frozenset({StoreStatus.SHIPPED, StoreStatus.RMA_ISSUED, StoreStatus.RETURNED})
# Orders of which the store tells by itself when something happens to them that stock has to know. In one that is on its
# way back nothing can: what is put back into stock the store does not tell, and its deletion gives nothing back.
CLOSED = frozenset({StoreStatus.SHIPPED, StoreStatus.CANCELLED, StoreStatus.RMA_ISSUED, StoreStatus.RETURNED})
# Of an order in a state that we don't know, the lines say whether it is to be asked for again.
_MAY_STILL_SHIP = _BACK_ON_DELETE | {StoreStatus.PARTIALLY_SHIPPED}


@dataclass(frozen=True, slots=True)
class SoldLine:
    """
    What stock needs to know of an order line: no person, no price. `quantity` in pieces of the product named.

    `sku` and `code` as on the line, or those of the product behind it where a line sells several. `options`: what the
    shopper chose.
    """

    code: str
    sku: str
    quantity: int
    status: StoreStatus
    external_product_id: int = 0
    part_codes: tuple[str, ...] = ()
    is_product: bool = True
    options: tuple[LineOption, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """All that a listing may be known by that it sold."""
        return frozenset(name.casefold() for name in (self.sku, self.code, *self.part_codes) if name)


@dataclass(frozen=True, slots=True)
class Pieces:
    """
    The pieces of one product in one order.

    `taken`: out of the store's count. `on_delete`: how many of them a deletion of the order gives back. `is_shipped`:
    all of them have left the house. `sold`: a line that names the product.
    """

    key: str
    taken: int
    on_delete: int
    is_shipped: bool
    sold: SoldLine


@dataclass(frozen=True, slots=True)
class OrderSighting:
    """
    An order as far as stock goes, and as far as it can be told whether anything else of it has changed.

    `updated` and `placed` are the store's own times, in seconds. `fingerprint`: a hash of all that the store shows of
    the order but for what it works out from today's catalogue.
    """

    id: int
    status: StoreStatus
    updated: int
    lines: tuple[SoldLine, ...] = ()
    placed: int = 0
    fingerprint: str = field(default="", compare=False)

    @property
    def is_open(self) -> bool:
        if self.status is StoreStatus.OTHER:
            return any(line.status in _MAY_STILL_SHIP for line in self.lines)
        return self.status not in CLOSED

    @property
    def pieces(self) -> tuple[Pieces, ...]:
        """The pieces by product, not by line: a split changes nothing."""
        by_key: dict[str, list[SoldLine]] = {}
        for line in self.lines:
            if line.is_product:
                by_key.setdefault(_key(line), []).append(line)
        return tuple(_pieces(key, lines) for key, lines in by_key.items())


@dataclass(frozen=True, slots=True)
class UnreadableSighting:
    """
    An order whose pieces can't be counted; `reason` is a sentence.

    `payload`: the record as the store sent it, and `fingerprint` its hash.
    """

    number: str
    reason: str
    payload: str = field(default="", compare=False, repr=False)
    fingerprint: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class SightingPlace:
    """
    How far the orders of a store were looked at.

    `highest_id` and `highest_updated`: the store's own. `first_id`: the highest id when the channel was connected;
    what was closed by then is not counted. None as long as nobody has looked.
    """

    first_id: int | None = None
    highest_id: int = 0
    highest_updated: int = 0
    open_ids: tuple[int, ...] = field(default=(), compare=False)

    def beyond(self, sightings: Iterable[OrderSighting]) -> "SightingPlace":
        """Go on to the newest of these."""
        highest_id, highest_updated = self.highest_id, self.highest_updated
        for order in sightings:
            highest_id = max(highest_id, order.id)
            highest_updated = max(highest_updated, order.updated)
        return SightingPlace(self.first_id, highest_id, highest_updated)


def _key(line: SoldLine) -> str:
    """
    Name the product for good: the parts behind a line are computed from today's catalogue, its SKU and options are not.

    A family's lines all have its code, so those without a SKU are told apart by what was chosen.
    """
    chosen = sorted((option.attribute, option.option) for option in line.options if option.option)
    if line.sku or not chosen:
        return (line.sku or line.code).casefold()
    choice = "&".join(f"{attribute}={option}" for attribute, option in chosen)
    key = f"{line.code}?{choice}".casefold()
    return key if len(key) <= _LONGEST_KEY else f"{key[: _LONGEST_KEY - 33]}#{sha256(key.encode()).hexdigest()[:32]}"


_LONGEST_KEY = 255


def _pieces(key: str, lines: list[SoldLine]) -> Pieces:
    out = [line for line in lines if line.status not in _GIVEN_BACK]
    return Pieces(
        key=key,
        taken=sum(line.quantity for line in out),
        on_delete=sum(line.quantity for line in out if line.status in _BACK_ON_DELETE),
        is_shipped=bool(out) and all(line.status in _OUT_OF_THE_HOUSE for line in out),
        sold=lines[0],
    )
