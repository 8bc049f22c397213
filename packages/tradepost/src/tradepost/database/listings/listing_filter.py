"""
Filters of listings as a query: exactly the listings for which `domain.listings.listing_filter.holds` (tests compare
them on both databases).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Collate, Length, Lower

from tradepost.database import sql
from tradepost.database.models import AttentionRecord, LinkEvent, Listing, ProductRecord
from tradepost.domain.listings.listing import PARKED_AFTER, Health, Link, Pending, ShownHealth
from tradepost.domain.listings.listing_filter import (
    ANY,
    FILTER_FIELDS,
    NEGATED,
    NEVER,
    NONE,
    UNKNOWN,
    Compare,
    FilterCondition,
    ListingFilter,
    Pattern,
    Sort,
)

_TEXTS = {
    "sku": "sku",
    "code": "code",
    "handle": "product__handle",
    "title": "product__title",
    "brand": "product__brand",
    "source": "product__source__name",
}
_TIMES: Mapping[str, Any] = {
    "created": F("created_at"),
    "synced": F("proven_at"),
    "linked": Subquery(
        LinkEvent.objects.filter(listing_id=OuterRef("pk"), link=Link.LINKED.value)
        .values("listing_id")
        .annotate(last=Max("at"))
        .values("last")
    ),
}
_LOOKUPS = {
    Compare.BELOW: "lt",
    Compare.UP_TO: "lte",
    Compare.ABOVE: "gt",
    Compare.FROM: "gte",
}


def filtered(rows: "QuerySet[Listing]", meant: ListingFilter) -> "QuerySet[Listing]":
    """Narrow listings to those that are meant."""
    for number, condition in enumerate(meant):
        rows, query = _QUERIES[FILTER_FIELDS[condition.field].sort](rows, condition, f"filter_{number}")
        rows = rows.exclude(query) if condition.compare in NEGATED else rows.filter(query)
    return rows


def _folded(expression: Any) -> Lower:
    """As `domain.listings.listing_filter.folded`: a collation of bytes has no letters but those of ASCII."""
    return Lower(Collate(expression, "BINARY" if connection.vendor == "sqlite" else "C"))


def _text(rows: "QuerySet[Listing]", condition: FilterCondition, name: str) -> "tuple[QuerySet[Listing], Q]":
    # What has no source must not be nothing: neither this nor its contrary would hold.
    text = Coalesce(F(_TEXTS[condition.field]), Value(""), output_field=TextField())
    rows = rows.alias(**{name: _folded(text)})
    if condition.values:
        return rows, Q(**{f"{name}__in": condition.values})
    rows = rows.alias(**{f"{name}_length": Length(text)})
    return rows, _any(_pattern(pattern, name) for pattern in condition.patterns)


def _pattern(pattern: Pattern, name: str) -> Q:
    if pattern.holds:
        return Q(**{f"{name}__contains": pattern.holds})
    query = Q(**{f"{name}_length__gte": len(pattern.starts) + len(pattern.ends)})
    if pattern.starts:
        query &= Q(**{f"{name}__startswith": pattern.starts})
    return query & Q(**{f"{name}__endswith": pattern.ends}) if pattern.ends else query


def _path(rows: "QuerySet[Listing]", condition: FilterCondition, name: str) -> "tuple[QuerySet[Listing], Q]":
    paths = [value for value in condition.values if isinstance(value, tuple)]
    steps = range(max(map(len, paths)))
    # A path that is shorter has no such step, which must not be nothing: neither this nor its contrary would hold.
    texts = {
        step: Coalesce(KeyTextTransform(step, "product__category"), Value(""), output_field=TextField())
        for step in steps
    }
    rows = rows.alias(**{f"{name}_{step}": _folded(text) for step, text in texts.items()})
    return rows, _any(Q(**{f"{name}_{step}": value for step, value in enumerate(path)}) for path in paths)


def _number(rows: "QuerySet[Listing]", condition: FilterCondition, name: str) -> "tuple[QuerySet[Listing], Q]":
    if condition.field == "quantity":
        # As `domain.stock.stock.offered`; nothing where it is not known.
        shown = Case(When(available__lt=0, then=Value(0)), default=F("available"), output_field=BigIntegerField())
        rows = rows.alias(**{name: shown})
        numbers: Sequence[Any] = [int(value) for value in condition.values if isinstance(value, Decimal)]
    else:
        rows = rows.alias(**{name: F("wanted_price")})
        numbers = [value for value in condition.values if isinstance(value, Decimal)]
    if condition.compare in _LOOKUPS:
        return rows, Q(**{f"{name}__{_LOOKUPS[condition.compare]}": numbers[0]})
    # Never nothing, which would make neither this nor its contrary hold.
    query = Q(**{f"{name}__isnull": False, f"{name}__in": numbers})
    return rows, query | Q(**{f"{name}__isnull": True}) if UNKNOWN in condition.values else query


def _time(rows: "QuerySet[Listing]", condition: FilterCondition, name: str) -> "tuple[QuerySet[Listing], Q]":
    rows = rows.alias(**{name: _TIMES[condition.field]})
    if condition.compare in _LOOKUPS:
        return rows, Q(**{f"{name}__{_LOOKUPS[condition.compare]}": condition.values[0]})
    return rows, Q(**{f"{name}__isnull": True}) if NEVER in condition.values else Q(pk__in=[])


def _tags(rows: "QuerySet[Listing]", condition: FilterCondition, _name: str) -> "tuple[QuerySet[Listing], Q]":
    tags = [value for value in condition.values if isinstance(value, str)]
    return rows, Q(product_id__in=sql.among_lists(ProductRecord, "tags", tags))


def _choice(rows: "QuerySet[Listing]", condition: FilterCondition, _name: str) -> "tuple[QuerySet[Listing], Q]":
    return rows, _any(_is(condition.field, str(value)) for value in condition.values)


def _is(field: str, value: str) -> Q:
    match field:
        case "health" if value in {ShownHealth.LISTED, ShownHealth.INACTIVE}:
            return Q(health=Health.LISTED.value, is_inactive=value == ShownHealth.INACTIVE)
        case "pending":
            return Q(pending=Pending.NONE.value if value == NONE else value)
        case "paused" | "orphaned":
            return Q(**{f"is_{field}": value == "yes"})
        case "locked":
            return ~Q(locked_groups=[]) if value == "yes" else Q(locked_groups=[])
        case "customised":
            return ~Q(own_texts={}) if value == "yes" else Q(own_texts={})
        case "parked":
            return Q(refusals__gte=PARKED_AFTER) if value == "yes" else Q(refusals__lt=PARKED_AFTER)
        case "attention":
            return _needs(value)
    return Q(**{field: value})


def _needs(kind: str) -> Q:
    noted = AttentionRecord.objects.filter(channel_id=OuterRef("channel_id"), listing_id=OuterRef("pk"))
    if kind == NONE:
        return ~Q(Exists(noted))
    return Q(Exists(noted if kind == ANY else noted.filter(kind=kind)))


def _any(queries: Any) -> Q:
    either = Q()
    for query in queries:
        either |= query
    return either


_QUERIES = {
    Sort.TEXT: _text,
    Sort.PATH: _path,
    Sort.NUMBER: _number,
    Sort.CHOICE: _choice,
    Sort.TAGS: _tags,
    Sort.TIME: _time,
}
