"""How long a catalogue file takes to come in: new, and again with a few changes; and how much memory."""

import csv
import os
import sys
import time
from pathlib import Path

import hub
from recording import Record, children_seen, own_cpu_seconds, peak_mb

from tradepost.database.models import VariantRecord
from tradepost.engine.imports import import_file
from tradepost.operations.catalogue.imports import NamedFile

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
SIZES = ("S", "M", "L", "XL")
COLUMNS = ("sku", "parent", "options", "name", "description", "categories", "price", "quantity", "barcode")
CHANGED_EVERY = 100


def write(path: Path, *, changed: bool) -> None:
    """Write families of four sizes; `changed`: every hundredth has another price."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(ROWS // (1 + len(SIZES))):
            rows.writerow(
                [f"TEE-{number}", "", "", f"Tee {number}", "<p>Plain &amp; light</p>", "Men > Tees", "", "", ""]
            )
            price = "16.00" if changed and number % CHANGED_EVERY == 0 else "15.00"
            for size in SIZES:
                rows.writerow([f"TEE-{number}-{size}", f"TEE-{number}", f"Size={size}", "", "", "", price, 5, ""])


def measured(path: Path) -> tuple[float, float]:
    began, cpu = time.perf_counter(), own_cpu_seconds()
    report, _run = import_file(NamedFile.of(path), requested_by="benchmark")
    assert report.rows == ROWS // 5 * 5, report.rows
    assert not report.refused_rows
    return time.perf_counter() - began, own_cpu_seconds() - cpu


def main() -> None:
    record = Record(
        "hub_import",
        aim="1,000,000 rows in under 120 s, under 300 MB",
        note="The hub's own template, families of four variants, one channel that follows the catalogue, SQLite. "
        "`again`: the same file with other prices in one of a hundred families. CPU and memory are those of both "
        "processes, the one that writes and the one that reads.",
    )
    hub.migrate()
    hub.new_channel()
    path = hub.DATA / "catalogue.csv"
    write(path, changed=False)
    with children_seen() as readers:
        new, new_cpu = measured(path)
        assert VariantRecord.objects.count() == ROWS // 5 * 4
        write(path, changed=True)
        again, again_cpu = measured(path)
    record.add(
        rows=ROWS,
        new_seconds=new,
        new_cpu_seconds=new_cpu,
        again_seconds=again,
        again_cpu_seconds=again_cpu,
        peak_mb=peak_mb(os.getpid()) + readers.peak_mb,
        of_which_reader_mb=readers.peak_mb,
    )
    record.write()


if __name__ == "__main__":
    main()
