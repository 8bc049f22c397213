"""
Plans: previews that were saved, each a page with an address. Changes are approved there, and carried out; afterwards
the same page says what came of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from tradepost.database.models import PlannedChange, Run, SavedPlan
from tradepost.domain.approval import PlanState, shown_state
from tradepost.domain.brake import Braking
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import SETTLED_STATES, Outcome, RunState
from tradepost.domain.run_words import change_words, count_words, planned_words, work_words
from tradepost.engine.plans import Choice, apply, approve, discard, numbers_of, request_saved_undo
from tradepost.engine.undo import refuse_what_cannot_be_undone
from tradepost.web.activity.plan_filter import FOR_GOOD, RISKS, PlanFilter, kinds_of
from tradepost.web.format import NOTHING, PLAN_COLOURS, RUN_COLOURS, field_lines, spoken
from tradepost.web.people.sign_in import is_same_person
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.shell.spoken_commands import on_page
from tradepost.web.site import site
from tradepost.web.tables.columns import ChannelFilter, ChoicesDropdownFilter, column
from tradepost.web.tables.empty_list import EmptyList, NextStep
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable
from tradepost.web.tables.row_numbers import needed_row_number, row_numbers
from tradepost.web.tables.stretch import stretch

CHANGES_PER_PAGE = 100
# What a page asks, and the act that somebody must be allowed to for it.
_ACTS = {
    "keep": "plans approve",
    "approve_all": "plans approve",
    "apply": "plans apply",
    "discard": "plans discard",
}
_BEING_MADE = "being made"
# Of one that is carried out, how its run goes.
_COLOURS = {**RUN_COLOURS, **PLAN_COLOURS}
_BROKEN_OFF = frozenset({RunState.FAILED.value, RunState.CANCELLED.value})


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A planned change as the page writes it; what became of it, the run that carries it out says."""

    number: int
    is_approved: bool
    what: str
    code: str
    label: str
    reason: str
    lines: list[str]


