"""
Who we are to a store: an access token, and the key that signs each request's exact bytes.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass, field

from tradepost.domain.errors import CredentialsRejected
from tradepost.operations.ports import Digest

# Where a token is set up in a store's administration.
TOKENS_PAGE = "the store's page Settings > User Management > API Tokens"


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    A token and its signature key as the store's administration shows them; an empty key sends requests unsigned.

    Raises CredentialsRejected for a key that is no base64 text, before anything is sent.
    """

    token: str = field(repr=False)
    signature_key: str = field(default="", repr=False)
    digest: Digest = "sha256"
    _key: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        token = self.token.strip()
        if not token or not token.isascii() or not token.isprintable() or set(token) & set(" :"):
            raise CredentialsRejected(f"The access token is empty or damaged: copy it again from {TOKENS_PAGE}.")
        object.__setattr__(self, "token", token)
        object.__setattr__(self, "_key", _decoded(self.signature_key))

    def authorization(self, body: bytes) -> str:
        """Return the value of `X-Miva-API-Authorization` for exactly these bytes."""
        if not self._key:
            return f"MIVA {self.token}"
        signature = base64.b64encode(hmac.digest(self._key, body, self.digest)).decode("ascii")
        return f"MIVA-HMAC-{self.digest.upper()} {self.token}:{signature}"


def _decoded(signature_key: str) -> bytes:
    text = "".join(signature_key.split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        # The cause is left out on purpose: its traceback would carry the key.
        raise CredentialsRejected(
            f"The signature key is no base64 text: copy the whole key from {TOKENS_PAGE}."
        ) from None
