"""
Answers that are nearly JSON. One bare `NaN`, or one line end in a name, and no decoder takes any row of the page.

What is no JSON becomes a text of the same characters, so that it is its own row alone that has something odd in it.
"""

import json
import re

import msgspec

# A text, any other value, or the place of one that is left out. A text without an end goes on to the end of all: to
# begin anew within it would take a time that grows with its square.
_VALUE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[^\s{}\[\]:,"]+|(?<=:)(?=\s*[,}])', re.DOTALL)


def mended(body: bytes) -> bytes:
    """Write anew what is no JSON value; all others stay byte for byte."""
    return _VALUE.sub(_mend, body)


def _mend(found: re.Match[bytes]) -> bytes:
    value = found[0]
    if value.startswith(b'"') and found.end() == len(found.string):
        # Cut off: it is not ours to say where it would have ended.
        return value
    try:
        msgspec.json.decode(value)
    except UnicodeDecodeError:
        # Decoders pass over it until somebody reads its row.
        return value
    except msgspec.DecodeError:
        return msgspec.json.encode(_text(value))
    return value


def _text(value: bytes) -> str:
    """Read a text as far as it goes, whatever characters it has that are to be escaped."""
    written = value.decode("utf-8", "replace")
    text = written
    if written.startswith('"'):
        try:
            text = json.loads(written, strict=False)
        except ValueError:
            text = written[1:-1]
    # Half a pair of surrogates is no character.
    return text.encode("utf-8", "replace").decode()
