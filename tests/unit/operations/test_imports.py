"""An import: one reading and one save however many channels follow, and nothing about one image that ends it."""

import hashlib
import os
import struct
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_variant
from fakes.catalogue import MemoryCatalogue, MemoryChannel, MemoryHistory, MemoryReader
from fakes.images import MemorySourceImages
from tradepost.domain.catalogue.catalogue import Product, SourceImage, Variant
from tradepost.domain.errors import ImageUnusable
from tradepost.domain.plan import Outcome
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.imports import BATCH, import_catalogue, preview_import
from tradepost.operations.ports import ImportCounts, Level, ReadProduct

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_product(handle, *sources, sku=None):
    images = tuple(SourceImage(source, place) for place, source in enumerate(sources, start=1))
    return Product(handle, handle, "", (Variant(sku or handle, (), Decimal(1), 1, 1),), images=images)


def ports_of(*products, channels=(), images=None, catalogue=None, reads_files=True):
    catalogue = catalogue or MemoryCatalogue()
    return ImportPorts(
        reader=MemoryReader(*(ReadProduct(product, (), 1) for product in products)),
        catalogue=catalogue,
        channels={name: MemoryChannel(name, catalogue) for name in channels},
        source_images=images or MemorySourceImages(),
        channel_ids={name: number for number, name in enumerate(channels, start=1)},
        history=MemoryHistory(),
        transaction=catalogue.transaction,
        savepoint=catalogue.transaction,
        clock=lambda: NOON,
        reads_files=reads_files,
    )


def test_a_file_is_read_and_saved_once_and_wanted_values_computed_once_for_all_channels(tmp_path):
    products = [a_product(f"p{number}") for number in range(BATCH + 3)]
    ports = ports_of(*products, channels=("east", "west"))

    report = import_catalogue(tmp_path / "x.csv", ports)

    assert ports.reader.times_read == 1
    assert ports.catalogue.calls == [
        f"save {BATCH}",
        f"build {BATCH} on east",
        f"build {BATCH} on west",
        f"compare {BATCH} on east",
        f"compare {BATCH} on west",
        f"refresh {BATCH}",
        "save 3",
        "build 3 on east",
        "build 3 on west",
        "compare 3 on east",
        "compare 3 on west",
        "refresh 3",
    ]
    assert (report.rows, report.products, report.saved) == (BATCH + 3, BATCH + 3, ImportCounts(created=BATCH + 3))
    assert (report.built, report.listings_built) == ({"east": BATCH + 3, "west": BATCH + 3}, 2 * (BATCH + 3))


def test_the_same_file_again_changes_nothing_and_says_so(tmp_path):
    ports = ports_of(a_product("mug"), a_product("cup"), channels=("east",))
    import_catalogue(tmp_path / "x.csv", ports)

    again = import_catalogue(tmp_path / "x.csv", ports)

    assert (again.saved, again.built) == (ImportCounts(unchanged=2), {"east": 0})


def test_each_channel_keeps_in_its_history_which_file_came_and_what_it_brought(tmp_path):
    path = tmp_path / "spring.csv"
    path.write_text("a file")
    ports = ports_of(a_product("mug"), a_product("cup"), channels=("east", "west"))

    import_catalogue(path, ports)

    assert list(ports.history.kept) == [1, 2]
    (result,) = ports.history.kept[2]
    assert (result.change.subject.key, result.outcome) == ("spring.csv", Outcome.APPLIED)
    found = {field.name: field.after for field in result.change.fields}
    assert found.pop("digest") == hashlib.sha256(b"a file").hexdigest()
    assert found == {"rows": 2, "created": 2, "updated": 0, "unchanged": 0, "listings": 2}


def test_a_file_whose_name_is_no_text_is_kept_under_one_that_is(tmp_path):
    ports = ports_of(a_product("mug"), channels=("east",))

    import_catalogue(tmp_path / os.fsdecode(b"sp\xffring.csv"), ports)

    assert ports.history.kept[1][0].change.subject.key == "sp\N{REPLACEMENT CHARACTER}ring.csv"


def test_the_history_says_that_a_file_brought_nothing_new_and_that_some_of_it_was_refused(tmp_path):
    catalogue = MemoryCatalogue()
    mug = replace(a_product("mug"), variants=(a_variant("A", "S"), a_variant("B", "M")), option_names=("Size",))
    import_catalogue(tmp_path / "x.csv", ports_of(mug, catalogue=catalogue, channels=("east",)))
    again = ports_of(a_product("thief", sku="A"), catalogue=catalogue, channels=("east",))

    import_catalogue(tmp_path / "x.csv", again)

    imported, refused = again.history.kept[1]
    assert (imported.outcome, refused.outcome) == (Outcome.UNCHANGED, Outcome.FAILED)
    assert refused.change.after("refused") == 1
    assert refused.message.startswith("The SKU A of 'thief' belongs to")


def test_a_channel_is_told_of_also_where_the_file_has_nothing(tmp_path):
    report = import_catalogue(tmp_path / "x.csv", ports_of(channels=("east",)))

    assert (report.built, report.products) == ({"east": 0}, 0)


def test_a_batch_that_breaks_off_is_undone_whole_and_those_before_it_stay(tmp_path):
    products = [a_product(f"p{number}") for number in range(BATCH + 1)]
    ports = ports_of(*products, channels=("east",))
    build, calls = ports.channels["east"].build, []

    def break_off(handles, *, queue):
        calls.append(handles)
        if len(calls) > 1:
            raise ConnectionError
        return build(handles, queue=queue)

    ports.channels["east"].build = break_off

    with pytest.raises(ConnectionError):
        import_catalogue(tmp_path / "x.csv", ports)

    assert len(ports.catalogue.products) == BATCH


