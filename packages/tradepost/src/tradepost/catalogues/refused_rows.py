"""Rows of a catalogue file that were refused, as a file in which they are mended and given again."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tradepost.catalogues.csv_file import csv_cells

_HEADER = ("line", "refused because")
# Of what is larger the lines are named, and the rows are mended where they came from.
_MOST_CHARACTERS = 5_000_000


def refused_rows(path: Path, *, product_columns: Sequence[str], refused: Mapping[int, str]) -> list[list[str]]:
    """
    Return the header and the rows of these lines as they stand there, each with its line and why it was refused; of
    what can't be read as a row these two alone.

    All rows of a product are with them: a file says all of a product, and one row alone would take the others off
    sale. `product_columns`: the first of them that a row fills in says which product it is of.
    """
    rows = csv_cells(path)
    _, header = next(rows)
    places = [header.index(name) for name in product_columns if name in header]
    products = {_product(cells, places) for line, cells in rows if line in refused} - {""}
    found = [[*_HEADER, *header]]
    left = _MOST_CHARACTERS
    for line, cells in csv_cells(path):
        if line > 1 and (line in refused or _product(cells, places) in products):
            left -= sum(map(len, cells))
            if left < 0:
                break
            found.append([str(line), refused.get(line, ""), *cells])
    given = {row[0] for row in found}
    found += [[str(line), told, *[""] * len(header)] for line, told in refused.items() if str(line) not in given]
    return found


def _product(cells: Sequence[str], places: Sequence[int]) -> str:
    return next((cells[place].strip() for place in places if place < len(cells) and cells[place].strip()), "")
