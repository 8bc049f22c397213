"""Products read from the database into the domain's values, in batches."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet

from tradepost.database import sql
from tradepost.database.models import ImageRecord, ProductRecord, VariantRecord
from tradepost.domain.catalogue.catalogue import Product, SourceImage, Variant

_OF_PRODUCT = (
    *("id", "handle", "title", "description", "option_names"),
    *("brand", "category", "tags", "page_title", "is_for_sale"),
)
_OF_IMAGE = ("variant_id", "source", "position", "alt")
_IN_ORDER = ("position", "id")
_OF_VARIANT = (
    *("id", "sku", "options", "price", "is_priced", "quantity", "position", "msrp", "cost", "barcode", "mpn"),
    *("length", "width", "height", "weight_grams", "taxable", "sku_made_up", "sells_without_stock"),
)


def products_by_id(ids: Collection[int]) -> dict[int, Product]:
    """Load products with the variants that they still have."""
    return read_products(ProductRecord.objects.filter(id__in=ids))


def read_products(rows: "QuerySet[ProductRecord]", *, as_left: bool = False) -> dict[int, Product]:
    """
    Turn products into the domain's values, by id; four queries whatever their number.

    `as_left`: those that the catalogue has no more with all the variants that they had.
    """
    ids = list(rows.values_list("id", flat=True))
    if not ids:
        return {}
    of_product: dict[int, list[SourceImage]] = defaultdict(list)
    of_variant: dict[int, SourceImage] = {}
    images = sql.read_values(ImageRecord, ("id", "product_id", *_OF_IMAGE), ids, by="product_id")
    for _, product_id, variant_id, source, position, alt in sorted(images, key=itemgetter(0)):
        image = SourceImage(source=source, position=position, alt=alt)
        if variant_id is None:
            of_product[product_id].append(image)
        else:
            of_variant[variant_id] = image
    variants: dict[int, list[Variant]] = defaultdict(list)
    gone: dict[int, list[Variant]] = defaultdict(list)
    found = sql.read_values(VariantRecord, (*_IN_ORDER, "product_id", "is_gone", *_OF_VARIANT), ids, by="product_id")
    for _, _, product_id, is_gone, *values in sorted(found, key=itemgetter(0, 1)):
        if as_left or not is_gone:
            (gone if is_gone else variants)[product_id].append(_variant(values, of_variant))
    products = {values[0]: values for values in sql.read_values(ProductRecord, _OF_PRODUCT, ids, by="id")}
    return {each: _product(products[each], variants[each] or gone[each], of_product[each]) for each in ids}


def _product(values: Sequence[Any], variants: Sequence[Variant], images: Sequence[SourceImage]) -> Product:
    _, handle, title, description, option_names, brand, category, tags, page_title, is_for_sale = values
    return Product(
        handle=handle,
        title=title,
        description=description,
        variants=tuple(variants),
        option_names=tuple(option_names),
        brand=brand,
        category=tuple(category),
        tags=tuple(tags),
        page_title=page_title,
        images=tuple(images),
        is_for_sale=is_for_sale,
    )


def read_gone_variants(skus: Collection[str]) -> dict[str, tuple[str, Variant]]:
    """Return those of these that the catalogue has no more as they were when they left, with their product's handle."""
    rows = VariantRecord.objects.filter(sku__in=list(skus), is_gone=True)
    images = {
        variant_id: SourceImage(source=source, position=position, alt=alt)
        for variant_id, source, position, alt in ImageRecord.objects.filter(variant__in=rows).values_list(*_OF_IMAGE)
    }
    found = [
        (handle, _variant(values, images)) for handle, *values in rows.values_list("product__handle", *_OF_VARIANT)
    ]
    return {variant.sku: (handle, variant) for handle, variant in found}


def _variant(values: Sequence[Any], images: Mapping[int, SourceImage]) -> Variant:
    (
        variant_id,
        sku,
        options,
        price,
        is_priced,
        quantity,
        position,
        msrp,
        cost,
        barcode,
        mpn,
        length,
        width,
        height,
        weight_grams,
        taxable,
        sku_made_up,
        sells_without_stock,
    ) = values
    return Variant(
        sku=sku,
        options=tuple(options),
        price=price,
        is_priced=is_priced,
        quantity=quantity,
        position=position,
        msrp=msrp,
        cost=cost,
        barcode=barcode,
        mpn=mpn,
        length=length,
        width=width,
        height=height,
        weight_grams=weight_grams,
        taxable=taxable,
        image=images.get(variant_id),
        sku_made_up=sku_made_up,
        sells_without_stock=sells_without_stock,
    )
