"""Saved plans: previews that people approve, whole or in part, and that a run carries out then, and nothing besides."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from tradepost import wiring
from tradepost.database.models import Channel, PlannedChange, Run, RunKind, SavedPlan, Trigger
from tradepost.database.runs.plans import change_of, save_plan, subject_of
from tradepost.domain.approval import PlanState, has_expired, with_needs
from tradepost.domain.catalogue.product_changes import names_of
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import RunState, SubjectId, SubjectKind
from tradepost.engine.requests import request_change
from tradepost.engine.runs import request_import, request_run
from tradepost.operations.ports import Clock
from tradepost.operations.selection import AS_IF, GROUPS, IS_SAVED, PLAN, UNDOES

_BATCH = 500
# How a run ends that may not have come to the end of its plan.
_BROKEN_OFF = frozenset({RunState.FAILED, RunState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Choice:
    """
    Which changes of a plan are meant; what is given narrows it, and nothing given means none unless `is_all`.

    `ids`: the changes' own numbers. `units`: codes of families, and what else is done as one. `listing_ids`: listings.
    `keys`: products of the catalogue by handle, and variants by SKU; of a plan of an import.
    """

    ids: Collection[int] = ()
    units: Collection[str] = ()
    actions: Collection[str] = ()
    listing_ids: Collection[int] = ()
    keys: Collection[str] = ()
    is_all: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.is_all or self.ids or self.units or self.actions or self.listing_ids or self.keys)


@dataclass(frozen=True, slots=True)
class Approved:
    """How many changes were meant, how many more they need, and how many of all are approved now."""

    chosen: int
    needed: int
    approved: int
    total: int


def request_saved_plan(
    channel_id: int,
    kind: RunKind | str,
    *,
    scope: Collection[int] | None = None,
    options: Mapping[str, Any] | None = None,
    requested_by: str,
    clock: Clock = timezone.now,
) -> Run:
    """Queue the preview that a saved plan is. Raises NotAllowed for a channel that is paused or out of use."""
    now = clock()
    with transaction.atomic():
        # A time of its own, so that it joins no other preview: each is kept as it was asked for.
        asked = {**(options or {}), IS_SAVED: now.isoformat()}
        run = request_run(channel_id, kind, scope=scope, options=asked, is_dry=True, requested_by=requested_by)
        if not SavedPlan.objects.filter(pk=run.pk).exists():
            save_plan(run.pk, expires_at=now + plan_life(), who=requested_by, at=now)
    return run


def request_saved_undo(run: Run, *, requested_by: str, clock: Clock = timezone.now) -> Run:
    """Queue the preview of an undo as a saved plan, of its channel or its source. Raises NotAllowed."""
    if run.channel_id is not None:
        return request_saved_plan(
            run.channel_id, RunKind.UNDO, options={UNDOES: run.pk}, requested_by=requested_by, clock=clock
        )
    assert run.source_id is not None
    now = clock()
    with transaction.atomic():
        options = {UNDOES: run.pk, IS_SAVED: now.isoformat()}
        undo = request_import(
            run.source_id, kind=RunKind.UNDO, options=options, is_dry=True, requested_by=requested_by, clock=clock
        )
        save_plan(undo.pk, expires_at=now + plan_life(), who=requested_by, at=now)
    return undo


def plan_life() -> timedelta:
    """How long a saved plan may be carried out."""
    return timedelta(days=settings.TRADEPOST_PLAN_DAYS)


def approve(
    plan_id: int, choice: Choice, *, who: str, is_withdrawn: bool = False, clock: Clock = timezone.now
) -> Approved:
    """
    Approve the changes of a plan that are meant, with all that they can't be done without, or take that back.

    Idempotent. Raises NotAllowed for a plan that is not open any more, or a choice that means nothing of it.
    """
    with transaction.atomic():
        plan = _open_plan(plan_id, at=clock())
        meant = _meant(plan, choice)
        chosen = meant.count()
        if not chosen:
            raise NotAllowed(f"Nothing of plan {plan_id} is meant by that; 'tradepost plans show {plan_id}' has all.")
        needed = 0
        if is_withdrawn:
            meant.update(is_approved=False)
        elif choice == Choice(is_all=True):
            meant.update(is_approved=True)
        else:
            needed = _approve_with_needs(plan, meant)
        approved = plan.changes.filter(is_approved=True).count()
        verb = "withdrew" if is_withdrawn else "approved"
        more = f" and {needed} that they need" if needed else ""
        _note(plan, who=who, what=f"{verb} {chosen}{more}; {approved} are approved", at=clock())
    return Approved(chosen, needed, approved, plan.changes.count())


def apply(plan_id: int, *, who: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now) -> Run:
    """
    Queue the run that carries out what is approved of a plan, and nothing besides.

    What was only seen as if it had been asked for is asked for now, for the listings whose changes are approved.
    Raises NotAllowed for a plan of which nothing is approved, or that is not open any more.
    """
    with transaction.atomic():
        plan = _open_plan(plan_id, at=clock(), may_be_unfinished=True)
        if not plan.changes.filter(is_approved=True).exists():
            raise NotAllowed(
                f"Nothing of plan {plan_id} is approved; 'tradepost plans approve {plan_id} --all' approves all of it."
            )
        run = _requested(plan, who=who, trigger=trigger)
        plan.state, plan.applied_by = PlanState.APPLIED.value, run
        _note(plan, who=who, what=f"carried out by run {run.pk}", at=clock())
    return run


def _requested(plan: SavedPlan, *, who: str, trigger: Trigger) -> Run:
    """Queue the run that carries a plan out, on its channel or of its source."""
    preview, channel = plan.run, plan.channel
    options = {name: value for name, value in preview.options.items() if name not in {AS_IF, GROUPS, IS_SAVED}}
    options[PLAN] = plan.pk
    if channel is None:
        assert preview.source_id is not None
        return request_import(preview.source_id, kind=preview.kind, options=options, trigger=trigger, requested_by=who)
    if channel.is_look_only:
        raise NotAllowed(f"'{channel.name}' is look-only: its plans can be approved, and not carried out.")
    _ask_for(plan, channel, who=who, trigger=trigger)
    return request_run(
        channel.pk,
        preview.kind,
        trigger=trigger,
        scope=preview.scope,
        options=options,
        requested_by=who,
        released_by=who,
    )


def discard(plan_id: int, *, who: str, clock: Clock = timezone.now) -> None:
    """Let nobody carry a plan out any more; it stays to be looked at. Raises NotAllowed where it is not open."""
    with transaction.atomic():
        plan = _found(plan_id)
        if plan.state != PlanState.OPEN.value:
            raise NotAllowed(f"Plan {plan_id} is {plan.state} already.")
        plan.state = PlanState.DISCARDED.value
        _note(plan, who=who, what="discarded", at=clock())


def numbers_of(plan_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Count the changes of plans, and those that are approved."""
    counted = PlannedChange.objects.filter(plan_id__in=plan_ids).values("plan_id")
    rows = counted.annotate(total=Count("pk"), approved=Count("pk", filter=Q(is_approved=True)))
    return {row["plan_id"]: (row["total"], row["approved"]) for row in rows}


