"""
The fields of a listing on the store, each once: how its value is made, which verbs send it, and how it is compared.

Building, difference, fingerprints, overwrite groups, command options and docs come from this table; `miva.fields` says
for the same names where a store keeps them. A blank value (None, an empty text or collection) says nothing: it is
never sent, and never erases what the store has.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.channels.mapping import (
    FIELD_PREFIX,
    TEXT_TARGETS,
    field_code,
    field_targets,
    mapped,
    mapped_fields,
    mapped_name,
    names_options,
    why_unmappable,
)
from tradepost.domain.listings.codes import code_key, slug
from tradepost.domain.listings.image_names import address_of, own_place
from tradepost.domain.listings.making import ContentRules, Making
from tradepost.domain.listings.structure import combination, structure_mark
from tradepost.domain.plan import FieldChange
from tradepost.domain.store import StoreAttribute, StoreImage, StoreProduct, StoreStock, StoreVariant

MAX_NAME = 100
MAX_PAGE_TITLE = 254
MAX_SKU = 50
# A store converts grams to its own unit and rounds to 8 decimals; less than a hundredth of a gram is that rounding.
WEIGHT_TOLERANCE_GRAMS = Decimal("0.01")
DIMENSIONS = ("length", "width", "height")
_HUNDREDTH = Decimal("0.01")


class Verb(StrEnum):
    """What sends a field to the store."""

    PUBLISH = "publish"
    OVERWRITE = "overwrite"
    SYNC = "sync"


class Group(StrEnum):
    """The parts of a listing that are sent, and those of its content that are fingerprinted, separately."""

    TEXTS = "texts"
    CATEGORIES = "categories"
    IDENTIFIERS = "identifiers"
    CUSTOM_FIELDS = "custom_fields"
    IMAGES = "images"
    STRUCTURE = "structure"
    WEIGHT = "weight"
    DIMENSIONS = "dimensions"
    COST = "cost"
    TAX = "tax"
    PRICE = "price"
    QUANTITY = "quantity"
    STATUS = "status"


Missing = tuple[Any, Any]
"""What is to be sent of a field: what the store has in its place, and what it should have."""

Comparer = Callable[..., Missing | None]
"""
Compares what the store has with what is wanted; None when nothing is to be sent. Of a field with `ours` it is also
told what the hub has put there.
"""


# --- how values are compared ----------------------------------------------------------------------------------------


def _equal(have: Any, want: Any) -> Missing | None:
    return None if have == want else (have, want)


def _within(tolerance: Decimal) -> Comparer:
    return lambda have, want: None if abs(have - want) <= tolerance else (have, want)


def _count(have: StoreStock, want: int) -> Missing | None:
    if not have.is_tracked:
        return None, want
    return None if have.count == want else (have.count, want)


def _goes_on(have: StoreStock, want: bool) -> Missing | None:
    is_met = have.is_tracked and have.sells_without_stock is want
    return None if is_met else (have.is_tracked and have.sells_without_stock, want)


def _each_value(have: Mapping[str, Any], want: Mapping[str, Any]) -> Missing | None:
    different = {name: value for name, value in want.items() if have.get(name, "") != value}
    return ({name: have.get(name, "") for name in different}, different) if different else None


def _assigned(have: Collection[str], want: tuple[str, ...], *, ours: Collection[str] = frozenset()) -> Missing | None:
    """What the hub has assigned, and is wanted no more, leaves; assignments of the merchant's own stay."""
    wanted = {code_key(code) for code in want}
    existing = {code_key(code) for code in have}
    stays = tuple(sorted(code for code in have if code not in ours or code_key(code) in wanted))
    after = (*stays, *(code for code in want if code_key(code) not in existing))
    return None if set(after) == set(have) else (tuple(sorted(have)), after)


def _attached(
    have: tuple[StoreImage, ...], want: tuple[StoreImage, ...], *, ours: Collection[StoreImage] = frozenset()
) -> Missing | None:
    """Compare what is the hub's own, in its order; images of the merchant's are not looked at."""
    paths = {image.path for image in want}
    own = tuple(image for image in have if image in ours or image.path in paths)
    return None if own == want else (own, want)


def _title_of_page(have: str, want: str, *, ours: Collection[str] = frozenset()) -> Missing | None:
    """`ours`: what is only proposed, and put where a page is made; a page that has none goes without."""
    return None if have == want or (not have and want in ours) else (have, want)


def _any_address(have: tuple[str, ...], want: str) -> Missing | None:
    return None if have else (None, want)


