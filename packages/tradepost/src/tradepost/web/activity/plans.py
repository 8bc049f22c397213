"""
Plans: previews that were saved, each a page with an address. Changes are approved there, and carried out; afterwards
the same page says what came of it.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import INPUT_CLASSES  # type: ignore[import-untyped] # the package has no types

from tradepost.database.models import PlannedChange, Run, SavedPlan
from tradepost.domain.approval import PlanState, shown_state
from tradepost.domain.brake import Braking
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import SETTLED_STATES, Action, Outcome, RunState
from tradepost.domain.run_words import count_words
from tradepost.engine.plans import Choice, apply, approve, discard, numbers_of, request_saved_undo
from tradepost.engine.undo import refuse_what_cannot_be_undone
from tradepost.web.format import NOTHING, PLAN_COLOURS, RUN_COLOURS, field_lines, spoken
from tradepost.web.people.sign_in import is_same_person
from tradepost.web.rights import may, need
from tradepost.web.site import site
from tradepost.web.tables.columns import ChoicesDropdownFilter, RelatedDropdownFilter, column
from tradepost.web.tables.empty_list import EmptyList, NextStep
from tradepost.web.tables.read_only import ReadOnlyTable
from tradepost.web.tables.row_numbers import needed_row_number, row_numbers
from tradepost.web.tables.stretch import stretch

CHANGES_PER_PAGE = 100
# What a page asks, and the act that somebody must be allowed to for it.
_ACTS = {
    "approve": "plans approve",
    "approve_all": "plans approve",
    "withdraw": "plans approve",
    "apply": "plans apply",
    "discard": "plans discard",
}
_BEING_MADE = "being made"
_FOR_GOOD = (Action.DELETE.value, Action.DELIST.value)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A planned change as the page writes it; what became of it, the run that carries it out says."""

    number: int
    is_approved: bool
    deed: str
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
    list_filter = (("state", ChoicesDropdownFilter), ("run__channel", RelatedDropdownFilter))
    list_select_related = ("run__channel", "run__source")
    empty = EmptyList(
        "No plan is kept. Preview a publish or a sync on the page of a channel: what it would do can be read there, "
        "change by change, before any of it is done.",
        (NextStep("To the channels", "tradepost_channel_changelist", "channel list"),),
    )

    @column("Plan", two_lines=True)
    def name(self, row: SavedPlan) -> list[str]:
        return [f"{spoken(row.run.kind).capitalize()} {row.pk}", row.run.of]

    @column("State", label=PLAN_COLOURS)
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

    def get_urls(self) -> list[Any]:
        undo = self.admin_site.admin_view(self.undo_view)
        return [path("undo/<int:run_id>/", undo, name="tradepost_savedplan_undo"), *super().get_urls()]

    # --- one plan -----------------------------------------------------------------------------------------------------

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show a plan; posted, approve of it, carry it out or discard it."""
        need(request, "plans show")
        plan = self._plan(key)
        if request.method == "POST":
            try:
                self._do(request, plan)
            except NotAllowed as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            return redirect(request.get_full_path())
        return TemplateResponse(request, "back_office/activity/plan.html", self._context(request, plan))

    def _plan(self, number: str) -> SavedPlan:
        rows = SavedPlan.objects.select_related("run__channel", "run__source", "applied_by")
        return get_object_or_404(rows, pk=needed_row_number(number))

    def _context(self, request: HttpRequest, plan: SavedPlan) -> dict[str, Any]:
        total, approved = numbers_of([plan.pk]).get(plan.pk, (0, 0))
        rows, older = stretch(request, _filtered(request, plan).select_related("change"), size=CHANGES_PER_PAGE)
        state, done = state_of(plan), plan.applied_by
        return {
            **self.admin_site.each_context(request),
            "title": f"{spoken(plan.run.kind).capitalize()} of {plan.run.of}, plan {plan.pk}",
            "opts": self.opts,
            "plan": plan,
            "state": state,
            "state_colour": PLAN_COLOURS[state],
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
            "actions": [(each.value, spoken(each)) for each in Action],
            "action": request.GET.get("action", ""),
            "is_approved": request.GET.get("approved", ""),
            "sought": request.GET.get("code", ""),
            "asks_password": _goes_for_good(plan),
            "may_approve": may(request, "plans approve"),
            "may_apply": may(request, "plans apply"),
            "may_discard": may(request, "plans discard"),
            "may_undo": may(request, "runs undo"),
            "done": done,
            "done_colour": RUN_COLOURS[spoken(done.state)] if done is not None else "",
            "done_state": spoken(done.state) if done is not None else "",
            "done_lines": count_words(done.counts) if done is not None else [],
            "input_classes": " ".join(INPUT_CLASSES),
        }

    def _do(self, request: HttpRequest, plan: SavedPlan) -> None:
        asked = request.POST.get("do", "")
        if asked not in _ACTS:
            raise NotAllowed("The page asked for nothing that there is; load it again.")
        need(request, _ACTS[asked])
        who = request.user.get_username()
        if asked == "discard":
            discard(plan.pk, who=who)
            self.message_user(request, "Nobody can carry this plan out any more.", messages.SUCCESS)
        elif asked == "apply":
            if _goes_for_good(plan) and not is_same_person(request):
                raise NotAllowed("That is not your password; nothing was carried out.")
            run = apply(plan.pk, who=who)
            address = reverse("admin:tradepost_run_change", args=[run.pk])
            link = format_html("<a class='underline' href='{}'>Run {}</a>", address, run.pk)
            self.message_user(request, format_html("{} carries out what is approved.", link), messages.SUCCESS)
        else:
            done = approve(plan.pk, _choice(request, asked), who=who, is_withdrawn=asked == "withdraw")
            more = f", and {done.needed:,} that they need" if done.needed else ""
            verb = "Took back" if asked == "withdraw" else "Approved"
            self.message_user(
                request,
                f"{verb} {done.chosen:,}{more}; {done.approved:,} of {done.total:,} are approved.",
                messages.SUCCESS,
            )

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
    return spoken(shown_state(PlanState(plan.state), expires_at=plan.expires_at, now=timezone.now()))


def totals_of(run: Run) -> str:
    """Write what a preview comes to: `update 12 products, upload 1 file`."""
    return ", ".join(
        f"{row['action']} {row['count']:,} {row['subject']}{'' if row['count'] == 1 else 's'}"
        for row in run.planned or []
    )


def _filtered(request: HttpRequest, plan: SavedPlan) -> QuerySet[PlannedChange]:
    rows = plan.changes.all()
    if (action := request.GET.get("action", "")) in list(Action):
        rows = rows.filter(change__action=action)
    if (approved := request.GET.get("approved", "")) in {"yes", "no"}:
        rows = rows.filter(is_approved=approved == "yes")
    if (code := request.GET.get("code", "").strip()) and "\0" not in code:
        rows = rows.filter(change__subject_key=code)
    return rows


def _shown(row: PlannedChange) -> ShownChange:
    change = row.change
    return ShownChange(
        number=row.pk,
        is_approved=row.is_approved,
        deed=f"{spoken(change.action)} {spoken(change.subject_kind)}",
        code=change.subject_key,
        label=change.subject_label,
        reason=change.reason,
        lines=field_lines(change.fields),
    )


def _choice(request: HttpRequest, asked: str) -> Choice:
    if asked == "approve_all":
        action = request.GET.get("action", "")
        return Choice(actions=[action]) if action in list(Action) else Choice(is_all=True)
    ids = row_numbers(request.POST.getlist("change"))
    if not ids:
        raise NotAllowed("Nothing is ticked; tick the changes that are meant.")
    return Choice(ids=ids)


def _goes_for_good(plan: SavedPlan) -> bool:
    """Whether what is approved takes products off the store, which nothing brings back."""
    # What is taken out of the catalogue by a plan of a source is not deleted anywhere.
    is_of_store = plan.channel is not None
    return is_of_store and plan.changes.filter(is_approved=True, change__action__in=_FOR_GOOD).exists()
