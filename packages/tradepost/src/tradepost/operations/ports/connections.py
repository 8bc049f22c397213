"""The port of a channel's connections: what store and image server are reached by, and what a look finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from tradepost.domain.orders.acknowledgement import Acknowledgement
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.stock.stock import StockMode

Digest: TypeAlias = Literal["sha256", "sha1"]

# Where most hosters have put what the store knows as `graphics`, and the folder below it that images go to.
GRAPHICS_DIRECTORY = "/htdocs/mm5/graphics"
IMAGES_FOLDER = "is-images"


class FileProtocol(StrEnum):
    """How images travel."""

    FTP = "ftp"
    FTPS = "ftps"
    FTPS_IMPLICIT = "ftps-implicit"
    SFTP = "sftp"

    @property
    def default_port(self) -> int:
        return _DEFAULT_PORTS[self]


_DEFAULT_PORTS = {FileProtocol.FTP: 21, FileProtocol.FTPS: 21, FileProtocol.FTPS_IMPLICIT: 990, FileProtocol.SFTP: 22}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConnection:
    """
    What a store's API is reached by. `domain` may be a full endpoint.

    `web_user` and `web_password` are for protected development stores only. Where a connection is to be kept, blank
    secrets leave those that are stored.
    """

    domain: str
    store_code: str
    token: str = field(default="", repr=False)
    signature_key: str = field(default="", repr=False)
    folder: str = "/mm5/"
    digest: Digest = "sha256"
    plain_http: bool = False
    web_user: str = ""
    web_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConnection:
    """
    What an image server is reached by, and where images go on it. `port` 0 is the protocol's own.

    `directory` is the folder that the store knows as `graphics`; `folder` is the one below it, blank or `graphics` for
    none. `fingerprint` (SHA256:...) is a certificate or host key that a person has confirmed. Where a connection is to
    be kept, a blank password leaves the one that is stored.
    """

    host: str
    user: str = ""
    password: str = field(default="", repr=False)
    protocol: FileProtocol = FileProtocol.FTPS
    port: int = 0
    directory: str = GRAPHICS_DIRECTORY
    folder: str = IMAGES_FOLDER
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class StockCheck:
    """
    What was found out about stock; None where that could not be tried.

    `is_read`: whether the token may see counts; a store without products does not tell. `move_refusal`: what stands in
    the way of a move, blank for nothing; tried only on a product that the token sees to be counted. `counts_baskets`:
    whether the store tells what baskets hold, which also tells its `mode`. `is_counted`: whether the store counts at
    all, by its switch for everything; seen only where counts are, and a product is to be counted.
    """

    is_read: bool | None = None
    is_counted: bool | None = None
    move_refusal: str | None = None
    counts_baskets: bool | None = None
    mode: StockMode = StockMode.UNKNOWN


@dataclass(frozen=True, slots=True)
class ContentCheck:
    """
    What a store has and shows of it; None where nothing tells. `unseen`: columns of a product that do not come.

    `has_type_field` and `has_image_type`: whether what publishing would make is there already. `orders`: how many by
    status, without those that there are none of. `takes_images`: whether images may travel inside its documents; None
    where the token may send none.
    """

    unseen: tuple[str, ...] = ()
    has_type_field: bool | None = None
    has_image_type: bool | None = None
    products: int | None = None
    orders: Mapping[StoreStatus, int] | None = None
    takes_images: bool | None = None


@dataclass(frozen=True, slots=True)
class AcknowledgeCheck:
    """
    What a channel's way of telling the store of its orders needs. `refusal`: why the token may not do it; blank where
    it may. `has_field`, `has_queue`: whether the store has what is named; None where no order shows it.
    """

    refusal: str = ""
    has_field: bool | None = None
    has_queue: bool | None = None


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """
    What a store's API is good for. `functions`: what the hub calls; `missing`: those that the token may not, with the
    cure. `clock_difference_seconds` is how far the store's clock is ahead.
    """

    store_name: str
    functions: tuple[str, ...]
    missing: Mapping[str, str]
    stock: StockCheck
    content: ContentCheck
    clock_difference_seconds: float | None
    acknowledge: AcknowledgeCheck = AcknowledgeCheck()


@dataclass(frozen=True, slots=True)
class ProbeCheck:
    """
    What became of a file that was put into the folder for images. `refusal`: what the server said against writing,
    renaming or deleting it; blank for nothing. `is_shown`: whether the store's web server showed it at `address`; None
    where that could not be found out, by `reason`.
    """

    refusal: str = ""
    address: str = ""
    is_shown: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImageCheck:
    """
    Whether the folder for images is there. `was_made`: by this look. `directory`: where the graphics folder lies on
    the server, as far as that can be told, if not where it was said to be. `probe`: None where there was no folder to
    put one into.
    """

    has_folder: bool
    was_made: bool = False
    directory: str = ""
    probe: ProbeCheck | None = None


class Connector(Protocol):
    """Knows what can be reached, and looks at it. A person waits for a look, so it is not repeated for long."""

    def settled_store(self, connection: StoreConnection) -> StoreConnection:
        """
        Return the connection with its domain as scheme, host and port, and its folder between slashes. Idempotent.

        Raises AddressRefused with what to type instead.
        """
        ...

    def settled_images(self, connection: ImageConnection) -> ImageConnection:
        """Return the connection with its folders as they are kept. Idempotent. Raises AddressRefused."""
        ...

    def look_at_store(
        self,
        connection: StoreConnection,
        *,
        is_local: bool,
        type_field: str,
        image_type: str,
        acknowledgement: Acknowledgement,
    ) -> StoreCheck:
        """
        Look what the token may do and what the store has, and change nothing.

        Raises CredentialsRejected, AddressRefused, StoreUnavailable where it may not even come in.
        """
        ...

    def look_at_images(
        self,
        connection: ImageConnection,
        *,
        store: StoreConnection | None,
        is_local: bool,
        make_folder: bool,
        only_reads: bool,
    ) -> ImageCheck:
        """
        Log in, look for the folder, and put a file into it for a moment that `store` should show.

        What a look that was killed has left there goes with the next one. With `make_folder` the folder is made where
        it is missing; with `only_reads` neither is done. Raises CredentialsRejected, AddressRefused, StoreUnavailable,
        StorageRefused.
        """
        ...
