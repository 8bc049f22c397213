"""Write the reference of catalogue files: .venv/bin/python docs/reference/write_catalogue_files.py"""

from collections.abc import Mapping
from pathlib import Path

from tradepost.catalogues import miva_flat, sku_values, template

HEAD = """# Catalogue files

What `tradepost catalogue import` and a source read, written by `write_catalogue_files.py` from the formats themselves.

A file is recognised by its header; `--format` names its layout where that is not enough. CSV files are in UTF-8, with a
header row, and with commas, semicolons or tabs. Numbers are written as 1234.50. Columns that are not named here are
passed over, and their order does not matter. A row that can't be used is refused with its line, and the rest is read.

A file of products says all of each product that it has: an empty cell is an empty value, and a variant that its family
has no more is taken off sale. A price that is missing stays as it was, and a quantity that is missing says nothing.
What becomes of products that it does not have is [a matter of its source](../how-to/sources.md).

## template: the hub's own layout

A row for each product, and for a family one for each of its variants, in any order. `tradepost catalogue template`
prints a file to begin with:

```
{example}```

| column | what it says |
|---|---|
{template}
## skus: prices and quantities

A row for each SKU that the catalogue has; nothing else of it is touched. A SKU that the catalogue does not have is
refused with its line, and an empty cell leaves alone what it is about.

| column | what it says |
|---|---|
{skus}
## jsonl: JSON lines

An object on each line, with the names of the template's columns. Numbers and truths may be written as such, `options`
as an object, and `categories`, `tags` and `images` as lists. Where the first object has neither `name` nor `parent`,
the file is one of SKUs with price or quantity.

```
{{"sku": "TEE", "name": "Cotton Tee", "categories": ["Men", "Shirts"]}}
{{"sku": "TEE-S", "parent": "TEE", "options": {{"Size": "S"}}, "price": 15.00, "quantity": 6}}
```

## miva: Miva's flat file of products

As a store exports it. It has no options, so each row is a product without any; families are better read from the store
itself. A weight is in a unit that only the store knows, and is passed over.

| column | what it is in the catalogue |
|---|---|
{miva}
## shopify: Shopify's product export

A row for each variant or image, the product's own fields in its first row: `Handle`, `Title` and `Variant Price` are
needed.
"""


def text() -> str:
    return HEAD.format(
        example=template.text(),
        template=_table(template.COLUMNS),
        skus=_table(sku_values.COLUMNS),
        miva=_table(miva_flat.COLUMNS),
    )


def _table(columns: Mapping[str, str]) -> str:
    return "".join(f"| `{name}` | {about.replace('|', chr(92) + '|')} |\n" for name, about in columns.items())


def main() -> None:
    Path(__file__).with_name("catalogue-files.md").write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
