"""What listings should show: computed by the domain from the catalogue's values, and stored where it changed."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from tradepost.database import sql, turns
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.listings.attentions import forget_attention, note_attention, write_attentions
from tradepost.database.listings.listing_rows import locks_of, status_in
from tradepost.database.models import Channel, Listing, ProductRecord, VariantRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link, Pending
from tradepost.domain.listings.listing_rules import Article, ListingRule, ListingRules, left_out_message, rules_of
from tradepost.domain.listings.price_explanation import ExplainedPrice
from tradepost.domain.listings.prices import WantedPrice, wanted_price
from tradepost.domain.listings.quantities import WantedQuantity, wanted_quantity
from tradepost.domain.listings.rules import (
    PriceLimits,
    ShownPrice,
    holds_back_price,
    parent_price,
    price_held_message,
    shown_price,
)
from tradepost.domain.stock.stock import available, sells_without_stock
from tradepost.operations.ports import (
    ChannelSettings,
    HeldPrice,
    SaleAtZero,
    SaleChange,
    UnstatedQuantity,
    WantedChanges,
    WantedDifference,
    WantedDifferences,
)

_LOCKS = ("locked_groups", "locked_price", "locked_quantity")
_OF_LISTING = (
    *("id", "channel_id", "product_id", "variant_id", "parent_id", "kind", "sku"),
    *("wanted_price", "is_price_held", "price_held_why", "is_price_guarded", "passed_price", "proven_price"),
    *("available", "held_back", "sells_without_stock"),
    *("health", "link", "pending", "is_paused", "is_orphaned", "is_left_out", "account", "layout"),
    *_LOCKS,
)
_COLUMNS = (*_OF_LISTING, "product__handle")
_OF_VARIANT = (
    *("id", "product_id", "sku", "price", "is_priced", "cost", "msrp"),
    *("quantity", "is_gone", "sells_without_stock"),
)
_BATCH = 500


class WantedValues(NamedTuple):
    """What a listing should show, by the names of its columns."""

    id: int
    wanted_price: Decimal
    is_price_held: bool
    price_held_why: str
    is_price_guarded: bool
    passed_price: Decimal | None
    available: int | None
    held_back: int
    sells_without_stock: bool


WANTED_COLUMNS = WantedValues._fields[1:]
# What a listing shows before anything was computed, and a parent without variants.
NOTHING_SHOWN = WantedValues(
    0,
    wanted_price=Decimal(0),
    is_price_held=False,
    price_held_why="",
    is_price_guarded=False,
    passed_price=None,
    available=None,
    held_back=0,
    sells_without_stock=False,
)


@dataclass(frozen=True, slots=True)
class _Channel:
    """What of a channel's settings says what its listings should show."""

    name: str
    rules: ListingRules
    limits: PriceLimits
    sells_without_stock: bool
    layout: Layout
    guards_prices: bool
    says_what_is_listed: bool

    @classmethod
    def of(cls, settings: ChannelSettings) -> "_Channel":
        rules = ListingRules.of(settings.listing_rules)
        return cls(
            settings.name,
            rules,
            settings.price_limits,
            settings.sells_without_stock,
            settings.rules.layout,
            rules.first(lambda rule: rule.guard is not None) is not None,
            rules.says_what_is_listed,
        )


def _channels(rows: Iterable[Mapping[str, Any]]) -> dict[int, _Channel]:
    found = Channel.objects.filter(id__in={row["channel_id"] for row in rows})
    return {channel.pk: _Channel.of(settings_of(channel)) for channel in found}


