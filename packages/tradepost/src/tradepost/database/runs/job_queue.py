"""
The queue of jobs that workers on any machine take, on PostgreSQL: Procrastinate's, reached by Django's connection.

A job is a call, and nothing more: which runs wait, and who may execute which, is held by the runs themselves. So a job
that is lost is made anew, and one too many finds nothing to do.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.apps import apps
from django.db import transaction

from tradepost.database import sql
from tradepost.database.models import Run
from tradepost.domain.plan import RunState

RUNS = "runs"
EXECUTE_RUN = "execute_run"

# After a burst of jobs the database takes the table for as small as it was, and finds the next job by looking at all.
_BURST = 100
_SEEN = timedelta(seconds=60)


def is_shared() -> bool:
    """Whether jobs are queued here for workers; else the server's own threads look for runs."""
    return apps.is_installed("procrastinate.contrib.django")


def queue_jobs(runs: Sequence[Run]) -> int:
    """Queue a job for each run that has none that waits, as part of the present transaction; return how many."""
    if not runs:
        return 0
    waiting = _waiting([_name(run) for run in runs])
    made = sum(_queue_job(run) for run in runs if _name(run) not in waiting)
    if made >= _BURST:
        sql.execute("ANALYZE procrastinate_jobs")
    return made


def _queue_job(run: Run) -> bool:
    from procrastinate.contrib.django import app  # noqa: PLC0415 installed with PostgreSQL only
    from procrastinate.exceptions import AlreadyEnqueued  # noqa: PLC0415

    # What was begun goes before what waits in its lane, as nothing else can be taken there.
    priority = int(run.state == RunState.RUNNING)
    try:
        with transaction.atomic():
            app.configure_task(
                EXECUTE_RUN, queue=RUNS, lock=_lock(run), queueing_lock=_name(run), priority=priority
            ).defer(run_id=run.pk)
    except AlreadyEnqueued:
        return False
    return True


def _waiting(names: Iterable[str]) -> set[str]:
    rows = sql.fetch_rows(
        "SELECT queueing_lock FROM procrastinate_jobs JOIN named ON queueing_lock = named.name WHERE status = 'todo'",
        named=sql.Rows.of_texts("name", names),
    )
    return {row["queueing_lock"] for row in rows}


def _name(run: Run) -> str:
    return f"run {run.pk}"


def _lock(run: Run) -> str | None:
    """Runs that would only wait for each other take no worker's thread meanwhile."""
    of = f"source {run.source_id}" if run.channel_id is None else f"channel {run.channel_id}"
    return None if run.is_dry else f"{of} {run.lane}"


def workers_seen(*, at: datetime) -> int:
    """Count the workers that gave a sign of life lately, each process once for each queue that it looks at."""
    return len(sql.fetch_rows("SELECT id FROM procrastinate_workers WHERE last_heartbeat > %s", at - _SEEN))
