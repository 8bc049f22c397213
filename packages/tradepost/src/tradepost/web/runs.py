"""The table of runs: what was executed, what it changed, and what came of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from tradepost.database.models import Run, RunChange
from tradepost.web.columns import ChoicesDropdownFilter, RelatedDropdownFilter, column
from tradepost.web.format import NOTHING, OUTCOME_COLOURS, RUN_COLOURS, field_lines, spoken
from tradepost.web.read_only import ReadOnlyTable
from tradepost.web.site import site

SHOWN_CHANGES = 200


@admin.register(Run, site=site)
class RunTable(ReadOnlyTable):
    """Runs, newest first."""

    list_display = ("name", "state_label", "trigger", "queued_at", "finished_at", "counted", "error")
    list_display_links = ("name",)
    list_filter = (
        ("channel", RelatedDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        "is_dry",
    )
    list_select_related = ("channel",)
    fieldsets = (
        (None, {"fields": ("channel", "kind", "state_label", "is_dry", "trigger", "requested_by")}),
        ("Progress", {"fields": ("done", "total", "attempt", "queued_at", "started_at", "finished_at")}),
        ("Result", {"fields": ("counted", "error", "reference")}),
        ("Changes", {"fields": ("what_changed",)}),
    )
    readonly_fields = ("state_label", "counted", "what_changed")

    @column("Run", two_lines=True)
    def name(self, row: Run) -> list[str]:
        plan = " (plan only)" if row.is_dry else ""
        return [f"{spoken(row.kind)} {row.pk}{plan}", row.channel.name]

    @column("State", label=RUN_COLOURS)
    def state_label(self, row: Run) -> str:
        return spoken(row.state)

    @column("Result")
    def counted(self, row: Run) -> str:
        return "; ".join(count_lines(row.counts)) or "nothing to do"

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


@admin.register(RunChange, site=site)
class RunChangeTable(ReadOnlyTable):
    """Every change of every run; reached from a listing, an order or a run."""

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
