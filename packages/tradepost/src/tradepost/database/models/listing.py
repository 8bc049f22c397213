"""Listings, and what else the hub knows of a store: events of links, open intents, set-up and files."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact, GreaterThan

from tradepost.database.fields import MoneyField
from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.catalogue import ProductRecord, VariantRecord
from tradepost.database.models.channel import Channel
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Health, Link, Pending, ShownHealth, Status, is_parked, shown_health
from tradepost.domain.listings.locks import Locks
from tradepost.domain.value_words import difference_words

_SOLD = ("variant", "simple")


def _literal(text: str) -> Func:
    """A value as it stands in the condition of an index, which SQLite knows again by its words alone."""
    return Func(template=f"'{text}'", output_field=models.CharField())


# What is so of all listings, written as `listing_list` and `listing_by_kind` have it: each is taken where its own words
# are said. No other query says anything that PostgreSQL could conclude them from.
IN_LISTS = GreaterThan(F("kind"), _literal(""))
IN_LISTS_BY_KIND = GreaterThan(F("code"), _literal(""))
# What is so of few, as `listing_asked` and `listing_broken` have it.
IS_ASKED_FOR = GreaterThan(F("pending"), _literal(""))
IS_BROKEN = Exact(F("link"), _literal("broken"))

# What is on its store, neither hidden nor switched off.
IS_LIVE: Mapping[str, Any] = {"health": Health.LISTED.value, "link": Link.LINKED.value, "is_inactive": False}


class _Pending(models.Func):
    """Whether one of these is pending, with literals: SQLite finds a partial index only by its own condition."""

    template = "%(expressions)s IN (%(among)s)"
    output_field = models.BooleanField()


class Listing(models.Model):
    """
    One product or variant on one channel, joining our id and the store's.

    `wanted_price` and `available` are computed by the domain when the catalogue or an order changes them; `proven_*`
    were read on the store, or answered by it. Of stock (see `domain.stock.stock`): `account` is what the store must
    count if only known things happened, set or looked at last at `basis_at` while somebody may have been buying. A
    write that was begun at `open_since` was not answered yet; it moves by `open_move`, or sets. A look at `looked_at`
    found `missing` pieces fewer than the account says, some of them ever since `missing_since`. It is to go on being
    sold at 0 where `sells_without_stock`, and the store was told so last where `proven_without_stock`.

    Of drift (see `domain.listings.drift`): the wanted price `yielded_price` gave way to the store's own, and
    `sent_price` was sent and not read back yet. All of the product was
    compared last at `compared_at`, as it was when the store had last changed it, at `external_updated` of its own
    clock; the store says that it was changed since where `is_touched`. The store has it, or its page, switched off
    where `is_inactive`, and it stays so where `keeps_inactive`.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="listings")
    product = models.ForeignKey(ProductRecord, on_delete=models.PROTECT, related_name="listings")
    variant = models.ForeignKey(VariantRecord, on_delete=models.PROTECT, related_name="listings", null=True, blank=True)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, related_name="children", null=True, blank=True)
    kind = enum_field(Kind)
    code = models.CharField(max_length=50)
    code_key = models.CharField(max_length=50)
    sku = models.CharField(max_length=255)

    health = enum_field(Health, default=Health.NOT_LISTED.value)
    link = enum_field(Link, default=Link.UNLINKED.value)
    pending = enum_field(Pending, default=Pending.NONE.value, blank=True)
    is_paused = models.BooleanField(default=False)
    # The catalogue has it no more: it goes off sale, and nothing else is written for it.
    is_orphaned = models.BooleanField(default=False)
    # A rule of the channel does not list it, which makes it an orphan, too.
    is_left_out = models.BooleanField(default=False)
    # That we hid it outlives unlinking: a link that finds it sold out knows why.
    was_hidden = models.BooleanField(default=False)
    # What that hide took off sale where nobody states how many there are: an unhide puts it back.
    hidden_count = models.BigIntegerField(null=True, blank=True)
    external_id = models.BigIntegerField(null=True, blank=True)
    # When the product was made, in seconds of the store's own clock: the same id made at another time is another one.
    external_created = models.BigIntegerField(null=True, blank=True)

    wanted_price = MoneyField()
    # The wanted price is held back, and why; the store keeps the one that it has.
    is_price_held = models.BooleanField(default=False)
    price_held_why = models.TextField(blank=True)
    # Only because it is a large change: a person can let it through.
    is_price_guarded = models.BooleanField(default=False)
    # Where changes are guarded: the last wanted price that was let through, by its rule or by a person.
    passed_price = MoneyField(null=True, blank=True)
    proven_price = MoneyField(null=True, blank=True)
    # Big: pieces of many lines, each of which may be as many as an integer holds.
    available = models.BigIntegerField(null=True, blank=True)
    # What rules and locks hold back of what is left; `available` is without it.
    held_back = models.BigIntegerField(default=0)
    account = models.BigIntegerField(null=True, blank=True)
    basis_at = models.DateTimeField(null=True, blank=True)
    open_move = models.BigIntegerField(null=True, blank=True)
    open_since = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    missing = models.BigIntegerField(default=0)
    missing_since = models.DateTimeField(null=True, blank=True)
    sells_without_stock = models.BooleanField(default=False)
    proven_without_stock = models.BooleanField(default=False)
    proven_fingerprints = models.JSONField(default=dict, blank=True)
    overwrite_groups = models.JSONField(default=list, blank=True)
    # See `domain.listings.locks`.
    locked_groups = models.JSONField(default=list, blank=True)
    locked_price = MoneyField(null=True, blank=True)
    locked_quantity = models.BigIntegerField(null=True, blank=True)
    own_texts = models.JSONField(default=dict, blank=True)
    # Published without images that the catalogue has, or their server is another one by now: the next publish looks.
    awaits_images = models.BooleanField(default=False)

    # In which the store has its family, where that is not the channel's: a publish switches it.
    layout = enum_field(Layout, default="", blank=True)

    # How often in a row the store has refused what is queued; from `domain.listings.listing.PARKED_AFTER` on it is
    # parked.
    refusals = models.IntegerField(default=0)

    yielded_price = MoneyField(null=True, blank=True)
    sent_price = MoneyField(null=True, blank=True)
    external_updated = models.BigIntegerField(null=True, blank=True)
    compared_at = models.DateTimeField(null=True, blank=True)
    is_touched = models.BooleanField(default=False)
    is_inactive = models.BooleanField(default=False)
    keeps_inactive = models.BooleanField(default=False)

    created_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", Kind, table="listing"),
            one_of("layout", Layout, table="listing", or_blank=True),
            one_of("pending", Pending, table="listing"),
            models.CheckConstraint(
                condition=Q(health__in=["not_listed", "delisted"], link="unlinked")
                | Q(health__in=["listed", "hidden"], link__in=["linked", "broken"]),
                name="listing_health_fits_link",
            ),
            models.CheckConstraint(
                condition=Q(link="unlinked", external_id__isnull=True)
                | Q(link__in=["linked", "broken"], external_id__isnull=False),
                name="listing_external_id_iff_linked",
            ),
            models.CheckConstraint(
                condition=Q(kind="parent", variant__isnull=True, parent__isnull=True)
                | Q(kind="simple", variant__isnull=False, parent__isnull=True)
                | Q(kind="variant", variant__isnull=False, parent__isnull=False),
                name="listing_kind_fits_relations",
            ),
            models.CheckConstraint(condition=~Q(code="") & ~Q(code_key=""), name="listing_has_a_code"),
            models.CheckConstraint(
                condition=Q(open_since__isnull=False) | Q(open_move__isnull=True),
                name="listing_open_move_is_dated",
            ),
            models.UniqueConstraint(fields=["channel", "code_key"], name="listing_code_once_per_channel"),
            models.UniqueConstraint(
                fields=["channel", "sku"], condition=Q(kind__in=_SOLD), name="listing_sku_once_per_channel"
            ),
            # Also serves `linked`: the existence pass, by ascending store id.
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                condition=Q(external_id__isnull=False),
                name="listing_external_id_once_per_channel",
            ),
            models.UniqueConstraint(
                fields=["channel", "variant"],
                condition=Q(variant__isnull=False),
                name="listing_variant_once_per_channel",
            ),
            models.UniqueConstraint(
                fields=["channel", "product"], condition=Q(kind="parent"), name="listing_parent_once_per_product"
            ),
        ]
        indexes = [
            # publish_due: products with something to publish or overwrite, or due for images; and how many wait.
            models.Index(
                fields=["channel", "product", "pending"],
                condition=(Q(pending__in=["publish", "overwrite"]) | Q(awaits_images=True))
                & Q(is_paused=False, is_orphaned=False),
                name="listing_due_publish",
            ),
            # publish_due: what the store has in another layout than its channel.
            models.Index(
                fields=["channel", "product"],
                condition=Q(layout__gt="", is_paused=False, is_orphaned=False),
                name="listing_due_switch",
            ),
            # What was refused, to be tried again when the channel's settings change.
            models.Index(fields=["channel", "id"], condition=Q(refusals__gt=0), name="listing_refused"),
            # due(DELIST), due(UNHIDE).
            models.Index(
                fields=["channel", "pending", "id"],
                condition=Q(pending__in=["hide", "unhide", "delist"], is_paused=False),
                name="listing_due_status",
            ),
            # due(HIDE): what is asked for, and what we hid and was given pieces back, or may have been.
            models.Index(
                fields=["channel", "id"],
                condition=Q(pending="hide")
                | Q(health="hidden", account__gt=0)
                | Q(health="hidden", account__isnull=True),
                name="listing_due_hide",
            ),
            # due(SETTLE).
            models.Index(fields=["channel", "id"], condition=Q(open_since__isnull=False), name="listing_due_settle"),
            # due(PRICE).
            models.Index(
                fields=["channel", "id"],
                condition=Q(link="linked", is_price_held=False)
                & (
                    Q(proven_price__isnull=True)
                    | Q(wanted_price__lt=F("proven_price"))
                    | Q(wanted_price__gt=F("proven_price"))
                ),
                name="listing_due_price",
            ),
            # due(ACTIVATE): what the store has switched off against the channel's will; columns as below.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(link="linked", health="listed", is_inactive=True, keeps_inactive=False),
                name="listing_due_activate",
            ),
            # count_cut_off: what the catalogue has no more and is on sale; columns as below.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(link="linked", health="listed", is_orphaned=True),
                name="listing_left_over",
            ),
            # The lists of what few listings are: switched off, paused, asked for something; and how many.
            models.Index(fields=["channel", "id"], condition=Q(is_inactive=True), name="listing_inactive"),
            models.Index(fields=["channel", "id"], condition=Q(is_paused=True), name="listing_paused"),
            models.Index(fields=["channel", "pending", "id"], condition=Q(pending__gt=""), name="listing_asked"),
            # Drifts.touched; Drifts.due: those that were never compared, and those that were long ago.
            models.Index(
                fields=["channel", "id"],
                condition=Q(link="linked", is_touched=True, is_paused=False),
                name="listing_touched",
            ),
            models.Index(
                fields=["channel", "link", "id"],
                condition=Q(link="linked", is_touched=False, compared_at__isnull=True, is_paused=False),
                name="listing_never_compared",
            ),
            models.Index(
                fields=["channel", "compared_at", "id"],
                condition=Q(link="linked", is_touched=False, compared_at__isnull=False, is_paused=False),
                name="listing_comparison_due",
            ),
            # due(DECREASE). Health and link are the same in all its rows, and stand in it so that SQLite prefers it to
            # `listing_by_health`, which has nearly every listing.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(link="linked", health="listed", account__gt=0) & Q(account__gt=F("available")),
                name="listing_due_decrease",
            ),
            # due(INCREASE); columns as above.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(link="linked", health="listed", account__lt=F("available")),
                name="listing_due_increase",
            ),
            # due(SET); columns as above.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(link="linked", health="listed", account__isnull=True, available__isnull=False),
                name="listing_due_set",
            ),
            # due(AT_ZERO); columns as above.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(link="linked", health="listed", account__isnull=False)
                & (
                    Q(sells_without_stock=True, proven_without_stock=False)
                    | Q(sells_without_stock=False, proven_without_stock=True)
                ),
                name="listing_due_at_zero",
            ),
            # looks_due: those that were never looked at or long ago, and those with missing pieces.
            # Health and link stand in the first as in listing_due_decrease.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(link="linked", health="listed", account__isnull=False, looked_at__isnull=True),
                name="listing_never_looked_at",
            ),
            models.Index(
                fields=["channel", "looked_at", "id"],
                condition=Q(link="linked", health="listed", account__isnull=False, looked_at__isnull=False),
                name="listing_look_due",
            ),
            models.Index(
                fields=["channel", "missing_since", "id"],
                condition=Q(link="linked", health="listed", missing__gt=0),
                name="listing_missing",
            ),
            # looks_due: what is hidden.
            models.Index(
                fields=["channel", "looked_at", "id"],
                condition=Q(link="linked", health="hidden", account__isnull=False),
                name="listing_hidden_look",
            ),
            # watched: what is oversold.
            models.Index(fields=["channel", "id"], condition=Q(available__lt=0), name="listing_oversold"),
            # broken: links that may heal; and the list of all that are.
            models.Index(fields=["channel", "id"], condition=Q(link="broken"), name="listing_broken"),
            # live_count: all that it asks for is in the index, so that no listing is read.
            models.Index(
                fields=["channel", "link", "kind"], condition=Q(link="linked", kind__in=_SOLD), name="listing_live"
            ),
            # Lists, by what they are filtered by: it all stands in the index, so that no listing is read to be passed
            # over; by kind; and by price. The condition keeps them out of the way of all other queries; see `IN_LISTS`.
            models.Index(
                fields=["channel", "id", "product", "health", "link", "kind", "pending", "is_paused", "is_inactive"],
                condition=Q(kind__gt=""),
                name="listing_list",
            ),
            models.Index(fields=["channel", "kind", "id"], condition=Q(code__gt=""), name="listing_by_kind"),
            models.Index(fields=["channel", "wanted_price", "id"], condition=Q(kind__gt=""), name="listing_by_price"),
            # Lists and counts by health, those of what can be bought as well.
            models.Index(fields=["channel", "health", "id", "link", "is_inactive"], name="listing_by_health"),
        ]

    def __str__(self) -> str:
        return self.code

    @classmethod
    def waiting(cls, channel_id: int) -> "tuple[models.QuerySet[Listing], models.QuerySet[Listing]]":
        """
        Return what a sync, and what a publish, has to bring to a channel's store because it was asked for.

        What is paused does not wait. In two parts, as there is an index for each.
        """
        rows = cls.objects.filter(channel_id=channel_id, is_paused=False)
        return (
            rows.filter(_Pending(F("pending"), among="'hide', 'unhide', 'delist'")),
            rows.filter(
                Q(_Pending(F("pending"), among="'publish', 'overwrite'")) | Q(awaits_images=True), is_orphaned=False
            ).exclude(pending=Pending.NONE.value),
        )

    @classmethod
    def live(cls, channel_id: int) -> "models.QuerySet[Listing]":
        """Return what of a channel is on its store, neither hidden nor switched off."""
        return cls.objects.filter(channel_id=channel_id, **IS_LIVE)

    @property
    def status(self) -> Status:
        health, link, pending = Health(self.health), Link(self.link), Pending(self.pending)
        return Status(health, link, pending, is_paused=self.is_paused, is_orphaned=self.is_orphaned)

    @property
    def is_parked(self) -> bool:
        return is_parked(self.refusals)

    @property
    def shown_health(self) -> ShownHealth:
        return shown_health(Health(self.health), is_inactive=self.is_inactive)

    @property
    def noted(self) -> "list[AttentionRecord]":
        """Why it needs a person; what has held longest first. No query of a listing that was read `with_attentions`."""
        found: list[AttentionRecord] | None = getattr(self, _READ_ATTENTIONS, None)
        return list(self.attentions.order_by("since", "pk")) if found is None else found

    @property
    def locks(self) -> Locks:
        locks = Locks(frozenset(map(Group, self.locked_groups)), self.locked_price, self.locked_quantity)
        return locks.with_texts(self.own_texts)


