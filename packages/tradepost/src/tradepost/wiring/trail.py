"""Who did what: the history of requests, and the audit."""

from django.utils import timezone

from tradepost.database.models import Trigger
from tradepost.database.people.audit import DjangoAudit
from tradepost.database.runs.history import RequestHistory
from tradepost.operations.ports import Audit, BatchHistory, Clock


def history(*, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now) -> BatchHistory:
    return RequestHistory(requested_by=requested_by, trigger=trigger, clock=clock)


def audit(*, clock: Clock = timezone.now) -> Audit:
    return DjangoAudit(clock=clock)
