"""A sandbox in a process of its own, so that what it takes isn't mixed with what its caller takes."""

import base64
import hashlib
import hmac
import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recording import cpu_seconds, peak_mb

_START = "from miva_sandbox.cli import main; raise SystemExit(main())"


class SandboxProcess:
    """`facts` are what the command announced: addresses, tokens, keys."""

    def __init__(self, process: "subprocess.Popen[str]", facts: dict[str, Any]) -> None:
        self.facts = facts
        self.pid = process.pid

    def control(self, path: str, *, method: str = "POST", **body: Any) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.facts["control"]).netloc, timeout=600)
        content = json.dumps(body) if method == "POST" else None
        connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert isinstance(answer, dict)
        assert "error" not in answer, answer
        return answer

    def own_seconds(self) -> float:
        """The time that the sandbox says its answers took, since the last `forget`."""
        return float(self.control("/requests", method="GET")["total_seconds"])

    def forget(self) -> None:
        self.control("/requests", method="DELETE")

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def peak_mb(self) -> float:
        return peak_mb(self.pid)


class SignedCaller:
    """The barest client: one kept connection, signed bodies, answers as bytes."""

    def __init__(self, facts: dict[str, Any]) -> None:
        parts = urlsplit(facts["endpoint"])
        self._path = parts.path
        self._key = base64.b64decode(facts["signature_key"])
        self._token = facts["token"]
        self._store = facts["store_code"]
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=300)

    def send(self, function: str, **parameters: Any) -> bytes:
        content = json.dumps(
            {
                "Function": function,
                "Store_Code": self._store,
                "Miva_Request_Timestamp": int(time.time()),
                **parameters,
            }
        ).encode()
        mac = base64.b64encode(hmac.new(self._key, content, hashlib.sha256).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "X-Miva-API-Authorization": f"MIVA-HMAC-SHA256 {self._token}:{mac}",
        }
        self._connection.request("POST", self._path, content, headers)
        return self._connection.getresponse().read()

    def call(self, function: str, **parameters: Any) -> Any:
        answer = json.loads(self.send(function, **parameters))
        assert answer["success"] == 1, answer
        return answer.get("data")

    def close(self) -> None:
        self._connection.close()


@contextmanager
def sandbox(*, in_memory: bool = True) -> Iterator[SandboxProcess]:
    """Serve a store until the block ends; what it kept on disk is removed."""
    with tempfile.TemporaryDirectory(prefix="sandbox-benchmark-") as folder:
        state = ":memory:" if in_memory else str(Path(folder) / "state")
        process = subprocess.Popen(
            [sys.executable, "-c", _START, "serve", "--json", "--control-port", "0", "--state", state],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            yield SandboxProcess(process, json.loads(process.stdout.readline()))
        finally:
            process.terminate()
            process.wait(30)
