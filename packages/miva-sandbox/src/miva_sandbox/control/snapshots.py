"""Snapshots of all stores with their files, and the empty store that a reset goes back to."""

import shutil
import tempfile
from pathlib import Path

from miva_sandbox.seed import seed
from miva_sandbox.state.database import Database
from miva_sandbox.state.domain import Domain


class Snapshots:
    """Kept in a temporary folder, which ends with `close`. Tokens and the domain's settings are not part of them."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._folder = tempfile.TemporaryDirectory(prefix="miva-sandbox-snapshots-")
        self._names: dict[str, Path] = {}

    def take(self, name: str) -> None:
        """Keep everything as it is now; an older snapshot of the same name is replaced."""
        place = Path(tempfile.mkdtemp(dir=self._folder.name))
        for store in self._domain.stores.values():
            kept = Database(place / f"{store.number}.sqlite", ())
            store.db.copy_to(kept)
            kept.close()
        shutil.copytree(self._domain.files_root, place / "files", symlinks=True)
        replaced = self._names.get(name)
        self._names[name] = place
        if replaced is not None:
            shutil.rmtree(replaced)

    def restore(self, name: str) -> None:
        """Bring a snapshot back, as often as wanted. Raises KeyError for an unknown name."""
        place = self._names[name]
        for store in self._domain.stores.values():
            path = place / f"{store.number}.sqlite"
            if path.exists():
                kept = Database(path, ())
                kept.copy_to(store.db)
                kept.close()
                store.reload_settings()
        _empty(self._domain.files_root)
        shutil.copytree(place / "files", self._domain.files_root, symlinks=True, dirs_exist_ok=True)

    def reset(self) -> None:
        """Make every store as new, without files."""
        _empty(self._domain.files_root)
        for store in self._domain.stores.values():
            fresh = Domain(folder=self._domain.folder, clock=self._domain.clock)
            made = seed(fresh, store_code=store.code).store
            made.db.copy_to(store.db)
            fresh.close()
            store.reload_settings()
            (self._domain.files_root / "graphics" / store.number).mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        self._folder.cleanup()


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
