"""
A store's JSON API as calls that return values or raise what to do about it: signing in, repeating where that does no
harm, and many calls in one request.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import msgspec
import stamina

from tradepost.domain.errors import (
    AnswerLost,
    NotAllowed,
    PermissionMissing,
    RateLimited,
    Rejected,
    StoreRefused,
    StoreUnavailable,
    TradepostError,
    UnexpectedAnswer,
)
from tradepost.miva.wire.answers import (
    ACCESS_DENIED_CAUSES,
    NO_FUNCTION_READ,
    AccessDenied,
    not_an_answer,
    value_of,
)
from tradepost.miva.wire.calls import Call, Repeat, T, decoded
from tradepost.miva.wire.retrying import API, LONGEST_PAUSE_SECONDS
from tradepost.miva.wire.transport import HttpTransport, Reply

# A store answers a wrong token slower and slower, for everybody.
_PAUSE_AFTER_REFUSED_SIGN_IN_SECONDS = 60.0

LOOKS_ONLY = "The channel is look-only, so nothing is written to its store."

_ANSWERS = msgspec.json.Decoder(list[msgspec.Raw])
_PROBE: Call[Any] = Call(function="Store_Load", parameters={}, shape=msgspec.Raw, repeat=Repeat.READ)


class MivaClient:
    """
    One store of a Miva domain. Threads may share it.

    `retrying` bounds and jitters repeats; a Retry-After longer than LONGEST_PAUSE_SECONDS is left to the caller, in
    the error. `clock` is epoch seconds, for timestamps and pauses. One that `only_reads` sends nothing that writes.
    """

    def __init__(
        self,
        transport: HttpTransport,
        *,
        store_code: str,
        clock: Callable[[], float] = time.time,
        retrying: stamina.RetryingCaller = API,
        only_reads: bool = False,
    ) -> None:
        self._exchange = transport
        self._only_reads = only_reads
        self._store_code = store_code
        self._clock = clock
        self._retrying = retrying
        self._signed_in = False
        self._takes_multi_calls = True
        self._refused_until = -math.inf
        self._refusal: StoreRefused | None = None

    @property
    def clock_difference_seconds(self) -> float | None:
        """How far the store's clock is ahead of ours, by its last answer; whole seconds at best."""
        return self._exchange.clock_difference_seconds

    def call(self, call: Call[T]) -> T:
        """
        Execute one call and return its data.

        Raises any branch of TradepostError; AnswerLost only for calls that write.
        """
        self._refuse_writes([call])
        try:
            return self._retrying(_pause_for(call.repeat is not Repeat.ONCE), self._call_once, call)
        except AnswerLost as error:
            if call.repeat is Repeat.READ:
                raise StoreUnavailable(str(error), retry_after_seconds=error.retry_after_seconds) from error
            raise

    def _call_once(self, call: Call[T]) -> T:
        members = {"Store_Code": self._store_code, "Function": call.function, **call.parameters}
        reply = self._send(members, functions=[call.function])
        try:
            value = value_of(call, reply.body)
        except msgspec.DecodeError as error:
            raise not_an_answer(reply.status, reply.body, error) from error
        except AccessDenied as denied:
            raise self._told_apart(denied) from denied
        except StoreRefused as refused:
            self._pause(refused)
            raise
        except Rejected:
            self._signed_in = True
            raise
        self._signed_in = True
        return value

    def web_file(self, path: str, *, at_most: int) -> tuple[int, bytes]:
        """Get the status and the first bytes of a file of the store's website. Raises StoreUnavailable."""
        return self._retrying(StoreUnavailable, self._exchange.fetch, path, at_most=at_most)

    def multi_call(self, calls: Sequence[Call[T]]) -> list[T | TradepostError]:
        """
        Execute the calls in one request, as far as the store gets in its time, and the rest in further ones.

        One value or error for each call, in order; AnswerLost where it is not known whether the call was executed.
        Raises only if nothing at all was executed. Repeated as a whole only if every call may be.
        """
        if not calls:
            return []
        self._refuse_writes(calls)
        if not self._takes_multi_calls:
            return self._one_by_one(calls)
        results: list[T | TradepostError] = []
        operations = msgspec.Raw(
            msgspec.json.encode([{"Function": call.function, **call.parameters} for call in calls])
        )
        may_repeat = all(call.repeat is not Repeat.ONCE for call in calls)
        while len(results) < len(calls):
            try:
                results += self._retrying(
                    _pause_for(may_repeat), self._multi_call_once, calls, operations, len(results)
                )
            except _NoMultiCalls:
                self._takes_multi_calls = False
                return self._one_by_one(calls)
            except TradepostError as error:
                rest = calls[len(results) :]
                if not results and not isinstance(error, AnswerLost):
                    raise
                results += [_unanswered(call, error) for call in rest]
        return results

    def _refuse_writes(self, calls: Sequence[Call[Any]]) -> None:
        """Whatever else went wrong to come this far, a look-only channel's store is not written to."""
        if self._only_reads and any(call.repeat is not Repeat.READ for call in calls):
            raise NotAllowed(LOOKS_ONLY)

    def _one_by_one(self, calls: Sequence[Call[T]]) -> list[T | TradepostError]:
        results: list[T | TradepostError] = []
        for call in calls:
            try:
                results.append(self.call(call))
            except TradepostError as error:
                results.append(error)
        return results

    def _multi_call_once(
        self, calls: Sequence[Call[T]], operations: msgspec.Raw, done: int
    ) -> list[T | TradepostError]:
        total = len(calls)
        reply = self._send(
            {"Store_Code": self._store_code, "Operations": operations},
            functions=[call.function for call in calls[done:]],
            operations=range(done + 1, total + 1) if done else None,
        )
        try:
            answers = decoded(_ANSWERS, reply.body)
        except msgspec.ValidationError:
            raise self._refused_as_a_whole(reply) from None
        except msgspec.DecodeError as error:
            raise not_an_answer(reply.status, reply.body, error) from error
        self._signed_in = True
        return _credited(calls[done:], answers, reply=reply, total=total)

    def _refused_as_a_whole(self, reply: Reply) -> TradepostError:
        """Read the object that comes instead of a list of answers when a request is refused before its first call."""
        envelope: Call[Any] = Call(function="the request", parameters={}, shape=msgspec.Raw, repeat=Repeat.READ)
        try:
            value_of(envelope, reply.body)
        except AccessDenied:
            return self._pause(StoreRefused(ACCESS_DENIED_CAUSES))
        except StoreRefused as refused:
            return self._pause(refused)
        except Rejected as rejected:
            if rejected.code in NO_FUNCTION_READ:
                return _NoMultiCalls(str(rejected))
            return UnexpectedAnswer(f"The store refuses a request with several calls: {rejected}")
        except TradepostError as error:
            return error
        return UnexpectedAnswer("The store answers a request with several calls as if it were one.")

    def _told_apart(self, denied: AccessDenied) -> TradepostError:
        """Find out whether the token or a right of it was refused: in a multi-call, the answer's shape tells."""
        if not self._signed_in:
            reply = self._send(
                {"Store_Code": self._store_code, "Operations": [{"Function": _PROBE.function}]},
                functions=[_PROBE.function],
            )
            if not reply.body.lstrip().startswith(b"["):
                return self._refused_as_a_whole(reply)
            self._signed_in = True
        return PermissionMissing(str(denied), function=denied.function)

    def _pause(self, refused: StoreRefused) -> StoreRefused:
        self._refusal = refused
        self._refused_until = self._clock() + _PAUSE_AFTER_REFUSED_SIGN_IN_SECONDS
        return refused

    def _send(self, members: Mapping[str, Any], *, functions: Sequence[str], operations: range | None = None) -> Reply:
        if self._refusal is not None and self._clock() < self._refused_until:
            raise StoreRefused(str(self._refusal))
        return self._exchange.send(members, functions=functions, operations=operations)

    def close(self) -> None:
        self._exchange.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _NoMultiCalls(TradepostError):
    """The store looked for a function beside `Operations`: it does not know requests with several calls."""


