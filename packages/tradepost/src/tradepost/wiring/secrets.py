"""The cipher of what is kept secret, and its keys."""

from pathlib import Path

from django.conf import settings

from tradepost.database.ciphertexts import DjangoCiphertexts, has_secrets
from tradepost.operations.keys import KeyPorts
from tradepost.security.encryption import FernetCipher, KeyRing
from tradepost.wiring.trail import audit


def cipher() -> FernetCipher:
    return FernetCipher.of_folder(
        Path(settings.DATA_DIR), keys=settings.TRADEPOST_ENCRYPTION_KEYS, is_in_use=has_secrets
    )


def key_ports(*, requested_by: str) -> KeyPorts:
    """Give what changing the keys needs; `requested_by` is kept."""
    keys = KeyRing.of_folder(Path(settings.DATA_DIR), keys=settings.TRADEPOST_ENCRYPTION_KEYS, is_in_use=has_secrets)
    return KeyPorts(keys, DjangoCiphertexts(), audit(), requested_by)
