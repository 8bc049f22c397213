"""
Publish: create queued listings on the store with all their content, and overwrite those queued for it.

Works in batches of catalogue products. Each is compared with what the store has, the difference is sent, and the
same comparison afterwards says what was proven. Before anything is created, an intent for its code is committed; so a
publish that is killed at any point is completed by the next one without a second product.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from tradepost.domain import changes
from tradepost.domain.brake import Example, Harm
from tradepost.domain.catalogue.catalogue import ImageFile, Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import ImageUnusable
from tradepost.domain.fields import FIELDS, Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.image_names import path_at
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.making import ContentRules, WantedImage
from tradepost.domain.listings.matching import sku_on_store
from tradepost.domain.listings.page_cuts import cut_off
from tradepost.domain.plan import Action, Change, Outcome, Plan, Result, Side, SubjectKind, Unit
from tradepost.domain.store import MAIN_IMAGE
from tradepost.operations.existence import look_at_confirmed_store
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict, drive
from tradepost.operations.listing_values import examples_of
from tradepost.operations.listings.publish import verdict
from tradepost.operations.listings.publish.cleaning import cleaned
from tradepost.operations.listings.publish.emptied_pages import EmptiedPages
from tradepost.operations.listings.publish.family_plan import FamilyPlan, PublishDetail, closes, plan_family
from tradepost.operations.listings.publish.family_triage import due_groups
from tradepost.operations.listings.publish.files import upload
from tradepost.operations.listings.publish.needs import needs_of
from tradepost.operations.listings.publish.product_match import is_untyped
from tradepost.operations.listings.publish.values import PublishFacts, PublishSeen, PublishTerms
from tradepost.operations.listings.publish.wanted_pages import setup_items
from tradepost.operations.outcomes import Answers, answers_of, provision
from tradepost.operations.ports import (
    ChannelSettings,
    FamilyRows,
    ListingRow,
    Needs,
    Ports,
    SetupItem,
    SetupKind,
    WriteOutcome,
)
from tradepost.operations.same_products import refuse_others
from tradepost.operations.selection import EVERYTHING, Selection
from tradepost.operations.stock.sightings import sight_first

_LINKED_INSTEAD = "the store has this product already, found by its {found_by}: linked, not overwritten"
_UNTYPED = "; its custom field {field} is empty there: 'tradepost listings set-type' writes it"


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """
    Apply what is due for publish.

    Idempotent: with nothing due, or everything there already, it writes nothing. Raises the errors of `ports.Store`,
    with the queue untouched where the store may not be provisioned.
    """
    look_at_confirmed_store(ports)
    sight_first(ports)
    operation = Publish(ports.channel, selection)
    drive(ports, operation)
    drive(ports, EmptiedPages(ports.channel, selection))
    if operation.without_images:
        with ports.run.transaction():
            ports.run.report([_images_left_out(ports.channel.name, operation.without_images)])


class Publish(Operation[FamilyRows, PublishFacts, PublishSeen, PublishDetail]):
    name = "publish"
    label = "published"
    attentions = frozenset(
        {
            *(Attention.NO_MATCH, Attention.AMBIGUOUS_MATCH, Attention.MATCH_TAKEN, Attention.ALREADY_EXISTS),
            *(Attention.PUBLISH_FAILED, Attention.IMAGE_FAILED, Attention.BROKEN_LINK),
        }
    )
    attempts = 2

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        self._channel = channel
        self._selection = selection
        self._without_images: dict[int | None, int] = {}

    @property
    def without_images(self) -> int:
        """How many products go without their images, because the channel has no image server."""
        return sum(self._without_images.values())

    def count(self, ports: Ports) -> int | None:
        return self._selection.count_families(ports.listings, sends_images=ports.image_store is not None)

    def at_stake(self, ports: Ports) -> Mapping[Harm, int]:
        return {Harm.ZERO: self._selection.count_cut_off(ports.listings, self._channel.rules.layout)}

    def examples(self, ports: Ports, harm: Harm, *, limit: int) -> Sequence[Example]:
        if harm is not Harm.ZERO:
            return ()
        rows = self._selection.cut_off(ports.listings, self._channel.rules.layout, limit=limit)
        families = ports.listings.families(sorted({row.product_id for row in rows}))
        pages = [(family.listings[0], family.product.is_family) for family in families]
        closed = [page for page, is_family in pages if not is_family or page.layout is not None]
        return examples_of(ports, rows, [(page, "its page goes off sale") for page in closed])

    def harm_of(self, row: FamilyRows) -> Harm | None:
        layout = self._channel.rules.layout
        return Harm.ZERO if cut_off(row.listings, self._selection.is_due, layout=layout) else None

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[FamilyRows]]:
        sends = ports.image_store is not None
        limit = self._channel.batch_size
        while rows := self._selection.families(ports.listings, after=after, limit=limit, sends_images=sends):
            after = rows[-1].listings[0].product_id
            yield Batch([cleaned(ports, row) for row in rows], after)

    def observe(self, ports: Ports, batch: Batch[FamilyRows]) -> PublishSeen:
        sources = [] if ports.image_store is None else self._image_sources(batch.rows)
        prepared = ports.source_images.prepare(sources) if sources else {}
        codes = [row.code for family in batch.rows for row in family.listings]
        # A product of the merchant's own may have any code; only its SKU says that it is the one to be published.
        skus = [sku_on_store(row.sku) for family in batch.rows for row in family.listings if self._may_be_made(row)]
        by_sku = ports.store.products_by_sku(skus) if skus else []
        by_code = ports.store.products_by_code(codes)
        rows = [row for family in batch.rows for row in family.listings]
        refuse_others(rows, {product.id: product for product in by_code.values()})
        return PublishSeen(
            {**{code_key(product.code): product for product in by_sku}, **by_code},
            {source: file for source, file in prepared.items() if isinstance(file, ImageFile)},
            {source: reason for source, reason in prepared.items() if isinstance(reason, ImageUnusable)},
            sends_images=ports.image_store is not None,
        )

    def observe_again(
        self, ports: Ports, batch: Batch[FamilyRows], seen: PublishSeen, sent: Plan[PublishDetail]
    ) -> PublishSeen:
        touched = {unit.key for unit in sent.units for change in unit.changes if _is_product(change)}
        codes = {code for family in sent.detail.families if family.unit.key in touched for code in family.codes}
        if not codes:
            return seen
        # A product that is not there any more must not be taken from an older reading.
        keys = {code_key(code) for code in codes}
        kept = {key: product for key, product in seen.products.items() if key not in keys}
        return replace(seen, products={**kept, **ports.store.products_by_code(codes)})

    def facts(self, ports: Ports, batch: Batch[FamilyRows], seen: PublishSeen) -> PublishFacts:
        codes = [row.code for family in batch.rows for row in family.listings]
        holders = ports.listings.code_holders([product.code for product in seen.products.values()])
        return PublishFacts(
            frozenset(ports.intents.open_among(codes)),
            frozenset(ports.inventory.known_setup()),
            ports.listings.taken([product.id for product in seen.products.values()]),
            {key: holder.id for key, holder in holders.items()},
        )

    def plan(self, batch: Batch[FamilyRows], facts: PublishFacts | None, seen: PublishSeen) -> Plan[PublishDetail]:
        assert facts is not None
        terms = PublishTerms(self._channel.rules, self._selection, self._channel.linking_priority)
        taken = dict(facts.taken)
        families: list[FamilyPlan] = []
        for family in batch.rows:
            planned = plan_family(family, terms=terms, facts=replace(facts, taken=taken), seen=seen)
            # No product is linked twice, not by two families of one batch either.
            taken |= {product.id: row.id for row, product, _ in planned.links}
            families.append(planned)
        if not seen.sends_images:
            # By batch, as each is planned more than once.
            self._without_images[batch.key] = sum(bool(family.missing_images) for family in families)
        set_up = _missing_set_up(families, rules=self._channel.rules, known=facts.set_up, answered=seen.answered)
        set_up = {change: item for change, item in set_up.items() if change.subject.id not in seen.set_up}
        # What lies on the store already is attached as it is.
        images = {
            image.path: seen.files[image.source]
            for family in families
            for image in _attached(family)
            if image.source in seen.files
        }
        rules = self._channel.rules
        units = [Unit("set-up", tuple(set_up)), *(_unit(family, images, seen, rules) for family in families)]
        return Plan(
            PublishDetail.of(families, {change.subject.id: item for change, item in set_up.items()}, images),
            tuple(unit for unit in units if not unit.is_empty),
            tuple(_settled(families, seen)),
        )

    def steps(self) -> Sequence[Step[PublishSeen, PublishDetail]]:
        return (
            Step(takes=_of(SubjectKind.SETUP), send=_set_up, learn=_learn_set_up),
            Step(takes=_of(SubjectKind.FILE), send=_upload, learn=_learn_files),
            # The pages that a switch opens, which are looked at before others are closed for them.
            Step(takes=_opens, send=provision, commit_first=_open_intents, learn=_learn_opened, reads=True),
            Step(takes=_is_the_rest, send=provision, commit_first=_open_intents, learn=_learn_answers),
        )

    def needs(self, plan: Plan[PublishDetail]) -> Needs:
        return needs_of(plan, self._channel.rules)

    def unread(self, change: Change, seen: PublishSeen) -> frozenset[str]:
        if change.subject.kind is SubjectKind.SETUP:
            return frozenset(field.name for field in change.fields)
        product = seen.products.get(code_key(change.subject.key)) if _is_product(change) else None
        if product is None:
            return frozenset()
        return frozenset(field.name for field in change.fields if FIELDS[field.name].on_store(product) is None)

    def implied(self, change: Change, seen: PublishSeen) -> frozenset[str]:
        """A document is executed in order, and opens a product last: what can be bought has its stock."""
        product = seen.products.get(code_key(change.subject.key)) if change.touches("quantity") else None
        is_open = product is not None and seen.is_on_sale(product)
        return frozenset({"quantity", "sells_without_stock"}) if is_open else frozenset()

    def judge(
        self,
        batch: Batch[FamilyRows],
        facts: PublishFacts | None,
        seen: PublishSeen,
        plan: Plan[PublishDetail],
        evidence: Evidence,
    ) -> Verdict:
        return verdict.judge(plan.detail, seen=seen, evidence=evidence)

    def _may_be_made(self, row: ListingRow) -> bool:
        """Whether this publish creates it unless the store has it; a parent is made whenever a variant of it is."""
        return row.status.link is not Link.LINKED and (row.kind is Kind.PARENT or self._selection.is_published(row))

    def _image_sources(self, families: Sequence[FamilyRows]) -> list[str]:
        return [
            image.source
            for family in families
            if any(self._wants_images(row) for row in family.listings)
            for image in (
                *family.product.images,
                *(variant.image for variant in family.product.variants if variant.image is not None),
            )
            if not path_at(image.source, below=self._channel.rules.files_address)
        ]

    def _wants_images(self, row: ListingRow) -> bool:
        if row.status.link is not Link.LINKED:
            return self._selection.is_published(row)
        is_switched = self._selection.is_switched(row) and Layout.SIMPLE in {row.layout, self._channel.rules.layout}
        return is_switched or Group.IMAGES in due_groups(row, self._selection, sends_images=True)


# --- the plan -------------------------------------------------------------------------------------------------------


def _missing_set_up(
    families: Sequence[FamilyPlan],
    *,
    rules: ContentRules,
    known: Collection[tuple[SetupKind, str]],
    answered: Collection[str],
) -> dict[Change, SetupItem]:
    items: dict[tuple[SetupKind, str], SetupItem] = {}
    # Every store has the usual image type, unless somebody has deleted it.
    known = {*known, (SetupKind.IMAGE_TYPE, MAIN_IMAGE)}
    for family in families:
        if family.wanted is None or family.unit.is_empty:
            continue
        doubted = _doubted(family.unit) if family.unit.key in answered else frozenset()
        for item in setup_items(family.wanted, rules=rules):
            if item.kind in doubted or (item.kind, item.code) not in known:
                items[item.kind, item.code] = item
    return {changes.setup_added(item.code, item.name, kind=item.kind.value): item for item in items.values()}


def _doubted(unit: Unit) -> frozenset[SetupKind]:
    """
    Say what a store may have lost that it was known to have, since it has answered and not taken what needs it: a
    merchant deletes categories, and image types.
    """
    of_products = any(change.touches("categories") or change.touches("custom_fields") for change in unit.changes)
    found = {SetupKind.CATEGORY, SetupKind.CUSTOM_FIELD} if of_products else set[SetupKind]()
    if any(change.touches("images") for change in unit.changes):
        found.add(SetupKind.IMAGE_TYPE)
    return frozenset(found)


def _attached(family: FamilyPlan) -> list[WantedImage]:
    """The images that a plan's changes attach; one that is attached already is not looked at."""
    if family.wanted is None:
        return []
    return [
        image
        for change in family.unit.changes
        if change.touches("images")
        for image in family.wanted.product(change.subject.key).made.images
    ]


