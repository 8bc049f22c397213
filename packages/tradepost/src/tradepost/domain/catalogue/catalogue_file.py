"""The layouts of catalogue files, by the names that people give them."""

from enum import StrEnum


class CatalogueForm(StrEnum):
    """`template` is the hub's own; `skus` says the price or the quantity of what the catalogue has already."""

    SHOPIFY = "shopify"
    TEMPLATE = "template"
    SKUS = "skus"
    JSON_LINES = "jsonl"
    MIVA = "miva"
