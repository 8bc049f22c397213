"""The tag of a product's shipping rules."""

from miva_sandbox.provisioning.lookups import product_found
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import shipping_rules
from miva_sandbox.state.numbers import to_units

_TEXTS = {
    "CountryOfOrigin": ("origcntry", 2),
    "HSCode": ("hscode", 15),
    "NMFCClass": ("nmfcclass", 10),
    "NMFCCode": ("nmfccode", 10),
}


@tag("ProductShippingRules_Update")
def update(tag: Tag) -> None:
    row = product_found(tag, tag.attribute("product_code"))
    changes: dict[str, str | int] = {}
    for name, column in (("ShipsInOwnPackaging", "ownpackage"), ("LimitShippingMethods", "limitmeths")):
        flag = tag.boolean(name)
        if flag is not None:
            changes[column] = int(flag)
    for name in ("Width", "Length", "Height"):
        measure = tag.number(name, digits=10, decimals=2)
        if measure is not None:
            changes[name.lower()] = to_units(measure, decimals=2)
    for name, (column, limit) in _TEXTS.items():
        text = tag.text(name, limit=limit)
        if text is not None:
            changes[column] = text
    shipping_rules.update(tag.store, row["id"], changes)
    # The methods are read after the rules were written: a bad one leaves the rest in force.
    container = tag.container("ShippingMethods")
    if container is None:
        return
    chosen = []
    for element in container.walk():
        inner = tag.inner(element)
        if element.key != "shippingmethod":
            raise inner.refuse("Unknown tag")
        chosen.append((inner.attribute("module_code"), inner.attribute("method_code")))
    shipping_rules.replace_methods(tag.store, row["id"], chosen)
