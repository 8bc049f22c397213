"""Debian's Chromium for tests of pages, and logging in there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
    Open the browser. Its driver leaves an event loop in this thread, where Django would refuse to look into the
    database: DJANGO_ALLOW_ASYNC_UNSAFE has to be set before.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 only where there is a browser

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield opened
        opened.close()


def log_in(tab: Any, office: str, name: str, password: str = PASSWORD) -> None:
    tab.goto(office)
    tab.fill("input[name=username]", name)
    tab.fill("input[name=password]", password)
    tab.click("button[type=submit]")
    tab.wait_for_load_state("networkidle")
