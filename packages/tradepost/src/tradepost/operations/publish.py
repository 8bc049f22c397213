"""
Publish: create queued listings on the store with all their content, and overwrite those queued for it.

Works in batches of catalogue products. Each is compared with what the store has, the difference is sent, and the
same comparison afterwards says what was proven. Before anything is created, an intent for its code is committed; so a
publish that is killed at any point is completed by the next one without a second product.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tradepost.domain.catalogue import ImageFile, Kind
from tradepost.domain.codes import code_key
from tradepost.domain.content import WantedUnit, difference
from tradepost.domain.errors import ImageUnusable
from tradepost.domain.fields import Group, fingerprints
from tradepost.domain.listing import Attention, Event, Link, Status, settle
from tradepost.domain.making import WantedImage
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.domain.store import StoreProduct
from tradepost.operations.image_upload import Uploaded, upload, upload_change, upload_unit
from tradepost.operations.ports import FamilyRows, ListingRow, Ports, Proven, SetupItem, WriteOutcome
from tradepost.operations.publish_plan import (
    FamilyPlan,
    build_wanted,
    is_due,
    link_change,
    plan_family,
    setup_items,
    setup_unit,
    with_other_address,
)

_ATTEMPTS = 2
# What may be missing without the listing being called unpublished: it can be bought, and attention says what lacks.
_SOFT = frozenset({"images", "address"})


def execute(ports: Ports, *, only: Collection[int] | None = None) -> None:
    """
    Apply what is due for publish; `only` limits it to these listings.

    Idempotent: with nothing due, or everything there already, it writes nothing. Raises the errors of `ports.Store`,
    with the queue untouched where the store may not be provisioned.
    """
    after = ports.run.cursor("publish")
    done = 0
    while True:
        families = ports.listings.publish_due(after=after, limit=ports.channel.batch_size, only=only)
        if not families or ports.run.is_cancelled():
            return
        _Batch(ports, families, only).publish()
        after = families[-1].listings[0].product_id
        with ports.run.transaction():
            ports.run.advance("publish", after)
        done += sum(is_due(row, only) for family in families for row in family.listings)
        ports.run.progress(done, None, "published")


@dataclass(slots=True)
class _Applied:
    """One family after the store was asked: what it has now, and what it said per code key."""

    plan: FamilyPlan
    wanted: WantedUnit | None
    words: dict[str, str] = field(default_factory=dict)
    is_lost: bool = False


class _Batch:
    def __init__(self, ports: Ports, families: Sequence[FamilyRows], only: Collection[int] | None) -> None:
        self._ports = ports
        self._families = families
        self._only = only
        self._rules = ports.channel.rules
        self._files: dict[str, ImageFile] = {}
        self._unusable: dict[str, ImageUnusable] = {}
        self._at: datetime = ports.clock()

    def publish(self) -> None:
        self._prepare_images()
        codes = [row.code for family in self._families for row in family.listings]
        seen = self._ports.store.products_by_code(codes)
        ours = self._ports.intents.open_among(codes)
        plans = [self._plan(family, seen, ours, self._files) for family in self._families]
        setup = self._missing_setup(plans)
        images = _images_to_attach(plans)
        self._ports.run.plan(
            [
                *([setup_unit(setup)] if setup else []),
                *(
                    Unit(plan.unit.key, (*upload_unit("", images[plan.unit.key], self._files).changes, *_changes(plan)))
                    for plan in plans
                ),
            ]
        )
        if self._ports.run.is_dry:
            self._ports.run.report(self._hub_results(plans))
            return
        self._set_up(setup)
        uploaded = self._upload([image for several in images.values() for image in several])
        if uploaded.failed:
            plans = [
                self._plan(family, seen, ours, self._without(uploaded.failed, images)) for family in self._families
            ]
        with self._ports.run.transaction():
            self._ports.intents.open([code for plan in plans for code in plan.creates])
            self._ports.inventory.add_files(uploaded.there)
        applied, now = self._apply(plans, seen)
        self._record(applied, now, uploaded)

    # --- gather -------------------------------------------------------------------------------------------------

    def _prepare_images(self) -> None:
        if self._ports.image_store is None:
            return
        sources = [
            image.source
            for family in self._families
            if any(_wants_images(row, self._only) for row in family.listings)
            for image in (
                *family.product.images,
                *(variant.image for variant in family.product.variants if variant.image is not None),
            )
        ]
        for source, prepared in self._ports.source_images.prepare(sources).items():
            if isinstance(prepared, ImageFile):
                self._files[source] = prepared
            else:
                self._unusable[source] = prepared

    def _plan(
        self,
        family: FamilyRows,
        seen: Mapping[str, StoreProduct],
        ours: Collection[str],
        files: Mapping[str, ImageFile],
    ) -> FamilyPlan:
        return plan_family(family, rules=self._rules, seen=seen, ours=ours, files=files, only=self._only)

    def _missing_setup(self, plans: Sequence[FamilyPlan]) -> list[SetupItem]:
        known = self._ports.inventory.known_setup()
        items = {
            (item.kind, item.code): item
            for plan in plans
            if plan.wanted is not None and not plan.unit.is_empty
            for item in setup_items(plan.wanted, rules=self._rules)
        }
        return [item for key, item in items.items() if key not in known]

    # --- apply --------------------------------------------------------------------------------------------------

    def _set_up(self, items: Sequence[SetupItem]) -> None:
        if not items:
            return
        answers = self._ports.store.set_up(items)
        results = []
        for item, change, answer in zip(items, setup_unit(items).changes, answers, strict=True):
            outcome = {
                WriteOutcome.DONE: Outcome.APPLIED,
                WriteOutcome.REFUSED: Outcome.REJECTED,
                WriteOutcome.LOST: Outcome.UNKNOWN,
            }[answer.outcome]
            proof = Proof.ANSWERED if answer.outcome is WriteOutcome.DONE else Proof.NONE
            results.append((item, Result(change, outcome, proof, answer.message)))
        with self._ports.run.transaction():
            self._ports.inventory.add_setup(item for item, result in results if result.outcome is Outcome.APPLIED)
            self._ports.run.report([result for _item, result in results])

    def _upload(self, images: Sequence[WantedImage]) -> Uploaded:
        if self._ports.image_store is None or not images:
            return Uploaded()
        return upload(
            images,
            files=self._files,
            store=self._ports.image_store,
            source_images=self._ports.source_images,
            inventory=self._ports.inventory,
        )

    def _without(self, failed: Collection[str], images: Mapping[str, list[WantedImage]]) -> dict[str, ImageFile]:
        sources = {image.source for several in images.values() for image in several if image.path in failed}
        return {source: file for source, file in self._files.items() if source not in sources}

    def _apply(
        self, plans: Sequence[FamilyPlan], seen: Mapping[str, StoreProduct]
    ) -> tuple[list[_Applied], Mapping[str, StoreProduct]]:
        """Send the units and read back; what was lost or can be mended is sent once more."""
        applied = [_Applied(plan, plan.wanted) for plan in plans]
        todo = [(state, state.plan.unit) for state in applied if not state.plan.unit.is_empty]
        now: Mapping[str, StoreProduct] = seen
        for _ in range(_ATTEMPTS):
            if not todo:
                break
            answers = self._ports.store.provision([unit for _state, unit in todo])
            codes = {code for state, _unit in todo for code in state.plan.codes}
            found = self._ports.store.products_by_code(codes)
            # A product that is not there any more must not be taken from an older reading.
            now = {**{key: product for key, product in now.items() if key not in _keys(codes)}, **found}
            again = []
            for (state, unit), answer in zip(todo, answers, strict=True):
                state.is_lost = answer.outcome is WriteOutcome.LOST
                state.words = _words(unit, answer.refusals, answer.complaints, answer.message)
                state.wanted = _mended(state, now)
                if state.is_lost or state.wanted is not state.plan.wanted:
                    rest = self._rest(state, now, unread_too=state.is_lost)
                    if not rest.is_empty:
                        again.append((state, rest))
            todo = again
        return applied, now

    @staticmethod
    def _rest(state: _Applied, now: Mapping[str, StoreProduct], *, unread_too: bool) -> Unit:
        if state.wanted is None:
            return Unit(state.plan.unit.key, ())
        scope = replace(state.plan.scope, unread_too=unread_too)
        return difference(state.wanted, seen=now, scope=scope, reason="what the store did not take yet")

    # --- record -------------------------------------------------------------------------------------------------

    def _record(self, applied: Sequence[_Applied], now: Mapping[str, StoreProduct], uploaded: Uploaded) -> None:
        verdict = _Verdict(self._at)
        for state in applied:
            left = {
                code_key(change.subject.key): {field.name for field in change.fields if not _is_a_sale(field)}
                for change in self._rest(state, now, unread_too=False).changes
            }
            verdict.judge(state, now, left)
        results = [*uploaded.results, *self._hub_results([state.plan for state in applied]), *verdict.results]
        flags = {**self._image_flags(applied, uploaded), **verdict.flags}
        fine = [proven.listing_id for proven in verdict.proven if proven.listing_id not in flags]
        with self._ports.run.transaction():
            self._ports.listings.record(verdict.proven)
            self._ports.listings.flag(flags, clear=fine)
            self._ports.intents.close(verdict.closed)
            self._ports.run.report(results)

    def _hub_results(self, plans: Sequence[FamilyPlan]) -> list[Result]:
        """What happens on our side, and what is left alone."""
        results = [
            Result(upload_change(source, 0), Outcome.FAILED, message=str(reason))
            for source, reason in self._unusable.items()
        ]
        for plan in plans:
            results += [
                Result(_refusal_change(refusal.row), Outcome.FAILED, message=refusal.message)
                for refusal in plan.refused
            ]
            results += [
                Result(
                    _refusal_change(row),
                    Outcome.FAILED,
                    message=f"{row.code} is gone from the store. Unlink it, then link or publish it again.",
                )
                for row in plan.gone
            ]
            if self._ports.run.is_dry:
                continue
            results += [
                Result(link_change(row, there, _LINKED_INSTEAD), Outcome.APPLIED, Proof.READ)
                for row, there in plan.links
            ]
        return results

    def _image_flags(self, applied: Sequence[_Applied], uploaded: Uploaded) -> dict[int, tuple[Attention, str]]:
        flags: dict[int, tuple[Attention, str]] = {}
        failed = {result.change.subject.key: result.message for result in uploaded.results if result.message}
        for state in applied:
            product = state.plan.family.product
            lacking = [str(self._unusable[p.source]) for p in product.images if p.source in self._unusable]
            if failed and state.plan.wanted is not None:
                full = build_wanted(
                    state.plan.family,
                    rules=self._rules,
                    takes_part={row.id for row in state.plan.family.listings},
                    files=self._files,
                )
                lacking += [
                    failed[image.path] for p in full.products for image in p.made.images if image.path in failed
                ]
            if lacking:
                flags[state.plan.family.listings[0].id] = (Attention.IMAGE_FAILED, lacking[0])
        return flags


_LINKED_INSTEAD = "the store has this product already: linked, not overwritten"


@dataclass(slots=True)
class _Verdict:
    """Judges families by what the store has now: what was proven, what is to be flagged, which intents are closed."""

    at: datetime
    proven: list[Proven] = field(default_factory=list)
    flags: dict[int, tuple[Attention, str]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def judge(self, state: _Applied, now: Mapping[str, StoreProduct], left: Mapping[str, set[str]]) -> None:
        rows = state.plan.rows
        for change in state.plan.unit.changes:
            key = code_key(change.subject.key)
            result = _result(change, now.get(key), left.get(key, set()), state)
            self.results.append(result)
            row = rows[key]
            if result.outcome is not Outcome.APPLIED and not _is_good_enough(now.get(key), left.get(key, set()), state):
                self.flags[row.id] = (Attention.PUBLISH_FAILED, result.message)
        for refusal in state.plan.refused:
            self.flags[refusal.row.id] = (refusal.attention, refusal.message)
        for row in state.plan.gone:
            self.flags[row.id] = (Attention.BROKEN_LINK, f"{row.code} is gone from the store.")
            self.proven.append(Proven(row.id, self.at, status=settle(row.status, Event.GONE)))
        for row, there in state.plan.links:
            self.proven.append(linked(row, there, self.at))
        missing = _variants_missing(state, now, left)
        for key in state.plan.scope.groups:
            self._settle(rows[key], state, now.get(key), left.get(key, set()), missing)

    def _settle(
        self, row: ListingRow, state: _Applied, there: StoreProduct | None, left: set[str], missing: Collection[str]
    ) -> None:
        if row.id in self.flags or there is None or state.wanted is None:
            return
        if code_key(row.code) in missing:
            words = state.words.get(code_key(state.plan.unit.key)) or "the store did not take it as a variant"
            self.flags[row.id] = (Attention.PUBLISH_FAILED, f"{row.code} is not offered on its parent's page: {words}.")
            return
        is_new = row.status.link is not Link.LINKED
        if not is_new and not row.overwrite_groups:
            return  # a parent that was only extended
        wanted = state.wanted.product(row.code)
        groups = state.plan.scope.groups[code_key(row.code)]
        prints = {group: value for group, value in fingerprints(wanted.made).items() if group in groups}
        soft = left & _SOFT
        if soft:
            words = state.words.get(code_key(row.code), "the store did not take it")
            self.flags[row.id] = (Attention.PUBLISH_FAILED, f"On the store, but without its {_list(soft)}: {words}")
        if is_new:
            self.closed.append(row.code)
        self.proven.append(
            Proven(
                row.id,
                self.at,
                status=_settled(row, is_new=is_new),
                external_id=there.id,
                code=there.code,
                price=there.price if Group.PRICE in groups else None,
                quantity=_proven_quantity(wanted["quantity"], there) if Group.QUANTITY in groups else None,
                fingerprints={**row.proven_fingerprints, **prints},
            )
        )


def linked(row: ListingRow, there: StoreProduct, at: datetime) -> Proven:
    """Say what is proven of a listing that was just linked: what the store has, not what we want."""
    # A native child is never active; that its parent is, is looked at by the link run. Here it was made to be sold.
    is_hidden = row.was_hidden or (row.kind is Kind.SIMPLE and not there.is_active)
    event = Event.FOUND_HIDDEN if is_hidden else Event.FOUND_ACTIVE
    return Proven(
        row.id,
        at,
        status=settle(row.status, event),
        external_id=there.id,
        code=there.code,
        price=there.price,
        quantity=there.stock.count if there.stock is not None and there.stock.is_tracked else None,
    )


def _is_a_sale(field: FieldChange) -> bool:
    """Whether stock is lower than what was just sent: somebody has bought already."""
    return field.name == "quantity" and field.before is not None and field.before < field.after


def _settled(row: ListingRow, *, is_new: bool) -> Status:
    return settle(row.status, Event.PUBLISHED if is_new else Event.OVERWRITTEN)


def _proven_quantity(wanted: int | None, there: StoreProduct) -> int | None:
    if wanted is None:
        return None
    return there.stock.count if there.stock is not None else wanted


def _result(change: Change, there: StoreProduct | None, left: set[str], state: _Applied) -> Result:
    words = state.words.get(code_key(change.subject.key), "")
    if there is not None and not left:
        unread = _unread(change, there)
        if unread and state.is_lost:
            return Result(
                change, Outcome.UNKNOWN, message=f"The answer was lost, and {_list(unread)} can't be read back."
            )
        return Result(change, Outcome.APPLIED, Proof.ANSWERED if unread else Proof.READ)
    if state.is_lost:
        return Result(change, Outcome.UNKNOWN, message=state.words.get("", "The store's answer was lost."))
    if there is None:
        return Result(change, Outcome.REJECTED, message=words or "The store did not create it and gave no reason.")
    kept = f"The store did not take {_list(left)}"
    return Result(change, Outcome.REJECTED, message=f"{kept}: {words}" if words else f"{kept} and gave no reason.")


def _is_good_enough(there: StoreProduct | None, left: set[str], state: _Applied) -> bool:
    # Missing variants are judged child by child; a lost answer with unreadable values is not good enough.
    return there is not None and bool(left) and left <= _SOFT | {"variants"} and not state.is_lost


def _unread(change: Change, there: StoreProduct) -> set[str]:
    absent = {
        "quantity": there.stock is None,
        "custom_fields": there.custom_fields is None,
        "weight_grams": there.weight_grams is None,
        "address": there.addresses is None,
    }
    return {field.name for field in change.fields if absent.get(field.name, False)}


def _variants_missing(state: _Applied, now: Mapping[str, StoreProduct], left: Mapping[str, set[str]]) -> frozenset[str]:
    """The code keys of children that the parent's page does not offer."""
    if state.wanted is None or not state.wanted.root["variants"]:
        return frozenset()
    root = code_key(state.wanted.root.code)
    if "variants" not in left.get(root, set()):
        return frozenset()
    there = now.get(root)
    offered = {code_key(code) for variant in (there.variants or () if there else ()) for code in variant.part_codes}
    wanted = {code_key(code) for variant in state.wanted.root["variants"] for code in variant.part_codes}
    return frozenset(wanted - offered)


