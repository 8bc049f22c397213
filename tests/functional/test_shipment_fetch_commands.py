"""Shipments are fetched from a folder, a file server and a web address, over real sockets."""

import hashlib
import os
import socket
from io import BytesIO
from pathlib import Path

import pytest

from kills import Killed
from miva_sandbox.server import SandboxServer
from people import browser_of, person
from tradepost import wiring
from tradepost.database.models import FetchedFile, RunChange, ShipmentRecord, ShipmentSourceRecord
from tradepost.domain.errors import AddressRefused
from tradepost.exports.folder import LocalFolder
from tradepost.miva.files.file_server import fingerprint_of
from tradepost.operations.orders import shipment_imports
from tradepost.operations.ports import SourceAddress
from tradepost.web.today.today import Need
from traffic import ignored_by

HEADER = "order,tracking,carrier\n"


@pytest.fixture
def store():
    with SandboxServer(sftp_port=0) as server:
        yield server
        assert ignored_by(server) == []


@pytest.fixture
def dock(published, tmp_path) -> Path:
    """A folder of this machine from which shipments are fetched."""
    folder = tmp_path / "dock"
    folder.mkdir()
    assert published("shipments", "fetch-from", "dock", folder).code == 0
    return folder


def rows(*pairs: tuple[int, str]) -> str:
    return HEADER + "".join(f"{number},{tracking},UPS\n" for number, tracking in pairs)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def away(name: str, content: str, folder: str = "done") -> str:
    stem, _, ending = name.rpartition(".")
    return f"{folder}/{stem}-{hashlib.sha256(content.encode()).hexdigest()[:12]}.{ending}"


def refused_files_on_the_start_page() -> list[Need]:
    needs = browser_of("vera").get("/").context["needs"]
    return [need for need in needs if need.title == "Files with refused shipments"]


def tracked() -> list[str]:
    return list(ShipmentRecord.objects.order_by("pk").values_list("tracking_number", flat=True))


def test_a_file_in_a_folder_is_taken_once_put_away_and_told_to_the_store(published, order, dock):
    number = order()
    text = rows((number, "1Z1"))
    (dock / "monday.csv").write_text(text)
    (dock / "tuesday.csv.part").write_text(text)
    (dock / ".wednesday.csv").write_text(text)
    (dock / "readme.txt").write_text("hello")

    planned = published("shipments", "fetch", "--dry-run")
    before = tracked()
    first = published("shipments", "fetch")
    after_first = names(dock)
    second = published("shipments", "fetch")
    third = published("shipments", "fetch")
    synced = published("orders", "sync")

    assert [said.code for said in (planned, first, second, third, synced)] == [0] * 5
    assert before == []
    assert "dock/monday.csv" in planned.out
    assert after_first == [".wednesday.csv", "monday.csv", "readme.txt", "tuesday.csv.part"]
    assert names(dock) == [".wednesday.csv", away("monday.csv", text), "readme.txt", "tuesday.csv.part"]
    assert third.out.startswith("Nothing to do.")
    assert tracked() == ["1Z1"]
    assert ShipmentRecord.objects.get().state == "told"
    (told,) = published("shipments", "files", "--json").json["files"]
    assert (told["file"], told["recorded"], told["refused"], told["is_open"]) == ("monday.csv", 1, 0, False)
    (change,) = RunChange.objects.filter(subject_kind="shipment", action="create")
    assert (change.reason, change.run.kind) == ("a file of dock", "fetch_shipments")


def test_a_file_that_somebody_puts_back_is_taken_again_and_records_nothing_twice(published, order, dock):
    text = rows((order(), "1Z1"))
    for _ in range(2):
        (dock / "monday.csv").write_text(text)
        assert [published("shipments", "fetch").code for _ in range(2)] == [0, 0]

    assert names(dock) == [away("monday.csv", text)]
    assert tracked() == ["1Z1"]
    (told,) = published("shipments", "files", "--json").json["files"]
    assert (told["recorded"], told["known"]) == (0, 1)


