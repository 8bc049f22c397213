"""Products of a merchant's catalogue, orders and products of a store, with as little as a test has to say of them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fakes.store_products import BLANK
from tradepost.domain.catalogue.catalogue import Product, SourceImage, Variant
from tradepost.domain.orders.order import Address, PaymentState, StoreOrder, StoreOrderLine, StoreStatus
from tradepost.domain.store import StoreProduct, StoreStock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_variant(
    sku: str, *options: str, price: str | Decimal = "15.00", quantity: int | None = 5, **more: Any
) -> Variant:
    return Variant(sku, options, Decimal(price), quantity, more.pop("position", 1), **more)


def a_simple(sku: str = "mug", **more: Any) -> Product:
    """One article; `more` is of its variant."""
    image = more.pop("image", "")
    images = (SourceImage(image, 1),) if image else ()
    category = more.pop("category", ())
    return Product(sku, sku.title(), "", (a_variant(sku, **more),), images=images, category=category)


def a_family(handle: str = "tee", *sizes: str, **more: Any) -> Product:
    """A family with a variant for each size; `more` is of its variants."""
    variants = tuple(
        a_variant(f"{handle}-{size}", size, position=place, **more) for place, size in enumerate(sizes or "SM", start=1)
    )
    return Product(handle, handle.title(), "", variants, option_names=("Size",))


def a_store_product(number: int, code: str, *, count: int | None = None, **more: Any) -> StoreProduct:
    """`count`: how many the store counts, None where it counts nothing."""
    stock = StoreStock(is_tracked=True, count=count) if count is not None else BLANK.stock
    return replace(BLANK, **{"id": number, "code": code, "sku": code, "stock": stock, **more})


def an_order(number: int = 5001, *lines: StoreOrderLine, **more: Any) -> StoreOrder:
    lines = lines or (an_order_line(number * 10, 1),)
    order = StoreOrder(
        id=number,
        status=StoreStatus.PENDING,
        placed_at=NOON,
        ship_to=Address(first_name="Ada"),
        bill_to=Address(),
        total=sum((line.total for line in lines), Decimal()),
        shipping_method="",
        payment_state=PaymentState.CAPTURED,
        lines=lines,
    )
    return replace(order, **more)


def an_order_line(line_id: int, quantity: int, code: str = "mug", **more: Any) -> StoreOrderLine:
    line = StoreOrderLine(
        line_id, code, code, code.title(), quantity, Decimal(2), Decimal(2) * quantity, StoreStatus.PENDING
    )
    return replace(line, **more)
