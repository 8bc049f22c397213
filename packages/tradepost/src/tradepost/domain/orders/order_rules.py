"""
The rules of a channel for its orders: which orders a rule is for, and what it does with them.

A rule is for an order if all that it names is so; of a list, one is enough. A rule that names nothing is for every
order, and is asked last: it is what is usual. Of several that say the same (who ships, by which service), the first one
counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tradepost.domain.orders.order import Address, StoreOrder, StoreOrderLine, StoreStatus, amount_words
from tradepost.domain.patterns import matching

LONGEST_NAME = 50
LONGEST_WORD = 100


class AddressPart(StrEnum):
    """What of an address may be needed to deliver to it."""

    NAME = "name"
    COMPANY = "company"
    EMAIL = "email"
    PHONE = "phone"
    STREET = "street"
    CITY = "city"
    STATE = "state"
    POSTAL_CODE = "postal_code"
    COUNTRY = "country"


# One of these is enough of each part.
_PARTS: Mapping[AddressPart, tuple[str, ...]] = {
    AddressPart.NAME: ("first_name", "last_name", "company"),
    AddressPart.STREET: ("address1", "address2"),
    **{part: (part.value,) for part in AddressPart if part not in {AddressPart.NAME, AddressPart.STREET}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRule:
    """
    A rule by its `name`.

    For whom: `lacks`: at least one of these parts of the delivery address is blank; `total_above`; `price_off`: the
    price of an item differs by more than so many percent from that of its listing when it was ordered; `methods`: the
    store's shipping method, `countries`: codes, `skus`: of one item at least, all three in any case, methods and SKUs
    with `*` for any characters.

    What for: `holds` the order; `tag`; `service`: our word for how it is shipped, with a `carrier`; `fulfiller`: who
    ships it.
    """

    name: str
    lacks: frozenset[AddressPart] = frozenset()
    total_above: Decimal | None = None
    price_off: Decimal | None = None
    methods: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    holds: bool = False
    tag: str = ""
    service: str = ""
    carrier: str = ""
    fulfiller: str = ""

    @property
    def is_usual(self) -> bool:
        """Whether it is for every order."""
        named = (self.lacks, self.methods, self.countries, self.skus)
        return not any(named) and self.total_above is None and self.price_off is None

    def why(self, order: StoreOrder, *, listed: Mapping[int, Decimal]) -> str | None:
        """
        Say why the rule is for an order, in words without a person's data; None where it is not.

        `listed`: the price of each line's listing when it was ordered, as far as there is one.
        """
        reasons: list[str] = []
        for is_named, found in (
            (bool(self.lacks), self._missing_parts(order.ship_to)),
            (self.total_above is not None, self._too_much(order.total)),
            (self.price_off is not None, self._other_prices(order, listed)),
            (bool(self.methods), _matching(self.methods, [order.shipping_method], "shipping method")),
            (bool(self.countries), _matching(self.countries, [order.ship_to.country], "country")),
            (bool(self.skus), _matching(self.skus, _skus(order), "SKU")),
        ):
            if is_named and not found:
                return None
            if is_named:
                reasons.append(found)
        return "; ".join(reasons) or "every order"

    def _missing_parts(self, address: Address) -> str:
        missing = [
            part.replace("_", " ")
            for part in AddressPart
            if part in self.lacks and not any(getattr(address, name).strip() for name in _PARTS[part])
        ]
        return f"the address lacks {', '.join(missing)}" if missing else ""

    def _too_much(self, total: Decimal) -> str:
        is_more = self.total_above is not None and total > self.total_above
        return f"the total {amount_words(total)} is above {self.total_above}" if is_more else ""

    def _other_prices(self, order: StoreOrder, listed: Mapping[int, Decimal]) -> str:
        if self.price_off is None:
            return ""
        found = [
            f"'{line.sku or line.code}' was sold for {amount_words(line.price)} and was listed for "
            f"{amount_words(listed[line.line_id])}"
            for line in _sold(order)
            if line.line_id in listed and _is_off(line.price, listed[line.line_id], self.price_off, order)
        ]
        return ", ".join(found)

    def _deeds(self) -> Iterator[str]:
        if self.holds:
            yield "holds the order"
        if self.tag:
            yield f"tag {self.tag}"
        if self.service:
            yield f"shipped by {self.service}" + (f" ({self.carrier})" if self.carrier else "")
        if self.fulfiller:
            yield f"fulfilled by {self.fulfiller}"

    @property
    def deeds(self) -> str:
        """Say what it does."""
        return ", ".join(self._deeds())

    @property
    def conditions(self) -> str:
        """Say which orders it is for."""
        above = "" if self.total_above is None else f"total above {self.total_above}"
        off = "" if self.price_off is None else f"a price off by more than {self.price_off} %"
        lists = {"shipping method": self.methods, "country": self.countries, "SKU": self.skus}
        lacking = ", ".join(part.replace("_", " ") for part in AddressPart if part in self.lacks)
        named = [f"address without {lacking}" if lacking else "", above, off]
        named += [f"{name} {' or '.join(words)}" if words else "" for name, words in lists.items()]
        return "; ".join(filter(None, named)) or "every order"


@dataclass(frozen=True, slots=True)
class RuleDone:
    """That a rule was for an order: why, and what it did."""

    rule: str
    why: str
    deeds: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules make of an order; `holds`: sentences that say why a person has to look at it."""

    holds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    service: str = ""
    carrier: str = ""
    fulfiller: str = ""
    done: tuple[RuleDone, ...] = ()


