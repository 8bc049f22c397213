"""
What an import changes of products of the catalogue: which fields differ, and how that is turned round. Pure.

A field of a variant is named with its SKU, as `price of TEE-S`; a variant that comes or goes is a field, too.
"""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any

from tradepost.domain.catalogue.catalogue import Product, SourceImage, Variant
from tradepost.domain.catalogue.identity import NO_IDENTITY, IdentityPlan, SkuChange
from tradepost.domain.plan import Change, FieldChange

QUANTITY = "quantity"
STATEMENT = "statement"
"""All that is known of a quantity that was replaced; no part of a preview, as it says when the import was."""

VARIANTS = "variants"
"""The SKUs of a product that is taken out of the catalogue whole."""

_VARIANT, _HANDLE, _SKU, _MOVED = "variant", "handle", "sku", "product"
MOVED_IN = "Variants of other products have moved into it, so it stays as it is."
_LONGEST_VALUE = 60
_NOT_COMPARED = frozenset({"sku", QUANTITY, "counted_at", "orders_through"})


@dataclass(frozen=True, slots=True)
class _ProductField:
    """A field that can go back: how its value is read from what JSON has kept of it."""

    read: Callable[[Any], Any]


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(str, values))


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _image(value: Any) -> SourceImage | None:
    return None if value is None else SourceImage(value["source"], value["position"], value["alt"])


def _images(values: Any) -> tuple[SourceImage, ...]:
    return tuple(image for image in map(_image, values) if image is not None)


_OF_PRODUCT: Mapping[str, _ProductField] = {
    **dict.fromkeys(("title", "description", "brand", "page_title"), _ProductField(str)),
    **dict.fromkeys(("category", "tags", "option_names"), _ProductField(_texts)),
    "images": _ProductField(_images),
    "is_for_sale": _ProductField(bool),
}
_OF_VARIANT: Mapping[str, _ProductField] = {
    "options": _ProductField(_texts),
    "price": _ProductField(lambda value: Decimal(value or 0)),
    **dict.fromkeys(("msrp", "cost", "length", "width", "height", "weight_grams"), _ProductField(_amount)),
    **dict.fromkeys(("barcode", "mpn"), _ProductField(str)),
    **dict.fromkeys(("taxable", "sku_made_up", "is_priced", "sells_without_stock"), _ProductField(bool)),
    "position": _ProductField(int),
    "image": _ProductField(_image),
}
_names = tuple(each.name for each in fields(Variant) if each.name not in _NOT_COMPARED)
_compared_values = attrgetter(*_names)


def named(name: str, sku: str) -> str:
    """Name a field of a variant."""
    return f"{name} of {sku}"


def differing(before: Product, after: Product, *, moved: Collection[str] = ()) -> tuple[FieldChange, ...]:
    """
    Say what of a product differs, apart from how many there are; `moved`: SKUs that came from another product.

    Variants are told by their SKUs.
    """
    found = [
        FieldChange(name, old, new)
        for name in _OF_PRODUCT
        if (old := getattr(before, name)) != (new := getattr(after, name))
    ]
    known = {variant.sku: variant for variant in before.variants}
    for variant in after.variants:
        old_variant = known.pop(variant.sku, None)
        if old_variant is not None:
            found += _differing(old_variant, variant)
        elif variant.sku not in moved:
            found.append(FieldChange(f"{_VARIANT} {variant.sku}", None, _shown(variant)))
    found += [FieldChange(f"{_VARIANT} {sku}", _shown(variant), None) for sku, variant in known.items()]
    return tuple(found)


def identity_fields(plan: IdentityPlan, handle: str) -> tuple[FieldChange, ...]:
    """Say what of the identity of a product and its variants was settled before it was saved."""
    found = [FieldChange(_HANDLE, plan.renamed, handle)] if plan.renamed else []
    found += [FieldChange(named(_SKU, change.after), change.before, change.after) for change in plan.skus]
    found += [FieldChange(named(_MOVED, sku), move.before, handle) for move in plan.moves for sku in move.skus]
    return tuple(found)


