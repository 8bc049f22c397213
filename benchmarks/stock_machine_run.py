"""
The state machine of `tests/stock_machine.py`, for long: prints its seeds and how often each act was taken, each row of
the status table and each fault, and fails where one of the latter two was taken less often than is asked for.

    python benchmarks/stock_machine_run.py --steps 10000 --seed 7 --at-least 20 --processes 2

Nothing is measured; it is here because it takes too long for a test.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from hypothesis.errors import FlakyStrategyDefinition

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
STEPS_PER_EXAMPLE, EXAMPLES_PER_SEED = 80, 5
# Between the first seeds of two processes: more than one comes to.
APART = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Let the state machine of stock run.")
    parser.add_argument(
        "--steps", type=int, default=1_000, help="at least so many in all; a seed is good for some hundreds"
    )
    parser.add_argument("--seed", type=int, help="the first of those that are to be repeated")
    parser.add_argument("--processes", type=int, default=1, help="side by side, each with seeds of its own")
    parser.add_argument("--at-least", type=int, default=0, help="how often each transition and each fault must occur")
    parser.add_argument("--counts", type=Path, help="where to write how often what was taken, too")
    parser.add_argument("--shrink", action="store_true", help="make a failure as small as possible")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory(prefix="stock-machine-") as name:
        folder = Path(name)
        database = prepared_database(folder)
        from stock_machine import World, too_rare  # noqa: PLC0415 - it needs a hub with a database

        if options.processes > 1:
            is_whole, taken = run_side_by_side(seed, options.processes, folder, steps=options.steps)
        else:
            is_whole, taken = run_seeds(seed, World(folder, database), options)
    for what, times in sorted(taken.items(), key=lambda pair: pair[::-1]):
        print(f"{times:>8} {what}")
    rare = too_rare(taken, options.at_least)
    for what, times in rare.items():
        print(f"TOO RARE: {times} times {what}")
    sys.exit(bool(rare) or not is_whole)


def run_seeds(seed: int, world, options: argparse.Namespace) -> tuple[bool, Counter[str]]:
    """Run one seed after the other; what breaks one is shown, and the others are run all the same."""
    from stock_machine import StockMachine, run  # noqa: PLC0415

    StockMachine.world = world
    is_whole, taken = True, StockMachine.taken
    while taken["step"] < options.steps:
        try:
            run(examples=EXAMPLES_PER_SEED, steps=STEPS_PER_EXAMPLE, number=seed, is_shrunk=options.shrink)
            result = "no invariant broken"
        except FlakyStrategyDefinition:
            # What can be drawn depends on where the stores' clocks stand: the steps were made, and can't be made again.
            result = "no invariant broken, cut short, as it can't be repeated"
        except Exception:  # noqa: BLE001 - whatever breaks it is shown
            traceback.print_exc()
            is_whole, result = False, "BROKEN"
        print(f"seed {seed}: {result}, after {taken['step']} steps in all", flush=True)
        seed += 1
        if options.counts:
            options.counts.write_text(json.dumps(taken), encoding="utf-8")
    world.close()
    return is_whole, taken


def run_side_by_side(seed: int, processes: int, folder: Path, *, steps: int) -> tuple[bool, Counter[str]]:
    """Share the steps out, and add up what was taken."""
    running = []
    for number in range(processes):
        counts = folder / f"{number}.json"
        first, part = str(seed + number * APART), str(-(-steps // processes))
        command = [sys.executable, __file__, "--steps", part, "--seed", first, "--counts", str(counts)]
        running.append((subprocess.Popen(command), counts))
    codes = [process.wait() for process, _ in running]
    taken: Counter[str] = Counter()
    for _, counts in running:
        taken.update(json.loads(counts.read_text(encoding="utf-8")) if counts.exists() else {})
    return not any(codes), taken


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
