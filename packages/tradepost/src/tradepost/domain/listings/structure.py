"""
The structure of a family's page: its drop-downs and the combinations behind them.

A store keeps baskets and sold lines by the numbers of attributes, options and variants, and gives pieces back by them.
So what a page has is recognised by what it says and by the products behind it, and renamed where it is; its codes stay.
Only what the catalogue has no word for any more goes. New options come last, since no tag moves one.
"""

import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise
from types import MappingProxyType
from typing import Any, TypeVar

from tradepost.domain.catalogue.catalogue import Kind, Product
from tradepost.domain.listings.codes import MAX_LENGTH, code_key
from tradepost.domain.store import StoreAttribute, StoreOption, StoreProduct, StoreVariant

R = TypeVar("R", StoreAttribute, StoreOption)
RETIRED_MARK: list[Any] = ["retired"]
"""The mark of a page whose product has no options any more."""
EMPTIED_MARK: list[Any] = ["emptied"]
"""The mark of a page of which everything went to other products."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What a page offers: attributes with options, and a variant for each combination that is sold."""

    attributes: tuple[StoreAttribute, ...]
    variants: tuple[StoreVariant, ...]


def structure_mark(
    kind: Kind,
    *,
    parent_code: str = "",
    option_names: Sequence[str] = (),
    options: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Any]:
    """
    Write what a listing's structure is made of, whatever the order: a parent's options by SKU, a child's parent.

    A listing whose structure was proven is due for it again when this becomes another.
    """
    if kind is not Kind.PARENT:
        return [kind.value, code_key(parent_code)]
    combinations = [[sku, sorted(zip(option_names, values, strict=False))] for sku, values in options.items()]
    return [kind.value, sorted(combinations)]


def is_reordered(before: Product, after: Product) -> bool:
    """
    Say whether options, or values that both have, stand in another order. No page follows that: no tag moves one.

    Not of a family that has other options, nor where a variant stands last because its row could not be used.
    """
    positions = [variant.position for variant in after.variants]
    is_in_order = all(one < other for one, other in pairwise(positions))
    if not after.is_family or not is_in_order or set(before.option_names) != set(after.option_names):
        return False
    if before.option_names != after.option_names:
        return True
    for place in range(len(after.option_names)):
        old, new = _values(before, place), _values(after, place)
        if [value for value in old if value in new] != [value for value in new if value in old]:
            return True
    return False


def _values(product: Product, place: int) -> dict[str, None]:
    """The values of an option in the order in which they first stand."""
    return dict.fromkeys(variant.options[place] for variant in product.variants)


def combination(variant: StoreVariant) -> frozenset[tuple[str, str]]:
    """Identify a variant within its page."""
    return frozenset((code_key(attribute), code_key(option)) for attribute, option in variant.options)


def fitted(wanted: Structure, page: StoreProduct, *, keeps_rest: bool) -> Structure:
    """
    Say what a page should have, in its own codes: the wanted structure, by the names that the page has for it.

    `keeps_rest`: also what the page has besides; then nothing of it is renamed. Idempotent: what a page was made to
    have fits it as it is.
    """
    on_page = _Choices(page.variants or ())
    in_catalogue = _Choices(wanted.variants)
    attributes: list[StoreAttribute] = []
    codes: dict[tuple[str, str], tuple[str, str]] = {}
    pairs = _attribute_pairs(wanted.attributes, page.attributes, in_catalogue, on_page)
    taken = [attribute.code for attribute in page.attributes]
    for attribute, present in pairs:
        code = _free_code(attribute, taken) if present is None else present.code
        taken.append(code)
        options = _options(attribute, present, in_catalogue, on_page)
        codes |= {(attribute.code, old.code): (code, option.code) for old, option in options}
        named = replace(attribute, code=code, options=tuple(option for _, option in options))
        if keeps_rest and present is not None:
            kept = {code_key(option.code): option for option in (*named.options, *present.options)}
            named = replace(present, options=tuple(kept.values()))
        attributes.append(named)
    variants = [
        replace(variant, options=frozenset(codes[pair] for pair in variant.options)) for variant in wanted.variants
    ]
    if keeps_rest:
        have = {code_key(attribute.code) for attribute in attributes}
        attributes += [present for present in page.attributes if code_key(present.code) not in have]
        combinations = {combination(variant) for variant in variants}
        variants += [variant for variant in page.variants or () if combination(variant) not in combinations]
    return Structure(tuple(attributes), tuple(variants))


