"""The options of `channel add` and `channel set`, in groups that bear the names of the fields that they change."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tradepost.cli.secrets import read_secret
from tradepost.domain.channels.image_pages import pages_of
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.orders.order import AcknowledgeMode, PaymentState, ShipmentPath, StoreStatus
from tradepost.domain.orders.personal_data import LONGEST_DAYS
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.channels.channel_edit import digest_of, name_of, time_zone_of
from tradepost.operations.ports import FileProtocol

DOMAIN = typer.Option("--domain", help="The store's domain, from its domain details.")
STORE_CODE = typer.Option("--store-code", help="The store code (Store ID), from the store's settings.")
MakeFolder = Annotated[
    bool, typer.Option("--make-folder", help="Make the folder for images on the image server if it is missing.")
]


@dataclass(frozen=True, kw_only=True)
class StoreAddress:
    """Where a store is, as `StoreConnection` has it; left out, each leaves what is stored, or the default."""

    folder: Annotated[
        str | None, typer.Option("--folder", help="The root directory (folder structure) of the store, usually /mm5/.")
    ] = None
    plain_http: Annotated[
        bool | None, typer.Option("--plain-http/--https", help="Use http instead of https (tests only).")
    ] = None
    digest: Annotated[
        str | None,
        typer.Option(
            "--digest", metavar="sha256|sha1", help="How requests are signed; sha256 unless the store is old."
        ),
    ] = None
    web_user: Annotated[
        str | None,
        typer.Option("--web-user", help="The user that the web server itself asks for (protected development stores)."),
    ] = None

    @property
    def fields(self) -> dict[str, Any]:
        return {**vars(self), "digest": digest_of(self.digest)}


@dataclass(frozen=True, kw_only=True)
class ChangedStoreAddress(StoreAddress):
    domain: Annotated[str | None, DOMAIN] = None
    store_code: Annotated[str | None, STORE_CODE] = None


@dataclass(frozen=True, kw_only=True)
class ImageServer:
    """Where images are put, as `ImageConnection` has it."""

    host: Annotated[
        str | None, typer.Option("--ftp-host", help="The image server; without one, publishing sends no images.")
    ] = None
    port: Annotated[
        int | None, typer.Option("--ftp-port", min=0, max=65535, help="Its port; 0 is the protocol's usual one.")
    ] = None
    protocol: Annotated[
        FileProtocol | None, typer.Option("--ftp-protocol", help="How images travel; ftps unless you say otherwise.")
    ] = None
    user: Annotated[str | None, typer.Option("--ftp-user", help="The user of the image server.")] = None
    directory: Annotated[
        str | None, typer.Option("--ftp-directory", help="The graphics folder on it, usually /htdocs/mm5/graphics.")
    ] = None
    folder: Annotated[
        str | None,
        typer.Option(
            "--ftp-folder", help="The sub-folder for images, is-images unless you say otherwise; 'graphics' means none."
        ),
    ] = None
    fingerprint: Annotated[
        str | None,
        typer.Option(
            "--ftp-fingerprint", help="The fingerprint (SHA256:...) of its certificate or host key, once you trust it."
        ),
    ] = None

    @property
    def fields(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Where secrets are read from: a file or standard input; else they are asked for."""

    token_file: Annotated[Path | None, typer.Option("--token-file", help="A file with the access token.")] = None
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")] = False
    signature_key_file: Annotated[
        Path | None, typer.Option("--signature-key-file", help="A file with the signature key.")
    ] = None
    signature_key_stdin: Annotated[
        bool, typer.Option("--signature-key-stdin", help="Read the signature key from the next line of standard input.")
    ] = False
    ftp_password_file: Annotated[
        Path | None, typer.Option("--ftp-password-file", help="A file with the image server's password.")
    ] = None
    ftp_password_stdin: Annotated[
        bool,
        typer.Option(
            "--ftp-password-stdin", help="Read the image server's password from the next line of standard input."
        ),
    ] = False
    web_password_file: Annotated[
        Path | None, typer.Option("--web-password-file", help="A file with the web server's password.")
    ] = None
    web_password_stdin: Annotated[
        bool,
        typer.Option(
            "--web-password-stdin", help="Read the web server's password from the next line of standard input."
        ),
    ] = False

    def read_token(self) -> dict[str, str]:
        secret = read_secret(
            "access token", variable="TRADEPOST_TOKEN", from_stdin=self.token_stdin, file=self.token_file
        )
        return {"token": secret}

    def read_signature_key(self) -> dict[str, str]:
        secret = read_secret(
            "signature key",
            variable="TRADEPOST_SIGNATURE_KEY",
            from_stdin=self.signature_key_stdin,
            file=self.signature_key_file,
        )
        return {"signature_key": secret}

    def read_ftp_password(self) -> dict[str, str]:
        secret = read_secret(
            "FTP password",
            variable="TRADEPOST_FTP_PASSWORD",
            from_stdin=self.ftp_password_stdin,
            file=self.ftp_password_file,
        )
        return {"password": secret}

    def read_web_password(self) -> dict[str, str]:
        secret = read_secret(
            "web server's password",
            variable="TRADEPOST_WEB_PASSWORD",
            from_stdin=self.web_password_stdin,
            file=self.web_password_file,
        )
        return {"web_password": secret}


