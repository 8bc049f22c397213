"""The catalogue's pages: a file is given, recognised, previewed, imported and undone; sources; and who may do that."""

import csv
import io
import os
import re
import time
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from people import browser_of
from queued_runs import execute_queued
from shopper import Shopper
from tradepost.database.models import ProductRecord, Run, SavedPlan, Source, Upload, VariantRecord
from tradepost.domain.plan import RunState
from tradepost.engine.runs import execute, take
from tradepost.engine.uploads import forget_old_uploads

HEADER = "sku,parent,options,name,price,quantity,categories,colour_of_box\n"
GOOD = "MUG,,,Enamel Mug,7.90,5,Mugs,red\nCUP,,,Cup,3.00,2,Mugs,\n"
WITH_A_BAD_ROW = (
    "MUG,,,Enamel Mug,9.90,5,Mugs,\nCUP,,,Cup,3.00,2,Mugs,\n,,,Of nobody,1.00,1,,\nPOT,,,Pot,12.00,1,Pots,\n"
)
ADD = "admin:tradepost_upload_add"


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == HTTPStatus.OK, answer
    return " ".join(answer.content.decode().split())


def give(client, content, name="products.csv", **more):
    """Give a file on the page; return what was kept of it, or None and what the page said."""
    content = content.encode() if isinstance(content, str) else content
    answer = client.post(reverse(ADD), {"file": SimpleUploadedFile(name, content), **more})
    if answer.status_code == HTTPStatus.FOUND:
        return Upload.objects.latest("pk")
    return " ".join(answer.content.decode().split())


def page_of(upload):
    return reverse("admin:tradepost_upload_change", args=[upload.pk])


def ask(client, upload, do, **more):
    answer = client.post(page_of(upload), {"do": do, **more})
    assert answer.status_code == HTTPStatus.FOUND, answer
    execute_queued()
    return text_of(client, answer["Location"])


def preview(client, upload, **more):
    return ask(client, upload, "preview", source=upload.source.name, **more)


def kept_files():
    return sorted(str(each.name) for each in (Path(settings.DATA_DIR) / "uploads").rglob("*") if each.is_file())


def prices():
    rows = VariantRecord.objects.filter(is_gone=False, product__is_for_sale=True)
    return {sku: f"{price:.2f}" for sku, price in rows.values_list("sku", "price")}


@pytest.fixture
def bob(shell):
    return browser_of("bob")


def test_a_file_is_recognised_previewed_imported_and_undone_on_pages(connected, store):
    """R8: what a file would do is seen before, and taken back after; the catalogue is as it was."""
    bob = browser_of("bob")
    first = give(bob, HEADER + GOOD)
    recognised = text_of(bob, page_of(first))
    preview(bob, first)
    ask(bob, first, "import")
    assert connected("listings", "publish").code == 0
    before = prices()
    shopper = Shopper(store)
    sold_before = shopper.sold(("MUG", "CUP"))

    second = give(bob, HEADER + WITH_A_BAD_ROW)
    previewed = preview(bob, second)
    while_previewed = prices()
    imported = ask(bob, second, "import")
    after = prices()
    run = Upload.objects.get(pk=second.pk).imported_by
    undo = reverse("admin:tradepost_savedplan_undo", args=[run.pk])
    offered = text_of(bob, undo)
    assert bob.post(undo).status_code == HTTPStatus.FOUND
    execute_queued()
    plan = SavedPlan.objects.latest("pk")
    address = reverse("admin:tradepost_savedplan_change", args=[plan.pk])
    planned = text_of(bob, address)
    bob.post(address, {"do": "approve_all"})
    bob.post(address, {"do": "apply"})
    execute_queued()
    assert connected("listings", "sync").code == 0
    sold = shopper.sold(("MUG", "CUP"))
    shopper.close()

    assert 'Layout <strong id="form">template</strong>' in recognised
    assert "passed over: colour_of_box" in recognised
    assert "Enamel Mug" in recognised
    assert '<dd id="new"><data value="1">1</data></dd>' in previewed
    assert '<dd id="refused"><data value="1">1</data></dd>' in previewed
    assert "Line 4" in previewed
    assert "price of MUG: 7.90 → 9.90" in previewed
    assert while_previewed == before == {"MUG": "7.90", "CUP": "3.00"}
    assert "It is imported" in imported
    assert after == {"MUG": "9.90", "CUP": "3.00", "POT": "12.00"}
    assert kept_files() == []
    assert "Plan the undo" in offered
    assert "price of MUG: 9.90 → 7.90" in planned
    assert "Your password again" not in planned
    assert prices() == before
    assert sold == sold_before


