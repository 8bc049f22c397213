"""
Basket Inventory (module `baskinv`): what baskets hold, as two custom fields of a product.

`basket_inv` is the units in baskets, in both inventory modes; `total_inv`, in the mode `basket` only, the count with
them. That one can be written, too, and is the one absolute write that respects baskets.
"""

from collections.abc import Collection

from miva_sandbox.state import baskets, inventory, modules
from miva_sandbox.state.store import Store

MODULE = modules.BASKET_INVENTORY
HELD, TOTAL = "basket_inv", "total_inv"


def fields(store: Store) -> tuple[str, ...]:
    """Return the codes of the fields that there are now; none if the module is off."""
    if not modules.is_installed(store, MODULE):
        return ()
    return (HELD, TOTAL) if inventory.settings(store)["mode"] == "basket" else (HELD,)


def values(store: Store, product_ids: Collection[int], codes: Collection[str]) -> dict[int, dict[str, str]]:
    """Read the fields of many products; the total of a product without a count is blank."""
    held = baskets.held(store)
    found: dict[int, dict[str, str]] = {}
    for product_id in product_ids:
        units = held.get(product_id, 0)
        count = inventory.counted(store, product_id) if TOTAL in codes else None
        known = {HELD: str(units), TOTAL: "" if count is None else str(count + units)}
        found[product_id] = {code: known[code] for code in codes}
    return found


def set_total(store: Store, product_id: int, total: int) -> bool:
    """Set the count to the total less what baskets hold; False, and nothing, for a product without a count."""
    with store.db.savepoint():
        return inventory.set_count(store, product_id, total - baskets.held(store).get(product_id, 0))
