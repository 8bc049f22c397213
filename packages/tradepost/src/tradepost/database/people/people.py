"""The people port: Django's passwords and tokens, our rows."""

from collections.abc import Sequence
from datetime import datetime

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tradepost.database.models import Person, Session
from tradepost.database.people.login_names import name_in_limits
from tradepost.domain.errors import NotAllowed
from tradepost.domain.people.roles import Role
from tradepost.operations.ports import KnownPerson, OpenSession


class InvitationTokens(PasswordResetTokenGenerator):
    """Tokens to choose a password with: of use once, for some days, and only the one that was made last."""

    key_salt = "tradepost.invitation"

    def _make_hash_value(self, user: Person, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.invited_at}"

    def check_token(self, user: Person | None, token: str | None) -> bool:
        may_be_used = user is not None and user.is_active and user.invited_at is not None
        return may_be_used and super().check_token(user, token)


invitation_tokens = InvitationTokens()


class DjangoPeople:
    """Implements `ports.People`."""

    def find(self, name: str) -> KnownPerson | None:
        person = Person.objects.filter(username__iexact=name).first()
        return None if person is None else _known(person)

    def all(self) -> Sequence[KnownPerson]:
        return [_known(person) for person in Person.objects.order_by("username")]

    def hold_owners(self) -> int:
        owners = Person.objects.select_for_update().filter(role=Role.OWNER.value, is_active=True)
        return sum(owner.has_usable_password() for owner in owners.order_by("pk"))

    def add(self, name: str, role: Role) -> None:
        person = Person(username=name, role=role.value)
        person.set_unusable_password()
        person.save()

    def set_password(self, name: str, password: str) -> None:
        person = Person.objects.get(username=name)
        try:
            validate_password(password, person)
        except ValidationError as error:
            raise NotAllowed(" ".join(error.messages)) from error
        person.set_password(password)
        person.invited_at = None
        person.save(update_fields=["password", "invited_at"])

    def invite(self, name: str, *, at: datetime) -> str:
        person = Person.objects.get(username=name)
        person.invited_at = at
        person.save(update_fields=["invited_at"])
        person.refresh_from_db()
        return f"{urlsafe_base64_encode(force_bytes(person.pk))}/{invitation_tokens.make_token(person)}"

    def set_role(self, name: str, role: Role) -> None:
        Person.objects.filter(username=name).update(role=role.value)

    def set_active(self, name: str, *, is_active: bool) -> None:
        if is_active:
            Person.objects.filter(username=name).update(is_active=True)
            AxesProxyHandler.reset_attempts(username=name_in_limits(name))
        else:
            Person.objects.filter(username=name).update(is_active=False, invited_at=None)
            self.end_sessions(name)

    def remove(self, name: str) -> None:
        Person.objects.filter(username=name).delete()

    def sessions(self, name: str) -> Sequence[OpenSession]:
        rows = Session.objects.filter(person__username=name, expire_date__gt=timezone.now()).order_by("started_at")
        return [
            OpenSession(row.mark, row.address, row.browser, row.started_at, row.seen_at, row.expire_date)
            for row in rows
        ]

    def end_sessions(self, name: str, *, mark: str = "") -> int:
        rows = Session.objects.filter(person__username=name)
        return (rows.filter(mark=mark) if mark else rows).delete()[0]


def _known(person: Person) -> KnownPerson:
    return KnownPerson(
        person.pk,
        person.username,
        Role(person.role),
        person.is_active,
        person.invited_at is not None,
        person.has_usable_password(),
        person.last_login,
    )
