"""The same people everywhere: Alice is an owner, Bob an operator, Vera looks only, and Charlie is a stranger."""

from django.test import Client

from tradepost.database.models import Person
from tradepost.domain.people.roles import Role

ROLES = {"alice": Role.OWNER, "bob": Role.OPERATOR, "vera": Role.VIEWER}
NAMES = (*ROLES, "charlie")


def person(name: str) -> Person:
    """Find one of them, or let them in: without a password, as hashing one is slow on purpose. Charlie is disabled."""
    role = ROLES.get(name, Role.VIEWER)
    found, _ = Person.objects.get_or_create(username=name, defaults={"role": role.value, "is_active": name in ROLES})
    return found


def browser_of(name: str, **settings: object) -> Client:
    """Return a client that somebody is logged in with."""
    client = Client(SERVER_NAME="localhost", **settings)
    client.force_login(person(name))
    return client
