"""Bring the images of a plan to the store's image folder: what is there already is never sent again."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.errors import ImageUnusable, StorageRefused
from tradepost.domain.plan import Change
from tradepost.operations.outcomes import Answers
from tradepost.operations.ports import ImageStore, SourceImages, StoreInventory, WriteAnswer, WriteOutcome

_AT_ONCE = 4


def upload(
    changes: list[Change],
    *,
    files: Mapping[str, ImageFile],
    image_store: ImageStore,
    source_images: SourceImages,
    inventory: StoreInventory,
) -> Answers:
    """
    Upload what is missing of the files (by path). One that fails leaves the others alone.

    Safe to repeat: names carry the content's checksum, so a file of that name and size is that content.
    """
    wanted = {change.subject.key: files[change.subject.key] for change in changes}
    known = inventory.known_files(list(wanted))
    unknown = [path for path in wanted if known.get(path) != wanted[path].size_bytes]
    sizes = {**known, **(image_store.sizes(unknown) if unknown else {})}
    missing = [path for path, file in wanted.items() if sizes.get(path) != file.size_bytes]

    def send(path: str) -> WriteAnswer:
        try:
            image_store.upload(path, source_images.content(wanted[path].checksum))
        except (StorageRefused, ImageUnusable) as reason:
            return WriteAnswer(WriteOutcome.FAILED, str(reason))
        return WriteAnswer(WriteOutcome.DONE)

    # A file costs several round trips and little else, so some travel side by side.
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        sent = dict(zip(missing, pool.map(send, missing), strict=True))
    holds = WriteAnswer(WriteOutcome.HOLDS)
    return {change.subject.id: sent.get(change.subject.key, holds) for change in changes}
