"""
The rules of a channel for its listings: which articles a rule is for, and what it says of their price and quantity.

A rule is for an article if all that it names is so; of a list, one is enough. A rule that names nothing is for every
article, and is asked last: it is what is usual. Price and quantity are made in steps, see `domain.listings.prices` and
`domain.listings.quantities`; of each step the first rule counts that is for the article and says something of it. So
two rules never add up, and none works on what a rule has made before.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, NamedTuple

from tradepost.domain.catalogue.catalogue import Product
from tradepost.domain.errors import NotAllowed
from tradepost.domain.patterns import matching

LONGEST_NAME = 50
LONGEST_WORD = 100
CENT = Decimal("0.01")
# More than this is a slip of the hand, and would not fit into a column.
_WHOLE = Decimal(100)
MOST_PERCENT = Decimal(10_000)
MOST_AMOUNT = Decimal(1_000_000)
MOST_PIECES = 1_000_000_000
_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


def typed_amount(text: str) -> Decimal:
    """Read an amount or a percentage as a person types it. Raises NotAllowed."""
    if not _AMOUNT.fullmatch(text.strip()):
        raise NotAllowed(f"'{text}' is no number; write it as 9.50.")
    return Decimal(text.strip())


class Start(StrEnum):
    """From what a price is reckoned."""

    PRICE = "price"
    COST = "cost"
    MSRP = "msrp"


class Rounding(StrEnum):
    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


class Article(NamedTuple):
    """What rules look at of a variant; `category` is its path from the root. Amounts None are unknown."""

    sku: str
    brand: str = ""
    category: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    price: Decimal = Decimal()
    is_priced: bool = True
    cost: Decimal | None = None
    msrp: Decimal | None = None


def articles_of(product: Product) -> list[Article]:
    """What rules look at of each variant of a product."""
    return [
        Article(
            sku=variant.sku,
            brand=product.brand,
            category=product.category,
            tags=product.tags,
            price=variant.price,
            is_priced=variant.is_priced,
            cost=variant.cost,
            msrp=variant.msrp,
        )
        for variant in product.variants
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRule:
    """
    A rule by its `name`.

    For which articles: `brands`, `categories` (a name, or a path as `Clothing > Shirts`, with all below it), `tags` and
    `skus`, in any case, with `*` for any characters.

    Price: from `start`, by `percent` and then by `amount`; not below `lowest` nor the cost and `margin` percent of it,
    nor above `highest`; rounded to a price that ends in one of `endings` or is a multiple of `step`, as `rounding`
    says; a change by more than `guard` percent is held back.

    Listing: whether the channel `lists` the product at all.

    Quantity: of what is left only `share` percent, and `buffer` pieces less; fewer than `at_least` are shown as none,
    and never more than `at_most`.
    """

    name: str
    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    start: Start | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None
    lowest: Decimal | None = None
    highest: Decimal | None = None
    margin: Decimal | None = None
    endings: tuple[Decimal, ...] = ()
    step: Decimal | None = None
    rounding: Rounding = Rounding.UP
    guard: Decimal | None = None
    share: Decimal | None = None
    buffer: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    lists: bool | None = None

    @property
    def is_usual(self) -> bool:
        """Whether it is for every article."""
        return not (self.brands or self.categories or self.tags or self.skus)

    @property
    def marks_up(self) -> bool:
        return self.start is not None or self.percent is not None or self.amount is not None

    @property
    def rounds(self) -> bool:
        return bool(self.endings) or self.step is not None

    @property
    def holds_back(self) -> bool:
        """Whether it says anything of quantities."""
        return any(part is not None for part in (self.share, self.buffer, self.at_least, self.at_most))

    def is_for(self, article: Article) -> bool:
        return all(
            matching(patterns, words)
            for patterns, words in (
                (self.skus, (article.sku,)),
                (self.brands, (article.brand,)),
                (self.tags, article.tags),
                (self.categories, _places(article.category)),
            )
            if patterns
        )

    @property
    def conditions(self) -> str:
        """Say which articles it is for."""
        lists = {"brand": self.brands, "category": self.categories, "tag": self.tags, "SKU": self.skus}
        named = [f"{name} {' or '.join(words)}" for name, words in lists.items() if words]
        return "; ".join(named) or "every article"

    @property
    def deeds(self) -> str:
        """Say what it does."""
        return ", ".join(self._deeds())

    def _deeds(self) -> Iterator[str]:
        if self.lists is not None:
            yield "listed" if self.lists else "not listed"
        if self.marks_up:
            yield markup_words(self)
        if self.margin is not None:
            yield f"at least the cost and {plain(self.margin)} %"
        if self.lowest is not None:
            yield f"at least {self.lowest}"
        if self.highest is not None:
            yield f"at most {self.highest}"
        if self.rounds:
            yield f"rounded {rounding_words(self)}"
        if self.guard is not None:
            yield f"changes by more than {plain(self.guard)} % held back"
        if self.share is not None:
            yield f"{plain(self.share)} % of the quantity"
        if self.buffer is not None:
            yield f"{self.buffer} kept back"
        if self.at_least is not None:
            yield f"fewer than {self.at_least} shown as none"
        if self.at_most is not None:
            yield f"at most {self.at_most} shown"


def _places(category: Sequence[str]) -> list[str]:
    """A category by its path and by its own name, and all that it lies in."""
    paths = [" > ".join(category[: place + 1]) for place in range(len(category))]
    return [*paths, *category]


def markup_words(rule: ListingRule) -> str:
    words = [] if rule.start in {None, Start.PRICE} else [f"on the {start_words(rule.start or Start.PRICE)}"]
    words += [f"{signed(rule.percent)} %"] if rule.percent is not None else []
    words += [signed(rule.amount)] if rule.amount is not None else []
    return " ".join(words) or "the catalogue's price"


def start_words(start: Start) -> str:
    return "MSRP" if start is Start.MSRP else start.value


def rounding_words(rule: ListingRule) -> str:
    where = "to the nearest" if rule.rounding is Rounding.NEAREST else f"{rule.rounding} to"
    if rule.step is not None:
        return f"{where} {'multiple' if rule.rounding is Rounding.NEAREST else 'a multiple'} of {rule.step}"
    return f"{where} {' or '.join(map(ending_words, rule.endings))}"


def ending_words(ending: Decimal) -> str:
    return str(ending).removeprefix("0") if ending < 1 else str(ending)


def signed(number: Decimal) -> str:
    return f"{'+' if number >= 0 else ''}{plain(number)}"


def plain(number: Decimal) -> str:
    """Write a number without zeros behind its last place, nor an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class ListingRules:
    """The rules as they are asked: what is usual comes last."""

    in_order: tuple[ListingRule, ...] = ()

    @classmethod
    def of(cls, rules: Iterable[ListingRule]) -> "ListingRules":
        return cls(tuple(sorted(rules, key=lambda rule: rule.is_usual)))

    def for_article(self, article: Article) -> "ListingRules":
        """Leave only those that are for an article."""
        if not self.in_order:
            return self
        return ListingRules(tuple(rule for rule in self.in_order if rule.is_for(article)))

    @property
    def holds_back(self) -> bool:
        return any(rule.holds_back for rule in self.in_order)

    @property
    def says_what_is_listed(self) -> bool:
        return any(rule.lists is not None for rule in self.in_order)

    def of_listing(self, articles: Collection[Article]) -> ListingRule | None:
        """The rule that says whether a product with these articles is listed; one of them is enough for it."""
        says = (rule for rule in self.in_order if rule.lists is not None)
        return next((rule for rule in says if any(rule.is_for(article) for article in articles)), None)

    def first(self, says: Callable[[ListingRule], bool]) -> ListingRule | None:
        return next((rule for rule in self.in_order if says(rule)), None)


