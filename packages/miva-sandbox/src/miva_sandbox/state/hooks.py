"""Places where somebody outside may step in, to delay, to interrupt or to edit: empty in a healthy store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from miva_sandbox.state.agenda import Gap

PaymentOutcome = Literal["authorised", "refused", "dies"]


def _no_gap(**_: Any) -> Gap | None:
    return None


def _in_time(_: Mapping[str, Any]) -> Gap | None:
    return None


def _authorised(**_: Any) -> PaymentOutcome:
    return "authorised"


def _alone(**_: Any) -> bool:
    return False


@dataclass(slots=True)
class Hooks:
    """
    `before_function` gets the name of each API function before it is looked at, `before_tag` that of each
    provisioning tag. `multicall_seconds` is the longest that a multi-call may take, whatever its header says.

    `gap` says whether an act that moves stock for an order rests between its steps, `payment` what becomes of a
    shopper's payment, `race` whether a shopper's stock is tested before somebody else's taking shows. They get what
    the act is: `functions` or `tag`, or as `verb` the storefront's action. `lateness` gets a request's root, and says
    how long the request is kept, if it is.
    """

    before_function: list[Callable[[str], None]] = field(default_factory=list)
    before_tag: list[Callable[[str], None]] = field(default_factory=list)
    multicall_seconds: float | None = None
    gap: Callable[..., Gap | None] = _no_gap
    payment: Callable[..., PaymentOutcome] = _authorised
    race: Callable[..., bool] = _alone
    lateness: Callable[[Mapping[str, Any]], Gap | None] = _in_time

    def function(self, name: str) -> None:
        for step_in in self.before_function:
            step_in(name)

    def tag(self, name: str) -> None:
        for step_in in self.before_tag:
            step_in(name)