@dataclass(frozen=True, kw_only=True)
class NewSecrets(Secrets):
    """Which of them are read anew."""

    new_token: Annotated[bool, typer.Option("--new-token", help="Read a new access token and signature key.")] = False
    new_signature_key: Annotated[
        bool, typer.Option("--new-signature-key", help="Read a new signature key, for the token that is stored.")
    ] = False
    new_ftp_password: Annotated[
        bool, typer.Option("--new-ftp-password", help="Read a new password of the image server.")
    ] = False
    new_web_password: Annotated[
        bool, typer.Option("--new-web-password", help="Read a new password of the web server itself.")
    ] = False

    @property
    def has_token(self) -> bool:
        return self.new_token or self.token_file is not None or self.token_stdin

    @property
    def has_signature_key(self) -> bool:
        """Whether there is a new key: a new token has one of its own."""
        is_named = self.signature_key_file is not None or self.signature_key_stdin
        return self.has_token or self.new_signature_key or is_named

    @property
    def has_ftp_password(self) -> bool:
        return self.new_ftp_password or self.ftp_password_file is not None or self.ftp_password_stdin

    @property
    def has_web_password(self) -> bool:
        return self.new_web_password or self.web_password_file is not None or self.web_password_stdin


@dataclass(frozen=True, kw_only=True)
class FirstSettings:
    """Settings that a channel may be given when it is made, as `ChannelSettings` has them."""

    is_local: Annotated[
        bool | None, typer.Option("--local/--public", help="The store may be at a private address.")
    ] = None
    is_look_only: Annotated[
        bool | None,
        typer.Option("--look-only", help="Write nothing to the store: every run only shows what it would do."),
    ] = None
    sends_images_itself: Annotated[
        bool | None,
        typer.Option(
            "--images-by-store/--no-images-by-store",
            help="Without an image server, let the store write images itself; what 'add' finds it to take, it does.",
        ),
    ] = None
    time_zone: Annotated[
        str | None,
        typer.Option(
            "--time-zone",
            metavar="ZONE",
            help="The time zone that schedules are read in, such as Europe/Berlin; UTC at first.",
        ),
    ] = None
    stock_mode: Annotated[
        StockMode | None,
        typer.Option(
            "--stock-mode", help="When the store takes stock, as its inventory settings say; no token can read it."
        ),
    ] = None
    basket_hours: Annotated[
        int | None,
        typer.Option(
            "--basket-hours",
            min=1,
            max=720,
            help="How long pieces may lie in a basket of the store before they count as missing.",
        ),
    ] = None

    @property
    def fields(self) -> dict[str, Any]:
        return {**vars(self), "time_zone": time_zone_of(self.time_zone)}


