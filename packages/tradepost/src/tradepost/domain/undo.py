"""
Undo: the changes of an earlier run, turned round, and what of them can't be.

A value goes back only where the store still has what the run had put there: what was changed again since is somebody
else's by now. Stock is never set back, since pieces may have been sold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tradepost.domain.channels.layout import SWITCHED
from tradepost.domain.fields import FIELDS, WEIGHT_TOLERANCE_GRAMS
from tradepost.domain.listings.codes import code_key
from tradepost.domain.plan import Action, Change, FieldChange, Side, SubjectKind
from tradepost.domain.store import StoreImage, StoreProduct

_STOCK = frozenset({"quantity", "sells_without_stock"})
_LONGEST_VALUE = 60


class Turn(StrEnum):
    """How a change is turned round."""

    RESTORE = "restore"  # its fields get the values that they had
    DELETE = "delete"  # what was made goes
    UNLINK = "unlink"
    CANNOT = "cannot"
    NOTHING = "nothing"  # it noted what was so, and changed nothing


@dataclass(frozen=True, slots=True)
class _Field:
    """
    A field that can be restored: how its values are read from what was kept of them.

    `now`: the part of what the store has that a value speaks of. `is_same`: whether two of these are equal.
    """

    read: Callable[[Any], Any]
    now: Callable[[Any, Any], Any] = lambda have, _value: have
    is_same: Callable[[Any, Any], bool] = lambda one, other: one == other


def _texts(values: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}


def _measures(values: Any) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in values.items()}


def _images(values: Any) -> tuple[StoreImage, ...]:
    return tuple(StoreImage(value["path"], value["image_type"]) for value in values)


def _own_images(have: tuple[StoreImage, ...], value: tuple[StoreImage, ...]) -> tuple[StoreImage, ...]:
    """The merchant's own stay, wherever they stand."""
    paths = {image.path for image in value}
    return tuple(image for image in have if image.path in paths)


def _named(have: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: have.get(name, "") for name in value}


