"""
How long the back office's lists and searches, and its first page, take on the server, and how large their HTML is, with
1,000,000 listings and 200,000 orders.

`python benchmarks/back_office.py` is of SQLite; `--database postgres://...` of an empty PostgreSQL database. A database
that has data, as one that DATABASE_URL names from the time before, is not filled again. Beside `--listings`, everything
else is in proportion.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

ROUNDS = 5
CHUNK = 20_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="")
    parser.add_argument("--listings", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="only pages with this in their name; nothing is recorded")
    return parser.parse_args()


ARGUMENTS = _arguments()
if ARGUMENTS.database:
    os.environ["DATABASE_URL"] = ARGUMENTS.database

import hub  # noqa: E402 - reads the environment
from django.conf import settings  # noqa: E402 - needs Django
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from recording import Record  # noqa: E402

from tradepost.database.models import (  # noqa: E402
    AttentionRecord,
    Channel,
    Listing,
    Order,
    OrderLine,
    Person,
    ProductRecord,
    Source,
    VariantRecord,
)
from tradepost.database.search import note_order_words, note_product_words  # noqa: E402
from tradepost.web.tables.searching import search_everywhere  # noqa: E402

# --- the data ---------------------------------------------------------------------------------------------------------

# Of ten listings five are families of a parent and four variants; the rest are simple products.
_PER_FAMILY = 5
_OLD = 50  # one in so many products, the oldest, has a word that no other has
_COLOUR = "CASE i % 5 WHEN 0 THEN 'Red' WHEN 1 THEN 'Green' WHEN 2 THEN 'Slate' WHEN 3 THEN 'White' ELSE 'Navy' END"
_THING = "CASE i % 4 WHEN 0 THEN 'Mug' WHEN 1 THEN 'Notebook' WHEN 2 THEN 'Lantern' ELSE 'Blanket' END"
_SIZES = "CASE i % 4 WHEN 1 THEN 'S' WHEN 2 THEN 'M' WHEN 3 THEN 'L' ELSE 'XL' END"
_PRICE = "(100 + (i * 7919) % 10000) * 100"
_HEALTH = (
    "CASE WHEN i % 100 = 0 THEN 'hidden' WHEN i % 100 < 6 THEN 'not_listed' ELSE 'listed' END",
    "CASE WHEN i % 100 BETWEEN 1 AND 5 THEN 'unlinked' WHEN i % 5000 = 0 THEN 'broken' ELSE 'linked' END",
    "CASE WHEN i % 100 BETWEEN 1 AND 5 THEN NULL ELSE {id} END",
)
_PENDING = (
    "CASE WHEN i % 100 = 1 THEN 'publish' WHEN i % 1000 = 7 THEN 'overwrite' WHEN i % 10000 = 9 THEN 'hide' ELSE '' END"
)


def fill(listings: int) -> None:
    """
    Make a channel with nearly all listings and a small one with the rest, orders, and what they are found by.

    Products of families come first; ids go on from one kind to the next.
    """
    large, small = (Channel.objects.create(name=name, is_local=True) for name in ("Benchmark", "Small"))
    families = listings // 2 // _PER_FAMILY
    variants = families * (_PER_FAMILY - 1)
    simple = listings // 2
    sources = [Source.objects.create(name=name).pk for name in ("large", "old", "small")]
    rest = {
        "created_at": "CURRENT_TIMESTAMP",
    }
    # Of most products, of the oldest, and of some here and there.
    source = "CASE WHEN i <= {old} THEN {1} WHEN i % 1000 = 7 THEN {2} WHEN i % 10 > 0 THEN {0} END"
    source = source.format(*sources, old=(families + simple) // _OLD)
    title = f"{_COLOUR} || ' ' || {_THING} || CASE WHEN i <= {{old}} THEN ' Vintage ' ELSE ' ' END || i"
    title = title.format(old=(families + simple) // _OLD)
    hub.insert_numbered(
        ProductRecord,
        {
            "id": "i",
            "handle": "'family-' || i",
            "title": title,
            **rest,
            "updated_at": "CURRENT_TIMESTAMP",
            "source_id": source,
            "option_names": "'[\"Size\"]'",
        },
        last=families,
    )
    hub.insert_numbered(
        ProductRecord,
        {
            "id": "i",
            "handle": "'thing-' || i",
            "title": title,
            **rest,
            "updated_at": "CURRENT_TIMESTAMP",
            "source_id": source,
        },
        first=families,
        last=families + simple,
    )
    of_variant = {"id": "i", "position": "1", "price": _PRICE, "quantity": "i % 50", "stated_at": "CURRENT_TIMESTAMP"}
    family = f"((i + {_PER_FAMILY - 2}) / {_PER_FAMILY - 1})"
    sku = f"'TP-' || {family} || '-' || {_SIZES}"
    simple_sku = f"'SKU-' || (i - {variants} + {families})"
    hub.insert_numbered(VariantRecord, {**of_variant, "product_id": family, "sku": sku}, last=variants)
    hub.insert_numbered(
        VariantRecord,
        {**of_variant, "product_id": f"i - {variants} + {families}", "sku": simple_sku},
        first=variants,
        last=variants + simple,
    )
    channel = f"CASE WHEN i % 100 = 50 THEN {small.pk} ELSE {large.pk} END"
    health, link, external = _HEALTH
    of_listing = {
        "id": "i",
        "pending": _PENDING,
        "wanted_price": _PRICE,
        "proven_price": _PRICE,
        "available": "i % 50",
        "account": "i % 50",
        "looked_at": "CURRENT_TIMESTAMP",
        "compared_at": "CURRENT_TIMESTAMP",
        **rest,
        "health": health,
        "link": link,
        "external_id": external.format(id="i"),
    }
    _parents(of_listing, families, large.pk)
    offset = f"(i - {families})"
    ours = f"(({offset} + {_PER_FAMILY - 2}) / {_PER_FAMILY - 1})"
    size = _SIZES.replace("i %", f"{offset} %")
    hub.insert_numbered(
        Listing,
        {
            **of_listing,
            "channel_id": str(large.pk),
            "kind": "'variant'",
            "product_id": ours,
            "parent_id": ours,
            "variant_id": offset,
            "sku": f"'TP-' || {ours} || '-' || {size}",
            "code": f"'TP-' || {ours} || '-' || {size}",
            "code_key": f"lower('TP-' || {ours} || '-' || {size})",
        },
        first=families,
        last=families + variants,
    )
    product = f"(i - {families + variants} + {families})"
    hub.insert_numbered(
        Listing,
        {
            **of_listing,
            "channel_id": channel,
            "kind": "'simple'",
            "product_id": product,
            "variant_id": f"(i - {families})",
            "sku": f"'SKU-' || {product}",
            "code": f"'SKU-' || {product}",
            "code_key": f"'sku-' || {product}",
        },
        first=families + variants,
        last=families + variants + simple,
    )
    hub.insert_numbered(
        AttentionRecord,
        {
            "id": "i",
            "channel_id": str(large.pk),
            "listing_id": "i",
            "kind": "'price_failed'",
            "message": "'The store refuses it.'",
            "since": "CURRENT_TIMESTAMP",
        },
        last=families,
        every=200,
    )
    _orders(listings // 5, large.pk, variants)
    _words(families + simple, note_product_words)
    _words(listings // 5, note_order_words)
    hub.analyse()


def _parents(of_listing: dict[str, str], families: int, channel: int) -> None:
    hub.insert_numbered(
        Listing,
        {
            **of_listing,
            "channel_id": str(channel),
            "kind": "'parent'",
            "product_id": "i",
            "available": "NULL",
            "account": "NULL",
            "sku": "'family-' || i",
            "code": "'family-' || i",
            "code_key": "'family-' || i",
        },
        last=families,
    )


def _orders(count: int, channel: int, variants: int) -> None:
    state = (
        "CASE WHEN i % 40 = 0 THEN 'open' WHEN i % 400 = 1 THEN 'on_hold' WHEN i % 400 = 2 THEN 'cancelled' "
        "ELSE 'closed' END"
    )
    hub.insert_numbered(
        Order,
        {
            "id": "i",
            "channel_id": str(channel),
            "external_id": "100000 + i",
            "state": state,
            "hold_reason": "CASE WHEN i % 400 = 1 THEN 'It is paid by no means known.' ELSE '' END",
            "store_status": "CASE WHEN i % 40 = 0 THEN 'pending' ELSE 'shipped' END",
            "placed_at": _ago("i", count),
            "imported_at": _ago("i", count),
            "acknowledged_at": _ago("i", count),
            "total": _PRICE,
        },
        last=count,
    )
    size = _SIZES.replace("i %", f"(i % {variants} + 1) %")
    hub.insert_numbered(
        OrderLine,
        {
            "id": "i",
            "order_id": "(i + 1) / 2",
            "line_id": "i",
            "quantity": "1",
            "price": _PRICE,
            "total": _PRICE,
            "sku": f"'TP-' || ((i % {variants} + {_PER_FAMILY - 1}) / {_PER_FAMILY - 1}) || '-' || {size}",
            "store_status": "'pending'",
        },
        last=count * 2,
    )


def _ago(number: str, count: int) -> str:
    """A moment of the last year: the higher the number, the later."""
    minutes = f"({count} - {number})"
    if connection.vendor == "sqlite":
        return f"datetime('now', '-' || {minutes} || ' minutes')"
    return f"CURRENT_TIMESTAMP - {minutes} * INTERVAL '1 minute'"


def _words(last: int, note: Callable[[range], None]) -> None:
    for first in range(1, last + 1, CHUNK):
        with transaction.atomic():
            note(range(first, min(first + CHUNK, last + 1)))


# --- the pages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A page, and how long it may take."""

    name: str
    path: str
    aim_ms: int = 200
    aim_kb: int = 150


