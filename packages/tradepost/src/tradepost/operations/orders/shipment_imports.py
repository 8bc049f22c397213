"""
Files of shipments, recorded package by package: a bad one is told with its line, the others come in, and a file that
is imported again records nothing twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from tradepost.domain import changes
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import Shipment
from tradepost.domain.orders.shipment import LONGEST_NUMBER, ShipmentState, in_cents
from tradepost.domain.orders.shipping import not_packed
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.orders.order_requests import OrderPorts
from tradepost.operations.ports import KnownShipment, Level, NewShipment, RowReport, ShipmentRow
from tradepost.operations.previews import previewed

_AT_ONCE = 100
T = TypeVar("T")


@dataclass(slots=True)
class ShipmentImport:
    """What came of a file; `known`: packages that had been recorded before. Reports are by line."""

    recorded: list[Shipment] = field(default_factory=list)
    known: int = 0
    reports: list[RowReport] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return sum(report.level is Level.REFUSED for report in self.reports)


@dataclass(frozen=True, slots=True)
class Package:
    """The rows of one package, or why it can't be recorded; `line` is where it begins in the file."""

    line: int
    new: NewShipment
    problem: RowReport | None = None


def import_shipments(
    rows: Iterable[ShipmentRow | RowReport],
    ports: OrderPorts,
    *,
    even_if_held: bool = False,
    reason: str = changes.BY_A_PERSON,
) -> ShipmentImport:
    """Record what a file has, a hundred packages in a transaction. Raises what the reader raises."""
    done = ShipmentImport()
    for some in _parts(packages(rows, done.reports, even_if_held=even_if_held)):
        with ports.transaction():
            _record(some, done, ports, reason)
    done.reports.sort(key=lambda report: report.line)
    return done


def preview_shipments(
    rows: Iterable[ShipmentRow | RowReport], ports: OrderPorts, *, even_if_held: bool = False
) -> ShipmentImport:
    """Say what would be recorded of a file, and record nothing."""
    return previewed(lambda: import_shipments(rows, ports, even_if_held=even_if_held), ports.transaction)


def packages(
    rows: Iterable[ShipmentRow | RowReport], reports: list[RowReport], *, even_if_held: bool = False
) -> Iterator[Package]:
    """Join rows to packages, in the order in which these begin; what is no row of any goes to `reports`."""
    joined: dict[tuple[int, str], list[ShipmentRow]] = {}
    for row in rows:
        if isinstance(row, RowReport):
            reports.append(row)
        else:
            joined.setdefault((row.order_number, row.reference or row.tracking_number), []).append(row)
    return (_package(its_rows, even_if_held=even_if_held) for its_rows in joined.values())


def _package(rows: Sequence[ShipmentRow], *, even_if_held: bool) -> Package:
    first = rows[0]
    return Package(
        first.line,
        NewShipment(
            order_number=first.order_number,
            carrier=next((row.carrier for row in rows if row.carrier is not None), ""),
            tracking_number=first.tracking_number,
            cost=next((row.cost for row in rows if row.cost is not None), Decimal()),
            lines=_items(rows),
            even_if_held=even_if_held,
            reference=first.reference,
            shipped_at=next((row.shipped_at for row in rows if row.shipped_at is not None), None),
        ),
        _problem(rows),
    )


def _items(rows: Sequence[ShipmentRow]) -> dict[str | int, int | None] | None:
    """Return the pieces by SKU or line; None where a row is for all that is open."""
    items: dict[str | int, int | None] = {}
    for row in rows:
        if row.item is None:
            return None
        so_far = items.get(row.item, 0)
        items[row.item] = None if so_far is None or row.quantity is None else so_far + row.quantity
    return items


def _problem(rows: Sequence[ShipmentRow]) -> RowReport | None:
    """Say what keeps a package from being recorded: it comes in whole, or not at all."""
    for row in rows:
        if row.problem:
            return RowReport(row.line, Level.REFUSED, row.problem)
        if row.item is None and len(rows) > 1:
            message = (
                f"The row has neither a SKU nor a line, and the package has other rows; the first is {rows[0].line}."
            )
            return RowReport(row.line, Level.REFUSED, message)
        for name in ("tracking_number", "carrier", "cost", "shipped_at"):
            value = getattr(row, name)
            first = next((other for other in rows if getattr(other, name) is not None), row)
            if value is not None and value != getattr(first, name):
                message = (
                    f"The row has another {name.replace('_', ' ')} than line {first.line}, which is of the same "
                    "package; give packages references of their own."
                )
                return RowReport(row.line, Level.REFUSED, message)
    return None


def _record(some: Sequence[Package], done: ShipmentImport, ports: OrderPorts, reason: str) -> None:
    recorded = []
    for package in some:
        if package.problem is not None:
            done.reports.append(package.problem)
            continue
        new = package.new
        known = ports.orders.known_shipment(
            new.order_number, reference=new.reference, tracking_number=new.tracking_number
        )
        if known is not None:
            done.known += 1
            done.reports += _differences(package, known)
            continue
        try:
            with ports.transaction():
                recorded.append(ports.orders.add_shipment(_with_reference(new), at=ports.clock()))
        except NotAllowed as refusal:
            done.reports.append(RowReport(package.line, Level.REFUSED, str(refusal)))
    done.recorded += recorded
    results = [Result(changes.shipment_recorded(shipment, reason=reason), Outcome.APPLIED) for shipment in recorded]
    ports.history.keep(results, channel_id=ports.channel_id)


def _with_reference(new: NewShipment) -> NewShipment:
    """Without a reference, the number that the file has stays its name when it is corrected in the hub."""
    if new.reference or len(new.tracking_number) > LONGEST_NUMBER:
        return new
    return replace(new, reference=new.tracking_number)


def _differences(package: Package, known: KnownShipment) -> Iterator[RowReport]:
    new, recorded = package.new, known.recorded
    if known.state is ShipmentState.TAKEN_BACK:
        message = f"It was recorded as {known.code} and taken back; give it another reference to record it again."
        yield RowReport(package.line, Level.NOTE, message)
        return
    if left := ", ".join(not_packed(new.lines or {}, known.pieces)):
        # As of a file that was read while it was being written.
        message = (
            f"It is recorded as {known.code} with {left}, and the others are not recorded. Give them a row with "
            "another reference; the tracking number may be the same."
        )
        yield RowReport(package.line, Level.REFUSED, message)
    if (new.tracking_number, new.carrier, in_cents(new.cost)) != (
        recorded.number,
        recorded.carrier,
        in_cents(recorded.cost),
    ):
        message = (
            f"It is recorded as {known.code} with '{recorded.carrier} {recorded.number}' for {recorded.cost:.2f}, and "
            f"is left so; 'tradepost shipments correct {known.code}' changes it."
        )
        yield RowReport(package.line, Level.NOTE, message)


def _parts(rows: Iterator[T]) -> Iterator[list[T]]:
    while some := list(islice(rows, _AT_ONCE)):
        yield some
