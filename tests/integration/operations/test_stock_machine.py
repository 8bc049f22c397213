"""Stock under everything at once: what `benchmarks/stock_machine_run.py` lets run for long, here for a little."""

from pathlib import Path

import pytest

from stock_machine import StockMachine, World, run


@pytest.mark.timeout(400)
def test_no_piece_is_sold_twice_and_none_is_kept_from_being_sold(sqlite, tmp_path):
    StockMachine.world = World(tmp_path, Path(sqlite.removeprefix("sqlite:///")))

    try:
        run(examples=5, steps=30)
    finally:
        StockMachine.world.close()
