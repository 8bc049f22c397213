"""The page of a listing: what needs a person, what should be beside what is, why, and what was done."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from tradepost import wiring
from tradepost.database.models import DriftRecord, Listing, Run, RunChange
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.attention_cures import ATTENTION_CURES
from tradepost.domain.listings.listing import Link, transition
from tradepost.domain.listings.listing_history import history_sentence
from tradepost.domain.listings.locks import spoken as group_words
from tradepost.domain.listings.operator_status import MEANINGS, wanted_count
from tradepost.domain.plan import Action, Outcome, Proof, Side
from tradepost.domain.value_words import value_words
from tradepost.engine.listing_explanations import ExplainedListing, explain_all
from tradepost.operations.listings.listing_comparison import ContentState
from tradepost.operations.ports import ListingRow
from tradepost.web.catalogue.pictures import pictures
from tradepost.web.format import NOTHING, OUTCOME_COLOURS, STATUS_COLOURS, money, spoken
from tradepost.web.listings.asks import LISTING_ASKS, ListingAsk
from tradepost.web.listings.attention_places import CANDIDATES, CHANNEL, ORDERS, PAGE_CURES, PRODUCT
from tradepost.web.listings.rows import (
    COLUMNS,
    options_of,
    rows_of,
    status_of,
    wanted_price_words,
    with_what_a_row_shows,
)
from tradepost.web.rights import may

HISTORY_LENGTH = 50
_WIDEST = 160
_VARIANTS = 200
_PLACES = {
    CANDIDATES: "See what the store has",
    PRODUCT: "To the product",
    ORDERS: "To its orders",
    CHANNEL: "To the channel",
}
_NAMES = {"sku": "SKU", "name": "title", "weight_grams": "weight in grams", "is_taxable": "taxed"}
_KNOWN_WORDS: Mapping[ContentState, str] = {
    ContentState.ABSENT: "not there",
    ContentState.NEVER: "there, and not compared yet",
    ContentState.PROVEN: "the same",
    ContentState.OLDER: "an earlier version",
}


@dataclass(frozen=True, slots=True)
class OfferedAsk:
    """Something that somebody may ask for of this listing, and where it is seen beforehand."""

    label: str
    address: str
    is_for_good: bool


@dataclass(frozen=True, slots=True)
class NeedsYou:
    """Something that needs a person: the cause, the message with the store's words, and what helps."""

    kind: str
    since: datetime
    run: int | None
    cause: str
    message: str
    is_by_store: bool
    words: str
    asks: Sequence[OfferedAsk]
    places: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FieldBeside:
    """
    One field: in the catalogue, as it should be, on the store, and when that was proven.

    `differs`: as far as is known; of what nobody has looked at, nothing is said.
    """

    name: str
    catalogue: str
    wanted: str
    there: str
    differs: bool
    proven_at: datetime | None
    note: str = ""


@dataclass(slots=True)
class GroupBeside:
    """Fields that are sent together; `can_be_sent`: by an update of the content."""

    value: str
    words: str
    can_be_sent: bool
    fields: list[FieldBeside] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        return any(each.differs for each in self.fields)


@dataclass(frozen=True, slots=True)
class DoneThen:
    """A line of the timeline."""

    at: datetime
    who: str
    run: int
    sentence: str
    outcome: str
    colour: str