@admin.register(SavedPlan, site=site)
class PlanTable(ReadOnlyTable):
    """Saved plans, newest first."""

    act = "plans list"
    channel_path = "run__channel"
    list_display = ("name", "state_label", "comes_to", "expires_at", "saved_by")
    list_display_links = ("name",)
    list_filter = (("state", ChoicesDropdownFilter), ("run__channel", ChannelFilter))
    list_select_related = ("run__channel", "run__source", "applied_by")
    empty = EmptyList(
        "No plan is kept. Preview a publish or a sync on the page of a channel: what it would do can be read there, "
        "change by change, before any of it is done.",
        (NextStep("To the channels", "tradepost_channel_changelist", "channel list"),),
    )

    @column("Plan", two_lines=True)
    def name(self, row: SavedPlan) -> list[str]:
        return [work_words(row.run.kind), f"{row.run.of}, plan {row.pk}"]

    @column("State", label=_COLOURS)
    def state_label(self, row: SavedPlan) -> str:
        return state_of(row)

    @column("Comes to")
    def comes_to(self, row: SavedPlan) -> str:
        return totals_of(row.run) or NOTHING

    @column("Saved by")
    def saved_by(self, row: SavedPlan) -> str:
        return row.events[0]["who"] if row.events else NOTHING

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:  # noqa: ARG002 Django's form
        return ()

    def own_pages(self) -> OwnPages:
        return {"tradepost_savedplan_undo": ("undo/<int:run_id>/", self.undo_view)}

    # --- one plan -----------------------------------------------------------------------------------------------------

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show a plan; posted, approve of it, carry it out or discard it."""
        need(request, "plans show")
        plan = self._plan(key)
        if request.method == "POST":
            try:
                self._do(request, plan)
            except NotAllowed as refusal:
                self.message_user(request, on_page(refusal), messages.WARNING)
            return redirect(request.get_full_path())
        title = f"{work_words(plan.run.kind, is_preview=True)}, {plan.run.of}"
        return page(request, "back_office/activity/plan.html", title=title, **self._context(request, plan))

    def _plan(self, number: str) -> SavedPlan:
        rows = SavedPlan.objects.select_related("run__channel", "run__source", "applied_by")
        return get_object_or_404(rows, pk=needed_row_number(number))

    def _context(self, request: HttpRequest, plan: SavedPlan) -> dict[str, Any]:
        total, approved = numbers_of([plan.pk]).get(plan.pk, (0, 0))
        narrowed = PlanFilter.of(request)
        rows, older = stretch(request, narrowed.rows(plan).select_related("change"), size=CHANGES_PER_PAGE)
        state, done = state_of(plan), plan.applied_by
        broke_off = done is not None and done.state in _BROKEN_OFF
        return {
            "plan": plan,
            "state": state,
            "state_colour": _COLOURS[state],
            "totals": totals_of(plan.run),
            "total": total,
            "approved": approved,
            "is_being_made": state == _BEING_MADE,
            "is_open": state == PlanState.OPEN.value and RunState(plan.run.state) is not RunState.FAILED,
            "braking": Braking.from_json(plan.run.brake),
            "changes": [_shown(row) for row in rows],
            # What a preview can't bring back.
            "left": plan.run.changes.filter(outcome=Outcome.SKIPPED.value).order_by("pk")[:CHANGES_PER_PAGE],
            "older": older,
            "actions": kinds_of(plan),
            "risks": RISKS.items(),
            "narrowed": narrowed,
            "events": [{**event, "at": datetime.fromisoformat(event["at"])} for event in plan.events],
            "may_go_on": broke_off and plan.expires_at > timezone.now() and may(request, "plans apply"),
            "asks_password": _goes_for_good(plan),
            "may_approve": may(request, "plans approve"),
            "may_apply": may(request, "plans apply"),
            "may_discard": may(request, "plans discard"),
            "may_undo": may(request, "runs undo"),
            "done": done,
            "is_at_work": done is not None and RunState(done.state) not in SETTLED_STATES,
            "done_lines": count_words(done.counts, kind=done.kind) if done is not None else [],
        }

    def _do(self, request: HttpRequest, plan: SavedPlan) -> None:
        asked = request.POST.get("do", "")
        if asked not in _ACTS:
            raise NotAllowed("The page asked for nothing that there is; load it again.")
        need(request, _ACTS[asked])
        who = request.user.get_username()
        if asked in {"keep", "apply"} and "shown" in request.POST:
            need(request, "plans approve")
            self._keep_ticks(request, plan)
        if asked == "keep":
            return
        if asked == "discard":
            discard(plan.pk, who=who)
            self.message_user(request, "Nobody can carry this plan out any more.", messages.SUCCESS)
        elif asked == "apply":
            if not plan.changes.filter(is_approved=True).exists():
                raise NotAllowed("Nothing is approved yet: tick what is to be done, or approve everything.")
            if _goes_for_good(plan) and not is_same_person(request):
                raise NotAllowed("That is not your password; nothing was carried out.")
            run = apply(plan.pk, who=who)
            address = reverse("admin:tradepost_run_change", args=[run.pk])
            link = format_html("<a class='underline' href='{}'>Run {}</a>", address, run.pk)
            self.message_user(request, format_html("{} carries out what is approved.", link), messages.SUCCESS)
        else:
            done = approve(plan.pk, PlanFilter.of(request).choice(plan), who=who)
            more = f", and {done.needed:,} that they need" if done.needed else ""
            told = f"Approved {done.chosen:,}{more}; {done.approved:,} of {done.total:,} are approved."
            self.message_user(request, told, messages.SUCCESS)

    def _keep_ticks(self, request: HttpRequest, plan: SavedPlan) -> None:
        """Approve what is ticked of the changes that were shown, and no more what is not."""
        who = request.user.get_username()
        shown = set(row_numbers(request.POST.getlist("shown")))
        ticked = shown & set(row_numbers(request.POST.getlist("change")))
        before = set(plan.changes.filter(pk__in=shown, is_approved=True).values_list("pk", flat=True))
        if before == ticked:
            return
        done = None
        if left_out := before - ticked:
            done = approve(plan.pk, Choice(ids=left_out), who=who, is_withdrawn=True)
        # Also what was ticked before: it may need what was just left out.
        if ticked:
            done = approve(plan.pk, Choice(ids=ticked), who=who)
        assert done is not None
        more = f" What is ticked needs {done.needed:,} more, which stay ticked." if done.needed else ""
        self.message_user(request, f"{done.approved:,} of {done.total:,} are approved.{more}", messages.SUCCESS)

    # --- undo ---------------------------------------------------------------------------------------------------------

    def undo_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Say what an undo of a run is; posted, plan it."""
        need(request, "runs undo")
        run = get_object_or_404(Run.objects.select_related("channel", "source"), pk=run_id)
        reason = why_no_undo(run)
        if request.method == "POST" and not reason:
            try:
                plan = request_saved_undo(run, requested_by=request.user.get_username())
            except NotAllowed as refusal:
                reason = str(refusal)
            else:
                return redirect("admin:tradepost_savedplan_change", plan.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Undo {spoken(run.kind)} {run.pk}",
            "opts": self.opts,
            "run": run,
            "reason": reason,
        }
        return TemplateResponse(request, "back_office/activity/undo.html", context)


def why_no_undo(run: Run) -> str:
    """Say why a page can't plan the undo of a run; blank where it can."""
    try:
        refuse_what_cannot_be_undone(run)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def state_of(plan: SavedPlan) -> str:
    if plan.state == PlanState.OPEN.value and RunState(plan.run.state) not in SETTLED_STATES:
        return _BEING_MADE
    if plan.state == PlanState.APPLIED.value and plan.applied_by is not None:
        run_state = plan.applied_by.state
        return PlanState.APPLIED.value if run_state == RunState.COMPLETED.value else spoken(run_state)
    return spoken(shown_state(PlanState(plan.state), expires_at=plan.expires_at, now=timezone.now()))


def totals_of(run: Run) -> str:
    """Write what a preview comes to: `12 products would be updated, 1 image would be uploaded`."""
    return ", ".join(planned_words(run.planned or []))


def _shown(row: PlannedChange) -> ShownChange:
    change = row.change
    return ShownChange(
        number=row.pk,
        is_approved=row.is_approved,
        what=change_words(change.subject_kind, change.action, ""),
        code=change.subject_key,
        label=change.subject_label,
        reason=change.reason,
        lines=field_lines(change.fields),
    )


def _goes_for_good(plan: SavedPlan) -> bool:
    """Whether what is approved takes products off the store, which nothing brings back."""
    # What is taken out of the catalogue by a plan of a source is not deleted anywhere.
    is_of_store = plan.channel is not None
    return is_of_store and plan.changes.filter(is_approved=True, change__action__in=FOR_GOOD).exists()
