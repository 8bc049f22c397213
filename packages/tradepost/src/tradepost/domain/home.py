"""
A hub's home: the place where its database lies. One that wakes up elsewhere, or knows less than was known there
before, is a copy or was put back; what came after is on the store, and not in it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

Place: TypeAlias = Mapping[str, str]
"""
Of a SQLite database its `file` (the number that the file system gave it), `machine` and `folder`; of a PostgreSQL
database its `cluster` and `database`, the numbers that the server gave them.
"""

_FILE_PARTS = frozenset({"file", "machine", "folder"})


def is_elsewhere(known: Place, found: Place) -> bool:
    """
    Whether a database has come to another place than the one that it knows; a blank one is no other.

    Of file, machine and folder one may change and it is the same hub: a folder is renamed, a container has a new name,
    a file system numbers its files anew. A copy differs in two at least: another file in another folder, or on another
    machine.
    """
    if not known:
        return False
    if known.keys() != found.keys():
        return True
    differing = sum(known[part] != found[part] for part in found)
    return differing > (1 if found.keys() == _FILE_PARTS else 0)


def is_older(last_run: int, *, seen: int) -> bool:
    """Whether a database has not heard of a run that was known at this place before: runs are numbered, and kept."""
    return last_run < seen


def elsewhere_words(*, as_of: datetime | None) -> str:
    return f"The database was found at another place than before: it was moved, or is a copy{_as_of(as_of)}."


def older_words(*, as_of: datetime | None) -> str:
    return f"The database knows less than it did here before: it was put back to an earlier state{_as_of(as_of)}."


def restored_words(*, made_at: datetime) -> str:
    return f"The database was restored from a backup of {made_at:%Y-%m-%d %H:%M} UTC."


def moved_words(*, at: datetime) -> str:
    return f"The database was moved from another one at {at:%Y-%m-%d %H:%M} UTC."


def _as_of(as_of: datetime | None) -> str:
    return "" if as_of is None else f", last at work at {as_of:%Y-%m-%d %H:%M} UTC"
