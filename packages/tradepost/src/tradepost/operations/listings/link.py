"""
Link: attach listings to products that are on the store already. Nothing is written to the store.

The store is paged through once; what could match is put aside, and nothing is decided before the last page. A listing
links by SKU, then by code (or the other way round), to exactly one product that nothing else is linked to; anything
else is reported with the candidates. What a product was when its page was read is what is proven of it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.matching import WORDS, LinkingPriority, TypeFit, several_match, type_fit
from tradepost.domain.plan import Change, Outcome, Plan, Result, Side, Unit
from tradepost.domain.store import StoreProduct, StoreRow
from tradepost.operations.form import Batch, Evidence, Operation, Verdict, drive
from tradepost.operations.listings.candidates import chosen_products
from tradepost.operations.listings.publish.verdict import flag_held_price, linked
from tradepost.operations.ports import (
    Candidates,
    ChannelSettings,
    CodeHolder,
    ListingRow,
    Matches,
    Ports,
    ToLink,
)
from tradepost.operations.selection import EVERYTHING, Selection

_BATCH = 1000
_NO_MATCH = "No product on the store has this SKU or code."


@dataclass(frozen=True, slots=True)
class LinkDecision:
    """What linking decided for one listing: the product and what it was found by, or the attention that it needs."""

    row: ToLink
    product: StoreRow | None
    attention: Attention | None = None
    message: str = ""
    found_by: str = ""


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """
    Who has the codes of the products already, by code key; the listings whose price is held back, by id; and in which
    layout the families of some stand that are to get another one.
    """

    holders: Mapping[str, CodeHolder] = field(default_factory=dict)
    held: Mapping[int, ListingRow] = field(default_factory=dict)
    standing: Mapping[int, Layout] = field(default_factory=dict)


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """
    Link unlinked and broken listings; a selection is told, too, which of its listings match nothing.

    Idempotent. Raises what `ports.Store` raises; what was linked before stays linked.
    """
    drive(ports, LinkListings(ports.channel, selection))


def read_matches(
    ports: Ports,
    *,
    type_field: str,
    only: Collection[int] | None,
    look: Callable[[Sequence[StoreRow]], None] = lambda _page: None,
) -> Matches | None:
    """Page through the store, and put aside what could match; `look` is shown every page. None if a person cancels."""
    matches = ports.listings.matches(only=only)
    scanned = 0
    for page in ports.store.iterate_rows(custom_fields=(type_field,) if type_field else ()):
        if ports.run.is_cancelled():
            matches.forget()
            return None
        scanned += len(page)
        ports.run.progress(scanned, None, "products on the store looked at")
        matches.add(page)
        look(page)
    return matches


def decided(ports: Ports, matches: Matches, *, requires_type: bool) -> Iterator[list[LinkDecision]]:
    """Decide for all that was put aside, by ascending id of the listings, and let go of it."""
    priority, type_field = ports.channel.linking_priority, ports.channel.rules.type_field
    contested = matches.contested()
    # Of those that only one listing could have, nobody asks who has them.
    chosen: dict[int, int] = {}
    after = 0
    while (candidates := matches.page(after=after, limit=_BATCH)).rows:
        decisions = plan_link(
            candidates,
            priority=priority,
            taken=ports.listings.taken(candidates.ids(priority)),
            chosen=chosen,
            type_field=type_field,
            requires_type=requires_type,
        )
        for decision in decisions:
            if decision.product is not None and decision.product.id in contested:
                chosen[decision.product.id] = decision.row.id
        after = max(candidates.rows)
        yield decisions


class LinkListings(Operation[LinkDecision, LinkFacts, None, None]):
    """The store is paged through before anything is decided: a match must be the only one."""

    name = "link"
    label = "listings decided"
    attentions = frozenset(
        {Attention.NO_MATCH, Attention.AMBIGUOUS_MATCH, Attention.MATCH_TAKEN, Attention.ALREADY_EXISTS}
    )

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        self._channel = channel
        self._selection = selection
        self._by_hand: list[LinkDecision] = []
        self._asked: Collection[int] | None = None
        self._matches: Matches | None = None
        self._requires_type = True

    def prepare(self, ports: Ports) -> None:
        named = self._selection.link_to
        self._by_hand = by_hand(ports, named)
        self._asked = None if self._selection.only is None else self._selection.only - named.keys()
        if named and not self._asked:
            return
        # Where nothing is but simple, nobody asks what a store calls it.
        is_typed = self._channel.rules.layout is not Layout.SIMPLE
        type_field = self._channel.rules.type_field if is_typed else ""
        self._requires_type = is_typed and self._channel.requires_product_type
        self._matches = read_matches(ports, type_field=type_field, only=self._asked)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[LinkDecision]]:
        for start in range(0, len(self._by_hand), _BATCH):
            yield Batch(self._by_hand[start : start + _BATCH])
        if self._matches is None:
            return
        for decisions in decided(ports, self._matches, requires_type=self._requires_type):
            yield Batch(decisions)
        # Only who names listings is told which of them match nothing.
        asked = sorted(self._asked or ())
        for start in range(0, len(asked), _BATCH):
            rest = self._matches.without(asked[start : start + _BATCH])
            yield Batch([LinkDecision(row, None, Attention.NO_MATCH, _NO_MATCH) for row in rest])
        self._matches.forget()

    def observe(self, ports: Ports, batch: Batch[LinkDecision]) -> None:
        """All that is needed of a product was read with its page."""

    def facts(self, ports: Ports, batch: Batch[LinkDecision], seen: None) -> LinkFacts:
        linking = [decision for decision in batch.rows if decision.product is not None]
        codes = [decision.product.code for decision in linking if decision.product is not None]
        held = [decision.row.id for decision in linking if decision.row.is_price_held]
        variants = [decision.row.id for decision in linking if decision.row.kind is Kind.VARIANT]
        return LinkFacts(
            ports.listings.code_holders(codes) if codes else {},
            {row.id: row for row in ports.listings.by_ids(held)} if held else {},
            ports.listings.standing_layouts(variants) if variants else {},
        )

    def plan(self, batch: Batch[LinkDecision], facts: LinkFacts | None, seen: None) -> Plan[None]:
        units: list[Unit] = []
        settled: list[Result] = []
        for decision in batch.rows:
            confirmed = confirm(decision, holders=_holders(facts))
            if isinstance(confirmed, StoreRow):
                units.append(Unit(confirmed.code, (_linked(decision, confirmed),)))
            else:
                settled.append(Result(_left_alone(decision.row), Outcome.SKIPPED, message=confirmed[1]))
        return Plan(None, tuple(units), tuple(settled))

    def judge(
        self,
        batch: Batch[LinkDecision],
        facts: LinkFacts | None,
        seen: None,
        plan: Plan[None],
        evidence: Evidence,
    ) -> Verdict:
        verdict = Verdict()
        held = facts.held if facts is not None else {}
        standing = facts.standing if facts is not None else {}
        for decision in batch.rows:
            confirmed = confirm(decision, holders=_holders(facts))
            if isinstance(confirmed, StoreRow):
                # Where its family waits to be switched, it is sold as that stands, and switched with it.
                layout = standing.get(decision.row.id, self._channel.rules.layout)
                verdict.proven.append(linked(decision.row, confirmed, evidence.began, layout=layout))
                if decision.row.id in held:
                    flag_held_price(held[decision.row.id], verdict)
            else:
                verdict.flag(decision.row.id, *confirmed)
        return verdict


def _holders(facts: LinkFacts | None) -> Mapping[str, CodeHolder]:
    return facts.holders if facts is not None else {}


def confirm(decision: LinkDecision, *, holders: Mapping[str, CodeHolder]) -> StoreRow | tuple[Attention, str]:
    """Look at a decision again beside what was recorded meanwhile: what to link to, or why not."""
    product = decision.product
    if product is None:
        assert decision.attention is not None
        return decision.attention, decision.message
    holder = holders.get(code_key(product.code))
    if holder is None or holder.id == decision.row.id:
        return product
    # Two listings can't have one code: the other one was built for it and waits to be linked or published.
    message = f"{product.code} on the store is the code of the listing {holder.sku}; link that one, or recode it."
    return Attention.MATCH_TAKEN, message


def plan_link(
    candidates: Candidates,
    *,
    taken: Mapping[int, int],
    type_field: str,
    requires_type: bool,
    chosen: Mapping[int, int] | None = None,
    priority: LinkingPriority = LinkingPriority.SKU,
) -> list[LinkDecision]:
    """
    Decide for every candidate: the first of SKU and code that yields a hit decides, and must be the only one.

    `chosen`: which products older listings have been given already.
    """
    chosen = dict(chosen or {})
    matches: list[LinkDecision] = []
    # Older listings first: two that want the same product are settled in their favour.
    for row_id in sorted(candidates.rows):
        row = candidates.rows[row_id]
        way, hits = candidates.hits(row_id).deciding(priority)
        fitting = [product for product in hits if _fits(row, product, type_field, requires_type=requires_type)]
        if not fitting:
            if hits:
                matches.append(_unfit(row, hits[0], type_field))
            continue
        if len(fitting) > 1:
            matches.append(LinkDecision(row, None, Attention.AMBIGUOUS_MATCH, several_match(row.sku, fitting)))
            continue
        product = fitting[0]
        holder = taken.get(product.id) or chosen.get(product.id)
        if holder is not None and holder != row.id:
            message = f"{product.code} on the store is linked to another listing already."
            matches.append(LinkDecision(row, None, Attention.MATCH_TAKEN, message))
            continue
        chosen[product.id] = row.id
        matches.append(LinkDecision(row, product, found_by=f"the same {WORDS[way]}"))
    return matches


def _fits(row: ToLink, product: StoreRow, type_field: str, *, requires_type: bool) -> bool:
    fit = type_fit(row.kind, product.fields.get(type_field, ""))
    return fit is TypeFit.FITS or (fit is TypeFit.UNTYPED and not requires_type)


def _unfit(row: ToLink, product: StoreRow, type_field: str) -> LinkDecision:
    kind = product.fields.get(type_field, "").strip()
    found = f"'{kind}'" if kind else "empty"
    cure = "" if kind else f" 'tradepost listings set-type {row.sku}' writes it."
    message = (
        f"{product.code} on the store matches, but its custom field {type_field} is {found}; "
        f"it must be '{row.kind.value}' to be linked.{cure}"
    )
    return LinkDecision(row, None, Attention.NO_MATCH, message)


def by_hand(ports: Ports, link_to: Mapping[int, str]) -> list[LinkDecision]:
    """
    Decide for listings whose products a person has named, by ids or codes.

    What can't be linked to its product needs a person. Raises NotAllowed where that is the only one.
    """
    decisions: list[LinkDecision] = []
    taken: set[int] = set()
    ids = list(link_to)
    for start in range(0, len(ids), _BATCH):
        rows = [(row, link_to[row.id]) for row in ports.listings.by_ids(ids[start : start + _BATCH])]
        found = chosen_products(rows, store=ports.store, listings=ports.listings, rules=ports.channel.rules)
        for row, product in found:
            if isinstance(product, NotAllowed) and len(ids) == 1:
                raise product
            if isinstance(product, NotAllowed):
                decisions.append(LinkDecision(row, None, Attention.NO_MATCH, str(product)))
            elif product.id in taken:
                message = f"{product.code} on the store is chosen for another listing, too; choose one of them."
                decisions.append(LinkDecision(row, None, Attention.MATCH_TAKEN, message))
            else:
                taken.add(product.id)
                decisions.append(LinkDecision(row, _row_of(product), found_by="chosen by a person"))
    return decisions


def _row_of(product: StoreProduct) -> StoreRow:
    return StoreRow(
        product.id,
        product.code,
        product.sku,
        product.is_active,
        created=product.created,
        name=product.name,
        price=product.price,
    )


def _linked(decision: LinkDecision, product: StoreRow) -> Change:
    row = decision.row
    return changes.listing_linked(
        row.code,
        product.name,
        before=row.external_id,
        external_id=product.id,
        reason=decision.found_by,
        listing_id=row.id,
    )


def _left_alone(row: ToLink) -> Change:
    return changes.listing_left_alone(row.code, side=Side.HUB, reason="asked to link", listing_id=row.id)
