"""Imports into a real database: the same file again changes nothing, and no cell is too odd for either database."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from fakes.images import MemorySourceImages
from tradepost.catalogues.registry import CatalogueFiles
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Channel, ImageRecord, Listing, ProductRecord, Source, Trigger, VariantRecord
from tradepost.database.runs.history import RequestHistory
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.imports import ImportOptions, import_catalogue
from tradepost.operations.ports import ImportCounts, Level

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

    def run(text=ROWS, *, atomic=transaction.atomic, **options):
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        ports = ImportPorts(
            reader=CatalogueFiles(),
            catalogue=DjangoCatalogue(),
            channels={channel.name: DjangoListings(channel.pk, clock=lambda: noon) for channel in channels},
            source_images=MemorySourceImages(),
            channel_ids={channel.name: channel.pk for channel in channels},
            history=RequestHistory(requested_by="bob", trigger=Trigger.PERSON, clock=lambda: noon),
            transaction=atomic,
            savepoint=transaction.atomic,
            clock=lambda: noon,
        )
        return import_catalogue(path, ports, options=ImportOptions(**options))

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


def variants(*names):
    return {row[0]: tuple(map(str, row[1:])) for row in VariantRecord.objects.values_list("sku", *names)}


def test_a_file_of_skus_touches_price_and_quantity_of_what_it_names_and_nothing_else(import_file):
    """R3."""
    import_file()
    names = [field.attname for field in VariantRecord._meta.fields]
    before = variants(*names)

    report = import_file("sku,price,quantity\nTEE-S,11.50,\nNOBODYS,1,1\nTEE-M,,0\nMUG,7.90,\n")

    after = variants(*names)
    changed = {
        (sku, name)
        for sku, row in after.items()
        for name, old, new in zip(names, before[sku], row, strict=True)
        if old != new
    }
    assert changed - {("TEE-M", "stated_by"), ("TEE-M", "stated_at")} == {
        ("TEE-S", "price"),
        ("TEE-M", "quantity"),
        ("TEE-M", "source_quantity"),
    }
    assert variants("price", "quantity") == {
        "TEE-S": ("11.50", "5"),
        "TEE-M": ("9.0040", "0"),
        "MUG": ("7.90", "None"),
    }
    assert [(row.line, row.message) for row in report.refused] == [(3, "The catalogue has no SKU NOBODYS.")]
    assert (report.saved, report.values) == (ImportCounts(updated=2, unchanged=1), 3)
    assert {row[3:5] for row in listings() if row[1] == "TEE-S"} == {("11.50", "5")}
    assert {row[3:5] for row in listings() if row[1] == "TEE-M"} == {("9.00", "0")}


def test_the_same_file_of_skus_again_changes_nothing(import_file):
    text = "sku,price,quantity\nTEE-S,11.50,4\n"
    import_file()
    import_file(text)
    before = everything()

    again = import_file(text)

    assert again.saved == ImportCounts(unchanged=1)
    assert everything() == before


def test_a_price_that_cannot_be_read_keeps_no_quantity_from_counting(import_file):
    """What a warehouse had sold out was sold on, because its prices have decimal commas; as in files of products."""
    import_file()
    before = variants("price")

    report = import_file("sku;price;quantity\nTEE-S;11,50;0\nTEE-M;9,00;\nMUG;;3\n")

    assert (variants("price"), variants("quantity")) == (before, {"TEE-S": ("0",), "TEE-M": ("7",), "MUG": ("3",)})
    assert [(row.line, row.level) for row in report.reports] == [(2, Level.NOTE), (3, Level.REFUSED)]
    assert report.reports[0].message.endswith("So TEE-S keeps its last price; its quantity counts.")


def test_what_many_rows_have_in_common_is_said_once_with_their_first_lines_and_their_number(import_file):
    """R5: in the order of the file's lines, one line per cause."""
    unknown = "".join(f"NOBODYS-{number},1\n" for number in range(1500))

    report = import_file(f"sku,price\n,1\n{unknown}A,x\n,2\n")

    assert [(cause.where, cause.message) for cause in report.told.causes()] == [
        ("lines 2, 1504: ", "The row has no SKU."),
        ("lines 3, 4, 5 and 1,497 more: ", "The catalogue has no such SKU."),
        (
            "line 1503: ",
            "'x' in the column price is not a plain number such as 1234.50; it must be from 0 to below 100,000,000.",
        ),
    ]
    assert (report.refused_rows, len(report.refused)) == (1503, 1003)
    assert [row.line for row in report.refused] == sorted(row.line for row in report.refused)


