"""What a rule of a channel does not list: it goes off sale, and comes back with the rule's end."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tradepost.database import sql
from tradepost.database.listings.attentions import forget_attention, note_attention
from tradepost.database.listings.wanted_basis import ChannelTerms, SoldVariant
from tradepost.database.models import Listing
from tradepost.database.sql import Rows
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.listing_rules import Article, ListingRule, left_out_message
from tradepost.operations.ports import SaleChange


@dataclass(frozen=True, slots=True)
class LeftOut:
    """
    The listings whose products a rule of their channel does not list, and the rule, by id.

    `newly`: those of which that was not so before, and `freed`: of which it is so no more; of these `living` (ids) are
    those that the catalogue has.
    """

    by_rule: Mapping[int, ListingRule]
    newly: Sequence[Mapping[str, Any]]
    freed: Sequence[Mapping[str, Any]]
    living: Collection[int]

    @classmethod
    def of(
        cls,
        rows: Sequence[Mapping[str, Any]],
        variants: Mapping[int, SoldVariant],
        channels: Mapping[int, ChannelTerms],
    ) -> "LeftOut":
        articles: dict[int, list[Article]] = defaultdict(list)
        for variant in variants.values():
            if not variant.is_gone:
                articles[variant.product_id].append(variant.article)
        rules: dict[tuple[int, int], ListingRule | None] = {}
        by_rule: dict[int, ListingRule] = {}
        for row in rows:
            channel = channels[row["channel_id"]]
            if not channel.says_what_is_listed:
                continue
            key = row["channel_id"], row["product_id"]
            if key not in rules:
                rules[key] = channel.rules.of_listing(articles[row["product_id"]])
            rule = rules[key]
            if rule is not None and not rule.lists:
                by_rule[row["id"]] = rule
        newly = [row for row in rows if row["id"] in by_rule and not row["is_left_out"]]
        freed = [row for row in rows if row["is_left_out"] and row["id"] not in by_rule]
        gone = {variant_id for variant_id, variant in variants.items() if variant.is_gone}
        living = {
            row["id"]
            for row in freed
            if (row["product_id"] in articles if row["variant_id"] is None else row["variant_id"] not in gone)
        }
        return cls(by_rule, newly, freed, living)

    def write(self, *, at: datetime) -> None:
        if not (self.newly or self.freed):
            return
        sql.execute(
            """
            UPDATE tradepost_listing SET is_left_out = true, is_orphaned = true,
                pending = CASE WHEN pending IN ('hide', 'delist') THEN pending ELSE '' END
            FROM given WHERE tradepost_listing.id = given.id
            """,
            given=Rows.of_ids(row["id"] for row in self.newly),
        )
        for rule in dict.fromkeys(self.by_rule.values()):
            of_rule = [row["id"] for row in self.newly if self.by_rule[row["id"]] == rule]
            note_attention(of_rule, Attention.ORPHANED, left_out_message(rule), at=at)
        # What the catalogue has no more stays an orphan.
        freed = Listing.objects.filter(id__in=[row["id"] for row in self.freed])
        freed.update(is_left_out=False)
        freed.filter(id__in=self.living).update(is_orphaned=False)
        forget_attention(self.living, Attention.ORPHANED)

    def sale_changes(self, channels: Mapping[int, ChannelTerms]) -> list[SaleChange]:
        """What of it is on a store: it goes off sale, or comes back."""
        told = [(row, False) for row in self.newly] + [(row, True) for row in self.freed]
        return [
            SaleChange(
                channels[row["channel_id"]].name,
                row["product__handle"],
                row["sku"],
                row["account"],
                is_back,
                rule=self.by_rule[row["id"]].name if row["id"] in self.by_rule else "",
            )
            for row, is_back in told
            if row["kind"] != Kind.PARENT and row["link"] == Link.LINKED
        ]
