"""
Filters: which listings are meant, by what is true of them; one grammar for lists and for changes of many.

    health=listed and price<10 and sku~HP-*

A filter is conditions that all hold. What can be asked about is one table, `FILTER_FIELDS`; what is not in it is
refused, with a sentence.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import NotAllowed, quoted
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link, Pending, ShownHealth, Status, is_parked, shown_health
from tradepost.domain.stock.stock import offered


class Compare(StrEnum):
    """How a value is compared; the values are what is typed."""

    IS = "="
    IS_NOT = "!="
    BELOW = "<"
    UP_TO = "<="
    ABOVE = ">"
    FROM = ">="
    LIKE = "~"
    UNLIKE = "!~"


class Sort(StrEnum):
    """What a field holds; the values are what the reference says of it."""

    CHOICE = "one of"
    TEXT = "a text"
    PATH = "a path"
    NUMBER = "a number"
    TAGS = "a tag"
    TIME = "a day (`2026-11-27`) or a time (`2026-11-27T14:30`) of UTC"


@dataclass(frozen=True, slots=True)
class FilterField:
    """`choices`: what may be typed, where that is a list. `places`: how many decimals a number may have."""

    sort: Sort
    about: str
    choices: tuple[str, ...] = ()
    places: int = 0


NONE, ANY, UNKNOWN, NEVER = "none", "any", "unknown", "never"
_YES_NO = ("yes", "no")
_EQUAL = frozenset({Compare.IS, Compare.IS_NOT})
_PATTERN = frozenset({Compare.LIKE, Compare.UNLIKE})
_ORDER = frozenset({Compare.BELOW, Compare.UP_TO, Compare.ABOVE, Compare.FROM})
NEGATED = frozenset({Compare.IS_NOT, Compare.UNLIKE})

_COMPARISONS: Mapping[Sort, frozenset[Compare]] = {
    Sort.CHOICE: _EQUAL,
    Sort.TEXT: _EQUAL | _PATTERN,
    Sort.PATH: _EQUAL,
    Sort.NUMBER: _EQUAL | _ORDER,
    Sort.TAGS: _EQUAL,
    Sort.TIME: _EQUAL | _ORDER,
}

FILTER_FIELDS: Mapping[str, FilterField] = {
    "health": FilterField(Sort.CHOICE, "what the store shows of it", tuple(ShownHealth)),
    "link": FilterField(Sort.CHOICE, "whether we know the store's product", tuple(Link)),
    "pending": FilterField(
        Sort.CHOICE,
        "what was asked for and is not done yet; `none` where nothing was",
        (NONE, *(change.value for change in Pending if change)),
    ),
    "paused": FilterField(Sort.CHOICE, "whether it is frozen", _YES_NO),
    "locked": FilterField(Sort.CHOICE, "whether something of it is left alone", _YES_NO),
    "customised": FilterField(Sort.CHOICE, "whether it has texts of its own on this channel", _YES_NO),
    "orphaned": FilterField(Sort.CHOICE, "whether the catalogue has it no more, or a rule does not list it", _YES_NO),
    "parked": FilterField(Sort.CHOICE, "whether the store has refused it so often that it is not sent again", _YES_NO),
    "attention": FilterField(
        Sort.CHOICE, "why it needs a person; `any` for whatever reason, `none` for no reason", (ANY, NONE, *Attention)
    ),
    "kind": FilterField(Sort.CHOICE, "whether it is a family's page, a variant of it, or stands alone", tuple(Kind)),
    "sku": FilterField(Sort.TEXT, "its SKU; of a family's page the handle"),
    "code": FilterField(Sort.TEXT, "its code on the store"),
    "handle": FilterField(Sort.TEXT, "the handle of its product"),
    "title": FilterField(Sort.TEXT, "the title of its product"),
    "brand": FilterField(Sort.TEXT, "the brand (vendor) of its product"),
    "category": FilterField(Sort.PATH, "the category of its product, or one above it, as `Men > Tops`"),
    "tag": FilterField(Sort.TAGS, "a tag of its product"),
    "source": FilterField(Sort.TEXT, "the source that brought its product last; blank for none"),
    "created": FilterField(Sort.TIME, "when the listing was made in the hub"),
    "linked": FilterField(
        Sort.TIME, "when it was joined to a product of the store last, by a publish, too; `never`", (NEVER,)
    ),
    "synced": FilterField(Sort.TIME, "when something of it was proven on the store last; `never`", (NEVER,)),
    "price": FilterField(Sort.NUMBER, "the price that it should have", places=4),
    "quantity": FilterField(Sort.NUMBER, "how many are offered; `unknown` where nobody has stated it", (UNKNOWN,)),
}


def comparisons_of(name: str) -> frozenset[Compare]:
    """Say how a field can be compared; a time is equal to none but *never*."""
    field = FILTER_FIELDS[name]
    return _ORDER if field.sort is Sort.TIME and not field.choices else _COMPARISONS[field.sort]


FilterValue: TypeAlias = str | Decimal | datetime | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with a star for whatever may stand there: at its end, at its beginning, at both, or once inside."""

    starts: str = ""
    ends: str = ""
    holds: str = ""

    def fits(self, text: str) -> bool:
        if self.holds:
            return self.holds in text
        is_long_enough = len(text) >= len(self.starts) + len(self.ends)
        return is_long_enough and text.startswith(self.starts) and text.endswith(self.ends)


