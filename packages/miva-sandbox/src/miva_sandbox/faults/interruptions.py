"""Faults inside a request: before a function or a tag begins, a rule may wait, refuse, or end the whole request."""

import time

from miva_sandbox.api.responses import AccessDenied
from miva_sandbox.faults.rules import Faults
from miva_sandbox.state.domain import Domain


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

    domain.hooks.before_function.append(before_function)
    domain.hooks.before_tag.append(before_tag)
