"""Patterns by which rules name words: `*` is for any characters, everything else is itself, in any case."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def matching(patterns: Sequence[str], words: Iterable[str]) -> list[str]:
    """Return the words that one of the patterns is for, each once, in their order."""
    known = [_pattern(pattern) for pattern in patterns]
    return [word for word in dict.fromkeys(words) if any(fnmatchcase(word.casefold(), pattern) for pattern in known)]


def _pattern(text: str) -> str:
    return text.strip().casefold().replace("[", "[[]").replace("?", "[?]")