def _unit(family: FamilyPlan, images: Mapping[str, ImageFile], seen: PublishSeen, rules: ContentRules) -> Unit:
    uploads = [
        changes.image_uploaded(path, size_bytes=images[path].size_bytes)
        for path in dict.fromkeys(image.path for image in _attached(family))
        if path in images and path not in seen.uploaded
    ]
    links = [
        changes.listing_linked(
            row.code,
            product.name,
            before=row.external_id,
            external_id=product.id,
            reason=_LINKED_INSTEAD.format(found_by=found_by)
            + (_UNTYPED.format(field=rules.type_field) if is_untyped(product, rules) else ""),
            listing_id=row.id,
        )
        for row, product, found_by in family.links
    ]
    return Unit(family.unit.key, (*uploads, *links, *family.unit.changes))


def _settled(families: Sequence[FamilyPlan], seen: PublishSeen) -> Iterator[Result]:
    """What can't be done, and why."""
    for source, reason in seen.unusable.items():
        yield Result(changes.image_uploaded(source, size_bytes=0), Outcome.FAILED, message=str(reason))
    for family in families:
        if family.family.left_out and family.sends_texts:
            root = family.family.listings[0]
            message = f"{family.family.left_out} removed from the description of {root.sku}"
            change = changes.description_cleaned(root.code, root.sku, listing_id=root.id)
            yield Result(change, Outcome.SKIPPED, message=message)
        for sentence in family.layout.lost:
            yield Result(_left_alone(family.family.listings[0]), Outcome.SKIPPED, message=f"{sentence}.")
        for refusal in family.refused:
            yield Result(_left_alone(refusal.row), Outcome.FAILED, message=refusal.message)
        for row in family.gone:
            message = f"{row.code} is gone from the store. Unlink it, then link or publish it again."
            yield Result(_left_alone(row), Outcome.FAILED, message=message)


