"""A look at a channel's connections: one harmless question after the other, each answered by yes or by its cure."""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tradepost.domain.errors import TradepostError
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.orders.acknowledgement import Acknowledgement, no_field
from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.ports import (
    AcknowledgeCheck,
    ChannelProfile,
    Connector,
    ContentCheck,
    ImageCheck,
    ImageConnection,
    KeptFinding,
    ProbeCheck,
    StockCheck,
    StoreCheck,
    StoreConnection,
)

USUAL_WINDOW_SECONDS = 120
_READ = {
    True: "can be read back, so quantities are proven",
    False: "can't be read with this token, so quantities count as sent, not as proven; the right to view inventory "
    "would prove them",
    None: "the store has no product yet to look at, so whether counts can be read is not known",
}
_READ_WITH_BASKETS = (
    "can be read together with what baskets hold, so quantities are proven; the right to view inventory would also "
    "show what happens when none is left"
)
_MODE_ASKED = (
    "when the store takes stock is not known. Its inventory settings say it: at the checkout, which is better, because "
    "nothing is missing for baskets that nobody buys, or when something is put into a basket. Tell it with 'tradepost "
    "channel set {channel} --stock-mode checkout' or '--stock-mode basket'"
)
_MODE_WORDS = {
    StockMode.CHECKOUT: "the store takes stock at the checkout",
    StockMode.BASKET: "the store takes stock when something is put into a basket. At the checkout would be better: "
    "pieces in baskets that nobody buys are missing from its count until they expire",
}
_COUNTED = {
    True: "the store counts its stock, and the hub sets for each product that 0 stops its sale and hides nothing, "
    "whatever the store's own defaults are",
    False: "the store counts no stock at all, so everything can be bought without end. Switch it on in the store's "
    "administration, at the inventory settings: Track Inventory. Hide Out of Stock Products may stay as it is there, "
    "as the hub sets it for each product",
    None: "whether the store counts its stock can't be seen with this token, or no product is counted yet. Track "
    "Inventory has to be on in the store's inventory settings",
}
_ACKNOWLEDGED = {
    AcknowledgeMode.NOTE: "each order that is taken over gets a note",
    AcknowledgeMode.FIELD: "each order that is taken over gets {way.value!r} in its custom field '{way.field}'",
    AcknowledgeMode.QUEUE: "the workflows of the store's order queues are told of each order that is taken over",
    AcknowledgeMode.PICKING: "each order that is taken over gets a shipment that is being picked",
}
_CONTENTS = "store: contents"
_NUMBER_OF_PRODUCTS = re.compile(r"([0-9,]+) products")
_ADDRESS = "store: address and credentials"
_IMAGES = "images: log-in and folder"
_WRITING = "images: writing"


# One question: what was tried, whether it went well, and what was found or what cures it.
Finding = KeptFinding


@dataclass(frozen=True, slots=True)
class Look:
    """
    What was found at the store, and at the image server. `takes_images`: whether the store writes images itself; None
    where that could not be asked.
    """

    store: Sequence[Finding] = ()
    images: Sequence[Finding] = ()
    takes_images: bool | None = None

    @property
    def findings(self) -> list[Finding]:
        return [*self.store, *self.images]

    @property
    def is_good(self) -> bool:
        return all(finding.is_good for finding in self.findings)


def products_found(findings: Iterable[Finding]) -> int | None:
    """Return how many products a look has counted on the store; None where it could not, or did not."""
    words = next((finding.words for finding in findings if finding.name == _CONTENTS), "")
    found = _NUMBER_OF_PRODUCTS.match(words)
    return int(found[1].replace(",", "")) if found is not None else None


def faults(findings: Sequence[Finding]) -> str:
    """Join the cures of what did not go well; blank where everything did."""
    return " ".join(finding.words for finding in findings if not finding.is_good)