def test_refused_rows_are_a_file_whose_cells_no_spreadsheet_takes_for_formulas(bob):
    upload = give(bob, HEADER + "=1+1,,,,7.90,1,,\nMUG,,,Enamel Mug,7.90,5,Mugs,\n")
    preview(bob, upload)

    answer = bob.get(reverse("admin:tradepost_upload_refused", args=[upload.pk]))

    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[0] == ["line", "refused because", *HEADER.strip().split(",")]
    assert [[row[0], row[2]] for row in rows[1:]] == [["2", "'=1+1"]]
    assert "attachment" in answer["Content-Disposition"]


def test_refused_rows_are_downloaded_mended_and_imported_again_and_their_families_stay_whole(bob):
    """A file says all of a product: were the row of one size given alone, the others would go off sale."""
    family = "TEE,,,Tee,,,Shirts,\nTEE-S,TEE,Size=S,,15.00,3,,\nTEE-M,TEE,Size=M,,15.00,three,,\n"
    first = give(bob, HEADER + GOOD + family + ",,,No code,5.00,1,,\n")
    preview(bob, first)
    ask(bob, first, "import")
    answer = bob.get(reverse("admin:tradepost_upload_refused", args=[first.pk]))
    downloaded = b"".join(answer.streaming_content).decode("utf-8-sig")

    mended = give(bob, downloaded.replace("three", "3"))
    previewed = preview(bob, mended)
    ask(bob, mended, "import")

    rows = list(csv.DictReader(io.StringIO(downloaded)))
    assert [(row["line"], row["sku"], bool(row["refused because"])) for row in rows] == [
        ("4", "TEE", False),
        ("5", "TEE-S", False),
        ("6", "TEE-M", True),
        ("7", "", True),
    ]
    assert "The row has no SKU." in previewed, "what nobody has mended"
    sold = VariantRecord.objects.filter(is_gone=False, product__handle="TEE").order_by("sku")
    assert list(sold.values_list("sku", "quantity")) == [("TEE-M", 3), ("TEE-S", 3)]


def test_a_full_file_says_what_it_takes_out_before_it_does(bob):
    first = give(bob, HEADER + GOOD)
    preview(bob, first)
    ask(bob, first, "import")
    second = give(bob, HEADER + "MUG,,,Enamel Mug,7.90,5,Mugs,red\n")

    partial = preview(bob, second, extent="partial")
    full = preview(bob, second, extent="full")
    ask(bob, second, "import")

    assert "is not in the file and stays as it is" in partial.replace('<data value="1">1</data>', "1")
    assert "taken out of the catalogue</strong>, because this source has brought it" in full
    assert "The next sync takes it off sale on every channel." in full
    assert list(VariantRecord.objects.filter(is_gone=False).values_list("sku", flat=True)) == ["MUG"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("products.xlsx", b"PK\x03\x04", "A catalogue file ends with one of"),
        ("products.csv", b"PK\x03\x04rest", "is a spreadsheet or ZIP file"),
        ("products.csv", b"", "empty"),
        ("products.csv", b"\x00\x01\x02\x03", "is not a text file"),
        ("products.csv", b"one,two\n1,2\n", "is in no format that can be imported"),
        ("products.csv", b"x" * 25_000_001, "is larger than 25 MB"),
    ],
)
def test_what_is_no_catalogue_is_refused_at_once_and_leaves_nothing(bob, name, content, words):
    said = give(bob, content, name)

    assert words in str(said)
    assert str(settings.DATA_DIR) not in str(said)
    assert kept_files() == []
    assert not Upload.objects.exists()


