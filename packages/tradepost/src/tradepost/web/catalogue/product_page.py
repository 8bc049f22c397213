"""A product's page: its variants, for how much, how many there are, and how each stands on each channel."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import reverse

from tradepost.database.models import ProductRecord, VariantRecord
from tradepost.web.catalogue.product_deeds import PRODUCT_DEEDS
from tradepost.web.listings.rows import RowOfListing, rows_of, with_all_of_a_row
from tradepost.web.rights import may

_SHOWN_VARIANTS = 300


@dataclass(frozen=True, slots=True)
class ShownVariant:
    """A sellable combination, with its listing on each channel."""

    variant: VariantRecord
    options: Sequence[tuple[str, str]]
    listings: Sequence[RowOfListing]

    @property
    def of(self) -> str:
        """Its SKU as an address has it."""
        return quote(self.variant.sku, safe="")


def product_context(request: HttpRequest, product: ProductRecord) -> dict[str, Any]:
    found = list(product.variants.order_by("is_gone", "position", "pk")[: _SHOWN_VARIANTS + 1])
    shown = found[:_SHOWN_VARIANTS]
    pages, of_variants = _listings(product, shown)
    return {
        "product": product,
        "category": " / ".join(product.category),
        "variants": [
            ShownVariant(
                each,
                [pair for pair in zip(product.option_names, each.options, strict=False) if pair[1]],
                of_variants.get(each.pk, ()),
            )
            for each in shown
        ],
        "pages": pages,
        "are_more": len(found) > _SHOWN_VARIANTS,
        "has_variants": any(not each.is_gone for each in shown),
        "deeds": list(_offered(request, product)),
        "may_rename": may(request, "catalogue rename"),
        "may_merge": may(request, "catalogue merge"),
        "may_remove": may(request, "catalogue remove"),
        "deed_address": {
            name: reverse("admin:tradepost_productrecord_deed", args=[product.pk, name]) for name in PRODUCT_DEEDS
        },
    }


def _offered(request: HttpRequest, product: ProductRecord) -> Iterator[tuple[str, str]]:
    """What can be done with the product as a whole: a label and an address."""
    for name in ("rename", "remove"):
        if may(request, PRODUCT_DEEDS[name].act):
            address = reverse("admin:tradepost_productrecord_deed", args=[product.pk, name])
            yield PRODUCT_DEEDS[name].of_product, address


def _listings(
    product: ProductRecord, variants: Sequence[VariantRecord]
) -> tuple[list[RowOfListing], dict[int, list[RowOfListing]]]:
    """Read the listings of a product once: the pages of its family, and those of each variant."""
    listings = product.listings.filter(channel__archived_at__isnull=True).order_by("channel__name", "pk")
    parents = list(with_all_of_a_row(listings.filter(kind="parent")))
    others = list(with_all_of_a_row(listings.filter(variant__in=variants)))
    variant_of = {each.pk: each.variant_id for each in others}
    by_variant: defaultdict[int, list[RowOfListing]] = defaultdict(list)
    pages: list[RowOfListing] = []
    for row in rows_of([*parents, *others]):
        variant_id = variant_of.get(row.id)
        if variant_id is None:
            pages.append(row)
        else:
            by_variant[variant_id].append(row)
    return pages, by_variant
