"""What happens in a day: shoppers who buy, a merchant who works, and the faults that a store has."""

import json
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

# What can be bought: by SKU, the page, what is chosen there, and how many there are.
OFFERS: Mapping[str, tuple[str, dict[str, str], int]] = {
    "MUG": ("MUG", {}, 40),
    "CUP": ("CUP", {}, 120),
    "TEE-S": ("tee", {"Size": "S"}, 25),
    "TEE-M": ("tee", {"Size": "M"}, 60),
    "TEE-L": ("tee", {"Size": "L"}, 10),
}
STATED = {sku: number for sku, (_, _, number) in OFFERS.items()}
_HEADER = "Handle,Title,Body (HTML),Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
_CROWD = 4

# How likely a request is struck, and how; none of them is ever off.
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "drop_before", "probability": 0.03},
    {"kind": "drop_after", "probability": 0.04},
    {"kind": "cut", "probability": 0.02, "after_bytes": 40},
    {"kind": "error", "probability": 0.02},
    {"kind": "lands_late", "probability": 0.01, "seconds": 0.4},
    {"kind": "latency", "probability": 0.2, "seconds": 0.05},
    {"kind": "engine_timeout", "probability": 0.01, "function": "Provision_Store"},
    {"kind": "stop_early", "probability": 0.03, "seconds": 0},
    {"kind": "payment_refused", "probability": 0.05},
    {"kind": "payment_dies", "probability": 0.03},
    {"kind": "checkout_gap", "probability": 0.2, "requests": 2, "seconds": 30},
)


def catalogue(prices: Mapping[str, float]) -> str:
    """The merchant's file: the counts are those of the morning, whatever was sold since."""
    rows = [
        f"mug,Enamel Mug,,Acme,,,MUG,{STATED['MUG']},{prices['MUG']:.2f}",
        f"cup,Tea Cup,,Acme,,,CUP,{STATED['CUP']},{prices['CUP']:.2f}",
    ]
    for place, size in enumerate(("S", "M", "L")):
        title = "Cotton Tee,,Acme,Size" if not place else ",,,"
        rows.append(f"tee,{title},{size},TEE-{size},{STATED[f'TEE-{size}']},{prices[f'TEE-{size}']:.2f}")
    return _HEADER + "\n".join(rows) + "\n"


@dataclass(slots=True)
class Control:
    """The sandbox's own interface, for those who are not the hub."""

    address: str
    _http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=30))

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self._http.post(self.address.rstrip("/") + path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str) -> dict[str, Any]:
        answer = self._http.get(self.address.rstrip("/") + path)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def stop_faults(self) -> None:
        self._http.delete(self.address.rstrip("/") + "/faults").raise_for_status()


class Crowd:
    """Shoppers side by side; what each of them bought is written to a log at once."""

    def __init__(self, control: Control, log: Path, *, seed: int, pause: float) -> None:
        self._control, self._log, self._pause = control, log, pause
        self._stop, self._writing = threading.Event(), threading.Lock()
        self.acts = 0
        self._threads = [
            threading.Thread(target=self._shop, args=(random.Random(seed * 1_000 + number),), daemon=True)  # noqa: S311
            for number in range(_CROWD)
        ]
        log.touch()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _shop(self, chance: random.Random) -> None:
        while not self._stop.wait(chance.expovariate(1 / self._pause)):
            # While the store starts anew, its shop is shut.
            with suppress(httpx2.HTTPError):
                self._visit(chance)

    def _visit(self, chance: random.Random) -> None:
        session, bought = "", dict[str, int]()
        for _ in range(chance.choice((1, 1, 2))):
            sku = chance.choice(list(OFFERS))
            if sku in bought:
                continue
            page, choices, _ = OFFERS[sku]
            pieces = chance.choice((1, 1, 1, 2, 3))
            answer = self._act("add", session, code=page, choices=choices, quantity=pieces)
            session = answer["session"]
            if not answer.get("refused"):
                bought[sku] = pieces
        if not bought or chance.random() < 0.15:  # noqa: PLR2004 - so many go away without a word
            return
        self._stop.wait(chance.random() * self._pause / 4)
        answer = self._act("check_out", session)
        if answer.get("order"):
            with self._writing, self._log.open("a", encoding="utf-8") as log:
                entry = {"order": answer["order"], "is_pending": answer["pending"], "bought": bought}
                log.write(json.dumps(entry) + "\n")

    def _act(self, act: str, session: str, **body: Any) -> dict[str, Any]:
        self.acts += 1
        return self._control.post("/shopper", act=act, session=session, **body)


def moments(chance: random.Random, *, number: int, until: float) -> Iterator[float]:
    """Draw moments of a day, ascending."""
    yield from sorted(chance.uniform(0, until) for _ in range(number))
