"""A connector that finds all well, unless it is told otherwise."""

from tradepost.domain.errors import TradepostError
from tradepost.operations.ports import ImageCheck, ImageConnection, StockCheck, StoreCheck, StoreConnection


class FakeConnector:
    """
    Implements `ports.Connector`; `faults`: "store" or "images" -> what a look raises. `looks` counts them; `stock` is
    what they find of stock.
    """

    def __init__(self) -> None:
        self.faults: dict[str, TradepostError] = {}
        self.looks = 0
        self.stock = StockCheck(is_read=True)

    def settled_store(self, connection: StoreConnection) -> StoreConnection:
        return connection

    def settled_images(self, connection: ImageConnection) -> ImageConnection:
        return connection

    def look_at_store(self, connection: StoreConnection, *, is_local: bool) -> StoreCheck:
        self._look("store")
        return StoreCheck("Shop", ("Provision_Store",), {}, self.stock, clock_difference_seconds=0.0)

    def look_at_images(
        self,
        connection: ImageConnection,
        *,
        is_local: bool,
        make_folder: bool,
    ) -> ImageCheck:
        self._look("images")
        return ImageCheck(has_folder=True)

    def _look(self, place: str) -> None:
        self.looks += 1
        if place in self.faults:
            raise self.faults[place]