@dataclass(frozen=True, slots=True)
class FilterCondition:
    """
    What must hold of a listing: one of `values` for IS and LIKE, none of them for their contraries.

    Texts are folded (see `folded`). A path is the names of its steps. UNKNOWN is a text among numbers, NEVER one among
    times.
    """

    field: str
    compare: Compare
    values: tuple[FilterValue, ...] = ()
    patterns: tuple[Pattern, ...] = ()


ListingFilter: TypeAlias = tuple[FilterCondition, ...]


class FilteredListing(Protocol):
    """What filters look at."""

    @property
    def kind(self) -> Kind: ...
    @property
    def sku(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def handle(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def brand(self) -> str: ...
    @property
    def category(self) -> Sequence[str]: ...
    @property
    def tags(self) -> Collection[str]: ...
    @property
    def source_name(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def linked_at(self) -> datetime | None: ...
    @property
    def proven_at(self) -> datetime | None: ...
    @property
    def status(self) -> Status: ...
    @property
    def is_inactive(self) -> bool: ...
    @property
    def wanted_price(self) -> Decimal: ...
    @property
    def available(self) -> int | None: ...
    @property
    def refusals(self) -> int: ...
    @property
    def locked_groups(self) -> Collection[str]: ...
    @property
    def own_texts(self) -> Mapping[str, str]: ...
    @property
    def attentions(self) -> Collection[Attention]: ...


# --- whether it holds ------------------------------------------------------------------------------------------------


def holds(meant: ListingFilter, listing: FilteredListing) -> bool:
    """Whether a listing is meant; the selecting query must match it exactly."""
    return all(_holds(condition, listing) for condition in meant)


def _holds(condition: FilterCondition, listing: FilteredListing) -> bool:
    found = FILTER_FIELDS[condition.field].sort
    if found in _ORDERED:
        is_met = _order_holds(condition, _ORDERED[found](condition.field, listing))
    elif found is Sort.PATH:
        path = tuple(folded(step) for step in listing.category)
        is_met = any(isinstance(value, tuple) and path[: len(value)] == value for value in condition.values)
    elif found is Sort.TEXT:
        text = folded(listing.source_name if condition.field == "source" else str(getattr(listing, condition.field)))
        is_met = text in condition.values or any(pattern.fits(text) for pattern in condition.patterns)
    elif found is Sort.TAGS:
        is_met = not {folded(tag) for tag in listing.tags}.isdisjoint(condition.values)
    else:
        is_met = not _choices(condition.field, listing).isdisjoint(condition.values)
    return is_met is not (condition.compare in NEGATED)


def _number(name: str, listing: FilteredListing) -> Decimal | None:
    if name == "price":
        return listing.wanted_price
    return None if listing.available is None else Decimal(offered(listing.available))


def _time(name: str, listing: FilteredListing) -> datetime | None:
    return {"created": listing.created_at, "linked": listing.linked_at, "synced": listing.proven_at}[name]


_ORDERED: Mapping[Sort, Callable[[str, FilteredListing], Decimal | datetime | None]] = {
    Sort.NUMBER: _number,
    Sort.TIME: _time,
}
_ORDERS: Mapping[Compare, Callable[[Any, Any], bool]] = {
    Compare.BELOW: operator.lt,
    Compare.UP_TO: operator.le,
    Compare.ABOVE: operator.gt,
    Compare.FROM: operator.ge,
}


def _order_holds(condition: FilterCondition, found: Decimal | datetime | None) -> bool:
    if condition.compare in _EQUAL:
        return not {UNKNOWN, NEVER}.isdisjoint(condition.values) if found is None else found in condition.values
    (limit,) = condition.values
    return found is not None and _ORDERS[condition.compare](found, limit)


def _choices(name: str, listing: FilteredListing) -> frozenset[str]:
    """What a listing has of a field, in the words of the table."""
    status = listing.status
    match name:
        case "health":
            return frozenset({shown_health(status.health, is_inactive=listing.is_inactive).value})
        case "link":
            return frozenset({status.link.value})
        case "pending":
            return frozenset({status.pending.value or NONE})
        case "paused":
            return frozenset({_yes_no(status.is_paused)})
        case "locked":
            return frozenset({_yes_no(bool(listing.locked_groups))})
        case "customised":
            return frozenset({_yes_no(bool(listing.own_texts))})
        case "orphaned":
            return frozenset({_yes_no(status.is_orphaned)})
        case "parked":
            return frozenset({_yes_no(is_parked(listing.refusals))})
        case "kind":
            return frozenset({listing.kind.value})
    kinds = frozenset(kind.value for kind in listing.attentions)
    return kinds | {ANY} if kinds else frozenset({NONE})


def _yes_no(is_so: bool) -> str:
    return "yes" if is_so else "no"


_TO_SMALL = {number: number + 32 for number in range(ord("A"), ord("Z") + 1)}


def folded(text: str) -> str:
    """Write A to Z small, and leave all other letters alone: so much of case every database folds alike."""
    return text.translate(_TO_SMALL)


# --- the grammar -----------------------------------------------------------------------------------------------------

_LONGEST_TEXT = 1000
_LARGEST = Decimal(10) ** 12
_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"]|"")*")|(?P<sign>!=|!~|<=|>=|=|<|>|~|,)|(?P<word>[^\s,"=!<>~]+))')
_WORD, _QUOTED, _SIGN = "word", "quoted", "sign"
_Token: TypeAlias = tuple[str, str]


def condition(name: str, value: str) -> FilterCondition:
    """Make the condition that a field has a value of its list."""
    return FilterCondition(name, Compare.IS, (value,))


def parse_filters(texts: Sequence[str]) -> ListingFilter:
    """Read filters, all of which must hold. Raises NotAllowed with what is wrong, and what can be asked about."""
    return tuple(condition for text in texts for condition in _parse(text))


def nothing_meant(texts: Sequence[str]) -> str:
    """Say that no listing is meant by these filters; a star that was typed behind = is explained."""
    starred = next((each for each in parse_filters(texts) if each.compare in _EQUAL and _has_star(each)), None)
    hint = ""
    if starred is not None and FILTER_FIELDS[starred.field].sort is Sort.TEXT:
        like = Compare.LIKE if starred.compare is Compare.IS else Compare.UNLIKE
        hint = f" Behind {starred.compare} a * is that character; '{starred.field}{like}...' takes it for any."
    return f"No listing fits {' and '.join(map(quoted, texts))}.{hint}"


def _has_star(found: FilterCondition) -> bool:
    return any("*" in value for value in found.values if isinstance(value, str))


def _parse(text: str) -> Iterator[FilterCondition]:
    tokens = _tokens(text)
    if not tokens:
        raise NotAllowed("A filter is blank; write one as 'health=listed and price<10'.")
    while tokens:
        name = _field(tokens)
        sign = tokens.pop(0)[1] if tokens and tokens[0][0] == _SIGN and tokens[0][1] != "," else ""
        if not sign:
            raise NotAllowed(f"The filter {quoted(text)} does not say how {name} is compared, as in '{name}=...'.")
        compare = Compare(sign)
        _refuse_comparison(name, compare)
        yield _condition(name, compare, _values(tokens, name, text))


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise NotAllowed(f"The filter {quoted(text)} has a quotation mark, or a !, without its counterpart.")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        place = found.end()
    return tokens


def _field(tokens: list[_Token]) -> str:
    kind, name = tokens.pop(0)
    if kind != _WORD or name.lower() not in FILTER_FIELDS:
        known = ", ".join(FILTER_FIELDS)
        raise NotAllowed(f"Listings can't be asked about {quoted(name)}; they can about {known}.")
    return name.lower()


def _refuse_comparison(name: str, compare: Compare) -> None:
    allowed = comparisons_of(name)
    if compare not in allowed:
        signs = " ".join(sign.value for sign in Compare if sign in allowed)
        raise NotAllowed(f"{name} can't be compared by {compare.value}; it can by {signs}.")


def _values(tokens: list[_Token], name: str, text: str) -> list[str]:
    """Take the values of a condition, and the 'and' behind it; words beside each other are one value."""
    values: list[str] = []
    words: list[str] = []
    is_complete = False
    while tokens:
        kind, token = tokens.pop(0)
        if kind == _WORD and token.lower() == "and" and words:
            is_complete = True
            break
        if (kind, token) == (_SIGN, ",") and words:
            values.append(" ".join(words))
            words = []
        elif kind == _SIGN:
            raise NotAllowed(
                f"In the filter {quoted(text)} there is a {token} in or behind the value of {name}. Join conditions by "
                "'and', and put a value with signs in it in double quotation marks."
            )
        else:
            words.append(token[1:-1].replace('""', '"') if kind == _QUOTED else token)
    if not words or (is_complete and not tokens):
        raise NotAllowed(f"The filter {quoted(text)} ends where a {'condition' if words else 'value'} should come.")
    return [*values, " ".join(words)]


def _condition(name: str, compare: Compare, values: Sequence[str]) -> FilterCondition:
    if max(map(len, values)) > _LONGEST_TEXT:
        raise NotAllowed(f"A value of {name} is longer than {_LONGEST_TEXT} characters.")
    if compare in _PATTERN:
        return FilterCondition(name, compare, patterns=tuple(_pattern(folded(value)) for value in values))
    if compare in _ORDER and len(values) > 1:
        raise NotAllowed(f"{name} is compared with several values; {compare.value} takes one.")
    read = _READERS[FILTER_FIELDS[name].sort]
    return FilterCondition(name, compare, tuple(read(name, compare, value) for value in values))


def _pattern(text: str) -> Pattern:
    parts = text.split("*")
    match parts:
        case ["", inner, ""] if inner:
            return Pattern(holds=inner)
        case [starts, ends] if starts or ends:
            return Pattern(starts, ends)
    raise NotAllowed(
        f"The pattern {quoted(text)} is none: put a star where anything may stand, once (HP-*, *-XL, HP-*-XL) or at "
        "both ends (*TEE*)."
    )


def _choice(name: str, _compare: Compare, text: str) -> str:
    choices = FILTER_FIELDS[name].choices
    if text.lower() not in choices:
        raise NotAllowed(f"{name} is never {quoted(text)}; it is one of {', '.join(choices)}.")
    return text.lower()


def _text(_name: str, _compare: Compare, text: str) -> str:
    return folded(text)


def _path(_name: str, _compare: Compare, text: str) -> tuple[str, ...]:
    steps = tuple(folded(step.strip()) for step in text.split(">"))
    if not all(steps):
        raise NotAllowed(f'{quoted(text)} is no path of categories; write it as "Men > Tops".')
    return steps


def _number_of(name: str, compare: Compare, text: str) -> str | Decimal:
    field = FILTER_FIELDS[name]
    if text.lower() in field.choices and compare in _EQUAL:
        return text.lower()
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= _LARGEST:
        raise NotAllowed(
            f"{quoted(text)} is no number to compare {name} with; write it as 12{'.50' * bool(field.places)}."
        )
    if number != round(number, field.places):
        raise NotAllowed(f"{name} has at most {field.places} decimals, and {text} has more.")
    return number


def _time_of(name: str, compare: Compare, text: str) -> str | datetime:
    choices = FILTER_FIELDS[name].choices
    if compare in _EQUAL:
        if text.lower() not in choices:
            raise NotAllowed(f"{name} is equal to nothing but {NEVER}; ask for a time as in {name}<2026-11-27.")
        return text.lower()
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotAllowed(
            f"{quoted(text)} is no time to compare {name} with; write it as 2026-11-27, or 2026-11-27T14:30."
        ) from None


_READERS: Mapping[Sort, Callable[[str, Compare, str], FilterValue]] = {
    Sort.CHOICE: _choice,
    Sort.TEXT: _text,
    Sort.PATH: _path,
    Sort.NUMBER: _number_of,
    Sort.TAGS: _text,
    Sort.TIME: _time_of,
}
