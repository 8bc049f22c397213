"""Write the reference of filters from the table of the hub: .venv/bin/python docs/reference/write_filters.py"""

from pathlib import Path

from tradepost.domain.listings.listing_filter import FILTER_FIELDS, Compare, FilterField, Sort, comparisons_of

HEAD = """# Filters

What `--where` takes, written by `write_filters.py` from the table that the hub works by. `listings list` shows what a
filter means before anything is asked of it:

    tradepost listings list --where 'health=listed and price<10 and sku~HP-*'
    tradepost listings hide --where 'brand="Harbour Press" and quantity=0' --dry-run

- Conditions are joined by `and`, or come with a `--where` of their own; all of them must hold. There is no `or`: values
  behind `=` with commas between are either of them, and behind `!=` none of them.
- Case makes no difference from A to Z. A value with signs or an *and* in it stands in double quotation marks, and a
  quotation mark in one is written twice. A shell takes `<`, `>`, `*` and `!` for itself, so quote the whole filter.
- `~` compares with a pattern: a star for whatever may stand there, at the beginning (`*-XL`), the end (`HP-*`), both
  (`*MUG*`) or once inside (`HP-*-XL`); `!~` means those that it does not fit.
- What is not known is neither below nor above anything.

| field | what it is | compared by | values |
|---|---|---|---|
"""


def text() -> str:
    rows = (
        f"| `{name}` | {field.about} | {' '.join(f'`{sign}`' for sign in Compare if sign in comparisons_of(name))} "
        f"| {_values(field)} |\n"
        for name, field in FILTER_FIELDS.items()
    )
    return HEAD + "".join(rows)


def _values(field: FilterField) -> str:
    choices = [f"`{choice}`" for choice in field.choices]
    return ", ".join(choices if field.sort is Sort.CHOICE else [field.sort.value, *choices])


if __name__ == "__main__":
    Path(__file__).with_name("filters.md").write_text(text(), encoding="utf-8")
