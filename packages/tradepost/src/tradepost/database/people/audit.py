"""The audit trail in the database: lines are added, in the transaction of what they tell, and never changed."""

from django.utils import timezone

from tradepost.database.models import AuditEntry
from tradepost.database.whence import whence
from tradepost.domain.people.audit import AuditNote
from tradepost.operations.ports import Clock


class DjangoAudit:
    """Implements `ports.Audit`."""

    def __init__(self, *, clock: Clock = timezone.now) -> None:
        self._clock = clock

    def note(self, note: AuditNote) -> None:
        AuditEntry.objects.create(
            at=self._clock(),
            event=note.event.value,
            who=note.who,
            whence=whence(),
            subject=note.subject[:255],
            words=note.words,
            run_id=note.run_id,
        )
