"""
Adopt: take the products of a store that is in use into the catalogue, as linked and paused listings.

Nothing is written to the store, so a channel that only looks may be adopted, too. What the store has is proven and
wanted at once, so that nothing is due when the listings are freed; why it is so, ADR 24.
"""

from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import NotAllowed
from tradepost.operations.form import drive
from tradepost.operations.listings.adopt.as_it_is import AsItIs
from tradepost.operations.listings.adopt.intake import Intake
from tradepost.operations.ports import Ports
from tradepost.operations.selection import EVERYTHING, Selection


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """
    Adopt all products of the store. Idempotent: what is linked already stays as it is.

    Raises what `ports.Store` raises; what was taken before stays, and the next run goes on. Raises NotAllowed for a
    selection of listings, and on a channel whose layout knows no families.
    """
    if selection.only is not None:
        raise NotAllowed("A store is adopted as a whole; it can't be limited to listings.")
    if ports.channel.rules.layout is Layout.SIMPLE:
        raise NotAllowed(
            "Families are looked for when a store is adopted, and this channel's layout knows none. Adopt it as native "
            f"or flat ('tradepost channel set {ports.channel.name} --layout native'), then set the layout to simple."
        )
    drive(ports, Intake(ports.channel, sku_from=selection.sku_from))
    drive(ports, AsItIs(ports.channel))
    with ports.run.transaction():
        ports.adoptions.clear()