@dataclass(frozen=True, kw_only=True)
class Settings(FirstSettings):
    """Settings of a channel."""

    name: Annotated[str | None, typer.Option("--name", help="Another name for the channel.")] = None
    image_pages: Annotated[
        str | None,
        typer.Option(
            "--image-pages",
            metavar="PAGES",
            help="The store's pages that were told which image they show, such as 'SRCH CTGY'; 'none' for none.",
        ),
    ] = None
    acknowledge_mode: Annotated[
        AcknowledgeMode | None, typer.Option("--acknowledge", help="How the store is told of imported orders.")
    ] = None
    acknowledge_field: Annotated[
        str | None,
        typer.Option(
            "--acknowledge-field", metavar="CODE", help="The order custom field that --acknowledge field sets."
        ),
    ] = None
    acknowledge_value: Annotated[
        str | None, typer.Option("--acknowledge-value", help="What that field is set to; 1 unless you say otherwise.")
    ] = None
    acknowledge_queue: Annotated[
        str | None,
        typer.Option(
            "--acknowledge-queue",
            metavar="CODE",
            help="The queue in which the store's workflow puts orders that --acknowledge queue told it of; '' if "
            "unknown.",
        ),
    ] = None
    shipment_path: Annotated[
        ShipmentPath | None, typer.Option("--shipments", help="By which call shipments are made.")
    ] = None
    look_back_days: Annotated[
        int | None,
        typer.Option(
            "--look-back-days",
            min=0,
            max=3650,
            help="How many days before the first time orders are imported; more later lets older ones in.",
        ),
    ] = None
    payment_states: Annotated[
        list[PaymentState] | None,
        typer.Option(
            "--payment-states", help="Import orders whose payment is in this state; may be repeated. All but pending."
        ),
    ] = None
    payload_days: Annotated[
        int | None,
        typer.Option(
            "--payload-days", min=0, max=3650, help="How many days orders are kept as the store sent them, besides."
        ),
    ] = None
    personal_days: Annotated[
        int | None,
        typer.Option(
            "--personal-days",
            min=1,
            max=LONGEST_DAYS,
            help="How many days after an order was closed or cancelled it is kept who bought; 365 at first.",
        ),
    ] = None
    order_statuses: Annotated[
        list[StoreStatus] | None,
        typer.Option("--order-status", help="Import orders that are in this state on the store; may be repeated."),
    ] = None
    requires_product_type: Annotated[
        bool | None,
        typer.Option(
            "--require-product-type/--any-product-type", help="Whether only products with a product_type are linked."
        ),
    ] = None
    linking_priority: Annotated[
        LinkingPriority | None,
        typer.Option(
            "--link-by",
            help="What is asked first when a product of the store is looked for; the other is asked after it.",
        ),
    ] = None
    delist_parent_with_last_variant: Annotated[
        bool | None,
        typer.Option("--delist-parent/--keep-parent", help="Whether a family goes when its last variant is delisted."),
    ] = None
    allows_zero_prices: Annotated[
        bool | None,
        typer.Option(
            "--zero-prices/--no-zero-prices", help="Whether a price of 0 is meant, or held back; held at first."
        ),
    ] = None
    sells_without_stock: Annotated[
        bool | None,
        typer.Option(
            "--sell-without-stock/--no-sell-without-stock",
            help="Whether what the catalogue would go on selling stays on sale at 0; sold out at first.",
        ),
    ] = None
    lists_new: Annotated[
        bool | None,
        typer.Option(
            "--list-new/--no-list-new",
            help="Whether what is new in the catalogue is listed, or only what 'listings build' names or a rule lists; "
            "listed at first.",
        ),
    ] = None
    brake_percent: Annotated[
        int | None,
        typer.Option(
            "--brake-percent",
            min=0,
            max=100,
            help="The share of live listings that a run may delist, set to 0 or re-price without a person.",
        ),
    ] = None
    brake_at_least: Annotated[
        int | None,
        typer.Option("--brake-at-least", min=0, help="How many it may, however small the share of them would be."),
    ] = None
    lost_answer_seconds: Annotated[
        int | None,
        typer.Option(
            "--lost-answer-seconds",
            min=60,
            max=86_400,
            help="After how long a request that the store did not answer can't arrive there any more.",
        ),
    ] = None
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, max=1000, help="Products or rows in one batch.")
    ] = None
    requests_at_once: Annotated[
        int | None,
        typer.Option(
            "--requests-at-once", min=1, max=16, help="Requests to the store side by side; 1 sends one after another."
        ),
    ] = None

    @property
    def fields(self) -> dict[str, Any]:
        return {
            **super().fields,
            "name": None if self.name is None else name_of(self.name),
            "image_pages": None if self.image_pages is None else pages_of(self.image_pages),
            "payment_states": frozenset(self.payment_states) if self.payment_states else None,
            "order_statuses": frozenset(self.order_statuses) if self.order_statuses else None,
        }


