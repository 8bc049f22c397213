"""Building: making the listings that a channel lacks of the catalogue, when a person asks for it."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tradepost.domain import changes
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.ports import Catalogue, History, ListingBuilder
from tradepost.operations.previews import previewed

_BATCH = 200
_NAMED = 20


@dataclass(slots=True)
class Built:
    """
    What was made, or would be: how many `listings` of how many `products`. `there`: products that lacked none.

    `left_out`: products that a rule of the channel does not list, or of which nothing is sold; the first by `handles`.
    """

    listings: int = 0
    products: int = 0
    there: int = 0
    left_out: int = 0
    handles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BuildPorts:
    """What building on one channel needs; `history` knows who asks."""

    channel_id: int
    channel_name: str
    catalogue: Catalogue
    listings: ListingBuilder
    history: History
    transaction: Callable[[], AbstractContextManager[None]]


def build(ports: BuildPorts, *, handles: Collection[str] | None = None, queue: bool, is_dry: bool = False) -> Built:
    """
    Make the listings that the channel lacks of these products, or with None of all that it lists; say what came of it.

    What is named is listed although the channel lists nothing new; what a rule does not list is not. `queue`: publish
    them. `is_dry`: nothing is kept. Idempotent.
    """

    def work() -> Built:
        built = Built()
        for batch in _batches(ports.catalogue, handles):
            with ports.transaction():
                lacking = ports.listings.lacking(batch)
                new = ports.listings.build(batch, queue=queue, is_asked=handles is not None).number
                if new:
                    # Also of what is settled: other channels sell these products meanwhile, and this waits for them.
                    ports.catalogue.refresh_wanted(batch)
                left = ports.listings.lacking(lacking) if lacking else []
            built.listings += new
            built.products += len(lacking) - len(left)
            built.there += len(batch) - len(lacking)
            built.left_out += len(left)
            built.handles += left[: _NAMED - len(built.handles)]
        if built.listings:
            change = changes.listings_built(ports.channel_name, number=built.listings)
            ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=ports.channel_id)
        return built

    return previewed(work, ports.transaction) if is_dry else work()


def _batches(catalogue: Catalogue, handles: Collection[str] | None) -> Iterator[list[str]]:
    if handles is not None:
        named = sorted(set(handles))
        yield from (named[start : start + _BATCH] for start in range(0, len(named), _BATCH))
        return
    after = ""
    while found := catalogue.handles(after=after, limit=_BATCH):
        after = found[-1]
        yield found
