"""
Images: files that the store knows by their path, which products show them, and as which type.

A record keeps the size that the file had when it was registered. A product has at most one image of a type.
"""

import hashlib
import sqlite3
from pathlib import Path, PurePosixPath

from PIL import Image, UnidentifiedImageError

from miva_sandbox.state import columns, image_headers
from miva_sandbox.state.errors import AlreadyExists, Invalid, NotFound
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS images (
    id INTEGER PRIMARY KEY,
    image TEXT NOT NULL,
    image_md5 TEXT NOT NULL UNIQUE,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    refcount INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS product_images (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL,
    image_id INTEGER NOT NULL,
    type_id INTEGER NOT NULL DEFAULT 0,
    disp_order INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS product_images_of_product ON product_images (product_id, disp_order);
CREATE INDEX IF NOT EXISTS product_images_by_image ON product_images (image_id);
CREATE UNIQUE INDEX IF NOT EXISTS product_images_one_of_a_type ON product_images (product_id, type_id)
    WHERE type_id <> 0;
CREATE TABLE IF NOT EXISTS image_types (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    code_key TEXT NOT NULL UNIQUE,
    descrip TEXT NOT NULL
);
INSERT INTO image_types (id, code, code_key, descrip)
    SELECT 1, 'main', 'main', 'Main' WHERE NOT EXISTS (SELECT 1 FROM sequences WHERE name = 'image_types');
INSERT INTO sequences (name, value) VALUES ('image_types', 1) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS generated_images (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL,
    image TEXT NOT NULL,
    image_md5 TEXT NOT NULL UNIQUE,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS generated_images_of_image ON generated_images (image_id);
"""

_EXTENSIONS = frozenset({"gif", "jpg", "jpeg", "jfif", "png", "webp", "avif"})
_FILE_MODE = 0o644


def register(store: Store, path: str) -> int:
    """
    Return the id of the image with this path; a new one must be an image file that is there.

    A path that is registered keeps its record, whatever has become of the file's content.

    Raises Invalid.
    """
    file = _file(store, path, "MER-DBE-IMG-00001")
    header = _header(file)
    known = find(store, path)
    if known is not None:
        return int(known["id"])
    image_id = store.db.next_id("images")
    store.db.execute(
        "INSERT INTO images (id, image, image_md5, width, height) VALUES (?, ?, ?, ?, ?)",
        (image_id, path, _digest(path), header.width, header.height),
    )
    file.chmod(_FILE_MODE)
    return image_id


def create(store: Store, path: str, content: bytes) -> int:
    """
    Write an image and register it; the same content under the same path changes nothing.

    Raises Invalid (AlreadyExists where the file has other content).
    """
    file = _file(store, path, "MER-DBE-IMG-00006")
    if file.is_file():
        if file.read_bytes() != content:
            raise AlreadyExists("MER-DBE-IMG-00012", "File already exists", field="filepath")
        return register(store, path)
    if image_headers.read(content[: image_headers.HEADER_BYTES]) is None:
        raise Invalid(*_no_image(path), field="filepath")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise Invalid("MER-DBE-IMG-00013", f"Unable to create file: {error.strerror}", field="filepath") from error
    return register(store, path)


def find(store: Store, path: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM images WHERE image_md5 = ?", (_digest(path),))


def delete(store: Store, image_id: int) -> None:
    """Remove the record, those of its generated sizes, and it from all products; files stay."""
    with store.db.savepoint():
        store.db.execute("DELETE FROM product_images WHERE image_id = ?", (image_id,))
        store.db.execute("DELETE FROM generated_images WHERE image_id = ?", (image_id,))
        store.db.execute("DELETE FROM images WHERE id = ?", (image_id,))


def add_to_product(store: Store, product_id: int, image_id: int, type_id: int = 0) -> int:
    """
    Append an image to a product, also one that it shows already; return the row's id.

    An older image of that type stays, without type.
    """
    _release_type(store, product_id, type_id)
    row_id = store.db.next_id("product_images")
    store.db.execute(
        "INSERT INTO product_images (id, product_id, image_id, type_id, disp_order) "
        "SELECT ?, ?, ?, ?, coalesce(max(disp_order), 0) + 1 FROM product_images WHERE product_id = ?",
        (row_id, product_id, image_id, type_id, product_id),
    )
    _count(store, image_id)
    return row_id


def replace_of_type(store: Store, product_id: int, image_id: int, type_id: int) -> int:
    """Point the product's row of that type at an image, or append one; return the row's id. Idempotent."""
    row = of_type(store, product_id, type_id)
    if row is None:
        return add_to_product(store, product_id, image_id, type_id)
    store.db.execute("UPDATE product_images SET image_id = ? WHERE id = ?", (image_id, row["id"]))
    _count(store, row["image_id"])
    _count(store, image_id)
    return int(row["id"])


def change_type(store: Store, row_id: int, type_id: int) -> None:
    """Give a product's image another type; an older image of that type stays, without type."""
    product_id = store.db.value("SELECT product_id FROM product_images WHERE id = ?", (row_id,))
    if product_id is None:
        raise NotFound("MER-JSN-PIMG-00024", "Image not found")
    current = of_type(store, product_id, type_id) if type_id else None
    if current is None or current["id"] != row_id:
        _release_type(store, product_id, type_id)
    store.db.execute("UPDATE product_images SET type_id = ? WHERE id = ?", (type_id, row_id))


def of_type(store: Store, product_id: int, type_id: int) -> sqlite3.Row | None:
    return store.db.row(
        "SELECT * FROM product_images WHERE product_id = ? AND type_id = ? AND type_id <> 0", (product_id, type_id)
    )


def remove_row(store: Store, row_id: int) -> bool:
    """Take one image away from its product; False if there is no such row."""
    image_id = store.db.value("DELETE FROM product_images WHERE id = ? RETURNING image_id", (row_id,))
    if image_id is None:
        return False
    _count(store, image_id)
    return True


def remove_image(store: Store, product_id: int, image_id: int) -> int:
    """Take all rows of an image away from a product; return how many there were."""
    removed = store.db.execute(
        "DELETE FROM product_images WHERE product_id = ? AND image_id = ?", (product_id, image_id)
    )
    _count(store, image_id)
    return removed.rowcount


def product_deleted(store: Store, product_id: int) -> None:
    """Take all images away from a product; records and files stay."""
    rows = store.db.rows("SELECT DISTINCT image_id FROM product_images WHERE product_id = ?", (product_id,))
    store.db.execute("DELETE FROM product_images WHERE product_id = ?", (product_id,))
    for row in rows:
        _count(store, row["image_id"])


def of_product(store: Store, product_id: int) -> list[sqlite3.Row]:
    """Return a product's images in order, with the members of `productimagedata`."""
    return store.db.rows(
        "SELECT row.id, row.product_id, row.image_id, row.type_id, coalesce(type.code, '') AS code, "
        "coalesce(type.descrip, '') AS type_desc, images.image, images.width, images.height, row.disp_order "
        "FROM product_images row JOIN images ON images.id = row.image_id "
        "LEFT JOIN image_types type ON type.id = row.type_id WHERE row.product_id = ? ORDER BY row.disp_order, row.id",
        (product_id,),
    )


def find_type(store: Store, code: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM image_types WHERE code_key = ?", (columns.key(code),))


def insert_type(store: Store, code: str, *, descrip: str) -> int:
    """Create an image type and return its id. Raises AlreadyExists, Invalid."""
    if find_type(store, code) is not None:
        raise AlreadyExists("", f"An image type with the code '{code}' already exists", field="code")
    columns.fit(code, "code", columns.CODE_WIDTH)
    columns.fit(descrip, "descrip", columns.TEXT_WIDTH)
    type_id = store.db.next_id("image_types")
    store.db.execute(
        "INSERT INTO image_types (id, code, code_key, descrip) VALUES (?, ?, ?, ?)",
        (type_id, code, columns.key(code), descrip),
    )
    return type_id


def update_type(store: Store, image_type: sqlite3.Row, *, code: str | None = None, descrip: str | None = None) -> None:
    """Raises AlreadyExists, Invalid."""
    code = image_type["code"] if code is None else columns.fit(code, "code", columns.CODE_WIDTH)
    descrip = image_type["descrip"] if descrip is None else columns.fit(descrip, "descrip", columns.TEXT_WIDTH)
    owner = find_type(store, code)
    if owner is not None and owner["id"] != image_type["id"]:
        raise AlreadyExists("", f"An image type with the code '{code}' already exists", field="code")
    store.db.execute(
        "UPDATE image_types SET code = ?, code_key = ?, descrip = ? WHERE id = ?",
        (code, columns.key(code), descrip, image_type["id"]),
    )


def delete_type(store: Store, image_type: sqlite3.Row) -> None:
    """Delete a type; product images of it stay, without type."""
    store.db.execute("UPDATE product_images SET type_id = 0 WHERE type_id = ?", (image_type["id"],))
    store.db.execute("DELETE FROM image_types WHERE id = ?", (image_type["id"],))


def derived(store: Store, path: str, width: int, height: int) -> str:
    """
    Return the path of the image made to fit a box of pixels, making it at first need.

    It is made once per file name: new content under an old name goes on showing the old image. An image is never
    enlarged; one that can't be drawn is returned as it is.
    """
    with store.db.lock:
        image = find(store, path)
        if image is None or (image["width"] <= width and image["height"] <= height):
            return path
        return _derived(store, image, width, height)


def _file(store: Store, path: str, code: str) -> Path:
    """Return where the file is. Raises Invalid for a path that leaves the base directory, with the code given."""
    pure = PurePosixPath(path)
    outside = pure.is_absolute() or ".." in pure.parts or ":" in path or "\\" in path or "\0" in path or not path
    file = store.files_root / path if not outside else store.files_root
    # A link that somebody made over FTP must not lead out either.
    if outside or not file.resolve().is_relative_to(store.files_root.resolve()):
        raise Invalid(code, "Image filepaths must be local and relative to the Base Directory for Graphics")
    columns.fit(path, "image", columns.TEXT_WIDTH)
    return file


def _header(file: Path) -> image_headers.Header:
    try:
        with file.open("rb") as opened:
            header = image_headers.read(opened.read(image_headers.HEADER_BYTES))
    except OSError:
        header = None
    if header is None:
        raise Invalid(*_no_image(file.name), field="filepath")
    return header


def _no_image(name: str) -> tuple[str, str]:
    """Of several errors that a real store meets here it reports the last, which depends on the extension only."""
    if PurePosixPath(name).suffix.lower().removeprefix(".") in _EXTENSIONS:
        return "MER-UTL-PUB-00013", "File is corrupt or is not a supported image type"
    return "MER-UTL-PUB-00045", "Unable to determine image file format"


def _digest(path: str) -> str:
    return hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()


def _release_type(store: Store, product_id: int, type_id: int) -> None:
    if type_id:
        store.db.execute(
            "UPDATE product_images SET type_id = 0 WHERE product_id = ? AND type_id = ?", (product_id, type_id)
        )


def _count(store: Store, image_id: int) -> None:
    store.db.execute(
        "UPDATE images SET refcount = (SELECT count(*) FROM product_images WHERE image_id = images.id) WHERE id = ?",
        (image_id,),
    )


def _derived(store: Store, image: sqlite3.Row, width: int, height: int) -> str:
    path: str = image["image"]
    original = PurePosixPath(path)
    target = str(original.with_name(f"{original.stem}_{width}x{height}{original.suffix}"))
    if store.db.value("SELECT 1 FROM generated_images WHERE image_md5 = ?", (_digest(target),)):
        return target
    try:
        with Image.open(store.files_root / path) as drawn:
            drawn.thumbnail((width, height))
            drawn.save(store.files_root / target, format=drawn.format)
            size = drawn.size
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return path
    store.db.execute(
        "INSERT INTO generated_images (id, image_id, image, image_md5, width, height) VALUES (?, ?, ?, ?, ?, ?)",
        (store.db.next_id("generated_images"), image["id"], target, _digest(target), *size),
    )
    return target
