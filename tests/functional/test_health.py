"""What machines that watch the hub are told: health and metrics over a real socket, and lines of the log."""

import json
import logging
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import Message
from http import HTTPStatus

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tradepost.cli.hub.serve import serving
from tradepost.database.models import Channel, Listing, Run, ScheduleRecord
from tradepost.engine.executor import Executor
from tradepost.engine.runs import request_run
from tradepost.security.log_context import of_request, of_run
from tradepost.security.masking import JsonLogFormatter, LogFormatter

TOKEN = "a-token-for-prometheus"


@pytest.fixture
def get() -> Iterator[Callable[..., tuple[int, dict[str, str], str]]]:
    """Ask a server that executes nothing; returns status, headers and body."""
    with serving(host="127.0.0.1", port=0, crew=None) as url:
        yield lambda path, **headers: answer_of(url, path, **headers)


def answer_of(url: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(url.rstrip("/") + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, lowered(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, lowered(error.headers), error.read().decode()


def lowered(headers: Message) -> dict[str, str]:
    """Names of headers are alike however they are written, and servers write them anew."""
    return {name.lower(): value for name, value in headers.items()}


def figures(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_hub_that_executes_runs_is_ready_and_one_that_does_not_says_so(sqlite, get, settings, tmp_path):
    alone = get("/health/ready")
    # Of servers there is one to a folder.
    settings.DATA_DIR = tmp_path
    with serving(host="127.0.0.1", port=0, crew=Executor(threads=1)) as url:
        with_threads = answer_of(url, "/health/ready")

    assert (alone[0], json.loads(alone[2])) == (
        HTTPStatus.SERVICE_UNAVAILABLE,
        {"database": "ok", "migrations": "ok", "workers": "none seen lately"},
    )
    assert (with_threads[0], set(json.loads(with_threads[2]).values())) == (HTTPStatus.OK, {"ok"})


def test_a_hub_whose_database_is_behind_is_not_ready(sqlite, get):
    call_command("migrate", "axes", "zero", verbosity=0)

    status, _, body = get("/health/ready")

    assert (status, json.loads(body)["migrations"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "to be brought up to date")


def test_a_hub_without_its_database_lives_and_is_not_ready_and_tells_nobody_where_that_is(
    postgres_server, postgres, get
):
    name = connection.settings_dict["NAME"]
    connection.close()
    postgres_server.drop(name)

    live, ready = get("/health/live"), get("/health/ready")
    postgres_server.restore(name)

    assert live[0] == HTTPStatus.OK
    assert ready[0] == HTTPStatus.SERVICE_UNAVAILABLE
    assert json.loads(ready[2]) == {
        "database": "can't be reached or read",
        "migrations": "unknown",
        "workers": "unknown",
    }


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_needs_no_login_and_is_told_to_whoever_asks_by_whatever_name(sqlite, get, settings, path):
    settings.SECURE_SSL_REDIRECT = True

    status, headers, _ = get(path, Host="a-container:8000")

    assert status in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}
    assert "set-cookie" not in headers
    assert headers["cache-control"] == "no-store"


def test_every_answer_has_a_number_that_the_log_names_too(sqlite, get):
    numbers = {get(path)[1]["x-request-id"] for path in ("/health/live", "/login/", "/nowhere/")}

    assert len(numbers) == 3


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
def test_metrics_are_told_to_nobody_without_their_token(sqlite, get, settings, given):
    assert get("/metrics", **given)[0] == HTTPStatus.NOT_FOUND
    settings.TRADEPOST_METRICS_TOKEN = TOKEN

    status, headers, body = get("/metrics", **given)

    assert (status, headers["www-authenticate"]) == (HTTPStatus.UNAUTHORIZED, "Bearer")
    assert "tradepost_runs" not in body


def test_metrics_count_what_waits_and_how_long(database, get, settings):
    settings.TRADEPOST_METRICS_TOKEN = TOKEN
    channel = Channel.objects.create(name="Shop")
    now = timezone.now()
    Run.objects.filter(pk=request_run(channel.pk, "publish").pk).update(queued_at=now - timedelta(hours=1))
    ended = request_run(channel.pk, "sync")
    Run.objects.filter(pk=ended.pk).update(state="failed", finished_at=now)
    ScheduleRecord.objects.create(
        channel=channel, operation="sync", every_minutes=5, next_at=now - timedelta(minutes=10)
    )

    status, _, body = get("/metrics", Authorization=f"Bearer {TOKEN}")

    told = figures(body)
    assert status == HTTPStatus.OK
    assert told["tradepost_runs", "publish", "queued"] == 1
    assert told["tradepost_runs_ended_last_hour", "sync", "failed"] == 1
    assert 3600 <= told["tradepost_oldest_queued_run_seconds",] < 4200
    assert 600 <= told["tradepost_schedule_lag_seconds",] < 1200
    assert told["tradepost_orders_on_hold", "Shop"] == 0
    assert told["tradepost_database_up",] == 1


def test_metrics_tell_what_is_to_be_sent_and_what_became_of_requests_to_stores(connected, sample, get, settings):
    settings.TRADEPOST_METRICS_TOKEN = TOKEN
    name = ("tradepost_store_request_seconds_count", "answered")
    before = figures(get("/metrics", Authorization=f"Bearer {TOKEN}")[2]).get(name, 0)

    connected("catalogue", "import", sample)
    connected("orders", "get")

    told = figures(get("/metrics", Authorization=f"Bearer {TOKEN}")[2])
    assert told[name] > before
    assert (
        told["tradepost_listings_waiting", "publish", "shop"] == Listing.objects.filter(pending="publish").count() > 0
    )


def test_metrics_without_a_database_say_only_that(postgres_server, postgres, get, settings):
    settings.TRADEPOST_METRICS_TOKEN = TOKEN
    name = connection.settings_dict["NAME"]
    connection.close()
    postgres_server.drop(name)

    status, _, body = get("/metrics", Authorization=f"Bearer {TOKEN}")
    postgres_server.restore(name)

    told = figures(body)
    assert (status, told["tradepost_database_up",]) == (HTTPStatus.OK, 0)
    assert not [key for key in told if key[0] == "tradepost_oldest_queued_run_seconds"]


def line_of(formatter: logging.Formatter, message: str, *values: object, error: Exception | None = None) -> str:
    caught = None
    if error is not None:
        try:
            raise error
        except Exception:  # noqa: BLE001 to have its trace
            caught = sys.exc_info()
    return formatter.format(logging.LogRecord("hub", logging.INFO, "x.py", 1, message, values, caught))


def test_a_line_of_the_log_says_to_which_request_and_run_it_belongs():
    with of_request("a1b2"), of_run(7):
        text, fields = line_of(LogFormatter(), "Done."), json.loads(line_of(JsonLogFormatter(), "Done."))
    after = line_of(LogFormatter(), "Done.")

    assert text.endswith("[request a1b2] [run 7] Done.")
    assert (fields["request"], fields["run"], fields["message"]) == ("a1b2", 7, "Done.")
    assert "[" not in after


def test_a_line_in_json_is_one_line_and_masks_what_is_secret():
    line = line_of(
        JsonLogFormatter(),
        "token=%s for %s\nnext",
        "abcdefgh",
        "jane@example.com",
        error=ValueError("password=hunter2"),
    )

    assert "\n" not in line
    assert not [secret for secret in ("abcdefgh", "jane@", "hunter2") if secret in line]
    assert json.loads(line)["message"].endswith("\nnext")
    assert "ValueError" in json.loads(line)["trace"]


def test_what_a_run_logs_names_it_in_the_threads_of_its_requests_too(connected, caplog):
    seen: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(line_of(LogFormatter(), record.getMessage()))  # type: ignore[method-assign]
    logger = logging.getLogger("tradepost.wiring.stores")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        connected("orders", "get")
    finally:
        logger.removeHandler(handler)

    run = Run.objects.latest("pk")
    assert seen
    assert all(f"[run {run.pk}]" in line for line in seen)
