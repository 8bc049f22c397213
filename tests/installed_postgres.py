"""A PostgreSQL server of the system's own package, started in a folder for this test run (CI; see `.ci/run`)."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

_PACKAGES = Path("/usr/lib/postgresql")
_USER = "postgres"
# Nothing in it is to be kept, and what is listened to is a file of this folder.
_OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=200 -c unix_socket_directories="
)


def programs() -> Path | None:
    """Return the folder of the newest version's programs, None if there is none."""
    found = [path.parent for path in _PACKAGES.glob("*/bin/initdb")]
    return max(found, key=lambda path: float(path.parent.name)) if found else None


class InstalledServer:
    """Has what tests use of the wheel's server; each process of a test run has one of its own."""

    def __init__(self) -> None:
        found = programs()
        assert found is not None
        self._programs = found
        self._folder = Path(tempfile.mkdtemp(prefix="tradepost-postgres-"))
        # It refuses to be root.
        self._as = ("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups") if os.geteuid() == 0 else ()
        if self._as:
            known = pwd.getpwnam(_USER)
            os.chown(self._folder, known.pw_uid, known.pw_gid)
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", data, "-l", log, "-w", "-o", f"{_OPTIONS}{self._folder}", "start")

    def get_uri(self, database: str = _USER) -> str:
        return f"postgresql://{_USER}@/{database}?host={self._folder}"

    def cleanup(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        said = subprocess.run(
            [*self._as, str(self._programs / program), *words],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        assert said.returncode == 0, f"{program} ended with {said.returncode}"
