"""People who log in, and their sessions; and the audit trail of what they and others did."""

from typing import Any, ClassVar, NoReturn, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower

from tradepost.database.models.allowed import enum_field, one_of
from tradepost.domain.people.audit import AuditEvent
from tradepost.domain.people.roles import Role

LONGEST_NAME = 150


class Person(AbstractBaseUser):
    """
    Somebody who may log in, and as what.

    Who is not active can't. `invited_at`: when the link was made with which a password may be chosen; none is of use
    that was made before, and null means that none is at all. `list_settings`: by table, how the person likes its list.
    """

    username = models.CharField("name", max_length=LONGEST_NAME, unique=True)
    role = enum_field(Role)
    is_active = models.BooleanField("may log in", default=True)
    invited_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    list_settings = models.JSONField(default=dict)

    objects: ClassVar[BaseUserManager[Self]] = BaseUserManager()

    USERNAME_FIELD = "username"

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ["username"]
        constraints = [
            one_of("role", Role, table="person"),
            # Two people whose names differ in their letters' case only could not be told apart.
            models.UniqueConstraint(Lower("username"), name="person_name_whatever_its_case"),
        ]

    @property
    def is_staff(self) -> bool:
        """Django's word for who may see the back office."""
        return self.is_active

    def has_perm(self, _permission: str, _of: Any = None) -> bool:
        """Say no to whoever asks Django: rights are asked of roles only, see `domain.people.roles`."""
        return False

    def has_module_perms(self, _app: str) -> bool:
        return self.is_active


class Session(AbstractBaseSession):
    """
    A browser's session, whose it is, and from where. `mark` names it where its key must not be shown.

    The names in capitals are those under which a login leaves in the session what these columns say of it.
    """

    ADDRESS, BROWSER, STARTED_AT = "address", "browser", "started_at"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="sessions")
    mark = models.CharField(max_length=12, blank=True)
    address = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    @classmethod
    def get_session_store_class(cls) -> Any:
        from tradepost.database.people.session_store import SessionStore  # noqa: PLC0415 it needs this model

        return SessionStore


class _Kept(models.QuerySet["AuditEntry"]):
    """Entries are added and read, and nothing else."""

    def update(self, **_values: Any) -> NoReturn:
        raise TypeError("Nothing in the audit trail is ever changed.")

    def delete(self) -> NoReturn:
        raise TypeError("Nothing is ever taken out of the audit trail.")


class AuditEntry(models.Model):
    """One line of the audit trail, see `domain.people.audit`; `whence`: an address, or the machine of a command."""

    at = models.DateTimeField()
    event = enum_field(AuditEvent)
    who = models.CharField(max_length=LONGEST_NAME + 10)
    whence = models.CharField("from", max_length=100, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    words = models.TextField("what", blank=True)
    # No foreign key: a line outlives the run.
    run_id = models.BigIntegerField("run", null=True, blank=True)

    objects = _Kept.as_manager()

    class Meta:
        verbose_name = "entry of the audit trail"
        verbose_name_plural = "entries of the audit trail"
        constraints = [one_of("event", AuditEvent, table="audit_entry")]
        indexes = [
            # What somebody did, newest first.
            models.Index(fields=["who", "-id"], name="audit_of_one"),
            models.Index(fields=["event", "-id"], name="audit_of_a_kind"),
            # Whether somebody tries passwords now.
            models.Index(fields=["event", "at"], name="audit_lately"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who}: {self.event}"

    def save(self, **options: Any) -> None:
        if self.pk is not None:
            raise TypeError("Nothing in the audit trail is ever changed.")
        super().save(**options)

    def delete(self, using: Any = None, keep_parents: bool = False) -> NoReturn:  # noqa: ARG002 Django's form
        raise TypeError("Nothing is ever taken out of the audit trail.")
