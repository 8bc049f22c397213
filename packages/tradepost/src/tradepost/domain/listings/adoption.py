"""
Adoption: the products of a store that is in use, said in the words of the catalogue.

What was read is written down so that building it anew gives what is there, as far as the catalogue has words for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from tradepost.domain.catalogue.catalogue import DECIMAL_PLACES, Product, SourceImage, Variant
from tradepost.domain.fields import DIMENSIONS
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.image_names import address_of
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.store import StoreAttribute, StoreOption, StoreProduct

ONLY_OPTION = "Variant"
"""The option of a family whose store says no more of its variants than what each is called."""

_PLACE = Decimal(1).scaleb(-DECIMAL_PLACES)
_LARGEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Adopted:
    """A product of the store that is sold, and its SKU in the catalogue."""

    sku: str
    product: StoreProduct


def adopted_product(handle: str, root: StoreProduct, sold: Sequence[Adopted], rules: ContentRules) -> Product:
    """
    Make a catalogue's product of what a store has: a family of `sold`, or, where that is the root itself, an article.

    How many there are is not said: the store counts them until somebody else does.
    """
    is_family = [each.product.id for each in sold] != [root.id]
    names, options = _options(root, sold) if is_family else ((), {})
    variants = tuple(
        _variant(each, options.get(each.product.id, ()), position, rules) for position, each in enumerate(sold, start=1)
    )
    everything = [root, *(each.product for each in sold)]
    brands = (_field(product, rules.brand_field) for product in everything)
    return Product(
        handle=handle,
        title=root.name.strip() or root.code,
        description=root.description,
        variants=variants,
        option_names=names,
        brand=next((brand for brand in brands if brand), ""),
        page_title=root.page_title.strip(),
        images=_images(root, rules),
    )


def _variant(adopted: Adopted, options: tuple[str, ...], position: int, rules: ContentRules) -> Variant:
    product = adopted.product
    length, width, height = (_kept((product.dimensions or {}).get(name, Decimal())) or None for name in DIMENSIONS)
    return Variant(
        sku=adopted.sku,
        options=options,
        price=_kept(product.price),
        quantity=None,
        position=position,
        msrp=_amount(_field(product, rules.msrp_field)),
        cost=_kept(product.cost) or None,
        barcode=_field(product, rules.barcode_field),
        mpn=_field(product, rules.mpn_field),
        weight_grams=_kept(product.weight_grams or Decimal()) or None,
        taxable=product.is_taxable,
        # What is sold by itself has its images as a product.
        image=next(iter(_images(product, rules)), None) if options else None,
        sells_without_stock=product.stock is not None and product.stock.sells_without_stock,
        length=length,
        width=width,
        height=height,
    )


def _images(product: StoreProduct, rules: ContentRules) -> tuple[SourceImage, ...]:
    """Name them by the addresses at which the store shows them; the main one comes first."""
    if not rules.files_address:
        return ()
    in_order = sorted(product.images, key=lambda image: image.image_type != code_key(rules.image_type))
    paths = dict.fromkeys(image.path for image in in_order)
    return tuple(
        SourceImage(address_of(path, below=rules.files_address), position)
        for position, path in enumerate(paths, start=1)
    )


def _kept(amount: Decimal) -> Decimal:
    return amount.quantize(_PLACE)


def _field(product: StoreProduct, code: str) -> str:
    return (product.custom_fields or {}).get(code, "").strip() if code else ""


def _amount(text: str) -> Decimal | None:
    """What a merchant types into a field need not be an amount."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return _kept(amount) if amount.is_finite() and 0 <= amount < _LARGEST else None


# --- options ----------------------------------------------------------------------------------------------------------


def _options(root: StoreProduct, sold: Sequence[Adopted]) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]]]:
    """Name what tells the variants apart, and give each its values, by the store's id."""
    behind = {
        code_key(variant.part_codes[0]): {
            code_key(attribute): code_key(option) for attribute, option in variant.options
        }
        for variant in root.variants or ()
        if len(variant.part_codes) == 1
    }
    chosen = {each.product.id: behind.get(code_key(each.product.code), {}) for each in sold}
    used = {attribute for choice in chosen.values() for attribute in choice}
    if not used:
        return (ONLY_OPTION,), _apart({each.product.id: (_called(root, each.product),) for each in sold}, sold)
    attributes = [attribute for attribute in root.attributes if code_key(attribute.code) in used]
    # A template's attributes are not the page's own, and have no names there.
    unnamed = sorted(used - {code_key(attribute.code) for attribute in attributes})
    columns = [*(code_key(attribute.code) for attribute in attributes), *unnamed]
    values = {code_key(attribute.code): _names(attribute.options) for attribute in attributes}
    names = _names(attributes)
    options = {
        number: tuple(values.get(column, {}).get(choice.get(column, ""), choice.get(column, "")) for column in columns)
        for number, choice in chosen.items()
    }
    return tuple(names.get(column, column) for column in columns), _apart(options, sold)


def _names(records: Iterable[StoreAttribute | StoreOption]) -> dict[str, str]:
    """Give each its name, by code key: what a shopper reads, unless that is blank or another's already."""
    names: dict[str, str] = {}
    for record in records:
        prompt = record.prompt.strip()
        names[code_key(record.code)] = record.code if not prompt or prompt in names.values() else prompt
    return names


def _called(root: StoreProduct, product: StoreProduct) -> str:
    """What a variant is called beside its family."""
    name, family = product.name.strip(), root.name.strip()
    return name.removeprefix(f"{family}, ").strip() or name or product.code


def _apart(options: Mapping[int, tuple[str, ...]], sold: Sequence[Adopted]) -> dict[int, tuple[str, ...]]:
    """No two variants of a family have the same options."""
    found: dict[int, tuple[str, ...]] = {}
    for each in sold:
        values = options[each.product.id]
        if values in found.values() or not any(values):
            values = (" ".join(filter(None, (values[0], each.sku))), *values[1:])
        found[each.product.id] = values
    return found
