import pytest

from tradepost.domain.errors import AddressRefused
from tradepost.security.paths import inside


@pytest.mark.parametrize("name", ["a.jpg", "images/a.jpg", "./a.jpg", "x/../a.jpg", "ä b.jpg"])
def test_a_name_below_the_folder_is_found(tmp_path, name):
    assert tmp_path in inside(tmp_path, name).parents


@pytest.mark.parametrize(
    "name", ["../a.jpg", "/etc/passwd", "x/../../a.jpg", "", ".", "..", "a\x00.jpg", "..\\a.jpg", "x/../.."]
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(AddressRefused):
        inside(tmp_path, name)


def test_a_link_that_leads_out_is_refused(tmp_path):
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)

    with pytest.raises(AddressRefused):
        inside(folder, "link/secret.key")