def lock_variants(variant_ids: Iterable[int]) -> None:
    """
    Let whoever else sells or counts these wait until this is written: what is left is a sum over all channels.

    To be called before any other variant or listing is held, and with all of them at once.
    """
    if not connection.features.has_select_for_update:
        # SQLite lets only one write at a time.
        return
    ids = sorted(set(variant_ids))
    list(VariantRecord.objects.select_for_update().filter(id__in=ids).order_by("id").values_list("id"))


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
    instead = {channel_id: _Channel.of(settings)}
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
    channels = {settings.id: _Channel.of(settings)}
    found = _computed(rows, {row["product_id"] for row in rows}, channels)
    parents = {
        parent.id: NOTHING_SHOWN._replace(**parent._asdict())
        for parent in _parent_prices(rows, rows, channels, by_now=found.by_listing)
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
    left_out: "_LeftOut"
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
    channels = _channels(rows)
    found = _computed(rows, product_ids, channels)
    sql.update(Listing, [now for row, now in found.values if now != _COLUMNS_OF(row)])
    found.left_out.write(at=at)
    if found.left_out.newly or found.left_out.freed:
        refresh_parents([row["id"] for row in rows if row["kind"] == Kind.PARENT])
    else:
        sql.update(Listing, _parent_prices(rows, rows, channels, by_now=found.by_listing))
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
    rows: Sequence[Mapping[str, Any]], product_ids: Collection[int], channels: Mapping[int, _Channel]
) -> _Refreshed:
    """Compute of these listings, which are of these products, what they should show by settings of their channels."""
    variants = _variants(product_ids, by="product_id")
    left_out = _LeftOut.of(rows, variants, channels)
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
        quantity = _quantity(row, variant, rules, is_left_out=is_left_out)
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


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """
    The listings whose products a rule of their channel does not list, and the rule, by id.

    `newly`: those of which that was not so before, and `freed`: of which it is so no more; of these `living` (ids) are
    those that the catalogue has.
    """

    by_rule: Mapping[int, ListingRule]
    newly: Sequence[Mapping[str, Any]]
    freed: Sequence[Mapping[str, Any]]
    living: Collection[int]

    @classmethod
    def of(
        cls, rows: Sequence[Mapping[str, Any]], variants: Mapping[int, "_Variant"], channels: Mapping[int, _Channel]
    ) -> "_LeftOut":
        articles: dict[int, list[Article]] = defaultdict(list)
        for variant in variants.values():
            if not variant.is_gone:
                articles[variant.product_id].append(variant.article)
        rules: dict[tuple[int, int], ListingRule | None] = {}
        by_rule: dict[int, ListingRule] = {}
        for row in rows:
            channel = channels[row["channel_id"]]
            if not channel.says_what_is_listed:
                continue
            key = row["channel_id"], row["product_id"]
            if key not in rules:
                rules[key] = channel.rules.of_listing(articles[row["product_id"]])
            rule = rules[key]
            if rule is not None and not rule.lists:
                by_rule[row["id"]] = rule
        newly = [row for row in rows if row["id"] in by_rule and not row["is_left_out"]]
        freed = [row for row in rows if row["is_left_out"] and row["id"] not in by_rule]
        gone = {variant_id for variant_id, variant in variants.items() if variant.is_gone}
        living = {
            row["id"]
            for row in freed
            if (row["product_id"] in articles if row["variant_id"] is None else row["variant_id"] not in gone)
        }
        return cls(by_rule, newly, freed, living)

    def write(self, *, at: datetime) -> None:
        if not (self.newly or self.freed):
            return
        sql.execute(
            """
            UPDATE tradepost_listing SET is_left_out = true, is_orphaned = true,
                pending = CASE WHEN pending IN ('hide', 'delist') THEN pending ELSE '' END
            FROM given WHERE tradepost_listing.id = given.id
            """,
            given=Rows.of_ids(row["id"] for row in self.newly),
        )
        for rule in dict.fromkeys(self.by_rule.values()):
            of_rule = [row["id"] for row in self.newly if self.by_rule[row["id"]] == rule]
            note_attention(of_rule, Attention.ORPHANED, left_out_message(rule), at=at)
        # What the catalogue has no more stays an orphan.
        freed = Listing.objects.filter(id__in=[row["id"] for row in self.freed])
        freed.update(is_left_out=False)
        freed.filter(id__in=self.living).update(is_orphaned=False)
        forget_attention(self.living, Attention.ORPHANED)

    def sale_changes(self, channels: Mapping[int, _Channel]) -> list[SaleChange]:
        """What of it is on a store: it goes off sale, or comes back."""
        told = [(row, False) for row in self.newly] + [(row, True) for row in self.freed]
        return [
            SaleChange(
                channels[row["channel_id"]].name,
                row["product__handle"],
                row["sku"],
                row["account"],
                is_back,
                rule=self.by_rule[row["id"]].name if row["id"] in self.by_rule else "",
            )
            for row, is_back in told
            if row["kind"] != Kind.PARENT and row["link"] == Link.LINKED
        ]


def _price(row: Mapping[str, Any], variant: "_Variant", rules: ListingRules, limits: PriceLimits) -> WantedPrice:
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


