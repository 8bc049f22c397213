"""Names of images: new content gets a new one, and by them the hub tells its own from the merchant's."""

import pytest

from tradepost.domain.catalogue.catalogue import ImageFile
from tradepost.domain.listings.image_names import image_path, own_place, place_of


def a_path(checksum="ab" * 32, *, code="MUG/01 blue", folder="graphics/is-images", position=2):
    file = ImageFile("https://images.example/mug.jpg", checksum, "jpg", 1)
    return image_path(folder=folder, code=code, position=position, file=file)


def test_a_name_tells_product_place_and_content():
    assert a_path() == "graphics/is-images/mug-01-blue-2-abababab.jpg"
    assert a_path("cd" * 32) == "graphics/is-images/mug-01-blue-2-cdcdcdcd.jpg"


@pytest.mark.parametrize("folder", ["graphics", "graphics/is-images", "graphics/00000001/chan"])
@pytest.mark.parametrize("code", ["MUG/01 blue", "x" * 90, "日本"])
def test_what_the_hub_named_is_its_own_in_whatever_folder(folder, code):
    assert own_place(a_path(code=code, folder=folder, position=12), code=code) == "12"


@pytest.mark.parametrize(
    "path",
    [
        "graphics/mug-01-blue.jpg",
        "graphics/mug-01-blue-2.jpg",
        "graphics/mug-01-blue-2-abc.jpg",
        "graphics/photo-12-20240131.jpg",  # a date is as long as a checksum
        "graphics/mug-01-blue-large-2-abababab.jpg",
        "graphics/my-mug-01-blue-2-abababab.jpg",
        "graphics/mug-01-blue-2-abababab.jpg/x.jpg",
    ],
)
def test_what_is_named_otherwise_is_the_merchants(path):
    assert own_place(path, code="MUG/01 blue") == ""


def test_the_place_of_an_image_is_told_under_whatever_code_it_was_named():
    assert place_of(a_path(code="another", position=12)) == "12"
    assert place_of("photo-3-0123abcd.png") == "3"
    others = ("x/photo.png", "x/mug-2-abc.png", "x-2-0123abcd.png/y.png", "2-0123abcd.png")
    assert [place_of(path) for path in others] == ["", "", "", ""]


def test_a_long_code_is_cut_and_one_without_letters_has_a_name_all_the_same():
    assert a_path(code="x" * 71) == f"graphics/is-images/{'x' * 70}-2-abababab.jpg"
    assert a_path(code="日本") == "graphics/is-images/image-2-abababab.jpg"
