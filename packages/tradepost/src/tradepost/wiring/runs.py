"""What runs do, and what each is given."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from django.utils import timezone

from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.channels.connections import image_connection_of, store_connection_of
from tradepost.database.listings.adoptions import DjangoAdoptions
from tradepost.database.listings.drifts import DjangoDrifts
from tradepost.database.listings.existence_notes import DjangoExistenceNotes
from tradepost.database.listings.intents import DjangoIntents
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.listings.store_inventory import DjangoStoreInventory
from tradepost.database.models import Channel
from tradepost.database.orders.orders import DjangoOrders
from tradepost.database.runs.past_changes import DjangoPastChanges
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.domain.errors import NotAllowed
from tradepost.miva.connect import image_folder_of
from tradepost.operations import undo
from tradepost.operations.approvals import report_rest
from tradepost.operations.listings import adopt, link, product_types, publish, sync
from tradepost.operations.orders import deliver_orders, fetch_shipments, get_orders, reconcile_orders, sync_orders
from tradepost.operations.ports import ActiveRun, Clock, Ports
from tradepost.operations.selection import Selection
from tradepost.security.descriptions import AllowedMarkup
from tradepost.wiring.images import source_images
from tradepost.wiring.orders import deliveries_of, fetches_of
from tradepost.wiring.stores import connector, open_image_store, open_store

# What runs on listings can be limited to some of them; orders are fetched and shipped as a whole.
LISTING_VERBS: Mapping[str, Callable[[Ports, Selection], None]] = {
    "publish": publish.execute,
    "sync": sync.execute,
    "link": link.execute,
    "set_type": product_types.execute,
    "undo": undo.execute,
    "adopt": adopt.execute,
}

ORDER_VERBS: Mapping[str, Callable[[Ports], None]] = {
    "get_orders": get_orders.execute,
    "sync_orders": sync_orders.execute,
    "deliver_orders": deliver_orders.execute,
    "fetch_shipments": fetch_shipments.execute,
}

# What compares the orders of a span of time.
SPAN_VERBS: Mapping[str, Callable[[Ports, Selection], None]] = {"reconcile_orders": reconcile_orders.execute}


def carry_out(kind: str, ports: Ports, selection: Selection) -> None:
    """
    Do what a run of this kind does; of a saved plan, what was approved.

    Raises NotAllowed for a selection where the kind can't have one.
    """
    _carry_out(kind, ports, selection)
    report_rest(ports.run)


def _carry_out(kind: str, ports: Ports, selection: Selection) -> None:
    if kind in LISTING_VERBS:
        LISTING_VERBS[kind](ports, selection)
    elif selection.only is not None:
        raise NotAllowed(f"'{kind.replace('_', ' ')}' is about all orders; it can't be limited to listings.")
    elif kind in SPAN_VERBS:
        SPAN_VERBS[kind](ports, selection)
    else:
        ORDER_VERBS[kind](ports)


@contextmanager
def ports_for(channel: Channel, run: ActiveRun, *, clock: Clock = timezone.now) -> Iterator[Ports]:
    """
    Give an operation all it needs on a channel, and close what was opened.

    Raises NotAllowed without a store connection, AddressRefused, Reconfigure when the key does not fit.
    """
    with ExitStack() as stack:
        store = stack.enter_context(open_store(channel, run))
        image_store = stack.enter_context(open_image_store(channel, run))
        channel_settings = settings_of(channel)
        connection = image_connection_of(channel, cipher=None)
        if connection is not None:
            # One folder, told once: where the files go is what the store is told.
            rules = replace(channel_settings.rules, image_folder=image_folder_of(connection).registered)
            channel_settings = replace(channel_settings, rules=rules)
        store_connection = store_connection_of(channel, cipher=None)
        if store_connection is not None:
            rules = replace(channel_settings.rules, files_address=connector().files_address(store_connection))
            channel_settings = replace(channel_settings, rules=rules)
        yield Ports(
            channel=channel_settings,
            store=store,
            image_store=image_store,
            source_images=source_images(channel),
            descriptions=AllowedMarkup(),
            listings=DjangoListings(channel.pk, clock=clock, run_id=run.id),
            adoptions=DjangoAdoptions(channel.pk, clock=clock, run_id=run.id),
            drifts=DjangoDrifts(channel.pk),
            intents=DjangoIntents(channel.pk, clock=clock, run_id=run.id),
            inventory=DjangoStoreInventory(channel.pk),
            existence=DjangoExistenceNotes(channel.pk),
            orders=DjangoOrders(channel.pk, run_id=run.id),
            accounts=DjangoAccounts(channel.pk, clock=clock, run_id=run.id),
            deliveries=deliveries_of(channel, clock=clock),
            fetches=fetches_of(channel),
            past=DjangoPastChanges(channel_id=channel.pk),
            run=run,
            clock=clock,
        )
