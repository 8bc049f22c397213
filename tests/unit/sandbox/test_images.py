"""Images: what counts as an image, how products show it, and derived sizes."""

import base64
import io

import pytest
from PIL import Image

from miva_sandbox.state import image_headers, images, products
from miva_sandbox.state.products import Product


@pytest.fixture
def mug(store):
    return products.insert(store, Product(code="mug", name="Mug"))


def add(path, type_code=""):
    return f'<ProductImage_Add product_code="mug" filepath="{path}" imagetype_code="{type_code}"/>'


def shown(store, product_id):
    return [(row["image"].rpartition("/")[2], row["code"]) for row in images.of_product(store, product_id)]


def encoded(kind, *, size=(37, 23), **options):
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, format=kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("GIF", {}),
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "comment": "x" * 3000}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}),
        ("AVIF", {}),
    ],
)
def test_kind_and_size_are_read_from_the_header_alone(kind, options):
    content = encoded(kind, **options)

    assert image_headers.read(content) == (kind.lower(), 37, 23)
    if kind != "AVIF":
        # A file that was cut off after its header passes.
        start = 3100 if "comment" in options else 0
        assert any(image_headers.read(content[:end]) == (kind.lower(), 37, 23) for end in range(start, len(content)))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"<html>", b"RIFF" * 9])
def test_anything_else_is_no_image(content):
    assert image_headers.read(content) is None


def test_a_registered_image_has_its_size_and_is_counted(store, mug, accept, image):
    accept(add(image("a.png", size=(50, 20)), "MAIN"))

    [row] = images.of_product(store, mug)
    assert (row["width"], row["height"], row["code"], row["type_desc"], row["disp_order"]) == (
        50,
        20,
        "main",
        "Main",
        1,
    )
    assert store.db.value("SELECT refcount FROM images") == 1


def test_a_repeated_add_piles_up_rows_and_takes_the_type_from_the_older(store, mug, accept, image):
    path = image("a.png")
    accept(add(path, "main") * 2)

    assert shown(store, mug) == [("a.png", ""), ("a.png", "main")]


def test_replacing_by_type_is_idempotent(store, mug, accept, image):
    old, new = image("a.png"), image("b.png")
    replace = '<ProductImage_Replace_Type product_code="mug" filepath="{}" imagetype_code="main"/>'
    accept(replace.format(old) + replace.format(new) * 2)

    assert shown(store, mug) == [("b.png", "main")]
    assert [row["refcount"] for row in store.db.rows("SELECT refcount FROM images ORDER BY id")] == [0, 1]


FORM = "Image filepaths must be local and relative to the Base Directory for Graphics"
CORRUPT = "Fatal Error: MER-UTL-PUB-00013: File is corrupt or is not a supported image type"
UNKNOWN = "Fatal Error: MER-UTL-PUB-00045: Unable to determine image file format"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/graphics/a.png", f"Fatal Error: MER-DBE-IMG-00001: {FORM}"),
        ("https://example.com/a.png", f"Fatal Error: MER-DBE-IMG-00001: {FORM}"),
        ("../secret.png", f"Fatal Error: MER-DBE-IMG-00001: {FORM}"),
        ("graphics/missing.png", CORRUPT),
        ("graphics/missing.bmp", UNKNOWN),
        ("graphics/00000001/page.png", CORRUPT),
        ("graphics/00000001/page.html", UNKNOWN),
        ("graphics/00000001/A.PNG", CORRUPT),
        ("graphics", UNKNOWN),
    ],
)
def test_a_path_or_file_that_is_no_image_fails_its_tag(store, mug, messages, path, message):
    folder = store.files_root / "graphics/00000001"
    folder.mkdir(parents=True)
    for name in ("page.png", "page.html"):
        (folder / name).write_text("<html>")
    (folder / "a.png").write_bytes(encoded("PNG"))

    assert messages(add(path)) == [message]
    assert shown(store, mug) == []