def look_at(profile: ChannelProfile, connector: Connector, *, make_folder: bool = False, is_new: bool = False) -> Look:
    """
    Look at a channel's store by reading only, and at its image server with a file that is taken away again; while the
    channel is look-only, nothing is put there.

    `profile` has the secrets. `make_folder`: make the folder for images where it is missing. `is_new`: what the store
    can't take in itself is no fault yet. Never raises what a connection is to blame for.
    """
    if profile.store is None:
        nothing = Finding("store", is_good=False, words="The channel has no store connection.")
        return Look([nothing], _images(profile, connector, None, make_folder=make_folder, is_new=is_new))
    try:
        check = _check(profile, profile.store, connector)
    except TradepostError as error:
        refused = Finding(_ADDRESS, is_good=False, words=str(error))
        return Look([refused], _images(profile, connector, None, make_folder=make_folder, is_new=is_new))
    takes_images = check.content.takes_images
    images = _images(profile, connector, takes_images, make_folder=make_folder, is_new=is_new)
    return Look(_store(profile, check), images, takes_images)


def _check(profile: ChannelProfile, store: StoreConnection, connector: Connector) -> StoreCheck:
    rules = profile.settings.rules
    return connector.look_at_store(
        store,
        is_local=profile.settings.is_local,
        type_field=rules.type_field,
        image_type=rules.image_type,
        acknowledgement=profile.settings.acknowledgement,
    )


def _store(profile: ChannelProfile, check: StoreCheck) -> list[Finding]:
    return [
        Finding(_ADDRESS, is_good=True, words=f"this is '{check.store_name}'"),
        *_rights(check),
        *_stock(check.stock, profile),
        *_content(check.content, profile),
        _acknowledging(check.acknowledge, profile),
    ]


def _rights(check: StoreCheck) -> list[Finding]:
    return [
        *(
            Finding(f"store: function {name}", name not in check.missing, check.missing.get(name, ""))
            for name in check.functions
        ),
        _clock(check.clock_difference_seconds),
    ]


def _stock(check: StockCheck, profile: ChannelProfile) -> list[Finding]:
    return [
        Finding("store: stock", is_good=True, words=_counts(check), is_known=check.is_read is not None),
        Finding(
            "store: inventory",
            is_good=check.is_counted is not False,
            words=_COUNTED[check.is_counted],
            is_known=check.is_counted is not None,
        ),
        _moves(check.move_refusal),
        _mode(check.mode, profile),
        Finding(
            "store: baskets",
            is_good=True,
            words=_baskets(counts_baskets=check.counts_baskets),
            is_known=check.counts_baskets is not None,
        ),
    ]


def _counts(check: StockCheck) -> str:
    # Only in this mode does the module tell a count together with its baskets.
    tells_totals = bool(check.counts_baskets) and check.mode is StockMode.BASKET
    return _READ_WITH_BASKETS if check.is_read is False and tells_totals else _READ[check.is_read]


def _content(check: ContentCheck, profile: ChannelProfile) -> list[Finding]:
    rules = profile.settings.rules
    return [
        Finding("store: columns", is_good=True, words=_columns(check), is_known=bool(check.products)),
        Finding(
            "store: product type",
            is_good=True,
            words=_will_be_made(check, rules),
            is_known=check.has_type_field is not None,
        ),
        Finding("store: image type", is_good=True, words=_image_type(check, rules), is_known=bool(check.products)),
        Finding(_CONTENTS, is_good=True, words=_contents(check)),
    ]


def _columns(check: ContentCheck) -> str:
    if check.products in {None, 0}:
        return "the store has no product yet to look at, so whether its content can be read is not known"
    if not check.unseen:
        return "what products hold can be read back, so it is proven"
    return (
        f"the store does not show {', '.join(check.unseen)}, so what is sent of it counts as sent, not as proven; a "
        "newer Miva, or the token's right to view products, would show it"
    )


def _will_be_made(check: ContentCheck, rules: ContentRules) -> str:
    field = rules.type_field
    if check.has_type_field:
        return f"the custom field {field} is there"
    if check.has_type_field is None:
        return f"the store has no product yet to look at; publishing makes the custom field {field} where it is missing"
    return (
        f"the store has no custom field {field}. Publishing makes it; products that are there already need it to "
        "be linked, and 'tradepost listings set-type' writes it"
    )


