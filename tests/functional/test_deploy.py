"""What the hub is put on a server with: image, compose files, units, proxies, and the page that explains it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
HOW_TO = ROOT / "docs" / "how-to" / "run-the-hub.md"
SOURCES = ROOT / "packages" / "tradepost" / "src" / "tradepost"
COMPOSE = ("compose.yaml", "compose.postgresql.yaml")


@pytest.mark.systemd
def test_systemd_takes_the_units_as_they_are(tmp_path):
    tradepost = str(Path(sys.executable).parent / "tradepost")
    for unit, name in (
        ("tradepost.service", "tradepost.service"),
        ("tradepost-worker@.service", "tradepost-worker@1.service"),
    ):
        text = (DEPLOY / unit).read_text(encoding="utf-8")
        assert "Restart=always" in text
        # It looks whether the program is there.
        (tmp_path / name).write_text(text.replace("/opt/tradepost/bin/tradepost", tradepost), encoding="utf-8")

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )

    # It also complains of what other units of the machine say.
    said = [line for line in (verified.stdout + verified.stderr).splitlines() if "tradepost" in line]
    assert (verified.returncode, said) == (0, [])


@pytest.mark.docker
@pytest.mark.parametrize("files", [COMPOSE[:1], COMPOSE], ids=["SQLite", "PostgreSQL"])
def test_compose_takes_its_files(files):
    words = [word for file in files for word in ("-f", str(ROOT / file))]

    asked = subprocess.run(
        ["docker", "compose", *words, "config", "--quiet"],
        env={**os.environ, "POSTGRES_PASSWORD": "secret"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (asked.returncode, asked.stderr) == (0, "")


@pytest.mark.docker
@pytest.mark.timeout(1800)
def test_the_image_is_built_and_says_its_version():
    built = subprocess.run(["docker", "build", "--quiet", str(ROOT)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr

    image = built.stdout.strip()
    asked = subprocess.run(["docker", "run", "--rm", image, "--version"], capture_output=True, text=True, check=False)

    assert re.fullmatch(r"\d+\.\d+\.\d+\n", asked.stdout), asked.stderr


def test_images_are_pinned_and_the_hub_is_nobody_in_its_own():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    images = re.findall(r"^(?:FROM|\s+image:) (\S+)", "\n".join([dockerfile, *map(read, COMPOSE)]), re.MULTILINE)
    uv = re.search(r"^UV_VERSION := (\S+)$", read("Makefile"), re.MULTILINE)

    assert images
    assert all(re.search(r":\d+\.\d+(\.\d+)?(-[a-z-]+)?$", image) for image in images), images
    assert uv is not None
    assert f"uv=={uv[1]}" in dockerfile
    assert re.search(r"^USER [1-9]\d*$", dockerfile, re.MULTILINE)
    assert "HEALTHCHECK" in dockerfile


def test_keys_and_databases_stay_out_of_the_image():
    lines = read(".dockerignore").splitlines()
    assert [line for line in lines if line and not line.startswith(("#", "!"))] == ["*", "**/__pycache__"]


@pytest.mark.parametrize("proxy", ["nginx.conf", "Caddyfile"])
def test_proxies_set_what_the_hub_believes_and_let_go_of_slow_clients(proxy):
    text = (DEPLOY / proxy).read_text(encoding="utf-8")

    assert "X-Forwarded-Proto" in text
    assert re.search(r"header(_timeout)? 10s", text)
    assert re.search(r"body(_timeout)? 15s", text)
    assert "/metrics" in text


def test_the_page_on_running_names_every_variable_of_the_environment():
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", HOW_TO.read_text(encoding="utf-8"), re.MULTILINE))
    read_by = {
        name
        for path in SOURCES.rglob("*.py")
        for name in re.findall(r'"(TRADEPOST_[A-Z_]+|DATABASE_URL)"', path.read_text(encoding="utf-8"))
    }

    assert named == read_by


def test_the_settings_say_of_every_variable_of_theirs_what_it_is_for():
    text = (SOURCES / "settings.py").read_text(encoding="utf-8")
    said, code = text.split('"""')[1], text.split('"""', 2)[2]
    told = set(re.findall(r"^(TRADEPOST_[A-Z_]+|DATABASE_URL) ", said, re.MULTILINE))
    elsewhere = {"TRADEPOST_TRUSTED_PROXY", "TRADEPOST_ROLE"}  # read where the server listens, and by commands

    assert told - elsewhere == set(re.findall(r'"(TRADEPOST_[A-Z_]+|DATABASE_URL)"', code))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")