class DriftRecord(models.Model):
    """
    What somebody else has changed on the store, by group of fields, and what the hub has neither sent nor forgotten.

    `fields`: [{name, before: ours, after: the store's}]. `is_kept`: the store's values were accepted.
    """

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="drifts")
    group = enum_field(Group)
    fields = models.JSONField(default=list)
    mark = models.CharField(max_length=16)
    is_kept = models.BooleanField(default=False)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("group", Group, table="drift"),
            models.UniqueConstraint(fields=["listing", "group"], name="drift_once_per_listing_and_group"),
        ]

    def __str__(self) -> str:
        return self.group

    @property
    def words(self) -> str:
        return "; ".join(difference_words(each["name"], each["before"], each["after"]) for each in self.fields)


class AttentionRecord(models.Model):
    """Why a listing needs a person: of each kind once, since when it holds, and the run that said so last."""

    # Without an index of its own: `attention_by_kind` begins with it, and a planner could take either.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="attentions")
    kind = enum_field(Attention)
    message = models.TextField()
    since = models.DateTimeField()
    run_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", Attention, table="attention"),
            models.UniqueConstraint(fields=["listing", "kind"], name="attention_once_per_kind"),
        ]
        indexes = [
            # The listings that need a person for one reason, and how many they are.
            models.Index(fields=["channel", "kind", "listing"], name="attention_by_kind"),
        ]

    def __str__(self) -> str:
        return self.kind


