"""What goes through a publish: what is known of either side, and what its changes are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tradepost.domain.catalogue import ImageFile
from tradepost.domain.errors import ImageUnusable
from tradepost.domain.plan import SubjectId
from tradepost.domain.store import StoreProduct
from tradepost.operations.ports import SetupItem, SetupKind
from tradepost.operations.publish.family_plan import FamilyPlan, on_open_pages


@dataclass(frozen=True, slots=True)
class PublishSeen:
    """
    What is known of the outside: products by code key, image files by source, and why the others can't be had.

    `uploaded`: sizes by path. `set_up`: items that the store has taken by now. `answered`: roots of families that were
    sent and answered. `opened`: by the roots of families that are being switched, whose new pages were sent, the code
    keys of what of it was answered. `sends_images`: the channel has an image server. `on_pages`: what is
    `on_open_pages`.
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

    def __post_init__(self) -> None:
        # Once for all families of a batch.
        object.__setattr__(self, "on_pages", on_open_pages(self.products.values()))


@dataclass(frozen=True, slots=True)
class PublishFacts:
    """
    `ours`: code keys with an open intent. `set_up`: what the store is known to have. `taken`: which of the products
    that were seen are linked, by the store's id, and to which listing; `holders`: which listings have their codes, by
    code key.
    """

    ours: frozenset[str]
    set_up: frozenset[tuple[SetupKind, str]]
    taken: Mapping[int, int] = field(default_factory=dict)
    holders: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PublishDetail:
    """
    What the changes are about: families, set-up items by subject, and image files by path. `switched`: the listings
    (ids) of families that get another layout.
    """

    families: tuple[FamilyPlan, ...]
    set_up: Mapping[SubjectId, SetupItem]
    files: Mapping[str, ImageFile]
    switched: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls, families: Sequence[FamilyPlan], set_up: Mapping[SubjectId, SetupItem], files: Mapping[str, ImageFile]
    ) -> "PublishDetail":
        switched = (row.id for family in families if family.layout.switched for row in family.family.listings)
        return cls(tuple(families), set_up, files, frozenset(switched))