def test_a_link_out_of_the_files_is_not_followed(store, mug, messages, image, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "a.png"
    Image.new("RGB", (5, 5)).save(outside)
    image("a.png")
    (store.files_root / "graphics/link.png").symlink_to(outside)

    assert messages(add("graphics/link.png")) == [f"Fatal Error: MER-DBE-IMG-00001: {FORM}"]


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ('<ProductImage_Add product_code="mug" filepath="x"/>', "Missing required attribute imagetype_code"),
        (
            '<ProductImage_Add product_code="mug" filepath="x" type_code="main"/>',
            "Missing required attribute imagetype_code",
        ),
        ('<ProductImage_Add product_code="no" filepath="x" imagetype_code=""/>', "Product 'no' not found"),
        ('<ProductImage_Add product_code="mug" filepath="x" imagetype_code="no"/>', "Image Type 'no' not found"),
        ('<ProductImage_Replace_Type product_code="mug" filepath="x" imagetype_code=""/>', "Image Type '' not found"),
        (
            '<ProductImage_Delete_Type product_code="mug" imagetype_code="main"/>',
            "Product image for product 'mug' of type 'main' not found",
        ),
        ('<Image_Add filepath=""/>', "File path cannot be blank"),
        ('<Image_Delete filepath="x.png"/>', "Image record for 'x.png' not found"),
        ('<ProductImage_Delete product_code="mug"/>', "Unknown tag"),
        ('<ProductImage_Update_Type product_code="mug"/>', "Unknown tag"),
        (
            "<ImageType_Add><Code>MAIN</Code><Description>M</Description></ImageType_Add>",
            "An image type with the code 'MAIN' already exists",
        ),
        ("<ImageType_Update code='no'/>", "Image type 'no' not found"),
        ("<ImageType_Delete code='no'/>", "Image type record for 'no' not found"),
    ],
)
def test_what_a_store_says_against_a_tag(mug, messages, tag, message):
    assert messages(tag) == [message]


def test_an_image_can_come_inside_the_document(store, mug, accept, messages):
    content = encoded("PNG")
    tag = f'<Image_Add filepath="graphics/new/a.png" encoding="base64">{base64.b64encode(content).decode()}</Image_Add>'
    other = base64.b64encode(encoded("PNG", size=(9, 9))).decode()

    accept(tag * 2)

    assert (store.files_root / "graphics/new/a.png").read_bytes() == content
    assert store.db.value("SELECT count(*) FROM images") == 1
    assert messages(f'<Image_Add filepath="graphics/new/a.png" encoding="base64">{other}</Image_Add>') == [
        "Fatal Error: MER-DBE-IMG-00012: File already exists"
    ]


def test_content_that_is_no_image_leaves_no_file(store, messages):
    text = base64.b64encode(b"hello").decode()

    assert messages(f'<Image_Add filepath="graphics/a.png" encoding="base64">{text}</Image_Add>') == [CORRUPT]
    assert messages('<Image_Add filepath="graphics/a.png" encoding="base64">%%%</Image_Add>') == [
        "Value is not valid base64"
    ]
    assert not (store.files_root / "graphics/a.png").exists()


def test_new_content_under_an_old_name_keeps_the_old_size_and_the_old_derived_image(store, mug, accept, image):
    path = image("a.png", size=(400, 200))
    accept(add(path, "main"))
    first = images.derived(store, path, 100, 100)
    before = (store.files_root / first).read_bytes()

    image("a.png", size=(900, 900))
    accept(add(path, "main"))

    assert first == "graphics/00000001/a_100x100.png"
    assert images.derived(store, path, 100, 100) == first
    assert (store.files_root / first).read_bytes() == before
    assert image_headers.read(before) == ("png", 100, 50)
    assert tuple(store.db.row("SELECT width, height FROM images")) == (400, 200)


def test_an_image_is_never_enlarged(store, mug, accept, image):
    path = image("a.png", size=(40, 30))
    accept(add(path))

    assert images.derived(store, path, 100, 100) == path


def test_deleting_an_image_takes_it_from_all_products_and_leaves_the_file(store, mug, accept, image):
    path = image("a.png")
    accept(add(path, "main") + add(path) + f'<Image_Delete filepath="{path}"/>')

    assert shown(store, mug) == []
    assert (store.files_root / path).exists()


def test_deleting_a_type_leaves_its_images_untyped(store, mug, accept, image):
    accept(
        "<ImageType_Add><Code>closeup</Code><Description>Close</Description></ImageType_Add>"
        + add(image("a.png"), "closeup")
        + "<ImageType_Delete code='closeup'/>"
    )

    assert shown(store, mug) == [("a.png", "")]


def test_taking_a_file_away_that_is_not_there_is_silent_and_reported_to_lint(store, mug, accept, image, lint):
    path = image("a.png")
    delete = f'<ProductImage_Delete_File product_code="mug" filepath="{path}"/>'
    accept(add(path) * 2 + delete * 2)

    assert shown(store, mug) == []
    assert lint() == ["nothing to do"]
