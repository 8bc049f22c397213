"""
Locks: what of a listing the hub leaves alone, whatever the catalogue and the rules say.

A price or quantity can be locked at a value, which then is what the store is to show; else the store's own stays. A
group of content stays as the store has it, and a status that is locked is changed by nobody's request.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from tradepost.domain.fields import Group


@dataclass(frozen=True, slots=True)
class Locks:
    """The `groups` that are locked; `price` and `quantity`: at which value, None for whatever the store has."""

    groups: frozenset[Group] = frozenset()
    price: Decimal | None = None
    quantity: int | None = None

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
        )

    def without(self, groups: Collection[Group]) -> "Locks":
        return Locks(
            self.groups - frozenset(groups),
            None if Group.PRICE in groups else self.price,
            None if Group.QUANTITY in groups else self.quantity,
        )

    def among(self, groups: Collection[Group]) -> "Locks":
        """Only those of these groups."""
        return self.without(self.groups - frozenset(groups))

    @property
    def words(self) -> str:
        """Name what is locked, with the values: `price at 9.99, texts`; blank for nothing."""
        values = {Group.PRICE: self.price, Group.QUANTITY: self.quantity}
        return ", ".join(
            spoken(group) + ("" if values.get(group) is None else f" at {values[group]}")
            for group in sorted(self.groups)
        )


def spoken(group: Group) -> str:
    return group.value.replace("_", " ")


NO_LOCKS = Locks()
