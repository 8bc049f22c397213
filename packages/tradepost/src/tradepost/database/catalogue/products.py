"""Products read from the database into the domain's values, in batches."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from tradepost.database.models import ImageRecord, ProductRecord, VariantRecord
from tradepost.domain.catalogue import Product, SourceImage, Variant


def products_by_id(ids: Collection[int]) -> dict[int, Product]:
    """Load products with the variants that they still have."""
    return read_products(ProductRecord.objects.filter(id__in=ids))


def read_products(rows: Iterable[ProductRecord]) -> dict[int, Product]:
    """Turn products into the domain's values, by id; three queries whatever their number."""
    products = list(rows)
    ids = [product.pk for product in products]
    of_product: dict[int, list[SourceImage]] = defaultdict(list)
    of_variant: dict[int, SourceImage] = {}
    for product_id, variant_id, source, position, alt in (
        ImageRecord.objects.filter(product_id__in=ids)
        .order_by("id")
        .values_list("product_id", "variant_id", "source", "position", "alt")
    ):
        image = SourceImage(source=source, position=position, alt=alt)
        if variant_id is None:
            of_product[product_id].append(image)
        else:
            of_variant[variant_id] = image
    variants: dict[int, list[Variant]] = defaultdict(list)
    for row in VariantRecord.objects.filter(product_id__in=ids, is_gone=False).order_by("position", "id"):
        variants[row.product_id].append(_variant(row, of_variant.get(row.pk)))
    return {
        product.pk: Product(
            handle=product.handle,
            title=product.title,
            description=product.description,
            variants=tuple(variants[product.pk]),
            option_names=tuple(product.option_names),
            brand=product.brand,
            category=tuple(product.category),
            tags=tuple(product.tags),
            page_title=product.page_title,
            images=tuple(of_product[product.pk]),
            is_for_sale=product.is_for_sale,
        )
        for product in products
    }


def read_gone_variants(skus: Collection[str]) -> dict[str, tuple[str, Variant]]:
    """Return those of these that the catalogue has no more as they were when they left, with their product's handle."""
    rows = VariantRecord.objects.filter(sku__in=list(skus), is_gone=True).select_related("product")
    images = {
        variant_id: SourceImage(source=source, position=position, alt=alt)
        for variant_id, source, position, alt in ImageRecord.objects.filter(variant__in=rows).values_list(
            "variant_id", "source", "position", "alt"
        )
    }
    return {row.sku: (row.product.handle, _variant(row, images.get(row.pk))) for row in rows}


def _variant(row: VariantRecord, image: SourceImage | None) -> Variant:
    return Variant(
        sku=row.sku,
        options=tuple(row.options),
        price=row.price,
        is_priced=row.is_priced,
        quantity=row.quantity,
        position=row.position,
        msrp=row.msrp,
        cost=row.cost,
        barcode=row.barcode,
        mpn=row.mpn,
        length=row.length,
        width=row.width,
        height=row.height,
        weight_grams=row.weight_grams,
        taxable=row.taxable,
        image=image,
        sku_made_up=row.sku_made_up,
        sells_without_stock=row.sells_without_stock,
    )
