"""The options that `channel add` and `channel set` share. Left out, each leaves what is stored, or the default."""

from pathlib import Path
from typing import Annotated

import typer

from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.orders.order import AcknowledgeMode, PaymentState, ShipmentPath, StoreStatus
from tradepost.domain.orders.personal_data import LONGEST_DAYS
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.ports import FileProtocol

# --- the store ---

StoreCode = Annotated[str | None, typer.Option(help="The store code (Store ID), from the store's settings.")]
Domain = Annotated[str | None, typer.Option(help="The store's domain, from its domain details.")]
Folder = Annotated[str | None, typer.Option(help="The root directory (folder structure) of the store, usually /mm5/.")]
PlainHttp = Annotated[bool | None, typer.Option("--plain-http/--https", help="Use http instead of https (tests only).")]
Local = Annotated[bool | None, typer.Option("--local/--public", help="The store may be at a private address.")]
LookOnly = Annotated[
    bool,
    typer.Option("--look-only", help="Write nothing to the store: every run only shows what it would do."),
]
TimeZone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="The time zone that schedules are read in, such as Europe/Berlin; UTC at first."),
]
StockModeOption = Annotated[
    StockMode | None,
    typer.Option(
        "--stock-mode", help="When the store takes stock, as its inventory settings say; no token can read it."
    ),
]
BasketHours = Annotated[
    int | None,
    typer.Option(min=1, max=720, help="How long pieces may lie in a basket of the store before they count as missing."),
]
DigestOption = Annotated[
    str | None, typer.Option(metavar="sha256|sha1", help="How requests are signed; sha256 unless the store is old.")
]
WebUser = Annotated[
    str | None, typer.Option(help="The user that the web server itself asks for (protected development stores).")
]
TokenFile = Annotated[Path | None, typer.Option(help="A file with the access token.")]
TokenStdin = Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")]
KeyFile = Annotated[Path | None, typer.Option("--signature-key-file", help="A file with the signature key.")]
KeyStdin = Annotated[
    bool, typer.Option("--signature-key-stdin", help="Read the signature key from the next line of standard input.")
]
WebPasswordFile = Annotated[Path | None, typer.Option(help="A file with the web server's password.")]
WebPasswordStdin = Annotated[
    bool,
    typer.Option("--web-password-stdin", help="Read the web server's password from the next line of standard input."),
]

# --- the image server ---

FtpHost = Annotated[str | None, typer.Option(help="The image server; without one, publishing sends no images.")]
FtpPort = Annotated[int | None, typer.Option(min=0, max=65535, help="Its port; 0 is the protocol's usual one.")]
FtpProtocol = Annotated[FileProtocol | None, typer.Option(help="How images travel; ftps unless you say otherwise.")]
FtpUser = Annotated[str | None, typer.Option(help="The user of the image server.")]
FtpDirectory = Annotated[str | None, typer.Option(help="The graphics folder on it, usually /htdocs/mm5/graphics.")]
FtpFolder = Annotated[
    str | None,
    typer.Option(help="The sub-folder for images, is-images unless you say otherwise; 'graphics' means none."),
]
FtpFingerprint = Annotated[
    str | None,
    typer.Option(help="The fingerprint (SHA256:...) of its certificate or host key, once you trust it."),
]
FtpPasswordFile = Annotated[Path | None, typer.Option(help="A file with the image server's password.")]
FtpPasswordStdin = Annotated[
    bool,
    typer.Option("--ftp-password-stdin", help="Read the image server's password from the next line of standard input."),
]
MakeFolder = Annotated[
    bool, typer.Option("--make-folder", help="Make the folder for images on the image server if it is missing.")
]

# --- what `channel set` changes besides ---

