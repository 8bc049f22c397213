"""
What a connection is good for, found out without changing anything: the store's name, the rights of the token, the
clocks, what the store has. Each function is called with what it refuses only after it has looked at the rights.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType, field

from tradepost.domain.errors import PermissionMissing, Rejected, TradepostError
from tradepost.domain.orders.acknowledgement import Acknowledgement
from tradepost.domain.orders.order import AcknowledgeMode, StoreStatus
from tradepost.domain.stock.stock import StockMode
from tradepost.miva.files.provisioned_images import takes_images
from tradepost.miva.order_queues import WORKFLOW
from tradepost.miva.rows import translate
from tradepost.miva.rows.product_records import CustomFieldValues, Id, Page, WireProduct, WireStore
from tradepost.miva.rows.translate import BASKET_TOTAL, BASKETS
from tradepost.miva.store_reads import CONTENT_COLUMNS, STOCK_COLUMNS
from tradepost.miva.wire import functions
from tradepost.miva.wire.calls import Call, Repeat
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.filters import Condition, all_of, columns
from tradepost.operations.ports import AcknowledgeCheck, ContentCheck, StockCheck, StoreCheck

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


# The function without which orders can't be told of in a way; the queues' is optional.
_TELLS: Mapping[AcknowledgeMode, str] = {
    AcknowledgeMode.NOTE: "Provision_Store",
    AcknowledgeMode.FIELD: "Provision_Store",
    AcknowledgeMode.PICKING: "OrderItemList_CreateShipment",
}
_NOT_TOLD = Acknowledgement()


class _OrderFields(Struct, frozen=True):
    id: Id
    custom_field_values: CustomFieldValues | UnsetType = field(default=UNSET, name="CustomField_Values")


class _Order(Struct, frozen=True):
    id: Id
    status: int = 0


def check_connection(
    client: MivaClient, *, type_field: str, image_type: str, acknowledgement: Acknowledgement = _NOT_TOLD
) -> StoreCheck:
    """
    Look what the token may do, and what the store has.

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
    page = None if "ProductList_Load_Query" in missing else _some_products(client)
    products = page.data if page is not None else []
    return StoreCheck(
        store_name=name,
        functions=functions.THE_EIGHT,
        missing=missing,
        stock=_look_at_stock(client, products, missing),
        content=ContentCheck(
            unseen=_unseen(products),
            has_type_field=_has_field(products, type_field),
            has_image_type=_has_image_type(products, image_type),
            products=None if page is None else page.total_count,
            orders=None if "OrderList_Load_Query" in missing else _count_orders(client),
            takes_images=None if "Provision_Store" in missing else takes_images(client),
        ),
        clock_difference_seconds=client.clock_difference_seconds,
        acknowledge=_look_at_acknowledging(client, acknowledgement, missing),
    )


def _some_products(client: MivaClient) -> Page[WireProduct]:
    asked = columns([*STOCK_COLUMNS, *CONTENT_COLUMNS, *_BASKET_COLUMNS])
    return client.call(functions.product_list_load_query(filters=asked, count=_LOOKED_AT, row=WireProduct))


def _look_at_stock(client: MivaClient, products: Sequence[WireProduct], missing: Mapping[str, str]) -> StockCheck:
    """The first product that is surely counted is moved by none."""
    if not products:
        return StockCheck()
    settings = [(product.id, product.productinventorysettings) for product in products]
    tracked = [product_id for product_id, found in settings if found is not UNSET and found.active]
    refusal: str | None = None
    if tracked and "InventoryProductSettings_Update" not in missing:
        try:
            client.call(functions.inventory_product_settings_probe(product_id=tracked[0]))
            refusal = ""
        except (PermissionMissing, Rejected) as error:
            refusal = str(error)
    fields = products[0].custom_field_values
    of_baskets = {} if fields is UNSET else fields.get(BASKETS, {})
    return StockCheck(
        is_read=settings[0][1] is not UNSET,
        # What is to be counted and never is: the switch for the whole store is off.
        is_counted=any(product.product_inventory_active is True for product in products) if tracked else None,
        move_refusal=refusal,
        counts_baskets=bool(of_baskets),
        mode=_mode(of_baskets),
    )


def _unseen(products: Sequence[WireProduct]) -> tuple[str, ...]:
    """Name the columns that were asked for and did not come. Custom fields come only if the store has one."""
    asked = [name for name in CONTENT_COLUMNS if ":" not in name]
    return tuple(name for name in asked if products and getattr(products[0], name) is UNSET)


def _has_field(products: Sequence[WireProduct], code: str) -> bool | None:
    if not products:
        return None
    fields = products[0].custom_field_values
    return fields is not UNSET and code in fields.get(translate.CUSTOM_FIELDS, {})


def _has_image_type(products: Sequence[WireProduct], code: str) -> bool | None:
    """Whether an image has this type; that none has it does not mean that the store does not know it."""
    images = (image for product in products if product.productimagedata for image in product.productimagedata)
    return any(image.code.casefold() == code.casefold() for image in images) or None


def _count_orders(client: MivaClient) -> Mapping[StoreStatus, int] | None:
    """Count by status; None where the store passes over what it is asked for, or refuses."""
    codes = {status: code for status in StoreStatus if (code := translate.order_status_code(status)) is not None}
    answers = client.multi_call(
        [
            functions.order_list_load_query(filters=all_of(Condition("status", "EQ", code)), count=1, row=_Order)
            for code in codes.values()
        ]
    )
    counts: dict[StoreStatus, int] = {}
    for (status, code), answer in zip(codes.items(), answers, strict=True):
        if isinstance(answer, TradepostError) or any(order.status != code for order in answer.data):
            return None
        if answer.total_count:
            counts[status] = answer.total_count
    return counts


def _look_at_acknowledging(client: MivaClient, way: Acknowledgement, missing: Mapping[str, str]) -> AcknowledgeCheck:
    refusal = missing.get(_TELLS.get(way.mode, ""), "")
    if way.mode is AcknowledgeMode.QUEUE:
        try:
            client.call(functions.order_list_acknowledge(order_ids=[], repeat=Repeat.READ))
        except (PermissionMissing, Rejected) as error:
            refusal = str(error)
    if "OrderList_Load_Query" in missing:
        return AcknowledgeCheck(refusal)
    if way.mode is AcknowledgeMode.FIELD:
        return AcknowledgeCheck(refusal, has_field=_shows(client, translate.CUSTOM_FIELDS, way.field))
    if way.mode is AcknowledgeMode.QUEUE and way.queue:
        return AcknowledgeCheck(refusal, has_queue=_shows(client, WORKFLOW, way.queue))
    return AcknowledgeCheck(refusal)


def _shows(client: MivaClient, module: str, code: str) -> bool | None:
    """Whether orders have a custom field; a store says so only of an order."""
    asked = columns([f"CustomField_Values:{module}:{code}"])
    rows = client.call(functions.order_list_load_query(filters=asked, count=1, row=_OrderFields)).data
    if not rows:
        return None
    values = rows[0].custom_field_values
    return values is not UNSET and code.casefold() in map(str.casefold, values.get(module, {}))


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
