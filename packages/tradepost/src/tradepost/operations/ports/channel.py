"""Channels: the settings that operations look at, and the port of those that set channels up."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tradepost.domain.brake import USUAL_AT_LEAST, USUAL_PERCENT, BrakeLimits
from tradepost.domain.channels.image_pages import ImagePage
from tradepost.domain.channels.layout import Layout
from tradepost.domain.channels.schedule import Schedule, ScheduledOperation
from tradepost.domain.channels.setup import SetupStep
from tradepost.domain.listings.drift import USUAL_POLICIES, Policies
from tradepost.domain.listings.listing_rules import ListingRule
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.listings.rules import PriceLimits
from tradepost.domain.orders.acknowledgement import USUAL_VALUE, Acknowledgement
from tradepost.domain.orders.order import (
    AcknowledgeMode,
    PaymentState,
    ShipmentPath,
    StoreStatus,
)
from tradepost.domain.orders.order_news import PAID_IN_SOME_WAY
from tradepost.domain.orders.order_rules import OrderRule
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.ports.connections import ImageConnection, StoreConnection
from tradepost.operations.ports.existence import StoreStanding


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """
    The settings of one channel that operations look at.

    `order_statuses` and `payment_states`: which orders are imported. `look_back_days`: how far the first time goes
    back. `payload_days`: how long orders are kept as the store sent them. `personal_days`: how long after the end of an
    order it is kept who bought. `acknowledge_field`, `acknowledge_value` and `acknowledge_queue`: see
    `domain.orders.acknowledgement`. `carrier_map` is from the merchant's word
    (casefolded) to the store's tracking type. `stock_mode`: when the store takes stock. `basket_hours`: how long
    pieces may be in a basket before they count as missing. `lost_answer_seconds`: after that a request that was not
    answered can't land any more. `time_zone`: the IANA name of the zone that its schedules are read in.
    `lowest_price`, `highest_price`, `allows_zero_prices`: which prices are sent.
    `sends_images_itself`: without an image server, images travel inside the documents that publish.
    `image_pages`: the pages of the store that were told which image they show.
    `sells_without_stock`: whether what the catalogue asks it for goes on being sold at 0.
    `linking_priority`: what is asked first when a product of the store is looked for.
    `order_rules`: which orders are held, tagged, shipped how and by whom. `listing_rules`: what is made of the
    catalogue's prices and quantities, in their order. `lists_new`: whether what is new in the catalogue is listed where
    no rule says so.
    `is_look_only`: nothing is ever written to the store, and every run but an adoption only shows what it would do.
    `drift_policies`: who is right when somebody changes fields on the store, for every group that is compared.
    """

    id: int
    name: str
    rules: ContentRules
    is_local: bool = False
    is_look_only: bool = False
    time_zone: str = "UTC"
    order_statuses: frozenset[StoreStatus] = frozenset({StoreStatus.PENDING})
    look_back_days: int = 7
    payment_states: frozenset[PaymentState] = PAID_IN_SOME_WAY
    payload_days: int = 90
    personal_days: int = 365
    acknowledge_mode: AcknowledgeMode = AcknowledgeMode.NONE
    acknowledge_field: str = ""
    acknowledge_value: str = USUAL_VALUE
    acknowledge_queue: str = ""
    shipment_path: ShipmentPath = ShipmentPath.PROVISION
    carrier_map: Mapping[str, str] = field(default_factory=dict)
    requires_product_type: bool = True
    linking_priority: LinkingPriority = LinkingPriority.SKU
    batch_size: int = 50
    requests_at_once: int = 3
    delist_parent_with_last_variant: bool = True
    stock_mode: StockMode = StockMode.UNKNOWN
    basket_hours: int = 26
    lost_answer_seconds: int = 180
    lowest_price: Decimal | None = None
    highest_price: Decimal | None = None
    allows_zero_prices: bool = False
    sells_without_stock: bool = False
    sends_images_itself: bool = False
    image_pages: frozenset[ImagePage] = frozenset()
    brake_percent: int = USUAL_PERCENT
    brake_at_least: int = USUAL_AT_LEAST
    order_rules: tuple[OrderRule, ...] = ()
    listing_rules: tuple[ListingRule, ...] = ()
    lists_new: bool = True
    drift_policies: Policies = field(default_factory=lambda: USUAL_POLICIES)

    @property
    def price_limits(self) -> PriceLimits:
        return PriceLimits(self.lowest_price, self.highest_price, self.allows_zero_prices)

    @property
    def acknowledgement(self) -> Acknowledgement:
        return Acknowledgement(
            self.acknowledge_mode, self.acknowledge_field, self.acknowledge_value, self.acknowledge_queue
        )

    @property
    def brake_limits(self) -> BrakeLimits:
        return BrakeLimits(self.brake_percent, self.brake_at_least)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelProfile:
    """
    A channel whole: its settings and connections as a person sets them up, and how its store stands.

    `settings.id` 0 is not stored yet. `doubt`: why the store may be another one than the one that was linked.
    `restored_why`: why what the hub knows of it is of an earlier time, and what came since has to be read back.
    `setup`: the step at which a person is who sets it up; None once that is done.
    """

    settings: ChannelSettings
    is_paused: bool = False
    setup: SetupStep | None = None
    standing: StoreStanding = StoreStanding.KNOWN
    doubt: str = ""
    restored_why: str = ""
    store: StoreConnection | None = None
    images: ImageConnection | None = None

    @property
    def name(self) -> str:
        return self.settings.name


@dataclass(frozen=True, slots=True)
class KeptFinding:
    """
    One line of the last look at a channel's connections. `is_known`: whether it could be seen, or is not known yet and
    nothing that anybody could mend.
    """

    name: str
    is_good: bool
    words: str = ""
    is_known: bool = True


# What a connection is noted to be in which a look has found nothing to mend.
CHECKED_WELL = "ok"


@dataclass(frozen=True, slots=True)
class WantedDifference:
    """A listing that should show something else than before; quantities None where nobody states one."""

    sku: str
    price_before: Decimal
    price_after: Decimal
    is_held: bool
    quantity_before: int | None
    quantity_after: int | None


@dataclass(frozen=True, slots=True)
class WantedDifferences:
    """
    What became of what listings should show: how many prices are higher or lower, how many quantities.

    `held`: prices that are held back from now on, `freed`: those that are no more. `left_out`: listings that a rule
    does not list any more, `back`: those that are listed again. `examples`: the first of them all. `ruled`: for how
    many listings each rule is, by its name, whatever it changes.
    """

    raised: int = 0
    lowered: int = 0
    more: int = 0
    fewer: int = 0
    held: int = 0
    freed: int = 0
    left_out: int = 0
    back: int = 0
    examples: tuple[WantedDifference, ...] = ()
    ruled: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "WantedDifferences") -> "WantedDifferences":
        return WantedDifferences(
            self.raised + other.raised,
            self.lowered + other.lowered,
            self.more + other.more,
            self.fewer + other.fewer,
            self.held + other.held,
            self.freed + other.freed,
            self.left_out + other.left_out,
            self.back + other.back,
            (self.examples + other.examples)[:EXAMPLES],
            self.ruled + other.ruled,
        )

    @property
    def prices(self) -> int:
        return self.raised + self.lowered

    @property
    def quantities(self) -> int:
        return self.more + self.fewer


EXAMPLES = 20
"""How many of them are named."""


@dataclass(frozen=True, slots=True)
class ToSwitch:
    """
    How many products the store has in another layout than their channel wants. `due`: a publish switches them, but for
    what stands in the way; `theirs`: the merchant has made them, so that a person has to ask for it.
    """

    due: int = 0
    theirs: int = 0


@dataclass(frozen=True, slots=True)
class KnownSince:
    """
    What a person knows of the time since the state that a channel's database was put back to.

    `handed_over_through`: the highest number of an order that whoever packs has; 0 for none since. `new_orders`:
    numbers of those that were found on the store, and not in the ledger. `is_nothing`: the former hub did nothing
    since.
    """

    handed_over_through: int = 0
    new_orders: Collection[int] = ()
    is_nothing: bool = False


@dataclass(frozen=True, slots=True)
class RemovedChannel:
    """A channel that was taken out of use, by the name that it had, and since when it is."""

    id: int
    name: str
    removed_at: datetime


class Channels(Protocol):
    """The hub's channels that are in use, with their connections. Writes belong into a transaction."""

    def has(self, name: str) -> bool: ...

    def read(self, channel_id: int, *, with_secrets: bool = False) -> ChannelProfile:
        """
        Read a channel, with blanks for secrets unless they are asked for.

        Raises NotAllowed for one that is not in use, Reconfigure when the key to the secrets does not fit.
        """
        ...

    def add(self, profile: ChannelProfile) -> int:
        """Keep a new channel; return its id. Raises NotAllowed for a name that is taken."""
        ...

    def save(self, profile: ChannelProfile) -> None:
        """
        Keep a channel as it is here; secrets that are blank stay as they are stored. A connection that was changed
        counts as never checked. Raises NotAllowed for a name that is taken.
        """
        ...

    def confirm_store(self, channel_id: int) -> bool:
        """Note that a person says that a doubted store is the same; False where it is not doubted."""
        ...

    def change_layout(self, channel_id: int, *, before: Layout, after: Layout) -> None:
        """
        Note of what the store has in which layout it is there, now that another is wanted; make the parents that are
        needed, and let go of those that are not. `after` is in the channel's settings already.
        """
        ...

    def outdate_wanted(self, channel_id: int) -> None:
        """Note that the channel's listings should show something else by its settings, with the settings."""
        ...

    def refresh_wanted(self, channel_id: int) -> WantedDifferences:
        """
        Compute anew what is outdated of what the channel's listings should show, by its settings as they are now;
        return what differs from before.

        Batch by batch, each in a transaction of its own. Idempotent; what was cut off goes on.
        """
        ...

    def preview_wanted(self, channel_id: int, settings: ChannelSettings) -> WantedDifferences:
        """Return what would differ with these settings. Writes nothing, and nobody waits for it."""
        ...

    def forget_refusals(self, channel_id: int) -> None:
        """Have what the store has refused, however often, tried again as it is made up by now."""
        ...

    def forget_files(self, channel_id: int) -> None:
        """
        Forget which images lie on the image server, and have the next publish look at all that may show one.

        Nothing is looked at where none was ever sent. Idempotent.
        """
        ...

    def note_check(
        self, channel_id: int, *, store: str, images: str, findings: Sequence[KeptFinding], at: datetime
    ) -> None:
        """
        Keep with the connections what a look found, and with the channel every line of it; a store that is well refuses
        the channel no more.
        """
        ...

    def take_up(self, channel_id: int, known: KnownSince, *, at: datetime) -> None:
        """
        Go on with a channel whose database was put back to an earlier state, from what its store has now.

        What a store must count is not known any more, unless nothing came since: every count is set anew.
        """
        ...

    def stop_runs(self, channel_id: int) -> int:
        """Ask the runs that are at work and write to stop after the batch that they are at; return how many."""
        ...

    def archive(self, channel_id: int, *, at: datetime) -> bool:
        """
        Take a channel out of use: forget its credentials, free its name, cancel what is queued.

        Where its store is stays known. False, and nothing done, while a run is at work on it.
        """
        ...

    def holder(self, store: StoreConnection, *, besides: int) -> str:
        """Return the name of the channel in use that has a store, `besides` this one; blank where there is none."""
        ...

    def removed(self, store: StoreConnection) -> RemovedChannel | None:
        """Return the channel that a store had, if it was taken out of use; of several the last."""
        ...

    def put_back(self, channel_id: int, *, name: str) -> None:
        """Take a channel that is out of use into use again, by this name. Raises NotAllowed for one that is taken."""
        ...

    def replace_begun(self, channel_id: int, *, by: int) -> None:
        """Forget a channel that is still to be set up, which has nothing but its history, in favour of another one."""
        ...


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule of a channel, and when it is due next; None is never. `paused_at`: since when it starts nothing."""

    operation: ScheduledOperation
    schedule: Schedule
    next_at: datetime | None
    paused_at: datetime | None = None


class Schedules(Protocol):
    """The schedules of channels. Writes belong into a transaction."""

    def of(self, channel_id: int) -> Sequence[ScheduleRow]:
        """Return a row for every operation that there is, in their order; one that was never set is off."""
        ...

    def keep(self, channel_id: int, rows: Sequence[ScheduleRow]) -> None:
        """
        Replace the times of these operations; others stay, and so does the pause of each but what is off now.

        Idempotent.
        """
        ...

    def pause(self, channel_id: int, operation: ScheduledOperation, *, at: datetime) -> bool:
        """Have a schedule start nothing from now on; False where it is off, or paused already."""
        ...

    def resume(self, channel_id: int, operation: ScheduledOperation, *, next_at: datetime | None) -> bool:
        """Have a paused schedule start its operation again, at this time first; False where it is not paused."""
        ...