def _quantity(row: Mapping[str, Any], variant: "_Variant", rules: ListingRules, *, is_left_out: bool) -> WantedQuantity:
    return wanted_quantity(variant.left, rules, locks=locks_of(row), is_gone=variant.is_gone, is_left_out=is_left_out)


def explained_prices(listing_ids: Collection[int]) -> dict[int, ExplainedPrice]:
    """Say how these prices are made, as they are made; parents have none of their own."""
    columns = (*_COLUMNS, "yielded_price")
    rows = list(Listing.objects.filter(id__in=list(listing_ids), variant__isnull=False).values(*columns))
    channels = _channels(rows)
    variants = _variants({row["variant_id"] for row in rows}, by="id")
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


def explained_quantities(listing_ids: Collection[int]) -> dict[int, WantedQuantity]:
    """Say what is held back of what is left of these, as it is made."""
    columns = ("id", "channel_id", "variant_id", "is_left_out", *_LOCKS)
    rows = list(Listing.objects.filter(id__in=list(listing_ids), variant__isnull=False).values(*columns))
    channels = _channels(rows)
    variants = _variants({row["variant_id"] for row in rows}, by="id")
    return {row["id"]: _wanted_quantity(row, variants, channels) for row in rows}


def _wanted_quantity(
    row: Mapping[str, Any], variants: Mapping[int, "_Variant"], channels: Mapping[int, _Channel]
) -> WantedQuantity:
    variant = variants[row["variant_id"]]
    rules = channels[row["channel_id"]].rules.for_article(variant.article)
    return _quantity(row, variant, rules, is_left_out=row["is_left_out"])


def refresh_parents(parent_ids: Collection[int]) -> None:
    """Compute anew the prices of these parents, which follow those of their variants that are listed."""
    if not parent_ids:
        return
    parents = list(Listing.objects.filter(id__in=list(parent_ids)).values(*_COLUMNS))
    variants = Listing.objects.filter(parent_id__in=list(parent_ids)).values(*_COLUMNS)
    sql.update(Listing, _parent_prices(list(variants), parents, _channels(parents)))


class _ParentPrice(NamedTuple):
    """What a parent should cost, by the names of its columns."""

    id: int
    wanted_price: Decimal
    is_price_held: bool


def _parent_prices(
    variants: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    channels: Mapping[int, _Channel],
    by_now: Mapping[int, WantedValues] = MappingProxyType({}),
) -> list[_ParentPrice]:
    """
    What of the parents among `rows` is another price by now; `variants`: all of theirs. `by_now`: what some of these
    should show since they were read.
    """
    parents = {row["id"]: row for row in rows if row["kind"] == Kind.PARENT}
    if not parents:
        return []
    native = {
        parent_id
        for parent_id, row in parents.items()
        if (row["layout"] or channels[row["channel_id"]].layout) == Layout.NATIVE
    }
    family: dict[int, list[ShownPrice]] = defaultdict(list)
    for row in variants:
        if row["parent_id"] not in parents:
            continue
        shows = by_now.get(row["id"])
        shown = shown_price(
            status_in(row),
            wanted=row["wanted_price"] if shows is None else shows.wanted_price,
            proven=row["proven_price"],
            is_held=row["is_price_held"] if shows is None else shows.is_price_held,
            is_native=row["parent_id"] in native,
        )
        if shown is not None:
            family[row["parent_id"]].append(shown)
    changed: list[_ParentPrice] = []
    for parent_id, row in parents.items():
        price = parent_price(family[parent_id])
        now = _ParentPrice(parent_id, row["wanted_price"] if price is None else price, price is None)
        if now[1:] != (row["wanted_price"], row["is_price_held"]):
            changed.append(now)
    return changed


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


def refresh_available(variant_ids: Collection[int]) -> None:
    """
    Compute anew what is available of these variants, on every channel.

    Every sighting of an order comes by: where nothing is held back, one statement writes what is left.
    """
    ids = sorted(set(variant_ids))
    for start in range(0, len(ids), _BATCH):
        _refresh_available(ids[start : start + _BATCH])


