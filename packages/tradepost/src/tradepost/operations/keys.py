"""
Keys change: what is encrypted under old ones is encrypted under the newest, and then the old ones are forgotten.

Each ciphertext is replaced by itself, and until all of them are, every key is kept: whoever is killed on the way goes
on when it is asked for again.
"""

from collections import Counter
from dataclasses import dataclass

from tradepost.domain.errors import NotAllowed, Reconfigure
from tradepost.domain.people.audit import AuditEvent, AuditNote
from tradepost.operations.ports import Audit, Ciphertext, Ciphertexts, Keys


@dataclass(frozen=True, slots=True)
class KeyPorts:
    keys: Keys
    ciphertexts: Ciphertexts
    audit: Audit
    who: str


@dataclass(frozen=True, slots=True)
class Rotated:
    """`is_new`: a new key was made, and no rotation gone on with. `retired`: how many are of no use any more."""

    is_new: bool
    renewed: int
    retired: int
    is_ours: bool


def rotate_keys(ports: KeyPorts) -> Rotated:
    """
    Encrypt everything under a new key, and forget the old ones. Idempotent after a crash.

    Raises NotAllowed, and keeps all keys, where something can't be read by any of them.
    """
    with ports.keys.rotating() as is_new:
        renewed = 0
        # Another process may store something under the key that it has read before.
        while found := _renew_all(ports):
            renewed += found
        retired = ports.keys.retire()
        # And once more, for what was stored meanwhile; this process still has the old keys.
        renewed += _renew_all(ports)
        words = f"{renewed} encrypted anew, {retired} keys retired"
        ports.audit.note(AuditNote(AuditEvent.KEYS_ROTATED, ports.who, words=words))
    return Rotated(is_new, renewed, retired, ports.keys.is_ours)


def key_uses(ports: KeyPorts) -> list[tuple[str, int]]:
    """Tell of each key, the newest first, how much is encrypted under it; what none fits is under a blank one."""
    numbers = Counter(ports.keys.key_of(each.secret) for each in ports.ciphertexts.all())
    uses = [(mark, numbers[number]) for number, mark in enumerate(ports.keys.marks)]
    return [*uses, ("", numbers[None])] if numbers[None] else uses


def _renew_all(ports: KeyPorts) -> int:
    lost: list[Ciphertext] = []
    renewed = 0
    for each in ports.ciphertexts.all():
        try:
            secret = ports.keys.renewed(each.secret)
        except Reconfigure:
            lost.append(each)
            continue
        if secret is not None:
            renewed += ports.ciphertexts.replace(each, secret)
    if lost:
        raise NotAllowed(
            f"No key fits the secrets of {', '.join(each.owner for each in lost)}. All others are under the newest key "
            "now, and every key is kept. Put the old key behind the others, or enter these secrets again; then rotate "
            "once more."
        )
    return renewed
