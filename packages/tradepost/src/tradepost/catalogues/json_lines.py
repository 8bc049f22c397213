"""
JSON lines: an object on each line, with the names of the template's columns.

Numbers and truths stand without quotation marks or with them, lists may be arrays, and options an object. Where the
first object has neither name nor parent, the file is one of SKUs with price or quantity.
"""

from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from tradepost.catalogues import sku_values, template
from tradepost.catalogues.csv_file import CsvRow
from tradepost.catalogues.text_file import NO_TEXT, LineTooLong, TextLines, opened, refuse_other_files
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import FileRefused, RowRefused
from tradepost.operations.ports import CountColumns, Level, ReadProduct, RowReport

_LISTS = frozenset({"categories", "tags", "images"})
# Numbers as they are written: a float would have other digits.
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_value = msgspec.json.Decoder(str | bool | None | list[Any] | dict[str, Any]).decode
_DIGITS = b"-0123456789"


class JsonCatalogue:
    """Implements `registry.CatalogueFormat`."""

    form = CatalogueForm.JSON_LINES
    description = "file of JSON lines"
    columns = template.COLUMNS.keys()
    product_columns = ()

    def check(self, path: Path) -> None:
        refuse_other_files(path)
        first = next(self._rows(path, columns=template.COLUMNS), None)
        if not isinstance(first, CsvRow) or "sku" not in first.cells:
            raise FileRefused(f"{path} does not begin with an object that has a sku, on a line of its own.")

    def read(self, path: Path, *, counted: CountColumns) -> Iterator[ReadProduct]:
        rows = self._rows(path, columns={*template.COLUMNS, *counted.names})
        first = next(rows, None)
        whole = rows if first is None else chain((first,), rows)
        if isinstance(first, CsvRow) and not template.is_of_products(first.cells):
            return sku_values.values_of(whole, counted=counted)
        return template.products_of(whole, counted=counted)

    def _rows(self, path: Path, *, columns: Collection[str]) -> Iterator[CsvRow | RowReport]:
        with opened(path) as file:
            lines = TextLines(file, path)
            while True:
                try:
                    text = next(lines)
                except StopIteration:
                    return
                except LineTooLong as error:
                    yield RowReport(lines.count, Level.REFUSED, f"The row can't be read as JSON: {error}.")
                    continue
                if text.strip():
                    yield _row(lines.count, text, columns)


def json_sample(path: Path, *, rows: int) -> tuple[list[str], list[list[str]]]:
    """Return the names that the first objects have, and what they say of each. Raises FileRefused."""
    found: list[dict[str, msgspec.Raw]] = []
    with opened(path) as file:
        lines = TextLines(file, path)
        while len(found) < rows:
            try:
                if (text := next(lines)).strip():
                    found.append(_decode(text))
            except (StopIteration, LineTooLong, msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                break
    columns = list(dict.fromkeys(name for each in found for name in each))
    return columns, [[_written(each.get(name)) for name in columns] for each in found]


def _written(raw: msgspec.Raw | None) -> str:
    return "" if raw is None else bytes(raw).decode(errors="replace").strip('"')


def _row(line: int, text: str, columns: Collection[str]) -> CsvRow | RowReport:
    try:
        found = _decode(text)
        cells = {name: cell for name in columns if name in found and (cell := _cell(name, found[name]))}
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        return RowReport(line, Level.REFUSED, f"The row can't be read as JSON: {error}.")
    except RowRefused as refusal:
        return RowReport(line, Level.REFUSED, str(refusal))
    return CsvRow(line, cells)


def _cell(name: str, raw: msgspec.Raw) -> Any:
    """Return a value as a cell has it, stripped; what is blank or null is falsy. Raises RowRefused."""
    written = bytes(raw)
    if written[0] in _DIGITS:
        return written.decode()
    value = _decode_value(written)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and name in _LISTS:
        return [_word(name, each) for each in value]
    if isinstance(value, dict) and name == "options":
        return {_word(name, key): _word(name, each) for key, each in value.items()}
    return "" if value is None else _word(name, value)


def _word(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowRefused(f"The column {name} holds something that is no text, number or truth.", line=0)
    text = str(value).strip()
    if found := NO_TEXT.search(text):
        raise RowRefused(
            f"The column {name} has a character that is no text (U+{ord(found[0]):04X}); remove it.", line=0
        )
    return text
