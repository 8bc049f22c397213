"""Activity: the list of runs, newest first. What had nothing to do is folded, so that what matters is seen."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from tradepost.database.models import Run, RunChange
from tradepost.domain.counts import count_words as number_words
from tradepost.domain.plan import RunState
from tradepost.domain.run_words import change_words, count_words, is_quiet, planned_words, work_words
from tradepost.web.activity import run_page
from tradepost.web.format import NOTHING, OUTCOME_COLOURS, RUN_COLOURS, field_lines, spoken
from tradepost.web.rights import need
from tradepost.web.shell.channels import chosen_channel
from tradepost.web.site import site
from tradepost.web.tables.columns import (
    ChannelFilter,
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
    YesNoFilter,
    asking,
    column,
)
from tradepost.web.tables.counts import count
from tradepost.web.tables.keyset import KeysetChangeList
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable

SHOW = "show"
_FEWEST_FOLDED = 2


@dataclass(frozen=True, slots=True)
class RunTab:
    """A choice of runs, and what is said where there are none."""

    title: str
    rows: Q
    empty: str


TABS = {
    "": RunTab("All", Q(), "Nothing was done yet. Import a catalogue or connect a store, and it is told here."),
    "work": RunTab(
        "At work", Q(state__in=[RunState.QUEUED.value, RunState.RUNNING.value]), "Nothing is at work just now."
    ),
    "problems": RunTab(
        "Only problems",
        Q(state__in=[RunState.FAILED.value, RunState.COMPLETED_WITH_ERRORS.value, RunState.STOPPED.value]),
        "Everything went well.",
    ),
    "answer": RunTab("Needs your answer", Q(needs_answer=True), "Nothing waits for your answer."),
}


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run as a row."""

    run: Run
    work: str
    state: str
    colour: str
    result: str

    @classmethod
    def of(cls, run: Run) -> "ShownRun":
        state = spoken(run.state)
        return cls(run, work_words(run.kind, is_preview=run.is_dry), state, RUN_COLOURS[state], what_came_of(run))


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Rows that are shown together: several that had nothing to do as one line, or one row."""

    rows: Sequence[ShownRun]
    is_folded: bool

    @property
    def newest(self) -> ShownRun:
        return self.rows[0]

    @property
    def oldest(self) -> ShownRun:
        return self.rows[-1]


class ActivityList(KeysetChangeList):
    """The list, of the runs that a tab chooses."""

    tab = ""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name != SHOW}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Run]:
        asked = request.GET.get(SHOW, "")
        self.tab = asked if asked in TABS else ""
        rows: QuerySet[Run] = super().get_queryset(request, exclude_parameters)
        return rows.filter(TABS[self.tab].rows)


class WorkFilter(ChoicesDropdownFilter):
    """Runs of a kind, by what the list calls them."""

    heading = "What was done"

    def choices(self, changelist: Any) -> Iterator[tuple[str, str, bool]]:  # noqa: ARG002 Django's form
        return self._drawn((value, work_words(value)) for value, _ in self.field.flatchoices)


@admin.register(Run, site=site)
class RunTable(ReadOnlyTable):
    """Runs, newest first."""

    act = "runs list"
    channel_path = "channel"
    change_list_template = "back_office/activity/activity.html"
    list_display = ("pk",)
    list_filter = (
        ("channel", ChannelFilter),
        ("source", RelatedDropdownFilter),
        ("kind", WorkFilter),
        ("state", ChoicesDropdownFilter),
        ("is_dry", asking("Only a preview", YesNoFilter)),
    )
    list_select_related = ("channel", "source")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:  # noqa: ARG002 Django's form
        return ActivityList

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:  # noqa: ARG002 Django's form
        return ()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().changelist_view(request, {"title": "Activity", **(extra_context or {})})
        context = getattr(answer, "context_data", None)
        if context is not None and "cl" in context:
            shown = context["cl"]
            context |= {
                "groups": list(_folded(map(ShownRun.of, shown.result_list))),
                "tabs": list(_tabs(request, shown.tab)),
                "empty": TABS[shown.tab].empty,
            }
        return answer

    def own_pages(self) -> OwnPages:
        return {
            "tradepost_run_release": ("<int:run_id>/release/", run_page.release_view),
            "tradepost_run_progress": ("<int:run_id>/progress/", run_page.progress_view),
            "tradepost_run_stop": ("<int:run_id>/stop/", run_page.stop_view),
            "tradepost_run_again": ("<int:run_id>/again/", run_page.again_view),
            "tradepost_run_csv": ("<int:run_id>/changes.csv", run_page.csv_view),
        }

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        need(request, self.act)
        return run_page.run_view(request, key)


@admin.register(RunChange, site=site)
class RunChangeTable(ReadOnlyTable):
    """Every change of every run; reached from a listing, an order or a run."""

    act = "runs show"
    list_display = ("subject", "what_became", "what", "outcome_label", "message")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        ("action", ChoicesDropdownFilter),
        ("subject_kind", asking("What was changed")),
    )
    list_select_related = ("run",)
    search_fields = ("subject_key",)
    search_help_text = "A code, a path or an order number, exactly"

    @column("Subject", two_lines=True)
    def subject(self, row: RunChange) -> list[str]:
        return [row.subject_key, f"{work_words(row.run.kind)}, {row.run_id}"]

    @column("What became of it")
    def what_became(self, row: RunChange) -> str:
        return change_words(row.subject_kind, row.action, row.outcome, kind=row.run.kind)

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


def what_came_of(run: Run) -> str:
    """What came of a run in one line; what it plans, where it is a preview."""
    if run.error:
        return run.error
    if run.is_dry:
        return ", ".join(planned_words(run.planned)) or "nothing to do"
    if RunState(run.state) in {RunState.QUEUED, RunState.RUNNING} and not run.counts:
        return run.label or "not begun yet"
    return ", ".join(count_words(run.counts, kind=run.kind)) or "nothing to do"


def _is_quiet(shown: ShownRun) -> bool:
    run = shown.run
    return run.state == RunState.COMPLETED.value and not run.is_dry and is_quiet(run.counts)


def _folded(rows: Iterable[ShownRun]) -> Iterator[RunGroup]:
    """Put together what had nothing to do and follows each other."""
    quiet: list[ShownRun] = []
    for shown in rows:
        if _is_quiet(shown):
            quiet.append(shown)
            continue
        yield from _group(quiet)
        quiet = []
        yield RunGroup([shown], is_folded=False)
    yield from _group(quiet)


def _group(quiet: list[ShownRun]) -> Iterator[RunGroup]:
    if len(quiet) >= _FEWEST_FOLDED:
        yield RunGroup(quiet, is_folded=True)
    elif quiet:
        yield RunGroup(quiet, is_folded=False)


def _tabs(request: HttpRequest, here: str) -> Iterator[tuple[str, str, str, bool]]:
    """Title, address and number of each; all are not counted, as there are ever more."""
    rows = Run.objects.all()
    if (chosen := chosen_channel(request)) is not None:
        rows = rows.filter(channel=chosen)
    for name, tab in TABS.items():
        number = number_words(count(rows.filter(tab.rows))) if name else ""
        yield tab.title, f"?{SHOW}={name}" if name else "?", number, name == here
