"""
A provisioning document: the text of a request, put into two wrapper elements and parsed.

The text is a bare list of tags. Because it stands inside the wrappers, an XML declaration or a document type in it is
an error, and with it every entity but XML's own five: there is nothing to expand, and nothing is fetched.
"""

from collections.abc import Iterator
from functools import cached_property

from lxml import etree

_BEFORE = "<Provision><Store>"
_AFTER = "</Store></Provision>"


class ParseError(Exception):
    """The text is not well-formed; nothing was run."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"Unable to parse XML: {line}: {text}")


class TooManyTopLevelTags(Exception):
    """The text closed the wrapper and opened another element."""

    def __init__(self) -> None:
        super().__init__("Too many top-level tags")


class Element:
    """
    An element of the document. Names of children and attributes are looked up without regard to case.

    It remembers which of its children and attributes somebody asked for, so that the rest can be reported to lint.
    """

    def __init__(self, node: etree._Element) -> None:
        self._node = node
        self._asked: set[str] = set()
        self._asked_attributes: set[str] = set()

    @cached_property
    def name(self) -> str:
        """The name as it was written."""
        local = etree.QName(self._node).localname
        return f"{self._node.prefix}:{local}" if self._node.prefix else local

    @cached_property
    def key(self) -> str:
        return self.name.lower()

    @property
    def line(self) -> int:
        return self._node.sourceline or 1

    @property
    def raw_text(self) -> str:
        return self._node.text or ""

    @property
    def text(self) -> str:
        return self.raw_text.strip()

    @cached_property
    def all_children(self) -> list["Element"]:
        return [Element(child) for child in self._node if isinstance(child.tag, str)]

    @cached_property
    def _attributes(self) -> dict[str, str]:
        return {str(name).lower(): str(value).strip() for name, value in self._node.attrib.items()}

    def attribute(self, name: str) -> str | None:
        """Return the trimmed value, or None if it is absent."""
        self._asked_attributes.add(name.lower())
        return self._attributes.get(name.lower())

    def children(self, name: str) -> list["Element"]:
        self._asked.add(name.lower())
        return self._by_key.get(name.lower(), [])

    def walk(self) -> list["Element"]:
        """Return all children, for lists whose members are told apart by whoever reads them."""
        self._asked.update(child.key for child in self.all_children)
        return self.all_children

    @cached_property
    def _by_key(self) -> dict[str, list["Element"]]:
        found: dict[str, list[Element]] = {}
        for child in self.all_children:
            found.setdefault(child.key, []).append(child)
        return found

    def ignored(self) -> Iterator[tuple[str, str]]:
        """Yield (kind, path) of the child elements and attributes here and below that nobody asked for."""
        for name in self._attributes.keys() - self._asked_attributes:
            yield "unknown attribute", f"{self.name}/@{name}"
        for child in self.all_children:
            if child.key not in self._asked:
                yield "unknown child element", f"{self.name}/{child.name}"
            else:
                yield from child.ignored()


def parse(text: str) -> list[Element]:
    """
    Return the tags of a document in order.

    Line 1 is the first line of the text. Raises ParseError, TooManyTopLevelTags.
    """
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    # Lone surrogates (JSON can carry them) become bytes that the parser refuses with a line number.
    content = f"{_BEFORE}{text}{_AFTER}".encode("utf-8", "surrogatepass")
    if "\0" in text:
        raise ParseError(text[: text.index("\0")].count("\n") + 1, "Invalid character: 0x00")
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        first = next(iter(parser.error_log), None)
        line, message = (first.line, first.message) if first is not None else (1, str(error.msg))
        raise ParseError(max(line, 1), message.strip()) from error
    wrappers = [Element(child) for child in root if isinstance(child.tag, str)]
    if len(wrappers) != 1:
        raise TooManyTopLevelTags
    return wrappers[0].all_children