def page_context(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """What the page of a listing shows. It comes with product, variant, channel, parent and attentions."""
    explained = next(each for each in explain_all(listing.channel, [listing.pk]) if each.record.pk == listing.pk)
    row = explained.row
    drifts = list(listing.drifts.order_by("group"))
    status = status_of(row, listing.noted)
    return {
        "listing": listing,
        "row": row,
        "name": listing.product.title,
        "picture": next(iter(pictures({(listing.product_id, listing.variant_id)}).values()), ""),
        "options": options_of(listing),
        "shown_status": status,
        "status_colour": STATUS_COLOURS[status],
        "status_meaning": MEANINGS[status],
        "needs": list(_needs(request, listing)),
        "groups": _groups(listing, row, drifts),
        "drifts": drifts,
        "why": _why(explained),
        "locked": row.locks.words,
        "history": list(_history(listing)),
        "asks": _offered(request, listing, row, has_drift=any(not each.is_kept for each in drifts)),
        "may_overwrite": row.status.link is Link.LINKED and may(request, "listings overwrite"),
        "variants": _variants(listing),
        "shown": COLUMNS.keys() - {"picture"},
        "shop_address": _in_shop(listing, row),
        "may_link": row.status.link is not Link.LINKED and may(request, "listings candidates"),
        "candidates_address": _candidates(listing),
        "may_count": listing.kind != "parent" and may(request, "catalogue state-count"),
    }


def _candidates(listing: Listing) -> str:
    return reverse("admin:tradepost_listing_candidates", args=[listing.pk])


def _in_shop(listing: Listing, row: ListingRow) -> str:
    """Where shoppers see it; of a native family that is the page of its parent."""
    if row.status.link is not Link.LINKED:
        return ""
    layout = row.layout or wiring.channels.profile_of(listing.channel).settings.rules.layout
    is_of_page = listing.parent_id is not None and layout is Layout.NATIVE
    return wiring.stores.page_in_shop(listing.channel, row.parent_code if is_of_page else row.code)


def _variants(listing: Listing) -> list[Any]:
    if listing.kind != "parent":
        return []
    return rows_of(list(with_what_a_row_shows(listing.children.order_by("variant__position", "id"))[:_VARIANTS]))


# --- what needs a person ----------------------------------------------------------------------------------------------


def _needs(request: HttpRequest, listing: Listing) -> Iterator[NeedsYou]:
    for noted in listing.noted:
        kind = Attention(noted.kind)
        cure = PAGE_CURES[kind]
        asks = [LISTING_ASKS[verb] for verb in cure.asks]
        yield NeedsYou(
            kind=spoken(noted.kind),
            since=noted.since,
            run=noted.run_id,
            cause=ATTENTION_CURES[kind].cause,
            message=noted.message,
            is_by_store=ATTENTION_CURES[kind].is_by_store,
            words=cure.words,
            asks=[_offer(ask, listing) for ask in asks if may(request, ask.act) and _fits(ask, listing)],
            places=[(_PLACES[place], _address(place, listing)) for place in cure.places],
        )


def _address(place: str, listing: Listing) -> str:
    if place == CANDIDATES:
        return _candidates(listing)
    if place == PRODUCT:
        return reverse("admin:tradepost_productrecord_change", args=[listing.product_id])
    if place == ORDERS:
        return f"{reverse('admin:tradepost_order_changelist')}?{urlencode({'q': listing.sku})}"
    return reverse("admin:tradepost_channel_change", args=[listing.channel_id])


# --- what can be asked for --------------------------------------------------------------------------------------------


def _offered(request: HttpRequest, listing: Listing, row: ListingRow, *, has_drift: bool) -> list[OfferedAsk]:
    """What somebody may ask for of this listing, and that changes something."""
    on_store = row.status.link is Link.LINKED
    fits = {
        "clear": bool(row.status.pending),
        "retry": listing.is_parked,
        "accept-drift": has_drift,
        "send-ours": has_drift and on_store,
        "sync": on_store and not row.status.is_paused,
        "link": not on_store,
        "accept-price": row.is_price_guarded,
        "lock": True,
        "unlock": bool(row.locks.words),
        "remove": not row.status.pending,
    }
    return [
        _offer(ask, listing)
        for ask in LISTING_ASKS.values()
        if may(request, ask.act) and fits.get(ask.verb, ask.event is not None and _fits(ask, listing))
    ]


def _offer(ask: ListingAsk, listing: Listing) -> OfferedAsk:
    address = reverse("admin:tradepost_listing_ask", args=[ask.verb])
    return OfferedAsk(ask.label, f"{address}?{urlencode({'id': listing.pk})}", ask.is_for_good or ask.forgets)


def _fits(ask: ListingAsk, listing: Listing) -> bool:
    """Whether a change may be asked for, and is not already."""
    if ask.event is None:
        return True
    try:
        return transition(listing.status, ask.event).of(listing.status) != listing.status
    except NotAllowed:
        return False


# --- side by side -----------------------------------------------------------------------------------------------------


def _groups(listing: Listing, row: ListingRow, drifts: Sequence[DriftRecord]) -> list[GroupBeside]:
    """Price, stock and status first, then the content as it is sent."""
    theirs = {each["name"]: (each["after"], drift.is_kept) for drift in drifts for each in drift.fields}
    groups: defaultdict[str, GroupBeside] = defaultdict(lambda: GroupBeside("", "", can_be_sent=False))
    found = [
        GroupBeside("price", "price", can_be_sent=False, fields=[_price(listing, row)]),
        *([] if listing.kind == "parent" else [_stock_group(row)]),
    ]
    catalogue = _catalogue(listing)
    for each in wiring.listings.compared_fields_of(listing.channel, listing.pk):
        group = groups[each.group]
        if not group.value:
            group.value, group.words, group.can_be_sent = each.group.value, group_words(each.group), True
            found.append(group)
        wanted = (
            _image_words(len(each.wanted))
            if each.name == "images"
            else value_words(each.name, each.wanted, width=_WIDEST)
        )
        other, is_kept = theirs.get(each.name, (None, False))
        is_changed = each.name in theirs
        group.fields.append(
            FieldBeside(
                _NAMES.get(each.name, spoken(each.name)),
                catalogue.get(each.name, each.made_of or NOTHING),
                wanted,
                value_words(each.name, other, width=_WIDEST) if is_changed else _KNOWN_WORDS[each.known],
                differs=is_changed or each.known in {ContentState.ABSENT, ContentState.OLDER},
                proven_at=row.compared_at if each.known in {ContentState.PROVEN, ContentState.OLDER} else None,
                note=("changed there, and kept" if is_kept else "changed there") if is_changed else "",
            )
        )
    return found


def _image_words(number: int) -> str:
    """Their files have no names that say anything."""
    return "1 image" if number == 1 else f"{number:,} images"


def _price(listing: Listing, row: ListingRow) -> FieldBeside:
    there = row.proven_price if row.status.link is Link.LINKED else None
    return FieldBeside(
        "price",
        money(listing.variant.price) if listing.variant is not None and listing.variant.is_priced else NOTHING,
        wanted_price_words(row),
        _there(money(there) if there is not None else "", row),
        differs=_differs(there, row.wanted_price, row),
        proven_at=listing.proven_at if there is not None else None,
        note="held back" if row.is_price_held else "",
    )


def _stock_group(row: ListingRow) -> GroupBeside:
    count = wanted_count(row.status, row.available)
    there = row.account if row.status.link is Link.LINKED else None
    beside = FieldBeside(
        "quantity",
        "unknown" if row.stated is None else f"{row.stated:,}",
        "unknown" if count is None else f"{count:,}",
        _there("" if there is None else f"{there:,}", row),
        differs=_differs(there, count, row),
        proven_at=row.looked_at or row.basis_at if there is not None else None,
        note="a write of it was not answered yet" if row.open_since else "",
    )
    return GroupBeside("quantity", "stock", can_be_sent=False, fields=[beside])


def _differs(there: Decimal | int | None, wanted: Decimal | int | None, row: ListingRow) -> bool:
    """Whether the store has something else, or nothing at all; a value that was not read is not known to be another."""
    return there != wanted and (there is not None or row.status.link is not Link.LINKED)


def _there(text: str, row: ListingRow) -> str:
    return text or ("not known" if row.status.link is Link.LINKED else "not there")


def _catalogue(listing: Listing) -> dict[str, str]:
    """What the catalogue says, as far as it has fields of its own for it."""
    product, variant = listing.product, listing.variant
    said: dict[str, Any] = {
        "sku": variant.sku if variant is not None else product.handle,
        "name": product.title,
        "description": product.description,
        "page_title": product.page_title,
        "categories": " > ".join(product.category),
        "custom_fields": product.brand and f"brand {product.brand}",
        "cost": variant.cost if variant is not None else None,
        "is_taxable": variant.taxable if variant is not None else None,
        "weight_grams": variant.weight_grams if variant is not None else None,
    }
    of_it = product.images.filter(variant=variant) if listing.kind == "variant" else product.images
    # Those of variants are named once more with the product.
    if images := of_it.values("source").distinct().count():
        return {**_said(said), "images": _image_words(images)}
    return _said(said)


def _said(said: Mapping[str, Any]) -> dict[str, str]:
    return {name: value_words(name, value, width=_WIDEST) for name, value in said.items() if value not in (None, "")}


# --- why, and what was done -------------------------------------------------------------------------------------------


def _why(explained: ExplainedListing) -> list[tuple[str, Sequence[str]]]:
    """The steps by which state, price and stock came about; what is in the way has its own place on the page."""
    heads = {"state": "State", "price": "Price", "stock": "Stock"}
    found = [(head, explained.sections[name]) for name, head in heads.items() if name in explained.sections]
    return [*found, *([("Why nobody can buy it now", explained.obstacles)] if explained.obstacles else [])]


def _history(listing: Listing) -> Iterator[DoneThen]:
    for change in RunChange.history_of(listing.pk).select_related("run")[:HISTORY_LENGTH]:
        run = change.run
        yield DoneThen(
            at=run.finished_at or run.started_at or run.queued_at,
            who=_who(run),
            run=run.pk,
            sentence=history_sentence(
                action=Action(change.action),
                side=Side(change.side),
                fields=change.fields,
                outcome=Outcome(change.outcome) if change.outcome else None,
                proof=Proof(change.proof),
                message=change.message,
            ),
            outcome=spoken(change.outcome or "planned"),
            colour=OUTCOME_COLOURS[change.outcome or "planned"],
        )


def _who(run: Run) -> str:
    if run.kind == "request":
        return run.requested_by or "a person"
    return f"{spoken(run.kind)} {run.pk}"
