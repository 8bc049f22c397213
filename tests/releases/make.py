"""
Leave a database of this version for later ones to migrate: `.venv/bin/python tests/releases/make.py`.

Run it as the last step of a release, with the version's own code. It writes `tests/releases/VERSION.backup.gz`.
"""

import gzip
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent


def write(target: Path) -> None:
    """Write a backup of the default database, filled with rows, as a compressed file."""
    from django.utils import timezone  # noqa: PLC0415 reads the settings

    from every_table import fill  # noqa: PLC0415
    from tradepost.database.copies.backup import make_backup  # noqa: PLC0415

    fill()
    with tempfile.TemporaryDirectory() as folder:
        backup = Path(folder) / "hub.backup"
        make_backup(backup, at=timezone.now(), step=lambda _done, _total, _label: None)
        # Without a name and a time in it, the same content is the same file.
        with backup.open("rb") as content, target.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
            shutil.copyfileobj(content, file)


def main() -> None:
    sys.path.insert(0, str(HERE.parent))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRADEPOST_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "tradepost.settings"
        os.environ.pop("DATABASE_URL", None)
        import django  # noqa: PLC0415 reads the environment

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        target = HERE / f"{version('tradepost')}.backup.gz"
        write(target)


if __name__ == "__main__":
    main()
