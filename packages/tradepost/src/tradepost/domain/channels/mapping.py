"""
The mapping of a channel: from which fields of the catalogue a text or custom field of the store is made.

An entry is a target and a template, a text with sources in braces: `name` from `{brand} {title}`. What no entry names
is made as the table of fields says. The name can't be mapped away: where its template comes to nothing it is the title.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from html import escape

from tradepost.domain.listings.making import ContentRules, Making

TEXT_TARGETS = ("name", "description", "page_title")
FIELD_PREFIX = "field:"
LONGEST_TEMPLATE = 1000
_FIELD_CODE = re.compile(r"[A-Za-z0-9_-]{1,50}", re.ASCII)
_SOURCE = re.compile(r"\{([^{}]*)\}")
_SPACES = re.compile(r"\s+")


def _of_variant(name: str) -> Callable[[Making], str]:
    def read(made: Making) -> str:
        value = getattr(made.variant, name, None)
        return f"{value:.2f}" if isinstance(value, Decimal) else value or ""

    return read


SOURCES: Mapping[str, Callable[[Making], str]] = {
    "title": lambda made: made.product.title,
    "description": lambda made: made.product.description.strip(),
    "page_title": lambda made: made.product.page_title,
    "brand": lambda made: made.product.brand,
    "category": lambda made: made.product.category[-1] if made.product.category else "",
    "categories": lambda made: " > ".join(made.product.category),
    "tags": lambda made: ", ".join(made.product.tags),
    "handle": lambda made: made.product.handle,
    "options": lambda made: ", ".join(value for value in made.variant.options if value) if made.variant else "",
    "sku": lambda made: made.variant.sku if made.variant else made.product.handle,
    **{name: _of_variant(name) for name in ("barcode", "mpn", "cost", "msrp", "length", "width", "height")},
}
"""What a template may name. A parent has nothing of a variant."""


def template_of(rules: ContentRules, target: str) -> str:
    """Return the channel's own template of a target; blank where there is none."""
    return dict(rules.mapping).get(target, "")


def mapped(made: Making, target: str) -> str:
    """Make a target by the channel's template; blank where there is none, or nothing to say."""
    template = template_of(made.rules, target)
    is_markup = target == "description"
    text = _SOURCE.sub(lambda found: _read(made, found[1], is_markup=is_markup), template)
    return text.strip() if is_markup else _SPACES.sub(" ", text).strip()


def _read(made: Making, source: str, *, is_markup: bool) -> str:
    value = SOURCES[source](made)
    # The description is markup already; all else is text that stands in it.
    return escape(value) if is_markup and source != "description" else value


def mapped_name(made: Making) -> str:
    """
    The title that the name is made of. A template with {options} says itself what tells variants apart; a parent has no
    options, so its name is made without them.
    """
    return mapped(made, "name") or made.product.title


def names_options(made: Making) -> bool:
    return made.is_of_family and "{options}" in template_of(made.rules, "name") and bool(mapped(made, "name"))


def mapped_fields(made: Making) -> dict[str, str]:
    """The custom fields that the channel's own entries make, by code."""
    codes = (target.removeprefix(FIELD_PREFIX) for target in field_targets(made.rules))
    return {code: mapped(made, FIELD_PREFIX + code) for code in codes}


def field_code(target: str) -> str:
    """Return the code of the custom field that a target is; blank for one of the texts."""
    return target.removeprefix(FIELD_PREFIX) if target.startswith(FIELD_PREFIX) else ""


def field_targets(rules: ContentRules) -> list[str]:
    return [target for target, _ in rules.mapping if target.startswith(FIELD_PREFIX)]


def changed(mapping: Iterable[tuple[str, str]], changes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Set these entries; a blank template takes one out."""
    return tuple((target, template) for target, template in {**dict(mapping), **changes}.items() if template.strip())


def why_unmappable(target: str, template: str) -> str:
    """Say why there can't be such an entry; blank where there can."""
    if target not in TEXT_TARGETS and not _FIELD_CODE.fullmatch(target.removeprefix(FIELD_PREFIX)):
        return f"'{target[:60]}' is no code of a custom field: letters, digits, - and _, 50 at most."
    if target not in TEXT_TARGETS and not target.startswith(FIELD_PREFIX):
        return (
            f"'{target}' can't be mapped; choose {', '.join(TEXT_TARGETS)}, or {FIELD_PREFIX}CODE for a custom field."
        )
    if len(template) > LONGEST_TEMPLATE:
        return f"The template of '{target}' has more than {LONGEST_TEMPLATE} characters."
    unknown = next((source for source in _SOURCE.findall(template) if source not in SOURCES), None)
    if unknown is not None:
        return f"The catalogue has no '{unknown[:40]}' to make '{target}' of; there are {', '.join(SOURCES)}."
    if "{" in _SOURCE.sub("", template) or "}" in _SOURCE.sub("", template):
        return f"A brace in the template of '{target}' has no other; write sources as {{title}}."
    return ""
