"""
Who is calling: the checks of the `X-Miva-API-Authorization` header, in the order and with the texts of a real store.

An unknown token and a wrong address look the same to the caller, and both are answered late.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from miva_sandbox.api.parameters import as_text
from miva_sandbox.api.registry import Rights
from miva_sandbox.api.responses import AccessDenied
from miva_sandbox.state import tokens, users
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.tokens import Token
from miva_sandbox.state.users import User

_HMAC = {"MIVA-HMAC-SHA1": hashlib.sha1, "MIVA-HMAC-SHA256": hashlib.sha256}
_SSH = {"SSH-RSA-SHA2-256": hashes.SHA256, "SSH-RSA-SHA2-512": hashes.SHA512}
_SSH_WINDOW_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Caller:
    """A token or an admin user."""

    domain: Domain
    token: Token | None = None
    user: User | None = None

    @property
    def name(self) -> str:
        return self.token.name if self.token else self.user.name if self.user else ""

    def rights(self, store_id: int) -> Rights:
        """Look the rights in one store up; store 0 stands for the domain itself."""
        db = self.domain.db
        if self.token is not None:
            return Rights(
                tokens.functions_of(db, self.token, store_id=store_id),
                tokens.privileges_of(db, self.token, store_id=store_id),
            )
        assert self.user is not None
        return Rights(privileges=users.privileges_of(db, self.user, store_id=store_id))


def authenticate(domain: Domain, header: str, *, body: bytes, root: Mapping[str, Any], address: str) -> Caller:
    """
    Check the header's value against the body's exact bytes; `root` is the decoded body, `address` the client's.

    Raises AccessDenied.
    """
    scheme, _, credentials = header.strip().partition(" ")
    scheme = scheme.upper()
    if scheme in _SSH:
        return _by_key(domain, scheme, credentials.strip(), body, root)
    if scheme != "MIVA" and scheme not in _HMAC:
        raise AccessDenied("Unrecognized authorization type")
    return _by_token(domain, scheme, credentials.strip(), body, root, address)


def _by_token(  # noqa: PLR0917 - they are the request, in its order
    domain: Domain, scheme: str, credentials: str, body: bytes, root: Mapping[str, Any], address: str
) -> Caller:
    name, _, signature = credentials.partition(":")
    token = tokens.find(domain.db, name)
    if token is None or not _is_allowed(address, token.ip_addresses):
        time.sleep(domain.settings.login_delay_seconds)
        raise AccessDenied
    if not token.enabled:
        raise AccessDenied("Token is disabled")
    if token.req_ts:
        _check_timestamp(domain, root, window=token.ts_window)
    # What is not required is not looked at either: a wrong key goes unnoticed until the setting changes.
    if token.req_sig:
        if scheme == "MIVA":
            raise AccessDenied("Timestamp requires request signature")
        wanted = hmac.new(base64.b64decode(token.signature_key), body, _HMAC[scheme]).digest()
        if not hmac.compare_digest(wanted, _decoded(signature)):
            raise AccessDenied("Invalid request signature")
    return Caller(domain, token=token)


def _by_key(domain: Domain, scheme: str, credentials: str, body: bytes, root: Mapping[str, Any]) -> Caller:
    name, _, signature = credentials.partition(":")
    user = users.find(domain.db, _decoded(name).decode("utf-8", "replace"))
    if user is None or not user.may_sign_in(domain.clock.now()):
        time.sleep(domain.settings.login_delay_seconds)
        raise AccessDenied
    _check_timestamp(domain, root, window=_SSH_WINDOW_SECONDS)
    try:
        public_key(user.public_key).verify(_decoded(signature), body, padding.PKCS1v15(), _SSH[scheme]())
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise AccessDenied("Invalid request signature") from None
    return Caller(domain, user=user)


def public_key(text: str) -> rsa.RSAPublicKey:
    """Read a user's key. Raises ValueError, UnsupportedAlgorithm."""
    read = serialization.load_ssh_public_key if text.startswith("ssh-") else serialization.load_pem_public_key
    key = read(text.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not an RSA key")  # noqa: TRY004 - the caller treats it as any unusable key
    return key


def _check_timestamp(domain: Domain, root: Mapping[str, Any], *, window: int) -> None:
    given = next((root[name] for name in root if name.casefold() == "miva_request_timestamp"), None)
    text = as_text(given)
    if not text:
        raise AccessDenied("Missing required timestamp")
    try:
        difference = abs(domain.clock.unskewed() - int(text[:20]))
    except ValueError:
        # Text that is no number counts as the number 0 in the server's language.
        difference = domain.clock.unskewed()
    if difference > window:
        raise AccessDenied("Timestamp outside configured window")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _is_allowed(address: str, allowed: str) -> bool:
    try:
        client = ip_address(address)
    except ValueError:
        return False
    for entry in allowed.split(","):
        try:
            if client in ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False
