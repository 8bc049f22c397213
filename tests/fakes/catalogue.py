"""A catalogue, its reader and a channel that follows it, in memory; they note in which order they were called."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tradepost.domain.catalogue.catalogue import Product
from tradepost.domain.catalogue.identity import KnownProduct
from tradepost.domain.plan import Result
from tradepost.operations.ports import (
    ImportCounts,
    MadeListings,
    ProductDifference,
    QueuedStructure,
    ReadProduct,
    SaleChange,
    Saying,
    SkuValues,
    SourceSettings,
    TakenValues,
    WantedChanges,
)


class MemoryHistory:
    """`kept`: what each channel's history has, by its id."""

    def __init__(self) -> None:
        self.kept: dict[int, list[Result]] = {}

    def keep(self, results: Sequence[Result], *, channel_id: int) -> None:
        self.kept.setdefault(channel_id, []).extend(results)


class MemoryCatalogue:
    def __init__(self) -> None:
        self.products: dict[str, Product] = {}
        self.calls: list[str] = []
        self.sources: dict[str, SourceSettings] = {}

    def source(self, name: str) -> SourceSettings:
        return self.sources.get(name, SourceSettings(name))

    def set_source(self, settings: SourceSettings) -> None:
        self.sources[settings.name] = settings

    def channel_names(self) -> list[str]:
        return ["shop"]

    def follow_sale(self, products: Sequence[Product]) -> Sequence[SaleChange]:
        return ()

    def save(self, products: Sequence[Product], *, saying: Saying) -> ImportCounts:
        self.calls.append(f"save {len(products)}")
        counts = ImportCounts()
        for product in products:
            known = self.products.get(product.handle)
            different = () if known == product else (ProductDifference(known, product),)
            counts += ImportCounts(
                created=known is None,
                unchanged=known == product,
                updated=known not in {None, product},
                differences=different,
                touched=frozenset(each.after.handle for each in different),
            )
            self.products[product.handle] = product
        return counts

    def take_values(self, values: Sequence[SkuValues], *, saying: Saying) -> TakenValues:
        self.calls.append(f"values {len(values)}")
        known = self.owners([each.sku for each in values])
        unknown = frozenset(each.sku for each in values if each.sku not in known)
        return TakenValues(ImportCounts(updated=len(known)), tuple(known.values()), unknown)

    def handles_of(self, source: str) -> Iterator[tuple[str, ...]]:
        yield tuple(handle for handle, product in self.products.items() if product.variants)

    def brought_by(self, source: str, handles: Collection[str]) -> frozenset[str]:
        return frozenset(handles)

    def stated_besides(self, source: str) -> Iterator[tuple[str, ...]]:
        yield from ()

    def stop_stating(self, source: str, handles: Collection[str]) -> None:
        raise AssertionError("nothing is stated by two")

    def withdraw(self, handles: Collection[str]) -> list[SaleChange]:
        self.calls.append(f"withdraw {len(handles)}")
        for handle in handles:
            self.products[handle] = replace(self.products[handle], variants=())
        return []

    def owners(self, skus: Collection[str]) -> dict[str, str]:
        known = {variant.sku: product.handle for product in self.products.values() for variant in product.variants}
        return {sku: known[sku] for sku in skus if sku in known}

    def known_products(self, handles, skus):
        return [
            KnownProduct(product.handle, {variant.sku: variant.options for variant in product.variants})
            for product in self.products.values()
            if product.handle in handles or any(variant.sku in skus for variant in product.variants)
        ]

    def lookalikes(self, *, created_at):
        return []

    def handles(self, *, after, limit):
        return sorted(handle for handle in self.products if handle > after)[:limit]

    def skus_in_use(self, skus):
        return set(self.owners(skus))

    def settle(self, plans):
        for handle, plan in plans.items():
            if plan.renamed:
                self.products[handle] = replace(self.products.pop(plan.renamed), handle=handle)
            for move in plan.moves:
                old = self.products[move.before]
                left = tuple(variant for variant in old.variants if variant.sku not in move.skus)
                self.products[move.before] = replace(old, variants=left)

    def by_handles(self, handles):
        return {handle: self.products[handle] for handle in handles if handle in self.products}

    def stated_quantities(self, skus):
        numbers = {variant.sku: variant.quantity for product in self.products.values() for variant in product.variants}
        return {sku: numbers[sku] for sku in skus if sku in numbers}

    def state(self, counts, *, saying):
        self.calls.append(f"state {len(counts)}")

    def refresh_wanted(self, handles: Collection[str]) -> WantedChanges:
        self.calls.append(f"refresh {len(handles)}")
        return WantedChanges()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo what a block that fails has saved."""
        before = dict(self.products)
        try:
            yield
        except BaseException:
            self.products = before
            raise


class MemoryChannel:
    """Implements `ports.ListingBuilder`."""

    def __init__(self, name: str, catalogue: MemoryCatalogue) -> None:
        self._name = name
        self._catalogue = catalogue
        self.handles: set[str] = set()

    def build(self, handles: Collection[str], *, queue: bool, is_asked: bool = False) -> MadeListings:
        self._catalogue.calls.append(f"build {len(handles)} on {self._name}")
        new = {*handles} - self.handles
        self.handles |= new
        return MadeListings(len(new))

    def lacking(self, handles: Collection[str]) -> list[str]:
        return [handle for handle in handles if handle not in self.handles]

    def queue_structure(self, handles: Collection[str]) -> QueuedStructure:
        self._catalogue.calls.append(f"compare {len(handles)} on {self._name}")
        return QueuedStructure()


class MemoryReader:
    def __init__(self, *reads: ReadProduct) -> None:
        self.reads = reads
        self.times_read = 0

    def read(self, path, *, form=None, counted=None) -> Iterator[ReadProduct]:
        self.times_read += 1
        yield from self.reads
