"""The port of what a type of channel can do: one table, which commands and the reference go by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tradepost.domain.fields import Group
from tradepost.operations.ports.channel import ChannelProfile


class Ability(StrEnum):
    """What is asked of channels; those of listings have the words of `domain.listings.listing.Event`."""

    LINK = "link"
    SET_TYPE = "set types"
    PUBLISH = "publish"
    OVERWRITE = "overwrite"
    HIDE = "hide"
    UNHIDE = "unhide"
    DELIST = "delist"
    SEND_PRICES = "send prices"
    SEND_QUANTITIES = "send quantities"
    SELL_WITHOUT_STOCK = "sell without stock"
    NOTICE_DRIFT = "notice drift"
    GET_ORDERS = "get orders"
    ACKNOWLEDGE = "acknowledge orders"
    SHIP = "ship"
    CORRECT_SHIPMENTS = "correct shipments"
    CANCEL_ORDERS = "cancel orders"
    CHANGE_ORDERS = "change orders"
    PAY_BACK = "pay back"
    SEND_SALE_PRICES = "send sale prices"


@dataclass(frozen=True, slots=True)
class Capability:
    """
    `about`: how it is done on such a store. `needs`: the store's functions, by its own names. `why_not`: in a sentence
    why it can't be done at all, with what can be done instead; blank where it can.
    """

    about: str
    needs: tuple[str, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """
    What one type of channel can do. `limits`: what its stores refuse, and what is done about it, in sentences.

    `groups`: of the parts of a listing, why a channel as it is set up does not overwrite them; blank where it does.
    """

    name: str
    table: Mapping[Ability, Capability]
    limits: tuple[str, ...] = ()
    groups: Mapping[Group, Callable[[ChannelProfile], str]] = field(default_factory=dict)

    def why_not_group(self, group: Group, profile: ChannelProfile) -> str:
        return self.groups[group](profile) if group in self.groups else ""
