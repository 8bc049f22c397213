"""People on both databases: names, and the owner who stays whatever happens at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connections

from tradepost import wiring
from tradepost.database.models import AuditEntry, Person
from tradepost.domain.errors import NotAllowed
from tradepost.domain.people.roles import Role
from tradepost.operations import people


@pytest.fixture
def owners(database) -> list[str]:
    for name in ("alice", "olga"):
        Person.objects.create(username=name, role=Role.OWNER.value)
    return ["alice", "olga"]


@pytest.mark.parametrize("deed", ["change_role", "disable", "remove"])
def test_two_owners_who_take_each_other_out_at_once_leave_one(owners, deed):
    together = threading.Barrier(2)

    def take_out(name: str) -> bool:
        ports = wiring.people.people_ports(requested_by="somebody")
        try:
            together.wait()
            if deed == "change_role":
                people.change_role(name, Role.VIEWER, ports)
            else:
                getattr(people, deed)(name, ports)
        except NotAllowed:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(take_out, owners))

    assert sorted(done) == [False, True]
    assert Person.objects.filter(role=Role.OWNER.value, is_active=True).count() == 1
    assert AuditEntry.objects.count() == 1, "what was refused is not told as if it had been done"


def test_names_that_differ_only_in_their_case_are_one_persons(owners):
    assert wiring.people.people_ports(requested_by="").people.find("ALICE").name == "alice"
    with pytest.raises(IntegrityError):
        Person.objects.create(username="Alice", role=Role.VIEWER.value)


def test_a_role_that_there_is_not_is_refused_by_the_database(database):
    with pytest.raises(IntegrityError):
        Person.objects.create(username="eve", role="king")