def test_bad_rows_are_told_with_their_lines_and_stay_in_sight_until_somebody_deals_with_them(
    published, order, dock, client
):
    client.force_login(person("alice"))
    number = order()
    (dock / "monday.csv").write_text(rows((4711, "1Z0"), (number, "1Z1")) + "first,1Z2,UPS\n")

    done = published("shipments", "fetch")
    (listed,) = published("shipments", "files", "--refused", "--json").json["files"]
    shown = published("channel", "show", "shop")
    counted = refused_files_on_the_start_page()
    page = client.get(counted[0].address).content.decode()
    settled = published("shipments", "settle", listed["id"])
    afterwards = published("channel", "show", "shop")

    assert done.code == 1
    assert "line 2: " in done.err
    assert "line 4: The order 'first' is no order number." in done.err
    assert tracked() == ["1Z1"]
    assert (listed["recorded"], listed["refused"], [row["line"] for row in listed["rows"]]) == (1, 2, [2, 4])
    assert [need.number for need in counted] == [1]
    assert "monday.csv" in page
    assert "The order &#x27;first&#x27; is no order number." in page
    assert refused_files_on_the_start_page() == []
    assert "attention: 1 file of shipments had something that was refused" in shown.out
    assert settled.out == f"Dealt with: {listed['id']}.\n"
    assert "refused" not in afterwards.out


def test_a_right_file_of_the_same_name_settles_what_was_refused_before(published, order, dock):
    number = order()
    (dock / "monday.csv").write_text(HEADER + f"{number},,UPS\n")
    assert published("shipments", "fetch").code == 1
    (dock / "monday.csv").write_text(rows((number, "1Z1")))

    assert published("shipments", "fetch").code == 0

    assert published("shipments", "files", "--refused", "--json").json["files"] == []
    assert tracked() == ["1Z1"]


def test_what_is_no_file_of_shipments_goes_to_a_folder_of_its_own_and_stops_no_other(published, order, dock):
    (dock / "a.csv").write_text("name,price\nmug,3\n")
    (dock / "b.csv").write_text(rows((order(), "1Z1")))

    first = published("shipments", "fetch")
    second = published("shipments", "fetch")

    assert (first.code, second.code) == (1, 0)
    assert "a.csv lacks the columns order, tracking." in first.err
    assert names(dock)[0].startswith("done/b-")
    assert names(dock)[1].startswith("refused/a-")
    assert tracked() == ["1Z1"]


def test_a_file_whose_last_line_has_no_end_waits_until_two_looks_find_it_the_same(published, order, dock):
    number = order()
    half = HEADER + f"{number},1Z"
    (dock / "monday.csv").write_text(half)

    first = published("shipments", "fetch")
    (dock / "monday.csv").write_text(half + "99,UPS")
    second = published("shipments", "fetch")
    before = tracked()
    third = published("shipments", "fetch")

    assert [said.code for said in (first, second, third)] == [0, 0, 0]
    assert "Its last line has no end" in first.err
    assert (before, tracked()) == ([], ["1Z99"])


def test_what_is_added_to_a_file_that_was_taken_comes_in_and_is_not_carried_off(published, order, dock):
    first, second = order(), order()
    (dock / "monday.csv").write_text(rows((first, "1Z1")))
    published("shipments", "fetch")
    (dock / "monday.csv").write_text(rows((first, "1Z1"), (second, "1Z2")))

    published("shipments", "fetch")

    assert tracked() == ["1Z1", "1Z2"]
    assert names(dock) == ["monday.csv"]


@pytest.mark.parametrize("place", ["before the import", "after a part of it", "after the import", "beside the move"])
def test_r51_whoever_is_killed_beside_a_fetch_takes_the_same_file_again_and_records_nothing_twice(
    place, published, order, dock, monkeypatch
):
    text = rows((order(), "1Z1"), (order(), "1Z2"))
    (dock / "monday.csv").write_text(text)
    put_away, record = LocalFolder.put_away, shipment_imports._record

    def killed(*_args, **_more):
        raise Killed

    def killed_after_one(some, done, ports, reason):
        if done.recorded:
            raise Killed
        record(some, done, ports, reason)

    def killed_after_moving(self, name, **how):
        put_away(self, name, **how)
        raise Killed

    with monkeypatch.context() as patch:
        if place == "before the import":
            patch.setattr(shipment_imports, "_record", killed)
        elif place == "after a part of it":
            patch.setattr(shipment_imports, "_AT_ONCE", 1)
            patch.setattr(shipment_imports, "_record", killed_after_one)
        elif place == "after the import":
            patch.setattr("tradepost.database.orders.shipment_sources.DjangoShipmentSources.note_taken", killed)
        else:
            published("shipments", "fetch")
            patch.setattr(LocalFolder, "put_away", killed_after_moving)
        with pytest.raises(Killed):
            published("shipments", "fetch")

    assert [published("shipments", "fetch").code for _ in range(2)] == [0, 0]

    assert tracked() == ["1Z1", "1Z2"]
    assert names(dock) == [away("monday.csv", text)]


