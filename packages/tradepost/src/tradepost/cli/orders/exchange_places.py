"""A place where files are exchanged, on the command line: its address, what its server is known by, and its secret."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradepost.cli.output import err, say
from tradepost.cli.secrets import read_secret
from tradepost.domain.files.file_address import FOLDER, file_address

if TYPE_CHECKING:
    from tradepost.database.models import Channel
    from tradepost.operations.ports import SourceAddress

AddressArgument = Annotated[
    str,
    typer.Argument(
        metavar="[ADDRESS]",
        help="An absolute folder, sftp://user@host/folder (or ftp, ftps, ftps-implicit), or https://host/path.",
    ),
]
FingerprintOption = Annotated[
    str, typer.Option(help="The fingerprint (SHA256:...) of the server's certificate or host key.")
]
PlaceSecretFileOption = Annotated[
    Path | None, typer.Option(help="A file with the password, or the web address's token.")
]
PlaceSecretStdinOption = Annotated[bool, typer.Option("--secret-stdin", help="Read it from standard input.")]
NoSecretOption = Annotated[bool, typer.Option("--no-secret", help="A web address that asks for no token.")]

TestOption = Annotated[
    bool, typer.Option("--test", help="See first whether files can be exchanged there; else nothing is kept.")
]


def tell_of_test(at: "SourceAddress", channel: "Channel", *, takes: bool) -> None:
    """Try a place out, and say what was seen. Raises what `wiring.places.try_place` does."""
    from tradepost import wiring

    say(wiring.places.try_place(at, is_local=channel.is_local, takes=takes), to=err)


def place_secret(address: str, *, file: Path | None, from_stdin: bool, without: bool) -> str:
    """Return the password or token of a place where files are exchanged; blank where it asks for none."""
    if file_address(address).protocol == FOLDER or without:
        return ""
    return read_secret("password or token", variable="TRADEPOST_TARGET_SECRET", from_stdin=from_stdin, file=file)
