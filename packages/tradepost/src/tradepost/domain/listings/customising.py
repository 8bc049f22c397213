"""
Customising: what a table says of single listings, for their channel alone.

The columns are those that a table of listings is written with. A cell that says what was written there says nothing,
and so does a blank one: whoever changes one cell of a table and hands it back means that cell. `[clear]` takes back
what a listing has of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.mapping import FIELD_PREFIX
from tradepost.domain.errors import NotAllowed, quoted
from tradepost.domain.fields import MAX_NAME, MAX_PAGE_TITLE, Group
from tradepost.domain.listings.locks import Locks, locked_pieces, locked_price

CLEAR = "[clear]"
PRICE, PRICE_LOCKED = "Price", "Price Locked"
QUANTITY, QUANTITY_LOCKED = "Quantity", "Quantity Locked"
YES, NO, STORE = "yes", "no", "store"
VALUE_COLUMNS = (PRICE, PRICE_LOCKED, QUANTITY, QUANTITY_LOCKED)
TEXT_COLUMNS: Mapping[str, str] = {"Title": "name", "Description": "description", "Page Title": "page_title"}
FIELD_COLUMN = "Custom Field: "
_LONGEST = {"name": MAX_NAME, "page_title": MAX_PAGE_TITLE}
_OF_PAGES = frozenset({"description", "page_title"})


@dataclass(frozen=True, slots=True)
class ListedValues:
    """
    What a table says of a listing; `texts` by target, as they are sent: all that the channel sends of such listings.

    `quantity`: as many as are offered, None where nobody knows.
    """

    kind: Kind
    has_own_page: bool
    price: Decimal
    quantity: int | None
    locks: Locks
    texts: Mapping[str, str]


def target_of(column: str) -> str:
    """Return the target of a column of texts; blank for any other column."""
    if column.startswith(FIELD_COLUMN):
        return FIELD_PREFIX + column.removeprefix(FIELD_COLUMN).strip()
    return TEXT_COLUMNS.get(column, "")


def column_of(target: str) -> str:
    columns = {name: column for column, name in TEXT_COLUMNS.items()}
    return columns.get(target) or FIELD_COLUMN + target.removeprefix(FIELD_PREFIX)


def is_customisable(column: str) -> bool:
    return column in VALUE_COLUMNS or bool(target_of(column))


def cells_of(listed: ListedValues) -> dict[str, str]:
    """Write what can be customised of a listing; a parent has neither price nor quantity of its own."""
    texts = {column_of(target): text for target, text in listed.texts.items()}
    if listed.kind is Kind.PARENT:
        return texts | dict.fromkeys(VALUE_COLUMNS, "") | {PRICE: str(listed.price)}
    return texts | {
        PRICE: str(listed.price),
        PRICE_LOCKED: _locked(Group.PRICE, listed.locks),
        QUANTITY: "" if listed.quantity is None else str(listed.quantity),
        QUANTITY_LOCKED: _locked(Group.QUANTITY, listed.locks),
    }


def _locked(group: Group, locks: Locks) -> str:
    if group not in locks.groups:
        return NO
    return STORE if group in locks.left_alone else YES


def customised(listed: ListedValues, cells: Mapping[str, str]) -> Locks:
    """
    Return what is locked of a listing when a row of cells holds for it. Raises NotAllowed with what is wrong.

    Idempotent: the cells that the listing is written with then leave it as it is.
    """
    written = cells_of(listed)
    said = {
        column: cell
        for column, cell in cells.items()
        if is_customisable(column) and cell and not _is_the_same(column, cell, written.get(column, ""))
    }
    locks = listed.locks.with_texts(dict(_texts(listed, said)))
    for group, value, switch in ((Group.PRICE, PRICE, PRICE_LOCKED), (Group.QUANTITY, QUANTITY, QUANTITY_LOCKED)):
        if (value in said or switch in said) and listed.kind is Kind.PARENT:
            raise NotAllowed(f"A family's page has no {group.value} of its own; say it of its variants.")
        locks = _valued(locks, group, said.get(value, ""), said.get(switch, ""), written[value])
    return locks


def _is_the_same(column: str, cell: str, written: str) -> bool:
    if column in {PRICE_LOCKED, QUANTITY_LOCKED}:
        return cell.lower() == written
    if column == PRICE and (price := locked_price(cell)) is not None:
        return bool(written) and price == Decimal(written)
    return _plain(cell) == _plain(written)


def _plain(text: str) -> str:
    """Spreadsheets write line ends of their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _texts(listed: ListedValues, said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for column, cell in said.items():
        target = target_of(column)
        if not target:
            continue
        if cell == CLEAR:
            yield target, ""
            continue
        if not listed.texts:
            raise NotAllowed("The catalogue does not have it any more, so nothing is sent of its texts.")
        if target in _OF_PAGES and not listed.has_own_page:
            raise NotAllowed(
                f"It has no page of its own, so nobody would read its {column.lower()}; say it in the row of its "
                "family, by its handle."
            )
        if target not in listed.texts:
            raise NotAllowed(f"The channel sends no '{column}'; 'tradepost channel set --map' has it sent.")
        text = _plain(cell) if target == "description" else " ".join(cell.split())
        longest = _LONGEST.get(target)
        if longest is not None and len(text) > longest:
            raise NotAllowed(f"{column} has {len(text)} characters, and a store takes {longest} at most.")
        yield target, text


def _valued(locks: Locks, group: Group, value: str, switch: str, written: str) -> Locks:
    """Lock a price or a quantity, or free it; `switch`: whether, in words, blank where nothing is said of that."""
    switch = switch.lower()
    if switch not in {"", YES, NO, STORE, CLEAR}:
        raise NotAllowed(f"{quoted(switch)} is nothing that a lock can be; it is {YES}, {NO} or {STORE}.")
    if value and value != CLEAR and switch in {NO, STORE, CLEAR}:
        raise NotAllowed(f"It can't have a {group.value} of {value} that is not locked; say one of the two.")
    if switch == STORE:
        return locks.without({group}).with_lock(Locks(frozenset({group})))
    if CLEAR in {value, switch} or switch == NO:
        return locks.without({group})
    if not (value or switch):
        return locks
    return locks.with_lock(_at(group, value or written))


def _at(group: Group, text: str) -> Locks:
    if group is Group.PRICE:
        price = locked_price(text)
        if price is None:
            raise NotAllowed(f"{quoted(text)} is no price; write it as 9.99.")
        return Locks(frozenset({group}), price=price)
    pieces = locked_pieces(text)
    if pieces is None:
        raise NotAllowed(f"{quoted(text)} is no quantity; write it as 5.")
    return Locks(frozenset({group}), quantity=pieces)
