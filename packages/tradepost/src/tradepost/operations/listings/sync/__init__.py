"""
Sync: bring price, quantity and status of linked listings to the store, and notice what is gone from it.

The stages and their safe order are `domain.listings.stages`; how stock is written is `operations.stock`.
"""

from collections.abc import Sequence

from tradepost.domain.listings.stages import Stage
from tradepost.operations.existence import Existence, look_at_confirmed_store
from tradepost.operations.form import drive, drive_all
from tradepost.operations.listings.drift.comparison import Comparison
from tradepost.operations.listings.publish.intent_sweep import IntentSweep
from tradepost.operations.listings.sync.activations import Activations
from tradepost.operations.listings.sync.delist import Delist
from tradepost.operations.listings.sync.held_prices import HeldPrices
from tradepost.operations.listings.sync.named_products import NamedProducts
from tradepost.operations.listings.sync.prices import Prices
from tradepost.operations.orders.get_orders.comparison import compare_again
from tradepost.operations.ports import Ports
from tradepost.operations.selection import EVERYTHING, Selection
from tradepost.operations.stock.at_zero import AtZero
from tradepost.operations.stock.attentions import StockAttentions
from tradepost.operations.stock.erased_sales import UnsettledMoves, has_unsettled, take_off_erased_sales
from tradepost.operations.stock.looks import Looks, basket_life
from tradepost.operations.stock.moves import Moves
from tradepost.operations.stock.sets import Sets
from tradepost.operations.stock.settlement import Settlement
from tradepost.operations.stock.sightings import Sight
from tradepost.operations.stock.unhides import Unhides

# Stages that go by a count as it is now, and not only by what is known to have happened.
_COUNTING = (Stage.SETTLE, Stage.HIDE, Stage.SET, Stage.UNHIDE)


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """
    Apply what is due for sync; for a selection of listings, what was named is looked at instead of the whole store.

    Idempotent: with nothing due it writes nothing. A right that is missing ends the stage that needs it; its
    explanation is raised when the others are done.
    """
    channel = ports.channel
    is_whole = selection.only is None
    touched: Sequence[int] = ()
    if is_whole:
        existence = Existence(full=selection.full_existence)
        drive(ports, existence)
        touched = existence.touched
    else:
        look_at_confirmed_store(ports)
        is_anything_due = selection.count(ports.listings, tuple(Stage)) or has_unsettled(ports, selection)
        # What is forced is compared, which reads every product whole.
        if is_anything_due and not selection.is_forced:
            drive(ports, NamedProducts(selection))
    # Whatever was named: nobody else looks for what a publish has left behind.
    drive(ports, IntentSweep(channel))
    if is_whole or selection.is_forced:
        # Before anything is due by it, and after all that was changed is known.
        drive(ports, Comparison(channel, selection, touched=touched))
    counts = selection.count(ports.listings, _COUNTING) > 0 or has_unsettled(ports, selection)
    looks = selection.is_forced or (
        is_whole and bool(ports.listings.looks_due(now=ports.clock(), basket_life=basket_life(channel), limit=1))
    )
    if counts or looks:
        drive(ports, Sight())
    if looks:
        drive(ports, Looks(channel, selection.only))
    if is_whole and selection.full_existence:
        compare_again(ports)
    refusal = drive_all(
        ports,
        [
            UnsettledMoves(channel, selection),
            Delist(channel, selection),
            Settlement(Stage.SETTLE, channel, selection),
            Sets(Stage.HIDE, channel, selection),
            Sets(Stage.SET, channel, selection),
            Moves(Stage.DECREASE, channel, selection),
            AtZero(channel, selection),
            Prices(channel, selection),
            Moves(Stage.INCREASE, channel, selection),
            Unhides(channel, selection),
            Activations(channel, selection),
        ],
    )
    if is_whole:
        drive(ports, HeldPrices(channel))
    if counts:
        refusal = take_off_erased_sales(ports, channel, selection) or refusal
    if is_whole:
        drive(ports, StockAttentions())
    if refusal is not None:
        raise refusal
