"""
Product types: write into a store's products whether they are parents, variants or simple, where nothing says so.

Only what is linked, or could be linked if it had a type, is written; a type that is there stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.matching import TypeFit, type_fit
from tradepost.domain.plan import Change, Plan, Side, SubjectKind, Unit
from tradepost.domain.store import StoreProduct, StoreRow, is_same_product
from tradepost.operations.existence import look_at_confirmed_store
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict, drive
from tradepost.operations.listings.link import decided, read_matches
from tradepost.operations.outcomes import Answers, answers_of, provision
from tradepost.operations.ports import (
    ChannelSettings,
    Matches,
    Needs,
    Ports,
    SetupItem,
    SetupKind,
    ToLink,
    WriteOutcome,
)
from tradepost.operations.selection import EVERYTHING, Selection

_BATCH = 200


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """Write the missing types of what a selection means. Idempotent. Raises what `ports.Store` raises."""
    look_at_confirmed_store(ports)
    drive(ports, ProductTypes(ports.channel, selection))


@dataclass(frozen=True, slots=True)
class Untyped:
    """A product without a type, and the listing that says which."""

    row: ToLink
    product: StoreRow


@dataclass(frozen=True, slots=True)
class TypesSeen:
    """Products by code key; `is_set_up`: the store has just taken the custom field."""

    products: Mapping[str, StoreProduct]
    is_set_up: bool = False


class ProductTypes(Operation[Untyped, bool, TypesSeen, SetupItem]):
    name = "product types"
    label = "products looked at"

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        self._channel = channel
        self._selection = selection
        self._field = channel.rules.type_field
        # By listing.
        self._linked: dict[int, StoreRow] = {}
        self._matches: Matches | None = None

    def prepare(self, ports: Ports) -> None:
        only = self._selection.only

        def look(page: Sequence[StoreRow]) -> None:
            untyped = {row.id: row for row in page if type_fit_of(row, self._field) is TypeFit.UNTYPED}
            for listing in ports.listings.linked_among(list(untyped)) if untyped else ():
                if only is None or listing.listing_id in only:
                    self._linked[listing.listing_id] = untyped[listing.external_id]

        self._matches = read_matches(ports, type_field=self._field, only=only, look=look)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Untyped]]:
        if self._matches is None:
            return
        linked = list(self._linked)
        for start in range(0, len(linked), _BATCH):
            rows = ports.listings.by_ids(linked[start : start + _BATCH])
            yield Batch([Untyped(row, self._linked[row.id]) for row in rows])
        for decisions in decided(ports, self._matches, requires_type=False):
            linkable = [
                Untyped(decision.row, decision.product)
                for decision in decisions
                if decision.product is not None and type_fit_of(decision.product, self._field) is TypeFit.UNTYPED
            ]
            for start in range(0, len(linkable), _BATCH):
                yield Batch(linkable[start : start + _BATCH])
        self._matches.forget()

    def observe(self, ports: Ports, batch: Batch[Untyped]) -> TypesSeen:
        return TypesSeen(ports.store.products_by_code([each.product.code for each in batch.rows]))

    def observe_again(self, ports: Ports, batch: Batch[Untyped], seen: TypesSeen, sent: Plan[SetupItem]) -> TypesSeen:
        codes = [c.subject.key for c in sent.changes(Side.STORE) if c.subject.kind is SubjectKind.PRODUCT]
        if not codes:
            return seen
        keys = {code_key(code) for code in codes}
        kept = {key: product for key, product in seen.products.items() if key not in keys}
        return replace(seen, products={**kept, **ports.store.products_by_code(codes)})

    def facts(self, ports: Ports, batch: Batch[Untyped], seen: TypesSeen) -> bool:
        """Whether the store is known to have the custom field."""
        return (SetupKind.CUSTOM_FIELD, self._field) in ports.inventory.known_setup()

    def plan(self, batch: Batch[Untyped], facts: bool | None, seen: TypesSeen) -> Plan[SetupItem]:
        kinds = tuple(kind.value for kind in Kind)
        item = SetupItem(SetupKind.CUSTOM_FIELD, self._field, "Product Type", choices=kinds)
        units = [
            Unit(product.code, (self._typed(each, product),))
            for each in batch.rows
            if (product := seen.products.get(code_key(each.product.code))) is not None
            and product.id == each.product.id
            and is_same_product(each.product.created, product.created)
            and not (product.custom_fields or {}).get(self._field, "").strip()
        ]
        if units and not (facts or seen.is_set_up):
            units.insert(0, Unit("set-up", (changes.setup_added(item.code, item.name, kind=item.kind.value),)))
        return Plan(item, tuple(units))

    def _typed(self, each: Untyped, product: StoreProduct) -> Change:
        return changes.product_typed(
            product.code, product.name, field=self._field, product_type=each.row.kind.value, listing_id=each.row.id
        )

    def steps(self) -> Sequence[Step[TypesSeen, SetupItem]]:
        return (
            Step(takes=lambda change, _: change.subject.kind is SubjectKind.SETUP, send=_set_up, learn=_learn_set_up),
            Step(takes=lambda change, _: change.subject.kind is SubjectKind.PRODUCT, send=provision),
        )

    def needs(self, plan: Plan[SetupItem]) -> Needs:
        """The store must have the custom field before a product can be given a value of it."""
        subjects = [change.subject for change in plan.changes(Side.STORE)]
        set_up = frozenset(subject.id for subject in subjects if subject.kind is SubjectKind.SETUP)
        return {subject.id: set_up for subject in subjects if subject.kind is SubjectKind.PRODUCT and set_up}

    def unread(self, change: Change, seen: TypesSeen) -> frozenset[str]:
        if change.subject.kind is SubjectKind.SETUP:
            return frozenset(field.name for field in change.fields)
        product = seen.products.get(code_key(change.subject.key))
        is_unread = product is not None and product.custom_fields is None
        return frozenset(field.name for field in change.fields) if is_unread else frozenset()

    def judge(
        self,
        batch: Batch[Untyped],
        facts: bool | None,
        seen: TypesSeen,
        plan: Plan[SetupItem],
        evidence: Evidence,
    ) -> Verdict:
        return Verdict(set_up=[plan.detail] if seen.is_set_up else [])


def type_fit_of(product: StoreRow, field: str) -> TypeFit:
    """Whether a product has a type at all; which one decides nothing here."""
    return type_fit(Kind.SIMPLE, product.fields.get(field, ""))


def _set_up(ports: Ports, plan: Plan[SetupItem]) -> Answers:
    return answers_of(list(plan.changes(Side.STORE)), ports.store.set_up([plan.detail]))


def _learn_set_up(seen: TypesSeen, _plan: Plan[SetupItem], answers: Answers) -> TypesSeen:
    return replace(seen, is_set_up=all(answer.outcome is WriteOutcome.DONE for answer in answers.values()))
