"""Small pictures of what lists and pages are about, of what the hub keeps; a page loads nothing from elsewhere."""

from collections.abc import Collection

from django.db.models import Min, Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tradepost import wiring
from tradepost.database.models import ImageRecord
from tradepost.web.format import NOTHING

Pictured = tuple[int, int | None]
"""A product, and the variant of it that is meant."""


def pictures(things: Collection[Pictured]) -> dict[Pictured, str]:
    """
    Return the address of a variant's own image, else of its product's first; none of what the hub keeps no file of.

    Read by two statements, however many they are.
    """
    products = {product for product, _ in things}
    variants = {variant for _, variant in things if variant is not None}
    firsts = ImageRecord.objects.filter(product_id__in=products).values("product_id").annotate(first=Min("pk"))
    numbers = dict(firsts.values_list("product_id", "first"))
    of_these = Q(pk__in=list(numbers.values())) | Q(variant_id__in=variants)
    sources: dict[int, str] = {}
    own: dict[int | None, str] = {}
    for key, owner, source in ImageRecord.objects.filter(of_these).values_list("pk", "variant_id", "source"):
        sources[key] = source
        own[owner] = source
    kept = wiring.images.kept_images(sources.values())
    found: dict[Pictured, str] = {}
    for product, variant in things:
        first = sources.get(numbers.get(product, 0), "")
        source = first if variant is None or own.get(variant, "") not in kept else own[variant]
        if source in kept:
            found[product, variant] = reverse("admin:tradepost_productrecord_image", args=[kept[source]])
    return found


def shown_picture(address: str) -> SafeString:
    """The picture at this address of ours; where there is none, its place is kept."""
    if not address:
        return format_html(
            '<span class="no-thumbnail" title="No picture is kept yet" aria-hidden="true">{}</span>', NOTHING
        )
    return format_html('<img class="thumbnail" src="{}" alt="" loading="lazy" width="44" height="44">', address)
