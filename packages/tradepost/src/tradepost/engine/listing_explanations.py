"""
Explanations of listings: why each is in its state, what happens next, what stands in the way, its price and its stock.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from django.db.models import F, Q
from django.utils import timezone

from tradepost import wiring
from tradepost.database.models import Channel, DriftRecord, LinkEvent, Listing, Run, RunChange, with_attentions
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.channels.schedule import zone_of
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES
from tradepost.domain.listings.for_sale import SaleFacts, obstacles
from tradepost.domain.listings.listing import Health, Link, Status
from tradepost.domain.listings.listing_explanation import SECTIONS, Deed, Deeds, next_steps, state
from tradepost.domain.listings.locks import spoken_target
from tradepost.domain.listings.price_explanation import ExplainedPrice, explain_page_price, explain_price
from tradepost.domain.plan import Action, Outcome
from tradepost.domain.stock.stock_explanation import ExplainedStock, explain, spoken_when
from tradepost.domain.value_words import value_words
from tradepost.engine.schedules import when_applied
from tradepost.operations.ports import ChannelSettings, ListingRow

# How far back the history is looked through for who asked for something.
_LOOKED_BACK = 200


@dataclass(frozen=True, slots=True)
class ExplainedListing:
    """
    A listing with its explanation, by section; a section with nothing to say is left out.

    `obstacles`: why nobody can buy it, as far as the hub knows.
    """

    record: Listing
    row: ListingRow
    sections: Mapping[str, Sequence[str]]
    price: ExplainedPrice | None
    stock: ExplainedStock | None
    obstacles: Sequence[str]

    @property
    def sku(self) -> str:
        return self.record.sku


def explain_all(channel: Channel, ids: Collection[int]) -> list[ExplainedListing]:
    """Explain these listings, and of families their variants as well."""
    records = Listing.objects.filter(Q(pk__in=ids) | Q(parent_id__in=ids)).select_related("channel", "parent")
    found = list(with_attentions(records).order_by(F("parent_id").asc(nulls_first=True), "sku", "id"))
    rows = {row.id: row for row in wiring.listings.listings_of(channel.pk).by_ids([record.pk for record in found])}
    stocks = {stock.sku: stock for stock in wiring.listings.stocks_of(rows)}
    prices = wiring.listings.prices_of(rows)
    told = _Teller(channel, besides=_with_page_besides(rows))
    return [told.explained(record, rows[record.pk], prices.get(record.pk), stocks.get(record.sku)) for record in found]


class _Teller:
    """What is the same for all listings that are explained at once."""

    def __init__(self, channel: Channel, *, besides: Collection[int]) -> None:
        self._channel = channel
        self._besides = besides
        self._zone = zone_of(channel.time_zone)
        self._now = timezone.now().astimezone(self._zone)
        self._settings: ChannelSettings = wiring.channels.profile_of(channel).settings
        self._when_run = cache(partial(when_applied, channel))
        self._sends_images = wiring.images.sends_images(channel)

    def explained(
        self, record: Listing, row: ListingRow, made: ExplainedPrice | None, stock: ExplainedStock | None
    ) -> ExplainedListing:
        reasons = self._obstacles(record, row.status)
        found = {
            "state": [
                *state(row, deeds_of(record), when=self._when, has_page_besides=record.pk in self._besides),
                *_locked(row),
            ],
            "next": next_steps(row, sends_images=self._sends_images, when_run=self._when_run),
            "in the way": self._in_the_way(record, reasons),
            "price": explain_page_price(row.status, wanted=row.wanted_price, proven=row.proven_price)
            if made is None
            else explain_price(made),
            "stock": () if stock is None else explain(stock, now=self._now, when_synced=self._when_run("sync")),
        }
        told = {name: list(found[name]) for name in SECTIONS}
        sections = {name: sentences for name, sentences in told.items() if sentences}
        return ExplainedListing(record, row, sections, made, stock, reasons)

    def _when(self, at: datetime) -> str:
        return spoken_when(at.astimezone(self._zone), self._now)

    def _in_the_way(self, record: Listing, reasons: Sequence[str]) -> Iterator[str]:
        for noted in record.noted:
            since = f"{noted.since.astimezone(self._zone):%Y-%m-%d %H:%M}"
            yield f"{noted.kind} since {since}: {noted.message}"
            yield ATTENTION_CURES[Attention(noted.kind)].cure_of(record.sku)
        if reasons:
            yield f"It can't be bought now. {' '.join(reasons)}"

    def _obstacles(self, record: Listing, status: Status) -> list[str]:
        """What the hub knows without asking the store; a family is bought by its variants."""
        if record.kind == "parent":
            return []
        layout = Layout(record.layout) if record.layout else self._settings.rules.layout
        parent = record.parent if layout is Layout.NATIVE else None
        return obstacles(
            SaleFacts(
                status,
                record.available,
                is_price_held=record.is_price_held,
                parent=None if parent is None else parent.status,
                sells_without_stock=record.proven_without_stock,
            )
        )


def _with_page_besides(listing_ids: Collection[int]) -> frozenset[int]:
    """Those variants that a comparison has found switched on by themselves."""
    variants = DriftRecord.objects.filter(listing__in=listing_ids, listing__kind=Kind.VARIANT.value)
    of_status = variants.filter(group=Group.STATUS.value).values_list("listing_id", "fields")
    return frozenset(number for number, fields in of_status if any(each["after"] is True for each in fields))


def _locked(row: ListingRow) -> Iterator[str]:
    if row.locks.words:
        yield f"Locked: {row.locks.words}."
    for target, text in row.locks.texts:
        what = f"its {spoken_target(target)} is '{value_words(target, text)}'"
        yield f"Customised on this channel: {what}, whatever the catalogue has."


# --- who did it ------------------------------------------------------------------------------------------------------


def deeds_of(record: Listing) -> Deeds:
    """Look through the history for who brought a listing to where it is."""
    history = list(RunChange.history_of(record.pk).filter(outcome=Outcome.APPLIED).select_related("run")[:_LOOKED_BACK])
    return Deeds(
        settled=_settled_by(record, history),
        asked=_set_by(history, "pending", record.pending) if record.pending else None,
        paused=_set_by(history, "is_paused", True) if record.is_paused else None,
    )


def _settled_by(record: Listing, history: Sequence[RunChange]) -> Deed | None:
    if record.health == Health.HIDDEN and record.link == Link.LINKED:
        hides = (change for change in history if change.action == Action.HIDE and change.run.kind != "request")
        return next(map(_deed, hides), None)
    event = LinkEvent.objects.filter(listing=record).order_by("-pk").first()
    if event is None or event.link != record.link:
        return None
    run = Run.objects.filter(pk=event.run_id).first() if event.run_id is not None else None
    if run is None and record.link == Link.UNLINKED:
        return _set_by(history, "link", Link.UNLINKED.value)
    return Deed(event.at, event.run_id, "" if run is None else run.kind, "" if run is None else run.requested_by)


def _set_by(history: Sequence[RunChange], name: str, value: object) -> Deed | None:
    """Find the newest change that gave a field its value."""
    for change in history:
        if any(field["name"] == name and field["after"] == value for field in change.fields):
            return _deed(change)
    return None


def _deed(change: RunChange) -> Deed:
    run = change.run
    return Deed(run.finished_at or run.started_at or run.queued_at, run.pk, run.kind, run.requested_by)
