"""How far orders are on their way to whoever ships them: fresh, handed over, shipped."""

from typing import TYPE_CHECKING, cast

from django.db.models import BooleanField, CharField, Exists, ExpressionWrapper, Func, OuterRef, Q, QuerySet, Subquery

from tradepost.database.models.order import Order, ShipmentRecord
from tradepost.database.models.stock import Sighting
from tradepost.domain.orders.order import FRESH_STATES

if TYPE_CHECKING:
    from datetime import datetime
    from typing import TypeAlias, TypedDict

    from django_stubs_ext import WithAnnotations

    class _Fulfilment(TypedDict):
        is_fresh: bool
        handed_over_at: datetime | None

    WithFulfilment: TypeAlias = WithAnnotations[Order, _Fulfilment]

# The rule is `domain.orders.order.is_fresh`; literals let SQLite use the index made for it.
_STATES = [Func(template=f"'{state.value}'", output_field=CharField()) for state in FRESH_STATES]


def with_fulfilment(rows: "QuerySet[Order]") -> "QuerySet[WithFulfilment]":
    """Add to each order `is_fresh`, and `handed_over_at`, which is kept with what took its pieces from the stock."""
    annotated = rows.annotate(
        is_fresh=ExpressionWrapper(_fresh(), output_field=BooleanField()),
        handed_over_at=Subquery(_sightings().values("handed_over_at")[:1]),
    )
    return cast("QuerySet[WithFulfilment]", annotated)


def fresh(rows: "QuerySet[Order]") -> "QuerySet[Order]":
    """Those that nobody has looked at or worked on yet."""
    return rows.filter(_fresh())


def _fresh() -> Q:
    shipped = ShipmentRecord.objects.filter(order=OuterRef("pk"))
    untouched = Q(opened_at__isnull=True, state__in=_STATES)
    return untouched & ~Q(Exists(shipped)) & ~Q(Exists(_sightings().filter(handed_over_at__isnull=False)))


def _sightings() -> "QuerySet[Sighting]":
    return Sighting.objects.filter(channel=OuterRef("channel"), external_id=OuterRef("external_id"))