# --- what a file does not have ------------------------------------------------------------------------------------

MUG = "sku,name,price,quantity\nMUG,Mug,7.90,5\n"


def gone():
    return set(VariantRecord.objects.filter(is_gone=True).values_list("sku", flat=True))


def test_what_a_file_does_not_have_is_counted_and_left_alone(import_file):
    """R2: partial by default."""
    import_file()
    before = everything()

    report = import_file("Handle,Title,Variant SKU,Variant Price\nmug,Mug,MUG,7.9\n")

    assert (report.absent, report.is_full, gone()) == (1, False, set())
    assert everything() == before


def test_a_full_file_orphans_what_its_source_brought_last_and_nothing_of_others(import_file):
    """T36, R2."""
    import_file()
    Listing.objects.filter(sku="TEE-S").update(link="linked", health="listed", external_id="9", account=5, pending="")
    import_file("sku,name,price\nCUP,Cup,1\n", source="erp")

    report = import_file("Handle,Title,Variant SKU,Variant Price\nmug,Mug,MUG,7.9\n", is_full=True)

    assert (report.absent, report.is_full, gone()) == (1, True, {"TEE-S", "TEE-M"})
    orphaned = set(Listing.objects.filter(is_orphaned=True).values_list("sku", flat=True))
    assert orphaned == {"tee", "TEE-S", "TEE-M"}
    assert set(Listing.objects.filter(sku="TEE-S").values_list("available", flat=True)) == {0}
    told = [row.message for row in report.reports if row.level is Level.OFF_SALE]
    assert len(told) == 3
    assert "TEE-S on 'east' is not in the catalogue any more, so a sync takes it off sale: 5 pieces" in told[0]


def test_what_another_source_brings_too_is_not_absent_from_the_first_any_more(import_file):
    import_file(MUG, source="erp")
    import_file(MUG, source="pim")

    report = import_file("sku,name,price\nCUP,Cup,1\n", source="erp", is_full=True)

    assert (report.absent, gone()) == (0, set())
    assert ProductRecord.objects.get(handle="MUG").source.name == "pim"


def test_a_row_that_is_refused_is_there_all_the_same(import_file):
    import_file("sku,name,price,quantity\nMUG,Mug,7.90,5\nCUP,Cup,3,1\n")

    report = import_file("sku,name,price,quantity\nMUG,Mug,7.90,many\nCUP,Cup,3,1\n", is_full=True)

    assert (report.refused_rows, report.absent, gone()) == (1, 0, set())


def test_the_same_full_file_again_changes_nothing(import_file):
    import_file()
    import_file(MUG, is_full=True)
    before = everything()

    again = import_file(MUG, is_full=True)

    assert (again.absent, again.saved) == (0, ImportCounts(unchanged=2))
    assert everything() == before


# --- whose number it is -------------------------------------------------------------------------------------------


def test_of_two_sources_one_states_a_quantity_whatever_kind_of_file_the_other_sends(import_file):
    import_file(MUG, source="erp")

    told = import_file("sku,quantity\nMUG,9\n", source="wms")
    kept = VariantRecord.objects.get(sku="MUG").quantity
    Source.objects.filter(name="wms").update(states="always")
    import_file("sku,quantity\nMUG,9\n", source="wms")

    assert [row.message for row in told.reports] == [
        "MUG: the number 9 is not taken, because the source 'erp' states how many there are, and says 5."
    ]
    assert (kept, VariantRecord.objects.get(sku="MUG").quantity) == (5, 9)
    assert VariantRecord.objects.get(sku="MUG").quantity_source.name == "wms"


def test_a_source_whose_every_file_counts_still_does_not_count_the_last_one_again(import_file):
    """Design of statements: `counts` is of each source."""
    for name in ("erp", "wms"):
        Source.objects.create(name=name, counts="file", states="always" if name == "wms" else "first")
    import_file("sku,name,price,quantity\nMUG,Mug,7.90,5\n", source="erp")
    VariantRecord.objects.update(quantity=2, stated_by="ada")

    import_file("sku,name,price,quantity\nMUG,Mug,7.90,5\n", source="erp")
    again = VariantRecord.objects.get().quantity
    import_file("sku,name,price,quantity\nMUG,Mug!,7.90,5\n", source="erp")

    assert (again, VariantRecord.objects.get().quantity) == (2, 5)
