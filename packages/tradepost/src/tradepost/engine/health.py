"""Whether the hub can do its work, in words for machines that watch it: nothing in them is secret."""

from enum import StrEnum

from django.db import DatabaseError
from django.utils import timezone

from tradepost.database import time_limits
from tradepost.database.migration_state import is_behind
from tradepost.database.runs import job_queue
from tradepost.domain.errors import HubUnusable
from tradepost.engine import crew
from tradepost.operations.ports import Clock

# Whoever asks does not wait for longer.
LIMIT_SECONDS = 5


class HealthPart(StrEnum):
    """What has to be there, so that runs are executed."""

    DATABASE = "database"
    MIGRATIONS = "migrations"
    WORKERS = "workers"


OK = "ok"


def readiness(*, clock: Clock = timezone.now) -> dict[HealthPart, str]:
    """Say of each part that it is ok, or what is the matter."""
    unknown = dict.fromkeys(HealthPart, "unknown")
    try:
        time_limits.limit_statements(seconds=LIMIT_SECONDS)
        is_old = is_behind()
    except HubUnusable:
        return {**unknown, HealthPart.DATABASE: OK, HealthPart.MIGRATIONS: "of a newer version"}
    except DatabaseError:
        return {**unknown, HealthPart.DATABASE: "can't be reached or read"}
    if is_old:
        return {**unknown, HealthPart.DATABASE: OK, HealthPart.MIGRATIONS: "to be brought up to date"}
    seen = bool(job_queue.workers_seen(at=clock())) if job_queue.is_shared() else crew.is_at_work()
    return {HealthPart.DATABASE: OK, HealthPart.MIGRATIONS: OK, HealthPart.WORKERS: OK if seen else "none seen lately"}
