"""A complaint: what keeps a thread of the server from its work, said once in the log although it is tried again."""

import logging

from tradepost.database.failures import explain
from tradepost.domain.errors import HubUnusable


class Complaint:
    """`who` begins the sentence. Not for several threads at once, unless they complain of the same."""

    def __init__(self, logger: logging.Logger, who: str) -> None:
        self._logger = logger
        self._who = who
        self._words = ""

    def make(self, error: Exception) -> None:
        explained = error if isinstance(error, HubUnusable) else explain(error)
        if explained is None:
            self._logger.error("%s could not go on; trying again.", self._who, exc_info=error)
        elif str(explained) != self._words:
            self._words = str(explained)
            self._logger.error("%s waits: %s", self._who, explained)

    def end(self) -> None:
        """Say the same again if it comes back."""
        self._words = ""
