"""What the person at a page may do: everything here asks `domain.people.roles`."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from tradepost.database.models import Person
from tradepost.domain.people import roles
from tradepost.domain.people.roles import Role

Action = TypeVar("Action", bound=Callable[..., Any])


def may(request: HttpRequest, act: str) -> bool:
    person = request.user
    return isinstance(person, Person) and person.is_active and roles.may(Role(person.role), act)


def need(request: HttpRequest, act: str) -> None:
    """Raise Django's PermissionDenied for who may not."""
    if not may(request, act):
        raise PermissionDenied


def asks(act: str, description: str) -> Callable[[Action], Action]:
    """Make a method the action of a table that does `act`, offered to those who may and to nobody else."""

    def decorate(method: Action) -> Action:
        made: Action = admin.action(description=description)(method)
        made.act = act  # type: ignore[attr-defined] # as Django keeps the description
        return made

    return decorate
