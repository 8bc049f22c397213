"""The audit trail in the database: lines are added, in the transaction of what they tell, and never changed."""

from contextvars import ContextVar

from django.utils import timezone

from tradepost.database.models import AuditEntry
from tradepost.domain.audit import AuditNote
from tradepost.operations.ports import Clock

# Set once where something comes in: by the pages for each request, by the command line for its process.
whence: ContextVar[str] = ContextVar("whence", default="")


class DjangoAudit:
    """Implements `ports.Audit`."""

    def __init__(self, *, clock: Clock = timezone.now) -> None:
        self._clock = clock

    def note(self, note: AuditNote) -> None:
        AuditEntry.objects.create(
            at=self._clock(),
            event=note.event.value,
            who=note.who,
            whence=whence.get(),
            subject=note.subject[:255],
            words=note.words,
            run_id=note.run_id,
        )
