"""Tags of inventory: the store's settings, a product's settings and count."""

from miva_sandbox.provisioning.lookups import product
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import inventory
from miva_sandbox.state.columns import ColumnValues

_TRACKS = {"default": "d", "yes": "y", "no": "n"}


@tag("InventorySettings_Update")
def update_settings(tag: Tag) -> None:
    changes: ColumnValues = {}
    for name, column in (
        ("TrackInventory", "active"),
        ("TrackLowStockLevel", "low_track"),
        ("TrackOutOfStockProducts", "out_track"),
        ("HideOutOfStockProducts", "out_hide"),
    ):
        flag = tag.boolean(name)
        if flag is not None:
            changes[column] = flag
    # Despite its name the second one is the level itself.
    for name, column in (("LowStockLevel", "low_level"), ("TrackOutOfStockLevel", "out_level")):
        level = tag.integer(name)
        if level is not None:
            changes[column] = level
    mode = tag.word("Mode", inventory.MODES)
    if mode is not None:
        changes["mode"] = mode
    page = tag.text("InventoryExceptionPage", blank=False)
    if page is not None:
        _check_page(tag, page)
        changes["ex_page"] = page
    inventory.change_settings(tag.store, changes | _messages(tag, blank=False))


@tag("InventoryProductSettings_Update")
def update_product(tag: Tag) -> None:
    row = product(tag, tag.attribute("product_code"))
    changes: ColumnValues = {}
    for name, column in (
        ("TrackLowStockLevel", "low_track"),
        ("TrackOutOfStockLevel", "out_track"),
        ("HideOutOfStockProducts", "out_hide"),
    ):
        word = tag.word(name, ("Default", "Yes", "No"))
        if word is not None:
            changes[column] = _TRACKS[word.lower()]
    for name, column, default in (
        ("LowStockLevel", "low_level", "low_lvl_d"),
        ("OutOfStockLevel", "out_level", "out_lvl_d"),
    ):
        level = tag.text(name, blank=False)
        if level is not None:
            is_default = level.lower() == "default"
            changes[default] = is_default
            # Nobody checks that it is a number; the column takes what the text begins with.
            changes[column] = 0 if is_default else _leading_integer(tag, name, level)
    changes |= _messages(tag, blank=True)
    track, stock, adjust_by = tag.boolean("TrackProduct"), tag.integer("CurrentStock"), tag.integer("AdjustStockBy")
    if stock is not None and adjust_by:
        raise tag.refuse(
            f"Product with the code '{row['code']}' cannot have the Current Stock Level "
            "and Adjust Stock Level set at the same time."
        )
    done = inventory.update_product(tag.store, row["id"], changes, track=track, stock=stock, adjust_by=adjust_by)
    if not done and (stock is not None or adjust_by is not None or changes):
        tag.lint("dropped stock", f"product '{row['code']}' is not tracked, and TrackProduct is not Yes")


def _messages(tag: Tag, *, blank: bool) -> ColumnValues:
    changes: ColumnValues = {}
    for prefix, column in (("InStock", "in"), ("LowStock", "low"), ("OutOfStock", "out")):
        short = tag.text(f"{prefix}MessageShort", blank=blank, limit=254)
        if short is not None:
            changes[f"{column}_short"] = short
        long = tag.text(f"{prefix}MessageLong", blank=blank)
        if long is not None:
            changes[f"{column}_long"] = long
    limited = tag.text("LimitedStockMessage", blank=blank)
    if limited is not None:
        changes["ltd_long"] = limited
    return changes


def _leading_integer(tag: Tag, name: str, text: str) -> int:
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    leading = ""
    for character in digits:
        if character not in "0123456789":
            break
        leading += character
    if leading != digits or not leading:
        tag.lint("level is no number", f"{name} '{text}'")
    # Ten digits hold every number that the column could.
    return int(f"{sign}{leading[:11] or '0'}")


def _check_page(tag: Tag, code: str) -> None:
    """The sandbox has the pages of a standard store only, and one of the pages for its administrator."""
    if code.upper() == "ADMN":
        raise tag.refuse(f"Page '{code}' is an admin page and cannot be viewed from the shopping interface")
    if code.upper() not in _PAGES:
        raise tag.refuse(f"Page '{code}' does not exist")


_PAGES = frozenset(
    ["SFNT", "BASK", "CTGY", "PLST", "PROD", "SRCH", "PATR", "POUT", "PLMT", "NTFD", "OCST", "OSEL", "OPAY", "INVC"]
)
