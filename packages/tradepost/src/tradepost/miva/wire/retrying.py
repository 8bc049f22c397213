"""
How often and how patiently a store and its image server are asked again. What may be asked again at all is decided
where it is known what a repeat would do.
"""

import logging

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

_logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 30.0

API = stamina.RetryingCaller(attempts=4, timeout=180, wait_initial=0.5, wait_max=LONGEST_PAUSE_SECONDS, wait_jitter=1.0)
# A person waits for the answer, and asks again where it is worth it.
AT_ONCE = stamina.RetryingCaller(attempts=2, timeout=30, wait_initial=0.2, wait_max=1, wait_jitter=0.2)
FILES = stamina.RetryingCaller(attempts=3, timeout=180, wait_initial=0.5, wait_max=10, wait_jitter=1.0)


def _tell(details: RetryDetails) -> None:
    _logger.info("attempt %d failed (%s), next in %.1f s", details.retry_num, details.caused_by, details.wait_for)


# Left alone, the library prints retries to standard output, which belongs to whoever runs a command.
set_on_retry_hooks([_tell])
