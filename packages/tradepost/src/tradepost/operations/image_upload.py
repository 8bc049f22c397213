"""Bring the images of a plan to the store's image folder: what is there already is never sent again."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tradepost.domain.catalogue import ImageFile
from tradepost.domain.errors import ImageUnusable, StorageRefused
from tradepost.domain.making import WantedImage
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.operations.ports import ImageStore, SourceImages, StoreInventory

_AT_ONCE = 4


@dataclass(slots=True)
class Uploaded:
    """What became of the images: `there` are sizes by path, `failed` paths that must not be attached."""

    there: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    results: list[Result] = field(default_factory=list)


def upload_change(path: str, size_bytes: int) -> Change:
    return Change(
        Subject(SubjectKind.FILE, path),
        Side.STORE,
        Action.UPLOAD,
        (FieldChange("size_bytes", None, size_bytes),),
        "an image of what is published",
    )


def upload_unit(key: str, images: Sequence[WantedImage], files: Mapping[str, ImageFile]) -> Unit:
    return Unit(key, tuple(upload_change(image.path, files[image.source].size_bytes) for image in images))


def upload(
    images: Sequence[WantedImage],
    *,
    files: Mapping[str, ImageFile],
    store: ImageStore,
    source_images: SourceImages,
    inventory: StoreInventory,
) -> Uploaded:
    """
    Upload what is missing. One file that fails leaves the others alone.

    Safe to repeat: names carry the content's checksum, so a file of that name and size is that content.
    """
    wanted = {image.path: files[image.source] for image in images}
    known = inventory.known_files(list(wanted))
    unknown = [path for path in wanted if known.get(path) != wanted[path].size_bytes]
    sizes = {**known, **(store.sizes(unknown) if unknown else {})}
    uploaded = Uploaded()
    missing = [path for path, file in wanted.items() if sizes.get(path) != file.size_bytes]
    # A file costs several round trips and little else, so some travel side by side.
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        refusals = dict(
            zip(missing, pool.map(lambda path: _send(store, source_images, path, wanted[path]), missing), strict=True)
        )
    for path, file in wanted.items():
        change = upload_change(path, file.size_bytes)
        refusal = refusals.get(path)
        if refusal is not None:
            uploaded.failed.add(path)
            uploaded.results.append(Result(change, Outcome.FAILED, message=refusal))
            continue
        uploaded.there[path] = file.size_bytes
        uploaded.results.append(Result(change, Outcome.APPLIED if path in refusals else Outcome.UNCHANGED, Proof.READ))
    return uploaded


def _send(store: ImageStore, source_images: SourceImages, path: str, file: ImageFile) -> str | None:
    """Upload one file; returns why it can't be, None when it is there."""
    try:
        store.upload(path, source_images.content(file.checksum))
    except (StorageRefused, ImageUnusable) as reason:
        return str(reason)
    return None
