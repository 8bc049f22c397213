"""Trying a channel's connections: one harmless question after the other, each answered by yes or by its cure."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tradepost.database.models import Channel, ConnectionKind
from tradepost.domain.errors import StorageRefused, TradepostError
from tradepost.domain.order import StoreStatus
from tradepost.wiring import open_images, open_store


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was tried, whether it went well, and what was found or what cures it."""

    name: str
    is_good: bool
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"check": self.name, "ok": self.is_good, "message": self.words}


def check_channel(channel: Channel, *, make_folder: bool = False) -> list[Finding]:
    """
    Check a channel's store and image server by reading only; remember the result with the connections.

    `make_folder`: make the folder for pictures where it is missing.
    """
    findings = [*_check_store(channel), *_check_images(channel, make_folder=make_folder)]
    for connection in channel.connections.all():
        is_store = connection.kind == ConnectionKind.STORE_API.value
        bad = [f.words for f in findings if not f.is_good and f.name.startswith("store" if is_store else "images")]
        connection.tested_at = timezone.now()
        connection.test_result = " ".join(bad) or "ok"
        connection.save(update_fields=["tested_at", "test_result"])
    return findings


def _check_store(channel: Channel) -> list[Finding]:
    if not channel.connections.filter(kind=ConnectionKind.STORE_API.value).exists():
        return [Finding("store", is_good=False, words="The channel has no store connection.")]
    findings: list[Finding] = []
    with open_store(channel) as store:
        first = _try("store: products can be read", lambda: _count_products(store))
        findings.append(first)
        if first.is_good:
            findings.append(_try("store: orders can be read", lambda: _see_orders(store)))
            findings.append(
                _try(
                    "store: stock",
                    lambda: (
                        "can be read back"
                        if store.reads_stock()
                        else "can't be read with this token, so quantities count as sent, not as proven"
                    ),
                )
            )
    return findings


def _check_images(channel: Channel, *, make_folder: bool) -> list[Finding]:
    if not channel.connections.filter(kind=ConnectionKind.IMAGE_FTP.value).exists():
        return [Finding("images: none", is_good=True, words="no image server, so publishing sends no pictures")]

    def look() -> str:
        with open_images(channel) as images:
            assert images is not None  # the connection exists
            if images.has_folder():
                return "the folder is there"
            if not make_folder:
                message = (
                    "The folder for pictures is missing on the image server. Make it with "
                    "'tradepost channel check --make-folder', or connect with '--ftp-folder graphics' to do without."
                )
                raise StorageRefused(message, path="")
            images.make_folder()
            return "the folder was made"

    return [_try("images: log-in and folder", look)]


def _try(name: str, question: Callable[[], str]) -> Finding:
    try:
        return Finding(name, is_good=True, words=question())
    except TradepostError as error:
        return Finding(name, is_good=False, words=str(error))


def _count_products(store: Any) -> str:
    first: list[Any] = next(iter(store.iterate_rows(page_size=1)), [])
    return "the store has products" if first else "the store has no products yet"


def _see_orders(store: Any) -> str:
    pages = store.iterate_orders(
        statuses=frozenset({StoreStatus.PENDING}), since=timezone.now() - timedelta(days=1), page_size=1
    )
    found = sum(len(page) for page in itertools.islice(pages, 1))
    return "there are new orders" if found else "no new order today"
