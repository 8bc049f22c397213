"""
What products and orders are found by: all words that a search looks in, in one text each, with an index of their
pieces. See `database.search`, which writes and reads them.
"""

from django.db import models

from tradepost.database.models.catalogue import ProductRecord
from tradepost.database.models.order import Order


class ProductWords(models.Model):
    """Handle, title and SKUs of a product, and the codes of its listings."""

    product = models.OneToOneField(ProductRecord, on_delete=models.CASCADE, primary_key=True, related_name="words")
    words = models.TextField()

    class Meta:
        verbose_name_plural = "product words"

    def __str__(self) -> str:
        return self.words


class OrderWords(models.Model):
    """Number of an order, and SKUs and codes of its lines; nothing of who ordered."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="words")
    words = models.TextField()

    class Meta:
        verbose_name_plural = "order words"

    def __str__(self) -> str:
        return self.words
