"""
Imports: what came into the catalogue, and a file of it given on a page: looked at, previewed, imported, undone.
"""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from tradepost import wiring
from tradepost.database.models import Run, RunChange, Source, Upload
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import FileRefused, NotAllowed, TradepostError
from tradepost.domain.files.fetched_file import CATALOGUE_ENDINGS, LARGEST_UPLOAD_BYTES
from tradepost.domain.plan import SETTLED_STATES, RunState
from tradepost.engine.uploads import (
    discard_upload,
    fetch_upload,
    look_at_upload,
    receive_upload,
    request_upload_import,
    request_upload_preview,
)
from tradepost.operations.catalogue.imports import SOURCE
from tradepost.operations.ports import Level, SourceAddress
from tradepost.web.catalogue.import_words import figures_of, has_changed, imports_of, shown_imports
from tradepost.web.format import RUN_COLOURS, field_lines, spoken
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.site import site
from tradepost.web.tables.csv_answer import csv_answer
from tradepost.web.tables.read_only import ROWS_PER_PAGE, OwnPages, ReadOnlyTable
from tradepost.web.tables.row_numbers import needed_row_number
from tradepost.web.tables.stretch import stretch

SHOWN_CHANGES = 20
_SHOWN_WAITING = 10
_SHOWN_CAUSES = 50
_ACT = "catalogue import"


