"""Snapshots of all stores with their files, and the empty store that a reset goes back to."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from miva_sandbox.seed import seed
from miva_sandbox.state.database import Database
from miva_sandbox.state.domain import Domain


@dataclass(slots=True)
class _Kept:
    """A snapshot's place, its databases by the number of their store, and whether there are files in the place."""

    place: Path
    databases: dict[str, Database] = field(default_factory=dict)
    has_files: bool = False

    @property
    def files(self) -> Path:
        return self.place / "files"

    def drop(self) -> None:
        for database in self.databases.values():
            database.close()
        shutil.rmtree(self.place)


class Snapshots:
    """
    Kept in a temporary folder, which ends with `close`. Tokens and the domain's settings are not part of them.

    To restore and to reset ends what is on the agenda, such as purchases that are pending.
    """

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._folder = tempfile.TemporaryDirectory(prefix="miva-sandbox-snapshots-")
        self._names: dict[str, _Kept] = {}
        self._new: dict[str, Database] = {}

    def take(self, name: str) -> None:
        """Keep everything as it is now; an older snapshot of the same name is replaced."""
        kept = _Kept(Path(tempfile.mkdtemp(dir=self._folder.name)))
        for store in self._domain.stores.values():
            # What lives in memory is small enough to be kept there once more.
            path = kept.place / f"{store.number}.sqlite" if store.db.path is not None else None
            kept.databases[store.number] = Database(path, ())
            store.db.copy_to(kept.databases[store.number])
        if any(path.is_file() for path in self._domain.files_root.rglob("*")):
            kept.has_files = True
            shutil.copytree(self._domain.files_root, kept.files, symlinks=True)
        if name in self._names:
            self._names[name].drop()
        self._names[name] = kept

    def restore(self, name: str) -> None:
        """Bring a snapshot back, as often as wanted. Raises KeyError for an unknown name."""
        kept = self._names[name]
        self._domain.agenda.clear()
        for store in self._domain.stores.values():
            if store.number in kept.databases:
                kept.databases[store.number].copy_to(store.db)
                store.reload_settings()
        self._empty_files()
        if kept.has_files:
            shutil.copytree(kept.files, self._domain.files_root, symlinks=True, dirs_exist_ok=True)

    def reset(self) -> None:
        """Make every store as new, without files."""
        self._domain.agenda.clear()
        self._empty_files()
        for store in self._domain.stores.values():
            if store.number not in self._new:
                fresh = Domain(folder=self._domain.folder, clock=self._domain.clock)
                self._new[store.number] = Database(None, ())
                seed(fresh, store_code=store.code).store.db.copy_to(self._new[store.number])
                fresh.close()
            self._new[store.number].copy_to(store.db)
            store.reload_settings()

    def close(self) -> None:
        for kept in self._names.values():
            kept.drop()
        self._names = {}
        for database in self._new.values():
            database.close()
        self._folder.cleanup()

    def _empty_files(self) -> None:
        """Delete all files, and leave each store its folder."""
        for entry in self._domain.files_root.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        for store in self._domain.stores.values():
            (self._domain.files_root / "graphics" / store.number).mkdir(parents=True, exist_ok=True)
