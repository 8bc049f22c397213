"""
Locks: what of a listing the hub leaves alone, whatever the catalogue and the rules say.

A price, a quantity or a text can be locked at a value, which then is what the store is to show: the listing is
customised. Else the store's own stays: a group of content stays as the store has it, and a status that is locked is
changed by nobody's request.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tradepost.domain.channels.mapping import field_code
from tradepost.domain.fields import Group, group_of_target
from tradepost.domain.listings.making import OwnTexts

_PRICE = re.compile(r"\d{1,7}(\.\d{1,2}0{0,2})?", re.ASCII)
_PIECES = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Locks:
    """
    The `groups` that are locked; `price` and `quantity`: at which value, None for whatever the store has.

    `texts`: by target (see `domain.channels.mapping`), of which each is locked at its own value, whatever is true of
    its group.
    """

    groups: frozenset[Group] = frozenset()
    price: Decimal | None = None
    quantity: int | None = None
    texts: OwnTexts = ()

    @property
    def left_alone(self) -> frozenset[Group]:
        """The groups of which the store's own stays, whatever it is: nothing is sent, and nothing there is wrong."""
        at_value = {Group.PRICE: self.price, Group.QUANTITY: self.quantity}
        return frozenset(group for group in self.groups if at_value.get(group) is None)

    def with_lock(self, wanted: "Locks") -> "Locks":
        """Lock more, or at another value; what is locked besides stays so."""
        return Locks(
            self.groups | wanted.groups,
            wanted.price if Group.PRICE in wanted.groups else self.price,
            wanted.quantity if Group.QUANTITY in wanted.groups else self.quantity,
            _sorted({**dict(self.texts), **dict(wanted.texts)}),
        )

    def with_texts(self, texts: Mapping[str, str]) -> "Locks":
        """Lock texts at other values; a blank one is locked no more."""
        kept = {target: text for target, text in {**dict(self.texts), **texts}.items() if text}
        return replace(self, texts=_sorted(kept))

    def without(self, groups: Collection[Group]) -> "Locks":
        return Locks(
            self.groups - frozenset(groups),
            None if Group.PRICE in groups else self.price,
            None if Group.QUANTITY in groups else self.quantity,
            tuple((target, text) for target, text in self.texts if group_of_target(target) not in groups),
        )

    def among(self, groups: Collection[Group]) -> "Locks":
        """Only those of these groups."""
        return self.without(frozenset(Group) - frozenset(groups))

    @property
    def words(self) -> str:
        """Name what is locked, with the values: `price at 9.99, texts`; blank for nothing."""
        values = {Group.PRICE: self.price, Group.QUANTITY: self.quantity}
        groups = (
            spoken(group) + ("" if values.get(group) is None else f" at {values[group]}")
            for group in sorted(self.groups)
        )
        return ", ".join([*groups, *(f"{spoken_target(target)} of its own" for target, _ in self.texts)])


def locked_price(text: str) -> Decimal | None:
    """Read a price that something may be locked at; None where it is none."""
    is_one = _PRICE.fullmatch(text.strip()) and Decimal(text.strip())
    return Decimal(text.strip()) if is_one else None


def locked_pieces(text: str) -> int | None:
    return int(text.strip()) if _PIECES.fullmatch(text.strip()) else None


def _sorted(texts: Mapping[str, str]) -> OwnTexts:
    return tuple(sorted(texts.items()))


def spoken(group: Group) -> str:
    return group.value.replace("_", " ")


def spoken_target(target: str) -> str:
    """Name a target of texts as people do: `title`, `page title`, `custom field upc`."""
    code = field_code(target)
    return f"custom field {code}" if code else {"name": "title"}.get(target, target.replace("_", " "))


NO_LOCKS = Locks()