def _refresh_available(variant_ids: Sequence[int]) -> None:
    held = _may_hold_back(variant_ids)
    left = _left(variant_ids)
    sql.execute(
        """
        UPDATE tradepost_listing SET available = given.available, held_back = 0
        FROM given
        WHERE tradepost_listing.variant_id = given.id
          AND (tradepost_listing.available IS NULL OR given.available IS NULL
            OR tradepost_listing.available <> given.available OR tradepost_listing.held_back <> 0)
          AND tradepost_listing.id NOT IN (SELECT held.id FROM held)
        """,
        given=Rows(
            {"id": Column.INTEGER, "available": Column.INTEGER},
            [{"id": variant_id, "available": pieces} for variant_id, pieces in left.items()],
        ),
        held=Rows.of_ids(row["id"] for row in held),
    )
    if not held:
        return
    channels = _channels(held)
    variants = _variants({row["variant_id"] for row in held}, by="id")
    wanted = [(row["id"], _wanted_quantity(row, variants, channels)) for row in held]
    sql.execute(
        """
        UPDATE tradepost_listing SET available = given.available, held_back = given.held_back
        FROM given
        WHERE tradepost_listing.id = given.id
          AND (tradepost_listing.available IS NULL OR given.available IS NULL
            OR tradepost_listing.available <> given.available OR tradepost_listing.held_back <> given.held_back)
        """,
        given=Rows(
            {"id": Column.INTEGER, "available": Column.INTEGER, "held_back": Column.INTEGER},
            [
                {"id": listing_id, "available": quantity.available, "held_back": quantity.held_back}
                for listing_id, quantity in wanted
            ],
        ),
    )


def _may_hold_back(variant_ids: Sequence[int]) -> list[dict[str, Any]]:
    """
    Those listings of variants for which not `domain.listings.quantities.offers_all`; a lock of something else counts,
    too.
    """
    ruled = [
        channel_id
        for channel_id, rules in Channel.objects.exclude(listing_rules=[]).values_list("id", "listing_rules")
        if ListingRules.of(rules_of(rules)).holds_back
    ]
    columns = ("id", "channel_id", "variant_id", "is_left_out", *_LOCKS)
    some = Q(is_left_out=True) | ~Q(locked_groups=[]) | Q(channel_id__in=ruled)
    return list(Listing.objects.filter(some, variant_id__in=sql.among_ids(variant_ids)).values(*columns))


def _left(variant_ids: Sequence[int]) -> dict[int, int | None]:
    """What is left of variants on all channels, before anything is held back."""
    counted = VariantRecord.objects.filter(id__in=sql.among_ids(variant_ids)).values_list("id", "quantity", "is_gone")
    reserved = reserved_pieces(variant_ids)
    return {
        variant_id: available(quantity, reserved=reserved.get(variant_id, 0), is_gone=is_gone)
        for variant_id, quantity, is_gone in counted
    }


class _Variant(NamedTuple):
    """`left`: what is left to sell on all channels, before anything is held back."""

    product_id: int
    article: Article
    left: int | None
    is_gone: bool
    sells_without_stock: bool


def _variants(ids: Collection[int], *, by: str) -> dict[int, _Variant]:
    """Read variants by their number `by`, with their products and with what is reserved of them, by their ids."""
    rows = sql.read_values(VariantRecord, _OF_VARIANT, ids, by=by)
    # Once for each product, and not for each of its variants.
    products = {
        product_id: (brand, tuple(category), tuple(tags))
        for product_id, brand, category, tags in sql.read_values(
            ProductRecord, ("id", "brand", "category", "tags"), {product_id for _, product_id, *_ in rows}, by="id"
        )
    }
    reserved = reserved_pieces([variant_id for variant_id, *_ in rows])
    found: dict[int, _Variant] = {}
    for variant_id, product_id, sku, price, is_priced, cost, msrp, quantity, is_gone, sells in rows:
        brand, category, tags = products[product_id]
        left = available(quantity, reserved=reserved.get(variant_id, 0), is_gone=is_gone)
        article = Article(sku, brand, category, tags, price, is_priced, cost, msrp)
        found[variant_id] = _Variant(product_id, article, left, is_gone, sells)
    return found


def reserved_pieces(variant_ids: Collection[int]) -> dict[int, int]:
    """Return the pieces in orders of all channels that no statement knows of, by variant."""
    found = sql.fetch_rows(
        """
        SELECT pieces.variant_id, SUM(pieces.taken - pieces.known) AS reserved
        FROM given JOIN tradepost_sightedpieces AS pieces ON pieces.variant_id = given.id
        WHERE pieces.taken > pieces.known
        GROUP BY pieces.variant_id
        """,
        given=Rows.of_ids(variant_ids),
    )
    return {row["variant_id"]: int(row["reserved"]) for row in found}
