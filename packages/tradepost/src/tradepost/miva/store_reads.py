"""
Reading a store: products, rows and orders as the domain's values. Every list is checked against what was asked for,
because a store that does not understand a filter returns everything.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from functools import cached_property, partial
from typing import Literal, TypeVar

from msgspec import UNSET, Raw, Struct, UnsetType, field

from tradepost.domain.errors import PermissionMissing, Rejected, TradepostError, UnexpectedAnswer
from tradepost.domain.listings.codes import code_key
from tradepost.domain.store import ProductOutline, StoreProduct, StoreRow
from tradepost.miva.rows import translate
from tradepost.miva.rows.order_rows import OrderEntry, read_page
from tradepost.miva.rows.product_records import Attribute, CustomFieldValues, Id, Page, WireProduct, WireVariant
from tradepost.miva.wire import functions
from tradepost.miva.wire.calls import Call
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.filters import Condition, Filter, all_of, any_of, columns, is_one_of
from tradepost.miva.wire.pace import split
from tradepost.miva.wire.paging import HasId, PagesById
from tradepost.miva.wire.side_by_side import SideBySide
from tradepost.operations.ports import OrdersById

Key = TypeVar("Key", int, str)
Row = TypeVar("Row", WireProduct, OrderEntry)

_CONTENTS_PER_REQUEST = 100
_IDS_PER_REQUEST = 200
_SKU_MATCHES_PER_REQUEST = 200
_ORDERS_PER_REQUEST = 100
_VARIANT_LOADS_PER_REQUEST = 50

STOCK_COLUMNS = ("product_inventory", "productinventorysettings")
_TOTAL_COLUMN = f"CustomField_Values:{translate.BASKETS}:{translate.BASKET_TOTAL}"
CONTENT_COLUMNS = (
    "descrip",
    "attributes",
    "productimagedata",
    "categories",
    "uris",
    "productshippingrules",
    f"CustomField_Values:{translate.CUSTOM_FIELDS}:*",
)
# Never what is behind a payment: card data are not for the hub.
_ORDER_COLUMNS = (
    "items",
    "parts",
    "charges",
    "discounts",
    "coupons",
    "notes",
    "shipments",
    "payments",
    "ship_method",
    f"CustomField_Values:{translate.CUSTOM_FIELDS}:*",
)


class _Row(Struct, frozen=True):
    """What linking needs; decoding nothing else keeps it fast."""

    id: Id
    code: str
    sku: str = ""
    name: str = ""
    price: Decimal = Decimal(0)
    active: bool = True
    dt_created: int = 0
    custom_field_values: CustomFieldValues | UnsetType = field(default=UNSET, name="CustomField_Values")


class _Outline(Struct, frozen=True):
    """How products belong together: what they say themselves, and whether their page has variants."""

    id: Id
    code: str
    sku: str = ""
    dt_created: int = 0
    attributes: list[Attribute] | UnsetType = UNSET
    custom_field_values: CustomFieldValues | UnsetType = field(default=UNSET, name="CustomField_Values")


class StoreReads:
    """The reading half of a store. All of it is safe to repeat, and is repeated inside."""

    def __init__(self, client: MivaClient, side_by_side: SideBySide) -> None:
        self._client = client
        self._side_by_side = side_by_side
        # As long as no product was read, nobody knows.
        self._reads_settings: bool | None = None
        self._reads_totals: bool | None = None

    def products_by_code(self, codes: Collection[str]) -> dict[str, StoreProduct]:
        """See the port."""
        wanted = {code_key(code): code for code in codes if code.strip()}

        def load(chunk: Sequence[str]) -> dict[str, StoreProduct]:
            is_asked = _is_asked(chunk, "code")
            rows = self._products(_text_filter("code", chunk), CONTENT_COLUMNS, limit=len(chunk), is_asked=is_asked)
            return {code_key(product.code): product for product in self._with_variants(rows)}

        return self._merged(load, list(wanted.values()), size=_CONTENTS_PER_REQUEST)

    def products_by_sku(self, skus: Collection[str]) -> list[StoreProduct]:
        """See the port."""
        wanted = {code_key(sku): sku for sku in skus if sku.strip()}

        def load(chunk: Sequence[str]) -> list[StoreProduct]:
            # Any number of products may share a SKU, so that only pages say that these are all.
            pages = PagesById(
                self._client,
                partial(functions.product_list_load_query, row=WireProduct),
                page_size=_SKU_MATCHES_PER_REQUEST,
                filters=[*_text_filter("sku", chunk), *columns([*self._stock_columns(), *CONTENT_COLUMNS])],
                satisfies=_is_asked(chunk, "sku"),
            )
            return [product for rows in pages for product in self._with_variants(self._noting_stock(rows))]

        parts = self._side_by_side.map(load, list(split(list(wanted.values()), size=_CONTENTS_PER_REQUEST)))
        return [product for part in parts for product in part]

    def products_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        """See the port."""

        def load(chunk: Sequence[int]) -> dict[int, StoreProduct]:
            rows = self._products(
                all_of(is_one_of("id", chunk)),
                () if self._reads_totals is False else (_TOTAL_COLUMN,),
                limit=len(chunk),
                is_asked=_has_id(chunk),
            )
            self._note_totals(rows)
            return {row.id: translate.product_of(row, variants=None, grams=self._grams) for row in rows}

        return self._merged(load, sorted(set(ids)), size=_IDS_PER_REQUEST)

    def contents_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        """See the port."""

        def load(chunk: Sequence[int]) -> dict[int, StoreProduct]:
            rows = self._products(
                all_of(is_one_of("id", chunk)), CONTENT_COLUMNS, limit=len(chunk), is_asked=_has_id(chunk)
            )
            return {product.id: product for product in self._with_variants(rows)}

        return self._merged(load, sorted(set(ids)), size=_CONTENTS_PER_REQUEST)

    def _merged(
        self, load: Callable[[Sequence[Key]], dict[Key, StoreProduct]], keys: Sequence[Key], *, size: int
    ) -> dict[Key, StoreProduct]:
        """Load products in parts, side by side."""
        found: dict[Key, StoreProduct] = {}
        for part in self._side_by_side.map(load, list(split(keys, size=size))):
            found |= part
        return found

    def _products(
        self, filters: Sequence[Filter], names: Sequence[str], *, limit: int, is_asked: Callable[[WireProduct], bool]
    ) -> list[WireProduct]:
        # One more than can be: a store that ignores the filter gives itself away.
        call = functions.product_list_load_query(
            filters=[*filters, *columns([*self._stock_columns(), *names])], count=limit + 1, row=WireProduct
        )
        page = self._client.call(call)
        return self._noting_stock(_only_asked(page.data, is_asked=is_asked))

    def _stock_columns(self) -> Sequence[str]:
        """What this token may not see, it does not ask for a second time."""
        return () if self._reads_settings is False else STOCK_COLUMNS

    def _noting_stock(self, rows: list[WireProduct]) -> list[WireProduct]:
        if rows and self._reads_settings is not False:
            self._reads_settings = rows[0].productinventorysettings is not UNSET
        return rows

    def _note_totals(self, rows: Sequence[WireProduct]) -> None:
        if rows and self._reads_totals is not False:
            fields = rows[0].custom_field_values
            self._reads_totals = fields is not UNSET and translate.BASKET_TOTAL in fields.get(translate.BASKETS, {})

    def _with_variants(self, rows: Sequence[WireProduct]) -> Iterator[StoreProduct]:
        variants = self._variants([row.id for row in rows if _has_dimensions(row)])
        for row in rows:
            own = variants.get(row.id, ()) if row.id in variants or not _has_dimensions(row) else None
            yield translate.product_of(row, variants=own, grams=self._grams)

    def _variants(self, parents: Sequence[int]) -> dict[int, list[WireVariant]]:
        """Load the variants of parents; those that may not be read are left out."""
        found: dict[int, list[WireVariant]] = {}
        for chunk in split(parents, size=_VARIANT_LOADS_PER_REQUEST):
            answers = self._client.multi_call(
                [functions.product_variant_list_load_product(product_id=parent) for parent in chunk]
            )
            for parent, answer in zip(chunk, answers, strict=True):
                if isinstance(answer, PermissionMissing | Rejected):
                    continue
                if isinstance(answer, TradepostError):
                    raise answer
                found[parent] = answer
        return found

    @cached_property
    def _grams(self) -> Decimal | None:
        try:
            return translate.grams_per_unit(self._client.call(functions.store_load()))
        except (PermissionMissing, Rejected):
            return None

    def reads_stock(self) -> bool:
        """See the port. A store without any product tells nothing, so it is asked again."""
        if self._reads_settings is None or self._reads_totals is None:
            asked = columns([*STOCK_COLUMNS, _TOTAL_COLUMN])
            page = self._client.call(functions.product_list_load_query(filters=asked, count=1, row=WireProduct))
            self._noting_stock(page.data)
            self._note_totals(page.data)
        return bool(self._reads_settings or self._reads_totals)

    def iterate_rows(self, *, custom_fields: Sequence[str], page_size: int) -> Iterator[list[StoreRow]]:
        """See the port."""
        names = [f"CustomField_Values:{translate.CUSTOM_FIELDS}:{name}" for name in custom_fields]
        query = partial(functions.product_list_load_query, row=_Row)
        for page in PagesById(self._client, query, page_size=page_size, filters=columns(names)):
            yield [
                StoreRow(
                    row.id,
                    row.code,
                    row.sku,
                    row.active,
                    translate.fields_of(row.custom_field_values),
                    row.dt_created,
                    row.name,
                    row.price,
                )
                for row in page
            ]

    def iterate_outlines(self, *, custom_fields: Sequence[str], page_size: int) -> Iterator[list[ProductOutline]]:
        """See the port."""
        names = [f"CustomField_Values:{translate.CUSTOM_FIELDS}:{name}" for name in custom_fields]
        query = partial(functions.product_list_load_query, row=_Outline)
        filters = columns(["attributes", *names])
        for rows in PagesById(self._client, query, page_size=page_size, filters=filters):
            variants = self._variants([row.id for row in rows if _has_dimensions(row)])
            yield [_outline(row, variants.get(row.id, ())) for row in rows]

    def orders_by_id(self, ids: Collection[int]) -> OrdersById:
        """See the port."""

        def load(chunk: Sequence[int]) -> list[OrderEntry]:
            filters = [*all_of(is_one_of("id", chunk)), *columns(_ORDER_COLUMNS)]
            page = self._client.call(_orders_query(filters=filters, count=len(chunk) + 1))
            return _only_asked(page.data, is_asked=_has_id(chunk))

        parts = self._side_by_side.map(load, list(split(sorted(set(ids)), size=_ORDERS_PER_REQUEST)))
        entries = [entry for part in parts for entry in part]
        return OrdersById(
            {entry.order.id: entry.order for entry in entries if entry.order is not None},
            unreadable={entry.id: entry.unreadable for entry in entries if entry.id is not None and entry.unreadable},
        )


def _orders_query(*, filters: Sequence[Filter], count: int, sort: str = "id") -> Call[Page[OrderEntry]]:
    call = functions.order_list_load_query(filters=filters, count=count, sort=sort, row=Raw)
    return Call(call.function, call.parameters, call.shape, call.repeat, read_page)


def _only_asked(rows: Sequence[Row], *, is_asked: Callable[[Row], bool]) -> list[Row]:
    stray = next((row for row in rows if not is_asked(row)), None)
    if stray is not None:
        raise UnexpectedAnswer(f"The store returns row {stray.id}, which was not asked for: it ignores the filter.")
    return list(rows)


def _has_id(ids: Sequence[int]) -> Callable[[HasId], bool]:
    asked = set(ids)
    return lambda row: row.id in asked


def _outline(row: _Outline, variants: Sequence[WireVariant]) -> ProductOutline:
    single = [
        variant.parts[0].product_code
        for variant in variants
        if len(variant.parts) == 1 and variant.parts[0].quantity == 1
    ]
    return ProductOutline(
        row.id,
        row.code,
        row.sku,
        translate.fields_of(row.custom_field_values),
        row.dt_created,
        tuple(dict.fromkeys(single)),
        has_bundles=len(single) < len(variants),
    )


def _has_dimensions(row: WireProduct | _Outline) -> bool:
    return row.attributes is not UNSET and any(
        attribute.inventory or attribute.attemp_id for attribute in row.attributes
    )


def _text_filter(field: Literal["code", "sku"], texts: Sequence[str]) -> list[Filter]:
    plain = [text for text in texts if "," not in text]
    conditions = [is_one_of(field, plain)] if plain else []
    # A comma would part a list; the merchant's own codes may hold one.
    return any_of(*conditions, *(Condition(field, "EQ", text) for text in texts if "," in text))


def _is_asked(texts: Sequence[str], field: Literal["code", "sku"]) -> Callable[[WireProduct], bool]:
    keys = {code_key(text) for text in texts}

    def is_asked(row: WireProduct) -> bool:
        text: str = getattr(row, field)
        # Databases take more letters for equal than our folding does (accents), but only beyond ASCII.
        return code_key(text) in keys or not text.isascii()

    return is_asked
