"""
The port `ImageStore`: puts image files where the store finds them, whole or not at all, over a few connections.
"""

import secrets
import socket
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from types import TracebackType
from typing import Self

import stamina

from tradepost.domain.errors import StorageRefused, StoreUnavailable
from tradepost.miva.files.file_server import Connect, FileServer, FileServerAddress, ListingTooLong
from tradepost.miva.files.ftp import FtpFiles
from tradepost.miva.files.image_folder import ImageFolder, usual_base_directories
from tradepost.miva.files.sftp import SftpFiles
from tradepost.miva.wire.retrying import FILES
from tradepost.operations.ports import FileProtocol

# From here on one listing of the folder is cheaper than asking file by file.
_WORTH_A_LISTING = 20
_STORE_FOLDER = "00000001"
_PROBE = "tradepost-probe-"
_TINY_IMAGE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)
# Called with an address and a way to connect; logs in.
SERVERS: Mapping[FileProtocol, Callable[..., FileServer]] = {
    FileProtocol.FTP: FtpFiles,
    FileProtocol.FTPS: FtpFiles,
    FileProtocol.FTPS_IMPLICIT: FtpFiles,
    FileProtocol.SFTP: SftpFiles,
}


class MivaImageStore:
    """
    The image files of one store. Threads may share it; each works on a connection of its own, `connections` at most.

    Everything may be repeated, and is when a connection is lost.
    """

    def __init__(
        self,
        open_files: Callable[[], FileServer],
        *,
        folder: ImageFolder,
        connections: int = 4,
        retrying: stamina.RetryingCaller = FILES,
    ) -> None:
        self._open_files = open_files
        self._folder = folder
        self._retrying = retrying
        self._permits = threading.BoundedSemaphore(connections)
        self._idle: list[FileServer] = []
        self._lock = threading.Lock()

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        """Return the size in bytes of those of the registered paths that exist."""
        return self._retrying(StoreUnavailable, self._sizes_once, paths)

    def _sizes_once(self, paths: Collection[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for folder, names in _by_folder(paths).items():
            entries = self._listed(folder) if len(names) >= _WORTH_A_LISTING else None
            if entries is None:
                with self._connection() as files:
                    entries = {name: files.size(self._folder.remote_path(f"{folder}/{name}")) for name in names}
            found |= {f"{folder}/{name}": size for name in names if (size := entries.get(name)) is not None}
        return found

    def _listed(self, folder: str) -> Mapping[str, int | None] | None:
        """Return a folder's sizes by name, None where it is so full that its files are better asked for one by one."""
        try:
            with self._connection() as files:
                return files.entries(self._folder.remote_path(folder))
        except ListingTooLong:
            return None
        except StorageRefused:
            return {}

    def upload(self, path: str, content: bytes) -> None:
        """
        Put a file in place whole or not at all; one of the same size that is there is taken for it.

        Raises StorageRefused for a file of that name with another size: it is somebody else's.
        """
        self._retrying(StoreUnavailable, self._upload_once, path, content)

    def _upload_once(self, path: str, content: bytes) -> None:
        remote = self._folder.remote_path(path)
        # The same name at each attempt, so that what a broken one left is overwritten and not left for ever.
        partial = f"{remote}.part"
        with self._connection() as files:
            size = files.size(remote)
            if size == len(content):
                return
            if size is not None:
                raise StorageRefused(
                    f"The image server has a file {path} of {size} bytes that is not ours ({len(content)} bytes); "
                    "it was left as it is.",
                    path=path,
                )
            try:
                files.put(partial, content)
                kept = files.size(partial)
                if kept is not None and kept != len(content):
                    raise StorageRefused(
                        f"The image server kept {kept} of {len(content)} bytes of {path}; its disk may be full.",
                        path=path,
                    )
                files.rename(partial, remote)
            except StorageRefused:
                with suppress(StorageRefused, StoreUnavailable):
                    files.delete(partial)
                raise

    def delete(self, path: str) -> None:
        """Delete a file; one that is not there is no error."""
        self._retrying(StoreUnavailable, self._delete_once, path)

    def _delete_once(self, path: str) -> None:
        remote = self._folder.remote_path(path)
        with self._connection() as files:
            if files.size(remote) is not None:
                files.delete(remote)

    def has_folder(self) -> bool:
        """Whether the folder that images go to exists."""
        return self._retrying(StoreUnavailable, self._names, self._folder.remote) is not None

    def has_base_directory(self) -> bool:
        """Whether the folder exists that the store knows as `graphics`."""
        return self._retrying(StoreUnavailable, self._names, self._folder.base_directory) is not None

    def make_folder(self) -> None:
        """Make the folder that images go to, below a base directory that exists. Idempotent."""
        self._retrying(StoreUnavailable, self._make_folder_once)

    def _make_folder_once(self) -> None:
        base = PurePosixPath(self._folder.base_directory)
        remote = PurePosixPath(self._folder.remote)
        if self._names(str(base)) is None:
            raise StorageRefused(f"The image server has no folder {base}: check the base directory.", path=str(base))
        for part in reversed([remote, *remote.parents]):
            if base in part.parents and self._names(str(part)) is None:
                with self._connection() as files:
                    files.make_folder(str(part))

    def _names(self, remote: str) -> Collection[str] | None:
        """Return what is in a folder, nothing where that is too much to read, None where there is no such folder."""
        try:
            with self._connection() as files:
                return files.entries(remote)
        except ListingTooLong:
            return ()
        except StorageRefused:
            return None

    @contextmanager
    def probe(self) -> Iterator[tuple[str, bytes]]:
        """
        Put a tiny image there for the time of the block, as an upload does; yields its path and content.

        What an earlier probe has left, because it was killed, goes first. Raises StorageRefused.
        """
        for name in self._retrying(StoreUnavailable, self._names, self._folder.remote) or ():
            if name.startswith(_PROBE):
                self.delete(f"{self._folder.registered}/{name}")
        # Never one name twice, nor one content, so that no cache between here and the store answers.
        mark = secrets.token_hex(8)
        path, content = f"{self._folder.registered}/{_PROBE}{mark}.png", _TINY_IMAGE + mark.encode()
        try:
            self.upload(path, content)
            yield path, content
        except BaseException:
            with suppress(StorageRefused, StoreUnavailable):
                self.delete(path)
            raise
        self.delete(path)

    def detect_base_directory(self, *, folder: str) -> str | None:
        """
        Look where the hoster has put the graphics folder of a store (`folder` as in its address).

        Prefers one that holds the folder every first store has; None if nothing of the kind is there.
        """
        return self._retrying(StoreUnavailable, self._detect_once, folder)

    def _detect_once(self, folder: str) -> str | None:
        exists: list[str] = []
        for candidate in usual_base_directories(folder):
            names = self._names(candidate)
            if names is None:
                continue
            if _STORE_FOLDER in names:
                return candidate
            exists.append(candidate)
        return next((candidate for candidate in exists if candidate != "/"), None)

    @contextmanager
    def _connection(self) -> Iterator[FileServer]:
        with self._permits:
            with self._lock:
                files = self._idle.pop() if self._idle else None
            if files is None:
                files = self._open_files()
            try:
                yield files
            except ListingTooLong:
                files.close()
                raise
            except StorageRefused:
                self._give_back(files)  # refused one file, and is well otherwise
                raise
            except BaseException:
                files.close()
                raise
            self._give_back(files)

    def _give_back(self, files: FileServer) -> None:
        with self._lock:
            self._idle.append(files)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for files in idle:
            files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect_images(
    address: FileServerAddress,
    *,
    folder: ImageFolder,
    connections: int = 4,
    retrying: stamina.RetryingCaller = FILES,
    connect: Connect = socket.create_connection,
) -> MivaImageStore:
    """Make the port `ImageStore` of a connection; nothing is opened yet. `connect` decides where the host may lead."""
    open_files = SERVERS[address.protocol]
    return MivaImageStore(
        lambda: open_files(address, connect=connect), folder=folder, connections=connections, retrying=retrying
    )


def _by_folder(paths: Collection[str]) -> dict[str, list[str]]:
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    return folders
