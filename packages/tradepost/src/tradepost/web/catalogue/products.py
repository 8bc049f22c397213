"""The table of the catalogue's products: what each is sold for, how many there are, and on which channels."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from tradepost import wiring
from tradepost.database.models import Channel, Listing, ProductRecord, VariantRecord, with_attentions
from tradepost.database.search import Search
from tradepost.domain.listings.listing import Health
from tradepost.web.catalogue.list_on_channel import ASKED_NAMES, list_on_channel
from tradepost.web.catalogue.pictures import pictures, shown_picture
from tradepost.web.catalogue.product_deeds import product_deed
from tradepost.web.catalogue.product_page import product_context
from tradepost.web.format import NOTHING, STATUS_COLOURS, amount, whole
from tradepost.web.listings.rows import status_of
from tradepost.web.rights import asks, need
from tradepost.web.shell.channels import channels_in_use
from tradepost.web.shell.page import page
from tradepost.web.site import site
from tradepost.web.tables.columns import RelatedDropdownFilter, YesNoFilter, column
from tradepost.web.tables.empty_list import EmptyList, NextStep
from tradepost.web.tables.keyset import AFTER, BEFORE, SORT, KeysetChangeList
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable
from tradepost.web.tables.row_numbers import needed_row_number

THUMBNAIL_PIXELS = 176
_CHECKSUM = re.compile("[0-9a-f]{64}")
_A_YEAR = 365 * 24 * 3600


class ForSaleFilter(YesNoFilter):
    """Asks for one of one value: SQLite looks up no index for what is *not* so."""

    heading = "For sale"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        asked = self.value()
        if asked not in {"0", "1"}:
            found: QuerySet[Any] | None = super().queryset(request, queryset)
            return found
        return queryset.filter(is_for_sale__in=[asked == "1"])


class ProductPage(KeysetChangeList):
    """A page of products; what it shows of their variants, images and listings is read once for all of them."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in ASKED_NAMES}

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Sequence[Any] = self.result_list
        keys = [row.pk for row in rows]
        figures, channels = _figures(keys), _channels(keys, channels_in_use(request))
        seen = pictures({(key, None) for key in keys})
        for row in rows:
            row.figures = figures.get(row.pk, {})
            row.image = seen.get((row.pk, None), "")
            row.on_channels = channels.get(row.pk, ())


