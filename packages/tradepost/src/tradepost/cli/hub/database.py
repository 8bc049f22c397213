"""`tradepost database`: back the database up, put a backup in its place, and move it to another kind of database."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tradepost.cli.arguments import JsonOption, YesOption, confirm, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import counted, err, print_json, progress, say
from tradepost.cli.secrets import read_secret
from tradepost.domain.backup import Manifest

app = typer.Typer(no_args_is_help=True, help="Back the database up, restore it, and move it elsewhere.")

_MEGABYTE = 1_000_000
_NEXT = (
    "Every channel is look-only: nothing is written to a store before 'tradepost channel go-live CHANNEL' has read "
    "back what came after that."
)
_MOVED = (
    "Everybody has to log in again. The present database is as it was: don't start Tradepost on it any more.",
    "Put the new address into DATABASE_URL where Tradepost is started, and start it.",
    "Keys, images and the log stay in the data folder.",
)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; it must not exist yet.")],
    *,
    as_json: JsonOption = False,
) -> Exit:
    """
    Write the whole database into a file, while the hub may be at work, and read it through.

    It has all that is in the tables, people's addresses too, and is readable for you only. Not in it: keys, images, and
    who is logged in.
    """
    from tradepost.cli.bootstrap import set_up

    set_up()
    from tradepost.engine import copies

    with progress(is_shown=not as_json) as step:
        manifest = copies.backup(file, requested_by=shell_user(), step=step)
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size, **manifest.to_json()})
        return Exit.DONE
    size = file.stat().st_size / _MEGABYTE
    say(f"Wrote {file}: {_holds(manifest)}, {size:,.1f} MB, read through.")
    say(_kept_elsewhere())
    return Exit.DONE


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that 'backup' has written.")],
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Read a backup through: whether it is as it was written, of when it is, and what it holds."""
    from tradepost.cli.bootstrap import set_up

    set_up()
    from tradepost.engine import copies

    with progress(is_shown=not as_json) as step:
        manifest = copies.check(file, step=step)
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size, **manifest.to_json()})
    else:
        say(f"{file} is whole: {_holds(manifest)}, {_origin(manifest)}.")
    return Exit.DONE


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that 'backup' has written.")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="What is in the database now may go.")] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Exit:
    """
    Put a backup in the place of the database; every channel is look-only then.

    Stop 'serve' and all workers first. The backup may be of either kind of database, and of an older version. Whatever
    goes wrong, the database is as it was; one that is replaced is kept beside it, where it is a file.
    """
    from tradepost.cli.bootstrap import set_up

    set_up()
    from tradepost.engine import copies

    if replace:
        confirm(f"Put {file} in the place of all that is in the database now?", is_confirmed=yes)
    with progress(is_shown=not as_json) as step:
        done = copies.restore(file, replaces=replace, requested_by=shell_user(), step=step)
    if as_json:
        print_json(
            {
                "restored": str(file),
                "former_database": done.former or None,
                "key_fault": done.key_fault or None,
                **done.manifest.to_json(),
            }
        )
        return Exit.DONE
    say(f"Restored {file}: {_holds(done.manifest)}, {_origin(done.manifest)}.")
    if done.former:
        former = f"The former database is {done.former}; delete it when you don't need it any more."
        say(former)
    if done.key_fault:
        say(done.key_fault, to=err)
    say("Everybody has to log in again.")
    say(_NEXT)
    return Exit.DONE


@app.command()
def move(
    *,
    address_file: Annotated[Path | None, typer.Option(help="A file with the new database's address.")] = None,
    address_stdin: Annotated[bool, typer.Option("--address-stdin", help="Read it from standard input.")] = False,
    as_json: JsonOption = False,
) -> Exit:
    """
    Copy the database to an empty one of the other kind, SQLite to PostgreSQL or back, and read it back there.

    Stop 'serve' and all workers first. The new address is asked for, or read (TRADEPOST_NEW_DATABASE_URL), for example
    postgres://user:password@host/name. The present database stays as it is; every channel of the new one is look-only.
    """
    from tradepost.cli.bootstrap import open_hub

    open_hub()
    from tradepost.engine import copies

    url = read_secret(
        "new database's address",
        variable="TRADEPOST_NEW_DATABASE_URL",
        from_stdin=address_stdin,
        file=address_file,
    )
    with progress(is_shown=not as_json) as step:
        moved = copies.move(url, requested_by=shell_user(), step=step)
    if as_json:
        print_json({"moved_to": moved.target, "rows": moved.rows})
        return Exit.DONE
    for sentence in (f"Copied {moved.rows:,} rows to {moved.target}, and read them back.", *_MOVED, _NEXT):
        say(sentence)
    return Exit.DONE


def _holds(manifest: Manifest) -> str:
    return f"{manifest.rows:,} rows in {counted(len(manifest.tables), 'table')}"


def _origin(manifest: Manifest) -> str:
    return f"of {manifest.made_at:%Y-%m-%d %H:%M} UTC, from {manifest.database}, by Tradepost {manifest.version}"


def _kept_elsewhere() -> str:
    """Say what else a hub consists of."""
    from django.conf import settings

    folder = Path(settings.DATA_DIR)
    key = "the keys of TRADEPOST_ENCRYPTION_KEYS" if os.environ.get("TRADEPOST_ENCRYPTION_KEYS") else "encryption.key"
    return (
        f"Not in it: {key} and secret.key, and the folder images, all of {folder}. Copy them, too, and the key to "
        "another place than this file: with both, the stores' credentials can be read, and without the key never again."
    )
