"""
What a connection is good for, found out without changing anything: the store's name, the rights of the token, the
clocks. Each function is called with what it refuses only after it has looked at the rights.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Raw

from tradepost.domain.errors import PermissionMissing, Rejected, TradepostError
from tradepost.miva.rows.product_records import WireStore
from tradepost.miva.store_reads import StoreReads
from tradepost.miva.wire import functions
from tradepost.miva.wire.calls import Call, Repeat
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.side_by_side import SideBySide
from tradepost.operations.ports import StoreCheck

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
        reads_stock="ProductList_Load_Query" not in missing and StoreReads(client, SideBySide(1)).reads_stock(),
        clock_difference_seconds=client.clock_difference_seconds,
    )


def _store_name(client: MivaClient) -> str:
    try:
        store: WireStore = client.call(functions.store_load())
    except (PermissionMissing, Rejected):
        return ""  # some versions may want a right for it
    return store.name or store.code
