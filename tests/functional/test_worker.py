"""`tradepost worker` as processes, on PostgreSQL: who executes what, and what becomes of it when one of them dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from tradepost.database import sql
from tradepost.database.models import Channel, Run, RunChange, ScheduleRecord
from tradepost.engine.runs import request_run

TRADEPOST = Path(sys.executable).parent / "tradepost"
LEASE_SECONDS = 5

# Processes one after another, which a busy machine takes long to start.
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400)]


@pytest.fixture
def sqlite(postgres) -> str:
    """The hub of these tests, and so of the shell that they share with others, is on PostgreSQL."""
    return postgres


@pytest.fixture
def store(shell, tmp_path) -> Iterator[SandboxServer]:
    (tmp_path / "hub").chmod(0o700)
    with SandboxServer() as server:
        yield server


@pytest.fixture
def start(postgres, tmp_path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command as a process, and wait for its first line."""
    started: list[subprocess.Popen[str]] = []

    def start_process(*words: str) -> subprocess.Popen[str]:
        environment = {
            "DATABASE_URL": postgres,
            "TRADEPOST_DATA": str(tmp_path / "hub"),
            "TRADEPOST_LEASE_SECONDS": str(LEASE_SECONDS),
        }
        process = subprocess.Popen(
            [TRADEPOST, *words],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline(), process.communicate()
        return process

    yield start_process
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until(is_so: Callable[[], object], *, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def machine_of(run: Run) -> int:
    """The number of the process that has the run."""
    return int(Run.objects.get(pk=run.pk).owner.split("/")[1])


def test_what_is_due_and_what_is_asked_for_is_executed_by_workers_where_the_server_leaves_it_to_them(
    *, connected, store, sample, start
):
    """R16: the pages on one machine, the work on another."""
    assert connected("catalogue", "import", sample).code == 0
    missed = timezone.now() - timedelta(hours=3)
    ScheduleRecord.objects.exclude(operation="get_orders").update(every_minutes=0, cron="", next_at=None)
    ScheduleRecord.objects.filter(operation="get_orders").update(next_at=missed)
    server = start("serve", "--port", "0", "--threads", "0")
    publish = request_run(Channel.objects.get().pk, "publish")
    worker = start("worker")

    wait_until(lambda: Run.objects.get(pk=publish.pk).finished_at)
    wait_until(lambda: Run.objects.filter(trigger="schedule", finished_at__isnull=False))

    publish.refresh_from_db()
    assert (publish.state, publish.attempt) == ("completed", 1)
    assert Run.objects.filter(trigger="schedule").earliest("pk").state == "completed"
    assert [end(server), end(worker)] == [(0, ""), (0, "")]


def test_a_server_beside_workers_executes_runs_too_and_each_run_once(*, connected, store, start):
    channel = Channel.objects.get().pk
    kinds = ("get_orders", "sync_orders", "reconcile_orders", "publish", "sync", "link")
    asked = [request_run(channel, kind) for kind in kinds]

    processes = [start("serve", "--port", "0"), start("worker"), start("worker")]
    wait_until(lambda: not Run.objects.filter(pk__in=[run.pk for run in asked], finished_at=None))

    executed = Run.objects.filter(pk__in=[run.pk for run in asked])
    assert {(run.state, run.attempt, run.error) for run in executed} == {("completed", 1, "")}
    assert [end(process) for process in processes] == [(0, "")] * 3


def test_a_worker_ends_in_seconds_while_a_store_is_silent_and_another_goes_on_with_its_run(
    *, connected, store: SandboxServer, start
):
    silence = store.faults.add(Rule(kind="latency", seconds=3600.0))
    run = request_run(Channel.objects.get().pk, "get_orders")
    first = start("worker")
    wait_until(store.faults.log)

    code, said = end(first)
    between = Run.objects.get(pk=run.pk)
    store.faults.remove(silence)
    second = start("worker")
    wait_until(lambda: Run.objects.get(pk=run.pk).finished_at)

    assert code == 0
    assert said == f"Run {run.pk}: queued again, as the store has not answered. The next start goes on with it.\n"
    assert (between.state, between.attempt) == ("queued", 1)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("completed", 2)
    assert end(second) == (0, "")


def test_a_worker_that_is_stopped_by_force_has_its_run_taken_over_and_finds_out_when_it_wakes(
    *, connected, store: SandboxServer, start
):
    """R16: frozen, it can't be told; its lease says it."""
    Channel.objects.update(lost_answer_seconds=1)
    silence = store.faults.add(Rule(kind="latency", seconds=3600.0))
    run = request_run(Channel.objects.get().pk, "get_orders")
    frozen = start("worker")
    wait_until(store.faults.log)
    frozen.send_signal(signal.SIGSTOP)
    store.faults.remove(silence)

    other = start("worker")
    wait_until(lambda: Run.objects.get(pk=run.pk).finished_at)
    frozen.send_signal(signal.SIGCONT)
    later = request_run(Channel.objects.get().pk, "get_orders")
    wait_until(lambda: Run.objects.get(pk=later.pk).finished_at)

    run.refresh_from_db()
    assert (run.state, run.attempt) == ("completed", 2)
    assert run.writes_from is not None
    assert end(other) == (0, "")
    # It still waits for a store that does not answer, and is ended from outside where it takes long to say so.
    assert end(frozen)[0] in {0, 130}


def test_a_worker_that_is_frozen_in_a_transaction_keeps_nobody_from_its_run_and_writes_nothing_when_it_wakes(
    *, connected, store: SandboxServer, sample, start, tmp_path
):
    """What it has locked would be locked for as long as its connection lasts, whatever became of its lease."""
    assert connected("catalogue", "import", sample).code == 0
    Channel.objects.update(lost_answer_seconds=1)
    run = request_run(Channel.objects.get().pk, "publish")
    with transaction.atomic():
        sql.execute("LOCK TABLE tradepost_runchange IN EXCLUSIVE MODE")
        frozen = start("worker")
        # It has renewed its lease in this transaction, so the row of the run is its own, and is to write what it did.
        wait_until(lambda: _waiting_for("tradepost_runchange"))
        frozen.send_signal(signal.SIGSTOP)

    other = start("worker")
    wait_until(lambda: Run.objects.get(pk=run.pk).finished_at)
    # Who starts takes all those off the list that gave no sign of life.
    others = [other, start("worker")]
    assert [end(process) for process in others] == [(0, ""), (0, "")]
    frozen.send_signal(signal.SIGCONT)
    _, said = frozen.communicate(timeout=120)

    run.refresh_from_db()
    assert (run.state, run.attempt) == ("completed", 2)
    assert set(RunChange.objects.filter(run=run).values_list("attempt", flat=True)) == {2}
    # Whoever supervises it starts it again, and nothing of it looks like a crash.
    assert (frozen.returncode, said.partition(",")[0]) == (2, "The worker has ended")
    log = (tmp_path / "hub" / "tradepost.log").read_text(encoding="utf-8")
    assert f"Run {run.pk} was taken over by another worker." in log
    assert "It stood still for so long that it was taken for dead" in log
    assert "Traceback" not in log


def _waiting_for(table: str) -> bool:
    """Whether another connection waits for a lock of this table."""
    return bool(sql.fetch_rows("SELECT pid FROM pg_locks WHERE relation = %s::regclass AND NOT granted", table))


def test_a_worker_without_its_database_ends_with_a_sentence_for_whoever_starts_it_again(
    postgres_server, start, postgres
):
    worker = start("worker")
    name = connection.settings_dict["NAME"]
    connection.close()
    postgres_server.drop(name)

    _, said = worker.communicate(timeout=120)
    postgres_server.restore(name)

    assert worker.returncode == 2
    assert said.startswith("The worker has ended, as the database can't be reached any more")


def test_a_worker_on_sqlite_says_what_it_needs(tmp_path):
    environment = {**os.environ, "TRADEPOST_DATA": str(tmp_path), "DATABASE_URL": ""}

    asked = [
        subprocess.run([TRADEPOST, *words], env=environment, capture_output=True, text=True, check=False)
        for words in (("worker",), ("serve", "--threads", "0"))
    ]

    assert [said.returncode for said in asked] == [2, 2]
    assert all("need a PostgreSQL database, named in DATABASE_URL" in said.stderr for said in asked)
