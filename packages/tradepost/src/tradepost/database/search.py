"""
Finding listings, products and orders by pieces of words; the one place that knows how, on both databases.

A term is words, and each must be found: a word of three letters or more anywhere in a SKU, code, handle, title or
number, a shorter one where one of them begins, or a word of it. Case makes no difference from A to Z.

What a product or an order is found by is written into one text (`ProductWords`, `OrderWords`) by whoever writes it,
each word behind two marks, with an index of all pieces of three letters: FTS5's trigrams on SQLite, pg_trgm on
PostgreSQL; see migration 0002. A word's pieces narrow the rows, and the word itself is then looked for in them. Terms
that more rows have than are worth fetching are walked over, product by product, order by order: see `first_walked`.
SQLite's index has them in order, and can go on from any of them; PostgreSQL's has not.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Collate, Lower

from tradepost.database import sql
from tradepost.database.models import Channel, Listing, Order, OrderWords, ProductRecord, ProductWords
from tradepost.database.sql import Rows
from tradepost.domain.listings.listing_filter import folded

PIECE = 3
# Of a term that more have, rows are not fetched to be sorted.
MOST_FETCHED = 10_000
LONGEST_TERM = 1000
# So many products or orders are looked at first for those that have the words, and four times as many each time after.
_WALKED_FIRST = 200
_WALKED_AT_ONCE = 10_000
# Of what is narrowed to so few by other things, each text is looked at.
_LOOKED_AT = 1_000
# PostgreSQL: so many texts are read at first, whether they have the words or not, and at most each time after. What
# fewer than one of so many have is asked of the index.
_READ_FIRST = 2_000
_READ_AT_ONCE = 32_000
_SELDOM = 16
# Of what the index finds, so many are sorted out at first, and of what is narrowed by other things; all are read.
_SORTED_FIRST = 200
_SORTED_FIRST_OF_NARROWED = 4_000
# And of these so many are looked at first: a page of what one in a hundred is.
_LOOKED_AT_FIRST_OF_NARROWED = 1_600
# Pieces that are asked for together: the more, the fewer rows are read; but each is a walk through its own list.
_MOST_PIECES = 24
# No letter of any word: it parts words, as everything that is a space. Two, so that a word of one letter is a piece.
_MARKS = "\x1f\x1f"
_WALKED = "is_walked"
_FEW = "is_few"

Found = TypeVar("Found", bound=models.Model)


# --- what is looked in ------------------------------------------------------------------------------------------------


def note_product_words(product_ids: Collection[int]) -> None:
    """Write anew what these products are found by, where it differs."""
    _note_words(
        ProductWords,
        product_ids,
        """
        SELECT title AS part FROM tradepost_product WHERE id = given.id
        UNION SELECT handle FROM tradepost_product WHERE id = given.id
        UNION SELECT sku FROM tradepost_variant WHERE product_id = given.id
        UNION SELECT sku FROM tradepost_listing WHERE product_id = given.id
        UNION SELECT code FROM tradepost_listing WHERE product_id = given.id
        """,
    )


def note_order_words(order_ids: Collection[int]) -> None:
    """Write anew what these orders are found by, where it differs."""
    _note_words(
        OrderWords,
        order_ids,
        """
        SELECT CAST(external_id AS TEXT) AS part FROM tradepost_order WHERE id = given.id
        UNION SELECT sku FROM tradepost_orderline WHERE order_id = given.id
        UNION SELECT code FROM tradepost_orderline WHERE order_id = given.id
        """,
    )


_NOTE = {
    "sqlite": """
        INSERT INTO {table} ({key}, words)
        SELECT id, lower((SELECT group_concat(%s || replace(part, ' ', %s), '') FROM ({parts}) AS parts)) FROM given
        WHERE true ORDER BY id
        ON CONFLICT ({key}) DO UPDATE SET words = excluded.words WHERE {table}.words <> excluded.words
        """,
    # As `domain.listings.listing_filter.folded`: a collation of bytes has no letters but those of ASCII.
    "postgresql": """
        INSERT INTO {table} ({key}, words)
        SELECT id, lower((SELECT string_agg(%s || replace(part, ' ', %s), '') FROM ({parts}) AS parts) COLLATE "C")
        FROM given ORDER BY id
        ON CONFLICT ({key}) DO UPDATE SET words = excluded.words WHERE {table}.words <> excluded.words
        """,
}


def _note_words(model: type[models.Model], ids: Collection[int], parts: str) -> None:
    if ids:
        table, key = _table(model)
        statement = _NOTE[connection.vendor].format(table=table, key=key, parts=parts)
        sql.execute(statement, _MARKS, _MARKS, given=Rows.of_ids(ids))


# --- looking ----------------------------------------------------------------------------------------------------------


class Search:
    """A term, whose words are looked up once, whatever is searched for them."""

    def __init__(self, term: str) -> None:
        self._words = words_of(term)
        self._is_blank = not term.strip()

    def listings(self, rows: "QuerySet[Listing]") -> "QuerySet[Listing]":
        """Narrow listings to those with the term in their SKU, code and title."""
        if not self._words:
            return rows if self._is_blank else rows.none()
        walk = replace(self._products, column="product_id")
        # Most words are of titles: what is found in the first text is looked for in no other.
        has_words = _each(self._words, ("title_folded", "sku_folded", "code_folded"))
        texts = {
            "sku_folded": _folded("sku"),
            "code_folded": _folded("code"),
            "title_folded": _folded("product__title"),
        }
        if not walk.is_all:
            # The indexes of what listings are narrowed by begin with the channel.
            among = rows.filter(channel_id__in=Channel.objects.values("pk"))
            return _walked_or_few(rows, among, rows.alias(**texts).filter(has_words), walk)
        of_products = Q(product_id__in=sql.among_ids(walk.newest))
        found = Listing.objects.filter(of_products).alias(**texts).filter(has_words)
        ids = sql.ids_of(found[: MOST_FETCHED + 1])
        if len(ids) <= MOST_FETCHED:
            return _few(rows, ids)
        return _walked(rows.filter(of_products).alias(**texts).filter(has_words), walk)

    def products(self, rows: "QuerySet[ProductRecord]") -> "QuerySet[ProductRecord]":
        """Narrow products to those with the term in their handle, title, SKUs and codes."""
        return self._found(rows, lambda: self._products)

    def orders(self, rows: "QuerySet[Order]") -> "QuerySet[Order]":
        """Narrow orders to those with the term in their number, and the SKUs and codes of their lines."""
        return self._found(rows, lambda: _looked_up(OrderWords, self._words))

    @cached_property
    def _products(self) -> "_Walk":
        return _looked_up(ProductWords, self._words)

    def _found(self, rows: "QuerySet[Found]", look_up: "Callable[[], _Walk]") -> "QuerySet[Found]":
        if not self._words:
            return rows if self._is_blank else rows.none()
        walk = look_up()
        if walk.is_all:
            return _few(rows, walk.newest)
        has_words = (Q(words__words__contains=_part(word)) for word in self._words)
        return _walked_or_few(rows, rows, rows.filter(*has_words), walk)


def is_walked(rows: "QuerySet[Found]") -> bool:
    """Whether these were searched for, and are so many that nobody should count them."""
    return _WALKED in rows.query.annotations


def is_few(rows: "QuerySet[Found]") -> bool:
    """Whether these were searched for, and are found by their ids, whatever else they are narrowed by."""
    return _FEW in rows.query.annotations


def first_walked(
    rows: "QuerySet[Found]", *, beyond: int | None = None, is_descending: bool = True, most: int
) -> list[int]:
    """
    Of rows that `is_walked` is true of, return the ids of the first, as the index of words has what they are of in
    order: by the product, or the order, and by id.

    `beyond`: only from this product or order on, itself included.
    """
    walk: _Walk = rows.query.annotations[_WALKED].value  # type: ignore[attr-defined] # it is the value given below
    order = ["-pk" if is_descending else "pk"]
    if walk.column != "pk":
        order.insert(0, f"{'-' if is_descending else ''}{walk.column}")
    if walk.among is not None:
        # They may all be old ones.
        among = _from(walk.among, beyond, is_descending=is_descending).order_by(*order)
        beyond = among.values_list("pk", flat=True).first()
        if beyond is None:
            return []
    found: dict[int, None] = {}
    for ids in walk.batches(beyond, is_descending=is_descending):
        some = with_ids(rows, ids, column=walk.column).order_by(*order).values_list("pk", flat=True)[:most]
        found |= dict.fromkeys(some)
        if len(found) >= most:
            break
    return list(found)[:most]


def with_ids(rows: "QuerySet[Found]", ids: Sequence[int], *, column: str = "pk") -> "QuerySet[Found]":
    """Narrow rows to many that were found before, or to those of many."""
    return rows.filter(**{f"{column}__in": sql.among_ids(ids)})


def words_of(term: str) -> list[str]:
    """Return the words of a term, each once; none where it is nothing that could be found."""
    return [] if len(term) > LONGEST_TERM or "\0" in term else [*dict.fromkeys(folded(term).split())]


@dataclass(frozen=True, slots=True)
class _Walk:
    """
    What was looked for, and where.

    `column`: of the rows, which of what has words they are of. `newest`: the ids of what has the words, descending,
    down to `read_to`; all of them where `is_all`. `is_seldom`: few of the newest have them. `is_narrowed`: most of what
    has the words is not wanted, for other reasons. `among`: the rows themselves without the words, where they are what
    has them, and are narrowed by other things. `asked`: what the index was asked for already, with its answers.
    """

    model: type[models.Model]
    words: Sequence[str]
    column: str = "pk"
    newest: Sequence[int] = ()
    read_to: int | None = None
    is_all: bool = False
    is_seldom: bool = False
    is_narrowed: bool = False
    among: "QuerySet[Any] | None" = None
    asked: "dict[tuple[int | None, bool, int], list[int]]" = field(default_factory=dict)

    @property
    def looked_at_first(self) -> int:
        return _LOOKED_AT_FIRST_OF_NARROWED if self.is_narrowed else _WALKED_FIRST

    def batches(self, beyond: int | None, *, is_descending: bool) -> Iterator[Sequence[int]]:
        """Give the ids of what has the words, in order, from one on."""
        is_known = is_descending and self.read_to is not None and (beyond is None or beyond >= self.read_to)
        if self.is_all or is_known:
            known = self.newest if is_descending else self.newest[::-1]
            yield from _in_parts(
                [each for each in known if beyond is None or (each <= beyond if is_descending else each >= beyond)],
                first=self.looked_at_first,
            )
            if self.is_all:
                return
            assert self.read_to is not None
            beyond = self.read_to - 1
        read_on = _batches_by_pieces if connection.vendor == "sqlite" else _batches_near_and_far
        yield from read_on(self, beyond, is_descending=is_descending)


def _in_parts(ids: Sequence[int], *, first: int) -> Iterator[Sequence[int]]:
    at, size = 0, first
    while at < len(ids):
        yield ids[at : at + size]
        at, size = at + size, size * 4


def _batches_by_pieces(walk: _Walk, beyond: int | None, *, is_descending: bool) -> Iterator[Sequence[int]]:
    parts = [_part(word) for word in walk.words]
    size = _WALKED_FIRST
    while True:
        ids = _by_pieces(walk.model, parts, beyond=beyond, is_descending=is_descending, most=size)
        yield ids
        if len(ids) < size:
            return
        beyond, size = _behind(ids[-1], is_descending=is_descending), min(size * 4, _WALKED_AT_ONCE)


def _batches_near_and_far(walk: _Walk, beyond: int | None, *, is_descending: bool) -> Iterator[Sequence[int]]:
    """
    Read texts in their order as long as many have the words; else ask the index, which finds all of them at once.

    PostgreSQL can't go on in its index from one on: what very many have is near, and what fewer have are few to sort.
    """
    size, is_seldom = _READ_FIRST, walk.is_seldom
    while not is_seldom:
        ids, last = _read(walk, beyond, is_descending=is_descending, most=size)
        yield ids
        if last is None:
            return
        beyond = _behind(last, is_descending=is_descending)
        is_seldom, size = len(ids) * _SELDOM < size, min(size * 4, _READ_AT_ONCE)
    size = _SORTED_FIRST_OF_NARROWED if walk.is_narrowed else _SORTED_FIRST
    while True:
        ids = _by_index(walk, beyond, is_descending=is_descending, most=size)
        yield from _in_parts(ids, first=walk.looked_at_first)
        if len(ids) < size:
            return
        beyond, size = _behind(ids[-1], is_descending=is_descending), _WALKED_AT_ONCE


def _read(walk: _Walk, beyond: int | None, *, is_descending: bool, most: int) -> tuple[list[int], int | None]:
    """Read so many texts; return the ids of those with the words, and where it ended, None where none are left."""
    order = "-pk" if is_descending else "pk"
    texts = walk.model._default_manager.order_by(order)  # noqa: SLF001 as below
    last = _from(texts, beyond, is_descending=is_descending).values_list("pk", flat=True)[most - 1 : most].first()
    stretch = _from(_with_words(walk).order_by(order), beyond, is_descending=is_descending)
    if last is not None:
        stretch = _from(stretch, last, is_descending=not is_descending)
    return sql.ids_of(stretch), last


def _by_index(walk: _Walk, beyond: int | None, *, is_descending: bool, most: int) -> list[int]:
    question = beyond, is_descending, most
    if question not in walk.asked:
        # By a sum, of which there is no index: a planner that knew the order would read text by text, and hope.
        place = F("pk") + 0
        found = _from(_with_words(walk), beyond, is_descending=is_descending)
        found = found.order_by(place.desc() if is_descending else place.asc())
        walk.asked[question] = sql.ids_of(found[:most])
    return walk.asked[question]


def _with_words(walk: _Walk) -> "QuerySet[models.Model]":
    every: QuerySet[models.Model] = walk.model._default_manager.all()  # noqa: SLF001 as below
    return every.filter(*(Q(words__contains=_part(word)) for word in walk.words))


def _from(rows: "QuerySet[Found]", beyond: int | None, *, is_descending: bool) -> "QuerySet[Found]":
    return rows if beyond is None else rows.filter(**{f"pk__{'lte' if is_descending else 'gte'}": beyond})


def _behind(key: int, *, is_descending: bool) -> int:
    return key - 1 if is_descending else key + 1


def _few(rows: "QuerySet[Found]", ids: Sequence[int]) -> "QuerySet[Found]":
    few: QuerySet[Found] = with_ids(rows, ids).alias(**{_FEW: Value(value=True)})
    return few


def _walked_or_few(
    rows: "QuerySet[Found]", among: "QuerySet[Found]", found: "QuerySet[Found]", walk: _Walk
) -> "QuerySet[Found]":
    """
    Of few rows each is looked at, however many others have the words.

    `among`: the rows again, as an index finds them; `found`: those of them that have the words.
    """
    if not rows.query.where:
        return _walked(found, walk)
    ids = sql.ids_of(among.order_by()[: _LOOKED_AT + 1])
    if len(ids) <= _LOOKED_AT:
        return _few(rows, sql.ids_of(with_ids(found, ids).order_by()))
    return _walked(found, replace(walk, is_narrowed=True, among=rows.order_by() if walk.column == "pk" else None))


def _walked(rows: "QuerySet[Found]", walk: _Walk) -> "QuerySet[Found]":
    walked: QuerySet[Found] = rows.alias(**{_WALKED: Value(walk)})
    return walked


def _looked_up(model: type[models.Model], words: Sequence[str]) -> _Walk:
    """Find those whose text has all the words, as far as rows are fetched."""
    walk = _Walk(model, words)
    most = MOST_FETCHED + 1
    if connection.vendor == "sqlite":
        newest = _by_pieces(model, [_part(word) for word in words], most=most)
        return replace(walk, newest=newest, read_to=newest[-1] if newest else None, is_all=len(newest) < most)
    newest, read_to = _read(walk, None, is_descending=True, most=_READ_FIRST)
    if read_to is None:
        return replace(walk, newest=newest, is_all=True)
    # Of what many have, the first that come are enough to know that they are many, wherever they stand.
    some = sql.ids_of(_with_words(walk)[:most])
    if len(some) < most:
        return replace(walk, newest=sorted(some, reverse=True), is_all=True)
    return replace(walk, newest=newest, read_to=read_to, is_seldom=len(newest) * _SELDOM < _READ_FIRST)


def _by_pieces(
    model: type[models.Model],
    parts: Sequence[str],
    *,
    beyond: int | None = None,
    is_descending: bool = True,
    most: int,
) -> list[int]:
    """Ask FTS5 for those whose text has all the parts, in their order, from one on."""
    table, key = _table(model)
    pieces = _pieces(parts)
    # What is one of the pieces is found by it; those of a longer part might stand elsewhere.
    unsure = [part for part in parts if part not in pieces]
    statement = _BY_PIECES.format(
        table=table,
        key=key,
        join=_TEXTS.format(table=table, key=key) if unsure else "",
        has_all="".join(_HAS_IT.format(table=table) for _ in unsure),
        sign="<=" if is_descending else ">=",
        order="DESC" if is_descending else "",
    )
    start = beyond if beyond is not None else sys.maxsize if is_descending else 0
    quoted = " AND ".join('"' + piece.replace('"', '""') + '"' for piece in pieces)
    return sql.fetch_numbers(statement, quoted, start, *unsure, most)


_BY_PIECES = """
    SELECT pieces.rowid AS {key} FROM {table}_trigrams AS pieces {join}
    WHERE {table}_trigrams MATCH %s AND pieces.rowid {sign} %s {has_all} ORDER BY pieces.rowid {order} LIMIT %s
    """
_TEXTS = "CROSS JOIN {table} ON {key} = pieces.rowid"
_HAS_IT = "AND instr({table}.words, %s) > 0 "


def _table(model: type[models.Model]) -> tuple[str, str]:
    options = model._meta  # noqa: SLF001 (Django documents it as public)
    assert options.pk is not None
    return options.db_table, str(options.pk.column)


def _part(word: str) -> str:
    """What a text has of a word: one that is too short for a piece stands behind the marks of a beginning."""
    return word if len(word) >= PIECE else _MARKS[: PIECE - len(word)] + word


def _pieces(parts: Iterable[str]) -> list[str]:
    """All pieces of these parts; of very many, some that lie far from each other."""
    pieces = [*dict.fromkeys(part[at : at + PIECE] for part in parts for at in range(len(part) - PIECE + 1))]
    return pieces[:: -(-len(pieces) // _MOST_PIECES)]


def _folded(column: str) -> Lower:
    return Lower(Collate(F(column), "BINARY" if connection.vendor == "sqlite" else "C"))


def _each(words: Iterable[str], columns: Sequence[str]) -> Q:
    """Whether each word is in one of these columns, or begins a word there where it is too short for a piece."""
    every = Q()
    for word in words:
        some = Q()
        for name in columns:
            if len(word) >= PIECE:
                some |= Q(**{f"{name}__contains": word})
            else:
                some |= Q(**{f"{name}__startswith": word}) | Q(**{f"{name}__contains": f" {word}"})
        every &= some
    return every