def _pause_for(may_repeat: bool) -> Callable[[Exception], bool | float]:
    """Decide which errors are followed by another attempt, and after how many seconds where the store said so."""

    def decide(error: Exception) -> bool | float:
        if not isinstance(error, StoreUnavailable | RateLimited) and not (may_repeat and isinstance(error, AnswerLost)):
            return False
        pause = error.retry_after_seconds
        if pause is None:
            return True
        return pause if pause <= LONGEST_PAUSE_SECONDS else False

    return decide


def _credited(
    calls: Sequence[Call[T]], answers: Sequence[msgspec.Raw], *, reply: Reply, total: int
) -> list[T | TradepostError]:
    """Give each answer to its call. A store that breaks the rules of continuation gets no second chance to."""
    if len(answers) > len(calls):
        twice = UnexpectedAnswer(
            f"The store answered {len(answers)} calls where {len(calls)} were left: it does not continue a request "
            "where it stopped, and has executed some calls twice."
        )
        return [twice] * len(calls)
    results: list[T | TradepostError] = []
    for call, answer in zip(calls, answers, strict=False):
        try:
            results.append(value_of(call, answer))
        except AccessDenied as denied:
            results.append(PermissionMissing(str(denied), function=denied.function))
        except TradepostError as error:
            results.append(error)
    fault = _fault_of_progress(reply, answered=len(answers), remaining=len(calls), total=total)
    if fault:
        results += [UnexpectedAnswer(fault)] * (len(calls) - len(answers))
    return results


def _fault_of_progress(reply: Reply, *, answered: int, remaining: int, total: int) -> str:
    if reply.status != HTTPStatus.PARTIAL_CONTENT:
        return "" if answered == remaining else f"The store answered only {answered} of {remaining} calls and stopped."
    if answered == 0:
        return "The store stopped before the first call of a request: it makes no progress."
    told = reply.headers.get("content-range", "").strip()
    if told and told != f"{answered}/{total}":
        return f"The store says {told!r} of an answer that holds {answered} of {total}."
    return ""


def _unanswered(call: Call[Any], error: TradepostError) -> TradepostError:
    if isinstance(error, AnswerLost) and call.repeat is Repeat.READ:
        return StoreUnavailable(str(error), retry_after_seconds=error.retry_after_seconds)
    return error
