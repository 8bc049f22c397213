"""
The price of a listing, step by step from the catalogue's: markup, limits, rounding, a lock. Made and told by the same.

Limits come before rounding, and what rounding would take across one of them is rounded the other way, or not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from tradepost.domain.fields import Group
from tradepost.domain.listings.listing_rules import (
    CENT,
    Article,
    ListingRule,
    ListingRules,
    Rounding,
    Start,
    by,
    markup_words,
    plain,
    rounding_words,
    start_words,
)
from tradepost.domain.listings.locks import Locks
from tradepost.domain.listings.rules import PriceLimits

_PERCENT = Decimal(100)


class PriceStep(NamedTuple):
    """What the price is from this step on, and in which words; the rule's name where one has said so."""

    words: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class RuledPrice:
    """
    What a price comes to by the rules.

    `steps`: how, from `start` on. `why_held`: a sentence that says why it can't be had. `guard`: the rule that holds
    large changes back.
    """

    price: Decimal
    steps: tuple[PriceStep, ...] = ()
    start: Start = Start.PRICE
    why_held: str = ""
    guard: ListingRule | None = None


def in_cents(price: Decimal) -> Decimal:
    """Round to what a store charges: two decimals, half up."""
    return price.quantize(CENT, rounding=ROUND_HALF_UP)


def ruled_price(article: Article, rules: ListingRules) -> RuledPrice:
    """
    Apply rules that are for this article to its price; none of them sees what they made of it before.

    A price of 0 is none, and no rule makes one of it.
    """
    if not rules.in_order:
        return _unruled(article.price)
    catalogue = in_cents(article.price)
    guard = rules.first(lambda rule: rule.guard is not None)
    markup = rules.first(lambda rule: rule.marks_up)
    start = Start.PRICE if markup is None or markup.start is None else markup.start
    begin = _start_of(article, start)
    if begin is None:
        why = f"The catalogue has no {start_words(start)} for it, and {by(markup)} reckons from that." if markup else ""
        return RuledPrice(catalogue, (PriceStep("catalogue", catalogue),), start, why, guard)
    steps = [PriceStep("catalogue" if start is Start.PRICE else start_words(start), in_cents(begin))]
    if not steps[-1].price:
        return RuledPrice(steps[-1].price, tuple(steps), start, "", guard)
    if markup is not None and (markup.percent is not None or markup.amount is not None):
        steps.append(PriceStep(f"{by(markup)} {markup_words(markup)}", in_cents(_marked_up(begin, markup))))
        if steps[-1].price <= 0:
            why = f"With {by(markup)} its price is {steps[-1].price}, and no rule gives anything away."
            return RuledPrice(Decimal("0.00"), tuple(steps), start, why, guard)
    limits = _Limits.of(article, rules)
    steps += limits.steps(steps[-1].price)
    rounding = rules.first(lambda rule: rule.rounds)
    if rounding is not None:
        steps += _rounded(steps[-1].price, rounding, limits)
    return RuledPrice(steps[-1].price, tuple(steps), start, "", guard)


@lru_cache(maxsize=4096)
def _unruled(price: Decimal) -> RuledPrice:
    # Kept, as most prices of a catalogue are there many times.
    catalogue = in_cents(price)
    return RuledPrice(catalogue, (PriceStep("catalogue", catalogue),))


def _start_of(article: Article, start: Start) -> Decimal | None:
    """As it stands there, not in cents: it is rounded once, and last. A cost or MSRP of 0 is none."""
    match start:
        case Start.COST:
            return article.cost or None
        case Start.MSRP:
            return article.msrp or None
    return article.price


def _marked_up(start: Decimal, markup: ListingRule) -> Decimal:
    return start * (_PERCENT + (markup.percent or 0)) / _PERCENT + (markup.amount or 0)


# --- what is wanted of it -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WantedPrice:
    """
    The price that a store is to show, unless it is held back.

    `why_held`: a sentence that says why it is; blank where it may be sent. `is_guarded`: only because the change is a
    large one, which a person can let through. `is_left_alone`: the store's own is meant to stay, so nobody is told.
    """

    price: Decimal
    steps: tuple[PriceStep, ...] = ()
    why_held: str = ""
    is_guarded: bool = False
    is_left_alone: bool = False

    @property
    def sentence(self) -> str:
        """Tell the steps: `catalogue 12.00; rule 'spring' +10 % 13.20; rounded up to .99 13.99`."""
        return "; ".join(f"{step.words} {step.price}" for step in self.steps)


def wanted_price(
    article: Article, rules: ListingRules, *, limits: PriceLimits, locks: Locks, last: Decimal | None
) -> WantedPrice:
    """
    Say what the price should be by rules that are for this article, by what is locked, and by the channel's limits.

    `last`: what large changes are compared with; None where nothing was shown yet.
    """
    ruled = ruled_price(article, rules)
    if Group.PRICE in locks.groups:
        if locks.price is None:
            return WantedPrice(ruled.price, ruled.steps, _LEFT_ALONE, is_left_alone=True)
        steps = (*ruled.steps, PriceStep("locked at", locks.price))
        return WantedPrice(locks.price, steps, limits.why_held(locks.price))
    is_priced = article.is_priced or (ruled.start is not Start.PRICE and not ruled.why_held)
    why = ruled.why_held or limits.why_held(ruled.price, is_priced=is_priced)
    if why:
        return WantedPrice(ruled.price, ruled.steps, why)
    guarded = why_guarded(ruled.price, last=last, guard=ruled.guard)
    return WantedPrice(ruled.price, ruled.steps, guarded, is_guarded=bool(guarded))