def _images_left_out(channel: str, products: int) -> Result:
    message = (
        f"{products} {'product goes' if products == 1 else 'products go'} without images, because the channel has no "
        f"image server. 'tradepost channel set {channel} --ftp-host HOST' names one, and 'tradepost listings publish' "
        "then sends them."
    )
    return Result(changes.images_left_out(channel), Outcome.SKIPPED, message=message)


def _left_alone(row: ListingRow) -> Change:
    return changes.listing_left_alone(
        row.code, side=Side.STORE, reason="it can't be published as it is", listing_id=row.id
    )


# --- the steps ------------------------------------------------------------------------------------------------------


def _of(kind: SubjectKind) -> Callable[[Change, PublishDetail], bool]:
    return lambda change, _detail: change.subject.kind is kind


def _opens(change: Change, detail: PublishDetail) -> bool:
    """Whether a change is part of a switch, and closes no page: it comes first, and is read back."""
    return _is_product(change) and change.listing_id in detail.switched and not closes(change)


def _is_the_rest(change: Change, detail: PublishDetail) -> bool:
    return _is_product(change) and not _opens(change, detail)


def _is_product(change: Change) -> bool:
    return change.subject.kind is SubjectKind.PRODUCT


def _set_up(ports: Ports, plan: Plan[PublishDetail]) -> Answers:
    planned = list(plan.changes(Side.STORE))
    return answers_of(planned, ports.store.set_up([plan.detail.set_up[change.subject.id] for change in planned]))


