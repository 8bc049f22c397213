"""
The tags that the store knows, and what a tag's function gets to read its element with.

    @tag("Category_Delete")
    def delete(tag: Tag) -> None:
        category = categories.find(tag.store, tag.attribute("code"))
        if category is None:
            raise Refused(...)
        categories.delete(tag.store, category["id"])

Readers come in two shapes: `required_...` for what must be there, and one that answers None for what is absent.
A function that raises (Refused, or any StoreError) has failed with that one message; `tag.complain` adds a message
and goes on. What it wrote before stays written. Children and attributes that it never asked for go to lint.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import ParamSpec, TypeVar

from miva_sandbox.provisioning import values
from miva_sandbox.provisioning.document import Element
from miva_sandbox.provisioning.messages import Messages
from miva_sandbox.provisioning.values import Unreadable
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.store import Store

_Value = TypeVar("_Value")
_Arguments = ParamSpec("_Arguments")


class Refused(Exception):
    """The tag failed; `at` is the inner element at fault, if it is not the tag itself."""

    def __init__(self, text: str, *, at: Element | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.at = at


class Tag:
    """An element with the store it is run on. `inner` gives the same for an element inside."""

    def __init__(self, store: Store, element: Element, messages: Messages) -> None:
        self.store = store
        self.element = element
        self.messages = messages
        # Set by a function whose act goes on after the answer: then nobody can say yet what it will not have read.
        self.goes_on = False

    @property
    def name(self) -> str:
        return self.element.name

    def inner(self, element: Element) -> "Tag":
        return Tag(self.store, element, self.messages)

    def refuse(self, text: str) -> Refused:
        """Return (for raising) a refusal that names this element."""
        return Refused(text, at=self.element)

    def complain(self, text: str) -> None:
        self.messages.add(line=self.element.line, tag=self.element.name, text=text)

    def complain_of(self, error: Refused | StoreError) -> None:
        """Report what a tag, or an inner element of one, failed with."""
        if isinstance(error, Refused):
            at = error.at or self.element
            self.messages.add(line=at.line, tag=at.name, text=error.text)
        else:
            self.complain(f"Fatal Error: {error.code}: {error.message}" if error.code else error.message)

    def lint(self, kind: str, detail: str) -> None:
        """Report what a real store passes over in silence."""
        self.store.lint.report(kind, self.name, detail)

    # attributes

    def attribute(self, name: str) -> str:
        """Return a required attribute; a blank one counts as present."""
        value = self.element.attribute(name)
        if value is None:
            raise self.refuse(f"Missing required attribute {name}")
        return value

    def optional_attribute(self, name: str) -> str | None:
        return self.element.attribute(name)

    # containers

    def has(self, name: str) -> bool:
        return bool(self.element.children(name))

    def container(self, name: str) -> Element | None:
        """Return an element that is tested for presence; given twice, it is reported and counts as absent."""
        found = self.element.children(name)
        if len(found) > 1:
            self.complain(f"Multiple values for {name} specified, ignored")
            return None
        return found[0] if found else None

    def required_container(self, name: str) -> Element:
        found = self.container(name)
        if found is None:
            raise self.refuse(f"Missing required tag {name}")
        return found

    # texts

    def text(self, name: str, *, blank: bool = True, limit: int | None = None) -> str | None:
        """Return a text; with `blank=False` it may be absent but not blank."""
        element = self._single(name)
        if element is None:
            return None
        value = self._read(name, values.decoded, element)
        if not value and not blank:
            raise self.refuse(f"If specified, the value of {name} may not be blank")
        return self._within(name, value, limit)

    def required_text(self, name: str, *, limit: int | None = None) -> str:
        value = self._read(name, values.decoded, self._required(name))
        if not value:
            raise self.refuse(f"The value of {name} may not be blank")
        return self._within(name, value, limit)

    def code(self, name: str, *, blank: bool = False) -> str | None:
        value = self.text(name, blank=blank)
        return self._read(name, values.code, value, self.store) if value else value

    def required_code(self, name: str) -> str:
        return self._read(name, values.code, self.required_text(name), self.store)

    def checked_code(self, name: str, value: str) -> str:
        """Return a code that stands in an attribute, if it is one."""
        return self._read(name, values.code, value, self.store)

    def own_text(self) -> str:
        """Return the element's own text, for tags that are a value themselves."""
        return self._read("value", values.decoded, self.element)

    # numbers, booleans, words: never blank

    def integer(self, name: str) -> int | None:
        return self._optional(name, values.integer)

    def required_integer(self, name: str) -> int:
        return self._read(name, values.integer, self.required_text(name))

    def price(self, name: str) -> int | None:
        """Return units of 1e-8."""
        value = self._optional(name, values.decimal)
        return None if value is None else to_units(value)

    def required_price(self, name: str) -> int:
        return to_units(self._read(name, values.decimal, self.required_text(name)))

    def weight(self, name: str) -> int | None:
        """Return units of 1e-8 in the store's unit; an attribute `unit` of the element converts."""
        element = self._single(name)
        return None if element is None else self._weight(name, element)

    def required_weight(self, name: str) -> int:
        return self._weight(name, self._required(name), required=True)

    def number(self, name: str, *, digits: int, decimals: int) -> Decimal | None:
        """Return a decimal of a column NUMERIC(digits, decimals)."""
        text = self.text(name, blank=False)
        if text is None:
            return None
        return self._read_with(name, lambda: values.decimal(text, left=digits - decimals, right=decimals))

    def required_number(self, name: str, *, digits: int, decimals: int) -> Decimal:
        text = self.required_text(name)
        return self._read_with(name, lambda: values.decimal(text, left=digits - decimals, right=decimals))

    def boolean(self, name: str) -> bool | None:
        return self._optional(name, values.boolean)

    def word(self, name: str, choices: tuple[str, ...]) -> str | None:
        text = self.text(name, blank=False)
        return None if text is None else self._word(name, text, choices)

    def required_word(self, name: str, choices: tuple[str, ...]) -> str:
        return self._word(name, self.required_text(name), choices)

    def date(self, name: str) -> int | None:
        """Return epoch seconds."""
        element = self._single(name)
        if element is None:
            return None
        return self._read_with(name, lambda: values.date(element, now=self.store.clock.now()))

    def attribute_integer(self, name: str) -> int:
        return self._read(name, values.integer, self.attribute(name))

    def attribute_boolean(self, name: str) -> bool:
        return self._read(name, values.boolean, self.attribute(name))

    # inside

    def _single(self, name: str) -> Element | None:
        found = self.element.children(name)
        if len(found) > 1:
            raise self.refuse(f"Multiple values for {name} specified")
        return found[0] if found else None

    def _required(self, name: str) -> Element:
        element = self._single(name)
        if element is None:
            raise self.refuse(f"Missing required tag {name}")
        return element

    def _optional(self, name: str, reader: Callable[[str], _Value]) -> _Value | None:
        text = self.text(name, blank=False)
        return None if text is None else self._read(name, reader, text)

    def _read(
        self, name: str, reader: Callable[_Arguments, _Value], *arguments: _Arguments.args, **named: _Arguments.kwargs
    ) -> _Value:
        return self._read_with(name, lambda: reader(*arguments, **named))

    def _read_with(self, name: str, reader: Callable[[], _Value]) -> _Value:
        try:
            return reader()
        except Unreadable as error:
            text = error.text if error.is_whole else f"Invalid value for {name}: {error.text}"
            raise self.refuse(text) from error

    def _within(self, name: str, value: str, limit: int | None) -> str:
        if limit is not None and len(value) > limit:
            raise self.refuse(f"Value for {name} must be {limit} characters or less")
        return value

    def _word(self, name: str, text: str, choices: tuple[str, ...]) -> str:
        try:
            return values.word(text, choices)
        except Unreadable as error:
            raise self.refuse(f"{name} must be one of: {error.text}") from error

    def _weight(self, name: str, element: Element, *, required: bool = False) -> int:
        text = self.required_text(name) if required else self.text(name, blank=False) or ""
        value = self._read(name, values.decimal, text)
        unit = element.attribute("unit")
        if unit is not None:
            value = self._read_with(name, lambda: values.converted_weight(value, unit=unit, store=self.store))
        return to_units(value)


TagFunction = Callable[[Tag], None]

_tags: dict[str, TagFunction] = {}


def tag(name: str) -> Callable[[TagFunction], TagFunction]:
    """Register the function of a tag."""

    def register(function: TagFunction) -> TagFunction:
        _tags[name.lower()] = function
        return function

    return register


def find(key: str) -> TagFunction | None:
    """Return the function of a tag by its name in lower case."""
    return _tags.get(key)


def names() -> list[str]:
    """Return the lower-case names of all tags that are implemented."""
    return sorted(_tags)
