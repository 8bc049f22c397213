"""The page of a run: how it goes while it is at work, what came of it afterwards, and what can be done about that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from tradepost.database.models import Listing, Order, Run, RunChange, RunKind, SavedPlan
from tradepost.domain.brake import NAMED_IN_REPORTS, Braking
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import SETTLED_STATES, Action, Outcome, RunState, SubjectKind
from tradepost.domain.run_words import PROBLEMS, change_words, count_words, deed_words, planned_words, work_words
from tradepost.engine.runs import cancel_run, release_run, request_import, request_run
from tradepost.web.format import OUTCOME_COLOURS, RUN_COLOURS, field_lines, spoken
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.tables.csv_answer import csv_answer
from tradepost.web.tables.row_numbers import needed_row_number, row_number
from tradepost.web.tables.stretch import stretch

CHANGES_PER_PAGE = 100
_CAUSES = 20
_AT_ONCE = 2_000
_ACTS: Mapping[RunKind, str] = {
    RunKind.PUBLISH: "listings publish",
    RunKind.SYNC: "listings sync",
    RunKind.LINK: "listings link",
    RunKind.GET_ORDERS: "orders get",
    RunKind.SYNC_ORDERS: "orders sync",
    RunKind.RECONCILE_ORDERS: "orders reconcile",
    RunKind.DELIVER_ORDERS: "orders deliver",
    RunKind.FETCH_SHIPMENTS: "shipments fetch",
    RunKind.IMPORT: "source run",
}
_COLUMNS = ("subject", "code", "label", "what became of it", "outcome", "fields", "message", "reason")


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is. `rate`: per minute; `left`: how long it may still take, where that can be said."""

    done: int
    total: int | None
    percent: int | None
    rate: int | None
    left: timedelta | None

    @classmethod
    def of(cls, run: Run, *, now: datetime) -> "RunProgress":
        spent = (now - run.started_at).total_seconds() if run.started_at is not None else 0.0
        rate = run.done / spent if spent > 1 and run.done else None
        rest = run.total - run.done if run.total is not None else None
        return cls(
            done=run.done,
            total=run.total,
            percent=min(100, round(100 * run.done / run.total)) if run.total else None,
            rate=round(rate * 60) if rate else None,
            left=timedelta(seconds=round(rest / rate)) if rate and rest is not None and rest > 0 else None,
        )

    @property
    def left_words(self) -> str:
        if self.left is None:
            return ""
        minutes = round(self.left / timedelta(minutes=1))
        return f"about {minutes} min left" if minutes else "less than a minute left"


@dataclass(frozen=True, slots=True)
class RunCause:
    """What went wrong for the same reason, in the words of who refused it."""

    words: str
    what: str
    number: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """A change as the page writes it, with the page of what it is about."""

    code: str
    label: str
    what: str
    outcome: str
    colour: str
    message: str
    lines: list[str]
    reason: str
    address: str


def run_view(request: HttpRequest, number: str) -> HttpResponse:
    """Show a run."""
    run = the_run(number)
    return page(
        request, "back_office/activity/run.html", title=_title(run), **run_state(request, run), **_report(request, run)
    )


def progress_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """The part of the page that moves, for as long as the run is at work."""
    need(request, "runs show")
    run = the_run(str(run_id))
    answer = render(request, "back_office/activity/run_progress.html", run_state(request, run))
    if RunState(run.state) in SETTLED_STATES:
        # The report has to be seen whole.
        answer["HX-Refresh"] = "true"
    return answer


def the_run(number: str) -> Run:
    """Find a run by what an address says. Raises Http404."""
    return get_object_or_404(Run.objects.select_related("channel", "source"), pk=needed_row_number(number))


def _title(run: Run) -> str:
    return f"{work_words(run.kind, is_preview=run.is_dry)}: {run.of}"


