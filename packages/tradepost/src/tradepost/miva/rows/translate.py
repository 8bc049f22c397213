"""
From a store's rows to the domain's values. Miva's words for products and orders stop here.
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from msgspec import UNSET, UnsetType

from tradepost.domain.errors import UnexpectedAnswer
from tradepost.domain.fields import DIMENSIONS
from tradepost.domain.listings.codes import code_key
from tradepost.domain.orders.order import (
    Address,
    LineOption,
    StoreCharge,
    StoreDiscount,
    StoreOrder,
    StoreOrderLine,
    StorePayment,
    StoreShipment,
    StoreStatus,
    payment_state,
)
from tradepost.domain.store import (
    StoreAttribute,
    StoreImage,
    StoreOption,
    StoreProduct,
    StoreStock,
    StoreVariant,
)
from tradepost.miva.fields import ELEMENTS
from tradepost.miva.rows import order_records
from tradepost.miva.rows import product_records as records

CUSTOM_FIELDS = "customfields"
# The module that counts what baskets hold, and its field that exists only where these are out of the count.
BASKETS, BASKET_TOTAL = "baskinv", "total_inv"
_GRAMS: Mapping[str, Decimal] = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
_LIVE_URI = 200
# 999,999,999,999.99: as far as a column of money reaches. The exponent alone may be a thousand million.
_LARGEST_AMOUNT_EXPONENT = 11
_SMALLEST_AMOUNT_EXPONENT = -18
# Kinds of payment records by which money is promised or paid; not declined ones, refunds and voids.
_PAID = frozenset({1, 2, 3, 4, 5})

_STATUSES: Mapping[int, StoreStatus] = {
    0: StoreStatus.PENDING,
    100: StoreStatus.PROCESSING,
    200: StoreStatus.SHIPPED,
    201: StoreStatus.PARTIALLY_SHIPPED,
    # Digital goods and gift certificates: the store counts them as shipped.
    210: StoreStatus.SHIPPED,
    211: StoreStatus.SHIPPED,
    220: StoreStatus.SHIPPED,
    221: StoreStatus.SHIPPED,
    300: StoreStatus.CANCELLED,
    400: StoreStatus.BACKORDERED,
    500: StoreStatus.RMA_ISSUED,
    600: StoreStatus.RETURNED,
}
# The first code of each state is the one that an order can have.
_ORDER_CODES: Mapping[StoreStatus, int] = {status: code for code, status in reversed(list(_STATUSES.items()))}
_SHIPPED = 200
_LAST_SECOND = 253_402_300_799


def status_of(code: int) -> StoreStatus:
    return _STATUSES.get(code, StoreStatus.OTHER)


def status_codes(statuses: Collection[StoreStatus]) -> list[int]:
    """Return all codes, of orders and lines, that mean one of these."""
    return [code for code, status in _STATUSES.items() if status in statuses]


def order_status_code(status: StoreStatus) -> int | None:
    """Return the code by which orders of this state are looked for; None for a state that no order can have."""
    return _ORDER_CODES.get(status)


def amount(value: Decimal, *, name: str) -> Decimal:
    """
    Return an amount with as many digits as are reckoned with.

    Raises UnexpectedAnswer for one that is no amount: any number can be written down, and some can't be held.
    """
    if not value.is_finite() or (value and value.adjusted() > _LARGEST_AMOUNT_EXPONENT):
        raise UnexpectedAnswer(f"{name} is {str(value)[:30]}, which is no amount")
    return +value if value.adjusted() >= _SMALLEST_AMOUNT_EXPONENT else Decimal(0)


def grams_per_unit(store: records.WireStore) -> Decimal | None:
    """Return the store's weight unit in grams, None where its name says nothing."""
    return _GRAMS.get((store.wtunitcode or store.wtunits).strip().lower())


