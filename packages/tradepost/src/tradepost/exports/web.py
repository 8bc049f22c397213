"""
An address of the web: each batch of orders is posted there, and taken once it is answered with success; what it answers
when it is asked for is a file of shipments or of products.
"""

import time
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx2

from tradepost.domain.errors import CredentialsRejected, StorageRefused, StoreUnavailable
from tradepost.domain.files.fetched_file import CATALOGUE_ENDINGS, LONGEST_FILE_NAME
from tradepost.domain.orders.order_export import ExportForm
from tradepost.operations.ports import CopiedFile

_SECONDS = 60
_WHOLE_SECONDS = 180
_NOTHING_NEW = frozenset({204, 304})
_LONGEST_TAG = 200
_TAKEN = "text/csv, application/jsonl, text/plain;q=0.9, application/json;q=0.8, */*;q=0.1"
_MEDIA_TYPES = {ExportForm.CSV: "text/csv; charset=utf-8", ExportForm.JSONL: "application/jsonl"}
_NO_ENTRY = frozenset({401, 403, 407})
_LATER = frozenset({408, 425, 429})


class WebAddress:
    """
    Implements `operations.ports.Target`, `FilePlace` and `ExchangePlace`. A request that comes twice has the same
    `Idempotency-Key`, its file's name.

    `token`: sent as a bearer's; blank for none. Redirects are not followed.
    """

    puts_away = False

    def __init__(self, address: str, *, token: str, open_transport: Callable[[], httpx2.BaseTransport]) -> None:
        self._address = address
        self._token = token
        self._open_transport = open_transport

    def put(self, name: str, content: bytes) -> None:
        headers = {
            "Content-Type": _MEDIA_TYPES[ExportForm(name.rpartition(".")[2])],
            "Content-Disposition": f'attachment; filename="{name}"',
            "Idempotency-Key": name,
        }
        try:
            with self._client() as client:
                status = client.post(self._address, content=content, headers=headers).status_code
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        self._check(status, does="take it", name=name)

    def try_out(self, *, takes: bool) -> str:
        headers = {"Accept": _TAKEN, "Accept-Encoding": "identity"}
        deadline = {"deadline": time.monotonic() + _SECONDS}
        try:
            with (
                self._client() as client,
                client.stream("GET", self._address, headers=headers, extensions=deadline) as answer,
            ):
                status = answer.status_code
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        # What is posted to need not answer whoever asks, as long as it lets them in.
        if takes and 400 <= status < 500 and status not in _NO_ENTRY | _LATER:  # noqa: PLR2004 - HTTP's own
            return f"It answers (status {status}); whether it takes orders shows with the first ones."
        if status not in _NOTHING_NEW:
            self._check(status, does="take anything" if takes else "give a file", name=self._address)
        return f"It answers (status {status}), and lets the hub in."

    def names(self) -> list[str]:
        """Name its one file, after the address."""
        path = PurePosixPath(urlsplit(self._address).path)
        ending = path.suffix if path.suffix in CATALOGUE_ENDINGS else ".csv"
        plain = "".join(mark if mark.isascii() and (mark.isalnum() or mark in "-_.") else "_" for mark in path.stem)
        return [f"{plain.lstrip('.')[: LONGEST_FILE_NAME - len(ending)] or 'file'}{ending}"]

    def copy(self, name: str, into: BinaryIO, *, limit_bytes: int, tag: str = "") -> CopiedFile | None:
        headers = {"Accept": _TAKEN, "Accept-Encoding": "identity"} | ({"If-None-Match": tag} if tag else {})
        deadline = {"deadline": time.monotonic() + _WHOLE_SECONDS}
        try:
            with (
                self._client() as client,
                client.stream("GET", self._address, headers=headers, extensions=deadline) as answer,
            ):
                if answer.status_code in _NOTHING_NEW:
                    return None
                self._check(answer.status_code, does="give it", name=name)
                size = 0
                for chunk in answer.iter_bytes():
                    size += len(chunk)
                    if size > limit_bytes:
                        raise StorageRefused(
                            f"{self._address} answers with more than {limit_bytes // 1_000_000} MB.", path=name
                        )
                    into.write(chunk)
                new_tag = answer.headers.get("ETag", "")
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        return CopiedFile(size, is_complete=True, tag=new_tag if len(new_tag) <= _LONGEST_TAG else "")

    def put_away(self, name: str, *, size_bytes: int, folder: str, new_name: str) -> bool:  # noqa: ARG002
        """What a web address has stays there; what was taken is remembered."""
        return True

    def _client(self) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return httpx2.Client(
            transport=self._open_transport(), timeout=_SECONDS, follow_redirects=False, headers=headers
        )

    def _unreachable(self, error: httpx2.HTTPError) -> StoreUnavailable:
        return StoreUnavailable(f"{self._address} does not answer ({str(error) or type(error).__name__}).")

    def _check(self, status: int, *, does: str, name: str) -> None:
        if status in _NO_ENTRY:
            raise CredentialsRejected(f"{self._address} lets nobody in with this token (status {status}).")
        if status in _LATER or status >= 500:  # noqa: PLR2004 - HTTP's own
            raise StoreUnavailable(f"{self._address} can't {does} now (status {status}).")
        if not 200 <= status < 300:  # noqa: PLR2004
            raise StorageRefused(f"{self._address} does not {does} (status {status}).", path=name)
