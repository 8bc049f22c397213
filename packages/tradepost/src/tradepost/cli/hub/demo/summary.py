"""What the demo did, and what of it was proven by reading the store back."""

from dataclasses import dataclass, field
from typing import Any

from tradepost.engine.store_in_a_box import StoreInABox


@dataclass(frozen=True, slots=True)
class JourneyStep:
    """One thing the demo did: how many of what were sent, and what could not be proven on the store."""

    name: str
    sent: int
    unproven: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_proven(self) -> bool:
        return not self.unproven


@dataclass(slots=True)
class Summary:
    """The numbers of one demo run; every one of what was sent was counted on the store, not in our own report."""

    parents: int = 0
    variants: int = 0
    simple: int = 0
    published: int = 0
    failed: int = 0
    images_uploaded: int = 0
    images_reused: int = 0
    images_failed: int = 0
    orders_imported: int = 0
    orders_acknowledged: int = 0
    shipments_synced: int = 0
    seconds: float = 0.0
    steps: list[JourneyStep] = field(default_factory=list)

    @property
    def is_proven(self) -> bool:
        return self.failed == 0 and all(step.is_proven for step in self.steps)

    def to_json(self, box: StoreInABox) -> dict[str, Any]:
        return {
            "listings": {
                "parent": self.parents,
                "variant": self.variants,
                "simple": self.simple,
                "published": self.published,
                "failed": self.failed,
            },
            "images": {
                "uploaded": self.images_uploaded,
                "reused": self.images_reused,
                "failed": self.images_failed,
            },
            "orders": {"imported": self.orders_imported, "acknowledged": self.orders_acknowledged},
            "shipments": {"synced": self.shipments_synced},
            "store": {
                "endpoint": box.endpoint,
                "token": box.token,
                "signature_key": box.signature_key,
                "store_code": box.store_code,
            },
            "seconds": round(self.seconds, 1),
        }