class _Choices:
    """What stands for each single product behind variants: its option of every attribute, by code keys."""

    def __init__(self, variants: Iterable[StoreVariant]) -> None:
        self._of: dict[str, dict[str, str]] = {}
        self.used: set[tuple[str, str]] = set()
        twice: set[str] = set()
        for variant in variants:
            choice = dict(combination(variant))
            self.used.update(choice.items())
            parts = {code_key(code) for code in variant.part_codes}
            if len(parts) == 1:
                (part,) = parts
                twice |= {part} & set(self._of)
                self._of[part] = choice
        for part in twice:
            del self._of[part]

    @property
    def products(self) -> set[str]:
        return set(self._of)

    def option(self, product: str, attribute: str) -> str:
        """Return the code key of the option that a product has, blank for none."""
        return self._of[product].get(code_key(attribute), "")

    def having(self, attribute: str, option: str, among: Collection[str]) -> set[str]:
        return {product for product in among if self.option(product, attribute) == code_key(option)}


def _attribute_pairs(
    wanted: Sequence[StoreAttribute],
    present: Sequence[StoreAttribute],
    in_catalogue: _Choices,
    on_page: _Choices,
) -> list[tuple[StoreAttribute, StoreAttribute | None]]:
    """Find each wanted attribute on the page: by its name, by the values of its products, by its code."""
    common = sorted(in_catalogue.products & on_page.products)

    def values(attribute: StoreAttribute, choices: _Choices) -> Hashable:
        prompts = {code_key(option.code): code_key(option.prompt) for option in attribute.options}
        found = tuple(prompts.get(choices.option(product, attribute.code), "") for product in common)
        return found if any(found) else None

    def shape(attribute: StoreAttribute, choices: _Choices) -> Hashable:
        """Which products share a value, whatever it is called."""
        options = [choices.option(product, attribute.code) for product in common]
        return tuple(options.index(option) for option in options) if any(options) else None

    passes: list[tuple[Callable[[StoreAttribute], Hashable], Callable[[StoreAttribute], Hashable]]] = [
        (_code_and_prompt, _code_and_prompt),
        (_prompt, _prompt),
        (lambda attribute: values(attribute, in_catalogue), lambda attribute: values(attribute, on_page)),
        (_code, _code),
        (lambda attribute: shape(attribute, in_catalogue), lambda attribute: shape(attribute, on_page)),
    ]
    return _paired(wanted, present, passes)


def _options(
    attribute: StoreAttribute, present: StoreAttribute | None, in_catalogue: _Choices, on_page: _Choices
) -> list[tuple[StoreOption, StoreOption]]:
    """Give each wanted option the code that the page has for it; one with a new code is new."""
    existing = () if present is None else present.options
    on_code = "" if present is None else present.code
    common = in_catalogue.products & on_page.products

    def products_wanted(option: StoreOption) -> Hashable:
        return frozenset(in_catalogue.having(attribute.code, option.code, common)) or None

    def products_present(option: StoreOption) -> Hashable:
        return frozenset(on_page.having(on_code, option.code, common)) or None

    def unused_code(option: StoreOption) -> Hashable:
        """One that variants use stands for something else: a basket must not change what it holds."""
        return None if (code_key(on_code), code_key(option.code)) in on_page.used else _code(option)

    pairs = _paired(
        attribute.options,
        existing,
        [
            (_code_and_prompt, _code_and_prompt),
            (_prompt, _prompt),
            (products_wanted, products_present),
            (_code, unused_code),
        ],
    )
    taken = [option.code for option in existing]
    found: list[tuple[StoreOption, StoreOption]] = []
    for option, same in pairs:
        code = _free_code(option, taken) if same is None else same.code
        taken.append(code)
        found.append((option, replace(option, code=code, is_default=same is not None and same.is_default)))
    return found


def _paired(
    wanted: Sequence[R],
    present: Sequence[R],
    passes: Sequence[tuple[Callable[[R], Hashable], Callable[[R], Hashable]]],
) -> list[tuple[R, R | None]]:
    """Pair by one key after the other, each record once; a key that is None says nothing."""
    found: dict[int, R] = {}
    free = list(present)
    for of_wanted, of_present in passes:
        for position, record in enumerate(wanted):
            key = of_wanted(record)
            if position in found or key is None:
                continue
            match = next((other for other in free if of_present(other) == key), None)
            if match is not None:
                found[position] = match
                free.remove(match)
    return [(record, found.get(position)) for position, record in enumerate(wanted)]


def _code(record: R) -> Hashable:
    return code_key(record.code)


def _prompt(record: R) -> Hashable:
    return code_key(record.prompt) or None


def _code_and_prompt(record: R) -> Hashable:
    return code_key(record.code), record.prompt.strip()


def _free_code(record: R, taken: Collection[str]) -> str:
    """Keep the code that the catalogue's name gives, unless something else on the page has it."""
    keys = {code_key(code) for code in taken}
    if code_key(record.code) not in keys:
        return record.code
    for number in count():
        digest = hashlib.sha256(f"{record.prompt}{number or ''}".encode()).hexdigest()[:8]
        code = f"{record.code[: MAX_LENGTH - 9]}-{digest}"
        if code_key(code) not in keys:
            return code
    raise AssertionError  # counting has no end
