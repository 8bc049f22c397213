"""Texts for display: prices in the store's currency and weights in its unit, as the `formatted_*` members show them."""

from miva_sandbox.state.numbers import UNITS
from miva_sandbox.state.store import Store

_CENT = 10 ** (UNITS - 2)


def money(units: int) -> str:
    """Write units of 1e-8 as US dollars, rounded half up: $1,234.50."""
    cents = (abs(units) + _CENT // 2) // _CENT
    return f"{'-' if units < 0 and cents else ''}${cents // 100:,}.{cents % 100:02d}"


def weight(store: Store, units: int) -> str:
    digits = int(store.settings["wtdispdig"])
    return f"{units / 10**UNITS:.{digits}f} {store.settings['wtunitcode']}"
