"""Orders are brought to a folder, a file server and a web address, over real sockets."""

import ftplib
import json
from pathlib import Path

import pytest

from kills import Killed
from tradepost import wiring
from tradepost.database.models import ConsumerTargetRecord, OpenBatch, Sighting
from tradepost.domain.errors import AddressRefused
from tradepost.exports.folder import LocalFolder
from tradepost.operations.ports import ConsumerTarget


@pytest.fixture
def number(order) -> int:
    return order()


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


def test_a_web_address_is_posted_to_with_a_key_that_tells_repeats(published, number, web_place, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "s3cret-token")
    web_place.statuses = [503, 404]
    published("orders", "export", "--consumer", "erp")
    published("orders", "deliver-to", "erp", web_place.address, "--confirmed-by", "delivery")

    later, refused, done = (published("orders", "deliver") for _ in range(3))

    assert [answer.code for answer in (later, refused, done)] == [1, 1, 0]
    assert "can't take it now (status 503). The next run tries it again." in later.err
    assert "does not take it (status 404)" in refused.err
    assert {headers["Idempotency-Key"] for headers, _ in web_place.taken} == {web_place.taken[0][0]["Idempotency-Key"]}
    assert {headers["Authorization"] for headers, _ in web_place.taken} == {"Bearer s3cret-token"}
    assert [numbers(content) for _, content in web_place.taken] == [[number]] * 3
    assert b"s3cret" not in bytes(ConsumerTargetRecord.objects.get().secret)
    assert "s3cret" not in "".join(answer.out + answer.err for answer in (later, refused, done))


def test_a_secret_is_never_sent_to_another_address_and_goes_with_its_channel(published, number, web_place, monkeypatch):
    monkeypatch.setenv("TRADEPOST_TARGET_SECRET", "s3cret-token")
    published("orders", "export", "--consumer", "erp")
    published("orders", "deliver-to", "erp", "https://erp.example.com/orders")
    published("orders", "deliver-to", "erp", web_place.address, "--no-secret")

    published("orders", "deliver")
    published("orders", "deliver-to", "erp", web_place.address)
    removed = published("channel", "remove", "shop", "--yes")

    assert ["Authorization" in headers for headers, _ in web_place.taken] == [False]
    assert (removed.code, ConsumerTargetRecord.objects.count()) == (0, 0)


def test_addresses_inside_a_network_are_for_local_channels_only(web_place):
    https = ConsumerTarget(web_place.address.replace("http:", "https:"))

    with (
        wiring.places.open_target(https, is_local=False) as target,
        pytest.raises(AddressRefused, match="private network"),
    ):
        target.put("orders.csv", b"x")
    with (
        pytest.raises(AddressRefused, match="https addresses only"),
        wiring.places.open_target(ConsumerTarget(web_place.address), is_local=False),
    ):
        pass
    with (
        wiring.places.open_target(ConsumerTarget("ftp://a@127.0.0.1/x"), is_local=False) as server,
        pytest.raises(AddressRefused, match="private network"),
    ):
        server.put("orders.csv", b"x")
    assert web_place.taken == []


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
