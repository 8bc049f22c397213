"""What listings should show: computed by the domain from the catalogue's values, and stored where it changed."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from tradepost.database import sql, turns
from tradepost.database.listings.attentions import forget_attention, write_attentions
from tradepost.database.listings.left_out import LeftOut
from tradepost.database.listings.listing_rows import locks_of, status_in
from tradepost.database.listings.parent_prices import parent_prices, refresh_parents
from tradepost.database.listings.quantities import quantity_of
from tradepost.database.listings.wanted_basis import (
    LOCK_COLUMNS,
    NOTHING_SHOWN,
    ChannelTerms,
    SoldVariant,
    WantedValues,
    lock_variants,
    sold_variants,
    terms_of_channels,
)
from tradepost.database.models import Channel, Listing, ProductRecord, VariantRecord
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link, Pending
from tradepost.domain.listings.listing_rules import ListingRules
from tradepost.domain.listings.price_explanation import ExplainedPrice
from tradepost.domain.listings.prices import WantedPrice, wanted_price
from tradepost.domain.listings.rules import (
    PriceLimits,
    holds_back_price,
    price_held_message,
)
from tradepost.domain.stock.stock import sells_without_stock
from tradepost.operations.ports import (
    ChannelSettings,
    HeldPrice,
    SaleAtZero,
    UnstatedQuantity,
    WantedChanges,
    WantedDifference,
    WantedDifferences,
)

_OF_LISTING = (
    *("id", "channel_id", "product_id", "variant_id", "parent_id", "kind", "sku"),
    *("wanted_price", "is_price_held", "price_held_why", "is_price_guarded", "passed_price", "proven_price"),
    *("available", "held_back", "sells_without_stock"),
    *("health", "link", "pending", "is_paused", "is_orphaned", "is_left_out", "account", "layout"),
    *LOCK_COLUMNS,
)
_COLUMNS = (*_OF_LISTING, "product__handle")
_BATCH = 500


def outdate_channel(channel_id: int) -> None:
    """Note that everything of a channel is to be computed anew, for another setting."""
    Channel.objects.filter(id=channel_id).update(wanted_up_to=0)


def refresh_channel(channel_id: int, *, at: datetime) -> WantedDifferences:
    """
    Compute anew what is noted as outdated, batch by batch, each in a transaction of its own; return what differs from
    before. Whatever ends it, the next call goes on.
    """
    differences = WantedDifferences()
    # Mostly nothing is, and each run asks: on SQLite it would wait for whoever writes.
    if not Channel.objects.filter(id=channel_id, wanted_up_to__isnull=False).exists():
        return differences
    while (found := _refresh_next(channel_id, at=at)) is not None:
        differences += found
    return differences


def _refresh_next(channel_id: int, *, at: datetime) -> WantedDifferences | None:
    with turns.batch():
        # Who computes beside this one, or outdates it all again, waits, and goes on behind it.
        channel = Channel.objects.select_for_update(no_key=True).only("wanted_up_to").get(id=channel_id)
        if channel.wanted_up_to is None:
            return None
        where = ["channel_id = %s"]
        after = channel.wanted_up_to
        ids = sql.page(Listing, "product_id", where=where, params=[channel_id], after=after, limit=_BATCH)
        differences = _refresh(ids, at=at).differences(channel_id)
        Channel.objects.filter(id=channel_id).update(wanted_up_to=ids[-1] if ids else None)
    return differences


def preview_channel(channel_id: int, settings: ChannelSettings) -> WantedDifferences:
    """Return what would differ on a channel with other settings. It only reads, and nobody waits for it."""
    after = 0
    where = ["channel_id = %s"]
    differences = WantedDifferences()
    instead = {channel_id: ChannelTerms.of(settings)}
    while ids := sql.page(Listing, "product_id", where=where, params=[channel_id], after=after, limit=_BATCH):
        rows = [row for row in _listings_of(ids) if row["channel_id"] == channel_id]
        differences += _computed(rows, ids, instead).differences(channel_id)
        after = ids[-1]
    return differences


def refresh_products(product_ids: Collection[int], *, at: datetime) -> WantedChanges:
    """
    Compute price, what is available and whether it is sold without stock anew for the listings of these products, on
    every channel.

    A price that is held back is noted as an attention where that matters.
    """
    if not product_ids:
        return WantedChanges()
    return _refresh(product_ids, at=at).changes


@dataclass(frozen=True, slots=True)
class WantedOfNew:
    """
    What listings should show that are about to be made, by the numbers that they go by until then.

    `held`: why prices are held back where that matters.
    """

    values: Mapping[int, WantedValues] = field(default_factory=dict)
    held: Mapping[int, str] = field(default_factory=dict)
    changes: WantedChanges = field(default_factory=WantedChanges)


def wanted_of_new(rows: Sequence[Mapping[str, Any]], settings: ChannelSettings) -> WantedOfNew:
    """
    Compute it as `refresh_products` would right behind, by these settings of their channel. `rows`: their columns, with
    a number of no other listing as id and as that of their new parents.
    """
    channels = {settings.id: ChannelTerms.of(settings)}
    found = _computed(rows, {row["product_id"] for row in rows}, channels)
    parents = {
        parent.id: NOTHING_SHOWN._replace(**parent._asdict())
        for parent in parent_prices(rows, rows, channels, by_now=found.by_listing)
    }
    return WantedOfNew(found.by_listing | parents, found.reasons.get(settings.id, {}), found.changes)


@dataclass(frozen=True, slots=True)
class _Refreshed:
    """
    What came of it; `values`: of each listing its columns before, and what it should show now. `reasons`: by channel
    and listing, why prices are held back where that matters. `ruled`: by channel, for how many listings each rule is.
    """

    changes: WantedChanges
    values: Sequence[tuple[Mapping[str, Any], WantedValues]]
    left_out: LeftOut
    reasons: Mapping[int, Mapping[int, str]]
    ruled: Mapping[int, Counter[str]]

    @property
    def by_listing(self) -> dict[int, WantedValues]:
        return {now.id: now for _, now in self.values}

    def differences(self, channel_id: int) -> WantedDifferences:
        differing = (
            (row, now)
            for row, now in self.values
            if row["channel_id"] == channel_id
            and (row["wanted_price"], row["is_price_held"], row["available"])
            != (now.wanted_price, now.is_price_held, now.available)
        )
        left_out = sum(row["channel_id"] == channel_id for row in self.left_out.newly)
        back = sum(row["channel_id"] == channel_id for row in self.left_out.freed)
        counted = WantedDifferences(left_out=left_out, back=back, ruled=self.ruled.get(channel_id, Counter()))
        return sum((_difference(row, now) for row, now in differing), counted)


def _difference(row: Mapping[str, Any], now: WantedValues) -> WantedDifferences:
    was, pieces = row["available"], now.available
    return WantedDifferences(
        raised=now.wanted_price > row["wanted_price"],
        lowered=now.wanted_price < row["wanted_price"],
        more=was is not None and pieces is not None and pieces > was,
        fewer=was is not None and (pieces is None or pieces < was),
        held=now.is_price_held and not row["is_price_held"],
        freed=row["is_price_held"] and not now.is_price_held,
        examples=(WantedDifference(row["sku"], row["wanted_price"], now.wanted_price, now.is_price_held, was, pieces),),
    )


def _refresh(product_ids: Collection[int], *, at: datetime) -> _Refreshed:
    of_products = VariantRecord.objects.filter(product_id__in=sql.among_ids(product_ids))
    lock_variants(of_products.values_list("id", flat=True))
    rows = _listings_of(product_ids)
    channels = terms_of_channels(rows)
    found = _computed(rows, product_ids, channels)
    sql.update(Listing, [now for row, now in found.values if now != _COLUMNS_OF(row)])
    found.left_out.write(at=at)
    if found.left_out.newly or found.left_out.freed:
        refresh_parents([row["id"] for row in rows if row["kind"] == Kind.PARENT])
    else:
        sql.update(Listing, parent_prices(rows, rows, channels, by_now=found.by_listing))
    forget_attention([now.id for _, now in found.values if now.available is not None], Attention.QUANTITY_UNKNOWN)
    for channel_id in channels:
        of_it = [row["id"] for row in rows if row["channel_id"] == channel_id]
        note_held_prices(found.reasons.get(channel_id, {}), of_it, channel_id=channel_id, at=at)
    return found


def _listings_of(product_ids: Collection[int]) -> list[dict[str, Any]]:
    handles = dict(ProductRecord.objects.filter(id__in=sql.among_ids(product_ids)).values_list("id", "handle"))
    rows = sorted(sql.read(Listing, _OF_LISTING, product_ids, by="product_id"), key=itemgetter("id"))
    for row in rows:
        row["product__handle"] = handles[row["product_id"]]
    return rows


def _computed(
    rows: Sequence[Mapping[str, Any]], product_ids: Collection[int], channels: Mapping[int, ChannelTerms]
) -> _Refreshed:
    """Compute of these listings, which are of these products, what they should show by settings of their channels."""
    variants = sold_variants(product_ids, by="product_id")
    left_out = LeftOut.of(rows, variants, channels)
    reasons: dict[int, dict[int, str]] = defaultdict(dict)
    ruled: dict[int, Counter[str]] = defaultdict(Counter)
    wanted: list[tuple[Mapping[str, Any], WantedValues]] = []
    held: list[HeldPrice] = []
    at_zero: list[SaleAtZero] = []
    unstated: list[UnstatedQuantity] = []
    for row in rows:
        if row["kind"] == Kind.PARENT or row["variant_id"] not in variants:
            continue
        variant, channel = variants[row["variant_id"]], channels[row["channel_id"]]
        rules = channel.rules.for_article(variant.article)
        for rule in rules.in_order:
            ruled[row["channel_id"]][rule.name] += 1
        price = _price(row, variant, rules, channel.limits)
        is_left_out = row["id"] in left_out.by_rule
        quantity = quantity_of(row, variant, rules, is_left_out=is_left_out)
        sells = sells_without_stock(
            is_asked=variant.sells_without_stock,
            is_allowed=channel.sells_without_stock,
            is_gone=variant.is_gone or is_left_out,
        )
        now = WantedValues(
            row["id"],
            price.price,
            bool(price.why_held),
            price.why_held,
            price.is_guarded,
            _passed(row, price, is_guarded=channel.guards_prices),
            quantity.available,
            quantity.held_back,
            sells,
        )
        wanted.append((row, now))
        if sells is not row["sells_without_stock"] and row["link"] != Link.UNLINKED:
            at_zero.append(SaleAtZero(channel.name, row["product__handle"], row["sku"], sells))
        if quantity.available is None and row["link"] == Link.UNLINKED and row["pending"] == Pending.PUBLISH:
            unstated.append(UnstatedQuantity(channel.name, row["product__handle"], row["sku"]))
        is_told = not (price.is_left_alone or variant.is_gone or is_left_out)
        if price.why_held and is_told and holds_back_price(status_in(row)):
            reason = price_held_message(price.why_held)
            reasons[row["channel_id"]][row["id"]] = reason
            held.append(HeldPrice(channel.name, row["product__handle"], row["sku"], reason))
    changes = WantedChanges(held, at_zero, unstated, left_out.sale_changes(channels))
    return _Refreshed(changes, wanted, left_out, reasons, ruled)


def _price(row: Mapping[str, Any], variant: SoldVariant, rules: ListingRules, limits: PriceLimits) -> WantedPrice:
    if variant.is_gone:
        # It keeps the price that it had.
        price = row["wanted_price"]
        return WantedPrice(price, (), limits.why_held(price))
    return wanted_price(variant.article, rules, limits=limits, locks=locks_of(row), last=_last_price(row))


def _last_price(row: Mapping[str, Any]) -> Decimal | None:
    """What a large change is compared with: what was let through last, or else what the store has."""
    if row["link"] == Link.UNLINKED:
        return None
    last: Decimal | None = row["proven_price"] if row["passed_price"] is None else row["passed_price"]
    return last


def _passed(row: Mapping[str, Any], price: WantedPrice, *, is_guarded: bool) -> Decimal | None:
    if row["link"] == Link.UNLINKED or not is_guarded:
        return None
    passed: Decimal | None = row["passed_price"] if price.why_held else price.price
    return passed


def explained_prices(listing_ids: Collection[int]) -> dict[int, ExplainedPrice]:
    """Say how these prices are made, as they are made; parents have none of their own."""
    columns = (*_COLUMNS, "yielded_price")
    rows = list(Listing.objects.filter(id__in=list(listing_ids), variant__isnull=False).values(*columns))
    channels = terms_of_channels(rows)
    variants = sold_variants({row["variant_id"] for row in rows}, by="id")
    found: dict[int, ExplainedPrice] = {}
    for row in rows:
        variant, channel = variants[row["variant_id"]], channels[row["channel_id"]]
        price = _price(row, variant, channel.rules.for_article(variant.article), channel.limits)
        found[row["id"]] = ExplainedPrice(
            sku=row["sku"],
            status=status_in(row),
            wanted=price,
            proven=row["proven_price"],
            yielded=row["yielded_price"],
        )
    return found


_COLUMNS_OF = itemgetter(*WantedValues._fields)


def note_held_prices(
    reasons: Mapping[int, str], listing_ids: Collection[int], *, channel_id: int, at: datetime
) -> None:
    """Note of these listings of a channel why prices are held back, and of the others that they are not."""
    write_attentions(
        {listing_id: {Attention.PRICE_HELD: reason} for listing_id, reason in reasons.items()},
        ended=dict.fromkeys([each for each in listing_ids if each not in reasons], frozenset({Attention.PRICE_HELD})),
        channel_id=channel_id,
        at=at,
        run_id=None,
    )
