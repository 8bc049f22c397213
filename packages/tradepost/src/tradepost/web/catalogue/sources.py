"""Sources of the catalogue: where its files come from, when, what they mean, and what came of the last ones."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from tradepost import wiring
from tradepost.database.models import Run, Source, SourceFile
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.channels.schedule import OFF, Schedule, cron_of, interval_of
from tradepost.domain.errors import NotAllowed
from tradepost.domain.files.file_address import FOLDER, file_address
from tradepost.domain.stock.stock import Counting, Stating
from tradepost.engine.runs import request_import
from tradepost.operations.catalogue.imports import SOURCE
from tradepost.operations.catalogue.sources import (
    COUNTS_WORDS,
    STATES_WORDS,
    add_source,
    change_source,
    new_source,
    remove_source,
)
from tradepost.operations.ports import CatalogueSource, SourceAddress
from tradepost.web.catalogue.import_words import ShownImport, imports_of, shown_imports
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.site import site
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable
from tradepost.web.tables.row_numbers import needed_row_number, row_number

_SHOWN_SOURCES = 200
_SHOWN_IMPORTS = 20
_FILES_PER_PAGE = 20
_ACTS = {"run": "source run", "preview": "source run", "remove": "source remove"}
_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)))


@admin.register(Source, site=site)
class SourceTable(ReadOnlyTable):
    """Sources, and a page for each."""

    act = "source list"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 Django's form
        return may(request, "source add")

    def own_pages(self) -> OwnPages:
        return {"tradepost_source_edit": ("<int:source_id>/edit/", self.edit_view)}

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 Django's form
    ) -> HttpResponse:
        need(request, self.act)
        latest = imports_of().filter(source=OuterRef("pk")).values("pk")[:1]
        sources = list(Source.objects.annotate(last_run=Subquery(latest)).order_by("name")[:_SHOWN_SOURCES])
        runs = Run.objects.select_related("source").filter(pk__in=[each.last_run for each in sources if each.last_run])
        last = {each.run.source_id: each for each in shown_imports(list(runs))}
        return page(
            request,
            "back_office/catalogue/sources.html",
            title="Sources",
            sources=[_row(each, last.get(each.pk)) for each in sources],
            may_add=may(request, "source add"),
            may_import=may(request, "catalogue import"),
        )

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show a source with its imports; posted, fetch what is new there, preview that, or forget it."""
        need(request, "source show")
        record = _record(key)
        if request.method == "POST":
            try:
                return self._do(request, record)
            except NotAllowed as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            return redirect(request.path)
        source = _read(record)
        return page(
            request,
            "back_office/catalogue/source.html",
            title=record.name,
            record=record,
            source=source,
            lines=_lines(source),
            imports=shown_imports(list(imports_of(record.pk)[:_SHOWN_IMPORTS])),
            **(_files(record, row_number(request.GET.get("behind", ""))) if may(request, "source files") else {}),
            may_run=may(request, "source run") and source.at is not None,
            may_set=may(request, "source set"),
            may_remove=may(request, "source remove") and record.name != SOURCE,
            may_import=may(request, "catalogue import"),
            may_undo=may(request, "runs undo"),
        )

    def _do(self, request: HttpRequest, record: Source) -> HttpResponse:
        asked, who = request.POST.get("do", ""), request.user.get_username()
        if asked not in _ACTS:
            raise NotAllowed("The page asked for nothing that there is; load it again.")
        need(request, _ACTS[asked])
        if asked == "remove":
            remove_source(record.name, wiring.sources.source_edit_ports(requested_by=who))
            self.message_user(request, f"{record.name} is forgotten; what it brought stays.", messages.SUCCESS)
            return redirect("admin:tradepost_source_changelist")
        if not record.address:
            raise NotAllowed(f"{record.name} has no address to fetch from; its files are given by hand.")
        run = request_import(record.pk, is_dry=asked == "preview", requested_by=who)
        address = reverse("admin:tradepost_run_change", args=[run.pk])
        if asked == "preview":
            return redirect(address)
        link = format_html("<a class='underline' href='{}'>Run {}</a>", address, run.pk)
        self.message_user(request, format_html("{} fetches what is new and imports it.", link), messages.SUCCESS)
        return redirect(request.path)

    # --- setting up -------------------------------------------------------------------------------------------------

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 Django's form
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 Django's form
    ) -> HttpResponse:
        need(request, "source add")
        return self._edit(request, None)

    def edit_view(self, request: HttpRequest, source_id: int) -> HttpResponse:
        need(request, "source set")
        return self._edit(request, _read(_record(str(source_id))))

    def _edit(self, request: HttpRequest, before: CatalogueSource | None) -> HttpResponse:
        """Show the settings in a form; posted, keep them. What is refused is shown again as it was typed."""
        refusal, typed = "", _written(before or new_source(""))
        if before is None:
            # As the page of an import fills it in, where a file was fetched from an address.
            typed |= {name: request.GET[name] for name in ("address", "fingerprint", "is_local") if name in request.GET}
        if request.method == "POST":
            typed = {name: request.POST.get(name, "") for name in (*typed, *_TICKS)}
            try:
                kept = _kept(request.POST, before, who=request.user.get_username())
            except NotAllowed as reason:
                refusal = str(reason)
            else:
                self.message_user(request, f"{kept.name} is set up as you said.", messages.SUCCESS)
                return redirect("admin:tradepost_source_change", kept.id)
        return page(
            request,
            "back_office/catalogue/source_form.html",
            title="Add a source" if before is None else f"Settings of {before.name}",
            refusal=refusal,
            typed=typed,
            before=before,
            layouts=wiring.catalogue.catalogue_layouts(),
            states=STATES_WORDS.items(),
            counts=COUNTS_WORDS.items(),
        )


