"""What a run has to say: one message per failure. There are none for success."""

import time
from dataclasses import dataclass

from miva_sandbox.state.clock import Clock


@dataclass(frozen=True, slots=True)
class Message:
    dtstamp: str
    lineno: int
    tag: str
    message: str


class Messages:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._messages: list[Message] = []

    def add(self, *, line: int, tag: str, text: str) -> None:
        # Server's local time, as a server whose language is en-US writes it.
        stamp = time.strftime("%m/%d/%Y %H:%M:%S", time.localtime(self._clock.now()))
        self._messages.append(Message(stamp, line, tag, text))

    def all(self) -> list[Message]:
        return list(self._messages)

    def __len__(self) -> int:
        return len(self._messages)