@admin.register(Upload, site=site)
class UploadTable(ReadOnlyTable):
    """Imports, newest first, and the pages of files that were given."""

    act = "runs list"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 Django's form
        return may(request, _ACT)

    def own_pages(self) -> OwnPages:
        return {
            "tradepost_upload_refused": ("<int:upload_id>/refused.csv", self.refused_view),
            "tradepost_upload_template": ("template.csv", self.template_view),
        }

    # --- the list ---------------------------------------------------------------------------------------------------

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 Django's form
    ) -> HttpResponse:
        need(request, self.act)
        shown, older = stretch(request, imports_of(), size=ROWS_PER_PAGE, newest_first=True)
        waiting = Upload.objects.filter(is_read=False).select_related("source", "preview").order_by("-given_at")
        return page(
            request,
            "back_office/catalogue/imports.html",
            title="Imports",
            imports=shown_imports(shown),
            older=older,
            waiting=[] if "after" in request.GET else list(waiting.defer("refused", "report")[:_SHOWN_WAITING]),
            may_import=may(request, _ACT),
            may_undo=may(request, "runs undo"),
        )

    # --- giving a file ----------------------------------------------------------------------------------------------

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002 Django's form
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 Django's form
    ) -> HttpResponse:
        """Ask for a file or its address; posted, keep the file and go to its page."""
        need(request, _ACT)
        refusal = ""
        if request.method == "POST":
            try:
                upload = self._fetched(request) if request.POST.get("do") == "fetch" else _given(request)
            except TradepostError as reason:
                refusal = str(reason)
            else:
                return redirect("admin:tradepost_upload_change", upload.pk)
        return page(
            request,
            "back_office/catalogue/import_file.html",
            title="Import a file",
            refusal=refusal,
            endings=", ".join(CATALOGUE_ENDINGS),
            accepted=",".join(CATALOGUE_ENDINGS),
            largest_mb=LARGEST_UPLOAD_BYTES // 1_000_000,
            layouts=_layouts(),
            source=request.POST.get("source") or request.GET.get("source") or SOURCE,
            address=request.POST.get("address", ""),
            fingerprint=request.POST.get("fingerprint", ""),
            may_add_source=may(request, "source add"),
        )

    def _fetched(self, request: HttpRequest) -> Upload:
        """Fetch the file that an address names; who may add sources is offered to keep the address as one."""
        address = request.POST.get("address", "").strip()
        if not address:
            raise NotAllowed("Type the address of a file, as https://erp.example.com/products.csv.")
        at = SourceAddress(address, request.POST.get("fingerprint", "").strip(), request.POST.get("secret", ""))
        # A host inside the network is opened by whoever may set up sources, and by nobody else.
        may_add = may(request, "source add")
        upload = fetch_upload(
            at,
            source=request.POST.get("source", SOURCE),
            who=request.user.get_username(),
            is_local=may_add and "is_local" in request.POST,
        )
        if may_add:
            typed = {"address": address, "fingerprint": at.fingerprint}
            typed |= {"is_local": "on"} if "is_local" in request.POST else {}
            keep = f"{reverse('admin:tradepost_source_add')}?{urlencode(typed)}"
            link = format_html("<a class='underline' href='{}'>Keep this address as a source with a schedule</a>", keep)
            self.message_user(request, format_html("{} was fetched. {}.", upload.name, link), messages.SUCCESS)
        else:
            self.message_user(request, f"{upload.name} was fetched.", messages.SUCCESS)
        return upload

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """Give a file in the hub's own layout, with a few products to begin with."""
        need(request, "catalogue template")
        answer = HttpResponse(wiring.catalogue.catalogue_template(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="catalogue-template.csv"'
        return answer

    # --- one file ---------------------------------------------------------------------------------------------------

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show a file with what an import would do, or has done; posted, preview it, import it or forget it."""
        need(request, self.act)
        rows = Upload.objects.select_related("source", "preview", "imported_by").defer("refused")
        upload = get_object_or_404(rows, pk=needed_row_number(key))
        if request.method == "POST":
            need(request, _ACT)
            try:
                return self._do(request, upload)
            except (FileRefused, NotAllowed) as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            return redirect(request.path)
        return page(request, "back_office/catalogue/upload.html", title=upload.name, **_shown(request, upload))

    def _do(self, request: HttpRequest, upload: Upload) -> HttpResponse:
        who = request.user.get_username()
        match request.POST.get("do"):
            case "preview":
                form = request.POST.get("form", "")
                request_upload_preview(
                    upload.pk,
                    source=request.POST.get("source", ""),
                    form=CatalogueForm(form) if form in list(CatalogueForm) else None,
                    is_full={"full": True, "partial": False}.get(request.POST.get("extent", "")),
                    who=who,
                )
            case "import":
                run = request_upload_import(upload.pk, who=who)
                address = reverse("admin:tradepost_run_change", args=[run.pk])
                link = format_html("<a class='underline' href='{}'>Run {}</a>", address, run.pk)
                self.message_user(request, format_html("{} imports the file.", link), messages.SUCCESS)
            case "discard":
                discard_upload(upload.pk)
                self.message_user(request, f"{upload.name} is forgotten; nothing of it was imported.", messages.SUCCESS)
                return redirect("admin:tradepost_upload_changelist")
            case _:
                raise NotAllowed("The page asked for nothing that there is; load it again.")
        return redirect(request.path)

    def refused_view(self, request: HttpRequest, upload_id: int) -> StreamingHttpResponse:
        """Give the rows that were refused, with the reasons, as a file to mend them in."""
        need(request, self.act)
        upload = get_object_or_404(Upload.objects.only("name", "refused"), pk=upload_id)
        return csv_answer(upload.refused, name=f"refused-rows-{upload.pk}.csv")


def _given(request: HttpRequest) -> Upload:
    file = request.FILES.get("file")
    if file is None or file.name is None:
        raise FileRefused("Choose a file, or drop one on the field.")
    return receive_upload(
        file.chunks(),
        name=file.name,
        source=request.POST.get("source", SOURCE),
        who=request.user.get_username(),
        written_at=_moment(request.POST.get("written_at", "")),
    )


def source_names() -> list[str]:
    """The names of all sources; that of files by hand is there before it is used, and stands first."""
    others = Source.objects.exclude(name=SOURCE).order_by("name").values_list("name", flat=True)
    return [SOURCE, *others]


def _layouts() -> dict[str, str]:
    """Describe the layouts, without the commands that commands name beside them."""
    return {form.value: words.partition(" (")[0] for form, words in wiring.catalogue.catalogue_layouts().items()}


def _moment(written: str) -> datetime | None:
    """When the browser says that a file was written, in milliseconds; None where it says nothing."""
    if not (written.isascii() and written.isdigit() and len(written) <= len("1700000000000")):
        return None
    return datetime.fromtimestamp(int(written) / 1000, UTC)


def _shown(request: HttpRequest, upload: Upload) -> dict[str, Any]:
    preview, imported = upload.preview, upload.imported_by
    is_importing = imported is not None and RunState(imported.state) not in SETTLED_STATES
    is_looking = preview is not None and RunState(preview.state) not in SETTLED_STATES
    report = upload.report
    causes = report.get("causes", [])
    told_by = imported if upload.is_read else preview
    figures = {"new": 0, "changed": 0, "gone": 0, "as_before": 0} if told_by is None else figures_of(told_by)
    return {
        "upload": upload,
        "look": _look(upload),
        "is_working": is_importing or is_looking,
        "is_looking": is_looking,
        "working": imported if is_importing else preview,
        "preview": preview,
        "preview_error": "" if preview is None or is_looking else preview.error,
        "imported": imported,
        "imported_state": "" if imported is None else spoken(imported.state),
        "imported_colour": "" if imported is None else RUN_COLOURS[spoken(imported.state)],
        "report": report,
        "is_previewed": bool(report) and not upload.is_read and not is_looking,
        "causes": {
            level.name.lower(): [cause for cause in causes if cause["level"] == level.value][:_SHOWN_CAUSES]
            for level in Level
        },
        "changes": _changes(preview) if report and not is_looking and not upload.is_read else [],
        "figures": figures,
        "is_anything": bool(figures["new"] or figures["changed"] or figures["gone"]),
        "goes": _goes(report),
        "may_import": may(request, _ACT),
        "may_undo": may(request, "runs undo"),
        "is_undoable": imported is not None and upload.is_read and not is_importing and has_changed(imported.counts),
        "sources": source_names(),
        "layouts": _layouts(),
        "extent": "" if upload.is_full is None else "full" if upload.is_full else "partial",
        "by_hand": SOURCE,
    }


def _goes(report: dict[str, Any]) -> int:
    """How many products are taken out of the catalogue because the file does not have them."""
    return int(report["absent"]) if report.get("is_full") else 0


def _look(upload: Upload) -> Any:
    """What is recognised of the file, while it is there."""
    if upload.is_read:
        return None
    try:
        return look_at_upload(upload)
    except FileRefused as refusal:
        return {"refusal": str(refusal)}


def _changes(preview: Run | None) -> list[dict[str, Any]]:
    if preview is None:
        return []
    rows = RunChange.objects.filter(run=preview, outcome="").order_by("pk")[:SHOWN_CHANGES]
    return [
        {
            "deed": _DEEDS.get(row.action, (spoken(row.action), ""))[0],
            "colour": _DEEDS.get(row.action, ("", ""))[1],
            "key": row.subject_key,
            "label": row.subject_label,
            "lines": field_lines(row.fields),
        }
        for row in rows
    ]


# What is done with a product, in a word and a colour.
_DEEDS = {"create": ("new", "success"), "update": ("changed", "info"), "delete": ("taken out", "warning")}