def ruled(order: StoreOrder, rules: Sequence[OrderRule], *, listed: Mapping[int, Decimal]) -> Ruled:
    """
    Apply the rules to an order as it is now. `listed`: prices of listings by line, when it was ordered.

    An order whose shipping method no rule gives a service, although others have one, is held.
    """
    found = [(rule, why) for rule in in_order(rules) if (why := rule.why(order, listed=listed)) is not None]
    done: list[RuleDone] = []
    made = Ruled()
    for rule, why in found:
        counts = _counting(rule, made)
        made = replace(
            made,
            holds=(*made.holds, f"Rule '{counts.name}': {why}.") if counts.holds else made.holds,
            tags=tuple(dict.fromkeys((*made.tags, *filter(None, [counts.tag])))),
            service=made.service or counts.service,
            carrier=made.carrier or counts.carrier,
            fulfiller=made.fulfiller or counts.fulfiller,
        )
        if counts.deeds:
            done.append(RuleDone(rule.name, why, counts.deeds))
    if not made.service and any(rule.service for rule in rules):
        made = replace(made, holds=(*made.holds, _unmapped(order.shipping_method)))
    return replace(made, done=tuple(done))


def differences(before: Ruled, after: Ruled) -> list[str]:
    """Say what rules make of an order that others had not made of it."""
    found = [f"held. {reason}" for reason in after.holds if reason not in before.holds]
    found += [f"held no more for this: {reason}" for reason in before.holds if reason not in after.holds]
    found += [f"tagged {tag}" for tag in after.tags if tag not in before.tags]
    found += [f"tagged {tag} no more" for tag in before.tags if tag not in after.tags]
    if (before.service, before.carrier) != (after.service, after.carrier):
        found.append(f"shipped by {_service(after)} instead of {_service(before)}")
    if before.fulfiller != after.fulfiller:
        found.append(
            f"fulfilled by {after.fulfiller or 'nobody named'} instead of {before.fulfiller or 'nobody named'}"
        )
    return found


def _service(made: Ruled) -> str:
    return " with ".join(filter(None, (made.service, made.carrier))) or "no service named"


def _counting(rule: OrderRule, made: Ruled) -> OrderRule:
    """What of a rule counts beside those that were asked before it."""
    if made.service:
        rule = replace(rule, service="", carrier="")
    return replace(rule, fulfiller="") if made.fulfiller else rule


def _unmapped(method: str) -> str:
    named = f"the shipping method '{method}'" if method else "an order without a shipping method"
    return f"No rule says by which service {named} is shipped."


def in_order(rules: Iterable[OrderRule]) -> list[OrderRule]:
    """The rules as they are asked: what is usual comes last."""
    return sorted(rules, key=lambda rule: rule.is_usual)


def _sold(order: StoreOrder) -> list[StoreOrderLine]:
    return [line for line in order.lines if line.is_product and line.status is not StoreStatus.CANCELLED]


def _skus(order: StoreOrder) -> list[str]:
    return [name for line in _sold(order) for name in dict.fromkeys((line.sku, line.code)) if name]


def _matching(patterns: Sequence[str], words: Sequence[str], name: str) -> str:
    found = matching(patterns, words)
    return f"{name} {', '.join(found)}" if found else ""


def _is_off(price: Decimal, listed: Decimal, percent: Decimal, order: StoreOrder) -> bool:
    if price < listed and order.discounts:
        return False  # a discount is meant to make it less
    return abs(price - listed) * 100 > percent * listed


def misfit(rule: OrderRule) -> str:
    """Say why a rule can't be kept; blank where it can."""
    if not rule.name.strip() or len(rule.name) > LONGEST_NAME:
        return f"A rule has a name of 1 to {LONGEST_NAME} characters."
    if rule.carrier and not rule.service:
        return "A carrier belongs to a service; name it with --service."
    if not rule.deeds:
        return "A rule has to do something: --hold, --tag, --service or --fulfilled-by."
    words = (rule.tag, rule.service, rule.carrier, rule.fulfiller, *rule.methods, *rule.countries, *rule.skus)
    long = next((word for word in words if len(word) > LONGEST_WORD), None)
    if long is not None:
        return f"'{long[:20]}...' has more than {LONGEST_WORD} characters."
    if any(not word.strip() for word in (*rule.methods, *rule.countries, *rule.skus)):
        return "A blank word is for no order; leave it out."
    if any(amount is not None and amount < 0 for amount in (rule.total_above, rule.price_off)):
        return "An amount below 0 would be for every order; leave it out."
    return ""


# --- as they are stored ---------------------------------------------------------------------------------------------


def rule_of(values: Mapping[str, Any]) -> OrderRule | None:
    """Read a rule that was written with its fields as JSON; None for one of a newer version."""
    try:
        return OrderRule(
            **{
                **values,
                "lacks": frozenset(map(AddressPart, values.get("lacks", ()))),
                **{name: tuple(values.get(name, ())) for name in ("methods", "countries", "skus")},
                **{name: _decimal(values.get(name)) for name in ("total_above", "price_off")},
            }
        )
    except (TypeError, ValueError, InvalidOperation):
        return None


def rules_of(values: Iterable[Mapping[str, Any]]) -> list[OrderRule]:
    return [rule for each in values if (rule := rule_of(each)) is not None]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