def run_state(request: HttpRequest, run: Run) -> dict[str, Any]:
    state = spoken(run.state)
    return {
        "run": run,
        "state": state,
        "state_colour": RUN_COLOURS[state],
        "is_at_work": RunState(run.state) not in SETTLED_STATES,
        "progress": RunProgress.of(run, now=timezone.now()),
        "may_stop": may(request, "runs cancel"),
        "so_far": count_words(run.counts, kind=run.kind),
    }


def _report(request: HttpRequest, run: Run) -> dict[str, Any]:
    braking = Braking.from_json(run.brake)
    rows, older = stretch(request, _filtered(request, run), size=CHANGES_PER_PAGE)
    is_settled = RunState(run.state) in SETTLED_STATES
    plan = SavedPlan.objects.filter(pk=run.pk).exists() if run.is_dry else False
    outcomes, actions = _had(run, "outcome"), _had(run, "action")
    return {
        "planned": planned_words(run.planned),
        "braking": braking,
        "brake_lines": list(braking.lines(most=NAMED_IN_REPORTS)) if braking is not None else [],
        "may_release": run.needs_answer and may(request, "runs release"),
        "may_undo": is_settled and not run.is_dry and may(request, "runs undo"),
        "may_try": is_settled and _can_try_again(run) and may(request, _ACTS.get(RunKind(run.kind), "")),
        "causes": list(_causes(run)),
        "rows": list(_shown(run, rows)),
        "older": older,
        "outcome": request.GET.get("outcome", ""),
        "action": request.GET.get("action", ""),
        "outcomes": [(each.value, spoken(each)) for each in Outcome if each.value in outcomes],
        "actions": [(each.value, deed_words(each)) for each in Action if each.value in actions],
        "is_plan": plan,
    }


def _had(run: Run, name: str) -> set[str]:
    """What a run has of an action or an outcome: nobody chooses among what there is none of."""
    return {row[name] for row in (*(run.counts or ()), *(run.planned or ())) if name in row}


def _causes(run: Run) -> Iterator[RunCause]:
    """What went wrong, the most frequent first; by the index of a run's outcomes."""
    bad = RunChange.objects.filter(run=run, outcome__in=[each.value for each in PROBLEMS])
    grouped = bad.order_by().values("message", "subject_kind", "action", "outcome").annotate(number=Count("pk"))
    for row in grouped.order_by("-number")[:_CAUSES]:
        what = change_words(row["subject_kind"], row["action"], row["outcome"], kind=run.kind)
        yield RunCause(row["message"] or "No reason was given.", what, row["number"])


def _filtered(request: HttpRequest, run: Run) -> QuerySet[RunChange]:
    rows = RunChange.objects.filter(run=run)
    if (outcome := request.GET.get("outcome", "")) in list(Outcome):
        rows = rows.filter(outcome=outcome)
    if (action := request.GET.get("action", "")) in list(Action):
        rows = rows.filter(action=action)
    return rows


def _shown(run: Run, rows: Sequence[RunChange]) -> Iterator[RunRow]:
    """Write changes; what they are about is looked up for all of them at once."""
    listings = {row.listing_id for row in rows if row.listing_id is not None}
    known = set(Listing.objects.filter(pk__in=listings).values_list("pk", flat=True))
    numbers = [int(row.subject_key) for row in rows if row.subject_kind == SubjectKind.ORDER and _is_number(row)]
    orders = dict(
        Order.objects.filter(channel=run.channel_id, external_id__in=numbers).values_list("external_id", "pk")
    )
    for row in rows:
        address = ""
        if row.listing_id in known:
            address = reverse("admin:tradepost_listing_change", args=[row.listing_id])
        elif row.subject_kind == SubjectKind.ORDER and _is_number(row) and int(row.subject_key) in orders:
            address = reverse("admin:tradepost_order_change", args=[orders[int(row.subject_key)]])
        outcome = spoken(row.outcome or "planned")
        yield RunRow(
            code=row.subject_key,
            label=row.subject_label,
            what=change_words(row.subject_kind, row.action, row.outcome, kind=run.kind),
            outcome=outcome,
            colour=OUTCOME_COLOURS[outcome],
            message=row.message,
            lines=field_lines(row.fields),
            reason=row.reason,
            address=address,
        )


