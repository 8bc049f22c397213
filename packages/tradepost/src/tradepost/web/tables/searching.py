"""What the search box of every page finds: the first listings, products and orders with a term."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from tradepost.database.models import Listing, Order, ProductRecord, with_attentions
from tradepost.database.search import (
    Search,
    first_walked,
    is_walked,
    with_ids,
    words_of,
)
from tradepost.web.format import amount
from tradepost.web.listings.rows import status_of
from tradepost.web.orders.order_page import pill_of
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page

MOST_FOUND = 10
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A row that was found, and where its page is."""

    title: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class SearchHits:
    """The first rows of one table, and the address of the list of all of them."""

    name: str
    rows: list[SearchHit]
    has_more: bool
    address: str


def search_page(request: HttpRequest) -> HttpResponse:
    """What the search box of every page finds."""
    need(request, "overview show")
    sought = request.GET.get("word", "").strip()
    groups = search_everywhere(sought, may=partial(may, request))
    return page(request, "back_office/shell/search.html", title="Search", sought=sought, groups=groups)


def search_everywhere(term: str, *, may: Callable[[str], bool] = lambda _act: True) -> list[SearchHits]:
    """
    Return the first listings, products and orders with a term, newest first; no group where there are none.

    `may`: whether who asks is allowed an act, as `partial(rights.may, request)`; other tables are not looked in.
    """
    if not words_of(term):
        return []
    looks = [look for act, look in _looks(term) if may(act)]
    return [group for look in looks if (group := look()).rows]


def _looks(term: str) -> Iterator[tuple[str, Callable[[], SearchHits]]]:
    search = Search(term)
    listings = with_attentions(Listing.objects.select_related("product", "channel"))
    yield "listings list", lambda: _group("Listings", term, search.listings(listings), _of_listing)
    yield (
        "catalogue list",
        lambda: _group("Products", term, search.products(ProductRecord.objects.all()), _of_product),
    )
    orders = Order.objects.select_related("channel")
    yield "orders list", lambda: _group("Orders", term, search.orders(orders), _of_order)


def _group(name: str, term: str, rows: QuerySet[Row], find: Callable[[Row], tuple[str, str]]) -> SearchHits:
    if is_walked(rows):
        rows = with_ids(rows, first_walked(rows, most=MOST_FOUND + 1))
    found = list(rows.order_by("-pk")[: MOST_FOUND + 1])
    table = rows.model._meta.model_name  # noqa: SLF001 (Django documents it as public)
    return SearchHits(
        name,
        [
            SearchHit(*find(row), reverse(f"admin:tradepost_{table}_change", args=[row.pk]))
            for row in found[:MOST_FOUND]
        ],
        len(found) > MOST_FOUND,
        f"{reverse(f'admin:tradepost_{table}_changelist')}?{urlencode({'q': term})}",
    )


def _of_listing(row: Listing) -> tuple[str, str]:
    return row.code, f"{row.product.title}, {status_of(row, row.noted)} on {row.channel.name}"


def _of_product(row: ProductRecord) -> tuple[str, str]:
    return row.handle, row.title


def _of_order(row: Order) -> tuple[str, str]:
    words, _ = pill_of(row)
    return str(row.external_id), format_html("{}, {}, {}", words, amount(row.total, row.currency), row.channel.name)
