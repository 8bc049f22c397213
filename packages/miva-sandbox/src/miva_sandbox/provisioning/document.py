"""
A provisioning document: the text of a request, put into two wrapper elements and parsed.

The text is a bare list of tags. Because it stands inside the wrappers, an XML declaration or a document type in it is
an error, and with it every entity but XML's own five: there is nothing to expand, and nothing is fetched.
"""

from collections.abc import Iterator

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

    __slots__ = ("_asked", "_asked_attributes", "_attributes", "_by_key", "_node", "all_children", "key", "name")

    def __init__(self, node: etree._Element) -> None:
        self._node = node
        tag = str(node.tag)
        # As it was written: the parser puts the name of the namespace in the place of its prefix.
        self.name = f"{node.prefix or ''}:{tag.partition('}')[2]}".lstrip(":") if tag.startswith("{") else tag
        self.key = self.name.lower()
        self.all_children = [Element(child) for child in node if isinstance(child.tag, str)]
        self._by_key: dict[str, list[Element]] = {}
        for child in self.all_children:
            self._by_key.setdefault(child.key, []).append(child)
        self._attributes = {str(name).lower(): str(value).strip() for name, value in node.attrib.items()}
        self._asked: set[str] = set()
        self._asked_attributes: set[str] = set()

    @property
    def line(self) -> int:
        return self._node.sourceline or 1

    @property
    def raw_text(self) -> str:
        return self._node.text or ""

    @property
    def text(self) -> str:
        return self.raw_text.strip()

    @property
    def stray_text(self) -> str:
        """The text before, between and after the child elements."""
        return "".join([self.raw_text, *(child.tail or "" for child in self._node)]).strip()

    def attribute(self, name: str) -> str | None:
        """Return the trimmed value, or None if it is absent."""
        self._asked_attributes.add(name.lower())
        return self._attributes.get(name.lower())

    def children(self, name: str) -> list["Element"]:
        key = name.lower()
        self._asked.add(key)
        return self._by_key.get(key, [])

    def walk(self) -> list["Element"]:
        """Return all children, for lists whose members are told apart by whoever reads them."""
        self._asked.update(child.key for child in self.all_children)
        return self.all_children

    def ignored(self) -> Iterator[tuple[str, str]]:
        """Yield (kind, path) of the elements, attributes and text, here and below, that nobody asked for."""
        if self.all_children and self.stray_text:
            yield "stray text", self.name
        for name in self._attributes.keys() - self._asked_attributes:
            yield "unknown attribute", f"{self.name}/@{name}"
        for child in self.all_children:
            if child.key not in self._asked:
                yield "unknown child element", f"{self.name}/{child.name}"
            else:
                yield from child.ignored()


def parse(text: str) -> Element:
    """
    Return the element that holds the tags of a document.

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
    return wrappers[0]