@pytest.mark.parametrize("protocol", ["ftp", "sftp"])
def test_a_file_server_has_them_taken_once_and_put_away(protocol, published, order, store, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", store.ftp_password)
    folder = store.domain.files / "dock"
    folder.mkdir()
    text = rows((order(), "1Z1"))
    (folder / "monday.csv").write_text(text)
    (folder / "tuesday.csv.tmp").write_text(text)
    port, key = (store.ftp.port, "") if protocol == "ftp" else (store.sftp.port, store.sftp.host_key.asbytes())
    how = ("--fingerprint", fingerprint_of(key)) if key else ()
    set_ = published("shipments", "fetch-from", "dock", f"{protocol}://{store.ftp_user}@127.0.0.1:{port}/dock", *how)

    done = [published("shipments", "fetch") for _ in range(3)]
    (folder / "monday.csv").write_text(text)
    put_back = [published("shipments", "fetch") for _ in range(2)]

    assert [said.code for said in (set_, *done, *put_back)] == [0] * 6, done
    assert done[2].out.startswith("Nothing to do.")
    assert names(folder) == [away("monday.csv", text), "tuesday.csv.tmp"]
    assert tracked() == ["1Z1"]
    assert store.ftp_password.encode() not in bytes(ShipmentSourceRecord.objects.get().secret)


def test_a_web_address_is_asked_with_the_tag_of_what_was_taken_last(published, order, web_place, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "s3cret-token")
    web_place.offered, web_place.tag = rows((order(), "1Z1")).encode(), '"v1"'
    web_place.statuses = [503, 404, 302]
    set_ = published("shipments", "fetch-from", "erp", web_place.address)

    away_, gone, elsewhere, done, unchanged = (published("shipments", "fetch") for _ in range(5))
    web_place.offered, web_place.tag = web_place.offered + f"{order()},1Z2,UPS\n".encode(), '"v2"'
    changed = published("shipments", "fetch")
    web_place.offered = None
    empty = published("shipments", "fetch")

    assert [said.code for said in (set_, away_, gone, elsewhere, done, unchanged, changed, empty)] == [
        *(0, 1, 1, 1, 0, 0, 0, 0),
    ]
    assert "can't give it now (status 503). The next fetch tries it again." in away_.err
    assert "does not give it (status 404)" in gone.err
    assert unchanged.out.startswith("Nothing to do.")
    assert tracked() == ["1Z1", "1Z2"]
    assert {asked["Authorization"] for asked in web_place.asked} == {"Bearer s3cret-token"}
    assert [asked.get("If-None-Match") for asked in web_place.asked] == [None] * 4 + ['"v1"', '"v1"', '"v2"']
    assert "s3cret" not in "".join(said.out + said.err for said in (set_, away_, gone, done))
    assert published("shipments", "sources", "--json").json["sources"][0]["address"] == web_place.address


def test_a_secret_is_never_sent_to_another_address_and_goes_with_its_channel(published, web_place, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "s3cret-token")
    published("shipments", "fetch-from", "erp", "https://erp.example.com/shipments")
    published("shipments", "fetch-from", "erp", web_place.address, "--no-secret")

    published("shipments", "fetch")
    published("shipments", "fetch-from", "erp", web_place.address)
    removed = published("channel", "remove", "shop", "--yes")

    assert ["Authorization" in asked for asked in web_place.asked] == [False]
    assert (removed.code, bytes(ShipmentSourceRecord.objects.get().secret)) == (0, b"")


def test_more_than_is_allowed_is_not_read(published, dock, web_place, store, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", store.ftp_password)
    monkeypatch.setattr("tradepost.operations.orders.fetch_shipments.LARGEST_SHIPMENTS_BYTES", 1000)
    large = rows(*((number, "1Z") for number in range(1, 200)))
    web_place.offered = large.encode()
    remote = store.domain.files / "in"
    remote.mkdir()
    for folder in (dock, remote):
        (folder / "large.csv").write_text(large)
    login = f"{store.ftp_user}@127.0.0.1"
    key = fingerprint_of(store.sftp.host_key.asbytes())
    published("shipments", "fetch-from", "web", web_place.address)
    published("shipments", "fetch-from", "ftp", f"ftp://{login}:{store.ftp.port}/in")
    published("shipments", "fetch-from", "sftp", f"sftp://{login}:{store.sftp.port}/in", "--fingerprint", key)

    said = published("shipments", "fetch")

    assert said.code == 1
    assert [said.err.count(words) for words in ("is larger than", "answers with more than")] == [3, 1]
    assert (names(dock), tracked()) == (["large.csv"], [])


def test_names_links_and_pipes_that_lead_elsewhere_are_refused(published, order, dock, tmp_path):
    text = rows((order(), "1Z1"))
    (tmp_path / "outside.csv").write_text(text)
    (dock / "link.csv").symlink_to(tmp_path / "outside.csv")
    (dock / "back\\slash.csv").write_text(text)
    (dock / f"{'x' * 200}.csv").write_text(text)
    (dock / "folder.csv").mkdir()
    Path(os.fsdecode(os.fsencode(dock) + b"/\xff.csv")).write_text(text)

    said = published("shipments", "fetch")

    assert said.code == 1
    assert [said.err.count(words) for words in ("can't be read", "is no name of a file here")] == [1, 3]
    assert tracked() == []


def test_a_source_that_is_away_is_told_and_keeps_no_other_from_being_looked_at(
    published, order, dock, tmp_path, monkeypatch
):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    published("shipments", "fetch-from", "far", tmp_path / "nowhere")
    published("shipments", "fetch-from", "farther", f"ftp://dock@127.0.0.1:{port}/")
    (dock / "monday.csv").write_text(rows((order(), "1Z1")))

    away_ = published("shipments", "fetch")
    (tmp_path / "nowhere").mkdir()
    published("shipments", "fetch-from", "farther", "--off")
    back = published("shipments", "fetch")

    assert (away_.code, back.code) == (1, 0)
    assert f"The folder {tmp_path}/nowhere can't be read" in away_.err
    assert f"No file server answers at 127.0.0.1:{port}" in away_.err
    assert away_.err.count("The next fetch tries it again.") == 1
    assert tracked() == ["1Z1"]


def test_addresses_inside_a_network_are_for_local_channels_only(web_place):
    addresses = [web_place.address.replace("http:", "https:"), "ftp://a@127.0.0.1/x"]

    for address in addresses:
        with (
            wiring.places.open_source(SourceAddress(address), is_local=False) as source,
            pytest.raises(AddressRefused, match="private network"),
        ):
            source.copy("shipments.csv", BytesIO(), limit_bytes=1000)
    with (
        pytest.raises(AddressRefused, match="https addresses only"),
        wiring.places.open_source(SourceAddress(web_place.address), is_local=False),
    ):
        pass
    assert web_place.asked == []


def test_nothing_is_fetched_any_more_when_it_was_switched_off(published, order, dock):
    (dock / "monday.csv").write_text(rows((order(), "1Z1")))

    unknown = published("shipments", "fetch-from", "nobody", "--off")
    neither = published("shipments", "fetch-from", "dock")
    no_address = published("shipments", "fetch-from", "dock", "dock")
    bad_name = published("shipments", "fetch-from", "a/b", dock)
    off = published("shipments", "fetch-from", "dock", "--off")
    done = published("shipments", "fetch")

    assert [said.code for said in (unknown, neither, no_address, bad_name, off, done)] == [2, 2, 2, 2, 0, 2]
    assert "There is no source 'nobody'" in unknown.err
    assert "fetch-from' does" in done.err
    assert (names(dock), FetchedFile.objects.count()) == (["monday.csv"], 0)
