"""A connector that finds all well, unless it is told otherwise."""

from tradepost.domain.errors import TradepostError
from tradepost.domain.orders.acknowledgement import Acknowledgement
from tradepost.operations.ports import (
    AcknowledgeCheck,
    ContentCheck,
    ImageCheck,
    ImageConnection,
    ProbeCheck,
    StockCheck,
    StoreCheck,
    StoreConnection,
)


class FakeConnector:
    """
    Implements `ports.Connector`; `faults`: "store" or "images" -> what a look raises. `looks` counts them; `stock`,
    `content`, `clock_difference`, `acknowledge` and `probe` are what they find.
    """

    def __init__(self) -> None:
        self.faults: dict[str, TradepostError] = {}
        self.looks = 0
        self.stock = StockCheck(is_read=True)
        self.content = ContentCheck()
        self.clock_difference = 0.0
        self.acknowledge = AcknowledgeCheck()
        self.probe = ProbeCheck(is_shown=True)

    def settled_store(self, connection: StoreConnection) -> StoreConnection:
        return connection

    def settled_images(self, connection: ImageConnection) -> ImageConnection:
        return connection

    def look_at_store(
        self,
        connection: StoreConnection,
        *,
        is_local: bool,
        type_field: str,
        image_type: str,
        acknowledgement: Acknowledgement,
    ) -> StoreCheck:
        self._look("store")
        return StoreCheck(
            "Shop",
            ("Provision_Store",),
            {},
            self.stock,
            self.content,
            clock_difference_seconds=self.clock_difference,
            acknowledge=self.acknowledge,
        )

    def look_at_images(
        self,
        connection: ImageConnection,
        *,
        store: StoreConnection | None,
        is_local: bool,
        make_folder: bool,
        only_reads: bool,
    ) -> ImageCheck:
        self._look("images")
        return ImageCheck(has_folder=True, probe=self.probe)

    def _look(self, place: str) -> None:
        self.looks += 1
        if place in self.faults:
            raise self.faults[place]
