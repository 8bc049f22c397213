"""The settings of a channel that operations look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tradepost.domain.content import ContentRules
from tradepost.domain.order import (
    AcknowledgeMode,
    ShipmentPath,
    StoreStatus,
)


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """
    The settings of one channel that operations look at.

    `order_statuses`: which orders are fetched. `look_back_days`: how far the first fetch goes. `carrier_map` is from
    the merchant's word (casefolded) to the store's tracking type.
    """

    id: int
    name: str
    rules: ContentRules
    is_local: bool = False
    order_statuses: frozenset[StoreStatus] = frozenset({StoreStatus.PENDING})
    look_back_days: int = 7
    only_paid_orders: bool = True
    acknowledge_mode: AcknowledgeMode = AcknowledgeMode.NONE
    shipment_path: ShipmentPath = ShipmentPath.PROVISION
    carrier_map: Mapping[str, str] = field(default_factory=dict)
    requires_product_type: bool = True
    batch_size: int = 50
    delist_parent_with_last_variant: bool = True
