"""Makes calls with Miva's SDK for Node, in a process of its own."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

from sdk.call import Call

SCRIPTS = Path(__file__).parents[1] / "node"
_MANIFESTS = ("package.json", "package-lock.json")


def install(folder: Path) -> Path:
    """
    Return a folder with the scripts and the SDK beside them, as the lock file has it.

    A folder `node_modules` beside the scripts is used as it is; otherwise the SDK is installed below `folder`, once for
    each lock file, however many processes want it.
    """
    if (SCRIPTS / "node_modules" / "merchantapi").is_dir():
        return SCRIPTS
    locked = b"".join((SCRIPTS / name).read_bytes() for name in _MANIFESTS)
    sources = b"".join(path.read_bytes() for path in sorted(SCRIPTS.glob("*.mjs")))
    ready = folder / f"tradepost-node-{hashlib.sha256(locked + sources).hexdigest()[:16]}"
    if ready.is_dir():
        return ready
    making = folder / f"{ready.name}-{id(ready)}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    for path in [*(SCRIPTS / name for name in _MANIFESTS), *SCRIPTS.glob("*.mjs")]:
        shutil.copy(path, making)
    subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=making, check=True, capture_output=True, timeout=110,
    )  # fmt: skip
    try:
        making.rename(ready)
    except OSError:
        # Another process was quicker.
        shutil.rmtree(making)
    return ready


class NodeSdk:
    def __init__(self, folder: Path, *, endpoint: str, token: str, signature_key: str) -> None:
        self._connection = {"endpoint": endpoint, "token": token, "signature_key": signature_key}
        self._process = subprocess.Popen(
            ["node", "driver.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def make(self, call: Call) -> dict[str, Any]:
        """Make a call; returns what its `answer` asks for, or the error."""
        methods = [[name, *(value if isinstance(value, tuple) else (value,))] for name, value in call.methods.items()]
        asked = {"connection": self._connection, "request": call.request, "methods": methods, "answer": call.answer}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        answered = self._process.stdout.readline()
        assert answered, "node has ended"
        return json.loads(answered)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
