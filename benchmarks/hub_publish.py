"""
How long it takes to publish families with images, and how much of that is our own CPU.

`hub_publish.py 10000` is of so many listings.
"""

import csv
from pathlib import Path

import hub
from hub import CountingRun, measured
from PIL import Image
from recording import Record, size_asked
from sandbox_process import sandbox

from tradepost.catalogues.registry import CatalogueFiles
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.models import Trigger
from tradepost.database.runs.history import RequestHistory
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.imports import import_catalogue
from tradepost.operations.listings import publish

SIZES = ("S", "M", "L", "XL")
FAMILIES = size_asked(1000) // (1 + len(SIZES))
LISTINGS = FAMILIES * (1 + len(SIZES))
COLUMNS = (
    *("Handle", "Title", "Body (HTML)", "Vendor", "Type", "Option1 Name", "Option1 Value", "Variant SKU"),
    *("Variant Grams", "Variant Inventory Qty", "Variant Price", "Variant Barcode", "Image Src"),
)


def catalogue(folder: Path) -> Path:
    """Write families of four sizes, each with an image of its own."""
    path = folder / "catalogue.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(FAMILIES):
            image = f"image-{number}.png"
            Image.new("RGB", (300, 300), (number % 256, number // 256, 90)).save(folder / image)
            for place, size in enumerate(SIZES):
                first = ("Tee", "<p>Plain &amp; light</p>", "Acme", "Shirts", "Size") if place == 0 else ("",) * 5
                sku = f"TEE-{number}-{size}"
                rows.writerow(
                    [f"tee-{number}", *first, size, sku, 300, 5 + place, "15.00", "", image if place == 0 else ""]
                )
    return path


def main() -> None:
    record = Record(
        f"hub_publish_{LISTINGS}",
        aim="our CPU under 1 ms a listing",
        note="A single run, with the token that has exactly the eight functions. Images are prepared by the import "
        "and uploaded by FTP while publishing. Requests go side by side, so the sandbox's seconds overlap. "
        "By a profile, a quarter of our CPU builds tags, a quarter is the ORM's, a fifth reads and judges the answers.",
    )
    hub.migrate()
    channel = hub.new_channel()
    with sandbox() as server, hub.ports(server, channel) as make:
        first = make(CountingRun())
        ports = ImportPorts(
            reader=CatalogueFiles(),
            catalogue=DjangoCatalogue(),
            channels={channel.name: first.listings},
            source_images=first.source_images,
            channel_ids={channel.name: channel.pk},
            history=RequestHistory(requested_by="bob", trigger=Trigger.PERSON, clock=first.clock),
            transaction=hub.transaction.atomic,
            savepoint=hub.transaction.atomic,
            clock=first.clock,
            reads_files=True,
        )
        path = catalogue(hub.DATA)
        imported = measured(server, lambda: import_catalogue(path, ports))
        run = CountingRun()
        sandbox_cpu = server.cpu_seconds()
        taken = measured(server, lambda: publish.execute(make(run)))
        sandbox_cpu = server.cpu_seconds() - sandbox_cpu
        good = {"applied", "unchanged", "skipped"}
        assert all(name.split()[-1] in good for name in run.outcomes), run.outcomes
        state = server.control("/state", method="GET")["sandbox"]
        assert (state["products"], state["images"]) == (LISTINGS, FAMILIES), state
        record.add(
            listings=LISTINGS,
            import_seconds=imported.wall,
            import_cpu_ms_a_listing=1000 * imported.cpu / LISTINGS,
            publish_seconds=taken.wall,
            publish_requests=taken.requests,
            publish_sandbox_seconds=taken.sandbox,
            publish_sandbox_cpu_seconds=sandbox_cpu,
            publish_own_cpu_ms_a_listing=1000 * taken.cpu / LISTINGS,
            publish_listings_a_second=LISTINGS / taken.wall,
            peak_mb=taken.peak_mb,
        )
    record.write()


if __name__ == "__main__":
    main()
