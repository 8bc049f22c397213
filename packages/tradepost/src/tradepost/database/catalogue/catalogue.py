"""The catalogue port: products and variants saved by handle and SKU, whole batches at a time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tradepost.database import sql
from tradepost.database.catalogue import identity
from tradepost.database.catalogue.products import read_gone_variants, read_products
from tradepost.database.catalogue.sources import settings_of_source, source_columns
from tradepost.database.catalogue.withdrawals import put_back, take_off_sale, withdrawn_of
from tradepost.database.listings.attentions import forget_attention
from tradepost.database.listings.listing_proofs import forget_refusals
from tradepost.database.listings.wanted import refresh_products
from tradepost.database.listings.wanted_basis import lock_variants
from tradepost.database.models import Channel, ImageRecord, Listing, ProductRecord, Source, VariantRecord
from tradepost.database.search import note_product_words
from tradepost.database.sql import Rows
from tradepost.database.stock.statements import (
    FirstStatement,
    TakenNumbers,
    first_statement,
    leave_to_others,
    restate,
    state_counts,
    stated_quantities,
    take_numbers,
)
from tradepost.domain.catalogue.catalogue import Kind, Product, Variant
from tradepost.domain.catalogue.identity import IdentityPlan, KnownProduct, Lookalike
from tradepost.domain.errors import RowRefused
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.structure import is_reordered
from tradepost.operations.ports import (
    Clock,
    ImportCounts,
    MadeProduct,
    ProductDifference,
    SaleChange,
    Saying,
    SkuValues,
    SourceSettings,
    Statement,
    TakenValues,
    ValueDifference,
    WantedChanges,
)

_HANDLES_AT_ONCE = 5000


class DjangoCatalogue:
    """Implements `ports.Catalogue`."""

    def __init__(self, *, clock: Clock = timezone.now) -> None:
        self._clock = clock

    def source(self, name: str) -> SourceSettings:
        source, _ = Source.objects.get_or_create(name=name)
        return settings_of_source(source)

    def set_source(self, settings: SourceSettings) -> None:
        Source.objects.update_or_create(name=settings.name, defaults=source_columns(settings))

    def handles_of(self, source: str) -> Iterator[tuple[str, ...]]:
        has_variants = VariantRecord.objects.filter(product_id=OuterRef("pk"), is_gone=False)
        return _handles(ProductRecord.objects.filter(Exists(has_variants), source__name=source))

    def stated_besides(self, source: str) -> Iterator[tuple[str, ...]]:
        stated = VariantRecord.objects.filter(product_id=OuterRef("pk"), is_gone=False, quantity_source__name=source)
        return _handles(ProductRecord.objects.filter(Exists(stated)).exclude(source__name=source))

    def stop_stating(self, source: str, handles: Collection[str]) -> None:
        of_products = VariantRecord.objects.filter(product__handle__in=sql.among_texts(handles))
        of_products.filter(quantity_source__name=source).update(quantity_source=None)

    def brought_by(self, source: str, handles: Collection[str]) -> frozenset[str]:
        found = ProductRecord.objects.filter(source__name=source, handle__in=sql.among_texts(handles))
        return frozenset(found.values_list("handle", flat=True))

    def withdraw(self, handles: Collection[str]) -> list[SaleChange]:
        with transaction.atomic():
            of_products = VariantRecord.objects.filter(product__handle__in=list(handles), is_gone=False)
            found = dict(of_products.values_list("id", "sku"))
            lock_variants(found)
            identity.remove_variants(found.values(), at=self._clock())
            return withdrawn_of(found)

    def channel_names(self) -> list[str]:
        return list(Channel.objects.filter(archived_at__isnull=True).order_by("id").values_list("name", flat=True))

    def save(self, products: Sequence[Product], *, saying: Saying) -> ImportCounts:
        with transaction.atomic():
            _lock_variants(products)
            holders = _holders(products)
            _refuse_taken(products, holders)
            given = sql.among_texts(product.handle for product in products)
            read = read_products(ProductRecord.objects.filter(handle__in=given))
            known = {product.handle: product for product in read.values()}
            different = [
                product
                for product in products
                if product.handle not in known or not _is_same(known[product.handle], product)
            ]
            ids = {product.handle: product_id for product_id, product in read.items()}
            source_id = Source.objects.filter(name=saying.source).values_list("pk", flat=True).first()
            if source_id is not None:
                same = ids.keys() - {product.handle for product in different}
                _note_source([ids[handle] for handle in same], source_id)
            back = [sku for sku, holder in holders.items() if holder.is_gone]
            if back and saying.source:
                leave_to_others(back, source=saying.source)
            ids |= _save_products(different, saying, source_id=source_id)
            withdrawn: list[SaleChange] = []
            if different:
                forget_refusals([ids[product.handle] for product in different if product.handle in known])
                left = _products_left(different, holders)
                variants = _save_variants(different, ids, holders, saying, source_id=source_id)
                if known:
                    withdrawn = _mark_gone(different, ids, at=saying.at)
                _save_images(different, ids, variants, known)
                note_product_words({*(ids[product.handle] for product in different), *left})
            # What is made just now is made with its number.
            had_some = [variant for product in products for variant in product.variants if variant.sku in holders]
            quantities = {variant.sku: variant.quantity for product in known.values() for variant in product.variants}
            taken = take_numbers(had_some, saying, known=quantities)
            reordered = [
                product.handle
                for product in different
                if product.handle in known and is_reordered(known[product.handle], product)
            ]
        handles = {each.handle for each in different}
        counts = _counts(products, known, handles)
        differences, touched = _differences(products, handles, known, taken)
        return replace(
            counts,
            withdrawn=tuple(withdrawn),
            reordered=tuple(_with_pages(reordered)),
            contested=tuple(taken.contested),
            differences=differences,
            touched=touched,
        )

    def take_values(self, values: Sequence[SkuValues], *, saying: Saying) -> TakenValues:
        with transaction.atomic():
            found = VariantRecord.objects.filter(sku__in=sql.among_texts(each.sku for each in values), is_gone=False)
            known = {
                row["sku"]: row
                for row in found.values("id", "sku", "price", "is_priced", "quantity", "product_id", "product__handle")
            }
            given = [each for each in values if each.sku in known]
            lock_variants(row["id"] for row in known.values())
            otherwise = [
                each for each in given if each.price is not None and (each.price, True) != _price_of(known[each.sku])
            ]
            prices: dict[str, tuple[Decimal | None, Decimal]] = {}
            for each in otherwise:
                row = known[each.sku]
                assert each.price is not None
                prices[each.sku] = row["price"] if row["is_priced"] else None, each.price
            sql.update(
                VariantRecord,
                [{"id": known[sku]["id"], "price": price, "is_priced": True} for sku, (_, price) in prices.items()],
            )
            repriced = sorted({known[sku]["product_id"] for sku in prices})
            forget_refusals(repriced)
            _note_change(repriced, at=saying.at)
            quantities = {sku: row["quantity"] for sku, row in known.items()}
            taken = take_numbers(given, saying, known=quantities)
        changed = [each.sku for each in given if each.sku in prices or each.sku in taken.replaced]
        # Also those whose number is the same and said anew: it may know of more orders.
        handles = dict.fromkeys(known[sku]["product__handle"] for sku in [*prices, *sorted(taken.stated)])
        return TakenValues(
            ImportCounts(updated=len(changed), unchanged=len(given) - len(changed), contested=tuple(taken.contested)),
            tuple(handles),
            frozenset(each.sku for each in values if each.sku not in known),
            tuple(ValueDifference(sku, prices.get(sku), taken.replaced.get(sku)) for sku in changed),
        )

    def follow_sale(self, products: Sequence[Product]) -> list[SaleChange]:
        wanted = {product.handle: product.is_for_sale for product in products}
        found = ProductRecord.objects.filter(handle__in=sql.among_texts(wanted))
        known = found.values_list("id", "handle", "is_for_sale")
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

    def handles(self, *, after: str, limit: int) -> list[str]:
        found = ProductRecord.objects.filter(handle__gt=after).order_by("handle")
        return list(found.values_list("handle", flat=True)[:limit])

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
            left = VariantRecord.objects.filter(product_id=OuterRef("product_id"), is_gone=False)
            emptied = VariantRecord.objects.filter(~Exists(left), sku=before).values_list("product__handle", flat=True)
            identity.empty_products(list(emptied), at=self._clock())

    def by_handles(self, handles: Collection[str]) -> dict[str, Product]:
        found = read_products(ProductRecord.objects.filter(handle__in=handles))
        return {product.handle: product for product in found.values()}

    def gone_variants(self, skus: Collection[str]) -> dict[str, tuple[str, Variant]]:
        return read_gone_variants(skus)

    def made_by(self, run_id: int, *, after: int, limit: int) -> list[MadeProduct]:
        has_variants = VariantRecord.objects.filter(product_id=OuterRef("pk"), is_gone=False)
        rows = ProductRecord.objects.filter(Exists(has_variants), made_by_run=run_id, pk__gt=after).order_by("pk")
        found = rows.values_list("pk", "handle", "created_at", "updated_at")[:limit]
        return [MadeProduct(pk, handle, created_at == updated_at) for pk, handle, created_at, updated_at in found]

    def stated_quantities(self, skus: Collection[str]) -> dict[str, int | None]:
        return stated_quantities(skus)

    def restate(self, statements: Mapping[str, tuple[Statement, Statement]]) -> frozenset[str]:
        with transaction.atomic():
            lock_variants(VariantRecord.objects.filter(sku__in=statements).values_list("id", flat=True))
            return restate(statements) if statements else frozenset()

    def state(self, counts: Mapping[str, int], *, saying: Saying) -> None:
        with transaction.atomic():
            lock_variants(VariantRecord.objects.filter(sku__in=counts).values_list("id", flat=True))
            state_counts(counts, saying)

    def refresh_wanted(self, handles: Collection[str]) -> WantedChanges:
        with transaction.atomic():
            found = ProductRecord.objects.filter(handle__in=sql.among_texts(handles))
            ids = list(found.values_list("id", flat=True))
            return refresh_products(ids, at=self._clock())


def _handles(products: "QuerySet[ProductRecord]") -> Iterator[tuple[str, ...]]:
    after = 0
    while found := list(products.filter(pk__gt=after).order_by("pk").values_list("pk", "handle")[:_HANDLES_AT_ONCE]):
        yield tuple(handle for _, handle in found)
        after = found[-1][0]


class _Holder(NamedTuple):
    """The product whose variant has a SKU, or had it before it was gone."""

    product_id: int
    handle: str
    is_gone: bool


def _holders(products: Sequence[Product]) -> dict[str, _Holder]:
    """Say by SKU whose the variants of products are that the catalogue knows."""
    found = sql.fetch_rows(
        """
        SELECT variant.sku, variant.product_id, product.handle, variant.is_gone
        FROM given JOIN tradepost_variant AS variant ON variant.sku = given.sku
        JOIN tradepost_product AS product ON product.id = variant.product_id
        """,
        given=Rows.of_texts("sku", (variant.sku for product in products for variant in product.variants)),
    )
    return {row["sku"]: _Holder(row["product_id"], row["handle"], bool(row["is_gone"])) for row in found}


def _refuse_taken(products: Sequence[Product], holders: Mapping[str, _Holder]) -> None:
    handles = {variant.sku: product.handle for product in products for variant in product.variants}
    for sku, holder in holders.items():
        if not holder.is_gone and holder.handle != handles[sku]:
            raise RowRefused(
                f"The SKU {sku!r} of product {handles[sku]!r} belongs to product {holder.handle!r} already.", line=0
            )


def _note_source(product_ids: Collection[int], source_id: int) -> None:
    """Note who brought these last: from this source alone they can be absent."""
    sql.execute(
        """
        UPDATE tradepost_product SET source_id = %s FROM brought
        WHERE tradepost_product.id = brought.id
          AND (tradepost_product.source_id IS NULL OR tradepost_product.source_id <> %s)
        """,
        source_id,
        source_id,
        brought=Rows.of_ids(product_ids),
    )


def _lock_variants(products: Sequence[Product]) -> None:
    """
    Lock all that may be written, by id as whoever sights orders does: in a file's order, two would wait for each other.
    """
    if not connection.features.has_select_for_update:
        return
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


def _price_of(row: Mapping[str, object]) -> tuple[object, object]:
    return row["price"], row["is_priced"]


# All but the quantity, which is saved apart.
_OF_NUMBER = frozenset({"quantity", "counted_at", "orders_through"})
_OF_VARIANT = attrgetter(*(each.name for each in fields(Variant) if each.name not in _OF_NUMBER))
_OF_PRODUCT = attrgetter(*(each.name for each in fields(Product) if each.name != "variants"))


def _is_same(known: Product, product: Product) -> bool:
    """Compare them without quantities, in whatever order a file names the variants."""
    if _OF_PRODUCT(known) != _OF_PRODUCT(product) or len(known.variants) != len(product.variants):
        return False
    before = {variant.sku: variant for variant in known.variants}
    return all(
        variant.sku in before and _OF_VARIANT(before[variant.sku]) == _OF_VARIANT(variant)
        for variant in product.variants
    )


def _differences(
    products: Sequence[Product], different: Collection[str], known: Mapping[str, Product], taken: TakenNumbers
) -> tuple[tuple[ProductDifference, ...], frozenset[str]]:
    """Say which products were changed, and of which a listing may have to show something else."""
    differences: list[ProductDifference] = []
    touched: set[str] = set()
    for product in products:
        skus = [variant.sku for variant in product.variants]
        replaced = {sku: taken.replaced[sku] for sku in skus if sku in taken.replaced} if taken.replaced else {}
        if product.handle in different or replaced:
            differences.append(ProductDifference(known.get(product.handle), product, replaced))
        if product.handle in different or not taken.stated.isdisjoint(skus):
            touched.add(product.handle)
    return tuple(differences), frozenset(touched)


def _counts(products: Sequence[Product], known: Mapping[str, Product], different: Collection[str]) -> ImportCounts:
    created = updated = unchanged = 0
    for product in products:
        old = known.get(product.handle)
        if old is None:
            created += 1 + len(product.variants)
            continue
        may_differ = product.handle in different
        is_same = [not may_differ or _OF_PRODUCT(old) == _OF_PRODUCT(product)]
        variants = {variant.sku: variant for variant in old.variants}
        for variant in product.variants:
            before = variants.get(variant.sku)
            if before is None:
                created += 1
            else:
                has_same_quantity = variant.quantity is None or before.quantity == variant.quantity
                is_same.append(has_same_quantity and (not may_differ or _OF_VARIANT(before) == _OF_VARIANT(variant)))
        unchanged += sum(is_same)
        updated += len(is_same) - sum(is_same)
    return ImportCounts(created, updated, unchanged)


def _note_change(product_ids: Collection[int], *, at: datetime) -> None:
    """Note that something of these was changed since they were made."""
    if product_ids:
        ProductRecord.objects.filter(id__in=sql.among_ids(product_ids)).update(updated_at=at)


def _save_products(products: Sequence[Product], saying: Saying, *, source_id: int | None) -> dict[str, int]:
    at = saying.at
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
            }
            for product in products
        ],
        unique=("handle",),
        constants={
            "made_by_run": saying.run_id,
            "created_at": at,
            "updated_at": at,
            **({"source_id": source_id} if source_id is not None else {}),
        },
        keep=("created_at", "made_by_run"),
        returning=("handle", "id"),
    )
    return {row["handle"]: row["id"] for row in saved}


def _products_left(products: Sequence[Product], holders: Mapping[str, _Holder]) -> set[int]:
    """Those whose variants these products are about to take over."""
    handles = {variant.sku: product.handle for product in products for variant in product.variants}
    return {
        holder.product_id
        for sku, handle in handles.items()
        if (holder := holders.get(sku)) is not None and holder.handle != handle
    }


_OF_ARTICLE = [each.name for each in fields(Variant) if each.name not in {*_OF_NUMBER, "image"}]
_ARTICLE = attrgetter(*_OF_ARTICLE)
_VARIANT_COLUMNS = ("product_id", *_OF_ARTICLE, *FirstStatement._fields)


def _save_variants(
    products: Sequence[Product],
    ids: Mapping[str, int],
    holders: Mapping[str, _Holder],
    saying: Saying,
    *,
    source_id: int | None,
) -> dict[str, int]:
    """
    Save the variants, and free what had left with them; returns their ids by SKU.

    New ones begin with what is stated of them; of all others that is left as it is.
    """
    saved = sql.upsert(
        VariantRecord,
        [
            # A million of them come in.
            dict(
                zip(
                    _VARIANT_COLUMNS,
                    (ids[product.handle], *_ARTICLE(variant), *first_statement(variant, saying, source_id=source_id)),
                    strict=True,
                )
            )
            for product in products
            for variant in product.variants
        ],
        unique=("sku",),
        keep=FirstStatement._fields,
        constants={"is_gone": False},
        returning=("sku", "id"),
    )
    variants: dict[str, int] = {row["sku"]: row["id"] for row in saved}
    # A variant that came back frees the listings that its leaving had orphaned, and no others.
    back = sql.fetch_numbers(
        """
        UPDATE tradepost_listing SET is_orphaned = false
        FROM back WHERE is_orphaned AND NOT is_left_out AND tradepost_listing.variant_id = back.id
        RETURNING tradepost_listing.id
        """,
        back=Rows.of_ids(variant_id for sku, variant_id in variants.items() if sku in holders),
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


def _save_images(
    products: Sequence[Product], ids: Mapping[str, int], variants: Mapping[str, int], known: Collection[str]
) -> None:
    """Save the images anew; `known`: the handles of those that may have some already."""
    before = [ids[product.handle] for product in products if product.handle in known]
    if before:
        ImageRecord.objects.filter(product_id__in=before).delete()
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