def _choices(have: tuple[StoreAttribute, ...], want: tuple[StoreAttribute, ...]) -> Missing | None:
    """Questions of the merchant's own (an engraving, a gift note) distinguish no variants, and stay."""
    wanted = {code_key(attribute.code) for attribute in want}
    ours = tuple(attribute for attribute in have if attribute.is_dimension or code_key(attribute.code) in wanted)
    return None if _choice_keys(ours) == _choice_keys(want) else (ours, want)


def _choice_keys(attributes: Iterable[StoreAttribute]) -> set[tuple[Any, ...]]:
    return {
        key
        for attribute in attributes
        for code in [code_key(attribute.code)]
        for key in (
            (code, attribute.prompt.strip(), attribute.is_dimension, attribute.is_required),
            *((code, code_key(option.code), option.prompt.strip()) for option in attribute.options),
        )
    }


def _combinations(have: tuple[StoreVariant, ...], want: tuple[StoreVariant, ...]) -> Missing | None:
    """Each combination once, with its product, and none besides."""
    return None if sorted(map(_variant_key, have)) == sorted(map(_variant_key, want)) else (have, want)


def _variant_key(variant: StoreVariant) -> tuple[Any, ...]:
    return sorted(combination(variant)), sorted(code_key(code) for code in variant.part_codes), variant.pieces


def _of_the_page(_made: Making) -> tuple[StoreVariant, ...]:
    """What only the page can tell; see `operations.listings.publish.wanted_pages.fitted_to_page`."""
    return ()


def _nothing(_product: StoreProduct) -> None:
    """What no function of a store tells."""


def _unmarked(_made: Making) -> None:
    """What the fingerprint of its group needs no mark of, as another field's says it all."""