@admin.register(ProductRecord, site=site)
class ProductTable(ReadOnlyTable):
    """Products of the catalogue."""

    act = "catalogue list"
    list_display = ("picture", "product", "brand", "prices", "stock", "channels", "is_for_sale")
    list_display_links = ("product",)
    list_filter = (("is_for_sale", ForSaleFilter), ("source", RelatedDropdownFilter))
    search_fields = ("handle",)
    search_help_text = "Pieces of a handle, a SKU or the title"
    sorted_by = {"product": "handle"}
    actions = ("list_on",)
    empty = EmptyList(
        "There is no product yet. Import a file that you have, or let a source fetch one; a preview says first what "
        "would change.",
        (
            NextStep("Import a file", "tradepost_upload_add", "catalogue import"),
            NextStep("Add a source", "tradepost_source_add", "source add"),
        ),
    )

    class Media:
        css = {"all": ("back_office/catalogue.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:  # noqa: ARG002 Django's form
        return ProductPage

    def own_pages(self) -> OwnPages:
        return {
            "tradepost_productrecord_list_on": ("list-on/", self.list_on_view),
            "tradepost_productrecord_deed": ("<int:product_id>/deed/<slug:deed>/", product_deed),
        }

    def get_urls(self) -> list[Any]:
        # A browser may keep it.
        image = self.admin_site.admin_view(self.image_view, cacheable=True)
        return [path("image/<str:checksum>/", image, name="tradepost_productrecord_image"), *super().get_urls()]

    @asks("listings build", "List on a channel…")
    def list_on(self, request: HttpRequest, queryset: QuerySet[ProductRecord]) -> HttpResponse:
        """Lead to the preview; what fits the list is named by its filter, however many they are."""
        address = reverse("admin:tradepost_productrecord_list_on")
        if request.POST.get("select_across") == "1":
            meant = request.GET.copy()
            for name in (AFTER, BEFORE, SORT):
                meant.pop(name, None)
            meant["all"] = "1"
            return redirect(f"{address}?{meant.urlencode()}")
        keys = list(queryset.order_by("pk").values_list("pk", flat=True))
        return redirect(f"{address}?{urlencode({'id': keys}, doseq=True)}")

    def list_on_view(self, request: HttpRequest) -> HttpResponse:
        """Show what would be listed on a channel; posted, list it."""
        rows: QuerySet[ProductRecord] = self.get_changelist_instance(request).get_queryset(request)
        return list_on_channel(request, rows)

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show a product with its variants and how each stands on each channel."""
        need(request, self.act)
        product = get_object_or_404(ProductRecord.objects.select_related("source"), pk=needed_row_number(key))
        image = pictures({(product.pk, None)}).get((product.pk, None), "")
        shown = product_context(request, product)
        return page(request, "back_office/catalogue/product.html", title=product.title, image=image, **shown)

    def image_view(self, request: HttpRequest, checksum: str) -> HttpResponse:
        """Give a small picture of an image that the hub keeps; it is named by its content, so it never changes."""
        need(request, self.act)
        content = wiring.images.thumbnail(checksum, side=THUMBNAIL_PIXELS) if _CHECKSUM.fullmatch(checksum) else None
        if content is None:
            raise Http404
        answer = HttpResponse(content, content_type="image/jpeg")
        answer["Cache-Control"] = f"private, max-age={_A_YEAR}, immutable"
        return answer

    @column("Picture")
    def picture(self, row: Any) -> SafeString:
        return shown_picture(row.image)

    @column("Product", two_lines=True)
    def product(self, row: Any) -> list[str]:
        number_of = row.figures.get("number", 0)
        return [row.title, f"{row.handle}, {number_of:,} variants" if row.option_names else row.handle]

    @column("Price")
    def prices(self, row: Any) -> SafeString:
        lowest, highest = row.figures.get("lowest"), row.figures.get("highest")
        if lowest == highest:
            return amount(lowest)
        return format_html("{} {} {}", amount(lowest), NOTHING, amount(highest))

    @column("Stock")
    def stock(self, row: Any) -> SafeString | str:
        known, number_of = row.figures.get("stated", 0), row.figures.get("number", 0)
        if not known:
            return "unknown" if number_of else NOTHING
        unknown = number_of - known
        pieces = whole(row.figures["pieces"])
        return format_html("{}, {} unknown", pieces, whole(unknown)) if unknown else pieces

    @column("Channels")
    def channels(self, row: Any) -> SafeString | str:
        return format_html_join(" ", '<span class="on-channel on-channel-{}">{}: {}</span>', row.on_channels) or NOTHING

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django's form
        queryset: QuerySet[ProductRecord],
        search_term: str,
    ) -> tuple[QuerySet[ProductRecord], bool]:
        return Search(search_term).products(queryset), False


def _figures(keys: Collection[int]) -> dict[int, dict[str, Any]]:
    """Sum up the variants of each product that are not gone; a price that nobody gave is none."""
    rows = VariantRecord.objects.filter(product_id__in=keys, is_gone=False).values("product_id")
    found = rows.annotate(
        number=Count("pk"),
        lowest=Min("price", filter=Q(is_priced=True)),
        highest=Max("price", filter=Q(is_priced=True)),
        pieces=Sum("quantity"),
        stated=Count("quantity"),
    )
    return {row["product_id"]: dict(row) for row in found}


def _channels(keys: Collection[int], channels: Collection[Channel]) -> dict[int, list[tuple[str, str, str]]]:
    """Return colour, channel and status of each product's page on each of these channels."""
    names = {channel.pk: channel.name for channel in channels}
    # What has no parent is looked for by its product: SQLite would rather read all of a catalogue that have none.
    rows = Listing.objects.alias(within=Coalesce(F("parent_id"), 0)).filter(product_id__in=keys, within=0)
    found: defaultdict[int, dict[str, Listing]] = defaultdict(dict)
    for listing in with_attentions(rows.filter(channel_id__in=names)):
        of_product, channel = found[listing.product_id], names[listing.channel_id]
        # One that is to be sold in several pages is there where one of them is.
        if listing.health == Health.LISTED.value or channel not in of_product:
            of_product[channel] = listing
    return {
        key: [
            (STATUS_COLOURS[status], channel, status.value)
            for channel, listing in sorted(listings.items())
            for status in [status_of(listing, listing.noted)]
        ]
        for key, listings in found.items()
    }
