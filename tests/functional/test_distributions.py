"""
Both distributions as somebody gets them: built as wheels, and each installed into an environment that has nothing else.

What is installed beside a wheel are the versions of the lock file, so that a release of somebody else's breaks no test
here, and all of it comes out of uv's cache where that is filled.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[A-Za-z0-9._-]+")
# What would lead a command of an empty environment to what is installed here.
FOREIGN = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
DESCRIBE = """
import importlib.metadata, importlib.util, json
print(json.dumps({
    "requires": importlib.metadata.requires("miva-sandbox"),
    "django": importlib.util.find_spec("django") is not None,
}))
"""


def uv(*words: object) -> None:
    command = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert command is not None, "make install puts uv into .venv"
    done = subprocess.run(
        [command, "--no-progress", *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, and commands in it that find nothing of what is installed or kept outside."""

    folder: Path
    constraints: Path

    def command(self, name: str) -> str:
        return str(self.folder / "bin" / name)

    def install(self, *words: object) -> None:
        uv("pip", "install", "--python", self.command("python"), "--constraint", self.constraints, *words)

    @property
    def variables(self) -> dict[str, str]:
        home = self.folder.parent / "home"
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        path = os.pathsep.join([str(self.folder / "bin"), "/usr/bin", "/bin"])
        return {**kept, "PATH": path, "HOME": str(home), "TMPDIR": str(home / "tmp"), "TRADEPOST_DATA": str(home)}

    def run(self, name: str, *words: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.command(name), *map(str, words)],
            cwd=self.folder.parent,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of both distributions."""
    folder = tmp_path_factory.mktemp("wheels")
    for package in ("miva-sandbox", "tradepost"):
        uv("build", "--wheel", "--package", package, "--out-dir", folder)
    return folder


@pytest.fixture(scope="module")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The versions of the lock file, without those of the workspace itself."""
    path = tmp_path_factory.mktemp("lock") / "constraints.txt"
    uv("export", "--quiet", "--frozen", "--all-packages", "--no-emit-workspace", "--no-hashes", "--output-file", path)
    return path


@pytest.fixture
def environment(tmp_path: Path, constraints: Path) -> Environment:
    uv("venv", "--python", sys.executable, tmp_path / "venv")
    return Environment(tmp_path / "venv", constraints)


def wheel(folder: Path, name: str) -> Path:
    [found] = folder.glob(f"{name}-*.whl")
    return found


@pytest.fixture
def sandbox(environment: Environment, wheels: Path) -> Environment:
    """An environment with the sandbox and nothing else."""
    environment.install(wheel(wheels, "miva_sandbox"))
    return environment


def announced(process: "subprocess.Popen[str]") -> dict[str, Any]:
    line = process.stdout.readline()
    assert line, process.stderr.read()
    facts = json.loads(line)
    assert isinstance(facts, dict)
    return facts


def test_the_sandbox_alone_needs_no_django_and_declares_all_that_it_uses(sandbox: Environment):
    told = json.loads(sandbox.run("python", "-c", DESCRIBE).stdout)

    assert told["django"] is False
    assert {NAME.match(requirement)[0] for requirement in told["requires"] if "extra" not in requirement} == {
        "anyio",
        "cryptography",
        "lxml",
        "msgspec",
        "pillow",
        "pyftpdlib",
        "pyopenssl",
        "starlette",
        "uvicorn",
    }


def test_the_sandbox_alone_serves_a_store(sandbox: Environment):
    with subprocess.Popen(
        [sandbox.command("miva-sandbox"), "serve", "--json"],
        cwd=sandbox.folder.parent,
        env=sandbox.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            page = httpx2.get(announced(process)["storefront"], timeout=60)
        finally:
            process.terminate()

    assert (page.status_code, "Welcome to" in page.text) == (200, True)
    assert process.returncode == 0


def test_tradepost_with_its_demo_proves_the_whole_job(environment: Environment, wheels: Path):
    environment.install("--find-links", wheels, f"tradepost[demo] @ {wheel(wheels, 'tradepost').as_uri()}")

    demo = environment.run("tradepost", "demo", "--json")

    assert demo.returncode == 0, (demo.stdout, demo.stderr)
    assert json.loads(demo.stdout)["listings"]["failed"] == 0


def test_tradepost_alone_says_what_its_demo_lacks(environment: Environment, wheels: Path):
    environment.install(wheel(wheels, "tradepost"))

    demo = environment.run("tradepost", "demo")

    assert demo.returncode == 2, (demo.stdout, demo.stderr)
    assert "pip install 'tradepost[demo]'" in " ".join(demo.stderr.split())
