"""
Files that are fetched, with shipments or products: which of a folder are meant, when one is whole, and where it goes
once it is taken.

A file that is being written has another name, which is left alone, or shows it: its size moves, or its last line has no
end yet. One that is taken stays until the next look finds it as it was, so that what was added behind our back comes
in, too, and is not carried off.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from tradepost.domain.errors import quoted

LARGEST_SHIPMENTS_BYTES = 10_000_000
LARGEST_CATALOGUE_BYTES = 4_000_000_000
LARGEST_UPLOAD_BYTES = 25_000_000
LONGEST_FILE_NAME = 160
MOST_NAME_BYTES = 250
DONE_FOLDER = "done"
REFUSED_FOLDER = "refused"
SHIPMENT_ENDINGS = (".csv",)
CATALOGUE_ENDINGS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json")
_HASH_LENGTH = 12


@dataclass(frozen=True, slots=True)
class KnownFile:
    """
    What is remembered of a file of this name and content: seen, then taken, then put away where its source has folders.

    `is_refused`: nothing of it could be used. `is_last`: nothing else was taken under its name since.
    """

    is_taken: bool
    is_refused: bool = False
    is_put_away: bool = False
    is_last: bool = True


def is_meant(name: str, *, endings: tuple[str, ...]) -> bool:
    """Whether a file of a folder is one to take: one of these endings, whose name says that it is complete."""
    return name.lower().endswith(endings) and not name.startswith(".")


def name_problem(name: str) -> str:
    """Say why a file of this name is not touched: names are anybody's, and one may lead elsewhere. Empty if it is."""
    if "/" in name or "\\" in name or not name.isprintable() or len(name) > LONGEST_FILE_NAME:
        return (
            f"{quoted(shown_name(name))} is no name of a file here: at most {LONGEST_FILE_NAME} characters, without "
            "slashes, are. It was left alone; rename it."
        )
    return ""


def shown_name(name: str) -> str:
    """Write a name so that it can be kept and printed, whatever is in it."""
    return repr(name)[1:-1][:LONGEST_FILE_NAME]


def has_ended(end: bytes) -> bool:
    """Whether the last line of what ends so is there with its end; where it is not, more may be on its way."""
    return end.endswith((b"\n", b"\r"))


def put_away_name(name: str, *, checksum: str) -> str:
    """Name a taken file: with its content's hash, as many warehouses call each day's file the same."""
    path = PurePosixPath(name)
    return f"{path.stem}-{checksum[:_HASH_LENGTH]}{path.suffix}"
