"""A look at a channel's connections: one harmless question after the other, each answered by yes or by its cure."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from tradepost.domain.errors import TradepostError
from tradepost.domain.stock import StockMode
from tradepost.operations.ports import (
    ChannelProfile,
    Connector,
    ImageCheck,
    ImageConnection,
    StockCheck,
    StoreCheck,
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
_IMAGES = "images: log-in and folder"


@dataclass(frozen=True, slots=True)
class Finding:
    """One question: what was tried, whether it went well, and what was found or what cures it."""

    name: str
    is_good: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at the store, and at the image server."""

    store: Sequence[Finding] = ()
    images: Sequence[Finding] = ()

    @property
    def findings(self) -> list[Finding]:
        return [*self.store, *self.images]

    @property
    def is_good(self) -> bool:
        return all(finding.is_good for finding in self.findings)


def faults(findings: Sequence[Finding]) -> str:
    """Join the cures of what did not go well; blank where everything did."""
    return " ".join(finding.words for finding in findings if not finding.is_good)


def look_at(profile: ChannelProfile, connector: Connector, *, make_folder: bool = False) -> Look:
    """
    Look at a channel's store and image server by reading only; `profile` has the secrets.

    `make_folder`: make the folder for images where it is missing. Never raises what a connection is to blame for.
    """
    return Look(_store(profile, connector), _images(profile, connector, make_folder=make_folder))


def _store(profile: ChannelProfile, connector: Connector) -> list[Finding]:
    if profile.store is None:
        return [Finding("store", is_good=False, words="The channel has no store connection.")]
    name = "store: address and credentials"
    try:
        check = connector.look_at_store(profile.store, is_local=profile.settings.is_local)
    except TradepostError as error:
        return [Finding(name, is_good=False, words=str(error))]
    return [
        Finding(name, is_good=True, words=f"this is '{check.store_name}'"),
        *_rights(check),
        *_stock(check.stock, profile),
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
        Finding("store: stock", is_good=True, words=_counts(check)),
        _moves(check.move_refusal),
        _mode(check.mode, profile),
        Finding("store: baskets", is_good=True, words=_baskets(counts_baskets=check.counts_baskets)),
    ]


def _counts(check: StockCheck) -> str:
    # Only in this mode does the module tell a count together with its baskets.
    tells_totals = bool(check.counts_baskets) and check.mode is StockMode.BASKET
    return _READ_WITH_BASKETS if check.is_read is False and tells_totals else _READ[check.is_read]


def _moves(refusal: str | None) -> Finding:
    name = "store: moves of stock"
    if refusal is None:
        return Finding(name, is_good=True, words="not tried, as no product was seen to be counted")
    return Finding(name, is_good=not refusal, words=refusal or "a move by 0 was taken")


def _mode(seen: StockMode, profile: ChannelProfile) -> Finding:
    name, known = "store: stock mode", profile.settings.stock_mode
    channel = shlex.quote(profile.name)
    if seen not in {StockMode.UNKNOWN, known}:
        cure = f"tell the channel: 'tradepost channel set {channel} --stock-mode {seen}'"
        return Finding(name, is_good=known is StockMode.UNKNOWN, words=f"{_MODE_WORDS[seen]}; {cure}")
    if known is StockMode.UNKNOWN:
        return Finding(name, is_good=True, words=_MODE_ASKED.format(channel=channel))
    return Finding(name, is_good=True, words=_MODE_WORDS[known])


def _baskets(*, counts_baskets: bool | None) -> str:
    if counts_baskets is None:
        return "the store has no product yet to look at, so whether it tells what baskets hold is not known"
    if counts_baskets:
        return "the store tells what baskets hold (module Basket Inventory)"
    return "the store does not tell what baskets hold; its module Basket Inventory (baskinv) would"


def _clock(difference_seconds: float | None) -> Finding:
    name = "store: clock"
    if difference_seconds is None:
        return Finding(name, is_good=True, words="the store does not tell its time")
    ahead = "ahead of" if difference_seconds > 0 else "behind"
    words = f"the store's clock is {abs(difference_seconds):.0f} s {ahead} this machine's"
    if abs(difference_seconds) <= USUAL_WINDOW_SECONDS / 2:
        return Finding(name, is_good=True, words=words)
    cure = "set this machine's clock, or requests will be refused as outside the token's window"
    return Finding(name, is_good=False, words=f"{words}; {cure}")


def _images(profile: ChannelProfile, connector: Connector, *, make_folder: bool) -> list[Finding]:
    if profile.images is None:
        return [Finding("images: none", is_good=True, words="no image server, so publishing sends no images")]
    try:
        check = connector.look_at_images(profile.images, is_local=profile.settings.is_local, make_folder=make_folder)
    except TradepostError as error:
        return [Finding(_IMAGES, is_good=False, words=str(error))]
    return [_folder(profile.images, check)]


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
