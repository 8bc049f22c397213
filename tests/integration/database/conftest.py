"""A small catalogue and a channel, saved through the ports that are tested."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Channel
from tradepost.domain.catalogue import Product, SourceImage, Variant

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


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
