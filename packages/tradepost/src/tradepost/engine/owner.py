"""Who executes a run: a name that tells processes apart, and lets a process on the same machine see that one died."""

import os
import secrets
import socket
from pathlib import Path

_PARTS = 4


def new_owner() -> str:
    """Name the present process, a different name each time: `machine/process/started/random`."""
    return f"{_machine()}/{os.getpid()}/{_started(os.getpid()) or 0}/{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """
    Whether the process of this name is known to be gone.

    Only of this machine since its last start can anything be known; of all others the answer is no, and their
    lease has to run out.
    """
    parts = owner.split("/")
    if len(parts) != _PARTS or parts[0] != _machine() or not parts[1].isdecimal():
        return False
    started = _started(int(parts[1]))
    # Without /proc nothing is known. With it, another start time means that the number was given to a new process.
    return Path("/proc/self/stat").exists() and str(started or 0) != parts[2]


def _machine() -> str:
    """Name host, boot and process name space: containers may share the first two and still not see each other."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        boot, space = "unknown", 0
    return f"{socket.gethostname()[:40]}-{boot}-{space}".replace("/", "-")


def _started(process: int) -> int | None:
    """When a process was started, in ticks since boot; None if there is none, or it is only waiting to be buried."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    state, started = fields[0], int(fields[19])
    return None if state in {"Z", "X"} else started
