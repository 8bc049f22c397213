"""
Faults inside the store: before a function or a tag begins, a rule may wait, refuse, or end the whole request; a request
may land late, an order rest between its steps, a payment fail.
"""

import time
from collections.abc import Mapping
from typing import Any

from miva_sandbox.api.multicall import functions_of
from miva_sandbox.api.responses import AccessDenied
from miva_sandbox.faults.rules import Faults, Rule
from miva_sandbox.state.agenda import Gap
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.hooks import PaymentOutcome


class EngineTimeoutError(Exception):
    """The engine gave up on the request; what was done stays done, and there is no answer of the store's."""


def install(domain: Domain, faults: Faults) -> None:
    """Let the rules step in wherever the domain offers a place for it."""

    def before_function(name: str) -> None:
        if (rule := faults.take("latency", "function", functions=[name])) is not None:
            time.sleep(faults.delay(rule))
        if faults.take("engine_timeout", "function", functions=[name]):
            raise EngineTimeoutError
        if faults.take("permission", "function", functions=[name]):
            raise AccessDenied

    def before_tag(name: str) -> None:
        if (rule := faults.take("latency", "tag", tag=name)) is not None:
            time.sleep(faults.delay(rule))
        if faults.take("engine_timeout", "tag", tag=name):
            raise EngineTimeoutError

    def lateness(root: Mapping[str, Any]) -> Gap | None:
        if faults.is_quiet:
            return None
        return _gap(faults.take("lands_late", "request", functions=functions_of(root)))

    def gap(**event: Any) -> Gap | None:
        return _gap(faults.take("checkout_gap", "order", **event))

    def payment(**event: Any) -> PaymentOutcome:
        if faults.take("payment_refused", "shopper", **event):
            return "refused"
        return "dies" if faults.take("payment_dies", "shopper", **event) else "authorised"

    def race(**event: Any) -> bool:
        return faults.take("stock_race", "shopper", **event) is not None

    domain.hooks.before_function.append(before_function)
    domain.hooks.before_tag.append(before_tag)
    domain.hooks.lateness = lateness
    domain.hooks.gap = gap
    domain.hooks.payment = payment
    domain.hooks.race = race


def _gap(rule: Rule | None) -> Gap | None:
    return None if rule is None else Gap(rule.requests, max(0.0, rule.seconds or 0.0))
