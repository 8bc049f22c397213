"""What two databases that hold the same have in common: the number of rows of each table, and one sum of them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from tradepost.database.copies.tables import ColumnKind, Table
from tradepost.domain.backup import TableSum

CopiedRow: TypeAlias = Sequence[Any]
_BYTES = 16
_encoder = msgspec.json.Encoder(order="sorted")


def _number(text: str) -> float | int:
    # PostgreSQL writes whole numbers without an exponent: 1e2 and 100.0 and 100 are one.
    number = float(text)
    return int(number) if number.is_integer() else number


_decoder = msgspec.json.Decoder(float_hook=_number)


class TableDigest:
    """Sums up the rows of a table, batch by batch, whatever database they come from."""

    def __init__(self, table: Table | None = None) -> None:
        self._hash = hashlib.blake2b(digest_size=_BYTES)
        self._rows = 0
        columns = () if table is None else table.columns
        self._json = [place for place, column in enumerate(columns) if column.kind is ColumnKind.JSON]

    def add(self, rows: Sequence[CopiedRow]) -> None:
        self._rows += len(rows)
        self._hash.update(_encoder.encode_lines([self._canonical(row) for row in rows] if self._json else rows))

    @property
    def sum(self) -> TableSum:
        return TableSum(self._rows, self._hash.hexdigest())

    def _canonical(self, row: CopiedRow) -> CopiedRow:
        # Keys come in another order from a database that takes objects apart.
        values = list(row)
        for place in self._json:
            if values[place] is not None:
                values[place] = _decoder.decode(values[place])
        return values


def summed(batches: Iterable[Sequence[CopiedRow]], digest: TableDigest) -> Iterator[Sequence[CopiedRow]]:
    """Pass batches on and sum them up on the way."""
    for batch in batches:
        digest.add(batch)
        yield batch


def sum_of(batches: Iterable[Sequence[CopiedRow]], table: Table | None = None) -> TableSum:
    digest = TableDigest(table)
    for batch in batches:
        digest.add(batch)
    return digest.sum
