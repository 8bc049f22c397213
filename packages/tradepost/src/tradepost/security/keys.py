"""Keys: secrets of this installation, made on first use and kept in files of their own beside the database."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

_OWNER_ONLY = 0o600


def key_file(path: Path, *, make: Callable[[], str]) -> str:
    """
    Read a key, made and written on first use, readable for its owner only.

    Several processes may start at once: all of them get the one that was written first.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Linking a finished file is atomic and never replaces one, so nobody reads half a key or loses the first.
        with _written(path, make() + "\n") as name, contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
    return path.read_text(encoding="ascii").strip()


def replace_key_file(path: Path, keys: Sequence[str]) -> None:
    """Write other keys in the place of a file's: whoever reads meanwhile, or after a crash, has the old or the new."""
    with _written(path, "\n".join(keys) + "\n") as name:
        name.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _written(path: Path, text: str) -> Iterator[Path]:
    """Write a file beside another one, for its owner only, and take it away in the end if it is still there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_OWNER_ONLY)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def random_secret() -> str:
    """Make a secret of more than 50 characters, which is what Django's deploy check asks for."""
    return secrets.token_urlsafe(64)
