"""The tags that bring a product's images to what is wanted, carried out on a list as a store would."""

from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.fields import FIELDS
from tradepost.domain.store import StoreImage
from tradepost.miva.documents import field_tags

OWN = [f"graphics/is-images/mug-{place}-{letter * 8}.jpg" for place in (1, 2, 3) for letter in "abc"]
MERCHANTS = ["graphics/front.jpg", "graphics/back.jpg", "graphics/photo-12-20240131.jpg"]


def with_one_main(paths, main):
    return tuple(StoreImage(path, "main" if place == main else "") for place, path in enumerate(paths))


@st.composite
def on_store(draw):
    paths = draw(st.lists(st.sampled_from([*OWN, *MERCHANTS]), unique=True, max_size=6))
    return with_one_main(paths, draw(st.integers(-1, 5)))


@st.composite
def wanted(draw):
    return with_one_main(draw(st.lists(st.sampled_from(OWN), unique=True, min_size=1, max_size=4)), 0)


def carried_out(rows, tags):
    """At most one row has a type: whoever is given it takes it from the other, which stays."""
    rows = list(rows)
    for tag in tags:
        path, image_type = tag.element.get("filepath"), tag.element.get("imagetype_code", "")
        if tag.name == "ProductImage_Delete_File":
            rows = [row for row in rows if row.path != path]
            continue
        holder = next((n for n, row in enumerate(rows) if image_type and row.image_type == image_type), None)
        if tag.name == "ProductImage_Replace_Type" and holder is not None:
            rows[holder] = StoreImage(path, image_type)
            continue
        if holder is not None:
            rows[holder] = StoreImage(rows[holder].path, "")
        rows.append(StoreImage(path, image_type))
    return rows


@given(on_store(), wanted())
def test_the_hubs_own_are_as_wanted_and_the_merchants_all_stay(have, want):
    field = FIELDS["images"]
    ours = {image for image in have if image.path in OWN}
    missing = field.compare(have, want, ours=ours)
    tags = [] if missing is None else list(field_tags.images("MUG", *missing))

    rows = carried_out(have, tags)

    assert [row for row in rows if row.path in OWN] == list(want)
    assert [row.path for row in rows if row.path in MERCHANTS] == [row.path for row in have if row.path in MERCHANTS]
    assert field.compare(tuple(rows), want, ours={row for row in rows if row.path in OWN}) is None


@given(wanted())
def test_a_new_product_gets_its_images_in_order(want):
    assert carried_out([], field_tags.images("MUG", None, want)) == list(want)