def test_files_of_a_spreadsheet_in_other_encodings_come_in_as_they_are_meant(bob):
    text = HEADER + "MUG,,,Bécher émaillé,7.90,5,Mugs,\n"
    names = []
    for encoding in ("windows-1252", "utf-16", "utf-8"):
        upload = give(bob, text.encode(encoding))
        names.append((upload.encoding, "Bécher émaillé" in text_of(bob, page_of(upload))))

    preview(bob, upload)
    ask(bob, upload, "import")

    assert names == [("windows-1252", True), ("utf-16", True), ("utf-8", True)]
    assert ProductRecord.objects.get().title == "Bécher émaillé"


def test_a_file_without_rows_is_not_said_to_be_in_the_catalogue_and_many_strange_columns_are_not_all_named(bob):
    strange = ",".join(f"strange{number}" for number in range(200))

    empty = preview(bob, give(bob, HEADER))
    wide = text_of(bob, page_of(give(bob, f"sku,name,price,{strange}\nMUG,Mug,7.90{',x' * 200}\n")))

    assert "the file has a header and no rows beneath it" in empty
    assert "strange19 and 180 more" in wide


def test_paths_of_images_are_refused_for_a_file_that_is_given_on_a_page(bob, tmp_path):
    """Design 8: only imports that somebody types read files of this machine."""
    (tmp_path / "secret.png").write_bytes(b"\x89PNG")
    paths = f"{tmp_path}/secret.png|../../secret.key|file:///etc/passwd|https://images.example/mug.jpg"
    upload = give(bob, f"sku,name,price,images\nMUG,Mug,7.90,{paths}\n")

    previewed = preview(bob, upload)
    ask(bob, upload, "import")

    assert "files are only read in imports at the command line" in previewed
    assert [image.source for image in ProductRecord.objects.get().images.all()] == ["https://images.example/mug.jpg"]


def test_a_viewer_looks_at_imports_and_can_press_nothing(bob):
    upload = give(bob, HEADER + GOOD)
    preview(bob, upload)
    vera = browser_of("vera")

    shown = text_of(vera, page_of(upload))
    answers = [vera.post(page_of(upload), {"do": do}).status_code for do in ("preview", "import", "discard")]
    given = vera.post(reverse(ADD), {"file": SimpleUploadedFile("x.csv", HEADER.encode())}).status_code

    assert 'id="new"' in shown
    assert "Import it" not in shown
    assert "Preview again" not in shown
    assert [*answers, given] == [HTTPStatus.FORBIDDEN] * 4
    assert not ProductRecord.objects.exists()


def test_an_import_that_was_cut_off_goes_on_with_its_file_and_what_nobody_needs_is_forgotten(bob):
    upload = give(bob, HEADER + GOOD)
    preview(bob, upload)
    bob.post(page_of(upload), {"do": "import"})
    run = Upload.objects.get(pk=upload.pk).imported_by
    # As a server leaves it that is killed: taken by an owner who is dead.
    Run.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING.value, owner="gone", attempt=1, lease_until=timezone.now() - timedelta(hours=1)
    )
    forgotten = give(bob, HEADER + "POT,,,Pot,1.00,1,,\n", "never.csv")
    stray = Path(settings.DATA_DIR) / "uploads" / "of-nobody"
    stray.mkdir()
    (stray / "half.csv").write_text("sku", encoding="utf-8")

    forget_old_uploads()
    both_there = kept_files()
    run_taken_over(run.pk)
    Upload.objects.filter(pk=forgotten.pk).update(given_at=timezone.now() - timedelta(days=30))
    os.utime(stray, (time.time() - 7200, time.time() - 7200))
    forget_old_uploads()

    assert both_there == ["half.csv", "never.csv", "products.csv"]
    assert prices() == {"MUG": "7.90", "CUP": "3.00"}
    assert kept_files() == []
    assert list(Upload.objects.values_list("pk", flat=True)) == [upload.pk]


