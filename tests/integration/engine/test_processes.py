"""Several processes on one database: a server that starts, and commands in shells."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tradepost.database.models import Channel, Run, RunChange

PROLOGUE = """
import sys, time
from contextlib import contextmanager
from types import SimpleNamespace
import django
django.setup()
from tradepost import wiring
from tradepost.database.models import Channel, Run
from tradepost.domain.plan import *
from tradepost.engine.executor import Executor
from tradepost.engine.runs import request_run, run_now

@contextmanager
def ports_for(channel, run, **_):
    yield SimpleNamespace(run=run)

def work(ports, selection):
    for number in range(20):
        change = Change(Subject(SubjectKind.PRODUCT, str(number)), Side.STORE, Action.CREATE)
        with ports.run.transaction():
            Channel.objects.update(batch_size=number + 1)
            ports.run.report([Result(change, Outcome.APPLIED)])

wiring.runs.ports_for = ports_for
wiring.runs.LISTING_VERBS = {kind: work for kind in ("publish", "sync", "get_orders")}
print("ready", flush=True)
sys.stdin.readline()
"""
SERVER = """
executor = Executor(threads=2, poll_seconds=0.01)
executor.start()
sys.stdin.readline()
executor.stop()
"""
SHELL = """
run = run_now(request_run(int(sys.argv[1]), sys.argv[2]))
print(run.pk, run.state, flush=True)
"""


def start(program: str, *arguments: str, url: str) -> subprocess.Popen[str]:
    """Start a Python process on this database and wait until it is about to begin."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROLOGUE + program, *arguments],
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.fixture
def channel(database) -> Channel:
    return Channel.objects.create(name="Shop")


def test_a_publish_from_a_shell_while_the_server_starts_is_executed_once(channel, database):
    server = start(SERVER, url=database)
    shell = start(SHELL, str(channel.pk), "publish", url=database)

    go_on(server)
    go_on(shell)
    said, shell_errors = shell.communicate(timeout=60)
    go_on(server)
    _, server_errors = server.communicate(timeout=60)

    run = Run.objects.get()
    assert said.split() == [str(run.pk), "completed"], shell_errors
    assert (run.attempt, server.returncode, server_errors) == (1, 0, "")
    # A second execution would have left every change twice.
    assert RunChange.objects.count() == 20


def test_writers_in_two_processes_wait_for_each_other_instead_of_failing(channel, database):
    shells = [start(SHELL, str(channel.pk), kind, url=database) for kind in ("publish", "get_orders")]

    for shell in shells:
        go_on(shell)
    answers = [shell.communicate(timeout=60) for shell in shells]

    assert [said.split()[1] for said, _ in answers] == ["completed", "completed"], answers
    assert RunChange.objects.count() == 40
    assert Channel.objects.get().batch_size == 20


def test_keys_are_made_once_however_many_processes_start_first(tmp_path: Path):
    program = "from django.conf import settings; print(settings.SECRET_KEY)"
    environment = {**os.environ, "TRADEPOST_DATA": str(tmp_path / "data")}
    processes = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    keys = {process.communicate(timeout=60)[0].strip() for process in processes}

    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
