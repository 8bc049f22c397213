"""What a look at a channel's connections has found, as pages show it: what it is about, and where it is mended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradepost.database.models import Channel, ConnectionKind
from tradepost.operations.ports import KeptFinding
from tradepost.web.shell.page_words import in_words_of_pages

TOKENS_PLACE = "Settings > User Management > API Tokens"

# Where in the store's administration a line is mended, by how its name begins.
_PLACES: Mapping[str, str] = {
    "store: address": f"{TOKENS_PLACE}: that the token is enabled, its access token, signature key and IP "
    "addresses; Domain Settings > Site Configuration: domain and root directory; the settings of the store: Store ID",
    "store: function": f"{TOKENS_PLACE}: open the token, and assign it the function for this store",
    "store: clock": f"{TOKENS_PLACE}: the token's Timestamp window, if this machine's clock is right",
    "store: inventory": "the store's inventory settings: Track Inventory",
    "store: moves of stock": f"{TOKENS_PLACE}: the token's function InventoryProductSettings_Update",
    "store: stock mode": "the store's inventory settings",
    "store: acknowledging": f"{TOKENS_PLACE}: the token's functions; and the store's order custom fields and queues",
    "images: log-in": "the mail that came when the store was created, or the hoster's FTP settings",
    "images: writing": "the hoster's FTP settings: the rights of this user",
    "images: shown": "the hoster's FTP settings: the folder that the user begins in",
}
_NONE = "there is none"
_STORE, _FUNCTION = "store: ", "store: function "


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """
    `place`: where it is mended in the store's administration; blank where nothing is to be mended. `is_known`: as
    `KeptFinding` has it.
    """

    name: str
    is_good: bool
    words: str
    place: str
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class ShownFindings:
    """
    Of the last look, what is about the store and what about images; functions that are granted are one line.

    `is_stale`: there was none, or the connection to the store is another one since; `is_stale_of_images`: or the one
    to the image server.
    """

    store: Sequence[ShownFinding]
    images: Sequence[ShownFinding]
    is_stale: bool
    is_stale_of_images: bool

    @property
    def is_good(self) -> bool:
        return all(each.is_good for each in (*self.store, *self.images))

    @property
    def not_known(self) -> int:
        return sum(not each.is_known for each in (*self.store, *self.images))

    @property
    def to_mend(self) -> int:
        return sum(not each.is_good for each in (*self.store, *self.images))


def findings_of(channel: Channel) -> ShownFindings:
    shown = [_shown(KeptFinding(**each)) for each in channel.findings]
    of_store = [each for each in shown if each.name.startswith(_STORE)]
    granted = [each for each in of_store if each.name.startswith(_FUNCTION) and each.is_good]
    others = [each for each in of_store if each not in granted]
    if granted:
        words = f"{len(granted)} of the functions that Tradepost calls are granted"
        others.insert(1, ShownFinding("store: functions", is_good=True, words=words, place=""))
    tested = dict(channel.connections.values_list("kind", "tested_at"))
    is_stale = channel.checked_at is None or tested.get(ConnectionKind.STORE_API.value) is None
    is_stale_of_images = channel.checked_at is None or tested.get(ConnectionKind.IMAGE_FTP.value, _NONE) is None
    of_images = [each for each in shown if each not in of_store]
    return ShownFindings(others, of_images, is_stale, is_stale_of_images)


def _shown(found: KeptFinding) -> ShownFinding:
    sentence = in_words_of_pages(found.words)
    # Many a sentence says it itself, and more exactly.
    is_told = found.is_good or "Settings" in sentence or "“" in sentence
    place = "" if is_told else next((place for begin, place in _PLACES.items() if found.name.startswith(begin)), "")
    return ShownFinding(found.name, found.is_good, sentence[:1].upper() + sentence[1:], place, found.is_known)