# --- the table ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """
    One field; `about` says for the docs what it is made of. `make` builds the value; None means "not ours to say".

    `seen` reads the store's value, by default the attribute of the same name; None there means that this token can't
    read it. `goes_unread`: whether it is sent all the same then. `mark` is what the fingerprint is of, by default the
    value itself. `ours`: of several values on the store, those that the hub has put there; they leave when they are
    wanted no more.
    """

    name: str
    group: Group
    verbs: frozenset[Verb]
    about: str
    make: Callable[[Making], Any]
    compare: Comparer = _equal
    seen: Callable[[StoreProduct], Any] | None = None
    goes_unread: bool = False
    mark: Callable[[Making], Any] | None = None
    ours: Callable[[Making, Any], Collection[Any]] | None = None

    def on_store(self, product: StoreProduct) -> Any:
        return product.value(self.name) if self.seen is None else self.seen(product)

    def difference(
        self, product: StoreProduct, wanted: Any, *, unread_too: bool, made: Making | None = None
    ) -> FieldChange | None:
        """
        Say what is to be sent; `unread_too`: also what can't be read, which is never found different otherwise.

        `made`: what the wanted value was made of; without it nothing on the store counts as the hub's own.
        """
        if is_blank(wanted):
            return None
        have = self.on_store(product)
        if have is None:
            return FieldChange(self.name, None, wanted) if unread_too and self.goes_unread else None
        told = {} if made is None or self.ours is None else {"ours": self.ours(made, have)}
        missing = self.compare(have, wanted, **told)
        return None if missing is None else FieldChange(self.name, *missing)


def is_blank(value: Any) -> bool:
    # Most values say something, and to ask them that is cheap; 0 and False say something, too.
    return not value and (value is None or value in ("", (), {}))


def _name(made: Making) -> str:
    if own := made.own("name"):
        return own[:MAX_NAME].strip()
    title = mapped_name(made)
    if made.is_of_family and made.variant is not None and not names_options(made):
        # The end tells variants apart, so the title gives way where the two are too long together.
        suffix = ", ".join(value for value in made.variant.options if value)
        if suffix:
            title = f"{title[: max(1, MAX_NAME - len(suffix) - 2)]}, {suffix}"
    return title[:MAX_NAME].strip()


def _sku(made: Making) -> str:
    return (made.variant.sku if made.variant is not None else made.product.handle)[:MAX_SKU].strip()


def _description(made: Making) -> str | None:
    # A native child is never shown, and its parent says it all. A store trims what it is given.
    if not made.has_own_page:
        return None
    return made.own("description") or mapped(made, "description") or made.product.description.strip()


def _has_page_title(made: Making) -> bool:
    return bool(made.own("page_title") or mapped(made, "page_title") or made.product.page_title)


def _page_title(made: Making) -> str | None:
    title = made.own("page_title") or mapped(made, "page_title") or made.product.page_title or made.product.title
    return title[:MAX_PAGE_TITLE].strip() if made.has_own_page else None


def _is_taxable(made: Making) -> bool:
    return made.variant.taxable if made.variant is not None else any(v.taxable for v in made.product.variants)


@dataclass(frozen=True, slots=True)
class CustomField:
    """
    A custom field of the store: its shown name, and how its value is made; blank says nothing.

    `rule` is the field of `ContentRules` that holds its code on a channel; a blank code keeps the value at home, but
    for those of the placement, which have one (`misfit`).
    """

    rule: str
    name: str
    make: Callable[[Making], str]


_PLACEMENT = (
    CustomField("type_field", "Product Type", lambda made: made.kind.value),
    CustomField("parent_field", "Parent Code", lambda made: made.parent_code),
)
_CUSTOM_FIELDS = (
    CustomField("barcode_field", "UPC", lambda made: _of_variant(made, "barcode")),
    CustomField("mpn_field", "MPN", lambda made: _of_variant(made, "mpn")),
    CustomField("msrp_field", "MSRP", lambda made: _of_variant(made, "msrp")),
    CustomField("brand_field", "Brand", lambda made: made.product.brand),
)


def _of_variant(made: Making, name: str) -> str:
    value = getattr(made.variant, name, None)
    return f"{value:.2f}" if isinstance(value, Decimal) else value or ""


def custom_field_names(rules: ContentRules) -> dict[str, str]:
    """Return the shown names of the custom fields that a channel sends, by code."""
    usual = {code: field.name for field in (*_PLACEMENT, *_CUSTOM_FIELDS) if (code := getattr(rules, field.rule))}
    own = (target.removeprefix(FIELD_PREFIX) for target in field_targets(rules))
    return {**usual, **{code: code for code in own}}


def customisable_targets(rules: ContentRules) -> list[str]:
    """Name what a channel sends and a listing may have of its own: texts, and custom fields but its placement."""
    placement = {getattr(rules, field.rule) for field in _PLACEMENT}
    codes = (code for code in custom_field_names(rules) if code not in placement)
    return [*TEXT_TARGETS, *(FIELD_PREFIX + code for code in codes)]


def misfit(rules: ContentRules) -> str:
    """Say why a channel can't send what goes into custom fields in this way; blank where it can."""
    names: dict[str, str] = {}
    for field in (*_PLACEMENT, *_CUSTOM_FIELDS):
        code = code_key(getattr(rules, field.rule))
        if not code and field in _PLACEMENT:
            option = field.rule.replace("_", "-")
            return f"No product can do without the custom field '{field.name}'; name its code with --{option}."
        if code in names:
            return f"The custom field '{code}' can't hold both {names[code]} and {field.name}; name another for one."
        if code:
            names[code] = field.name
    for target, template in rules.mapping:
        if why := why_unmappable(target, template):
            return why
        code = code_key(target.removeprefix(FIELD_PREFIX))
        if target.startswith(FIELD_PREFIX) and code in names:
            return f"The custom field '{code}' holds {names[code]} already; map another one."
        names[code] = target
    return ""


def _custom_fields(made: Making) -> dict[str, str]:
    values = {getattr(made.rules, field.rule): field.make(made) for field in _CUSTOM_FIELDS}
    values |= mapped_fields(made)
    # What the channel sends no more is none of its fields, whatever the listing has of its own for it.
    values |= {code: text for target, text in made.values.own if (code := field_code(target)) in values}
    return {code: value for code, value in values.items() if code and value}


def _dimensions(made: Making) -> dict[str, Decimal] | None:
    if not made.rules.sends_dimensions or made.variant is None:
        return None
    measures = {name: getattr(made.variant, name) for name in DIMENSIONS}
    return {name: measure.quantize(_HUNDREDTH) for name, measure in measures.items() if measure is not None}


def _placement(made: Making) -> dict[str, str]:
    """What has no parent any more must not go on naming it."""
    values = {getattr(made.rules, field.rule): field.make(made) for field in _PLACEMENT}
    return {code: value for code, value in values.items() if made.kind is not Kind.PARENT or value}


def _structure(made: Making) -> list[Any]:
    is_native_parent = made.kind is Kind.PARENT and made.rules.layout is Layout.NATIVE
    return structure_mark(
        made.kind,
        parent_code=made.parent_code,
        option_names=made.product.option_names,
        options={variant.sku: variant.options for variant in made.product.variants} if is_native_parent else {},
    )


def _categories(made: Making) -> tuple[str, ...]:
    """The last one of the path is where the product goes."""
    return tuple(category.code for category in made.categories[-1:]) if made.has_own_page else ()