def fields_of(values: records.CustomFieldValues | UnsetType) -> dict[str, str]:
    """
    Return custom fields as texts; several values of one field are joined as the store takes them.

    A store leaves the column out when none of the fields that were asked for exists.
    """
    if values is UNSET:
        return {}
    return {field: _text(value) for field, value in values.get(CUSTOM_FIELDS, {}).items()}


def _text(value: records.CustomFieldValue) -> str:
    if value is None:
        return ""
    return "|".join(value) if isinstance(value, list) else str(value)


def stock_of(product: records.WireProduct) -> StoreStock | None:
    """
    Return the stock, None where it can't be read.

    The settings come only with the right to view inventory, while the count comes as a false 0 without it; the count
    is a false 0, too, while the store's own inventory tracking is off. Without the right, a blank where the count with
    baskets would be says that nothing is counted.
    """
    settings = product.productinventorysettings
    if settings is UNSET or product.product_inventory is UNSET:
        is_blank = _total(product) is not None and with_baskets_of(product) is None
        return StoreStock(is_tracked=False, count=0, stops_sale_at_zero=False) if is_blank else None
    if not settings.active:
        return StoreStock(is_tracked=False, count=0, stops_sale_at_zero=False)
    if not product.product_inventory_active:
        return None
    return StoreStock(
        is_tracked=True,
        count=product.product_inventory,
        # The store's own default can't be read, so it proves nothing.
        stops_sale_at_zero=settings.out_track == "y" and not settings.out_lvl_d and settings.out_level >= 0,
        hides_when_out=settings.out_hide == "y",
        sells_without_stock=settings.out_track == "n",
    )


def _counts_nothing(product: records.WireProduct) -> bool:
    """The store's switch for everything shows in a product that is to be counted and is not, where both may be seen."""
    settings = product.productinventorysettings
    return settings is not UNSET and settings.active and product.product_inventory_active is False


def with_baskets_of(product: records.WireProduct) -> int | None:
    """
    Return the count together with what baskets hold, None where the store doesn't tell or counts nothing.

    Raises UnexpectedAnswer for what is no number.
    """
    total = _total(product)
    if not total:
        return None
    try:
        return int(total)
    except ValueError as error:
        raise UnexpectedAnswer(f"its {BASKET_TOTAL} is {total[:30]!r}, which is no number") from error


def _total(product: records.WireProduct) -> str | None:
    """What the module that counts baskets says: blank where nothing is counted, None where it says nothing."""
    if product.custom_field_values is UNSET:
        return None
    of_baskets = product.custom_field_values.get(BASKETS, {})
    return _text(of_baskets[BASKET_TOTAL]) if BASKET_TOTAL in of_baskets else None


# Of the fields that have a column of their own, which a store may leave out.
_COLUMNS_OF: Mapping[str, str] = {
    **{name: element.member for name, element in ELEMENTS.items() if element.default is UNSET},
    "attributes": "attributes",
    "images": "productimagedata",
    "categories": "categories",
    "address": "uris",
    "dimensions": "productshippingrules",
    "custom_fields": "custom_field_values",
    "placement": "custom_field_values",
}
_NAMED = {field.name for field in dataclasses.fields(StoreProduct)}


