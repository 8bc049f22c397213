"""Keys: secrets of this installation, made on first use and kept in files of their own beside the database."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
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
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(make() + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(_OWNER_ONLY)
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(name)
        finally:
            Path(name).unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()


def random_secret() -> str:
    """Make a secret of more than 50 characters, which is what Django's deploy check asks for."""
    return secrets.token_urlsafe(64)