def created_fields(product: Product) -> tuple[FieldChange, ...]:
    """Say of a new product as much as tells it; what it has else, the catalogue has."""
    prices = [variant.price for variant in product.variants if variant.is_priced]
    return (
        FieldChange("title", None, product.title),
        FieldChange(VARIANTS, None, [variant.sku for variant in product.variants]),
        FieldChange("price", None, min(prices, default=None)),
    )


def as_planned(change: Change) -> Change:
    """Leave out what says when a change was made: a plan is of another moment."""
    if not any(field.name.startswith(f"{STATEMENT} ") for field in change.fields):
        return change
    return replace(change, fields=tuple(f for f in change.fields if not f.name.startswith(f"{STATEMENT} ")))


def _differing(before: Variant, after: Variant) -> list[FieldChange]:
    if _compared_values(before) == _compared_values(after):
        return []
    return [
        FieldChange(named(name, after.sku), old, new)
        for name in _names
        if (old := getattr(before, name)) != (new := getattr(after, name))
    ]


def _shown(variant: Variant) -> dict[str, Any]:
    return {"options": list(variant.options), "price": variant.price}


# --- turning it round -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turned:
    """
    A product as it was before a change: `product` to be saved, None where nothing of it goes back.

    `identity`: what is settled before. `restated`: by SKU the fields of the statement that holds again, if nothing was
    sold since, and of the one that it replaces. `left`: sentences about what stays as it is.
    """

    product: Product | None = None
    identity: IdentityPlan = NO_IDENTITY
    restated: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = dataclasses.field(default_factory=dict)
    left: tuple[str, ...] = ()


def is_moved_in(change: Change) -> bool:
    """Whether variants of other products are part of what a change has made."""
    return any(field.name.startswith(f"{_MOVED} of ") for field in change.fields)


def names_of(change: Change) -> set[str]:
    """Name the product of a change, or its variant, and all SKUs that it is about."""
    found = {change.subject.key, *(sku for each in change.fields if (sku := _parts(each.name)[1]))}
    for each in change.fields:
        if each.name == VARIANTS:
            found.update(map(str, each.before or each.after or ()))
    return found


def sku_of(change: Change) -> str:
    """The SKU that a change is about, where it is of a variant alone; else blank."""
    key = change.subject.key
    is_values = bool(change.fields) and all(_parts(field.name)[1] == key for field in change.fields)
    return key if is_values else ""


def skus_needed(change: Change) -> list[str]:
    """Name the variants that have left by a change, and the SKUs that others had before it."""
    found: list[str] = []
    for field in change.fields:
        word, sku = _parts(field.name)
        if word == _VARIANT and field.after is None:
            found.append(sku)
        elif word == _SKU:
            found.append(str(field.before))
        elif word == VARIANTS and not sku and field.before is not None:
            found += map(str, field.before)
    return found


def turned(change: Change, now: Product, *, gone: Mapping[str, tuple[str, Variant]], in_use: Collection[str]) -> Turned:
    """
    Turn a change of a product round, whose values are as JSON has them; a value that was changed since stays.

    `now`: the product as the catalogue has it. `gone`: variants that it has no more, with their products' handles.
    `in_use`: the handles and SKUs of the catalogue among those that may come back.
    """
    if is_moved_in(change):
        return Turned(left=(MOVED_IN,))
    return _Turning(change, now, gone, in_use).turned()


