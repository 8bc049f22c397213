"""The port that takes out of a description what would run in a shopper's browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CleanDescription:
    """A description that can't run anything; `removed`: how many of what was taken out, by what it is called."""

    text: str
    removed: Mapping[str, int] = field(default_factory=dict)

    @property
    def removed_words(self) -> str:
        """Say what went: 2 scripts, 1 handler."""
        return ", ".join(f"{number} {name if number == 1 else name + 's'}" for name, number in self.removed.items())


class DescriptionCleaner(Protocol):
    """Cleans descriptions by an allow-list."""

    def clean(self, description: str) -> CleanDescription:
        """
        Keep of a description what is known to be harmless.

        Idempotent: what it returns it leaves as it is, as it does a text without markup.
        """
        ...
