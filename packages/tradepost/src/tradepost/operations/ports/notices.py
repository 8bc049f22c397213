"""The port of those who carry letters to people: by e-mail, to a web address, or by a service of somebody's."""

from typing import Protocol

from tradepost.domain.people.notices import Letter


class Messenger(Protocol):
    """Carries letters. An address is a secret: it may have a login in it."""

    def shown(self, address: str) -> str:
        """Return as much of an address as anybody may see. Raises NotAllowed for one that is none."""
        ...

    def send(self, address: str, letter: Letter, *, is_local: bool) -> None:
        """
        Send a letter, once. Raises AddressRefused for a host inside the network, unless `is_local`, NotAllowed for an
        address that is none, Retry where it could not be sent.
        """
        ...
