"""
What a connection is good for, found out without changing anything: the store's name, the rights of the token, the
clocks. Each function is called with what it refuses only after it has looked at the rights.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import UNSET, Raw

from tradepost.domain.errors import PermissionMissing, Rejected, TradepostError
from tradepost.domain.stock import StockMode
from tradepost.miva.rows.product_records import WireProduct, WireStore
from tradepost.miva.rows.translate import BASKET_TOTAL, BASKETS
from tradepost.miva.store_reads import STOCK_COLUMNS
from tradepost.miva.wire import functions
from tradepost.miva.wire.calls import Call, Repeat
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.filters import columns
from tradepost.operations.ports import StockCheck, StoreCheck

_HARMLESS: Mapping[str, Mapping[str, Any]] = {
    "Provision_Store": {"XML": ""},
    "ProductList_Load_Query": {"Count": 1, "Sort": "id"},
    "ProductVariantList_Load_Product": {},
    "Product_Delete": {},
    "InventoryProductSettings_Update": {},
    "OrderList_Load_Query": {"Count": 1, "Sort": "id"},
    "OrderItemList_CreateShipment": {},
    "OrderShipmentList_Update": {},
}


_LOOKED_AT = 20
_BASKET_COLUMNS = [f"CustomField_Values:{BASKETS}:{field}" for field in ("basket_inv", BASKET_TOTAL)]


def check_connection(client: MivaClient) -> StoreCheck:
    """
    Look what the token may do.

    Raises CredentialsRejected, AddressRefused, StoreUnavailable if it may not even come in.
    """
    name = _store_name(client)
    calls: list[Call[Any]] = [
        # The one that has nothing to refuse says yes, and returns nothing.
        Call(function, _HARMLESS[function], None if function == "OrderShipmentList_Update" else Raw, Repeat.READ)
        for function in functions.THE_EIGHT
    ]
    answers = client.multi_call(calls)
    missing: dict[str, str] = {}
    for call, answer in zip(calls, answers, strict=True):
        if isinstance(answer, PermissionMissing):
            missing[call.function] = str(answer)
        elif isinstance(answer, TradepostError) and not isinstance(answer, Rejected):
            raise answer
    return StoreCheck(
        store_name=name,
        functions=functions.THE_EIGHT,
        missing=missing,
        stock=StockCheck() if "ProductList_Load_Query" in missing else _look_at_stock(client, missing),
        clock_difference_seconds=client.clock_difference_seconds,
    )


def _look_at_stock(client: MivaClient, missing: Mapping[str, str]) -> StockCheck:
    """Look at some products; the first that is surely counted is moved by none."""
    asked = columns([*STOCK_COLUMNS, *_BASKET_COLUMNS])
    products = client.call(functions.product_list_load_query(filters=asked, count=_LOOKED_AT, row=WireProduct)).data
    if not products:
        return StockCheck()
    settings = [(product.id, product.productinventorysettings) for product in products]
    counted = [product_id for product_id, found in settings if found is not UNSET and found.active]
    refusal: str | None = None
    if counted and "InventoryProductSettings_Update" not in missing:
        try:
            client.call(functions.inventory_product_settings_probe(product_id=counted[0]))
            refusal = ""
        except (PermissionMissing, Rejected) as error:
            refusal = str(error)
    fields = products[0].custom_field_values
    of_baskets = {} if fields is UNSET else fields.get(BASKETS, {})
    return StockCheck(
        is_read=settings[0][1] is not UNSET,
        move_refusal=refusal,
        counts_baskets=bool(of_baskets),
        mode=_mode(of_baskets),
    )


def _mode(of_baskets: Collection[str]) -> StockMode:
    """Tell it by the fields of the module that counts baskets: one of them exists in the mode basket only."""
    if not of_baskets:
        return StockMode.UNKNOWN
    return StockMode.BASKET if BASKET_TOTAL in of_baskets else StockMode.CHECKOUT


def _store_name(client: MivaClient) -> str:
    try:
        store: WireStore = client.call(functions.store_load())
    except (PermissionMissing, Rejected):
        return ""  # some versions may want a right for it
    return store.name or store.code
