"""`python -m simulation`: one day or many, each from its seed; ends with 1 where the comparison found a difference."""

import argparse
import json
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from simulation.day import Report, Setting, simulate


def main() -> int:
    options = _options()
    settings = [
        Setting.of_seed(
            seed,
            hours=options.hours,
            speed=options.speed,
            token=options.token,
            mode=options.mode,
            database=options.database,
        )
        for seed in range(options.seed, options.seed + options.seeds)
    ]
    with ThreadPoolExecutor(max_workers=options.side_by_side) as pool:
        days = [pool.submit(_lived, setting) for setting in settings]
        failed = 0
        for day in as_completed(days):
            report, folder = day.result()
            _print(report, as_json=options.json)
            if report.differences:
                failed += 1
                print(f"    its folder is kept: {folder}", file=sys.stderr)
    return 1 if failed else 0


def _lived(setting: Setting) -> tuple[Report, Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"simulation-{setting.seed}-"))
    report = simulate(setting, folder)
    if not report.differences:
        shutil.rmtree(folder, ignore_errors=True)
    return report, folder


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulation", description="Let days of a shop go by, and compare.")
    parser.add_argument("--seed", type=int, default=1, help="of the first day (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=1, help="how many days, each of the next seed")
    parser.add_argument("--side-by-side", type=int, default=1, help="how many of them at once (default: %(default)s)")
    parser.add_argument("--hours", type=float, default=2.0, help="how long a day is (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=60.0, help="its seconds in one (default: %(default)s)")
    parser.add_argument("--token", choices=("eight functions", "all rights"), help="drawn from the seed if not given")
    parser.add_argument("--mode", choices=("basket", "checkout"), help="drawn from the seed if not given")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each day")
    return parser.parse_args()


def in_json(report: Report) -> str:
    return json.dumps(asdict(report))


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(in_json(report), flush=True)
        return
    setting = report.setting
    print(
        f"seed {setting.seed}: {setting.hours:g} h, {setting.database}, token with {setting.token}, stock in mode "
        f"{setting.mode}; {report.seconds:.0f} s"
    )
    for name, numbers in (("what came of it", report.figures), ("acts", report.acts), ("faults taken", report.faults)):
        print(f"  {name}: " + ", ".join(f"{what} {number}" for what, number in sorted(numbers.items())))
    for sentence in report.differences:
        print(f"  DIFFERENCE: {sentence}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
