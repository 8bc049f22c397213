"""Why a listing in the database needs a person, for tests."""

from typing import Any


def kinds_of(listing: Any) -> set[str]:
    return set(listing.attentions.values_list("kind", flat=True))


def reason_of(listing: Any, kind: str) -> str:
    return listing.attentions.get(kind=kind).message
