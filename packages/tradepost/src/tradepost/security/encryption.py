"""Encryption at rest: credentials are stored under a key that is not in the database."""

from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tradepost.domain.errors import HubUnusable, Reconfigure
from tradepost.security.keys import key_file


class FernetCipher:
    """Implements `ports.Cipher`. The first key encrypts, all of them decrypt: a new one is put before the old ones."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys])
        except ValueError as error:
            raise Reconfigure(
                "An encryption key can't be used: it must be 32 bytes in URL-safe base64, as in encryption.key."
            ) from error

    @classmethod
    def of_folder(
        cls, folder: Path, *, keys: Sequence[str] = (), is_in_use: Callable[[], bool] = lambda: False
    ) -> "FernetCipher":
        """
        Use the given keys, or the file `encryption.key` in the folder, which is made on first use.

        `is_in_use`: whether something is stored that only the missing key could read. Then none is made, and
        HubUnusable says what to do.
        """
        if keys:
            return cls(keys)
        path = folder / "encryption.key"
        if not path.exists() and is_in_use():
            raise HubUnusable(
                f"The key {path} is missing, and the credentials in the database can't be read without it. Put it back "
                "from your backup. If it is lost, make a new one by typing\n"
                f"  openssl rand -base64 32 | tr '+/' '-_' > '{path}'\n"
                "and enter the secrets of every channel again."
            )
        text = key_file(path, make=lambda: Fernet.generate_key().decode("ascii"))
        return cls(text.split())

    def encrypt(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def decrypt(self, secret: bytes) -> str:
        try:
            return self._fernet.decrypt(secret).decode()
        except InvalidToken as error:
            raise Reconfigure(
                "The stored credentials were encrypted with another key. Put the old encryption.key back beside the "
                "database, or enter the channel's credentials again."
            ) from error
