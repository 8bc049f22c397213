"""
Asking for something of many listings: those that are ticked, or all that fit the filter of the list, however many.

A preview names what happens to how many of them, and what can't and why; then it is done, at once or with the next run
of its kind.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tradepost import wiring
from tradepost.database.models import Channel, Listing
from tradepost.domain.brake import BrakeLimits, Harm, may_be_too_much
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.locks import Locks, locked_pieces, locked_price
from tradepost.domain.listings.locks import spoken as group_words
from tradepost.domain.listings.operator_status import given_up_sentences
from tradepost.engine.requests import GoingProduct, RequestOutcome, products_that_go
from tradepost.engine.runs import request_run
from tradepost.engine.schedules import NextRun, next_run
from tradepost.web.format import moment
from tradepost.web.listings.asks import ListingAsk, Terms
from tradepost.web.tables.row_numbers import row_number, row_numbers

# A preview looks at so many one by one; of more it says what is true of the first.
SEEN_AT_ONCE = 10_000
NAMED = 12
_REFUSED_NAMED = 3
_OFF_SALE = frozenset({"hide", "delist"})
_SUMMED_AT_ONCE = 1000
# What an address of a preview has besides the filter of the list.
ASKED_NAMES = frozenset({"id", "all", "group", "price", "quantity", "back"})


@dataclass(frozen=True, slots=True)
class ChosenListings:
    """Which listings are meant, by channel; `is_all`: whatever fits the filter. `number`: how many there are."""

    ids: Mapping[int, Sequence[int]]
    number: int
    is_all: bool = False

    @property
    def has_more(self) -> bool:
        """Whether more fit than these ids."""
        return self.number > sum(map(len, self.ids.values()))

    @property
    def single(self) -> int | None:
        """The only one, where it is one."""
        return next(iter(self.ids.values()))[0] if self.number == 1 else None


@dataclass(slots=True)
class BulkPreview:
    """
    What would become of the listings. `pieces`: how many leave sale. `named`: the first that change, with titles.

    `rest`: how many fit besides, at which nobody has looked. `codes`: the first that can't, by reason.
    `products`: those that leave the store for good. `given_up`: what some that change wait for, and their number.
    """

    changed: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    codes: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    named: list[tuple[str, str]] = field(default_factory=list)
    pieces: int = 0
    rest: int = 0
    products: list[GoingProduct] = field(default_factory=list)
    given_up: Counter[Pending] = field(default_factory=Counter)

    @property
    def told_of_given_up(self) -> Iterator[str]:
        return given_up_sentences(self.given_up, is_done=False)

    @property
    def more_than_named(self) -> int:
        return max(0, self.changed - len(self.named))

    @property
    def left(self) -> int:
        return self.refused.total()

    @property
    def reasons(self) -> list[tuple[int, str, list[str]]]:
        """Of how many listings, why, and the codes of the first; what most of them have comes first."""
        return [(count, reason, self.codes[reason]) for reason, count in self.refused.most_common()]

    def add(self, outcome: RequestOutcome) -> None:
        self.changed += outcome.queued
        self.unchanged += outcome.unchanged
        self.refused.update(outcome.refused)
        self.given_up.update(outcome.given_up)
        for refusal in outcome.refusals:
            if len(self.codes[refusal.message]) < _REFUSED_NAMED:
                self.codes[refusal.message].append(refusal.change.subject.key)


def choose(parameters: QueryDict, fitting: "QuerySet[Listing]", *, most: int | None = None) -> ChosenListings:
    """
    Read which listings an address names. `fitting`: what fits its filter. `most`: so many ids are enough to know.

    Raises NotAllowed where it names none.
    """
    is_all = parameters.get("all") == "1"
    if is_all:
        rows = fitting
    else:
        ids = row_numbers(parameters.getlist("id"))
        if not ids:
            raise NotAllowed("Nothing is ticked: tick listings, or “All”.")
        rows = Listing.objects.filter(pk__in=ids)
    pairs = rows.order_by("pk").values_list("channel_id", "pk")
    by_channel: defaultdict[int, list[int]] = defaultdict(list)
    for channel_id, number in pairs if most is None else pairs[:most]:
        by_channel[channel_id].append(number)
    found = sum(map(len, by_channel.values()))
    if not found:
        raise NotAllowed("No listing fits any more; nothing was done.")
    total = rows.order_by().values("pk").count() if most is not None and found == most else found
    return ChosenListings(by_channel, total, is_all)


def terms_of(ask: ListingAsk, parameters: QueryDict) -> Terms:
    """Read what was ticked and typed besides. Raises NotAllowed for what is no price or quantity."""
    known = {group.value: group for group in ask.groups}
    groups = frozenset(known[name] for name in parameters.getlist("group") if name in known)
    if ask.verb != "lock":
        return Terms(groups or (CONTENT_GROUPS if ask.verb == "overwrite" else frozenset(ask.groups)))
    price_text, pieces_text = parameters.get("price", "").strip(), parameters.get("quantity", "").strip()
    price, pieces = locked_price(price_text), locked_pieces(pieces_text)
    if price_text and price is None:
        raise NotAllowed(f"'{price_text}' is no price; write it as 9.99, or leave it blank to keep the store's.")
    if pieces_text and pieces is None:
        raise NotAllowed(f"'{pieces_text}' is no quantity; write it as 5, or leave it blank to keep the store's.")
    groups |= {Group.PRICE} if price_text else set()
    groups |= {Group.QUANTITY} if pieces_text else set()
    return Terms(groups, Locks(groups, price, pieces))


def preview(ask: ListingAsk, chosen: ChosenListings, terms: Terms) -> BulkPreview:
    """See what would become of the listings that were chosen, and do nothing. Raises NotAllowed."""
    seen = BulkPreview(rest=chosen.number - sum(map(len, chosen.ids.values())))
    for channel_id, ids in chosen.ids.items():
        outcome = ask.see(channel_id, ids, terms)
        seen.add(outcome)
        changed = outcome.changed_ids or (() if ask.is_queued else outcome.listing_ids)
        seen.named += _named(changed[: NAMED - len(seen.named)])
        if ask.pending in {Pending.HIDE, Pending.DELIST}:
            seen.pieces += _pieces(changed)
        if ask.is_for_good:
            seen.products += products_that_go(channel_id, ids, Pending.DELIST)
    return seen


def _named(ids: Collection[int]) -> list[tuple[str, str]]:
    rows = Listing.objects.filter(pk__in=ids).order_by("pk")
    return list(rows.values_list("code", "product__title"))


def _pieces(ids: Sequence[int]) -> int:
    """Count what can be bought of these now: what the store is known to count, else what there is."""
    total = 0
    for start in range(0, len(ids), _SUMMED_AT_ONCE):
        rows = Listing.objects.filter(pk__in=ids[start : start + _SUMMED_AT_ONCE], health="listed", is_inactive=False)
        total += rows.filter(available__gt=0).aggregate(pieces=Sum(Coalesce("account", "available")))["pieces"] or 0
    return total


def waits_for_ticks(ask: ListingAsk, terms: Terms) -> bool:
    """Whether nobody has said yet what is meant of the listings, so that there is nothing to see beforehand."""
    return ask.verb == "lock" and not terms.groups


@dataclass(frozen=True, slots=True)
class Timing:
    """When a channel's next run of a kind is, and how its channel is called; and `_most_at_once`."""

    channel: str
    kind: str
    next: NextRun
    most_at_once: int


