"""
The image library: a folder of re-encoded files by checksum, and a note per source of which file it became.

A source that was fetched is not fetched again. Files are written under a temporary name and renamed, so a process
that is killed leaves no half image, and two that fetch the same one agree.
"""

import hashlib
import json
import logging
import math
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2

from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.errors import AddressRefused, ImageUnusable
from tradepost.images.encoding import JPEG, MAX_BYTES, PNG, NotAnImage, TooSlow, encode
from tradepost.images.files import LeadsOut, read_inside

_logger = logging.getLogger(__name__)

MEDIA = "media:"
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 20.0
_IMAGE_SECONDS = 60.0  # downloading and decoding together
_RUN_SECONDS = 7200.0
_MAX_REDIRECTS = 5
_AT_ONCE = 8
_FAILURES_PER_HOST = 2
_HTTP_OK = 200


class ImageLibrary:
    """Implements `operations.ports.SourceImages`; one for each run, since it remembers bad hosts."""

    def __init__(
        self,
        folder: Path,
        *,
        check_address: Callable[[str], None],
        open_transport: Callable[[], httpx2.BaseTransport] = httpx2.HTTPTransport,
        image_seconds: float = _IMAGE_SECONDS,
        run_seconds: float = _RUN_SECONDS,
    ) -> None:
        """
        Keep files below `folder`.

        `check_address` raises AddressRefused for a web address that must not be fetched; it is asked again after
        every redirect. `open_transport` decides where a host's name may lead, and keeps a request to its extension
        `deadline`; the default one does neither. `run_seconds` bounds all fetching of this instance together.
        """
        self._files = folder / "files"
        self._sources = folder / "sources"
        for path in (self._files, self._sources):
            path.mkdir(parents=True, exist_ok=True)
        self._check_address = check_address
        self._open_transport = open_transport
        self._image_seconds = image_seconds
        self._run_seconds = run_seconds
        self._seconds_left = run_seconds
        self._failures: Counter[str] = Counter()
        self._lock = threading.Lock()

    def prepare(self, sources: Collection[str]) -> dict[str, ImageFile | ImageUnusable]:
        prepared: dict[str, ImageFile | ImageUnusable] = {}
        missing: list[str] = []
        for source in dict.fromkeys(sources):
            kept = self.kept(source)
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
            prepared.update(zip(missing, self._fetch_all(missing), strict=True))
        return prepared

    def _fetch_all(self, sources: Collection[str]) -> list[ImageFile | ImageUnusable]:
        started = time.monotonic()
        run_ends_at = started + self._seconds_left
        timeout = httpx2.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        with (
            httpx2.Client(
                transport=self._open_transport(), timeout=timeout, follow_redirects=False, trust_env=False
            ) as client,
            ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(sources))) as pool,
        ):
            fetched = list(pool.map(lambda source: self._fetch(client, source, run_ends_at), sources))
        self._seconds_left -= time.monotonic() - started
        return fetched

    def ingest(self, name: str, *, folder: Path) -> ImageFile:
        try:
            return self._keep(read_inside(folder, name, limit_bytes=MAX_BYTES), source=None)
        except AddressRefused as reason:
            raise ImageUnusable(str(reason), source=name, leads_out=isinstance(reason, LeadsOut)) from reason
        except FileNotFoundError:
            raise ImageUnusable(f"There is no file {folder / name}.", source=name) from None
        except OSError as error:
            raise ImageUnusable(f"{folder / name} can't be read: {error.strerror}.", source=name) from error
        except NotAnImage as reason:
            raise ImageUnusable(f"{folder / name} {reason}.", source=name) from reason

    def content(self, checksum: str) -> bytes:
        """Raises ImageUnusable when the file was deleted from the folder."""
        for extension in (JPEG, PNG):
            try:
                return (self._files / f"{checksum}.{extension}").read_bytes()
            except FileNotFoundError:
                continue
        raise ImageUnusable(f"The image {checksum[:8]} is gone from the image folder.", source=checksum)

    def kept(self, source: str) -> ImageFile | None:
        """Return the file that a source became; None where it was not fetched yet, or the file is gone."""
        note = self._sources / _name(source)
        try:
            told = json.loads(note.read_text(encoding="utf-8"))
            size = (self._files / f"{told['checksum']}.{told['extension']}").stat().st_size
        except (OSError, ValueError, KeyError):
            return None
        return ImageFile(source, told["checksum"], told["extension"], size)

    def _keep(self, content: bytes, *, source: str | None, ends_at: float = math.inf) -> ImageFile:
        encoded, extension = encode(content, ends_at=ends_at)
        checksum = hashlib.sha256(encoded).hexdigest()
        source = source or f"{MEDIA}{checksum}"
        _write(self._files / f"{checksum}.{extension}", encoded)
        note = json.dumps({"source": source, "checksum": checksum, "extension": extension})
        _write(self._sources / _name(source), note.encode())
        return ImageFile(source, checksum, extension, len(encoded))

    def _fetch(self, client: httpx2.Client, source: str, run_ends_at: float) -> ImageFile | ImageUnusable:
        """Fetch one image. Whatever is wrong with it is the answer, and never an error of all of them."""
        try:
            return self._fetched(client, source, run_ends_at)
        except ImageUnusable as reason:
            return reason
        except AddressRefused as reason:
            return ImageUnusable(str(reason), source=source)
        except NotAnImage as reason:
            return ImageUnusable(f"{source} {reason}.", source=source)
        except OSError as error:
            return ImageUnusable(f"{source} can't be kept in the image folder: {error.strerror}.", source=source)
        except Exception as error:
            _logger.exception("An image failed in a way that nobody thought of: %s", source)
            return ImageUnusable(f"{source} can't be used ({type(error).__name__}).", source=source)

    def _fetched(self, client: httpx2.Client, source: str, run_ends_at: float) -> ImageFile:
        # First, as what can't be read has no host.
        self._check_address(source)
        host = _host(source)
        started = time.monotonic()
        if started >= run_ends_at:
            raise ImageUnusable(
                f"{source} was not fetched: this run has spent its {self._run_seconds / 60:.0f} minutes on images; "
                "the next one goes on.",
                source=source,
            )
        with self._lock:
            if self._failures[host] >= _FAILURES_PER_HOST:
                raise ImageUnusable(
                    f"{source} was not fetched: {host} has failed {_FAILURES_PER_HOST} times in this run.",
                    source=source,
                )
        ends_at = min(started + self._image_seconds, run_ends_at)
        try:
            return self._keep(self._download(client, source, ends_at), source=source, ends_at=ends_at)
        except (httpx2.HTTPError, httpx2.InvalidURL, TooSlow) as error:
            with self._lock:
                self._failures[host] += 1
            reason = f"no whole image within {ends_at - started:.0f} seconds"
            if time.monotonic() < ends_at:
                reason = _reason(error)
            raise ImageUnusable(f"{source} can't be fetched: {reason}.", source=source) from error

    def _download(self, client: httpx2.Client, source: str, ends_at: float) -> bytes:
        address = source
        for _ in range(_MAX_REDIRECTS + 1):
            self._check_address(address)
            with client.stream("GET", address, extensions={"deadline": ends_at}) as answer:
                if answer.is_redirect:
                    address = _next(address, answer.headers.get("location", ""))
                    continue
                if answer.status_code != _HTTP_OK:
                    raise NotAnImage(f"can't be fetched: its server answered {answer.status_code}")
                content = bytearray()
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > MAX_BYTES:
                        raise NotAnImage(f"is larger than {MAX_BYTES // 1_000_000} MB")
                    if time.monotonic() > ends_at:
                        raise TooSlow("takes too long to come")
                return bytes(content)
        raise NotAnImage("leads from one address to another without end")


def _host(source: str) -> str:
    """Return where the failures of an address count; one that can't be read has no host to fail."""
    try:
        return urlsplit(source).netloc.lower()
    except ValueError:
        raise NotAnImage("is no web address") from None


def _next(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:
        raise NotAnImage(f"can't be fetched: its server points to {location[:200]!r}, which is no address") from None


def _reason(error: Exception) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return f"no connection within {_CONNECT_SECONDS:.0f} seconds"
    if isinstance(error, httpx2.TimeoutException):
        return "its server did not answer in time"
    if isinstance(error, httpx2.ConnectError):
        return "its server can't be reached"
    return "its server broke off" if isinstance(error, httpx2.TransportError) else "its address can't be used"


def _name(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest() + ".json"


def _write(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as target:
        target.write(content)
    Path(target.name).replace(path)