def _category_proven_before(made: Making, have: Collection[str]) -> set[str]:
    """The fingerprint is of one category, so it tells which of those that are there the hub has proven."""
    return {code for code in have if fingerprint((code_key(code),)) == made.values.proven_categories}


def _images_of_the_hub(made: Making, have: tuple[StoreImage, ...]) -> set[StoreImage]:
    """
    Return what the hub has attached, to be taken off where it is wanted no more.

    While some images can't be had, that is only what another takes the place of: the missing ones may be among them.
    """
    below = made.rules.files_address
    if below and fingerprint([address_of(image.path, below=below) for image in have]) == made.values.proven_images:
        # All of them were there when the store was adopted, and nothing has come since.
        return set() if made.missing_images else set(have)
    # Whoever gives it another code on the store leaves its files as they were named.
    places = {
        image: own_place(image.path, code=made.values.code) or own_place(image.path, code=_sku(made)) for image in have
    }
    wanted = {own_place(image.path, code=made.values.code) for image in made.images}
    return {image for image, place in places.items() if place and (not made.missing_images or place in wanted)}


def _address(made: Making) -> str | None:
    if not (made.rules.sends_address and made.has_own_page):
        return None
    # Handles are unique in the catalogue; what has a page of its own beside its family's is told apart by its code.
    code = slug(made.values.code)
    stem = slug(made.product.handle) or code
    return f"/{stem}-{code}.html" if made.is_of_family else f"/{stem}.html"


_CONTENT = frozenset({Verb.PUBLISH, Verb.OVERWRITE})
_VALUE = frozenset({Verb.PUBLISH, Verb.SYNC})
_ONCE = frozenset({Verb.PUBLISH})

# In the order in which plans show them.
_TABLE = (
    Field("sku", Group.IDENTIFIERS, _CONTENT, "the SKU; of a parent its product's handle", _sku),
    Field("name", Group.TEXTS, _CONTENT, "the title, or what the channel maps, with the options of a variant", _name),
    Field(
        "description",
        Group.TEXTS,
        _CONTENT,
        "the description, or what the channel maps, on pages of their own",
        _description,
    ),
    Field(
        "page_title",
        Group.TEXTS,
        _CONTENT,
        "what the channel maps, the page title, else the title, on pages of their own; a page that has none is not "
        "given the title later",
        _page_title,
        compare=_title_of_page,
        ours=lambda made, _have: () if _has_page_title(made) else {_page_title(made)},
    ),
    Field(
        "price",
        Group.PRICE,
        _VALUE,
        "the price by the channel's rules; of a parent the lowest of its variants'",
        lambda made: made.values.price,
    ),
    Field("cost", Group.COST, _CONTENT, "the cost per item", lambda made: made.variant.cost if made.variant else None),
    Field(
        "weight_grams",
        Group.WEIGHT,
        _CONTENT,
        "the weight; equal within a hundredth of a gram",
        lambda made: made.variant.weight_grams if made.variant else None,
        compare=_within(WEIGHT_TOLERANCE_GRAMS),
        goes_unread=True,
    ),
    Field(
        "dimensions",
        Group.DIMENSIONS,
        _CONTENT,
        "length, width and height, each compared on its own, where the channel sends them",
        _dimensions,
        compare=_each_value,
        goes_unread=True,
    ),
    Field("is_taxable", Group.TAX, _CONTENT, "whether it is taxed; a parent is if one of its variants is", _is_taxable),
    Field(
        "is_in_search",
        Group.STATUS,
        _ONCE,
        "whether a shopper finds it: what has a page of its own",
        lambda made: made.has_own_page,
    ),
    Field("is_active", Group.STATUS, _ONCE, "whether it has a page of its own", lambda made: made.has_own_page),
    Field(
        "quantity",
        Group.QUANTITY,
        _VALUE,
        "the stock by the channel's rules; a parent has none",
        lambda made: None if made.kind is Kind.PARENT else made.values.quantity,
        compare=_count,
        seen=lambda product: product.stock,
        goes_unread=True,
    ),
    Field(
        "sells_without_stock",
        Group.QUANTITY,
        _VALUE,
        "that it goes on being sold at 0, where the catalogue asks for that and the channel allows it",
        lambda made: (made.kind is not Kind.PARENT and made.values.sells_without_stock) or None,
        compare=_goes_on,
        seen=lambda product: product.stock,
        goes_unread=True,
    ),
    Field(
        "categories",
        Group.CATEGORIES,
        _CONTENT,
        "the last category of the path, on pages of their own; it leaves the one before, and stays where else the "
        "merchant has put it",
        _categories,
        compare=_assigned,
        ours=_category_proven_before,
    ),
    Field(
        "custom_fields",
        Group.CUSTOM_FIELDS,
        _CONTENT,
        "barcode, MPN, MSRP and brand, and what the channel maps, each compared on its own",
        _custom_fields,
        compare=_each_value,
        goes_unread=True,
    ),
    Field(
        "placement",
        Group.STRUCTURE,
        _CONTENT,
        "what it is (parent, variant, simple) and the code of its parent, as custom fields",
        _placement,
        compare=_each_value,
        seen=lambda product: product.custom_fields,
        goes_unread=True,
        mark=_structure,
    ),
    Field(
        "images",
        Group.IMAGES,
        _CONTENT,
        "the images in their order; what they replace leaves, and the merchant's own stay",
        lambda made: tuple(StoreImage(image.path, image.image_type) for image in made.images),
        compare=_attached,
        mark=lambda made: [image.source for image in made.images],
        ours=_images_of_the_hub,
    ),
    Field(
        "attributes",
        Group.STRUCTURE,
        _CONTENT,
        "the options of a family as drop-downs, and no others; the merchant's own questions stay",
        lambda made: made.attributes,
        compare=_choices,
        mark=_unmarked,
    ),
    Field(
        "variants",
        Group.STRUCTURE,
        _CONTENT,
        "the combinations of a family and the products behind them, and no others",
        lambda made: made.variants,
        compare=_combinations,
        goes_unread=True,
        mark=_unmarked,
    ),
    Field(
        "variant_pricing",
        Group.STRUCTURE,
        _CONTENT,
        "that combinations the page has already cost what their products do; no store tells, so it is always sent",
        _of_the_page,
        seen=_nothing,
        goes_unread=True,
        mark=_unmarked,
    ),
    Field(
        "address",
        Group.TEXTS,
        _CONTENT,
        "a web address of the handle, where the product has none",
        _address,
        compare=_any_address,
        seen=lambda product: product.addresses,
    ),
)

