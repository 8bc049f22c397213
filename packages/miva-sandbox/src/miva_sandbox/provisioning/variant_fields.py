"""What tags say of variants: the choice, the parts and the pricing; kits use the first two as well."""

from miva_sandbox.provisioning.document import Element
from miva_sandbox.provisioning.lookups import product_record, record_missing
from miva_sandbox.provisioning.registry import Tag
from miva_sandbox.provisioning.values import Unreadable, integer
from miva_sandbox.state import attributes
from miva_sandbox.state.attributes import PRODUCT, TEMPLATE
from miva_sandbox.state.variants import METHODS, Dimension, Part, Pricing

_OPTION = "attribute_option"
_BOOLEAN = "attribute_boolean"
_TEMPLATE_OPTION = "attributetemplateattribute_option"
_TEMPLATE_BOOLEAN = "attributetemplateattribute_boolean"
CHOICE_ELEMENTS = (_OPTION, _BOOLEAN, _TEMPLATE_OPTION, _TEMPLATE_BOOLEAN)

_QUANTITY_DIGITS = 10


def dimensions(tag: Tag, product_id: int, container: Element) -> list[Dimension]:
    """Read the choice inside `Options`; elements that are none of the four kinds are ignored."""
    found = []
    for element in container.walk():
        if element.key in CHOICE_ELEMENTS:
            found.append(dimension(tag.inner(element), product_id))
        else:
            tag.lint("unknown child element", f"{container.name}/{element.name}")
    if not found:
        raise tag.refuse("One or more options must be specified")
    return found


def dimension(tag: Tag, product_id: int) -> Dimension:
    """Read one of the four elements that name a choice."""
    code = tag.attribute("attribute_code")
    row = attributes.find(tag.store, PRODUCT, product_id, code)
    if row is None:
        raise record_missing(tag, "MER-DBP-ATT-00011")
    kind, attr_id, attmpat_id = PRODUCT, row["id"], 0
    if tag.element.key in {_TEMPLATE_OPTION, _TEMPLATE_BOOLEAN}:
        code = tag.attribute("attributetemplateattribute_code")
        row = attributes.find(tag.store, TEMPLATE, row["attemp_id"], code)
        if row is None:
            # The code of this error is not public; it follows the pattern of the others.
            raise record_missing(tag, "MER-DBP-ATA-00011")
        kind, attmpat_id = TEMPLATE, row["id"]
    if not row["inventory"]:
        raise tag.refuse(f"Attribute '{code}' is not an inventory attribute")
    if tag.element.key in {_BOOLEAN, _TEMPLATE_BOOLEAN}:
        if row["type"] not in attributes.BOOLEANS:
            raise tag.refuse(f"Attribute '{code}' is not a boolean attribute")
        return Dimension(attr_id, attmpat_id, int(tag.attribute_boolean("present")))
    if row["type"] not in attributes.CHOICES:
        raise tag.refuse(f"Attribute '{code}' is not a multiple selection attribute")
    option = attributes.find_option(tag.store, kind, row["id"], tag.attribute("option_code"))
    if option is None:
        raise record_missing(tag, "MER-DBP-OPT-00011")
    return Dimension(attr_id, attmpat_id, option["id"])


def parts(tag: Tag, container: Element, *, empty: str) -> list[Part]:
    """Read `Parts`; `empty` is the message if there is none."""
    found = []
    for element in container.walk():
        inner = tag.inner(element)
        if element.key != "part":
            raise inner.refuse("Unknown tag")
        row = product_record(inner, inner.attribute("product_code"))
        found.append(Part(row["id"], _quantity(inner)))
    if not found:
        raise tag.refuse(empty)
    if len({part.part_id for part in found}) < len(found):
        tag.lint("part listed twice", "the variant is stored but can't be chosen")
    return found


def pricing(tag: Tag) -> Pricing | None:
    """Read `ProductVariantPricing`; None if it is absent."""
    container = tag.container("ProductVariantPricing")
    if container is None:
        return None
    inner = tag.inner(container)
    return Pricing(
        method=METHODS[inner.required_word("Method", tuple(METHODS))],
        price=inner.price("Price") or 0,
        cost=inner.price("Cost") or 0,
        weight=inner.weight("Weight") or 0,
    )


def _quantity(tag: Tag) -> int:
    """Read a whole number of up to ten digits; that it is positive is not tested."""
    text = tag.attribute("quantity")
    try:
        quantity = int(text) if len(text) == _QUANTITY_DIGITS and text.isascii() and text.isdigit() else integer(text)
    except Unreadable as error:
        raise tag.refuse(f"Invalid value for quantity: {error.text}") from error
    if quantity < 1:
        tag.lint("part without quantity", f"quantity {quantity} of part '{tag.attribute('product_code')}'")
    return quantity