_LEFT_ALONE = "Its price is locked, so the store's own is left alone."


def why_guarded(price: Decimal, *, last: Decimal | None, guard: ListingRule | None) -> str:
    """Say why a change is too large to be sent without a person; blank where it is not."""
    if guard is None or guard.guard is None or not last or abs(price - last) * _PERCENT <= guard.guard * last:
        return ""
    percent = abs(price - last) * _PERCENT / last
    direction = "above" if price > last else "below"
    return (
        f"Its price of {price} is {plain(percent.quantize(Decimal('0.1')))} % {direction} the last one, "
        f"{in_cents(last)}, and {by(guard)} lets changes of up to {plain(guard.guard)} % through; 'tradepost listings "
        "accept-price' lets this one."
    )


# --- limits ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Limits:
    """Between which a price stays, and in which words; where they contradict each other, the lowest counts."""

    lowest: Decimal | None = None
    highest: Decimal | None = None
    lowest_words: str = ""
    highest_words: str = ""

    @classmethod
    def of(cls, article: Article, rules: ListingRules) -> "_Limits":
        floors: list[tuple[Decimal, str]] = []
        if (rule := rules.first(lambda rule: rule.lowest is not None)) is not None and rule.lowest is not None:
            floors.append((rule.lowest, f"{by(rule)} at least {rule.lowest}"))
        margin = rules.first(lambda rule: rule.margin is not None)
        if margin is not None and margin.margin is not None and article.cost is not None:
            floor = article.cost * (_PERCENT + margin.margin) / _PERCENT
            words = f"{by(margin)} at least the cost {in_cents(article.cost)} and {plain(margin.margin)} %"
            floors.append((floor.quantize(CENT, rounding=ROUND_CEILING), words))
        lowest, lowest_words = max(floors, key=lambda floor: floor[0], default=(None, ""))
        top = rules.first(lambda rule: rule.highest is not None)
        highest = None if top is None else top.highest
        if highest is not None and lowest is not None and lowest > highest:
            return cls(lowest, None, f"{lowest_words}, which counts more than the highest, {highest},")
        return cls(lowest, highest, lowest_words, "" if top is None else f"{by(top)} at most {highest}")

    def allow(self, price: Decimal) -> bool:
        return (self.lowest is None or price >= self.lowest) and (self.highest is None or price <= self.highest)

    def steps(self, price: Decimal) -> Iterator[PriceStep]:
        if self.lowest is not None and price < self.lowest:
            yield PriceStep(self.lowest_words, self.lowest)
        elif self.highest is not None and price > self.highest:
            yield PriceStep(self.highest_words, self.highest)


# --- rounding -------------------------------------------------------------------------------------------------------


def _rounded(price: Decimal, rule: ListingRule, limits: _Limits) -> Iterator[PriceStep]:
    wanted = rounded(price, rule)
    if limits.allow(wanted):
        if wanted != price:
            yield PriceStep(f"rounded {rounding_words(rule)}", wanted)
        return
    # The nearest on the other side of the price may be within the limits.
    others = (near for near in sorted(_neighbours(price, rule), key=lambda near: abs(near - price)))
    other = next((near for near in others if limits.allow(near)), None)
    if other is not None:
        yield PriceStep(f"rounded the other way, as {wanted} is outside the limits,", other)
    else:
        yield PriceStep(f"not rounded, as {wanted} is outside the limits,", price)


def rounded(price: Decimal, rule: ListingRule) -> Decimal:
    """Round a price as a rule says; one below the lowest of such prices stays as it is where it had to go down."""
    below, above = _below(price, rule), _above(price, rule)
    if rule.rounding is Rounding.UP or below <= 0:
        return above if rule.rounding is not Rounding.DOWN else price
    if rule.rounding is Rounding.DOWN:
        return below
    return above if above - price <= price - below else below


def _neighbours(price: Decimal, rule: ListingRule) -> list[Decimal]:
    return [near for near in (_below(price, rule), _above(price, rule)) if near > 0]


def _below(price: Decimal, rule: ListingRule) -> Decimal:
    return max(near for near in _grid(price, rule) if near <= price)


def _above(price: Decimal, rule: ListingRule) -> Decimal:
    return min(near for near in _grid(price, rule) if near >= price and near > 0)


def _grid(price: Decimal, rule: ListingRule) -> Iterator[Decimal]:
    """The prices that are allowed, from below to above this one."""
    period, places = _period(rule)
    base = price // period * period
    for turn in (-1, 0, 1):
        for place in places:
            yield base + turn * period + place


def _period(rule: ListingRule) -> tuple[Decimal, tuple[Decimal, ...]]:
    """After which distance the allowed prices come again, and where they lie in it."""
    if rule.step is not None:
        return rule.step, (Decimal("0.00"),)
    period = Decimal(1)
    while period <= max(rule.endings):
        period *= 10
    return period, tuple(ending.quantize(CENT) for ending in rule.endings)
