"""The port of encryption at rest."""

from typing import Protocol


class Cipher(Protocol):
    """Encryption at rest; the database package is given one and never sees a key."""

    def encrypt(self, text: str) -> bytes: ...

    def decrypt(self, secret: bytes) -> str:
        """Raises Reconfigure when the key does not fit."""
        ...
