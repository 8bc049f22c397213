"""What tags say of attributes and options, the same for those of products and those of templates."""

from miva_sandbox.provisioning.registry import Tag
from miva_sandbox.state import attributes
from miva_sandbox.state.attributes import Attribute, Option
from miva_sandbox.state.columns import ColumnValues


def new_attribute(tag: Tag) -> Attribute:
    values: ColumnValues = {
        "code": tag.required_code("Code"),
        "type": tag.required_word("Type", attributes.TYPES),
        "prompt": tag.required_text("Prompt"),
    }
    return Attribute(**(values | _values(tag) | _switches(tag)))  # type: ignore[arg-type]  # fields by name


def attribute_changes(tag: Tag, *, types: tuple[str, ...] = attributes.TYPES) -> ColumnValues:
    changes = _names(tag)
    chosen = tag.word("Type", types)
    if chosen is not None:
        changes["type"] = chosen
    return changes | _values(tag) | _switches(tag)


def new_option(tag: Tag) -> Option:
    values: ColumnValues = {"code": tag.required_code("Code"), "prompt": tag.required_text("Prompt")}
    return Option(**(values | _values(tag)), default=bool(tag.boolean("DefaultOption")))  # type: ignore[arg-type]  # likewise


def option_changes(tag: Tag) -> tuple[ColumnValues, bool]:
    """Return the changed columns, and whether the option is to be the default."""
    return _names(tag) | _values(tag), bool(tag.boolean("DefaultOption"))


def _names(tag: Tag) -> ColumnValues:
    changes: ColumnValues = {}
    code = tag.code("Code")
    if code is not None:
        changes["code"] = code
    prompt = tag.text("Prompt", blank=False)
    if prompt is not None:
        changes["prompt"] = prompt
    return changes


def _values(tag: Tag) -> ColumnValues:
    found = {
        "price": tag.price("Price"),
        "cost": tag.price("Cost"),
        "weight": tag.weight("Weight"),
        "image": tag.text("Image", limit=254),
    }
    return {column: value for column, value in found.items() if value is not None}


def _switches(tag: Tag) -> ColumnValues:
    found = {"required": tag.boolean("Required"), "inventory": tag.boolean("Inventory")}
    return {column: value for column, value in found.items() if value is not None}
