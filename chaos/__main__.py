"""`python -m chaos`: one or many, each from its seed; ends with 1 where the comparison found a difference."""

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

from chaos.day import FAULTS, Report, Setting, in_json, live


def main() -> int:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{options.seed}-"))
    named = {field.name for field in fields(Setting)}
    setting = Setting(**{name: value for name, value in vars(options).items() if name in named})
    report = live(setting, folder)
    _print(report, as_json=options.json)
    if report.differences:
        print(f"    its folder is kept: {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _options() -> argparse.Namespace:
    usual = Setting()
    parser = argparse.ArgumentParser(prog="chaos", description="Let workers die and databases go, and compare.")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="each with one fault (default: %(default)s)")
    parser.add_argument("--faults", type=_faults, default=FAULTS, help=f"in turn (default: {','.join(FAULTS)})")
    parser.add_argument("--workers", type=int, default=usual.workers)
    parser.add_argument("--articles", type=int, default=usual.articles)
    parser.add_argument("--latency-seconds", type=float, default=usual.latency_seconds)
    parser.add_argument("--lease-seconds", type=int, default=usual.lease_seconds, help="in earnest 45")
    parser.add_argument("--lost-answer-seconds", type=int, default=usual.lost_answer_seconds, help="in earnest 180")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    return parser.parse_args()


def _faults(text: str) -> tuple[str, ...]:
    named = tuple(text.split(","))
    if unknown := set(named) - set(FAULTS):
        raise argparse.ArgumentTypeError(f"There is no {', '.join(sorted(unknown))}.")
    return named


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(in_json(report)), flush=True)
        return
    print(f"seed {report.setting.seed}: " + ", ".join(f"{what} {number}" for what, number in report.faults.items()))
    print("  figures: " + ", ".join(f"{what} {number}" for what, number in sorted(report.figures.items())))
    for fault, taken, written in report.gaps:
        print(f"  {fault}: taken over after {_seconds(taken)}, next write after {_seconds(written)}")
    for sentence in report.differences:
        print(f"  DIFFERENCE: {sentence}")
    sys.stdout.flush()


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
