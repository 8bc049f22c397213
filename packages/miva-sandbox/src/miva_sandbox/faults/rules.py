"""
Fault rules: what goes wrong, when, and how often. Every fault that is taken is in the log.

A rule has a `kind`, says with `function`, `tag`, `verb` and `path` which events it is for (blank is any; names in any
case, functions of modules as `Module:orderworkflow:QueueOrderList_Load_Query`), with `nth` which of these events (1 is
the next), with `probability` how many of them, and with `times` how often in all. The further members are those of its
kind:

| kind | event | effect |
|---|---|---|
| `latency` | request, function or tag | waits `seconds`, or a random time up to `up_to_seconds` |
| `bandwidth` | request | the answer comes at `bytes_per_second` |
| `error` | request | HTML with `status` (500), before any work |
| `drop_before`, `drop_after` | request | the connection is dropped before, or after the work is done |
| `cut` | request | the answer ends after `after_bytes`, and the connection with it |
| `timeout` | request | the work is done, no answer comes for `seconds` (60), then the connection is dropped |
| `engine_timeout` | function or tag | the engine's own limit: HTML with status 504, what was done stays done |
| `stop_early` | request | a multi-call stops with 206 after `seconds` (0: after each operation) |
| `api_offline` | request | 503, as if the API were switched off |
| `permission` | function | `access_denied`, as if the right had been taken away |
| `clock` | request | the store's clock is `seconds` off while the request is handled |
| `lands_late` | request | accepted, the connection is dropped; the work is done after `requests` more and `seconds` |
| `checkout_gap` | order | an act that moves stock for an order rests between its steps |
| `payment_refused`, `payment_dies` | shopper | the payment is declined; the request ends while it runs |
| `stock_race` | shopper | stock is tested before somebody else's taking shows: whatever is wanted passes |
| `edit` | request | before it, somebody else runs the provisioning tags in `xml` |
| `ftp_refuse` | ftp login | 530 |
| `ftp_slow` | ftp transfer | `bytes_per_second` |
| `ftp_disconnect` | ftp transfer | both connections are dropped after `after_bytes` |
| `ftp_full` | ftp upload | the disk is full after `after_bytes` |

A latency with `function` or `tag` waits where that function or tag begins, so that it adds up in a multi-call; one
without waits once, before the request.

A `checkout_gap` lasts for `requests` to the API and `seconds` of the store's clock. A shopper's order comes that much
later than its stock falls, and the basket's lines are there as long again; of an order made by API, each line comes
later than the order, and its stock later than the line. `function` or `tag` name what makes the order or the line; a
shopper's acts are known by their `verb`, the storefront's action: ADPR (add to basket), QTYG (change a quantity), AUTH
(check out).
"""

import itertools
import json
import random
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from miva_sandbox.provisioning import document

_LOG_CAPACITY = 10_000

KINDS = frozenset(
    {
        "latency",
        "bandwidth",
        "error",
        "drop_before",
        "drop_after",
        "cut",
        "timeout",
        "engine_timeout",
        "stop_early",
        "api_offline",
        "permission",
        "clock",
        "lands_late",
        "checkout_gap",
        "payment_refused",
        "payment_dies",
        "stock_race",
        "edit",
        "ftp_refuse",
        "ftp_slow",
        "ftp_disconnect",
        "ftp_full",
    }
)

_TEXTS = frozenset({"kind", "function", "tag", "verb", "path", "store", "xml"})
_WHOLE = frozenset({"nth", "times", "bytes_per_second", "after_bytes", "status", "requests"})
_MAY_BE_ABSENT = frozenset({"nth", "times", "seconds", "up_to_seconds"})
# Without one of these a rule would strike, and nobody would notice.
_NEEDED = {
    "bandwidth": ("bytes_per_second",),
    "checkout_gap": ("requests", "seconds"),
    "clock": ("seconds",),
    "edit": ("xml",),
    "ftp_slow": ("bytes_per_second",),
    "lands_late": ("requests", "seconds"),
}
# Where the events of a kind are; of all others it is the request.
_PLACES = {
    "checkout_gap": "order",
    "payment_refused": "shopper",
    "payment_dies": "shopper",
    "stock_race": "shopper",
}
_MOST = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; `store` names the one an `edit` is made in, the first if it is blank."""

    kind: str
    function: str = ""
    tag: str = ""
    verb: str = ""
    path: str = ""
    nth: int | None = None
    times: int | None = None
    probability: float = 1.0
    seconds: float | None = None
    up_to_seconds: float | None = None
    bytes_per_second: int = 0
    after_bytes: int = 0
    status: int = 500
    requests: int = 0
    store: str = ""
    xml: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A fault that was taken: by which rule, of which kind, at which event."""

    number: int
    rule: int
    kind: str
    event: Mapping[str, Any]
    at: float


class BadRuleError(ValueError):
    pass


@dataclass(slots=True)
class _Active:
    id: int
    rule: Rule
    seen: int = 0
    taken: int = 0


