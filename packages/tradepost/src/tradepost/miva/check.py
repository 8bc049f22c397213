"""
What a connection is good for, found out without changing anything: the store's name, the rights of the token, the
clocks. Each function is called with what it refuses only after it has looked at the rights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Raw

from tradepost.domain.errors import PermissionMissing, Rejected, TradepostError
from tradepost.miva.rows.product_records import WireStore
from tradepost.miva.store_reads import StoreReads
from tradepost.miva.wire import functions
from tradepost.miva.wire.calls import Call, Repeat
from tradepost.miva.wire.client import MivaClient

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


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """
    `missing`: functions that the token may not call, with the cure. `reads_stock` False also where the store has no
    product yet to look at. `clock_difference_seconds` is how far the store's clock is ahead.
    """

    store_name: str
    missing: Mapping[str, str]
    reads_stock: bool
    clock_difference_seconds: float | None

    @property
    def is_complete(self) -> bool:
        return not self.missing


def check_connection(client: MivaClient) -> ConnectionCheck:
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
    return ConnectionCheck(
        store_name=name,
        missing=missing,
        reads_stock="ProductList_Load_Query" not in missing and StoreReads(client).reads_stock(),
        clock_difference_seconds=client.clock_difference_seconds,
    )


def _store_name(client: MivaClient) -> str:
    try:
        store: WireStore = client.call(functions.store_load())
    except (PermissionMissing, Rejected):
        return ""  # some versions may want a right for it
    return store.name or store.code
