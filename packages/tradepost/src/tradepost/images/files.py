"""Image files of this machine: names from outside, kept inside the folder that they belong to."""

import os
import stat
from pathlib import Path, PurePosixPath

from tradepost.domain.errors import AddressRefused
from tradepost.images.encoding import NotAnImage

# A link, a pipe or a device is never followed, opened for long, or made this process's terminal.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class LeadsOut(AddressRefused):
    """A name leads out of the folder that it belongs to."""


def read_inside(folder: Path, name: str, *, limit_bytes: int) -> bytes:
    """
    Read a regular file below a folder, whole; `name` comes from outside and uses slashes.

    The path is walked from folder to folder, each opened in the one before it and none of them through a link, so
    what is checked is what is read, whoever renames things meanwhile. Never waits for a pipe or a device, and reads no
    more than the limit, whatever the file's size says.

    Raises AddressRefused for a name that leads elsewhere or to no regular file, OSError (FileNotFoundError) where
    nothing is there, and NotAnImage for a file beyond the limit.
    """
    parts = _parts(name)
    at = os.open(folder, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = _open(part, at, _FLAGS | os.O_DIRECTORY, name)
            os.close(at)
            at = inner
        file = _open(parts[-1], at, _FLAGS, name)
    finally:
        os.close(at)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise AddressRefused(f"{name!r} is no regular file.")
        with os.fdopen(file, "rb", closefd=False) as opened:
            content = opened.read(limit_bytes + 1)
    finally:
        os.close(file)
    if len(content) > limit_bytes:
        raise NotAnImage(f"is larger than {limit_bytes / 1_000_000:g} MB")
    return content


def _parts(name: str) -> list[str]:
    if "\x00" in name or name.startswith("/") or "\\" in name:
        raise AddressRefused(f"The file name {name!r} can't be used: give it relative to the folder.")
    # `x/..` is followed on paper only; what leaves the folder on the way has left it.
    parts: list[str] = []
    for part in PurePosixPath(name).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            parts = []
            break
    if not parts:
        raise LeadsOut(f"The file name {name!r} leads out of its folder.")
    return parts


def _open(part: str, folder: int, flags: int, name: str) -> int:
    try:
        return os.open(part, flags, dir_fd=folder)
    except OSError as error:
        # Systems differ in what they say of a link that is not followed, and of a folder that is a link.
        if _is_link(part, folder):
            raise AddressRefused(
                f"The file name {name!r} leads through the link {part!r}, which is not followed."
            ) from error
        raise


def _is_link(part: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False
