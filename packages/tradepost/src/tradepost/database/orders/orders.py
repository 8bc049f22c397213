"""The orders port: the ledger of one channel, where each order of the store is imported once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.models import Channel, Order, OrderEvent, OrderLine, OrderPayload
from tradepost.database.orders import shipments
from tradepost.database.orders.known_orders import take_known
from tradepost.database.orders.ledger import read_ledger
from tradepost.database.orders.news import make_news, news, note_judged
from tradepost.database.orders.order_lines import matcher_for, save_lines
from tradepost.database.orders.parked import (
    let_try_again,
    park,
    parked_ids,
    reasons,
    tried_fingerprints,
    unpark,
    unpark_numberless,
)
from tradepost.database.orders.personal_data import forget_people, forget_people_of_old_channels
from tradepost.database.orders.proofs import hub_orders, placed_or_shipped
from tradepost.database.search import note_order_words
from tradepost.database.sql import Column, Rows
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import (
    LARGEST_ID,
    OrderState,
    ParkedOrder,
    Shipment,
    StoreOrder,
    StoreOrderLine,
    StoreStatus,
    hold_reason,
    is_managed,
    shipped_at,
)
from tradepost.domain.orders.order_changes import (
    DELETED,
    MISSING_SHIPMENT,
    Holds,
    LedgerOrder,
    OrderEventKind,
    changes_since,
    exchanged,
    held,
    released,
    replaced_words,
    seen_shipments,
    state_of,
    to_decide,
)
from tradepost.domain.orders.order_lines import LineMatcher, listed_prices
from tradepost.domain.orders.order_news import OrderCriteria, OrderNews, criteria_of
from tradepost.domain.orders.order_proof import HubOrder, OrderProof
from tradepost.domain.orders.order_rules import OrderRule, Ruled, ruled, rules_of
from tradepost.domain.orders.shipment import CURE, ShipmentState
from tradepost.domain.orders.shipping import ShippableOrder
from tradepost.operations.ports import (
    KnownShipment,
    NewShipment,
    OrderRow,
    ProvenShipment,
    ShipmentCorrection,
    ShipmentEdit,
    TriedOrder,
    UnsentShipment,
)

# Those of which a rule may still say something.
_TO_RULE = (OrderState.OPEN.value, OrderState.ON_HOLD.value, OrderState.NOT_MANAGED.value)
_RULED_AT_ONCE = 200
_NOTHING: Mapping[int, Mapping[str, str]] = {}


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
            note_order_words(ids.values())
            self._keep_payloads(new, ids, at)
            take_known(ids, channel_id=self._channel_id, at=at)
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
            followed = [(ids[order.id], ledger[order.id].without_exchanged(order), order) for order in found]
            held_since = {row.external_id: row.held_since for row in rows}
            states = self._write_followed(followed, matcher, held_since, at)
            if found:
                other = {order.id: exchanged(ledger[order.id].order, order) for order in found}
                save_lines(found, ids, matcher, exchanged=other)
                note_order_words([ids[order.id] for order in found])
                self._cancel_missing_lines(found, ids)
                self._keep_payloads(found, ids, at)
            self._cancel_gone([(row, ledger[row.external_id]) for row in rows if row.external_id in gone], at)
            self._add_events(ledger, {order.id: order for order in found}, states, gone, ids=ids, at=at)
            seen = {code: it for order in found for code, it in seen_shipments(ledger[order.id], order).items()}
            shipments.note_seen(seen, channel_id=self._channel_id, missing=f"{MISSING_SHIPMENT} {CURE}")

    def set_aside(self, number: int, aside: int, *, at: datetime) -> None:
        """Keep the order that had this number by another one; what of it is open is cancelled, since it is gone."""
        with transaction.atomic():
            self.follow((), gone=[number], at=at)
            rows = self._all().filter(external_id=number)
            rows.exclude(closed_reason="").update(closed_reason=replaced_words(number))
            rows.update(external_id=aside)

    def hold(self, number: int, *, reason: str, by: str, at: datetime) -> None:
        with transaction.atomic():
            row = self._one(number)
            self._set_holds(row, held(number, OrderState(row.state), row.holds, reason=reason), by=by, at=at)
            self._note(row, OrderEventKind.HELD, reason, by=by, at=at)

    def release(self, number: int, *, by: str, at: datetime) -> str:
        with transaction.atomic():
            row = self._one(number)
            reason = row.holds.reason
            self._set_holds(row, released(number, OrderState(row.state), row.holds), by="", at=at)
            self._note(row, OrderEventKind.RELEASED, reason, by=by, at=at)
        return reason

    @staticmethod
    def _set_holds(row: Order, holds: Holds, *, by: str, at: datetime) -> None:
        items = row.lines.filter(is_product=True)
        row.hold_reason, row.hold_asked, row.hold_released = holds.by_rules, holds.asked, holds.released
        row.held_by = by
        row.state = state_of(
            StoreStatus(row.store_status),
            holds,
            is_managed=items.filter(listing__isnull=False).exists() or not items.exists(),
            is_gone=bool(row.closed_reason),
        ).value
        row.held_since = _held_since(row.state, row.held_since, at=at)
        row.save(update_fields=["hold_reason", "hold_asked", "hold_released", "held_by", "held_since", "state"])

    def _note(self, row: Order, what: OrderEventKind, reason: str, *, by: str, at: datetime) -> None:
        OrderEvent.objects.create(order=row, at=at, what=what.value, reason=reason, by=by, run_id=self._run_id)

    def note_opened(self, numbers: Collection[int], *, at: datetime) -> None:
        possible = [number for number in numbers if abs(number) <= LARGEST_ID]
        self._all().filter(external_id__in=possible, opened_at__isnull=True).update(opened_at=at)

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
            ids = parked_ids(found, channel_id=self._channel_id)
            self.make_news(ids)
            if len(ids) < len(found) and (compared := self.compared()) is not None:
                # By no payment state nothing was compared, so that the next get does.
                self.set_compared(replace(compared, payment_states=frozenset()))
        return found

    def compared(self) -> OrderCriteria | None:
        return criteria_of(Channel.objects.values_list("orders_compared", flat=True).get(id=self._channel_id))

    def set_compared(self, criteria: OrderCriteria) -> None:
        Channel.objects.filter(id=self._channel_id).update(orders_compared=criteria.as_values())

    def unpark_numberless(self, *, before: datetime) -> None:
        unpark_numberless(channel_id=self._channel_id, before=before)

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
        # The rule is `domain.orders.order.is_to_acknowledge`; the literals let SQLite use the index made for it.
        ids = sql.page(
            Order,
            "id",
            where=("channel_id = %s", "acknowledged_at IS NULL", "state IN ('open', 'on_hold')"),
            params=(self._channel_id,),
            after=after,
            limit=limit,
        )
        rows = Order.objects.filter(id__in=ids).order_by("id")
        return [
            OrderRow(
                row.pk,
                row.external_id,
                OrderState(row.state),
                is_acknowledged=False,
                telling_since=row.telling_since,
            )
            for row in rows
        ]

    def begin_telling(self, numbers: Collection[int], *, at: datetime) -> None:
        self._all().filter(external_id__in=list(numbers)).update(telling_since=at)

    def end_telling(self, numbers: Collection[int]) -> None:
        self._all().filter(external_id__in=list(numbers)).update(telling_since=None)

    def apply_rules(self, *, at: datetime) -> list[int]:
        changed: list[int] = []
        after = 0
        while True:
            with transaction.atomic():
                open_orders = self._all().filter(state__in=_TO_RULE, id__gt=after).order_by("id")
                rows = list(open_orders.select_for_update()[:_RULED_AT_ONCE])
                if not rows:
                    return changed
                after = rows[-1].pk
                changed += self._rule([row for row in rows if not row.closed_reason], at)

    def _rule(self, rows: Sequence[Order], at: datetime) -> list[int]:
        ids = {row.external_id: row.pk for row in rows}
        ledger = read_ledger(rows)
        matcher = matcher_for(_lines([known.order for known in ledger.values()]), channel_id=self._channel_id)
        judged = [(ids[number], known, known.order) for number, known in ledger.items()]
        states = self._write_followed(judged, matcher, {row.external_id: row.held_since for row in rows}, at)
        save_lines([known.order for known in ledger.values()], ids, matcher)
        changed = [number for number, known in ledger.items() if states[number] is not known.state]
        events = [
            {"order_id": ids[number], "what": OrderEventKind.RULED, "reason": "", "by": "", "fields": []}
            for number in changed
        ]
        sql.insert(OrderEvent, events, constants={"at": at, "run_id": self._run_id})
        return changed

    def try_rules(self, rules: Sequence[OrderRule], *, limit: int) -> list[TriedOrder]:
        newest = self._all().order_by("-placed_at", "-id")[:limit]
        rows = {row.external_id: row for row in newest if row.anonymised_at is None}
        ledger = read_ledger(list(rows.values()))
        matcher = matcher_for(_lines([known.order for known in ledger.values()]), channel_id=self._channel_id)
        kept = rules_of(Channel.objects.values_list("order_rules", flat=True).get(id=self._channel_id))
        tried = []
        for number, row in rows.items():
            known, state = ledger[number], OrderState(row.state)
            before, after = (_judged(known, known.order, matcher, each) for each in (kept, rules))
            is_ruled = row.state in _TO_RULE and not row.closed_reason
            tried.append(
                TriedOrder(
                    row.pk,
                    number,
                    row.placed_at,
                    before.made,
                    after.made,
                    state,
                    after.state if is_ruled else state,
                )
            )
        return tried

    def _rules(self) -> list[OrderRule]:
        # Under lock: a rule that is set meanwhile is either known here, or applied to what is imported here.
        channels = Channel.objects.select_for_update(no_key=True)
        return rules_of(channels.values_list("order_rules", flat=True).get(id=self._channel_id))

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

    def mark_acknowledged(
        self, ids: Collection[int], *, at: datetime, stamped: Mapping[int, Mapping[str, str]] = _NOTHING
    ) -> None:
        self._all().filter(id__in=list(ids), acknowledged_at__isnull=True).update(
            acknowledged_at=at, telling_since=None
        )
        known = self._all().filter(id__in=list(stamped)).values_list("id", "custom_fields")
        rows = [{"id": our_id, "custom_fields": {**fields, **stamped[our_id]}} for our_id, fields in known]
        sql.update(Order, rows)

    def shippable(self, number: int) -> ShippableOrder:
        """See the port."""
        return shipments.shippable(number, channel_id=self._channel_id)

    def add_shipment(self, new: NewShipment, *, at: datetime) -> Shipment:
        with transaction.atomic():
            return shipments.add_shipment(new, channel_id=self._channel_id, at=at)

    def known_shipment(self, order_number: int, *, reference: str, tracking_number: str) -> KnownShipment | None:
        return shipments.known_shipment(
            order_number, channel_id=self._channel_id, reference=reference, tracking_number=tracking_number
        )

    def correct_shipment(self, code: str, correction: ShipmentCorrection, *, by: str, at: datetime) -> ShipmentEdit:
        with transaction.atomic():
            return shipments.correct_shipment(code, correction, channel_id=self._channel_id, by=by, at=at)

    def leave_out_shipment(
        self, code: str, state: ShipmentState, *, reason: str, by: str, at: datetime
    ) -> ShipmentEdit:
        with transaction.atomic():
            return shipments.leave_out_shipment(code, state, channel_id=self._channel_id, reason=reason, by=by, at=at)

    def retry_shipments(self, codes: Collection[str] | None, *, by: str, at: datetime) -> list[ShipmentEdit]:
        with transaction.atomic():
            return shipments.retry_shipments(codes, channel_id=self._channel_id, by=by, at=at)

    def shipments_due(self, *, after: int, limit: int, whole_orders: bool = False) -> list[Shipment]:
        return shipments.shipments_due(channel_id=self._channel_id, after=after, limit=limit, whole_orders=whole_orders)

    def begin_sending(self, ids: Collection[int], *, at: datetime) -> None:
        shipments.begin_sending(ids, at=at)

    def sending(self, ids: Collection[int]) -> set[int]:
        return shipments.sending(ids)

    def wake_shipments(self, numbers: Collection[int]) -> None:
        shipments.wake_shipments(numbers, channel_id=self._channel_id)

    def mark_synced(self, proven: Sequence[ProvenShipment], *, at: datetime) -> None:
        with transaction.atomic():
            shipments.mark_synced(proven, at=at)

    def flag_shipments(self, unsent: Sequence[UnsentShipment]) -> None:
        with transaction.atomic():
            shipments.flag_shipments(unsent)

    def _all(self) -> "QuerySet[Order]":
        return Order.objects.filter(channel_id=self._channel_id)

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
        rules = self._rules()
        for order in orders:
            unmatched = matcher.unmatched(order)
            made = ruled(order, rules, listed=_listed(order, matcher, rules))
            reason = " ".join(filter(None, (hold_reason(order, unmatched=unmatched), *made.holds)))
            known = is_managed(order, unmatched=unmatched)
            rows.append(
                {
                    "channel_id": self._channel_id,
                    "external_id": order.id,
                    "state": (state := state_of(order.status, Holds(by_rules=reason), is_managed=known)),
                    "held_since": _held_since(state, None, at=at),
                    "hold_reason": reason,
                    "hold_asked": "",
                    "hold_released": "",
                    "held_by": "",
                    "closed_reason": "",
                    "placed_at": order.placed_at,
                    "imported_at": at,
                    **_columns(order),
                    **_ruled_columns(made),
                }
            )
        inserted = sql.insert(Order, rows, unique=("channel_id", "external_id"), returning=("external_id", "id"))
        return {int(row["external_id"]): int(row["id"]) for row in inserted}

    def _write_followed(
        self,
        orders: Sequence[tuple[int, LedgerOrder, StoreOrder]],
        matcher: LineMatcher,
        held_since: Mapping[int, datetime | None],
        at: datetime,
    ) -> dict[int, OrderState]:
        """Write what the store says now, and what it means for holds and state; returns the states by number."""
        rows = []
        rules = self._rules()
        states: dict[int, OrderState] = {}
        for order_id, ledger, order in orders:
            judged = _judged(ledger, order, matcher, rules)
            holds = judged.holds
            states[order.id] = judged.state
            rows.append(
                {
                    "id": order_id,
                    "state": states[order.id],
                    "hold_reason": holds.by_rules,
                    "hold_asked": holds.asked,
                    "hold_released": holds.released,
                    "held_since": _held_since(judged.state, held_since[order.id], at=at),
                    "closed_reason": "",
                    **_columns(order),
                    **_ruled_columns(judged.made),
                }
            )
        sql.update(Order, rows)
        return states

    def _cancel_gone(self, gone: Sequence[tuple[Order, LedgerOrder]], at: datetime) -> None:
        rows = []
        for row, ledger in gone:
            if row.state == OrderState.CLOSED.value or row.closed_reason:
                continue
            asked = " ".join(filter(None, (row.hold_asked, to_decide(ledger, None))))
            state = state_of(ledger.order.status, Holds(asked=asked), is_gone=True)
            held_since = _held_since(state, row.held_since, at=at)
            rows.append(
                {
                    "id": row.pk,
                    "state": state,
                    "hold_asked": asked,
                    "held_since": held_since,
                    "closed_reason": DELETED,
                }
            )
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
            fields = changes_since(known, order) if order is not None else ()
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


@dataclass(frozen=True, slots=True)
class _Judged:
    """What rules make of an order that is known."""

    made: Ruled
    holds: Holds
    state: OrderState


def _judged(ledger: LedgerOrder, order: StoreOrder, matcher: LineMatcher, rules: Sequence[OrderRule]) -> _Judged:
    unmatched = [line for line in matcher.unmatched(order) if line.line_id not in ledger.matched]
    made = ruled(order, rules, listed={**_listed(order, matcher, rules), **ledger.listed})
    by_rules = " ".join(filter(None, (hold_reason(order, unmatched=unmatched), *made.holds)))
    asked = " ".join(filter(None, (ledger.holds.asked, to_decide(ledger, order))))
    holds = Holds(by_rules=by_rules, asked=asked, released=ledger.holds.released if by_rules else "")
    return _Judged(made, holds, state_of(order.status, holds, is_managed=is_managed(order, unmatched=unmatched)))


def _held_since(state: str, before: datetime | None, *, at: datetime) -> datetime | None:
    """Since when an order is on hold that is in this state from now on; another reason makes it no younger."""
    return (before or at) if state == OrderState.ON_HOLD.value else None


def _lines(orders: Sequence[StoreOrder]) -> list[StoreOrderLine]:
    return [line for order in orders for line in order.lines]


def _listed(order: StoreOrder, matcher: LineMatcher, rules: Sequence[OrderRule]) -> dict[int, Decimal]:
    """For how much its items are listed, where a rule asks for it."""
    return listed_prices(order, matcher) if any(rule.price_off is not None for rule in rules) else {}


def _ruled_columns(made: Ruled) -> dict[str, Any]:
    """What the channel's rules make of an order."""
    return {
        "tags": list(made.tags),
        "service": made.service,
        "carrier": made.carrier,
        "fulfiller": made.fulfiller,
        "rules_done": [plain(done) for done in made.done],
    }


def _columns(order: StoreOrder) -> dict[str, Any]:
    """What of an order is as the store says it."""
    return {
        "store_status": order.status,
        "shipped_at": shipped_at(order),
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
