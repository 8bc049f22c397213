"""Encryption at rest: credentials are stored under a key that is not in the database."""

from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tradepost.domain.errors import Reconfigure
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
    def of_folder(cls, folder: Path, *, keys: Sequence[str] = ()) -> "FernetCipher":
        """Use the given keys, or the file `encryption.key` in the folder, which is made on first use."""
        if keys:
            return cls(keys)
        text = key_file(folder / "encryption.key", make=lambda: Fernet.generate_key().decode("ascii"))
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
