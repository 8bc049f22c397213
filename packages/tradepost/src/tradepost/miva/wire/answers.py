"""
What a store's answer means, decided once: a value, or one of the errors of `domain.errors` with a sentence that says
what to do. Nearly every error comes with HTTP 200, so the body decides before the status does.
"""

import email.utils
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from tradepost.domain.errors import (
    AddressRefused,
    AnswerLost,
    PermissionMissing,
    RateLimited,
    Rejected,
    StoreRefused,
    StoreUnavailable,
    TradepostError,
    UnexpectedAnswer,
)
from tradepost.miva.wire.calls import Call, Envelope, T, decoded
from tradepost.miva.wire.signing import TOKENS_PAGE

PRODUCT_NOT_FOUND = frozenset({"MER-JSN-PRD-00070", "MER-JSN-PRD-00013", "MER-JSN-PRD-00014", "MER-JSN-PRD-00071"})
PARTLY_DONE = "MER-JSN-00045"
NO_FUNCTION_READ = frozenset({"MER-JSN-00024"})

_READABLE = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE})
_OFFLINE_SECONDS = 300.0
_LONGEST_WAIT_SECONDS = 3600.0

_SIGNED_DUTIES = {
    "token does not require signature": "Require Signature",
    "token does not require timestamp": "Require Timestamp",
}
_SIGN_IN_CURES = {
    "token is disabled": f"The access token is switched off: enable it on {TOKENS_PAGE}.",
    "missing required timestamp": (
        "The store did not see the request's timestamp: something between here and the store changes requests."
    ),
    "timestamp outside configured window": (
        "The clocks of this machine and of the store differ by more than the token's Timestamp window: "
        f"set this machine's clock, or widen the window on {TOKENS_PAGE} (120 s is usual)."
    ),
    "timestamp requires request signature": (
        "The token requires signed requests, and this connection has no signature key: enter it."
    ),
    "invalid request signature": (
        f"The signature key does not belong to the token: copy the key again from {TOKENS_PAGE}."
    ),
}
_ALTERED_REQUEST = frozenset(
    {"invalid request method", "invalid request content type", "unrecognized authorization type"}
)
ACCESS_DENIED_CAUSES = (
    "The store refuses the access token. Either the token is unknown (copy it again), or the address of this machine "
    f"is not in the token's IP list, or the token has no rights in this store: see {TOKENS_PAGE}."
)
# The code is not documented, and words differ by version.
_UNKNOWN_STORE = re.compile(
    r"store_not_found|MER-DBP-STR|\b(open|load)\w* store\b|\bstore\b.*\b(not found|does not exist|unknown|no such)\b",
    re.IGNORECASE,
)


class AccessDenied(PermissionMissing):
    """The bare `Access denied`: an unknown token, a wrong address, or a missing right; only asking again tells."""


def value_of(call: Call[T], body: bytes | msgspec.Raw) -> T:
    """Return the answer's data, or raise what the store said instead."""
    try:
        answer = call.decode(body)
    except msgspec.ValidationError as error:
        # An error may carry data of another shape than the value's: read it without.
        refused = _read_refusal(body)
        if refused is not None:
            raise refusal(call.function, refused) from None
        raise UnexpectedAnswer(
            f"The store's answer to {call.function} has another shape than Miva's{_row(body, str(error))}: {error}. "
            "A newer Miva version, or no Miva store at this address."
        ) from error
    if call.read_list is not None and (answer.success or answer.error_code == PARTLY_DONE):
        return call.read_list(answer)
    if not answer.success:
        raise refusal(call.function, answer)
    if answer.data is msgspec.UNSET:
        if call.shape is None:
            return None  # type: ignore[return-value]
        raise UnexpectedAnswer(f"The store's answer to {call.function} holds no data.")
    return answer.data


class _RowName(msgspec.Struct, frozen=True):
    id: msgspec.Raw = msgspec.Raw(b"none")
    code: msgspec.Raw = msgspec.Raw(b"none")


class _Rows(msgspec.Struct, frozen=True):
    data: list[_RowName]


_ROWS: msgspec.json.Decoder[Envelope[_Rows]] = msgspec.json.Decoder(Envelope[_Rows], strict=False)
_ROW_OF_A_PAGE = re.compile(r"`\$\.data\.data\[(\d+)\]")


def _row(body: bytes | msgspec.Raw, told: str) -> str:
    """Name the row of a page that an error is about, by the two members that every product has."""
    found = _ROW_OF_A_PAGE.search(told)
    if found is None:
        return ""
    try:
        rows = decoded(_ROWS, body).data
    except msgspec.DecodeError:
        return ""
    if rows is msgspec.UNSET:
        return ""
    row = rows.data[int(found[1])]
    named = (
        f"{name} {bytes(value)[:60].decode(errors='replace')}" for name, value in (("id", row.id), ("code", row.code))
    )
    return f" in the row with {', '.join(named)}"


_REFUSALS: msgspec.json.Decoder[Envelope[Any]] = msgspec.json.Decoder(Envelope[msgspec.Raw], strict=False)


def _read_refusal(body: bytes | msgspec.Raw) -> Envelope[Any] | None:
    try:
        answer = decoded(_REFUSALS, body)
    except msgspec.ValidationError:
        return None
    return None if answer.success else answer


