"""The back office beside the demo: served from this process, with a login made for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from tradepost.cli.hub.serve import serving
from tradepost.database.models import Person
from tradepost.domain.people.roles import Role
from tradepost.engine.executor import Executor


@contextmanager
def back_office(*, user: str, password: str) -> Iterator[str]:
    """Serve the back office on a free port of this machine; give its address."""
    person, _ = Person.objects.get_or_create(username=user, defaults={"role": Role.OWNER.value})
    person.role, person.is_active = Role.OWNER.value, True
    person.set_password(password)
    person.save()
    # Nothing is started by schedule beside the demo.
    with serving(host="127.0.0.1", port=0, crew=Executor()) as url:
        yield url
