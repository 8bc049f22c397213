"""
The parts of a sync in the order in which they are applied, and which listings each of them works on.

The order is the safe one: what must not be sold goes first (delist, hide, decreases, what happens at zero), then
prices, and only then what becomes available (increases, a first stock, unhide, activate). Before any stock is written,
what was never answered is settled.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from tradepost.domain.listings import rules
from tradepost.domain.listings.listing import Pending, Status


class Stage(StrEnum):
    DELIST = "delist"
    SETTLE = "settle"
    HIDE = "hide"
    DECREASE = "decrease"
    AT_ZERO = "at zero"
    PRICE = "price"
    INCREASE = "increase"
    SET = "set"
    UNHIDE = "unhide"
    ACTIVATE = "activate"


class SyncValues(rules.StockFigures, Protocol):
    """What is looked at of a listing."""

    @property
    def status(self) -> Status: ...
    @property
    def wanted_price(self) -> Decimal: ...
    @property
    def proven_price(self) -> Decimal | None: ...
    @property
    def stated(self) -> int | None: ...
    @property
    def held_back(self) -> int: ...
    @property
    def looked_at(self) -> datetime | None: ...
    @property
    def sells_without_stock(self) -> bool: ...
    @property
    def proven_without_stock(self) -> bool: ...
    @property
    def is_price_held(self) -> bool: ...
    @property
    def yielded_price(self) -> Decimal | None: ...
    @property
    def is_inactive(self) -> bool: ...
    @property
    def keeps_inactive(self) -> bool: ...


def is_due(stage: Stage, listing: SyncValues) -> bool:
    """Whether a sync has to work on a listing in this stage; every selecting query must match it exactly."""
    match stage:
        case Stage.DELIST:
            return rules.is_pending_due(listing.status, Pending.DELIST)
        case Stage.SETTLE:
            return rules.is_settle_due(listing.status, listing)
        case Stage.HIDE:
            return rules.is_hide_due(listing.status, listing)
        case Stage.DECREASE:
            return rules.is_decrease_due(listing.status, listing)
        case Stage.AT_ZERO:
            return rules.is_at_zero_due(
                listing.status,
                listing,
                wanted=listing.sells_without_stock,
                proven=listing.proven_without_stock,
            )
        case Stage.PRICE:
            return rules.is_price_due(
                listing.status,
                wanted=listing.wanted_price,
                proven=listing.proven_price,
                is_held=listing.is_price_held,
                yielded=listing.yielded_price,
            )
        case Stage.INCREASE:
            return rules.is_increase_due(listing.status, listing)
        case Stage.SET:
            return rules.is_set_due(listing.status, listing)
        case Stage.UNHIDE:
            return rules.is_unhide_due(listing.status, listing)
        case Stage.ACTIVATE:
            return rules.is_activation_due(
                listing.status, is_inactive=listing.is_inactive, keeps_inactive=listing.keeps_inactive
            )
