"""The sub-folder as people type it, and what it means on the store and on the image server."""

import pytest

from tradepost.domain.errors import AddressRefused, StorageRefused
from tradepost.miva.files.image_folder import ImageFolder, registered_folder, usual_base_directories


@pytest.mark.parametrize(
    ("typed", "registered"),
    [
        ("", "graphics"),
        ("graphics", "graphics"),
        ("/graphics/", "graphics"),
        ("is-images", "graphics/is-images"),
        ("graphics/is-images", "graphics/is-images"),
        ("/graphics/is-images/", "graphics/is-images"),
        (" Graphics/a/b ", "graphics/a/b"),
        ("/is-images/", "graphics/is-images"),
        ("a/b", "graphics/a/b"),
        ("graphics\\is-images", "graphics/is-images"),
    ],
)
def test_the_sub_folder_may_be_typed_in_many_ways(typed, registered):
    """R23: `is-images` with or without its parent means that folder, `graphics` or nothing means none."""
    assert registered_folder(typed) == registered


@pytest.mark.parametrize(
    "typed",
    [
        *("..", "../x", "a/../b", "00000001", "graphics/1", "a b", "a:b", ".hidden", "ä"),
        *("/etc/ssl", "/htdocs/mm5/graphics/is-images", "htdocs/mm5/graphics", "/htdocs/mm5/pictures"),
    ],
)
def test_what_leads_elsewhere_or_is_the_stores_own_is_refused(typed):
    """R23, R24: what leads elsewhere is refused, and so are numbered folders, which are the store's own."""
    with pytest.raises(AddressRefused):
        registered_folder(typed)


@pytest.mark.parametrize(
    ("base", "sub_folder", "remote"),
    [
        ("/htdocs/mm5/graphics", "is-images", "/htdocs/mm5/graphics/is-images"),
        ("htdocs/mm5/graphics/", "", "/htdocs/mm5/graphics"),
        ("/", "is-images", "/is-images"),
        ("", "", "/"),
    ],
)
def test_the_base_directory_is_the_one_the_store_calls_graphics(base, sub_folder, remote):
    assert ImageFolder(base, sub_folder).remote == remote


def test_a_registered_path_leads_to_its_file():
    folder = ImageFolder("/htdocs/mm5/graphics", "is-images")

    assert folder.remote_path("graphics/is-images/a.png") == "/htdocs/mm5/graphics/is-images/a.png"
    assert ImageFolder("/", "").remote_path("graphics/a.png") == "/a.png"


@pytest.mark.parametrize("path", ["a.png", "other/a.png", "graphics/../a.png", "graphics/a b.png", "/graphics/a.png"])
def test_a_path_beside_the_graphics_folder_is_refused(path):
    with pytest.raises(StorageRefused):
        ImageFolder().remote_path(path)


def test_a_base_directory_that_climbs_is_refused():
    with pytest.raises(AddressRefused):
        ImageFolder("/htdocs/../etc", "")


def test_the_usual_places_begin_with_the_usual_one():
    assert usual_base_directories("/mm5/")[0] == "/htdocs/mm5/graphics"
    assert usual_base_directories("/")[0] == "/htdocs/graphics"
    assert "/mm5/graphics" in usual_base_directories("mm5")