def run_taken_over(number):
    taken = take(number, abandoned_by="gone")
    assert taken is not None
    execute(taken)


def test_a_file_can_be_forgotten_and_is_imported_once_only_after_its_preview(bob):
    upload = give(bob, HEADER + GOOD)

    too_early = ask(bob, upload, "import")
    bob.post(page_of(upload), {"do": "discard"})
    left = kept_files()
    other = give(bob, HEADER + GOOD)
    preview(bob, other)
    ask(bob, other, "import")
    again = ask(bob, other, "import")

    assert "There is no preview of this file yet" in too_early
    assert left == []
    assert "The file was imported already" in again


def test_imports_by_hand_by_command_and_of_sources_are_one_list(bob, shell, tmp_path):
    file = tmp_path / "typed.csv"
    file.write_text(HEADER + GOOD, encoding="utf-8")
    assert shell("catalogue", "import", file).code == 0
    upload = give(bob, HEADER + WITH_A_BAD_ROW)
    waiting = text_of(bob, reverse("admin:tradepost_upload_changelist"))
    preview(bob, upload)
    ask(bob, upload, "import")

    shown = text_of(bob, reverse("admin:tradepost_upload_changelist"))

    assert "Given, and not imported yet" in waiting
    assert "Given, and not imported yet" not in shown
    assert "typed.csv" in shown
    assert "2 new" in shown
    assert "with something refused" in shown


def test_a_source_is_added_run_previewed_and_forgotten_on_its_pages(shell, web_place):
    alice = browser_of("alice")
    web_place.offered = (HEADER + GOOD + ",,,Of nobody,1.00,1,,\n").encode()
    add = reverse("admin:tradepost_source_add")
    form = {
        "name": "erp",
        "address": web_place.address,
        "is_local": "on",
        "states": "first",
        "counts": "changed",
        "every": "2h",
    }

    refused = alice.post(add, {**form, "every": "often"}).content.decode()
    folder = alice.post(add, {**form, "address": "/etc"}).content.decode()
    assert not Source.objects.exists()
    assert alice.post(add, form).status_code == HTTPStatus.FOUND
    source = Source.objects.get()
    address = reverse("admin:tradepost_source_change", args=[source.pk])
    alice.post(address, {"do": "preview"})
    execute_queued()
    while_previewed = prices()
    looked_at = Run.objects.get(is_dry=True)
    told = [change.message for change in looked_at.changes.filter(outcome="failed")]
    alice.post(address, {"do": "run"})
    execute_queued()
    shown = text_of(alice, address)
    listed = text_of(alice, reverse("admin:tradepost_source_changelist"))
    edit = reverse("admin:tradepost_source_edit", args=[source.pk])
    assert alice.post(edit, {**form, "every": "", "is_full": "on"}).status_code == HTTPStatus.FOUND
    changed = text_of(alice, address)
    vera = browser_of("vera")
    of_vera = [vera.post(address, {"do": do}).status_code for do in ("run", "preview", "remove")]
    looked = text_of(vera, address)
    alice.post(address, {"do": "remove"})

    assert "is no interval" in refused
    assert 'value="erp"' in refused
    assert "A folder of this machine is not named on a page" in folder
    assert while_previewed == {}
    assert looked_at.planned == [{"subject": "product", "action": "create", "count": 2}]
    assert told == ["line 4: The row has no SKU."]
    assert "orders" in shown
    assert "2 new" in listed
    assert "every 2 hours" in listed
    assert "is taken out of the catalogue (full)" in changed
    assert of_vera == [HTTPStatus.FORBIDDEN] * 3
    assert "Fetch and import now" not in looked
    assert not Source.objects.exists()
    assert prices() == {"MUG": "7.90", "CUP": "3.00"}