def _mended(state: _Applied, now: Mapping[str, StoreProduct]) -> WantedUnit | None:
    """Try other web addresses where the plain ones were not taken."""
    wanted = state.plan.wanted
    if wanted is None or state.is_lost:
        return state.wanted
    for product in wanted.products:
        there = now.get(code_key(product.code))
        if product["address"] and there is not None and there.addresses == ():
            return with_other_address(wanted)
    return state.wanted


def _words(unit: Unit, refusals: Mapping[int, str], complaints: Sequence[str], message: str) -> dict[str, str]:
    """What the store said, by code key; the empty key has what could not be attributed."""
    words: dict[str, str] = {}
    for index, text in refusals.items():
        key = code_key(unit.changes[index].subject.key)
        words[key] = f"{words[key]} {text}" if key in words else text
    general = " ".join([*complaints, message]).strip()
    if general:
        words[""] = general
        for change in unit.changes:
            words.setdefault(code_key(change.subject.key), general)
    return words


def _images_to_attach(plans: Sequence[FamilyPlan]) -> dict[str, list[WantedImage]]:
    """The images that a plan's changes attach, by unit; an image that is attached already is not looked at."""
    return {
        plan.unit.key: [
            image
            for change in plan.unit.changes
            if change.touches("images") and plan.wanted is not None
            for image in plan.wanted.product(change.subject.key).made.images
        ]
        for plan in plans
    }


def _changes(plan: FamilyPlan) -> tuple[Change, ...]:
    links = tuple(link_change(row, there, _LINKED_INSTEAD) for row, there in plan.links)
    return (*links, *plan.unit.changes)


def _refusal_change(row: ListingRow) -> Change:
    return Change(
        Subject(SubjectKind.LISTING, row.code), Side.STORE, Action.KEEP, (), "it can't be published as it is", row.id
    )


def _wants_images(row: ListingRow, only: Collection[int] | None) -> bool:
    return is_due(row, only) and (row.status.link is not Link.LINKED or Group.IMAGES in row.overwrite_groups)


def _keys(codes: Collection[str]) -> set[str]:
    return {code_key(code) for code in codes}


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(name.replace("_", " ") for name in names))
