"""Rhythm: what a server does again and again, each in a thread of its own."""

import logging
import threading
from abc import ABC, abstractmethod

from django.db import connections
from django.utils import timezone

from tradepost.engine.complaint import Complaint
from tradepost.operations.ports import Clock

STOP_SECONDS = 1.0


class Rhythm(ABC):
    """
    Does something at once, and then again and again until it is stopped.

    What goes wrong is complained of in the log, and tried again: one that ended in silence would do nothing ever after.
    `who` begins the complaint's sentence.
    """

    def __init__(self, who: str, *, name: str, logger: logging.Logger, clock: Clock = timezone.now) -> None:
        self._clock = clock
        self.is_stopping = threading.Event()
        self._complaint = Complaint(logger, who)
        self._thread = threading.Thread(target=self._go_on, name=name, daemon=True)

    @abstractmethod
    def beat(self) -> None:
        """Do it once."""

    @abstractmethod
    def pause_seconds(self) -> float:
        """How long is waited now before it is done again."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more. What waits for its database or a server is left behind, and ends with the process."""
        self.is_stopping.set()
        self._thread.join(timeout=STOP_SECONDS)

    def _go_on(self) -> None:
        while not self.is_stopping.is_set():
            try:
                self.beat()
                self._complaint.end()
            except Exception as error:  # noqa: BLE001 see above
                self._complaint.make(error)
            finally:
                connections.close_all()
            self.is_stopping.wait(self.pause_seconds())
