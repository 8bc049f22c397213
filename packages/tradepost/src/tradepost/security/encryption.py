"""Encryption at rest: credentials are stored under a key that is not in the database, and change keys by rotation."""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tradepost.domain.errors import HubUnusable, NotAllowed, Reconfigure
from tradepost.security.keys import key_file, replace_key_file

_VARIABLE = "TRADEPOST_ENCRYPTION_KEYS"


class FernetCipher:
    """
    Implements `ports.Cipher`. The first key encrypts, all of them decrypt: a new one is put before the old ones.

    What is encrypted says inside to which place it belongs, so that one copied from another channel is of no use.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet(_fernets(keys))

    @classmethod
    def of_folder(
        cls, folder: Path, *, keys: Sequence[str] = (), is_in_use: Callable[[], bool] = lambda: False
    ) -> "FernetCipher":
        """
        Use the given keys, or the file `encryption.key` in the folder, which is made on first use.

        `is_in_use`: whether something is stored that only the missing key could read. Then none is made, and
        HubUnusable says what to do.
        """
        return cls(keys or _of_file(folder / "encryption.key", is_in_use=is_in_use))

    def encrypt(self, text: str, *, place: str) -> bytes:
        return self._fernet.encrypt(json.dumps([place, text], ensure_ascii=False).encode())

    def decrypt(self, secret: bytes, *, place: str) -> str:
        try:
            found, text = json.loads(self._fernet.decrypt(secret))
        except InvalidToken as error:
            raise Reconfigure(
                "The stored credentials were encrypted with another key. Put the old encryption.key back beside the "
                "database, or enter the channel's credentials again."
            ) from error
        except (ValueError, TypeError) as error:
            raise Reconfigure("The stored credentials can't be read; enter the channel's credentials again.") from error
        if found != place:
            raise Reconfigure(
                "The stored credentials belong to another channel or connection: somebody has copied them within the "
                "database. Enter the channel's credentials again."
            )
        return str(text)


class KeyRing:
    """Implements `ports.Keys`: the keys of this installation, which are in a file, or in the environment."""

    def __init__(self, path: Path | None, keys: Sequence[str]) -> None:
        self._path, self._keys = path, list(keys)
        self._fernets = _fernets(self._keys)

    @classmethod
    def of_folder(cls, folder: Path, *, keys: Sequence[str], is_in_use: Callable[[], bool]) -> "KeyRing":
        if keys:
            return cls(None, keys)
        path = folder / "encryption.key"
        return cls(path, _of_file(path, is_in_use=is_in_use))

    @contextmanager
    def rotating(self) -> Iterator[bool]:
        """
        Put a new key before the others, unless a rotation that was begun is to be gone on with; False then.

        Only one process does so at a time. Raises NotAllowed where the keys are not ours to change, and no new one is
        among them.
        """
        if self._path is None:
            if len(self._keys) == 1:
                raise NotAllowed(f"The keys are in {_VARIABLE}: put a new one before it there, and a comma between.")
            yield False
            return
        with self._path.with_name("keys.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._keys = self._path.read_text(encoding="ascii").split()
            is_new = len(self._keys) == 1
            if is_new:
                self._keys.insert(0, Fernet.generate_key().decode("ascii"))
                replace_key_file(self._path, self._keys)
            self._fernets = _fernets(self._keys)
            yield is_new

    def renewed(self, secret: bytes) -> bytes | None:
        """Encrypt under the newest key what is not; None for what is. Raises Reconfigure where no key fits."""
        if self.key_of(secret) == 0:
            return None
        try:
            return MultiFernet(self._fernets).rotate(secret)
        except InvalidToken as error:
            raise Reconfigure("No key fits.") from error

    def key_of(self, secret: bytes) -> int | None:
        """Say which key fits, the newest is 0; None where none does."""
        for number, fernet in enumerate(self._fernets):
            try:
                fernet.decrypt(secret)
            except InvalidToken:
                continue
            return number
        return None

    def retire(self) -> int:
        """Forget all keys but the newest, and return how many that were; those of the environment stay there."""
        old = len(self._keys) - 1
        if self._path is not None and old:
            replace_key_file(self._path, self._keys[:1])
        return old

    @property
    def is_ours(self) -> bool:
        """Whether they are in a file of the hub, and not in its environment."""
        return self._path is not None

    @property
    def marks(self) -> list[str]:
        """Tell the keys apart, the newest first, without showing any of them."""
        return [hashlib.sha256(key.encode()).hexdigest()[:8] for key in self._keys]


def _of_file(path: Path, *, is_in_use: Callable[[], bool]) -> list[str]:
    if not path.exists() and is_in_use():
        raise HubUnusable(
            f"The key {path} is missing, and the credentials in the database can't be read without it. Put it back "
            "from your backup. If it is lost, make a new one by typing\n"
            f"  openssl rand -base64 32 | tr '+/' '-_' > '{path}'\n"
            "and enter the secrets of every channel again."
        )
    return key_file(path, make=lambda: Fernet.generate_key().decode("ascii")).split()


def _fernets(keys: Sequence[str]) -> list[Fernet]:
    try:
        return [Fernet(key.strip()) for key in keys]
    except ValueError as error:
        raise Reconfigure(
            "An encryption key can't be used: it must be 32 bytes in URL-safe base64, as in encryption.key."
        ) from error
