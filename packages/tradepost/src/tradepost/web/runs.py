"""The table of runs: what was executed, what it changed, and what came of it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tradepost.database.models import Run, RunChange
from tradepost.domain.brake import NAMED_IN_REPORTS, Braking
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import SETTLED_STATES, RunState
from tradepost.engine.runs import release_run
from tradepost.web.columns import ChoicesDropdownFilter, RelatedDropdownFilter, column
from tradepost.web.format import NOTHING, OUTCOME_COLOURS, RUN_COLOURS, field_lines, spoken
from tradepost.web.read_only import ReadOnlyTable
from tradepost.web.rights import need
from tradepost.web.site import site

SHOWN_CHANGES = 200


@admin.register(Run, site=site)
class RunTable(ReadOnlyTable):
    """Runs, newest first."""

    act = "runs list"
    channel_path = "channel"
    list_display = ("name", "state_label", "trigger", "queued_at", "finished_at", "counted", "error")
    list_display_links = ("name",)
    list_filter = (
        ("channel", RelatedDropdownFilter),
        ("source", RelatedDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        "is_dry",
    )
    list_select_related = ("channel", "source")
    fieldsets = (
        (None, {"fields": ("channel", "source", "kind", "state_label", "is_dry", "trigger", "requested_by")}),
        ("Brake", {"fields": ("brake_text", "released_by")}),
        ("Progress", {"fields": ("done", "total", "attempt", "queued_at", "started_at", "finished_at")}),
        ("Result", {"fields": ("counted", "error", "reference", "going_back")}),
        ("Changes", {"fields": ("what_changed",)}),
    )
    readonly_fields = ("state_label", "brake_text", "counted", "what_changed", "going_back")

    @column("Run", two_lines=True)
    def name(self, row: Run) -> list[str]:
        plan = " (plan only)" if row.is_dry else ""
        return [f"{spoken(row.kind)} {row.pk}{plan}", row.of]

    @column("State", label=RUN_COLOURS)
    def state_label(self, row: Run) -> str:
        return spoken(row.state)

    @column("What the brake holds back")
    def brake_text(self, row: Run) -> SafeString:
        braking = Braking.from_json(row.brake)
        if braking is None:
            return mark_safe("Nothing.")
        button = ""
        if row.needs_answer:
            address = reverse("admin:tradepost_run_release", args=[row.pk])
            button = format_html("<br><a class='text-primary-600 font-semibold' href='{}'>Let it go on…</a>", address)
        examples = format_html_join(mark_safe("<br>"), "{}", ((line,) for line in braking.lines(most=NAMED_IN_REPORTS)))
        return format_html("{}<br>{}{}", braking.sentence, examples, button)

    @column("Result")
    def counted(self, row: Run) -> str:
        return "; ".join(count_lines(row.counts)) or "nothing to do"

    @column("Undo")
    def going_back(self, row: Run) -> SafeString | str:
        """Where it is planned; what stands in the way is said there."""
        if row.is_dry or RunState(row.state) not in SETTLED_STATES:
            return NOTHING
        address = reverse("admin:tradepost_savedplan_undo", args=[row.pk])
        return format_html(
            "<a class='text-primary-600 font-semibold' href='{}'>See what an undo would do…</a>", address
        )

    @column("The first changes")
    def what_changed(self, row: Run) -> SafeString:
        changes = RunChange.objects.filter(run=row).order_by("pk")[:SHOWN_CHANGES]
        if not changes:
            return mark_safe("None.")
        return format_html_join(
            "",
            "<div class='py-1'><strong>{} {} {}</strong> {}{}<br><span>{}</span></div>",
            (
                (
                    change.action,
                    change.subject_kind,
                    change.subject_key,
                    spoken(change.outcome or "planned"),
                    f": {change.message}" if change.message else "",
                    "; ".join(field_lines(change.fields)),
                )
                for change in changes
            ),
        )

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:  # noqa: ARG002 Django's form
        return ()

    # --- answering the brake ---

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.release_view)
        return [path("<int:run_id>/release/", view, name="tradepost_run_release"), *super().get_urls()]

    def release_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Show what a stopped run would do; posted, let it."""
        need(request, "runs release")
        run = get_object_or_404(Run.objects.select_related("channel", "source"), pk=run_id)
        if request.method == "POST":
            try:
                released = release_run(run.pk, requested_by=request.user.get_username())
            except NotAllowed as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
                return redirect("admin:tradepost_run_change", run.pk)
            self.message_user(request, f"Run {released.pk} is queued and goes beyond the brake.", messages.SUCCESS)
            return redirect("admin:tradepost_run_change", released.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Let {spoken(run.kind)} {run.pk} go on",
            "opts": self.opts,
            "run": run,
            "braking": Braking.from_json(run.brake),
        }
        return TemplateResponse(request, "back_office/release.html", context)


@admin.register(RunChange, site=site)
class RunChangeTable(ReadOnlyTable):
    """Every change of every run; reached from a listing, an order or a run."""

    act = "runs show"
    list_display = ("subject", "action", "what", "outcome_label", "message")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ("action", ChoicesDropdownFilter),
        ("subject_kind", ChoicesDropdownFilter),
    )
    list_select_related = ("run",)
    search_fields = ("subject_key",)
    search_help_text = "A code, a path or an order number, exactly"

    @column("Subject", two_lines=True)
    def subject(self, row: RunChange) -> list[str]:
        return [row.subject_key, f"{row.subject_kind}, {spoken(row.run.kind)} {row.run_id}"]

    @column("Change")
    def what(self, row: RunChange) -> str:
        return "; ".join(field_lines(row.fields)) or NOTHING

    @column("Outcome", label=OUTCOME_COLOURS)
    def outcome_label(self, row: RunChange) -> str:
        return spoken(row.outcome or "planned")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django's form
        queryset: Any,
        search_term: str,
    ) -> tuple[Any, bool]:
        term = search_term.strip()
        return (queryset.filter(subject_key=term) if term else queryset), False


def count_lines(counts: Any) -> list[str]:
    """Write a run's counts as `3 product create applied`."""
    return [
        f"{row['count']:,} {row['subject']} {row['action']} {row['outcome']}"
        + (f" ({row['proof']})" if row.get("proof") else "")
        for row in counts or []
    ]
