"""What a Miva store can be asked for: the table that commands, and the page of the reference, go by."""

from collections.abc import Callable, Mapping

from tradepost.domain.fields import CONTENT_GROUPS, MAX_NAME, MAX_PAGE_TITLE, MAX_SKU, Group
from tradepost.domain.listings.codes import MAX_LENGTH
from tradepost.operations.ports import Ability, Capabilities, Capability, ChannelProfile

_ORDERS_STAY = "Do it in the store's administration; the next 'tradepost orders get' follows it."

_TABLE: Mapping[Ability, Capability] = {
    Ability.LINK: Capability(
        "Products of the store are found by SKU and code, and a family's native variants by their parts.",
        ("ProductList_Load_Query", "ProductVariantList_Load_Product"),
    ),
    Ability.SET_TYPE: Capability(
        "The custom fields that say what is a parent, a variant or simple are written.", ("Provision_Store",)
    ),
    Ability.PUBLISH: Capability(
        "Products are made with their categories, custom fields, images, options and variants, in one document for "
        "each family. The token must require a time stamp and a signature.",
        ("Provision_Store", "ProductList_Load_Query", "ProductVariantList_Load_Product"),
    ),
    Ability.OVERWRITE: Capability(
        "What differs of the groups that are asked for is replaced; no product is ever made by it.",
        ("Provision_Store", "ProductList_Load_Query", "ProductVariantList_Load_Product"),
    ),
    Ability.HIDE: Capability(
        "The stock is set to 0 and counted, so that the store shows it as out of stock. It stays active, and its page "
        "stays where it is.",
        ("InventoryProductSettings_Update", "OrderList_Load_Query"),
    ),
    Ability.UNHIDE: Capability(
        "The stock is set to what is available, or to what the hide found.",
        ("InventoryProductSettings_Update", "OrderList_Load_Query"),
    ),
    Ability.DELIST: Capability(
        "The product is removed for good. Published again it is another product, with another number.",
        ("Product_Delete",),
    ),
    Ability.SEND_PRICES: Capability(
        "One price for each product; a family's page shows the lowest of its variants'.",
        ("Provision_Store", "ProductList_Load_Query"),
    ),
    Ability.SEND_QUANTITIES: Capability(
        "Stock that is on sale is moved by a difference, and set where nobody can buy.",
        ("InventoryProductSettings_Update", "OrderList_Load_Query"),
    ),
    Ability.SELL_WITHOUT_STOCK: Capability(
        "A product that is to be sold at 0 stops no sale there.", ("InventoryProductSettings_Update",)
    ),
    Ability.NOTICE_DRIFT: Capability(
        "Products that the store says were changed are compared, field by field.", ("ProductList_Load_Query",)
    ),
    Ability.GET_ORDERS: Capability(
        "Orders in the statuses that the channel has chosen, and every later change of them.", ("OrderList_Load_Query",)
    ),
    Ability.ACKNOWLEDGE: Capability(
        "By a note, a custom field, a queue or a shipment that is being picked, as the channel is set; the store has "
        "no acknowledgement of its own.",
        ("Provision_Store", "OrderItemList_CreateShipment"),
    ),
    Ability.SHIP: Capability(
        "A package is a shipment of lines or parts of lines, which is then marked as shipped with carrier, tracking "
        "and cost. Without the right to provision whole lines are shipped.",
        ("Provision_Store", "OrderItemList_CreateShipment", "OrderShipmentList_Update"),
    ),
    Ability.CORRECT_SHIPMENTS: Capability(
        "All fields of the shipment are sent anew.", ("OrderShipmentList_Update", "OrderList_Load_Query")
    ),
    Ability.CANCEL_ORDERS: Capability(
        "", why_not=f"None of the store's functions that a channel uses cancels an order. {_ORDERS_STAY}"
    ),
    Ability.CHANGE_ORDERS: Capability(
        "", why_not=f"The hub changes no items, prices or addresses of an order on the store. {_ORDERS_STAY}"
    ),
    Ability.PAY_BACK: Capability("", why_not=f"Payments are the store's; the hub pays nothing back. {_ORDERS_STAY}"),
    Ability.SEND_SALE_PRICES: Capability(
        "",
        why_not="A product has one price; sales are the store's price groups, which stay the merchant's. 'tradepost "
        "catalogue import' with another price changes it.",
    ),
}


def _no_images(profile: ChannelProfile) -> str:
    if profile.images is not None or profile.settings.sends_images_itself:
        return ""
    return (
        "The channel has no image server to send images to; 'tradepost channel set NAME --ftp-host HOST' names one, or "
        "--images-by-store lets the store write them itself."
    )


def _no_dimensions(profile: ChannelProfile) -> str:
    if profile.settings.rules.sends_dimensions:
        return ""
    return "The channel sends no dimensions; 'tradepost channel set NAME --dimensions' lets it."


def _by_sync(_profile: ChannelProfile) -> str:
    return f"Only content can be overwritten: {', '.join(sorted(CONTENT_GROUPS))}. A sync sends the rest."


_GROUPS: Mapping[Group, Callable[[ChannelProfile], str]] = {
    Group.IMAGES: _no_images,
    Group.DIMENSIONS: _no_dimensions,
    **{group: _by_sync for group in Group if group not in CONTENT_GROUPS},
}

MIVA = Capabilities(
    "Miva",
    _TABLE,
    (
        (
            f"A code has at most {MAX_LENGTH} characters, of A to Z, a to z, 0 to 9, - and _, and none differs from "
            "another by case alone. A SKU that does not fit is cleaned, and the code ends in eight characters that "
            "belong to it alone."
        ),
        f"A SKU has at most {MAX_SKU} characters; a longer one has no field of its own on the store.",
        f"A name has at most {MAX_NAME} characters and a page title {MAX_PAGE_TITLE}; what is longer is cut.",
        "Prices have two decimals. Stock is a whole number, and never below 0.",
        "Options can be added, renamed and taken off, and never moved: what is new comes last.",
        "A publish that has run into the store's time limit is read back, and what is missing is sent again.",
    ),
    _GROUPS,
)
