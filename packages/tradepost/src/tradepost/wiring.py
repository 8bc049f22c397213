"""Wiring: the one place where ports are joined to what implements them."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from prometheus_client import Histogram

from tradepost.catalogues import encodings, template
from tradepost.catalogues.listing_table import ListingCsv
from tradepost.catalogues.registry import FORMATS, CatalogueFiles
from tradepost.catalogues.requests_csv import RequestCsv
from tradepost.catalogues.shipments_csv import COLUMNS as SHIPMENT_COLUMNS
from tradepost.catalogues.shipments_csv import ShipmentCsv
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.catalogue.sources import DjangoSources
from tradepost.database.channels import channels
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.channels.connections import image_connection_of, store_connection_of
from tradepost.database.channels.schedules import DjangoSchedules
from tradepost.database.ciphertexts import DjangoCiphertexts, has_secrets
from tradepost.database.listings import layouts
from tradepost.database.listings.adoptions import DjangoAdoptions
from tradepost.database.listings.drifts import DjangoDrifts
from tradepost.database.listings.due import count_due_when_unpaused
from tradepost.database.listings.existence_notes import DjangoExistenceNotes
from tradepost.database.listings.intents import DjangoIntents
from tradepost.database.listings.listing_filter import filtered
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.listings.store_inventory import DjangoStoreInventory
from tradepost.database.listings.wanted import explained_prices
from tradepost.database.models import Channel, Listing, Source, Trigger
from tradepost.database.orders.exports import DjangoOrderExports
from tradepost.database.orders.orders import DjangoOrders
from tradepost.database.orders.personal_data import DjangoPersonalData
from tradepost.database.orders.shipment_sources import DjangoShipmentSources
from tradepost.database.orders.targets import DjangoTargets
from tradepost.database.people.audit import DjangoAudit
from tradepost.database.people.people import DjangoPeople, invitation_tokens
from tradepost.database.people.sessions import DjangoSessions
from tradepost.database.runs.history import RequestHistory, SourceRequestHistory
from tradepost.database.runs.past_changes import DjangoPastChanges
from tradepost.database.stock import remainders
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.database.stock.explanations import explained_stocks
from tradepost.database.stock.handovers import DjangoHandovers
from tradepost.domain.catalogue_file import CatalogueForm
from tradepost.domain.errors import AddressRefused, ImageUnusable, NotAllowed
from tradepost.domain.fetched_file import CATALOGUE_ENDINGS
from tradepost.domain.file_address import FOLDER, WEB, file_address
from tradepost.domain.listing_filter import ListingFilter
from tradepost.domain.mapping import changed
from tradepost.domain.price_explanation import ExplainedPrice
from tradepost.domain.stages import Stage
from tradepost.domain.stock_explanation import ExplainedStock
from tradepost.domain.stock_remainder import Remainder
from tradepost.exports import listings_csv
from tradepost.exports.folder import LocalFolder
from tradepost.exports.one_file import OneFile
from tradepost.exports.registry import OrderFiles
from tradepost.exports.results_csv import results_csv
from tradepost.exports.web import WebAddress
from tradepost.images import encoding
from tradepost.images.library import ImageLibrary
from tradepost.messages.apprise_messenger import AppriseMessenger
from tradepost.miva.capabilities import MIVA
from tradepost.miva.connect import MivaConnector, image_folder_of
from tradepost.miva.files.file_server import Connect, FileServerAddress
from tradepost.miva.files.image_store import SERVERS
from tradepost.miva.files.look_only import LookOnlyImages
from tradepost.miva.files.server_folder import ServerFolder
from tradepost.miva.wire.functions import THE_EIGHT
from tradepost.miva.wire.transport import OpenTransport, RequestSeen, always
from tradepost.operations import (
    adopt,
    deliver_orders,
    fetch_shipments,
    get_orders,
    link,
    product_types,
    publish,
    reconcile_orders,
    source_imports,
    sync,
    sync_orders,
    undo,
)
from tradepost.operations.approvals import report_rest
from tradepost.operations.building import BuildPorts
from tradepost.operations.catalogue_changes import CatalogueChangePorts
from tradepost.operations.channels import ChannelPorts
from tradepost.operations.customising import Customising
from tradepost.operations.deliver_orders import ConsumerDeliveries
from tradepost.operations.handovers import HandoverPorts
from tradepost.operations.import_journal import Journal, NoJournal, RunJournal
from tradepost.operations.import_ports import ImportPorts
from tradepost.operations.import_report import ImportReport
from tradepost.operations.import_undo import UndoPorts, undo_import
from tradepost.operations.imports import NamedFile, import_catalogue, import_results
from tradepost.operations.keys import KeyPorts
from tradepost.operations.listing_comparison import ComparedField, compared_fields
from tradepost.operations.listing_export import ListedRows
from tradepost.operations.mapping_view import MappedField, mapped_values
from tradepost.operations.order_exports import ExportPorts
from tradepost.operations.order_requests import OrderPorts
from tradepost.operations.people import PeoplePorts
from tradepost.operations.personal_data import PersonalDataPorts
from tradepost.operations.ports import (
    Accounts,
    ActiveRun,
    Audit,
    BatchHistory,
    Capabilities,
    Catalogue,
    CatalogueSource,
    CatalogueSources,
    ChannelProfile,
    Clock,
    ConsumerTarget,
    Deliveries,
    Drifts,
    ExchangePlace,
    Fetches,
    FileLook,
    FilePlace,
    FileProtocol,
    ImageStore,
    Intents,
    Listings,
    ListingTableReader,
    Messenger,
    Ports,
    RequestReader,
    Schedules,
    ShipmentReader,
    ShipmentSources,
    SourceAddress,
    Store,
    StoreConnection,
    Target,
    Targets,
    ToSwitch,
    WriteResults,
)
from tradepost.operations.queue_changes import ASKED
from tradepost.operations.selection import FETCHED, FILE, UNDOES, Selection
from tradepost.operations.source_imports import SourcePorts
from tradepost.operations.sources import SourceEditPorts
from tradepost.security.addresses import check_host, check_web_address, checked_addresses, connect
from tradepost.security.descriptions import AllowedMarkup
from tradepost.security.encryption import FernetCipher, KeyRing
from tradepost.security.log_context import of_run
from tradepost.security.masking import mask_text
from tradepost.security.transport import CheckedTransport

_logger = logging.getLogger(__name__)

STORE_REQUESTS = Histogram(
    "tradepost_store_request_seconds",
    "How long requests to stores took, by what became of them.",
    ["outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)


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
            rules = replace(channel_settings.rules, files_address=_connector().files_address(store_connection))
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


def import_ports(
    channels: Iterable[Channel] | None = None,
    *,
    requested_by: str,
    reads_files: bool,
    images_root: Path | None = None,
    trigger: Trigger = Trigger.PERSON,
    clock: Clock = timezone.now,
    run: ActiveRun | None = None,
    journal: Journal | None = None,
) -> ImportPorts:
    """
    Give an import what it needs; None: on every channel that follows the catalogue. `requested_by` is kept.

    `run`: whose history has what is changed, and which writes only as long as it is ours; else `journal` is told.
    `reads_files`: images may be files of this machine; only for a file that was named at the command line.
    """
    if channels is None:
        channels = Channel.objects.filter(archived_at__isnull=True).order_by("id")
    channels = list(channels)
    cleans = any(settings_of(channel).rules.cleans_descriptions for channel in channels)
    return ImportPorts(
        reader=CatalogueFiles(),
        catalogue=catalogue(),
        channels={channel.name: DjangoListings(channel.pk, clock=clock) for channel in channels},
        # Web addresses are fetched when they are published, by the channel's own rules.
        source_images=source_images(None),
        channel_ids={channel.name: channel.pk for channel in channels},
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic if run is None else run.transaction,
        savepoint=transaction.atomic,
        clock=clock,
        journal=journal or (NoJournal() if run is None else RunJournal(run)),
        reads_files=reads_files,
        images_root=images_root,
        descriptions=AllowedMarkup() if cleans else None,
        without_images=[channel.name for channel in channels if not sends_images(channel)],
        stops_at_zero=[channel.name for channel in channels if not settings_of(channel).sells_without_stock],
    )


def sends_images(channel: Channel) -> bool:
    """Whether a channel has a way to send them."""
    return channel.sends_images_itself or image_connection_of(channel, cipher=None) is not None


def catalogue_layouts() -> dict[CatalogueForm, str]:
    """Describe the layouts of catalogue files that can be imported."""
    return {each.form: each.description for each in FORMATS}


def catalogue_template() -> str:
    """Write a catalogue in the hub's own layout, with a few products to begin with."""
    return template.text()


