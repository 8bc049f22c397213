"""
The image library: a folder of re-encoded files by checksum, and a note per source of which file it became.

A source that was fetched is not fetched again. Files are written under a temporary name and renamed, so a process
that is killed leaves no half image, and two that fetch the same one agree.
"""

import hashlib
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2

from tradepost.domain.catalogue import ImageFile
from tradepost.domain.errors import AddressRefused, ImageUnusable
from tradepost.images.encoding import MAX_BYTES, NotAnImage, encode

MEDIA = "media:"
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 20.0
_MAX_REDIRECTS = 5
_AT_ONCE = 8
_FAILURES_PER_HOST = 2
_HTTP_OK = 200


class ImageLibrary:
    """Implements `operations.ports.SourceImages`; one for each run, since it remembers bad hosts."""

    def __init__(self, folder: Path, *, check_address: Callable[[str], None]) -> None:
        """
        Keep files below `folder`.

        `check_address` raises AddressRefused for a web address that must not be fetched; it is asked again after
        every redirect.
        """
        self._files = folder / "files"
        self._sources = folder / "sources"
        for path in (self._files, self._sources):
            path.mkdir(parents=True, exist_ok=True)
        self._check_address = check_address
        self._failures: Counter[str] = Counter()
        self._lock = threading.Lock()

    def prepare(self, sources: Collection[str]) -> dict[str, ImageFile | ImageUnusable]:
        prepared: dict[str, ImageFile | ImageUnusable] = {}
        missing: list[str] = []
        for source in dict.fromkeys(sources):
            kept = self._kept(source)
            if kept is not None:
                prepared[source] = kept
            elif source.startswith(MEDIA):
                prepared[source] = ImageUnusable(
                    f"The image {source} is no longer in the image folder; import the catalogue again.",
                    source=source,
                )
            else:
                missing.append(source)
        if missing:
            timeout = httpx2.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
            with (
                httpx2.Client(timeout=timeout, follow_redirects=False, trust_env=False) as client,
                ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(missing))) as pool,
            ):
                fetched = pool.map(lambda source: self._fetch(client, source), missing)
                prepared.update(zip(missing, fetched, strict=True))
        return prepared

    def ingest(self, path: str) -> ImageFile:
        try:
            if Path(path).stat().st_size > MAX_BYTES:
                raise ImageUnusable(f"{path} is larger than {MAX_BYTES // 1_000_000} MB.", source=path)
            content = Path(path).read_bytes()
        except FileNotFoundError:
            raise ImageUnusable(f"There is no file {path}.", source=path) from None
        except OSError as error:
            raise ImageUnusable(f"{path} can't be read: {error.strerror}.", source=path) from error
        try:
            return self._keep(content, source=None)
        except NotAnImage as reason:
            raise ImageUnusable(f"{path} {reason}.", source=path) from None

    def content(self, checksum: str) -> bytes:
        """Raises ImageUnusable when the file was deleted from the folder."""
        found = next(self._files.glob(f"{checksum}.*"), None)
        if found is None:
            raise ImageUnusable(f"The image {checksum[:8]} is gone from the image folder.", source=checksum)
        return found.read_bytes()

    def _kept(self, source: str) -> ImageFile | None:
        note = self._sources / _name(source)
        try:
            told = json.loads(note.read_text(encoding="utf-8"))
            size = (self._files / f"{told['checksum']}.{told['extension']}").stat().st_size
        except (OSError, ValueError, KeyError):
            return None
        return ImageFile(source, told["checksum"], told["extension"], size)

    def _keep(self, content: bytes, *, source: str | None) -> ImageFile:
        encoded, extension = encode(content)
        checksum = hashlib.sha256(encoded).hexdigest()
        source = source or f"{MEDIA}{checksum}"
        _write(self._files / f"{checksum}.{extension}", encoded)
        note = json.dumps({"source": source, "checksum": checksum, "extension": extension})
        _write(self._sources / _name(source), note.encode())
        return ImageFile(source, checksum, extension, len(encoded))

    def _fetch(self, client: httpx2.Client, source: str) -> ImageFile | ImageUnusable:
        host = urlsplit(source).netloc.lower()
        with self._lock:
            if self._failures[host] >= _FAILURES_PER_HOST:
                return ImageUnusable(
                    f"{source} was not fetched: {host} has failed {_FAILURES_PER_HOST} times in this run.",
                    source=source,
                )
        try:
            return self._keep(self._download(client, source), source=source)
        except (AddressRefused, NotAnImage) as reason:
            sentence = str(reason) if isinstance(reason, AddressRefused) else f"{source} {reason}."
            return ImageUnusable(sentence, source=source)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            with self._lock:
                self._failures[host] += 1
            return ImageUnusable(f"{source} can't be fetched: {_reason(error)}.", source=source)

    def _download(self, client: httpx2.Client, source: str) -> bytes:
        address = source
        for _ in range(_MAX_REDIRECTS + 1):
            self._check_address(address)
            with client.stream("GET", address) as answer:
                if answer.is_redirect:
                    address = urljoin(address, answer.headers.get("location", ""))
                    continue
                if answer.status_code != _HTTP_OK:
                    raise NotAnImage(f"can't be fetched: its server answered {answer.status_code}")
                content = bytearray()
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > MAX_BYTES:
                        raise NotAnImage(f"is larger than {MAX_BYTES // 1_000_000} MB")
                return bytes(content)
        raise NotAnImage("leads from one address to another without end")


def _reason(error: Exception) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return f"no connection within {_CONNECT_SECONDS:.0f} seconds"
    if isinstance(error, httpx2.TimeoutException):
        return "its server did not answer in time"
    if isinstance(error, httpx2.ConnectError):
        return "its server can't be reached"
    return "its server broke off" if isinstance(error, httpx2.TransportError) else "its address can't be used"


def _name(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest() + ".json"


def _write(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as target:
        target.write(content)
    Path(target.name).replace(path)