def read(members: Mapping[str, Any]) -> Rule:
    """Read a rule from decoded JSON. Raises BadRuleError, with a sentence that says what is wrong."""
    known = {field.name for field in fields(Rule)}
    unknown = sorted(members.keys() - known)
    if unknown:
        raise BadRuleError(f"Unknown members: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    if members.get("kind") not in KINDS:
        raise BadRuleError(f"kind must be one of: {', '.join(sorted(KINDS))}")
    for name, value in members.items():
        if name in _TEXTS:
            if not isinstance(value, str):
                raise BadRuleError(f"{name} must be a text")
        elif value is not None or name not in _MAY_BE_ABSENT:
            _check_number(name, value)
    needed = _NEEDED.get(members["kind"], ())
    if needed and not any(members.get(name) for name in needed):
        raise BadRuleError(f"{members['kind']} needs {' or '.join(needed)}")
    if members["kind"] == "edit":
        try:
            document.parse(members.get("xml", ""))
        except (document.ParseError, document.TooManyTopLevelTags) as error:
            raise BadRuleError(f"xml can't be read: {error}") from None
    return Rule(**members)


def from_text(text: str) -> Rule:
    """
    Read a rule as somebody types it: `kind=error,function=Product_Delete,nth=2`, or a JSON object.

    Raises BadRuleError.
    """
    if text.lstrip().startswith("{"):
        try:
            return read(json.loads(text))
        except (ValueError, RecursionError) as error:
            if isinstance(error, BadRuleError):
                raise
            raise BadRuleError(f"This is no JSON object: {text}") from None
    members: dict[str, Any] = {}
    for member in text.split(","):
        name, equals, value = (part.strip() for part in member.partition("="))
        if not equals:
            raise BadRuleError(f"A rule is written as kind=error,nth=2 or as a JSON object; {member!r} is neither")
        if name in members:
            raise BadRuleError(f"{name} is there twice")
        members[name] = value if name in _TEXTS else _number(value)
    return read(members)


def _number(text: str) -> float | str:
    """Return the number that a text is; what is none is left for whoever checks the rule."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST:
        raise BadRuleError(f"{name} must be a number")
    if value < 0 and name != "seconds":
        raise BadRuleError(f"{name} must be a number that is not negative")
    if name in _WHOLE and not isinstance(value, int):
        raise BadRuleError(f"{name} must be a whole number")
    if name == "status" and not 400 <= value <= 599:  # noqa: PLR2004 - the statuses of errors
        raise BadRuleError("status must be one of an error, from 400 to 599")


class Faults:
    """The rules that are on, and the log of what they did; safe for threads."""

    def __init__(self, *, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._active: list[_Active] = []
        self._log: deque[Taken] = deque(maxlen=_LOG_CAPACITY)
        self._ids = itertools.count(1)
        self._numbers = itertools.count(1)
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    @property
    def is_quiet(self) -> bool:
        return not self._active

    def add(self, rule: Rule) -> int:
        with self._lock:
            rule_id = next(self._ids)
            self._active = [*self._active, _Active(rule_id, rule)]
            return rule_id

    def remove(self, rule_id: int) -> bool:
        with self._lock:
            before = len(self._active)
            self._active = [active for active in self._active if active.id != rule_id]
            return len(self._active) < before

    def clear(self, *, seed: int | None = None) -> None:
        """Switch all rules off; the log stays. A seed starts the random numbers anew."""
        with self._lock:
            self._active = []
            if seed is not None:
                self._random.seed(seed)

    def rules(self) -> list[dict[str, Any]]:
        with self._lock:
            return [
                {"id": active.id, "seen": active.seen, "taken": active.taken, **asdict(active.rule)}
                for active in self._active
            ]

    def log(self) -> list[Taken]:
        with self._lock:
            return list(self._log)

    def clear_log(self) -> None:
        with self._lock:
            self._log.clear()

    def take(self, kind: str, at: str, **event: Any) -> Rule | None:
        """
        Return the first rule of this kind that strikes at an event, and log that it did.

        `at` is where the event is: request, function, tag, order, shopper or ftp. `event` has the members
        `functions` (a list), `tag`, `verb`, `path`, as far as they apply; what a rule names and the event does not
        have, does not match.
        """
        if not self._active:
            return None
        with self._lock:
            for active in self._active:
                rule = active.rule
                if rule.kind == kind and _place(rule) == at and _is_for(rule, event) and self._strikes(active):
                    active.taken += 1
                    self._log.append(Taken(next(self._numbers), active.id, kind, {"at": at, **event}, time.time()))
                    return rule
        return None

    def delay(self, rule: Rule) -> float:
        """Return how many seconds a latency waits this time."""
        if rule.up_to_seconds is None:
            return max(0.0, rule.seconds or 0.0)
        low = max(0.0, rule.seconds or 0.0)
        with self._lock:
            return self._random.uniform(low, max(low, rule.up_to_seconds))

    def _strikes(self, active: _Active) -> bool:
        rule = active.rule
        if rule.times is not None and active.taken >= rule.times:
            return False
        active.seen += 1
        if rule.nth is not None and active.seen != rule.nth:
            return False
        return rule.probability >= 1 or self._random.random() < rule.probability


def _place(rule: Rule) -> str:
    """Say where the events are that a rule is for."""
    if rule.kind.startswith("ftp_"):
        return "ftp"
    if rule.kind in {"latency", "engine_timeout"} and rule.tag:
        return "tag"
    if rule.kind in {"permission", "engine_timeout"} or (rule.kind == "latency" and rule.function):
        return "function"
    return _PLACES.get(rule.kind, "request")


def _is_for(rule: Rule, event: Mapping[str, Any]) -> bool:
    functions = [name.casefold() for name in event.get("functions", ())]
    if rule.function and rule.function.casefold() not in functions:
        return False
    for name in ("tag", "verb"):
        wanted = getattr(rule, name)
        if wanted and wanted.casefold() != str(event.get(name, "")).casefold():
            return False
    return not rule.path or rule.path in str(event.get("path", ""))