def _image_type(check: ContentCheck, rules: ContentRules) -> str:
    if check.has_image_type:
        return f"the image type {rules.image_type} is in use"
    return (
        f"no image of the type {rules.image_type} was seen; publishing makes the type where it is missing. The pages "
        f"of the store have to show it: in the store's administration, choose {rules.image_type} as the image of the "
        "pages SRCH, CTGY, PROD, PLST and BASK"
    )


def _contents(check: ContentCheck) -> str:
    products = "products that can't be counted" if check.products is None else f"{check.products:,} products"
    if check.orders is None:
        return f"{products}, and orders that can't be counted. Is this your store?"
    orders = ", ".join(f"{count:,} {status.value.replace('_', ' ')}" for status, count in check.orders.items())
    return f"{products}; orders: {orders or 'none'}. Is this your store?"


def _moves(refusal: str | None) -> Finding:
    name = "store: moves of stock"
    if refusal is None:
        return Finding(name, is_good=True, words="not tried, as no product was seen to be counted", is_known=False)
    return Finding(name, is_good=not refusal, words=refusal or "a move by 0 was taken")


def _mode(seen: StockMode, profile: ChannelProfile) -> Finding:
    name, known = "store: stock mode", profile.settings.stock_mode
    channel = shlex.quote(profile.name)
    if seen not in {StockMode.UNKNOWN, known}:
        cure = f"tell the channel: 'tradepost channel set {channel} --stock-mode {seen}'"
        return Finding(name, is_good=known is StockMode.UNKNOWN, words=f"{_MODE_WORDS[seen]}; {cure}")
    if known is StockMode.UNKNOWN:
        return Finding(name, is_good=True, words=_MODE_ASKED.format(channel=channel), is_known=False)
    return Finding(name, is_good=True, words=_MODE_WORDS[known])


def _baskets(*, counts_baskets: bool | None) -> str:
    if counts_baskets is None:
        return "the store has no product yet to look at, so whether it tells what baskets hold is not known"
    if counts_baskets:
        return "the store tells what baskets hold (module Basket Inventory)"
    return "the store does not tell what baskets hold; its module Basket Inventory (baskinv) would"


def _acknowledging(check: AcknowledgeCheck, profile: ChannelProfile) -> Finding:
    name, way, channel = "store: acknowledging", profile.settings.acknowledgement, shlex.quote(profile.name)
    if way.mode is AcknowledgeMode.NONE:
        words = (
            "the store is not told which orders were taken over; 'tradepost channel set "
            f"{channel} --acknowledge note' would leave a note with each"
        )
        return Finding(name, is_good=True, words=words)
    if check.refusal:
        return Finding(name, is_good=False, words=check.refusal)
    if check.has_field is False:
        return Finding(name, is_good=False, words=no_field(way.field))
    if check.has_queue is False:
        words = (
            f"The store has no order queue '{way.queue}'. Copy the code of the one in which its workflow puts orders "
            "that were acknowledged, and name it with 'tradepost channel set --acknowledge-queue', or '' if none does."
        )
        return Finding(name, is_good=False, words=words)
    return Finding(name, is_good=True, words=_ACKNOWLEDGED[way.mode].format(way=way) + _unsure(check, way))


def _unsure(check: AcknowledgeCheck, way: Acknowledgement) -> str:
    """What nobody can know before an order is there, or without a queue's name."""
    if way.mode is AcknowledgeMode.QUEUE and not way.queue:
        return (
            "; no queue is named in which its workflow puts them, so an answer that is lost may have the workflows run "
            "twice for an order"
        )
    needed = {AcknowledgeMode.FIELD: check.has_field, AcknowledgeMode.QUEUE: check.has_queue}
    if way.mode in needed and needed[way.mode] is None:
        return "; whether the store has that is known once it has an order"
    return ""


def _clock(difference_seconds: float | None) -> Finding:
    name = "store: clock"
    if difference_seconds is None:
        return Finding(name, is_good=True, words="the store does not tell its time", is_known=False)
    ahead = "ahead of" if difference_seconds > 0 else "behind"
    words = f"the store's clock is {abs(difference_seconds):.0f} s {ahead} this machine's"
    if abs(difference_seconds) <= USUAL_WINDOW_SECONDS / 2:
        return Finding(name, is_good=True, words=words)
    cure = "set this machine's clock, or requests will be refused as outside the token's window"
    return Finding(name, is_good=False, words=f"{words}; {cure}")


