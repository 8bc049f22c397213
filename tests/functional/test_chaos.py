"""A short chaos: workers die, freeze and are called twice, the database goes away, and nothing is done twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Processes that are started again and again, which a busy machine takes long for.
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(1500)]


def test_whatever_happens_to_workers_and_their_database_each_thing_is_done_once_on_every_store(postgres_server):
    """R55: killed, with a request on its way, too, frozen and woken, two with one run, ten seconds without database."""
    chaos = subprocess.run(
        [sys.executable, "-m", "chaos", "--seed", "3", "--rounds", "5", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    told = json.loads(chaos.stdout or "{}")
    assert (told.get("differences"), chaos.returncode) == ([], 0), chaos.stderr[-4000:]
    assert told["faults"] == {"kill": 1, "freeze": 1, "late": 1, "twice": 1, "database": 1}
    # Each order was acknowledged with one note, and runs were taken over.
    assert told["figures"]["notes"] == told["figures"]["orders"] > 0
    assert told["figures"]["runs taken again"] > 0
    assert not [state for state in told["figures"] if state in {"runs queued", "runs running"}]