def test_a_sku_of_another_product_that_keeps_more_costs_its_variant_and_no_more(tmp_path):
    catalogue = MemoryCatalogue()
    mug = replace(a_product("mug"), variants=(a_variant("A", "S"), a_variant("B", "M")), option_names=("Size",))
    import_catalogue(tmp_path / "x.csv", ports_of(mug, catalogue=catalogue))

    report = import_catalogue(
        tmp_path / "x.csv", ports_of(a_product("thief", sku="A"), a_product("cup"), catalogue=catalogue)
    )

    assert list(catalogue.products) == ["mug", "cup"]
    assert [row.message[:40] for row in report.refused] == ["The SKU A of 'thief' belongs to the prod"]


def test_a_preview_says_the_same_and_changes_nothing(tmp_path):
    ports = ports_of(a_product("mug"), a_product("cup"), channels=("east",))

    preview = preview_import(tmp_path / "x.csv", ports)
    left = dict(ports.catalogue.products)
    ports.channels["east"].handles.clear()
    report = import_catalogue(tmp_path / "x.csv", ports)

    assert (preview, left) == (report, {})


def test_what_the_rest_of_the_file_decides_waits_for_it(tmp_path):
    catalogue = MemoryCatalogue()
    mug = replace(a_product("mug"), variants=(a_variant("A", "S"), a_variant("B", "M")), option_names=("Size",))
    import_catalogue(tmp_path / "x.csv", ports_of(mug, catalogue=catalogue))
    others = [a_product(f"p{number}") for number in range(BATCH)]
    smaller = replace(mug, variants=mug.variants[1:])

    report = import_catalogue(
        tmp_path / "x.csv", ports_of(a_product("a", sku="A"), *others, smaller, catalogue=catalogue)
    )

    assert report.refused == []
    assert (catalogue.products["a"].variants[0].sku, report.rows) == ("A", BATCH + 2)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("http://[", "'http://[' is no web address that can be read"),
        ("https://x.example/" + "a" * 3000, "is longer than 2,000 characters"),
        ("/etc/hostname", "must be a web address or a path relative to the catalogue file"),
        ("ftp://x.example/a.png", "must be a web address"),
        ("unusable.png", "it is broken"),
        ("exif.png", "'exif.png' can't be used; the log has the reason"),
        ("memory.png", "'memory.png' can't be used; the log has the reason"),
        ("odd\0.png", "'odd\0.png' can't be used; the log has the reason"),
    ],
)
def test_an_image_that_cant_be_used_is_a_note_and_the_product_goes_in(tmp_path, source, says):
    broken = {
        "unusable.png": ImageUnusable("it is broken", source="unusable.png"),
        "exif.png": struct.error("unpack requires a buffer of 2 bytes"),
        "memory.png": MemoryError(),
        "odd\0.png": ValueError("embedded null byte"),
    }
    ports = ports_of(a_product("mug", source, "good.png"), images=MemorySourceImages(broken))

    report = import_catalogue(tmp_path / "x.csv", ports)

    assert [(row.level, says in row.message, row.handle) for row in report.reports] == [(Level.NOTE, True, "mug")]
    assert [image.source for image in ports.catalogue.products["mug"].images] == ["media:good.png"]


def test_images_that_lie_elsewhere_are_counted_with_what_to_do_about_them(tmp_path):
    broken = {
        name: ImageUnusable(f"{name} leads out.", source=name, leads_out=True) for name in ("../a.png", "../b.png")
    }
    products = [a_product("mug", "../a.png", "good.png"), a_product("cup", "../b.png")]
    ports = ports_of(*products, images=MemorySourceImages(broken | {"c.png": ImageUnusable("No.", source="c.png")}))

    report = import_catalogue(tmp_path / "x.csv", ports)

    assert (report.images_left_out, report.images_outside) == (2, 2)
    assert report.reports[-1].message.startswith("2 images lie outside the folder")
    assert "'--images FOLDER'" in report.reports[-1].message


@pytest.mark.parametrize(("number", "words"), [(0, None), (1, "selling 1 variant without"), (2, "selling 2 variants")])
def test_what_would_be_sold_without_stock_is_said_once_for_each_channel_that_does_not(tmp_path, number, words):
    products = [
        replace(product, variants=tuple(replace(each, sells_without_stock=place < number) for each in product.variants))
        for place, product in enumerate(a_product(name, sku=name) for name in ("mug", "cup"))
    ]
    ports = replace(ports_of(*products), stops_at_zero=["Shop"])

    report = import_catalogue(tmp_path / "x.csv", ports)

    told = [row.message for row in report.reports]
    assert len(told) == bool(words)
    assert not told or (words in told[0] and "channel set Shop --sell-without-stock" in told[0])


@given(st.text(max_size=40), st.booleans())
def test_whatever_an_image_cell_holds_the_product_goes_in(tmp_path_factory, source, reads_files):
    ports = ports_of(a_product("mug", source), reads_files=reads_files)

    report = import_catalogue(tmp_path_factory.getbasetemp() / "x.csv", ports)

    assert list(ports.catalogue.products) == ["mug"]
    assert not report.refused