def _images(
    profile: ChannelProfile, connector: Connector, takes_images: bool | None, *, make_folder: bool, is_new: bool
) -> list[Finding]:
    if profile.images is None:
        return [_without_server(profile, takes_images, is_new=is_new)]
    try:
        check = connector.look_at_images(
            profile.images,
            store=profile.store,
            is_local=profile.settings.is_local,
            make_folder=make_folder,
            only_reads=profile.settings.is_look_only,
        )
    except TradepostError as error:
        return [Finding(_IMAGES, is_good=False, words=str(error))]
    if profile.settings.is_look_only:
        return [_folder(profile.images, check), _not_tried(profile)]
    return [_folder(profile.images, check), *_probed(profile.images, check)]


def _not_tried(profile: ChannelProfile) -> Finding:
    words = (
        "not tried, because the channel is look-only and nothing is written; 'tradepost channel check "
        f"{shlex.quote(profile.name)}' tries it once the channel is live"
    )
    return Finding(_WRITING, is_good=True, words=words, is_known=False)


def _without_server(profile: ChannelProfile, takes_images: bool | None, *, is_new: bool) -> Finding:
    channel = shlex.quote(profile.name)
    if profile.settings.sends_images_itself and takes_images:
        words = "no image server is needed: the store takes images inside what publishing sends, and writes the files"
        return Finding("images: by the store itself", is_good=True, words=words)
    if profile.settings.sends_images_itself and takes_images is False and not is_new:
        words = (
            "This store does not take images inside what publishing sends; it may be too old for that. Name an image "
            f"server with 'tradepost channel set {channel} --ftp-host HOST'."
        )
        return Finding("images: by the store itself", is_good=False, words=words)
    words = "no image server, so publishing sends no images"
    if takes_images and not is_new:
        words += (
            ". The store would take them inside what publishing sends: 'tradepost channel set "
            f"{channel} --images-by-store'"
        )
    return Finding("images: none", is_good=True, words=words)


def _probed(connection: ImageConnection, check: ImageCheck) -> list[Finding]:
    probe = check.probe
    if probe is None:
        return []
    if probe.refusal:
        words = f"{probe.refusal} Images need a user who may write, rename and delete files there."
        return [Finding(_WRITING, is_good=False, words=words)]
    written = Finding(_WRITING, is_good=True, words="a file was written, renamed and taken away again")
    return [written, _shown(connection, check, probe)]


def _shown(connection: ImageConnection, check: ImageCheck, probe: ProbeCheck) -> Finding:
    name = "images: shown by the store"
    if probe.is_shown:
        return Finding(name, is_good=True, words=f"a file was seen at {probe.address.rpartition('/')[0]}/")
    if probe.is_shown is None:
        return Finding(name, is_good=True, words=f"not known: {probe.reason}", is_known=False)
    cure = "--ftp-directory has to name the folder on the image server that the store knows as graphics"
    if check.directory and check.directory != connection.directory:
        cure = f"the store's graphics folder seems to be {check.directory}: --ftp-directory {check.directory}"
    words = (
        f"A file that was put into {connection.directory} is not at {probe.address}, so no shopper would see an image: "
        f"{cure}."
    )
    return Finding(name, is_good=False, words=words)


def _folder(connection: ImageConnection, check: ImageCheck) -> Finding:
    if check.has_folder:
        return Finding(_IMAGES, is_good=True, words="the folder was made" if check.was_made else "the folder is there")
    if check.directory:
        words = (
            f"The image server has no folder {connection.directory}. Its graphics folder seems to be "
            f"{check.directory}: give that as the graphics folder, with --ftp-directory {check.directory}"
        )
        return Finding(_IMAGES, is_good=False, words=f"{words}.")
    words = (
        f"The image server has no folder '{connection.folder}' below {connection.directory}. Make it with "
        "--make-folder, or do without by '--ftp-folder graphics'; if the graphics folder itself is elsewhere on the "
        "server, --ftp-directory names it."
    )
    return Finding(_IMAGES, is_good=False, words=words)