@dataclass(frozen=True, kw_only=True)
class Content:
    """What listings show and how they stand in the store, as `ContentRules` has it."""

    layout: Annotated[
        Layout | None,
        typer.Option(
            "--layout",
            help="How families stand in the store: one page each with drop-downs (native), one page per variant that "
            "names its parent (flat), or every variant as an article of its own, without types and parents (simple). "
            "What is on the store in another one is switched by the next publish.",
        ),
    ] = None
    sends_address: Annotated[
        bool | None, typer.Option("--address/--no-address", help="Whether new products get a readable web address.")
    ] = None
    sends_dimensions: Annotated[
        bool | None,
        typer.Option(
            "--dimensions/--no-dimensions",
            help="Whether length, width and height go into the store's shipping rules, in the store's own unit.",
        ),
    ] = None
    cleans_descriptions: Annotated[
        bool | None,
        typer.Option(
            "--clean-descriptions/--raw-descriptions",
            help="Whether scripts and whatever else runs in a browser are taken out of descriptions.",
        ),
    ] = None
    type_field: Annotated[
        str | None, typer.Option("--type-field", help="The custom field that tells the kind of a product.")
    ] = None
    parent_field: Annotated[
        str | None, typer.Option("--parent-field", help="The custom field for the code of a variant's parent.")
    ] = None
    barcode_field: Annotated[
        str | None, typer.Option("--barcode-field", help="The custom field for barcodes; '' sends none.")
    ] = None
    mpn_field: Annotated[
        str | None, typer.Option("--mpn-field", help="The custom field for part numbers (MPN); '' sends none.")
    ] = None
    image_type: Annotated[
        str | None,
        typer.Option(
            "--image-type",
            help="The image type of a product's first image, by which the store's pages show it; usually main.",
        ),
    ] = None
    brand_field: Annotated[
        str | None, typer.Option("--brand-field", help="The custom field for brands; '' sends none.")
    ] = None
    msrp_field: Annotated[
        str | None, typer.Option("--msrp-field", help="The custom field for list prices; '' sends none.")
    ] = None

    @property
    def fields(self) -> dict[str, Any]:
        return {**vars(self), "image_type": None if self.image_type is None else self.image_type.strip()}


NoImages = Annotated[bool, typer.Option("--no-images", help="Forget the image server.")]

LowestPrice = Annotated[
    str | None,
    typer.Option(metavar="AMOUNT", help="Prices below it are not sent but shown to a person; 'none' for no limit."),
]

HighestPrice = Annotated[
    str | None,
    typer.Option(metavar="AMOUNT", help="Prices above it are not sent but shown to a person; 'none' for no limit."),
]

DriftPolicies = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GROUP=POLICY",
        help="Who is right when somebody changes these fields on the store: ours, store or ask; may be repeated.",
    ),
]

Mappings = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="TARGET=TEMPLATE",
        help="Make name, description, page_title or field:CODE (a custom field) of the catalogue's fields, as "
        "'name={brand} {title}'; 'TARGET=' makes it as usual. 'listings mapping SKU' shows what comes of it.",
    ),
]

Carriers = Annotated[
    list[str] | None,
    typer.Option(metavar="WORD=TYPE", help="Our word for a carrier = the store's tracking type; 'WORD=' forgets it."),
]
