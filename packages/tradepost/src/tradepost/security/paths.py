"""Paths: file names from outside, kept inside the folder that they belong to."""

from pathlib import Path

from tradepost.domain.errors import AddressRefused


def inside(folder: Path, name: str) -> Path:
    """
    Return the path that a name from outside means below a folder, links followed. Raises AddressRefused.

    Absolute names, `..` and links that lead out are refused; what is there need not exist.
    """
    if "\x00" in name or Path(name).is_absolute() or "\\" in name:
        raise AddressRefused(f"The file name {name!r} can't be used: give it relative to the folder.")
    root = folder.resolve()
    path = (root / name).resolve()
    if path == root or root not in path.parents:
        raise AddressRefused(f"The file name {name!r} leads out of its folder.")
    return path
