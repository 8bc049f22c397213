"""
Sync: bring price, quantity and status of linked listings to the store, and notice what is gone from it.

The stages and their safe order are `domain.stages`. Stock is absolute and would erase sales it does not know of, so
orders are fetched before anything is raised.
"""

from typing import Any

from tradepost.domain.stages import Stage
from tradepost.operations import get_orders
from tradepost.operations.existence import Existence, look_at_confirmed_store
from tradepost.operations.form import Operation, drive, drive_all
from tradepost.operations.ports import Ports
from tradepost.operations.selection import EVERYTHING, Selection
from tradepost.operations.sync.delist import Delist
from tradepost.operations.sync.prices import Prices
from tradepost.operations.sync.stock import Stock

_RAISING = (Stage.INCREASE, Stage.UNHIDE)


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """
    Apply what is due for sync; a selection of listings leaves the existence pass out.

    Idempotent: with nothing due it writes nothing. A right that is missing ends the stage that needs it; its
    explanation is raised when the others are done.
    """
    if selection.only is None:
        drive(ports, Existence(full=selection.full_existence))
    else:
        look_at_confirmed_store(ports)
    channel = ports.channel
    first: list[Operation[Any, Any, Any, Any]] = [
        Delist(channel, selection),
        Stock(Stage.HIDE, channel, selection),
        Stock(Stage.DECREASE, channel, selection),
        Prices(channel, selection),
    ]
    refusal = drive_all(ports, first)
    if selection.count(ports.listings, _RAISING):
        drive(ports, get_orders.Fetch(ports.channel))
        # What was sold meanwhile may have turned an increase into a decrease.
        refusal = (
            drive_all(
                ports,
                [
                    Stock(Stage.DECREASE, channel, selection, name="decrease after orders"),
                    Stock(Stage.INCREASE, channel, selection),
                    Stock(Stage.UNHIDE, channel, selection),
                ],
            )
            or refusal
        )
    if refusal is not None:
        raise refusal
