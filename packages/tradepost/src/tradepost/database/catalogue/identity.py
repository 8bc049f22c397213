"""Who is who in the catalogue: handles and SKUs that change, variants that move, leave or are one; set-based."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from tradepost.database import sql
from tradepost.database.catalogue.products import read_products
from tradepost.database.listings.attentions import forget_attention, note_attention
from tradepost.database.models import Listing, ProductRecord, VariantRecord
from tradepost.database.search import note_product_words
from tradepost.database.sql import Column, Rows
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.catalogue.identity import KnownProduct, Lookalike, SkuChange, lookalike
from tradepost.domain.fields import Group, fingerprint
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link, Pending
from tradepost.domain.listings.structure import EMPTIED_MARK

GONE = "The catalogue does not have it any more, so its stock on the store goes to 0."
# More than a person would go through; a supplier who changes every key of a catalogue is told of the first.
_MOST_LOOKALIKES = 500
_EMPTIED = "None of its variants is in the catalogue any more; delist it when nobody needs its page."
_LEFT = "Its variants belong to other products now. Its page goes off sale when a publish has put them on sale there."


def known_products(handles: Collection[str], skus: Collection[str]) -> list[KnownProduct]:
    """
    Load the products of these handles, and those that have one of these SKUs, with the variants they still have.

    One that was taken out of the catalogue has those of these SKUs that were its own: it may come back under another
    handle, and its page is still on stores.
    """
    ids = sql.fetch_numbers(
        """
        SELECT product.id FROM handles JOIN tradepost_product AS product ON product.handle = handles.handle
        UNION
        SELECT variant.product_id FROM skus JOIN tradepost_variant AS variant ON variant.sku = skus.sku
        WHERE NOT variant.is_gone
        """,
        handles=Rows.of_texts("handle", handles),
        skus=Rows.of_texts("sku", skus),
    )
    # Mostly what is asked for is new.
    if not (ids or skus):
        return []
    variants: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    found = VariantRecord.objects.filter(product_id__in=ids, is_gone=False).order_by("position", "id")
    for product_id, sku, options in found.values_list("product_id", "sku", "options"):
        variants[product_id][sku] = tuple(options)
    for product_id, sku, options in _taken_out(skus):
        variants[product_id][sku] = tuple(options)
    products = ProductRecord.objects.filter(id__in={*ids, *variants}).order_by("id").values_list("id", "handle")
    return [KnownProduct(handle, variants[product_id]) for product_id, handle in products]


def _taken_out(skus: Collection[str]) -> list[tuple[int, str, list[str]]]:
    """Product, SKU and options of those variants whose products have none left."""
    left = VariantRecord.objects.filter(product_id=OuterRef("product_id"), is_gone=False)
    gone = VariantRecord.objects.filter(~Exists(left), sku__in=sql.among_texts(skus), is_gone=True)
    return list(gone.order_by("position", "id").values_list("product_id", "sku", "options"))


def lookalikes(*, created_at: datetime) -> list[Lookalike]:
    """Compare the products that were made at this moment with those before that are on a store."""
    new = ProductRecord.objects.filter(created_at=created_at)
    # Also what the same file has just taken out of the catalogue, as it does with all that it has under another name.
    on_store = Listing.objects.filter(link=Link.LINKED.value, product_id=OuterRef("pk"))
    old = ProductRecord.objects.filter(Exists(on_store), created_at__lt=created_at, title__in=new.values("title"))
    before = defaultdict(list)
    for product in read_products(old.order_by("id")[:_MOST_LOOKALIKES], as_left=True).values():
        before[product.title].append(product)
    found = read_products(new.filter(title__in=list(before)).order_by("id")[:_MOST_LOOKALIKES]) if before else {}
    return [
        alike
        for product in found.values()
        for each in before[product.title]
        if (alike := lookalike(product, each)) is not None
    ]


def skus_in_use(skus: Collection[str]) -> set[str]:
    """Return those that the catalogue knows, of variants that are gone, too."""
    return set(VariantRecord.objects.filter(sku__in=sql.among_texts(skus)).values_list("sku", flat=True))


def rename_products(handles: Mapping[str, str]) -> None:
    """Give products other handles; their parents' listings follow. Codes on a store stay what they are."""
    names = Rows({"before": Column.TEXT, "after": Column.TEXT}, [{"before": b, "after": a} for b, a in handles.items()])
    sql.execute("UPDATE tradepost_product SET handle = names.after FROM names WHERE handle = names.before", names=names)
    sql.execute(
        """
        UPDATE tradepost_listing SET sku = names.after
        FROM names JOIN tradepost_product AS product ON product.handle = names.after
        WHERE tradepost_listing.product_id = product.id AND tradepost_listing.kind = 'parent'
        """,
        names=names,
    )
    note_product_words(list(ProductRecord.objects.filter(handle__in=handles.values()).values_list("id", flat=True)))
    _send_identifiers(Listing.objects.filter(kind="parent", product__handle__in=list(handles.values())))


