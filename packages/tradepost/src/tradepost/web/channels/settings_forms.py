"""The forms of what a channel makes of listings and orders, beside those by which it is set up."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from unfold.widgets import (  # type: ignore[import-untyped] # the package has no types
    CHECKBOX_CLASSES,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tradepost.domain.channels.layout import Layout
from tradepost.domain.channels.mapping import FIELD_PREFIX, SOURCES, TEXT_TARGETS, why_unmappable
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import Group
from tradepost.domain.listings.drift import USUAL_POLICIES, DriftPolicy
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.orders.order import AcknowledgeMode, PaymentState, ShipmentPath, StoreStatus
from tradepost.domain.orders.personal_data import LONGEST_DAYS
from tradepost.operations.channels.channel_edit import ChannelEdit, price_limits_of
from tradepost.operations.ports import ChannelProfile
from tradepost.web.channels.forms import ChannelForm, choice_field, text_field, tick_field
from tradepost.web.format import spoken

_LONGEST_LIST = 20_000
_NO_LIMIT = "none"
_DRIFT = "drift_"
_POLICY_WORDS: Mapping[DriftPolicy, str] = {
    DriftPolicy.OURS: "ours: it is put back",
    DriftPolicy.STORE: "the store's: it stays",
    DriftPolicy.ASK: "ask me",
}
_TEXT_WORDS = {"name": "Name", "description": "Description", "page_title": "Page title"}


def _whole(label: str, help_text: str = "", *, least: int = 0, most: int) -> forms.IntegerField:
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"})
    return forms.IntegerField(label=label, help_text=help_text, min_value=least, max_value=most, widget=widget)


def ticks_field(label: str, values: Iterable[Any], *, is_needed: bool = True) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=is_needed,
        choices=[(value.value, spoken(value)) for value in values],
        error_messages={"required": "Choose one at least."},
        widget=forms.CheckboxSelectMultiple(attrs={"class": " ".join(CHECKBOX_CLASSES)}),
    )


def lines_field(label: str, help_text: str) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"})
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=_LONGEST_LIST, widget=widget, strip=True
    )


def _pairs(text: str, *, example: str) -> dict[str, str]:
    """Read `WORD = VALUE` lines. Raises ValidationError for one that is none."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, separator, value = (part.strip() for part in line.partition("="))
        if not (word and separator and value):
            raise forms.ValidationError(f"“{line[:60]}” is no pair; write it as {example}.")
        found[word] = value
    return found


class RenameForm(ChannelForm):
    """What the channel is called here; the store knows nothing of it."""

    name = text_field("Name", "What you call this store here, such as the shop's name.", is_needed=True, max_length=100)

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        return {"name": profile.settings.name}

    def edit(self) -> ChannelEdit:
        return ChannelEdit(settings={"name": self.cleaned_data["name"].strip()})