def make_utf_8(path: Path) -> str:
    """Write a file of text anew in UTF-8; return the name of the encoding that it had. Raises FileRefused."""
    return encodings.make_utf_8(path)


def look_at_catalogue_file(path: Path, *, form: CatalogueForm | None, rows: int) -> FileLook:
    """Recognise a file by its beginning. Raises FileRefused."""
    return CatalogueFiles().look(path, form=form, rows=rows)


def sources() -> CatalogueSources:
    return DjangoSources(cipher=cipher)


def source_edit_ports(
    *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> SourceEditPorts:
    """Give what adding, changing and removing sources needs; `requested_by` is kept."""
    return SourceEditPorts(
        sources=sources(),
        history=SourceRequestHistory(requested_by=requested_by, trigger=trigger, clock=clock),
        audit=audit(clock=clock),
        requested_by=requested_by,
        transaction=transaction.atomic,
        clock=clock,
    )


def source_ports(
    name: str,
    *,
    requested_by: str,
    clock: Clock = timezone.now,
    run: ActiveRun | None = None,
    journal: Journal | None = None,
) -> SourcePorts:
    """
    Give what fetching and importing a source's files needs; no image of theirs is a file of this machine.

    `run` and `journal`: as for `import_ports`. Raises NotAllowed for one that there is not, Reconfigure when the key to
    its secret does not fit.
    """
    source = sources().read(name, with_secret=True)
    if source is None:
        raise NotAllowed(f"There is no source '{name}'; 'tradepost source list' has them.")
    asked_by = requested_by or f"source: {name}"
    imports = import_ports(requested_by=asked_by, reads_files=False, clock=clock, run=run, journal=journal)
    return SourcePorts(source, sources(), imports, _open_catalogue_source, clock)


def carry_out_of_source(
    name: str,
    run: ActiveRun,
    options: Mapping[str, Any],
    *,
    requested_by: str,
    clock: Clock = timezone.now,
) -> None:
    """
    Do what a run of a source does: fetch and import its files, or the one of a saved plan, or undo another run of it.

    Raises as `source_ports` and these operations do.
    """
    if UNDOES in options:
        ports = undo_ports(name, requested_by=requested_by, clock=clock, run=run)
        undo_import(options[UNDOES], ports, progress=lambda done: run.progress(done, None, "changes looked at"))
    elif FILE in options:
        import_named_file(NamedFile.from_json(options[FILE]), run, requested_by=requested_by, clock=clock)
    else:
        fetched = options.get(FETCHED)
        planned = None if fetched is None else (fetched[0], fetched[1])
        source_ = source_ports(name, requested_by=requested_by, clock=clock, run=run)
        source_imports.import_source(source_, run, planned=planned)
    report_rest(run)


def import_named_file(
    file: NamedFile,
    run: ActiveRun,
    *,
    requested_by: str,
    clock: Clock = timezone.now,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Import a file that somebody at the command line has named. Raises FileRefused where it is another by now."""
    file.check()
    ports = import_ports(
        channels_named(file.channels),
        requested_by=requested_by,
        reads_files=True,
        images_root=file.images,
        clock=clock,
        run=run,
    )
    report = import_catalogue(
        file.path,
        ports,
        options=file.options,
        progress=progress or (lambda rows: run.progress(rows, None, "rows imported")),
    )
    with run.transaction():
        run.report(import_results(report, file.path, digest=file.digest))
    return report


def channels_named(names: Sequence[str] | None) -> list[Channel] | None:
    """Return the channels in use of these names; None for None."""
    if names is None:
        return None
    return list(Channel.objects.filter(archived_at__isnull=True, name__in=names).order_by("id"))


def undo_ports(
    name: str,
    *,
    requested_by: str,
    clock: Clock = timezone.now,
    run: ActiveRun | None = None,
    journal: Journal | None = None,
) -> UndoPorts:
    """Give what undoing a run of a source needs; `run` and `journal`: as for `import_ports`."""
    imports = import_ports(requested_by=requested_by, reads_files=False, clock=clock, run=run, journal=journal)
    return UndoPorts(imports, DjangoPastChanges(source_id=Source.objects.get(name=name).pk))


def _open_catalogue_source(source: CatalogueSource) -> AbstractContextManager[FilePlace]:
    assert source.at is not None
    return open_catalogue_address(source.at, is_local=source.is_local)


@contextmanager
def open_catalogue_address(at: SourceAddress, *, is_local: bool) -> Iterator[FilePlace]:
    """Open where files of a catalogue are: a folder, or the one file that the address names. Raises as opening does."""
    address = file_address(at.address)
    file = ""
    if address.protocol not in WEB and address.path.lower().endswith(CATALOGUE_ENDINGS):
        folder, _, file = at.address.rpartition("/")
        at = replace(at, address=folder or "/")
    with open_source(at, is_local=is_local) as place:
        yield OneFile(place, unquote(file) if address.protocol != FOLDER else file) if file else place


def source_images(channel: Channel | None) -> ImageLibrary:
    """
    Make the library of source images, of a channel or of the catalogue alone.

    Any catalogue may name any address, so of a local channel, too, only the hosts of its own store and image server
    may be inside the network.
    """
    hosts = set() if channel is None else {own.host.lower() for own in channel.connections.all()}
    addresses = partial(
        checked_addresses,
        private_hosts=hosts if channel is not None and channel.is_local else (),
        cure=" Images are fetched from there only if that is the host of a local channel's own store or image server.",
    )
    return ImageLibrary(
        Path(settings.DATA_DIR) / "images",
        check_address=check_web_address,
        open_transport=partial(CheckedTransport, addresses=addresses),
    )


def kept_images(sources: Iterable[str]) -> dict[str, str]:
    """Give by source the checksums of those images that the hub has a file of; nothing is fetched."""
    library = source_images(None)
    return {source: kept.checksum for source in sources if (kept := library.kept(source)) is not None}


def thumbnail(checksum: str, *, side: int) -> bytes | None:
    """Make a small JPEG of an image that is kept; None where it is not, or can't be read."""
    try:
        return encoding.thumbnail(source_images(None).content(checksum), side=side)
    except (ImageUnusable, encoding.NotAnImage):
        return None


def cipher() -> FernetCipher:
    return FernetCipher.of_folder(
        Path(settings.DATA_DIR), keys=settings.TRADEPOST_ENCRYPTION_KEYS, is_in_use=has_secrets
    )


def key_ports(*, requested_by: str) -> KeyPorts:
    """Give what changing the keys needs; `requested_by` is kept."""
    keys = KeyRing.of_folder(Path(settings.DATA_DIR), keys=settings.TRADEPOST_ENCRYPTION_KEYS, is_in_use=has_secrets)
    return KeyPorts(keys, DjangoCiphertexts(), audit(), requested_by)


def messenger() -> Messenger:
    """Give what carries letters to people."""
    return AppriseMessenger(check_host=check_host, masked=mask_text)


def catalogue() -> Catalogue:
    return DjangoCatalogue()


def listings_of(channel_id: int) -> Listings:
    return DjangoListings(channel_id)


def listings_meant(channel: Channel, meant: ListingFilter) -> QuerySet[Listing]:
    """Narrow a channel's listings to those that a filter is true of, for a table of them."""
    return filtered(Listing.objects.filter(channel=channel), meant)


def drifts_of(channel_id: int) -> Drifts:
    return DjangoDrifts(channel_id)


def accounts_of(channel_id: int) -> Accounts:
    return DjangoAccounts(channel_id, clock=timezone.now)


def intents_of(channel_id: int) -> Intents:
    return DjangoIntents(channel_id, clock=timezone.now)


def stocks_of(listing_ids: Collection[int]) -> list[ExplainedStock]:
    """Return what the stock of these listings is made up of, by SKU; parents have none."""
    return explained_stocks(listing_ids)


def mapped_values_of(
    channel: Channel, listing_ids: Collection[int], *, changes: Mapping[str, str] | None = None
) -> list[MappedField]:
    """
    Return what the channel's mapping makes of these listings, as it is or with `changes`: templates by target.

    Nothing is asked of the store.
    """
    listings = DjangoListings(channel.pk)
    rules = settings_of(channel).rules
    rules = replace(rules, mapping=changed(rules.mapping, changes or {}))
    return mapped_values(listings.by_ids(listing_ids), listings, rules=rules, cleaner=AllowedMarkup())


def compared_fields_of(channel: Channel, listing_id: int) -> list[ComparedField]:
    """Return a listing's content field by field beside what is proven of it; nothing is asked of the store."""
    listings = DjangoListings(channel.pk)
    (row,) = listings.by_ids([listing_id])
    return compared_fields(row, listings, rules=settings_of(channel).rules, cleaner=AllowedMarkup())


def page_in_shop(channel: Channel, code: str) -> str:
    """Return the address of a product's page in the shop; blank for a channel that has no connection."""
    connection = store_connection_of(channel, cipher=None)
    if connection is None:
        return ""
    try:
        return _connector().page_address(connection, code)
    except AddressRefused:
        return ""


def prices_of(listing_ids: Collection[int]) -> dict[int, ExplainedPrice]:
    """Return how the prices of these listings are made up, by their ids; a parent's is its variants'."""
    return explained_prices(listing_ids)


def remainder_of(channel: Channel, *, clock: Clock = timezone.now) -> Remainder:
    """Say how many pieces may be sold twice, on this channel and on others, before either knows."""
    return remainders.remainder_of(channel, now=clock())


def to_switch(channel_id: int) -> ToSwitch:
    """Count what of a channel's store stands in another layout than the channel wants."""
    return layouts.to_switch(channel_id)


def due_when_unpaused(channel_id: int) -> Mapping[Stage | None, int]:
    """Count by stage what would be due of a channel's paused listings if they were not; None: by a publish."""
    return count_due_when_unpaused(channel_id)


def profile_of(channel: Channel) -> ChannelProfile:
    """Return a channel whole, as people set it up, with blanks for its secrets."""
    return channels.profile_of(channel)


def schedules() -> Schedules:
    return DjangoSchedules()


def history(*, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now) -> BatchHistory:
    return RequestHistory(requested_by=requested_by, trigger=trigger, clock=clock)


def audit(*, clock: Clock = timezone.now) -> Audit:
    return DjangoAudit(clock=clock)


def people_ports(*, requested_by: str, clock: Clock = timezone.now) -> PeoplePorts:
    """Give what adding, inviting and removing people needs; `requested_by` is kept."""
    return PeoplePorts(DjangoPeople(), DjangoAudit(clock=clock), requested_by, transaction.atomic, clock)


def sessions() -> DjangoSessions:
    return DjangoSessions()


def invitations() -> PasswordResetTokenGenerator:
    """Return what the ends of invitations' links are checked by."""
    return invitation_tokens


def channel_ports(*, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now) -> ChannelPorts:
    """Give what connecting, changing, checking, pausing and removing channels needs; `requested_by` is kept."""
    return ChannelPorts(
        channels=DjangoChannels(cipher=cipher),
        schedules=schedules(),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        connector=_connector(),
        transaction=transaction.atomic,
        clock=clock,
    )


def order_ports(
    channel: Channel, *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> OrderPorts:
    """Give what requests about a channel's orders need; `requested_by` is kept."""
    return OrderPorts(
        channel_id=channel.pk,
        requested_by=requested_by,
        orders=DjangoOrders(channel.pk),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic,
        clock=clock,
    )


def shipment_reader() -> ShipmentReader:
    """Give what reads files of shipments."""
    return ShipmentCsv()


def shipment_columns() -> Mapping[str, str]:
    """Name the columns of a file of shipments, and what they say."""
    return SHIPMENT_COLUMNS


def build_ports(channel: Channel, *, requested_by: str, trigger: Trigger = Trigger.PERSON) -> BuildPorts:
    """Give what making a channel's listings needs; `requested_by` is kept."""
    return BuildPorts(
        channel_id=channel.pk,
        channel_name=channel.name,
        catalogue=catalogue(),
        listings=DjangoListings(channel.pk),
        history=history(requested_by=requested_by, trigger=trigger),
        transaction=transaction.atomic,
    )


def capabilities() -> Capabilities:
    """Say what channels can do; there is one type of them."""
    return MIVA


def needed_functions() -> Sequence[str]:
    """Name the functions of the store's API that a token has to be given."""
    return THE_EIGHT


def request_reader() -> RequestReader:
    """Give what reads files that name listings, and may say what is asked of each."""
    return RequestCsv(ASKED)


def listing_table_reader() -> ListingTableReader:
    """Give what reads tables of listings that come back."""
    return ListingCsv()


def listing_table(channel: Channel, meant: ListingFilter) -> ListedRows:
    """Give the listings that are meant as a table."""
    return listed_rows(channel, DjangoListings(channel.pk).ids_meant(meant))


def listed_rows(channel: Channel, ids: Sequence[int]) -> ListedRows:
    """Give these listings as a table."""
    listings = DjangoListings(channel.pk)
    return ListedRows(channel.name, ids, listings, settings_of(channel).rules, AllowedMarkup())


def listing_lines(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Give the lines of a table of listings one by one."""
    return listings_csv.listing_lines(columns, rows)


def write_listings(path: Path | None, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> int:
    """Write a table of listings; without a path on standard output. Raises FileRefused."""
    return listings_csv.write_listings(path, columns, rows)


def customising_of(channel: Channel) -> Customising:
    """Give what customises listings of a channel."""
    return Customising(DjangoListings(channel.pk), settings_of(channel).rules, AllowedMarkup())


def results_file(path: Path) -> AbstractContextManager[WriteResults]:
    """Give what writes down what became of listings. Raises FileRefused."""
    return results_csv(path)


def catalogue_change_ports(*, requested_by: str, trigger: Trigger = Trigger.PERSON) -> CatalogueChangePorts:
    """Give what removing, renaming and merging in the catalogue needs; `requested_by` is kept."""
    channels = Channel.objects.filter(archived_at__isnull=True).order_by("id")
    return CatalogueChangePorts(
        catalogue=catalogue(),
        channels={channel.pk: DjangoListings(channel.pk) for channel in channels},
        history=history(requested_by=requested_by, trigger=trigger),
        transaction=transaction.atomic,
    )


def handover_ports(
    channel: Channel, *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> HandoverPorts:
    """Give what handing over a channel's orders needs; `requested_by` is kept."""
    return HandoverPorts(
        channel_id=channel.pk,
        handovers=DjangoHandovers(channel.pk),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic,
        clock=clock,
    )


def export_ports(
    channel: Channel, *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> ExportPorts:
    """Give what taking a channel's orders out needs; `requested_by` is kept."""
    return ExportPorts(
        channel_id=channel.pk,
        exports=DjangoOrderExports(channel.pk),
        writer=OrderFiles(),
        handovers=DjangoHandovers(channel.pk),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic,
        clock=clock,
    )


def targets_of(channel: Channel) -> Targets:
    return DjangoTargets(channel.pk, cipher=cipher)


def deliveries_of(channel: Channel, *, clock: Clock = timezone.now) -> Deliveries:
    exports = export_ports(channel, requested_by="", trigger=Trigger.CHAIN, clock=clock)
    opener = _no_target if channel.is_look_only else partial(open_target, is_local=channel.is_local)
    return ConsumerDeliveries(channel.name, exports, targets_of(channel), opener)


def _no_target(_target: ConsumerTarget) -> AbstractContextManager[Target]:
    raise NotAllowed("The channel is look-only, so nothing is brought to consumers.")


def shipment_sources_of(channel: Channel) -> ShipmentSources:
    return DjangoShipmentSources(channel.pk, cipher=cipher)


def fetches_of(channel: Channel) -> Fetches:
    return Fetches(shipment_sources_of(channel), shipment_reader(), partial(open_source, is_local=channel.is_local))


@contextmanager
def open_source(source: SourceAddress, *, is_local: bool) -> Iterator[FilePlace]:
    """Open where shipments are fetched from; nothing is asked yet. Raises NotAllowed, AddressRefused."""
    with _open_place(source.address, secret=source.secret, fingerprint=source.fingerprint, is_local=is_local) as place:
        yield place


@contextmanager
def open_target(target: ConsumerTarget, *, is_local: bool) -> Iterator[Target]:
    """Open where a consumer's batches are brought; nothing is sent yet. Raises NotAllowed, AddressRefused."""
    with _open_place(target.address, secret=target.secret, fingerprint=target.fingerprint, is_local=is_local) as place:
        yield place


def try_place(at: SourceAddress, *, is_local: bool, takes: bool) -> str:
    """
    See whether files can be exchanged there, and leave nothing behind; returns what was seen, as a sentence.

    `takes`: it is to take files, else to give them. Raises NotAllowed, AddressRefused, StorageRefused,
    StoreUnavailable, CredentialsRejected.
    """
    with _open_place(at.address, secret=at.secret, fingerprint=at.fingerprint, is_local=is_local) as place:
        opened: ExchangePlace = place
        return opened.try_out(takes=takes)


@contextmanager
def _open_place(
    text: str, *, secret: str, fingerprint: str, is_local: bool
) -> Iterator[LocalFolder | ServerFolder | WebAddress]:
    """Open where files are exchanged; nothing is sent yet. Raises NotAllowed, AddressRefused."""
    address = file_address(text)
    if address.protocol == FOLDER:
        yield LocalFolder(Path(address.path))
        return
    private_hosts = frozenset({address.host.lower()}) if is_local else frozenset()
    if address.protocol in WEB:
        if address.protocol == "http" and not is_local:
            raise AddressRefused("Files travel to and from https addresses only, unless the channel is a local one.")
        addresses = partial(checked_addresses, private_hosts=private_hosts)
        transport = partial(CheckedTransport, addresses=addresses)
        yield WebAddress(text, token=secret, open_transport=transport)
        return
    server = FileServerAddress(
        host=address.host,
        user=address.user,
        password=secret,
        protocol=FileProtocol(address.protocol),
        port=address.port,
        fingerprint=fingerprint,
    )
    open_files = partial(SERVERS[server.protocol], server, connect=_connect_for(private_hosts))
    yield ServerFolder(open_files, folder=address.path)


def personal_data_ports(
    *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> PersonalDataPorts:
    """Give what requests about personal data need; `requested_by` is kept."""
    return PersonalDataPorts(
        personal_data=DjangoPersonalData(),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic,
        clock=clock,
    )


@contextmanager
def open_store(channel: Channel, run: ActiveRun | None = None) -> Iterator[Store]:
    """
    Open a channel's store; nothing is sent yet, and for a run only as long as it is still ours.

    Raises NotAllowed, AddressRefused, Reconfigure.
    """
    connection = store_connection_of(channel, cipher=cipher())
    if connection is None:
        raise NotAllowed(f"The channel '{channel.name}' has no connection to a store yet.")
    opened = _connector(run).open_store(
        connection,
        is_local=channel.is_local,
        requests_at_once=channel.requests_at_once,
        only_reads=channel.is_look_only,
        permit=always if run is None else run.hold,
    )
    with closing(opened) as store:
        yield store


@contextmanager
def store_at(connection: StoreConnection, *, is_local: bool) -> Iterator[Store]:
    """Open a store that no channel is needed for; nothing is sent yet. Raises AddressRefused, CredentialsRejected."""
    with closing(_connector().open_store(connection, is_local=is_local)) as store:
        yield store


@contextmanager
def open_image_store(channel: Channel, run: ActiveRun | None = None) -> Iterator[ImageStore | None]:
    """
    Open where a channel's images go: its image server, or the store itself; None for neither.

    Raises AddressRefused, Reconfigure.
    """
    connection = image_connection_of(channel, cipher=cipher())
    opened: ImageStore
    store = store_connection_of(channel, cipher=cipher()) if channel.sends_images_itself else None
    if connection is not None:
        opened = _connector().open_images(connection, is_local=channel.is_local)
    elif store is not None:
        permit = always if run is None else run.hold
        opened = _connector(run).open_own_images(store, is_local=channel.is_local, permit=permit)
    else:
        yield None
        return
    with closing(opened) as images:
        yield LookOnlyImages(images) if channel.is_look_only else images


def _connector(run: ActiveRun | None = None) -> MivaConnector:
    return MivaConnector(
        check_host=check_host,
        transport_for=_transport_for,
        connect_for=_connect_for,
        observer=_note_request if run is None else partial(_note_request_of, run.id),
    )


def _transport_for(private_hosts: frozenset[str]) -> OpenTransport:
    addresses = partial(checked_addresses, private_hosts=private_hosts)
    return partial(CheckedTransport, addresses=addresses)


def _connect_for(private_hosts: frozenset[str]) -> Connect:
    return partial(connect, private_hosts=private_hosts)


def _note_request_of(run_id: int, seen: RequestSeen) -> None:
    # Requests have threads of their own, which do not know for whom they work.
    with of_run(run_id):
        _note_request(seen)


def _note_request(seen: RequestSeen) -> None:
    STORE_REQUESTS.labels(seen.error or "answered").observe(seen.seconds)
    _logger.info(
        "Request %s: %.3f s, %d bytes out, %d in, status %s %s",
        "+".join(sorted(set(seen.functions))),
        seen.seconds,
        seen.sent_bytes,
        seen.received_bytes,
        seen.status,
        seen.error,
    )
