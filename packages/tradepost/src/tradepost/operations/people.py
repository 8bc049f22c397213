"""
Letting people in and out: add, invite, change a role, disable, remove, end sessions; all of it is in the audit.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tradepost.domain.errors import NotAllowed, quoted
from tradepost.domain.people.audit import AuditEvent, AuditNote
from tradepost.domain.people.roles import Role
from tradepost.operations.ports import Audit, Clock, KnownPerson, People

_LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class PeoplePorts:
    """What letting people in needs; `who` asks for it."""

    people: People
    audit: Audit
    who: str
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock


def add_person(name: str, role: Role | None, password: str, ports: PeoplePorts) -> Role:
    """
    Add somebody with a password; return as what: without a role, who is the first is the owner, and others look only.

    Raises NotAllowed for a name that is taken, and for a password that is weak.
    """
    with ports.transaction():
        _refuse_taken(name, ports)
        role = role or (Role.VIEWER if ports.people.all() else Role.OWNER)
        ports.people.add(name, role)
        ports.people.set_password(name, password)
        _note(AuditEvent.PERSON_ADDED, name, f"as {role}", ports)
    return role


def add_first_owner(name: str, password: str, ports: PeoplePorts) -> None:
    """
    Let the first person in, who is the owner. Raises NotAllowed where somebody is there, and as `add_person` does.
    """
    with ports.transaction():
        if ports.people.all():
            raise NotAllowed("Somebody has been let in already. Log in, or ask an owner for an invitation.")
        add_person(name, Role.OWNER, password, ports)


def setup_code(secret_key: str) -> str:
    """
    Return the code by which whoever has started the hub shows that he has, as long as nobody is let in.

    It is the same in each process and after each start, is kept nowhere, and can't be guessed.
    """
    digest = hmac.new(secret_key.encode(), b"tradepost: the first owner", hashlib.sha256).digest()
    letters = base64.b32encode(digest[:10]).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def is_setup_code(typed: str, secret_key: str) -> bool:
    """Say whether somebody has typed the code, in whatever letters, with or without its dashes."""
    given = "".join(typed.lower().split()).replace("-", "")
    return hmac.compare_digest(given.encode(), setup_code(secret_key).replace("-", "").encode())


def invite(name: str, role: Role | None, ports: PeoplePorts) -> tuple[KnownPerson, str]:
    """
    Make the link with which somebody chooses a password: somebody new, or known who needs another one.

    Returns who it is and the end of the link, which is kept nowhere. Without a role, who is new looks only. Raises
    NotAllowed for another role than somebody known has, and for who is disabled.
    """
    with ports.transaction():
        person = ports.people.find(name)
        if person is None:
            _refuse_bad(name)
            ports.people.add(name, role or Role.VIEWER)
            _note(AuditEvent.PERSON_ADDED, name, f"as {role or Role.VIEWER}", ports)
        elif not person.is_active:
            raise NotAllowed(f"{person.name} is disabled; 'tradepost users enable {person.name}' comes first.")
        elif role not in (None, person.role):
            raise NotAllowed(
                f"{person.name} is {person.role} already; 'tradepost users role {person.name} {role}' changes it."
            )
        known = _known(name, ports)
        ending = ports.people.invite(known.name, at=ports.clock())
        _note(AuditEvent.PERSON_INVITED, known.name, "", ports)
    return known, ending


def choose_password(name: str, password: str, ports: PeoplePorts) -> None:
    """Set a password that its owner has chosen. Raises NotAllowed for a weak one."""
    with ports.transaction():
        ports.people.set_password(_known(name, ports).name, password)
        _note(AuditEvent.PASSWORD_SET, name, "", ports)


def change_role(name: str, role: Role, ports: PeoplePorts) -> bool:
    """Give somebody another role; False where it is the same. Raises NotAllowed for the last owner."""
    with ports.transaction():
        person = _known(name, ports)
        if person.role is role:
            return False
        if role is not Role.OWNER:
            _refuse_last_owner(person, "given another role", ports)
        ports.people.set_role(person.name, role)
        _note(AuditEvent.ROLE_CHANGED, person.name, f"{person.role} -> {role}", ports)
    return True


def disable(name: str, ports: PeoplePorts) -> bool:
    """End somebody's sessions, and let nobody log in by that name; False where it is so. Not for the last owner."""
    with ports.transaction():
        person = _known(name, ports)
        if not person.is_active:
            return False
        _refuse_last_owner(person, "disabled", ports)
        ports.people.set_active(person.name, is_active=False)
        _note(AuditEvent.PERSON_DISABLED, person.name, "", ports)
    return True


def enable(name: str, ports: PeoplePorts) -> bool:
    """Let somebody log in again who is disabled, or locked out; False where neither was so as far as is known."""
    with ports.transaction():
        person = _known(name, ports)
        ports.people.set_active(person.name, is_active=True)
        _note(AuditEvent.PERSON_ENABLED, person.name, "", ports)
    return not person.is_active


def remove(name: str, ports: PeoplePorts) -> None:
    """Take somebody out; what was done by that name stays in the trail. Raises NotAllowed for the last owner."""
    with ports.transaction():
        person = _known(name, ports)
        _refuse_last_owner(person, "removed", ports)
        ports.people.remove(person.name)
        _note(AuditEvent.PERSON_REMOVED, person.name, f"was {person.role}", ports)


def end_sessions(name: str, ports: PeoplePorts, *, mark: str = "") -> int:
    """End somebody's sessions, or the one with this mark; return how many. Raises NotAllowed for an unknown mark."""
    with ports.transaction():
        person = _known(name, ports)
        ended = ports.people.end_sessions(person.name, mark=mark)
        if mark and not ended:
            raise NotAllowed(f"{person.name} has no session {quoted(mark)}; 'tradepost users sessions' lists them.")
        if ended:
            _note(AuditEvent.SESSIONS_ENDED, person.name, f"{ended} ended", ports)
    return ended


def known_person(name: str, ports: PeoplePorts) -> KnownPerson:
    """Raises NotAllowed where there is nobody of this name."""
    return _known(name, ports)


def _known(name: str, ports: PeoplePorts) -> KnownPerson:
    person = ports.people.find(name)
    if person is None:
        raise NotAllowed(f"There is nobody called {quoted(name)}; 'tradepost users list' shows who there is.")
    return person


def _refuse_taken(name: str, ports: PeoplePorts) -> None:
    _refuse_bad(name)
    if ports.people.find(name) is not None:
        raise NotAllowed(
            f"There is {quoted(name)} already. 'tradepost users invite {name}' makes a link to choose another password."
        )


def _refuse_bad(name: str) -> None:
    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= _LONGEST_NAME or "/" in name:
        raise NotAllowed(f"A name has 1 to {_LONGEST_NAME} printable characters, without slashes or blanks around it.")


def _refuse_last_owner(person: KnownPerson, what: str, ports: PeoplePorts) -> None:
    if person.role is not Role.OWNER or not person.is_active or not person.has_password:
        # Who was only invited can't log in, and is none that is missed.
        return
    if ports.people.hold_owners() <= 1:
        raise NotAllowed(f"{person.name} is the only owner who can log in, and can't be {what}: add another one first.")


def _note(event: AuditEvent, subject: str, words: str, ports: PeoplePorts) -> None:
    ports.audit.note(AuditNote(event, ports.who, subject, words))
