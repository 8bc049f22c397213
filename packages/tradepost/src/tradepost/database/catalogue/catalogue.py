"""The catalogue port: products and variants saved by handle and SKU, whole batches at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from tradepost.database import sql
from tradepost.database.catalogue.products import read_products
from tradepost.database.listings.wanted import refresh_products
from tradepost.database.models import ImageRecord, ProductRecord, VariantRecord
from tradepost.database.orders.sold import recount_sold
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue import Product, Variant
from tradepost.domain.errors import RowRefused
from tradepost.operations.ports import ImportCounts

_PRODUCT_COLUMNS: Mapping[str, Column] = {
    "handle": Column.TEXT,
    "title": Column.TEXT,
    "description": Column.TEXT,
    "brand": Column.TEXT,
    "category": Column.JSON,
    "tags": Column.JSON,
    "option_names": Column.JSON,
    "page_title": Column.TEXT,
    "is_for_sale": Column.BOOLEAN,
    "created_at": Column.TIME,
    "updated_at": Column.TIME,
}
_VARIANT_COLUMNS: Mapping[str, Column] = {
    "product_id": Column.INTEGER,
    "sku": Column.TEXT,
    "options": Column.JSON,
    "position": Column.INTEGER,
    "price": Column.INTEGER,
    "msrp": Column.INTEGER,
    "cost": Column.INTEGER,
    "barcode": Column.TEXT,
    "weight_grams": Column.INTEGER,
    "taxable": Column.BOOLEAN,
    "sku_made_up": Column.BOOLEAN,
    "is_gone": Column.BOOLEAN,
    "sold_since": Column.INTEGER,
}


def _assignments(columns: Mapping[str, Column], *, keep: frozenset[str]) -> str:
    return ", ".join(f"{column} = excluded.{column}" for column in columns if column not in keep)


class DjangoCatalogue:
    """Implements `ports.Catalogue`."""

    def save(self, products: Sequence[Product], *, at: datetime) -> ImportCounts:
        with transaction.atomic():
            self._refuse_taken(products)
            known = {
                product.handle: (product_id, product)
                for product_id, product in read_products(
                    ProductRecord.objects.filter(handle__in=[product.handle for product in products])
                ).items()
            }
            different = [
                product
                for product in products
                if product.handle not in known or not _is_same(known[product.handle][1], product)
            ]
            ids = {handle: product_id for handle, (product_id, _) in known.items()}
            ids |= _save_products(different, at=at)
            _save_variants(different, ids)
            _mark_gone(different, ids)
            _save_images(different, ids)
            _date_quantities(products, at=at)
        return _counts(products, {handle: product for handle, (_, product) in known.items()})

    def owners(self, skus: Collection[str]) -> dict[str, str]:
        return dict(VariantRecord.objects.filter(sku__in=skus, is_gone=False).values_list("sku", "product__handle"))

    def refresh_wanted(self, handles: Collection[str]) -> None:
        with transaction.atomic():
            refresh_products(ProductRecord.objects.filter(handle__in=handles).values_list("id", flat=True))

    def _refuse_taken(self, products: Sequence[Product]) -> None:
        handles = {variant.sku: product.handle for product in products for variant in product.variants}
        for sku, handle in self.owners(handles).items():
            if handle != handles[sku]:
                raise RowRefused(
                    f"The SKU {sku!r} of product {handles[sku]!r} belongs to product {handle!r} already.", line=0
                )


def _is_same(known: Product, product: Product) -> bool:
    return _comparable(known) == _comparable(product)


def _comparable(product: Product) -> Product:
    """Leave out the quantity, which is saved apart, and the order in which a file names the variants."""
    variants = sorted((replace(variant, quantity=None) for variant in product.variants), key=lambda v: v.sku)
    return replace(product, variants=tuple(variants))


def _counts(products: Sequence[Product], known: Mapping[str, Product]) -> ImportCounts:
    counts = ImportCounts()
    for product in products:
        old = known.get(product.handle)
        counts += _count_one(
            None if old is None else replace(old, variants=()), replace(product, variants=()), is_same=True
        )
        variants = {variant.sku: variant for variant in old.variants} if old else {}
        for variant in product.variants:
            before = variants.get(variant.sku)
            has_same_quantity = variant.quantity is None or (before is not None and before.quantity == variant.quantity)
            counts += _count_one(
                None if before is None else replace(before, quantity=None),
                replace(variant, quantity=None),
                is_same=has_same_quantity,
            )
    return counts


def _count_one(old: Product | Variant | None, new: Product | Variant, *, is_same: bool) -> ImportCounts:
    if old is None:
        return ImportCounts(created=1)
    return ImportCounts(unchanged=1) if is_same and old == new else ImportCounts(updated=1)


def _save_products(products: Sequence[Product], *, at: datetime) -> dict[str, int]:
    rows = [
        (
            product.handle,
            product.title,
            product.description,
            product.brand,
            product.category,
            product.tags,
            product.option_names,
            product.page_title,
            product.is_for_sale,
            at,
            at,
        )
        for product in products
    ]
    names = ", ".join(_PRODUCT_COLUMNS)
    saved = sql.fetch(
        f"""
        INSERT INTO tradepost_product ({names}) SELECT {names} FROM given WHERE true
        ON CONFLICT (handle) DO UPDATE SET {_assignments(_PRODUCT_COLUMNS, keep=frozenset({"handle", "created_at"}))}
        RETURNING handle, id
        """,  # noqa: S608 (names of columns of our own)
        given=Rows(_PRODUCT_COLUMNS, rows),
    )
    return {str(handle): int(product_id) for handle, product_id in saved}


def _save_variants(products: Sequence[Product], ids: Mapping[str, int]) -> None:
    rows = [
        (
            ids[product.handle],
            variant.sku,
            variant.options,
            variant.position,
            variant.price,
            variant.msrp,
            variant.cost,
            variant.barcode,
            variant.weight_grams,
            variant.taxable,
            variant.sku_made_up,
            False,
            0,
        )
        for product in products
        for variant in product.variants
    ]
    names = ", ".join(_VARIANT_COLUMNS)
    sql.execute(
        f"""
        INSERT INTO tradepost_variant ({names}) SELECT {names} FROM given WHERE true
        ON CONFLICT (sku) DO UPDATE SET {_assignments(_VARIANT_COLUMNS, keep=frozenset({"sku", "sold_since"}))}
        """,  # noqa: S608 (names of columns of our own)
        given=Rows(_VARIANT_COLUMNS, rows),
    )
    # A variant that came back frees the listings that its leaving had frozen, and no others.
    sql.execute(
        """
        UPDATE tradepost_listing SET is_paused = false, attention = '', last_error = ''
        WHERE attention = 'orphaned' AND variant_id IN (
            SELECT variant.id FROM given JOIN tradepost_variant AS variant ON variant.sku = given.sku
        )
        """,
        given=Rows.of_texts("sku", (variant.sku for product in products for variant in product.variants)),
    )


def _mark_gone(products: Sequence[Product], ids: Mapping[str, int]) -> None:
    gone = list(
        VariantRecord.objects.filter(product_id__in=[ids[product.handle] for product in products], is_gone=False)
        .exclude(sku__in=[variant.sku for product in products for variant in product.variants])
        .values_list("id", flat=True)
    )
    if not gone:
        return
    VariantRecord.objects.filter(id__in=gone).update(is_gone=True)
    sql.execute(
        """
        UPDATE tradepost_listing
        SET is_paused = true, attention = 'orphaned', last_error = 'The catalogue does not have this variant any more.'
        FROM gone WHERE tradepost_listing.variant_id = gone.id
        """,
        gone=Rows.of_ids(gone),
    )


def _save_images(products: Sequence[Product], ids: Mapping[str, int]) -> None:
    ImageRecord.objects.filter(product_id__in=[ids[product.handle] for product in products]).delete()
    variants = dict(
        VariantRecord.objects.filter(product_id__in=[ids[product.handle] for product in products]).values_list(
            "sku", "id"
        )
    )
    ImageRecord.objects.bulk_create(
        [
            ImageRecord(
                product_id=ids[product.handle],
                variant_id=variant_id,
                source=image.source,
                position=image.position,
                alt=image.alt,
            )
            for product in products
            for variant_id, image in [
                *((None, image) for image in product.images),
                *((variants[variant.sku], variant.image) for variant in product.variants),
            ]
            if image is not None
        ]
    )


def _date_quantities(products: Sequence[Product], *, at: datetime) -> None:
    """Remember quantities with their moment, also where the number is the same: it knows of later sales."""
    # Stores cut the second off an order's time: one of the very same second may be later. It counts as unknown to the
    # source, since a piece too few for a while is better than one sold twice.
    moment = at.replace(microsecond=0) - timedelta(microseconds=1)
    known = [
        (variant.sku, variant.quantity, moment)
        for product in products
        for variant in product.variants
        if variant.quantity is not None
    ]
    dated = sql.fetch(
        """
        UPDATE tradepost_variant SET quantity = given.quantity, quantity_at = given.quantity_at
        FROM given WHERE tradepost_variant.sku = given.sku
        RETURNING tradepost_variant.id
        """,
        given=Rows({"sku": Column.TEXT, "quantity": Column.INTEGER, "quantity_at": Column.TIME}, known),
    )
    recount_sold([int(variant_id) for (variant_id,) in dated])
