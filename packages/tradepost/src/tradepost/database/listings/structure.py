"""The listings whose structure on the store is ours, and is no longer what the catalogue has."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from tradepost.database import sql
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.listings.listing_rows import STATUS_COLUMNS, status_in
from tradepost.database.models import Channel, Listing, ProductRecord, VariantRecord
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout, has_parent, kind_in
from tradepost.domain.fields import Group, fingerprint
from tradepost.domain.listings.listing import Link, Pending, content_asked
from tradepost.domain.listings.structure import structure_mark
from tradepost.operations.ports import QueuedStructure

_COLUMNS = (
    *("id", "kind", "product_id", "parent__code", "layout", *STATUS_COLUMNS),
    *("overwrite_groups", "proven_fingerprints", "locked_groups"),
)


def queue_structure(handles: Collection[str], *, channel_id: int) -> QueuedStructure:
    """
    Queue an overwrite of structure where it is due; what is queued for another change keeps that.

    The parent of what has none any more is closed when its article gets a page of its own.
    """
    of_catalogue = ProductRecord.objects.filter(handle__in=sql.among_texts(handles))
    product_ids = list(of_catalogue.values_list("id", flat=True))
    rows = sql.in_channel(
        Listing.objects.filter(product_id__in=sql.among_ids(product_ids), link=Link.LINKED), channel_id
    )
    # What the catalogue has no more has no structure to be sent.
    rows = rows.exclude(is_orphaned=True).exclude(variant__is_gone=True)
    found = list(rows.values(*_COLUMNS))
    if not found:
        return QueuedStructure()
    products = {
        product_id: (handle, names)
        for product_id, handle, names in of_catalogue.values_list("id", "handle", "option_names")
    }
    marks = _Marks(products, layout=settings_of(Channel.objects.get(pk=channel_id)).rules.layout)
    queued: list[dict[str, Any]] = []
    names: dict[Pending, set[str]] = defaultdict(set)
    for row in found:
        proven = row["proven_fingerprints"].get(Group.STRUCTURE)
        if Group.STRUCTURE in row["locked_groups"] or marks.is_closed(row):
            continue
        if proven is None or proven == fingerprint(marks.of(row)):
            continue
        status = status_in(row)
        names[status.pending].add(products[row["product_id"]][0])
        groups = {*row["overwrite_groups"], Group.STRUCTURE.value}
        wanted = content_asked(status, is_asked=groups == set(row["overwrite_groups"]))
        if wanted is not None:
            queued.append({"id": row["id"], "pending": wanted.pending, "overwrite_groups": sorted(groups)})
    sql.update(Listing, queued)
    held = names[Pending.HIDE] | names[Pending.UNHIDE]
    return QueuedStructure(tuple(sorted(names[Pending.NONE] | names[Pending.OVERWRITE])), tuple(sorted(held)))


class _Marks:
    """The marks of listings as the catalogue has them now; see `domain.listings.structure.structure_mark`."""

    def __init__(self, products: Mapping[int, tuple[str, list[str]]], *, layout: Layout) -> None:
        self._products = products
        self._layout = layout
        self._options: dict[int, dict[str, list[str]]] = defaultdict(dict)
        variants = VariantRecord.objects.filter(product_id__in=sql.among_ids(products), is_gone=False)
        for product_id, sku, options in variants.values_list("product_id", "sku", "options"):
            self._options[product_id][sku] = options

    def is_closed(self, row: Mapping[str, Any]) -> bool:
        """Whether it is a parent of what has none, as the store has it."""
        _, option_names = self._products[row["product_id"]]
        return row["kind"] == Kind.PARENT and not has_parent(self._layout_of(row), is_family=bool(option_names))

    def _layout_of(self, row: Mapping[str, Any]) -> Layout:
        return Layout(row["layout"]) if row["layout"] else self._layout

    def of(self, row: Mapping[str, Any]) -> list[Any]:
        _, option_names = self._products[row["product_id"]]
        layout = self._layout_of(row)
        kind = kind_in(layout, Kind(row["kind"]))
        has_page = kind is Kind.PARENT and layout is Layout.NATIVE
        return structure_mark(
            kind,
            parent_code=(row["parent__code"] or "") if kind is Kind.VARIANT else "",
            option_names=option_names,
            options=self._options[row["product_id"]] if has_page else {},
        )
