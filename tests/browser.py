"""Debian's Chromium for tests of pages, and logging in there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connections

PASSWORD = "a long and quiet evening"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """
    Open the browser; meanwhile the test may look into the database.

    The browser's driver has an event loop in this thread. There Django asks whether one means to wait for a database,
    and keeps connections apart from those of before: they go with the loop, or the next test with a browser would look
    into the database of this one.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 only where there is a browser

    with patch.dict(os.environ, DJANGO_ALLOW_ASYNC_UNSAFE="true"), sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        try:
            yield opened
        finally:
            opened.close()
            for connection in connections.all(initialized_only=True):
                connection.close()
                del connections[connection.alias]


def log_in(tab: Any, office: str, name: str, password: str = PASSWORD) -> None:
    tab.goto(office)
    tab.fill("input[name=username]", name)
    tab.fill("input[name=password]", password)
    tab.click("button[type=submit]")
    tab.wait_for_load_state("networkidle")
