"""
What a store has, read with Miva's own SDK: nothing of the hub's reading is in it, so that a mistake there shows.

Values have the names that the hub has for them, so that a test reads the same whoever reads.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from miva_sandbox.server import SandboxServer

with warnings.catch_warnings():
    # The SDK compares with `is` where it means `==`; Python says so once, when it compiles it.
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request
    from merchantapi.client import Client

_COLUMNS = [
    *("descrip", "attributes", "productimagedata", "categories", "uris", "productinventorysettings"),
    *("product_inventory", "CustomField_Values:customfields:*"),
]
_AT_ONCE = 200
_LIVE = 200


@dataclass(frozen=True)
class SeenStock:
    """`stops_sale_at_zero` and `sells_without_stock`: what was said of this product, and not the store's default."""

    is_tracked: bool
    count: int
    stops_sale_at_zero: bool
    hides_when_out: bool
    sells_without_stock: bool


@dataclass(frozen=True)
class SeenImage:
    path: str
    image_type: str


@dataclass(frozen=True)
class SeenOption:
    code: str
    prompt: str
    is_default: bool


@dataclass(frozen=True)
class SeenAttribute:
    code: str
    prompt: str
    options: tuple[SeenOption, ...]
    is_dimension: bool
    is_required: bool


@dataclass(frozen=True)
class SeenVariant:
    """`options`: pairs of the codes of attribute and option; `part_codes`: the products behind them."""

    options: frozenset[tuple[str, str]]
    part_codes: tuple[str, ...]


@dataclass(frozen=True)
class SeenProduct:
    id: int
    code: str
    sku: str
    name: str
    price: Decimal
    cost: Decimal
    is_active: bool
    is_in_search: bool
    is_taxable: bool
    page_title: str
    description: str
    categories: frozenset[str]
    custom_fields: dict[str, str]
    addresses: tuple[str, ...]
    images: tuple[SeenImage, ...]
    attributes: tuple[SeenAttribute, ...]
    variants: tuple[SeenVariant, ...]
    stock: SeenStock


def read_store(sandbox: SandboxServer) -> dict[str, SeenProduct]:
    """Every product of a sandbox's store by its code in lower case, read with all rights."""
    reader = _Reader(sandbox)
    return {product.get_code().lower(): _product(product, reader.variants(product)) for product in reader.products()}


class _Reader:
    def __init__(self, sandbox: SandboxServer) -> None:
        token = sandbox.full
        # The SDK stamps requests by this machine's clock, and a test may have moved the store's.
        options = {"default_store_code": "sandbox", "require_timestamps": False}
        self._client = Client(sandbox.endpoint, token.token, token.signature_key, options)
        self._clock = sandbox.domain.clock

    def _send(self, request: Any) -> Any:
        members = request.to_dict
        request.to_dict = lambda: {**members(), "Miva_Request_Timestamp": self._clock.unskewed()}
        response = request.send()
        assert response.is_success(), response.get_error_message()
        return response

    def products(self) -> Iterator[Any]:
        seen = 0
        while True:
            request = merchantapi.request.ProductListLoadQuery(self._client)
            request.set_on_demand_columns(_COLUMNS).set_sort("id").set_offset(seen).set_count(_AT_ONCE)
            response = self._send(request)
            found = response.get_products()
            yield from found
            seen += len(found)
            if not found or seen >= response.get_total_count():
                return

    def variants(self, product: Any) -> list[Any]:
        if not product.get_attributes():
            return []
        request = merchantapi.request.ProductVariantListLoadProduct(self._client, product)
        return list(self._send(request).get_product_variants())


def _product(product: Any, variants: list[Any]) -> SeenProduct:
    attributes = product.get_attributes()
    dimensions = {each.get_attribute_id() for variant in variants for each in variant.get_dimensions()}
    codes = {attribute.get_id(): attribute.get_code() for attribute in attributes}
    images = sorted(product.get_product_image_data(), key=lambda image: (image.get_display_order(), image.get_id()))
    return SeenProduct(
        id=product.get_id(),
        code=product.get_code(),
        sku=product.get_sku(),
        name=product.get_name(),
        price=_decimal(product.get_price()),
        cost=_decimal(product.get_cost()),
        is_active=product.get_active(),
        # The SDK has no name of its own for it.
        is_in_search=not product.get_field("exsearch", False),
        is_taxable=product.get_taxable(),
        page_title=product.get_page_title(),
        description=product.get_description(),
        categories=frozenset(category.get_code() for category in product.get_categories()),
        custom_fields=_texts(product.get_custom_field_values()),
        addresses=tuple(
            uri.get_uri() for uri in product.get_uris() if uri.get_canonical() or uri.get_status() == _LIVE
        ),
        images=tuple(SeenImage(image.get_image(), (image.get_code() or "").lower()) for image in images),
        attributes=tuple(_attribute(attribute, dimensions) for attribute in attributes),
        variants=tuple(
            SeenVariant(
                frozenset(
                    (codes[each.get_attribute_id()], each.get_option_code()) for each in variant.get_dimensions()
                ),
                tuple(part.get_product_code() for part in variant.get_parts()),
            )
            for variant in variants
        ),
        stock=_stock(product),
    )


def _attribute(attribute: Any, dimensions: set[int]) -> SeenAttribute:
    default = attribute.get_default_id()
    return SeenAttribute(
        attribute.get_code(),
        attribute.get_prompt(),
        tuple(
            SeenOption(option.get_code(), option.get_prompt(), option.get_id() == default)
            for option in attribute.get_options()
        ),
        attribute.get_inventory() or attribute.get_id() in dimensions,
        attribute.get_required(),
    )


def _stock(product: Any) -> SeenStock:
    settings = product.get_product_inventory_settings()
    track = str(settings.get_track_out_of_stock_level()).lower()
    is_own_level = not settings.get_out_of_stock_level_default() and settings.get_out_of_stock_level() >= 0
    return SeenStock(
        is_tracked=settings.get_active(),
        count=product.get_product_inventory(),
        stops_sale_at_zero=track == "y" and is_own_level,
        hides_when_out=str(settings.get_hide_out_of_stock()).lower() == "y",
        sells_without_stock=track == "n",
    )


def _texts(values: Any) -> dict[str, str]:
    """Several values of one field are joined."""
    found = {} if values is None else values.get_module("customfields")
    return {
        name: "|".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
        for name, value in found.items()
    }


def _decimal(value: Any) -> Decimal:
    """The SDK reads numbers as floats before it makes them decimals."""
    return Decimal(str(float(value)))
