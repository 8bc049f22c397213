"""Tags of URIs."""

import re

from miva_sandbox.provisioning.lookups import product_existing
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import categories, uris

_URI = re.compile(r"/[^\s?#]*")
_WIDTH = 254
_OWNERS = ("product_code", "category_code", "page_code", "feed_code")


@tag("URI_Add")
def add(tag: Tag) -> None:
    uri = tag.attribute("uri")
    if not _URI.fullmatch(uri) or len(uri) > _WIDTH:
        raise tag.refuse(f"Invalid URI '{uri}'")
    product_id, cat_id, page_code = _owner(tag)
    canonical, status = tag.optional_attribute("canonical"), tag.optional_attribute("status")
    if (canonical is None) == (status is None):
        raise tag.refuse("Exactly one of canonical and status must be specified")
    if status is not None and status not in {str(known) for known in uris.STATUSES}:
        raise tag.refuse(f"status must be one of: {','.join(map(str, uris.STATUSES))}")
    is_canonical = canonical is not None and tag.attribute_boolean("canonical")
    uris.insert(
        tag.store,
        uri,
        product_id=product_id,
        cat_id=cat_id,
        page_code=page_code,
        canonical=is_canonical,
        status=int(status or 200),
    )


@tag("URI_Delete")
def delete(tag: Tag) -> None:
    uri = tag.attribute("uri")
    if not uris.delete(tag.store, uri):
        raise tag.refuse(f"URI '{uri}' does not exist")


@tag("URI_Delete_All")
def delete_all(tag: Tag) -> None:
    product_id, cat_id, page_code = _owner(tag)
    uris.delete_all(tag.store, product_id=product_id, cat_id=cat_id, page_code=page_code)


def _owner(tag: Tag) -> tuple[int, int, str]:
    """Return the id of the product, the id of the category and the code of the page, of which one is given."""
    given = [(name, code) for name in _OWNERS if (code := tag.optional_attribute(name)) is not None]
    if len(given) != 1:
        raise tag.refuse(f"Exactly one of {', '.join(_OWNERS)} must be specified")
    name, code = given[0]
    if name == "product_code":
        return product_existing(tag, code)["id"], 0, ""
    if name == "category_code":
        row = categories.find(tag.store, code)
        if row is None:
            raise tag.refuse(f"Category '{code}' does not exist")
        return 0, row["id"], ""
    if name == "feed_code":
        raise tag.refuse(f"Feed '{code}' does not exist")
    return 0, 0, code
