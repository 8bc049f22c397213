"""The people port: who may log in, as what, and the sessions that they have; and the port of the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tradepost.domain.people.audit import AuditNote
from tradepost.domain.people.roles import Role


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """
    Somebody who may log in.

    `is_invited`: there is a link with which a password may be chosen. `has_password`: one was chosen before.
    """

    id: int
    name: str
    role: Role
    is_active: bool
    is_invited: bool = False
    has_password: bool = False
    last_login: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser that somebody is logged in with; `mark` names it where it is to be ended."""

    mark: str
    address: str
    browser: str
    started_at: datetime | None
    seen_at: datetime | None
    ends_at: datetime


class People(Protocol):
    def find(self, name: str) -> KnownPerson | None:
        """Find somebody by name, whatever the case of its letters."""
        ...

    def all(self) -> Sequence[KnownPerson]: ...

    def hold_owners(self) -> int:
        """Count the owners who can log in, with a password, and let nobody change them before the transaction ends."""
        ...

    def add(self, name: str, role: Role) -> None:
        """Add somebody who has no password yet."""
        ...

    def set_password(self, name: str, password: str) -> None:
        """Raises NotAllowed for one that is too weak. No link to choose one is of use any more."""
        ...

    def invite(self, name: str, *, at: datetime) -> str:
        """Make the end of the link with which a password may be chosen; those made before are of no use any more."""
        ...

    def set_role(self, name: str, role: Role) -> None: ...

    def set_active(self, name: str, *, is_active: bool) -> None:
        """Let somebody log in again, locked out no more; or not, and then there are no sessions and no link either."""
        ...

    def remove(self, name: str) -> None: ...

    def sessions(self, name: str) -> Sequence[OpenSession]: ...

    def end_sessions(self, name: str, *, mark: str = "") -> int:
        """End one session, or all of them; return how many."""
        ...


class Audit(Protocol):
    def note(self, note: AuditNote) -> None:
        """Add a line; from where it was done is known to whoever implements it."""
        ...