class ListingsForm(ChannelForm):
    """What listings show, how they are linked, and when a run stops before it does harm."""

    layout = choice_field(
        "In the shop a family is",
        (
            (Layout.NATIVE.value, "one page, where a shopper chooses"),
            (Layout.FLAT.value, "a page for each variant, which names its parent"),
            (Layout.SIMPLE.value, "a page for each variant, as an article of its own"),
        ),
        help_text="What stands otherwise on the store is switched by the next publish, and sold all the while.",
    )
    lowest_price = text_field("Lowest price", "Prices below it are not sent but shown to you; blank for no limit.")
    highest_price = text_field("Highest price", "Prices above it are not sent but shown to you; blank for no limit.")
    allows_zero_prices = tick_field("A price of 0 is meant", "Else it is held back.")
    sells_without_stock = tick_field(
        "What the catalogue would go on selling stays on sale at 0", "Else it is sold out, whatever the catalogue asks."
    )
    brake_percent = _whole(
        "The brake: percent of live listings",
        "A run that would delist, sell out or re-price more than this stops and asks.",
        most=100,
    )
    brake_at_least = _whole("and at least so many", most=1_000_000)
    linking_priority = choice_field(
        "What is on the store is looked for first by",
        ((LinkingPriority.SKU.value, "its SKU"), (LinkingPriority.CODE.value, "its code")),
    )
    requires_product_type = tick_field("Link only products that have a product_type")
    delist_parent_with_last_variant = tick_field("A family goes when its last variant is delisted")
    cleans_descriptions = tick_field("Take out of descriptions what runs in a browser")
    sends_address = tick_field("Give new products a readable web address")
    sends_dimensions = tick_field("Send length, width and height", "In the store's own unit; older stores have none.")
    type_field = text_field("Custom field of the kind", "It says parent, variant or simple.", is_needed=True)
    parent_field = text_field("Custom field of a variant's parent", "Of the parent's code.", is_needed=True)
    image_type = text_field("Image type", "Of a product's first image, by which the store's pages show it.")
    brand_field = text_field("Custom field of brands", "Blank sends none; so for the others.")
    barcode_field = text_field("Custom field of barcodes")
    mpn_field = text_field("Custom field of part numbers")
    msrp_field = text_field("Custom field of list prices")

    beneath = (
        "sends_address",
        "sends_dimensions",
        "type_field",
        "parent_field",
        "image_type",
        "brand_field",
        "barcode_field",
        "mpn_field",
        "msrp_field",
    )
    beneath_title = "What is sent of each product, and who is right when somebody changes it on the store"
    _settings = (
        "allows_zero_prices",
        "sells_without_stock",
        "brake_percent",
        "brake_at_least",
        "requires_product_type",
        "delist_parent_with_last_variant",
    )
    _rules = ("cleans_descriptions", *beneath)

    def __init__(self, typed: Any, *, profile: ChannelProfile, **_rest: Any) -> None:
        super().__init__(typed, profile=profile)
        for group in USUAL_POLICIES:
            field = choice_field(
                f"When somebody changes {spoken(group)} on the store, who is right?",
                [(policy.value, words) for policy, words in _POLICY_WORDS.items()],
            )
            self.fields[_drift_name(group)] = field

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        settings, rules = profile.settings, profile.settings.rules
        return {
            **{name: getattr(settings, name) for name in self._settings},
            **{name: getattr(rules, name) for name in self._rules},
            **{_drift_name(group): policy.value for group, policy in settings.drift_policies.items()},
            "layout": rules.layout.value,
            "linking_priority": settings.linking_priority.value,
            "lowest_price": settings.lowest_price if settings.lowest_price is not None else "",
            "highest_price": settings.highest_price if settings.highest_price is not None else "",
        }

    @property
    def upper(self) -> list[Any]:
        return [field for field in super().upper if not field.name.startswith(_DRIFT)]

    @property
    def lower(self) -> list[Any]:
        return [*super().lower, *(self[_drift_name(group)] for group in USUAL_POLICIES)]

    @property
    def is_open_beneath(self) -> bool:
        return any(field.errors for field in self.lower)

    def clean_lowest_price(self) -> str:
        return self._limit("lowest_price")

    def clean_highest_price(self) -> str:
        return self._limit("highest_price")

    def _limit(self, name: str) -> str:
        typed: str = self.cleaned_data[name] or _NO_LIMIT
        try:
            price_limits_of(lowest=typed, highest=None)
        except NotAllowed as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return typed

    def edit(self) -> ChannelEdit:
        given = self.cleaned_data
        return ChannelEdit(
            settings={
                **{name: given[name] for name in self._settings},
                "linking_priority": LinkingPriority(given["linking_priority"] or LinkingPriority.SKU),
            },
            rules={
                **{name: given[name] for name in self._rules},
                "layout": Layout(given["layout"] or self.profile.settings.rules.layout),
            },
            price_limits=price_limits_of(lowest=given["lowest_price"], highest=given["highest_price"]),
            drift={group: DriftPolicy(given[_drift_name(group)] or usual) for group, usual in USUAL_POLICIES.items()},
        )


def _drift_name(group: Group) -> str:
    return f"{_DRIFT}{group.value}"


class OrdersForm(ChannelForm):
    """Which orders come in, what the store is told of them, and how long they are kept."""

    order_statuses = ticks_field("Orders come in that the store calls", StoreStatus)
    payment_states = ticks_field("and of which the payment is", PaymentState)
    look_back_days = _whole("The first time, orders of so many days come in", most=3650)
    acknowledge_mode = choice_field(
        "The store is told of orders that were taken over",
        (
            (AcknowledgeMode.NONE.value, "not at all"),
            (AcknowledgeMode.NOTE.value, "by a note with each order"),
            (AcknowledgeMode.FIELD.value, "by a custom field, named below"),
            (AcknowledgeMode.QUEUE.value, "by the workflows of its order queues"),
            (AcknowledgeMode.PICKING.value, "by a shipment that is being picked"),
        ),
    )
    acknowledge_field = text_field("Custom field of acknowledged orders", "Its code.")
    acknowledge_value = text_field("is set to")
    acknowledge_queue = text_field("Queue of acknowledged orders", "In which the store's workflow puts them; or blank.")
    shipment_path = choice_field(
        "Shipments are made",
        (
            (ShipmentPath.PROVISION.value, "so that orders can be shipped in parts"),
            (ShipmentPath.FUNCTION.value, "line by line, for a token that may not provision"),
        ),
    )
    payload_days = _whole("Orders are kept as the store sent them for days", most=3650)
    personal_days = _whole("Who bought is kept for days after an order's end", least=1, most=LONGEST_DAYS)

    beneath = ("acknowledge_field", "acknowledge_value", "acknowledge_queue", "shipment_path")
    beneath_title = "How the store is told"
    _plain = (
        "look_back_days",
        "payload_days",
        "personal_days",
        "acknowledge_field",
        "acknowledge_value",
        "acknowledge_queue",
    )

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        settings = profile.settings
        return {
            **{name: getattr(settings, name) for name in self._plain},
            "order_statuses": [each.value for each in settings.order_statuses],
            "payment_states": [each.value for each in settings.payment_states],
            "acknowledge_mode": settings.acknowledge_mode.value,
            "shipment_path": settings.shipment_path.value,
        }

    @property
    def is_open_beneath(self) -> bool:
        return bool(self.errors) or self["acknowledge_mode"].value() in {"field", "queue"}

    def edit(self) -> ChannelEdit:
        given = self.cleaned_data
        return ChannelEdit(
            settings={
                **{name: given[name] for name in self._plain},
                "order_statuses": frozenset(map(StoreStatus, given["order_statuses"])),
                "payment_states": frozenset(map(PaymentState, given["payment_states"])),
                "acknowledge_mode": AcknowledgeMode(given["acknowledge_mode"] or AcknowledgeMode.NONE),
                "shipment_path": ShipmentPath(given["shipment_path"] or ShipmentPath.PROVISION),
            }
        )


