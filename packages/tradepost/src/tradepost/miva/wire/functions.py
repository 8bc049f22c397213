"""
The functions of the JSON API that Tradepost calls, one each, as typed calls. The eight that every channel needs come
first; the rest is optional. What a function needs of the token is in its docstring.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import UNSET

from tradepost.miva.rows.order_records import WireShipment
from tradepost.miva.rows.product_records import Message, Page, WireStore, WireVariant
from tradepost.miva.wire.calls import Call, Envelope, Repeat
from tradepost.miva.wire.filters import Filter

Row = TypeVar("Row")

THE_EIGHT = (
    "Provision_Store",
    "ProductList_Load_Query",
    "ProductVariantList_Load_Product",
    "Product_Delete",
    "InventoryProductSettings_Update",
    "OrderList_Load_Query",
    "OrderItemList_CreateShipment",
    "OrderShipmentList_Update",
)


def provision_store(xml: str, *, repeat: Repeat = Repeat.ONCE) -> Call[list[Message]]:
    """
    Run provisioning tags in order; the answer holds complaints only, and is empty when there are none.

    `xml` is a bare fragment. Whether it may be repeated depends on its tags. The token must have the function
    assigned, and require signature and timestamp.
    Source: https://docs.miva.com/json-api/functions/provision_store
    """
    return Call("Provision_Store", {"XML": xml}, list[Message], repeat)


def product_list_load_query(
    *,
    filters: Sequence[Filter] = (),
    count: int,
    offset: int = 0,
    sort: str = "id",
    row: type[Row],
) -> Call[Page[Row]]:
    """
    Load products; inactive ones are among them. `row` is the struct to decode into: a small one is faster.

    Without the right to view inventory, `product_inventory` is 0 and `productinventorysettings` absent.
    Source: https://docs.miva.com/json-api/functions/productlist_load_query
    """
    return _list_query("ProductList_Load_Query", filters=filters, count=count, offset=offset, sort=sort, row=row)


def product_variant_list_load_product(*, product_id: int) -> Call[list[WireVariant]]:
    """
    Load a parent's variants that have parts. Their prices can't be read.

    Source: https://docs.miva.com/json-api/functions/productvariantlist_load_product
    """
    return Call("ProductVariantList_Load_Product", {"Product_ID": product_id}, list[WireVariant], Repeat.READ)


def product_delete(*, product_id: int) -> Call[None]:
    """
    Delete a product for good; one that is gone is refused with a code of `answers.PRODUCT_NOT_FOUND`.

    Part products of a parent stay; a variant whose only part is deleted goes.
    Source: https://docs.miva.com/json-api/functions/product_delete
    """
    return Call("Product_Delete", {"Product_ID": product_id}, None, Repeat.ABSOLUTE)


def inventory_product_settings_update(
    *, product_id: int, current_stock: int | None = None, adjust_by: int | None = None, stops_sale: bool | None = None
) -> Call[None]:
    """
    Set a product's stock or move it, always with tracking on: without it a store drops the number in silence.

    `stops_sale` also says whether 0 ends the sale, and keeps the product visible, whatever the store's defaults are;
    None leaves that as it is.
    To move is added inside the store's database and erases nothing. Neither is repeated: a move would be made twice,
    what is set late erases what was sold since, and a first request that lands after a second one hides for good what
    was put back on sale meanwhile.
    Source: https://docs.miva.com/json-api/functions/inventoryproductsettings_update
    """
    parameters: dict[str, Any] = {"Product_ID": product_id, "TrackProduct": True}
    parameters |= {} if current_stock is None else {"CurrentStock": current_stock}
    parameters |= {} if adjust_by is None else {"AdjustStockBy": adjust_by}
    if stops_sale is not None:
        ends = "Yes" if stops_sale else "No"
        parameters |= {"TrackOutOfStockLevel": ends, "OutOfStockLevel": 0, "HideOutOfStockProducts": "No"}
    return Call("InventoryProductSettings_Update", parameters, None, Repeat.ONCE)


def inventory_product_settings_probe(*, product_id: int) -> Call[None]:
    """
    Move a stock by none, to see whether it may be moved; only for a product that is counted. It changes nothing.

    Source: https://docs.miva.com/json-api/functions/inventoryproductsettings_update
    """
    return Call(
        "InventoryProductSettings_Update", {"Product_ID": product_id, "AdjustStockBy": 0}, None, Repeat.ABSOLUTE
    )


def order_list_load_query(
    *,
    filters: Sequence[Filter] = (),
    count: int,
    offset: int = 0,
    sort: str = "id",
    row: type[Row],
) -> Call[Page[Row]]:
    """
    Load orders. `row` as for products.

    Source: https://docs.miva.com/json-api/functions/orderlist_load_query
    """
    return _list_query("OrderList_Load_Query", filters=filters, count=count, offset=offset, sort=sort, row=row)


def order_item_list_create_shipment(*, order_id: int, line_ids: Sequence[int]) -> Call[WireShipment]:
    """
    Put whole lines into a new shipment, not marked as shipped.

    Not idempotent: lines are taken out of the shipment they are in, shipped or not. Look first.
    Source: https://docs.miva.com/json-api/functions/orderitemlist_createshipment
    """
    parameters = {"Order_ID": order_id, "Line_IDs": list(line_ids)}
    return Call("OrderItemList_CreateShipment", parameters, WireShipment, Repeat.ONCE)


def order_shipment_list_update(
    *, shipment_id: int, tracking_number: str, tracking_type: str, cost: Decimal, mark_shipped: bool = True
) -> Call[None]:
    """
    Write tracking data of a shipment, and mark it as shipped. All fields go together: a store blanks what is left out.

    An unknown shipment is skipped in silence: read back. Idempotent with the same values.
    Source: https://docs.miva.com/json-api/functions/ordershipmentlist_update
    """
    update = {
        "shpmnt_id": shipment_id,
        "mark_shipped": mark_shipped,
        "tracknum": tracking_number,
        "tracktype": tracking_type,
        "cost": cost,
    }
    # One shipment a call: the store's workflows look at the first one's order alone.
    return Call("OrderShipmentList_Update", {"Shipment_Updates": [update]}, None, Repeat.ABSOLUTE)


ORDER_LIST_ACKNOWLEDGE = "Module:orderworkflow:OrderList_Acknowledge"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """How many of a list, from its start, a store has looked at; `refused`: the reason, by the id as a text."""

    processed: int
    refused: Mapping[str, str]


def order_list_acknowledge(*, order_ids: Sequence[int], repeat: Repeat = Repeat.ONCE) -> Call[Acknowledged]:
    """
    Fire the trigger `order_acknowledged` for each order; the store's workflows do the rest, if any is switched on.

    It stops after about a minute: what is left has to be sent again. A repeat fires again. The function is assigned to
    the token under the name that the call has.
    Source: https://docs.miva.com/json-api/functions/orderlist_acknowledge
    """
    parameters = {
        "Function": "Module",
        "Module_Code": "orderworkflow",
        "Module_Function": "OrderList_Acknowledge",
        "Order_IDs": list(order_ids),
    }
    return Call(ORDER_LIST_ACKNOWLEDGE, parameters, None, repeat, read_list=_acknowledged)


def _acknowledged(answer: Envelope[Any]) -> Acknowledged:
    refused = {error.identifier: error.error_message for error in answer.errors}
    refused |= {warning.identifier: warning.message for warning in answer.warnings}
    return Acknowledged(0 if answer.processed is UNSET else answer.processed, refused)


def store_load() -> Call[WireStore]:
    """
    Load the store's own record; needs no right but a valid token.

    Source: https://docs.miva.com/json-api/functions/store_load
    """
    return Call("Store_Load", {}, WireStore, Repeat.READ)


def _list_query(function: str, *, filters: Sequence[Filter], count: int, offset: int, sort: str, row: Any) -> Call[Any]:
    if count < 1:
        raise ValueError("a count of 0 would load every row")
    parameters = {"Count": count, "Offset": offset, "Sort": sort, "Filter": list(filters)}
    return Call(function, parameters, Page[row], Repeat.READ)
