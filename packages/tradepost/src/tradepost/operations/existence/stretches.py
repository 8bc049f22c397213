"""
The notes of a store as stretches of 1,000 products each, and the search for those that have become shorter. Pure: the
counting itself is handed in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from tradepost.operations.existence.contradiction import NotesContradicted
from tradepost.operations.ports import ExistingProduct, IdRange, RangeCount, Stretch

STRETCH_LENGTH = 1000
COUNTS_AT_ONCE = 32

Count = Callable[[Sequence[IdRange]], Sequence[RangeCount]]


class StretchBuilder:
    """
    Cuts rows that are read by ascending id into stretches, going on from those that there are.

    The last row never ends a stretch: ids are given before their rows are seen by others, so that the neighbour of the
    newest product may still come.
    """

    def __init__(self, stretches: Sequence[Stretch] = (), *, created: int = 0) -> None:
        self.stretches = list(stretches)
        self.created = created
        self._open: list[ExistingProduct] = []

    def add(self, page: Sequence[ExistingProduct]) -> None:
        self._open += page
        while len(self._open) > STRETCH_LENGTH:
            closed, self._open = self._open[:STRETCH_LENGTH], self._open[STRETCH_LENGTH:]
            self.stretches.append(Stretch(closed[-1].id, STRETCH_LENGTH))
            self.created = max(self.created, *(row.created for row in closed))


def ranges_of(stretches: Sequence[Stretch], indexes: Sequence[int]) -> list[IdRange]:
    return [_Noted(stretches).ids(_Part(index, index + 1)) for index in indexes]


def stretch_of(rows: Sequence[ExistingProduct]) -> Stretch | None:
    """The note of a stretch that was read again; None where nothing is left of it: its ids are in the next one then."""
    return Stretch(rows[-1].id, len(rows)) if rows else None


def corrected(stretches: Sequence[Stretch], read: Mapping[int, Stretch | None]) -> tuple[Stretch, ...]:
    """Replace stretches, by index, with what was read of them."""
    replaced = (read.get(index, stretch) for index, stretch in enumerate(stretches))
    return tuple(stretch for stretch in replaced if stretch is not None)


def short_stretches(stretches: Sequence[Stretch], count: Count) -> dict[int, int]:
    """
    Find the stretches that have fewer products than were noted: index -> products as counted now.

    One count where nothing is missing; otherwise what is short is parted and counted again, at most COUNTS_AT_ONCE
    counts at a time. Each part is counted by itself, so that a deletion in between changes nothing but its own part.

    Raises NotesContradicted for counts that can't be true.
    """
    noted = _Noted(stretches)
    whole = _Part(0, len(stretches))
    found: dict[int, int] = {}
    short = [(part, products) for part, products in _counted([whole], noted, count) if products < noted.products(part)]
    while short:
        parted: list[_Part] = []
        for part, products in short:
            if part.length == 1:
                found[part.first] = products
            else:
                parted.append(part)
        whole_of = dict(short)
        short = []
        at_most = max(2, COUNTS_AT_ONCE // max(1, len(parted)))
        counted = _counted([piece for part in parted for piece in part.split(at_most)], noted, count)
        for part in parted:
            pieces = [next(counted) for _ in part.split(at_most)]
            if sum(products for _, products in pieces) > whole_of[part]:
                raise NotesContradicted("the counts of its parts are more than the count of the whole")
            short += [(piece, products) for piece, products in pieces if products < noted.products(piece)]
    return found


def believe_count(ids: IdRange, counted: RangeCount, *, noted: int) -> int:
    """
    Return the counted products of a range that ends with a product, or raise NotesContradicted.

    Where nothing is missing, the last product of the range is the one that comes back: that proves that the condition
    and the order were understood. Where something is, only a product of the range may come back.
    """
    if counted.products > noted:
        raise NotesContradicted(f"{counted.products} products up to {ids.up_to}, where {noted} were read")
    if counted.products == noted:
        is_believable = counted.highest_id == (ids.up_to if noted else None)
    elif counted.products <= 0:
        is_believable = counted.products == 0 and counted.highest_id is None
    else:
        is_believable = counted.highest_id is not None and ids.after < counted.highest_id <= ids.up_to
    if not is_believable:
        raise NotesContradicted(
            f"product {counted.highest_id} as the last one from {ids.after + 1} to {ids.up_to}: "
            "the store does not understand the condition"
        )
    return counted.products


class _Part(NamedTuple):
    """Neighbouring stretches: from index `first` to below index `end`."""

    first: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.first

    def split(self, at_most: int) -> list["_Part"]:
        pieces = min(at_most, self.length)
        cuts = [self.first + self.length * number // pieces for number in range(pieces + 1)]
        return [_Part(first, end) for first, end in pairwise(cuts)]


class _Noted:
    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._ends = [0, *(stretch.up_to for stretch in stretches)]
        self._sums = list(accumulate((stretch.products for stretch in stretches), initial=0))

    def ids(self, part: _Part) -> IdRange:
        return IdRange(self._ends[part.first], self._ends[part.end])

    def products(self, part: _Part) -> int:
        return self._sums[part.end] - self._sums[part.first]


def _counted(parts: Sequence[_Part], noted: _Noted, count: Count) -> Iterator[tuple[_Part, int]]:
    for start in range(0, len(parts), COUNTS_AT_ONCE):
        asked = parts[start : start + COUNTS_AT_ONCE]
        answers = count([noted.ids(part) for part in asked])
        for part, counted in zip(asked, answers, strict=True):
            yield part, believe_count(noted.ids(part), counted, noted=noted.products(part))