def timings(ask: ListingAsk, ids: Mapping[int, Sequence[int]]) -> list[Timing]:
    """Say for each channel when what is queued is carried out."""
    if not ask.is_queued:
        return []
    return [
        Timing(each.name, ask.run, next_run(each, ask.run), _most_at_once(ask, each, len(ids[each.pk])))
        for each in _channels_of(ids)
    ]


def _most_at_once(ask: ListingAsk, channel: Channel, number: int) -> int:
    """How many listings go off sale without being asked about once more, where these are more; else 0."""
    limits = BrakeLimits(channel.brake_percent, channel.brake_at_least)
    if ask.verb not in _OFF_SALE or not may_be_too_much({Harm.ZERO: number}, limits=limits):
        return 0
    allowed = limits.allowed(wiring.listings.listings_of(channel.pk).live_count())
    return allowed if number > allowed else 0


def _channels_of(channel_ids: Collection[int]) -> "QuerySet[Channel]":
    return Channel.objects.filter(pk__in=channel_ids).order_by("name")


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What came of asking: how many listings change, were so already and can't, and the runs that are at it now."""

    changed: int = 0
    unchanged: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    given_up: Mapping[Pending, int] = field(default_factory=dict)
    runs: tuple[int, ...] = ()


def carry_out(
    ask: ListingAsk, ids: Mapping[int, Sequence[int]], terms: Terms, *, is_now: bool, who: str
) -> BulkOutcome:
    """Ask for it, channel by channel, and start the runs where it is to be done now. Raises NotAllowed."""
    changed, unchanged = 0, 0
    refused: Counter[str] = Counter()
    given_up: Counter[Pending] = Counter()
    runs: list[int] = []
    for channel_id, some in ids.items():
        outcome = ask.do(channel_id, some, terms, who)
        changed += outcome.queued
        unchanged += outcome.unchanged
        refused.update(outcome.refused)
        given_up.update(outcome.given_up)
        starts = bool(ask.run and outcome.listing_ids) and (is_now or not ask.is_queued)
        if starts and not Channel.objects.get(pk=channel_id).is_look_only:
            options = ask.options or None
            scope = outcome.listing_ids
            runs.append(request_run(channel_id, ask.run, scope=scope, options=options, requested_by=who).pk)
    return BulkOutcome(changed, unchanged, refused, given_up, tuple(runs))


