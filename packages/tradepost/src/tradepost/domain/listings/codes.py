"""
Codes: the identifiers that we give to what we create on a store, derived from the merchant's own names.

The same input always gives the same code, so a publish that was killed finds its own products again.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import count

MAX_LENGTH = 50
_FITS = re.compile(r"[A-Za-z0-9_-]{1,50}")
_PLAIN_NAME = re.compile(r"[a-z0-9]+(?:[ -][a-z0-9]+)*")
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


def code_key(code: str) -> str:
    """Fold a code for look-ups: a store treats `Tee` and `TEE` as the same product."""
    return code.strip().casefold()


def fits(text: str) -> bool:
    return _FITS.fullmatch(text) is not None


def code_for(name: str, *, max_length: int = MAX_LENGTH) -> str:
    """
    Make a code of a SKU, a handle or an option value.

    A name that fits is its own code. Any other is cleaned and ends in `-` and 8 characters of a hash of the
    original, so that `A/B` and `A B` stay two codes.
    """
    if fits(name) and len(name) <= max_length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    cleaned = _UNFIT.sub("-", name).strip("-")[: max_length - 9].rstrip("-")
    return f"{cleaned}-{digest}" if cleaned else digest


def parent_code(name: str, *, child_codes: Iterable[str]) -> str:
    """Make the code of a family's parent: its SKU or handle, kept apart from its children's codes."""
    code = code_for(name)
    if code_key(code) in map(code_key, child_codes):
        return code_for(f"{name}-parent")
    return code


def other_codes(name: str, code: str, *, is_parent: bool) -> Iterator[str]:
    """Give the codes, without an end, that a SKU or handle may have where its own code is another's."""
    if is_parent:
        yield code_for(f"{name}-parent")
    for number in count():
        yield _with_hash(code, f"{name}{number or ''}")


def _with_hash(code: str, name: str) -> str:
    return f"{code[: MAX_LENGTH - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def option_codes(values: Iterable[str]) -> dict[str, str]:
    """Map each option value of one attribute to its code; values equal but for case get different codes."""
    codes: dict[str, str] = {}
    taken: set[str] = set()
    for value in values:
        if value in codes:
            continue
        code = code_for(value)
        if code_key(code) in taken:
            code = _with_hash(code, value)
        taken.add(code_key(code))
        codes[value] = code
    return codes


def made_up_sku(handle: str, options: Iterable[str]) -> str:
    """Make a SKU for a product that has none: the same handle and options always give the same one."""
    return "-".join([handle, *(value.strip() for value in options if value.strip())])


def category_code(path: Iterable[str]) -> str:
    """
    Make the code of a category from its path, as folded by `category_key`: `men_tops_t--shirts`.

    A blank becomes a dash, a dash two, and levels are joined by `_`, so that no two paths have one code. A path that
    is of other marks, or too long, is cleaned and ends in `-` and 8 characters of a hash.
    """
    names = list(path)
    code = "_".join(name.replace("-", "--").replace(" ", "-") for name in names)
    if len(code) <= MAX_LENGTH and all(_PLAIN_NAME.fullmatch(name) for name in names):
        return code
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]
    cleaned = "_".join(filter(None, map(slug, names)))[: MAX_LENGTH - 9].rstrip("-_")
    return f"{cleaned}-{digest}" if cleaned else digest


def category_key(name: str) -> str:
    """Fold a category's name: case and blanks make no other category."""
    return " ".join(name.split()).casefold()


def slug(text: str) -> str:
    """Write a text as one part of a web address: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
