"""
Run a process in faster time: `tradepost` or `miva-sandbox` as they are, or `cancel` of `merchant`.

    python -m simulation.fast_clock tradepost serve

The environment's SIMULATION_CLOCK names a file with `started`, `speed` and `jump`: seconds of the epoch, how many
seconds go by in one, and how many were leapt over. What the hub measures on a clock that can't be moved (how long a
lease is kept alive, how often somebody looks for work) stays as it is in real seconds.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ENVIRONMENT = "SIMULATION_CLOCK"


def main() -> None:
    clock = json.loads(Path(os.environ[ENVIRONMENT]).read_text(encoding="ascii"))
    started, speed, jump = clock["started"], clock["speed"], clock["jump"]
    real = time.time

    def now() -> float:
        return float(started + jump + (real() - started) * speed)

    time.time = now
    command, *arguments = sys.argv[1:]
    sys.argv = [command, *arguments]
    if command == "miva-sandbox":
        from miva_sandbox.cli import main as sandbox  # noqa: PLC0415 - only now, as it takes the clock

        sys.exit(sandbox(arguments))
    if command == "cancel":
        from simulation.merchant import main as cancel  # noqa: PLC0415

        sys.exit(cancel(arguments))
    import django  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    timezone.now = lambda: datetime.fromtimestamp(now(), UTC)
    set_up = django.setup

    def set_up_and_keep_real(set_prefix: bool = True) -> None:
        # Once: the server sets up again.
        django.setup = set_up
        set_up(set_prefix)
        _keep_real(speed)

    django.setup = set_up_and_keep_real
    from tradepost.cli import main as hub  # noqa: PLC0415

    hub()


def _keep_real(speed: float) -> None:
    """Leases live by beats in real seconds; schedules are looked at once in a minute of the fast clock."""
    from tradepost.engine import run_handle, runs, schedules  # noqa: PLC0415

    lease = timedelta(seconds=run_handle.LEASE.total_seconds() * speed)
    for function in (run_handle.RunHandle.__init__, runs.take, runs.execute):
        assert function.__kwdefaults__ is not None
        function.__kwdefaults__["lease"] = lease
    setattr(schedules, "_MINUTE_SECONDS", max(60 / speed, 0.2))  # noqa: B010 - in the product it is a whole number


if __name__ == "__main__":
    main()
