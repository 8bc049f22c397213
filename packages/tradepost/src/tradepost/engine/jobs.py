"""What jobs do: execute the run that they name, and look after all others now and then. On PostgreSQL only."""

from asgiref.sync import sync_to_async
from django.db import connections
from procrastinate import App, JobContext
from procrastinate.connector import BaseConnector
from procrastinate.jobs import Status

from tradepost.database.models import Run
from tradepost.database.runs import job_queue
from tradepost.engine.job_list import JobList
from tradepost.engine.owner import is_dead
from tradepost.engine.runs import free_runs, take
from tradepost.engine.runs_at_work import RunsAtWork
from tradepost.engine.schedules import start_due
from tradepost.engine.undo import forget_old_values
from tradepost.engine.uploads import forget_old_uploads

UPKEEP = "upkeep"
AT_WORK = "at_work"
# A worker says every few seconds that it lives; one that was silent for so long has lost its jobs.
HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 20.0
# The seconds come last.
_EVERY_FIVE_SECONDS = "* * * * * */5"
_EVERY_MINUTE = "* * * * *"


def job_app(connector: BaseConnector) -> App:
    """Make the application of a worker, with all that it can be called for."""
    app = App(connector=connector)
    app.job_manager = JobList(connector)
    app.task(name=job_queue.EXECUTE_RUN, queue=job_queue.RUNS, pass_context=True)(execute_run)
    for work, cron in ((look_after_runs, _EVERY_FIVE_SECONDS), (start_schedules, _EVERY_MINUTE)):
        name = work.__name__
        # One that waits is enough: whoever is late does what there is by then.
        task = app.task(name=name, queue=UPKEEP, queueing_lock=name, pass_context=True)(work)
        app.periodic(cron=cron)(task)
    return app


def execute_run(context: JobContext, *, run_id: int) -> None:
    """Execute a run, if it is nobody else's."""
    at_work: RunsAtWork = context.additional_context[AT_WORK]
    try:
        owner = Run.objects.filter(pk=run_id).values_list("owner", flat=True).first()
        run = take(run_id, abandoned_by=owner if owner and is_dead(owner) else "")
        if run is not None:
            at_work.carry_out(run)
    finally:
        # A thread that sleeps must not hold a connection that the database may close meanwhile.
        connections.close_all()


async def look_after_runs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 it is given
    """Let go of jobs whose worker is gone, as they keep others from their turn, and call for every run that may go."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        # Not tried again: a worker that was only away would end the job under whoever has it by then.
        await manager.finish_job(job, status=Status.FAILED, delete_job=True)
    await sync_to_async(_call_for_free_runs, thread_sensitive=False)()


def _call_for_free_runs() -> None:
    try:
        job_queue.queue_jobs([run for run, _ in free_runs()])
    finally:
        connections.close_all()


def start_schedules(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 they are given
    try:
        start_due()
        forget_old_values()
        forget_old_uploads()
    finally:
        connections.close_all()