def left_out_message(rule: ListingRule) -> str:
    """Say of a listing what it means that a rule does not list its product any more."""
    return (
        f"By {by(rule)} the channel does not list it, so it goes off sale and nothing else is written for it; delist "
        "it when nobody needs it."
    )


def by(rule: ListingRule) -> str:
    return f"rule '{rule.name}'"


# --- which can be kept ----------------------------------------------------------------------------------------------


def misfit(rule: ListingRule) -> str:
    """Say why a rule can't be kept; blank where it can."""
    if not rule.name.strip() or len(rule.name) > LONGEST_NAME:
        return f"A rule has a name of 1 to {LONGEST_NAME} characters."
    if not rule.deeds:
        return "A rule has to say something of a price or a quantity, or --list or --no-list: as --percent 10."
    words = (*rule.brands, *rule.categories, *rule.tags, *rule.skus)
    if any(not word.strip() for word in words):
        return "A blank word is for no article; leave the option out."
    if long := next((word for word in words if len(word) > LONGEST_WORD), ""):
        return f"'{long[:20]}...' has more than {LONGEST_WORD} characters."
    return _wrong_price(rule) or _wrong_rounding(rule) or _wrong_quantity(rule)


def _wrong_price(rule: ListingRule) -> str:
    if rule.percent is not None and not -_WHOLE < rule.percent <= MOST_PERCENT:
        return f"A price is changed by more than -100 % and at most {MOST_PERCENT:,} %."
    if rule.amount is not None and abs(rule.amount) > MOST_AMOUNT:
        return f"A price is changed by at most {MOST_AMOUNT:,}."
    if any(amount is not None and not 0 < amount <= MOST_AMOUNT for amount in (rule.lowest, rule.highest)):
        return f"A lowest or highest price is more than 0 and at most {MOST_AMOUNT:,}."
    if rule.lowest is not None and rule.highest is not None and rule.lowest > rule.highest:
        return f"The lowest price, {rule.lowest}, is above the highest, {rule.highest}."
    if any(amount is not None and amount % CENT for amount in (rule.lowest, rule.highest)):
        return "A lowest or highest price has at most two decimal places, as prices of stores have."
    if rule.margin is not None and not 0 <= rule.margin <= MOST_PERCENT:
        return f"A margin is 0 to {MOST_PERCENT:,} % of the cost."
    if rule.guard is not None and not 0 < rule.guard <= MOST_PERCENT:
        return f"A change is held back if it is larger than a percentage above 0 and up to {MOST_PERCENT:,}."
    return ""


