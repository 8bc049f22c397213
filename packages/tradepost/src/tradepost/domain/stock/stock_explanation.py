"""
Why a listing's quantity is what it is: from the figures to sentences, in the words of `domain.stock.stock`.

What stands in no book is not said: of a count that nobody has looked at, only what it should be.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tradepost.domain.listings.listing import Health, Link, Status, may_lower_quantity, may_send_quantity
from tradepost.domain.listings.quantities import QuantityStep
from tradepost.domain.stock.stock import EntryKind, move, offered

_WEEK = timedelta(days=6)
# What a look found and the entry of the write that it came with are dated one after the other.
_DATED_APART = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ExplainedReservation:
    """Pieces of an order that the statement does not know of. `channel`: another one's name, blank for ours."""

    order_number: int
    pieces: int
    handed_over_at: datetime | None = None
    shipped_at: datetime | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedEntry:
    """An entry of the account, and what the account was then; `is_cancelled`: its order is, as far as was seen."""

    kind: EntryKind
    amount: int
    account: int | None
    at: datetime
    order_number: int | None = None
    run_id: int | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedStock:
    """
    The figures behind the stock of one listing.

    `reserved`: all pieces of all orders, of which `reservations` are the newest. `entries`: the account from its last
    set or look on, oldest first; `left_out` are older ones since then. `open_since`: a write was not answered yet,
    which moves by `open_move`, or sets. `hidden_count`: what a hide found where nobody states a number.
    `held_back`: the steps by which rules and a lock make less of what is left. `is_left_alone`: the quantity is locked,
    so the store's own count stays. `is_asked_to_sell_on`: by the catalogue, at 0 and below. The rest as in a listing's
    row.
    """

    sku: str
    status: Status
    quantity: int | None
    available: int | None
    account: int | None
    held_back: Sequence[QuantityStep] = ()
    is_left_alone: bool = False
    hidden_count: int | None = None
    stated_by: str = ""
    stated_at: datetime | None = None
    is_gone: bool = False
    is_asked_to_sell_on: bool = False
    sells_without_stock: bool = False
    proven_without_stock: bool = False
    reserved: int = 0
    reservations: Sequence[ExplainedReservation] = ()
    entries: Sequence[ExplainedEntry] = ()
    left_out: int = 0
    open_since: datetime | None = None
    open_move: int | None = None
    looked_at: datetime | None = None
    missing: int = 0
    missing_since: datetime | None = None


def explain(stock: ExplainedStock, *, now: datetime, when_synced: str) -> list[str]:
    """
    Return the sentences, one a line. Times are written in the zone of `now`.

    `when_synced`: when the channel is synced, or by which command, without a full stop.
    """

    def when(at: datetime) -> str:
        return spoken_when(at.astimezone(now.tzinfo), now)

    return [*_offer(stock, when), *_account(stock, when), *_count(stock, now, when), *_due(stock, when_synced)]


_When = Callable[[datetime], str]


def _offer(stock: ExplainedStock, when: _When) -> Iterator[str]:
    """How many there are to sell."""
    if stock.quantity is None or stock.stated_at is None:
        yield f"Nobody has stated how many there are{_unstated(stock)}."
    else:
        by = f" by {stock.stated_by}" if stock.stated_by else ""
        yield f"{stock.quantity} stated{by} {when(stock.stated_at)}."
    for reservation in stock.reservations:
        order = f"Order {reservation.order_number}"
        order += f" on '{reservation.channel}'" if reservation.channel else ""
        yield f"{order} reserves {reservation.pieces}: {_whereabouts(reservation, when)}."
    more = stock.reserved - sum(reservation.pieces for reservation in stock.reservations)
    if more:
        yield f"Older orders reserve {more} more."
    if stock.is_gone:
        yield "It is not in the catalogue any more, so nothing of it is for sale."
    for step in stock.held_back:
        yield f"{step.words[:1].upper()}{step.words[1:]}: {step.pieces}."
    if stock.is_left_alone:
        yield "Its quantity is locked, so the store's own count is left as it is."
    if stock.available is None:
        return
    if stock.available >= 0:
        yield f"So {stock.available} are available."
    elif stock.sells_without_stock:
        yield f"{-stock.available} more are sold than there are."
    else:
        yield f"{-stock.available} more are sold than there are, so 0 are offered."
    if stock.available <= 0 and not _is_off_sale(stock):
        yield from _at_zero(stock)


def _unstated(stock: ExplainedStock) -> str:
    """Say what becomes of it then, in the rest of a sentence."""
    if stock.status.link is Link.UNLINKED:
        return ", so a publish would offer 0"
    if stock.status.health is Health.HIDDEN:
        back = "" if stock.hidden_count is None else f"; an unhide puts back the {stock.hidden_count} that were found"
        return f", and the store's count was what counts until it was hidden{back}"
    if stock.account == 0 and any(entry.kind is EntryKind.SET and not entry.amount for entry in stock.entries):
        return f", so it was published with 0; 'tradepost catalogue state-count {stock.sku} NUMBER' states it"
    return ", so the store's count is left as it is"


def _is_off_sale(stock: ExplainedStock) -> bool:
    """For another reason, which is said of it."""
    return stock.is_gone or stock.status.health is Health.HIDDEN


def _at_zero(stock: ExplainedStock) -> Iterator[str]:
    if stock.sells_without_stock:
        yield "It goes on being sold without stock: the catalogue asks for that, and the channel allows it."
    elif stock.is_asked_to_sell_on:
        yield (
            "The catalogue would go on selling it without stock; the channel sells what there is, so it is sold out. "
            "'tradepost channel set NAME --sell-without-stock' allows it."
        )


