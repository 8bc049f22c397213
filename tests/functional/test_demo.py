"""The demo as a person starts it: a process of its own, with a store in a box as its child."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tradepost.engine.sample import write_sample

pytestmark = pytest.mark.timeout(300)

COMMAND = str(Path(sys.executable).with_name("tradepost"))


def demo(*words: object, temporary: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, "demo", *map(str, words)],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demo_proves_its_whole_job_and_again_on_the_same_state(tmp_path):
    state, temporary = tmp_path / "state", tmp_path / "tmp"
    temporary.mkdir()

    first = demo("--state", state, "--json", temporary=temporary)
    second = demo("--state", state, "--json", temporary=temporary)

    assert (first.returncode, second.returncode) == (0, 0), (first, second)
    told, again = json.loads(first.stdout), json.loads(second.stdout)
    store = told.pop("store")
    assert set(store) == {"endpoint", "token", "signature_key", "store_code"}
    assert told.pop("seconds") > 0
    assert told == {
        "listings": {"parent": 2, "variant": 11, "simple": 4, "published": 17, "failed": 0},
        "images": {"uploaded": 20, "reused": 0, "failed": 0},
        "orders": {"imported": 3, "acknowledged": 3},
        "shipments": {"synced": 3},
    }
    assert again["listings"]["published"] == 1
    assert again["images"] == {"uploaded": 0, "reused": 20, "failed": 0}
    assert again["orders"] == {"imported": 3, "acknowledged": 3}


def test_one_product_is_enough_and_the_temporary_folder_is_removed(tmp_path):
    file = write_sample(tmp_path / "sample")
    rows = list(csv.DictReader(file.read_text().splitlines()))
    with file.open("w", newline="") as target:
        writer = csv.DictWriter(target, rows[0].keys())
        writer.writeheader()
        writer.writerow(next(row for row in rows if row["Handle"] == "enamel-mug"))
    temporary = tmp_path / "tmp"
    temporary.mkdir()

    done = demo("--catalogue", file, temporary=temporary)

    assert done.returncode == 0, done
    assert "Everything sent was proven" in done.stdout
    assert "demo --keep" in done.stdout
    assert "docs/tutorial/first-store.md" in done.stdout
    assert list(temporary.iterdir()) == []


def test_images_beside_the_catalogues_folder_are_had_with_an_option_that_the_demo_names(tmp_path):
    file = write_sample(tmp_path / "sample")
    inside, aside = tmp_path / "sample" / "lists", tmp_path / "sample" / "graphics"
    inside.mkdir()
    aside.mkdir()
    with file.open(newline="") as source:
        row = next(row for row in csv.DictReader(source) if row["Handle"] == "enamel-mug")
    (file.parent / row["Image Src"]).rename(aside / "mug.png")
    file = inside / "catalogue.csv"
    with file.open("w", newline="") as target:
        writer = csv.DictWriter(target, row.keys())
        writer.writeheader()
        writer.writerow({**row, "Image Src": "../graphics/mug.png"})

    without = demo("--catalogue", file, temporary=tmp_path)
    having = demo("--catalogue", file, "--images", file.parent.parent, temporary=tmp_path)

    assert (without.returncode, having.returncode) == (0, 0), (without, having)
    assert "1 image lies outside the folder" in without.stdout
    assert "'--images FOLDER'" in without.stdout
    assert "1 could not be had" in without.stdout
    assert "0 could not be had" in having.stdout
    assert "--images" not in having.stdout


def test_a_catalogue_without_a_product_is_bad_input(tmp_path):
    file = tmp_path / "empty.csv"
    file.write_text("Handle,Title,Variant Price\n")

    done = demo("--catalogue", file, "--json", temporary=tmp_path)

    assert done.returncode == 2
    assert set(json.loads(done.stdout)) == {"error", "kind"}


def test_keep_leaves_store_and_back_office_serving_until_it_is_told_to_stop(tmp_path):
    process = subprocess.Popen(
        [COMMAND, "demo", "--json", "--keep", "--state", str(tmp_path / "state")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = json.loads(process.stdout.readline())
        office = told["back_office"]
        login = httpx2.get(f"{office['url']}login/", timeout=30)
        store = told["store"]["endpoint"].removesuffix("json.mvc")
        front = httpx2.get(f"{store}merchant.mvc", timeout=30)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        process.stdout.close()

    assert (set(office), login.status_code, front.status_code) == ({"url", "user", "password"}, 200, 200)
    assert len(office["password"]) >= 12
    assert _is_gone(store), "the child process was left behind"


def test_a_kept_demo_says_how_other_commands_use_its_data_and_its_storefront_shows_images(tmp_path):
    process = subprocess.Popen(
        [COMMAND, "demo", "--keep", "--state", str(tmp_path / "the state")],
        env={**os.environ, "DATABASE_URL": "sqlite:////nowhere/else.sqlite3"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = []
        while not told or not told[-1].startswith("Ctrl-C"):
            told.append(process.stdout.readline())
        typed = "".join(line for line in told if line.strip().startswith(("unset ", "export ")))
        check = subprocess.run(
            ["sh", "-c", f"{typed}\n{COMMAND} channel check demo"],
            env={**os.environ, "DATABASE_URL": "sqlite:////nowhere/else.sqlite3"},
            capture_output=True,
            text=True,
            check=False,
        )
        front = next(line.split()[1] for line in told if line.startswith("Storefront:"))
        pages = [
            httpx2.get(f"{front}merchant.mvc", params={"Store_Code": "sandbox", **words}, timeout=30).text
            for words in ({"Screen": "PLST"}, {"Screen": "PROD", "Product_Code": "harbour-tee"})
        ]
        images = [re.findall(r'<img src="([^"]+)"', page) for page in pages]
        loaded = [httpx2.get(f"{front.removesuffix('/mm5/')}{path}", timeout=30) for page in images for path in page]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        process.stdout.close()

    assert (check.returncode, "failed" in check.stdout) == (0, False), (typed, check)
    assert typed.splitlines()[0].strip() == "unset DATABASE_URL"
    assert all(images)
    assert {answer.headers["content-type"].partition("/")[0] for answer in loaded} == {"image"}


def _is_gone(address: str) -> bool:
    for _ in range(50):
        try:
            httpx2.get(address, timeout=5)
        except httpx2.TransportError:
            return True
        time.sleep(0.1)
    return False