def _wrong_rounding(rule: ListingRule) -> str:
    if rule.endings and rule.step is not None:
        return "A price is rounded to an ending or to multiples, not to both."
    if any(not 0 <= ending < MOST_AMOUNT or ending % CENT for ending in rule.endings):
        return "A price ends in cents such as .99, or in an amount such as 9.99."
    if rule.step is not None and (not 0 < rule.step <= MOST_AMOUNT or rule.step % CENT):
        return "A price is a multiple of whole cents, for example of 0.05."
    return ""


def _wrong_quantity(rule: ListingRule) -> str:
    if rule.share is not None and not 0 <= rule.share <= _WHOLE:
        return "A share of the quantity is 0 to 100 %."
    numbers = (rule.buffer, rule.at_least, rule.at_most)
    if any(number is not None and not 0 <= number <= MOST_PIECES for number in numbers):
        return f"A number of pieces is 0 to {MOST_PIECES:,}."
    return ""


# --- as they are stored ---------------------------------------------------------------------------------------------

_NAMES = frozenset(field.name for field in fields(ListingRule))
_WORDS = ("brands", "categories", "tags", "skus")
_DECIMALS = ("percent", "amount", "lowest", "highest", "margin", "step", "guard", "share")


def rule_of(values: Mapping[str, Any]) -> ListingRule | None:
    """Read a rule that was written with its fields as JSON; None for one of a newer version."""
    if not values.keys() <= _NAMES:
        return None
    try:
        return ListingRule(
            **{
                **values,
                **{name: tuple(values.get(name, ())) for name in _WORDS},
                **{name: _decimal(values.get(name)) for name in _DECIMALS},
                "endings": tuple(map(Decimal, values.get("endings", ()))),
                "start": None if values.get("start") is None else Start(values["start"]),
                "rounding": Rounding(values.get("rounding", Rounding.UP)),
            }
        )
    except (TypeError, ValueError, InvalidOperation):
        return None


def rules_of(values: Iterable[Mapping[str, Any]]) -> list[ListingRule]:
    return [rule for each in values if (rule := rule_of(each)) is not None]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