def product_of(
    product: records.WireProduct, *, variants: Sequence[records.WireVariant] | None, grams: Decimal | None
) -> StoreProduct:
    """Translate a product; `variants` None where they were not asked for, `grams` None where the unit is unknown."""
    own_attributes = [] if product.attributes is UNSET else product.attributes
    try:
        for element in ELEMENTS.values():
            if element.kind is Decimal:
                amount(getattr(product, element.member), name=f"its {element.member}")
        with_baskets_of(product)
    except UnexpectedAnswer as error:
        raise UnexpectedAnswer(
            f"The store's product {product.code!r} (id {product.id}) can't be read: {error}."
        ) from error
    columns = {name: element.read(product, grams=grams) for name, element in ELEMENTS.items()}
    return StoreProduct(
        **{name: value for name, value in columns.items() if name in _NAMED},
        more={name: value for name, value in columns.items() if name not in _NAMED},
        id=product.id,
        code=product.code,
        created=product.dt_created,
        updated=product.dt_updated,
        absent=frozenset(name for name, member in _COLUMNS_OF.items() if getattr(product, member) is UNSET),
        categories=frozenset() if product.categories is UNSET else frozenset(row.code for row in product.categories),
        custom_fields=fields_of(product.custom_field_values),
        images=_images(product),
        attributes=tuple(_attribute(attribute, variants or ()) for attribute in own_attributes),
        variants=None if variants is None else tuple(_variant(variant, own_attributes) for variant in variants),
        stock=stock_of(product),
        with_baskets=with_baskets_of(product),
        counts_nothing=_counts_nothing(product),
        dimensions=_dimensions(product.productshippingrules),
        addresses=None
        if product.uris is UNSET
        else tuple(uri.uri for uri in product.uris if uri.canonical or uri.status == _LIVE_URI),
    )


def _dimensions(rules: records.ShippingRules | UnsetType) -> dict[str, Decimal] | None:
    if rules is UNSET:
        return None
    return {name: amount(getattr(rules, name), name=f"its {name}") for name in DIMENSIONS}


def _images(product: records.WireProduct) -> tuple[StoreImage, ...]:
    if product.productimagedata is UNSET:
        return ()
    rows = sorted(product.productimagedata, key=lambda row: (row.disp_order, row.id))
    return tuple(StoreImage(row.image, code_key(row.code)) for row in rows)


def _attribute(attribute: records.Attribute, variants: Sequence[records.WireVariant]) -> StoreAttribute:
    # What is linked to a template tells variants apart without saying so itself.
    is_used = any(dimension.attr_id == attribute.id for variant in variants for dimension in variant.dimensions)
    return StoreAttribute(
        code=attribute.code,
        prompt=attribute.prompt,
        options=tuple(
            StoreOption(option.code, option.prompt, is_default=option.id == attribute.default_id)
            for option in attribute.options
        ),
        is_dimension=attribute.inventory or is_used,
        is_required=attribute.required,
    )


def _variant(variant: records.WireVariant, attributes: Sequence[records.Attribute]) -> StoreVariant:
    codes = {attribute.id: attribute.code for attribute in attributes}
    return StoreVariant(
        options=frozenset(
            # A linked template's attribute has no code here; its numbers still tell combinations apart.
            (
                codes.get(dimension.attr_id, f"#{dimension.attr_id}")
                if not dimension.attmpat_id
                else f"#{dimension.attr_id}.{dimension.attmpat_id}",
                dimension.option_code or f"#{dimension.option_id}",
            )
            for dimension in variant.dimensions
        ),
        part_codes=tuple(part.product_code for part in variant.parts),
        pieces=sum(part.quantity for part in variant.parts),
    )


# --- orders ---------------------------------------------------------------------------------------------------------