_TICKS = ("is_local", "without_secret", "is_full")


def _record(number: str) -> Source:
    record = Source.objects.filter(pk=needed_row_number(number)).first()
    if record is None:
        raise Http404
    return record


def _read(record: Source) -> CatalogueSource:
    found = wiring.sources.sources().read(record.name)
    if found is None:
        raise Http404
    return found


def _files(record: Source, behind: int | None) -> dict[str, Any]:
    """A page of what was fetched: each file with what came of it, and where the list goes on."""
    found = list(SourceFile.taken_of(record.pk, behind=behind)[: _FILES_PER_PAGE + 1])
    files = found[:_FILES_PER_PAGE]
    there_are = set(Run.objects.filter(pk__in=[each.run_id for each in files]).values_list("pk", flat=True))
    return {
        "files": [(each, _outcome(each), each.run_id if each.run_id in there_are else None) for each in files],
        "older_files": files[-1].pk if len(found) > _FILES_PER_PAGE else None,
        "are_older_files": behind is not None,
    }


def _outcome(file: SourceFile) -> tuple[str, str, str]:
    """What came of a file: in a word, its colour, and in numbers."""
    if file.problem:
        return "not taken", "danger", ""
    numbers = {
        "new": file.created,
        "changed": file.updated,
        "as before": file.unchanged,
        "not in it": file.absent,
        "refused": file.refused,
    }
    told = ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number)
    return ("partly refused", "warning", told) if file.refused else ("imported", "success", told)


def _row(source: Source, last: ShownImport | None) -> dict[str, Any]:
    return {"source": source, "schedule": str(_schedule_of(source)), "last": last}


def _schedule_of(source: Source) -> Schedule:
    if source.every_minutes:
        return Schedule(every=timedelta(minutes=source.every_minutes))
    return Schedule(cron=source.cron)