def _is_near(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= WEIGHT_TOLERANCE_GRAMS


def _same_codes(one: Any, other: Any) -> bool:
    return {code_key(code) for code in one} == {code_key(code) for code in other}


_TEXT, _NUMBER, _CHOICE = _Field(str), _Field(Decimal), _Field(bool)
_RESTORABLE: Mapping[str, _Field] = {
    **dict.fromkeys(("sku", "name", "description", "page_title"), _TEXT),
    **dict.fromkeys(("price", "cost"), _NUMBER),
    **dict.fromkeys(("is_taxable", "is_active", "is_in_search"), _CHOICE),
    "weight_grams": _Field(Decimal, is_same=_is_near),
    "dimensions": _Field(_measures, now=_named),
    "custom_fields": _Field(_texts, now=_named),
    "categories": _Field(tuple, is_same=_same_codes),
    "images": _Field(_images, now=_own_images),
}


def turn_of(change: Change) -> tuple[Turn, str]:
    """Say how a change that was made is turned round, or why it can't be."""
    if change.side is Side.STORE and change.reason.startswith(SWITCHED):
        return Turn.CANNOT, (
            "It was switched to another layout, together with its family. 'tradepost channel set CHANNEL --layout' "
            "with the one before has the next publish switch it back."
        )
    match change.subject.kind, change.side, change.action:
        case SubjectKind.PRODUCT, Side.STORE, Action.UPDATE if any(change.touches(name) for name in _STOCK):
            return Turn.CANNOT, "Stock is never set back, as pieces may have been sold; state a count instead."
        case SubjectKind.PRODUCT, Side.STORE, Action.UPDATE:
            return Turn.RESTORE, ""
        case SubjectKind.PRODUCT, Side.STORE, Action.CREATE:
            return Turn.DELETE, ""
        case SubjectKind.PRODUCT, Side.STORE, Action.HIDE:
            return (
                Turn.CANNOT,
                f"'tradepost listings unhide {change.subject.key}' puts it back on sale.",
            )
        case SubjectKind.PRODUCT, Side.STORE, Action.UNHIDE:
            return Turn.CANNOT, f"'tradepost listings hide {change.subject.key}' takes it off sale again."
        case SubjectKind.PRODUCT, Side.STORE, Action.DELIST:
            number = change.before("external_id")
            return Turn.CANNOT, (
                f"It was deleted, with its id {number}, its reviews and whatever else hung on that. 'tradepost "
                f"listings publish {change.subject.key}' makes another one."
            )
        case SubjectKind.LISTING, Side.HUB, Action.LINK:
            return Turn.UNLINK, ""
        case SubjectKind.SETUP, _, _:
            return Turn.CANNOT, "It stays on the store; others may use it by now."
        case SubjectKind.FILE, Side.STORE, Action.UPLOAD:
            return Turn.CANNOT, "The file stays on the image server; what shows it is turned round."
        case ((SubjectKind.ORDER | SubjectKind.SHIPMENT), Side.STORE, _):
            return Turn.CANNOT, "The store and its shopper were told; that can't be taken back."
        case _:
            return Turn.NOTHING, ""


def images_of(change: Change) -> tuple[str, ...]:
    """The files that have to be there to restore what a change has replaced."""
    before = change.before("images") or ()
    return tuple(image.path for image in _images(before))


@dataclass(frozen=True, slots=True)
class Restored:
    """What of a change goes back: fields to send, and sentences about those that stay as they are."""

    fields: tuple[FieldChange, ...] = ()
    left: tuple[str, ...] = ()


def restored(change: Change, product: StoreProduct, *, files: frozenset[str] | None = None) -> Restored:
    """
    Say what is to be sent so that a product has again what it had before a change, whose values are as JSON has them.

    `files`: those that are on the image server; None where that can't be asked. What is as before needs nothing.
    """
    fields: list[FieldChange] = []
    left: list[str] = []
    for field in change.fields:
        found = _restored(field, product, files)
        if isinstance(found, FieldChange):
            fields.append(found)
        elif found:
            left.append(found)
    return Restored(tuple(fields), tuple(left))


def changed_since_made(change: Change, product: StoreProduct) -> str:
    """Name what of a product that was made is other than it was made, apart from its stock; blank where nothing is."""
    return ", ".join(
        _word(field.name)
        for field in change.fields
        if (kind := _RESTORABLE.get(field.name)) is not None
        and (have := FIELDS[field.name].on_store(product)) is not None
        and not kind.is_same(kind.now(have, kind.read(field.after)), kind.read(field.after))
    )


def _restored(field: FieldChange, product: StoreProduct, files: frozenset[str] | None) -> FieldChange | str:
    word = _word(field.name)
    kind = _RESTORABLE.get(field.name)
    if kind is None:
        return f"The {word} can't be turned round; overwrite it with what the catalogue has."
    if field.before is None:
        return f"What the {word} was before could not be read."
    before, after = kind.read(field.before), kind.read(field.after)
    have = FIELDS[field.name].on_store(product)
    if have is None:
        return f"The {word} can't be read with this token, so somebody may have changed it since."
    now = kind.now(have, (*before, *after) if field.name == "images" else before)
    if kind.is_same(now, before):
        return ""
    if not kind.is_same(kind.now(have, after), after):
        return f"The {word} was changed again since: it was to be {_value(after)}, and is {_value(now)}."
    if field.name == "images" and files is not None and (gone := [i.path for i in before if i.path not in files]):
        return f"The images can't be restored: {', '.join(gone)} is not on the image server any more."
    return FieldChange(field.name, now, before)


def _word(name: str) -> str:
    return name.replace("_", " ")


def _value(value: Any) -> str:
    text = " ".join(str(value).split())
    return (text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…") or "nothing"