def order_of(order: order_records.WireOrder, *, payload: str = "") -> StoreOrder:
    """Translate an order. Raises UnexpectedAnswer with the middle of a sentence for what can't be an order."""
    lines = _unique([] if order.items is UNSET else order.items)
    shipments = [] if order.shipments is UNSET else order.shipments
    payments = [] if order.payments is UNSET else order.payments
    total = amount(order.total, name="its total")
    return StoreOrder(
        id=order.id,
        status=status_of(order.status),
        placed_at=moment(order.orderdate),
        updated_at=_moment_or_never(order.dt_updated),
        customer_id=order.cust_id,
        ship_to=_address(order, "ship"),
        bill_to=_address(order, "bill"),
        total=total,
        shipping_method="" if order.ship_method is UNSET else order.ship_method,
        payment_state=payment_state(
            total=total,
            authorised=amount(order.total_auth, name="what was authorised of it"),
            captured=amount(order.total_capt, name="what was captured of it"),
            refunded=amount(order.total_rfnd, name="what was paid back of it"),
            has_record=any(payment.type in _PAID for payment in payments),
        ),
        lines=tuple(_line(line) for line in lines),
        charges=()
        if order.charges is UNSET
        else tuple(
            StoreCharge(charge.type, charge.descrip, amount(charge.amount, name="a charge")) for charge in order.charges
        ),
        notes=() if order.notes is UNSET else tuple(note.notetext for note in order.notes),
        shipments=tuple(_shipment(shipment, lines) for shipment in shipments),
        currency=next((payment.currency for payment in payments if payment.currency), ""),
        discounts=tuple(_discounts(order)),
        payments=tuple(
            StorePayment(
                payment.type,
                amount(payment.amount, name="a payment"),
                moment(payment.dtstamp),
                payment.refnum,
                payment.currency,
            )
            for payment in payments
        ),
        custom_fields=fields_of(order.custom_field_values),
        payload=payload,
    )


def _unique(lines: Sequence[order_records.WireOrderLine]) -> list[order_records.WireOrderLine]:
    """A line that comes twice is one line, as it came last."""
    return list({line.line_id: line for line in lines}.values())


def _discounts(order: order_records.WireOrder) -> Iterator[StoreDiscount]:
    for discount in () if order.discounts is UNSET else order.discounts:
        yield StoreDiscount(discount.descrip or discount.name, amount(discount.total, name="a discount"))
    for coupon in () if order.coupons is UNSET else order.coupons:
        yield StoreDiscount(coupon.descrip or coupon.code, amount(coupon.total, name="a coupon"), coupon.code)


def _line(line: order_records.WireOrderLine) -> StoreOrderLine:
    return StoreOrderLine(
        line_id=line.line_id,
        code=line.code,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        price=amount(line.price, name=f"the price of line {line.line_id}"),
        total=amount(line.total, name=f"the total of line {line.line_id}"),
        status=status_of(line.status),
        external_product_id=line.product_id,
        shipment_id=line.shpmnt_id,
        options=tuple(
            LineOption(
                option.attr_code,
                option.opt_code,
                option.data or option.data_long,
                option.attr_prompt,
                option.opt_prompt,
            )
            for option in line.options
        ),
        part_codes=() if line.parts is UNSET else tuple(part.code for part in line.parts),
        is_product=line.type in {"", "product"},
    )


def _shipment(shipment: order_records.WireShipment, lines: Sequence[order_records.WireOrderLine]) -> StoreShipment:
    return StoreShipment(
        id=shipment.id,
        code=shipment.code,
        is_shipped=shipment.status == _SHIPPED,
        tracking_number=shipment.tracknum,
        carrier=shipment.tracktype,
        cost=amount(shipment.cost, name=f"the cost of shipment {shipment.id}"),
        line_ids=tuple(line.line_id for line in lines if line.shpmnt_id == shipment.id),
        shipped_at=moment(shipment.ship_date) if shipment.ship_date else None,
    )


# Field of an address -> the end of the store's column, which begins with ship_ or bill_.
_ADDRESS: Mapping[str, str] = {
    "first_name": "fname",
    "last_name": "lname",
    "company": "comp",
    "email": "email",
    "phone": "phone",
    "address1": "addr1",
    "address2": "addr2",
    "city": "city",
    "state": "state",
    "postal_code": "zip",
    "country": "cntry",
}


def _address(order: order_records.WireOrder, side: Literal["ship", "bill"]) -> Address:
    return Address(**{field: getattr(order, f"{side}_{column}") for field, column in _ADDRESS.items()})


def moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _moment_or_never(epoch: int) -> datetime | None:
    """What is only shown does not keep an order from being read."""
    return moment(epoch) if 0 < epoch <= _LAST_SECOND else None