def _found(plan_id: int) -> SavedPlan:
    plan = SavedPlan.objects.select_for_update().filter(pk=plan_id).first()
    if plan is None:
        raise NotAllowed(f"There is no saved plan {plan_id}; 'tradepost plans list' shows those that there are.")
    return plan


def _open_plan(plan_id: int, *, at: datetime, may_be_unfinished: bool = False) -> SavedPlan:
    """Return a plan that may be approved or carried out. `may_be_unfinished`: also one whose run broke off."""
    plan = _found(plan_id)
    preview = Run.objects.get(pk=plan_id)
    if RunState(preview.state) in {RunState.QUEUED, RunState.RUNNING}:
        raise NotAllowed(f"Plan {plan_id} is still being made.")
    if RunState(preview.state) in _BROKEN_OFF:
        raise NotAllowed(f"Plan {plan_id} is no whole plan: {preview.error or 'it was stopped'} Save it again.")
    broke_off = plan.applied_by is not None and RunState(plan.applied_by.state) in _BROKEN_OFF
    if plan.state != PlanState.OPEN.value and not (may_be_unfinished and broke_off):
        by = f" by run {plan.applied_by_id}" if plan.applied_by_id else ""
        raise NotAllowed(f"Plan {plan_id} is {plan.state}{by}; save a new one.")
    if has_expired(plan.expires_at, now=at):
        raise NotAllowed(
            f"Plan {plan_id} has expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC, as too much may have changed by "
            "then. Save a new one."
        )
    return plan


