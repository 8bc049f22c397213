"""How a consumer's batches are brought: who confirms them, and under which names they arrive."""

from enum import StrEnum
from hashlib import sha256

from tradepost.domain.orders.order_export import ExportForm


class Confirmation(StrEnum):
    """Who confirms what was delivered: the consumer, by `orders confirm`, or the delivery itself."""

    CONSUMER = "consumer"
    DELIVERY = "delivery"


def file_name(*, channel: str, consumer: str, cursor: int, content: bytes, form: ExportForm) -> str:
    """
    Name a batch's file. It has the content's hash in it: one name never has two contents.

    Names sort as the batches follow each other.
    """
    return f"orders-{_plain(channel)}-{_plain(consumer)}-{cursor:08d}-{sha256(content).hexdigest()[:8]}.{form}"


def _plain(name: str) -> str:
    return "".join(mark if mark.isascii() and mark.isalnum() else "_" for mark in name)[:40]
