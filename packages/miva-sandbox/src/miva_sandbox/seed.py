"""What a new sandbox starts with: a store that is ready to sell, a token that may do everything, and a hub's token."""

from dataclasses import dataclass

from miva_sandbox.state import inventory, modules, tokens
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.store import Store
from miva_sandbox.state.tokens import DOMAIN_LEVEL, EVERY_FUNCTION, Token

FULL_TOKEN = "full rights"  # noqa: S105 - the name of a token, not a secret
HUB_TOKEN = "hub"  # noqa: S105 - likewise

# What a channel manager cannot do without, and no more.
HUB_FUNCTIONS = (
    "Provision_Store",
    "OrderItemList_CreateShipment",
    "OrderList_Load_Query",
    "OrderShipmentList_Update",
    "ProductList_Load_Query",
    "ProductVariantList_Load_Product",
    "Product_Delete",
    "InventoryProductSettings_Update",
)


@dataclass(frozen=True, slots=True)
class Seeded:
    store: Store
    full: Token
    hub: Token


def seed(domain: Domain, *, store_code: str) -> Seeded:
    """Make the store and the tokens, as far as they are not there. Idempotent: secrets and settings stay."""
    is_new = domain.find_store(store_code) is None
    store = domain.add_store(store_code)
    if is_new:
        _make_ready_to_sell(store)
    full = tokens.find_by_name(domain.db, FULL_TOKEN) or tokens.insert(domain.db, name=FULL_TOKEN)
    for store_id in (DOMAIN_LEVEL, store.id):
        tokens.grant(domain.db, full, store_id=store_id, functions=[EVERY_FUNCTION])
    hub = tokens.find_by_name(domain.db, HUB_TOKEN) or tokens.insert(domain.db, name=HUB_TOKEN)
    tokens.grant(domain.db, hub, store_id=store.id, functions=HUB_FUNCTIONS)
    return Seeded(store, full, hub)


def _make_ready_to_sell(store: Store) -> None:
    """Let stock limit sales, as in a shop that is open, and install the modules that most stores have."""
    inventory.change_settings(store, {"active": 1, "out_track": 1})
    for module in (modules.BASKET_INVENTORY, modules.CUSTOM_FIELDS, modules.ORDER_WORKFLOW):
        modules.install(store, module)