def change_skus(changes: Sequence[SkuChange]) -> None:
    """Give variants other SKUs; their listings on every channel follow, and keep the codes that the stores have."""
    names = Rows(
        {"before": Column.TEXT, "after": Column.TEXT},
        [{"before": change.before, "after": change.after} for change in changes],
    )
    sql.execute("UPDATE tradepost_variant SET sku = names.after FROM names WHERE sku = names.before", names=names)
    sql.execute(
        """
        UPDATE tradepost_listing SET sku = names.after
        FROM names JOIN tradepost_variant AS variant ON variant.sku = names.after
        WHERE tradepost_listing.variant_id = variant.id
        """,
        names=names,
    )
    renamed = VariantRecord.objects.filter(sku__in=[change.after for change in changes])
    note_product_words(set(renamed.values_list("product_id", flat=True)))
    _send_identifiers(Listing.objects.filter(variant__sku__in=[change.after for change in changes]))


def _send_identifiers(listings: "QuerySet[Listing]") -> None:
    """Queue the new SKU for what is on a store; what else a person has queued comes first, and stays."""
    idle = listings.filter(link=Link.LINKED.value, pending=Pending.NONE.value)
    idle.update(pending=Pending.OVERWRITE.value, overwrite_groups=[Group.IDENTIFIERS.value])


def release_variants(skus: Collection[str]) -> None:
    """Let go of variants, for the product that takes them over in the same transaction."""
    sql.execute(
        "UPDATE tradepost_variant SET is_gone = true FROM moved WHERE tradepost_variant.sku = moved.sku",
        moved=Rows.of_texts("sku", skus),
    )


def remove_variants(skus: Collection[str], *, at: datetime) -> None:
    """Mark variants as gone, with their listings on every channel, and parents that have none left."""
    gone = sql.fetch_numbers(
        """
        UPDATE tradepost_variant SET is_gone = true FROM leaving
        WHERE tradepost_variant.sku = leaving.sku AND NOT is_gone
        RETURNING tradepost_variant.id
        """,
        leaving=Rows.of_texts("sku", skus),
    )
    orphan_variants(gone, at=at)
    orphan_parents(set(VariantRecord.objects.filter(id__in=gone).values_list("product_id", flat=True)), at=at)


def orphan_variants(variant_ids: Collection[int], *, at: datetime) -> None:
    if not variant_ids:
        return
    orphaned = sql.fetch_numbers(
        """
        UPDATE tradepost_listing SET is_orphaned = true,
            pending = CASE WHEN pending IN ('hide', 'delist') THEN pending ELSE '' END
        FROM gone WHERE tradepost_listing.variant_id = gone.id
        RETURNING tradepost_listing.id
        """,
        gone=Rows.of_ids(variant_ids),
    )
    note_attention(orphaned, Attention.ORPHANED, GONE, at=at)


def orphan_parents(product_ids: Collection[int], *, at: datetime, why: str = _EMPTIED) -> None:
    """Flag the listings of parents whose product has no variant any more."""
    if not product_ids:
        return
    orphaned = sql.fetch_numbers(
        """
        UPDATE tradepost_listing SET is_orphaned = true,
            pending = CASE WHEN pending IN ('hide', 'delist') THEN pending ELSE '' END
        FROM emptied WHERE tradepost_listing.product_id = emptied.id AND kind = 'parent' AND NOT EXISTS (
            SELECT 1 FROM tradepost_variant AS variant WHERE variant.product_id = emptied.id AND NOT variant.is_gone
        )
        RETURNING tradepost_listing.id
        """,
        emptied=Rows.of_ids(product_ids),
    )
    note_attention(orphaned, Attention.ORPHANED, why, at=at)


def empty_products(handles: Collection[str], *, at: datetime) -> None:
    """
    Flag what is left of products whose variants have moved away, and mark their pages, which a publish closes.

    What has not moved may be there still, and leaves with the same file.
    """
    emptied = set(ProductRecord.objects.filter(handle__in=list(handles)).values_list("id", flat=True))
    orphan_parents(emptied, at=at, why=_LEFT)
    pages = Listing.objects.filter(product_id__in=emptied, kind=Kind.PARENT.value, link=Link.LINKED.value)
    mark = fingerprint(EMPTIED_MARK)
    sql.update(
        Listing,
        [
            {"id": number, "proven_fingerprints": {**proven, Group.STRUCTURE.value: mark}}
            for number, proven in pages.values_list("id", "proven_fingerprints")
            # What a page that was only linked offers is the merchant's.
            if Group.STRUCTURE.value in proven
        ],
    )


def hand_over_listings(before: str, after: str) -> None:
    """Give the listings of one SKU to another, on channels where the first is on the store and the other one not."""
    old = {row.channel_id: row for row in Listing.objects.filter(sku=before, variant__isnull=False)}
    new = {row.channel_id: row for row in Listing.objects.filter(sku=after, variant__isnull=False)}
    for channel_id, listing in old.items():
        other = new.get(channel_id)
        if other is None or listing.link == Link.UNLINKED or other.link != Link.UNLINKED:
            continue
        other.delete()
        listing.variant_id, listing.product_id = other.variant_id, other.product_id
        listing.kind, listing.parent_id, listing.sku = other.kind, other.parent_id, other.sku
        listing.is_orphaned = False
        listing.save()
        note_product_words([listing.product_id])
        forget_attention([listing.pk], Attention.ORPHANED)
    _send_identifiers(Listing.objects.filter(sku=after, variant__isnull=False))