class PaceForm(ChannelForm):
    """How much the store is given at once, and how long it is waited for."""

    batch_size = _whole("Products in one batch", "Fewer for a store that is slow to answer.", least=1, most=1000)
    requests_at_once = _whole("Requests side by side", "1 sends one after another.", least=1, most=16)
    basket_hours = _whole(
        "Hours that pieces may lie in a basket", "Longer than that, what the store lacks is missing.", least=1, most=720
    )
    lost_answer_seconds = _whole(
        "Seconds after which a request arrives no more",
        "Of one that the store did not answer; only then it is sent again.",
        least=60,
        most=86_400,
    )

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        return {name: getattr(profile.settings, name) for name in self.base_fields}

    def edit(self) -> ChannelEdit:
        return ChannelEdit(settings=dict(self.cleaned_data))


class CarriersForm(ChannelForm):
    """What the store calls the carriers that we name."""

    carriers = lines_field(
        "Carriers",
        "One in a line: our word = the store's tracking type, such as dpd = Other.",
    )

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        return {"carriers": "\n".join(f"{word} = {kind}" for word, kind in profile.settings.carrier_map.items())}

    def clean_carriers(self) -> dict[str, str]:
        pairs = _pairs(self.cleaned_data["carriers"], example="dpd = Other")
        return {word.casefold(): kind for word, kind in pairs.items()}

    def edit(self) -> ChannelEdit:
        given: dict[str, str] = self.cleaned_data["carriers"]
        gone = dict.fromkeys(self.profile.settings.carrier_map.keys() - given.keys(), "")
        return ChannelEdit(carriers={**gone, **given})


class MappingForm(ChannelForm):
    """What texts and custom fields of the store are made of, and a SKU to try it on."""

    name = text_field("Name", "Blank: the title, and of a variant its options.", max_length=1000)
    description = text_field("Description", "Blank: the catalogue's.", max_length=1000)
    page_title = text_field("Page title", "Blank: the catalogue's.", max_length=1000)
    others = lines_field("Custom fields", "One in a line: code = template, for example label = {brand} {sku}.")
    sku = text_field("Try it on", "A SKU or code of this channel; nothing is sent.")

    def stored(self, profile: ChannelProfile) -> dict[str, Any]:
        mapping = dict(profile.settings.rules.mapping)
        others = [
            f"{target.removeprefix(FIELD_PREFIX)} = {template}"
            for target, template in mapping.items()
            if target.startswith(FIELD_PREFIX)
        ]
        return {**{target: mapping.get(target, "") for target in TEXT_TARGETS}, "others": "\n".join(others)}

    def clean_others(self) -> dict[str, str]:
        pairs = _pairs(self.cleaned_data["others"], example="label = {brand} {sku}")
        found = {f"{FIELD_PREFIX}{code.removeprefix(FIELD_PREFIX)}": template for code, template in pairs.items()}
        for target, template in found.items():
            if reason := why_unmappable(target, template):
                raise forms.ValidationError(reason)
        return found

    def clean(self) -> dict[str, Any]:
        for target in TEXT_TARGETS:
            if reason := why_unmappable(target, self.cleaned_data.get(target, "")):
                self.add_error(target, reason)
        return self.cleaned_data

    def changes(self) -> dict[str, str]:
        """Templates by target; blank ones take an entry out."""
        given = self.cleaned_data
        gone = [target for target, _ in self.profile.settings.rules.mapping if target not in given["others"]]
        return {**dict.fromkeys(gone, ""), **{name: given[name] for name in TEXT_TARGETS}, **given["others"]}

    def edit(self) -> ChannelEdit:
        return ChannelEdit(mapping=self.changes())

    @property
    def sources(self) -> list[str]:
        return list(SOURCES)
