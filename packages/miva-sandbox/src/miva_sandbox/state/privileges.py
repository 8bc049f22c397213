"""
What a role group lets its members do. A privilege is written `AREA:mode`, for example `PROD:view`.

How Miva's own groups map on the areas is not published; this is the plain reading of their names.
"""

from collections.abc import Iterable, Mapping

MODES = ("view", "add", "modify", "delete")
AREAS = ("PROD", "INVT", "CTGY", "IMGS", "PAGE", "ORDR", "CUST")


def _all(*areas: str) -> frozenset[str]:
    return frozenset(f"{area}:{mode}" for area in areas for mode in MODES)


GROUPS: Mapping[str, frozenset[str]] = {
    "Accounting & Reporting": frozenset({"ORDR:view", "CUST:view"}),
    "Customer Service & Sales": _all("CUST") | {"ORDR:view", "ORDR:modify", "PROD:view"},
    "Marketing": frozenset({"PROD:view", "CTGY:view", "IMGS:view", "CUST:view"}),
    "Order Processing & Fulfillment": _all("ORDR") | {"CUST:view"},
    "Product Management": _all("PROD", "INVT", "CTGY", "IMGS"),
    "User Interface": _all("PAGE", "IMGS"),
}


def of_groups(groups: Iterable[str]) -> frozenset[str]:
    """Unite the privileges of several groups; a name that is no group's gives none."""
    return frozenset[str]().union(*(GROUPS.get(group, frozenset()) for group in groups))
