"""The catalogue: products and their variants, whatever channel they are sold on."""

from django.db import models

from tradepost.database.fields import MeasureField, MoneyField, WeightField
from tradepost.database.models.source import Source


class ProductRecord(models.Model):
    """
    A family, or a single article with one variant. Lists are JSON in the order of the domain's tuples.

    `source`: the one that brought it last, from which alone it can be absent. `made_by_run`: the run that brought it
    first, a plain number; that of a million products is no million changes in the history.
    """

    source = models.ForeignKey(
        # Its indexes are below.
        Source,
        on_delete=models.SET_NULL,
        related_name="products",
        null=True,
        blank=True,
        db_index=False,
    )
    handle = models.CharField(max_length=255, unique=True)
    title = models.CharField(max_length=1000)
    description = models.TextField(blank=True)
    brand = models.CharField(max_length=255, blank=True)
    category = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)
    option_names = models.JSONField(default=list, blank=True)
    page_title = models.CharField(max_length=1000, blank=True)
    is_for_sale = models.BooleanField(default=True)
    made_by_run = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "tradepost_product"
        verbose_name = "product"
        constraints = [models.CheckConstraint(condition=~models.Q(handle=""), name="product_has_a_handle")]
        indexes = [
            # Lists of what is for sale, and of what is not.
            models.Index(fields=["is_for_sale", "id"], name="product_by_sale"),
            # Lists of what a source has brought, of what of it is for sale or not, and by handle.
            models.Index(fields=["source", "id"], name="product_by_source"),
            models.Index(fields=["source", "is_for_sale", "id"], name="product_by_source_and_sale"),
            models.Index(fields=["source", "handle"], name="product_by_source_and_handle"),
        ]

    def __str__(self) -> str:
        return self.handle


class VariantRecord(models.Model):
    """
    One sellable combination.

    `quantity` is the last statement of how many there are, made by `stated_by` (a source) at `stated_at`;
    `source_quantity` the last number that the source gave, whether it was a statement or not; `quantity_source` is that
    source, the only one that states this quantity. A variant that `is_gone`
    is not in the catalogue any more.
    """

    product = models.ForeignKey(ProductRecord, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=255, unique=True)
    options = models.JSONField(default=list, blank=True)
    position = models.IntegerField()
    price = MoneyField()
    # Its source gives no price that can be read; `price` is the last one that it gave.
    is_priced = models.BooleanField(default=True)
    msrp = MoneyField(null=True, blank=True)
    cost = MoneyField(null=True, blank=True)
    quantity = models.IntegerField(null=True, blank=True)
    source_quantity = models.IntegerField(null=True, blank=True)
    quantity_source = models.ForeignKey(Source, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)
    stated_by = models.CharField(max_length=255, blank=True)
    stated_at = models.DateTimeField(null=True, blank=True)
    barcode = models.CharField(max_length=255, blank=True)
    mpn = models.CharField(max_length=255, blank=True)
    length = MeasureField(null=True, blank=True)
    width = MeasureField(null=True, blank=True)
    height = MeasureField(null=True, blank=True)
    weight_grams = WeightField(null=True, blank=True)
    taxable = models.BooleanField(default=True)
    sells_without_stock = models.BooleanField(default=False)
    sku_made_up = models.BooleanField(default=False)
    is_gone = models.BooleanField(default=False)

    class Meta:
        db_table = "tradepost_variant"
        verbose_name = "variant"
        constraints = [
            models.CheckConstraint(condition=~models.Q(sku=""), name="variant_has_a_sku"),
            models.CheckConstraint(
                condition=models.Q(quantity__isnull=True) | models.Q(stated_at__isnull=False),
                name="variant_statement_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.sku


class ImageRecord(models.Model):
    """An image as the catalogue names it; of a variant, or of the product as a whole. Their order is that of ids."""

    product = models.ForeignKey(ProductRecord, on_delete=models.CASCADE, related_name="images")
    variant = models.ForeignKey(VariantRecord, on_delete=models.CASCADE, related_name="images", null=True, blank=True)
    source = models.TextField()
    position = models.IntegerField()
    alt = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["variant"], condition=models.Q(variant__isnull=False), name="image_once_per_variant"
            )
        ]

    def __str__(self) -> str:
        return self.source
