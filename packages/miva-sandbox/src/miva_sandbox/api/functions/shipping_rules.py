"""How a product may be shipped: its package and the methods it is limited to."""

from miva_sandbox.api import product_reference
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, done
from miva_sandbox.state import shipping_rules
from miva_sandbox.state.numbers import to_units


@function("ProductShippingRules_Update", needs=("PROD:modify",))
def product_shipping_rules_update(call: Call) -> Answer:
    product = product_reference.product(call)
    parameters = call.parameters
    flags = {
        "ownpackage": parameters.boolean("ShipsInOwnPackaging"),
        "limitmeths": parameters.boolean("LimitShippingMethods"),
    }
    sizes = {
        column: parameters.decimal(column.capitalize(), negative=False) for column in ("width", "length", "height")
    }
    methods = parameters.objects("ShippingMethods")
    chosen = [(method.required_text("mod_code"), method.required_text("meth_code")) for method in methods or ()]
    changes: dict[str, str | int] = {column: int(flag) for column, flag in flags.items() if flag is not None}
    changes |= {column: to_units(size, decimals=2) for column, size in sizes.items() if size is not None}
    shipping_rules.update(call.store, product["id"], changes)
    if methods is not None:
        shipping_rules.replace_methods(call.store, product["id"], chosen)
    return done()
