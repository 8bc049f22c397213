"""
Finding listings, products and orders by pieces of words; the one place that knows how, on both databases.

A term is words, and each must be found: a word of three letters or more anywhere in a SKU, code, handle, title or
number, a shorter one where one of them begins, or a word of it. Case makes no difference from A to Z.

What a product or an order is found by is written into one text (`ProductWords`, `OrderWords`) by whoever writes it,
each word behind two marks, with an index of all pieces of three letters: FTS5's trigrams on SQLite, pg_trgm on
PostgreSQL; see migration 0002. A word's pieces narrow the rows, and the word itself is then looked for in them. Terms
that more rows have than are worth fetching are walked over: that index has its products and orders in order, so that
`first_walked` can go on from any of them.
"""

import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, models
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Collate, Lower

from tradepost.database import sql
from tradepost.database.models import Listing, Order, OrderWords, ProductRecord, ProductWords
from tradepost.database.sql import Rows
from tradepost.domain.listing_filter import folded

PIECE = 3
# Of a term that more have, rows are not fetched to be sorted.
MOST_FETCHED = 10_000
LONGEST_TERM = 1000
# So many products or orders are looked at first for those that have the words, and four times as many each time after.
_WALKED_FIRST = 200
_WALKED_AT_ONCE = 10_000
# Pieces that are asked for together: the more, the fewer rows are read; but each is a walk through its own list.
_MOST_PIECES = 24
# No letter of any word: it parts words, as everything that is a space. Two, so that a word of one letter is a piece.
_MARKS = "\x1f\x1f"
_WALKED = "is_walked"

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
    # As `domain.listing_filter.folded`: a collation of bytes has no letters but those of ASCII.
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


def found_listings(rows: "QuerySet[Listing]", term: str) -> "QuerySet[Listing]":
    """Narrow listings to those with a term in their SKU, code and title."""
    words = words_of(term)
    if not words:
        return rows if not term.strip() else rows.none()
    product_ids = _with_words(ProductWords, words, most=MOST_FETCHED)
    has_words = _each(words, ("sku_folded", "code_folded", "title_folded"))
    texts = {
        "sku_folded": _folded("sku"),
        "code_folded": _folded("code"),
        "title_folded": _folded("product__title"),
    }
    if product_ids is None:
        return _walked(rows.alias(**texts).filter(has_words), _Walk(ProductWords, words, "product_id"))
    of_products = Q(product_id__in=sql.among_ids(product_ids))
    found = Listing.objects.filter(of_products).alias(**texts).filter(has_words)
    ids = list(found.values_list("pk", flat=True)[: MOST_FETCHED + 1])
    if len(ids) <= MOST_FETCHED:
        return with_ids(rows, ids)
    return _walked(rows.filter(of_products).alias(**texts).filter(has_words), _Walk(ProductWords, words, "product_id"))


def found_products(rows: "QuerySet[ProductRecord]", term: str) -> "QuerySet[ProductRecord]":
    """Narrow products to those with a term in their handle, title, SKUs and codes."""
    return _found(rows, ProductWords, term)


def found_orders(rows: "QuerySet[Order]", term: str) -> "QuerySet[Order]":
    """Narrow orders to those with a term in their number, and the SKUs and codes of their lines."""
    return _found(rows, OrderWords, term)


def is_walked(rows: "QuerySet[Found]") -> bool:
    """Whether these were searched for, and are so many that nobody should count them."""
    return _WALKED in rows.query.annotations


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
    found: dict[int, None] = {}
    size = _WALKED_FIRST
    while len(found) < most:
        ids = _next_with_words(walk, beyond, is_descending=is_descending, most=size)
        # The last of the time before is among them again.
        some = with_ids(rows, ids, column=walk.column).order_by(*order).values_list("pk", flat=True)[:most]
        found |= dict.fromkeys(some)
        if len(ids) < size:
            break
        beyond, size = ids[-1], min(size * 4, _WALKED_AT_ONCE)
    return list(found)[:most]


def _next_with_words(walk: "_Walk", beyond: int | None, *, is_descending: bool, most: int) -> list[int]:
    parts = [_part(word) for word in walk.words]
    if connection.vendor == "sqlite":
        return _by_pieces(walk.model, parts, beyond=beyond, is_descending=is_descending, most=most)
    found = walk.model._default_manager.filter(*(Q(words__contains=part) for part in parts))  # noqa: SLF001 as below
    if beyond is not None:
        found = found.filter(**{f"pk__{'lte' if is_descending else 'gte'}": beyond})
    return list(found.order_by("-pk" if is_descending else "pk").values_list("pk", flat=True)[:most])


def with_ids(rows: "QuerySet[Found]", ids: Sequence[int], *, column: str = "pk") -> "QuerySet[Found]":
    """Narrow rows to many that were found before, or to those of many."""
    return rows.filter(**{f"{column}__in": sql.among_ids(ids)})


def words_of(term: str) -> list[str]:
    """Return the words of a term, each once; none where it is nothing that could be found."""
    return [] if len(term) > LONGEST_TERM or "\0" in term else [*dict.fromkeys(folded(term).split())]


def _found(rows: "QuerySet[Found]", model: type[models.Model], term: str) -> "QuerySet[Found]":
    words = words_of(term)
    if not words:
        return rows if not term.strip() else rows.none()
    ids = _with_words(model, words, most=MOST_FETCHED)
    if ids is not None:
        return with_ids(rows, ids)
    return _walked(rows.filter(*(Q(words__words__contains=_part(word)) for word in words)), _Walk(model, words))


@dataclass(frozen=True, slots=True)
class _Walk:
    """What was looked for, and where; `column`: of the rows, which of what has words they are of."""

    model: type[models.Model]
    words: Sequence[str]
    column: str = "pk"


def _walked(rows: "QuerySet[Found]", walk: _Walk) -> "QuerySet[Found]":
    walked: QuerySet[Found] = rows.alias(**{_WALKED: Value(walk)})
    return walked


def _with_words(model: type[models.Model], words: Sequence[str], *, most: int) -> list[int] | None:
    """Return the ids of those whose text has all the words, newest first; None if they are more than so many."""
    parts = [_part(word) for word in words]
    if connection.vendor == "sqlite":
        found = _by_pieces(model, parts, most=most + 1)
    else:
        rows = model._default_manager.filter(*(Q(words__contains=part) for part in parts))  # noqa: SLF001 as below
        found = list(rows.values_list("pk", flat=True)[: most + 1])
    return found if len(found) <= most else None


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
