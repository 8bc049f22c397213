"""The store itself: its settings, the list of stores, the server's version, and provisioning."""

from typing import Any

from miva_sandbox.api import list_query
from miva_sandbox.api.list_query import Column, Spec
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, data, page
from miva_sandbox.state.store import Store


@function("Store_Load", open_to_all=True)
def store_load(call: Call) -> Answer:
    return data(_members(call.store))


def _members(store: Store) -> dict[str, Any]:
    return dict(store.settings)


@function("MivaMerchantVersion", is_domain_level=True)
def miva_merchant_version(call: Call) -> Answer:
    return data({"version": call.domain.settings.version})


_TEXTS = (
    "code",
    "license",
    "name",
    "owner",
    "email",
    "company",
    "address",
    "city",
    "state",
    "zip",
    "phone",
    "fax",
    "country",
)
_STORES = Spec(columns={name: Column(name, is_text=True) for name in _TEXTS}, default_sort="code")


@function("StoreList_Load_Query", is_domain_level=True, open_to_all=True)
def store_list_load_query(call: Call) -> Answer:
    query = list_query.read(call, _STORES)
    stores = [_members(store) for store in call.domain.stores.values()]
    rows, total = list_query.fetch_records(stores, query, columns=_TEXTS)
    return page(rows, total_count=total, start_offset=query.offset)