def _is_number(row: RunChange) -> bool:
    return row_number(row.subject_key) is not None


# --- what can be done about it ----------------------------------------------------------------------------------------


def stop_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """Say what it means to stop a run; posted, stop it."""
    need(request, "runs cancel")
    run = the_run(str(run_id))
    if request.method == "POST":
        if cancel_run(run.pk, requested_by=request.user.get_username()):
            messages.success(request, "It stops after the batch that is at work. The next run goes on from there.")
        else:
            messages.warning(request, "It had ended already.")
        return redirect("admin:tradepost_run_change", run.pk)
    return page(request, "back_office/activity/run_stop.html", title=f"Stop: {_title(run)}", run=run)


def again_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """Posted, start the same work again, for what it was limited to; what went through is not done twice."""
    need(request, "runs show")
    run = the_run(str(run_id))
    if RunKind(run.kind) not in _ACTS:
        raise PermissionDenied
    need(request, _ACTS[RunKind(run.kind)])
    if request.method != "POST" or not _can_try_again(run):
        return redirect("admin:tradepost_run_change", run.pk)
    who = request.user.get_username()
    try:
        if run.channel_id is None:
            assert run.source_id is not None
            again = request_import(run.source_id, requested_by=who)
        else:
            again = request_run(run.channel_id, run.kind, scope=run.scope, options=run.options, requested_by=who)
    except NotAllowed as refusal:
        messages.warning(request, str(refusal))
        return redirect("admin:tradepost_run_change", run.pk)
    messages.success(request, "What did not go through is tried again; this page says how it goes.")
    return redirect("admin:tradepost_run_change", again.pk)


def _can_try_again(run: Run) -> bool:
    return (
        not run.is_dry
        and not run.needs_answer
        and RunKind(run.kind) in _ACTS
        # Of a source only what it fetches itself is asked for once more: a file has its own page.
        and (run.channel_id is not None or not run.options)
        and run.state in {RunState.FAILED.value, RunState.COMPLETED_WITH_ERRORS.value, RunState.CANCELLED.value}
    )


def release_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show what a stopped run would do; posted, let it."""
    need(request, "runs release")
    run = the_run(str(run_id))
    if request.method == "POST":
        try:
            released = release_run(run.pk, requested_by=request.user.get_username())
        except NotAllowed as refusal:
            messages.warning(request, str(refusal))
            return redirect("admin:tradepost_run_change", run.pk)
        messages.success(request, f"Run {released.pk} is queued and goes beyond the brake.")
        return redirect("admin:tradepost_run_change", released.pk)
    title = f"Let it go on: {_title(run)}"
    return page(
        request, "back_office/activity/release.html", title=title, run=run, braking=Braking.from_json(run.brake)
    )


def csv_view(request: HttpRequest, run_id: int) -> HttpResponse | StreamingHttpResponse:
    """Every change of a run as a file, written while it is read."""
    need(request, "runs show")
    run = the_run(str(run_id))
    return csv_answer(_csv(run, _filtered(request, run)), name=f"run-{run.pk}.csv")


def _csv(run: Run, rows: QuerySet[RunChange]) -> Iterator[Sequence[Any]]:
    yield _COLUMNS
    for row in rows.iterator(chunk_size=_AT_ONCE):
        yield (
            row.subject_kind,
            row.subject_key,
            row.subject_label,
            change_words(row.subject_kind, row.action, row.outcome, kind=run.kind),
            row.outcome or "planned",
            "; ".join(field_lines(row.fields)),
            row.message,
            row.reason,
        )
