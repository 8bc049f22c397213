"""Large catalogue files, read by a process of their own: what comes of it is the same, whoever of the two is ended."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tradepost.catalogues.reader_process import SeparateReader
from tradepost.catalogues.registry import CatalogueFiles
from tradepost.domain.errors import FileRefused, HubUnusable
from tradepost.operations.ports import CountColumns

HERE = CatalogueFiles()
APART = SeparateReader(large_bytes=0)
COUNTED = CountColumns("counted", "through")
TEMPLATE = "sku,parent,options,name,price,quantity,images,tags,barcode,weight_grams,counted,through\n"
FILES = {
    "families.csv": TEMPLATE + 'TEE,,,Käse 🧀,,,https://i.example/a.jpg | https://i.example/b.jpg,"soft, new",,,,\n'
    "TEE-S,TEE,Size=S,,15.0000,6,https://i.example/s.jpg,,4006381333931,300.5,2026-03-01T18:30Z,shop=1042; 7\n"
    "TEE-M,TEE,Size=M,,fifteen,,,,123,,yesterday,first\n"
    "TEE-L,TEE,Colour=Red,,1,1,,,,,,\nTEE-X,NOBODY,Size=X,,1,1,,,,,,\n,,,No SKU,1,1,,,,,,\n"
    "MUG,,,Mug\ud800,1,1,,,,,,\nCUP,,,Cup,,,,,,,,\n",
    "skus.csv": "sku,price,quantity,counted,through\n"
    "MUG,7.90,,,\nMUG,1,,,\nCUP,,3,2026-03-01T18:30+02:00,1042\nPOT,,x,,\n",
    "shopify.csv": "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Status,counted,through"
    "\ntee,Tee,Size,S,,9.004,https://i.example/1.jpg,draft,,\ntee,,,M,TEE-M,9,,,,\n,Stray,,,,1,,,,\n",
    "miva.csv": "PRODUCT_CODE,PRODUCT_NAME,PRODUCT_PRICE,ACTIVE,counted,through\n"
    "MUG,Mug,7.90,No,,\nMUG,Again,1,,,\n,None,1,,,\n",
    "lines.jsonl": '{"sku": "TEE-S", "parent": "TEE", "options": {"Size": "S"}, "price": 15.10, "quantity": 6}\n'
    '{"sku"\n{"sku": "TEE", "name": "Tee", "tags": ["soft", "new"]}\n{"sku": "MUG", "name": "\\ud800", "price": 1}\n',
}


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where the process keeps what it puts aside."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def large(tmp_path):
    """A file of more than any pipe holds."""
    path = tmp_path / "large.csv"
    words = "word " * 200
    rows = (f"MUG-{number},Mug {number},{words},7.90\n" for number in range(3000))
    path.write_text("sku,name,description,price\n" + "".join(rows), encoding="utf-8")
    return path


def readers(of=None):
    """The processes that read for a process, this one if none is named."""
    found = {int(pid) for task in Path(f"/proc/{of or os.getpid()}/task").iterdir() for pid in _children(task)}
    return [pid for pid in found if b"reader_process" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _children(task):
    return (task / "children").read_text(encoding="ascii").split()


def is_running(pid):
    """Whether a process works; one that nobody has waited for does not."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_is_the_same_whoever_reads_it(tmp_path, name):
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8", errors="surrogatepass")
    counted = CountColumns() if name.endswith("jsonl") else COUNTED

    found = list(APART.read(path, counted=counted))

    assert found == list(HERE.read(path, counted=counted))
    assert [report.cause for read in found for report in read.reports] == [
        report.cause for read in HERE.read(path, counted=counted) for report in read.reports
    ]
    assert any(read.reports for read in found)
    assert any(read.product or read.values for read in found)
    assert readers() == []


def test_a_file_that_is_not_large_is_read_by_whoever_asks(large):
    read = SeparateReader(large_bytes=large.stat().st_size + 1).read(large)

    next(read)

    assert readers() == []
    read.close()


def test_a_file_whose_name_is_no_text_is_read(tmp_path, large):
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    large.rename(path)

    assert sum(1 for _ in APART.read(path)) == 3000


def test_a_module_that_lies_where_somebody_works_is_not_taken_for_one_of_ours(tmp_path, large, monkeypatch):
    (tmp_path / "csv.py").write_text("raise SystemExit(7)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert sum(1 for _ in APART.read(large)) == 3000


def test_the_process_needs_nothing_of_the_back_office():
    asks = "import sys, tradepost.catalogues.reader_process; print('django' in sys.modules)"

    done = subprocess.run([sys.executable, "-P", "-c", asks], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_a_file_that_is_no_text_from_its_middle_on_is_refused_in_the_same_words(large):
    with large.open("ab") as file:
        file.write(b"CUP,\xff,,1\n")
    with pytest.raises(FileRefused) as here:
        list(HERE.read(large))

    with pytest.raises(FileRefused) as apart:
        list(APART.read(large))

    assert str(apart.value) == str(here.value)
    assert "not in UTF-8" in str(apart.value)
    assert readers() == []


@contextmanager
def little_room():
    """No process that is started here may write a file of more than a megabyte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_goes_wrong_in_the_process_is_raised_as_what_it_is_and_with_where_it_was(large):
    with little_room(), pytest.raises(sqlite3.OperationalError) as full:
        list(APART.read(large))

    assert full.value.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
    assert "row_staging.py" in full.value.__notes__[0]
    assert readers() == []


def test_a_process_that_is_killed_is_told_with_what_to_do(large, temporary):
    read = APART.read(large)
    next(read)
    (reader,) = readers()
    os.kill(reader, signal.SIGKILL)

    with pytest.raises(HubUnusable) as cut_off:
        list(read)

    assert str(cut_off.value) == (
        "large.csv was not read to its end, because the process that read it was ended by signal 9, as happens where "
        "memory runs short. What has come in stays; import the file again, and the rest comes then."
    )
    assert list(temporary.iterdir()) == []


def test_a_process_that_can_not_begin_says_why(large, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/ls")

    with pytest.raises(HubUnusable, match=r"the process that read it failed: .*ls"):
        list(APART.read(large))


def test_who_reads_no_further_leaves_no_process_and_no_file(large, temporary):
    read = APART.read(large)
    next(read)
    (reader,) = readers()

    read.close()

    assert not Path(f"/proc/{reader}").exists()
    assert list(temporary.iterdir()) == []


def test_a_stop_of_all_processes_is_left_to_the_one_that_reads(large):
    read = APART.read(large)
    next(read)
    (reader,) = readers()
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(reader, number)

    assert sum(1 for _ in read) == 2999


def test_a_process_ends_with_the_one_that_it_reads_for(large, temporary):
    asks = (
        "import sys, time\nfrom pathlib import Path\nfrom tradepost.catalogues.reader_process import SeparateReader\n"
        "read = SeparateReader(large_bytes=0).read(Path(sys.argv[1]))\nnext(read)\nprint('begun', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-P", "-c", asks, large], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"begun\n"
        (reader,) = readers(of=parent.pid)
        parent.kill()

    until = time.monotonic() + 10
    while is_running(reader) and time.monotonic() < until:
        time.sleep(0.02)

    assert not is_running(reader)
    assert list(temporary.iterdir()) == []