class _Turning:
    """One change on its way back."""

    def __init__(
        self, change: Change, now: Product, gone: Mapping[str, tuple[str, Variant]], in_use: Collection[str]
    ) -> None:
        self._change = change
        self._now = now
        self._gone = gone
        self._in_use = in_use
        self._of_product: dict[str, Any] = {}
        self._variants = {variant.sku: variant for variant in now.variants}
        self._restated: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        self._renamed = ""
        self._skus: list[SkuChange] = []
        self._left: list[str] = []

    def turned(self) -> Turned:
        # Other fields are named by the SKUs that variants have now.
        for field in sorted(self._change.fields, key=lambda each: _parts(each.name)[0] in {_SKU, _HANDLE}):
            self._turn(field)
        variants = tuple(sorted(self._variants.values(), key=lambda variant: variant.position))
        product = replace(self._now, **self._of_product, variants=tuple(replace(v, quantity=None) for v in variants))
        same = tuple(replace(variant, quantity=None) for variant in self._now.variants)
        if len({variant.options for variant in variants}) < len(variants):
            return Turned(left=("Two of its variants would have the same options, so it stays as it is.",))
        if any(len(variant.options) != len(product.option_names) for variant in variants):
            return Turned(left=("Its options were changed again since, so it stays as it is.",))
        if product == replace(self._now, variants=same) and not self._restated:
            return Turned(left=tuple(self._left))
        identity = IdentityPlan(renamed=self._renamed, skus=tuple(self._skus))
        return Turned(product, identity, self._restated, tuple(self._left))

    def _turn(self, field: FieldChange) -> None:
        word, sku = _parts(field.name)
        if word == _VARIANT:
            self._turn_variant(sku, field)
        elif word == VARIANTS and not sku:
            for each in field.before or ():
                self._bring_back(each)
        elif word == _HANDLE and not sku:
            self._turn_handle(field)
        elif word == _SKU:
            self._turn_sku(sku, field)
        elif word == STATEMENT:
            self._restated[sku] = field.before, field.after
        elif word == QUANTITY:
            pass  # its statement says more
        elif sku:
            self._turn_field(field, _OF_VARIANT[word], sku)
        else:
            self._turn_field(field, _OF_PRODUCT[word], "")

    def _turn_field(self, field: FieldChange, kind: _ProductField, sku: str) -> None:
        word = _parts(field.name)[0]
        holder: Product | Variant | None = self._variants.get(sku) if sku else self._now
        if holder is None:
            self._left.append(f"The catalogue has no {sku} any more.")
            return
        now, before, after = getattr(holder, word), kind.read(field.before), kind.read(field.after)
        if now == before:
            return
        if now != after:
            self._left.append(_changed_again(field.name, after, now))
        elif sku:
            self._variants[sku] = replace(self._variants[sku], **{word: before})
        else:
            self._of_product[word] = before

    def _turn_variant(self, sku: str, field: FieldChange) -> None:
        if field.after is None:
            self._bring_back(sku)
            return
        variant = self._variants.get(sku)
        if variant is None:
            return
        came_as = _OF_VARIANT["options"].read(field.after["options"]), Decimal(field.after["price"])
        if (variant.options, variant.price) != came_as:
            self._left.append(f"{sku} was changed since it came, so it stays.")
        else:
            del self._variants[sku]

    def _bring_back(self, sku: str) -> None:
        if sku in self._variants:
            return
        handle, variant = self._gone.get(sku, ("", None))
        if variant is None or handle != self._now.handle:
            self._left.append(f"{sku} belongs to another product by now, or has another SKU.")
        else:
            self._variants[sku] = variant

    def _turn_handle(self, field: FieldChange) -> None:
        if field.before in self._in_use:
            self._left.append(f"The catalogue has another product '{field.before}' by now, so it keeps its handle.")
        elif self._now.handle == field.after:
            self._renamed = self._now.handle
            self._of_product["handle"] = field.before

    def _turn_sku(self, sku: str, field: FieldChange) -> None:
        variant = self._variants.get(sku)
        if variant is None:
            return
        if field.before in self._in_use:
            self._left.append(f"The catalogue has {field.before} by now, so {sku} keeps its SKU.")
            return
        del self._variants[sku]
        self._variants[field.before] = replace(variant, sku=field.before)
        self._skus.append(SkuChange(self._of_product.get("handle", self._now.handle), sku, field.before))


def joined(changes: Sequence[Change]) -> tuple[FieldChange, ...]:
    """Join the fields of changes of one product, the latest first: from the first value to the last."""
    found: dict[str, FieldChange] = {}
    for change in changes:
        for field in change.fields:
            later = found.get(field.name)
            found[field.name] = field if later is None else FieldChange(field.name, field.before, later.after)
    return tuple(found.values())


def _parts(name: str) -> tuple[str, str]:
    """Split the name of a field into what it is and the SKU, which is blank for a field of the product."""
    word, _, rest = name.partition(" ")
    return word, rest if word == _VARIANT else rest.removeprefix("of ")


def _changed_again(name: str, after: Any, now: Any) -> str:
    return f"The {name.replace('_', ' ')} was changed again since: it was to be {_value(after)}, and is {_value(now)}."


def _value(value: Any) -> str:
    text = " ".join(str(value).split())
    return (text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…") or "nothing"