FIELDS: Mapping[str, Field] = {field.name: field for field in _TABLE}

ALL_GROUPS = frozenset(Group)
CONTENT_GROUPS = frozenset(field.group for field in _TABLE if Verb.OVERWRITE in field.verbs)


def group_of(name: str) -> Group:
    return FIELDS[name].group


def group_of_target(target: str) -> Group:
    """Return the group of a text or custom field that can be mapped, or customised."""
    return Group.CUSTOM_FIELDS if field_code(target) else group_of(target)


# --- proof ----------------------------------------------------------------------------------------------------------


def is_met(sent: FieldChange, left: FieldChange) -> bool:
    """
    Say whether what was sent arrived, although a second plan wants more: stock that was sold from meanwhile.

    Lower than what was sent, and not what was there before, is a sale in between.
    """
    if sent.name != "quantity" or left.before is None or sent.after is None:
        return False
    return bool(left.before < sent.after and left.before != sent.before)


# --- fingerprints ---------------------------------------------------------------------------------------------------


def fingerprints(made: Making) -> dict[Group, str]:
    """Hash each content group, so that "differs from what was proven" needs no look at the content."""
    return {group: fingerprint(*(mark(made) for mark in marks)) for group, marks in _MARKS.items()}


def _marks() -> dict[Group, list[Callable[[Making], Any]]]:
    marks: dict[Group, list[Callable[[Making], Any]]] = {}
    for field in _TABLE:
        if field.group in CONTENT_GROUPS and field.mark is not _unmarked:
            marks.setdefault(field.group, []).append(field.mark or field.make)
    return marks


_MARKS = _marks()
_SIMPLE = frozenset({str, bool, int, type(None)})


def fingerprint(*marks: Any) -> str:
    # As every version of Python writes them, whatever its Unicode calls printable.
    return hashlib.sha256(ascii(_plain(marks)).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """Write a value so that equal ones have one text, whatever order a set came in."""
    # First what nearly all of them are, by the cheapest question: a catalogue has millions of them.
    kind: Any = type(value)
    if kind in _SIMPLE:
        return value
    if kind is tuple or kind is list:
        return [part if type(part) in _SIMPLE else _plain(part) for part in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if is_dataclass(value):
        return [_plain(getattr(value, name)) for name in _names_of(kind)]
    if isinstance(value, frozenset | set):
        return sorted(_plain(part) for part in value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return sorted((str(name), _plain(part)) for name, part in value.items())
    return str(value)


@cache
def _names_of(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
