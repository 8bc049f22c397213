"""A small catalogue and a channel, saved through the ports that are tested."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Channel
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.domain.catalogue.catalogue import Product, SourceImage, Variant
from tradepost.domain.listings.listing import Health, Link, Status
from tradepost.domain.stock.stock import Counting, EntryKind
from tradepost.operations.ports import AccountEntry, ImportCounts, ListingRow, Proven, Saying

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_NONE = timedelta()
LISTED = Status(Health.LISTED, Link.LINKED)


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def channel(database) -> Channel:
    return Channel.objects.create(name="Shop")


@pytest.fixture
def catalogue() -> DjangoCatalogue:
    return DjangoCatalogue()


@pytest.fixture
def listings(channel) -> DjangoListings:
    return DjangoListings(channel.pk, clock=lambda: NOON)


@pytest.fixture
def accounts(channel) -> DjangoAccounts:
    return DjangoAccounts(channel.pk, clock=lambda: NOON)


@pytest.fixture
def save(catalogue) -> Callable[..., ImportCounts]:
    """Keep products as a file of that moment says that they are; unless told, it knows of all that was before it."""

    def run(
        products: Sequence[Product],
        *,
        at: datetime = NOON,
        knows_until: datetime | None = None,
        counting: Counting = Counting.CHANGED,
        lag: timedelta = _NONE,
    ) -> ImportCounts:
        saying = Saying("catalogue.csv", at, at if knows_until is None else knows_until, counting, lag)
        return catalogue.save(products, saying=saying)

    return run


@pytest.fixture
def put_on_sale(catalogue) -> Callable[..., dict[str, ListingRow]]:
    """List products of the catalogue on a channel, linked, each with an account that says what is available."""

    def run(channel: Channel, handles: Collection[str], skus: Sequence[str]) -> dict[str, ListingRow]:
        listings = DjangoListings(channel.pk, clock=lambda: NOON)
        listings.build(handles, queue=False)
        catalogue.refresh_wanted(handles)
        rows = listings.by_skus(skus)
        ids = {row.id: 100 + number for number, row in enumerate(sorted(rows, key=lambda row: row.sku))}
        listings.record([Proven(row.id, at=NOON, status=LISTED, external_id=ids[row.id]) for row in rows])
        counted = [row for row in rows if row.available is not None]
        DjangoAccounts(channel.pk, clock=lambda: NOON).record(
            [AccountEntry(row.id, EntryKind.SET, row.available) for row in counted], settled=(), lost=()
        )
        return {row.sku: row for row in listings.by_skus(skus)}

    return run


@pytest.fixture
def shop(channel, save, put_on_sale, family, simple) -> dict[str, ListingRow]:
    """A tee in two sizes and a cup, five pieces each, all of them on sale since noon."""
    save([family("tee", "S", "M"), simple("CUP")])
    return put_on_sale(channel, ["tee", "cup"], ["tee", "tee-S", "tee-M", "CUP"])


@pytest.fixture
def stock(listings) -> Callable[..., dict[str, tuple[int | None, int | None]]]:
    """(available, account) by SKU."""

    def of(*skus: str) -> dict[str, tuple[int | None, int | None]]:
        return {row.sku: (row.available, row.account) for row in listings.by_skus(skus or ["tee-S", "tee-M", "CUP"])}

    return of


@pytest.fixture
def variant() -> Callable[..., Variant]:
    def make(sku: str, *options: str, price: str = "10.00", quantity: int | None = 5, **more) -> Variant:
        return Variant(
            sku=sku, options=options, price=Decimal(price), quantity=quantity, position=more.pop("position", 1), **more
        )

    return make


@pytest.fixture
def simple(variant) -> Callable[..., Product]:
    def make(sku: str, **more) -> Product:
        return Product(
            handle=sku.lower(),
            title=f"The {sku}",
            description="Good.",
            variants=(variant(sku, **more),),
            images=(SourceImage("https://images.example/1.jpg", 1, "front"),),
        )

    return make


@pytest.fixture
def family(variant) -> Callable[..., Product]:
    def make(handle: str, *sizes: str, price: str = "10.00", quantity: int | None = 5) -> Product:
        return Product(
            handle=handle,
            title=f"The {handle}",
            description="Good.",
            option_names=("Size",),
            variants=tuple(
                variant(f"{handle}-{size}", size, price=price, quantity=quantity, position=number)
                for number, size in enumerate(sizes, start=1)
            ),
        )

    return make
