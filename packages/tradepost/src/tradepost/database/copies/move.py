"""Move: bring the whole database to another one, from SQLite to PostgreSQL or back; the old one stays as it is."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections

from tradepost.database import home
from tradepost.database.copies.backup import ShowCopy, second_database
from tradepost.database.copies.restore import bring_up_to_date, load, refuse_filled
from tradepost.database.copies.sides import side_of
from tradepost.database.failures import name_of_database
from tradepost.domain.errors import NotAllowed
from tradepost.domain.home import moved_words


@dataclass(frozen=True, slots=True)
class MovedDatabase:
    """What came of a move; `target` names the new database, without its password."""

    rows: int
    target: str


def move_database(url: str, *, at: datetime, step: ShowCopy) -> MovedDatabase:
    """
    Copy all tables into an empty database, and read them back there.

    Nobody else may have the old one open. Channels of the new one only look, until a person has said that nothing came
    in between. Raises NotAllowed for a database that is not empty, is the same, or can't hold what is in this one.
    """
    if not url.startswith(("sqlite:///", "postgres://", "postgresql://")):
        raise NotAllowed("The new database's address must begin with postgres:// or sqlite:///.")
    with second_database(url) as alias:
        new, old = connections[alias], connections[DEFAULT_DB_ALIAS]
        if new.vendor == old.vendor:
            raise NotAllowed(
                f"Both databases are {old.display_name}. What goes from one to another of the same kind is a backup: "
                "'tradepost database backup' here, and 'tradepost database restore' there."
            )
        _refuse_open(old.vendor)
        if new.vendor == "sqlite":
            Path(new.settings_dict["NAME"]).touch(mode=0o600)
        bring_up_to_date(alias)
        name = name_of_database(alias)
        with side_of(alias) as target:
            refuse_filled(target, what=f"The new database {name}", cure="Name an empty one.")
        with side_of(DEFAULT_DB_ALIAS) as source, side_of(alias, is_written=True) as target:
            rows = load(source, target, step)
        # Whoever is killed before this has a database that finds itself elsewhere when it is opened.
        home.suspend(moved_words(at=at), as_of=at, using=alias)
        home.forget_place(alias)
    return MovedDatabase(rows, name)


def _refuse_open(vendor: str) -> None:
    if vendor == "postgresql":
        with side_of(DEFAULT_DB_ALIAS) as side:
            if others := side.others():
                raise NotAllowed(
                    f"The database is open elsewhere ({others} connections). Stop every Tradepost that uses it first: "
                    "what it writes during the move would be lost."
                )
