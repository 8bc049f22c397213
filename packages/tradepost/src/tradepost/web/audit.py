"""The audit trail: who did what, from where and when."""

from django.contrib import admin

from tradepost.database.models import AuditEntry
from tradepost.web.columns import ChoicesDropdownFilter, column
from tradepost.web.format import spoken
from tradepost.web.read_only import ReadOnlyTable
from tradepost.web.site import site


@admin.register(AuditEntry, site=site)
class AuditTable(ReadOnlyTable):
    """The audit trail, newest first."""

    act = "audit list"
    list_display = ("at", "who", "whence", "what_happened", "subject", "words")
    list_filter = (("event", ChoicesDropdownFilter),)
    search_fields = ("who",)
    search_help_text = "Who did it, exactly"
    fields = ("at", "who", "whence", "what_happened", "subject", "words", "run_id")
    readonly_fields = ("what_happened",)

    @column("Event")
    def what_happened(self, row: AuditEntry) -> str:
        return spoken(row.event)