def _learn_set_up(seen: PublishSeen, plan: Plan[PublishDetail], answers: Answers) -> PublishSeen:
    done = {
        change.subject.id: plan.detail.set_up[change.subject.id]
        for change in plan.changes(Side.STORE)
        if answers[change.subject.id].outcome is WriteOutcome.DONE
    }
    return replace(seen, set_up={**seen.set_up, **done})


def _upload(ports: Ports, plan: Plan[PublishDetail]) -> Answers:
    assert ports.image_store is not None
    return upload(
        list(plan.changes(Side.STORE)),
        files=plan.detail.files,
        image_store=ports.image_store,
        source_images=ports.source_images,
        inventory=ports.inventory,
    )


def _learn_files(seen: PublishSeen, plan: Plan[PublishDetail], answers: Answers) -> PublishSeen:
    """A file that can't be brought there must not be attached."""
    by_path = {change.subject.key: answers[change.subject.id] for change in plan.changes(Side.STORE)}
    failed = {path: answer.message for path, answer in by_path.items() if answer.outcome is WriteOutcome.FAILED}
    sources = {
        image.source: failed[image.path]
        for family in plan.detail.families
        for image in _attached(family)
        if image.path in failed
    }
    sizes = {path: plan.detail.files[path].size_bytes for path in by_path if path not in failed}
    return replace(seen, refused={**seen.refused, **sources}, uploaded={**seen.uploaded, **sizes})


def _open_intents(ports: Ports, plan: Plan[PublishDetail]) -> None:
    ports.intents.open([change.subject.key for change in plan.changes(Side.STORE) if change.action is Action.CREATE])


def _learn_opened(seen: PublishSeen, plan: Plan[PublishDetail], answers: Answers) -> PublishSeen:
    opened = {
        unit.key: frozenset(
            code_key(change.subject.key)
            for change in unit.changes
            if answers[change.subject.id].outcome is not WriteOutcome.LOST
        )
        for unit in plan.units
    }
    return replace(seen, opened={**seen.opened, **opened})


def _learn_answers(seen: PublishSeen, plan: Plan[PublishDetail], answers: Answers) -> PublishSeen:
    answered = {
        unit.key
        for unit in plan.units
        if all(answers[change.subject.id].outcome is not WriteOutcome.LOST for change in unit.changes)
    }
    return replace(seen, answered=seen.answered | answered)
