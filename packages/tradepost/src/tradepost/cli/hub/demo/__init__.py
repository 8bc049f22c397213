"""`tradepost demo`: the whole job on a store in a box, from a catalogue file to shipped orders, and proven."""

import os
import secrets
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tradepost.cli.catalogue.catalogue import ImagesOption
from tradepost.cli.exit_codes import BusyElsewhere, Exit
from tradepost.cli.hub.demo.summary import Summary
from tradepost.cli.output import err, out, print_json, say
from tradepost.domain.errors import FileRefused
from tradepost.engine.sample import write_sample
from tradepost.engine.store_in_a_box import StoreInABox, store_in_a_box

app = typer.Typer()

USER = "demo"
# A demo has its own hub in its own folder: what the environment says of another one is not meant.
_FOREIGN = (
    "DATABASE_URL",
    "TRADEPOST_SECRET_KEY",
    "TRADEPOST_ENCRYPTION_KEYS",
    "TRADEPOST_ADDRESS",
    "DJANGO_SETTINGS_MODULE",
)


@app.command()
def demo(
    *,
    catalogue: Annotated[
        Path | None, typer.Option(help="A CSV file in Shopify's product export layout; else a sample of our own.")
    ] = None,
    images: ImagesOption = None,
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep hub and store there; else in a folder that is removed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the store and the back office serving, until Ctrl-C.")
    ] = False,
) -> Exit:
    """
    Do the whole job on a store in a box, and prove each step by reading the store back.

    Starts a sandbox store, connects a channel, imports a catalogue, shows the plan, publishes, syncs changes, hides,
    unhides, sells three orders, ships them and delists a product. Exit code 1 if anything sent could not be proven.
    """
    if catalogue is not None and not catalogue.is_file():
        message = f"There is no file {catalogue}."
        raise FileRefused(message)
    with ExitStack() as stack:
        folder = stack.enter_context(_state(state))
        foreign = _open(folder / "hub")
        box = stack.enter_context(store_in_a_box(folder / "store"))
        # These read the settings, so they can be imported only now.
        from tradepost.cli.hub.demo.back_office import back_office
        from tradepost.cli.hub.demo.journey import travel

        source = catalogue or write_sample(folder / "sample")
        if not as_json:
            out.print(f"A store in a box answers at {box.storefront}")
        summary = travel(box, catalogue=source, images=images, say=_quiet if as_json else _say, quiet=as_json)
        if not keep:
            _tell(summary, box, as_json=as_json)
            if not as_json:
                _tell_what_next()
            return _exit(summary)
        password = secrets.token_urlsafe(12)
        with back_office(user=USER, password=password) as url:
            office = {"url": url, "user": USER, "password": password}
            kept = {"back_office": office, "storefront": box.storefront, "data": str(folder / "hub")}
            _tell(summary, box, as_json=as_json, kept=kept)
            if not as_json:
                _tell_where(office, box, data=folder / "hub", foreign=foreign)
            _wait()
    return _exit(summary)


def _open(folder: Path) -> list[str]:
    """Open a hub in the folder; return what the environment said of another one."""
    foreign = [name for name in _FOREIGN if os.environ.pop(name, None)]
    os.environ["TRADEPOST_DATA"] = str(folder)
    from tradepost.cli.bootstrap import open_hub  # reads the settings

    open_hub()
    return foreign


@contextmanager
def _state(folder: Path | None) -> Iterator[Path]:
    """Give the folder that everything is kept in, to one demo at a time; a temporary one is removed at the end."""
    import fcntl  # only this command needs it

    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tradepost-demo-")))
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        lock = stack.enter_context((folder / "demo.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Another demo is using {folder}."
            raise BusyElsewhere(message) from error
        stack.callback(_close_hub)
        yield folder


def _close_hub() -> None:
    from django.apps import apps  # after the settings
    from django.db import connections

    if apps.ready:
        connections.close_all()


def _exit(summary: Summary) -> Exit:
    return Exit.DONE if summary.is_proven else Exit.WITH_ERRORS


def _say(text: str) -> None:
    say(text)


def _quiet(_text: str) -> None:
    """With --json, nothing but the object is printed."""


def _wait() -> None:
    import signal  # only with --keep

    # Whoever reads this through a pipe waits for it.
    sys.stdout.flush()
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        err.print("Stopping.")


def _tell(summary: Summary, box: StoreInABox, *, as_json: bool, kept: Mapping[str, Any] | None = None) -> None:
    if as_json:
        print_json({**summary.to_json(box), **(kept or {})})
        return
    table = Table(title="What was done", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("step", "sent", "proven on the store"):
        table.add_column(column)
    for step in summary.steps:
        proven = "[green]yes[/green]" if step.is_proven else f"[red]{len(step.unproven)} not[/red]"
        table.add_row(step.name, str(step.sent), proven)
    out.print()
    out.print(table)
    out.print(
        f"\n{summary.published} listings published, {summary.images_uploaded} images uploaded"
        f" ({summary.images_reused} were there, {summary.images_failed} could not be had),"
        f" {summary.orders_imported} orders imported, {summary.shipments_synced} shipments synced"
        f" in {summary.seconds:.1f} seconds."
    )
    out.print(
        "[bold green]Everything sent was proven by reading the store back.[/]"
        if summary.is_proven
        else "[bold red]Not everything sent could be proven.[/]"
    )


def _tell_what_next() -> None:
    command = _as_typed()
    _say(
        f"\nWhat next? '{command} demo --keep' does it again and leaves the store and the back office serving, to look"
        " around.\nThe tutorial, docs/tutorial/first-store.md, does it step by step."
    )


def _tell_where(office: Mapping[str, str], box: StoreInABox, *, data: Path, foreign: Sequence[str]) -> None:
    _say(f"\nBack office: {office['url']}  user: {office['user']}  password: {office['password']}")
    _say(f"Storefront:  {box.storefront}")
    _say(f"For '{_as_typed()}' commands on its data, type this in another terminal:")
    for name in foreign:
        _say(f"    unset {name}")
    _say(f"    export TRADEPOST_DATA={shlex.quote(str(data))}")
    _say("Ctrl-C stops both.")


def _as_typed() -> str:
    """Return the command as this person calls it: it may not be on their path."""
    command = sys.argv[0]
    return command if Path(command).name == "tradepost" else "tradepost"