def _whereabouts(reservation: ExplainedReservation, when: _When) -> str:
    words = []
    if reservation.handed_over_at is not None:
        words.append(f"handed over {when(reservation.handed_over_at)}")
    if reservation.shipped_at is not None:
        words.append(f"seen as shipped {when(reservation.shipped_at)}")
    return (
        " and ".join(words) + ", which the statement does not know of" if words else "neither handed over nor shipped"
    )


def _account(stock: ExplainedStock, when: _When) -> Iterator[str]:
    """What moved the store's count, as far as is known."""
    if stock.left_out and stock.entries and (first := stock.entries[0]).account is not None:
        before = first.account - (0 if first.kind is EntryKind.ERASED else first.amount)
        yield f"{stock.left_out} older entries are left out; after them the store should have had {before}."
    for entry in stock.entries:
        yield f"{_entry(entry)}, {when(entry.at)}{_run(entry)}."


def _entry(entry: ExplainedEntry) -> str:
    signed = f"{entry.amount:+d}"
    match entry.kind:
        case EntryKind.SET:
            return f"Set to {entry.amount} on the store"
        case EntryKind.LOOK:
            return f"The store had {entry.amount}"
        case EntryKind.MOVE:
            return f"Sent {signed}"
        case EntryKind.RETURN:
            act = "cancelled" if entry.is_cancelled else "gave back"
            return f"Order {entry.order_number} {act} {signed}"
        case EntryKind.ERASED:
            # Of a set this is a guess on the safe side, and of a look the plain truth: either has no need of it.
            return f"Order {entry.order_number} {signed}, not taken off here because the count above may be younger"
    return f"Order {entry.order_number} {signed}"


def _run(entry: ExplainedEntry) -> str:
    is_write = entry.kind in {EntryKind.SET, EntryKind.LOOK, EntryKind.MOVE}
    return f" by run {entry.run_id}" if is_write and entry.run_id is not None else ""


def _count(stock: ExplainedStock, now: datetime, when: _When) -> Iterator[str]:
    """What the store should have, had, and gets next."""
    if stock.status.link is Link.UNLINKED:
        yield "It is not on the store yet."
        return
    if stock.open_since is not None:
        begun = f"was begun {_ago(now - stock.open_since)}"
        yield (
            f"A write {_open_write(stock.open_move)} {begun} and its answer is missing; a later sync settles it, and "
            "writes nothing else before."
        )
    if stock.account is None:
        yield "What the store should have is not known."
    else:
        yield f"The store should have {stock.account}{_seen(stock, now)}."
    if stock.missing:
        since = f" since {when(stock.missing_since).removeprefix('on ')}" if stock.missing_since is not None else ""
        looked_at = stock.looked_at
        is_guess = stock.missing_since is not None and (looked_at is None or looked_at < stock.missing_since)
        yield (
            f"Up to {stock.missing} may be missing from its count{since}: an answer was lost, and nobody can look."
            if is_guess
            else f"{stock.missing} are missing from its count{since}: they may be in baskets."
        )
    if stock.status.health is Health.HIDDEN:
        yield "It is hidden, so the store is to have 0."


def _due(stock: ExplainedStock, when_synced: str) -> Iterator[str]:
    """What a sync has to send, and when that will be."""
    due = list(_to_send(stock))
    yield from due
    if due:
        yield f"{when_synced[:1].upper()}{when_synced[1:]}."


def _to_send(stock: ExplainedStock) -> Iterator[str]:
    if _is_to_be_told(stock):
        yield f"A sync tells the store to {'go on' if stock.sells_without_stock else 'stop'} selling it at 0."
    if stock.available is None or stock.open_since is not None or not may_lower_quantity(stock.status):
        return
    may_be_raised = may_send_quantity(stock.status)
    if stock.account is None:
        if may_be_raised:
            yield f"A sync looks at its count, or sets it to {offered(stock.available)} where it can't be read."
    elif (due := move(stock.available, stock.account)) < 0 or (due and may_be_raised):
        yield f"A sync sends {due:+d}."


def _open_write(open_move: int | None) -> str:
    if open_move is None:
        return "that sets its stock"
    return f"of {open_move:+d}" if open_move else "that says what happens at 0"


def _is_to_be_told(stock: ExplainedStock) -> bool:
    is_due = may_send_quantity(stock.status) and stock.account is not None and stock.open_since is None
    return is_due and stock.sells_without_stock is not stock.proven_without_stock


def _seen(stock: ExplainedStock, now: datetime) -> str:
    """What the last look found. A value that was only set, with nobody to look, is no look."""
    at = stock.looked_at
    if at is None:
        return "; no look at it counts any more, or there was none"
    if any(entry.kind is EntryKind.SET and entry.at == at for entry in stock.entries):
        return f"; it was set {_ago(now - at)} and not looked at since"
    before = [entry.account for entry in stock.entries if entry.at <= at + _DATED_APART]
    if not before or before[-1] is None:
        words = f"{stock.missing} fewer than it should have had" if stock.missing else "what it should have had then"
        return f", and had {words} when looked at {_ago(now - at)}"
    then = "" if before[-1] == stock.account else f", when it should have had {before[-1]}"
    return f", and had {before[-1] - stock.missing} when looked at {_ago(now - at)}{then}"


def spoken_when(at: datetime, now: datetime) -> str:
    """Say when something was, both times in one zone: today at 12:00, on Monday at 12:00."""
    days = (now.date() - at.date()).days
    if days == 0:
        return f"today at {at:%H:%M}"
    if 0 < days <= _WEEK.days:
        return f"on {_WEEKDAYS[at.weekday()]} at {at:%H:%M}"
    return f"on {at:%Y-%m-%d} at {at:%H:%M}"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def _ago(passed: timedelta) -> str:
    seconds = int(passed.total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"
