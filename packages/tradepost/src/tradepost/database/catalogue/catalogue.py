"""The catalogue port: products and variants saved by handle and SKU, whole batches at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tradepost.database import sql
from tradepost.database.catalogue import identity
from tradepost.database.catalogue.products import read_products
from tradepost.database.catalogue.withdrawals import put_back, take_off_sale, withdrawn_of
from tradepost.database.listings.attentions import forget_attention
from tradepost.database.listings.listing_proofs import forget_refusals
from tradepost.database.listings.wanted import lock_variants, refresh_products
from tradepost.database.models import Channel, ImageRecord, Listing, ProductRecord, Source, VariantRecord
from tradepost.database.sql import Rows
from tradepost.database.stock.statements import state_counts, stated_quantities, take_numbers
from tradepost.domain.attention import Attention
from tradepost.domain.catalogue import Kind, Product, Variant
from tradepost.domain.errors import RowRefused
from tradepost.domain.identity import IdentityPlan, KnownProduct, Lookalike
from tradepost.domain.listing import Link
from tradepost.domain.stock import Counting
from tradepost.domain.structure import is_reordered
from tradepost.operations.ports import Clock, ImportCounts, SaleChange, Saying, SourceSettings, WantedChanges


class DjangoCatalogue:
    """Implements `ports.Catalogue`."""

    def __init__(self, *, clock: Clock = timezone.now) -> None:
        self._clock = clock

    def source(self, name: str) -> SourceSettings:
        source, _ = Source.objects.get_or_create(name=name)
        return SourceSettings(
            source.name,
            Counting(source.counts),
            timedelta(minutes=source.lag_minutes),
            source.digest,
            source.counted_column,
            source.orders_column,
        )

    def set_source(self, settings: SourceSettings) -> None:
        Source.objects.update_or_create(
            name=settings.name,
            defaults={
                "counts": settings.counts.value,
                "lag_minutes": int(settings.lag.total_seconds() // 60),
                "digest": settings.digest,
                "counted_column": settings.counted_column,
                "orders_column": settings.orders_column,
            },
        )

    def channel_names(self) -> list[str]:
        return list(Channel.objects.filter(archived_at__isnull=True).order_by("id").values_list("name", flat=True))

    def save(self, products: Sequence[Product], *, saying: Saying) -> ImportCounts:
        with transaction.atomic():
            _lock_variants(products)
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
            ids |= _save_products(different, at=saying.at)
            withdrawn: list[SaleChange] = []
            if different:
                forget_refusals([ids[product.handle] for product in different])
                variants = _save_variants(different, ids)
                withdrawn = _mark_gone(different, ids, at=saying.at)
                _save_images(different, ids, variants)
            take_numbers([variant for product in products for variant in product.variants], saying)
            reordered = [
                product.handle
                for product in different
                if product.handle in known and is_reordered(known[product.handle][1], product)
            ]
        counts = _counts(products, {handle: product for handle, (_, product) in known.items()})
        return replace(counts, withdrawn=tuple(withdrawn), reordered=tuple(_with_pages(reordered)))

    def follow_sale(self, products: Sequence[Product]) -> list[SaleChange]:
        wanted = {product.handle: product.is_for_sale for product in products}
        known = ProductRecord.objects.filter(handle__in=wanted).values_list("id", "handle", "is_for_sale")
        changed = {number: wanted[handle] for number, handle, is_for_sale in known if wanted[handle] != is_for_sale}
        if not changed:
            return []
        with transaction.atomic():
            left = take_off_sale([each for each, is_for_sale in changed.items() if not is_for_sale], at=self._clock())
            return left + put_back([each for each, is_for_sale in changed.items() if is_for_sale])

    def owners(self, skus: Collection[str]) -> dict[str, str]:
        found = sql.fetch_rows(
            """
            SELECT variant.sku, product.handle
            FROM given JOIN tradepost_variant AS variant ON variant.sku = given.sku
            JOIN tradepost_product AS product ON product.id = variant.product_id
            WHERE NOT variant.is_gone
            """,
            given=Rows.of_texts("sku", skus),
        )
        return {row["sku"]: row["handle"] for row in found}

    def known_products(self, handles: Collection[str], skus: Collection[str]) -> list[KnownProduct]:
        return identity.known_products(handles, skus)

    def lookalikes(self, *, created_at: datetime) -> list[Lookalike]:
        return identity.lookalikes(created_at=created_at)

    def skus_in_use(self, skus: Collection[str]) -> set[str]:
        return identity.skus_in_use(skus)

    def settle(self, plans: Mapping[str, IdentityPlan]) -> None:
        with transaction.atomic():
            # Mostly there is none of it.
            if moves := [move for plan in plans.values() for move in plan.moves]:
                identity.release_variants([sku for move in moves for sku in move.skus])
                identity.empty_products([move.before for move in moves if move.is_whole], at=self._clock())
            if renamed := {plan.renamed: handle for handle, plan in plans.items() if plan.renamed}:
                identity.rename_products(renamed)
            if skus := [change for plan in plans.values() for change in plan.skus]:
                identity.change_skus(skus)

    def remove(self, skus: Collection[str]) -> None:
        with transaction.atomic():
            identity.remove_variants(skus, at=self._clock())

    def hand_over(self, before: str, after: str) -> None:
        with transaction.atomic():
            identity.hand_over_listings(before, after)
            identity.remove_variants([before], at=self._clock())

    def by_handles(self, handles: Collection[str]) -> dict[str, Product]:
        found = read_products(ProductRecord.objects.filter(handle__in=handles))
        return {product.handle: product for product in found.values()}

    def stated_quantities(self, skus: Collection[str]) -> dict[str, int | None]:
        return stated_quantities(skus)

    def state(self, counts: Mapping[str, int], *, saying: Saying) -> None:
        with transaction.atomic():
            lock_variants(VariantRecord.objects.filter(sku__in=counts).values_list("id", flat=True))
            state_counts(counts, saying)

    def refresh_wanted(self, handles: Collection[str]) -> WantedChanges:
        with transaction.atomic():
            ids = list(ProductRecord.objects.filter(handle__in=handles).values_list("id", flat=True))
            return refresh_products(ids, at=self._clock())

    def _refuse_taken(self, products: Sequence[Product]) -> None:
        handles = {variant.sku: product.handle for product in products for variant in product.variants}
        for sku, handle in self.owners(handles).items():
            if handle != handles[sku]:
                raise RowRefused(
                    f"The SKU {sku!r} of product {handles[sku]!r} belongs to product {handle!r} already.", line=0
                )


def _lock_variants(products: Sequence[Product]) -> None:
    """
    Lock all that may be written, by id as whoever sights orders does: in a file's order, two would wait for each other.
    """
    known = sql.fetch_numbers(
        """
        SELECT variant.id FROM handles
        JOIN tradepost_product AS product ON product.handle = handles.handle
        JOIN tradepost_variant AS variant ON variant.product_id = product.id
        UNION
        SELECT variant.id FROM skus JOIN tradepost_variant AS variant ON variant.sku = skus.sku
        """,
        handles=Rows.of_texts("handle", (product.handle for product in products)),
        skus=Rows.of_texts("sku", (variant.sku for product in products for variant in product.variants)),
    )
    lock_variants(known)


def _with_pages(handles: Collection[str]) -> list[str]:
    """Those of these families that have a page on a store."""
    if not handles:
        return []
    parents = Listing.objects.filter(kind=Kind.PARENT.value, link=Link.LINKED.value, product__handle__in=list(handles))
    on_store = set(parents.values_list("product__handle", flat=True))
    return [handle for handle in handles if handle in on_store]


def _is_same(known: Product, product: Product) -> bool:
    return _comparable(known) == _comparable(product)


def _comparable(product: Product) -> Product:
    """Leave out the quantity, which is saved apart, and the order in which a file names the variants."""
    variants = sorted((_without_number(variant) for variant in product.variants), key=lambda v: v.sku)
    return replace(product, variants=tuple(variants))


def _without_number(variant: Variant) -> Variant:
    return replace(variant, quantity=None, counted_at=None, orders_through=())


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
                None if before is None else _without_number(before),
                _without_number(variant),
                is_same=has_same_quantity,
            )
    return counts


def _count_one(old: Product | Variant | None, new: Product | Variant, *, is_same: bool) -> ImportCounts:
    if old is None:
        return ImportCounts(created=1)
    return ImportCounts(unchanged=1) if is_same and old == new else ImportCounts(updated=1)


def _save_products(products: Sequence[Product], *, at: datetime) -> dict[str, int]:
    saved = sql.upsert(
        ProductRecord,
        [
            {
                "handle": product.handle,
                "title": product.title,
                "description": product.description,
                "brand": product.brand,
                "category": product.category,
                "tags": product.tags,
                "option_names": product.option_names,
                "page_title": product.page_title,
                "is_for_sale": product.is_for_sale,
                "created_at": at,
                "updated_at": at,
            }
            for product in products
        ],
        unique=("handle",),
        keep=("created_at",),
        returning=("handle", "id"),
    )
    return {row["handle"]: row["id"] for row in saved}


def _save_variants(products: Sequence[Product], ids: Mapping[str, int]) -> dict[str, int]:
    """Save the variants, and free what had left with them; returns their ids by SKU."""
    saved = sql.upsert(
        VariantRecord,
        [
            {
                "product_id": ids[product.handle],
                "sku": variant.sku,
                "options": variant.options,
                "position": variant.position,
                "price": variant.price,
                "is_priced": variant.is_priced,
                "msrp": variant.msrp,
                "cost": variant.cost,
                "barcode": variant.barcode,
                "mpn": variant.mpn,
                "length": variant.length,
                "width": variant.width,
                "height": variant.height,
                "weight_grams": variant.weight_grams,
                "taxable": variant.taxable,
                "sells_without_stock": variant.sells_without_stock,
                "sku_made_up": variant.sku_made_up,
                "is_gone": False,
                "stated_by": "",
            }
            for product in products
            for variant in product.variants
        ],
        unique=("sku",),
        keep=("stated_by",),
        returning=("sku", "id"),
    )
    variants: dict[str, int] = {row["sku"]: row["id"] for row in saved}
    # A variant that came back frees the listings that its leaving had orphaned, and no others.
    back = sql.fetch_numbers(
        """
        UPDATE tradepost_listing SET is_orphaned = false
        FROM back WHERE is_orphaned AND tradepost_listing.variant_id = back.id
        RETURNING tradepost_listing.id
        """,
        back=Rows.of_ids(variants.values()),
    )
    forget_attention(back, Attention.ORPHANED)
    return variants


def _mark_gone(products: Sequence[Product], ids: Mapping[str, int], *, at: datetime) -> list[SaleChange]:
    """Mark the variants that products have no more; returns what of them is on stores."""
    gone = sql.fetch_numbers(
        """
        UPDATE tradepost_variant SET is_gone = true
        WHERE NOT is_gone AND product_id IN (SELECT id FROM products) AND sku NOT IN (SELECT sku FROM kept)
        RETURNING id
        """,
        products=Rows.of_ids(ids[product.handle] for product in products),
        kept=Rows.of_texts("sku", (variant.sku for product in products for variant in product.variants)),
    )
    identity.orphan_variants(gone, at=at)
    return withdrawn_of(gone)


def _save_images(products: Sequence[Product], ids: Mapping[str, int], variants: Mapping[str, int]) -> None:
    ImageRecord.objects.filter(product_id__in=[ids[product.handle] for product in products]).delete()
    sql.insert(
        ImageRecord,
        [
            {
                "product_id": ids[product.handle],
                "variant_id": variant_id,
                "source": image.source,
                "position": image.position,
                "alt": image.alt,
            }
            for product in products
            for variant_id, image in [
                *((None, image) for image in product.images),
                *((variants[variant.sku], variant.image) for variant in product.variants),
            ]
            if image is not None
        ],
    )
