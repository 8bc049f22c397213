"""
Descriptions that can't run anything. They come from whoever writes the catalogue, and a store puts them into its pages
as they are; so of their markup only what is on the list is sent.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import nh3
from lxml import etree
from lxml import html as lxml_html

from tradepost.operations.ports import CleanDescription


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _words(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del"
    " details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main"
    " mark nav ol p picture pre q rp rt ruby s samp section small source span strike strong sub summary sup table"
    " tbody td tfoot th thead time tr tt u ul var wbr audio video track"
)
# Their content is no text of the description: it goes with them.
_WITH_CONTENT = _words(
    "script style iframe frame frameset object embed applet noscript noembed noframes template svg math title"
    " textarea select xmp plaintext"
)
_ATTRIBUTES: Final = {
    # No id and no name: scripts of the page find their own variables by them, and would find these instead.
    "*": {"class", "dir", "lang", "role", "style", "title", "align", "valign", "width", "height", "bgcolor"},
    "a": {"href", "target", "rel"},
    "img": {"src", "srcset", "sizes", "alt", "loading"},
    "source": {"src", "srcset", "sizes", "media", "type"},
    "audio": {"src", "controls", "loop", "muted", "preload"},
    "video": {"src", "controls", "loop", "muted", "preload", "poster", "playsinline"},
    "track": {"src", "kind", "label", "srclang"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"color", "face", "size"},
    "time": {"datetime"},
    "details": {"open"},
}
_STYLES = _words(
    "background-color border border-bottom border-collapse border-color border-left border-radius border-right"
    " border-spacing border-style border-top border-width clear color display float font font-family font-size"
    " font-style font-variant font-weight height letter-spacing line-height list-style-type margin margin-bottom"
    " margin-left margin-right margin-top max-height max-width min-height min-width padding padding-bottom"
    " padding-left padding-right padding-top text-align text-decoration text-indent text-transform vertical-align"
    " white-space width word-break word-spacing word-wrap"
)
# What a style can load or, in old browsers, compute; and by what that is written so that nobody sees it.
_ACTIVE_STYLE = re.compile(r"\(|\\\\|@|javascript|behavio|-moz-binding", re.IGNORECASE)
_COLOUR_FUNCTION = re.compile(r"\b(?:rgb|rgba|hsl|hsla|calc)\([\d\s.,%/+*-]*\)", re.IGNORECASE)
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "data"})
_DRAWN_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)

_NAMES = {
    "script": "script",
    **dict.fromkeys(("iframe", "frame", "frameset"), "frame"),
    **dict.fromkeys(("object", "embed", "applet"), "embedded object"),
    **dict.fromkeys(("style", "link"), "style sheet"),
    **dict.fromkeys(("svg", "math"), "drawing"),
    **dict.fromkeys(("form", "input", "button", "select", "textarea"), "form field"),
}
_ADDRESSES = frozenset({"href", "src", "srcset", "action", "formaction", "xlink:href", "poster", "background", "data"})


def _harmless_value(tag: str, attribute: str, value: str) -> str | None:
    """Return the value of an attribute that is allowed by its name; None where it is none of the harmless ones."""
    if attribute == "style":
        return None if _ACTIVE_STYLE.search(_COLOUR_FUNCTION.sub("", value)) else value
    # An image in the text itself may stay; a page that is one is as good as a script.
    if "data:" in "".join(value.split()).lower():
        is_drawn = tag == "img" and attribute == "src" and _DRAWN_IMAGE.fullmatch(value) is not None
        return value if is_drawn or attribute not in _ADDRESSES else None
    # Several addresses, which nobody but a browser takes apart.
    if attribute == "srcset" and re.search(r"script\s*:", value, re.IGNORECASE):
        return None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(_WITH_CONTENT),
    attributes=_ATTRIBUTES,
    attribute_filter=_harmless_value,
    url_schemes=set(_SCHEMES),
    filter_style_properties=set(_STYLES),
    link_rel=None,
)


class AllowedMarkup:
    """Implements `operations.ports.DescriptionCleaner`."""

    def clean(self, description: str) -> CleanDescription:
        if "<" not in description:
            # Without it there is no markup, and a text stays as it was written.
            return CleanDescription(description)
        text = _CLEANER.clean(description).strip()
        if text == description.strip():
            return CleanDescription(description)
        return CleanDescription(text, dict(_removed(description, text).most_common()))


def _removed(before: str, after: str) -> Counter[str]:
    """Count what the one has more than the other; for people only, as no two parsers read bad markup alike."""
    return Counter(_parts(before)) - Counter(_parts(after))


def _parts(markup: str) -> Iterator[str]:
    try:
        root = lxml_html.fragment_fromstring(markup, create_parent="div")
    except (etree.ParserError, ValueError):
        return
    inside: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            inside = None if element is inside else inside
            continue
        # What is inside of something that goes whole is not counted apart.
        if inside is not None or element is root or not isinstance(element.tag, str):
            continue
        tag = element.tag.lower()
        if tag in _WITH_CONTENT:
            inside = element
        if tag not in _TAGS:
            yield _NAMES.get(tag, "other tag")
            continue
        for attribute, value in element.attrib.items():
            if str(attribute).lower() == "style":
                yield from ("style" for declaration in str(value).split(";") if declaration.strip())
            else:
                yield _name_of(str(attribute).lower(), str(value))


def _name_of(attribute: str, value: str) -> str:
    if attribute.startswith("on"):
        return "handler"
    if attribute in _ADDRESSES:
        # Browsers leave out what is no letter, so that is where it is hidden.
        plain = re.sub(r"[\x00-\x20]", "", value).lower()
        return "link that runs code" if re.match(r"\w*script:|data:", plain) else "address"
    return "other attribute"
