"""The audit trail: who did what, from where and when."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tradepost.database.models import AuditEntry
from tradepost.web.format import NOTHING, spoken
from tradepost.web.site import site
from tradepost.web.tables.columns import ChoicesDropdownFilter, column
from tradepost.web.tables.read_only import ReadOnlyTable


@admin.register(AuditEntry, site=site)
class AuditTable(ReadOnlyTable):
    """The audit trail, newest first."""

    act = "audit list"
    list_display = ("at", "who", "whence", "what_happened", "subject", "words")
    list_filter = (("event", ChoicesDropdownFilter),)
    search_fields = ("who",)
    search_help_text = "Who did it, exactly"
    fields = ("at", "who", "whence", "what_happened", "subject", "words", "run")
    readonly_fields = ("what_happened", "run")

    @column("Event")
    def what_happened(self, row: AuditEntry) -> str:
        return spoken(row.event)

    @column("Run")
    def run(self, row: AuditEntry) -> SafeString | str:
        if row.run_id is None:
            return NOTHING
        address = reverse("admin:tradepost_run_change", args=[row.run_id])
        return format_html(
            "<a class='text-primary-600 font-semibold' href='{}'>{}, with its changes</a>", address, row.run_id
        )
