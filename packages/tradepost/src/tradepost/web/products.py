"""The table of the catalogue's products, with their variants."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tradepost.database.models import ProductRecord, VariantRecord
from tradepost.database.search import found_products
from tradepost.web.columns import column
from tradepost.web.format import NOTHING, money, number
from tradepost.web.read_only import ReadOnlyRows, ReadOnlyTable
from tradepost.web.site import site


class Variants(ReadOnlyRows):
    """The sellable combinations of a product."""

    model = VariantRecord
    fields = ("sku", "choices", "price_text", "quantity_text", "barcode", "is_gone")
    readonly_fields = fields

    @column("Options")
    def choices(self, row: VariantRecord) -> str:
        return ", ".join(row.options) or NOTHING

    @column("Price")
    def price_text(self, row: VariantRecord) -> str:
        return money(row.price)

    @column("Quantity")
    def quantity_text(self, row: VariantRecord) -> str:
        return number(row.quantity)


@admin.register(ProductRecord, site=site)
class ProductTable(ReadOnlyTable):
    """Products of the catalogue."""

    act = "catalogue list"
    list_display = ("handle", "title", "brand", "path", "is_for_sale")
    list_filter = ("is_for_sale",)
    search_fields = ("handle",)
    search_help_text = "Pieces of a handle, a SKU or the title"
    sorted_by = {"handle": "handle"}
    inlines = (Variants,)
    fields = ("handle", "title", "brand", "path", "is_for_sale", "page_title", "updated_at")
    readonly_fields = ("path",)

    @column("Category")
    def path(self, row: ProductRecord) -> str:
        return " / ".join(row.category) or NOTHING

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django\'s form
        queryset: QuerySet[ProductRecord],
        search_term: str,
    ) -> tuple[QuerySet[ProductRecord], bool]:
        return found_products(queryset, search_term), False