# Not as the manager keeps it: for that Django makes a query of each listing.
_READ_ATTENTIONS = "read_attentions"


def with_attentions(rows: "models.QuerySet[Listing]") -> "models.QuerySet[Listing]":
    """Read why these listings need a person as well, by one query for all of them."""
    in_order = AttentionRecord.objects.order_by("since", "pk")
    return rows.prefetch_related(models.Prefetch("attentions", in_order, to_attr=_READ_ATTENTIONS))


class LinkEvent(models.Model):
    """Append only: when a listing was joined to a product of the store, or let go of it."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="link_events")
    link = enum_field(Link)
    external_id = models.BigIntegerField(null=True, blank=True)
    run_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [one_of("link", Link, table="link_event")]

    def __str__(self) -> str:
        return f"{self.link} {self.external_id}"


class Intent(models.Model):
    """A code that was absent on the store and that we are about to create there; gone once it is proven."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="intents")
    code = models.CharField(max_length=50)
    code_key = models.CharField(max_length=50)
    run_id = models.BigIntegerField(null=True, blank=True)
    # When a request for it was sent last, by the hub's clock.
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "code_key"], name="intent_once_per_code")]

    def __str__(self) -> str:
        return self.code


class SetupRecord(models.Model):
    """Something the store needs once and is known to have: a custom field, a category."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="setup_records")
    kind = models.CharField(max_length=24)
    code = models.CharField(max_length=50)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "kind", "code"], name="setup_once_per_code")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


class StoreFile(models.Model):
    """An image file that was uploaded to the store and seen there."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "path"], name="file_once_per_path")]

    def __str__(self) -> str:
        return self.path
