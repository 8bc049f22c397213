"""An address of the web as a target of orders: each batch is posted, and taken once it is answered with success."""

from collections.abc import Callable

import httpx2

from tradepost.domain.errors import CredentialsRejected, StorageRefused, StoreUnavailable
from tradepost.domain.order_export import ExportForm

_SECONDS = 60
_MEDIA_TYPES = {ExportForm.CSV: "text/csv; charset=utf-8", ExportForm.JSONL: "application/jsonl"}
_NO_ENTRY = frozenset({401, 403, 407})
_LATER = frozenset({408, 425, 429})


class WebAddress:
    """
    Implements `operations.ports.Target`. A request that comes twice has the same `Idempotency-Key`, its file's name.

    `token`: sent as a bearer's; blank for none. Redirects are not followed.
    """

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
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            with httpx2.Client(transport=self._open_transport(), timeout=_SECONDS, follow_redirects=False) as client:
                status = client.post(self._address, content=content, headers=headers).status_code
        except httpx2.HTTPError as error:
            raise StoreUnavailable(
                f"{self._address} does not answer ({str(error) or type(error).__name__})."
            ) from error
        if status in _NO_ENTRY:
            raise CredentialsRejected(f"{self._address} lets nobody in with this token (status {status}).")
        if status in _LATER or status >= 500:  # noqa: PLR2004 - HTTP's own
            raise StoreUnavailable(f"{self._address} can't take it now (status {status}).")
        if not 200 <= status < 300:  # noqa: PLR2004
            raise StorageRefused(f"{self._address} does not take it (status {status}).", path=name)
