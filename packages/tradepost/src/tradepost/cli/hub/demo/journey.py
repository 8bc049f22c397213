"""The demo's journey: everything a channel manager does in a shop's life, once, and each step proven on the store."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from tradepost import wiring
from tradepost.cli.catalogue.catalogue import bring_in
from tradepost.cli.hub.demo import choices, proof
from tradepost.cli.hub.demo.shopper import buy
from tradepost.cli.hub.demo.summary import JourneyStep, Summary
from tradepost.cli.runs.run_report import Report, change_lines, perform
from tradepost.database.models import Listing, Order, RunChange
from tradepost.domain.errors import FileRefused, TradepostError
from tradepost.domain.listings.listing import Health, Pending
from tradepost.domain.orders.order import StoreOrder
from tradepost.domain.plan import Outcome, RunState, SubjectKind
from tradepost.domain.store import StoreProduct
from tradepost.engine.requests import request_change
from tradepost.engine.sandbox import connect_box
from tradepost.engine.store_in_a_box import StoreInABox
from tradepost.operations.catalogue.catalogue_writes import save_products
from tradepost.operations.catalogue.import_report import images_outside_message
from tradepost.operations.orders.shipments import record_shipment
from tradepost.operations.ports import (
    ListingRow,
    NewShipment,
    Saying,
    Store,
    StoreConnection,
)
from tradepost.wiring.catalogue import import_ports

CHANNEL = "demo"
CARRIER = "UPS"
SHOPPERS = ("Ada Lovelace", "Grace Hopper", "Mary Anning")
SHOWN_PLANNED = 2
SHOWN_FAULTS = 3
_BATCH = 500

Say = Callable[[str], None]


def travel(box: StoreInABox, *, catalogue: Path, images: Path | None = None, say: Say, quiet: bool) -> Summary:
    """
    Do the whole job against a store in a box; return what was done and proven.

    Raises FileRefused for a catalogue without a product, and the run's error where a run could not go on.
    """
    reading = StoreConnection(
        domain=box.endpoint,
        store_code=box.store_code,
        token=box.token,
        signature_key=box.signature_key,
        plain_http=True,
    )
    with wiring.stores.store_at(reading, is_local=True) as reader:
        return _Journey(box, reader, images=images, say=say, quiet=quiet).run(catalogue)


class _Journey:
    def __init__(self, box: StoreInABox, reader: Store, *, images: Path | None, say: Say, quiet: bool) -> None:
        self._box = box
        self._images = images
        self._reader = reader
        self._say = say
        self._quiet = quiet
        self._channel = connect_box(box, name=CHANNEL, requested_by=CHANNEL, schedules={})
        self._listings = wiring.listings.listings_of(self._channel.pk)
        self._summary = Summary()

    def run(self, catalogue: Path) -> Summary:
        started = time.monotonic()
        self._import(catalogue)
        self._publish()
        restocked = self._change_and_sync()
        self._hide_and_unhide()
        numbers = self._sell(restocked)
        self._ship(numbers)
        self._delist()
        self._nothing_left()
        self._summary.seconds = time.monotonic() - started
        return self._summary

    # --- the steps ---

    def _import(self, catalogue: Path) -> None:
        report, _run = bring_in(catalogue, [self._channel], quiet=self._quiet, images=self._images)
        if not report.products:
            first = report.reports[0].message if report.reports else "The file has no rows."
            message = f"There is no product in {catalogue.name} that can be used. {first}"
            raise FileRefused(message)
        summary = self._summary
        summary.parents, summary.variants, summary.simple = report.parents, report.variants, report.simple
        summary.images_failed += report.images_left_out
        self._say(
            f"Imported {report.parents} families with {report.variants} variants and {report.simple} simple products"
            f" ({report.refused_rows} rows refused)"
        )
        if report.images_outside:
            self._say(images_outside_message(report.images_outside))

    def _publish(self) -> None:
        # What an earlier demo on the same state delisted comes back: as a new product.
        delisted = self._ids(health=Health.DELISTED.value)
        request_change(self._channel.pk, delisted, Pending.PUBLISH, requested_by=CHANNEL)
        due = [row for row in self._rows() if row.status.pending in {Pending.PUBLISH, Pending.OVERWRITE}]
        before = self._seen()
        plan = self._perform("publish", dry_run=True)
        planned = list(RunChange.objects.filter(run=plan.run, outcome=""))
        images = [change for change in planned if change.subject_kind == SubjectKind.FILE.value]
        self._tell_plan(planned)
        paths = {change.subject_key for change in images} | proof.image_paths(before.values())
        files_before = self._files(paths)
        report = self._perform("publish")
        rows, seen = {row.id: row for row in self._rows()}, self._seen()
        attached = proof.image_paths(seen.values())
        files = self._files(attached)
        created = {key for key in seen if key not in before}
        now = [rows[row.id] for row in due if row.id in rows]
        missing = [f"{row.code}: is not on the store" for row in now if not proof.keys([row]) <= seen.keys()]
        # Stock may be wanted and not be sent yet: quantities of what was there before are the next sync's.
        faults = proof.of_listings([row for row in now if proof.keys([row]) <= created], seen)
        lost_files = sorted(path for path in attached if path not in files)
        summary = self._summary
        summary.published = len(created & proof.keys(now))
        summary.failed = len(missing) + len(faults)
        summary.images_uploaded = sum(path not in files_before for path in files)
        summary.images_reused = sum(path in files_before for path in files)
        unusable = _failed_images(report)
        summary.images_failed += len(unusable)
        if unusable:
            self._say(f"Images that could not be had: {len(unusable)}, for example")
            for change in unusable[:SHOWN_FAULTS]:
                self._say(f"    {change.message or change.subject_key}")
        self._step("Published listings", len(due), [*missing, *faults])
        self._step("Images on the image server", len(attached), [f"{path}: is missing" for path in lost_files])

    def _tell_plan(self, planned: list[RunChange]) -> None:
        """Show the plan: how many changes of each sort, and the first ones in full."""
        sorts = Counter(f"{change.action} {change.subject_kind}" for change in planned)
        self._say("Plan: " + (", ".join(f"{sort} x {count}" for sort, count in sorts.items()) or "nothing to publish"))
        shown = [change for change in planned if change.subject_kind == SubjectKind.PRODUCT.value][:SHOWN_PLANNED]
        for line in change_lines(shown):
            self._say(f"    {line}")
        if len(planned) > len(shown):
            self._say(f"    ... and {len(planned) - len(shown)} more")

    def _change_and_sync(self) -> list[ListingRow]:
        picked = choices.to_change(self._rows())
        skus = frozenset(row.sku for row in picked)
        families = self._listings.families({row.product_id for row in picked})
        with transaction.atomic():
            changed = [choices.changed(family.product, skus) for family in families]
            ports = import_ports([self._channel], requested_by=CHANNEL, reads_files=False)
            now = timezone.now()
            save_products(changed, ports, saying=Saying("the demo", now, now), queue=False)
        self._perform("sync")
        rows = [row for row in self._rows() if row.id in {listing.id for listing in picked}]
        self._step("Changed prices and quantities", len(rows), proof.of_listings(rows, self._seen()))
        return rows

    def _hide_and_unhide(self) -> None:
        picked = choices.on_sale(self._rows())[-1:]
        ids = [row.id for row in picked]
        for change, name in ((Pending.HIDE, "Hidden listings"), (Pending.UNHIDE, "Listings put back")):
            request_change(self._channel.pk, ids, change, requested_by=CHANNEL)
            self._perform("sync", only=ids)
            rows = self._listings.by_ids(ids)
            wanted = Health.HIDDEN if change is Pending.HIDE else Health.LISTED
            undone = [f"{row.code}: is {row.status.health}" for row in rows if row.status.health is not wanted]
            self._step(name, len(ids), [*undone, *proof.of_listings(rows, self._seen())])

    def _sell(self, restocked: list[ListingRow]) -> list[int]:
        baskets = choices.baskets(restocked, self._seen())
        numbers = [
            buy(self._box.storefront, store_code=self._box.store_code, purchases=basket, name=shopper)
            for basket, shopper in zip(baskets, SHOPPERS, strict=False)
        ]
        self._say(f"Shoppers placed the orders {', '.join(map(str, numbers)) or '(none: nothing is for sale)'}")
        self._perform("get_orders")
        ledger = set(
            Order.objects.filter(channel=self._channel, external_id__in=numbers).values_list("external_id", flat=True)
        )
        lost = [f"order {number}: was not imported" for number in numbers if number not in ledger]
        unproven = proof.of_acknowledgement(numbers, self._orders(numbers))
        self._summary.orders_imported = len(ledger)
        self._summary.orders_acknowledged = len(numbers) - len(unproven)
        self._step("Imported orders", len(numbers), lost)
        self._step("Acknowledged orders", len(numbers), unproven)
        return sorted(ledger)

    def _ship(self, numbers: list[int]) -> None:
        ports = wiring.orders.order_ports(self._channel, requested_by=CHANNEL)
        tracking = {number: f"1Z{number:016d}" for number in numbers}
        for number, tracking_number in tracking.items():
            record_shipment(NewShipment(order_number=number, carrier=CARRIER, tracking_number=tracking_number), ports)
        self._perform("sync_orders")
        unproven = proof.of_shipment(tracking, self._orders(numbers))
        self._summary.shipments_synced = len(tracking) - len(unproven)
        self._step("Synced shipments", len(tracking), unproven)

    def _delist(self) -> None:
        picked = choices.to_delist(self._rows())
        if picked is None:
            self._step("Delisted listings", 0, [], note="no simple product and no family with two variants")
            return
        request_change(self._channel.pk, [picked.id], Pending.DELIST, requested_by=CHANNEL)
        self._perform("sync", only=[picked.id])
        after = self._listings.by_ids([picked.id])
        undone = [f"{row.code}: is {row.status.health}" for row in after if row.status.health is not Health.DELISTED]
        self._step("Delisted listings", 1, [*undone, *proof.of_absence([picked], self._seen())], note=picked.code)

    def _nothing_left(self) -> None:
        """The last word: after a whole sync another finds nothing to do, and the store is as the hub wants it."""
        # An order placed in the same moment as a stock was written may make the hub send that stock once more.
        self._perform("sync")
        report = self._perform("sync")
        changed = report.counts.of(outcome=Outcome.APPLIED)
        rows = self._rows()
        faults = proof.of_listings(rows, self._seen())
        again = [f"the last sync still changed {changed} things"] if changed else []
        self._step("Everything on the store is as the hub wants it", len(rows), [*again, *faults])

    # --- what they share ---

    def _perform(self, kind: str, *, only: list[int] | None = None, dry_run: bool = False) -> Report:
        report = perform(self._channel, kind, only=only, dry_run=dry_run, quiet=self._quiet)
        if report.run.state == RunState.FAILED.value:
            raise TradepostError(report.run.error)
        return report

    def _step(self, name: str, sent: int, unproven: list[str], *, note: str = "") -> None:
        step = JourneyStep(name, sent, tuple(unproven), note)
        self._summary.steps.append(step)
        about = f" ({note})" if note else ""
        self._say(
            f"{name}: {sent}{about}, proven" if step.is_proven else f"{name}: {sent}{about}, {len(unproven)} NOT proven"
        )
        for fault in unproven[:10]:
            self._say(f"    {fault}")

    def _ids(self, **filters: str) -> list[int]:
        rows = Listing.objects.filter(channel=self._channel, **filters)
        return list(rows.order_by("pk").values_list("pk", flat=True))

    def _rows(self) -> list[ListingRow]:
        ids = self._ids()
        return [
            row for start in range(0, len(ids), _BATCH) for row in self._listings.by_ids(ids[start : start + _BATCH])
        ]

    def _seen(self) -> dict[str, StoreProduct]:
        return self._reader.products_by_code([row.code for row in self._rows()])

    def _orders(self, numbers: list[int]) -> Mapping[int, StoreOrder]:
        return self._reader.orders_by_id(numbers)

    def _files(self, paths: set[str]) -> dict[str, int]:
        with wiring.stores.open_image_store(self._channel) as images:
            return images.sizes(sorted(paths)) if images is not None and paths else {}


def _failed_images(report: Report) -> list[RunChange]:
    images = RunChange.objects.filter(run=report.run, subject_kind=SubjectKind.FILE.value)
    return list(images.exclude(outcome__in=[Outcome.APPLIED.value, Outcome.UNCHANGED.value]).order_by("pk"))