def pages(listings: int) -> list[Page]:
    large, small = Channel.objects.order_by("pk").values_list("pk", flat=True)[:2]
    behind = listings // 10  # what is older than nine tenths of all
    by_code = Listing.objects.filter(channel=large).order_by("code_key")
    late = by_code[listings * 9 // 10 : listings * 9 // 10 + 1].get()
    dear = Listing.objects.filter(channel=large).order_by("wanted_price", "pk")[
        listings * 9 // 10 : listings * 9 // 10 + 1
    ]
    costly = dear.get()
    found = [Page("today", "/", aim_ms=300)]

    def add(table: str, name: str, **params: Any) -> None:
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        found.append(Page(f"{table}: {name}", f"/tradepost/{table}/{query}"))

    def both(table: str, name: str, after: int, **params: Any) -> None:
        add(table, name, **params)
        add(table, f"{name}, far behind", **params, after=after)

    channel = {"channel__id__exact": large}
    both("listing", "first", behind)
    both("listing", "of a channel", behind, **channel)
    both("listing", "of a small channel", behind, channel__id__exact=small)
    filters: dict[str, dict[str, Any]] = {
        "listed": {"health__exact": "listed"}, "hidden": {"health__exact": "hidden"},
        "not listed": {"health__exact": "not_listed"}, "delisted (none)": {"health__exact": "delisted"},
        "broken": {"link__exact": "broken"}, "publish asked": {"pending__exact": "publish"},
        "hide asked": {"pending__exact": "hide"}, "delist asked (none)": {"pending__exact": "delist"},
        "price failed": {"attention": "price_failed"}, "drift (none)": {"attention": "drift"},
        "inactive (none)": {"is_inactive__exact": 1}, "paused (none)": {"is_paused__exact": 1},
        "parents": {"kind__exact": "parent"}, "simple": {"kind__exact": "simple"},
        "listed and publish asked (none)": {"health__exact": "listed", "pending__exact": "publish"},
        "hidden parents": {"health__exact": "hidden", "kind__exact": "parent"},
    }  # fmt: skip
    for name, params in filters.items():
        both("listing", name, behind, **params)
        add("listing", f"{name}, of a channel", **params, **channel)
    for sort, key in (("code", f"{late.pk}.{late.code_key}"), ("wanted_price", f"{costly.pk}.{costly.wanted_price}")):
        add("listing", f"by {sort}", sort=sort)
        add("listing", f"by {sort}, descending", sort=f"-{sort}")
        add("listing", f"by {sort}, far behind", sort=sort, after=key)
        for name in ("listed", "hidden", "delisted (none)", "publish asked", "price failed", "paused (none)"):
            add("listing", f"by {sort}, {name}", sort=sort, **filters[name])
            add("listing", f"by {sort}, {name}, of a channel", sort=sort, **filters[name], **channel)
    searches = {
        "none": "zebra", "one": f"sku-{listings // 2 + 7}", "few": f"tp-{listings // 20}", "many": "mug", "most": "tp-",
        "old ones only": "vintage", "short": "tp", "two words": "red vintage",
        "a whole title": f"green notebook {listings // 3}",
    }  # fmt: skip
    for name, term in searches.items():
        both("listing", f"search, {name}", behind, q=term)
        add("listing", f"search, {name}, of hidden ones", q=term, health__exact="hidden")
        add("listing", f"search, {name}, by price", q=term, sort="wanted_price")
        add("productrecord", f"search, {name}", q=term)
    products = ProductRecord.objects.count()
    both("productrecord", "first", products // 10)
    both("productrecord", "for sale", products // 10, is_for_sale__exact=1)
    add("productrecord", "not for sale (none)", is_for_sale__exact=0)
    add("productrecord", "by handle", sort="handle")
    for source in Source.objects.order_by("pk"):
        of_source = {"source__id__exact": source.pk}
        both("productrecord", f"of the {source.name} source", products // 10, **of_source)
        add("productrecord", f"of the {source.name} source, by handle", sort="handle", **of_source)
        add("productrecord", f"of the {source.name} source, for sale", is_for_sale__exact=1, **of_source)
        add("productrecord", f"of the {source.name} source, not for sale (none)", is_for_sale__exact=0, **of_source)
        add("productrecord", f"search, many, of the {source.name} source", q="mug", **of_source)
        add("productrecord", f"search, none, of the {source.name} source", q="zebra", **of_source)
    orders = listings // 5
    both("order", "first", orders // 10)
    for state in ("open", "on_hold", "closed", "cancelled"):
        both("order", state, orders // 10, state__exact=state)
    add("order", "fresh", fresh="yes")
    add("order", "by date", sort="placed_at")
    add("order", "by date, open", sort="placed_at", state__exact="open")
    for name, term in {
        "none": "zebra",
        "a number": str(100000 + orders // 2),
        "few": "tp-77",
        "most": "tp-",
        "short": "10",
    }.items():
        both("order", f"search, {name}", orders // 10, q=term)
    return found


def measured(client: Client, page: Page) -> tuple[float, float, float]:
    """Return the medians of its milliseconds and of those of our CPU, and its kilobytes."""
    taken, cpu = [], []
    for _ in range(ROUNDS):
        began, began_cpu = time.perf_counter(), time.process_time()
        answer = client.get(page.path)
        taken.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - began_cpu))
        assert answer.status_code == 200, (page, answer.status_code)
    return statistics.median(taken), statistics.median(cpu), len(answer.content) / 1000


def main() -> None:
    settings.ALLOWED_HOSTS = ["*"]
    hub.migrate()
    vendor = connection.vendor
    if not Listing.objects.exists():
        began = time.perf_counter()
        fill(ARGUMENTS.listings)
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    person = Person.objects.get_or_create(username="benchmark", defaults={"role": "owner", "is_active": True})[0]
    client = Client()
    client.force_login(person)
    record = Record(
        f"back_office_{vendor}",
        aim="lists, filters and searches under 200 ms on the server, today under 300 ms; a page under 150 kB",
        note=f"Milliseconds are medians of {ROUNDS} requests through Django's test client; kilobytes are of the HTML "
        "as it is, not compressed. `cpu_ms` is this process alone, which on SQLite is all there is.",
    )
    record.add(listings=Listing.objects.count(), orders=Order.objects.count(), products=ProductRecord.objects.count())
    misses = []
    for page in pages(ARGUMENTS.listings):
        if ARGUMENTS.only and ARGUMENTS.only not in page.name:
            continue
        milliseconds, cpu, kilobytes = measured(client, page)
        record.figures[page.name] = {"ms": round(milliseconds), "cpu_ms": round(cpu), "kB": round(kilobytes)}
        is_missed = milliseconds > page.aim_ms or kilobytes > page.aim_kb
        misses += [page.name] * is_missed
        missed = "MISSED " if is_missed else "       "
        print(f"{missed}{milliseconds:8.1f} ms {cpu:8.1f} cpu {kilobytes:6.0f} kB  {page.name}", flush=True)
    for term in ("zebra", "tp-77", "mug", "tp", str(100001)):
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            search_everywhere(term)
            taken.append(1000 * (time.perf_counter() - began))
        record.figures[f"everywhere: {term}"] = {"ms": round(statistics.median(taken), 1)}
        print(f"       {statistics.median(taken):8.1f} ms            everywhere: {term}", flush=True)
    record.add(pages=len(record.figures), missed=", ".join(misses) or "none")
    if not ARGUMENTS.only:
        record.write()


if __name__ == "__main__":
    sys.exit(main())
