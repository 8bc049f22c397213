"""A hub whose database was put back, moved or copied: nothing is done twice, and nothing is written before a word."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from databases import use_database
from people import browser_of
from queued_runs import execute_queued
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Channel, Listing, Order, Run
from tradepost.domain.errors import UnexpectedAnswer

TRADEPOST = Path(sys.executable).parent / "tradepost"
WRITES = ("Provision_Store", "_Update", "_Delete", "_Insert", "_Create", "Adjust", "Acknowledge")
FILE = (
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
    "mug,Mug,,,MUG-1,{mugs},10.00\n{more}"
)
CUP = "cup,Cup,,,CUP-1,4,5.00\n"


@pytest.fixture
def shop(connected, tmp_path):
    bring_in(connected, tmp_path, mugs=10)
    assert connected("listings", "publish").code == 0
    return connected


def bring_in(shop, folder: Path, *, mugs: int, more: str = "") -> None:
    path = folder / "catalogue.csv"
    path.write_text(FILE.format(mugs=mugs, more=more), encoding="utf-8")
    said = shop("catalogue", "import", path)
    assert said.code == 0, said


def written(store) -> set[str]:
    called = {operation.function for request in store.log.requests() for operation in request.operations}
    return {function for function in called if any(word in function for word in WRITES)}


def products(store) -> list[str]:
    return sorted(row["code"] for row in store.store.db.rows("SELECT code FROM products"))


def can_buy(box, sku: str, pieces: int) -> bool:
    purchases = [Purchase(sku, (), pieces)]
    try:
        buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Charles Babbage")
    except UnexpectedAnswer:
        return False
    return True


def test_what_came_after_a_backup_is_read_back_and_nothing_is_done_twice(shop, store, box, tmp_path):
    """R55: orders are not handed over again, listings that were published are linked, and counts are set anew."""

    def order(sku: str) -> int:
        return buy(box.storefront, store_code=box.store_code, purchases=[Purchase(sku, (), 1)], name="Ada Byron")

    backup = tmp_path / "hub.backup"
    assert shop("orders", "export", "--consumer", "warehouse").code == 0
    assert shop("database", "backup", backup).code == 0
    # What the hub does after its last backup.
    bring_in(shop, tmp_path, mugs=3, more=CUP)
    assert shop("listings", "sync").code == 0
    assert shop("listings", "publish").code == 0
    packed = order("MUG-1")
    shop("orders", "get")
    batch = shop("orders", "export", "--consumer", "warehouse", "--json").json
    assert shop("orders", "confirm", "warehouse", batch["cursor"]).code == 0, batch
    later = order("CUP-1")
    shop("orders", "get")
    before = products(store)

    restored = shop("database", "restore", backup, "--replace", "--yes")
    store.log.clear()
    looked = [shop(*verb) for verb in (("orders", "get"), ("listings", "sync"), ("listings", "publish"))]
    shown = shop("channel", "show", "shop")
    asked = shop("channel", "go-live", "shop", "--yes")
    untouched = written(store)
    # The catalogue first, as it says.
    bring_in(shop, tmp_path, mugs=3, more=CUP)
    refused = shop("channel", "go-live", "shop", "--nothing-since", "--yes")
    done = shop("channel", "go-live", "shop", "--handed-over-through", packed, "--yes")

    assert restored.code == 0, restored
    assert [said.code for said in looked] == [0, 0, 0]
    assert untouched == set()
    assert "restored from a backup" in shown.out
    assert (asked.code, "--handed-over-through" in asked.err) == (2, True)
    assert f"2 orders on the store and not here: {packed}, {later}" in asked.out
    assert refused.code == 2
    assert done.code == 0, done
    assert "1 listing on the store although nothing here says so" in done.out
    assert Listing.objects.get(sku="CUP-1").link == "linked"
    assert shop("listings", "sync").code == 0
    assert shop("listings", "publish").code == 0
    assert products(store) == before
    assert sorted(Order.objects.values_list("external_id", flat=True)) == [packed, later]
    given = shop("orders", "export", "--consumer", "warehouse", "--json").json
    assert [given["orders"], given["cursor"] > batch["cursor"]] == [1, True]
    assert str(later) in given["content"]
    assert [can_buy(box, "MUG-1", 3), can_buy(box, "MUG-1", 2)] == [False, True]
    assert [can_buy(box, "CUP-1", 4), can_buy(box, "CUP-1", 3)] == [False, True]


def text_of(answer):
    page = re.sub("<[^>]*>", "", answer.content.decode())
    return " ".join(page.replace("&#x27;", "'").split())


def test_a_restored_channel_goes_live_again_on_its_page_once_somebody_has_said_what_was_packed(
    shop, store, box, tmp_path
):
    """R55: the page asks what the command asks, and nothing is done twice."""

    def order(sku: str) -> int:
        return buy(box.storefront, store_code=box.store_code, purchases=[Purchase(sku, (), 1)], name="Ada Byron")

    backup = tmp_path / "hub.backup"
    assert shop("orders", "export", "--consumer", "warehouse").code == 0
    assert shop("database", "backup", backup).code == 0
    bring_in(shop, tmp_path, mugs=3, more=CUP)
    assert shop("listings", "publish").code == 0
    packed, later = order("MUG-1"), order("CUP-1")
    assert shop("database", "restore", backup, "--replace", "--yes").code == 0
    bring_in(shop, tmp_path, mugs=3, more=CUP)
    before = products(store)
    store.log.clear()
    alice, channel = browser_of("alice"), Channel.objects.get()
    page = reverse("admin:tradepost_channel_go_live", args=[channel.pk])

    led = alice.get(reverse("admin:tradepost_channel_change", args=[channel.pk])).content.decode()
    begun = text_of(alice.get(page))
    too_early = text_of(alice.post(page, {"do": "live", "through": str(packed)}))
    asked = alice.post(page, {"do": "read"})
    at_work = text_of(alice.get(asked["Location"]))
    execute_queued()
    found = text_of(alice.get(asked["Location"]))
    refused = [
        text_of(alice.post(asked["Location"], {"do": "live", **typed}))
        for typed in ({}, {"through": "one"}, {"is_nothing": "on"})
    ]
    untouched = written(store)
    done = text_of(alice.post(asked["Location"], {"do": "live", "through": str(packed)}, follow=True))
    execute_queued()

    assert page in led
    assert "restored from a backup" in begun
    assert "Go live again" not in begun
    assert "Read back first what came since; nothing was done." in too_early
    assert "Go live again" not in at_work
    assert f"2 orders on the store and not here: {packed}, {later}" in found
    assert "1 listing on the store although nothing here says so; they will be linked" in found
    assert "say it with “The highest order number that whoever packs has” NUMBER. Nothing was done." in refused[0]
    assert "'one' is no number of an order" in refused[1]
    assert "it is not so that nothing did" in refused[2]
    assert untouched == set()
    assert "shop is live again. First comes: Linking, Fetching orders." in done
    channel.refresh_from_db()
    assert (channel.is_look_only, channel.restored_why) == (False, "")
    assert Listing.objects.get(sku="CUP-1").link == "linked"
    assert sorted(Order.objects.values_list("external_id", flat=True)) == [packed, later]
    assert shop("listings", "sync").code == 0
    assert shop("listings", "publish").code == 0
    assert products(store) == before
    given = shop("orders", "export", "--consumer", "warehouse", "--json").json
    assert (given["orders"], str(later) in given["content"]) == (1, True)


def test_only_an_owner_lets_a_restored_channel_go_live_and_no_old_look_is_enough(shop):
    channel = Channel.objects.get()
    page = reverse("admin:tradepost_channel_go_live", args=[channel.pk])
    Channel.objects.update(is_look_only=True, restored_why="The database was restored.", restored_from=timezone.now())
    alice = browser_of("alice")
    asked = alice.post(page, {"do": "read"})["Location"]
    execute_queued()
    Run.objects.filter(is_dry=True).update(queued_at=timezone.now() - timedelta(hours=2))

    old = text_of(alice.post(asked, {"do": "live", "through": "0"}))
    bob = browser_of("bob").post(page, {"do": "read"})

    assert "Read back first what came since; nothing was done." in old
    assert bob.status_code == HTTPStatus.FORBIDDEN
    channel.refresh_from_db()
    assert channel.is_look_only


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [TRADEPOST, *map(str, words)],
        env={**environment, "TRADEPOST_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_copy_of_the_folder_only_looks_and_a_folder_that_was_renamed_is_the_same_hub(box, tmp_path, monkeypatch):
    """R55: a test copy never writes to the shop, however it was made."""
    monkeypatch.setenv("TRADEPOST_TOKEN", box.hub_token)
    monkeypatch.setenv("TRADEPOST_SIGNATURE_KEY", box.hub_signature_key)
    first, renamed, copy = tmp_path / "first", tmp_path / "renamed", tmp_path / "copy"
    said = run(
        *(first, "channel", "add", "shop", "--domain", box.endpoint, "--store-code", box.store_code),
        *("--plain-http", "--local"),
    )
    assert said.returncode == 0, said

    first.rename(renamed)
    same = run(renamed, "channel", "list")
    shutil.copytree(renamed, copy)
    noticed = run(copy, "channel", "list")
    once = run(copy, "channel", "list")
    shutil.copy(renamed / "tradepost.sqlite3", tmp_path / "kept.sqlite3")
    run(renamed, "channel", "pause", "shop")
    run(renamed, "channel", "resume", "shop")
    shutil.copy(tmp_path / "kept.sqlite3", renamed / "tradepost.sqlite3")
    put_back = run(renamed, "channel", "list")

    assert (same.stderr, "live" in same.stdout) == ("", True)
    assert "at another place than before" in noticed.stderr
    assert "restored, nothing is sent" in noticed.stdout
    assert (once.stderr, "restored, nothing is sent" in once.stdout) == ("", True)
    assert "knows less than it did here before" in put_back.stderr
    assert "restored, nothing is sent" in put_back.stdout


def test_after_a_move_in_good_order_everything_goes_on_as_it_was(shop, store, tmp_path, monkeypatch, postgres_server):
    """R55: what was counted still holds, so nothing is sent, and the shop is in step from the first minute on."""
    name = postgres_server.create_empty()
    monkeypatch.setenv("TRADEPOST_NEW_DATABASE_URL", postgres_server.url(name))
    before = list(Listing.objects.order_by("pk").values("sku", "account", "proven_price"))

    moved = shop("database", "move")
    use_database(postgres_server.url(name))
    store.log.clear()
    looked = shop("listings", "sync")
    live = shop("channel", "go-live", "shop", "--nothing-since", "--yes")
    synced = shop("listings", "sync", "--json").json

    assert moved.code == 0, moved
    assert "DATABASE_URL" in moved.out
    assert "password" not in moved.out
    assert "look-only" in looked.out
    assert live.code == 0, live
    assert (synced["state"], written(store)) == ("completed", set())
    assert list(Listing.objects.order_by("pk").values("sku", "account", "proven_price")) == before
    connections.close_all()
    postgres_server.drop(name)


def test_a_hub_on_postgresql_is_backed_up_restored_and_moved_to_sqlite_by_processes_of_its_own(
    tmp_path, postgres_server
):
    """R55: what is installed depends on the database that a process begins with, and is not what a file can hold."""
    name = postgres_server.create_empty()
    file, moved = tmp_path / "hub.backup", f"sqlite:///{tmp_path / 'moved.sqlite3'}"

    def typed(*words: str, url: str = postgres_server.url(name)) -> str:
        environment = {
            "TRADEPOST_DATA": str(tmp_path / "hub"),
            "DATABASE_URL": url,
            "TRADEPOST_PASSWORD": "a long and quiet evening",
            "TRADEPOST_NEW_DATABASE_URL": moved,
        }
        said = subprocess.run(
            [TRADEPOST, *words], env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stderr
        return said.stdout

    typed("users", "add", "alice")
    typed("database", "backup", str(file))
    typed("users", "add", "olga")
    typed("database", "restore", str(file), "--replace", "--yes")
    restored = typed("users", "list")
    typed("database", "move")

    assert ("alice" in restored, "olga" in restored) == (True, False)
    assert "alice" in typed("users", "list", url=moved)
    postgres_server.drop(name)


def test_a_backup_says_what_it_holds_and_what_else_is_to_be_kept(shop, tmp_path):
    file = tmp_path / "hub.backup"

    made = shop("database", "backup", file)
    checked = shop("database", "check", file, "--json").json
    again = shop("database", "backup", file)

    assert made.code == 0, made
    assert "Not in it: encryption.key and secret.key" in made.out
    assert (checked["tables"]["tradepost_channel"]["rows"], checked["database"]) == (1, "SQLite")
    assert "tradepost_session" in checked["left_out"]
    assert (again.code, "exists already" in again.err) == (2, True)


def test_nothing_is_restored_while_a_hub_is_at_work(shop, tmp_path):
    file = tmp_path / "hub.backup"
    shop("database", "backup", file)

    with (tmp_path / "hub" / "hub.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        refused = shop("database", "restore", file, "--replace", "--yes")
    done = shop("database", "restore", file, "--replace", "--yes", "--json")

    assert (refused.code, "is at work on" in refused.err) == (2, True)
    assert done.json["key_fault"] is None


def test_a_restore_says_that_the_key_is_another_one(shop, tmp_path):
    file = tmp_path / "hub.backup"
    shop("database", "backup", file)
    (tmp_path / "hub" / "encryption.key").write_text(Fernet.generate_key().decode(), encoding="ascii")

    said = shop("database", "restore", file, "--replace", "--yes")

    assert said.code == 0
    assert "encrypted with another key" in said.err