def _lines(source: CatalogueSource) -> list[tuple[str, str]]:
    settings = source.settings
    shown = [
        ("Address", source.at.address if source.at else "none: its files are given by hand"),
        ("Fetched", "only when somebody says so" if source.schedule.is_off else str(source.schedule)),
        ("Layout", settings.form or "as the header says"),
        (
            "What a file does not have",
            "is taken out of the catalogue (full)" if settings.is_full else "stays (partial)",
        ),
        ("Quantities", STATES_WORDS[settings.states]),
        ("Numbers", COUNTS_WORDS[settings.counts]),
    ]
    if source.is_local:
        shown.insert(1, ("Local", "its host may be inside your own network"))
    if source.schedule.cron:
        shown.append(("Time zone", source.time_zone))
    if settings.counted_column:
        shown.append(("Column that says when was counted", settings.counted_column))
    if settings.orders_column:
        shown.append(("Column that says up to which order was counted", settings.orders_column))
    if settings.lag:
        shown.append(("How old its numbers may be", _short(settings.lag)))
    if source.expected:
        shown.append(("Something new is expected", f"every {_short(source.expected)}"))
    return shown


def _written(source: CatalogueSource) -> dict[str, str]:
    """Write settings as a form has them; never the secret."""
    settings = source.settings
    return {
        "name": source.name,
        "address": source.at.address if source.at else "",
        "fingerprint": source.at.fingerprint if source.at else "",
        "every": _short(source.schedule.every) if source.schedule.every else "",
        "cron": source.schedule.cron,
        "time_zone": source.time_zone,
        "form": settings.form.value if settings.form else "",
        "states": settings.states.value,
        "counts": settings.counts.value,
        "counted_column": settings.counted_column,
        "orders_column": settings.orders_column,
        "lag": _short(settings.lag) if settings.lag else "",
        "expected": _short(source.expected) if source.expected else "",
        **({"is_local": "on"} if source.is_local else {}),
        **({"is_full": "on"} if settings.is_full else {}),
    }


def _kept(typed: QueryDict, before: CatalogueSource | None, *, who: str) -> CatalogueSource:
    """Keep what was typed. Raises NotAllowed."""
    ports = wiring.sources.source_edit_ports(requested_by=who)
    old = before or new_source(typed.get("name", "").strip())
    address = typed.get("address", "").strip()
    is_same = old.at is not None and old.at.address == address
    if address and not is_same and file_address(address).protocol == FOLDER:
        raise NotAllowed(
            "A folder of this machine is not named on a page; type 'tradepost source set NAME --address FOLDER' there."
        )
    fingerprint, secret = typed.get("fingerprint", "").strip(), typed.get("secret", "")
    after = replace(
        old,
        at=SourceAddress(address, fingerprint, secret) if address else None,
        is_local="is_local" in typed,
        schedule=_schedule(typed),
        time_zone=typed.get("time_zone", "").strip() or old.time_zone,
        expected=_span(typed, "expected") or None,
        settings=replace(
            old.settings,
            form=_chosen(typed, "form", CatalogueForm) if typed.get("form") else None,
            is_full="is_full" in typed,
            states=_chosen(typed, "states", Stating),
            counts=_chosen(typed, "counts", Counting),
            counted_column=typed.get("counted_column", "").strip(),
            orders_column=typed.get("orders_column", "").strip(),
            lag=_span(typed, "lag"),
        ),
    )
    if before is None:
        return add_source(after, ports)
    keeps_secret = is_same and not secret and "without_secret" not in typed
    return change_source(after, ports, keeps_secret=keeps_secret)[0]


def _schedule(typed: Mapping[str, str]) -> Schedule:
    every, cron = typed.get("every", "").strip(), typed.get("cron", "").strip()
    if every and cron:
        raise NotAllowed("Say how often, or at which times, and not both.")
    if every:
        return interval_of(every)
    return cron_of(cron) if cron else OFF


def _span(typed: Mapping[str, str], name: str) -> timedelta:
    text = typed.get(name, "").strip()
    return interval_of(text).every or timedelta() if text not in {"", "0"} else timedelta()


def _chosen(typed: Mapping[str, str], name: str, values: Any) -> Any:
    try:
        return values(typed.get(name, ""))
    except ValueError:
        raise NotAllowed("The page asked for nothing that there is; load it again.") from None


def _short(span: timedelta) -> str:
    """Write a span as it is typed: 15m, 2h, 1d."""
    return next((f"{span // unit}{word}" for word, unit in _UNITS if not span % unit), "")
