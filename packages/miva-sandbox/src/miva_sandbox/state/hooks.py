"""Places where somebody outside may step in, to delay, to interrupt or to edit: empty in a healthy store."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Hooks:
    """
    `before_function` gets the name of each API function before it is looked at, `before_tag` that of each
    provisioning tag. `multicall_seconds` is the longest that a multi-call may take, whatever its header says.
    """

    before_function: list[Callable[[str], None]] = field(default_factory=list)
    before_tag: list[Callable[[str], None]] = field(default_factory=list)
    multicall_seconds: float | None = None

    def function(self, name: str) -> None:
        for step_in in self.before_function:
            step_in(name)

    def tag(self, name: str) -> None:
        for step_in in self.before_tag:
            step_in(name)
