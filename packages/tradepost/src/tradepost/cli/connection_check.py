"""Trying a channel's connections: one harmless question after the other, each answered by yes or by its cure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from tradepost.database.models import Channel, ConnectionKind
from tradepost.domain.errors import StorageRefused, TradepostError
from tradepost.miva.wire.functions import THE_EIGHT
from tradepost.wiring import open_image_store, open_store

USUAL_WINDOW_SECONDS = 120
_STOCK_READ = "can be read back, so quantities are proven"
_STOCK_UNREAD = (
    "can't be read with this token, so quantities count as sent, not as proven; the right to view inventory would "
    "prove them"
)


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

    `make_folder`: make the folder for images where it is missing.
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
    with open_store(channel) as store:
        try:
            check = store.check()
        except TradepostError as error:
            return [Finding("store: address and credentials", is_good=False, words=str(error))]
        return [
            Finding("store: address and credentials", is_good=True, words=f"this is '{check.store_name}'"),
            *(
                Finding(f"store: function {name}", name not in check.missing, check.missing.get(name, ""))
                for name in THE_EIGHT
            ),
            _clock(check.clock_difference_seconds),
            Finding("store: stock", is_good=True, words=_STOCK_READ if check.reads_stock else _STOCK_UNREAD),
        ]


def _clock(difference_seconds: float | None) -> Finding:
    name = "store: clock"
    if difference_seconds is None:
        return Finding(name, is_good=True, words="the store does not tell its time")
    ahead = "ahead of" if difference_seconds > 0 else "behind"
    words = f"the store's clock is {abs(difference_seconds):.0f} s {ahead} this machine's"
    if abs(difference_seconds) <= USUAL_WINDOW_SECONDS / 2:
        return Finding(name, is_good=True, words=words)
    cure = "set this machine's clock, or requests will be refused as outside the token's window"
    return Finding(name, is_good=False, words=f"{words}; {cure}")


def _check_images(channel: Channel, *, make_folder: bool) -> list[Finding]:
    if not channel.connections.filter(kind=ConnectionKind.IMAGE_FTP.value).exists():
        return [Finding("images: none", is_good=True, words="no image server, so publishing sends no images")]

    def look() -> str:
        with open_image_store(channel) as images:
            assert images is not None  # the connection exists
            if images.has_folder():
                return "the folder is there"
            if not make_folder:
                message = (
                    "The folder for images is missing on the image server. Make it with "
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