NewName = Annotated[str | None, typer.Option("--name", help="Another name for the channel.")]
NewToken = Annotated[bool, typer.Option("--new-token", help="Read a new access token and signature key.")]
NewKey = Annotated[
    bool, typer.Option("--new-signature-key", help="Read a new signature key, for the token that is stored.")
]
NewFtpPassword = Annotated[bool, typer.Option("--new-ftp-password", help="Read a new password of the image server.")]
ImagesByStore = Annotated[
    bool | None,
    typer.Option(
        "--images-by-store/--no-images-by-store",
        help="Without an image server, let the store write images itself; what 'add' finds it to take, it does.",
    ),
]
ImagePages = Annotated[
    str | None,
    typer.Option(
        metavar="PAGES",
        help="The store's pages that were told which image they show, such as 'SRCH CTGY'; 'none' for none.",
    ),
]
NoImages = Annotated[bool, typer.Option("--no-images", help="Forget the image server.")]
NewWebPassword = Annotated[
    bool, typer.Option("--new-web-password", help="Read a new password of the web server itself.")
]
AcknowledgeOption = Annotated[AcknowledgeMode | None, typer.Option(help="How the store is told of imported orders.")]
AcknowledgeField = Annotated[
    str | None, typer.Option(metavar="CODE", help="The order custom field that --acknowledge field sets.")
]
AcknowledgeValue = Annotated[str | None, typer.Option(help="What that field is set to; 1 unless you say otherwise.")]
AcknowledgeQueue = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        help="The queue in which the store's workflow puts orders that --acknowledge queue told it of; '' if unknown.",
    ),
]
ShipmentsOption = Annotated[ShipmentPath | None, typer.Option(help="By which call shipments are made.")]
LookBackDays = Annotated[
    int | None,
    typer.Option(
        min=0, max=3650, help="How many days before the first time orders are imported; more later lets older ones in."
    ),
]
PaymentStates = Annotated[
    list[PaymentState] | None,
    typer.Option(
        "--payment-states", help="Import orders whose payment is in this state; may be repeated. All but pending."
    ),
]
PayloadDays = Annotated[
    int | None,
    typer.Option(min=0, max=3650, help="How many days orders are kept as the store sent them, besides."),
]
PersonalDays = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=LONGEST_DAYS,
        help="How many days after an order was closed or cancelled it is kept who bought; 365 at first.",
    ),
]
OrderStatuses = Annotated[
    list[StoreStatus] | None,
    typer.Option(help="Import orders that are in this state on the store; may be repeated."),
]
LayoutOption = Annotated[
    Layout | None,
    typer.Option(
        "--layout",
        help="How families stand in the store: one page each with drop-downs (native), one page per variant that names "
        "its parent (flat), or every variant as an article of its own, without types and parents (simple). What is on "
        "the store in another one is switched by the next publish.",
    ),
]
RequireProductType = Annotated[
    bool | None,
    typer.Option(
        "--require-product-type/--any-product-type", help="Whether only products with a product_type are linked."
    ),
]
LinkBy = Annotated[
    LinkingPriority | None,
    typer.Option(
        "--link-by", help="What is asked first when a product of the store is looked for; the other is asked after it."
    ),
]
DelistParent = Annotated[
    bool | None,
    typer.Option("--delist-parent/--keep-parent", help="Whether a family goes when its last variant is delisted."),
]
BrakePercent = Annotated[
    int | None,
    typer.Option(
        min=0, max=100, help="The share of live listings that a run may delist, set to 0 or re-price without a person."
    ),
]
BrakeAtLeast = Annotated[
    int | None, typer.Option(min=0, help="How many it may, however small the share of them would be.")
]
LowestPrice = Annotated[
    str | None,
    typer.Option(metavar="AMOUNT", help="Prices below it are not sent but shown to a person; 'none' for no limit."),
]
HighestPrice = Annotated[
    str | None,
    typer.Option(metavar="AMOUNT", help="Prices above it are not sent but shown to a person; 'none' for no limit."),
]
ZeroPrices = Annotated[
    bool | None,
    typer.Option("--zero-prices/--no-zero-prices", help="Whether a price of 0 is meant, or held back; held at first."),
]
SellWithoutStock = Annotated[
    bool | None,
    typer.Option(
        "--sell-without-stock/--no-sell-without-stock",
        help="Whether what the catalogue would go on selling stays on sale at 0; sold out at first.",
    ),
]
ListNew = Annotated[
    bool | None,
    typer.Option(
        "--list-new/--no-list-new",
        help="Whether what is new in the catalogue is listed, or only what 'listings build' names or a rule lists; "
        "listed at first.",
    ),
]
LostAnswerSeconds = Annotated[
    int | None,
    typer.Option(
        min=60, max=86_400, help="After how long a request that the store did not answer can't arrive there any more."
    ),
]
AddressOption = Annotated[
    bool | None, typer.Option("--address/--no-address", help="Whether new products get a readable web address.")
]
Dimensions = Annotated[
    bool | None,
    typer.Option(
        "--dimensions/--no-dimensions",
        help="Whether length, width and height go into the store's shipping rules, in the store's own unit.",
    ),
]
CleanDescriptions = Annotated[
    bool | None,
    typer.Option(
        "--clean-descriptions/--raw-descriptions",
        help="Whether scripts and whatever else runs in a browser are taken out of descriptions.",
    ),
]
TypeField = Annotated[str | None, typer.Option(help="The custom field that tells the kind of a product.")]
ParentField = Annotated[str | None, typer.Option(help="The custom field for the code of a variant's parent.")]
BarcodeField = Annotated[str | None, typer.Option(help="The custom field for barcodes; '' sends none.")]
MpnField = Annotated[str | None, typer.Option(help="The custom field for part numbers (MPN); '' sends none.")]
ImageType = Annotated[
    str | None,
    typer.Option(help="The image type of a product's first image, by which the store's pages show it; usually main."),
]
BrandField = Annotated[str | None, typer.Option(help="The custom field for brands; '' sends none.")]
MsrpField = Annotated[str | None, typer.Option(help="The custom field for list prices; '' sends none.")]
BatchSize = Annotated[int | None, typer.Option(min=1, max=1000, help="Products or rows in one batch.")]
RequestsAtOnce = Annotated[
    int | None, typer.Option(min=1, max=16, help="Requests to the store side by side; 1 sends one after another.")
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
