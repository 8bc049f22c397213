"""The list of jobs as a worker finds it that stood still for a while: others have taken its jobs, or itself, off it."""

import logging
from collections.abc import Iterable

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from psycopg.errors import ForeignKeyViolation, RaiseException

from tradepost.domain.errors import HubUnusable

_logger = logging.getLogger(__name__)


class JobList(JobManager):
    """Procrastinate's, in which a job or a worker that is gone is no mistake."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            # Its own words for a job that is not there: who looks after runs has deleted it.
            if not isinstance(error.__cause__, RaiseException):
                raise
            _logger.warning(
                "The job %s was let go of, as its worker gave no sign of life for a while.", job.call_string
            )

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Raises HubUnusable where this worker was taken off the list, so that it has to begin anew."""
        try:
            return await super().fetch_job(queues, worker_id)
        except ConnectorException as error:
            if not isinstance(error.__cause__, ForeignKeyViolation):
                raise
            raise HubUnusable(
                "It stood still for so long that it was taken for dead, and its work given to others; it begins anew."
            ) from error
