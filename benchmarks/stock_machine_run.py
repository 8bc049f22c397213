"""
The state machine of `tests/stock_machine.py`, for long: prints its seed, and how often each act and fault was taken.

    python benchmarks/stock_machine_run.py --steps 10000 --seed 7

Nothing is measured; it is here because it takes too long for a test.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
STEPS_PER_EXAMPLE = 50


def main() -> None:
    parser = argparse.ArgumentParser(description="Let the state machine of stock run.")
    parser.add_argument("--steps", type=int, default=1_000, help="in all, about; the hub starts anew every 50")
    parser.add_argument("--seed", type=int, help="of a run that is to be repeated")
    parser.add_argument("--shrink", action="store_true", help="make a failure as small as possible")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="stock-machine-"))
    database = prepared_database(folder)
    # Only now, as it needs a hub with a database.
    from stock_machine import StockMachine, World, run  # noqa: PLC0415

    StockMachine.world = World(folder, database)
    try:
        run(
            examples=max(1, options.steps // STEPS_PER_EXAMPLE),
            steps=STEPS_PER_EXAMPLE,
            number=seed,
            is_shrunk=options.shrink,
        )
    finally:
        for what, times in sorted(StockMachine.taken.items(), key=lambda pair: pair[::-1]):
            print(f"{times:>8} {what}")
        StockMachine.world.close()
        shutil.rmtree(folder, ignore_errors=True)


def prepared_database(folder: Path) -> Path:
    """Give the hub a data folder and an empty database of its own."""
    database = folder / "hub.sqlite3"
    os.environ["TRADEPOST_DATA"] = str(folder)
    os.environ["DATABASE_URL"] = f"sqlite:///{database}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "tradepost.settings"
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    return database


if __name__ == "__main__":
    main()
