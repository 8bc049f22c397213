"""What a list says that shows nothing, and where to go from there."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from tradepost.web.rights import may


@dataclass(frozen=True, slots=True)
class NextStep:
    """A button below: its label, the name of the address, and what somebody must be allowed to for it."""

    label: str
    name: str
    act: str


@dataclass(frozen=True, slots=True)
class EmptyList:
    """What a table says while it has no row at all."""

    words: str
    steps: Sequence[NextStep] = ()

    def links(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [(step.label, reverse(f"admin:{step.name}")) for step in self.steps if may(request, step.act)]
