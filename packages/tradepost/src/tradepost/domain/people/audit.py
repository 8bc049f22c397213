"""The audit trail: who did what, from where and when. It has no secrets, and of people only who did it and whence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tradepost.domain.plan import Action, Change, SubjectKind


class AuditEvent(StrEnum):
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOCKED_OUT = "locked_out"
    LOGGED_OUT = "logged_out"
    SESSIONS_ENDED = "sessions_ended"
    PERSON_ADDED = "person_added"
    PERSON_INVITED = "person_invited"
    PASSWORD_SET = "password_set"  # noqa: S105 - no password
    ROLE_CHANGED = "role_changed"
    PERSON_DISABLED = "person_disabled"
    PERSON_ENABLED = "person_enabled"
    PERSON_REMOVED = "person_removed"
    CREDENTIALS_CHANGED = "credentials_changed"
    SET_UP_CHANGED = "set_up_changed"
    PAUSED = "paused"
    RESUMED = "resumed"
    REQUESTED = "requested"
    RELEASED = "released"
    CANCELLED = "cancelled"
    KEYS_ROTATED = "keys_rotated"
    DATABASE_COPIED = "database_copied"


NOBODY = "nobody known"
REPLACED = "replaced"
"""What a change says of a secret instead of the secret."""
SET_UP = frozenset({SubjectKind.CHANNEL, SubjectKind.SOURCE})
_LONGEST_VALUE = 60
_MOST_FIELDS = 12


@dataclass(frozen=True, slots=True)
class AuditNote:
    """
    One line of the trail.

    `who`: a person's name, `shell: NAME` for a command, or `NOBODY`. `subject`: the person, channel or run that it is
    about. `run_id`: the run whose changes say more.
    """

    event: AuditEvent
    who: str
    subject: str = ""
    words: str = ""
    run_id: int | None = None


def note_of_request(asked: Sequence[Change], *, who: str, run_id: int) -> AuditNote | None:
    """
    Make the line of a request that was done at once: what was changed of a channel or source, or what was asked of
    which; the run has the numbers. None where it only looked.

    `asked`: its changes, or of many the first ones.
    """
    changed = [change for change in asked if change.subject.kind in SET_UP and change.action is not Action.KEEP]
    if changed:
        words = "; ".join(_words(each) for each in changed)
        return AuditNote(_event(changed[0]), who, changed[0].subject.key, words, run_id)
    kinds = {(change.subject.kind.value, change.action.value) for change in asked if change.subject.kind not in SET_UP}
    words = "; ".join(f"{action} {subject}" for subject, action in sorted(kinds))
    return AuditNote(AuditEvent.REQUESTED, who, "", words, run_id) if kinds else None


def _event(change: Change) -> AuditEvent:
    by_name = {field.name: field for field in change.fields}
    if any(field.after == REPLACED for field in change.fields):
        return AuditEvent.CREDENTIALS_CHANGED
    if set(by_name) == {"is_paused"}:
        return AuditEvent.PAUSED if by_name["is_paused"].after else AuditEvent.RESUMED
    return AuditEvent.SET_UP_CHANGED


def _words(change: Change) -> str:
    named = [f"{field.name} {_value(field.before)} -> {_value(field.after)}" for field in change.fields[:_MOST_FIELDS]]
    left = len(change.fields) - len(named)
    return f"{change.action.value}: {', '.join(named)}" + (f" and {left} more" if left else "")


def _value(value: object) -> str:
    text = "none" if value in (None, "") else str(value)
    if "://" in text:
        # Some addresses have a password behind the question mark.
        text = text.split("?", 1)[0]
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
