"""
One function of the store's JSON API with its parameters, as a value: what to send, how to read the answer, and
whether sending it twice does harm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from tradepost.miva.wire.mending import mended

T = TypeVar("T")


class Repeat(Enum):
    """What a second execution of the same call does."""

    READ = "changes nothing"
    ABSOLUTE = "writes the same state again"
    ONCE = "may do it twice"


class FieldError(msgspec.Struct, frozen=True, gc=False):
    error_field: str = ""
    error_message: str = ""


class ListError(msgspec.Struct, frozen=True, gc=False):
    identifier: str = ""
    error_code: str = ""
    error_message: str = ""


class Warned(msgspec.Struct, frozen=True, gc=False):
    identifier: str = ""
    code: str = ""
    message: str = ""


class Envelope(msgspec.Struct, Generic[T], frozen=True):
    """The envelope of every answer. Which members are there tells the shape of an error."""

    success: int | bool
    data: T | msgspec.UnsetType = msgspec.UNSET
    processed: int | msgspec.UnsetType = msgspec.UNSET
    error_code: str = ""
    error_message: str = ""
    error_field: str = ""
    error_field_message: str = ""
    error_fields: list[FieldError] = []
    errors: list[ListError] = []
    warnings: list[Warned] = []


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """
    One call; `shape` is the type of the answer's `data`, None where the answer is success alone. `read` makes the
    value of that where the shape alone does not. `read_list` makes it of the whole answer of a function that goes on
    behind what it can't do of a list.

    Decoding is lax (a boolean may come as 0/1, a number as text): servers of different age differ in it.
    """

    function: str
    parameters: Mapping[str, Any]
    shape: Any
    repeat: Repeat
    read: Callable[[Any], T] | None = None
    read_list: Callable[[Envelope[Any]], T] | None = None

    def decode(self, body: bytes | msgspec.Raw) -> Envelope[T]:
        """Raise msgspec.ValidationError if the answer has another shape, msgspec.DecodeError if it is no JSON."""
        envelope = self._envelope(body)
        if self.read is None or envelope.data is msgspec.UNSET:
            return envelope
        return msgspec.structs.replace(envelope, data=self.read(envelope.data))

    def _envelope(self, body: bytes | msgspec.Raw) -> Envelope[Any]:
        decoder = _decoder(self.shape)
        try:
            return decoded(decoder, body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError as error:
            # What a store did is not concluded from half an answer; what it has may be read from all that is legible.
            if self.repeat is not Repeat.READ:
                raise
            try:
                return decoded(decoder, mended(bytes(body)))
            except msgspec.DecodeError:
                raise error from None


def decoded(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """Decode what anybody may have sent. Raises msgspec.DecodeError."""
    try:
        return decoder.decode(body)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deeply") from error
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"not in UTF-8 ({error.reason})") from error


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Envelope[shape], strict=False)
