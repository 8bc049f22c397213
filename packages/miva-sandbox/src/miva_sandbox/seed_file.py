"""
A file of provisioning tags, executed in a store when a sandbox starts.

It is a bare list of tags for the first store, as the API takes it, or a whole document as a store takes it from a
folder: `<Provision><Store code="one">tags</Store><Store code="two">tags</Store></Provision>`. A store that is named
there and does not exist is made. Tags of the whole domain are not known.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from miva_sandbox import provisioning
from miva_sandbox.seed import seed
from miva_sandbox.state.columns import code_fault
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.store import Store


class UnreadableError(Exception):
    """The file can't be read or understood, in a sentence for whoever named it."""


def run(domain: Domain, first: Store, path: Path) -> Iterator[str]:
    """
    Execute the file's tags and yield what a store says to them, as `file:line: tag: message`.

    Raises UnreadableError; tags of a document that stand before the fault are executed by then.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path}: {error}") from None
    try:
        for code, tags in _parts(text):
            store = first if code is None else _open(domain, code)
            for message in provisioning.run(store, tags):
                yield f"{path}:{message.lineno}: {message.tag}: {message.message}"
    except (etree.XMLSyntaxError, provisioning.ParseError, provisioning.TooManyTopLevelTags) as error:
        raise UnreadableError(f"{path}: {error}") from None


def _parts(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield (code of a store, tags); the tags keep the lines that they have in the file."""
    whole = _document(text)
    if whole is None:
        yield None, text
        return
    for store in whole:
        if not isinstance(store.tag, str):
            continue
        code = next((value for name, value in store.attrib.items() if name.lower() == "code"), "")
        if store.tag.lower() != "store" or not code:
            raise UnreadableError(f'Line {store.sourceline}: only <Store code="..."> stands in <Provision>')
        yield str(code), "\n" * ((store.sourceline or 1) - 1) + _inside(store)


def _document(text: str) -> etree._Element | None:
    """Return the root of a whole document; None for a list of tags."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        # A list of tags has no single root; what is wrong with it beyond that, its own reader will say.
        return None
    return root if str(root.tag).lower() == "provision" else None


def _inside(element: etree._Element) -> str:
    pieces = (etree.tostring(child, encoding="unicode") for child in element)
    return (element.text or "").replace("&", "&amp;").replace("<", "&lt;") + "".join(pieces)


def _open(domain: Domain, code: str) -> Store:
    if (found := domain.find_store(code)) is not None:
        return found
    if fault := code_fault(code, strict=domain.settings.strict_codes):
        raise UnreadableError(f"There can be no store '{code}': {fault}")
    return seed(domain, store_code=code).store
