"""Imports into a real database: the same file again changes nothing, and no cell is too odd for either database."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from fakes.images import MemorySourceImages
from tradepost.catalogues.registry import CatalogueFiles
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Channel, ImageRecord, Listing, ProductRecord, Trigger, VariantRecord
from tradepost.database.runs.history import RequestHistory
from tradepost.operations.imports import ImportPorts, import_catalogue
from tradepost.operations.ports import ImportCounts

ROWS = """\
Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Variant Grams,Image Src
tee,Tee,Size,S,TEE-S,10.123456,5,1.00001,https://images.example/1.jpg
tee,,,M,TEE-M,9.004,7,,http://[
mug,Mug,,,MUG,7.9,,,
"""


@pytest.fixture
def import_file(database, tmp_path, noon):
    """Import a text into three channels."""
    channels = [Channel.objects.create(name=name) for name in ("east", "north", "west")]
    path = tmp_path / "catalogue.csv"

    def run(text=ROWS, *, atomic=transaction.atomic):
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        ports = ImportPorts(
            reader=CatalogueFiles(),
            catalogue=DjangoCatalogue(),
            channels={channel.name: DjangoListings(channel.pk, clock=lambda: noon) for channel in channels},
            source_images=MemorySourceImages(),
            channel_ids={channel.name: channel.pk for channel in channels},
            history=RequestHistory(requested_by="bob", trigger=Trigger.PERSON, clock=lambda: noon),
            transaction=atomic,
            clock=lambda: noon,
        )
        return import_catalogue(path, ports)

    return run


def listings():
    names = ("channel__name", "sku", "kind", "wanted_price", "available", "pending")
    return [tuple(map(str, row)) for row in Listing.objects.order_by("channel", "id").values_list(*names)]


def everything():
    return [
        list(model.objects.order_by("id").values()) for model in (ProductRecord, VariantRecord, ImageRecord, Listing)
    ]


def test_every_channel_gets_the_same_listings_with_what_they_should_show(import_file):
    report = import_file()

    assert report.built == {"east": 4, "north": 4, "west": 4}
    assert listings() == [
        (channel, *row)
        for channel in ("east", "north", "west")
        for row in (
            ("tee", "parent", "9.00", "None", "publish"),
            ("TEE-S", "variant", "10.12", "5", "publish"),
            ("TEE-M", "variant", "9.00", "7", "publish"),
            ("MUG", "simple", "7.90", "None", "publish"),
        )
    ]


def test_the_same_file_again_changes_nothing_and_says_so(import_file):
    import_file()

    before = everything()

    again = import_file()

    assert (again.saved, again.listings_built) == (ImportCounts(unchanged=5), 0)
    assert everything() == before


def test_a_batch_that_breaks_off_leaves_nothing_half_done_and_the_next_import_completes_it(import_file):
    @contextmanager
    def broken():
        with transaction.atomic():
            yield
            raise ConnectionError

    with pytest.raises(ConnectionError):
        import_file(atomic=broken)
    left = (ProductRecord.objects.count(), Listing.objects.count())
    report = import_file()

    assert left == (0, 0)
    assert (report.saved, report.listings_built) == (ImportCounts(created=5), 12)


@pytest.mark.parametrize(
    "cell",
    ["1e999999999", "NaN", "\0", "\ud83d", "\u0661\u0662", "x" * 100_000, "9" * 400, "\x01\x7f\ufffe", "http://[", "'"],
    ids=["exponent", "nan", "nul", "surrogate", "digits", "long", "number", "control", "address", "quote"],
)
def test_a_cell_that_cant_be_used_aborts_no_import(import_file, cell):
    good = "good,Good,,,GOOD,1,1,,\n"
    columns = ROWS.split("\n", 1)[0].split(",")
    bad = "".join(
        ",".join(
            {"Handle": f"bad-{place}", "Title": "Bad", "Variant Price": "1", name: cell}.get(c, "") for c in columns
        )
        + "\n"
        for place, name in enumerate(columns)
    )

    import_file(ROWS + bad + good)

    assert VariantRecord.objects.filter(sku="GOOD", quantity=1).exists()
    assert Listing.objects.filter(sku="GOOD").count() == 3
