"""
Every error that Tradepost raises on purpose, sorted by what the caller should do.

TradepostError
├── Retry                  later, with the same input
│   ├── StoreUnavailable   time-out, 5xx, a page instead of an answer, connection lost (retry_after_seconds)
│   ├── RateLimited        the store asks to slow down
│   └── AnswerLost         sent, but nobody knows whether it was done: read back, never guess
├── Skip                   this one, go on with the rest
│   ├── Rejected           the store said no to one record, with its words (subject, field, message)
│   ├── ImageUnusable    a source image can't be fetched or is no image
│   ├── StorageRefused     the image server refused one file (path, reason)
│   └── RowRefused         a row of a file can't be used (line, reason)
├── Reconfigure            stop until a person acts
│   ├── CredentialsRejected   token, signature, time stamp, FTP login
│   │   └── StoreRefused       the store lets this channel's token in no more, whatever is asked for
│   ├── PermissionMissing     the token lacks a function (function)
│   ├── AddressRefused        an address that must not be called
│   ├── HubUnusable           our own disk, database or data folder: full, locked, damaged, away, not ours to write
│   ├── StoreDoubted          it may be another store than the one that was linked: a person has to say (reason)
│   ├── FileRefused           a whole file is no catalogue: what is wrong and what to do
│   └── NotAllowed            what was asked is not allowed in the present state
├── Stop                   a bug of ours, or a store that does not behave like Miva
│   └── UnexpectedAnswer
└── RunLost                this worker's lease was taken over: write nothing more

The adapter that reads an answer classifies it once; further in, nobody looks at status codes.
"""

_QUOTED_CHARACTERS = 100


class TradepostError(Exception):
    """Base of all; `str()` is a sentence that an operator can act on."""


class Retry(TradepostError):
    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class StoreUnavailable(Retry):
    pass


class RateLimited(Retry):
    pass


class AnswerLost(Retry):
    pass


class Skip(TradepostError):
    pass


class Rejected(Skip):
    def __init__(self, message: str, *, code: str = "", field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class ImageUnusable(Skip):
    """`leads_out`: only because it lies outside the folder in which its file may lie."""

    def __init__(self, message: str, *, source: str, leads_out: bool = False) -> None:
        super().__init__(message)
        self.source = source
        self.leads_out = leads_out


class StorageRefused(Skip):
    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class RowRefused(Skip):
    """`cause`: what is wrong, without what stands in this row; blank where that is the message."""

    def __init__(self, message: str, *, line: int, cause: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.cause = cause


class Reconfigure(TradepostError):
    pass


class CredentialsRejected(Reconfigure):
    pass


class StoreRefused(CredentialsRejected):
    pass


class PermissionMissing(Reconfigure):
    def __init__(self, message: str, *, function: str) -> None:
        super().__init__(message)
        self.function = function


class AddressRefused(Reconfigure):
    """`field`: which of a connection's fields is to blame, where it is one."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class HubUnusable(Reconfigure):
    pass


class StoreDoubted(Reconfigure):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason} Nothing is written to it until a person has said whether it is still the same store: "
            "'tradepost channel confirm-store'."
        )
        self.reason = reason


class FileRefused(Reconfigure):
    pass


class NotAllowed(Reconfigure):
    pass


class Stop(TradepostError):
    pass


class UnexpectedAnswer(Stop):
    pass


class RunLost(TradepostError):
    pass


def quoted(text: str) -> str:
    """Quote in a sentence what somebody else wrote, shortened: it may be a million characters long."""
    return f"'{text}'" if len(text) <= _QUOTED_CHARACTERS else f"'{text[:_QUOTED_CHARACTERS]}...'"
