"""The ports of secrets: encryption at rest, the keys that it is done with, and what is encrypted."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class Cipher(Protocol):
    """Encryption at rest; the database package is given one and never sees a key."""

    def encrypt(self, text: str, *, place: str) -> bytes:
        """`place`: whose secret it is; nobody else's can be made of it."""
        ...

    def decrypt(self, secret: bytes, *, place: str) -> str:
        """Raises Reconfigure when the key does not fit, or the secret is not of this place."""
        ...


class Keys(Protocol):
    """The keys of this installation, the newest first."""

    def rotating(self) -> AbstractContextManager[bool]:
        """Have a new key before the others; False where one was there, so that a rotation is gone on with."""
        ...

    def renewed(self, secret: bytes) -> bytes | None:
        """Encrypt under the newest key what is not; None for what is. Raises Reconfigure where no key fits."""
        ...

    def key_of(self, secret: bytes) -> int | None:
        """Say which key fits, the newest is 0; None where none does."""
        ...

    def retire(self) -> int:
        """Forget all keys but the newest, and return how many that were; those of the environment stay there."""
        ...

    @property
    def is_ours(self) -> bool:
        """Whether they are in a file of the hub, and not in its environment."""
        ...

    @property
    def marks(self) -> Sequence[str]:
        """Tell the keys apart without showing any of them."""
        ...


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """Something encrypted, where it is, and whose it is in words."""

    table: str
    row: int
    secret: bytes
    owner: str


class Ciphertexts(Protocol):
    """All that is encrypted."""

    def all(self) -> Iterator[Ciphertext]: ...

    def replace(self, old: Ciphertext, secret: bytes) -> bool:
        """Put another ciphertext where this one is; False where somebody has put a third one there meanwhile."""
        ...