def refusal(function: str, answer: Envelope[Any]) -> TradepostError:
    """Classify an answer with success 0."""
    code, message = answer.error_code, answer.error_message.strip()
    if code == "access_denied":
        return _access_denied(function, message)
    if code == "api_offline":
        return StoreUnavailable(
            "The store's API is switched off for the moment (API Offline in its Domain Settings).",
            retry_after_seconds=_OFFLINE_SECONDS,
        )
    if code in {"invalid_function", "invalid_module"}:
        return PermissionMissing(
            f"The store does not know {function}: it needs Miva Merchant 10 or newer"
            + (", with the module installed and active." if code == "invalid_module" else "."),
            function=function,
        )
    if code == "MER-JSN-00017" or _UNKNOWN_STORE.search(f"{code} {message}"):
        return StoreRefused(
            f"The store code is not known at this address ({message or code}): see Store Settings on the store."
        )
    field = answer.error_field or (answer.error_fields[0].error_field if answer.error_fields else "")
    words = answer.error_field_message or message
    if answer.errors:
        words = "; ".join(f"{error.identifier}: {error.error_message}" for error in answer.errors[:5])
    told = f"{field}: {words}" if field else words
    return Rejected(
        f"The store refuses {function}: {told or 'without a reason'} ({code or 'no code'})", code=code, field=field
    )


def _access_denied(function: str, message: str) -> TradepostError:
    words = message.casefold().rstrip(".")
    if words == "function not assigned to token":
        return PermissionMissing(
            f"The access token may not call {function}: assign the function to it on {TOKENS_PAGE}.",
            function=function,
        )
    if words in _SIGNED_DUTIES:
        return PermissionMissing(
            f"{function} needs a token with {_SIGNED_DUTIES[words]} switched on: "
            f"switch it on for the token on {TOKENS_PAGE} (a Timestamp window of 120 s is usual).",
            function=function,
        )
    if words in _SIGN_IN_CURES:
        return StoreRefused(_SIGN_IN_CURES[words])
    if words in _ALTERED_REQUEST:
        return UnexpectedAnswer(
            f"The store says {message!r}: something between here and the store (a proxy, a redirect) changes requests."
        )
    return AccessDenied(
        f"The access token may not call {function}: assign the function to it on {TOKENS_PAGE}.",
        function=function,
    )


def refused_by_status(status: int, headers: Mapping[str, str], body: bytes) -> TradepostError | None:
    """
    Classify an answer by its HTTP status, None if its body is to be read.

    AnswerLost means that the request may have been executed all the same.
    """
    if status in _READABLE:
        return None
    if status == HTTPStatus.SERVICE_UNAVAILABLE and (answer := _json_refusal(body)) is not None:
        return refusal("the request", answer)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        where = re.sub(r"[?#].*", "", headers.get("location", "")) or "an unnamed address"
        return AddressRefused(
            f"The store's web server redirects to {where}. Requests can't follow it (they would lose their content): "
            "enter that host and folder as the channel's address, with https."
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return StoreRefused(
            "The web server asks for a user and password of its own (HTTP 401), as protected development stores do; "
            "this is not about the access token. Enter them as the web server's login (--web-user), or ask the hoster."
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}:
        return AddressRefused(
            f"There is no Miva API at this address (HTTP {status}): check domain and folder "
            "(Domain Settings > Site Configuration on the store show the folder, usually /mm5/)."
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return UnexpectedAnswer(
            "The store's web server refuses requests of this size (HTTP 413): lower the batch size."
        )
    retry_after = seconds_of(headers.get("retry-after", ""), date=headers.get("date", ""))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited("The store asks to slow down (HTTP 429).", retry_after_seconds=retry_after)
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE}:
        says = "refuses the request, perhaps a firewall" if status == HTTPStatus.FORBIDDEN else "is not available"
        return StoreUnavailable(f"The store's web server {says} (HTTP {status}).", retry_after_seconds=retry_after)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return AnswerLost(
            f"The store's web server failed in the middle of a request (HTTP {status}).",
            retry_after_seconds=retry_after,
        )
    return UnexpectedAnswer(f"The store's web server answers with HTTP {status}, which Miva does not.")


def _json_refusal(body: bytes) -> Envelope[Any] | None:
    try:
        return _read_refusal(body)
    except msgspec.DecodeError:
        return None


def not_an_answer(status: int, body: bytes, error: msgspec.DecodeError) -> TradepostError:
    """Say what came instead of JSON: a page, or an answer that was cut off."""
    if body.lstrip()[:1] in {b"{", b"["}:
        return AnswerLost(f"The store's answer is cut off or damaged ({error}).")
    return AnswerLost(
        f"A page came instead of the store's answer (HTTP {status}): maintenance, or a fault of its server."
    )


def seconds_of(retry_after: str, *, date: str = "") -> float | None:
    """Read a Retry-After header, in seconds or as a date; bounded, as a wrong one must not stop a channel for good."""
    text = retry_after.strip()
    if text.isdecimal():
        return min(float(text), _LONGEST_WAIT_SECONDS)
    try:
        until = email.utils.parsedate_to_datetime(text).timestamp()
        now = email.utils.parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None
    return min(max(until - now, 0.0), _LONGEST_WAIT_SECONDS)
