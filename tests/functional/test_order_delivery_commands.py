"""Orders are brought to a folder, a file server and a web address, over real sockets."""

import ftplib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from kills import Killed
from tradepost import wiring
from tradepost.cli.demo.shopper import Purchase, buy
from tradepost.database.models import ConsumerTargetRecord, OpenBatch, Sighting
from tradepost.domain.errors import AddressRefused
from tradepost.exports.folder import LocalFolder
from tradepost.operations.ports import ConsumerTarget


@pytest.fixture
def order(published, box):
    def place() -> int:
        purchases = [Purchase("HP-MUG-WHITE", (), 1)]
        bought = buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")
        assert published("orders", "get").code == 0
        return bought

    return place


@pytest.fixture
def number(order) -> int:
    return order()


class Erp(HTTPServer):
    """A web address that takes what it is sent; `statuses` are its next answers, and then 204."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/orders?shop=1"


class _Requests(BaseHTTPRequestHandler):
    server: Erp

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((dict(self.headers), content))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is said on standard error."""


@pytest.fixture
def erp():
    with Erp() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def numbers(content: str | bytes) -> list[int]:
    return [json.loads(line)["order"] for line in content.splitlines()]


def test_a_folder_gets_a_file_for_each_batch_once_the_last_one_is_confirmed(published, order, tmp_path):
    folder = tmp_path / "dock"
    folder.mkdir()
    first = order()
    published("orders", "export", "--consumer", "dock")
    set_ = published("orders", "deliver-to", "dock", folder)

    planned = published("orders", "deliver", "--dry-run")
    assert list(folder.iterdir()) == []
    done = published("orders", "deliver", "--json")
    second = order()
    waiting = published("orders", "deliver")
    published("orders", "confirm", "dock", 1)
    after = published("orders", "deliver")

    assert [answer.code for answer in (set_, planned, done, waiting, after)] == [0] * 5
    assert waiting.out.startswith("Nothing to do.")
    (told,) = published("orders", "consumers", "--json").json["consumers"]
    assert (told["delivered_to"], told["delivered"], told["confirmed"]) == (str(folder), 2, 1)
    files = sorted(folder.iterdir())
    assert [numbers(file.read_text()) for file in files] == [[first], [second]]
    assert [file.name[:20] for file in files] == ["orders-shop-dock-000"] * 2
    assert Sighting.objects.get(external_id=first).handed_over_at is not None
    assert Sighting.objects.get(external_id=second).handed_over_at is None


def test_a_delivery_confirms_where_that_was_said(published, number, tmp_path):
    published("orders", "export", "--consumer", "dock")
    published("orders", "deliver-to", "dock", tmp_path, "--confirmed-by", "delivery")

    published("orders", "deliver")

    assert not OpenBatch.objects.exists()
    assert Sighting.objects.get(external_id=number).handed_over_at is not None


def test_r51_whoever_is_killed_beside_a_delivery_brings_the_same_file_again_and_never_half_of_one(
    published, number, tmp_path, monkeypatch
):
    published("orders", "export", "--consumer", "dock")
    published("orders", "deliver-to", "dock", tmp_path, "--confirmed-by", "delivery")
    put, rename = LocalFolder.put, Path.replace

    def killed_after(self, name, content):
        put(self, name, content)
        raise Killed

    def killed_before(self, target):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed_before)
        with pytest.raises(Killed):
            published("orders", "deliver")
    assert list(tmp_path.glob("orders-*")) == []
    with monkeypatch.context() as patch:
        patch.setattr(LocalFolder, "put", killed_after)
        with pytest.raises(Killed):
            published("orders", "deliver")
    (whole,) = tmp_path.glob("orders-*")
    before = whole.read_bytes()

    assert published("orders", "deliver").code == 0

    assert list(tmp_path.glob("*orders-*")) == [whole]
    assert (whole.read_bytes(), numbers(before)) == (before, [number])
    assert rename is Path.replace
    assert Sighting.objects.get(external_id=number).handed_over_at is not None


def test_a_file_server_gets_it_under_its_name_whole(published, number, box, store, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", box.ftp_password)
    published("orders", "export", "--consumer", "dock", "--format", "csv")
    address = f"ftp://{box.ftp_user}@{box.ftp_host}:{box.ftp_port}/htdocs/mm5/graphics"
    published("orders", "deliver-to", "dock", address)

    done = published("orders", "deliver", "--json")

    assert done.code == 0, done
    assert done.json["counts"][0]["outcome"] == "applied"
    with ftplib.FTP() as ftp:
        ftp.connect(box.ftp_host, box.ftp_port)
        ftp.login(box.ftp_user, box.ftp_password)
        ftp.cwd("/htdocs/mm5/graphics")
        assert (
            [name for name in ftp.nlst() if "orders-" in name]
            == [name for name in ftp.nlst() if name.startswith("orders-shop-dock-00000001-") and name.endswith(".csv")]
            != []
        )
    assert published("orders", "deliver").out.startswith("Nothing to do.")


def test_a_web_address_is_posted_to_with_a_key_that_tells_repeats(published, number, erp, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "s3cret-token")
    erp.statuses = [503, 404]
    published("orders", "export", "--consumer", "erp")
    published("orders", "deliver-to", "erp", erp.address, "--confirmed-by", "delivery")

    later, refused, done = (published("orders", "deliver") for _ in range(3))

    assert [answer.code for answer in (later, refused, done)] == [1, 1, 0]
    assert "can't take it now (status 503). The next run tries it again." in later.err
    assert "does not take it (status 404)" in refused.err
    assert {headers["Idempotency-Key"] for headers, _ in erp.taken} == {erp.taken[0][0]["Idempotency-Key"]}
    assert {headers["Authorization"] for headers, _ in erp.taken} == {"Bearer s3cret-token"}
    assert [numbers(content) for _, content in erp.taken] == [[number]] * 3
    assert b"s3cret" not in bytes(ConsumerTargetRecord.objects.get().secret)
    assert "s3cret" not in "".join(answer.out + answer.err for answer in (later, refused, done))


def test_addresses_inside_a_network_are_for_local_channels_only(erp):
    https = ConsumerTarget(erp.address.replace("http:", "https:"))

    with wiring.open_target(https, is_local=False) as target, pytest.raises(AddressRefused, match="private network"):
        target.put("orders.csv", b"x")
    with (
        pytest.raises(AddressRefused, match="https addresses only"),
        wiring.open_target(ConsumerTarget(erp.address), is_local=False),
    ):
        pass
    with (
        wiring.open_target(ConsumerTarget("ftp://a@127.0.0.1/x"), is_local=False) as server,
        pytest.raises(AddressRefused, match="private network"),
    ):
        server.put("orders.csv", b"x")
    assert erp.taken == []


def test_nothing_is_brought_any_more_when_it_was_switched_off(published, number, tmp_path):
    published("orders", "export", "--consumer", "dock")
    published("orders", "deliver-to", "dock", tmp_path)

    unknown = published("orders", "deliver-to", "nobody", tmp_path)
    neither = published("orders", "deliver-to", "dock")
    off = published("orders", "deliver-to", "dock", "--off")
    done = published("orders", "deliver")

    assert (unknown.code, "There is no consumer 'nobody'" in unknown.err) == (2, True)
    assert (neither.code, off.code, done.code) == (2, 0, 0)
    assert list(tmp_path.glob("orders-*")) == []