def tell(request: HttpRequest, ask: ListingAsk, done: BulkOutcome, channel_ids: Collection[int]) -> None:
    """Say what came of it, with the runs that are at it."""
    if done.runs or done.changed:
        told = format_html("{}: {} {}.", ask.label, _listings(done.changed or done.unchanged), ask.becomes)
        told += format_html_join("", " {}", ((run_link(run, "is at it now."),) for run in done.runs))
        if ask.is_queued and not done.runs:
            told += format_html_join("", "{}", ((_when(ask, each),) for each in _channels_of(channel_ids)))
        messages.success(request, told)
    if done.unchanged and not done.runs:
        messages.info(request, f"{_listings(done.unchanged)} had nothing to change.")
    for sentence in given_up_sentences(done.given_up, is_done=True):
        messages.warning(request, sentence)
    for reason, count in Counter(done.refused).most_common():
        messages.warning(request, f"{_listings(count)} left as they are: {reason}")


def run_link(run_id: int, words: str) -> SafeString:
    """Name a run, with the page that shows how far it is."""
    address = reverse("admin:tradepost_run_change", args=[run_id])
    return format_html("<a class='underline' href='{}'>Run {}</a> {}", address, run_id, words)


def _listings(number: int) -> str:
    return f"{number:,} listing" if number == 1 else f"{number:,} listings"


# --- more than a page can ask for in one go --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BulkPart:
    """How far it is: behind which listing the next part begins, how many were dealt with, and what came of them."""

    after: int = 0
    dealt_with: int = 0
    changed: int = 0
    left: int = 0

    @classmethod
    def of(cls, request: HttpRequest) -> "BulkPart":
        names = ("after", "dealt_with", "changed", "left")
        return cls(*(typed_number(request, name) or 0 for name in names))


def next_part(
    ask: ListingAsk, fitting: "QuerySet[Listing]", part: BulkPart, terms: Terms, *, is_now: bool, who: str
) -> BulkPart | None:
    """
    Ask for it of the next listings that fit, by id; returns how far it is then, None where no more fit.

    What was dealt with may fit the filter no more: the place is kept by id. Raises NotAllowed.
    """
    pairs = list(fitting.filter(pk__gt=part.after).order_by("pk").values_list("channel_id", "pk")[:SEEN_AT_ONCE])
    if not pairs:
        return None
    ids: defaultdict[int, list[int]] = defaultdict(list)
    for channel_id, number in pairs:
        ids[channel_id].append(number)
    done = carry_out(ask, ids, terms, is_now=is_now, who=who)
    _, last = pairs[-1]
    left = part.left + sum(done.refused.values())
    return BulkPart(last, part.dealt_with + len(pairs), part.changed + done.changed, left)


def _when(ask: ListingAsk, channel: Channel) -> SafeString:
    found = next_run(channel, ask.run)
    if found.at is None:
        return format_html(" That is done by a {}, and {}.", ask.run, found.why_not)
    return format_html(" The next {} does it, due {}.", ask.run, moment(found.at))


def group_choices(ask: ListingAsk, terms: Terms) -> Iterator[tuple[str, str, bool]]:
    """The groups that can be ticked: value, words, and whether it is."""
    for group in ask.groups:
        yield group.value, group_words(group), group in terms.groups


def hidden_fields(parameters: QueryDict) -> Iterator[tuple[str, str]]:
    """What an address says, as fields of a form."""
    for name, values in parameters.lists():
        for value in values:
            yield name, str(value)


def typed_number(request: HttpRequest, name: str) -> int | None:
    return row_number(request.POST.get(name, "").strip().replace(",", ""))
