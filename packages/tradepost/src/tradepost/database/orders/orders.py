"""The orders port: the ledger of one channel, where each order of the store is imported once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.models import Channel, Order, OrderEvent, OrderLine, OrderPayload, ShipmentRecord
from tradepost.database.orders.ledger import read_ledger
from tradepost.database.orders.news import make_news, news, note_judged
from tradepost.database.orders.order_lines import matcher_for, save_lines
from tradepost.database.orders.parked import let_try_again, park, parked_ids, reasons, tried_fingerprints, unpark
from tradepost.database.orders.personal_data import forget_people, forget_people_of_old_channels
from tradepost.database.orders.proofs import hub_orders, placed_or_shipped
from tradepost.database.orders.shipments import add_shipment, read_shipments
from tradepost.database.sql import Column, Rows
from tradepost.domain.errors import NotAllowed
from tradepost.domain.order import (
    LARGEST_ID,
    OrderState,
    ParkedOrder,
    Shipment,
    StoreOrder,
    StoreOrderLine,
    StoreStatus,
    hold_reason,
    is_managed,
)
from tradepost.domain.order_changes import (
    DELETED,
    Holds,
    LedgerOrder,
    OrderEventKind,
    differences,
    state_of,
    to_decide,
)
from tradepost.domain.order_lines import LineMatcher
from tradepost.domain.order_news import OrderCriteria, OrderNews, criteria_of
from tradepost.domain.order_proof import HubOrder, OrderProof
from tradepost.operations.ports import NewShipment, OrderRow


class DjangoOrders:
    """Implements `ports.Orders` for one channel; `run_id` is noted with what happens to orders."""

    def __init__(self, channel_id: int, *, run_id: int | None = None) -> None:
        self._channel_id = channel_id
        self._run_id = run_id

    def add(self, orders: Sequence[StoreOrder], *, at: datetime) -> int:
        if not orders:
            return 0
        with transaction.atomic():
            matcher = matcher_for(_lines(orders), channel_id=self._channel_id)
            ids = self._insert(orders, matcher, at)
            new = [order for order in orders if order.id in ids]
            save_lines(new, ids, matcher)
            self._keep_payloads(new, ids, at)
        return len(ids)

    def ledger(self, numbers: Collection[int]) -> dict[int, LedgerOrder]:
        # No column holds a larger one, and SQLite's driver fails on it.
        possible = [number for number in numbers if abs(number) <= LARGEST_ID]
        return read_ledger(list(self._all().filter(external_id__in=possible)))

    def follow(self, orders: Sequence[StoreOrder], *, gone: Collection[int] = (), at: datetime) -> None:
        with transaction.atomic():
            # Under lock: two runs may follow the same order, and what differs is told once.
            numbers = [*(order.id for order in orders), *gone]
            rows = list(self._all().select_for_update().filter(external_id__in=numbers).order_by("id"))
            ids = {row.external_id: row.pk for row in rows}
            ledger = read_ledger(rows)
            found = [ledger[order.id].kept(order) for order in orders if order.id in ids]
            matcher = matcher_for(_lines(found), channel_id=self._channel_id)
            states = self._write_followed([(ids[order.id], ledger[order.id], order) for order in found], matcher)
            if found:
                save_lines(found, ids, matcher)
                self._cancel_missing_lines(found, ids)
                self._keep_payloads(found, ids, at)
            self._cancel_gone([(row, ledger[row.external_id]) for row in rows if row.external_id in gone])
            self._add_events(ledger, {order.id: order for order in found}, states, gone, ids=ids, at=at)

    def hold(self, number: int, *, reason: str, by: str, at: datetime) -> None:
        with transaction.atomic():
            row = self._one(number)
            if row.state in {OrderState.CLOSED.value, OrderState.CANCELLED.value}:
                raise NotAllowed(f"Order {number} is {row.state}; there is nothing left to hold.")
            row.hold_asked = reason
            row.held_by = by
            row.state = OrderState.ON_HOLD.value
            row.save(update_fields=["hold_asked", "held_by", "state"])
            OrderEvent.objects.create(
                order=row, at=at, what=OrderEventKind.HELD.value, reason=reason, by=by, run_id=self._run_id
            )

    def release(self, number: int, *, by: str, at: datetime) -> str:
        with transaction.atomic():
            row = self._one(number)
            if row.state != OrderState.ON_HOLD.value:
                raise NotAllowed(f"Order {number} is not on hold; it is {row.state}.")
            reason = row.holds.reason
            row.hold_asked = row.held_by = ""
            row.hold_released = row.hold_reason
            # An order that is gone from the store waits for nothing any more.
            is_gone = bool(row.closed_reason)
            items = row.lines.filter(is_product=True)
            known = items.filter(listing__isnull=False).exists() or not items.exists()
            followed = state_of(StoreStatus(row.store_status), row.holds, is_managed=known)
            settled = OrderState.CANCELLED if is_gone else followed
            row.state = settled.value
            row.save(update_fields=["hold_asked", "held_by", "hold_released", "state"])
            OrderEvent.objects.create(
                order=row, at=at, what=OrderEventKind.RELEASED.value, reason=reason, by=by, run_id=self._run_id
            )
        return reason

    def _one(self, number: int) -> Order:
        row = self._all().select_for_update().filter(external_id=number).first() if abs(number) <= LARGEST_ID else None
        if row is None:
            raise NotAllowed(f"There is no order {number} in this channel's ledger; get orders first.")
        return row

    def news(self, *, after: int, limit: int) -> list[OrderNews]:
        return news(channel_id=self._channel_id, after=after, limit=limit)

    def make_news(self, numbers: Collection[int]) -> None:
        make_news(numbers, channel_id=self._channel_id)

    def judged(self, fingerprints: Mapping[int, str]) -> None:
        note_judged(fingerprints, channel_id=self._channel_id)
        unpark(fingerprints, channel_id=self._channel_id)

    def parked(self) -> dict[str, str]:
        return tried_fingerprints(channel_id=self._channel_id)

    def park(self, orders: Sequence[ParkedOrder], *, at: datetime) -> None:
        park(orders, channel_id=self._channel_id, at=at)
        seen = {order.external_id: order.fingerprint for order in orders if order.external_id is not None}
        note_judged(seen, channel_id=self._channel_id)

    def unpark(self, numbers: Collection[int]) -> None:
        unpark(numbers, channel_id=self._channel_id)

    def try_again(self, numbers: Collection[str] | None) -> list[str]:
        with transaction.atomic():
            found = let_try_again(numbers, channel_id=self._channel_id)
            self.make_news(parked_ids(found, channel_id=self._channel_id))
        return found

    def compared(self) -> OrderCriteria | None:
        return criteria_of(Channel.objects.values_list("orders_compared", flat=True).get(id=self._channel_id))

    def set_compared(self, criteria: OrderCriteria) -> None:
        Channel.objects.filter(id=self._channel_id).update(orders_compared=criteria.as_values())

    def drop_payloads(self, *, before: datetime) -> None:
        OrderPayload.objects.filter(channel_id=self._channel_id, kept_at__lt=before).delete()

    def forget_people(self, *, before: datetime, limit: int, at: datetime) -> list[int]:
        forget_people_of_old_channels(limit=limit, at=at)
        return forget_people(channel_id=self._channel_id, before=before, limit=limit, at=at)

    def in_hub(self, numbers: Collection[int]) -> dict[int, HubOrder]:
        possible = [number for number in numbers if abs(number) <= LARGEST_ID]
        return hub_orders(list(self._all().filter(external_id__in=possible)))

    def why_parked(self, numbers: Collection[str] | None) -> dict[str, str]:
        return reasons(numbers, channel_id=self._channel_id)

    def placed_or_shipped(self, *, since: datetime, until: datetime, after: int, limit: int) -> dict[int, bool]:
        return placed_or_shipped(channel_id=self._channel_id, since=since, until=until, after=after, limit=limit)

    def keep_proof(self, proof: OrderProof, *, at: datetime) -> None:
        Channel.objects.filter(id=self._channel_id).update(orders_proof=proof.as_values(), orders_proven_at=at)

    def set_last_fetch(self, at: datetime) -> None:
        Channel.objects.filter(id=self._channel_id).update(orders_fetched_at=at)

    def unacknowledged(self, *, after: int, limit: int) -> list[OrderRow]:
        # The rule is `domain.order.is_to_acknowledge`; the literals let SQLite use the index made for it.
        ids = sql.page(
            Order,
            "id",
            where=("channel_id = %s", "acknowledged_at IS NULL", "state IN ('open', 'on_hold')"),
            params=(self._channel_id,),
            after=after,
            limit=limit,
        )
        rows = Order.objects.filter(id__in=ids).order_by("id")
        return [OrderRow(row.pk, row.external_id, OrderState(row.state), is_acknowledged=False) for row in rows]

    def rematch(self, numbers: Collection[int] | None) -> list[int]:
        unknown = OrderLine.objects.filter(
            order__channel_id=self._channel_id,
            order__state__in=[OrderState.ON_HOLD.value, OrderState.NOT_MANAGED.value],
            listing__isnull=True,
            is_product=True,
        )
        if numbers is not None:
            unknown = unknown.filter(order__external_id__in=[number for number in numbers if abs(number) <= LARGEST_ID])
        found = sorted(set(unknown.values_list("order__external_id", flat=True)))
        self.make_news(found)
        return found

    def mark_acknowledged(self, ids: Collection[int], *, at: datetime) -> None:
        self._all().filter(id__in=list(ids), acknowledged_at__isnull=True).update(acknowledged_at=at)

    def add_shipment(self, new: NewShipment, *, at: datetime) -> Shipment:
        with transaction.atomic():
            return add_shipment(new, channel_id=self._channel_id, at=at)

    def shipments_due(self, *, after: int, limit: int) -> list[Shipment]:
        due = self._shipments().filter(synced_at__isnull=True, id__gt=after).select_related("order").order_by("id")
        return read_shipments(list(due[:limit]))

    def mark_synced(self, shipments: Mapping[int, int], *, at: datetime) -> None:
        sql.update(
            ShipmentRecord,
            [
                {"id": shipment_id, "external_id": external_id, "synced_at": at, "last_error": ""}
                for shipment_id, external_id in shipments.items()
            ],
        )

    def flag_shipments(self, errors: Mapping[int, str]) -> None:
        sql.update(
            ShipmentRecord, [{"id": shipment_id, "last_error": message} for shipment_id, message in errors.items()]
        )

    def _all(self) -> "QuerySet[Order]":
        return Order.objects.filter(channel_id=self._channel_id)

    def _shipments(self) -> "QuerySet[ShipmentRecord]":
        return ShipmentRecord.objects.filter(order__channel_id=self._channel_id)

    def _keep_payloads(self, orders: Sequence[StoreOrder], ids: Mapping[int, int], at: datetime) -> None:
        sql.upsert(
            OrderPayload,
            [
                {"order_id": ids[order.id], "channel_id": self._channel_id, "record": order.payload, "kept_at": at}
                for order in orders
                if order.payload
            ],
            unique=("order_id",),
        )

    def _insert(self, orders: Sequence[StoreOrder], matcher: LineMatcher, at: datetime) -> dict[int, int]:
        """Insert those that are new; returns our id by the store's."""
        rows = []
        for order in orders:
            unmatched = matcher.unmatched(order)
            reason = hold_reason(order, unmatched=unmatched)
            known = is_managed(order, unmatched=unmatched)
            rows.append(
                {
                    "channel_id": self._channel_id,
                    "external_id": order.id,
                    "state": state_of(order.status, Holds(by_rules=reason), is_managed=known),
                    "hold_reason": reason,
                    "hold_asked": "",
                    "hold_released": "",
                    "held_by": "",
                    "closed_reason": "",
                    "placed_at": order.placed_at,
                    "imported_at": at,
                    **_columns(order),
                }
            )
        made = sql.insert(Order, rows, unique=("channel_id", "external_id"), returning=("external_id", "id"))
        return {int(row["external_id"]): int(row["id"]) for row in made}

    def _write_followed(
        self, orders: Sequence[tuple[int, LedgerOrder, StoreOrder]], matcher: LineMatcher
    ) -> dict[int, OrderState]:
        """Write what the store says now, and what it means for holds and state; returns the states by number."""
        rows = []
        states: dict[int, OrderState] = {}
        for order_id, ledger, order in orders:
            unmatched = [line for line in matcher.unmatched(order) if line.line_id not in ledger.matched]
            rules = hold_reason(order, unmatched=unmatched)
            asked = " ".join(filter(None, (ledger.holds.asked, to_decide(ledger, order))))
            holds = Holds(by_rules=rules, asked=asked, released=ledger.holds.released if rules else "")
            states[order.id] = state_of(order.status, holds, is_managed=is_managed(order, unmatched=unmatched))
            rows.append(
                {
                    "id": order_id,
                    "state": states[order.id],
                    "hold_reason": holds.by_rules,
                    "hold_asked": holds.asked,
                    "hold_released": holds.released,
                    "closed_reason": "",
                    **_columns(order),
                }
            )
        sql.update(Order, rows)
        return states

    def _cancel_gone(self, gone: Sequence[tuple[Order, LedgerOrder]]) -> None:
        rows = []
        for row, ledger in gone:
            if row.state == OrderState.CLOSED.value or row.closed_reason:
                continue
            asked = " ".join(filter(None, (row.hold_asked, to_decide(ledger, None))))
            state = OrderState.ON_HOLD if asked else OrderState.CANCELLED
            rows.append({"id": row.pk, "state": state, "hold_asked": asked, "closed_reason": DELETED})
        sql.update(Order, rows)

    def _add_events(
        self,
        ledger: Mapping[int, LedgerOrder],
        found: Mapping[int, StoreOrder],
        states: Mapping[int, OrderState],
        gone: Collection[int],
        *,
        ids: Mapping[int, int],
        at: datetime,
    ) -> None:
        events = []
        for number, known in ledger.items():
            order = found.get(number)
            fields = differences(known.order, order) if order is not None else ()
            is_gone = number in gone and known.state is not OrderState.CLOSED and not known.is_gone
            # Without any difference only the listings of its items can have changed it.
            is_matched = states.get(number, known.state) is not known.state
            if fields or is_gone or is_matched:
                what = OrderEventKind.CHANGED if fields or known.is_gone else OrderEventKind.MATCHED
                what = OrderEventKind.DELETED if is_gone else what
                events.append(
                    {
                        "order_id": ids[number],
                        "what": what,
                        "reason": to_decide(known, order),
                        "by": "",
                        "fields": [plain(field) for field in fields],
                    }
                )
        sql.insert(OrderEvent, events, constants={"at": at, "run_id": self._run_id})

    def _cancel_missing_lines(self, orders: Sequence[StoreOrder], ids: Mapping[int, int]) -> None:
        """A line that was deleted on the store sells nothing any more."""
        sql.execute(
            """
            UPDATE tradepost_orderline SET store_status = 'cancelled'
            WHERE order_id IN (SELECT id FROM orders)
              AND NOT EXISTS (
                SELECT 1 FROM given
                WHERE given.order_id = tradepost_orderline.order_id AND given.line_id = tradepost_orderline.line_id
              )
            """,
            given=Rows(
                {"order_id": Column.INTEGER, "line_id": Column.INTEGER},
                [{"order_id": ids[order.id], "line_id": line.line_id} for order in orders for line in order.lines],
            ),
            orders=Rows.of_ids(ids.values()),
        )


def _lines(orders: Sequence[StoreOrder]) -> list[StoreOrderLine]:
    return [line for order in orders for line in order.lines]


def _columns(order: StoreOrder) -> dict[str, Any]:
    """What of an order is as the store says it."""
    return {
        "store_status": order.status,
        "ship_to": plain(order.ship_to),
        "bill_to": plain(order.bill_to),
        "charges": plain(order.charges),
        "notes": order.notes,
        "total": order.total,
        "currency": order.currency,
        "shipping_method": order.shipping_method,
        "payment_state": order.payment_state,
        "customer_id": order.customer_id,
        "discounts": plain(order.discounts),
        "payments": plain(order.payments),
        "custom_fields": plain(order.custom_fields),
    }