def _meant(plan: SavedPlan, choice: Choice) -> "QuerySet[PlannedChange]":
    meant = plan.changes.all()
    if choice.is_empty:
        return meant.none()
    if choice.ids:
        meant = meant.filter(pk__in=choice.ids)
    if choice.units:
        meant = meant.filter(change__unit__in=choice.units)
    if choice.actions:
        meant = meant.filter(change__action__in=choice.actions)
    if choice.listing_ids:
        meant = meant.filter(change__listing_id__in=choice.listing_ids)
    if choice.keys:
        meant = meant.filter(pk__in=_of_products(plan, choice.keys))
    return meant


def _of_products(plan: SavedPlan, names: Collection[str]) -> list[int]:
    """Find the changes of products and variants by their names. Raises NotAllowed for one that the plan has not."""
    wanted = set(names)
    found: list[int] = []
    missing = set(names)
    for row in plan.changes.select_related("change").order_by("pk").iterator(chunk_size=_BATCH):
        if hit := wanted & names_of(change_of(row.change)):
            found.append(row.pk)
            missing -= hit
    if missing:
        raise NotAllowed(
            f"Plan {plan.pk} has nothing of {', '.join(sorted(missing))}; 'tradepost plans show {plan.pk} --all' has "
            "all of it."
        )
    return found


def _approve_with_needs(plan: SavedPlan, meant: "QuerySet[PlannedChange]") -> int:
    """Approve; return how many were added because others need them."""
    rows = list(plan.changes.select_related("change"))
    by_subject: defaultdict[SubjectId, list[int]] = defaultdict(list)
    for row in rows:
        by_subject[subject_of(row.change).id].append(row.pk)
    needs = {row.pk: [(SubjectKind(kind), key) for kind, key in row.needs] for row in rows}
    chosen = set(meant.values_list("pk", flat=True))
    approved = {row.pk for row in rows if row.is_approved}
    wanted = with_needs(chosen, needs, lambda subject: by_subject[subject])
    new = sorted(wanted - approved)
    for start in range(0, len(new), _BATCH):
        PlannedChange.objects.filter(pk__in=new[start : start + _BATCH]).update(is_approved=True)
    return len(wanted - chosen)


def _ask_for(plan: SavedPlan, channel: Channel, *, who: str, trigger: Trigger) -> None:
    change = Pending(plan.run.options.get(AS_IF, ""))
    if change is Pending.NONE:
        return
    groups = frozenset(Group(name) for name in plan.run.options.get(GROUPS, ())) or CONTENT_GROUPS
    approved = _listings(plan, is_approved=True)
    refused = _listings(plan, is_approved=False) - approved
    # A change of a parent means its variants, too: it is asked for by those of them that are approved.
    rows = wiring.listings.listings_of(channel.pk).by_ids(sorted(approved & set(plan.run.scope or ())))
    with_refused = {row.parent_id for row in wiring.listings.listings_of(channel.pk).by_ids(sorted(refused))}
    ids = [row.id for row in rows if row.id not in with_refused]
    if ids:
        request_change(channel.pk, ids, change, requested_by=who, groups=groups, trigger=trigger)


def _listings(plan: SavedPlan, *, is_approved: bool) -> set[int]:
    found = plan.changes.filter(is_approved=is_approved, change__listing_id__isnull=False)
    return {number for number in found.values_list("change__listing_id", flat=True) if number is not None}


def _note(plan: SavedPlan, *, who: str, what: str, at: datetime) -> None:
    plan.events = [*plan.events, {"at": at.isoformat(), "who": who, "what": what}]
    plan.save()
