"""What goes through a publish: how a channel publishes, and what is known of either side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.errors import ImageUnusable
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.plan import SubjectId
from tradepost.domain.store import StoreProduct
from tradepost.operations.ports import SetupItem, SetupKind
from tradepost.operations.selection import EVERYTHING, Selection


@dataclass(frozen=True, slots=True)
class PublishTerms:
    """How a channel publishes what a run is about; `priority`: of what finds the merchant's own products."""

    rules: ContentRules
    selection: Selection = EVERYTHING
    priority: LinkingPriority = LinkingPriority.SKU


@dataclass(frozen=True, slots=True)
class PublishSeen:
    """
    What is known of the outside: products by code key, image files by source, and why the others can't be had.

    `uploaded`: sizes by path. `set_up`: items that the store has taken by now. `answered`: roots of families that were
    sent and answered. `opened`: by the roots of families that are being switched, whose new pages were sent, the code
    keys of what of it was answered. `sends_images`: the channel has an image server. `on_pages`: by code key, what is
    sold on the page of a parent that is open. `usable_files`: those of `files` that the image server has not refused.
    """

    products: Mapping[str, StoreProduct]
    files: Mapping[str, ImageFile] = field(default_factory=dict)
    unusable: Mapping[str, ImageUnusable] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    uploaded: Mapping[str, int] = field(default_factory=dict)
    set_up: Mapping[SubjectId, SetupItem] = field(default_factory=dict)
    answered: frozenset[str] = frozenset()
    opened: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sends_images: bool = True
    on_pages: frozenset[str] = field(init=False)
    usable_files: Mapping[str, ImageFile] = field(init=False)

    def __post_init__(self) -> None:
        # Once for all families of a batch.
        object.__setattr__(self, "on_pages", _on_open_pages(self.products.values()))
        usable = {source: file for source, file in self.files.items() if source not in self.refused}
        object.__setattr__(self, "usable_files", usable)

    def is_on_sale(self, product: StoreProduct) -> bool:
        """Whether a shopper may be buying a product: on its own page, or on that of a parent which is open."""
        return product.is_active or code_key(product.code) in self.on_pages


def _on_open_pages(seen: Iterable[StoreProduct]) -> frozenset[str]:
    return frozenset(
        code_key(code)
        for parent in seen
        if parent.is_active
        for variant in parent.variants or ()
        for code in variant.part_codes
    )


@dataclass(frozen=True, slots=True)
class PublishFacts:
    """
    `ours`: code keys with an open intent: found on the store, they were made by a publish that did not come to its end,
    and are completed instead of linked. `set_up`: what the store is known to have. `taken`: which of the products that
    were seen are linked, by the store's id, and to which listing; `holders`: which listings have their codes, by code
    key.
    """

    ours: frozenset[str] = frozenset()
    set_up: frozenset[tuple[SetupKind, str]] = frozenset()
    taken: Mapping[int, int] = field(default_factory=dict)
    holders: Mapping[str, int] = field(default_factory=dict)