def test_a_file_is_fetched_from_an_address_that_may_be_kept_as_a_source(shell, web_place):
    alice, bob = browser_of("alice"), browser_of("bob")
    web_place.offered = (HEADER + GOOD).encode()
    typed = {"do": "fetch", "address": web_place.address, "is_local": "on", "secret": "t0ken"}

    of_bob = bob.post(reverse(ADD), typed)
    asked_by_bob = len(web_place.asked)
    fetched = alice.post(reverse(ADD), typed, follow=True).content.decode()
    upload = Upload.objects.get()
    previewed = preview(bob, upload)
    before = prices()
    ask(bob, upload, "import")
    keep = re.search(r"href='(/tradepost/source/add/[^']*)'", fetched)
    assert keep is not None
    form = text_of(alice, keep[1].replace("&amp;", "&"))

    # Only who sets up sources opens a host inside the network, whatever is ticked.
    assert "The file was not taken." in of_bob.content.decode()
    assert asked_by_bob == 0
    assert web_place.asked[0]["Authorization"] == "Bearer t0ken"
    assert 'Layout <strong id="form">template</strong>' in fetched
    assert '<dd id="new"><data value="2">2</data></dd>' in previewed
    assert (before, prices()) == ({}, {"MUG": "7.90", "CUP": "3.00"})
    assert f'value="{web_place.address}"' in form
    assert "t0ken" not in fetched + form


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Type the address of a file"),
        ("/etc/passwd", "A folder of this machine is not named on a page"),
        ("gopher://x/y.csv", "is no address for files"),
        ("http://shop.example.com/x.csv", "https addresses only"),
        ("https://127.0.0.1/x.csv", "inside a private network"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused_and_shown_again(bob, address, words):
    said = " ".join(bob.post(reverse(ADD), {"do": "fetch", "address": address}).content.decode().split())

    assert words in said
    assert f'name="address" value="{address}"' in said
    assert not Upload.objects.exists()
    assert kept_files() == []


def test_a_server_that_gives_no_catalogue_is_told_of_and_leaves_nothing(shell, web_place):
    alice = browser_of("alice")
    typed = {"do": "fetch", "address": web_place.address, "is_local": "on"}

    said = []
    for offered, statuses in ((None, []), (b"one,two\n1,2\n", []), (b"x" * 25_000_001, []), (b"", [503]), (b"", [401])):
        web_place.offered, web_place.statuses = offered, statuses
        said.append(" ".join(alice.post(reverse(ADD), typed).content.decode().split()))

    for words, shown in zip(
        ("has nothing to give", "in no format that can be imported", "more than 25 MB", "now (status 503)", "token"),
        said,
        strict=True,
    ):
        assert words in shown
    assert not Upload.objects.exists()
    assert kept_files() == []


def test_a_sources_page_has_each_file_with_what_came_of_it_page_by_page(shell, web_place):
    """The page has what `source files` prints, in its order, each file once."""
    assert shell("source", "add", "erp", web_place.address, "--local", "--no-secret").code == 0
    for number in range(21):
        web_place.offered = f"{HEADER}MUG,,,Mug,{number}.50,5,,\n".encode()
        shell("source", "run", "erp")
    web_place.offered = (HEADER + "MUG,,,Mug,1.00,5,,\n,,,Of nobody,1.00,1,,\n").encode()
    shell("source", "run", "erp")
    web_place.offered = b"one,two\n1,2\n"
    shell("source", "run", "erp")
    printed = shell("source", "files", "erp", "--limit", 100, "--json").json["files"]
    vera = browser_of("vera")
    address = reverse("admin:tradepost_source_change", args=[Source.objects.get(name="erp").pk])

    first = text_of(vera, address)
    older = re.search(r'href="(\?behind=[0-9]+)#files"', first)
    assert older is not None
    with CaptureQueriesContext(connection) as queries:
        second = text_of(vera, address + older[1])
    runs = [re.findall(r">Run ([0-9]+)</a></td>", each) for each in (first, second)]

    assert len(printed) == 23
    assert [len(each) for each in runs] == [20, 3]
    assert [int(each) for page in runs for each in page] == [each["run"] for each in printed]
    assert "not taken" in first
    assert "in no format that can be imported" in first
    assert "partly refused" in first
    assert re.search(r"1 changed, [^<]*1 refused", first), re.findall(r"[0-9] changed[^<]*<", first)
    assert "The row has no SKU." in first
    assert "2 new" in second
    assert "behind=" not in second
    assert len(queries) < 25


def test_products_show_what_they_cost_and_where_they_are_and_only_images_that_the_hub_keeps(published, tmp_path):
    bob = browser_of("bob")
    Image.new("RGB", (600, 300), "teal").save(tmp_path / "bowl.png")
    file = tmp_path / "more.csv"
    file.write_text(
        "sku,parent,options,name,price,quantity,images\n"
        "BOWL,,,Bowl,5.00,3,bowl.png\n"
        "DISH,,,Dish,5.00,,https://images.example/dish.jpg\n"
        "TRAY,,,Tray,,,\nTRAY-S,TRAY,Size=S,,6.00,2,\nTRAY-L,TRAY,Size=L,,9.00,,\n",
        encoding="utf-8",
    )
    assert published("catalogue", "import", file).code == 0
    products = reverse("admin:tradepost_productrecord_changelist")

    shown = text_of(bob, products)
    image = re.search(r'src="(/tradepost/productrecord/image/[0-9a-f]{64}/)"', shown)
    assert image is not None
    answer = bob.get(image[1])
    stranger = Client(SERVER_NAME="localhost").get(image[1])
    missing = bob.get(image[1].replace(image[1][-8:-1], "0000000"))
    with CaptureQueriesContext(connection) as few:
        bob.get(f"{products}?q=BOWL")
    with CaptureQueriesContext(connection) as many:
        bob.get(products)

    assert "images.example" not in shown
    assert Image.open(io.BytesIO(answer.content)).size == (176, 88)
    assert "immutable" in answer["Cache-Control"]
    assert stranger.status_code == HTTPStatus.FOUND
    assert missing.status_code == HTTPStatus.NOT_FOUND
    assert re.search(r">6.00</data> \u2013 <data [^>]*>9.00</data>", shown)
    assert '<data value="2">2</data>, <data value="1">1</data> unknown' in shown
    assert '<span class="on-channel on-channel-primary">shop: waiting to publish</span>' in shown
    assert '<span class="on-channel on-channel-success">shop: live</span>' in shown
    assert len(many) <= len(few) + 1


# --- listing products on a channel ------------------------------------------------------------------------------------


def words_of(client, address):
    return " ".join(re.sub("<[^>]*>", "", text_of(client, address)).replace("&#x27;", "'").split())


def test_ticked_products_are_listed_on_a_channel_after_a_preview_and_published_with_the_next_publish(
    connected, tmp_path, store
):
    """Also where the channel lists nothing new by itself; what a rule leaves out stays out, and is named."""
    path = tmp_path / "products.csv"
    path.write_text(HEADER + GOOD + "POT,,,Pot,12.00,1,Pots,\n", encoding="utf-8")
    connected("channel", "set", "shop", "--no-list-new")
    connected("catalogue", "import", path)
    connected("listings", "set-rule", "no pots", "--sku", "POT", "--no-list")
    bob = browser_of("bob")
    mug, pot = (ProductRecord.objects.get(handle=each) for each in ("MUG", "POT"))

    ticked = bob.post(
        reverse("admin:tradepost_productrecord_changelist"),
        {"action": "list_on", "_selected_action": [mug.pk, pot.pk]},
    )
    seen = words_of(bob, ticked["Location"])
    nothing_yet = connected("listings", "list", "--json").json["listings"]
    stale = bob.post(ticked["Location"], {"seen": "7"})
    done = bob.post(ticked["Location"], {"seen": "1"}, follow=True)
    connected("listings", "publish")

    assert "1 listing of 1 product will be made on shop." in seen
    assert "1 can't: a rule for listings leaves it out, or nothing of it is sold. POT" in seen
    assert nothing_yet == []
    assert "look at it once more. Nothing was done." in " ".join(stale.content.decode().split())
    assert "1 listing of shop was made." in done.content.decode()
    assert [row["sku"] for row in connected("listings", "list", "--json").json["listings"]] == ["MUG"]
    assert [row["code"] for row in store.store.db.rows("SELECT code FROM products")] == ["MUG"]


def test_all_products_that_fit_a_search_are_listed_and_no_other(connected, tmp_path):
    path = tmp_path / "products.csv"
    path.write_text(HEADER + GOOD + "MUG-2,,,Mug of tin,12.00,1,Mugs,\n", encoding="utf-8")
    connected("channel", "set", "shop", "--no-list-new")
    connected("catalogue", "import", path)
    bob = browser_of("bob")

    ticked = bob.post(
        reverse("admin:tradepost_productrecord_changelist") + "?q=mug",
        {"action": "list_on", "select_across": "1", "_selected_action": [ProductRecord.objects.get(handle="MUG").pk]},
    )
    seen = words_of(bob, ticked["Location"] + "&wait=1")
    bob.post(ticked["Location"] + "&wait=1", {"seen": "2"})

    assert "2 listings of 2 products will be made on shop." in seen
    rows = connected("listings", "list", "--json").json["listings"]
    assert {(row["sku"], row["pending"]) for row in rows} == {("MUG", ""), ("MUG-2", "")}
    assert browser_of("vera").get(ticked["Location"]).status_code == HTTPStatus.FORBIDDEN


def test_products_are_filtered_by_the_source_that_brought_them_last(connected, tmp_path):
    """With what else the list is filtered by and searched for, and in what all that fit are listed."""
    for source, file in (("erp", GOOD), ("pim", "POT,,,Enamel Pot,12.00,1,Pots,\nPAN,,,Pan,9.00,1,Pots,\n")):
        path = tmp_path / f"{source}.csv"
        path.write_text(HEADER + file, encoding="utf-8")
        connected("source", "add", source, path)
        assert connected("catalogue", "import", path, "--source", source).code == 0
    ProductRecord.objects.filter(handle="PAN").update(is_for_sale=False)
    bob = browser_of("bob")

    def titles(**asked):
        found = bob.get(reverse("admin:tradepost_productrecord_changelist"), asked)
        return [row.title for row in found.context["cl"].result_list]

    of = {name: {"source__id__exact": Source.objects.get(name=name).pk} for name in ("erp", "pim")}
    page = bob.get(reverse("admin:tradepost_productrecord_changelist")).content.decode()
    offered = re.search(r'<select[^>]*name="source__id__exact".*?</select>', page, re.DOTALL)

    assert offered is not None
    assert re.findall(r"<option[^>]*>\s*(.*?)\s*</option>", offered[0]) == ["All", "erp", "pim"]
    assert (titles(**of["erp"]), titles(**of["pim"])) == (["Cup", "Enamel Mug"], ["Pan", "Enamel Pot"])
    assert [titles(**of["pim"], is_for_sale__exact=sale) for sale in (1, 0)] == [["Enamel Pot"], ["Pan"]]
    assert titles(is_for_sale__exact=0) == ["Pan"]
    assert titles(**of["pim"], q="enamel") == ["Enamel Pot"]
    assert titles(**of["erp"], sort="product") == ["Cup", "Enamel Mug"]
