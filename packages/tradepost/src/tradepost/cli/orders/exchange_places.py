"""A place where files are exchanged, on the command line: its address, what its server is known by, and its secret."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradepost.cli.output import err, say
from tradepost.cli.secrets import read_secret
from tradepost.domain.files.file_address import FOLDER, file_address
from tradepost.operations.ports import SourceAddress

if TYPE_CHECKING:
    from tradepost.database.models import Channel

AddressArgument = Annotated[
    str,
    typer.Argument(
        metavar="[ADDRESS]",
        help="An absolute folder, sftp://user@host/folder (or ftp, ftps, ftps-implicit), or https://host/path.",
    ),
]
TestOption = Annotated[
    bool, typer.Option("--test", help="See first whether files can be exchanged there; else nothing is kept.")
]


def tell_of_test(at: SourceAddress, channel: "Channel", *, takes: bool) -> None:
    """Try a place out, and say what was seen. Raises what `wiring.places.try_place` does."""
    from tradepost import wiring

    say(wiring.places.try_place(at, is_local=channel.is_local, takes=takes), to=err)


@dataclass(frozen=True, kw_only=True)
class PlaceAccess:
    """What lets one in at a place: what its server is known by, and where its password or token is read from."""

    fingerprint: Annotated[
        str, typer.Option("--fingerprint", help="The fingerprint (SHA256:...) of the server's certificate or host key.")
    ] = ""
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help="A file with the password, or the web address's token.")
    ] = None
    secret_stdin: Annotated[bool, typer.Option("--secret-stdin", help="Read it from standard input.")] = False
    no_secret: Annotated[bool, typer.Option("--no-secret", help="A web address that asks for no token.")] = False

    @property
    def names_secret(self) -> bool:
        return self.secret_file is not None or self.secret_stdin or self.no_secret

    def secret_of(self, address: str) -> str:
        """Return the password or token of a place; blank where it asks for none."""
        if file_address(address).protocol == FOLDER or self.no_secret:
            return ""
        return read_secret(
            "password or token",
            variable="TRADEPOST_TARGET_SECRET",
            from_stdin=self.secret_stdin,
            file=self.secret_file,
        )

    def to(self, address: str) -> SourceAddress:
        return SourceAddress(address, self.fingerprint, self.secret_of(address))
